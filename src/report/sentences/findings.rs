//! The findings of a report, each once with the hosts that have it.

use indexmap::IndexMap;

use super::hosts::badness;
use crate::report::alike;
use crate::report::model::{Error, Finding, Host, Report, Severity};

/// A finding and the hosts that have it, worst first; none for a finding of the fleet.
pub(in crate::report) struct Shared<'report> {
    pub(in crate::report) finding: &'report Finding,
    pub(in crate::report) hosts: Vec<&'report Host>,
}

/// Every finding once with all hosts that have it, the gravest first; findings of one code that ask for different things, or that
/// have another reason for each host, are told apart.
pub(in crate::report) fn findings(report: &Report) -> Vec<Shared<'_>> {
    let mut hosts: Vec<&Host> = report.hosts.iter().collect();
    hosts.sort_by_key(|host| std::cmp::Reverse(badness(host)));
    // What one code asks for may differ: a timeout of one stage has another remedy than that of another.
    let mut by_code: IndexMap<(&str, &str, String), Shared<'_>> = IndexMap::new();
    for finding in &report.findings {
        by_code.entry((&finding.code, &finding.remedy, String::new())).or_insert(Shared { finding, hosts: Vec::new() });
    }
    for host in hosts {
        for finding in &host.findings {
            let key = (finding.code.as_str(), finding.remedy.as_str(), own_reason(host, finding));
            by_code.entry(key).or_insert(Shared { finding, hosts: Vec::new() }).hosts.push(host);
        }
    }
    let mut all: Vec<Shared<'_>> = by_code.into_values().collect();
    let gravity = |finding: &Finding| match (finding.severity, finding.code.starts_with("SSH")) {
        (Severity::Crit, _) => 0,
        (Severity::Warn, _) => 1,
        (Severity::Note, true) => 2,
        (Severity::Note, false) => 3,
    };
    // What else is said rests on the reference.
    let rests = |finding: &Finding| doubted(report) != Some(finding);
    let place = |finding: &Finding| (rests(finding), gravity(finding));
    all.sort_by(|one, other| (place(one.finding), &one.finding.code).cmp(&(place(other.finding), &other.finding.code)));
    all
}

/// What tells the reason of a host that was not measured from other reasons that have the same code and remedy.
fn own_reason(host: &Host, finding: &Finding) -> String {
    let is_it = |error: &&Error| error.code == finding.code;
    host.error.as_ref().filter(is_it).map(alike::likeness).unwrap_or_default()
}

/// That the reference is in doubt, where that comes before all else.
pub(in crate::report) fn doubted(report: &Report) -> Option<&Finding> {
    report.findings.first().filter(|finding| finding.code == "CLK507")
}
