//! The rules against a tracker that does one call at a time.

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
            Call::Find => {
                // Those that lost the key are found by it no more.
                let found = self.tickets.iter().filter(|ticket| ticket.state.is_some()).cloned().collect();
                Reply::Found(found, Some(UnixNanos(self.now)))
            }
            Call::Fetch(id) | Call::Verify(id) => {
                Reply::Found(self.tickets.iter().filter(|ticket| ticket.id == *id).cloned().collect(), None)
            }
            Call::Create => {
                let ordinal = self.tickets.len() as u64 + 1;
                let state = Some(if wish.is_made_whole { wish.state.clone() } else { NEW.to_owned() });
                let called = format!("#{ordinal}");
                let ticket = Ticket {
                    id: ordinal.to_string(),
                    called,
                    ordinal,
                    is_open: true,
                    is_ours: true,
                    created: Some(UnixNanos(self.now)),
                    state,
                    closed: None,
                    changed: None,
                    text: None,
                };
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
                    Some(Becomes::Duplicate(_) | Becomes::Withdrawn) => {
                        (ticket.is_open, ticket.state) = (false, None);
                    }
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
        standing: Standing::default(),
        is_made_whole: true,
        makes_again: true,
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
            Move::GiveUp | Move::Refuse(_) => panic!("{next:?}"),
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
    assert_eq!((tracker.files, tracker.comments, tracker.open().len()), (1, 0, 1));
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

/// What is found then is what this run made, as far as anybody knows.
#[test]
fn a_ticket_that_nobody_told_of_is_told_as_made() {
    let check = |state: &str, is_made_whole: bool, expected: fn(String) -> Deed| {
        let mut tracker = Tracker::default();
        let wish = Wish { is_made_whole, ..wish("a") };
        let (mut machine, mut next) = Machine::start(wish.clone());
        let mut is_first = true;
        loop {
            next = match next {
                Move::Ask(call) => {
                    let reply = tracker.answer(&call, &wish);
                    if call == Call::Create && std::mem::take(&mut is_first) {
                        if state != "a" {
                            tracker.tickets.last_mut().expect("a ticket").state = Some(state.to_owned());
                        }
                        machine.hear(Reply::Unknown)
                    } else {
                        machine.hear(reply)
                    }
                }
                Move::End(deed) => break assert_eq!(deed, expected("#1".to_owned()), "{state}"),
                other => panic!("{other:?}"),
            };
        }
        assert_eq!((tracker.tickets.len(), tracker.comments), (1, usize::from(state == "b")), "{state}");
    };
    check("a", true, Deed::Created);
    check(NEW, false, Deed::Created);
    // Somebody else made it meanwhile.
    check("b", true, Deed::Updated);
}

#[test]
fn where_searches_lag_behind_nothing_is_made_twice_by_one_run() {
    let (mut machine, _) = Machine::start(Wish { makes_again: false, ..wish("a") });
    assert_eq!(machine.hear(Reply::Found(Vec::new(), None)), Move::Ask(Call::Create));
    assert_eq!(machine.hear(Reply::Unknown), Move::Ask(Call::Find));
    assert_eq!(machine.hear(Reply::Found(Vec::new(), None)), Move::GiveUp);
}

/// Whatever a search shows of others, nothing of theirs is changed.
#[test]
fn tickets_of_others_are_no_tickets_of_the_key() {
    let ticket = |number: u64, is_ours: bool, is_open: bool| Ticket {
        id: number.to_string(),
        called: format!("#{number}"),
        ordinal: number,
        is_open,
        is_ours,
        created: None,
        state: Some("a".to_owned()),
        closed: None,
        changed: None,
        text: None,
    };
    for is_open in [true, false] {
        let (mut machine, _) = Machine::start(wish("b"));
        let found = vec![ticket(2, true, true), ticket(1, false, is_open)];
        let expected = Unheeded::Foreign { called: "#1".to_owned(), made: None };
        assert_eq!(machine.hear(Reply::Found(found, None)), Move::Refuse(expected));
    }
    let (mut machine, _) = Machine::start(wish("b"));
    machine.hear(Reply::Found(Vec::new(), None));
    machine.hear(Reply::Made(ticket(3, true, true)));
    let expected = Unheeded::Foreign { called: "#1".to_owned(), made: Some("#3".to_owned()) };
    assert_eq!(machine.hear(Reply::Found(vec![ticket(1, false, true)], None)), Move::Refuse(expected));
}

/// Somebody's copy of a ticket, made an hour later, is left to him.
#[test]
fn a_copy_that_came_later_is_no_duplicate() {
    let check = |apart: Option<i64>, expected: usize| {
        let mut tracker = Tracker::default();
        tracker.answer(&Call::Create, &wish("a"));
        tracker.answer(&Call::Create, &wish("a"));
        tracker.tickets[0].created = Some(UnixNanos(0));
        tracker.tickets[1].created = apart.map(|seconds| UnixNanos(seconds * 1_000_000_000));
        assert_eq!(run(&mut tracker, &wish("a")), Deed::Unchanged("#1".to_owned()));
        assert_eq!(tracker.open().len(), expected, "{apart:?}");
    };
    check(Some(5), 1);
    check(Some(3_600), 2);
    check(None, 2);
}

#[test]
fn what_a_tracker_says_it_did_is_looked_at() {
    let ticket = |is_open: bool| Ticket {
        id: "1".to_owned(),
        called: "#1".to_owned(),
        ordinal: 1,
        is_open,
        is_ours: true,
        created: None,
        state: Some("a".to_owned()),
        closed: (!is_open).then_some(UnixNanos(1)),
        changed: None,
        text: None,
    };
    let check = |wish: Wish, before: bool, after: Option<bool>, expected: Move| {
        let (mut machine, _) = Machine::start(wish);
        let next = machine.hear(Reply::Found(vec![ticket(before)], Some(UnixNanos(2))));
        assert!(matches!(next, Move::Ask(Call::Change(_))), "{next:?}");
        assert_eq!(machine.hear(Reply::Changed), Move::Ask(Call::Verify("1".to_owned())));
        assert_eq!(machine.hear(Reply::Found(after.map(ticket).into_iter().collect(), None)), expected);
    };
    let called = || "#1".to_owned();
    check(clear(), true, Some(false), Move::End(Deed::Resolved(called())));
    check(clear(), true, None, Move::End(Deed::Resolved(called())));
    check(clear(), true, Some(true), Move::Refuse(Unheeded::Status { called: called(), is_open: true }));
    check(wish("b"), false, Some(true), Move::End(Deed::Reopened(called())));
    check(wish("b"), false, Some(false), Move::Refuse(Unheeded::Status { called: called(), is_open: false }));
}

#[test]
fn a_ticket_that_would_not_be_found_again_is_withdrawn() {
    let check = |answers: Vec<Reply>, expected: Move| {
        let (mut machine, _) = Machine::start(wish("a"));
        let mut next = machine.hear(Reply::Found(Vec::new(), None));
        for answer in answers {
            next = machine.hear(answer);
        }
        assert_eq!(next, expected);
        machine
    };
    let made = |is_open: bool| Ticket {
        id: "7".to_owned(),
        called: "#7".to_owned(),
        ordinal: 7,
        is_open,
        is_ours: false,
        created: None,
        state: None,
        closed: None,
        changed: None,
        text: None,
    };
    let becomes = Some(Becomes::Withdrawn);
    let change = Change { id: "7".to_owned(), found: None, files: false, comment: false, content: false, becomes };
    let machine = check(vec![Reply::Unmarked(made(true))], Move::Ask(Call::Change(change)));
    let unmarked = |is_closed: bool| Unheeded::Unmarked { called: "#7".to_owned(), is_closed };
    assert_eq!(machine.left_behind(), Some(unmarked(false)));
    for is_open in [false, true] {
        let answers = vec![Reply::Unmarked(made(true)), Reply::Changed, Reply::Found(vec![made(is_open)], None)];
        check(answers, Move::Refuse(unmarked(!is_open)));
    }
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
        let rest = (0..150).map(|step| step % 3);
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
