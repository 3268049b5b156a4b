//! Consensus: where UTC lies by what the hosts' timekeepers claim, carried over by what was measured of each clock.

use super::{LEAST_MEMBERS, two_thirds_of};
use crate::clock::Interval;
use crate::clock::overlap::most_covered;

/// So many sides of a split are told apart; who is left after that stands together in the last one.
const MOST_SIDES: usize = 16;

/// How the claims agree about UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consensus {
    /// Where UTC minus the axis lies by the claims that agree.
    pub region: Interval,
    /// Indices of the votes that agree.
    pub agreeing: Vec<usize>,
    /// Indices of the others: none of them can be true where those that agree are.
    pub contradicting: Vec<usize>,
    /// The votes divided into sides that agree within themselves, the largest first; the first is `agreeing`.
    pub sides: Vec<Vec<usize>>,
}

impl Consensus {
    /// Whether at least two thirds agree; of three that is two. A bare majority is not enough: with 6 of 11 wrong it would accuse the good ones.
    pub fn is_strong(&self) -> bool {
        self.agreeing.len() >= two_thirds_of(self.agreeing.len() + self.contradicting.len())
    }
}

/// Finds where most of the votes agree; each vote is an interval that UTC minus the axis lies in if that host's claim is
/// true: the clock's bounds minus the claim. `None` for fewer than three.
pub fn consensus(votes: &[Interval]) -> Option<Consensus> {
    if votes.len() < LEAST_MEMBERS {
        return None;
    }
    let mut left: Vec<usize> = (0..votes.len()).collect();
    let mut sides: Vec<Vec<usize>> = Vec::new();
    let mut region = None;
    while sides.len() + 1 < MOST_SIDES {
        let ends = left.iter().filter_map(|vote| votes.get(*vote)).map(|vote| (vote.lo, vote.hi));
        let Some(overlap) = most_covered(ends) else {
            break;
        };
        let shared = Interval::new(overlap.from, overlap.to);
        region.get_or_insert(shared);
        let covers = |vote: &usize| votes.get(*vote).is_some_and(|vote| !vote.is_disjoint(shared));
        let (side, others) = left.iter().partition(|vote| covers(vote));
        sides.push(side);
        left = others;
    }
    if !left.is_empty() {
        sides.push(left);
    }
    let agreeing = sides.first()?.clone();
    let mut contradicting: Vec<usize> = sides.iter().skip(1).flatten().copied().collect();
    contradicting.sort_unstable();
    Some(Consensus { region: region?, agreeing, contradicting, sides })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;

    fn votes(centres: &[i64]) -> Vec<Interval> {
        centres.iter().map(|centre| Interval::around(Nanos(*centre), Nanos(10))).collect()
    }

    #[test]
    fn two_thirds_are_needed_and_a_bare_majority_is_a_split() {
        let check = |centres: &[i64], expected: Option<(&[usize], bool)>| {
            let found = consensus(&votes(centres));
            let found = found.as_ref().map(|one| (one.agreeing.as_slice(), one.is_strong()));
            assert_eq!(found, expected, "{centres:?}");
        };
        check(&[0, 1], None);
        check(&[0, 1, 2], Some((&[0, 1, 2], true)));
        check(&[0, 1, 900], Some((&[0, 1], true)));
        check(&[0, 900, 1_800], Some((&[0], false)));
        check(&[0, 1, 2, 3, 4, 900, 901, 902, 903, 904, 905], Some((&[5, 6, 7, 8, 9, 10], false)));
    }

    #[test]
    fn the_region_is_what_all_that_agree_share_and_the_sides_are_told_apart() {
        let found = consensus(&votes(&[0, 900, 5, 904, 1_800])).unwrap();
        assert_eq!(found.region, Interval::new(Nanos(-5), Nanos(10)));
        assert_eq!(found.sides, vec![vec![0, 2], vec![1, 3], vec![4]]);
        assert_eq!(found.contradicting, vec![1, 3, 4]);
    }

    #[test]
    fn ten_thousand_claims_that_all_differ_are_divided_in_bounded_time() {
        let found = consensus(&votes(&(0..10_000).map(|one| one * 100).collect::<Vec<_>>())).unwrap();
        assert_eq!(found.sides.len(), MOST_SIDES);
        assert_eq!(found.sides.iter().map(Vec::len).sum::<usize>(), 10_000);
    }
}
