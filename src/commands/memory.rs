//! What is kept of the last scan, for the next one to be compared with and for `explain`.

use crate::files::state::{Key, State};
use crate::report::Report;
use crate::report::changes::{changes, note_first_seen};
use crate::terminal::Terminal;

/// Where the last report of this kind of scan is kept. Without a home nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    state: State,
    key: Key,
}

impl Memory {
    /// The memory of scans of these sources with these limits; none where nothing is to be kept.
    pub fn of<'text>(sources: impl IntoIterator<Item = &'text str>, limits: &[String], no_state: bool) -> Option<Self> {
        let state = State::of_this_user().filter(|_| !no_state)?;
        Some(Self { state, key: Key::of(sources, limits) })
    }

    /// Notes in the report what changed since the last one.
    pub fn compare(&self, report: &mut Report) {
        let before = self.state.last(&self.key);
        note_first_seen(before.as_ref(), report);
        report.changes = before.map(|before| changes(&before, report));
    }

    /// Keeps the report, unless it is partial: what it lacks would be told as new by the next scan.
    pub fn keep(&self, report: &Report, terminal: &Terminal) {
        if report.run.partial {
            return;
        }
        // What is lost is a comparison, not a result.
        if let Err(error) = self.state.remember(&self.key, report) {
            terminal.warn(&format!("the report could not be kept for the next scan: {error}"));
        }
    }
}
