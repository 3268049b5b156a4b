//! One key has one open ticket: what is asked of a tracker, and what follows from what it answers.
//!
//! Trackers know no lock, so two runs at once may both find nothing and both make a ticket. So a run that made one looks
//! again: of all open tickets of the key the oldest stays, and whoever made a later one closes it as a duplicate. Who makes the
//! later one looks after both were made, so that one of the two always sees both.

use std::collections::VecDeque;

use super::key::NEW;
use super::standing::{Left, Standing};
use crate::clock::{Nanos, UnixNanos};

/// A ticket of the key, as a tracker shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    /// By what the tracker is asked for it.
    pub(super) id: String,
    /// What people call it.
    pub(super) called: String,
    /// Tickets are made in this order.
    pub(super) ordinal: u64,
    pub(super) is_open: bool,
    /// Whether it has itself what tickets of the key are found by.
    pub(super) is_ours: bool,
    /// When it was made, by the tracker's clock.
    pub(super) created: Option<UnixNanos>,
    /// What it says, in short; none where it does not tell.
    pub(super) state: Option<String>,
    /// When it was closed, by the tracker's clock.
    pub(super) closed: Option<UnixNanos>,
    /// When it was changed last, by the tracker's clock.
    pub(super) changed: Option<UnixNanos>,
    /// All that stands in it, where the tracker tells that and it can be changed.
    pub(super) text: Option<String>,
}

/// What is asked of a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// All tickets of the key, open and closed.
    Find,
    /// One ticket, by the id that was noted on this machine: searches may lag behind, and it may be gone.
    Fetch(String),
    /// One ticket that was just changed, by its id.
    Verify(String),
    /// A new ticket.
    Create,
    /// A change of a ticket.
    Change(Change),
}

/// A change of a ticket, in this order: what it says, marked as incomplete; files; the comment, unless it is there; then all that
/// marks it as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) id: String,
    /// What it said when it was found.
    pub(super) found: Option<String>,
    pub(super) files: bool,
    pub(super) comment: bool,
    /// Title and body.
    pub(super) content: bool,
    pub(super) becomes: Option<Becomes>,
}

/// What becomes of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Becomes {
    /// It is open again.
    Open,
    /// It is resolved.
    Closed,
    /// It is closed, and found by its key no more; another one stays.
    Duplicate(Twin),
    /// It is closed, for it would not be found again.
    Withdrawn,
}

/// Of a ticket that is one too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Twin {
    /// What the one is called that stays.
    pub(super) stays: String,
    /// What the other said, which is kept.
    pub(super) said: Option<String>,
}

/// What a tracker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// The tickets of the key, and the time by the tracker's clock.
    Found(Vec<Ticket>, Option<UnixNanos>),
    /// The new ticket.
    Made(Ticket),
    /// The new ticket, which has nothing that it would be found by.
    Unmarked(Ticket),
    /// It was changed.
    Changed,
    /// Whether it was made is not known: the connection broke, or the tracker failed.
    Unknown,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about what is wanted")]
pub(super) struct Wish {
    /// Whether there is nothing to act on.
    pub(super) is_clear: bool,
    /// What the ticket is to say, in short.
    pub(super) state: String,
    /// Whether a ticket with nothing left to act on is closed.
    pub(super) resolve: bool,
    /// A ticket that was closed no longer ago is opened again.
    pub(super) reopen_within: Nanos,
    /// The ticket that was noted on this machine.
    pub(super) known: Option<String>,
    /// Whether a new ticket has all its files at once.
    pub(super) is_made_whole: bool,
    /// What it may change.
    pub(super) standing: Standing,
    /// Whether a ticket that is not found after nobody told whether it was made is made again by the same run.
    pub(super) makes_again: bool,
}

/// What was done in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// There is no ticket, and nothing to act on.
    Nothing,
    /// The ticket says all that already.
    Unchanged(String),
    /// A ticket was made.
    Created(String),
    /// The ticket was brought up to date.
    Updated(String),
    /// A closed ticket was opened again.
    Reopened(String),
    /// The ticket says that there is nothing left to act on, and stays open.
    Cleared(String),
    /// The ticket was closed, for there is nothing left to act on.
    Resolved(String),
    /// There is a ticket, open or closed, which is not for this run to change.
    Left(String, Left),
}

/// What is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    Ask(Call),
    End(Deed),
    /// The tracker does not tell whether a ticket was made, time after time.
    GiveUp,
    /// The tracker did otherwise than it answered.
    Refuse(Unheeded),
}

/// What a tracker did not do though no answer refused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unheeded {
    /// A new ticket, by its name, has nothing that it would be found by; whether it was closed again.
    Unmarked { called: String, is_closed: bool },
    /// A ticket, by its name, is open still, or closed still.
    Status { called: String, is_open: bool },
    /// A ticket, by its name, was listed among those of the key and is none; what this run made before.
    Foreign { called: String, made: Option<String> },
}

/// So often a ticket is tried to be made where nobody tells whether it was.
const MOST_TRIES: u32 = 3;
/// Two tickets of one key that were made no further apart were made by two runs at once. One that came later is somebody's copy.
const AT_ONCE: Nanos = Nanos::from_seconds(600);

/// What a reply is to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Looking,
    Fetching,
    Making,
    /// A ticket was made; is it the only one?
    Checking(Ticket),
    /// A ticket is changed.
    Changing(Change, After),
    /// A ticket was to become open or closed: is it?
    Verifying {
        id: String,
        is_open: bool,
        after: After,
    },
}

/// What follows on a change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum After {
    /// The changes that are left, then the end.
    Change(VecDeque<Change>, Deed),
    /// Our own ticket was closed as a duplicate: the other is looked at.
    Look,
    /// Our own ticket of this name was withdrawn.
    Withdrawn(String),
}

/// The rules, and how far they have come.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    wish: Wish,
    stage: Stage,
    tries: u32,
    /// What the last search found of closed tickets, for when the noted one is none.
    closed: Vec<Ticket>,
    now: Option<UnixNanos>,
    has_fetched: bool,
    /// The ticket that this run made.
    own: Option<Ticket>,
    /// Whether this run may have made one: nobody told.
    may_have_made: bool,
    /// What the open ticket said when it was found.
    met: Option<String>,
}

impl Machine {
    /// The rules, and the first call.
    pub(super) fn start(wish: Wish) -> (Self, Move) {
        let machine = Self {
            wish,
            stage: Stage::Looking,
            tries: 0,
            closed: Vec::new(),
            now: None,
            has_fetched: false,
            own: None,
            may_have_made: false,
            met: None,
        };
        (machine, Move::Ask(Call::Find))
    }

    /// What follows from a reply to the last call.
    pub(super) fn hear(&mut self, reply: Reply) -> Move {
        if let Some(foreign) = self.foreign(&reply) {
            return Move::Refuse(foreign);
        }
        match (std::mem::replace(&mut self.stage, Stage::Looking), reply) {
            (Stage::Looking, Reply::Found(tickets, now)) => self.looked(tickets, now),
            (Stage::Fetching, Reply::Found(tickets, _)) => {
                // Who says nothing of the key is another one by now.
                let is_ours = |ticket: &Ticket| ticket.is_open && ticket.is_ours && ticket.state.is_some();
                match tickets.into_iter().find(is_ours) {
                    Some(ticket) => self.meet(vec![ticket]),
                    None => self.make_or_reopen(),
                }
            }
            (Stage::Making, Reply::Made(ticket)) => {
                self.own = Some(ticket.clone());
                self.may_have_made = false;
                self.stage = Stage::Checking(ticket);
                Move::Ask(Call::Find)
            }
            (Stage::Making, Reply::Unmarked(ticket)) => {
                let becomes = Some(Becomes::Withdrawn);
                let change =
                    Change { id: ticket.id, found: None, files: false, comment: false, content: false, becomes };
                self.ask(change, After::Withdrawn(ticket.called))
            }
            // The last look tells whether there is one.
            (Stage::Making, _) if self.tries < MOST_TRIES => {
                self.may_have_made = true;
                self.look()
            }
            (Stage::Checking(own), Reply::Found(tickets, _)) => self.check(own, &tickets),
            (Stage::Changing(change, after), Reply::Changed) => match change.becomes {
                // Some trackers answer as if they had done what a rule of theirs forbids.
                Some(becomes) => {
                    let is_open = becomes == Becomes::Open;
                    self.stage = Stage::Verifying { id: change.id.clone(), is_open, after };
                    Move::Ask(Call::Verify(change.id))
                }
                None => self.follow(after),
            },
            (Stage::Verifying { id, is_open, after }, Reply::Found(tickets, _)) => {
                let found = tickets.into_iter().next();
                let is_so = found.as_ref().map_or(!is_open, |ticket| ticket.is_open == is_open);
                match after {
                    After::Withdrawn(called) => Move::Refuse(Unheeded::Unmarked { called, is_closed: is_so }),
                    after if is_so => self.follow(after),
                    _ => {
                        let called = found.map_or(id, |ticket| ticket.called);
                        Move::Refuse(Unheeded::Status { called, is_open: !is_open })
                    }
                }
            }
            _ => Move::GiveUp,
        }
    }

    /// What the open ticket said when it was found.
    pub(super) fn met(&self) -> Option<&str> {
        self.met.as_deref()
    }

    /// How often this run has tried to make a ticket.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// What a search shows that is not of the key. A tracker that does not obey what it is searched for would show the tickets of
    /// others, which are nothing to change.
    fn foreign(&self, reply: &Reply) -> Option<Unheeded> {
        let (Stage::Looking | Stage::Checking(_), Reply::Found(tickets, _)) = (&self.stage, reply) else { return None };
        let called = tickets.iter().find(|ticket| !ticket.is_ours)?.called.clone();
        Some(Unheeded::Foreign { called, made: self.own.as_ref().map(|own| own.called.clone()) })
    }

    /// What is left behind where the last call was refused.
    pub(super) fn left_behind(&self) -> Option<Unheeded> {
        match &self.stage {
            Stage::Changing(_, After::Withdrawn(called)) | Stage::Verifying { after: After::Withdrawn(called), .. } => {
                Some(Unheeded::Unmarked { called: called.clone(), is_closed: false })
            }
            _ => None,
        }
    }

    fn follow(&mut self, after: After) -> Move {
        match after {
            After::Change(left, deed) => self.change(left, deed),
            After::Look => self.look(),
            After::Withdrawn(called) => Move::Refuse(Unheeded::Unmarked { called, is_closed: true }),
        }
    }

    fn ask(&mut self, change: Change, after: After) -> Move {
        self.stage = Stage::Changing(change.clone(), after);
        Move::Ask(Call::Change(change))
    }

    fn look(&mut self) -> Move {
        self.stage = Stage::Looking;
        Move::Ask(Call::Find)
    }

    fn looked(&mut self, tickets: Vec<Ticket>, now: Option<UnixNanos>) -> Move {
        let (open, closed): (Vec<Ticket>, Vec<Ticket>) = tickets.into_iter().partition(|ticket| ticket.is_open);
        self.closed = closed;
        self.now = now;
        let known = self
            .wish
            .known
            .clone()
            .filter(|known| !self.has_fetched && !self.closed.iter().any(|ticket| ticket.id == *known));
        match (open.is_empty(), known) {
            (false, _) => self.meet(open),
            (true, Some(known)) => {
                self.has_fetched = true;
                self.stage = Stage::Fetching;
                Move::Ask(Call::Fetch(known))
            }
            (true, None) => self.make_or_reopen(),
        }
    }

    /// There are open tickets: the oldest stays and is brought up to date.
    fn meet(&mut self, mut open: Vec<Ticket>) -> Move {
        open.sort_by_key(|ticket| ticket.ordinal);
        let mut open = open.into_iter();
        let Some(stays) = open.next() else { return self.make_or_reopen() };
        let is_twice = |other: &Ticket| {
            let is_own = self.own.as_ref().is_some_and(|own| own.id == other.id);
            let apart = || Some(other.created?.since(stays.created?));
            is_own || apart().is_some_and(|apart| apart <= AT_ONCE)
        };
        let mut changes: VecDeque<Change> = open.filter(is_twice).map(|other| duplicate(&other, &stays)).collect();
        // One that was never completed has said nothing yet, so that nothing changed.
        let is_new = stays.state.as_deref() == Some(NEW);
        let is_told = stays.state.as_ref() == Some(&self.wish.state);
        let closes = self.wish.is_clear && self.wish.resolve;
        let called = stays.called.clone();
        let is_own = self.own.as_ref().is_some_and(|own| own.id == stays.id) || self.may_have_made;
        self.met.clone_from(&stays.state);
        if let Some(left) = self.wish.standing.leaves(&stays).filter(|_| !is_own && (!is_told || closes)) {
            return Move::End(Deed::Left(called, left));
        }
        let deed = match (closes, self.wish.is_clear, is_told) {
            (true, ..) => Deed::Resolved(called),
            // It was not there before this run tried to make it.
            (false, false, _) if is_own && (is_told || is_new) => Deed::Created(called),
            (false, _, true) => Deed::Unchanged(called),
            (false, true, false) => Deed::Cleared(called),
            (false, false, false) => Deed::Updated(called),
        };
        if !is_told || closes {
            changes.push_back(Change {
                id: stays.id,
                found: stays.state,
                files: !is_told,
                comment: !is_told && !is_new,
                content: !is_told,
                becomes: closes.then_some(Becomes::Closed),
            });
        }
        self.change(changes, deed)
    }

    fn make_or_reopen(&mut self) -> Move {
        if self.wish.is_clear {
            return Move::End(Deed::Nothing);
        }
        let since = |ticket: &Ticket| Some(self.now?.since(ticket.closed?));
        let is_recent = |ticket: &&Ticket| since(ticket).is_some_and(|since| since <= self.wish.reopen_within);
        let recent = self.closed.iter().filter(is_recent).max_by_key(|ticket| (ticket.closed, ticket.ordinal));
        // This run began before one that found nothing any more.
        if let Some(newer) = self.closed.iter().find(|ticket| self.wish.standing.is_overruled(ticket)) {
            return Move::End(Deed::Left(newer.called.clone(), Left::Newer));
        }
        if let Some(ticket) = recent.cloned() {
            let becomes = Some(Becomes::Open);
            let change =
                Change { id: ticket.id, found: ticket.state, files: true, comment: true, content: true, becomes };
            return self.change(VecDeque::from([change]), Deed::Reopened(ticket.called));
        }
        if self.tries > 0 && !self.wish.makes_again {
            return Move::GiveUp;
        }
        self.tries += 1;
        self.stage = Stage::Making;
        Move::Ask(Call::Create)
    }

    fn check(&mut self, own: Ticket, tickets: &[Ticket]) -> Move {
        // A search that lags behind may not show what was just made.
        let oldest = tickets.iter().filter(|ticket| ticket.is_open).min_by_key(|ticket| ticket.ordinal).cloned();
        match oldest {
            Some(other) if other.id != own.id && other.ordinal < own.ordinal => {
                self.own = None;
                // Not every tracker shows what it made.
                let own = tickets.iter().find(|ticket| ticket.id == own.id).cloned().unwrap_or(own);
                self.ask(duplicate(&own, &other), After::Look)
            }
            _ => {
                let mut changes = VecDeque::new();
                if !self.wish.is_made_whole {
                    changes.push_back(Change {
                        id: own.id,
                        found: None,
                        files: true,
                        comment: false,
                        content: true,
                        becomes: None,
                    });
                }
                self.change(changes, Deed::Created(own.called))
            }
        }
    }

    fn change(&mut self, mut left: VecDeque<Change>, deed: Deed) -> Move {
        match left.pop_front() {
            Some(change) => self.ask(change, After::Change(left, deed)),
            None => Move::End(deed),
        }
    }
}

fn duplicate(other: &Ticket, stays: &Ticket) -> Change {
    let becomes = Some(Becomes::Duplicate(Twin { stays: stays.called.clone(), said: other.text.clone() }));
    Change { id: other.id.clone(), found: None, files: false, comment: false, content: true, becomes }
}

#[cfg(test)]
mod tests;
