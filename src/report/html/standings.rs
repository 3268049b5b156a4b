//! Where the measured clocks stand beside each other: the bounds of a difference are those of two hosts, without what is not
//! known of the reference.

use crate::clock::pairs::{Decision, Standing};
use crate::clock::{Interval, Nanos};
use crate::report::limits::pair_limits;
use crate::report::merge;
use crate::report::model::{Host, Report};

/// A measured host as one of a pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'report> {
    /// Which one.
    pub(super) host: &'report Host,
    /// Where its clock stands.
    pub(super) standing: Standing,
    /// Its critical limit.
    pub(super) limit: Nanos,
}

impl Member<'_> {
    /// This clock minus another: positive = this one is ahead.
    pub(super) fn minus(&self, other: &Self) -> (Nanos, Interval) {
        let (one, two) = (self.standing, other.standing);
        (one.estimate - two.estimate, one.bounds.minus(two.bounds))
    }

    /// How the two stand against the laxer of their limits.
    pub(super) fn against(&self, other: &Self) -> Decision {
        Decision::of(self.minus(other).1, self.limit.max(other.limit))
    }
}

/// The measured hosts in the order of the report; those of a report of before their offsets were stored are left out.
pub(super) fn members(report: &Report) -> Vec<Member<'_>> {
    let measured = report.hosts.iter().filter(|host| host.clock.is_some());
    let member = |(host, limit)| Some(Member { host, standing: merge::standing(&report.reference, host)?, limit });
    measured.zip(pair_limits(report)).filter_map(member).collect()
}
