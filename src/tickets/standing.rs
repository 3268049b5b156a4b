//! Whether a run may change a ticket that others may have written to.

use super::key::NEW;
use super::machine::Ticket;

/// What a run knows that is to change a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What the ticket said when this machine reported to it last.
    pub noted: Option<String>,
    /// Whether it tells of a part alone, so that it may change only what this machine knows whole: a ticket that says what was noted.
    pub is_of_part: bool,
}

/// Why a ticket is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It may tell of hosts that this run did not look at and this machine does not know of.
    Unknown,
}

impl Standing {
    /// Why an open ticket is not changed, where that is so.
    pub(super) fn leaves(&self, ticket: &Ticket) -> Option<Left> {
        let state = ticket.state.as_deref();
        if state.is_some() && state == self.noted.as_deref() {
            return None;
        }
        // One that was never completed has said nothing yet.
        (self.is_of_part && state != Some(NEW)).then_some(Left::Unknown)
    }
}
