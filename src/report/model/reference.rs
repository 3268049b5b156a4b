//! What offsets are relative to, as it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::quantity::{Instant, Seconds};

/// What offsets are relative to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// By which rule it was found.
    pub kind: ReferenceKind,
    /// The host whose clock it is; null where it is no host's.
    pub host: Option<String>,
    /// What it is, in words.
    pub label: String,
    /// Half the width of what is known of it: part of every offset's bounds; null where there is none.
    pub bound_s: Option<Seconds>,
    /// Least value of the reference minus its own point estimate, which offsets are taken from; null where there is none.
    #[serde(default)]
    pub lo_s: Option<Seconds>,
    /// Greatest value of it.
    #[serde(default)]
    pub hi_s: Option<Seconds>,
    /// Whether it is UTC by somebody's word; null in reports of before it was stored.
    #[serde(default)]
    pub is_utc: Option<bool>,
}

/// By which rule the reference was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// UTC, as the hosts' claims agree.
    Consensus,
    /// The clock in the middle of the hosts that agree; not UTC.
    Agreement,
    /// UTC, as most of the time servers that were named have it.
    Ntp,
    /// UTC, coarsely, as most of the web servers that were named have it.
    Https,
    /// The controller's own wall clock.
    Controller,
    /// UTC, as the controller's own timekeeper claims.
    ControllerClaim,
    /// One host's clock.
    Host,
    /// None could be had: offsets are from the clock in the middle and are not judged, pairs are.
    None,
}

/// A run whose report was joined with others, and what its own offsets were relative to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergedRun {
    /// Its name.
    pub id: String,
    /// When it began.
    pub started: Instant,
    /// How many hosts it selected.
    pub hosts: usize,
    /// What its own offsets were relative to.
    pub reference: Reference,
    /// Whether the joined report's offsets are relative to that.
    pub is_chosen: bool,
    /// Its reference minus the chosen one: point estimate; null where no host joins it to the others, so that its hosts are
    /// left out.
    pub offset_s: Option<Seconds>,
    /// Least value of that.
    pub lo_s: Option<Seconds>,
    /// Greatest value of that.
    pub hi_s: Option<Seconds>,
}
