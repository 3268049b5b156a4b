//! The reports of the last scans, kept for this user: what `explain` looks into and the next scan is compared with.
//!
//! One file an inventory, replaced by each scan of it, in `$XDG_STATE_HOME/clockaudit` (`~/.local/state/clockaudit`), for
//! the user's own eyes only. Losing it loses nothing but the comparison.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::report::{LoadError, load, write_whole};
use crate::report::json;
use crate::report::model::Report;

/// How many inventories are remembered; the ones scanned longest ago are forgotten first.
const REMEMBERED: usize = 32;

/// The folder of the last reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    folder: PathBuf,
}

/// Which scans are of one kind: the same sources, and the same choice among their hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a scan of these sources, by their names as this folder sees them, with these limits.
    pub fn of<'text>(sources: impl IntoIterator<Item = &'text str>, limits: &[String]) -> Self {
        let mut digest = Sha256::new();
        for source in sources {
            // What is no file is a host list, and stands for itself.
            let path = fs::canonicalize(source).unwrap_or_else(|_| PathBuf::from(source));
            digest.update(path.as_os_str().as_encoded_bytes());
            digest.update([0]);
        }
        for limit in limits {
            digest.update([1]);
            digest.update(limit.as_bytes());
        }
        Self(base16ct::lower::encode_string(&digest.finalize()).chars().take(32).collect())
    }
}

/// Where this user's state is kept; none where neither `XDG_STATE_HOME` nor `HOME` says where.
pub(super) fn folder_of_this_user() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".local/state"));
    // The specification has relative paths passed over.
    let base = set("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(home)?;
    Some(base.join("clockaudit"))
}

impl State {
    /// The folder of this user; none where neither `XDG_STATE_HOME` nor `HOME` says where.
    pub fn of_this_user() -> Option<Self> {
        Some(Self::at(&folder_of_this_user()?))
    }

    /// The state in this folder.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The last report of this kind; none where there is none that can be read.
    pub fn last(&self, key: &Key) -> Option<Report> {
        load(&self.path(key)).ok()
    }

    /// The report of this kind before the last one; none where there is none that can be read.
    pub fn previous(&self, key: &Key) -> Option<Report> {
        load(&previous(&self.path(key))).ok()
    }

    /// The kind of scan whose report was written last.
    pub fn latest_key(&self) -> Option<Key> {
        let (_, path) = self.stored().into_iter().next()?;
        Some(Key(path.file_stem()?.to_str()?.to_owned()))
    }

    /// The report that was written last, of any inventory.
    ///
    /// # Errors
    ///
    /// Where it is there and cannot be read.
    pub fn latest(&self) -> Result<Option<Report>, LoadError> {
        self.stored().into_iter().next().map(|(_, path)| load(&path)).transpose()
    }

    /// Keeps this report as the last one of its kind.
    ///
    /// # Errors
    ///
    /// Where the folder or the file cannot be written.
    pub fn remember(&self, key: &Key, report: &Report) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // Somebody else may have made it, for all to look into.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))?;
        let text = json::write(report).map_err(io::Error::other)?;
        let path = self.path(key);
        // Without an earlier one there is nothing to keep beside it.
        if let Ok(before) = fs::read(&path) {
            keep(&previous(&path), &before)?;
        }
        keep(&path, text.as_bytes())?;
        for (_, forgotten) in self.stored().into_iter().skip(REMEMBERED) {
            for file in [previous(&forgotten), forgotten] {
                // Another scan may have forgotten it first, and the one before it may never have been.
                match fs::remove_file(file) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.json", key.0))
    }

    /// The stored reports, the newest first.
    fn stored(&self) -> Vec<(SystemTime, PathBuf)> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut stored: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let is_ours =
                    path.extension() == Some(OsStr::new("json")) && path.file_stem() != Some(OsStr::new("tickets"));
                is_ours.then(|| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))?
            })
            .collect();
        stored.sort_by(|one, other| other.cmp(one));
        stored
    }
}

/// Where the report before the one in this file is kept.
fn previous(path: &Path) -> PathBuf {
    path.with_extension("previous")
}

/// Writes a file for its owner's eyes: names of hosts and what is wrong with them are nobody else's business.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}
