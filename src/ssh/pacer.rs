//! The pacer: asks every host of a window in paced rounds, hunts whole-second clocks between them, and spends spare rounds
//! where they help. It decides only when to ask; what to ask for next is decided by the pure schedule and hunt of `clock`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::num::NonZero;
use std::sync::Arc;

use super::cell::{HostCell, Standing, nanos};
use super::metronome::Metronome;
use super::plan::{SamplingPlan, TimeLimits};
use super::scan_clock::{ScanClock, processor_time};
use super::session::Session;
use super::stop::StopSignal;
use crate::clock::controller::controller_at;
use crate::clock::estimate::Config;
use crate::clock::hunt::{self, Hunt};
use crate::clock::schedule::{self, AFTER_THE_HUNT, ASSUMED_COST, Pace, Spare};
use crate::clock::{Exchange, Interval, Nanos, UnixNanos};
use crate::probe::{ControllerReading, FailureCode, Reader, SamplingWindow, Stage};

/// Exchanges that must lie between two readings of the processor time, for it to say anything.
const COST_SAMPLE: usize = 100;

/// How long answers are waited for before the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Until those that still owe one are late.
    ForThePrompt,
    /// Until those that still owe one are given up.
    ForEveryone,
}

/// One host of a window.
#[derive(Debug)]
struct Member<'window> {
    cell: &'window Arc<HostCell>,
    session: &'window Session,
    is_hunted: bool,
    /// When it is asked next, while that is planned.
    planned: Option<UnixNanos>,
    /// How many exchanges it had when its hunt was last thought about.
    considered: usize,
    hunt_is_over: bool,
    /// Whether its facts have been asked for: it gives no readings any more.
    is_done: bool,
}

/// Samples the hosts of one window.
pub(super) struct Pacer<'window> {
    plan: &'window SamplingPlan,
    limits: TimeLimits,
    clock: ScanClock,
    stop: &'window StopSignal,
    metronome: &'window mut Metronome,
    members: BTreeMap<usize, Member<'window>>,
    due: BinaryHeap<Reverse<(UnixNanos, usize)>>,
    pace: Pace,
    cost: Nanos,
    sweeps: u32,
    seed: u64,
    config: Config,
    controller: Vec<ControllerReading>,
    /// When waiting ends, once the run was told to stop.
    wind_down: Option<UnixNanos>,
}

impl<'window> Pacer<'window> {
    pub(super) fn new(
        plan: &'window SamplingPlan,
        limits: TimeLimits,
        clock: ScanClock,
        stop: &'window StopSignal,
        metronome: &'window mut Metronome,
        hosts: impl Iterator<Item = (&'window Arc<HostCell>, &'window Session)>,
    ) -> Self {
        let members = hosts.map(|(cell, session)| {
            let is_hunted = cell.reader().is_some_and(Reader::is_hunted);
            let hunt_is_over = !is_hunted;
            let member =
                Member { cell, session, is_hunted, planned: None, considered: 0, hunt_is_over, is_done: false };
            (cell.index, member)
        });
        let mut pacer = Self {
            plan,
            limits,
            clock,
            stop,
            metronome,
            members: members.collect(),
            due: BinaryHeap::new(),
            pace: Pace { rate: 1, cap: 1 },
            cost: ASSUMED_COST,
            sweeps: 0,
            seed: fastrand::u64(..),
            config: Config::STANDARD,
            controller: Vec::new(),
            wind_down: None,
        };
        pacer.set_pace();
        pacer
    }

    /// Asks all hosts in the sweeps of the window, and tells when that was.
    pub(super) async fn sweep_window(&mut self) -> SamplingWindow {
        self.controller.push(self.clock.controller());
        let everyone: Vec<usize> = self.members.keys().copied().collect();
        let steady = self.steady();
        let opened = self.clock.now();
        for sweep in 0..self.plan.samples {
            self.sweep(if sweep == 0 { &everyone } else { &steady }).await;
            if self.stop.reason().is_some() || (steady.is_empty() && sweep == 0) {
                break;
            }
        }
        self.settle(&steady, Wait::ForThePrompt).await;
        let window = self.window(opened, if steady.is_empty() { &everyone } else { &steady });
        self.controller.push(self.clock.controller());
        window
    }

    /// The hosts that need no reading beyond those of the window, and owe none.
    pub(super) fn content(&self, window: SamplingWindow) -> Vec<usize> {
        let steady = self.steady();
        let wanted = self.wanted(&steady, window);
        let is_free = |host: &usize| self.members.get(host).is_some_and(|one| one.cell.standing() == Standing::Free);
        steady.into_iter().filter(|host| is_free(host) && wanted.binary_search(host).is_err()).collect()
    }

    /// The metronome, for what is paced between two parts of the sampling.
    pub(super) fn metronome(&mut self) -> &mut Metronome {
        self.metronome
    }

    /// Samples on, all but the hosts that are `done`: hunts and spare sweeps, until nothing is gained by more.
    pub(super) async fn refine(mut self, window: SamplingWindow, done: &BTreeSet<usize>) -> Vec<ControllerReading> {
        for (host, member) in &mut self.members {
            member.is_done = done.contains(host);
        }
        self.aim_again();
        let steady = self.steady();
        self.spend_spare_sweeps(&steady, window).await;
        self.finish_hunts().await;
        let everyone: Vec<usize> = self.members.keys().copied().collect();
        self.settle(&everyone, Wait::ForEveryone).await;
        self.controller.push(self.clock.controller());
        self.controller
    }

    fn steady(&self) -> Vec<usize> {
        self.members.iter().filter(|(_, member)| !member.is_hunted).map(|(host, _)| *host).collect()
    }

    /// Aims anew at the hunted clocks whose edge has passed while nobody was asked.
    fn aim_again(&mut self) {
        let now = self.clock.now();
        let missed: Vec<usize> = self
            .members
            .iter_mut()
            .filter(|(_, member)| member.considered > 0 && member.planned.is_some_and(|at| at < now))
            .map(|(host, member)| {
                (member.planned, member.considered) = (None, 0);
                *host
            })
            .collect();
        for host in missed {
            self.aim(host);
        }
    }

    /// The window that the sweeps over `swept` made up, by what was really sent: how long answers were waited for is no part of
    /// it, or one silent host would move the epoch away from everyone's exchanges.
    fn window(&self, opened: UnixNanos, swept: &[usize]) -> SamplingWindow {
        let of = |member: &Member<'_>| member.cell.with_exchanges(|all| all.first().map(|first| first.sent));
        let firsts: Vec<UnixNanos> = self.members.values().filter_map(of).collect();
        let earliest = firsts.iter().min().copied().unwrap_or(opened);
        let latest = firsts.iter().max().copied().unwrap_or(earliest);
        let last = |host: &usize| {
            let member = self.members.get(host)?;
            member.cell.with_exchanges(|all| all.last().map(|last| last.sent))
        };
        let closed = swept.iter().filter_map(last).max().unwrap_or(latest).max(latest);
        SamplingWindow { opened: earliest, closed, first_spread: latest.since(earliest) }
    }

    /// Asks each of `hosts` once, evenly spread over one period.
    async fn sweep(&mut self, hosts: &[usize]) {
        let (begun, cpu_before, asked_before) = (self.clock.now(), processor_time(), self.exchanges());
        let lateness_before = self.metronome.lateness().len();
        let period = self.pace.period(hosts.len()).max(nanos(self.plan.sweep));
        for slot in schedule::sweep(hosts, period, self.seed, self.sweeps) {
            self.plan_request(slot.host, begun + slot.due);
        }
        self.sweeps = self.sweeps.saturating_add(1);
        self.controller.push(self.clock.controller());
        while self.clock.now() < begun + period && self.stop.reason().is_none() {
            self.beat().await;
        }
        self.learn_cost(cpu_before, asked_before);
        let lateness = self.metronome.lateness().get(lateness_before..).and_then(schedule::lateness_p95);
        self.pace = self.pace.guarded(lateness.unwrap_or_default());
    }

    /// One tick: whoever is due is asked, whoever has answered and is hunted is aimed at again.
    async fn beat(&mut self) {
        self.metronome.tick().await;
        self.ask_due();
        let answered = self.members.values().next().map(|member| member.cell.board.take_answered());
        for host in answered.into_iter().flatten() {
            self.aim(host);
        }
    }

    fn plan_request(&mut self, host: usize, at: UnixNanos) {
        if let Some(member) = self.members.get_mut(&host) {
            member.planned = Some(at);
            self.due.push(Reverse((at, host)));
        }
    }

    /// Asks everyone who is due, one request a host at a time.
    fn ask_due(&mut self) {
        if self.stop.reason().is_some() {
            self.due.clear();
            return;
        }
        let now = self.clock.now();
        while let Some(Reverse((at, host))) = self.due.peek().copied() {
            if at > now {
                return;
            }
            self.due.pop();
            let Some(member) = self.members.get_mut(&host) else { continue };
            if member.planned != Some(at) {
                continue;
            }
            member.planned = None;
            match member.cell.standing() {
                Standing::Free => member.session.ask(),
                Standing::Asked(since) => {
                    give_up_if_silent(member.cell, since, now, self.limits);
                    if member.is_hunted {
                        self.plan_request(host, now + AFTER_THE_HUNT);
                    }
                }
                Standing::Over => {}
            }
        }
    }

    /// Decides when a hunted host that has just answered is asked next.
    fn aim(&mut self, host: usize) {
        let (now, samples) = (self.clock.now(), self.plan.samples);
        let Some(member) = self.members.get_mut(&host).filter(|member| member.is_hunted) else { return };
        let count = member.cell.with_exchanges(<[Exchange]>::len);
        if member.planned.is_some() || count <= member.considered || member.cell.standing() != Standing::Free {
            return;
        }
        member.considered = count;
        let at = match member.cell.with_exchanges(|exchanges| hunt::next(exchanges, now, &self.config)) {
            _ if member.hunt_is_over && count >= samples => return,
            Hunt::Probe(aim) if !member.hunt_is_over => aim.send_at - member.session.lead(),
            Hunt::First if !member.hunt_is_over => now,
            _ => {
                member.hunt_is_over = true;
                if count >= samples {
                    return;
                }
                now + AFTER_THE_HUNT + Nanos(fastrand::i64(..AFTER_THE_HUNT.0))
            }
        };
        self.plan_request(host, at);
    }

    /// Sweeps on over the hosts that have fewer exchanges than everyone is promised, and those that more exchanges may help.
    async fn spend_spare_sweeps(&mut self, steady: &[usize], window: SamplingWindow) {
        let most = self.plan.most.saturating_sub(self.plan.samples);
        for _ in 0..most {
            if self.stop.reason().is_some() {
                return;
            }
            let mut wanted = self.wanted(steady, window);
            if wanted.is_empty() {
                // Those that are late may come back, and lack something then.
                self.settle(steady, Wait::ForEveryone).await;
                wanted = self.wanted(steady, window);
            }
            if wanted.is_empty() {
                return;
            }
            self.sweep(&wanted).await;
            self.settle(&wanted, Wait::ForThePrompt).await;
        }
    }

    fn wanted(&self, steady: &[usize], window: SamplingWindow) -> Vec<usize> {
        let free =
            |host: &&usize| self.members.get(*host).is_some_and(|member| member.cell.standing() == Standing::Free);
        let hosts: Vec<usize> = steady.iter().filter(free).copied().collect();
        let of = |host: &usize| {
            let member = self.members.get(host);
            member.map(|member| member.cell.with_exchanges(<[Exchange]>::to_vec)).unwrap_or_default()
        };
        let samples: Vec<Vec<Exchange>> = hosts.iter().map(of).collect();
        let slices: Vec<&[Exchange]> = samples.iter().map(Vec::as_slice).collect();
        let epoch = window.opened.midpoint(window.closed);
        let limits: Vec<[Nanos; 2]> = hosts.iter().map(|host| self.plan.limits(*host)).collect();
        let spare = Spare { epoch, limits: &limits, reference: self.controller_x(epoch), config: self.config };
        let wanted = schedule::wanted(&slices, self.plan.samples, self.plan.most, &spare);
        let wanted = wanted.into_iter().filter_map(|place| hosts.get(place).copied());
        wanted.filter(|host| self.members.get(host).is_some_and(|member| !member.is_done)).collect()
    }

    fn controller_x(&self, epoch: UnixNanos) -> Option<Interval> {
        let readings: Vec<(UnixNanos, Interval)> = self.controller.iter().map(|one| (one.at, one.x)).collect();
        controller_at(&readings, false, epoch, self.config.rho)
    }

    /// Goes on until every hunt is over.
    async fn finish_hunts(&mut self) {
        let hunted: Vec<usize> = self.members.iter().filter(|(_, member)| member.is_hunted).map(|(i, _)| *i).collect();
        let is_open = |pacer: &Self, host: &usize| {
            pacer.members.get(host).is_some_and(|member| {
                let standing = member.cell.standing();
                member.planned.is_some() || matches!(standing, Standing::Asked(_))
            })
        };
        while self.stop.reason().is_none() && hunted.iter().any(|host| is_open(self, host)) {
            self.beat().await;
            self.give_up_silent(&hunted);
        }
    }

    /// Waits until everyone who was asked has answered, or has been silent for too long.
    async fn settle(&mut self, hosts: &[usize], wait: Wait) {
        loop {
            let now = self.clock.now();
            let is_waited_for = |member: &Member<'_>| match (member.cell.standing(), wait) {
                (Standing::Asked(_), Wait::ForEveryone) => true,
                (Standing::Asked(since), Wait::ForThePrompt) => {
                    !schedule::is_late(now.since(since), member.cell.least_round_trip())
                }
                (Standing::Free | Standing::Over, _) => false,
            };
            let is_waiting = |host: &usize| self.members.get(host).is_some_and(is_waited_for);
            if !hosts.iter().any(is_waiting) {
                return;
            }
            if self.stop.reason().is_some() {
                let now = self.clock.now();
                let until = *self.wind_down.get_or_insert(now + nanos(self.limits.wind_down));
                if now >= until {
                    return;
                }
            }
            self.beat().await;
            self.give_up_silent(hosts);
        }
    }

    fn give_up_silent(&self, hosts: &[usize]) {
        let now = self.clock.now();
        for member in hosts.iter().filter_map(|host| self.members.get(host)) {
            if let Standing::Asked(since) = member.cell.standing() {
                give_up_if_silent(member.cell, since, now, self.limits);
            }
        }
    }

    fn exchanges(&self) -> usize {
        self.members.values().map(|member| member.cell.with_exchanges(<[Exchange]>::len)).sum()
    }

    fn learn_cost(&mut self, cpu_before: Nanos, asked_before: usize) {
        let exchanged = self.exchanges().saturating_sub(asked_before);
        if exchanged < COST_SAMPLE {
            return;
        }
        let spent = processor_time() - cpu_before;
        let each = Nanos(spent.0 / i64::try_from(exchanged).unwrap_or(i64::MAX));
        self.cost = schedule::average_cost(self.cost, each);
        self.set_pace();
    }

    /// Sets the pace's cap by what an exchange costs; a pace that was slowed down stays slow.
    fn set_pace(&mut self) {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let by_load = Pace::for_load(cores, self.cost);
        let cap = by_load.cap.min(self.plan.rate).max(1);
        let rate = if self.sweeps == 0 { cap } else { self.pace.rate.min(cap) };
        self.pace = Pace { rate, cap };
    }
}

fn give_up_if_silent(cell: &HostCell, since: UnixNanos, now: UnixNanos, limits: TimeLimits) {
    let silence = schedule::silence(cell.patience(limits.sample));
    if now.since(since) > silence {
        let detail = format!("no reading in {:.1} s", silence.as_seconds_f64());
        cell.fail(FailureCode::Timeout, Stage::Sample, detail);
    }
}
