//! The controller's own clock against the axis: its offset at an epoch, its rate, and whether it was moved meanwhile.
//!
//! The axis is only a ruler made of a free crystal, so that every offset "from the controller" needs the controller's
//! wall clock read against it, near the epoch: `x` = wall clock minus axis, positive = the wall clock is ahead.

use super::constraint::BILLION;
use super::estimate::RateBounds;
use super::interval::Interval;
use super::units::{Nanos, Ppm, UnixNanos};

/// Bounds of the controller's `x` at `epoch`, from its readings (instant on the axis, bounds there) in any order.
///
/// Sound for any clock that keeps within `rho` of the axis, as a host's bounds are: every reading is carried to the
/// epoch at `rho`. So the more often the clock was read around the epoch, the narrower. Where the clock did not keep to
/// that (`was_set`, or readings that contradict each other), no reading says which side of the change the epoch is on:
/// the bounds span both neighbours of the epoch, or every reading where the epoch lies beyond all of them. `None`
/// without readings.
pub fn controller_at(
    readings: &[(UnixNanos, Interval)],
    was_set: bool,
    epoch: UnixNanos,
    rho: Ppm,
) -> Option<Interval> {
    let carried = |(at, x): &(UnixNanos, Interval)| x.widened(epoch.since(*at).wander(rho));
    let mut together = readings.iter().map(carried);
    let first = together.next()?;
    if !was_set && let Some(common) = together.try_fold(first, Interval::intersection) {
        return Some(common);
    }
    let hull = |one: Interval, other: Interval| Interval { lo: one.lo.min(other.lo), hi: one.hi.max(other.hi) };
    let before = readings.iter().filter(|(at, _)| *at <= epoch).max_by_key(|(at, _)| *at).map(carried);
    let after = readings.iter().filter(|(at, _)| *at > epoch).min_by_key(|(at, _)| *at).map(carried);
    match (before, after) {
        (Some(one), Some(other)) => Some(hull(one, other)),
        _ => readings.iter().map(carried).reduce(hull),
    }
}

/// Whether `x` changed between two neighbouring readings by more than their errors and `rho` explain: the controller's
/// clock was stepped or slewed (finding CLK506).
pub fn controller_moved(readings: &[(UnixNanos, Interval)], rho: Ppm) -> bool {
    let mut sorted = readings.to_vec();
    sorted.sort_by_key(|(at, _)| *at);
    sorted.iter().zip(sorted.iter().skip(1)).any(|((from, before), (to, after))| {
        let widened = before.widened(to.since(*from).wander(rho));
        widened.is_disjoint(*after)
    })
}

/// Bounds of the controller's mean rate against the axis, from its earliest to its latest reading; positive = fast.
///
/// `None` where there are no two readings at different instants.
pub fn controller_rate(readings: &[(UnixNanos, Interval)]) -> Option<RateBounds> {
    let (from, before) = readings.iter().min_by_key(|(at, _)| *at)?;
    let (to, after) = readings.iter().max_by_key(|(at, _)| *at)?;
    let length = i128::from(to.0) - i128::from(from.0);
    if length <= 0 {
        return None;
    }
    let least = (i128::from(after.lo.0) - i128::from(before.hi.0)) * BILLION;
    let greatest = (i128::from(after.hi.0) - i128::from(before.lo.0)) * BILLION;
    let ppb = |wide: i128| Ppm::from_ppb(Nanos::saturating_from(wide).0);
    Some(RateBounds { lo: ppb(least.div_euclid(length)), hi: ppb(-(-greatest).div_euclid(length)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RHO: Ppm = Ppm::from_ppm(500);

    fn reading(at_ms: i64, lo: i64, hi: i64) -> (UnixNanos, Interval) {
        (UnixNanos(at_ms * 1_000_000), Interval::new(Nanos(lo), Nanos(hi)))
    }

    #[test]
    fn readings_are_carried_to_the_epoch() {
        let check = |readings: &[(UnixNanos, Interval)], at_ms: i64, expected: Option<(i64, i64)>| {
            let found = controller_at(readings, false, UnixNanos(at_ms * 1_000_000), RHO);
            assert_eq!(found, expected.map(|(lo, hi)| Interval::new(Nanos(lo), Nanos(hi))));
        };
        check(&[], 0, None);
        check(&[reading(0, -50, 50)], 2, Some((-1_050, 1_050)));
        check(&[reading(0, -50, 50), reading(4, 1_950, 2_050)], 2, Some((950, 1_050)));
        // Stepped by a second in between: either may hold.
        check(&[reading(0, -50, 50), reading(4, 1_000_000, 1_000_010)], 2, Some((-1_050, 1_001_010)));
    }

    #[test]
    fn a_clock_that_was_set_is_known_to_both_sides_of_the_change() {
        let check = |readings: &[(UnixNanos, Interval)], was_set: bool, at_ms: i64, expected: (i64, i64), why: &str| {
            let found = controller_at(readings, was_set, UnixNanos(at_ms * 1_000_000), RHO);
            assert_eq!(found, Some(Interval::new(Nanos(expected.0), Nanos(expected.1))), "{why}");
        };
        // Ten seconds apart 500 ppm explain 5 ms: a step of 4 ms hides in them.
        let apart = [reading(0, -10, 10), reading(10_000, 3_999_990, 4_000_010)];
        check(&apart, false, 5_000, (1_499_990, 2_500_010), "nobody set it: a clock that is 400 ppm fast");
        check(&apart, true, 5_000, (-2_500_010, 6_500_010), "the kernel told of a step: 0 and 4 ms may both be true");
        let stepped = [reading(0, -10, 10), reading(1, 1_000_000, 1_000_010)];
        check(&stepped, false, 3, (-1_510, 1_001_010), "beyond all readings: it may have been set back");
    }

    #[test]
    fn a_change_beyond_the_rate_limit_is_a_move() {
        assert!(!controller_moved(&[reading(0, -50, 50), reading(4, 2_050, 2_150)], RHO));
        assert!(controller_moved(&[reading(4, 2_051, 2_150), reading(0, -50, 50)], RHO));
        assert!(!controller_moved(&[reading(0, -50, 50)], RHO));
    }

    #[test]
    fn the_mean_rate_is_rounded_outward() {
        let found = controller_rate(&[reading(0, 0, 10), reading(1_000, 40_000, 40_010)]);
        assert_eq!(found, Some(RateBounds { lo: Ppm::from_ppb(39_990), hi: Ppm::from_ppb(40_010) }));
        assert_eq!(controller_rate(&[reading(0, 0, 10)]), None);
    }
}
