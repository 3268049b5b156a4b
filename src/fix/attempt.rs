//! One host's change after its files were replaced, as a machine without I/O: looks and losses in, what to do next out.
//!
//! Until then the script on the host decides alone: it replaces all files or none, and puts them back itself where chronyd does
//! not follow what was expected. From there on the guard on the host puts the old files back unless it hears from us.

use super::forecast::{Forecast, Movement};
pub use super::outcome::{Cause, EDITED, Early, Outcome};
use super::verification::{self, Look, Standing};
use crate::clock::{Interval, Nanos};

/// How long a host may be neither right nor wrong before it counts as not mended.
const PATIENCE: Nanos = Nanos::from_seconds(30);
/// How long after one look the next one is.
const BETWEEN_LOOKS: Nanos = Nanos::from_seconds(2);
/// The same where the clock is slewed for long; less than the 30 s after which the guard must have heard from us.
const BETWEEN_DISTANT_LOOKS: Nanos = Nanos::from_seconds(20);

/// What a change is verified by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What the clock is expected to do.
    pub forecast: Forecast,
    /// The host's limit: within it the clock is right.
    pub warn: Nanos,
    /// For how long it must be.
    pub hold: Nanos,
    /// Whether files are new, which a guard puts back; else its clock alone was stepped, or it is to get steps back.
    pub has_new_files: bool,
}

/// What happened on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was looked at.
    Looked(Look),
    /// The run is to end soon: this host is past its commit point, so it stays as it is.
    Interrupted,
    /// The server that it follows has failed: it is to go back, too.
    Withdrawn,
    /// Nothing is heard of it any more: its guard puts the old files back, where files are new.
    Lost,
    /// Steps are in its configuration again, as planned; or they could not be put there.
    StepsAdded(bool),
    /// The guard stands down; or it had fired before.
    Confirmed(bool),
    /// The guard stands down, and a file is not what was written any more.
    Edited,
    /// The old files are back and chronyd runs with them; or something could not be put back.
    Reverted(bool),
}

/// What is to be done next on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Tell the guard that all is well so far, wait, and look again.
    LookAgain {
        /// How long to wait.
        after: Nanos,
    },
    /// Put the steps that were left out into the configuration; no restart.
    AddSteps,
    /// Have the guard stand down.
    Confirm,
    /// Put the old files back.
    Revert,
    /// Nothing: this is how it ended.
    End(Outcome),
}

/// One host from the restart of its chronyd to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    terms: Terms,
    state: State,
    /// Whether its clock was measured since.
    is_measured: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Looked at from time to time.
    Watched {
        /// Since when it is right, and whether a look since has measured it.
        right: Option<(Nanos, bool)>,
        /// Since when it is neither right nor wrong.
        unclear: Option<Nanos>,
    },
    /// Steps are being put back into the configuration.
    AddingSteps(Outcome),
    /// The guard is told to stand down.
    Confirming(Outcome),
    /// The old files are being put back.
    Reverting(Cause),
    /// Over.
    Ended(Outcome),
}

impl Attempt {
    /// A host whose files are new and whose chronyd follows what was expected; what to do first is to look.
    pub fn applied(terms: Terms) -> (Self, Action) {
        let attempt = Self { terms, state: State::Watched { right: None, unclear: None }, is_measured: false };
        (attempt, Action::LookAgain { after: Nanos::ZERO })
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            State::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// After how long its clock will be right, at most, by the last offset that was measured.
    pub fn eta(&self, offset: Interval) -> Nanos {
        self.terms.forecast.rest_takes(offset)
    }

    /// Takes one event; gives back what is to be done. What comes after the end, or at a time when it means nothing, changes
    /// nothing and gives `None`.
    pub fn take(&mut self, event: Event) -> Option<Action> {
        match (self.state, event) {
            (State::Ended(_), _) => None,
            (_, Event::Lost) if self.terms.has_new_files => Some(self.end(Outcome::Failed(Cause::ConnectionLost))),
            (_, Event::Lost) => Some(self.end(Outcome::Failed(Cause::Unwatched))),
            (State::Watched { right, unclear }, Event::Looked(look)) => Some(self.looked(look, right, unclear)),
            (State::Watched { .. }, Event::Withdrawn) => Some(self.revert(Cause::ServerFailed)),
            // A clock that is right needs no more to be spared from steps.
            (State::Watched { right: Some(_), .. }, Event::Interrupted) if self.terms.forecast.without_steps => {
                self.state = State::AddingSteps(Outcome::OnItsWay(Early::NotHeld));
                Some(Action::AddSteps)
            }
            (State::Watched { right, .. }, Event::Interrupted) => {
                let early = match right {
                    Some(_) => Early::NotHeld,
                    None if self.is_measured => Early::Slewed,
                    None => Early::NotMeasured,
                };
                Some(self.confirm(Outcome::OnItsWay(early)))
            }
            (State::AddingSteps(outcome), Event::StepsAdded(true)) => Some(self.confirm(outcome)),
            // Its clock is right, so the change stays; that steps are missing is told.
            (State::AddingSteps(_), Event::StepsAdded(false)) => {
                Some(self.confirm(Outcome::Failed(Cause::StepsNotAdded)))
            }
            (State::Confirming(outcome), Event::Confirmed(true)) => Some(self.end(outcome)),
            (State::Confirming(outcome), Event::Edited) => Some(self.end(outcome.edited())),
            (State::Confirming(_), Event::Confirmed(false)) => Some(self.end(Outcome::RolledBack(Cause::GuardFired))),
            (State::Reverting(cause), Event::Reverted(true)) => Some(self.end(Outcome::RolledBack(cause))),
            (State::Reverting(_), Event::Reverted(false)) => Some(self.end(Outcome::Failed(Cause::NotReverted))),
            _ => None,
        }
    }

    fn looked(&mut self, look: Look, right: Option<(Nanos, bool)>, unclear: Option<Nanos>) -> Action {
        let at = look.elapsed;
        self.is_measured |= look.offset.is_some();
        let standing = verification::judge(look, &self.terms.forecast, self.terms.warn);
        match standing {
            Standing::Off => self.revert(Cause::StillOff),
            Standing::Within | Standing::WithinByClaim => {
                let is_measured = standing == Standing::Within;
                if right.is_none() && at > self.latest() {
                    return self.revert(Cause::Unclear);
                }
                let (since, was_measured) = right.unwrap_or((at, is_measured));
                let measured = was_measured || is_measured;
                let held = at - since;
                let left = self.terms.hold - held;
                if left > Nanos::ZERO {
                    return self.watch(Some((since, measured)), None, left);
                }
                // It is right as its last look has it. Where that told less than one before, the next may tell as much again.
                if measured && !is_measured && held < self.terms.hold + PATIENCE {
                    return self.watch(Some((since, measured)), None, BETWEEN_LOOKS);
                }
                let outcome = if is_measured { Outcome::Converged } else { Outcome::ConvergedByClaim };
                if self.terms.forecast.without_steps {
                    self.state = State::AddingSteps(outcome);
                    Action::AddSteps
                } else {
                    self.confirm(outcome)
                }
            }
            Standing::OnItsWay => {
                let left = look.offset.map_or(Nanos::ZERO, |offset| self.terms.forecast.rest_takes(offset));
                self.watch(None, None, left)
            }
            Standing::Unclear => {
                let since = unclear.unwrap_or(at);
                // Until its time is over a clock may be on its way without anybody being able to tell.
                let allowed = (since + PATIENCE).max(self.terms.forecast.takes + PATIENCE).min(self.latest());
                if at >= allowed { self.revert(Cause::Unclear) } else { self.watch(None, Some(since), BETWEEN_LOOKS) }
            }
        }
    }

    /// Until when a clock that is right and not right in turns is looked at.
    fn latest(&self) -> Nanos {
        let Terms { forecast, hold, .. } = self.terms;
        forecast.takes + hold + hold + PATIENCE + PATIENCE
    }

    fn watch(&mut self, right: Option<(Nanos, bool)>, unclear: Option<Nanos>, needs: Nanos) -> Action {
        self.state = State::Watched { right, unclear };
        let is_slewed = matches!(self.terms.forecast.movement, Movement::Slews | Movement::Stays);
        let is_distant = is_slewed && right.is_none() && needs > BETWEEN_DISTANT_LOOKS + BETWEEN_DISTANT_LOOKS;
        let soon = BETWEEN_LOOKS.min(needs.max(Nanos::from_millis(100)));
        Action::LookAgain { after: if is_distant { BETWEEN_DISTANT_LOOKS } else { soon } }
    }

    fn confirm(&mut self, outcome: Outcome) -> Action {
        self.state = State::Confirming(outcome);
        Action::Confirm
    }

    fn revert(&mut self, cause: Cause) -> Action {
        if !self.terms.has_new_files {
            // There is nothing to go back to.
            return self.end(Outcome::Failed(cause));
        }
        self.state = State::Reverting(cause);
        Action::Revert
    }

    fn end(&mut self, outcome: Outcome) -> Action {
        self.state = State::Ended(outcome);
        Action::End(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::forecast::{self, DEFAULT_SLEW_RATE, Outset, Ruling, SELECTION, StepPolicy};

    fn around(millis: i64, bound: i64) -> Interval {
        Interval::around(Nanos::from_millis(millis), Nanos::from_millis(bound))
    }

    fn attempt(millis: i64) -> Attempt {
        let outset = Outset { offset: around(millis, 10), slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION };
        let (Ruling::Allowed(forecast) | Ruling::NeedsConsent(forecast)) =
            forecast::forecast(outset, StepPolicy::Forward);
        let terms =
            Terms { forecast, warn: Nanos::from_millis(50), hold: Nanos::from_seconds(30), has_new_files: true };
        Attempt::applied(terms).0
    }

    fn look(after_s: i64, offset: Interval) -> Event {
        let elapsed = Nanos::from_seconds(after_s);
        Event::Looked(Look { elapsed, offset: Some(offset), follows: true, claim: Some(around(0, 1)) })
    }

    /// Looks until something else is to be done: with the offset that `at` gives for each second.
    fn watch(attempt: &mut Attempt, at: impl Fn(i64) -> Interval) -> (i64, Action) {
        let mut now = Nanos::from_seconds(5);
        for _ in 0..10_000 {
            let seconds = now.0 / 1_000_000_000;
            match attempt.take(look(seconds, at(seconds))) {
                Some(Action::LookAgain { after }) => {
                    assert!(after <= Nanos::from_seconds(30), "the guard does not hear from us for {after}");
                    now += after.max(Nanos::from_seconds(1));
                }
                Some(action) => return (seconds, action),
                None => panic!("it ended"),
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn a_clock_that_was_stepped_is_held_and_confirmed() {
        let mut host = attempt(-8_000);
        let (at, action) = watch(&mut host, |_| around(0, 12));
        assert_eq!((at, action), (35, Action::Confirm));
        assert_eq!(host.take(Event::Confirmed(true)), Some(Action::End(Outcome::Converged)));
        assert_eq!(host.take(Event::Lost), None);
        assert_eq!(host.outcome(), Some(Outcome::Converged));
    }

    #[test]
    fn a_file_that_somebody_changed_meanwhile_is_told_whatever_the_clock_is_like() {
        let mut host = attempt(-8_000);
        assert_eq!(watch(&mut host, |_| around(0, 12)).1, Action::Confirm);
        assert_eq!(host.take(Event::Edited), Some(Action::End(Outcome::Edited { is_measured: true })));
        let mut host = attempt(-8_000);
        assert_eq!(watch(&mut host, |_| around(20, 160)).1, Action::Confirm);
        assert_eq!(host.take(Event::Edited), Some(Action::End(Outcome::Edited { is_measured: false })));
        let mut host = attempt(-8_000);
        assert_eq!(host.take(Event::Interrupted), Some(Action::Confirm));
        assert_eq!(host.take(Event::Edited), Some(Action::End(Outcome::OnItsWay(Early::Edited))));
    }

    #[test]
    fn a_clock_that_is_slewed_gets_its_steps_back_when_it_is_right() {
        let mut host = attempt(8_000);
        let slewing = |seconds: i64| around((8_000 - (seconds - 5) * 83).max(0), 12);
        let (at, action) = watch(&mut host, slewing);
        assert_eq!(action, Action::AddSteps);
        assert!((130..160).contains(&at), "{at}");
        assert_eq!(host.take(Event::StepsAdded(true)), Some(Action::Confirm));
        assert_eq!(host.take(Event::Confirmed(true)), Some(Action::End(Outcome::Converged)));
    }

    #[test]
    fn a_clock_that_stays_off_is_rolled_back() {
        let mut host = attempt(-8_000);
        let (at, action) = watch(&mut host, |_| around(-8_000, 12));
        assert_eq!(action, Action::Revert);
        assert!(at < 15, "{at}");
        assert_eq!(host.take(Event::Reverted(true)), Some(Action::End(Outcome::RolledBack(Cause::StillOff))));
        // It drifts off again within the hold time.
        let mut host = attempt(-8_000);
        assert_eq!(watch(&mut host, |at| around(if at < 20 { 0 } else { 2_000 }, 12)).1, Action::Revert);
        assert_eq!(host.take(Event::Reverted(false)), Some(Action::End(Outcome::Failed(Cause::NotReverted))));
    }

    #[test]
    fn a_long_path_is_no_reason_to_roll_back() {
        let mut host = attempt(-8_000);
        let (at, action) = watch(&mut host, |_| around(20, 160));
        assert_eq!((at, action), (35, Action::Confirm));
        assert_eq!(host.take(Event::Confirmed(true)), Some(Action::End(Outcome::ConvergedByClaim)));
    }

    #[test]
    fn what_cannot_be_told_for_long_is_rolled_back() {
        let mut host = attempt(0);
        let unknown = |elapsed: i64| {
            let elapsed = Nanos::from_seconds(elapsed);
            Event::Looked(Look { elapsed, offset: None, follows: false, claim: None })
        };
        assert!(matches!(host.take(unknown(5)), Some(Action::LookAgain { .. })));
        assert!(matches!(host.take(unknown(34)), Some(Action::LookAgain { .. })));
        assert_eq!(host.take(unknown(40)), Some(Action::Revert));
    }

    #[test]
    fn a_clock_that_is_right_only_now_and_then_ends_all_the_same() {
        let mut host = attempt(0);
        let mut now = 5;
        let action = loop {
            let elapsed = Nanos::from_seconds(now);
            // It loses its source every third time.
            let look = Look { elapsed, offset: Some(around(0, 20)), follows: now % 6 != 5, claim: Some(around(0, 1)) };
            match host.take(Event::Looked(look)) {
                Some(Action::LookAgain { .. }) => now += 2,
                other => break other,
            }
        };
        assert_eq!(action, Some(Action::Revert));
        assert!((100..200).contains(&now), "{now}");
    }

    #[test]
    fn a_run_that_is_told_to_end_tells_how_far_a_host_was() {
        let ended = |looks: &[Event]| {
            let mut host = attempt(-8_000);
            for look in looks {
                host.take(*look);
            }
            assert_eq!(host.take(Event::Interrupted), Some(Action::Confirm));
            host.take(Event::Confirmed(true))
        };
        let early = |early: Early| Some(Action::End(Outcome::OnItsWay(early)));
        let blind = Event::Looked(Look { elapsed: Nanos::from_seconds(1), offset: None, follows: true, claim: None });
        assert_eq!(ended(&[]), early(Early::NotMeasured));
        assert_eq!(ended(&[blind]), early(Early::NotMeasured));
        assert_eq!(ended(&[look(1, around(-8_000, 12))]), early(Early::Slewed));
        assert_eq!(
            ended(&[look(1, around(-8_000, 12)), look(6, around(0, 12)), look(20, around(0, 12))]),
            early(Early::NotHeld)
        );
    }

    #[test]
    fn a_look_that_nobody_answered_says_nothing() {
        let blind = |elapsed: i64| {
            let elapsed = Nanos::from_seconds(elapsed);
            Event::Looked(Look { elapsed, offset: None, follows: true, claim: Some(around(0, 1)) })
        };
        let ends = |last: &[Event]| {
            let mut host = attempt(-8_000);
            for event in [look(6, around(0, 12)), blind(20)].iter().chain(last) {
                if let Some(Action::Confirm) = host.take(*event) {
                    return host.take(Event::Confirmed(true));
                }
            }
            None
        };
        assert_eq!(ends(&[blind(37), look(39, around(0, 12))]), Some(Action::End(Outcome::Converged)));
        assert_eq!(ends(&[blind(37), blind(60), blind(67)]), Some(Action::End(Outcome::ConvergedByClaim)));
    }

    #[test]
    fn what_was_right_by_claim_is_right_by_measurement_once_it_is_measured() {
        let (vague, measured) = (around(20, 60), around(0, 12));
        let ends = |offset: &dyn Fn(i64) -> Interval| {
            let mut host = attempt(-8_000);
            let (at, action) = watch(&mut host, offset);
            assert_eq!(action, Action::Confirm);
            (at, host.take(Event::Confirmed(true)))
        };
        let converged = Some(Action::End(Outcome::Converged));
        assert_eq!(ends(&|at| if at < 20 { vague } else { measured }), (35, converged));
        assert_eq!(ends(&|at| if at < 35 { vague } else { measured }), (35, converged));
        // The path is long for a while: another look is worth the wait, for as long as there is patience.
        assert_eq!(ends(&|at| if (20..45).contains(&at) { vague } else { measured }), (45, converged));
        let by_claim = Some(Action::End(Outcome::ConvergedByClaim));
        assert_eq!(ends(&|at| if at < 20 { measured } else { vague }), (65, by_claim));
        assert_eq!(ends(&|_| vague), (35, by_claim));
    }

    #[test]
    fn a_host_goes_back_with_the_server_that_it_follows() {
        let mut host = attempt(-8_000);
        assert_eq!(host.take(Event::Withdrawn), Some(Action::Revert));
        assert_eq!(host.take(Event::Reverted(true)), Some(Action::End(Outcome::RolledBack(Cause::ServerFailed))));
    }

    #[test]
    fn an_end_that_is_asked_for_leaves_what_was_committed() {
        let mut host = attempt(8_000);
        assert!(matches!(host.take(look(10, around(7_600, 12))), Some(Action::LookAgain { .. })));
        assert_eq!(host.take(Event::Interrupted), Some(Action::Confirm));
        assert_eq!(host.take(Event::Confirmed(true)), Some(Action::End(Outcome::OnItsWay(Early::Slewed))));
        // One that is right, and is being held, gets its steps back.
        let mut host = attempt(8_000);
        assert!(matches!(host.take(look(100, around(0, 12))), Some(Action::LookAgain { .. })));
        assert_eq!(host.take(Event::Interrupted), Some(Action::AddSteps));
        assert_eq!(host.take(Event::StepsAdded(true)), Some(Action::Confirm));
        assert_eq!(host.take(Event::Confirmed(true)), Some(Action::End(Outcome::OnItsWay(Early::NotHeld))));
        let mut host = attempt(8_000);
        assert_eq!(host.take(Event::Interrupted), Some(Action::Confirm));
        assert_eq!(host.take(Event::Confirmed(false)), Some(Action::End(Outcome::RolledBack(Cause::GuardFired))));
    }

    #[test]
    fn a_clock_that_was_only_stepped_has_nothing_to_go_back_to() {
        let stepped = || {
            let host = attempt(-8_000);
            Attempt { terms: Terms { has_new_files: false, ..host.terms }, ..host }
        };
        let failed = |cause| Some(Action::End(Outcome::Failed(cause)));
        assert_eq!(stepped().take(Event::Lost), failed(Cause::Unwatched));
        assert_eq!(stepped().take(look(60, around(8_000, 12))), failed(Cause::StillOff));
        assert!(Cause::Unwatched.describe().contains("no file was changed"));
    }

    #[test]
    fn a_host_that_is_lost_has_failed() {
        let mut host = attempt(8_000);
        assert_eq!(host.take(Event::Lost), Some(Action::End(Outcome::Failed(Cause::ConnectionLost))));
        assert!(host.outcome().is_some_and(Outcome::is_failure));
    }
}
