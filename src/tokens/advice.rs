//! Advice: whether a leeway can cover the skew, or the clocks must be put right.

use super::{GOOD, whole_seconds_up};
use crate::clock::{Interval, Nanos};

/// The leeway to set once and for all, in seconds.
const STANDING_LEEWAY_S: i64 = 5;
/// A leeway of more seconds than this is never the answer: it accepts what expired long ago.
pub const FIX_CLOCKS_BEYOND: i64 = 30;

/// What to do about a skew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// The clocks are good, and five seconds of leeway have plenty to spare.
    Good,
    /// Five seconds cover it, but the clocks are not as good as they should be.
    FiveSecondsCover,
    /// It cannot be told whether five seconds cover it: measure again.
    Resample,
    /// Five seconds do not; a wider leeway would until the clocks are put right.
    WidenUntilFixed,
    /// No leeway that is still safe would.
    NeverWiden,
}

impl Advice {
    /// Advises on the bounds of the leeway that is needed.
    pub fn of(needed: Interval) -> Self {
        let standing = Nanos::from_seconds(STANDING_LEEWAY_S);
        if needed.hi <= GOOD {
            Self::Good
        } else if needed.hi <= standing {
            Self::FiveSecondsCover
        } else if needed.lo <= standing {
            Self::Resample
        } else if needed.hi <= Nanos::from_seconds(FIX_CLOCKS_BEYOND - 1) {
            Self::WidenUntilFixed
        } else {
            Self::NeverWiden
        }
    }

    /// The leeway to set, in whole seconds; `None` where none is advised.
    pub fn leeway_s(self, needed: Interval) -> Option<i64> {
        match self {
            Self::Good | Self::FiveSecondsCover => Some(STANDING_LEEWAY_S),
            Self::WidenUntilFixed => Some(whole_seconds_up(needed.hi) + 1),
            Self::Resample | Self::NeverWiden => None,
        }
    }

    /// The word for it, in traces and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::FiveSecondsCover => "fix-clocks-5s-covers",
            Self::Resample => "resample",
            Self::WidenUntilFixed => "fix-clocks-widen-until-fixed",
            Self::NeverWiden => "fix-clocks-never-widen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_follows_the_bounds_of_the_needed_leeway() {
        let check = |lo_ms: i64, hi_ms: i64, advice: Advice, leeway_s: Option<i64>| {
            let needed = Interval::new(Nanos::from_millis(lo_ms), Nanos::from_millis(hi_ms));
            let found = Advice::of(needed);
            assert_eq!((found, found.leeway_s(needed)), (advice, leeway_s), "[{lo_ms}, {hi_ms}] ms");
        };
        check(0, 100, Advice::Good, Some(5));
        check(0, 101, Advice::FiveSecondsCover, Some(5));
        check(4_000, 5_000, Advice::FiveSecondsCover, Some(5));
        check(5_000, 5_001, Advice::Resample, None);
        check(0, 40_000, Advice::Resample, None);
        check(5_001, 5_400, Advice::WidenUntilFixed, Some(7));
        check(5_001, 29_000, Advice::WidenUntilFixed, Some(30));
        check(5_001, 29_001, Advice::NeverWiden, None);
    }
}
