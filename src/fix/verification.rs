//! Whether a change has helped: one look at a host from outside, judged against the yardstick.

use super::forecast::Forecast;
use crate::clock::{Interval, Nanos};

/// One look at a host after its chronyd was restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// How long after the restart, by the controller.
    pub elapsed: Nanos,
    /// Its clock minus the yardstick, positive = ahead; `None` where it was not measured, or there is no yardstick.
    pub offset: Option<Interval>,
    /// Whether chronyd follows an expected source, with a leap status that is normal.
    pub follows: bool,
    /// What chronyd has still to correct and how good that is: system clock minus its source, by its own claim.
    pub claim: Option<Interval>,
}

/// What one look amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Right: the whole interval is within the limit.
    Within,
    /// Right by what chronyd says, and nothing that was measured speaks against it: the path is too long to tell more.
    WithinByClaim,
    /// Off, and moving as forecast.
    OnItsWay,
    /// Neither right nor wrong for certain, and chronyd does not say that it is right.
    Unclear,
    /// Off for certain, and not as forecast.
    Off,
}

/// Judges one look; `warn` is the host's limit.
///
/// A clock that is within the limit by measurement and follows something else is not done: it would drift away again.
pub fn judge(look: Look, forecast: &Forecast, warn: Nanos) -> Standing {
    let claims =
        look.follows && look.claim.is_some_and(|claim| claim.contains(Nanos::ZERO) && claim.midpoint().abs() <= warn);
    let Some(offset) = look.offset else {
        return if claims { Standing::WithinByClaim } else { Standing::Unclear };
    };
    let size = offset.magnitude();
    if size.hi <= warn {
        if look.follows { Standing::Within } else { Standing::Unclear }
    } else if size.lo > warn {
        if forecast.is_kept(offset, look.elapsed) { Standing::OnItsWay } else { Standing::Off }
    } else if claims {
        Standing::WithinByClaim
    } else if forecast.is_kept(offset, look.elapsed) && forecast.still_off(look.elapsed) > warn {
        Standing::OnItsWay
    } else {
        Standing::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::forecast::{self, DEFAULT_SLEW_RATE, Outset, Ruling, SELECTION, StepPolicy};

    const WARN: Nanos = Nanos::from_millis(50);

    fn around(millis: i64, bound: i64) -> Interval {
        Interval::around(Nanos::from_millis(millis), Nanos::from_millis(bound))
    }

    fn slewed() -> Forecast {
        let outset = Outset { offset: around(8_000, 10), slew_rate: DEFAULT_SLEW_RATE, selection: SELECTION };
        match forecast::forecast(outset, StepPolicy::Forward) {
            Ruling::Allowed(forecast) | Ruling::NeedsConsent(forecast) => forecast,
        }
    }

    #[test]
    fn a_look_is_judged_by_measurement_first() {
        use Standing::{Off, OnItsWay, Unclear, Within, WithinByClaim};
        let good = Some(around(0, 1));
        let check = |offset, follows, claim, after_s: i64, expected| {
            let look = Look { elapsed: Nanos::from_seconds(after_s), offset, follows, claim };
            assert_eq!(judge(look, &slewed(), WARN), expected, "{look:?}");
        };
        check(Some(around(0, 11)), true, good, 200, Within);
        check(Some(around(0, 11)), false, None, 200, Unclear);
        // A clock that is off though its chronyd is content.
        check(Some(around(8_000, 11)), true, good, 200, Off);
        check(Some(around(-70, 11)), true, good, 200, Off);
        check(Some(around(4_000, 11)), true, Some(around(4_000, 1)), 50, OnItsWay);
        // A path of 150 ms each way.
        check(Some(around(10, 160)), true, good, 200, WithinByClaim);
        check(Some(around(10, 160)), true, Some(around(70, 1)), 200, Unclear);
        check(Some(around(10, 160)), false, good, 200, Unclear);
        check(Some(around(300, 160)), true, good, 200, Off);
        check(None, true, good, 200, WithinByClaim);
        check(None, false, good, 200, Unclear);
    }
}
