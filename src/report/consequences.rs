//! What the clocks mean for systems and for tokens, turned into the report's model.

use super::model::{EarlyEnd, Impact, RefusingPair, Tokens};
use super::quantity::Seconds;
use crate::audit::{self, TokenFound, TokenUse};
use crate::tokens::{self, FIX_CLOCKS_BEYOND, PairRefusal};

/// The name of the host of an index.
pub(super) type Names<'names> = dyn Fn(usize) -> String + 'names;

/// The impact of each system that was asked for.
pub(super) fn impact(found: &[audit::Impact], names: &Names<'_>) -> Vec<Impact> {
    let one = |found: &audit::Impact| {
        let limits = found.profile.limits();
        let mut hosts: Vec<String> = found.breaking.iter().map(|host| names(*host)).collect();
        hosts.sort();
        Impact {
            profile: found.profile.label().to_owned(),
            system: found.profile.system().to_owned(),
            kind: found.profile.kind().label().to_owned(),
            warn_s: Seconds(limits.warn),
            crit_s: Seconds(limits.crit),
            hosts,
            undecided: found.undecided,
        }
    };
    found.iter().map(one).collect()
}

/// The answers to the questions about tokens.
pub(super) fn tokens(answers: &[TokenUse], names: &Names<'_>) -> Vec<Tokens> {
    answers.iter().map(|answer| answered(answer, names)).collect()
}

fn answered(answer: &TokenUse, names: &Names<'_>) -> Tokens {
    let found = answer.found.as_ref();
    let counts = found.map(|found| found.counts).unwrap_or_default();
    Tokens {
        issuer_group: answer.asked.issuers.clone(),
        verifier_group: answer.asked.verifiers.clone(),
        leeway_s: Seconds(answer.asked.leeway),
        latency_s: Seconds(answer.asked.latency),
        issuers: answer.issuers,
        verifiers: answer.verifiers,
        unmeasured: answer.unmeasured,
        pairs: counts.pairs,
        refusing: counts.definite,
        refusing_possibly: counts.possible,
        refusing_always: counts.always,
        mean_refused_share: found.map_or(0.0, |found| found.mean_share),
        first_use_skew_s: found.map(|found| Seconds(found.first_use.estimate)),
        expiry_skew_s: found.map(|found| Seconds(found.expiry.estimate)),
        needed_lo_s: found.map(|found| Seconds(found.needed.lo)),
        needed_hi_s: found.map(|found| Seconds(found.needed.hi)),
        advice: found.map(|found| found.advice.label().to_owned()),
        recommended_leeway_s: found.and_then(|found: &TokenFound| found.advice.leeway_s(found.needed)),
        worst: found.map_or_else(Vec::new, |found| found.worst.iter().map(|pair| refusing(pair, names)).collect()),
        ending_early: found.map_or(0, |found| found.ending_early.0),
        ending_early_possibly: found.map_or(0, |found| found.ending_early.1),
        early_ends: found
            .map_or_else(Vec::new, |found| found.early_ends.iter().map(|end| early_end(end, names)).collect()),
    }
}

fn refusing(pair: &PairRefusal, names: &Names<'_>) -> RefusingPair {
    let seconds = pair.hiding_leeway_s();
    RefusingPair {
        issuer: names(pair.issuer),
        verifier: names(pair.verifier),
        skew_s: Seconds(pair.skew_estimate),
        lo_s: Seconds(pair.skew.lo),
        hi_s: Seconds(pair.skew.hi),
        refused_share_lo: pair.share_lo,
        refused_share_hi: pair.share_hi,
        hiding_leeway_s: Some(seconds).filter(|seconds| *seconds <= FIX_CLOCKS_BEYOND),
    }
}

fn early_end(end: &tokens::EarlyEnd, names: &Names<'_>) -> EarlyEnd {
    let seconds = end.hiding_leeway_s();
    EarlyEnd {
        issuer: names(end.issuer),
        verifier: names(end.verifier),
        early_s: Seconds(end.early_estimate),
        lo_s: Seconds(end.early.lo),
        hi_s: Seconds(end.early.hi),
        hiding_leeway_s: Some(seconds).filter(|seconds| *seconds <= FIX_CLOCKS_BEYOND),
    }
}
