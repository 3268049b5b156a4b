//! Hunting the second's edge: when to ask a whole-second clock next, so that each answer halves what is not known.

use super::estimate::{Config, estimate};
use super::exchange::Exchange;
use super::interval::Interval;
use super::units::{Nanos, UnixNanos};

/// No hunt takes more probes than this; about ten suffice on a local network, a busy host takes the rest.
pub const MOST_PROBES: usize = 24;

/// The next probe of a hunt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// When to write the request, on the axis; not before now.
    pub send_at: UnixNanos,
    /// Bounds of the clock's offset from the axis at the present; positive = ahead.
    pub bounds: Interval,
}

/// What to do next in a hunt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hunt {
    /// Nothing is known yet: ask at any time.
    First,
    /// Ask at that time.
    Probe(Aim),
    /// Further probes gain nothing; these are the bounds now.
    Done(Interval),
}

/// Decides the next step of a hunt at `now` (`docs/measurement.md`, 1.3).
pub fn next(exchanges: &[Exchange], now: UnixNanos, config: &Config) -> Hunt {
    let Some(aim) = aim(exchanges, now, config) else {
        return Hunt::First;
    };
    let valid: Vec<Exchange> = exchanges.iter().copied().filter(Exchange::is_valid).collect();
    let (delay, lag) = (least_delay(&valid), lag_of(&valid));
    let width = aim.bounds.width();
    // Below the delay and the lag nothing can be told; a quarter on top is the last probe's worth.
    let floor = delay + lag;
    let is_narrow = i128::from(width.0) * 4 <= i128::from(floor.0) * 5;
    let before_two = valid.len().checked_sub(2).filter(|count| *count >= 2).and_then(|count| valid.get(..count));
    let stalls = before_two
        .and_then(|earlier| estimate(earlier, Nanos::ZERO, now, config))
        .is_some_and(|earlier| i128::from(width.0) * 10 > i128::from(earlier.bounds.width().0) * 9);
    // Two probes in vain far above the floor were bad luck: a fork on a busy host, a late packet.
    let is_near = i128::from(width.0) * 2 <= i128::from(floor.0) * 3;
    if is_narrow || (stalls && is_near) || valid.len() >= MOST_PROBES {
        Hunt::Done(aim.bounds)
    } else {
        Hunt::Probe(aim)
    }
}

/// Whether a hunt with these exchanges, oldest first, came to its end: from some probe on nothing more was to be gained. One that
/// was cut short by a lost session never did.
pub fn is_over(exchanges: &[Exchange], config: &Config) -> bool {
    exchanges.iter().enumerate().any(|(index, last)| {
        let so_far = exchanges.get(..=index).unwrap_or_default();
        matches!(next(so_far, last.received, config), Hunt::Done(_))
    })
}

/// The probe that halves the uncertainty: its reading is taken when, for all that is known, the clock is as likely to
/// show the old second as the new one. `None` without a valid exchange.
pub fn aim(exchanges: &[Exchange], now: UnixNanos, config: &Config) -> Option<Aim> {
    let valid: Vec<Exchange> = exchanges.iter().copied().filter(Exchange::is_valid).collect();
    let bounds = estimate(&valid, Nanos::ZERO, now, config)?.bounds;
    let resolution = i128::from(valid.last()?.resolution.0);
    let forward = i128::from(least_delay(&valid).0).div_euclid(2);
    let (lo, hi) = (i128::from(bounds.lo.0), i128::from(bounds.hi.0));
    // The reading may lag: what it can still be ends that much earlier.
    let middle = (lo + lo.max(hi - i128::from(lag_of(&valid).0))).div_euclid(2);
    let reading = i128::from(now.0) + forward + middle;
    let edge = -(-reading).div_euclid(resolution) * resolution;
    let send_at = UnixNanos(Nanos::saturating_from(edge - middle - forward).0);
    Some(Aim { send_at, bounds })
}

fn least_delay(valid: &[Exchange]) -> Nanos {
    valid.iter().map(Exchange::round_trip).min().unwrap_or_default()
}

fn lag_of(valid: &[Exchange]) -> Nanos {
    valid.iter().map(|exchange| exchange.lag).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::units::NANOS_PER_SECOND;

    /// Hunts a clock that is `offset` ahead and shows whole seconds `lag` late, each reading half-way through a round trip
    /// of `delay()`; gives the probes and the final bounds.
    fn hunt(offset: i64, lag: i64, delay: impl FnMut() -> i64) -> (usize, Interval) {
        let (exchanges, bounds) = hunted(offset, lag, delay);
        (exchanges.len(), bounds)
    }

    fn hunted(offset: i64, lag: i64, mut delay: impl FnMut() -> i64) -> (Vec<Exchange>, Interval) {
        let mut now = 1_795_300_000_000_000_000_i64;
        let mut exchanges = Vec::new();
        loop {
            let sent = match next(&exchanges, UnixNanos(now), &Config::STANDARD) {
                Hunt::First => now,
                Hunt::Probe(aim) => {
                    assert!(aim.send_at.0 >= now);
                    aim.send_at.0
                }
                Hunt::Done(bounds) => return (exchanges, bounds),
            };
            let delay = delay();
            let shown = (sent + delay / 2 + offset - lag).div_euclid(NANOS_PER_SECOND) * NANOS_PER_SECOND;
            exchanges.push(Exchange {
                sent: UnixNanos(sent),
                received: UnixNanos(sent + delay),
                first: UnixNanos(shown),
                last: UnixNanos(shown),
                resolution: Nanos(NANOS_PER_SECOND),
                lag: Nanos::from_millis(10),
                spawned: false,
            });
            now = sent + delay;
        }
    }

    #[test]
    fn a_hunt_converges_on_the_edge_with_the_truth_inside() {
        for offset in [0, 1, -310_000_000, 137_250_000_000, -31_536_000_000_000_000] {
            for (lag, delay) in [(0, 300_000), (3_900_000, 300_000), (9_999_999, 2_000_000), (0, 80_000_000)] {
                let (probes, bounds) = hunt(offset, lag, || delay);
                assert!(bounds.contains(Nanos(offset)), "{offset} {lag} {delay}: {bounds:?}");
                assert!(probes <= MOST_PROBES);
                let limit = 2 * (delay + 10_000_000) + 20_000_000;
                assert!(bounds.width().0 <= limit, "{offset} {lag} {delay}: {probes} probes, {bounds:?}");
            }
        }
    }

    #[test]
    fn a_hunt_that_was_cut_short_is_not_over_and_one_that_went_on_still_is() {
        let (mut exchanges, _) = hunted(137_250_000_000, 0, || 300_000);
        let probes = exchanges.len();
        assert!(probes > 2, "{probes}");
        for cut in 0..probes {
            assert!(!is_over(&exchanges[..cut], &Config::STANDARD), "{cut} of {probes}");
        }
        assert!(is_over(&exchanges, &Config::STANDARD));
        exchanges.extend_from_within(probes - 1..);
        assert!(is_over(&exchanges, &Config::STANDARD));
    }

    #[test]
    fn a_hunt_on_a_busy_host_goes_on_until_it_is_within_25_ms() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut most = Nanos::ZERO;
        for _ in 0..500 {
            let (offset, lag) = (random.i64(-10_000_000_000..10_000_000_000), random.i64(0..10_000_000));
            // Two forks in five have to wait for a processor.
            let mut delays = random.fork();
            let delay = || if delays.u8(..5) < 2 { delays.i64(4_000_000..60_000_000) } else { 4_000_000 };
            let (probes, bounds) = hunt(offset, lag, delay);
            assert!(bounds.contains(Nanos(offset)), "{offset} {lag}: {bounds:?}");
            assert!(probes <= MOST_PROBES);
            most = most.max(bounds.width());
        }
        assert!(most <= Nanos::from_millis(25), "{most}");
    }
}
