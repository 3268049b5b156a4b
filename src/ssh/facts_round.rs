//! The facts round: after sampling, every host's own view of its clock is read within one short, paced window.

use std::sync::Arc;

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

/// Reads the facts of all hosts that can give them; what does not come in time is left out, never an error.
pub(super) async fn read(
    plan: &SamplingPlan,
    limits: TimeLimits,
    clock: ScanClock,
    stop: &StopSignal,
    metronome: &mut Metronome,
    hosts: &[(&Arc<HostCell>, &Session)],
) {
    let pace = schedule::Pace { rate: RATE.min(plan.rate).max(1), cap: RATE };
    let places: Vec<usize> = (0..hosts.len()).collect();
    let begun = clock.now();
    let mut slots = schedule::sweep(&places, pace.period(places.len()), fastrand::u64(..), 0).into_iter().peekable();
    let mut asked = Vec::new();
    while slots.peek().is_some() && stop.reason().is_none() {
        metronome.tick().await;
        let now = clock.now();
        while let Some(slot) = slots.next_if(|slot| begun + slot.due <= now) {
            let alive = hosts.get(slot.host).filter(|(cell, _)| cell.failure().is_none());
            asked.extend(alive.filter(|(_, session)| session.ask_facts()).map(|(cell, _)| Arc::clone(cell)));
        }
    }
    let answers = asked.iter().map(|cell| async move {
        let since = cell.facts_asked().map_or(begun, |mark| mark.at);
        let left = nanos(limits.facts) - clock.now().since(since);
        // Late facts are data: the reading says that it is not complete.
        let _ = timeout(std::time::Duration::from_nanos(u64::try_from(left.0).unwrap_or(0)), cell.all_facts()).await;
        cell.board.tell(HostEvent::FactsRead { host: cell.index });
    });
    let wind_down = async {
        stop.given().await;
        tokio::time::sleep(limits.wind_down).await;
    };
    tokio::select! {
        _ = join_all(answers) => {}
        () = wind_down => {}
    }
}

/// From the first claim's request to the last claim's answer.
pub(super) fn claims_window(hosts: &[Arc<HostCell>]) -> Option<Nanos> {
    let brackets: Vec<_> = hosts.iter().filter_map(|cell| cell.bracket()).collect();
    let first: UnixNanos = brackets.iter().map(|bracket| bracket.sent).min()?;
    let last = brackets.iter().map(|bracket| bracket.received).max()?;
    Some(last.since(first))
}
