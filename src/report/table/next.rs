//! What to type next: the pages of the worst host and of the gravest finding.

use super::Shelf;
use super::page::Page;
use crate::report::escape::{escaped, shell_word};
use crate::report::model::{Finding, Host, Kind, Report, Severity, Verdict};
use crate::report::sentences::{self, badness};

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;

/// The lines; none where nothing is wrong.
pub(super) fn lines(report: &Report, shelf: Shelf<'_>, page: Page) -> Vec<String> {
    let worst = worst(report);
    let host = worst.and_then(|host| {
        let name = shell_word(&host.name);
        match shelf {
            // Only a scan's report is kept without being asked for.
            Shelf::LastScan => (report.kind == Kind::Scan).then_some(name),
            Shelf::File(path) => Some(format!("{name} --report {}", shell_word(path.to_str()?))),
            Shelf::Nowhere => None,
        }
    });
    let of_host = worst.and_then(|host| telling(&host.findings));
    let code = sentences::doubted(report).or(of_host).or(report.findings.first()).map(|finding| escaped(&finding.code));
    let commands = host.into_iter().chain(code).map(|subject| format!("clockaudit explain {subject}"));
    let fitting = commands.filter(|command| page.holds(INDENT + command.chars().count()));
    let set = |(index, command)| format!("{:INDENT$}{command}", if index == 0 { "Next" } else { "" });
    fitting.enumerate().map(set).collect()
}

/// The finding that says most: that a clock is off is said by the table, another one may say why.
fn telling(findings: &[Finding]) -> Option<&Finding> {
    let tells = |finding: &&Finding| {
        finding.severity != Severity::Note && !matches!(finding.code.as_str(), "CLK101" | "CLK102")
    };
    findings.iter().find(tells).or_else(|| findings.first())
}

/// The worst host that is not good.
fn worst(report: &Report) -> Option<&Host> {
    let of_kind = |verdict: Verdict| {
        let hosts = report.hosts.iter().filter(|host| host.verdict == verdict);
        hosts.max_by_key(|host| (badness(host), std::cmp::Reverse(&host.name)))
    };
    [Verdict::Crit, Verdict::Warn, Verdict::Undecided, Verdict::Down].into_iter().find_map(of_kind)
}
