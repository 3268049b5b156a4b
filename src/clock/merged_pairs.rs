//! Pairs over several controllers: two hosts that one of them measured keep the narrower difference that it saw.

use std::collections::{BTreeMap, HashSet};

use super::axes::Shard;
use super::interval::Interval;
use super::own_limits;
use super::pairs::{Decision, Pair, PairCounts, Standing, count, pair, worst};
use super::units::Nanos;

/// The hosts of several shards, and where each stands on the joined axis.
#[derive(Debug, Clone, Copy)]
pub struct Merged<'merge> {
    /// What each controller measured.
    pub shards: &'merge [Shard],
    /// Where each host stands on the joined axis, by its common index; hosts in the order of their names.
    pub standings: &'merge [Standing],
}

impl Merged<'_> {
    /// The difference of two hosts: what the shards that measured both say, else what the joined axis gives.
    pub fn difference(&self, one: usize, other: usize) -> Option<Pair> {
        let joined = pair(self.standings, one, other)?;
        let own = self.shards.iter().filter_map(|shard| {
            let (one, other) = (shard.sighting(one)?.standing, shard.sighting(other)?.standing);
            Some((one.bounds.minus(other.bounds), one.estimate - other.estimate))
        });
        let mut found: Option<(Interval, Nanos)> = None;
        for (difference, estimate) in own {
            let (before, first) = *found.get_or_insert((difference, estimate));
            // Shards that differ about a pair saw it at different times: the first one's word stands.
            let narrowed = before.intersection(difference).unwrap_or(before);
            found = Some((narrowed, first.clamp(narrowed.lo, narrowed.hi)));
        }
        Some(found.map_or(joined, |(difference, estimate)| Pair { difference, estimate, ..joined }))
    }

    /// Counts the pairs against `limit`. Hosts that several shards measured, the anchors, are few: their pairs are looked at
    /// one by one; all others by the sums of their shards.
    pub fn count(&self, limit: Nanos) -> PairCounts {
        let seen = self.times_seen();
        let is_single = |host: &usize| seen.get(host).is_some_and(|times| *times == 1);
        let on_joined = |hosts: &[usize]| -> Vec<Standing> {
            hosts.iter().filter_map(|host| self.standings.get(*host).copied()).collect()
        };
        let singles: Vec<usize> = seen.keys().copied().filter(is_single).collect();
        let mut total = count(&on_joined(&singles), limit);
        for shard in self.shards {
            let own = shard.sightings.iter().filter(|(host, _)| is_single(host));
            let (hosts, standings): (Vec<usize>, Vec<Standing>) = own.map(|(host, one)| (*host, one.standing)).unzip();
            // Among themselves they count as their shard saw them.
            total = total.minus(count(&on_joined(&hosts), limit)).plus(count(&standings, limit));
        }
        let anchors: Vec<usize> = seen.keys().copied().filter(|host| !is_single(host)).collect();
        for (place, anchor) in anchors.iter().enumerate() {
            let others = singles.iter().chain(anchors.iter().skip(place + 1));
            for found in others.filter_map(|other| self.difference(*anchor, *other)) {
                total = total.plus(PairCounts::one(Decision::of(found.difference, limit)));
            }
        }
        total
    }

    /// The `k` pairs with the greatest difference that is certain, worst first.
    pub fn worst(&self, k: usize) -> Vec<Pair> {
        let of_shard = |shard: &Shard| {
            let (hosts, standings): (Vec<usize>, Vec<Standing>) =
                shard.sightings.iter().map(|(host, one)| (*host, one.standing)).unzip();
            let named = |pair: Pair| Some((*hosts.get(pair.ahead)?, *hosts.get(pair.behind)?));
            worst(&standings, k).into_iter().filter_map(named).collect::<Vec<_>>()
        };
        let joined = worst(self.standings, k).into_iter().map(|pair| (pair.ahead, pair.behind));
        let mut told = HashSet::new();
        let mut found: Vec<Pair> = joined
            .chain(self.shards.iter().flat_map(of_shard))
            .filter(|(ahead, behind)| told.insert((*ahead.min(behind), *ahead.max(behind))))
            .filter_map(|(ahead, behind)| self.difference(ahead, behind))
            .filter(|pair| pair.difference.lo > Nanos::ZERO)
            .collect();
        found.sort_by_key(|pair| (-pair.difference.lo, pair.ahead, pair.behind));
        found.truncate(k);
        found
    }

    /// The same of some of the hosts only, in ascending order: the first of them has the index 0 then.
    pub fn among(&self, hosts: &[usize]) -> (Vec<Shard>, Vec<Standing>) {
        let place = |host: &usize| hosts.binary_search(host).ok();
        let of_shard = |shard: &Shard| {
            let own = shard.sightings.iter().filter_map(|(host, one)| Some((place(host)?, *one)));
            Shard { epoch: shard.epoch, sightings: own.collect() }
        };
        let standings = hosts.iter().filter_map(|host| self.standings.get(*host).copied());
        (self.shards.iter().map(of_shard).collect(), standings.collect())
    }

    /// Counts the pairs, each against the laxer of its hosts' limits.
    pub fn count_each(&self, limits: &[Nanos]) -> PairCounts {
        own_limits::count(limits, |hosts, limit| {
            let (shards, standings) = self.among(hosts);
            Merged { shards: &shards, standings: &standings }.count(limit)
        })
    }

    /// The pair with the greatest certain difference of those beyond the laxer of their hosts' limits.
    pub fn widest_beyond(&self, limits: &[Nanos]) -> Option<Pair> {
        own_limits::widest_beyond(limits, |hosts| {
            let (shards, standings) = self.among(hosts);
            let worst = Merged { shards: &shards, standings: &standings }.worst(1).first().copied()?;
            Some(Pair { ahead: *hosts.get(worst.ahead)?, behind: *hosts.get(worst.behind)?, ..worst })
        })
    }

    /// How many shards measured each host.
    fn times_seen(&self) -> BTreeMap<usize, usize> {
        let mut seen = BTreeMap::new();
        for (host, _) in self.shards.iter().flat_map(|shard| &shard.sightings) {
            *seen.entry(*host).or_insert(0) += 1;
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::UnixNanos;
    use crate::clock::axes::{Sighting, join, joined};
    use crate::clock::estimate::Config;

    proptest! {
        #[test]
        fn counts_are_those_of_every_pair(
            hosts in proptest::collection::vec((-400_i64..400, 1_i64..60, 0_usize..4), 2..14),
            limit in 0_i64..300,
        ) {
            let sighting = |centre: i64, radius: i64| Sighting {
                standing: Standing { bounds: Interval::around(Nanos(centre), Nanos(radius)), estimate: Nanos(centre) },
                is_steady: true,
            };
            // The first host and each of the fourth kind are seen by all three.
            let shards: Vec<Shard> = (0..3).map(|shard| Shard {
                epoch: UnixNanos(0),
                sightings: hosts.iter().enumerate()
                    .filter(|(host, (_, _, kind))| *host == 0 || *kind == 3 || *kind == shard)
                    .map(|(host, (centre, radius, _))| (host, sighting(*centre, *radius))).collect(),
            }).collect();
            let axes = join(&shards, &Config { rho: crate::clock::Ppm::from_ppb(0), ..Config::STANDARD }).expect("anchors join");
            let standings: Vec<Standing> = (0..hosts.len()).map(|host| {
                let seen: Vec<(usize, Sighting)> = shards.iter().enumerate()
                    .filter_map(|(shard, one)| Some((shard, *one.sighting(host)?))).collect();
                joined(&axes, &seen).expect("a standing")
            }).collect();
            let merged = Merged { shards: &shards, standings: &standings };
            let mut expected = PairCounts::default();
            let mut greatest = Nanos::ZERO;
            for one in 0..hosts.len() {
                for other in one + 1..hosts.len() {
                    let found = merged.difference(one, other).expect("a pair");
                    expected = expected.plus(PairCounts::one(Decision::of(found.difference, Nanos(limit))));
                    let magnitude = found.difference.magnitude().lo;
                    greatest = greatest.max(magnitude);
                }
            }
            prop_assert_eq!(merged.count(Nanos(limit)), expected);
            let limits = vec![Nanos(limit); hosts.len()];
            prop_assert_eq!(merged.count_each(&limits), expected);
            let worst = merged.worst(1).first().map_or(Nanos::ZERO, |pair| pair.difference.lo);
            prop_assert_eq!(worst, greatest);
        }
    }
}
