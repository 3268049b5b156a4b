//! What breaks: the systems and the tokens that the clocks do not suffice for, a line each.

use crate::audit::figure;
use crate::inventory::folding;
use crate::report::escape::escaped;
use crate::report::model::{Impact, Report};
use crate::report::token_lines;

/// Folded names longer than this give way to their number.
const LONGEST_NAMES: usize = 60;

/// The lines: tokens first.
pub(in crate::report) fn breaks(report: &Report) -> Vec<String> {
    let systems = report.impact.iter().filter_map(system);
    report.jwt.iter().flat_map(token_lines::of).chain(systems).collect()
}

/// The same, each question about tokens and each system once before what is said further of any.
pub(in crate::report) fn breaks_in_short(report: &Report) -> Vec<String> {
    let (mut first, mut further) = (Vec::new(), Vec::new());
    for question in &report.jwt {
        let mut lines = token_lines::of(question).into_iter();
        first.extend(lines.next());
        further.extend(lines);
    }
    first.into_iter().chain(report.impact.iter().filter_map(system)).chain(further).collect()
}

/// `Ceph 50 ms: db01,mon[01-03]`; nothing where nothing breaks it.
fn system(impact: &Impact) -> Option<String> {
    if impact.hosts.is_empty() {
        return None;
    }
    let limit = figure::limit(impact.crit_s.0);
    let folded = folding::fold(&impact.hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let who = if folded.chars().count() > LONGEST_NAMES { format!("{} hosts", impact.hosts.len()) } else { folded };
    Some(format!("{} {limit}: {}", escaped(&impact.system), escaped(&who)))
}
