//! The greatest skew between issuers and verifiers, and the leeway that would cover it.

use super::Party;
use crate::clock::{Interval, Nanos};

/// How far the clock of one role is ahead of one of the other role at most, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    /// Bounds of it.
    pub bounds: Interval,
    /// Point estimate of it.
    pub estimate: Nanos,
}

/// How far an issuer is ahead of a verifier at most: what refuses tokens at their first use (`nbf`, `iat`).
///
/// `None` where no issuer meets another host as verifier.
pub fn first_use_skew(issuers: &[Party], verifiers: &[Party]) -> Option<Skew> {
    greatest_lead(issuers, verifiers)
}

/// How far a verifier is ahead of an issuer at most: tokens die that much early (`exp`).
pub fn expiry_skew(issuers: &[Party], verifiers: &[Party]) -> Option<Skew> {
    greatest_lead(verifiers, issuers)
}

/// The leeway that refuses no fresh token and lets none die early: the greater of the two skews, the verifier's lag added
/// to what must be covered for certain.
pub fn needed_leeway(first_use: Skew, expiry: Skew, lag: Nanos) -> Interval {
    let lo = first_use.bounds.lo.max(expiry.bounds.lo);
    let hi = first_use.bounds.hi.max(expiry.bounds.hi);
    Interval::new(lo, hi + lag)
}

fn greatest_lead(ahead: &[Party], behind: &[Party]) -> Option<Skew> {
    let lead = |high: fn(&Party) -> Nanos, low: fn(&Party) -> Nanos| {
        greatest_difference(ahead, high, behind, low).map(|lead| lead.max(Nanos::ZERO))
    };
    let lo = lead(|one| one.standing.bounds.lo, |one| one.standing.bounds.hi)?;
    let hi = lead(|one| one.standing.bounds.hi, |one| one.standing.bounds.lo)?;
    let estimate = lead(|one| one.standing.estimate, |one| one.standing.estimate)?;
    Some(Skew { bounds: Interval { lo, hi: hi.max(lo) }, estimate })
}

/// The greatest `high - low` of two different hosts. Of two hosts a side, at least one combination joins different hosts,
/// and the best is among them.
fn greatest_difference(
    ahead: &[Party],
    high: fn(&Party) -> Nanos,
    behind: &[Party],
    low: fn(&Party) -> Nanos,
) -> Option<Nanos> {
    let mut highest: Vec<(Nanos, usize)> = ahead.iter().map(|one| (high(one), one.host)).collect();
    let mut lowest: Vec<(Nanos, usize)> = behind.iter().map(|one| (low(one), one.host)).collect();
    highest.sort_unstable_by(|one, other| other.cmp(one));
    lowest.sort_unstable();
    let different = highest.iter().take(2).flat_map(|(high, ahead)| {
        lowest.iter().take(2).filter(move |(_, behind)| behind != ahead).map(move |(low, _)| *high - *low)
    });
    different.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::party;

    #[test]
    fn both_directions_are_bounded_and_no_host_meets_itself() {
        let issuers = [party(0, 100, 5), party(1, 0, 5)];
        let verifiers = [party(0, 100, 5), party(2, 30, 10)];
        let skew = |lo: i64, hi: i64, estimate: i64| {
            Some(Skew { bounds: Interval::new(Nanos(lo), Nanos(hi)), estimate: Nanos(estimate) })
        };
        assert_eq!(first_use_skew(&issuers, &verifiers), skew(55, 85, 70));
        assert_eq!(expiry_skew(&issuers, &verifiers), skew(90, 110, 100));
        assert_eq!(first_use_skew(&[party(0, 7, 1)], &[party(0, 7, 1)]), None);
        assert_eq!(first_use_skew(&[party(0, 7, 1)], &[party(1, 90, 1)]), skew(0, 0, 0));
    }

    #[test]
    fn the_lag_of_the_reading_is_covered_too() {
        let skew = |lo: i64, hi: i64| Skew { bounds: Interval::new(Nanos(lo), Nanos(hi)), estimate: Nanos(lo) };
        assert_eq!(needed_leeway(skew(3, 9), skew(4, 8), Nanos(10)), Interval::new(Nanos(4), Nanos(19)));
    }
}
