//! What is asked of the clocks, as it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::quantity::Seconds;

/// The limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Beyond this is `warn`.
    pub warn_s: Seconds,
    /// Beyond this is `crit`.
    pub crit_s: Seconds,
    /// The reference as it was asked for: `automatic`, `consensus`, `agreement`, `controller`, `host:NAME`, `group:NAME`.
    pub reference: String,
    /// Exchanges asked for, for each host.
    pub samples: usize,
    /// The systems that the limits are for; none where limits were given instead.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// The limits that need no UTC; null where every system needs it, and in reports of before it was stored.
    #[serde(default)]
    pub relative: Option<Limits>,
}

/// What is asked of one host, where its inventory asks for something else than of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostPolicy {
    /// Beyond this is `warn`.
    pub warn_s: Seconds,
    /// Beyond this is `crit`.
    pub crit_s: Seconds,
    /// The systems that the limits are for; none where limits were given instead.
    pub profiles: Vec<String>,
    /// The limits that need no UTC; null where every system needs it.
    pub relative: Option<Limits>,
}

/// A limit to warn at and a critical one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Beyond this is `warn`.
    pub warn_s: Seconds,
    /// Beyond this is `crit`.
    pub crit_s: Seconds,
}
