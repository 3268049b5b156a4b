//! Clusters of clocks that are surely apart, and how many hosts must be repaired until every pair agrees.

use super::interval::Interval;
use super::overlap::most_covered;
use super::pairs::Standing;
use super::units::Nanos;

/// Hosts that belong together: those of different clusters are surely further apart than the gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Indices of its hosts, ascending.
    pub hosts: Vec<usize>,
    /// From the least to the greatest offset that one of them may have; positive = ahead.
    pub bounds: Interval,
}

/// Divides the hosts into clusters more than `gap` apart, by ascending offset.
pub fn clusters(standings: &[Standing], gap: Nanos) -> Vec<Cluster> {
    let mut order: Vec<(usize, &Standing)> = standings.iter().enumerate().collect();
    order.sort_by_key(|(_, one)| one.bounds.lo);
    let mut found: Vec<Cluster> = Vec::new();
    for (host, one) in order {
        match found.last_mut().filter(|cluster| one.bounds.lo <= cluster.bounds.hi + gap) {
            Some(cluster) => {
                cluster.hosts.push(host);
                cluster.bounds.hi = cluster.bounds.hi.max(one.bounds.hi);
            }
            None => found.push(Cluster { hosts: vec![host], bounds: one.bounds }),
        }
    }
    for cluster in &mut found {
        cluster.hosts.sort_unstable();
    }
    found
}

/// How many hosts must be repaired so that every remaining pair is within the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepairBounds {
    /// At least so many, whatever the true offsets are.
    pub at_least: usize,
    /// So many suffice; hosts wider than the limit count as not proved to agree.
    pub at_most: usize,
}

/// Bounds the number of hosts to repair: on a line, pairwise meeting intervals share a point, so that the largest set
/// that can stay is the one that covers one point most often.
pub fn repair_bounds(standings: &[Standing], limit: Nanos) -> RepairBounds {
    let may_stay = standings.iter().map(|one| (one.bounds.lo, one.bounds.hi + limit));
    let surely_stay =
        standings.iter().map(|one| (one.bounds.hi - limit, one.bounds.lo)).filter(|(from, to)| from <= to);
    RepairBounds { at_least: standings.len() - deepest(may_stay), at_most: standings.len() - deepest(surely_stay) }
}

/// How many of the intervals share the point that most of them share.
fn deepest(intervals: impl Iterator<Item = (Nanos, Nanos)>) -> usize {
    most_covered(intervals).map_or(0, |overlap| overlap.count)
}
