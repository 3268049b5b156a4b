//! One host's change, from its files to its end: performs what its attempt asks for, and tells how it ended.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::time::{Duration, sleep};

use super::conversation::{Conversation, Patience};
use super::rollout::{Standing, Work};
use super::watch::{Glimpse, Watch};
use super::{Chronicle, Shared};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::fix::attempt::{Action, Attempt, Cause, Event, Outcome, Terms};
use crate::fix::forecast::{Outset, StepPolicy};
use crate::fix::remote::{self, Answer, NotApplied, Request, RunId, Step};
use crate::fix::verification::Look;
use crate::fix::yardstick::Witness;
use crate::fix::{FixEvent, Yardstick, guards};
use crate::timekeeper::chrony::Tracking;

/// How long the server of an isolated network is left alone before its guard hears from us again.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// How long a server that was asked for the yardstick is not asked again from the same host.
const ASKED_AGAIN: Nanos = Nanos::from_seconds(20);

/// What a host is told in the middle of its change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// It has committed: it is to end as it is.
    Conclude,
    /// The server of an isolated network is to hold what it has.
    Settle,
    /// It is to go back.
    Withdraw,
}

/// How a host's change ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// `None` where it was not begun, because the run had been told to end.
    pub(super) outcome: Option<Outcome>,
    /// What was said of it; remote text, not escaped.
    pub(super) detail: Option<String>,
    /// Its last offset from the yardstick.
    pub(super) last: Option<Interval>,
}

/// What a host is worked on with.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) conversation: Conversation,
    pub(super) watch: Option<Watch>,
}

impl Bench {
    /// Opens both connections; without a probe a host can still be talked with.
    pub(super) async fn open(shared: &Shared, target: usize) -> Result<Self, String> {
        let (conversation, watch) = tokio::join!(shared.converse(target), Watch::open(shared, target));
        Ok(Self { conversation: conversation.map_err(|refusal| refusal.to_string())?, watch: watch.ok() })
    }

    pub(super) async fn close(self, limit: Duration) {
        self.conversation.close().await;
        if let Some(watch) = self.watch {
            watch.close(limit).await;
        }
    }

    /// Looks at the clock; a probe that has ended is started anew.
    pub(super) async fn look(&mut self, shared: &Shared, target: usize) -> Option<Glimpse> {
        if let Some(watch) = &self.watch
            && let Some(glimpse) = watch.look(shared).await
        {
            return Some(glimpse);
        }
        self.watch = Watch::open(shared, target).await.ok();
        self.watch.as_ref()?.look(shared).await
    }

    /// Asks the servers from this host, between two looks at its clock: whatever it does meanwhile, the time that it was asked at
    /// lies between them.
    pub(super) async fn testify(&mut self, shared: &Shared, target: usize, work: &Work) -> Option<Witness> {
        let before = self.look(shared, target).await?;
        let patience = Patience::of_check(&work.questions);
        let answer = self.conversation.ask(&Request::Check(work.questions.clone()), patience, |_| {}).await;
        let Ok(Answer::Check(Ok(checked))) = answer else { return None };
        let after = self.look(shared, target).await?;
        let offset = Interval { lo: before.clock.lo.min(after.clock.lo), hi: before.clock.hi.max(after.clock.hi) };
        Some(Witness { host: work.planned.name.clone(), offset, asked: guards::corrections(&checked) })
    }
}

/// The work on one host.
pub(super) struct Job {
    pub(super) shared: Arc<Shared>,
    /// Its place in the rollout.
    pub(super) index: usize,
    pub(super) work: Work,
    pub(super) run: RunId,
    pub(super) hold: Nanos,
    pub(super) step: StepPolicy,
    pub(super) standing: Arc<Mutex<Standing>>,
    pub(super) chronicle: Arc<dyn Chronicle>,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    /// Told when it follows what it is to follow.
    pub(super) committed: mpsc::UnboundedSender<usize>,
}

impl Job {
    /// Changes the host, and sees it through.
    pub(super) async fn run(mut self, bench: Option<Bench>) -> Ended {
        let target = self.work.target;
        let not_begun = |detail: String| Ended {
            outcome: Some(Outcome::RolledBack(Cause::NotApplied)),
            detail: Some(detail),
            last: None,
        };
        let opened = match bench {
            Some(bench) => Ok(bench),
            None => Box::pin(Bench::open(&self.shared, target)).await,
        };
        let mut bench = match opened {
            Ok(bench) => bench,
            Err(why) => return not_begun(why),
        };
        let glimpse = bench.look(&self.shared, target).await;
        let offset = glimpse.and_then(|glimpse| self.offset(glimpse));
        let is_measured = offset.is_some() || self.standing().yardstick == Yardstick::Claims;
        let outset = Outset { offset: offset.unwrap_or(self.work.outset.offset), ..self.work.outset };
        let forecast = self.work.planned.forecast(outset, self.step, self.work.consents_to_step);
        let begun = match forecast {
            _ if !is_measured => Err("its clock could not be measured before it was changed".to_owned()),
            _ if self.shared.stop.reason().is_some() => {
                bench.close(self.shared.plan.limits.close).await;
                return Ended { outcome: None, detail: None, last: offset };
            }
            Ok(forecast) => self.chronicle.begin(self.index).map(|()| forecast),
            Err(refusal) => Err(refusal.to_string()),
        };
        let ended = match begun {
            Err(why) => Ended { last: offset, ..not_begun(why) },
            Ok(forecast) => {
                let terms = Terms { forecast, warn: self.work.warn, hold: self.hold };
                Box::pin(self.change(&mut bench, terms)).await
            }
        };
        bench.close(self.shared.plan.limits.close).await;
        ended
    }

    async fn change(&mut self, bench: &mut Bench, terms: Terms) -> Ended {
        let ended = |outcome: Outcome, detail: Option<String>| Ended { outcome: Some(outcome), detail, last: None };
        let mut restarted = self.shared.plan.clock.now();
        if self.work.step_now {
            match bench.conversation.ask(&Request::MakeStep, Patience::SHORT, |_| {}).await {
                Ok(Answer::MakeStep(Ok(_))) => {}
                Ok(Answer::MakeStep(Err(why))) => return ended(Outcome::Failed(Cause::NotApplied), Some(why)),
                Ok(_) => return ended(Outcome::Failed(Cause::NotApplied), None),
                Err(lost) => return ended(Outcome::Failed(Cause::ConnectionLost), Some(lost)),
            }
        } else {
            let apply = if self.work.planned.restarts() {
                Some(self.work.planned.request(self.run.clone(), self.work.outset.selection))
            } else {
                self.work.planned.steps_request(self.run.clone())
            };
            let Some(apply) = apply else { return ended(Outcome::Converged, None) };
            match self.apply(bench, &apply, &mut restarted).await {
                Ok(applied) => self.chronicle.tell(&FixEvent::Applied { host: self.index, kept: applied.kept }),
                Err((outcome, detail)) => return ended(outcome, Some(detail)),
            }
        }
        // Whoever gave the orders may be gone: then nothing is left to be told.
        let _ = self.committed.send(self.index);
        if self.work.candidate.is_internal_server {
            return self.serve(bench).await;
        }
        self.see_through(bench, terms, restarted).await
    }

    async fn apply(
        &self,
        bench: &mut Bench,
        apply: &remote::Apply,
        restarted: &mut UnixNanos,
    ) -> Result<remote::Applied, (Outcome, String)> {
        let clock = self.shared.plan.clock;
        let on_the_way = |step: Step| {
            if step == Step::Restarted {
                *restarted = clock.now();
            }
            self.chronicle.tell(&FixEvent::Step { host: self.index, step });
        };
        let request = Request::Apply(apply.clone());
        match bench.conversation.ask(&request, Patience::of_apply(apply), on_the_way).await {
            Ok(Answer::Apply(applied)) => applied.map_err(|refused| (outcome_of(&refused), refused.to_string())),
            Ok(_) => Err((Outcome::Failed(Cause::ConnectionLost), "it answered something else".to_owned())),
            Err(lost) => Err((Outcome::Failed(Cause::ConnectionLost), lost)),
        }
    }

    /// Looks at the host until it has ended.
    async fn see_through(&mut self, bench: &mut Bench, terms: Terms, restarted: UnixNanos) -> Ended {
        let target = self.work.target;
        let (mut attempt, mut action) = Attempt::applied(terms);
        let (mut last, mut detail) = (None, None);
        // Whether the guard stands down already, or has fired.
        let mut guard: Option<bool> = None;
        let mut asked = self.standing().at;
        loop {
            let event = match action {
                Action::End(outcome) => return Ended { outcome: Some(outcome), detail, last },
                Action::LookAgain { after } => {
                    if self.waits(after).await {
                        Event::Interrupted
                    } else {
                        match self.sign(bench).await {
                            Ok(tracking) => {
                                let now = self.shared.plan.clock.now();
                                if now.since(asked) > ASKED_AGAIN && self.is_blunt(now) {
                                    asked = now;
                                    self.ask_anew(bench).await;
                                }
                                let glimpse = bench.look(&self.shared, target).await;
                                let offset = glimpse.and_then(|glimpse| self.offset(glimpse));
                                last = offset.or(last);
                                let at = glimpse.map_or_else(|| self.shared.plan.clock.now(), |glimpse| glimpse.at);
                                let is_right = offset.is_none_or(|offset| offset.magnitude().hi <= self.work.warn);
                                let eta = offset.filter(|_| !is_right).map(|offset| attempt.eta(offset));
                                self.chronicle.tell(&FixEvent::Looked { host: self.index, offset, eta });
                                Event::Looked(self.look(at.since(restarted), offset, tracking.as_ref()))
                            }
                            Err(Silence::Fired) => {
                                guard = Some(false);
                                // Its commit point is past: what is left is to be told that it went back.
                                Event::Interrupted
                            }
                            Err(Silence::Lost(why)) => {
                                detail = Some(why);
                                Event::Lost
                            }
                        }
                    }
                }
                Action::AddSteps => match self.add_steps(bench, &mut guard).await {
                    Ok(()) => Event::StepsAdded(true),
                    Err(why) => {
                        detail = Some(why);
                        Event::StepsAdded(false)
                    }
                },
                Action::Confirm => match guard {
                    Some(stands_down) => Event::Confirmed(stands_down),
                    None => match self.confirm(bench, &self.run).await {
                        Ok(confirmed) => Event::Confirmed(confirmed),
                        Err(why) => {
                            detail = Some(why);
                            Event::Lost
                        }
                    },
                },
                Action::Revert if self.work.step_now => {
                    // There is nothing to go back to.
                    return Ended { outcome: Some(Outcome::Failed(Cause::StillOff)), detail, last };
                }
                Action::Revert => self.revert(bench, &mut detail).await,
            };
            let Some(next) = attempt.take(event) else {
                let outcome = attempt.outcome().unwrap_or(Outcome::Failed(Cause::ConnectionLost));
                return Ended { outcome: Some(outcome), detail, last };
            };
            action = next;
        }
    }

    /// The server of an isolated network holds its new files until it is told what becomes of them.
    async fn serve(&mut self, bench: &mut Bench) -> Ended {
        let mut detail = None;
        let outcome = loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(Order::Settle) => break match self.confirm(bench, &self.run).await {
                        Ok(true) => Outcome::Converged,
                        Ok(false) => Outcome::RolledBack(Cause::GuardFired),
                        Err(why) => {
                            detail = Some(why);
                            Outcome::Failed(Cause::ConnectionLost)
                        }
                    },
                    Some(Order::Conclude) => {}
                    Some(Order::Withdraw) | None => break match self.revert(bench, &mut detail).await {
                        Event::Reverted(true) => Outcome::RolledBack(Cause::NotApplied),
                        Event::Reverted(false) => Outcome::Failed(Cause::NotReverted),
                        _ => Outcome::Failed(Cause::ConnectionLost),
                    },
                },
                () = sleep(SIGN_OF_LIFE) => match self.sign(bench).await {
                    Ok(_) => {}
                    Err(Silence::Fired) => break Outcome::RolledBack(Cause::GuardFired),
                    Err(Silence::Lost(why)) => {
                        detail = Some(why);
                        break Outcome::Failed(Cause::ConnectionLost);
                    }
                },
            }
        };
        Ended { outcome: Some(outcome), detail, last: None }
    }

    /// Waits so long; `true` where the host is to end as it is.
    async fn waits(&mut self, after: Nanos) -> bool {
        let pause = Duration::from_nanos(u64::try_from(after.0).unwrap_or(0));
        tokio::select! {
            order = self.orders.recv() => order.is_some(),
            () = sleep(pause) => false,
        }
    }

    /// Tells the guard that all is well so far.
    async fn sign(&self, bench: &mut Bench) -> Result<Option<Tracking>, Silence> {
        if self.work.step_now {
            return Ok(None);
        }
        match bench.conversation.ask(&Request::Alive(self.run.clone()), Patience::SHORT, |_| {}).await {
            Ok(Answer::Alive(Ok(tracking))) => Ok(tracking),
            Ok(Answer::Alive(Err(_))) => Err(Silence::Fired),
            Ok(_) => Err(Silence::Lost("it answered something else than it was asked".to_owned())),
            Err(lost) => Err(Silence::Lost(lost)),
        }
    }

    /// Has the guard of a run stand down; `false` where it had fired.
    async fn confirm(&self, bench: &mut Bench, run: &RunId) -> Result<bool, String> {
        if self.work.step_now {
            return Ok(true);
        }
        match bench.conversation.ask(&Request::Confirm(run.clone()), Patience::SHORT, |_| {}).await? {
            Answer::Confirm(confirmed) => Ok(confirmed.is_ok()),
            _ => Err("it answered something else than it was asked".to_owned()),
        }
    }

    /// Puts steps back into the files: the change itself is confirmed first, and theirs is one of its own.
    async fn add_steps(&self, bench: &mut Bench, guard: &mut Option<bool>) -> Result<(), String> {
        let confirmed = self.confirm(bench, &self.run).await?;
        *guard = Some(confirmed);
        let Some(run) = RunId::new(&format!("{}.steps", self.run.as_str())).filter(|_| confirmed) else {
            return Ok(());
        };
        let Some(apply) = self.work.planned.steps_request(run.clone()) else { return Ok(()) };
        let mut unused = self.shared.plan.clock.now();
        self.apply(bench, &apply, &mut unused).await.map_err(|(_, why)| why)?;
        if self.confirm(bench, &run).await? { Ok(()) } else { Err("the guard had fired".to_owned()) }
    }

    async fn revert(&self, bench: &mut Bench, detail: &mut Option<String>) -> Event {
        match bench.conversation.ask(&Request::Revert(self.run.clone()), Patience::REVERT, |_| {}).await {
            Ok(Answer::Revert(Ok(_))) => Event::Reverted(true),
            Ok(Answer::Revert(Err(remote::NotReverted::Left(left)))) => {
                *detail = Some(format!("not put back: {}", left.join(", ")));
                Event::Reverted(false)
            }
            Ok(_) => Event::Reverted(false),
            Err(lost) => {
                *detail = Some(lost);
                Event::Lost
            }
        }
    }

    /// Whether the yardstick has aged so much that it alone takes half of what the host is allowed.
    fn is_blunt(&self, now: UnixNanos) -> bool {
        match self.standing().aged(now) {
            Yardstick::Servers { standing, .. } => standing.half_width() > Nanos(self.work.warn.0 / 2),
            Yardstick::Internal { .. } | Yardstick::Claims => false,
        }
    }

    /// Asks the server anew from this host, and narrows the yardstick by what it says.
    async fn ask_anew(&self, bench: &mut Bench) {
        if self.work.questions.servers.is_empty() {
            return;
        }
        let Some(witness) = bench.testify(&self.shared, self.work.target, &self.work).await else { return };
        let now = self.shared.plan.clock.now();
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(narrowed) = standing.narrowed_by(&[witness], now) {
            *standing = narrowed;
        }
    }

    fn look(&self, elapsed: Nanos, offset: Option<Interval>, tracking: Option<&Tracking>) -> Look {
        let follows = tracking.is_some_and(|tracking| self.work.planned.is_followed(tracking)) || self.work.step_now;
        Look { elapsed, offset, follows, claim: tracking.map(Tracking::own_bounds) }
    }

    /// The offset of a clock from the yardstick, as old as that is by then.
    fn offset(&self, glimpse: Glimpse) -> Option<Interval> {
        self.standing().aged(glimpse.at).offset(glimpse.clock)
    }

    fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why the guard could not be told that all is well.
#[derive(Debug)]
enum Silence {
    /// It has fired, or there is none.
    Fired,
    /// The host is not heard any more.
    Lost(String),
}

/// What a refusal to apply means for the host.
fn outcome_of(refused: &NotApplied) -> Outcome {
    if refused.left.is_empty() { Outcome::RolledBack(Cause::NotApplied) } else { Outcome::Failed(Cause::NotReverted) }
}
