//! The pairs of two groups together, without comparing every pair: what decides is at the ends.

use std::collections::BTreeMap;

use super::standings::Member;
use crate::clock::Nanos;

/// A group and its measured hosts.
pub(super) struct Group<'report> {
    pub(super) name: &'report str,
    /// The ends of its hosts of each limit.
    ends: Vec<(Nanos, Ends<'report>)>,
}

/// The two greatest and the two least of hosts' bounds, each with its host: no clock is compared with itself.
#[derive(Default)]
struct Ends<'report> {
    /// Greatest of the least offsets.
    lo_high: Two<'report>,
    /// Least of the greatest offsets, turned round.
    hi_low: Two<'report>,
    /// Greatest of the greatest offsets.
    hi_high: Two<'report>,
    /// Least of the least offsets, turned round.
    lo_low: Two<'report>,
}

/// The two greatest of some values.
#[derive(Default)]
struct Two<'report>([Option<(Nanos, &'report str)>; 2]);

impl<'report> Two<'report> {
    fn take(&mut self, value: Nanos, host: &'report str) {
        let [first, second] = &mut self.0;
        if first.is_none_or(|(greatest, _)| value > greatest) {
            *second = first.replace((value, host));
        } else if second.is_none_or(|(greatest, _)| value > greatest) {
            *second = Some((value, host));
        }
    }

    /// The greatest sum of a value of each that are not of the same host.
    fn sum(&self, other: &Self) -> Option<Nanos> {
        let sums = self.0.iter().flatten().flat_map(|(value, host)| {
            let others = other.0.iter().flatten().filter(move |(_, other)| other != host);
            others.map(move |(other, _)| *value + *other)
        });
        sums.max()
    }
}

/// What is said of the pairs of a host of one group and another host of another.
pub(super) struct Judged {
    /// Some host of the first is ahead by more than the limit, for certain.
    pub(super) ahead: bool,
    /// Some host of it is behind by more than the limit, for certain.
    pub(super) behind: bool,
    /// Some pair may be beyond the limit.
    pub(super) possibly: bool,
    /// How far two of them are apart for certain, at most.
    pub(super) widest: Nanos,
}

impl<'report> Group<'report> {
    /// The groups of these hosts by name, but for some.
    pub(super) fn all(members: &[Member<'report>], without: &[&str]) -> Vec<Self> {
        let mut groups: BTreeMap<&str, BTreeMap<Nanos, Ends<'report>>> = BTreeMap::new();
        for member in members {
            let (bounds, host) = (member.standing.bounds, member.host);
            for group in host.groups.iter().filter(|group| !without.contains(&group.as_str())) {
                let ends = groups.entry(group).or_default().entry(member.limit).or_default();
                ends.lo_high.take(bounds.lo, &host.name);
                ends.hi_low.take(-bounds.hi, &host.name);
                ends.hi_high.take(bounds.hi, &host.name);
                ends.lo_low.take(-bounds.lo, &host.name);
            }
        }
        groups.into_iter().map(|(name, ends)| Self { name, ends: ends.into_iter().collect() }).collect()
    }

    /// How the pairs of this group with another, or within itself, stand against the laxer limit of each pair; nothing where there
    /// is no pair.
    pub(super) fn against(&self, other: &Self) -> Option<Judged> {
        let mut found: Option<Judged> = None;
        for (limit, one) in &self.ends {
            for (other_limit, two) in &other.ends {
                let limit = *limit.max(other_limit);
                let Some(ahead) = one.lo_high.sum(&two.hi_low) else { continue };
                let behind = two.lo_high.sum(&one.hi_low).unwrap_or(ahead);
                let may_be = one.hi_high.sum(&two.lo_low).max(two.hi_high.sum(&one.lo_low)).unwrap_or(ahead);
                let judged =
                    found.get_or_insert(Judged { ahead: false, behind: false, possibly: false, widest: Nanos::ZERO });
                judged.ahead |= ahead > limit;
                judged.behind |= behind > limit;
                judged.possibly |= may_be > limit;
                judged.widest = judged.widest.max(ahead).max(behind);
            }
        }
        found
    }

    /// How far two of its hosts are apart for certain, at most.
    pub(super) fn spread(&self) -> Nanos {
        self.against(self).map_or(Nanos::ZERO, |judged| judged.widest)
    }
}
