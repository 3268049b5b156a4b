//! The analysis of a trace: every number of the estimator as one JSON object, for conformance tests and for experts.
//!
//! Keys end in their unit; offsets are relative to the axis, positive = ahead. What `replay --analysis` prints.

mod fleet;
mod host;
mod hunt;
mod merge;
mod reference;
mod tokens;

use std::collections::BTreeMap;

use serde::Serialize;

use self::reference::References;

pub use fleet::{FleetAnalysis, GroupAnalysis, PairLine};
pub use host::{Finding, HostAnalysis};
pub use hunt::{HuntLine, hunt};
pub use merge::{AxisLine, MergeAnalysis, MergedLine, merge};
pub use reference::{ClaimedLine, ConsensusLine, ReferenceLine, ServerLine};
pub use tokens::TokenAnalysis;

use crate::clock::Estimate;
use crate::clock::estimate::Status;
use crate::clock::pairs::Standing;
use crate::clock::rate::{RateEnds, common_rate};
use crate::probe::Trace;
use crate::probe::trace::Settings;

/// Everything that the estimator finds in a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    /// The settings it was made with.
    pub config: ConfigLine,
    /// The instant that every offset holds for, on the axis; null where nothing was sampled.
    pub epoch_ns: Option<i64>,
    /// Every host, by name.
    pub hosts: BTreeMap<String, HostAnalysis>,
    /// The measured hosts together.
    pub fleet: FleetAnalysis,
    /// The measured hosts of each group.
    pub groups: BTreeMap<String, GroupAnalysis>,
    /// What offsets are relative to; null where neither time servers nor claims give it.
    pub reference: Option<ReferenceLine>,
    /// Where UTC minus the axis lies by each time server that was asked and is usable.
    pub references: BTreeMap<String, ServerLine>,
    /// How the hosts' claims agree; null for fewer than three.
    pub consensus: Option<ConsensusLine>,
    /// The pairs by the claims that nothing contradicts; absent for fewer than two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<ClaimedLine>,
    /// What the clocks mean for tokens; absent where the trace does not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<TokenAnalysis>,
    /// What the estimator noticed.
    pub findings: Vec<Finding>,
}

/// The settings by the names that `meta` lines use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigLine {
    /// Least distance of clusters; null = the threshold.
    pub cluster_gap_ns: Option<i64>,
    /// The epoch, where it was set.
    pub epoch_ns: Option<i64>,
    /// Share of a fork and exec before the reading, millionths.
    pub kappa_ppm: i64,
    /// Root distance from which on a claim is none.
    pub max_root_distance_ns: i64,
    /// Rate at which the point estimate carries.
    pub rho_est_ppb: i64,
    /// Greatest rate of a clock that is being moved.
    pub rho_max_ppb: i64,
    /// Greatest rate of a steady clock.
    pub rho_ppb: i64,
    /// Limit of a pair's difference.
    pub threshold_ns: i64,
    /// How many pairs are listed.
    pub topk: usize,
}

impl ConfigLine {
    fn of(settings: &Settings) -> Self {
        Self {
            cluster_gap_ns: settings.cluster_gap.map(|gap| gap.0),
            epoch_ns: settings.epoch.map(|epoch| epoch.0),
            kappa_ppm: settings.config.kappa_ppm,
            max_root_distance_ns: settings.max_root_distance.0,
            rho_est_ppb: settings.config.rho_est.ppb(),
            rho_max_ppb: settings.config.rho_max.ppb(),
            rho_ppb: settings.config.rho.ppb(),
            threshold_ns: settings.threshold.0,
            topk: settings.top,
        }
    }
}

/// Analyses a trace.
pub fn analysis(trace: &Trace) -> Analysis {
    let settings = &trace.settings;
    let epoch = trace.epoch();
    let estimates = estimates(trace);

    let references = References::of(trace, &estimates, epoch.unwrap_or(trace.seen.started));

    let measured: Vec<Measured<'_>> = estimates
        .iter()
        .filter(|one| !one.reference_only)
        .filter_map(|one| Some(Measured { name: one.name, groups: one.groups, estimate: one.estimate.as_ref()? }))
        .collect();
    Analysis {
        config: ConfigLine::of(settings),
        epoch_ns: epoch.map(|epoch| epoch.0),
        hosts: estimates
            .iter()
            .map(|one| {
                (one.name.to_owned(), HostAnalysis::of(one.estimate.as_ref(), one.exchanges, references.utc, settings))
            })
            .collect(),
        fleet: FleetAnalysis::of(&measured, settings),
        groups: fleet::groups(&measured, settings),
        jwt: trace.tokens.as_ref().and_then(|question| TokenAnalysis::of(question, &measured)),
        reference: references.reference,
        references: references.servers,
        consensus: references.consensus,
        claimed: references.claimed,
        findings: findings(&measured, settings).into_iter().chain(references.findings).collect(),
    }
}

/// A host that takes part in pairs and groups.
struct Measured<'trace> {
    name: &'trace str,
    groups: &'trace [String],
    estimate: &'trace Estimate,
}

impl Measured<'_> {
    fn standing(&self) -> Standing {
        Standing { bounds: self.estimate.bounds, estimate: self.estimate.estimate }
    }
}

/// A host of the trace and what is known of its clock.
struct Estimated<'trace> {
    name: &'trace str,
    groups: &'trace [String],
    reference_only: bool,
    exchanges: usize,
    estimate: Option<Estimate>,
}

/// Every host of the trace, by name, estimated.
fn estimates(trace: &Trace) -> Vec<Estimated<'_>> {
    let hosts = trace.seen.observations.iter().zip(&trace.hosts);
    let mut found: Vec<Estimated<'_>> = hosts
        .zip(trace.estimates())
        .map(|((observation, host), estimate)| Estimated {
            name: &observation.host,
            groups: &host.groups,
            reference_only: host.reference_only,
            exchanges: observation.exchanges.len(),
            estimate,
        })
        .collect();
    found.sort_by_key(|one| one.name);
    found
}

fn findings(measured: &[Measured<'_>], settings: &Settings) -> Vec<Finding> {
    let changed = measured.iter().filter(|one| one.estimate.status != Status::Steady);
    let mut found: Vec<Finding> = changed.map(|one| Finding::about(one.name, one.estimate.status.label())).collect();
    let rates: Vec<_> = measured.iter().filter_map(|one| RateEnds::bounds(one.estimate.rate_ends)).collect();
    found.extend(common_rate(&rates, settings.config.rho).map(|common| Finding::common_rate(&common)));
    found
}
