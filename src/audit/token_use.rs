//! Token use: what the measured clocks mean for the tokens of one group of issuers at one group of verifiers.

use super::policy::TokenPolicy;
use crate::clock::pairs::Standing;
use crate::clock::{Interval, Nanos};
use crate::tokens::{
    Advice, EarlyEnd, GREATEST_LAG, PairRefusal, Party, RefusalCounts, Skew, Terms, early_end_counts, early_ends,
    expiry_skew, first_use_skew, mean_refusal, needed_leeway, refusal_counts, worst_pairs,
};

/// How many of the worst pairs are named.
const WORST_PAIRS: usize = 10;

/// What the clocks mean for the tokens of one group at another.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenUse {
    /// What was asked.
    pub asked: TokenPolicy,
    /// How many issuers were measured.
    pub issuers: usize,
    /// How many verifiers were measured.
    pub verifiers: usize,
    /// How many hosts of both groups were not.
    pub unmeasured: usize,
    /// What was found; `None` where no issuer meets another host as verifier.
    pub found: Option<TokenFound>,
}

/// What was found of the pairs of issuers and verifiers; hosts are indices of observations.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenFound {
    /// How many pairs refuse first uses.
    pub counts: RefusalCounts,
    /// The mean share of first uses that are refused (0 to 1), by the point estimates.
    pub mean_share: f64,
    /// How far an issuer is ahead of a verifier at most: what refuses first uses.
    pub first_use: Skew,
    /// How far a verifier is ahead of an issuer at most: tokens die that much early.
    pub expiry: Skew,
    /// The leeway that would cover both.
    pub needed: Interval,
    /// What to do.
    pub advice: Advice,
    /// The pairs in which the issuer is ahead the most, worst first.
    pub worst: Vec<PairRefusal>,
    /// In how many pairs tokens end early by more than good clocks differ by: for certain, and possibly.
    pub ending_early: (u64, u64),
    /// The pairs in which the verifier is ahead the most, worst first, as far as tokens may end early there.
    pub early_ends: Vec<EarlyEnd>,
}

/// Works out every question about tokens; `standings` (on any common ruler) and `groups` are those of the hosts, in one
/// order.
pub fn token_use(asked: &[TokenPolicy], standings: &[Option<Standing>], groups: &[Vec<String>]) -> Vec<TokenUse> {
    let one = |asked: &TokenPolicy| {
        let is_in = |group: &str, host: usize| groups.get(host).is_some_and(|own| own.iter().any(|name| name == group));
        let members = |group: &str| -> Vec<Party> {
            let hosts = standings.iter().enumerate().filter(|(host, _)| is_in(group, *host));
            hosts.filter_map(|(host, standing)| Some(Party { host, standing: (*standing)? })).collect()
        };
        let concerned = |host: &usize| is_in(&asked.issuers, *host) || is_in(&asked.verifiers, *host);
        let missing = standings.iter().enumerate().filter(|(_, standing)| standing.is_none());
        let (issuers, verifiers) = (members(&asked.issuers), members(&asked.verifiers));
        TokenUse {
            asked: asked.clone(),
            issuers: issuers.len(),
            verifiers: verifiers.len(),
            unmeasured: missing.filter(|(host, _)| concerned(host)).count(),
            found: found(asked, &issuers, &verifiers),
        }
    };
    asked.iter().map(one).collect()
}

fn found(asked: &TokenPolicy, issuers: &[Party], verifiers: &[Party]) -> Option<TokenFound> {
    // The counts are of the clocks alone: with the lag, a fleet without any skew would count as one that may refuse.
    let terms = Terms { leeway: asked.leeway, transit: asked.latency, lag: Nanos::ZERO };
    // Which program verifies is not known: shares are bounded with the lag of its reading and without.
    let read_late = Terms { lag: GREATEST_LAG, ..terms };
    let (first_use, expiry) = (first_use_skew(issuers, verifiers)?, expiry_skew(issuers, verifiers)?);
    let needed = needed_leeway(first_use, expiry, GREATEST_LAG);
    Some(TokenFound {
        counts: refusal_counts(issuers, verifiers, &terms),
        mean_share: mean_refusal(issuers, verifiers, &terms),
        first_use,
        expiry,
        needed,
        advice: Advice::of(needed),
        worst: worst_pairs(issuers, verifiers, &read_late, WORST_PAIRS),
        ending_early: early_end_counts(issuers, verifiers, asked.leeway),
        early_ends: early_ends(issuers, verifiers, asked.leeway, WORST_PAIRS),
    })
}
