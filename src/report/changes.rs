//! What changed between two reports of one inventory: new, resolved, worse, better.

use indexmap::IndexMap;

use super::limits::standard;
use super::model::{Change, Changes, Finding, Host, Reference, ReferenceKind, Report, Severity, Verdict};
use crate::audit::figure;
use crate::clock::{Interval, Nanos};
use crate::probe::Stage;

/// What `now` says that `before` did not, and the reverse; only of what both could know.
///
/// A finding is one code at one host. It is `new` where the earlier run did not have it, unless that run measured the host and
/// could not have made it; and `resolved` only where this one could have made it: a host that is down, or was not selected, has no
/// finding of its clock, none without facts has one of its timekeeper, and a run without a reference has none of offsets. What is
/// said of the fleet is resolved only where each host that was measured before is measured again. `worse` and `better` need
/// proof: the distances from the reference, with their bounds, must not meet, and the reference must be the same clock, or UTC
/// both times.
pub fn changes(before: &Report, now: &Report) -> Changes {
    let old: IndexMap<&str, &Host> = before.hosts.iter().map(|host| (host.name.as_str(), host)).collect();
    let new: IndexMap<&str, &Host> = now.hosts.iter().map(|host| (host.name.as_str(), host)).collect();
    let references = References { before: &before.reference, now: &now.reference };
    let mut found = Sorted::default();
    for finding in &now.findings {
        if weighs(finding, None) && !has(&before.findings, finding) {
            found.new.note(&finding.code, None);
        }
    }
    let unmeasured = before.hosts.iter().filter(|host| is_measured(host));
    let unmeasured =
        unmeasured.filter(|host| !new.get(host.name.as_str()).is_some_and(|host| is_measured(host))).count();
    let mut is_fleet_unknown = false;
    for finding in &before.findings {
        if !weighs(finding, None) || has(&now.findings, finding) {
            continue;
        }
        if unmeasured == 0 {
            found.resolved.note(&finding.code, None);
        } else {
            is_fleet_unknown = true;
        }
    }
    for host in &now.hosts {
        let was = old.get(host.name.as_str());
        for finding in host.findings.iter().filter(|finding| weighs(finding, Some(host))) {
            match was {
                Some(was) if has(&was.findings, finding) => match moved(was, host).filter(|_| references.are_one()) {
                    Some(Direction::Worse) => found.worse.note(&finding.code, Some(host)),
                    Some(Direction::Better) => found.better.note(&finding.code, Some(host)),
                    None => {}
                },
                // Of a host that was down nobody knew anything: what is found of it is as new as that of a new host.
                Some(was) if is_measured(was) && !could_have(finding, was, references) => {}
                Some(_) | None => found.new.note(&finding.code, Some(host)),
            }
        }
    }
    for was in &before.hosts {
        let Some(host) = new.get(was.name.as_str()) else { continue };
        for finding in was.findings.iter().filter(|finding| weighs(finding, Some(was))) {
            if !has(&host.findings, finding) && came_as_far(was, host) && could_have(finding, host, references) {
                found.resolved.note(&finding.code, Some(was));
            }
        }
    }
    let fleet_unknown = is_fleet_unknown.then(|| {
        let hosts = figure::count(unmeasured, "host");
        format!("whether the fleet as a whole is mended: {hosts} of that scan not measured in this one")
    });
    Changes {
        run: before.run.id.clone(),
        finished: before.run.finished,
        new: found.new.into_changes(),
        resolved: found.resolved.into_changes(),
        worse: found.worse.into_changes(),
        better: found.better.into_changes(),
        not_compared: references.not_compared().into_iter().chain(fleet_unknown).collect(),
    }
}

/// Notes in each finding when it was seen first: as the report before has it, where that has the same code at the same host. A host
/// that was not measured in between has lost its past: nobody knows whether it was mended meanwhile.
pub fn note_first_seen(before: Option<&Report>, now: &mut Report) {
    let started = now.run.started;
    let old: IndexMap<&str, &[Finding]> = before
        .map(|before| before.hosts.iter().map(|host| (host.name.as_str(), host.findings.as_slice())).collect())
        .unwrap_or_default();
    let first = |past: &[Finding], finding: &Finding| {
        let same = past.iter().find(|past| past.code == finding.code);
        same.map_or(started, |past| past.first_seen.or(before.map(|before| before.run.started)).unwrap_or(started))
    };
    for host in &mut now.hosts {
        let past = old.get(host.name.as_str()).copied().unwrap_or_default();
        for finding in &mut host.findings {
            finding.first_seen = Some(first(past, finding));
        }
    }
    let past = before.map(|before| before.findings.as_slice()).unwrap_or_default();
    for finding in &mut now.findings {
        finding.first_seen = Some(first(past, finding));
    }
}

/// What the two runs' offsets are relative to.
#[derive(Clone, Copy)]
struct References<'reports> {
    before: &'reports Reference,
    now: &'reports Reference,
}

impl References<'_> {
    fn are_found(self) -> bool {
        !is_missing(self.before) && !is_missing(self.now)
    }

    /// Whether distances from them can be compared: both are UTC, or the same clock.
    fn are_one(self) -> bool {
        let Self { before, now } = self;
        let is_same = before.kind == now.kind && before.host == now.host;
        self.are_found() && (is_same || standard(before).is_utc && standard(now).is_utc)
    }

    /// What is not compared for their sake.
    fn not_compared(self) -> Option<String> {
        let why = match (is_missing(self.before), is_missing(self.now)) {
            (true, true) => "offsets: neither scan had a reference",
            (true, false) => "offsets: that scan had no reference",
            (false, true) => "offsets: this scan has no reference",
            (false, false) if !self.are_one() => "how far off hosts are: the two scans' references differ",
            (false, false) => return None,
        };
        Some(why.to_owned())
    }
}

fn is_measured(host: &Host) -> bool {
    host.verdict != Verdict::Down
}

fn is_missing(reference: &Reference) -> bool {
    reference.kind == ReferenceKind::None
}

/// The codes of findings that are made from an offset from the reference.
const OF_OFFSETS: [&str; 5] = ["CLK101", "CLK102", "CLK104", "CLK107", "CLK501"];
/// The codes of findings that are made from the readings of a clock alone.
const OF_CLOCKS: [&str; 3] = ["CLK105", "CLK108", "CLK109"];

/// Whether a host that is down got at least as far as before: of what lies behind the point where it failed nobody knows.
fn came_as_far(was: &Host, now: &Host) -> bool {
    let stage = |host: &Host| Stage::from_label(&host.error.as_ref()?.stage);
    now.verdict != Verdict::Down || stage(was).zip(stage(now)).is_none_or(|(before, now)| before <= now)
}

/// Whether the run that this host is of could have made the finding, if it had been so.
fn could_have(finding: &Finding, host: &Host, references: References<'_>) -> bool {
    let code = finding.code.as_str();
    if host.verdict == Verdict::Down {
        return code.starts_with("SSH");
    }
    if OF_OFFSETS.contains(&code) {
        // That an offset is decided where it was not is the reference's doing, and no matter of the host.
        return references.are_found() && (code != "CLK107" || host.claim.is_some());
    }
    OF_CLOCKS.contains(&code) || code.starts_with("SSH") || host.timekeeping.is_some()
}

/// Where a host went.
enum Direction {
    Worse,
    Better,
}

/// Hosts by code, each code in the order it was first met.
#[derive(Default)]
struct ByCode(IndexMap<String, Vec<String>>);

impl ByCode {
    fn note(&mut self, code: &str, host: Option<&Host>) {
        let hosts = self.0.entry(code.to_owned()).or_default();
        hosts.extend(host.map(|host| host.name.clone()));
    }

    fn into_changes(mut self) -> Vec<Change> {
        self.0.sort_keys();
        self.0.into_iter().map(|(code, hosts)| Change { code, hosts }).collect()
    }
}

#[derive(Default)]
struct Sorted {
    new: ByCode,
    resolved: ByCode,
    worse: ByCode,
    better: ByCode,
}

/// Whether a finding is worth telling when it comes or goes: one that changes a verdict, what keeps a host from being
/// measured, and that it is undecided.
fn weighs(finding: &Finding, host: Option<&Host>) -> bool {
    let keeps_from = host.is_some_and(|host| matches!(host.verdict, Verdict::Down | Verdict::Undecided))
        && (finding.code.starts_with("SSH") || finding.code == "CLK501");
    finding.severity != Severity::Note || keeps_from
}

fn has(findings: &[Finding], sought: &Finding) -> bool {
    findings.iter().any(|finding| finding.code == sought.code)
}

/// Whether a host is surely further from the reference than before, or surely nearer.
fn moved(was: &Host, now: &Host) -> Option<Direction> {
    let (was, now) = (distance(was)?, distance(now)?);
    if now.lo > was.hi {
        Some(Direction::Worse)
    } else if now.hi < was.lo {
        Some(Direction::Better)
    } else {
        None
    }
}

/// How far a host is from the reference at least and at most.
fn distance(host: &Host) -> Option<Interval> {
    let clock = host.clock.as_ref()?;
    let (lo, hi): (Nanos, Nanos) = (clock.lo_s?.0, clock.hi_s?.0);
    Some(Interval::new(lo, hi).magnitude())
}
