//! Pairs of hosts that are not all asked the same: a pair is held against the laxer of its two hosts' limits.
//!
//! A system with strict limits is not run across a host that is not asked to keep them, so that what two hosts may differ
//! by is what both are asked. The pairs among the hosts up to a limit, less those among the hosts below it, are those that
//! this limit is for: few limits, few counts, and never every pair.

use super::pairs::{Pair, PairCounts};
use super::units::Nanos;

/// Counts the pairs, each against the laxer of its hosts' `limits`; `count` counts the pairs among some of the hosts
/// (places in `limits`, ascending) against one limit.
pub fn count(limits: &[Nanos], count: impl Fn(&[usize], Nanos) -> PairCounts) -> PairCounts {
    let mut total = PairCounts::default();
    let mut below: Vec<usize> = Vec::new();
    for limit in each(limits) {
        let up_to = up_to(limits, limit);
        let inner = if below.is_empty() { PairCounts::default() } else { count(&below, limit) };
        total = total.plus(count(&up_to, limit).minus(inner));
        below = up_to;
    }
    total
}

/// The pair with the greatest certain difference of those beyond their limit; `widest` finds the one with the greatest
/// certain difference among some of the hosts.
pub fn widest_beyond(limits: &[Nanos], widest: impl Fn(&[usize]) -> Option<Pair>) -> Option<Pair> {
    // The widest of the hosts up to a limit is beyond its own where it is beyond this one, the laxest of theirs.
    let beyond = |limit: Nanos| widest(&up_to(limits, limit)).filter(|pair| pair.difference.lo > limit);
    let found = each(limits).into_iter().filter_map(beyond);
    found.reduce(|one, other| if other.difference.lo > one.difference.lo { other } else { one })
}

/// The different limits, strictest first.
fn each(limits: &[Nanos]) -> Vec<Nanos> {
    let mut each = limits.to_vec();
    each.sort_unstable();
    each.dedup();
    each
}

/// The places of the hosts with this limit or a stricter one.
fn up_to(limits: &[Nanos], limit: Nanos) -> Vec<usize> {
    limits.iter().enumerate().filter(|(_, own)| **own <= limit).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Interval;
    use crate::clock::pairs::{self, Decision, Standing};

    proptest! {
        #[test]
        fn counts_and_the_widest_are_those_of_every_pair(
            hosts in proptest::collection::vec((-400_i64..400, 1_i64..60, 0_i64..4), 0..14),
        ) {
            let standings: Vec<Standing> = hosts.iter().map(|(centre, radius, _)| Standing {
                bounds: Interval::around(Nanos(*centre), Nanos(*radius)), estimate: Nanos(*centre),
            }).collect();
            let limits: Vec<Nanos> = hosts.iter().map(|(_, _, kind)| Nanos(50 + 100 * kind)).collect();
            let some = |chosen: &[usize]| chosen.iter().map(|host| standings[*host]).collect::<Vec<_>>();
            let mut expected = PairCounts::default();
            let mut greatest = None;
            for one in 0..hosts.len() {
                for other in one + 1..hosts.len() {
                    let difference = standings[one].bounds.minus(standings[other].bounds);
                    let decision = Decision::of(difference, limits[one].max(limits[other]));
                    expected = expected.plus(PairCounts::one(decision));
                    if decision == Decision::Beyond {
                        greatest = greatest.max(Some(difference.magnitude().lo));
                    }
                }
            }
            prop_assert_eq!(count(&limits, |chosen, limit| pairs::count(&some(chosen), limit)), expected);
            let widest = widest_beyond(&limits, |chosen| pairs::worst(&some(chosen), 1).first().copied());
            prop_assert_eq!(widest.map(|pair| pair.difference.lo), greatest);
        }
    }
}
