//! How a command fails: a message, hints, and the exit code, decided in this one place.

use crate::audit::ExitStatus;
use crate::files::report::{LoadError, UnknownFormat, WriteError};
use crate::inventory::nearest;
use crate::report::escape::visible;
use crate::report::json::ReadError;
use crate::terminal::OutputError;

/// What every command gives back.
pub type Outcome = Result<ExitStatus, CommandError>;

/// Why the program could not do what it was asked. A host's failure is never one of these: that is data of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    /// The exit code that tells the kind.
    pub status: ExitStatus,
    /// What went wrong, in one or more lines without a period at the end.
    pub message: String,
    /// What to do about it, one `hint:` line each.
    pub hints: Vec<String>,
}

impl CommandError {
    /// The command line makes no sense (64).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, message)
    }

    /// An inventory, trace or report cannot be understood (65).
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::BadInput, message)
    }

    /// No host matched (69).
    pub fn no_hosts(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::NoHosts, message)
    }

    /// A defect of the program (70).
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Internal, message)
    }

    /// Output could not be written (74).
    pub fn output(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::OutputFailed, message)
    }

    /// A remote service cannot be reached, or refuses (75).
    pub fn remote(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::RemoteFailed, message)
    }

    /// A password or passphrase is needed and was not given (77).
    pub fn missing_secret(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::MissingSecret, message)
    }

    /// Nothing was done on any host, though something was to be (3).
    pub fn not_attempted(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Incomplete, message)
    }

    /// The user took back what was asked for (130).
    pub fn interrupted() -> Self {
        Self::new(ExitStatus::Interrupted, "interrupted")
    }

    /// SIGTERM or SIGHUP came before anything was done (143).
    pub fn terminated() -> Self {
        Self::new(ExitStatus::Terminated, "terminated")
    }

    /// The same error with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same error with the name that was probably meant, where one of these is near.
    #[must_use]
    pub fn did_you_mean<'name>(self, typed: &str, names: impl Iterator<Item = &'name str>) -> Self {
        match nearest::name(typed, names) {
            Some(name) => self.hint(format!("did you mean `{}`?", visible(name))),
            None => self,
        }
    }

    fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hints: Vec::new() }
    }
}

impl From<OutputError> for CommandError {
    fn from(error: OutputError) -> Self {
        let failed = Self::output(error.to_string());
        match error {
            OutputError::Closed => failed.hint("`>/dev/null` throws results away and leaves the exit code"),
            OutputError::Refused(_) => failed,
        }
    }
}

impl From<UnknownFormat> for CommandError {
    fn from(error: UnknownFormat) -> Self {
        Self::usage(error.to_string())
            .hint("name the file `.json`, `.jsonl`, `.csv`, `.txt`, `.md`, `.html`, `.xml` (JUnit) or `.prom`")
    }
}

impl From<WriteError> for CommandError {
    fn from(error: WriteError) -> Self {
        Self::output(error.to_string())
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        let hint = match &error {
            LoadError::Refused { cause: ReadError::UnknownMajor(_), .. } => "a newer clockaudit can read it",
            LoadError::Refused { cause: ReadError::Contradictory { .. }, .. } => {
                "it was edited: `scan --limit` reports a part of an inventory"
            }
            LoadError::Refused { path, cause: ReadError::NotAReport(_) }
                if path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("jsonl")) =>
            {
                "`.jsonl` holds the events of a scan, for programs that follow it; the report is what `--export FILE.json` writes"
            }
            LoadError::Refused { .. } | LoadError::Unreadable { .. } => "`scan --export FILE.json` writes such a file",
        };
        Self::bad_input(error.to_string()).hint(hint)
    }
}
