//! When to sample whom: the pace of the sweeps, each host's place in them, and who gets more exchanges than the rest.

use super::estimate::{Config, Status, estimate};
use super::exchange::Exchange;
use super::interval::Interval;
use super::pairs::Decision;
use super::units::{NANOS_PER_SECOND, Nanos, UnixNanos};

/// No sweep starts sooner after the one before: queues on the way need time to drain.
pub const LEAST_PERIOD: Nanos = Nanos::from_millis(250);
/// No fleet is sampled faster than this, in exchanges a second.
pub const HIGHEST_RATE: u32 = 10_000;
/// No host gets more exchanges than this in one window.
pub const MOST_EXCHANGES: usize = 32;
/// A timer that is late by more than this (95th percentile) tells that the controller is overloaded.
pub const TOLERATED_LATENESS: Nanos = Nanos::from_micros(50);
/// Assumed processor time of one exchange until it is measured (25 us to send, 35 us to receive).
pub const ASSUMED_COST: Nanos = Nanos::from_micros(60);

/// However late its timer is, the pacer keeps this part of its rate: slower, and the drift of the clocks would matter more.
const SLOWEST: u32 = 4;
/// Unanswered for this many times its patience, a host is given up; what it has answered is kept.
const MISSES: i64 = 3;
/// A hunted clock that has been found is asked on at about this distance, until it has as many exchanges as the others.
pub const AFTER_THE_HUNT: Nanos = Nanos::from_millis(250);

/// How fast the fleet is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Exchanges a second over the whole fleet, at least 1.
    pub rate: u32,
    /// The rate that is never exceeded, exchanges a second.
    pub cap: u32,
}

impl Pace {
    /// The pace that leaves `cores` processors 40 % idle when one exchange takes `cost` of processor time.
    pub fn for_load(cores: usize, cost: Nanos) -> Self {
        let cores = u128::try_from(cores.max(1)).unwrap_or(1);
        let cost = u128::from(cost.0.max(1).unsigned_abs());
        let rate = cores * u128::from(NANOS_PER_SECOND.unsigned_abs()) * 6 / (cost * 10);
        let cap = u32::try_from(rate).unwrap_or(HIGHEST_RATE).clamp(1, HIGHEST_RATE);
        Self { rate: cap, cap }
    }

    /// The pace after a sweep whose timer was late by `lateness_p95`: slower when overloaded, but not below a quarter of the cap,
    /// else back towards the cap.
    #[must_use]
    pub fn guarded(self, lateness_p95: Nanos) -> Self {
        let percent = if lateness_p95 > TOLERATED_LATENESS { 70 } else { 105 };
        let rate = (u64::from(self.rate) * percent).div_ceil(100);
        Self { rate: u32::try_from(rate).unwrap_or(self.cap).clamp(self.cap / SLOWEST, self.cap).max(1), cap: self.cap }
    }

    /// How long one sweep over `hosts` takes at this pace.
    pub fn period(self, hosts: usize) -> Nanos {
        let nanos = i128::try_from(hosts).unwrap_or(i128::MAX / i128::from(NANOS_PER_SECOND));
        Nanos::saturating_from(nanos * i128::from(NANOS_PER_SECOND) / i128::from(self.rate.max(1))).max(LEAST_PERIOD)
    }
}

/// How long an answer may take before it counts as missed: four of the host's best round trips, but not less than `least`.
pub fn patience(least: Nanos, best_round_trip: Option<Nanos>) -> Nanos {
    least.max(four(best_round_trip))
}

/// How long a host of that patience may be silent before it is given up.
pub fn silence(patience: Nanos) -> Nanos {
    Nanos(patience.0.saturating_mul(MISSES))
}

/// Whether the fleet goes on without an answer that it has waited for so long: the host may still give it, and is asked no more
/// until it has, but the others are not kept waiting until it is given up.
pub fn is_late(waited: Nanos, best_round_trip: Option<Nanos>) -> bool {
    waited > LEAST_PERIOD.max(four(best_round_trip))
}

fn four(round_trip: Option<Nanos>) -> Nanos {
    Nanos(round_trip.unwrap_or_default().0.saturating_mul(4))
}

/// The processor time of one exchange after another `measured` one: a moving average over about eight.
pub fn average_cost(before: Nanos, measured: Nanos) -> Nanos {
    Nanos::saturating_from((i128::from(before.0) * 7 + i128::from(measured.0)) / 8)
}

/// The 95th percentile of how late a timer was, ns; `None` without readings.
pub fn lateness_p95(lateness: &[Nanos]) -> Option<Nanos> {
    let mut sorted = lateness.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * 95).div_ceil(100).checked_sub(1)?;
    sorted.get(rank).copied()
}

/// One host's place in a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot<Host> {
    /// The host.
    pub host: Host,
    /// When its request is due, after the start of the sweep.
    pub due: Nanos,
}

/// Spreads `hosts` evenly over `period`, in an order that is shuffled anew for every `sweep` of a run's `seed`.
///
/// So no host is always asked at the same moment as the same neighbours, and no queue is met twice in the same place.
pub fn sweep<Host: Copy>(hosts: &[Host], period: Nanos, seed: u64, sweep: u32) -> Vec<Slot<Host>> {
    let mut order = hosts.to_vec();
    fastrand::Rng::with_seed(seed.wrapping_add(u64::from(sweep).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .shuffle(&mut order);
    let count = i128::try_from(order.len().max(1)).unwrap_or(i128::MAX);
    let due = |place: i128| Nanos::saturating_from(i128::from(period.0) * place / count);
    (0_i128..).zip(order).map(|(place, host)| Slot { host, due: due(place) }).collect()
}

/// What spare sweeps are decided by.
#[derive(Debug, Clone, Copy)]
pub struct Spare<'limits> {
    /// The middle of the sampling window so far, on the axis.
    pub epoch: UnixNanos,
    /// The limits that each host's offset is held against, in the order of the hosts; a host without any is never undecided.
    pub limits: &'limits [[Nanos; 2]],
    /// What offsets are relative to, minus the axis, at the epoch: the controller's `x`; `None` where it is not known.
    pub reference: Option<Interval>,
    /// What is taken for granted about clocks.
    pub config: Config,
}

/// Names the hosts (by index) that a spare sweep asks, ascending: those that have fewer exchanges than the `promised` ones, and
/// those that more may help, as long as they have fewer than `most`.
pub fn wanted(samples: &[&[Exchange]], promised: usize, most: usize, spare: &Spare<'_>) -> Vec<usize> {
    let helped = wants_more(samples, spare);
    let is_wanted = |(host, exchanges): &(usize, &&[Exchange])| {
        exchanges.len() < most && (exchanges.len() < promised || helped.binary_search(host).is_ok())
    };
    samples.iter().enumerate().filter(is_wanted).map(|(host, _)| host).collect()
}

/// Names the hosts (by index) that further exchanges may help, ascending.
///
/// These are the hosts whose clock may have changed, and those that are undecided against a limit or belong to the
/// widest tenth, as long as their last three exchanges made their bounds narrower by 5 %: a host that is undecided
/// because its path is long stays so, however often it is asked. None gets more than [`MOST_EXCHANGES`].
pub fn wants_more(samples: &[&[Exchange]], spare: &Spare<'_>) -> Vec<usize> {
    let Spare { epoch, limits, reference, config } = *spare;
    let estimates: Vec<_> = samples.iter().map(|exchanges| estimate(exchanges, Nanos::ZERO, epoch, &config)).collect();
    let mut widths: Vec<Nanos> = estimates.iter().flatten().map(|estimate| estimate.bounds.width()).collect();
    widths.sort_unstable();
    let widest = widths.get(widths.len().saturating_sub(widths.len().div_ceil(10))).copied().unwrap_or(Nanos::MAX);

    let wanted = samples.iter().zip(&estimates).enumerate().filter(|(host, (exchanges, estimate))| {
        let Some(estimate) = estimate.as_ref().filter(|_| exchanges.len() < MOST_EXCHANGES) else {
            return false;
        };
        let is_undecided = reference.is_some_and(|x| {
            let offset = estimate.bounds.minus(x);
            limits.get(*host).into_iter().flatten().any(|limit| Decision::of(offset, *limit) == Decision::Undecided)
        });
        let may_gain = is_undecided || estimate.bounds.width() >= widest;
        estimate.status == Status::Suspect || (may_gain && still_shrinks(exchanges, estimate.bounds, spare))
    });
    wanted.map(|(host, _)| host).collect()
}

/// Whether the last three exchanges made the bounds narrower by 5 %.
fn still_shrinks(exchanges: &[Exchange], bounds: Interval, spare: &Spare<'_>) -> bool {
    let earlier = exchanges.len().checked_sub(3).and_then(|count| exchanges.get(..count)).unwrap_or_default();
    let before = estimate(earlier, Nanos::ZERO, spare.epoch, &spare.config);
    before.is_none_or(|before| i128::from(bounds.width().0) * 100 <= i128::from(before.bounds.width().0) * 95)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_leaves_room_and_obeys_the_guard() {
        let check = |cores, cost, expected| assert_eq!(Pace::for_load(cores, Nanos::from_micros(cost)).rate, expected);
        check(2, 60, 10_000);
        check(2, 600, 2_000);
        check(0, 600, 1_000);
        check(1, i64::MAX, 1);
        let pace = Pace { rate: 2_000, cap: 2_000 };
        assert_eq!(pace.guarded(Nanos::from_micros(51)).rate, 1_400);
        assert_eq!(pace.guarded(Nanos::from_micros(50)).rate, 2_000);
        assert_eq!(Pace { rate: 1_000, cap: 2_000 }.guarded(Nanos::ZERO).rate, 1_050);
        assert_eq!(Pace { rate: 600, cap: 2_000 }.guarded(Nanos::from_millis(1)).rate, 500);
        assert_eq!(Pace { rate: 1, cap: 3 }.guarded(Nanos::from_millis(1)).rate, 1);
    }

    #[test]
    fn a_sweep_takes_a_quarter_of_a_second_or_what_the_pace_needs() {
        let pace = Pace { rate: 10_000, cap: 10_000 };
        assert_eq!(pace.period(10), LEAST_PERIOD);
        assert_eq!(pace.period(10_000), Nanos::from_seconds(1));
    }

    #[test]
    fn every_host_has_one_place_and_the_order_changes() {
        let hosts: Vec<usize> = (0..100).collect();
        let first = sweep(&hosts, Nanos::from_seconds(1), 7, 0);
        let second = sweep(&hosts, Nanos::from_seconds(1), 7, 1);
        for slots in [&first, &second] {
            let mut seen: Vec<usize> = slots.iter().map(|slot| slot.host).collect();
            seen.sort_unstable();
            assert_eq!(seen, hosts);
            assert!((0..).zip(slots).all(|(place, slot)| slot.due == Nanos::from_millis(10 * place)));
        }
        assert_ne!(first, second);
        assert_eq!(first, sweep(&hosts, Nanos::from_seconds(1), 7, 0));
        assert!(sweep(&[] as &[usize], LEAST_PERIOD, 7, 0).is_empty());
    }

    #[test]
    fn the_percentile_is_a_value_that_occurred() {
        let check = |values: &[i64], expected: Option<i64>| {
            let lateness: Vec<Nanos> = values.iter().copied().map(Nanos).collect();
            assert_eq!(lateness_p95(&lateness), expected.map(Nanos));
        };
        check(&[], None);
        check(&[5], Some(5));
        check(&(1..=100).rev().collect::<Vec<_>>(), Some(95));
    }

    fn exchange(at_ms: i64, delay_us: i64, offset_us: i64) -> Exchange {
        let sent = UnixNanos(at_ms * 1_000_000);
        let reading = sent + Nanos::from_micros(delay_us / 2 + offset_us);
        Exchange {
            sent,
            received: sent + Nanos::from_micros(delay_us),
            first: reading,
            last: reading,
            resolution: Nanos(1),
            lag: Nanos::ZERO,
            spawned: false,
        }
    }

    #[test]
    fn spare_sweeps_go_where_they_help() {
        let host = |delays: &[i64], offset: i64| -> Vec<Exchange> {
            (0..).zip(delays).map(|(index, delay)| exchange(index * 250, *delay, offset)).collect()
        };
        // Nine quiet hosts, then one far away that no longer gains, one that still does, and one that is undecided and gains.
        let mut fleet: Vec<Vec<Exchange>> = (0..9).map(|_| host(&[200; 8], 0)).collect();
        fleet.push(host(&[80_000; 8], 45_000));
        fleet.push(host(&[70_000, 70_000, 70_000, 70_000, 70_000, 60_000, 50_000, 40_000], 0));
        fleet.push(host(&[30_000, 30_000, 30_000, 30_000, 30_000, 28_000, 24_000, 22_000], 45_000));
        let samples: Vec<&[Exchange]> = fleet.iter().map(Vec::as_slice).collect();
        let limits = vec![[Nanos::from_millis(50), Nanos::from_millis(100)]; samples.len() + 2];
        let reference = Some(Interval::point(Nanos::ZERO));
        let spare = Spare { epoch: UnixNanos(875_000_000), limits: &limits, reference, config: Config::STANDARD };
        assert_eq!(wants_more(&samples, &spare), [10, 11]);
        assert_eq!(wants_more(&samples, &Spare { reference: None, ..spare }), [10]);
        let mut lax = limits.clone();
        lax[11] = [Nanos::from_seconds(60), Nanos::from_seconds(300)];
        assert_eq!(wants_more(&samples, &Spare { limits: &lax, ..spare }), [10], "decided by its own limits");
        assert_eq!(wants_more(&[], &spare), Vec::<usize>::new());
        // Who lacks some of what was promised is asked again, whatever is gained; nobody beyond the most.
        let short = host(&[200; 3], 0);
        let samples: Vec<&[Exchange]> = samples.iter().copied().chain([short.as_slice(), &[]]).collect();
        assert_eq!(wanted(&samples, 8, 32, &spare), [10, 11, 12, 13]);
        assert_eq!(wanted(&samples, 3, 32, &spare), [10, 11, 13]);
        assert_eq!(wanted(&samples, 8, 8, &spare), [12, 13]);
        assert_eq!(wanted(&samples, 8, 3, &spare), [13]);
    }

    #[test]
    fn a_late_host_is_gone_on_without_long_before_it_is_given_up() {
        let check = |best_ms: Option<i64>, late_ms: i64, silent_ms: i64| {
            let (best, late) = (best_ms.map(Nanos::from_millis), Nanos::from_millis(late_ms));
            assert!(!is_late(late, best) && is_late(late + Nanos(1), best), "{best:?}");
            let patience = patience(Nanos::from_seconds(1), best);
            assert_eq!(silence(patience), Nanos::from_millis(silent_ms), "{best:?}");
        };
        check(None, 250, 3_000);
        check(Some(1), 250, 3_000);
        check(Some(100), 400, 3_000);
        check(Some(800), 3_200, 9_600);
        assert_eq!(silence(Nanos::MAX), Nanos::MAX);
    }
}
