//! What a report says of a host's clock, beside the truth.

use clockaudit::clock::{Interval, Nanos};
use clockaudit::report::model::{Host as HostReport, Report, Verdict};

use super::host::Host;

/// One host, measured; offsets are host - this machine.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// How its clock was read.
    pub(crate) reader: String,
    /// The point estimate.
    pub(crate) offset: Nanos,
    /// The bounds.
    pub(crate) bounds: Interval,
    /// Where the clock really was at the instant of the report.
    pub(crate) truth: Nanos,
    /// What was concluded.
    pub(crate) verdict: Verdict,
}

impl Measured {
    /// Takes the host's part of a report; fails where it was not measured.
    pub(crate) fn of(host: &Host, report: &Report) -> Self {
        let told = told(&host.plan.name, report);
        let clock = told.clock.as_ref().unwrap_or_else(|| panic!("not measured: {told:?}"));
        let (lo, hi) = clock.lo_s.zip(clock.hi_s).expect("bounds against this machine");
        Self {
            reader: clock.reader.clone().expect("a reader"),
            offset: clock.offset_s.expect("an offset from this machine").0,
            bounds: Interval { lo: lo.0, hi: hi.0 },
            truth: host.clock.offset_at(clock.at.0),
            verdict: told.verdict,
        }
    }

    /// Whether the truth lies within the bounds.
    pub(crate) fn holds(&self) -> bool {
        self.bounds.contains(self.truth)
    }
}

/// The host of that name in a report.
pub(crate) fn told<'report>(name: &str, report: &'report Report) -> &'report HostReport {
    report.hosts.iter().find(|told| told.name == name).unwrap_or_else(|| panic!("no {name} in {report:?}"))
}
