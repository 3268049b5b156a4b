//! One key has one open ticket: what is asked of a tracker, and what follows from what it answers.
//!
//! Trackers know no lock, so two runs at once may both find nothing and both make a ticket. So a run that made one looks
//! again: of all open tickets of the key the oldest stays, and whoever made a later one closes it as a duplicate. Who makes the
//! later one looks after both were made, so that one of the two always sees both.

use std::collections::VecDeque;

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
    /// What it says, in short; none where it does not tell.
    pub(super) state: Option<String>,
    /// When it was closed, by the tracker's clock.
    pub(super) closed: Option<UnixNanos>,
}

/// What is asked of a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// All tickets of the key, open and closed.
    Find,
    /// One ticket, by the id that was noted on this machine: searches may lag behind.
    Fetch(String),
    /// A new ticket.
    Create,
    /// A change of a ticket.
    Change(Change),
}

/// A change of a ticket, in this order: files, comment, then all that marks it as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) id: String,
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
    /// It is closed, and found by its key no more; the other stays.
    DuplicateOf(String),
}

/// What a tracker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// The tickets of the key, and the time by the tracker's clock.
    Found(Vec<Ticket>, Option<UnixNanos>),
    /// The new ticket.
    Made(Ticket),
    /// It was changed.
    Changed,
    /// Whether it was made is not known: the connection broke, or the tracker failed.
    Unknown,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// What is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    Ask(Call),
    End(Deed),
    /// The tracker does not tell whether a ticket was made, time after time.
    GiveUp,
}

/// So often a ticket is tried to be made where nobody tells whether it was.
const MOST_TRIES: u32 = 3;

/// What a reply is to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Looking,
    Fetching,
    Making,
    /// A ticket was made; is it the only one?
    Checking(Ticket),
    /// The changes that are left, then the end.
    Changing(VecDeque<Change>, Deed),
    /// Our own ticket is being closed as a duplicate; then the other is looked at.
    Yielding,
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
        };
        (machine, Move::Ask(Call::Find))
    }

    /// What follows from a reply to the last call.
    pub(super) fn hear(&mut self, reply: Reply) -> Move {
        match (std::mem::replace(&mut self.stage, Stage::Looking), reply) {
            (Stage::Looking, Reply::Found(tickets, now)) => self.looked(tickets, now),
            (Stage::Fetching, Reply::Found(tickets, _)) => match tickets.into_iter().find(|ticket| ticket.is_open) {
                Some(ticket) => self.meet(vec![ticket]),
                None => self.make_or_reopen(),
            },
            (Stage::Making, Reply::Made(ticket)) => {
                self.own = Some(ticket.clone());
                self.stage = Stage::Checking(ticket);
                Move::Ask(Call::Find)
            }
            (Stage::Making, _) if self.tries < MOST_TRIES => self.look(),
            (Stage::Checking(own), Reply::Found(tickets, _)) => self.check(own, &tickets),
            (Stage::Changing(left, deed), Reply::Changed) => self.change(left, deed),
            (Stage::Yielding, Reply::Changed) => self.look(),
            _ => Move::GiveUp,
        }
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
        let mut changes: VecDeque<Change> = open.map(|other| duplicate(&other, &stays)).collect();
        let is_told = stays.state.as_ref() == Some(&self.wish.state);
        let closes = self.wish.is_clear && self.wish.resolve;
        let called = stays.called.clone();
        let is_own = self.own.as_ref().is_some_and(|own| own.id == stays.id);
        let deed = match (closes, self.wish.is_clear, is_told) {
            (true, ..) => Deed::Resolved(called),
            (false, _, true) if is_own => Deed::Created(called),
            (false, _, true) => Deed::Unchanged(called),
            (false, true, false) => Deed::Cleared(called),
            (false, false, false) => Deed::Updated(called),
        };
        if !is_told || closes {
            changes.push_back(Change {
                id: stays.id,
                files: !is_told,
                comment: true,
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
        if let Some(ticket) = recent.cloned() {
            let becomes = Some(Becomes::Open);
            let change = Change { id: ticket.id, files: true, comment: true, content: true, becomes };
            return self.change(VecDeque::from([change]), Deed::Reopened(ticket.called));
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
                self.stage = Stage::Yielding;
                Move::Ask(Call::Change(duplicate(&own, &other)))
            }
            _ => {
                let mut changes = VecDeque::new();
                if !self.wish.is_made_whole {
                    changes.push_back(Change { id: own.id, files: true, comment: false, content: true, becomes: None });
                }
                self.change(changes, Deed::Created(own.called))
            }
        }
    }

    fn change(&mut self, mut left: VecDeque<Change>, deed: Deed) -> Move {
        match left.pop_front() {
            Some(change) => {
                self.stage = Stage::Changing(left, deed);
                Move::Ask(Call::Change(change))
            }
            None => Move::End(deed),
        }
    }
}

fn duplicate(other: &Ticket, stays: &Ticket) -> Change {
    let becomes = Some(Becomes::DuplicateOf(stays.called.clone()));
    Change { id: other.id.clone(), files: false, comment: false, content: true, becomes }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tracker that does one call at a time, as all of them do.
    #[derive(Debug, Clone, Default)]
    struct Tracker {
        tickets: Vec<Ticket>,
        comments: usize,
        files: usize,
        now: i64,
    }

    impl Tracker {
        fn answer(&mut self, call: &Call, wish: &Wish) -> Reply {
            self.now += 1;
            match call {
                Call::Find => Reply::Found(self.tickets.clone(), Some(UnixNanos(self.now))),
                Call::Fetch(id) => {
                    Reply::Found(self.tickets.iter().filter(|ticket| ticket.id == *id).cloned().collect(), None)
                }
                Call::Create => {
                    let ordinal = self.tickets.len() as u64 + 1;
                    let state = Some(if wish.is_made_whole { wish.state.clone() } else { "pending".to_owned() });
                    let called = format!("#{ordinal}");
                    let ticket =
                        Ticket { id: ordinal.to_string(), called, ordinal, is_open: true, state, closed: None };
                    self.tickets.push(ticket.clone());
                    self.files += usize::from(wish.is_made_whole);
                    Reply::Made(ticket)
                }
                Call::Change(change) => {
                    let ticket = self.tickets.iter_mut().find(|ticket| ticket.id == change.id).expect("a ticket");
                    self.comments += usize::from(change.comment);
                    self.files += usize::from(change.files);
                    if change.content {
                        ticket.state = Some(wish.state.clone());
                    }
                    match &change.becomes {
                        None => {}
                        Some(Becomes::Open) => (ticket.is_open, ticket.closed) = (true, None),
                        Some(Becomes::Closed) => (ticket.is_open, ticket.closed) = (false, Some(UnixNanos(self.now))),
                        // No more found by its key.
                        Some(Becomes::DuplicateOf(_)) => (ticket.is_open, ticket.state) = (false, None),
                    }
                    Reply::Changed
                }
            }
        }

        fn open(&self) -> Vec<&Ticket> {
            self.tickets.iter().filter(|ticket| ticket.is_open).collect()
        }
    }

    fn wish(state: &str) -> Wish {
        Wish {
            is_clear: false,
            state: state.to_owned(),
            resolve: true,
            reopen_within: Nanos(100),
            known: None,
            is_made_whole: true,
        }
    }

    fn clear() -> Wish {
        Wish { is_clear: true, ..wish("clear") }
    }

    fn run(tracker: &mut Tracker, wish: &Wish) -> Deed {
        let (mut machine, mut next) = Machine::start(wish.clone());
        for _ in 0..50 {
            match next {
                Move::Ask(call) => next = machine.hear(tracker.answer(&call, wish)),
                Move::End(deed) => return deed,
                Move::GiveUp => panic!("gave up"),
            }
        }
        panic!("no end")
    }

    #[test]
    fn a_ticket_is_made_left_updated_resolved_and_opened_again() {
        let mut tracker = Tracker::default();
        assert_eq!(run(&mut tracker, &clear()), Deed::Nothing);
        assert_eq!(run(&mut tracker, &wish("a")), Deed::Created("#1".to_owned()));
        assert_eq!((tracker.comments, tracker.files), (0, 1));
        assert_eq!(run(&mut tracker, &wish("a")), Deed::Unchanged("#1".to_owned()));
        assert_eq!((tracker.comments, tracker.files), (0, 1), "nothing changed, so nothing is said");
        assert_eq!(run(&mut tracker, &wish("b")), Deed::Updated("#1".to_owned()));
        assert_eq!((tracker.comments, tracker.files), (1, 2));
        let stays = Wish { resolve: false, ..clear() };
        assert_eq!(run(&mut tracker, &stays), Deed::Cleared("#1".to_owned()));
        assert_eq!(run(&mut tracker, &stays), Deed::Unchanged("#1".to_owned()));
        assert_eq!(run(&mut tracker, &clear()), Deed::Resolved("#1".to_owned()));
        assert_eq!(run(&mut tracker, &clear()), Deed::Nothing);
        assert_eq!(run(&mut tracker, &wish("b")), Deed::Reopened("#1".to_owned()));
        assert_eq!(run(&mut tracker, &clear()), Deed::Resolved("#1".to_owned()));
        tracker.now += 1_000;
        assert_eq!(run(&mut tracker, &wish("c")), Deed::Created("#2".to_owned()));
        assert_eq!(tracker.open().len(), 1);
    }

    #[test]
    fn a_ticket_that_was_not_completed_is_completed_by_the_next_run() {
        let mut tracker = Tracker::default();
        let wish = Wish { is_made_whole: false, ..wish("a") };
        let (mut machine, next) = Machine::start(wish.clone());
        assert_eq!(next, Move::Ask(Call::Find));
        assert_eq!(machine.hear(tracker.answer(&Call::Find, &wish)), Move::Ask(Call::Create));
        tracker.answer(&Call::Create, &wish);
        // Here the run is ended by somebody.
        assert_eq!(run(&mut tracker, &wish), Deed::Updated("#1".to_owned()));
        assert_eq!((tracker.files, tracker.open().len()), (1, 1));
    }

    #[test]
    fn a_search_that_lags_behind_is_helped_by_what_was_noted() {
        let mut tracker = Tracker::default();
        run(&mut tracker, &wish("a"));
        let known = Wish { known: Some("1".to_owned()), ..wish("b") };
        let (mut machine, _) = Machine::start(known.clone());
        let next = machine.hear(Reply::Found(Vec::new(), None));
        assert_eq!(next, Move::Ask(Call::Fetch("1".to_owned())));
        let next = machine.hear(tracker.answer(&Call::Fetch("1".to_owned()), &known));
        assert!(matches!(next, Move::Ask(Call::Change(change)) if change.id == "1"));
    }

    #[test]
    fn where_nobody_tells_whether_a_ticket_was_made_it_is_looked_for_and_tried_so_often() {
        let (mut machine, _) = Machine::start(wish("a"));
        for _ in 0..MOST_TRIES - 1 {
            assert_eq!(machine.hear(Reply::Found(Vec::new(), None)), Move::Ask(Call::Create));
            assert_eq!(machine.hear(Reply::Unknown), Move::Ask(Call::Find));
        }
        assert_eq!(machine.hear(Reply::Found(Vec::new(), None)), Move::Ask(Call::Create));
        assert_eq!(machine.hear(Reply::Unknown), Move::GiveUp);
    }

    proptest! {
        /// Runs at once, their calls in any order, leave one open ticket, which says what one of them wanted.
        #[test]
        fn runs_at_once_leave_one_open_ticket(
            order in prop::collection::vec(0..3_usize, 0..40),
            is_made_whole in any::<bool>(),
            already in 0..3_usize,
        ) {
            let mut tracker = Tracker::default();
            for _ in 0..already {
                tracker.answer(&Call::Create, &wish("old"));
            }
            let wishes = ["a", "a", "b"].map(|state| Wish { is_made_whole, ..wish(state) });
            let mut runs: Vec<(Machine, Move)> = wishes.iter().map(|wish| Machine::start(wish.clone())).collect();
            let rest = (0..90).map(|step| step % 3);
            for turn in order.into_iter().chain(rest) {
                let (machine, next) = &mut runs[turn];
                if let Move::Ask(call) = next.clone() {
                    *next = machine.hear(tracker.answer(&call, &wishes[turn]));
                }
            }
            for (_, next) in &runs {
                prop_assert!(matches!(next, Move::End(_)), "{next:?}");
            }
            let open = tracker.open();
            prop_assert_eq!(open.len(), 1, "{:?}", tracker.tickets);
            prop_assert!(matches!(open[0].state.as_deref(), Some("a" | "b")), "{:?}", tracker.tickets);
        }
    }
}
