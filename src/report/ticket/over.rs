//! What is over: of which tickets a report finds no subject any more, and can tell that there is none.

use std::collections::BTreeSet;

use super::subjects::{Grain, Subject, host_key};
use super::unseen::{Unseen, measured};
use crate::report::model::{Kind, REPLAYED, Report, Verdict};
use crate::tickets::{Key, Listed};

/// Whether what was reported before is over, where a report finds nothing of it: the report must be whole, and have measured each
/// of its hosts, and those that were not looked at since they were bad. Of a host that was left out or that was not reached nobody
/// knows. Nor does a replay know that of a cause.
pub fn is_over(grain: Grain, before: &Report, unseen: &Unseen, now: &Report) -> bool {
    if grain == Grain::Cause && is_replayed(now) {
        return false;
    }
    let measured: BTreeSet<&str> = measured(now).map(|host| host.name.as_str()).collect();
    let hosts = before.hosts.iter().map(|host| host.name.as_str());
    let mended = before.fix.iter().flat_map(|fix| &fix.hosts).map(|host| host.name.as_str());
    is_whole(now) && hosts.chain(mended).chain(unseen.names()).all(|name| measured.contains(name))
}

/// Whether a report can tell of any ticket that it is over, where nobody knows what was reported before.
pub fn tells_of_ends(report: &Report, grain: Grain) -> bool {
    match grain {
        // The ticket of a run is there whatever the report finds.
        Grain::Run => false,
        Grain::Cause => speaks_for_all(report),
        Grain::Host => is_whole(report) && measured(report).any(|host| host.verdict == Verdict::Ok),
    }
}

/// Which of the open tickets of a tracker are over by a report, which has tickets itself about these subjects. A host needs to be
/// measured. Which hosts a cause was of only its ticket knew, so a report must speak for all that there are.
pub fn over(report: &Report, grain: Grain, scope: &str, about: &[Subject], open: &Listed) -> Vec<Key> {
    if !tells_of_ends(report, grain) {
        return Vec::new();
    }
    let about: BTreeSet<&Key> = about.iter().map(|subject| &subject.key).collect();
    // What was changed since is of a newer report, which an older one does not overrule, or of somebody who works on it.
    let is_gone = |key: &Key| !about.contains(key) && !open.is_changed_since(key, report.run.finished.0);
    match grain {
        Grain::Run => Vec::new(),
        Grain::Cause => open.of_scope(&grain.of_scope(scope)).filter(|key| is_gone(key)).cloned().collect(),
        Grain::Host => {
            let keys = measured(report).map(|host| host_key(scope, &host.name));
            keys.filter(|key| open.has(key) && is_gone(key)).collect()
        }
    }
}

/// Whether nothing of what the report is of may be missing in it.
fn is_whole(report: &Report) -> bool {
    !report.run.partial && !report.run.inventory.incomplete
}

/// Whether a report is of a replay, or of one that was merged: it does not know to what its scan was limited.
fn is_replayed(report: &Report) -> bool {
    report.kind == Kind::Replay || report.run.merged.iter().any(|part| part.id.starts_with(REPLAYED))
}

/// Whether every host of the inventory is in the report, with a clock that was measured.
fn speaks_for_all(report: &Report) -> bool {
    report.run.inventory.limit.is_empty() && has_measured_all(report)
}

/// Whether every host that was to be looked at is in the report, with a clock that was measured. What a fix tells of is its last
/// scan; who replays does not know all.
pub fn has_measured_all(report: &Report) -> bool {
    is_whole(report)
        && report.fix.is_none()
        && !is_replayed(report)
        && report.not_audited.is_empty()
        && !report.hosts.is_empty()
        && report.hosts.iter().all(|host| host.clock.is_some())
}
