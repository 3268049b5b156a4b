//! Tokens that end early: a verifier that is ahead of the issuer takes a token for expired before its issuer does.

use super::refusal::worst_pairs;
use super::{GOOD, Party, RefusalCounts, Terms, refusal_counts, whole_seconds_up};
use crate::clock::{Interval, Nanos};

/// What one verifier takes away from the life of one issuer's tokens.
///
/// A verifier that reads its clock late, by 10 ms at most, gives that much back, which is less than what counts here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlyEnd {
    /// Index of the issuer's host.
    pub issuer: usize,
    /// Index of the verifier's host.
    pub verifier: usize,
    /// Bounds of how long before its time a token ends, the leeway taken off; never negative.
    pub early: Interval,
    /// Point estimate of it.
    pub early_estimate: Nanos,
    /// The leeway with which it would surely not: the whole of what the verifier is ahead.
    pub needed: Nanos,
}

impl EarlyEnd {
    /// That leeway in whole seconds, rounded up.
    pub fn hiding_leeway_s(&self) -> i64 {
        whole_seconds_up(self.needed)
    }

    /// Whether it may be more than good clocks differ by.
    pub fn may_matter(&self) -> bool {
        self.early.hi > GOOD
    }
}

/// The `k` pairs in which tokens may end early by more than good clocks differ by, those in which the verifier is ahead the
/// most first.
pub fn early_ends(issuers: &[Party], verifiers: &[Party], leeway: Nanos, k: usize) -> Vec<EarlyEnd> {
    let terms = Terms { leeway, ..Terms::default() };
    // Who verifies stands where else who issues does: it is the one that is ahead.
    let pairs = worst_pairs(verifiers, issuers, &terms, k);
    let left = |ahead: Nanos| (ahead - leeway).max(Nanos::ZERO);
    let ends = pairs.into_iter().map(|pair| EarlyEnd {
        issuer: pair.verifier,
        verifier: pair.issuer,
        early: Interval::new(left(pair.skew.lo), left(pair.skew.hi)),
        early_estimate: left(pair.skew_estimate),
        needed: pair.needed.hi,
    });
    ends.filter(EarlyEnd::may_matter).collect()
}

/// In how many pairs tokens end early by more than good clocks differ by: for certain, and possibly.
pub fn early_end_counts(issuers: &[Party], verifiers: &[Party], leeway: Nanos) -> (u64, u64) {
    let terms = Terms { leeway: leeway + GOOD, ..Terms::default() };
    let RefusalCounts { definite, possible, .. } = refusal_counts(verifiers, issuers, &terms);
    (definite, possible)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::party;

    const MS: i64 = 1_000_000;

    #[test]
    fn a_verifier_that_is_ahead_ends_tokens_early_by_that_much() {
        let check = |ahead_ms: i64, radius_ms: i64, leeway_ms: i64, expected: Option<(i64, i64, i64)>| {
            let issuers = [party(0, 0, 0)];
            let verifiers = [party(1, ahead_ms * MS, radius_ms * MS)];
            let leeway = Nanos::from_millis(leeway_ms);
            let found = early_ends(&issuers, &verifiers, leeway, 3);
            let shown = |end: &EarlyEnd| {
                assert_eq!((end.issuer, end.verifier), (0, 1));
                (end.early.lo.0 / MS, end.early.hi.0 / MS, end.hiding_leeway_s())
            };
            assert_eq!(found.first().map(shown), expected, "{ahead_ms} ± {radius_ms} ms, leeway {leeway_ms} ms");
            let (definite, possible) = early_end_counts(&issuers, &verifiers, leeway);
            assert_eq!(possible, u64::from(expected.is_some()), "{ahead_ms} ± {radius_ms} ms");
            assert_eq!(definite, u64::from(expected.is_some_and(|(lo, ..)| lo > 100)), "{ahead_ms} ± {radius_ms} ms");
        };
        check(3_600_000, 1, 0, Some((3_599_999, 3_600_001, 3_601)));
        check(30_000, 0, 5_000, Some((25_000, 25_000, 30)));
        check(2_000, 3_000, 0, Some((0, 5_000, 5)));
        check(100, 0, 0, None);
        check(101, 0, 0, Some((101, 101, 1)));
        check(5_101, 0, 5_000, Some((101, 101, 6)));
        check(5_100, 0, 5_000, None);
        check(-3_600_000, 0, 0, None);
    }

    #[test]
    fn no_host_ends_its_own_tokens_early() {
        let hosts = [party(0, 0, 0), party(1, 2_000 * MS, 0)];
        let found = early_ends(&hosts, &hosts, Nanos::ZERO, 9);
        let pairs: Vec<(usize, usize)> = found.iter().map(|end| (end.issuer, end.verifier)).collect();
        assert_eq!(pairs, [(0, 1)]);
        assert_eq!(early_end_counts(&hosts, &hosts, Nanos::ZERO), (1, 1));
    }
}
