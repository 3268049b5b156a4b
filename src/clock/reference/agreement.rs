//! Agreement: the clock in the middle of those that surely agree with each other. Not UTC, but nobody's blind trust.

use super::{LEAST_MEMBERS, is_two_thirds};
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
}

/// Finds the largest set of hosts that are pairwise surely within `limit`; `None` where it is not at least three, and two
/// thirds of all. The hosts are given by name, so that ties are broken by it.
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
    if members.len() < LEAST_MEMBERS || !is_two_thirds(members.len(), standings.len()) {
        return None;
    }
    let medoid = medoid(&standings_of).and_then(|place| members.get(place).copied())?;
    Some(Agreement { medoid, members })
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
            let found = agreement(&standings, Nanos(50));
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
}
