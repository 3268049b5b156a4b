//! What is noted of tickets on this machine: which ticket a key has, and what was reported to it last. A fast path and the ground of
//! "what changed"; the ticket system's own search decides.
//!
//! `$XDG_STATE_HOME/clockaudit/tickets.json` (`~/.local/state/clockaudit`), and a folder `tickets` beside it with a lock and a report
//! for each ticket, for the user's own eyes only. Losing it loses nothing but what changed since the last report to a ticket.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::report::{load, write_whole};
use super::state::folder_of_this_user;
use crate::bounded;
use crate::report::json;
use crate::report::model::Report;
use crate::report::ticket::Unseen;
use crate::tickets::Key;

/// The notes are no longer.
const LONGEST: u64 = 64 << 20;
/// The number of a process is no longer.
const LONGEST_NUMBER: u64 = 20;

/// What is noted of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// By what the system is asked for it; none where the system gives none.
    pub id: Option<String>,
    /// What it said, in short.
    pub state: String,
    /// The scope and the grain, as a key: tickets of one scope are looked through for what there is no more.
    pub scope: String,
    /// What was bad and was not looked at since.
    #[serde(default)]
    pub unseen: Unseen,
    /// Whether this machine knows all hosts that the ticket is about: not where another one may have told it of more.
    #[serde(default)]
    pub knows_all: bool,
}

/// What is noted of the tickets at one place, on this machine.
#[derive(Debug, Clone)]
pub struct Tickets {
    folder: PathBuf,
    /// The system, its address, the project.
    place: String,
    wait: Wait,
}

/// How long a run waits for another one.
#[derive(Debug, Clone, Copy)]
struct Wait {
    tries: u32,
    pause: Duration,
}

impl Wait {
    /// Five minutes: a run that is left in vain by its ticket system waits for three.
    const STANDARD: Self = Self { tries: 1_200, pause: Duration::from_millis(250) };
}

/// Why a run does not have a ticket for itself.
#[derive(Debug, thiserror::Error)]
pub enum Unheld {
    /// Another run has it, and does not end.
    #[error("{} is held{}", path.display(), holder.map(|number| format!(" by process {number}")).unwrap_or_default())]
    Busy {
        /// The file that is locked.
        path: PathBuf,
        /// The number of its process, where it could note that.
        holder: Option<u32>,
    },
    /// Nothing can be held on this machine.
    #[error(transparent)]
    Failed(#[from] io::Error),
}

/// That nobody else on this machine speaks of a ticket meanwhile.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

type Notes = BTreeMap<String, BTreeMap<String, Noted>>;

impl Tickets {
    /// Those of this user; none where neither `XDG_STATE_HOME` nor `HOME` says where.
    pub fn of_this_user(place: String) -> Option<Self> {
        Some(Self { folder: folder_of_this_user()?, place, wait: Wait::STANDARD })
    }

    /// Waits until no other run on this machine speaks of the ticket, for five minutes.
    /// Where it has to, `waits` is told first.
    ///
    /// # Errors
    ///
    /// Where the other run does not end, or no file can be locked.
    pub fn hold(&self, key: &Key, waits: impl FnOnce()) -> Result<Held, Unheld> {
        self.lock(&format!("tickets/{}.lock", self.name(key)), waits)
    }

    /// What is noted of a ticket.
    ///
    /// # Errors
    ///
    /// Where the notes are there and cannot be read.
    pub fn noted(&self, key: &Key) -> io::Result<Option<Noted>> {
        Ok(self.read()?.remove(&self.place).and_then(|mut notes| notes.remove(key.as_str())))
    }

    /// What is noted of the tickets of this scope, by their keys.
    ///
    /// # Errors
    ///
    /// Where the notes are there and cannot be read.
    pub fn of_scope(&self, scope: &Key) -> io::Result<BTreeMap<Key, Noted>> {
        let notes = self.read()?.remove(&self.place).unwrap_or_default();
        let is_of = |(key, noted): (String, Noted)| {
            (noted.scope == scope.as_str()).then_some(noted).and_then(|noted| Some((Key::read(&key)?, noted)))
        };
        Ok(notes.into_iter().filter_map(is_of).collect())
    }

    /// What was reported to a ticket last.
    pub fn last_report(&self, key: &Key) -> Option<Report> {
        load(&self.report(key)).ok()
    }

    /// Notes a ticket and what was reported to it; without one, that there is none.
    pub fn write(&self, key: &Key, reported: Option<(Noted, &Report)>) -> io::Result<()> {
        let _alone = self.lock("tickets.lock", || ()).map_err(|unheld| match unheld {
            Unheld::Failed(error) => error,
            busy @ Unheld::Busy { .. } => io::Error::new(io::ErrorKind::ResourceBusy, busy.to_string()),
        })?;
        let mut all = self.read()?;
        let here = all.entry(self.place.clone()).or_default();
        if let Some((ticket, report)) = reported {
            here.insert(key.as_str().to_owned(), ticket);
            let text = json::write(report).map_err(io::Error::other)?;
            keep(&self.report(key), text.as_bytes())?;
        } else {
            here.remove(key.as_str());
            match fs::remove_file(self.report(key)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let text = serde_json::to_string_pretty(&all).map_err(io::Error::other)?;
        keep(&self.folder.join("tickets.json"), text.as_bytes())
    }

    /// The notes; what is there and cannot be read is left as it is, for it may be mended.
    fn read(&self) -> io::Result<Notes> {
        let path = self.folder.join("tickets.json");
        let failed = |why: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} {why}: mend it, or move it away", path.display()))
        };
        if !path.try_exists()? {
            return Ok(Notes::new());
        }
        let bytes = bounded::file(&path, LONGEST).map_err(|why| failed(why.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|why| failed(format!("is damaged: {why}")))
    }

    fn report(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("tickets/{}.json", self.name(key)))
    }

    /// One key may have tickets at several places.
    fn name(&self, key: &Key) -> String {
        Key::of(&self.place, key.as_str()).to_string()
    }

    fn lock(&self, name: &str, waits: impl FnOnce()) -> Result<Held, Unheld> {
        for folder in [self.folder.clone(), self.folder.join("tickets")] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            // Somebody else may have made it, for all to look into.
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        }
        let path = self.folder.join(name);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path)?;
        let mut waits = Some(waits);
        for _ in 0..self.wait.tries {
            match file.try_lock() {
                Ok(()) => {
                    // Whoever waits in vain is told of it; without it nothing else is missing.
                    let _ = file.set_len(0).and_then(|()| write!(&file, "{}", process::id()));
                    return Ok(Held { _file: file });
                }
                Err(fs::TryLockError::WouldBlock) => {
                    if let Some(waits) = waits.take() {
                        waits();
                    }
                    thread::sleep(self.wait.pause);
                }
                Err(fs::TryLockError::Error(error)) => return Err(Unheld::Failed(error)),
            }
        }
        let mut holder = String::new();
        let holder = file.take(LONGEST_NUMBER).read_to_string(&mut holder).ok().and_then(|_| holder.parse().ok());
        Err(Unheld::Busy { path, holder })
    }
}

/// Writes a file for its owner's eyes.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_ticket_without_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let wait = Wait { tries: 3, pause: Duration::ZERO };
        let tickets = Tickets { folder: folder.path().to_owned(), place: "github".to_owned(), wait };
        let key = Key::of("prod", "");
        let held = tickets.hold(&key, || panic!("nobody has it")).unwrap();
        let mut told = 0;
        let unheld = tickets.hold(&key, || told += 1).unwrap_err();
        assert_eq!(told, 1);
        let Unheld::Busy { path, holder } = &unheld else { panic!("{unheld}") };
        assert!(path.starts_with(folder.path()) && path.extension().is_some_and(|suffix| suffix == "lock"), "{path:?}");
        assert_eq!(*holder, Some(process::id()));
        assert!(unheld.to_string().ends_with(&format!(".lock is held by process {}", process::id())), "{unheld}");
        // Another ticket is free, and so is this one once it is let go.
        tickets.hold(&Key::of("prod", "other"), || panic!("nobody has it")).unwrap();
        drop(held);
        tickets.hold(&key, || panic!("nobody has it")).unwrap();
    }
}
