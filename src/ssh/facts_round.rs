//! The facts round: every host's own view of its clock, asked for at a pace and never while anyone is sampled.
//!
//! A claim is carried from when it was read to the instant that offsets hold for, and loses 0.5 ms by each second between. So
//! the hosts that need no more readings are asked as soon as the sweeps are over, the others after their hunts and spare sweeps.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::timeout;

use super::cell::{HostCell, nanos};
use super::metronome::Metronome;
use super::plan::{SamplingPlan, TimeLimits};
use super::scan_clock::ScanClock;
use super::session::Session;
use super::stop::StopSignal;
use crate::clock::schedule;
use crate::clock::{Nanos, UnixNanos};
use crate::probe::HostEvent;

/// Claims are asked for at this rate at most, hosts a second: each starts some programs there, and the answers of a whole
/// fleet still come within one or two seconds.
const RATE: u32 = 1_000;
/// So many are asked before the spare sweeps at most, and waited for so long: the hosts that are still to be sampled must not
/// wait for a great fleet, nor for a time service that hangs.
pub(super) const MOST_EARLY: usize = 1_000;
/// How long the hosts that were asked early are waited for before the others are sampled on.
pub(super) const EARLY_WAIT: Duration = Duration::from_secs(1);

/// What the facts of a window are read with.
#[derive(Debug)]
pub(super) struct FactsRound<'window> {
    plan: &'window SamplingPlan,
    limits: TimeLimits,
    clock: ScanClock,
    stop: &'window StopSignal,
    /// Hosts that were asked and owe their answer.
    owing: Vec<Arc<HostCell>>,
}

impl<'window> FactsRound<'window> {
    pub(super) fn new(
        plan: &'window SamplingPlan,
        limits: TimeLimits,
        clock: ScanClock,
        stop: &'window StopSignal,
    ) -> Self {
        Self { plan, limits, clock, stop, owing: Vec::new() }
    }

    /// Asks the hosts that can give facts, at a pace.
    pub(super) async fn ask(&mut self, metronome: &mut Metronome, hosts: &[(&Arc<HostCell>, &Session)]) {
        let pace = schedule::Pace { rate: RATE.min(self.plan.rate).max(1), cap: RATE };
        let places: Vec<usize> = (0..hosts.len()).collect();
        let begun = self.clock.now();
        let slots = schedule::sweep(&places, pace.period(places.len()), fastrand::u64(..), 0);
        let mut slots = slots.into_iter().peekable();
        while slots.peek().is_some() && self.stop.reason().is_none() {
            metronome.tick().await;
            let now = self.clock.now();
            while let Some(slot) = slots.next_if(|slot| begun + slot.due <= now) {
                let alive = hosts.get(slot.host).filter(|(cell, _)| cell.failure().is_none());
                self.owing.extend(alive.filter(|(_, session)| session.ask_facts()).map(|(cell, _)| Arc::clone(cell)));
            }
        }
    }

    /// Waits until everyone who was asked has answered, or has had its time; but not longer than `most`.
    pub(super) async fn wait(&mut self, most: Duration) {
        let (clock, limits) = (self.clock, self.limits);
        let waited = std::mem::take(&mut self.owing).into_iter().map(|cell| async move {
            let since = cell.facts_asked().map_or_else(|| clock.now(), |mark| mark.at);
            let left = nanos(limits.facts) - clock.now().since(since);
            let left = Duration::from_nanos(u64::try_from(left.0).unwrap_or(0));
            let has_answered = timeout(left.min(most), cell.all_facts()).await.is_ok();
            // Late facts are data: the reading says that it is not complete.
            let is_over = has_answered || left <= most;
            if is_over {
                cell.board.tell(HostEvent::FactsRead { host: cell.index });
            }
            (!is_over).then_some(cell)
        });
        let wind_down = async {
            self.stop.given().await;
            tokio::time::sleep(self.limits.wind_down).await;
        };
        self.owing = tokio::select! {
            owing = join_all(waited) => owing.into_iter().flatten().collect(),
            () = wind_down => Vec::new(),
        };
    }
}

/// Within how long claims were read, of the longest round of each kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClaimsWindows {
    /// Right after the sweeps.
    pub(super) early: Option<Nanos>,
    /// After hunts and spare sweeps, which the claims of the first ones did not wait for.
    pub(super) late: Option<Nanos>,
}

impl ClaimsWindows {
    /// Takes in what was read in one window; where nobody could be asked early there was one round.
    pub(super) fn add(&mut self, early: &[(&Arc<HostCell>, &Session)], late: &[(&Arc<HostCell>, &Session)]) {
        let (early, late) = (claims_window(early), claims_window(late));
        let (early, late) = if early.is_some() { (early, late) } else { (late, None) };
        self.early = self.early.max(early);
        self.late = self.late.max(late);
    }
}

/// From the first claim's request to the last claim's answer.
fn claims_window(hosts: &[(&Arc<HostCell>, &Session)]) -> Option<Nanos> {
    let brackets: Vec<_> = hosts.iter().filter_map(|(cell, _)| cell.bracket()).collect();
    let first: UnixNanos = brackets.iter().map(|bracket| bracket.sent).min()?;
    let last = brackets.iter().map(|bracket| bracket.received).max()?;
    Some(last.since(first))
}
