//! What hosts that are alike have in common, as it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::report::quantity::Seconds;

/// Hosts whose trouble is most likely one and the same.
///
/// They have the same codes. Where the rest also tells such hosts apart they have that in common too; a thing that differs
/// from host to host, or that was not told, is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// What it is, in a few words: `systemd-timesyncd cannot reach its sources`.
    pub what: String,
    /// The worst verdict of the hosts.
    pub verdict: Verdict,
    /// The codes that they share, those that weigh; the reason why they were not measured where they were not.
    pub codes: Vec<String>,
    /// The source that their timekeepers follow.
    pub upstream: Option<String>,
    /// What they run on: `container`, or the kind of virtual machine.
    pub virtualisation: Option<String>,
    /// The smallest group that each of them is in.
    pub group: Option<String>,
    /// How far they are from the reference.
    pub offset_band: Option<OffsetBand>,
    /// The hosts, sorted.
    pub hosts: Vec<String>,
}

/// A decade of distances from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OffsetBand {
    /// The least distance in it.
    pub from_s: Seconds,
    /// The least distance beyond it; null where it has no end.
    pub below_s: Option<Seconds>,
}
