//! The findings in words: folded to what a screen holds, or in full.

use indexmap::IndexMap;

use super::cells::offset;
use super::fold::{first_and_more, names};
use super::page::Page;
use crate::report::escape::escaped;
use crate::report::model::{Finding, Host, Report, Severity};
use crate::report::paragraph::paragraph;

/// Where text begins: behind the code.
const INDENT: usize = 8;
/// In fewer lines no finding can be told with what to do about it, and how many there are beside it.
const LEAST_LINES: usize = 3;

/// A finding and the hosts that have it, worst first; none for a finding of the fleet.
struct Shared<'report> {
    finding: &'report Finding,
    hosts: Vec<&'report Host>,
}

/// Every code once: who has it, what it is for the worst of them, and what to do. The gravest come first; what does not
/// fit in `most` lines is counted.
pub(super) fn folded(report: &Report, most: usize, page: Page) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if most < LEAST_LINES {
        return lines;
    }
    let shared = shared(report);
    let total = shared.len();
    for (index, Shared { finding, hosts }) in shared.into_iter().enumerate() {
        let who = match hosts.as_slice() {
            [] => String::new(),
            [one] => format!("{}: ", escaped(&one.name)),
            [worst, ..] => {
                let (all, name, is_worst) = (names(&hosts), escaped(&worst.name), offset(worst).is_some());
                let (first, more) = (first_and_more(&name, hosts.len() - 1), hosts.len() - 1);
                match (is_worst, all == first) {
                    (true, true) => format!("{name} (worst) and {more} more: "),
                    (true, false) => format!("{all} (worst {name}): "),
                    (false, true) => format!("{all}: "),
                    (false, false) => format!("{all} (such as {name}): "),
                }
            }
        };
        let what = format!("{who}{}", escaped(&finding.what));
        let mut block = paragraph(&escaped(&finding.code), &what, INDENT, page.text());
        block.extend(paragraph("", &escaped(&finding.remedy), INDENT, page.text()));
        let rest = usize::from(index + 1 < total);
        if lines.len() + block.len() + rest > most {
            let kinds = if total - index == 1 { "kind" } else { "kinds" };
            let more = format!("and {} more {kinds} of findings (show them: -o wide)", total - index);
            lines.extend(paragraph("", &more, INDENT, page.text()));
            break;
        }
        lines.extend(block);
    }
    lines
}

/// Every finding with its four parts.
pub(super) fn in_full(report: &Report, page: Page) -> Vec<String> {
    let of_fleet = report.findings.iter().map(|finding| (None, finding));
    let of_hosts = report.hosts.iter().flat_map(|host| host.findings.iter().map(move |finding| (Some(host), finding)));
    let mut lines = Vec::new();
    for (host, finding) in of_fleet.chain(of_hosts) {
        let who = host.map_or_else(String::new, |host| format!("{}: ", escaped(&host.name)));
        let what = format!("{who}{} (expected: {})", escaped(&finding.what), escaped(&finding.expected));
        lines.extend(paragraph(&escaped(&finding.code), &what, INDENT, page.text()));
        lines.extend(paragraph("", &escaped(&finding.meaning), INDENT, page.text()));
        lines.extend(paragraph("", &escaped(&finding.remedy), INDENT, page.text()));
    }
    lines
}

fn shared(report: &Report) -> Vec<Shared<'_>> {
    let mut hosts: Vec<&Host> = report.hosts.iter().collect();
    hosts.sort_by_key(|host| std::cmp::Reverse(super::fold::badness(host)));
    // What one code asks for may differ: a timeout of one stage has another remedy than that of another.
    let mut by_code: IndexMap<(&str, &str), Shared<'_>> = IndexMap::new();
    for finding in &report.findings {
        by_code.entry((&finding.code, &finding.remedy)).or_insert(Shared { finding, hosts: Vec::new() });
    }
    for host in hosts {
        for finding in &host.findings {
            let entry =
                by_code.entry((&finding.code, &finding.remedy)).or_insert(Shared { finding, hosts: Vec::new() });
            entry.hosts.push(host);
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

/// That the reference is in doubt, where that comes before all else.
pub(super) fn doubted(report: &Report) -> Option<&Finding> {
    report.findings.first().filter(|finding| finding.code == "CLK507")
}
