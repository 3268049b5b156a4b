//! Whether a run may change a ticket that others may have written to: not where that is of a newer run, nor where the run knows of
//! a part what the ticket tells of the whole.

use chrono::NaiveDateTime;

use super::key::{NEW, PENDING};
use super::machine::Ticket;
use super::protocol::SAID_BY;
use crate::clock::UnixNanos;

/// How the name of a run tells when it began.
const INSTANT: &str = "%Y%m%dT%H%M%SZ";
/// So long is that.
const INSTANT_LENGTH: usize = 16;

/// What a run knows that is to change a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The run; none where nobody asks whether it is the newest.
    pub run: Option<RunAt>,
    /// What the ticket said when this machine reported to it last.
    pub noted: Option<String>,
    /// Whether it tells of a part alone, so that it may change only what this machine knows whole: a ticket that says what was noted.
    pub is_of_part: bool,
}

/// A run, and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAt {
    /// Its name.
    pub name: String,
    /// When it began.
    pub started: UnixNanos,
    /// When it ended.
    pub finished: UnixNanos,
}

/// Why a ticket is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It is of a newer run.
    Newer,
    /// It may tell of hosts that this run did not look at and this machine does not know of.
    Unknown,
}

impl Standing {
    /// Why an open ticket is not changed, where that is so. What this machine reported itself it knows to be older.
    pub(super) fn leaves(&self, ticket: &Ticket) -> Option<Left> {
        let state = ticket.state.as_deref();
        if state.is_some() && state == self.noted.as_deref() {
            return None;
        }
        if self.run.as_ref().is_some_and(|run| is_newer(ticket, run)) {
            return Some(Left::Newer);
        }
        // One that was never completed has said nothing yet.
        (self.is_of_part && state != Some(NEW)).then_some(Left::Unknown)
    }

    /// Whether a closed ticket says that a newer run found nothing any more. When it was closed is of no account: whoever did that may
    /// not have known of this run.
    pub(super) fn is_overruled(&self, ticket: &Ticket) -> bool {
        self.run.as_ref().and_then(|run| names_newer(ticket, run)) == Some(true)
    }
}

/// Whether a ticket is of a newer run: by its last line, or else by when the tracker saw it changed, which whoever works on it does,
/// too. A run that was ended before a change was complete, and is begun again, goes on.
fn is_newer(ticket: &Ticket, run: &RunAt) -> bool {
    if let Some(is_newer) = names_newer(ticket, run) {
        return is_newer;
    }
    let is_complete = !matches!(ticket.state.as_deref(), Some(NEW | PENDING));
    is_complete && ticket.changed.is_some_and(|changed| changed > run.finished)
}

/// Whether the last line of a ticket names a newer run; `None` where it names none.
fn names_newer(ticket: &Ticket, run: &RunAt) -> Option<bool> {
    let (name, began) = said_by(ticket.text.as_deref()?)?;
    Some(name != run.name && began > run.started)
}

/// The run that the last line of a ticket names, in whatever markup, and when it began.
fn said_by(text: &str) -> Option<(&str, UnixNanos)> {
    let (_, last) = text.rsplit_once(SAID_BY)?;
    let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let instant = |name: &str| {
        let starts = name.char_indices().map(|(at, _)| at);
        let mut pieces = starts.filter_map(|at| name.get(at..at + INSTANT_LENGTH));
        let read = |piece: &str| NaiveDateTime::parse_from_str(piece, INSTANT).ok()?.and_utc().timestamp_nanos_opt();
        pieces.find_map(read).map(UnixNanos)
    };
    last.split(|character| !is_plain(character)).find_map(|name| Some((name, instant(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_796_040_000_000_000_000;

    fn ticket(text: Option<&str>, state: &str, changed: Option<i64>) -> Ticket {
        Ticket {
            id: "1".to_owned(),
            called: "#1".to_owned(),
            ordinal: 1,
            is_open: true,
            is_ours: true,
            created: None,
            state: Some(state.to_owned()),
            closed: None,
            changed: changed.map(UnixNanos),
            text: text.map(str::to_owned),
        }
    }

    #[test]
    fn the_run_of_the_last_line_is_read_in_every_markup() {
        let check = |text: &str, expected: Option<&str>| {
            let found = said_by(text);
            assert_eq!(found.map(|(name, _)| name), expected, "{text}");
            assert!(found.is_none_or(|(_, began)| began == UnixNanos(NOON)), "{text}");
        };
        let run = Some("20261130T120000Z-d9131c");
        check("Kept by clockaudit, run `20261130T120000Z-d9131c`; do not change: `clk-0 state 0`", run);
        check("Kept by clockaudit, run {{20261130T120000Z-d9131c}}; do not change", run);
        check("<p>Kept by clockaudit, run <code>20261130T120000Z-d9131c</code>; do not change", run);
        let adf = r#"{"text":"Kept by clockaudit, run "},{"marks":[{"type":"code"}],"text":"20261130T120000Z-d9131c"}"#;
        check(adf, run);
        check(
            "clockaudit, run 20990101T000000Z-0 clockaudit, run merge-20261130T120000Z-1",
            Some("merge-20261130T120000Z-1"),
        );
        check("clockaudit, run today", None);
        check("é20261130T120000Z", None);
    }

    #[test]
    fn a_ticket_of_a_newer_run_is_left() {
        let run = RunAt { name: "a".to_owned(), started: UnixNanos(NOON - 2), finished: UnixNanos(NOON + 2) };
        let check = |ticket: Ticket, noted: Option<&str>, expected: Option<Left>| {
            let noted = noted.map(str::to_owned);
            let standing = Standing { run: Some(run.clone()), noted, is_of_part: false };
            assert_eq!(standing.leaves(&ticket), expected, "{ticket:?}");
        };
        let last = |name: &str| format!("Kept by clockaudit, run `{name}`; do not change");
        let (newer, older) = (last("20261130T120000Z-1"), last("20261130T115959Z-1"));
        check(ticket(Some(&newer), "s", None), None, Some(Left::Newer));
        check(ticket(Some(&newer), PENDING, None), None, Some(Left::Newer));
        // What was reported from here was looked at before.
        check(ticket(Some(&newer), "s", None), Some("s"), None);
        check(ticket(Some(&newer), "s", None), Some("t"), Some(Left::Newer));
        // Somebody works on it.
        check(ticket(Some(&older), "s", Some(NOON + 9)), None, None);
        // Where the tracker does not show the line.
        check(ticket(None, "s", Some(NOON + 9)), None, Some(Left::Newer));
        check(ticket(None, "s", Some(NOON + 1)), None, None);
        check(ticket(None, PENDING, Some(NOON + 9)), None, None);
        check(ticket(None, "s", None), None, None);
        let same = RunAt { name: "20261130T120000Z-1".to_owned(), ..run.clone() };
        let standing = Standing { run: Some(same), ..Standing::default() };
        assert_eq!(standing.leaves(&ticket(Some(&newer), PENDING, Some(NOON + 9))), None, "it goes on");
    }

    #[test]
    fn a_part_changes_what_this_machine_knows_alone() {
        let check = |state: &str, noted: Option<&str>, expected: Option<Left>| {
            let standing = Standing { run: None, noted: noted.map(str::to_owned), is_of_part: true };
            assert_eq!(standing.leaves(&ticket(None, state, None)), expected, "{state}");
        };
        check("s", None, Some(Left::Unknown));
        check("s", Some("t"), Some(Left::Unknown));
        check(PENDING, Some("t"), Some(Left::Unknown));
        check("s", Some("s"), None);
        check(NEW, None, None);
    }
}
