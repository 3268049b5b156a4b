//! Agreement: the clock in the middle of those that surely agree with each other. Not UTC, but nobody's blind trust.

use super::{LEAST_MEMBERS, two_thirds_of};
use crate::clock::Nanos;
use crate::clock::overlap::most_covered;
use crate::clock::pairs::{Standing, medoid};

/// The hosts that agree, and the one in their middle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Index of the host in the middle: a real clock, whose bounds are its own.
    pub medoid: usize,
    /// Indices of the hosts that agree.
    pub members: Vec<usize>,
    /// Of how many hosts.
    pub of: usize,
}

impl Agreement {
    /// How many of `whole` hosts must agree: two thirds, and never fewer than three.
    pub fn needed_of(whole: usize) -> usize {
        two_thirds_of(whole).max(LEAST_MEMBERS)
    }

    /// Whether those that agree are at least three, and two thirds of all.
    pub fn is_strong(&self) -> bool {
        self.members.len() >= Self::needed_of(self.of)
    }
}

/// Finds the largest set of hosts that are pairwise surely within `limit`, however few they are; `None` where no host is
/// known that well. The hosts are given by name, so that ties are broken by it.
///
/// On a line, intervals that meet pairwise share a point: two hosts are surely within the limit where the intervals from
/// their greatest offset less the limit to their least offset meet.
pub fn agreement(standings: &[Standing], limit: Nanos) -> Option<Agreement> {
    let reach = |one: &Standing| (one.bounds.hi - limit, one.bounds.lo);
    let proper = || standings.iter().enumerate().filter(|(_, one)| reach(one).0 <= reach(one).1);
    let shared = most_covered(proper().map(|(_, one)| reach(one)))?;
    let (members, standings_of): (Vec<usize>, Vec<Standing>) = proper()
        .filter(|(_, one)| reach(one).0 <= shared.from && shared.to <= reach(one).1)
        .map(|(host, one)| (host, *one))
        .unzip();
    let medoid = medoid(&standings_of).and_then(|place| members.get(place).copied())?;
    Some(Agreement { medoid, members, of: standings.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Interval;

    #[test]
    fn the_middle_of_two_thirds_is_the_reference_and_nobody_else() {
        let check = |offsets: &[(i64, i64)], expected: Option<(usize, &[usize])>| {
            let standings: Vec<Standing> = offsets
                .iter()
                .map(|(centre, radius)| Standing {
                    bounds: Interval::around(Nanos(*centre), Nanos(*radius)),
                    estimate: Nanos(*centre),
                })
                .collect();
            let found = agreement(&standings, Nanos(50)).filter(Agreement::is_strong);
            assert_eq!(found.as_ref().map(|one| (one.medoid, one.members.as_slice())), expected, "{offsets:?}");
        };
        check(&[(0, 5), (3, 5)], None);
        check(&[(0, 5), (9, 5), (3, 5)], Some((2, &[0, 1, 2])));
        check(&[(0, 5), (9, 5), (3, 5), (3_000, 5), (6, 5)], Some((2, &[0, 1, 2, 4])));
        check(&[(0, 5), (9, 5), (3_000, 5), (3_001, 5)], None);
        // Wider than the limit: not surely within it of anybody.
        check(&[(0, 5), (3, 5), (6, 5), (0, 26)], Some((1, &[0, 1, 2])));
        check(&[(0, 26), (0, 26), (0, 26)], None);
    }

    #[test]
    fn a_set_that_is_too_small_is_told_and_believed_by_nobody() {
        let at = |centre: i64| Standing { bounds: Interval::around(Nanos(centre), Nanos(5)), estimate: Nanos(centre) };
        let found = agreement(&[0, 3, 3_000, 9_000, 6].map(at), Nanos(50)).unwrap();
        assert_eq!((found.members.as_slice(), found.of, found.is_strong()), (&[0, 1, 4][..], 5, false));
    }
}
