//! How often the first use of a token is refused: per pair, over all pairs, and how many pairs are concerned.

use super::{Party, Terms, whole_seconds_up};
use crate::clock::{Interval, Nanos};

/// Tokens carry whole seconds: over one second of the issuer's clock, the refused share goes from none to all.
const SECOND: Nanos = Nanos::from_seconds(1);

/// How many pairs of an issuer and another host as verifier refuse first uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusalCounts {
    /// All pairs.
    pub pairs: u64,
    /// Pairs that refuse some first uses that take no time, for certain.
    pub definite: u64,
    /// Pairs that may refuse some.
    pub possible: u64,
    /// Pairs that refuse every first use, for certain.
    pub always: u64,
}

/// Counts the pairs by binary search, in O(n log n).
pub fn refusal_counts(issuers: &[Party], verifiers: &[Party], terms: &Terms) -> RefusalCounts {
    let beyond = |high: fn(&Party) -> Nanos, low: fn(&Party) -> Nanos, limit: Nanos| {
        let mut lows: Vec<Nanos> = verifiers.iter().map(low).collect();
        lows.sort_unstable();
        let refused = |issuer: &Party| lows.partition_point(|low| high(issuer) - *low > limit);
        let all: usize = issuers.iter().map(refused).sum();
        let own = both(issuers, verifiers).filter(|(issuer, verifier)| high(issuer) - low(verifier) > limit).count();
        to_u64(all - own)
    };
    let (least, greatest) = (|one: &Party| one.standing.bounds.lo, |one: &Party| one.standing.bounds.hi);
    let all = issuers.len().saturating_mul(verifiers.len());
    RefusalCounts {
        pairs: to_u64(all - both(issuers, verifiers).count()),
        definite: beyond(least, greatest, terms.leeway),
        possible: beyond(greatest, least, terms.leeway - terms.lag),
        always: beyond(least, greatest, terms.leeway + SECOND + terms.transit),
    }
}

/// The hosts that are issuer and verifier, in both roles.
fn both<'party>(
    issuers: &'party [Party],
    verifiers: &'party [Party],
) -> impl Iterator<Item = (&'party Party, &'party Party)> {
    let mut by_host: Vec<&Party> = verifiers.iter().collect();
    by_host.sort_unstable_by_key(|one| one.host);
    issuers.iter().filter_map(move |issuer| {
        let place = by_host.binary_search_by_key(&issuer.host, |one| one.host).ok()?;
        Some((issuer, *by_host.get(place)?))
    })
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The mean share of first uses that are refused over all pairs, by the point estimates (0 to 1); 0 without pairs.
pub fn mean_refusal(issuers: &[Party], verifiers: &[Party], terms: &Terms) -> f64 {
    let pairs = refusal_counts(issuers, verifiers, terms).pairs;
    let from = terms.leeway + terms.transit;
    let refused = excess(issuers, verifiers, from) - excess(issuers, verifiers, from + SECOND);
    share(refused, i128::from(SECOND.0) * i128::from(pairs))
}

/// The sum over all pairs of what the issuer is ahead beyond `limit` (ns), by prefix sums. A host paired with itself is not
/// ahead of itself, and no limit is below zero.
fn excess(issuers: &[Party], verifiers: &[Party], limit: Nanos) -> i128 {
    let mut behind: Vec<i128> = verifiers.iter().map(|one| i128::from(one.standing.estimate.0)).collect();
    behind.sort_unstable();
    let mut sums = vec![0_i128];
    let mut sum = 0;
    for one in &behind {
        sum += one;
        sums.push(sum);
    }
    let limit = i128::from(limit.0.max(0));
    let beyond = |issuer: &Party| {
        let reach = i128::from(issuer.standing.estimate.0) - limit;
        let count = behind.partition_point(|one| *one < reach);
        let below = sums.get(count).copied().unwrap_or_default();
        reach * i128::try_from(count).unwrap_or_default() - below
    };
    issuers.iter().map(beyond).sum()
}

/// What one verifier makes of one issuer's tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairRefusal {
    /// Index of the issuer's host.
    pub issuer: usize,
    /// Index of the verifier's host.
    pub verifier: usize,
    /// Bounds of issuer minus verifier.
    pub skew: Interval,
    /// Point estimate of it.
    pub skew_estimate: Nanos,
    /// The least share of first uses that are refused (0 to 1).
    pub share_lo: f64,
    /// The greatest share.
    pub share_hi: f64,
    /// The leeway that would hide it, whatever the way there takes: bounds, never negative.
    pub needed: Interval,
}

impl PairRefusal {
    /// The leeway that would hide it for certain, in whole seconds, rounded up.
    pub fn hiding_leeway_s(&self) -> i64 {
        whole_seconds_up(self.needed.hi)
    }
}

/// Works out one pair: the share is clamp((skew + lag - transit - leeway) / 1 s, 0, 1), for the lag between none and most.
pub fn pair_refusal(issuer: &Party, verifier: &Party, terms: &Terms) -> PairRefusal {
    let skew = issuer.standing.bounds.minus(verifier.standing.bounds);
    let refused = |lead: Nanos| {
        let beyond = (lead - terms.transit - terms.leeway).clamp(Nanos::ZERO, SECOND);
        share(i128::from(beyond.0), i128::from(SECOND.0))
    };
    let positive = |length: Nanos| length.max(Nanos::ZERO);
    PairRefusal {
        issuer: issuer.host,
        verifier: verifier.host,
        skew,
        skew_estimate: issuer.standing.estimate - verifier.standing.estimate,
        share_lo: refused(skew.lo),
        share_hi: refused(skew.hi + terms.lag),
        needed: Interval::new(positive(skew.lo), positive(skew.hi + terms.lag)),
    }
}

/// The `k` pairs in which the issuer is ahead the most by the point estimates, worst first.
pub fn worst_pairs(issuers: &[Party], verifiers: &[Party], terms: &Terms, k: usize) -> Vec<PairRefusal> {
    let mut ahead: Vec<&Party> = issuers.iter().collect();
    let mut behind: Vec<&Party> = verifiers.iter().collect();
    ahead.sort_by_key(|one| (-one.standing.estimate, one.host));
    behind.sort_by_key(|one| (one.standing.estimate, one.host));
    // The k greatest differences lie among the k highest and the k lowest; one more a side for a host met by itself.
    let candidates = ahead.iter().take(k.saturating_add(1)).flat_map(|issuer| {
        let others = behind.iter().take(k.saturating_add(1)).filter(move |verifier| verifier.host != issuer.host);
        others.map(move |verifier| pair_refusal(issuer, verifier, terms))
    });
    let mut found: Vec<PairRefusal> = candidates.collect();
    found.sort_by_key(|pair| (-pair.skew_estimate, pair.issuer, pair.verifier));
    found.truncate(k);
    found
}

/// A share of a whole; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share for people; nothing is judged by it")]
fn share(part: i128, whole: i128) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::pairs::Standing;
    use crate::tokens::party;

    #[test]
    fn the_share_is_that_of_the_second_that_is_still_to_come() {
        let check = |skew_ms: i64, terms: Terms, expected: (f64, f64)| {
            let found = pair_refusal(&party(0, skew_ms * 1_000_000, 0), &party(1, 0, 0), &terms);
            assert_eq!((found.share_lo, found.share_hi), expected, "{skew_ms} {terms:?}");
        };
        let ms = Nanos::from_millis;
        let transit = Terms { transit: ms(5), ..Terms::default() };
        // The figures that were checked against PyJWT: 20 ms ahead with 5 ms transit 1.5 %, 100 ms 9.5 %, 1.2 s all.
        check(20, transit, (0.015, 0.015));
        check(100, transit, (0.095, 0.095));
        check(1_200, transit, (1.0, 1.0));
        check(-100, transit, (0.0, 0.0));
        check(1_200, Terms { leeway: ms(1_000), lag: ms(10), ..transit }, (0.195, 0.205));
    }

    #[test]
    fn the_worst_pairs_come_first_and_no_host_meets_itself() {
        let issuers = [party(0, 900, 1), party(1, 500, 1)];
        let verifiers = [party(0, 900, 1), party(1, 500, 1), party(2, 0, 1)];
        let pairs = worst_pairs(&issuers, &verifiers, &Terms::default(), 3);
        let found: Vec<(usize, usize)> = pairs.iter().map(|pair| (pair.issuer, pair.verifier)).collect();
        assert_eq!(found, vec![(0, 2), (1, 2), (0, 1)]);
    }

    fn parties(seconds: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Party>> {
        let one = (0_usize..12, -3_000_i64..3_000, 0_i64..900, 0_i64..900);
        proptest::collection::vec(one, seconds).prop_map(|raw| {
            let mut found: Vec<Party> = Vec::new();
            for (host, centre, below, above) in raw {
                if found.iter().all(|one| one.host != host) {
                    let ms = |value: i64| Nanos::from_millis(value);
                    let bounds = Interval::new(ms(centre - below), ms(centre + above));
                    found.push(Party { host, standing: Standing { bounds, estimate: ms(centre) } });
                }
            }
            found
        })
    }

    proptest! {
        #[test]
        fn counts_and_mean_are_those_of_every_pair(
            issuers in parties(0..10),
            verifiers in parties(0..10),
            leeway in 0_i64..2_000,
            transit in 0_i64..200,
            lag in 0_i64..20,
        ) {
            // A host in both roles has one clock.
            let verifiers: Vec<Party> = verifiers.into_iter()
                .map(|one| issuers.iter().find(|issuer| issuer.host == one.host).copied().unwrap_or(one)).collect();
            let ms = Nanos::from_millis;
            let terms = Terms { leeway: ms(leeway), transit: ms(transit), lag: ms(lag) };
            let pairs: Vec<(&Party, &Party)> = issuers.iter()
                .flat_map(|issuer| verifiers.iter().map(move |verifier| (issuer, verifier)))
                .filter(|(issuer, verifier)| issuer.host != verifier.host).collect();
            let count = |beyond: &dyn Fn(&Party, &Party) -> bool| {
                pairs.iter().filter(|(issuer, verifier)| beyond(issuer, verifier)).count() as u64
            };
            let least = |issuer: &Party, verifier: &Party| issuer.standing.bounds.lo - verifier.standing.bounds.hi;
            let greatest = |issuer: &Party, verifier: &Party| issuer.standing.bounds.hi - verifier.standing.bounds.lo;
            let expected = RefusalCounts {
                pairs: pairs.len() as u64,
                definite: count(&|issuer, verifier| least(issuer, verifier) > terms.leeway),
                possible: count(&|issuer, verifier| greatest(issuer, verifier) > terms.leeway - terms.lag),
                always: count(&|issuer, verifier| least(issuer, verifier) > terms.leeway + SECOND + terms.transit),
            };
            prop_assert_eq!(refusal_counts(&issuers, &verifiers, &terms), expected);
            let exact = Terms { lag: Nanos::ZERO, ..terms };
            let refused = |(issuer, verifier): &(&Party, &Party)| {
                let of = |one: &Party| Party { host: one.host, standing: Standing {
                    bounds: Interval::point(one.standing.estimate), estimate: one.standing.estimate } };
                pair_refusal(&of(issuer), &of(verifier), &exact).share_lo
            };
            let count = u32::try_from(pairs.len()).expect("a few").max(1);
            let mean = pairs.iter().map(refused).sum::<f64>() / f64::from(count);
            prop_assert!((mean_refusal(&issuers, &verifiers, &terms) - mean).abs() < 1e-9);
        }
    }
}
