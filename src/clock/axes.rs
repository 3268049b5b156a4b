//! Joining the axes of several controllers by the hosts that more than one of them measured (`docs/measurement.md`,
//! "Several controllers").

use super::estimate::Config;
use super::interval::Interval;
use super::pairs::Standing;
use super::units::{Nanos, Ppm, UnixNanos};

/// One host as one controller measured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// Where its clock stands on that controller's axis, at that controller's epoch.
    pub standing: Standing,
    /// Whether it was steady: a clock that moved joins nothing.
    pub is_steady: bool,
}

/// What one controller measured: its epoch on its own axis, and the hosts by their common index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The instant that its standings hold for, on its own axis.
    pub epoch: UnixNanos,
    /// The hosts, each with an index that is the same in every shard; ascending.
    pub sightings: Vec<(usize, Sighting)>,
}

impl Shard {
    /// The sighting of the host of that index.
    pub fn sighting(&self, host: usize) -> Option<&Sighting> {
        let place = self.sightings.binary_search_by_key(&host, |(index, _)| *index).ok()?;
        self.sightings.get(place).map(|(_, sighting)| sighting)
    }
}

/// Why shards cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disjoint {
    /// Going round by the anchors leads to another place than one came from: one of them moved between the scans.
    #[error("anchors contradict each other")]
    AnchorsContradict,
    /// A shard has no steady host in common with the others.
    #[error("no anchor")]
    NoAnchor,
}

/// The shards on one axis, that of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axes {
    /// Where each shard's axis lies: its axis minus the first one's.
    pub shifts: Vec<Interval>,
    /// How far clocks may have wandered between the first shard's epoch and each other's.
    pub wander: Vec<Nanos>,
}

impl Axes {
    /// Where a standing of a shard lies on the first axis, at the first epoch.
    pub fn carried(&self, shard: usize, standing: Standing) -> Option<Standing> {
        let (shift, wander) = (*self.shifts.get(shard)?, *self.wander.get(shard)?);
        let bounds = Interval { lo: standing.bounds.lo + shift.lo, hi: standing.bounds.hi + shift.hi }.widened(wander);
        Some(Standing { bounds, estimate: standing.estimate + shift.midpoint() })
    }
}

/// What is not reachable.
const NEVER: i128 = i128::MAX / 4;

/// Finds where the axes lie: an anchor seen by two shards bounds the difference of their axes, and chains of anchors are
/// closed by Floyd and Warshall's algorithm over the few shards.
pub fn join(shards: &[Shard], config: &Config) -> Result<Axes, Disjoint> {
    let wander = wander(shards, config.rho);
    // `reach[i][j]` is the greatest that axis j minus axis i can be.
    let mut reach: Vec<Vec<i128>> = Vec::with_capacity(shards.len());
    for (from, one) in shards.iter().enumerate() {
        let row = shards.iter().enumerate().map(|(to, other)| {
            if from == to {
                return 0;
            }
            let slack = [from, to].into_iter().filter_map(|shard| wander.get(shard));
            let slack: i128 = slack.map(|wander| i128::from(wander.0)).sum();
            let steady = common(one, other).filter(|(one, other)| one.is_steady && other.is_steady);
            let distance = |(one, other): (&Sighting, &Sighting)| {
                i128::from(one.standing.bounds.hi.0) - i128::from(other.standing.bounds.lo.0) + slack
            };
            steady.map(distance).min().unwrap_or(NEVER)
        });
        reach.push(row.collect());
    }
    close(&mut reach);
    if reach.iter().enumerate().any(|(shard, row)| row.get(shard).is_some_and(|loop_| *loop_ < 0)) {
        return Err(Disjoint::AnchorsContradict);
    }
    let forth = reach.first().cloned().unwrap_or_default();
    let back: Vec<i128> = reach.iter().filter_map(|row| row.first().copied()).collect();
    let shift = |(forth, back): (i128, i128)| {
        let is_known = forth < NEVER / 2 && back < NEVER / 2;
        is_known.then(|| Interval::new(Nanos::saturating_from(-back), Nanos::saturating_from(forth)))
    };
    let shifts = forth.into_iter().zip(back).map(shift).collect::<Option<Vec<Interval>>>();
    Ok(Axes { shifts: shifts.ok_or(Disjoint::NoAnchor)?, wander })
}

/// The hosts that both shards measured.
fn common<'shard>(
    one: &'shard Shard,
    other: &'shard Shard,
) -> impl Iterator<Item = (&'shard Sighting, &'shard Sighting)> {
    one.sightings.iter().filter_map(|(host, sighting)| Some((sighting, other.sighting(*host)?)))
}

/// How far a clock may wander between the first epoch and each shard's. The epochs are on different axes, so that the time
/// between them is known only up to the greatest difference of the axes; one hundredth more is for the axes' own rates.
fn wander(shards: &[Shard], rho: Ppm) -> Vec<Nanos> {
    let differences = shards.iter().enumerate().flat_map(|(from, one)| {
        let others = shards.iter().enumerate().filter(move |(to, _)| *to != from);
        others.flat_map(move |(_, other)| common(one, other))
    });
    let distance = |(one, other): (&Sighting, &Sighting)| (one.standing.bounds.hi - other.standing.bounds.lo).abs();
    let apart = differences.map(distance).max().unwrap_or_default();
    let first = shards.first().map(|shard| shard.epoch).unwrap_or_default();
    let from_first = |shard: &Shard| {
        let length = i128::from(shard.epoch.since(first).abs().0) + i128::from(apart.0);
        let product = length * i128::from(rho.ppb()) * 101;
        Nanos::saturating_from((product + 99_999_999_999) / 100_000_000_000)
    };
    shards.iter().enumerate().map(|(place, shard)| if place == 0 { Nanos::ZERO } else { from_first(shard) }).collect()
}

/// Shortens every way by going through the others.
fn close(reach: &mut [Vec<i128>]) {
    for via in 0..reach.len() {
        let onward = reach.get(via).cloned().unwrap_or_default();
        for row in reach.iter_mut() {
            let Some(there) = row.get(via).copied().filter(|there| *there < NEVER) else {
                continue;
            };
            for (way, rest) in row.iter_mut().zip(&onward) {
                // Saturated at what cannot be reached; a way that shrinks with every round stays far from overflow.
                let through = there.saturating_add(*rest).max(-NEVER);
                *way = (*way).min(through);
            }
        }
    }
}

/// A host of several shards on the first axis: what they agree on, and the point estimate of the first that measured it.
///
/// Where they do not agree (a clock that was moved between the scans), the first steady sighting stands, else the first.
pub fn joined(axes: &Axes, sightings: &[(usize, Sighting)]) -> Option<Standing> {
    let carried = |(shard, sighting): &(usize, Sighting)| axes.carried(*shard, sighting.standing);
    let first = sightings.first().and_then(carried)?;
    let mut bounds = Some(first.bounds);
    for one in sightings.iter().skip(1).filter_map(carried) {
        bounds = bounds.and_then(|bounds| bounds.intersection(one.bounds));
    }
    match bounds {
        Some(bounds) => Some(Standing { bounds, estimate: first.estimate.clamp(bounds.lo, bounds.hi) }),
        None => sightings.iter().find(|(_, sighting)| sighting.is_steady).and_then(carried).or(Some(first)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sighting(centre: i64, is_steady: bool) -> Sighting {
        let bounds = Interval::around(Nanos(centre), Nanos(10));
        Sighting { standing: Standing { bounds, estimate: Nanos(centre) }, is_steady }
    }

    fn shard(hosts: &[(usize, i64)]) -> Shard {
        let sightings = hosts.iter().map(|(host, centre)| (*host, sighting(*centre, true))).collect();
        Shard { epoch: UnixNanos(0), sightings }
    }

    fn without_wander() -> Config {
        Config { rho: Ppm::from_ppb(0), ..Config::STANDARD }
    }

    #[test]
    fn a_chain_of_anchors_joins_every_axis() {
        let shards = [shard(&[(0, 100), (1, 0)]), shard(&[(1, -900), (2, 5)]), shard(&[(2, 1_005), (3, 7)])];
        let axes = join(&shards, &without_wander()).unwrap();
        let around = |centre: i64, radius: i64| Interval::around(Nanos(centre), Nanos(radius));
        assert_eq!(axes.shifts, vec![around(0, 0), around(900, 20), around(-100, 40)]);
        let carried = axes.carried(2, sighting(7, true).standing).unwrap();
        assert_eq!(carried.bounds, around(-93, 50));
    }

    #[test]
    fn what_does_not_hang_together_is_said() {
        let check = |shards: &[Shard], expected: Disjoint| assert_eq!(join(shards, &without_wander()), Err(expected));
        check(&[shard(&[(0, 0)]), shard(&[(1, 0)])], Disjoint::NoAnchor);
        check(&[shard(&[(0, 0), (1, 0)]), shard(&[(0, 0), (1, 41)])], Disjoint::AnchorsContradict);
        let mut moved = shard(&[(0, 0)]);
        moved.sightings = vec![(0, sighting(0, false))];
        check(&[shard(&[(0, 0)]), moved], Disjoint::NoAnchor);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        /// Three controllers, axes up to 3 s and scans up to 30 s apart, hosts within 100 ppm: no host is outside.
        #[test]
        fn no_merged_host_is_outside_its_bounds(
            axes in proptest::collection::vec(-3_000_000_000_i64..3_000_000_000, 2),
            starts in proptest::collection::vec(0_i64..30_000_000_000, 2),
            clocks in proptest::collection::vec((-1_000_000_000_i64..1_000_000_000, -100_000_i64..100_000), 14),
            errors in proptest::collection::vec((0_i64..1_000_000, 0_i64..1_000_000), 42),
        ) {
            // Hosts 0 and 1 are measured by all, the others by one in turn.
            let axis = |shard: usize| if shard == 0 { 0 } else { axes[shard - 1] };
            let start = |shard: usize| if shard == 0 { 0 } else { starts[shard - 1] };
            let offset = |host: usize, at: i64| {
                let (offset, ppb) = clocks[host];
                offset + i64::try_from(i128::from(ppb) * i128::from(at) / 1_000_000_000).unwrap()
            };
            let shards: Vec<Shard> = (0..3).map(|shard| {
                let measured = (0..clocks.len()).filter(|host| *host < 2 || host % 3 == shard);
                let sightings = measured.map(|host| {
                    let truth = offset(host, start(shard)) - axis(shard);
                    let (below, above) = errors[shard * clocks.len() + host];
                    let bounds = Interval::new(Nanos(truth - below), Nanos(truth + above));
                    (host, Sighting { standing: Standing { bounds, estimate: bounds.midpoint() }, is_steady: true })
                });
                Shard { epoch: UnixNanos(start(shard) + axis(shard)), sightings: sightings.collect() }
            }).collect();
            let found = join(&shards, &Config::STANDARD).expect("anchors join");
            for host in 0..clocks.len() {
                let seen: Vec<(usize, Sighting)> = shards.iter().enumerate()
                    .filter_map(|(shard, one)| Some((shard, *one.sighting(host)?))).collect();
                let standing = joined(&found, &seen).expect("a standing");
                prop_assert!(standing.bounds.contains(Nanos(offset(host, 0))), "{host}: {standing:?}");
            }
        }
    }
}
