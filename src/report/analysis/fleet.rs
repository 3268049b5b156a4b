//! The fleet and its groups in the analysis of a trace.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Measured;
use crate::clock::Nanos;
use crate::clock::pairs::{
    Decision, Pair, Standing, beyond_by_estimate, clusters, count, medoid, partners_beyond, repair_bounds, spread,
    worst, worst_by_estimate,
};
use crate::probe::trace::Settings;

/// The measured hosts together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetAnalysis {
    /// How many hosts were measured.
    pub hosts: usize,
    /// Whether all pairs are within the threshold.
    pub verdict: &'static str,
    /// Least spread.
    pub spread_lo_ns: i64,
    /// Greatest spread.
    pub spread_hi_ns: i64,
    /// Point estimate of the spread.
    pub spread_est_ns: i64,
    /// How the pairs stand against the threshold.
    pub pairs: PairsLine,
    /// For each host with such partners: how many others are surely beyond the threshold from it.
    pub partners_over: BTreeMap<String, u64>,
    /// The pairs with the greatest certain difference.
    pub worst_definite: Vec<PairLine>,
    /// The pairs with the greatest difference by the point estimates.
    pub worst_estimate: Vec<PairLine>,
    /// Sets of hosts that are surely apart.
    pub clusters: Vec<ClusterLine>,
    /// The host in the middle.
    pub medoid: Option<String>,
    /// At least so many hosts must be repaired.
    pub fix_at_least: usize,
    /// Repairing so many suffices.
    pub fix_at_most: usize,
}

/// Counts of pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairsLine {
    /// All.
    pub total: u64,
    /// Surely beyond the threshold.
    pub definite: u64,
    /// Neither.
    pub unresolved: u64,
    /// Surely within it.
    pub within: u64,
    /// Beyond it by the point estimates.
    pub est_over: u64,
}

/// One pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairLine {
    /// The host ahead.
    pub ahead: String,
    /// The host behind.
    pub behind: String,
    /// Whether they are within the threshold.
    pub verdict: &'static str,
    /// Point estimate of ahead minus behind.
    pub est_ns: i64,
    /// Least value of it.
    pub lo_ns: i64,
    /// Greatest value of it.
    pub hi_ns: i64,
    /// Least magnitude of it.
    pub abs_lo_ns: i64,
    /// Greatest magnitude of it.
    pub abs_hi_ns: i64,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterLine {
    /// How many hosts.
    pub size: usize,
    /// Their names.
    pub hosts: Vec<String>,
    /// Least offset of one of them.
    pub lo_ns: i64,
    /// Greatest offset of one of them.
    pub hi_ns: i64,
}

/// The measured hosts of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupAnalysis {
    /// How many.
    pub hosts: usize,
    /// Whether all their pairs are within the threshold.
    pub verdict: &'static str,
    /// Least spread.
    pub spread_lo_ns: i64,
    /// Greatest spread.
    pub spread_hi_ns: i64,
    /// Point estimate of the spread.
    pub spread_est_ns: i64,
}

impl FleetAnalysis {
    /// Describes the measured hosts, given by name.
    pub(super) fn of(measured: &[Measured<'_>], settings: &Settings) -> Self {
        let standings: Vec<Standing> = measured.iter().map(Measured::standing).collect();
        let threshold = settings.threshold;
        let name = |host: usize| measured.get(host).map(|one| one.name.to_owned()).unwrap_or_default();
        let whole = GroupAnalysis::of(&standings, threshold);
        let repair = repair_bounds(&standings, threshold);
        let line = |pair: &Pair| PairLine::of(pair, threshold, name);
        let partners = partners_beyond(&standings, threshold);
        let described_clusters = clusters(&standings, settings.cluster_gap.unwrap_or(threshold));
        Self {
            hosts: whole.hosts,
            verdict: whole.verdict,
            spread_lo_ns: whole.spread_lo_ns,
            spread_hi_ns: whole.spread_hi_ns,
            spread_est_ns: whole.spread_est_ns,
            pairs: PairsLine::of(&standings, threshold),
            partners_over: measured
                .iter()
                .zip(partners)
                .filter(|(_, count)| *count > 0)
                .map(|(one, count)| (one.name.to_owned(), count))
                .collect(),
            worst_definite: worst(&standings, settings.top).iter().map(line).collect(),
            worst_estimate: worst_by_estimate(&standings, settings.top).iter().map(line).collect(),
            clusters: described_clusters
                .iter()
                .map(|cluster| ClusterLine {
                    size: cluster.hosts.len(),
                    hosts: cluster.hosts.iter().map(|host| name(*host)).collect(),
                    lo_ns: cluster.bounds.lo.0,
                    hi_ns: cluster.bounds.hi.0,
                })
                .collect(),
            medoid: medoid(&standings).map(name),
            fix_at_least: repair.at_least,
            fix_at_most: repair.at_most,
        }
    }
}

impl PairsLine {
    /// Counts the pairs of these clocks against the threshold.
    pub(super) fn of(standings: &[Standing], threshold: Nanos) -> Self {
        let pairs = count(standings, threshold);
        Self {
            total: pairs.total,
            definite: pairs.beyond,
            unresolved: pairs.undecided,
            within: pairs.within,
            est_over: beyond_by_estimate(standings, threshold),
        }
    }
}

impl PairLine {
    fn of(pair: &Pair, threshold: Nanos, name: impl Fn(usize) -> String) -> Self {
        let magnitude = pair.difference.magnitude();
        Self {
            ahead: name(pair.ahead),
            behind: name(pair.behind),
            verdict: Decision::of(pair.difference, threshold).label(),
            est_ns: pair.estimate.0,
            lo_ns: pair.difference.lo.0,
            hi_ns: pair.difference.hi.0,
            abs_lo_ns: magnitude.lo.0,
            abs_hi_ns: magnitude.hi.0,
        }
    }
}

impl GroupAnalysis {
    fn of(standings: &[Standing], threshold: Nanos) -> Self {
        let spread = spread(standings);
        Self {
            hosts: standings.len(),
            verdict: Decision::of(spread.bounds, threshold).label(),
            spread_lo_ns: spread.bounds.lo.0,
            spread_hi_ns: spread.bounds.hi.0,
            spread_est_ns: spread.estimate.0,
        }
    }
}

/// The groups that the measured hosts are in.
pub(super) fn groups(measured: &[Measured<'_>], settings: &Settings) -> BTreeMap<String, GroupAnalysis> {
    let mut members: BTreeMap<&str, Vec<Standing>> = BTreeMap::new();
    for one in measured {
        for group in one.groups {
            members.entry(group).or_default().push(one.standing());
        }
    }
    let described = members.into_iter();
    described.map(|(name, hosts)| (name.to_owned(), GroupAnalysis::of(&hosts, settings.threshold))).collect()
}
