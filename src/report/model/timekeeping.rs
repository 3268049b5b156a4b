//! The part of the report that says who keeps a host's clock, and on what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::quantity::Seconds;

/// Who keeps a host's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timekeeping {
    /// `synchronised`, `slewing`, `stale`, `unsynchronised`, `local`, `several`, `leaves_the_clock_alone`, `silent`,
    /// `unproven` (it runs and cannot be asked), `stopped`, `none`, `unknown`: the worst of what holds.
    pub state: String,
    /// The timekeepers that run, outside of containers.
    pub running: Vec<String>,
    /// The services of timekeepers that are installed.
    pub services: Vec<Service>,
    /// The sources that the timekeeper told; null where it told of none.
    pub sources: Option<Vec<TimeSource>>,
    /// The kernel's greatest error; 16 s where it calls the clock unsynchronised; null where it was not told.
    pub kernel_greatest_error_s: Option<Seconds>,
    /// How old the last update was, by the host's own clock; null where that was not told.
    pub last_update_age_s: Option<Seconds>,
}

/// The service of a timekeeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub active: bool,
    /// Whether it is started at boot; null where that is not told.
    pub enabled: Option<bool>,
    /// How often it was restarted by itself.
    pub restarts: u32,
}

/// A source of a timekeeper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSource {
    /// Its name or address.
    pub name: String,
    /// What the timekeeper makes of it: `selected`, `combined`, `spare`, `falseticker`, `too variable`, `unusable`.
    pub selection: String,
    /// Its stratum.
    pub stratum: u32,
    /// Which of its last eight polls were answered, the newest in the lowest bit; null where that was not told.
    pub reach: Option<u32>,
    /// The clock minus the source, as the timekeeper measured it; positive = ahead.
    pub offset_s: Option<Seconds>,
    /// Half the width of what that offset may be.
    pub error_s: Option<Seconds>,
}
