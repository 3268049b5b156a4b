//! The references of the reports that are merged: which one is chosen, and where the others stand against it.
//!
//! The rule: UTC before a clock that is not, then the order of `docs/measurement.md` (a time server that was named, the hosts'
//! claims, a host's, web servers, a controller's), then the one that is known best, then the one that was given first.

use crate::audit::{Code, Finding, figure};
use crate::clock::axes::{Axes, Disjoint, Shard, join};
use crate::clock::estimate::Config;
use crate::clock::pairs::Standing;
use crate::clock::{Interval, Nanos};
use crate::report::limits::standard;
use crate::report::model::{Host, MergedRun, Reference, ReferenceKind, Report};
use crate::report::quantity::Seconds;

/// The reference against its own point estimate; reports of before it was stored have half the width.
pub(super) fn interval(reference: &Reference) -> Interval {
    match (reference.lo_s, reference.hi_s) {
        (Some(lo), Some(hi)) => Interval::new(lo.0, hi.0),
        _ => Interval::around(Nanos::ZERO, reference.bound_s.map_or(Nanos::ZERO, |bound| bound.0)),
    }
}

/// Where a measured host's clock stands on the ruler of the point estimate of its report's reference: its own bounds, had back
/// exactly, without what is not known of the reference. `None` where it has no offset.
pub(in crate::report) fn standing(reference: &Reference, host: &Host) -> Option<Standing> {
    let clock = host.clock.as_ref()?;
    let (offset, lo, hi) = (clock.offset_s?.0, clock.lo_s?.0, clock.hi_s?.0);
    let of_reference = interval(reference);
    let is_reference = reference.host.as_deref() == Some(host.name.as_str());
    let bounds = if is_reference { of_reference } else { Interval::new(lo + of_reference.hi, hi + of_reference.lo) };
    Some(Standing { bounds, estimate: offset.clamp(bounds.lo, bounds.hi) })
}

/// The places of the reports, the one with the best reference first.
pub(super) fn best_first(reports: &[Report]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..reports.len()).collect();
    places.sort_by_key(|place| reports.get(*place).map(|report| worth(&report.reference)));
    places
}

/// How good a reference is: the least is the best.
fn worth(reference: &Reference) -> (bool, u8, Nanos) {
    let rank = match reference.kind {
        ReferenceKind::Ntp => 0,
        ReferenceKind::Consensus => 1,
        ReferenceKind::Host => 2,
        ReferenceKind::Agreement => 3,
        ReferenceKind::Https => 4,
        ReferenceKind::ControllerClaim => 5,
        ReferenceKind::Controller => 6,
        ReferenceKind::None => 7,
    };
    (!standard(reference).is_utc, rank, reference.bound_s.map_or(Nanos::MAX, |bound| bound.0))
}

/// The places of the reports that hosts join to one another, of all such sets the one with the most hosts, in their order;
/// of two that are as great the one with the best reference.
pub(super) fn joined_to_most(best_first: &[usize], shards: &[Shard], config: &Config) -> Vec<usize> {
    let has_anchor = |one: usize, other: usize| match (shards.get(one), shards.get(other)) {
        (Some(one), Some(other)) => join(&[one.clone(), other.clone()], config) != Err(Disjoint::NoAnchor),
        _ => false,
    };
    let around = |start: usize| {
        let mut set = vec![start];
        let mut next = 0;
        while let Some(from) = set.get(next).copied() {
            let more: Vec<usize> = (0..shards.len()).filter(|to| !set.contains(to) && has_anchor(from, *to)).collect();
            set.extend(more);
            next += 1;
        }
        set.sort_unstable();
        set
    };
    let hosts = |set: &[usize]| set.iter().filter_map(|place| shards.get(*place)).map(|one| one.sightings.len()).sum();
    let mut greatest: (usize, Vec<usize>) = (0, Vec::new());
    for set in best_first.iter().map(|start| around(*start)) {
        let count: usize = hosts(&set);
        if count > greatest.0 || greatest.1.is_empty() {
            greatest = (count, set);
        }
    }
    greatest.1
}

/// What each run's own offsets were relative to, in the order in which the reports were given; `order` are the places of those
/// that were joined, the chosen one first, and `axes` theirs.
pub(super) fn of_runs(reports: &[Report], order: &[usize], axes: &Axes) -> Vec<MergedRun> {
    let chosen = order.first().and_then(|place| reports.get(*place)).map(|report| interval(&report.reference));
    let of_run = |(place, report): (usize, &Report)| {
        let joined = order.iter().position(|other| *other == place);
        let offset = joined.zip(chosen).and_then(|(shard, chosen)| {
            if shard == 0 {
                return Some(Standing { bounds: Interval::point(Nanos::ZERO), estimate: Nanos::ZERO });
            }
            let own = Standing { bounds: interval(&report.reference), estimate: Nanos::ZERO };
            let carried = axes.carried(shard, own)?;
            Some(Standing { bounds: carried.bounds.minus(chosen), estimate: carried.estimate })
        });
        MergedRun {
            id: report.run.id.clone(),
            started: report.run.started,
            hosts: report.hosts.len(),
            reference: report.reference.clone(),
            is_chosen: joined == Some(0),
            offset_s: offset.map(|offset| Seconds(offset.estimate)),
            lo_s: offset.map(|offset| Seconds(offset.bounds.lo)),
            hi_s: offset.map(|offset| Seconds(offset.bounds.hi)),
        }
    };
    reports.iter().enumerate().map(of_run).collect()
}

/// References that are both said to be UTC and cannot both be (CLK507).
pub(super) fn contradiction(runs: &[MergedRun]) -> Option<Finding> {
    let chosen = runs.iter().find(|run| run.is_chosen).filter(|run| standard(&run.reference).is_utc)?;
    let off = |run: &MergedRun| {
        let bounds = Interval::new(run.lo_s?.0, run.hi_s?.0);
        let is_off = standard(&run.reference).is_utc && !bounds.contains(Nanos::ZERO);
        is_off.then(|| {
            format!(
                "that of {} is {}",
                run.id,
                figure::with_bound(run.offset_s.map_or(bounds.midpoint(), |offset| offset.0), bounds)
            )
        })
    };
    let others: Vec<String> = runs.iter().filter_map(off).collect();
    let what = format!("the controllers do not agree about UTC: against that of {}, {}", chosen.id, others.join("; "));
    (!others.is_empty()).then(|| Code::ReferenceDoubtful.finding(what, "references that can all be UTC"))
}
