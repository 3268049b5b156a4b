//! What the clocks mean for systems and for tokens, as it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::quantity::Seconds;

/// What the clocks mean for one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Impact {
    /// The profile, as `--profile` takes it.
    pub profile: String,
    /// The system's own name.
    pub system: String,
    /// What is compared: `pair` (hosts with each other) or `absolute` (hosts with UTC).
    pub kind: String,
    /// Beyond this there is little left before it breaks.
    pub warn_s: Seconds,
    /// Beyond this it breaks.
    pub crit_s: Seconds,
    /// The hosts that break it for certain, sorted.
    pub hosts: Vec<String>,
    /// How many hosts may break it: their bounds are too wide, or there is no fitting reference.
    pub undecided: usize,
}

/// What the clocks mean for the tokens that one group issues and another verifies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// The group of the hosts that issue.
    pub issuer_group: String,
    /// The group of the hosts that verify.
    pub verifier_group: String,
    /// How much the verifiers were said to tolerate.
    pub leeway_s: Seconds,
    /// How long a token was said to be on its way before its first use.
    pub latency_s: Seconds,
    /// How many issuers were measured.
    pub issuers: usize,
    /// How many verifiers were measured.
    pub verifiers: usize,
    /// How many hosts of both groups were not measured.
    pub unmeasured: usize,
    /// How many pairs of an issuer and another host as verifier there are.
    pub pairs: u64,
    /// Pairs that refuse some first uses, for certain.
    pub refusing: u64,
    /// Pairs that may refuse some.
    pub refusing_possibly: u64,
    /// Pairs that refuse every first use, for certain.
    pub refusing_always: u64,
    /// The mean share of first uses that are refused over all pairs, by the point estimates (0 to 1).
    pub mean_refused_share: f64,
    /// How far an issuer is ahead of a verifier at most, which refuses first uses; null without pairs.
    pub first_use_skew_s: Option<Seconds>,
    /// How far a verifier is ahead of an issuer at most: tokens die that much early; null without pairs.
    pub expiry_skew_s: Option<Seconds>,
    /// The least leeway that covers both, at least.
    pub needed_lo_s: Option<Seconds>,
    /// The least leeway that covers both, at most.
    pub needed_hi_s: Option<Seconds>,
    /// What to do: `ok`, `fix-clocks-5s-covers`, `resample`, `fix-clocks-widen-until-fixed`, `fix-clocks-never-widen`.
    pub advice: Option<String>,
    /// The leeway to set, whole seconds; null where none is advised.
    pub recommended_leeway_s: Option<i64>,
    /// The pairs in which the issuer is ahead the most, worst first.
    pub worst: Vec<RefusingPair>,
    /// Pairs in which tokens end before their time by more than 0.1 s, for certain: the verifier is ahead.
    #[serde(default)]
    pub ending_early: u64,
    /// Pairs in which they may.
    #[serde(default)]
    pub ending_early_possibly: u64,
    /// The pairs in which tokens may end early by more than 0.1 s, those in which the verifier is ahead the most first.
    #[serde(default)]
    pub early_ends: Vec<EarlyEnd>,
}

/// What one verifier makes of one issuer's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefusingPair {
    /// The issuer.
    pub issuer: String,
    /// The verifier.
    pub verifier: String,
    /// Point estimate of issuer minus verifier.
    pub skew_s: Seconds,
    /// Least value of it.
    pub lo_s: Seconds,
    /// Greatest value of it.
    pub hi_s: Seconds,
    /// The least share of first uses that are refused (0 to 1).
    pub refused_share_lo: f64,
    /// The greatest share: with a verifier that reads its clock by `time()`, up to 10 ms late.
    pub refused_share_hi: f64,
    /// The leeway that would hide it, in whole seconds; null where no leeway may: fix the clock.
    pub hiding_leeway_s: Option<i64>,
}

/// What one verifier takes away from the life of one issuer's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EarlyEnd {
    /// The issuer.
    pub issuer: String,
    /// The verifier.
    pub verifier: String,
    /// Point estimate of how long before its time (`exp`) a token ends, the leeway taken off: tokens that live no longer are
    /// refused at once.
    pub early_s: Seconds,
    /// Least value of it; 0 where it is not certain that they end early.
    pub lo_s: Seconds,
    /// Greatest value of it.
    pub hi_s: Seconds,
    /// The leeway that would hide it, in whole seconds; null where no leeway may: fix the clock.
    pub hiding_leeway_s: Option<i64>,
}
