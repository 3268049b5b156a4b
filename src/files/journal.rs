//! The journals of runs of `fix`, kept for this user: a file a run, to which a line is added as things happen, each on the disk
//! before the next thing is done.
//!
//! They are in `$XDG_STATE_HOME/clockaudit/runs` (`~/.local/state/clockaudit/runs`), for the user's own eyes only, and nobody
//! but the user removes them: what is lost here cannot be undone any more by its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::report::write_whole;
use super::state::folder_of_this_user;
use crate::fix::journal::{Record, line};
use crate::fix::remote::RunId;

/// How the name of a journal ends.
const SUFFIX: &str = ".jsonl";

/// The folder of the journals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journals {
    folder: PathBuf,
}

/// The journal of a run that goes on.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
    path: PathBuf,
}

impl Journals {
    /// Those of this user; none where neither `XDG_STATE_HOME` nor `HOME` says where.
    pub fn of_this_user() -> Option<Self> {
        Some(Self::at(&folder_of_this_user()?.join("runs")))
    }

    /// The journals in this folder.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Finds out whether a journal can be written there: before hosts are asked for what would then not be done.
    pub fn check_writable(&self) -> io::Result<()> {
        self.make_folder()?;
        tempfile::tempfile_in(&self.folder).map(drop)
    }

    /// Begins the journal of a run; there must be none of it.
    pub fn begin(&self, run: &RunId) -> io::Result<Journal> {
        self.make_folder()?;
        let path = self.path(run);
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        // Without this a loss of power could take the file's name away.
        File::open(&self.folder)?.sync_all()?;
        Ok(Journal { file: Mutex::new(file), path })
    }

    /// The text of a run's journal.
    pub fn read(&self, run: &RunId) -> io::Result<String> {
        fs::read_to_string(self.path(run))
    }

    /// The runs that have a journal, the newest first.
    pub fn runs(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut runs: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(SUFFIX)?.to_owned())).collect();
        runs.sort_unstable_by(|one, other| other.cmp(one));
        runs
    }

    /// Writes the file for `--limit @FILE` that goes on with the hosts that a run did not attempt.
    pub fn write_retry(&self, run: &RunId, text: &str) -> io::Result<PathBuf> {
        self.make_folder()?;
        let path = self.folder.join(format!("{}.retry", run.as_str()));
        write_whole(&path, text.as_bytes())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(path)
    }

    fn make_folder(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // Somebody else may have made it, for all to look into.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))
    }

    fn path(&self, run: &RunId) -> PathBuf {
        self.folder.join(format!("{}{SUFFIX}", run.as_str()))
    }
}

impl Journal {
    /// Adds a line; when this returns, it is on the disk.
    pub fn add(&self, record: &Record) -> io::Result<()> {
        let line = line(record).map_err(io::Error::other)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::journal::{OverRecord, read};

    fn run(name: &str) -> RunId {
        RunId::new(name).expect("a name")
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn a_journal_is_its_users_alone_and_is_never_begun_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let journals = Journals::at(&folder.path().join("state/runs"));
        assert_eq!(journals.runs(), [""; 0]);
        journals.check_writable().expect("writable");
        let journal = journals.begin(&run("1")).expect("a journal");
        let over = Record::Over(OverRecord { at: "now".to_owned(), exit: 0 });
        journal.add(&over).expect("a line");
        journal.add(&over).expect("a line");
        assert_eq!((mode(journals.folder()), mode(journal.path())), (0o700, 0o600));
        assert_eq!(journals.read(&run("1")).expect("text").lines().count(), 2);
        assert!(read(&journals.read(&run("1")).expect("text")).is_err());
        assert_eq!(journals.begin(&run("1")).expect_err("there is one").kind(), io::ErrorKind::AlreadyExists);
        drop(journals.begin(&run("2")).expect("a journal"));
        let retry = journals.write_retry(&run("2"), "web1\n").expect("a file");
        assert_eq!((fs::read_to_string(&retry).expect("text").as_str(), mode(&retry)), ("web1\n", 0o600));
        assert_eq!(journals.runs(), ["2", "1"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_found_before_anything_is_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("a file");
        assert!(Journals::at(&file.join("runs")).check_writable().is_err());
    }
}
