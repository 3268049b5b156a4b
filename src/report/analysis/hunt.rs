//! Where the hunt for a whole-second clock's edge would go next: what `replay --hunt` prints.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::Nanos;
use crate::clock::hunt::aim;
use crate::clock::units::NANOS_PER_SECOND;
use crate::probe::Trace;

/// The next probe of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HuntLine {
    /// When to write the request, on the axis.
    pub send_ns: i64,
    /// Least offset when the last reply came.
    pub lo_ns: i64,
    /// Greatest offset then.
    pub hi_ns: i64,
}

/// The next probe of every host whose last reading was of whole seconds, by name.
pub fn hunt(trace: &Trace) -> BTreeMap<String, HuntLine> {
    let hunted = trace.seen.observations.iter().filter_map(|observation| {
        let valid = observation.exchanges.iter().filter(|exchange| exchange.is_valid());
        let last = valid.max_by_key(|exchange| (exchange.sent, exchange.received))?;
        if last.resolution < Nanos(NANOS_PER_SECOND) {
            return None;
        }
        let aim = aim(&observation.exchanges, last.received, &trace.settings.config)?;
        let line = HuntLine { send_ns: aim.send_at.0, lo_ns: aim.bounds.lo.0, hi_ns: aim.bounds.hi.0 };
        Some((observation.host.clone(), line))
    });
    hunted.collect()
}
