//! What changed between two reports of one inventory: new, resolved, worse, better.

use indexmap::IndexMap;

use super::model::{Change, Changes, Finding, Host, Report, Severity, Verdict};
use crate::clock::{Interval, Nanos};

/// What `now` says that `before` did not, and the reverse.
///
/// A finding is one code at one host. It is `resolved` only where the host was measured and does not have it any more: a
/// host that is down, or was not selected, resolves nothing. `worse` and `better` need proof: the distances from the
/// reference, with their bounds, must not meet.
pub fn changes(before: &Report, now: &Report) -> Changes {
    let old: IndexMap<&str, &Host> = before.hosts.iter().map(|host| (host.name.as_str(), host)).collect();
    let new: IndexMap<&str, &Host> = now.hosts.iter().map(|host| (host.name.as_str(), host)).collect();
    let mut found = Sorted::default();
    for finding in &now.findings {
        if weighs(finding, None) && !has(&before.findings, finding) {
            found.new.note(&finding.code, None);
        }
    }
    for finding in &before.findings {
        if weighs(finding, None) && !has(&now.findings, finding) {
            found.resolved.note(&finding.code, None);
        }
    }
    for host in &now.hosts {
        let was = old.get(host.name.as_str());
        for finding in host.findings.iter().filter(|finding| weighs(finding, Some(host))) {
            match was {
                Some(was) if has(&was.findings, finding) => match moved(was, host) {
                    Some(Direction::Worse) => found.worse.note(&finding.code, Some(host)),
                    Some(Direction::Better) => found.better.note(&finding.code, Some(host)),
                    None => {}
                },
                Some(_) | None => found.new.note(&finding.code, Some(host)),
            }
        }
    }
    for was in &before.hosts {
        let Some(host) = new.get(was.name.as_str()).filter(|host| host.verdict != Verdict::Down) else { continue };
        for finding in was.findings.iter().filter(|finding| weighs(finding, Some(was))) {
            if !has(&host.findings, finding) {
                found.resolved.note(&finding.code, Some(was));
            }
        }
    }
    Changes {
        run: before.run.id.clone(),
        finished: before.run.finished,
        new: found.new.into_changes(),
        resolved: found.resolved.into_changes(),
        worse: found.worse.into_changes(),
        better: found.better.into_changes(),
    }
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
