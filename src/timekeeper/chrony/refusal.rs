//! What `chronyc` prints instead of a report.

/// Why `chronyc` has nothing to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// `506 Cannot talk to daemon`, or its socket cannot be opened: none runs, it hangs, or its command port is closed to us.
    CannotTalk,
    /// `501 Not authorised`: only root or chrony's user may ask.
    NotAuthorised,
}

impl Refusal {
    /// The refusal that a line of `chronyc` states, if it states one.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with("506 ") || line == "Could not open connection to daemon" {
            Some(Self::CannotTalk)
        } else if line.starts_with("501 ") {
            Some(Self::NotAuthorised)
        } else {
            None
        }
    }
}
