//! Verdicts: a limit meets an interval, so there are three answers and not two.

use super::figure;
use super::finding::{Code, Finding};
use super::policy::Policy;
use crate::clock::pairs::Standing;
use crate::clock::{Interval, Nanos};

/// What is said of a host, or of the fleet; ordered so that the greatest of several is the worst.
///
/// The order is that of the exit codes: 2 beats 3, 3 beats 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Within the limit to warn at, for certain.
    Ok,
    /// Beyond the limit to warn at, for certain.
    Warn,
    /// The bounds lie on both sides of the limit to warn at.
    Undecided,
    /// Not measured.
    Down,
    /// Beyond the critical limit, for certain.
    Crit,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const WORST_FIRST: [Self; 5] = [Self::Crit, Self::Down, Self::Undecided, Self::Warn, Self::Ok];

    /// Judges the bounds of an offset or of a pair difference, whatever their sign.
    pub fn of(bounds: Interval, policy: &Policy) -> Self {
        Self::against(bounds, policy.warn, policy.crit)
    }

    /// Judges bounds against two limits, whatever their sign.
    pub fn against(bounds: Interval, warn: Nanos, crit: Nanos) -> Self {
        let magnitude = bounds.magnitude();
        if magnitude.lo > crit {
            Self::Crit
        } else if magnitude.lo > warn {
            Self::Warn
        } else if magnitude.hi <= warn {
            Self::Ok
        } else {
            Self::Undecided
        }
    }

    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Undecided => "undecided",
            Self::Down => "down",
            Self::Crit => "crit",
        }
    }
}

/// The finding that an offset amounts to: beyond a limit (CLK101, CLK102), undecided or without a reference (CLK501).
pub fn limit_finding(offset: Option<Standing>, warn: Nanos, crit: Nanos) -> Option<Finding> {
    let Some(offset) = offset else {
        let what = "there is no reference to take the offset from";
        let finding = Code::Undecided.finding(what, "a reference that was measured");
        return Some(
            finding
                .with_meaning("how far the hosts are from each other is known all the same, and judged")
                .with_remedy("name a clock to compare with: `--reference ntp:SERVER`, three or more, or `host:NAME`"),
        );
    };
    let off = || format!("the clock is {} off", figure::with_bound(offset.estimate, offset.bounds));
    let at_most = |limit: Nanos| format!("at most {}", figure::limit(limit));
    match Verdict::against(offset.bounds, warn, crit) {
        Verdict::Crit => Some(Code::BeyondCrit.finding(off(), at_most(crit))),
        Verdict::Warn => Some(Code::BeyondWarn.finding(off(), at_most(warn))),
        Verdict::Undecided => {
            let what = format!("the offset is known to ± {} only", figure::length(offset.bounds.half_width()));
            Some(Code::Undecided.finding(what, format!("bounds on one side of {}", figure::limit(warn))))
        }
        Verdict::Ok | Verdict::Down => None,
    }
}

/// How many hosts have each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hosts within the limits.
    pub ok: usize,
    /// Hosts beyond the limit to warn at.
    pub warn: usize,
    /// Hosts beyond the critical limit.
    pub crit: usize,
    /// Hosts whose bounds are too wide to tell.
    pub undecided: usize,
    /// Hosts that were not measured.
    pub down: usize,
}

impl Counts {
    /// Counts the verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            let count = match verdict {
                Verdict::Ok => &mut counts.ok,
                Verdict::Warn => &mut counts.warn,
                Verdict::Undecided => &mut counts.undecided,
                Verdict::Down => &mut counts.down,
                Verdict::Crit => &mut counts.crit,
            };
            *count += 1;
        }
        counts
    }

    /// How many hosts there are.
    pub fn total(self) -> usize {
        self.measured() + self.down
    }

    /// How many hosts were measured.
    pub fn measured(self) -> usize {
        self.ok + self.warn + self.crit + self.undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        let check = |lo_ms: i64, hi_ms: i64, expected: Verdict| {
            let bounds = Interval::new(Nanos::from_millis(lo_ms), Nanos::from_millis(hi_ms));
            assert_eq!(Verdict::of(bounds, &Policy::standard()), expected, "[{lo_ms}, {hi_ms}] ms");
        };
        check(-1, 1, Verdict::Ok);
        check(-50, 50, Verdict::Ok);
        check(-51, 50, Verdict::Undecided);
        check(50, 60, Verdict::Undecided);
        check(51, 60, Verdict::Warn);
        check(51, 1000, Verdict::Warn);
        check(-100, -51, Verdict::Warn);
        check(-130, -101, Verdict::Crit);
        check(101, 101, Verdict::Crit);
        check(-200, 200, Verdict::Undecided);
    }

    #[test]
    fn the_worst_of_verdicts_is_the_greatest() {
        let mut all = Verdict::WORST_FIRST;
        all.sort_unstable();
        all.reverse();
        assert_eq!(all, Verdict::WORST_FIRST);
    }
}
