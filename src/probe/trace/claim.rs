//! What chronyd said of a host's clock, as a trace holds it.

use super::line::Chrony;
use crate::clock::{Nanos, UnixNanos};

/// The numbers of `chronyc tracking` that a claim rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChronyClaim {
    /// The host's inventory name.
    pub host: String,
    /// When it was read, on the axis, where that was recorded.
    pub at: Option<UnixNanos>,
    /// The system clock minus UTC, as chronyd believes; positive = fast.
    pub system_time: Nanos,
    /// Total delay to the primary source.
    pub root_delay: Nanos,
    /// Total dispersion to the primary source.
    pub root_dispersion: Nanos,
    /// The leap status in chronyc's words: `Normal`, `Not synchronised`.
    pub leap_status: String,
    /// Hops to the primary source; 0 = not synchronised.
    pub stratum: u32,
    /// The reference ID, eight hexadecimal digits.
    pub reference_id: String,
}

impl ChronyClaim {
    pub(super) fn from_line(line: Chrony) -> Self {
        Self {
            host: line.host,
            at: line.at_ns.map(UnixNanos),
            system_time: Nanos(line.system_time_ns),
            root_delay: Nanos(line.root_delay_ns),
            root_dispersion: Nanos(line.root_dispersion_ns),
            leap_status: line.leap,
            stratum: line.stratum,
            reference_id: line.refid,
        }
    }

    pub(super) fn line(&self) -> Chrony {
        Chrony {
            kind: "chrony",
            host: self.host.clone(),
            at_ns: self.at.map(|at| at.0),
            system_time_ns: self.system_time.0,
            root_delay_ns: self.root_delay.0,
            root_dispersion_ns: self.root_dispersion.0,
            leap: self.leap_status.clone(),
            stratum: self.stratum,
            refid: self.reference_id.clone(),
        }
    }

    /// The claim as the line of `chronyc -c tracking` that it came from: chronyc's sign there is positive = slow.
    pub fn tracking_csv(&self) -> String {
        let seconds = Nanos::to_seconds_text;
        format!(
            "{},,{},0.000000000,{},0.000000000,0.000000000,0.000,0.000,0.000,{},{},0.0,{}",
            self.reference_id,
            self.stratum,
            seconds(-self.system_time),
            seconds(self.root_delay),
            seconds(self.root_dispersion),
            self.leap_status
        )
    }
}
