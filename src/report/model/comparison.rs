//! Two reports beside each other, as it is stored: `clockaudit.comparison/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::quantity::{Instant, Seconds};

/// The name and major version of the format of a comparison.
pub const COMPARISON_SCHEMA: &str = "clockaudit.comparison/1";

/// What changed from one report to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Always `clockaudit.comparison/1`.
    pub schema: String,
    /// The earlier report.
    pub before: ComparedRun,
    /// The later one.
    pub now: ComparedRun,
    /// Each finding that came, went, grew or shrank, in this order.
    pub findings: Vec<ChangedFinding>,
    /// Hosts that only the later report has, sorted.
    pub appeared: Vec<String>,
    /// Hosts that only the earlier report has, sorted.
    pub disappeared: Vec<String>,
    /// What could not be compared, and why.
    pub not_compared: Vec<String>,
}

/// One of two reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedRun {
    /// The name of the run.
    pub run: String,
    /// When it ended, by the controller's clock.
    pub finished: Instant,
    /// How many hosts it selected.
    pub hosts: usize,
    /// What its offsets are relative to, in words.
    pub reference: String,
}

/// How a finding changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there.
    New,
    /// It is gone, and the host was measured.
    Resolved,
    /// It stayed while the clock is surely further off.
    Worse,
    /// It stayed while the clock is surely nearer.
    Better,
}

/// A finding that changed: one code at one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedFinding {
    /// How it changed.
    pub change: ChangeKind,
    /// The stable code, `CLK101`.
    pub code: String,
    /// The host; null for a finding of the fleet.
    pub host: Option<String>,
    /// What is, by the later report; of a resolved one what was, by the earlier.
    pub what: String,
    /// When it was seen first, by the controllers' clocks; null where that was not kept.
    pub first_seen: Option<Instant>,
    /// Where the clock stood in the earlier report; null where it has no offset there.
    pub before: Option<ComparedOffset>,
    /// Where it stands in the later one.
    pub now: Option<ComparedOffset>,
}

/// A clock minus the reference of its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedOffset {
    /// Point estimate, positive = ahead.
    pub offset_s: Seconds,
    /// Least value of the offset.
    pub lo_s: Seconds,
    /// Greatest value of the offset.
    pub hi_s: Seconds,
}
