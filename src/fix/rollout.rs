//! The rollout: canary, waves, failure budget, as a machine without I/O. Events in, actions out; it knows no clock and no host.
//!
//! A host is attempted once at most and ends in one way. Between any two steps the edge may stop for ever: the guards on the
//! hosts see to it that each is old or new.

use std::collections::VecDeque;

use super::attempt::Outcome;
use super::canary::{Candidate, Share, Waves, waves};

/// How hosts are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How many hosts are tried first; `None` = one of each deepest group.
    pub canary: Option<Share>,
    /// How many of the others are changed side by side.
    pub wave: Share,
    /// How many may fail, all in all, once the canary is done: in the canary none may. A percentage rounds down and is at least
    /// one.
    pub max_fail: Share,
}

impl Default for Terms {
    fn default() -> Self {
        Self { canary: None, wave: Share::Percent(25), max_fail: Share::Percent(2) }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The yardstick was measured anew, and is where it was; or it cannot be found, or has moved.
    Measured(bool),
    /// A host follows its new source: its commit point. For the server of an isolated network: it serves its own clock.
    Committed(usize),
    /// A host's change ended.
    Ended(usize, Outcome),
    /// A host was told to be changed and was not begun: nothing was written there. The run had been told to end before, or it
    /// could not be.
    NotBegun(usize),
    /// Ctrl-C, or the deadline: no host is begun any more.
    Interrupted,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Measure the yardstick anew.
    Measure,
    /// Change this host.
    Attempt(usize),
    /// Have the server of the isolated network hold what it has: a client follows it.
    Settle(usize),
    /// Put this host back: the server of the isolated network that no client follows, or a client whose server has failed.
    Withdraw(usize),
    /// Have this host, which has committed, end as it is.
    Conclude(usize),
    /// Nothing: the rollout is over.
    Finish,
}

/// What a host is in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostEnd {
    /// It was changed, or was tried to be.
    Attempted(Outcome),
    /// It was not touched.
    NotAttempted(Spared),
}

/// Why a host was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spared {
    /// Too many had failed.
    BudgetSpent,
    /// The run was told to end.
    Interrupted,
    /// The yardstick was lost or had moved.
    YardstickLost,
    /// Its turn had come, and it could not be begun.
    CouldNotBegin,
    /// No host of the canary could be begun: nothing was tried.
    NothingTried,
}

impl Spared {
    /// The reason in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::BudgetSpent => "more hosts had failed than `--max-fail` allows (none in the canary)",
            Self::Interrupted => "the run was told to end",
            Self::CouldNotBegin => "it could not be begun when its turn came",
            Self::NothingTried => "no host of the canary could be begun, so nothing had been tried",
            Self::YardstickLost => "where the new server stands could not be measured again, or it had moved",
        }
    }

    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::BudgetSpent => "budget_spent",
            Self::Interrupted => "interrupted",
            Self::YardstickLost => "yardstick_lost",
            Self::CouldNotBegin => "could_not_begin",
            Self::NothingTried => "nothing_tried",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Waiting,
    Running { is_committed: bool },
    NotBegun,
    Ended(Outcome),
}

/// A rollout.
#[derive(Debug, Clone)]
pub struct Rollout {
    hosts: Vec<Host>,
    /// The waves that are still to come, and whether each is the canary.
    waves: VecDeque<(Vec<usize>, bool)>,
    internal: Option<usize>,
    /// The wave that is begun next, once the yardstick is there.
    next: Vec<usize>,
    phase: Phase,
    /// Whether the canary is not over yet.
    is_canary: bool,
    /// Whether the server of an isolated network was told to settle or to go back.
    is_internal_decided: bool,
    budget: usize,
    stopped: Option<Spared>,
    /// Whether the run was told to end, whatever had stopped it before.
    is_interrupted: bool,
}

/// What the rollout waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// For the yardstick.
    Measuring,
    /// For hosts.
    Changing,
    /// For nothing any more.
    Finished,
}

impl Rollout {
    /// A rollout over these hosts, and what is to be done first. Indices of events and actions are those of the candidates.
    pub fn begin(candidates: &[Candidate], terms: Terms) -> (Self, Vec<Action>) {
        let Waves { internal, canary, others } = waves(candidates, terms.canary, terms.wave);
        let mut queue: VecDeque<(Vec<usize>, bool)> = VecDeque::new();
        if !canary.is_empty() {
            queue.push_back((canary, true));
        }
        queue.extend(others.into_iter().map(|wave| (wave, false)));
        let budget = match terms.max_fail {
            Share::Count(count) => count,
            percent @ Share::Percent(_) => percent.down(candidates.len()).max(1),
        };
        let mut rollout = Self {
            hosts: vec![Host::Waiting; candidates.len()],
            waves: queue,
            internal,
            next: internal.into_iter().collect(),
            phase: Phase::Changing,
            is_canary: true,
            is_internal_decided: internal.is_none(),
            budget,
            stopped: None,
            is_interrupted: false,
        };
        let actions = rollout.advance();
        (rollout, actions)
    }

    /// Takes what happened; gives back what is to be done. An event that cannot be, as the end of a host that does not run,
    /// changes nothing.
    pub fn take(&mut self, event: Event) -> Vec<Action> {
        if self.phase == Phase::Finished {
            return Vec::new();
        }
        let mut actions = Vec::new();
        match event {
            Event::Measured(is_there) => {
                if self.phase != Phase::Measuring {
                    return actions;
                }
                self.phase = Phase::Changing;
                if is_there {
                    actions.extend(self.attempt_next());
                } else {
                    self.stop(Spared::YardstickLost);
                }
            }
            Event::Committed(index) => {
                let Some(host @ Host::Running { is_committed: false }) = self.hosts.get_mut(index) else {
                    return actions;
                };
                *host = Host::Running { is_committed: true };
                // The server of an isolated network waits for its first client, where there is one to come.
                if Some(index) != self.internal || self.hosts.len() == 1 {
                    actions.extend(self.settle());
                }
                if self.is_interrupted && Some(index) != self.internal {
                    actions.push(Action::Conclude(index));
                }
            }
            Event::Ended(index, outcome) => {
                let Some(host @ Host::Running { .. }) = self.hosts.get_mut(index) else { return actions };
                *host = Host::Ended(outcome);
                if Some(index) == self.internal {
                    self.is_internal_decided = true;
                    if outcome.is_failure() {
                        actions.extend(self.clients().map(Action::Withdraw));
                        self.stop(Spared::BudgetSpent);
                    }
                } else if !outcome.is_failure() {
                    actions.extend(self.settle());
                }
                if self.failures() > self.allowed() {
                    self.stop(Spared::BudgetSpent);
                }
            }
            Event::NotBegun(index) => {
                let Some(host @ Host::Running { is_committed: false }) = self.hosts.get_mut(index) else {
                    return actions;
                };
                // Without a stop it is this host alone that could not be.
                *host = if self.stopped.is_some() { Host::Waiting } else { Host::NotBegun };
                if Some(index) == self.internal {
                    self.is_internal_decided = true;
                    self.stop(Spared::NothingTried);
                }
            }
            Event::Interrupted => {
                self.is_interrupted = true;
                self.stop(Spared::Interrupted);
                let is_committed =
                    |index: &usize| self.hosts.get(*index) == Some(&Host::Running { is_committed: true });
                actions.extend(self.clients().filter(is_committed).map(Action::Conclude));
            }
        }
        actions.extend(self.advance());
        actions
    }

    /// How each host ended; `None` before the end.
    pub fn ends(&self) -> Option<Vec<HostEnd>> {
        let end = |host: &Host| match host {
            Host::Ended(outcome) => Some(HostEnd::Attempted(*outcome)),
            // Without a stop every host is attempted.
            Host::NotBegun => Some(HostEnd::NotAttempted(Spared::CouldNotBegin)),
            Host::Waiting => Some(HostEnd::NotAttempted(self.stopped.unwrap_or(Spared::Interrupted))),
            Host::Running { .. } => None,
        };
        self.hosts.iter().map(end).collect::<Option<Vec<_>>>().filter(|_| self.phase == Phase::Finished)
    }

    /// The hosts of the wave that is begun once the yardstick is there.
    pub fn upcoming(&self) -> &[usize] {
        &self.next
    }

    /// Why no host is begun any more, where that is so.
    pub fn stopped(&self) -> Option<Spared> {
        self.stopped
    }

    /// How many have failed.
    pub fn failures(&self) -> usize {
        self.hosts.iter().filter(|host| matches!(host, Host::Ended(outcome) if outcome.is_failure())).count()
    }

    /// How many may have failed by now.
    pub fn allowed(&self) -> usize {
        if self.is_canary { 0 } else { self.budget }
    }

    /// The hosts that are being changed, without the server of an isolated network.
    fn clients(&self) -> impl Iterator<Item = usize> {
        let runs = |(index, host): (usize, &Host)| matches!(host, Host::Running { .. }).then_some(index);
        self.hosts.iter().enumerate().filter_map(runs).filter(|index| Some(*index) != self.internal)
    }

    fn stop(&mut self, why: Spared) {
        // The first reason is the one that counts.
        self.stopped.get_or_insert(why);
        self.next.clear();
        self.phase = Phase::Changing;
    }

    /// Whether the server of an isolated network waits for its first client.
    fn awaits_client(&self) -> bool {
        let state = self.internal.and_then(|index| self.hosts.get(index));
        !self.is_internal_decided && state == Some(&Host::Running { is_committed: true })
    }

    /// Has the server of an isolated network hold what it has, once.
    fn settle(&mut self) -> Option<Action> {
        let action = self.internal.filter(|_| self.awaits_client()).map(Action::Settle);
        self.is_internal_decided |= action.is_some();
        action
    }

    fn attempt_next(&mut self) -> Vec<Action> {
        let wave = std::mem::take(&mut self.next);
        for index in &wave {
            if let Some(host) = self.hosts.get_mut(*index) {
                *host = Host::Running { is_committed: false };
            }
        }
        wave.into_iter().map(Action::Attempt).collect()
    }

    /// Begins the next wave where the last one is over, and ends where none is left.
    fn advance(&mut self) -> Vec<Action> {
        let runs = |(index, host): (usize, &Host)| {
            let is_waiting_server = Some(index) == self.internal && self.awaits_client();
            matches!(host, Host::Running { .. }) && !is_waiting_server
        };
        if self.phase == Phase::Measuring || self.hosts.iter().enumerate().any(runs) {
            return Vec::new();
        }
        if self.stopped.is_none() && self.next.is_empty() {
            let Some((wave, is_canary)) = self.waves.pop_front() else { return self.withdraw_or_finish() };
            self.next = wave;
            self.is_canary = is_canary;
            // What nobody has tried is not done to many.
            let is_tried = self.hosts.iter().any(|host| matches!(host, Host::Ended(_)));
            if !is_canary && !is_tried && self.hosts.contains(&Host::NotBegun) {
                self.stop(Spared::NothingTried);
            }
            // A canary of clients of which none has selected the server says that the server is none.
            if !is_canary && self.awaits_client() {
                self.stop(Spared::BudgetSpent);
            }
        }
        if self.stopped.is_some() {
            return self.withdraw_or_finish();
        }
        self.phase = Phase::Measuring;
        vec![Action::Measure]
    }

    fn withdraw_or_finish(&mut self) -> Vec<Action> {
        if let Some(server) = self.internal.filter(|_| self.awaits_client()) {
            self.is_internal_decided = true;
            return vec![Action::Withdraw(server)];
        }
        self.phase = Phase::Finished;
        vec![Action::Finish]
    }
}
