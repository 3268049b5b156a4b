//! Traces: everything that a scan saw as lines of JSON, so that it can be judged again, here or elsewhere.
//!
//! `scan --record` writes them, `replay` reads them; `docs/traces.md` describes the lines. A trace may come from a
//! stranger with a bug report: what is not understood is refused with its line, and nothing in it can exhaust the reader.

mod claim;
mod line;
mod not_audited;
mod read;
mod settings;
mod tokens;
mod write;

pub use claim::ChronyClaim;
pub use not_audited::NotAudited;
pub use read::{TraceError, TraceProblem, read};
pub use settings::Settings;
pub use tokens::TokenQuestion;
pub use write::write;

use super::observation::Seen;
use crate::clock::{Estimate, Nanos, UnixNanos, estimate};

/// What a trace tells of one host besides its observation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceHost {
    /// The name or address that was connected to, where it was recorded.
    pub address: Option<String>,
    /// The TCP port, where it was recorded.
    pub port: Option<u16>,
    /// The groups the host is in.
    pub groups: Vec<String>,
    /// The time of a fork and exec before each reading, where it is known by other means; else 0.
    pub spawn: Nanos,
    /// Whether the host serves as a reference only and is not judged with the fleet.
    pub reference_only: bool,
    /// What the inventory asks of it.
    pub asked: Asked,
}

/// What the flags of a scan ask of all hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetAsked {
    /// What they ask.
    pub asked: Asked,
    /// The long names of those flags that a file of settings gave: what the inventory asks of a host wins over these.
    pub from_files: Vec<String>,
}

/// What the inventory of a scan asks of one host, as it says it; flags may win over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The names of the systems that its clock must do for; none where nothing is said of that.
    pub profiles: Vec<String>,
    /// The limit to warn at, where one is set.
    pub warn: Option<Nanos>,
    /// The critical limit, where one is set.
    pub crit: Option<Nanos>,
}

/// A scan, recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// How the scan is to be judged.
    pub settings: Settings,
    /// What was seen, one observation a host in the order in which the trace names them.
    pub seen: Seen,
    /// What else is known of the hosts, in the same order.
    pub hosts: Vec<TraceHost>,
    /// What chronyd said on the hosts, in the order of the trace.
    pub claims: Vec<ChronyClaim>,
    /// Whether a part of the scan's inventory could not be understood, so that hosts may be missing.
    pub inventory_incomplete: bool,
    /// The selected hosts that were not audited.
    pub not_audited: Vec<NotAudited>,
    /// What the scan's flags ask of all hosts; `None` where that was not recorded.
    pub asked: Option<FleetAsked>,
    /// The question about tokens, where one is asked.
    pub tokens: Option<TokenQuestion>,
}

/// What of a scan is written as a trace.
#[derive(Debug, Clone, Copy)]
pub struct Recording<'scan> {
    /// What was seen.
    pub seen: &'scan Seen,
    /// What else is known of the hosts, in the order of the observations.
    pub hosts: &'scan [TraceHost],
    /// What chronyd said on the hosts, as the caller understood it.
    pub claims: &'scan [ChronyClaim],
    /// Whether a part of the inventory could not be understood, so that hosts may be missing.
    pub inventory_incomplete: bool,
    /// What the scan's flags ask of all hosts.
    pub asked: Option<&'scan FleetAsked>,
    /// The selected hosts that were not audited.
    pub not_audited: &'scan [NotAudited],
}

impl Trace {
    /// The epoch T* that all hosts are carried to: the one that is set, else the middle of the first sampling window.
    ///
    /// `None` where nothing was sampled.
    pub fn epoch(&self) -> Option<UnixNanos> {
        let window = self.seen.windows.first();
        self.settings.epoch.or_else(|| window.map(|window| window.opened.midpoint(window.closed)))
    }

    /// The estimates of all hosts at the epoch, in the order of the observations; `None` where a host was not measured.
    pub fn estimates(&self) -> Vec<Option<Estimate>> {
        let epoch = self.epoch().unwrap_or(self.seen.started);
        let hosts = self.seen.observations.iter().zip(&self.hosts);
        let config = &self.settings.config;
        hosts.map(|(seen, host)| estimate::estimate(&seen.exchanges, host.spawn, epoch, config)).collect()
    }
}
