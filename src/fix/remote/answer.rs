//! What a host answers to a request.

use std::fmt;

use super::request::RunId;
use super::survey::{Guard, Survey};
use super::taken::{Package, Taken};
use crate::clock::Nanos;
use crate::timekeeper::chrony::Tracking;

/// The answer to a request, in the order of the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What is there.
    Survey(Box<Survey>),
    /// What chronyd says of servers and a configuration.
    Check(Result<Checked, CheckRefusal>),
    /// Whether the files are new now.
    Apply(Box<Result<Applied, NotApplied>>),
    /// A sign of life.
    Alive {
        /// What chronyd follows; `None` where it does not say.
        tracking: Option<Tracking>,
        /// Whether the guard waits anew; an error where it has fired or there is no such run.
        heard: Result<(), Gone>,
    },
    /// The guard stands down, and the files that are not what was written any more; an error where it has fired or there is no such
    /// run.
    Confirm(Result<Vec<String>, Gone>),
    /// The old files are back, and what chronyd follows; an error with what is not.
    Revert(Result<Option<Tracking>, NotReverted>),
    /// What an installation took away is back; an error with what is not.
    TakeBack(Result<(), NotTakenBack>),
    /// The clock was stepped; an error with what chronyd says.
    MakeStep(Result<Option<Tracking>, String>),
    /// A line was no request: a defect of whoever wrote it.
    NotUnderstood,
}

/// What a host did on the way to its answer. Each is worth telling; none is an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The host is this run's.
    Locked,
    /// A run whose session and guard were gone was taken back.
    Recovered(RunId),
    /// A file has a backup, or needs none because it is new.
    Kept(Kept),
    /// What is to come stands beside the file.
    Written(String),
    /// The guard is there: from now on the old files come back by themselves.
    Armed(Guard),
    /// A file is new.
    Replaced {
        /// Its path.
        path: String,
        /// Whether its bytes were replaced in place, because it could not be renamed over.
        in_place: bool,
    },
    /// What is to be installed is being fetched.
    Fetching,
    /// Something is told for the way back.
    Took(Taken),
    /// chrony is being installed.
    Installing,
    /// It is there.
    Installed,
    /// Another timekeeper's service is stopped, and not started at boot any more.
    Stopped(String),
    /// chronyd is being restarted.
    Restarting,
    /// chronyd was restarted.
    Restarted,
    /// It does not follow what is expected yet.
    Waiting,
    /// The old files are being put back.
    Undoing,
    /// chronyd did not start with the old files, and is started once more.
    Again,
}

/// A file and its backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The file.
    pub path: String,
    /// Its backup; `None` for a file that was not there.
    pub backup: Option<String>,
}

/// What chronyd says of servers and a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// The servers, in the order in which they were asked.
    pub servers: Vec<ServerAnswer>,
    /// What `chronyd -p` says of the directives; `None` where it was not asked, as before 4.0.
    pub syntax: Option<Result<(), String>>,
    /// What a dry run (`chronyd -Q`) says: how far the clock would have to go forward; or why it failed.
    pub dry_run: Option<Result<Nanos, String>>,
    /// What the package manager offers, where chrony is to be installed; or why it has nothing.
    pub offer: Option<Result<Offer, String>>,
}

/// What a package manager would do for chrony.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// The version that it would install; `None` where it does not tell beforehand.
    pub version: Option<String>,
    /// The packages that it would remove.
    pub removes: Vec<Package>,
}

/// What a server answered to this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnswer {
    /// Its name or address, as it was asked for.
    pub server: String,
    /// How far the host's clock would have to go forward (negative = back); or what chronyd says where it did not answer.
    pub correction: Result<Nanos, String>,
}

/// Why nothing could be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckRefusal {
    /// chronyd is not installed.
    NoChronyd,
}

/// The files are new, and chronyd follows what was expected. The guard still waits for signs of life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// The files and their backups.
    pub kept: Vec<Kept>,
    /// What chronyd follows; `None` where it was not restarted.
    pub tracking: Option<Tracking>,
    /// What the dry run of the written file said, where it was asked for.
    pub dry_run: Option<Nanos>,
    /// The way back from an installation; without one what chronyd was, where it did not run.
    pub taken: Vec<Taken>,
}

/// The files are not new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplied {
    /// Why.
    pub refusal: Refusal,
    /// What the host said of it.
    pub detail: String,
    /// Whether anything had been replaced and was put back.
    pub undone: bool,
    /// What could not be put back: paths, or the service of chronyd.
    pub left: Vec<String>,
}

impl NotApplied {
    /// Whether the host is as it was because nothing had been replaced there yet.
    pub fn changed_nothing(&self) -> bool {
        !self.undone && self.left.is_empty()
    }
}

impl fmt::Display for NotApplied {
    /// Remote text in it is not escaped.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.refusal.describe())?;
        if !self.detail.is_empty() {
            write!(formatter, ": {}", self.detail)?;
        }
        if !self.left.is_empty() {
            write!(formatter, "; not put back: {}", self.left.join(", "))?;
        }
        Ok(())
    }
}

/// Why files were not made new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// chronyd or chronyc is not installed.
    NoChronyd,
    /// The script does not run as root.
    NotRoot,
    /// Nothing there tells a SHA-256.
    NoDigest,
    /// No service of chronyd is loaded.
    NoService,
    /// systemd does not tell whether a service runs.
    NoState,
    /// Another run is there, living or guarded.
    Locked,
    /// What a run had begun whose session and guard are gone could not all be put back.
    Behind,
    /// A file is not what it was when it was surveyed.
    Changed,
    /// A file could not be kept, written or replaced: no room, read-only, immutable.
    NotWritten,
    /// chronyd finds the configuration unfit.
    Unfit,
    /// The guard did not report: without it nothing is replaced.
    NoGuard,
    /// chronyd could not be restarted with it.
    NotRestarted,
    /// chronyd did not follow what was expected in time.
    NotSelected,
    /// chrony could not be installed, or another timekeeper could not be stopped.
    NotInstalled,
}

/// There is no such run there any more, its guard has fired, or hears nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The guard put the old files back, or is about to.
    Reverted,
    /// There is no such run.
    Unknown,
    /// The guard could not be told: its folder takes no byte more. It will put the old files back.
    Unheard,
}

/// Why what an installation took away is not back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTakenBack {
    /// Nothing was done: why, and what the host said of it.
    Refused(Refusal, String),
    /// What is not as it was: paths, services, or the package manager that failed.
    Left(Vec<String>),
}

impl fmt::Display for NotTakenBack {
    /// Remote text in it is not escaped.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal, detail) if detail.is_empty() => formatter.write_str(refusal.describe()),
            Self::Refused(refusal, detail) => write!(formatter, "{}: {detail}", refusal.describe()),
            Self::Left(left) => write!(formatter, "not put back: {}", left.join(", ")),
        }
    }
}

/// Why old files are not back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReverted {
    /// There is no such run.
    Unknown,
    /// What is not as it was: paths that somebody changed since, or the service of chronyd.
    Left(Vec<String>),
}

impl Refusal {
    /// What it means, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::NoChronyd => "chronyd or chronyc is not installed there",
            Self::NotRoot => "the script does not run as root there",
            Self::NoDigest => "nothing there tells a SHA-256",
            Self::NoService => "no service of chronyd is loaded there",
            Self::NoState => "systemd does not tell whether a service runs, so there is nothing to go back to",
            Self::Locked => "another run of clockaudit works on it",
            Self::Behind => {
                "an earlier run ended there between old and new, and not all of it could be put back: put it right, then remove what \
                 that run knows of it"
            }
            Self::Changed => "a file was changed since it was looked at",
            Self::NotWritten => "a file could not be written",
            Self::Unfit => "chronyd does not take the new configuration",
            Self::NoGuard => "what would put the old files back did not start",
            Self::NotRestarted => "chronyd did not start with the new configuration",
            Self::NotInstalled => "chrony could not be installed in the place of what keeps the clock there",
            Self::NotSelected => "chronyd did not follow the new source in time",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "chronyd" => Self::NoChronyd,
            "root" => Self::NotRoot,
            "sha256" => Self::NoDigest,
            "unit" => Self::NoService,
            "state" => Self::NoState,
            "locked" => Self::Locked,
            "behind" => Self::Behind,
            "changed" => Self::Changed,
            "write" => Self::NotWritten,
            "unfit" => Self::Unfit,
            "guard" => Self::NoGuard,
            "restart" => Self::NotRestarted,
            "unselected" => Self::NotSelected,
            "install" => Self::NotInstalled,
            _ => return None,
        })
    }
}
