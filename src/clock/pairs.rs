//! Pairs of clocks without comparing every pair: counts, spread, the worst ones, partners (`docs/measurement.md`, 3).
//!
//! Every function takes the hosts in the order of their names: where values are equal, the earlier host comes first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

pub use super::repair::{Cluster, RepairBounds, clusters, repair_bounds};

use super::fenwick::Fenwick;
use super::interval::Interval;
use super::units::Nanos;

/// Where one clock stands at the epoch, relative to the axis or to any other common ruler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Bounds of its offset; positive = ahead.
    pub bounds: Interval,
    /// Point estimate of its offset; positive = ahead.
    pub estimate: Nanos,
}

/// How a magnitude with bounds compares with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// The whole interval is within the limit.
    Within,
    /// The limit lies inside the interval: it cannot be told.
    Undecided,
    /// The whole interval is beyond the limit.
    Beyond,
}

impl Decision {
    /// Compares the magnitude of what lies in `bounds` with `limit`; a magnitude equal to the limit is within.
    pub fn of(bounds: Interval, limit: Nanos) -> Self {
        let magnitude = bounds.magnitude();
        if magnitude.lo > limit {
            Self::Beyond
        } else if magnitude.hi <= limit {
            Self::Within
        } else {
            Self::Undecided
        }
    }

    /// The word that traces use for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Undecided => "unresolved",
            Self::Beyond => "drifting",
        }
    }
}

/// How many pairs of a fleet stand how against a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairCounts {
    /// All pairs.
    pub total: u64,
    /// Pairs whose clocks surely differ by more than the limit.
    pub beyond: u64,
    /// Pairs of which it cannot be told.
    pub undecided: u64,
    /// Pairs whose clocks surely differ by no more than the limit.
    pub within: u64,
}

impl PairCounts {
    /// The counts of one pair.
    pub fn one(decision: Decision) -> Self {
        let is = |which: Decision| u64::from(decision == which);
        Self {
            total: 1,
            beyond: is(Decision::Beyond),
            undecided: is(Decision::Undecided),
            within: is(Decision::Within),
        }
    }

    /// The pairs of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            beyond: self.beyond + other.beyond,
            undecided: self.undecided + other.undecided,
            within: self.within + other.within,
        }
    }

    /// What remains without those of `part`, which is part of these.
    #[must_use]
    pub fn minus(self, part: Self) -> Self {
        Self {
            total: self.total.saturating_sub(part.total),
            beyond: self.beyond.saturating_sub(part.beyond),
            undecided: self.undecided.saturating_sub(part.undecided),
            within: self.within.saturating_sub(part.within),
        }
    }
}

/// Counts the pairs of `standings` against `limit`, in O(n log n).
pub fn count(standings: &[Standing], limit: Nanos) -> PairCounts {
    let total = pairs_of(standings.len());
    let beyond = surely_beyond(standings, limit);
    let within = surely_within(standings, limit);
    PairCounts { total, beyond, undecided: total.saturating_sub(beyond).saturating_sub(within), within }
}

fn pairs_of(count: usize) -> u64 {
    let count = to_u64(count);
    count.saturating_mul(count.saturating_sub(1)) / 2
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn sorted(values: impl Iterator<Item = Nanos>) -> Vec<Nanos> {
    let mut values: Vec<Nanos> = values.collect();
    values.sort_unstable();
    values
}

fn below(values: &[Nanos], limit: Nanos) -> usize {
    values.partition_point(|value| *value < limit)
}

fn surely_beyond(standings: &[Standing], limit: Nanos) -> u64 {
    let uppers = sorted(standings.iter().map(|one| one.bounds.hi));
    standings.iter().map(|one| to_u64(below(&uppers, one.bounds.lo - limit))).sum()
}

/// A host is within the limit of another where each one's least offset is no less than the other's greatest less the
/// limit: where the intervals from that to its least offset meet. A host wider than the limit has no such interval; it
/// can be within the limit of narrow hosts only.
fn surely_within(standings: &[Standing], limit: Nanos) -> u64 {
    let reach = |one: &Standing| (one.bounds.hi - limit, one.bounds.lo);
    let (mut proper, mut wide): (Vec<_>, Vec<_>) = standings.iter().map(reach).partition(|(from, to)| from <= to);
    let ends = sorted(proper.iter().map(|(_, to)| *to));
    let apart: u64 = proper.iter().map(|(from, _)| to_u64(below(&ends, *from))).sum();
    let narrow = pairs_of(proper.len()) - apart;

    proper.sort_unstable();
    wide.sort_unstable_by_key(|(_, to)| *to);
    let mut inserted = Fenwick::new(ends.len());
    let mut waiting = proper.iter().peekable();
    let mut mixed = 0;
    for (from, to) in wide {
        while let Some((_, end)) = waiting.next_if(|(start, _)| *start <= to) {
            inserted.add(below(&ends, *end));
        }
        mixed += inserted.total() - inserted.before(below(&ends, from));
    }
    narrow + mixed
}

/// Counts the pairs whose point estimates differ by more than `limit`.
pub fn beyond_by_estimate(standings: &[Standing], limit: Nanos) -> u64 {
    let estimates = sorted(standings.iter().map(|one| one.estimate));
    estimates.iter().map(|estimate| to_u64(below(&estimates, *estimate - limit))).sum()
}

/// For each host, how many others are surely further away from it than `limit`.
pub fn partners_beyond(standings: &[Standing], limit: Nanos) -> Vec<u64> {
    let lowers = sorted(standings.iter().map(|one| one.bounds.lo));
    let uppers = sorted(standings.iter().map(|one| one.bounds.hi));
    let partners = |one: &Standing| {
        let ahead_of = below(&uppers, one.bounds.lo - limit);
        let reach = one.bounds.hi + limit;
        let behind = lowers.len() - lowers.partition_point(|lower| *lower <= reach);
        to_u64(ahead_of + behind)
    };
    standings.iter().map(partners).collect()
}

/// The greatest difference between any two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Bounds of it, not negative.
    pub bounds: Interval,
    /// Point estimate of it.
    pub estimate: Nanos,
}

/// The spread of a fleet; zero for fewer than two hosts.
pub fn spread(standings: &[Standing]) -> Spread {
    let zero = Spread { bounds: Interval::point(Nanos::ZERO), estimate: Nanos::ZERO };
    if standings.len() < 2 {
        return zero;
    }
    let mut by_upper: Vec<(usize, Nanos)> = standings.iter().map(|one| one.bounds.hi).enumerate().collect();
    let mut by_lower: Vec<(usize, Nanos)> = standings.iter().map(|one| one.bounds.lo).enumerate().collect();
    by_upper.sort_unstable_by_key(|(_, upper)| Reverse(*upper));
    by_lower.sort_unstable_by_key(|(_, lower)| *lower);
    // Of two hosts a side at least one combination joins different hosts, and the best one is among them.
    let differences = by_upper.iter().take(2).flat_map(|(ahead, upper)| {
        by_lower.iter().take(2).filter(move |(behind, _)| behind != ahead).map(move |(_, lower)| *upper - *lower)
    });
    let highest_lower = by_lower.last().map_or(Nanos::ZERO, |(_, lower)| *lower);
    let lowest_upper = by_upper.last().map_or(Nanos::ZERO, |(_, upper)| *upper);
    let lo = (highest_lower - lowest_upper).max(Nanos::ZERO);
    let hi = differences.max().unwrap_or_default().max(lo);
    let estimates = standings.iter().map(|one| one.estimate);
    let estimate = estimates.clone().max().unwrap_or_default() - estimates.min().unwrap_or_default();
    Spread { bounds: Interval { lo, hi }, estimate }
}

/// One pair of clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of the host that is (probably) ahead.
    pub ahead: usize,
    /// Index of the other.
    pub behind: usize,
    /// Bounds of offset(ahead) - offset(behind).
    pub difference: Interval,
    /// Point estimate of it.
    pub estimate: Nanos,
}

/// The `k` pairs with the greatest difference that is certain, greatest first; only pairs that surely differ.
pub fn worst(standings: &[Standing], k: usize) -> Vec<Pair> {
    top(standings, k, |one| one.bounds.lo, |one| one.bounds.hi)
}

/// The `k` pairs with the greatest difference by the point estimates, greatest first.
pub fn worst_by_estimate(standings: &[Standing], k: usize) -> Vec<Pair> {
    top(standings, k, |one| one.estimate, |one| one.estimate)
}

/// The greatest differences `high(i) - low(j)` above zero: a heap walks down from the corner of the two sorted lists.
fn top(
    standings: &[Standing],
    k: usize,
    high: impl Fn(&Standing) -> Nanos,
    low: impl Fn(&Standing) -> Nanos,
) -> Vec<Pair> {
    let mut ahead: Vec<(Nanos, usize)> = standings.iter().enumerate().map(|(host, one)| (high(one), host)).collect();
    let mut behind: Vec<(Nanos, usize)> = standings.iter().enumerate().map(|(host, one)| (low(one), host)).collect();
    ahead.sort_unstable_by_key(|(value, host)| (Reverse(*value), *host));
    behind.sort_unstable();
    let difference = |row: usize, column: usize| Some(ahead.get(row)?.0 - behind.get(column)?.0);

    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut heap = BinaryHeap::new();
    let mut push = |heap: &mut BinaryHeap<_>, row: usize, column: usize| {
        if let Some(value) = difference(row, column).filter(|_| seen.insert((row, column))) {
            heap.push((value, Reverse(row), Reverse(column)));
        }
    };
    push(&mut heap, 0, 0);
    while let Some((value, Reverse(row), Reverse(column))) = heap.pop() {
        if found.len() >= k || value <= Nanos::ZERO {
            break;
        }
        push(&mut heap, row + 1, column);
        push(&mut heap, row, column + 1);
        let hosts = ahead.get(row).zip(behind.get(column)).map(|(ahead, behind)| (ahead.1, behind.1));
        found.extend(hosts.filter(|(one, other)| one != other).and_then(|(one, other)| pair(standings, one, other)));
    }
    found
}

/// The pair of two hosts; `None` where an index names no host.
pub fn pair(standings: &[Standing], ahead: usize, behind: usize) -> Option<Pair> {
    let (one, other) = (standings.get(ahead)?, standings.get(behind)?);
    Some(Pair { ahead, behind, difference: one.bounds.minus(other.bounds), estimate: one.estimate - other.estimate })
}

/// The host in the middle: the lower median by point estimate; `None` without hosts.
pub fn medoid(standings: &[Standing]) -> Option<usize> {
    let mut order: Vec<(Nanos, usize)> = standings.iter().enumerate().map(|(host, one)| (one.estimate, host)).collect();
    order.sort_unstable();
    order.get(order.len().saturating_sub(1) / 2).map(|(_, host)| *host)
}
