//! Two reports of one inventory beside each other: what is new, resolved, worse and better, with both offsets.

mod text;

use std::collections::BTreeSet;

use indexmap::IndexMap;

pub use text::{page, table};

use super::changes::changes;
use super::json::harmless;
use super::model::{
    COMPARISON_SCHEMA, Change, ChangeKind, ChangedFinding, ComparedOffset, ComparedRun, Comparison, Finding, Host,
    Report,
};

/// Compares two reports, the earlier one first.
pub fn compare(before: &Report, now: &Report) -> Comparison {
    let found = changes(before, now);
    let sides = Sides { before: Side::of(before), now: Side::of(now) };
    let kinds = [
        (ChangeKind::New, &found.new),
        (ChangeKind::Resolved, &found.resolved),
        (ChangeKind::Worse, &found.worse),
        (ChangeKind::Better, &found.better),
    ];
    let changed = kinds.into_iter().flat_map(|(kind, changes)| changes.iter().map(move |change| (kind, change)));
    let names = |report: &Report| report.hosts.iter().map(|host| host.name.clone()).collect::<BTreeSet<String>>();
    let (old, new) = (names(before), names(now));
    Comparison {
        schema: COMPARISON_SCHEMA.to_owned(),
        before: run(before),
        now: run(now),
        findings: changed.flat_map(|(kind, change)| sides.findings(kind, change)).collect(),
        appeared: new.difference(&old).cloned().collect(),
        disappeared: old.difference(&new).cloned().collect(),
        not_compared: found.not_compared,
    }
}

impl Comparison {
    /// Whether there is something to act on that was not there.
    pub fn has_new(&self) -> bool {
        self.findings.iter().any(|finding| finding.change == ChangeKind::New)
    }
}

/// Writes a comparison as JSON, with a line end.
pub fn json(comparison: &Comparison) -> Result<String, serde_json::Error> {
    Ok(harmless(&serde_json::to_string_pretty(comparison)?) + "\n")
}

fn run(report: &Report) -> ComparedRun {
    ComparedRun {
        run: report.run.id.clone(),
        finished: report.run.finished,
        hosts: report.hosts.len(),
        reference: report.reference.label.clone(),
    }
}

/// One of the two reports, its hosts by name.
struct Side<'report> {
    report: &'report Report,
    hosts: IndexMap<&'report str, &'report Host>,
}

impl<'report> Side<'report> {
    fn of(report: &'report Report) -> Self {
        Self { report, hosts: report.hosts.iter().map(|host| (host.name.as_str(), host)).collect() }
    }

    fn finding(&self, code: &str, host: Option<&str>) -> Option<&'report Finding> {
        let findings = match host {
            Some(host) => &self.hosts.get(host)?.findings,
            None => &self.report.findings,
        };
        findings.iter().find(|finding| finding.code == code)
    }

    fn offset(&self, host: Option<&str>) -> Option<ComparedOffset> {
        let clock = self.hosts.get(host?)?.clock.as_ref()?;
        Some(ComparedOffset { offset_s: clock.offset_s?, lo_s: clock.lo_s?, hi_s: clock.hi_s? })
    }
}

/// Both reports.
struct Sides<'reports> {
    before: Side<'reports>,
    now: Side<'reports>,
}

impl Sides<'_> {
    /// One entry for each host of a change, or one for the fleet.
    fn findings(&self, kind: ChangeKind, change: &Change) -> Vec<ChangedFinding> {
        let hosts: Vec<Option<&str>> = match change.hosts.as_slice() {
            [] => vec![None],
            hosts => hosts.iter().map(|host| Some(host.as_str())).collect(),
        };
        let one = |host: Option<&str>| {
            let (was, is) = (self.before.finding(&change.code, host), self.now.finding(&change.code, host));
            let shown = if kind == ChangeKind::Resolved { was } else { is };
            ChangedFinding {
                change: kind,
                code: change.code.clone(),
                host: host.map(str::to_owned),
                what: shown.map(|finding| finding.what.clone()).unwrap_or_default(),
                first_seen: shown.and_then(|finding| finding.first_seen),
                before: self.before.offset(host),
                now: self.now.offset(host),
            }
        };
        hosts.into_iter().map(one).collect()
    }
}
