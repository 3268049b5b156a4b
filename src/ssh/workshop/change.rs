//! One host's change, from its files to its end: performs what its attempt asks for, and tells how it ended.

mod sharpening;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Duration, sleep};

use super::bench::Bench;
use super::conversation::Patience;
use super::rollout::{Common, Standing, Work};
use super::watch::Glimpse;
use super::{Chronicle, Shared};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::fix::attempt::{Action, Attempt, Cause, Event, Outcome, Terms};
use crate::fix::forecast::{Forecast, Outset, StepPolicy};
use crate::fix::remote::{self, Answer, Gone, Request, RunId, Step};
use crate::fix::verification::Look;
use crate::fix::{FixEvent, Yardstick};
use crate::timekeeper::chrony::Tracking;

/// How long the server of an isolated network is left alone before its guard hears from us again.
const SIGN_OF_LIFE: Nanos = Nanos::from_seconds(20);

/// What is said of a host whose answer belongs to no question.
const UNCLEAR: &str = "it answered something else than it was asked";

/// What is said of a host whose slew is not over when the run is told to end.
const STEPS_TO_COME: &str =
    "`makestep` is left out of its configuration until its clock is right: `fix` puts it back then";

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// `None` where it was not begun: nothing was written there.
    pub(super) outcome: Option<Outcome>,
    /// What was said of it; remote text, not escaped.
    pub(super) detail: Option<String>,
    /// Its last offset from the yardstick.
    pub(super) last: Option<Interval>,
    /// Whether its configuration lacks the steps that were left out while its clock was slewed.
    pub(super) lacks_steps: bool,
}

impl Ended {
    /// One that was begun, and was not measured since.
    fn of(outcome: Outcome, detail: Option<String>) -> Self {
        Self { outcome: Some(outcome), detail, ..Self::default() }
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
    pub(super) common: Arc<Common>,
    /// The yardstick as this host alone has sharpened it: what one host says counts for nobody else.
    pub(super) own: Option<Standing>,
    /// Whether a guard on the host waits for signs of life.
    pub(super) is_guarded: bool,
    /// Its files that were not what was written any more when its guard stood down.
    pub(super) edited: Vec<String>,
    /// Why it is not to be begun, where the server tells it something else than it tells others.
    pub(super) refused: Option<String>,
    pub(super) chronicle: Arc<dyn Chronicle>,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    /// Told when it follows what it is to follow.
    pub(super) committed: mpsc::UnboundedSender<usize>,
}

impl Job {
    /// Changes the host, and sees it through.
    pub(super) async fn run(mut self, bench: Option<Bench>) -> Ended {
        let close = self.shared.plan.limits.close;
        let opened = if self.is_over() {
            Err(None)
        } else {
            let stop = self.shared.stop.clone();
            tokio::select! {
                opened = Box::pin(Bench::renew(bench, &self.shared, self.work.target, &self.run)) => opened.map_err(Some),
                _ = stop.given() => Err(None),
            }
        };
        let mut bench = match opened {
            Ok(bench) => bench,
            Err(detail) => return Ended { detail, ..Ended::default() },
        };
        let (forecast, last) = Box::pin(self.prepare(&mut bench)).await;
        let ended = match forecast {
            Err(detail) => Ended { detail, last, ..Ended::default() },
            Ok(forecast) => {
                let has_new_files = !self.work.step_now && self.work.planned.restarts();
                let terms = Terms { forecast, warn: self.work.warn, hold: self.hold, has_new_files };
                let ended = Box::pin(self.change(&mut bench, terms)).await;
                // What was measured before tells nothing of a clock that was moved since.
                let last = if ended.outcome.is_none() { last } else { ended.last };
                Ended { last, ..ended }
            }
        };
        bench.close(close).await;
        ended
    }

    /// Whether no host is begun any more.
    fn is_over(&self) -> bool {
        self.common.is_halted() || self.shared.stop.reason().is_some()
    }

    /// What the clock will do by what it is like now; else why the host is not begun, where it is this host's own matter.
    async fn prepare(&mut self, bench: &mut Bench) -> (Result<Forecast, Option<String>>, Option<Interval>) {
        if self.is_blunt(self.shared.plan.clock.now()) {
            self.sharpen(bench).await;
        }
        let glimpse = bench.look(&self.shared, self.work.target).await;
        let offset = glimpse.and_then(|glimpse| self.offset(glimpse));
        let is_measured = offset.is_some() || self.common.standing().yardstick == Yardstick::Claims;
        let outset = Outset { offset: offset.unwrap_or(self.work.outset.offset), ..self.work.outset };
        let forecast = match self.refused.take() {
            Some(why) => Err(Some(why)),
            // Nothing would be sent, and whoever was told that it was would look for what it did.
            None if bench.conversation.is_broken() => {
                Err(Some("it did not answer in time before it was changed".to_owned()))
            }
            None if !is_measured => Err(Some("its clock could not be measured before it was changed".to_owned())),
            None => self.work.forecast(outset, self.step).map_err(|refusal| Some(refusal.to_string())),
        };
        let forecast = forecast.and_then(|forecast| {
            if self.is_over() {
                return Err(None);
            }
            self.chronicle.begin(self.index).map_err(Some)?;
            Ok(forecast)
        });
        (forecast, offset)
    }

    async fn change(&mut self, bench: &mut Bench, terms: Terms) -> Ended {
        let ended = Ended::of;
        let begun = self.shared.plan.clock.now();
        if self.work.step_now {
            match bench.conversation.ask(&Request::MakeStep, Patience::SHORT, |_| {}).await {
                Ok(Answer::MakeStep(Ok(_))) => {}
                Ok(Answer::MakeStep(Err(why))) => return ended(Outcome::Failed(Cause::NotStepped), Some(why)),
                Ok(_) => return ended(Outcome::Failed(Cause::StepUnknown), Some(UNCLEAR.to_owned())),
                Err(lost) => return ended(Outcome::Failed(Cause::StepUnknown), Some(lost)),
            }
        } else if self.work.planned.restarts() {
            let apply = self.work.planned.request(self.run.clone(), self.work.outset.selection);
            match self.apply(bench, &apply).await {
                Ok(applied) => {
                    self.is_guarded = true;
                    self.chronicle.tell(&FixEvent::Applied {
                        host: self.index,
                        kept: applied.kept,
                        taken: applied.taken,
                    });
                }
                Err((Some(outcome), detail)) => return ended(outcome, Some(detail)),
                Err((None, detail)) => {
                    self.chronicle.tell(&FixEvent::LeftAlone { host: self.index, why: detail.clone() });
                    return Ended { detail: Some(detail), ..Ended::default() };
                }
            }
        }
        // The source was selected just now, however long that took: the clock moves from here on.
        let restarted = begun.max(self.shared.plan.clock.now() - self.work.outset.selection);
        // Whoever gave the orders may be gone: then nothing is left to be told.
        let _ = self.committed.send(self.index);
        if self.work.candidate.is_internal_server {
            return self.serve(bench).await;
        }
        self.see_through(bench, terms, restarted).await
    }

    /// Has the files replaced; else how the host ended, which is `None` where nothing was replaced there, and why.
    async fn apply(
        &self,
        bench: &mut Bench,
        apply: &remote::Apply,
    ) -> Result<remote::Applied, (Option<Outcome>, String)> {
        let on_the_way = |step: Step| self.chronicle.tell(&FixEvent::Step { host: self.index, step });
        let request = Request::Apply(apply.clone());
        match bench.conversation.ask(&request, Patience::of_apply(apply), on_the_way).await {
            Ok(Answer::Apply(applied)) => {
                applied.map_err(|refused| (Outcome::of_refusal(&refused), refused.to_string()))
            }
            Ok(_) => Err((Some(Outcome::Failed(Cause::ConnectionLost)), "it answered something else".to_owned())),
            Err(lost) => Err((Some(Outcome::Failed(Cause::ConnectionLost)), lost)),
        }
    }

    /// Looks at the host until it has ended.
    async fn see_through(&mut self, bench: &mut Bench, terms: Terms, restarted: UnixNanos) -> Ended {
        let (mut attempt, mut action) = Attempt::applied(terms);
        let (mut last, mut detail) = (None, None);
        let (mut asked, mut has_steps) = (None, false);
        loop {
            let event = match action {
                Action::End(outcome) => {
                    let lacks_steps = outcome.lacks_steps(terms.forecast.without_steps, has_steps);
                    // Of one that has failed its cause tells that.
                    let lacks = (lacks_steps && !outcome.is_failure()).then(|| STEPS_TO_COME.to_owned());
                    let told: Vec<String> = detail.into_iter().chain(lacks).collect();
                    let detail = (!told.is_empty()).then(|| told.join("; "));
                    return Ended { outcome: Some(outcome), detail, last, lacks_steps };
                }
                Action::LookAgain { after } => match self.waits(after).await {
                    Some(Order::Withdraw) => Event::Withdrawn,
                    Some(Order::Conclude | Order::Settle) => Event::Interrupted,
                    None => match self.sign(bench).await {
                        Ok(tracking) => {
                            let mut glimpse = bench.look(&self.shared, self.work.target).await;
                            let mut offset = glimpse.and_then(|glimpse| self.offset(glimpse));
                            // A clock that is still being slewed tells nobody where a server stands: one that may be right does.
                            if self.is_undecided(offset, asked) {
                                asked = Some(self.shared.plan.clock.now());
                                self.sharpen(bench).await;
                                glimpse = bench.look(&self.shared, self.work.target).await;
                                offset = glimpse.and_then(|glimpse| self.offset(glimpse));
                            }
                            last = offset.or(last);
                            let at = glimpse.map_or_else(|| self.shared.plan.clock.now(), |glimpse| glimpse.at);
                            let is_right = offset.is_none_or(|offset| offset.magnitude().hi <= self.work.warn);
                            let eta = offset.filter(|_| !is_right).map(|offset| attempt.eta(offset));
                            self.chronicle.tell(&FixEvent::Looked { host: self.index, offset, eta });
                            Event::Looked(self.look(at.since(restarted), offset, tracking.as_ref()))
                        }
                        Err(Silence::Fired) => return Ended { last, ..self.gone(bench).await },
                        Err(Silence::Deaf) => return Ended { last, ..self.deaf(bench).await },
                        Err(Silence::Lost(why)) => {
                            let stepped = if self.work.step_now { "chronyd had stepped its clock; " } else { "" };
                            detail = Some(format!("{stepped}{why}"));
                            Event::Lost
                        }
                    },
                },
                Action::AddSteps => match self.add_steps(bench).await {
                    Ok(are_added) => {
                        has_steps = are_added;
                        Event::StepsAdded(true)
                    }
                    Err(why) => {
                        detail = Some(why);
                        Event::StepsAdded(false)
                    }
                },
                Action::Confirm => match self.confirm(bench).await {
                    Ok(true) if self.edited.is_empty() => Event::Confirmed(true),
                    Ok(true) => {
                        detail = Some(edited_meanwhile(&self.edited));
                        Event::Edited
                    }
                    Ok(false) => return Ended { last, ..self.gone(bench).await },
                    Err(why) => {
                        let outcome = Some(Outcome::Failed(Cause::Unconfirmed));
                        return Ended { outcome, detail: Some(why), last, ..Ended::default() };
                    }
                },
                Action::Revert => self.revert(bench, &mut detail).await,
            };
            let Some(next) = attempt.take(event) else {
                let outcome = attempt.outcome().unwrap_or(Outcome::Failed(Cause::ConnectionLost));
                return Ended { outcome: Some(outcome), detail, last, ..Ended::default() };
            };
            action = next;
        }
    }

    /// The server of an isolated network holds its new files until it is told what becomes of them.
    async fn serve(&mut self, bench: &mut Bench) -> Ended {
        let ended = Ended::of;
        loop {
            match self.waits(SIGN_OF_LIFE).await {
                Some(Order::Settle) => {
                    return match self.confirm(bench).await {
                        Ok(true) if self.edited.is_empty() => ended(Outcome::Converged, None),
                        Ok(true) => ended(Outcome::Converged.edited(), Some(edited_meanwhile(&self.edited))),
                        Ok(false) => self.gone(bench).await,
                        Err(why) => ended(Outcome::Failed(Cause::Unconfirmed), Some(why)),
                    };
                }
                Some(Order::Withdraw) => {
                    let mut detail = None;
                    let outcome = match self.revert(bench, &mut detail).await {
                        Event::Reverted(true) => Outcome::RolledBack(Cause::NoClient),
                        Event::Reverted(false) => Outcome::Failed(Cause::NotReverted),
                        _ => Outcome::Failed(Cause::ConnectionLost),
                    };
                    return ended(outcome, detail);
                }
                Some(Order::Conclude) | None => {}
            }
            match self.sign(bench).await {
                Ok(_) => {}
                Err(Silence::Fired) => return self.gone(bench).await,
                Err(Silence::Deaf) => return self.deaf(bench).await,
                Err(Silence::Lost(why)) => return ended(Outcome::Failed(Cause::ConnectionLost), Some(why)),
            }
        }
    }

    /// Waits so long, or for an order.
    async fn waits(&mut self, after: Nanos) -> Option<Order> {
        let pause = sleep(Duration::from_nanos(u64::try_from(after.0).unwrap_or(0)));
        tokio::select! {
            // Nobody is left who gives orders once the rollout is dropped.
            Some(order) = self.orders.recv() => Some(order),
            () = pause => None,
        }
    }

    /// Tells the guard that all is well so far.
    async fn sign(&self, bench: &mut Bench) -> Result<Option<Tracking>, Silence> {
        // Without a guard it is only asked what it follows: there is no such run to hear it.
        match bench.conversation.ask(&Request::Alive(self.run.clone()), Patience::SHORT, |_| {}).await {
            Ok(Answer::Alive { tracking, heard }) => match heard {
                Ok(()) => Ok(tracking),
                Err(_) if !self.is_guarded => Ok(tracking),
                Err(Gone::Unheard) => Err(Silence::Deaf),
                Err(_) => Err(Silence::Fired),
            },
            Ok(_) => Err(Silence::Lost(UNCLEAR.to_owned())),
            Err(lost) => Err(Silence::Lost(lost)),
        }
    }

    /// Has the guard stand down; `false` where it had fired.
    async fn confirm(&mut self, bench: &mut Bench) -> Result<bool, String> {
        if !self.is_guarded {
            return Ok(true);
        }
        match bench.conversation.ask(&Request::Confirm(self.run.clone()), Patience::SHORT, |_| {}).await? {
            Answer::Confirm(Ok(edited)) => {
                self.edited = edited;
                Ok(true)
            }
            Answer::Confirm(Err(_)) => Ok(false),
            _ => Err(UNCLEAR.to_owned()),
        }
    }

    /// What became of a host whose guard cannot be told anything: its old files come back at once, rather than when it fires.
    async fn deaf(&self, bench: &mut Bench) -> Ended {
        let ended = self.put_back(bench, Cause::GuardDeaf).await;
        let why = "there is no room left below /run".to_owned();
        Ended { detail: ended.detail.or(Some(why)), ..ended }
    }

    /// What became of a host whose guard has fired: whether its old files are back is looked up.
    async fn gone(&self, bench: &mut Bench) -> Ended {
        self.put_back(bench, Cause::GuardFired).await
    }

    /// Has the old files back for this, where they are not yet, and looks whether they are.
    async fn put_back(&self, bench: &mut Bench, cause: Cause) -> Ended {
        // Waits until the guard is done, where it is not yet.
        let request = Request::Revert(self.run.clone());
        let waited =
            bench.conversation.ask(&request, Patience::of_revert(self.work.planned.installs.is_some()), |_| {}).await;
        let found = match waited {
            Ok(_) => bench.conversation.ask(&Request::Survey, Patience::SURVEY, |_| {}).await,
            Err(lost) => Err(lost),
        };
        let is_as_before = |survey: &remote::Survey| self.work.planned.is_as_before(survey);
        let (outcome, detail) = Outcome::once_back(self.run.as_str(), cause, found, is_as_before);
        Ended::of(outcome, detail)
    }

    /// Puts steps back into the files: the change itself is confirmed first, and theirs is one of its own. Whether none are missing.
    async fn add_steps(&mut self, bench: &mut Bench) -> Result<bool, String> {
        if !self.confirm(bench).await? {
            // What follows is told that the guard has fired.
            return Ok(false);
        }
        self.is_guarded = false;
        if !self.edited.is_empty() {
            // A file that is somebody else's now gets no steps of ours.
            return Ok(false);
        }
        let Some(run) = self.run.of_steps() else { return Ok(false) };
        let Some(apply) = self.work.planned.steps_request(run.clone()) else { return Ok(true) };
        self.apply(bench, &apply).await.map_err(|(_, why)| why)?;
        match bench.conversation.ask(&Request::Confirm(run), Patience::SHORT, |_| {}).await? {
            Answer::Confirm(Ok(edited)) => {
                self.edited = edited;
                Ok(true)
            }
            _ => Err("the guard had fired".to_owned()),
        }
    }

    async fn revert(&self, bench: &mut Bench, detail: &mut Option<String>) -> Event {
        match bench
            .conversation
            .ask(&Request::Revert(self.run.clone()), Patience::of_revert(self.work.planned.installs.is_some()), |_| {})
            .await
        {
            Ok(Answer::Revert(Ok(_))) => Event::Reverted(true),
            Ok(Answer::Revert(Err(remote::NotReverted::Left(left)))) => {
                *detail = Some(format!("not put back: {}", left.join(", ")));
                Event::Reverted(false)
            }
            // Its guard has done it already.
            Ok(Answer::Revert(Err(remote::NotReverted::Unknown))) => {
                let ended = self.gone(bench).await;
                *detail = ended.detail;
                Event::Reverted(matches!(ended.outcome, Some(Outcome::RolledBack(_))))
            }
            Ok(_) => Event::Reverted(false),
            Err(lost) => {
                *detail = Some(lost);
                Event::Lost
            }
        }
    }

    fn look(&self, elapsed: Nanos, offset: Option<Interval>, tracking: Option<&Tracking>) -> Look {
        let followed = tracking.filter(|tracking| self.work.planned.is_followed(tracking));
        let follows = followed.is_some() || !self.is_guarded;
        Look { elapsed, offset, follows, claim: followed.map(Tracking::own_bounds) }
    }

    /// The offset of a clock from the yardstick, as old as that is by then.
    fn offset(&self, glimpse: Glimpse) -> Option<Interval> {
        self.standing().aged(glimpse.at).offset(glimpse.clock)
    }

    /// The yardstick of this host: the common one, unless its own is sharper.
    fn standing(&self) -> Standing {
        let common = self.common.standing();
        let now = self.shared.plan.clock.now();
        self.own.clone().filter(|own| own.aged(now).is_sharper_than(&common.aged(now))).unwrap_or(common)
    }
}

/// Why the guard could not be told that all is well.
#[derive(Debug)]
enum Silence {
    /// It has fired, or there is none.
    Fired,
    /// It cannot be told, and will fire.
    Deaf,
    /// The host is not heard any more.
    Lost(String),
}

/// What is said where files are not what was written any more; remote text, not escaped.
pub(super) fn edited_meanwhile(paths: &[String]) -> String {
    let (are, they) = if paths.len() == 1 { ("is", "it") } else { ("are", "them") };
    format!("{} {are} not what was written: somebody changed {they} meanwhile", paths.join(", "))
}
