//! The rollout as a machine: single stories, and that no order of events breaks its promises.

use clockaudit::fix::attempt::{Cause, Early, Outcome};
use clockaudit::fix::canary::{Candidate, Share};
use clockaudit::fix::rollout::{Action, Event, HostEnd, Rollout, Spared, Terms};
use proptest::prelude::*;

const ROLLED_BACK: Outcome = Outcome::RolledBack(Cause::StillOff);

fn candidates(count: usize, internal: Option<usize>) -> Vec<Candidate> {
    let candidate = |index| Candidate {
        name: format!("host{index}"),
        groups: vec![format!("group{}", index % 3)],
        is_time_server: false,
        is_internal_server: Some(index) == internal,
    };
    (0..count).map(candidate).collect()
}

fn terms(canary: usize, max_fail: Share) -> Terms {
    Terms { canary: Some(Share::Count(canary)), wave: Share::Percent(25), max_fail }
}

/// Goes on with the yardstick measured, until hosts are attempted or the rollout is over.
fn attempts(rollout: &mut Rollout, actions: &[Action]) -> Vec<usize> {
    let actions = if actions == [Action::Measure] { rollout.take(Event::Measured(true)) } else { actions.to_vec() };
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Attempt(index) => Some(*index),
            Action::Measure | Action::Finish => None,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_good_rollout_goes_through_canary_and_waves() {
    let (mut rollout, mut actions) = Rollout::begin(&candidates(10, None), Terms::default());
    let mut sizes = Vec::new();
    loop {
        let wave = attempts(&mut rollout, &actions);
        if wave.is_empty() {
            break;
        }
        sizes.push(wave.len());
        for index in wave {
            assert_eq!(rollout.take(Event::Committed(index)), []);
            actions = rollout.take(Event::Ended(index, Outcome::Converged));
        }
    }
    assert_eq!(actions, [Action::Finish]);
    assert_eq!(sizes, [3, 2, 2, 2, 1]);
    assert_eq!(rollout.ends(), Some(vec![HostEnd::Attempted(Outcome::Converged); 10]));
}

#[test]
fn one_failure_in_a_canary_of_two_stops_everything_else() {
    let (mut rollout, actions) = Rollout::begin(&candidates(10, None), terms(2, Share::Count(5)));
    let wave = attempts(&mut rollout, &actions);
    assert_eq!(wave.len(), 2);
    assert_eq!(rollout.take(Event::Ended(wave[0], ROLLED_BACK)), []);
    assert_eq!(rollout.take(Event::Ended(wave[1], Outcome::Converged)), [Action::Finish]);
    let ends = rollout.ends().expect("the end");
    assert_eq!(ends.iter().filter(|end| **end == HostEnd::NotAttempted(Spared::BudgetSpent)).count(), 8);
}

#[test]
fn the_budget_counts_over_the_whole_run() {
    let check = |max_fail: Share, count: usize, expected: usize| {
        let (mut rollout, mut actions) = Rollout::begin(&candidates(count, None), terms(1, max_fail));
        let mut failed = 0;
        for number in 0.. {
            let wave = attempts(&mut rollout, &actions);
            if wave.is_empty() {
                break;
            }
            // In each wave after the canary the first host fails.
            for (place, index) in wave.iter().enumerate() {
                let fails = place == 0 && number > 0;
                failed += usize::from(fails);
                let outcome = if fails { ROLLED_BACK } else { Outcome::Converged };
                actions = rollout.take(Event::Ended(*index, outcome));
            }
        }
        assert_eq!((failed, actions), (expected, vec![Action::Finish]), "{max_fail:?} of {count}");
    };
    check(Share::Count(0), 41, 1);
    check(Share::Count(2), 41, 3);
    check(Share::Count(9), 41, 4);
    // A percentage rounds down, and is at least one.
    check(Share::Percent(2), 41, 2);
    check(Share::Percent(2), 149, 3);
    check(Share::Percent(0), 41, 2);
}

#[test]
fn nothing_is_begun_without_a_yardstick() {
    let (mut rollout, actions) = Rollout::begin(&candidates(3, None), Terms::default());
    assert_eq!(actions, [Action::Measure]);
    assert_eq!(rollout.take(Event::Measured(false)), [Action::Finish]);
    assert_eq!(rollout.ends(), Some(vec![HostEnd::NotAttempted(Spared::YardstickLost); 3]));
    assert_eq!(rollout.take(Event::Measured(true)), []);
}

#[test]
fn an_interrupt_lets_running_hosts_commit_and_begins_no_other() {
    let (mut rollout, actions) = Rollout::begin(&candidates(10, None), terms(2, Share::Count(5)));
    let wave = attempts(&mut rollout, &actions);
    assert_eq!(rollout.take(Event::Committed(wave[0])), []);
    assert_eq!(rollout.take(Event::Interrupted), [Action::Conclude(wave[0])]);
    assert_eq!(rollout.take(Event::Committed(wave[1])), [Action::Conclude(wave[1])]);
    assert_eq!(rollout.take(Event::Ended(wave[0], Outcome::OnItsWay(Early::Slewed))), []);
    assert_eq!(rollout.take(Event::Ended(wave[1], Outcome::OnItsWay(Early::Slewed))), [Action::Finish]);
    assert_eq!(rollout.stopped(), Some(Spared::Interrupted));
}

#[test]
fn the_server_of_an_isolated_network_is_first_and_settles_with_its_first_client() {
    let (mut rollout, actions) = Rollout::begin(&candidates(3, Some(1)), Terms::default());
    assert_eq!(attempts(&mut rollout, &actions), [1]);
    let actions = rollout.take(Event::Committed(1));
    let canary = attempts(&mut rollout, &actions);
    assert_eq!(canary, [0, 2]);
    assert_eq!(rollout.take(Event::Committed(2)), [Action::Settle(1)]);
    assert_eq!(rollout.take(Event::Committed(0)), []);
    assert_eq!(rollout.take(Event::Ended(1, Outcome::Converged)), []);
    assert_eq!(rollout.take(Event::Ended(0, Outcome::Converged)), []);
    assert_eq!(rollout.take(Event::Ended(2, Outcome::Converged)), [Action::Finish]);
}

#[test]
fn a_server_that_no_client_follows_is_put_back() {
    let (mut rollout, actions) = Rollout::begin(&candidates(3, Some(1)), terms(1, Share::Count(1)));
    assert_eq!(attempts(&mut rollout, &actions), [1]);
    let actions = rollout.take(Event::Committed(1));
    assert_eq!(attempts(&mut rollout, &actions), [0]);
    let failed = Outcome::RolledBack(Cause::NotApplied);
    assert_eq!(rollout.take(Event::Ended(0, failed)), [Action::Withdraw(1)]);
    assert_eq!(rollout.take(Event::Ended(1, failed)), [Action::Finish]);
    assert_eq!(rollout.ends().expect("the end")[2], HostEnd::NotAttempted(Spared::BudgetSpent));
}

#[test]
fn a_server_alone_settles_by_itself() {
    let (mut rollout, actions) = Rollout::begin(&candidates(1, Some(0)), Terms::default());
    assert_eq!(attempts(&mut rollout, &actions), [0]);
    assert_eq!(rollout.take(Event::Committed(0)), [Action::Settle(0)]);
    assert_eq!(rollout.take(Event::Ended(0, Outcome::Converged)), [Action::Finish]);
}

/// What a world that means no good makes of a rollout.
#[derive(Debug, Clone, Copy)]
enum Whim {
    Measured(bool),
    Committed(usize),
    Ended(usize, Outcome),
    Interrupted,
}

fn whim(hosts: usize) -> impl Strategy<Value = Whim> {
    let outcomes = vec![
        Outcome::Converged,
        Outcome::ConvergedByClaim,
        Outcome::OnItsWay(Early::Slewed),
        ROLLED_BACK,
        Outcome::Failed(Cause::ConnectionLost),
    ];
    prop_oneof![
        6 => prop::bool::weighted(0.95).prop_map(Whim::Measured),
        6 => (0..hosts).prop_map(Whim::Committed),
        12 => (0..hosts, prop::sample::select(outcomes)).prop_map(|(index, outcome)| Whim::Ended(index, outcome)),
        1 => Just(Whim::Interrupted),
    ]
}

/// What must hold after every step of a rollout.
struct Witness {
    attempted: Vec<usize>,
    ended: Vec<(usize, Outcome)>,
    finished: usize,
}

impl Witness {
    fn see(&mut self, actions: &[Action], rollout: &Rollout, was_over_budget: bool) {
        for action in actions {
            match action {
                Action::Attempt(index) => {
                    assert!(!self.attempted.contains(index), "host {index} is attempted twice");
                    assert!(!was_over_budget, "host {index} is attempted though too many have failed");
                    assert!(rollout.stopped().is_none(), "host {index} is attempted after a stop");
                    self.attempted.push(*index);
                }
                Action::Settle(index) | Action::Withdraw(index) | Action::Conclude(index) => {
                    let is_running =
                        self.attempted.contains(index) && !self.ended.iter().any(|(ended, _)| ended == index);
                    assert!(is_running, "{action:?} of a host that does not run");
                }
                Action::Measure => assert_eq!(self.attempted.len(), self.ended.len() + self.waiting(rollout)),
                Action::Finish => self.finished += 1,
            }
        }
    }

    /// The server of an isolated network may run on while the next wave is prepared.
    fn waiting(&self, _: &Rollout) -> usize {
        self.attempted.len().saturating_sub(self.ended.len()).min(1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_breaks_the_promises(
        count in 1_usize..12,
        has_server in any::<bool>(),
        canary in 1_usize..4,
        max_fail in 0_usize..4,
        whims in prop::collection::vec(whim(12), 0..120),
    ) {
        let hosts = candidates(count, has_server.then_some(0));
        let (mut rollout, actions) = Rollout::begin(&hosts, terms(canary, Share::Count(max_fail)));
        let mut witness = Witness { attempted: Vec::new(), ended: Vec::new(), finished: 0 };
        witness.see(&actions, &rollout, false);
        // After the whims every running host ends well, and every question is answered.
        let patience = (0..count * 4).flat_map(|index| [Whim::Measured(true), Whim::Ended(index % count, Outcome::Converged)]);
        for whim in whims.into_iter().chain(patience) {
            let event = match whim {
                Whim::Measured(is_there) => Event::Measured(is_there),
                Whim::Committed(index) => Event::Committed(index),
                Whim::Ended(index, outcome) => Event::Ended(index, outcome),
                Whim::Interrupted => Event::Interrupted,
            };
            if let Event::Ended(index, outcome) = event {
                let is_running = witness.attempted.contains(&index) && witness.ended.iter().all(|(ended, _)| *ended != index);
                if is_running {
                    witness.ended.push((index, outcome));
                }
            }
            let actions = rollout.take(event);
            let was_over_budget = rollout.failures() > rollout.allowed();
            witness.see(&actions, &rollout, was_over_budget);
        }
        prop_assert_eq!(witness.finished, 1);
        let ends = rollout.ends().expect("the end");
        for (index, end) in ends.iter().enumerate() {
            let ended = witness.ended.iter().find(|(ended, _)| *ended == index).map(|(_, outcome)| *outcome);
            match (end, ended) {
                (HostEnd::Attempted(outcome), Some(ended)) => prop_assert_eq!(*outcome, ended),
                (HostEnd::NotAttempted(_), None) => prop_assert!(!witness.attempted.contains(&index)),
                other => prop_assert!(false, "host {}: {:?}", index, other),
            }
        }
        prop_assert_eq!(rollout.failures(), witness.ended.iter().filter(|(_, outcome)| outcome.is_failure()).count());
    }
}
