//! What changed between two reports, as it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::quantity::Instant;

/// What changed since another report. A finding is one code at one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The run that is compared with.
    pub run: String,
    /// When that run ended.
    pub finished: Instant,
    /// Findings that were not there.
    pub new: Vec<Change>,
    /// Findings that are gone, of hosts that were measured.
    pub resolved: Vec<Change>,
    /// Findings that stayed while the clock is surely further off.
    pub worse: Vec<Change>,
    /// Findings that stayed while the clock is surely nearer.
    pub better: Vec<Change>,
    /// What could not be compared, and why; empty in reports of before it was stored.
    #[serde(default)]
    pub not_compared: Vec<String>,
}

/// One code, and the hosts where it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The stable code, `CLK101`.
    pub code: String,
    /// The hosts, sorted; none for a finding of the fleet.
    pub hosts: Vec<String>,
}
