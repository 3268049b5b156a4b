//! The findings in words: folded to what a screen holds, or in full.

use super::page::Page;
use crate::report::escape::escaped;
use crate::report::model::Report;
use crate::report::paragraph::paragraph;
use crate::report::sentences::{self, Shared, first_and_more, names, offset};

/// Where text begins: behind the code.
const INDENT: usize = 8;
/// In fewer lines no finding can be told with what to do about it, and how many there are beside it.
const LEAST_LINES: usize = 3;

/// Every code once: who has it, what it is for the worst of them, and what to do. The gravest come first; what does not
/// fit in `most` lines is counted.
pub(super) fn folded(report: &Report, most: usize, page: Page) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if most < LEAST_LINES {
        return lines;
    }
    let shared = sentences::findings(report);
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
