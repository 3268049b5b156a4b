//! What one exchange proves: a least offset at the instant its reply came, a greatest one at the instant its request went.

use super::exchange::Exchange;
use super::interval::Interval;
use super::units::{NANOS_PER_SECOND, Nanos, Ppm, UnixNanos};

/// Nanoseconds in one second, as wide as the products here.
pub(super) const BILLION: i128 = NANOS_PER_SECOND as i128;

/// The two one-sided bounds of one valid exchange (`docs/measurement.md`, 1), wide enough that no sum overflows; ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Constraint {
    /// When the request was written, on the axis: what `upper` holds for.
    pub(super) sent: i128,
    /// When the reply was read, on the axis: what `lower` holds for.
    pub(super) received: i128,
    /// The offset was at least this when the reply was read (`L`).
    pub(super) lower: i128,
    /// The offset was at most this when the request was written (`U`).
    pub(super) upper: i128,
    /// `upper` less the time of a fork and exec before the reading: for the point estimate alone (`U'`).
    pub(super) corrected: i128,
    /// Round-trip delay without the host's time between its readings (`w`).
    pub(super) round_trip: i128,
    /// Round-trip delay, resolution and lag together: the width of the exchange's own interval.
    pub(super) width: i128,
}

impl Constraint {
    /// What `exchange` proves, the corrected bound taken down by `spawn`.
    ///
    /// Where the host's clock was moved between the two readings of one reply by more than a steady clock's rate `rho`
    /// allows, the first reading is of the clock as it was before: only the last one counts then. So no exchange ever
    /// contradicts itself at `rho`, and the last one alone always bounds the clock as it is now.
    pub(super) fn of(exchange: &Exchange, spawn: Nanos, rho: Ppm) -> Self {
        let (sent, received) = (i128::from(exchange.sent.0), i128::from(exchange.received.0));
        let last = i128::from(exchange.last.0);
        let lower = last - received;
        let slack = i128::from(exchange.resolution.0) + i128::from(exchange.lag.0);
        let from_first = i128::from(exchange.first.0) + slack - sent;
        let torn = lower - from_first > carried(received - sent, rho);
        let first = if torn { last } else { i128::from(exchange.first.0) };
        let round_trip = received - sent - (last - first);
        let upper = first + slack - sent;
        let corrected = upper - i128::from(spawn.0);
        Self { sent, received, lower, upper, corrected, round_trip, width: round_trip + slack }
    }
}

/// How far a clock wanders in `length` (ns, either sign) at `rate`, rounded up.
pub(super) fn carried(length: i128, rate: Ppm) -> i128 {
    let product = length.unsigned_abs() * u128::from(rate.ppb().unsigned_abs());
    // A division of 64 bits is several times faster, and nearly every product fits.
    let billion = NANOS_PER_SECOND.unsigned_abs();
    match u64::try_from(product) {
        Ok(small) => i128::from(small.div_ceil(billion)),
        Err(_) => i128::try_from(product.div_ceil(u128::from(billion))).unwrap_or(i128::MAX / 4),
    }
}

/// The hard interval at `epoch`: every constraint carried there at `rate` and rounded outward; `None` without constraints.
pub(super) fn bounds_at(constraints: &[Constraint], epoch: i128, rate: Ppm) -> Option<(i128, i128)> {
    let lo = constraints.iter().map(|one| one.lower - carried(epoch - one.received, rate)).max()?;
    let hi = constraints.iter().map(|one| one.upper + carried(epoch - one.sent, rate)).min()?;
    Some((lo, hi))
}

/// The interval of two wide ends, narrowed to what can be held; ends in the wrong order are exchanged.
pub(super) fn interval((lo, hi): (i128, i128)) -> Interval {
    Interval::new(Nanos::saturating_from(lo), Nanos::saturating_from(hi))
}

/// The instant of a wide number.
pub(super) fn instant(nanos: i128) -> UnixNanos {
    UnixNanos(Nanos::saturating_from(nanos).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(sent: i64, received: i64, first: i64, last: i64) -> Exchange {
        Exchange {
            sent: UnixNanos(sent),
            received: UnixNanos(received),
            first: UnixNanos(first),
            last: UnixNanos(last),
            resolution: Nanos(1),
            lag: Nanos(2),
            spawned: false,
        }
    }

    #[test]
    fn two_readings_lose_the_time_between_them() {
        let one = Constraint::of(&exchange(100, 200, 1_130, 1_150), Nanos(7), Ppm::from_ppm(500));
        assert_eq!((one.lower, one.upper, one.corrected), (950, 1_033, 1_026));
        assert_eq!((one.round_trip, one.width), (80, 83));
        assert_eq!(one.upper - one.lower, one.width);
    }

    #[test]
    fn a_step_between_two_readings_leaves_the_last_one() {
        let one = Constraint::of(&exchange(100, 200, 1_130, 5_150), Nanos(0), Ppm::from_ppm(500));
        assert_eq!((one.lower, one.upper), (4_950, 5_053));
    }

    #[test]
    fn carrying_rounds_up_and_never_overflows() {
        assert_eq!(carried(-1, Ppm::from_ppm(500)), 1);
        assert_eq!(carried(2_000_000_000, Ppm::from_ppm(500)), 1_000_000);
        assert!(carried(i128::from(i64::MAX) * 2, Ppm::from_ppb(i64::MAX)) > 0);
    }
}
