//! The epoch: the one instant that every offset of a scan holds for, and the estimates at it.

use crate::clock::estimate::{self, Config, Estimate};
use crate::clock::{Nanos, UnixNanos};
use crate::probe::Seen;

/// The middle of the first sampling window; of all exchanges where no window was recorded.
pub fn epoch(seen: &Seen) -> UnixNanos {
    if let Some(window) = seen.windows.first() {
        return window.opened.midpoint(window.closed);
    }
    let exchanges = || seen.observations.iter().flat_map(|observation| &observation.exchanges);
    let first = exchanges().map(|exchange| exchange.sent).min();
    let last = exchanges().map(|exchange| exchange.received).max();
    first.zip(last).map_or(seen.started, |(first, last)| first.midpoint(last))
}

/// The estimates of all hosts at the epoch, in the order of the observations; `None` where a host was not measured.
pub fn estimates(seen: &Seen) -> Vec<Option<Estimate>> {
    let (epoch, config) = (epoch(seen), Config::default());
    let one = |observation: &crate::probe::Observation| {
        estimate::estimate(&observation.exchanges, Nanos::ZERO, epoch, &config)
    };
    seen.observations.iter().map(one).collect()
}
