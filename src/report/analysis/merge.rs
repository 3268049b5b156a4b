//! The traces of several controllers, joined: what `merge --analysis` prints.

use std::collections::BTreeMap;

use serde::Serialize;

use super::estimates;
use crate::clock::UnixNanos;
use crate::clock::axes::{Axes, Shard, Sighting, join, joined};
use crate::clock::estimate::{Config, Status};
use crate::clock::pairs::Standing;
use crate::probe::Trace;

/// The hosts of all traces on the axis of the first, or why they cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MergeAnalysis {
    /// Whether the traces could be joined.
    pub ok: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The instant that every offset holds for: the first trace's epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch_ns: Option<i64>,
    /// Where each trace's axis lies against the first one's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub axis: Vec<AxisLine>,
    /// Every measured host, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, MergedLine>,
}

/// Where an axis lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AxisLine {
    /// Least value of this axis minus the first.
    pub lo_ns: i64,
    /// Greatest value.
    pub hi_ns: i64,
}

/// A host on the axis of the first trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MergedLine {
    /// The traces that measured it, counted from 0.
    pub shards: Vec<usize>,
    /// Point estimate.
    pub est_ns: i64,
    /// Least offset.
    pub lo_ns: i64,
    /// Greatest offset.
    pub hi_ns: i64,
}

/// Joins the traces; the settings are those of the first.
pub fn merge(traces: &[Trace]) -> MergeAnalysis {
    let config = traces.first().map_or(Config::STANDARD, |trace| trace.settings.config);
    let mut indices: BTreeMap<String, usize> = BTreeMap::new();
    for trace in traces {
        for observation in &trace.seen.observations {
            let next = indices.len();
            indices.entry(observation.host.clone()).or_insert(next);
        }
    }
    let shards: Vec<Shard> = traces.iter().map(|trace| shard(trace, &indices)).collect();
    match join(&shards, &config) {
        Ok(axes) => joined_hosts(&shards, &axes, &indices),
        Err(why) => MergeAnalysis {
            ok: false,
            reason: Some(why.to_string()),
            epoch_ns: None,
            axis: Vec::new(),
            hosts: BTreeMap::new(),
        },
    }
}

fn shard(trace: &Trace, indices: &BTreeMap<String, usize>) -> Shard {
    let sighted = estimates(trace).into_iter().filter_map(|one| {
        let (index, estimate) = (*indices.get(one.name)?, one.estimate?);
        let standing = Standing { bounds: estimate.bounds, estimate: estimate.estimate };
        Some((index, Sighting { standing, is_steady: estimate.status == Status::Steady }))
    });
    let mut sightings: Vec<(usize, Sighting)> = sighted.collect();
    sightings.sort_by_key(|(index, _)| *index);
    Shard { epoch: trace.epoch().unwrap_or(UnixNanos(trace.seen.started.0)), sightings }
}

fn joined_hosts(shards: &[Shard], axes: &Axes, indices: &BTreeMap<String, usize>) -> MergeAnalysis {
    let host = |(name, index): (&String, &usize)| {
        let sightings = shards.iter().enumerate().filter_map(|(shard, one)| Some((shard, *one.sighting(*index)?)));
        let sightings: Vec<(usize, Sighting)> = sightings.collect();
        let standing = joined(axes, &sightings)?;
        let line = MergedLine {
            shards: sightings.iter().map(|(shard, _)| *shard).collect(),
            est_ns: standing.estimate.0,
            lo_ns: standing.bounds.lo.0,
            hi_ns: standing.bounds.hi.0,
        };
        Some((name.clone(), line))
    };
    MergeAnalysis {
        ok: true,
        reason: None,
        epoch_ns: shards.first().map(|shard| shard.epoch.0),
        axis: axes.shifts.iter().map(|shift| AxisLine { lo_ns: shift.lo.0, hi_ns: shift.hi.0 }).collect(),
        hosts: indices.iter().filter_map(host).collect(),
    }
}
