//! Rates: which straight lines fit the exchanges, when a limit is reached, and the rate that most hosts share.

use super::constraint::{BILLION, Constraint, carried};
use super::estimate::RateBounds;
use super::interval::Interval;
use super::overlap::most_covered;
use super::units::{Nanos, Ppm};

/// The ends of a rate's bounds; an end is `None` where the exchanges do not limit it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateEnds {
    /// The least rate that a straight line through all exchanges can have, rounded down.
    pub lo: Option<Ppm>,
    /// The greatest, rounded up.
    pub hi: Option<Ppm>,
}

impl RateEnds {
    /// Both ends, where both are known.
    pub fn bounds(self) -> Option<RateBounds> {
        Some(RateBounds { lo: self.lo?, hi: self.hi? })
    }
}

/// A rate as an exact fraction, ns of offset per ns of time; `run` is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slope {
    rise: i128,
    run: i128,
}

/// A point in time (ns) and a bound of the offset there (ns).
type Point = (i128, i128);

enum Steepest {
    /// No line is too steep.
    Unlimited,
    /// No line fits.
    Impossible,
    /// The steepest line that fits.
    Line(Slope),
}

/// The steepest line that keeps below every `upper` and above every `lower` point.
///
/// Newton's method on the least gap between the two sets as a function of the slope, which is concave and made of
/// straight pieces: it comes down from above, exactly, in a few passes. Each slope it visits is itself an upper bound,
/// so that stopping early would only widen the answer.
fn steepest(upper: &[Point], lower: &[Point]) -> Steepest {
    const PASSES: usize = 200;
    let (Some(last), Some(first)) = (upper.iter().max(), lower.iter().min()) else {
        return Steepest::Unlimited;
    };
    if last.0 <= first.0 {
        // No request after a reply: nothing limits the slope from above, but the points may still contradict.
        let ceiling = upper.iter().filter(|point| point.0 == first.0).map(|point| point.1).min();
        let floor = lower.iter().filter(|point| point.0 == last.0).map(|point| point.1).max();
        let contradiction = ceiling.zip(floor).is_some_and(|(ceiling, floor)| ceiling < floor);
        return if contradiction { Steepest::Impossible } else { Steepest::Unlimited };
    }
    let mut slope = Slope { rise: last.1 - first.1, run: last.0 - first.0 };
    for _ in 0..PASSES {
        let height =
            |point: &Point| point.1.saturating_mul(slope.run).saturating_sub(slope.rise.saturating_mul(point.0));
        let (Some(ceiling), Some(floor)) =
            (upper.iter().min_by_key(|point| height(point)), lower.iter().max_by_key(|point| height(point)))
        else {
            return Steepest::Unlimited;
        };
        if height(ceiling) >= height(floor) {
            break;
        }
        let run = ceiling.0 - floor.0;
        if run <= 0 {
            return Steepest::Impossible;
        }
        slope = Slope { rise: ceiling.1 - floor.1, run };
    }
    Steepest::Line(slope)
}

/// The straight lines that fit a set of constraints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    least: Option<Slope>,
    greatest: Option<Slope>,
}

impl Lines {
    /// Finds them; `None` where no straight line fits.
    pub(super) fn fitting(constraints: &[Constraint]) -> Option<Self> {
        let origin = constraints.first()?;
        let (time, offset) = (origin.sent, origin.lower);
        let upper: Vec<Point> = constraints.iter().map(|one| (one.sent - time, one.upper - offset)).collect();
        let lower: Vec<Point> = constraints.iter().map(|one| (one.received - time, one.lower - offset)).collect();
        let greatest = match steepest(&upper, &lower) {
            Steepest::Impossible => return None,
            Steepest::Unlimited => None,
            Steepest::Line(slope) => Some(slope),
        };
        // The least slope is the greatest one of the mirrored picture.
        let mirror = |points: &[Point]| points.iter().map(|(at, value)| (*at, -value)).collect::<Vec<Point>>();
        let least = match steepest(&mirror(&lower), &mirror(&upper)) {
            Steepest::Impossible => return None,
            Steepest::Unlimited => None,
            Steepest::Line(slope) => Some(Slope { rise: -slope.rise, run: slope.run }),
        };
        Some(Self { least, greatest })
    }

    /// Their rates, rounded outward.
    pub(super) fn ends(self) -> RateEnds {
        let ppb = |wide: i128| Ppm::from_ppb(Nanos::saturating_from(wide).0);
        RateEnds {
            lo: self.least.map(|slope| ppb((slope.rise * BILLION).div_euclid(slope.run))),
            hi: self.greatest.map(|slope| ppb(-(-slope.rise * BILLION).div_euclid(slope.run))),
        }
    }

    /// The middle of the lines of the middle rate, at `epoch`; `None` where the rate has only one limit.
    pub(super) fn centre(self, constraints: &[Constraint], epoch: i128) -> Option<i128> {
        // The middle rate in millionths of a ppb: an exact fraction would not fit, and the estimate needs no more.
        const SCALE: i128 = 1_000_000;
        let (least, greatest) = (self.least?, self.greatest?);
        let fine = |slope: Slope| (slope.rise * BILLION).saturating_mul(SCALE) / slope.run;
        let rate = i128::midpoint(fine(least), fine(greatest));
        let moved = |length: i128| rate.saturating_mul(length) / (BILLION * SCALE);
        let lo = constraints.iter().map(|one| one.lower + moved(epoch - one.received)).max()?;
        let hi = constraints.iter().map(|one| one.corrected + moved(epoch - one.sent)).min()?;
        Some((lo + hi).div_euclid(2))
    }
}

/// How long an offset takes to become zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approach {
    /// At least and at most so long.
    Between(Nanos, Nanos),
    /// At least so long; the rate may be none.
    AtLeast(Nanos),
    /// It does not get nearer at any rate allowed.
    Never,
}

/// How long an offset somewhere in `left` takes to become zero while it changes within `rate`; rounded outward.
pub fn time_to_zero(left: Interval, rate: RateBounds) -> Approach {
    let distance = left.magnitude();
    // A clock that is ahead gets nearer by being slow.
    let is_ahead = left.midpoint() > Nanos::ZERO;
    let (slowest, fastest) = if is_ahead {
        (-i128::from(rate.hi.ppb()), -i128::from(rate.lo.ppb()))
    } else {
        (rate.lo.ppb().into(), rate.hi.ppb().into())
    };
    let time = |distance: Nanos, speed: i128| i128::from(distance.0) * BILLION / speed;
    match (slowest > 0, fastest > 0) {
        (_, false) => Approach::Never,
        (false, true) => Approach::AtLeast(Nanos::saturating_from(time(distance.lo, fastest))),
        (true, true) => Approach::Between(
            Nanos::saturating_from(time(distance.lo, fastest)),
            Nanos::saturating_from(time(distance.hi, slowest).saturating_add(1)),
        ),
    }
}

/// When a clock reaches a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitReached {
    /// It may reach it after this many seconds, 0 where it may have done so already; `None` = never at any rate allowed.
    pub earliest_s: Option<f64>,
    /// It reaches it at the latest after this many seconds; `None` where it may never do so.
    pub latest_s: Option<f64>,
}

/// When an offset within `bounds` that changes within `rate` reaches `limit` on either side (`docs/measurement.md`, 5).
///
/// A prediction for people, so in seconds of floating point.
#[expect(clippy::cast_precision_loss, reason = "a prediction for people; nothing is judged by it")]
pub fn limit_reached(bounds: Interval, rate: RateBounds, limit: Nanos) -> LimitReached {
    let (lo, hi) = (bounds.lo.0 as f64, bounds.hi.0 as f64);
    let (slowest, fastest) = (rate.lo.ppb() as f64, rate.hi.ppb() as f64);
    let theta = limit.0 as f64;
    let least = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    };
    let upwards = (fastest > 0.0).then(|| (theta - hi) / fastest);
    let downwards = (slowest < 0.0).then(|| (theta + lo) / -slowest);
    let touches = hi >= theta || lo <= -theta;
    let surely = lo > theta || hi < -theta;
    let at_latest =
        least((slowest > 0.0).then(|| (theta - lo) / slowest), (fastest < 0.0).then(|| (theta + hi) / -fastest));
    LimitReached {
        earliest_s: if touches { Some(0.0) } else { least(upwards, downwards) },
        latest_s: if surely { Some(0.0) } else { at_latest },
    }
}

/// A rate that at least two thirds of three or more hosts share and that is not the axis's own: the axis is slewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonRate {
    /// How many hosts share it.
    pub hosts: usize,
    /// Its bounds.
    pub bounds: RateBounds,
}

/// Finds the rate that most hosts share; `None` where fewer than two thirds do, or where it may lie within `steady`.
pub fn common_rate(rates: &[RateBounds], steady: Ppm) -> Option<CommonRate> {
    let shared = most_covered(rates.iter().map(|rate| (rate.lo.ppb(), rate.hi.ppb())))?;
    let (lo, hi, best) = (shared.from, shared.to, shared.count);
    let enough = rates.len() >= 3 && best * 3 >= rates.len() * 2;
    let elsewhere = lo > steady.ppb() || hi < -steady.ppb();
    (enough && elsewhere)
        .then_some(CommonRate { hosts: best, bounds: RateBounds { lo: Ppm::from_ppb(lo), hi: Ppm::from_ppb(hi) } })
}

/// Bounds of the difference `host - reference` of two rates.
pub fn relative(host: RateBounds, reference: RateBounds) -> RateBounds {
    let minus = |a: Ppm, b: Ppm| Ppm::from_ppb(a.ppb().saturating_sub(b.ppb()));
    RateBounds { lo: minus(host.lo, reference.hi), hi: minus(host.hi, reference.lo) }
}

/// The interval of offsets that `bounds` can have become after `length` at any rate within `rate`.
pub fn carry(bounds: Interval, length: Nanos, rate: Ppm) -> Interval {
    bounds.widened(Nanos::saturating_from(carried(i128::from(length.0), rate)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn constraint((sent, delay, lower, width): (i64, i64, i64, i64)) -> Constraint {
        let (sent, lower) = (i128::from(sent), i128::from(lower));
        let (received, upper) = (sent + i128::from(delay), lower + i128::from(width));
        Constraint { sent, received, lower, upper, corrected: upper, round_trip: received - sent, width: upper - lower }
    }

    /// The ends by their definition: over every pair of an upper and a lower bound; `None` where no line fits.
    fn ends_by_force(constraints: &[Constraint]) -> Option<RateEnds> {
        let pairs = || constraints.iter().flat_map(|high| constraints.iter().map(move |low| (high, low)));
        let mut least: Option<(i128, i128)> = None;
        let mut greatest: Option<(i128, i128)> = None;
        for (high, low) in pairs() {
            let (rise, run) = (high.upper - low.lower, high.sent - low.received);
            if run > 0 && greatest.is_none_or(|(r, n)| rise * n < r * run) {
                greatest = Some((rise, run));
            }
            let (rise, run) = (-rise, -run);
            if run > 0 && least.is_none_or(|(r, n)| rise * n > r * run) {
                least = Some((rise, run));
            }
            if run == 0 && high.upper < low.lower {
                return None;
            }
        }
        if let (Some((low_rise, low_run)), Some((high_rise, high_run))) = (least, greatest)
            && low_rise * high_run > high_rise * low_run
        {
            return None;
        }
        let ppb = |wide: i128| Ppm::from_ppb(Nanos::saturating_from(wide).0);
        Some(RateEnds {
            lo: least.map(|(rise, run)| ppb((rise * BILLION).div_euclid(run))),
            hi: greatest.map(|(rise, run)| ppb(-(-rise * BILLION).div_euclid(run))),
        })
    }

    proptest! {
        #[test]
        fn the_ends_are_those_of_every_pair(
            raw in proptest::collection::vec((0_i64..3_000, 0_i64..300, -200_i64..200, 0_i64..200), 1..16),
        ) {
            let constraints: Vec<Constraint> = raw.into_iter().map(constraint).collect();
            prop_assert_eq!(Lines::fitting(&constraints).map(Lines::ends), ends_by_force(&constraints));
        }
    }

    #[test]
    fn an_offset_is_gone_when_its_rate_has_eaten_it() {
        let check = |left: (i64, i64), rate_ppm: (i64, i64), expected: Approach| {
            let left = Interval::new(Nanos::from_millis(left.0), Nanos::from_millis(left.1));
            let rate = RateBounds { lo: Ppm::from_ppm(rate_ppm.0), hi: Ppm::from_ppm(rate_ppm.1) };
            assert_eq!(time_to_zero(left, rate), expected, "{left:?} {rate:?}");
        };
        let seconds = Nanos::from_seconds;
        check((900, 1_000), (-50_000, -45_000), Approach::Between(seconds(18), Nanos(22_222_222_223)));
        check((-1_000, -900), (45_000, 50_000), Approach::Between(seconds(18), Nanos(22_222_222_223)));
        check((900, 1_000), (-50_000, 10), Approach::AtLeast(seconds(18)));
        check((900, 1_000), (10, 20), Approach::Never);
        check((-1_000, -900), (-20, -10), Approach::Never);
    }

    #[test]
    fn a_limit_is_reached_at_the_earliest_and_at_the_latest() {
        let check = |bounds: (i64, i64), rate: (i64, i64), earliest: Option<f64>, latest: Option<f64>| {
            let bounds = Interval::new(Nanos(bounds.0), Nanos(bounds.1));
            let rate = RateBounds { lo: Ppm::from_ppb(rate.0), hi: Ppm::from_ppb(rate.1) };
            let expected = LimitReached { earliest_s: earliest, latest_s: latest };
            assert_eq!(limit_reached(bounds, rate, Nanos(1_000)), expected, "{bounds:?} {rate:?}");
        };
        check((-100, 100), (-10, 10), Some(90.0), None);
        check((0, 100), (5, 10), Some(90.0), Some(200.0));
        check((0, 100), (-20, -10), Some(50.0), Some(110.0));
        check((0, 100), (0, 0), None, None);
        check((900, 1_000), (0, 0), Some(0.0), None);
        check((1_001, 1_100), (-1, 1), Some(0.0), Some(0.0));
    }

    #[test]
    fn a_common_rate_needs_two_thirds_and_is_not_the_axis_own() {
        let check = |rates: &[(i64, i64)], expected: Option<(usize, i64, i64)>| {
            let rates: Vec<RateBounds> =
                rates.iter().map(|(lo, hi)| RateBounds { lo: Ppm::from_ppb(*lo), hi: Ppm::from_ppb(*hi) }).collect();
            let found = common_rate(&rates, Ppm::from_ppb(500));
            assert_eq!(found.map(|one| (one.hosts, one.bounds.lo.ppb(), one.bounds.hi.ppb())), expected);
        };
        check(&[(900, 1_100), (1_000, 1_200), (-50, 50)], Some((2, 1_000, 1_100)));
        check(&[(900, 1_100), (1_000, 1_200)], None);
        check(&[(-50, 50), (-40, 60), (-30, 70)], None);
        check(&[(900, 1_000), (1_000, 1_200), (-50, 50)], Some((2, 1_000, 1_000)));
        check(&[(-2_000, -1_000), (-1_500, -900), (-1_200, 0), (40, 60)], Some((3, -1_200, -1_000)));
        check(&[], None);
    }
}
