//! What hosts make of one token, as it is stored: `clockaudit.token/1`. The token itself is not in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Error, Interrupted, Tool};
use crate::report::quantity::{ClaimedSeconds, Instant, Seconds};

/// The name and major version of the format.
pub const TOKEN_SCHEMA: &str = "clockaudit.token/1";

/// What hosts make of one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenReport {
    /// Always `clockaudit.token/1`.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// The instant that it was judged for, by the controller's clock.
    pub judged_at: Instant,
    /// Always false: whoever has no key cannot check it, and the times need none.
    pub signature_checked: bool,
    /// What the token says.
    pub claims: TokenClaims,
    /// Where the clocks are known from.
    pub clocks: TokenClocks,
    /// The leeway that was asked for; null where each library has its own.
    pub leeway_s: Option<Seconds>,
    /// The libraries that it was judged by.
    pub libraries: Vec<TokenLibrary>,
    /// How many hosts there are of each answer.
    pub counts: TokenCounts,
    /// Every host, sorted by name.
    pub hosts: Vec<TokenHost>,
}

/// What a token says of itself and of time; times are seconds since 1970, null where it does not say them. One that is further from
/// 1970 than the years 1677 to 2262 is the number that the token has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenClaims {
    /// How it is signed (`alg`).
    pub algorithm: Option<String>,
    /// Who issued it (`iss`).
    pub issuer: Option<String>,
    /// When it was issued (`iat`).
    pub issued_at_s: Option<ClaimedSeconds>,
    /// Before when it is to be refused (`nbf`).
    pub not_before_s: Option<ClaimedSeconds>,
    /// From when on it is to be refused (`exp`).
    pub expiry_s: Option<ClaimedSeconds>,
}

/// Where the clocks are known from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenClocks {
    /// The run that measured them.
    pub run: String,
    /// When that run ended, by the controller's clock.
    pub finished: Instant,
    /// Whether it was measured for this token; else the clocks are taken to have run on since, within 500 ppm and without a step.
    pub is_fresh: bool,
    /// Whether that run ended before its work was done: hosts may be missing, or not be measured for that alone.
    #[serde(default)]
    pub partial: bool,
    /// Why it ended early; null where it did not.
    #[serde(default)]
    pub interrupted: Option<Interrupted>,
    /// Whether a part of its inventory was not understood: hosts may be missing.
    #[serde(default)]
    pub inventory_incomplete: bool,
}

/// A library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenLibrary {
    /// The name that `--verifier-lib` takes.
    pub id: String,
    /// The name that its users know it by.
    pub name: String,
    /// The leeway that it was judged with.
    pub leeway_s: Seconds,
}

/// How many hosts there are of each answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenCounts {
    /// Accepted for certain, by every library.
    pub accepted: usize,
    /// Refused for certain, by a library at least.
    pub refused: usize,
    /// Neither.
    pub cannot_tell: usize,
    /// The clock is not known.
    pub not_measured: usize,
}

/// What becomes of the token at a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenAnswer {
    /// Accepted for certain, by every library, as far as its times go.
    Accepted,
    /// Refused for certain, by a library at least.
    Refused,
    /// The clock's bounds lie on both sides of a boundary.
    CannotTell,
    /// The clock is not known.
    NotMeasured,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenHost {
    /// Its name in the inventory.
    pub name: String,
    /// The worst that a library answers there.
    pub answer: TokenAnswer,
    /// The claim that decides the worst answer: `nbf`, `iat` or `exp`; null where there is none.
    pub claim: Option<String>,
    /// Why its clock is not known; null where it is, or where no bounds of it against the controller's clock are known.
    #[serde(default)]
    pub error: Option<Error>,
    /// Point estimate of its clock at that instant minus the claim, positive = past it; null where there is none. A claim beyond the
    /// year 2262 is taken as that year here.
    pub past_claim_s: Option<Seconds>,
    /// Least value of its clock minus the controller's, positive = ahead; null where it is not known.
    pub ahead_lo_s: Option<Seconds>,
    /// Greatest value of it.
    pub ahead_hi_s: Option<Seconds>,
    /// The libraries (`id`) that refuse it for certain.
    pub refused_by: Vec<String>,
    /// Those of which nobody can tell.
    pub cannot_tell_by: Vec<String>,
    /// Those that accept it for certain.
    pub accepted_by: Vec<String>,
    /// What would be worse with an option that is not set by default: `rust-jsonwebtoken: validation.validate_nbf = true`.
    pub stricter_with: Vec<String>,
}
