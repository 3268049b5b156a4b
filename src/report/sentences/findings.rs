//! The findings of a report, each once with the hosts that have it.

use indexmap::IndexMap;

use super::hosts::badness;
use crate::report::alike;
use crate::report::escape::escaped;
use crate::report::model::{Error, Finding, Host, Report, Severity, Verdict};

/// So many codes of the fleet are named in a line that is a title.
const MOST_CODES: usize = 4;

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

/// The findings that are of no host and weigh: counts of hosts do not tell of them.
pub(in crate::report) fn weighing_of_fleet(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| weighs(finding, report.summary.verdict))
}

/// Whether a finding of the fleet counts in its verdict: some only warn of what may come.
fn weighs(finding: &Finding, verdict: Verdict) -> bool {
    match finding.severity {
        Severity::Note => false,
        Severity::Warn => verdict != Verdict::Ok,
        Severity::Crit => !matches!(verdict, Verdict::Ok | Verdict::Warn),
    }
}

/// The same in words, with how much each weighs: `CRIT the fleet: CLK103 ...`.
pub(in crate::report) fn of_fleet(report: &Report) -> Vec<String> {
    let told = |finding: &Finding| {
        format!("{} the fleet: {} {}", severity(finding), escaped(&finding.code), escaped(&finding.what))
    };
    weighing_of_fleet(report).map(told).collect()
}

/// What the fleet is where no host is as bad, and by which findings: `the fleet crit (CLK103)`.
pub(in crate::report) fn worse_fleet(report: &Report) -> Option<String> {
    let counts = report.summary.counts;
    let told = |severity: Severity, word: &str| {
        let of_it = weighing_of_fleet(report).filter(|finding| finding.severity == severity).take(MOST_CODES);
        let codes: Vec<String> = of_it.map(|finding| escaped(&finding.code)).collect();
        (!codes.is_empty()).then(|| format!("the fleet {word} ({})", codes.join(" ")))
    };
    let crit = || (counts.crit == 0).then(|| told(Severity::Crit, "crit")).flatten();
    let warn = || (counts.crit + counts.warn == 0).then(|| told(Severity::Warn, "warn")).flatten();
    crit().or_else(warn)
}

/// How much a finding weighs, as the word of a verdict.
pub(in crate::report) fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Crit => "CRIT",
        Severity::Warn => "WARN",
        Severity::Note => "note",
    }
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
