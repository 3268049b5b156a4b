//! Tokens in the analysis of a trace: the exact formulas, with a verifier whose reading does not lag.

use serde::Serialize;

use super::Measured;
use crate::clock::Nanos;
use crate::probe::trace::TokenQuestion;
use crate::tokens::{Advice, Party, Terms, expiry_skew, first_use_skew, mean_refusal, needed_leeway, refusal_counts};

/// What the clocks of issuers and verifiers mean for tokens.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenAnalysis {
    /// How many hosts issue.
    pub issuers: usize,
    /// How many verify.
    pub verifiers: usize,
    /// What the verifiers tolerate.
    pub leeway_ns: i64,
    /// How far an issuer is ahead of a verifier at most: least value.
    pub nbf_skew_lo_ns: i64,
    /// Greatest value.
    pub nbf_skew_hi_ns: i64,
    /// Point estimate.
    pub nbf_skew_est_ns: i64,
    /// How far a verifier is ahead of an issuer at most: least value.
    pub exp_skew_lo_ns: i64,
    /// Greatest value.
    pub exp_skew_hi_ns: i64,
    /// Point estimate.
    pub exp_skew_est_ns: i64,
    /// Least leeway that covers both.
    pub needed_lo_ns: i64,
    /// Greatest.
    pub needed_hi_ns: i64,
    /// How many pairs there are.
    pub pairs: u64,
    /// Pairs that refuse some first uses, for certain.
    pub rejecting_definite: u64,
    /// Pairs that may refuse some.
    pub rejecting_possible: u64,
    /// Pairs that refuse all, for certain.
    pub rejecting_always: u64,
    /// The mean share of first uses that are refused.
    pub mean_reject_probability: f64,
    /// What to do.
    pub advice: &'static str,
    /// The leeway to set; null where none is advised.
    pub recommended_leeway_s: Option<i64>,
}

impl TokenAnalysis {
    /// Answers the question from the measured hosts; `None` where no issuer meets another host as verifier.
    pub(super) fn of(question: &TokenQuestion, measured: &[Measured<'_>]) -> Option<Self> {
        let members = |group: &str| -> Vec<Party> {
            let all = measured.iter().enumerate().filter(|(_, one)| one.groups.iter().any(|name| name == group));
            all.map(|(host, one)| Party { host, standing: one.standing() }).collect()
        };
        let (issuers, verifiers) = (members(&question.issuers), members(&question.verifiers));
        let terms = Terms { leeway: question.leeway, transit: question.transit, lag: Nanos::ZERO };
        let (first_use, expiry) = (first_use_skew(&issuers, &verifiers)?, expiry_skew(&issuers, &verifiers)?);
        let needed = needed_leeway(first_use, expiry, terms.lag);
        let (counts, advice) = (refusal_counts(&issuers, &verifiers, &terms), Advice::of(needed));
        Some(Self {
            issuers: issuers.len(),
            verifiers: verifiers.len(),
            leeway_ns: terms.leeway.0,
            nbf_skew_lo_ns: first_use.bounds.lo.0,
            nbf_skew_hi_ns: first_use.bounds.hi.0,
            nbf_skew_est_ns: first_use.estimate.0,
            exp_skew_lo_ns: expiry.bounds.lo.0,
            exp_skew_hi_ns: expiry.bounds.hi.0,
            exp_skew_est_ns: expiry.estimate.0,
            needed_lo_ns: needed.lo.0,
            needed_hi_ns: needed.hi.0,
            pairs: counts.pairs,
            rejecting_definite: counts.definite,
            rejecting_possible: counts.possible,
            rejecting_always: counts.always,
            mean_reject_probability: mean_refusal(&issuers, &verifiers, &terms),
            advice: advice.label(),
            recommended_leeway_s: advice.leeway_s(needed),
        })
    }
}
