//! The state that a report is told as where a word says it: that of its exit code, by all verdicts.

use super::model::Report;
use super::{ending, fix};
use crate::audit::{Ending, ExitStatus, FailOn};

/// `OK`, `WARNING`, `CRITICAL` or `UNKNOWN`, as monitors have them; a run that was ended early is told by what it saw.
pub(super) fn state(report: &Report) -> &'static str {
    let of_audit = || ExitStatus::of(Ending { interrupted: None, ..ending::of(report) }, FailOn::Down);
    match fix::exit_status(report, FailOn::Down).unwrap_or_else(of_audit) {
        ExitStatus::Good => "OK",
        ExitStatus::Warning => "WARNING",
        ExitStatus::Critical => "CRITICAL",
        _ => "UNKNOWN",
    }
}
