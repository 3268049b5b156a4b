//! Performs a rollout: measures the yardstick, begins hosts, hands on what they say, until nothing is left to do.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::sync::mpsc;

use super::change::{Bench, Ended, Job, Order};
use super::{Chronicle, Shared, Workshop};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::fix::attempt::{Cause, Outcome};
use crate::fix::canary::Candidate;
use crate::fix::forecast::{Outset, StepPolicy};
use crate::fix::remote::{self, RunId};
use crate::fix::rollout::{Action, Event, HostEnd, Rollout, Terms};
use crate::fix::yardstick::{Witness, find};
use crate::fix::{FixEvent, PlannedHost, Yardstick};
use crate::ssh::cell::own_defect;

/// Hosts of a wave that are asked for the yardstick at most.
const MOST_WITNESSES: usize = 8;

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

/// How it went with one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How it ended.
    pub end: HostEnd,
    /// What the host or its chronyd said of it; remote text, not escaped.
    pub detail: Option<String>,
    /// Its last offset from the yardstick; positive = ahead.
    pub last: Option<Interval>,
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

    /// The same, narrowed by what hosts say; `None` where they say something else, or nothing that can be used.
    pub(super) fn narrowed_by(&self, witnesses: &[Witness], now: UnixNanos) -> Option<Self> {
        // How far the server is from UTC was judged when the plan was made.
        let found = find(witnesses, None, true).ok()?;
        let yardstick = self.aged(now).narrowed(&found.yardstick)?;
        Some(Self { yardstick, at: now })
    }
}

/// A rollout that is being performed.
struct Driver {
    shared: Arc<Shared>,
    plan: RolloutPlan,
    chronicle: Arc<dyn Chronicle>,
    standing: Arc<Mutex<Standing>>,
    benches: BTreeMap<usize, Bench>,
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
        let standing = Standing { yardstick: plan.yardstick.clone(), at: plan.measured_at };
        let mut driver = Driver {
            shared: Arc::clone(&self.shared),
            ends: plan.hosts.iter().map(|_| None).collect(),
            plan,
            chronicle,
            standing: Arc::new(Mutex::new(standing)),
            benches: BTreeMap::new(),
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
            todo.extend(rollout.take(event));
        }
    }
}

impl Driver {
    /// Measures the yardstick anew, by hosts of the wave that is to come; `false` where it cannot be found, or has moved.
    async fn measure(&mut self, upcoming: &[usize]) -> bool {
        let yardstick = self.standing.lock().unwrap_or_else(PoisonError::into_inner).yardstick.clone();
        let among: Vec<usize> = match &yardstick {
            Yardstick::Claims => return true,
            Yardstick::Servers { .. } => upcoming.iter().copied().take(MOST_WITNESSES).collect(),
            Yardstick::Internal { host, .. } => {
                self.plan.hosts.iter().position(|work| work.planned.name == *host).into_iter().collect()
            }
        };
        let shared = &self.shared;
        let hosts = &self.plan.hosts;
        let benches = &mut self.benches;
        let opened = among.into_iter().map(|index| {
            let bench = benches.remove(&index);
            async move {
                let work = hosts.get(index)?;
                let mut bench = match bench {
                    Some(bench) => bench,
                    None => Box::pin(Bench::open(shared, work.target)).await.ok()?,
                };
                let witness = if work.questions.servers.is_empty() {
                    // The server of an isolated network: its clock is the yardstick.
                    let glimpse = bench.look(shared, work.target).await?;
                    Witness { host: work.planned.name.clone(), offset: glimpse.clock, asked: Vec::new() }
                } else {
                    bench.testify(shared, work.target, work).await?
                };
                Some((index, bench, witness))
            }
        });
        let opened: Vec<(usize, Bench, Witness)> = join_all(opened).await.into_iter().flatten().collect();
        let now = self.shared.plan.clock.now();
        let mut witnesses = Vec::new();
        for (index, bench, witness) in opened {
            witnesses.push(witness);
            self.benches.insert(index, bench);
        }
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let narrowed = match &yardstick {
            Yardstick::Internal { host, .. } => witnesses.first().and_then(|witness| {
                let anew = Yardstick::Internal { host: host.clone(), standing: witness.offset };
                Some(Standing { yardstick: standing.aged(now).narrowed(&anew)?, at: now })
            }),
            _ if witnesses.is_empty() => None,
            _ => standing.narrowed_by(&witnesses, now),
        };
        match narrowed {
            Some(narrowed) => {
                *standing = narrowed;
                true
            }
            None => false,
        }
    }

    /// Begins the work on a host.
    fn attempt(&mut self, index: usize) {
        let Some(work) = self.plan.hosts.get(index).cloned() else { return };
        let (order, orders) = mpsc::unbounded_channel();
        self.orders.insert(index, order);
        let bench = self.benches.remove(&index);
        let job = Job {
            shared: Arc::clone(&self.shared),
            index,
            work,
            run: self.plan.run.clone(),
            hold: self.plan.hold,
            step: self.plan.step,
            standing: Arc::clone(&self.standing),
            chronicle: Arc::clone(&self.chronicle),
            orders,
            committed: self.committed.clone(),
        };
        let shared = Arc::clone(&self.shared);
        let report = ReportOnDrop { index, ended: None, to: self.ended.clone() };
        tokio::spawn(async move {
            // The whole of it, or a panic would be told before the work has begun.
            let mut report = report;
            // Never closed: the workshop lives as long as its work.
            let _place = shared.places.acquire().await;
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
        let limit = self.shared.plan.limits.close;
        join_all(std::mem::take(&mut self.benches).into_values().map(|bench| bench.close(limit))).await;
        let ends = rollout.ends().unwrap_or_default();
        let done = ends.into_iter().zip(self.ends).map(|(end, ended)| {
            let (detail, last) = ended.map_or((None, None), |ended| (ended.detail, ended.last));
            Done { end, detail, last }
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
                outcome: Some(Outcome::Failed(Cause::ConnectionLost)),
                detail: Some("clockaudit itself failed at this host; please report it".to_owned()),
                last: None,
            }
        });
        // Without a rollout to tell, nothing is left to be done.
        let _ = self.to.send((self.index, ended));
    }
}
