//! Performs a rollout: measures the yardstick, begins hosts, hands on what they say, until nothing is left to do.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::sync::mpsc;

use super::bench::{Bench, look_at_server};
use super::change::{Ended, Job, Order};
use super::{Chronicle, Shared, Workshop};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::fix::attempt::{Cause, Outcome};
use crate::fix::canary::Candidate;
use crate::fix::forecast::{self, Forecast, Outset, StepPolicy};
use crate::fix::remote::{self, RunId};
use crate::fix::rollout::{Action, Event, HostEnd, Rollout, Terms};
use crate::fix::yardstick::{Found, Witness, find};
use crate::fix::{FixEvent, PlannedHost, Refusal, Yardstick};
use crate::ssh::cell::own_defect;

/// Hosts that are asked for the yardstick at once, before a wave.
const WITNESSES: usize = 8;
/// How often they are asked, others first, where none of them answers or what they say contradicts what was known.
const MOST_TRIES: usize = 4;

/// What is to be done, all in all.
#[derive(Debug, Clone)]
pub struct RolloutPlan {
    /// The run's name.
    pub run: RunId,
    /// The hosts.
    pub hosts: Vec<Work>,
    /// In which order, and how many may fail.
    pub terms: Terms,
    /// For how long a clock must be right.
    pub hold: Nanos,
    /// Which clocks may be stepped.
    pub step: StepPolicy,
    /// The yardstick as it was found when this was planned.
    pub yardstick: Yardstick,
    /// When that was, on the connection plan's clock.
    pub measured_at: UnixNanos,
    /// The place among the workshop's targets of the host whose clock the yardstick is (`--internal`), where it is one.
    pub server: Option<usize>,
}

/// One host of a rollout.
#[derive(Debug, Clone)]
pub struct Work {
    /// Its place among the workshop's targets.
    pub target: usize,
    /// What is done to it.
    pub planned: PlannedHost,
    /// Where it stands in the order.
    pub candidate: Candidate,
    /// What its clock was like when this was planned; it is measured anew before it is changed.
    pub outset: Outset,
    /// Whether somebody allowed that it is stepped back.
    pub consents_to_step: bool,
    /// The servers that are asked from it for the yardstick, without directives.
    pub questions: remote::Check,
    /// The limit within which its clock is right.
    pub warn: Nanos,
    /// Whether it is only to be stepped now, and no file changes.
    pub step_now: bool,
}

impl Work {
    /// What its clock will do by what was measured anew.
    pub(super) fn forecast(&self, outset: Outset, step: StepPolicy) -> Result<Forecast, Refusal> {
        if self.step_now {
            return forecast::allowed(forecast::step_now(outset, step), self.consents_to_step);
        }
        self.planned.forecast(outset, step, self.consents_to_step)
    }
}

/// How it went with one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How it ended.
    pub end: HostEnd,
    /// What the host or its chronyd said of it; remote text, not escaped.
    pub detail: Option<String>,
    /// Its last offset from the yardstick; positive = ahead.
    pub last: Option<Interval>,
    /// Whether its configuration lacks the steps that were left out while its clock was slewed.
    pub lacks_steps: bool,
}

/// The yardstick, and of when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) yardstick: Yardstick,
    pub(super) at: UnixNanos,
}

impl Standing {
    /// The yardstick at another instant.
    pub(super) fn aged(&self, now: UnixNanos) -> Yardstick {
        self.yardstick.aged(now.since(self.at))
    }

    /// The same, narrowed by another measurement of the same thing; `None` where the two cannot both be true.
    pub(super) fn narrowed(&self, anew: &Yardstick, now: UnixNanos) -> Option<Self> {
        Some(Self { yardstick: self.aged(now).narrowed(anew)?, at: now })
    }
}

/// What all work of a rollout looks at.
#[derive(Debug)]
pub(super) struct Common {
    standing: Mutex<Standing>,
    /// Whether no host is begun any more.
    is_halted: AtomicBool,
    /// One at a time looks at the server of an isolated network.
    pub(super) looking: tokio::sync::Mutex<()>,
    /// That server, as a target.
    pub(super) server: Option<usize>,
}

impl Common {
    pub(super) fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Narrows the yardstick for everybody; `false` where what was measured anew contradicts it.
    pub(super) fn narrow(&self, anew: &Yardstick, now: UnixNanos) -> bool {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(narrowed) = standing.narrowed(anew, now) else { return false };
        *standing = narrowed;
        true
    }

    /// Whether no host is begun any more.
    pub(super) fn is_halted(&self) -> bool {
        self.is_halted.load(Ordering::SeqCst)
    }
}

/// A rollout that is being performed.
struct Driver {
    shared: Arc<Shared>,
    plan: RolloutPlan,
    chronicle: Arc<dyn Chronicle>,
    common: Arc<Common>,
    benches: BTreeMap<usize, Bench>,
    /// Hosts that hear the server elsewhere than the others.
    contradicted: BTreeMap<usize, Refusal>,
    orders: BTreeMap<usize, mpsc::UnboundedSender<Order>>,
    committed: mpsc::UnboundedSender<usize>,
    ended: mpsc::UnboundedSender<(usize, Ended)>,
    ends: Vec<Option<Ended>>,
}

impl Workshop {
    /// Changes hosts as the rollout says, and tells how it went with each, in the order of the plan.
    ///
    /// Whatever ends this early, each host that was begun is seen through, or put back by its guard.
    pub async fn roll_out(&self, plan: RolloutPlan, chronicle: Arc<dyn Chronicle>) -> Vec<Done> {
        let candidates: Vec<Candidate> = plan.hosts.iter().map(|work| work.candidate.clone()).collect();
        let (mut rollout, actions) = Rollout::begin(&candidates, plan.terms);
        let (committed, mut commits) = mpsc::unbounded_channel();
        let (ended, mut ends) = mpsc::unbounded_channel();
        let common = Common {
            standing: Mutex::new(Standing { yardstick: plan.yardstick.clone(), at: plan.measured_at }),
            is_halted: AtomicBool::new(false),
            looking: tokio::sync::Mutex::new(()),
            server: plan.server,
        };
        let mut driver = Driver {
            shared: Arc::clone(&self.shared),
            ends: plan.hosts.iter().map(|_| None).collect(),
            plan,
            chronicle,
            common: Arc::new(common),
            benches: BTreeMap::new(),
            contradicted: BTreeMap::new(),
            orders: BTreeMap::new(),
            committed,
            ended,
        };
        let mut todo: VecDeque<Action> = actions.into();
        let stop = self.shared.stop.clone();
        let mut is_told = false;
        loop {
            while let Some(action) = todo.pop_front() {
                match action {
                    Action::Measure => {
                        let upcoming = rollout.upcoming().to_vec();
                        driver.chronicle.tell(&FixEvent::Measuring { hosts: upcoming.len() });
                        let is_there = tokio::select! {
                            is_there = driver.measure(&upcoming) => is_there,
                            _ = stop.given(), if !is_told => {
                                is_told = true;
                                todo.extend(rollout.take(Event::Interrupted));
                                continue;
                            }
                        };
                        todo.extend(rollout.take(Event::Measured(is_there)));
                    }
                    Action::Attempt(host) => driver.attempt(host),
                    Action::Settle(host) => driver.order(host, Order::Settle),
                    Action::Withdraw(host) => driver.order(host, Order::Withdraw),
                    Action::Conclude(host) => driver.order(host, Order::Conclude),
                    Action::Finish => return driver.finish(&rollout).await,
                }
            }
            let event = tokio::select! {
                // What has happened is taken in before the run is told to end.
                biased;
                Some(host) = commits.recv() => Event::Committed(host),
                Some((host, ended)) = ends.recv() => driver.ended(host, ended),
                _ = stop.given(), if !is_told => {
                    is_told = true;
                    Event::Interrupted
                }
                else => return driver.finish(&rollout).await,
            };
            if matches!(event, Event::NotBegun(_)) && stop.reason().is_some() && !is_told {
                // It was not begun because of that, and is spared for that.
                is_told = true;
                todo.extend(rollout.take(Event::Interrupted));
            }
            todo.extend(rollout.take(event));
            // Hosts of the wave that runs whose turn has not come are not begun either.
            driver.common.is_halted.store(rollout.stopped().is_some(), Ordering::SeqCst);
        }
    }
}

impl Driver {
    /// Measures the yardstick anew; `false` where it cannot be found, or has moved.
    async fn measure(&mut self, upcoming: &[usize]) -> bool {
        match self.common.standing().yardstick {
            Yardstick::Claims => true,
            Yardstick::Internal { .. } => look_at_server(&self.shared, &self.common).await,
            Yardstick::Servers { .. } => {
                let is_there = self.ask_servers(upcoming).await;
                // The turn of others may come when no connection is left that waited for it.
                let (next, others) =
                    std::mem::take(&mut self.benches).into_iter().partition(|(index, _)| upcoming.contains(index));
                self.benches = next;
                self.close(others).await;
                is_there
            }
        }
    }

    async fn close(&self, benches: BTreeMap<usize, Bench>) {
        let limit = self.shared.plan.limits.close;
        join_all(benches.into_values().map(|bench| bench.close(limit))).await;
    }

    /// Asks the servers from hosts of the wave that is to come, else from others.
    async fn ask_servers(&mut self, upcoming: &[usize]) -> bool {
        let asks = |index: &usize| self.plan.hosts.get(*index).is_some_and(|work| !work.questions.servers.is_empty());
        let others = (0..self.plan.hosts.len()).filter(|index| !upcoming.contains(index));
        let among: Vec<usize> = upcoming.iter().copied().chain(others).filter(asks).collect();
        // Where there are few they are asked again: a busy machine may have answered late.
        for some in among.chunks(WITNESSES).cycle().take(MOST_TRIES) {
            let witnesses = self.witnesses(some).await;
            if witnesses.is_empty() {
                continue;
            }
            // How far the server is from UTC was judged when the plan was made.
            let Ok(Found { yardstick, refused }) = find(&witnesses, None, true) else { continue };
            if !self.common.narrow(&yardstick, self.shared.plan.clock.now()) {
                continue;
            }
            for index in some {
                let name = self.plan.hosts.get(*index).map(|work| work.planned.name.as_str());
                if let Some(refusal) = name.and_then(|name| refused.get(name)) {
                    self.contradicted.insert(*index, refusal.clone());
                }
            }
            return true;
        }
        false
    }

    /// What these hosts say of the servers now; those that cannot be reached say nothing.
    async fn witnesses(&mut self, among: &[usize]) -> Vec<Witness> {
        let shared = &self.shared;
        let hosts = &self.plan.hosts;
        let benches = &mut self.benches;
        let opened = among.iter().map(|index| {
            let bench = benches.remove(index);
            async move {
                let work = hosts.get(*index)?;
                let mut bench = match bench {
                    Some(bench) => bench,
                    None => Box::pin(Bench::open(shared, work.target)).await.ok()?,
                };
                let testimony = bench.testify(shared, work, None).await;
                Some((*index, bench, testimony))
            }
        });
        let opened: Vec<_> = join_all(opened).await.into_iter().flatten().collect();
        let now = self.shared.plan.clock.now();
        let mut witnesses = Vec::new();
        let mut broken = BTreeMap::new();
        for (index, bench, testimony) in opened {
            witnesses.extend(testimony.map(|testimony| testimony.at(now)));
            // Whoever asks again needs one that can be asked.
            let benches = if bench.conversation.is_broken() { &mut broken } else { &mut self.benches };
            benches.insert(index, bench);
        }
        self.close(broken).await;
        witnesses
    }

    /// Begins the work on a host.
    fn attempt(&mut self, index: usize) {
        let Some(work) = self.plan.hosts.get(index).cloned() else { return };
        let (order, orders) = mpsc::unbounded_channel();
        self.orders.insert(index, order);
        let bench = self.benches.remove(&index);
        let refused = self.contradicted.get(&index).map(ToString::to_string);
        let job = Job {
            shared: Arc::clone(&self.shared),
            index,
            work,
            run: self.plan.run.clone(),
            hold: self.plan.hold,
            step: self.plan.step,
            common: Arc::clone(&self.common),
            own: None,
            is_guarded: false,
            edited: Vec::new(),
            refused,
            chronicle: Arc::clone(&self.chronicle),
            orders,
            committed: self.committed.clone(),
        };
        let shared = Arc::clone(&self.shared);
        let report = ReportOnDrop { index, ended: None, to: self.ended.clone() };
        tokio::spawn(async move {
            // The whole of it, or a panic would be told before the work has begun.
            let mut report = report;
            // The server of an isolated network holds what it has until others are done: it must not take a place from them.
            let is_server = job.work.candidate.is_internal_server;
            let _place = if is_server { None } else { shared.places.acquire().await.ok() };
            report.ended = Some(Box::pin(job.run(bench)).await);
        });
    }

    fn order(&self, host: usize, order: Order) {
        if let Some(orders) = self.orders.get(&host) {
            // A host that has ended takes no orders.
            let _ = orders.send(order);
        }
    }

    /// Takes in how a host ended.
    fn ended(&mut self, host: usize, ended: Ended) -> Event {
        self.orders.remove(&host);
        let event = match ended.outcome {
            Some(outcome) => {
                self.chronicle.tell(&FixEvent::Ended { host, outcome, detail: ended.detail.clone() });
                Event::Ended(host, outcome)
            }
            None => Event::NotBegun(host),
        };
        if let Some(place) = self.ends.get_mut(host) {
            *place = Some(ended);
        }
        event
    }

    async fn finish(mut self, rollout: &Rollout) -> Vec<Done> {
        let benches = std::mem::take(&mut self.benches);
        self.close(benches).await;
        let ends = rollout.ends().unwrap_or_default();
        let done = ends.into_iter().zip(self.ends).map(|(end, ended)| {
            let Ended { detail, last, lacks_steps, outcome: _ } = ended.unwrap_or_default();
            Done { end, detail, last, lacks_steps }
        });
        done.collect()
    }
}

/// Tells how the work on a host ended, whatever ended it: a panic is a defect of the program, and this host's failure alone.
struct ReportOnDrop {
    index: usize,
    ended: Option<Ended>,
    to: mpsc::UnboundedSender<(usize, Ended)>,
}

impl Drop for ReportOnDrop {
    fn drop(&mut self) {
        let ended = self.ended.take().unwrap_or_else(|| {
            own_defect();
            Ended {
                outcome: Some(Outcome::Failed(Cause::Unconfirmed)),
                detail: Some("clockaudit itself failed at this host; please report it".to_owned()),
                ..Ended::default()
            }
        });
        // Without a rollout to tell, nothing is left to be done.
        let _ = self.to.send((self.index, ended));
    }
}
