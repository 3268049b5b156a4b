//! What breaks: the systems and the tokens that the clocks do not suffice for, in a few lines.

use super::page::Page;
use crate::audit::figure;
use crate::inventory::folding;
use crate::report::escape::escaped;
use crate::report::model::{Impact, Report};
use crate::report::paragraph::paragraph;
use crate::report::token_lines;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// So many questions and systems.
const MOST_LINES: usize = 8;
/// Folded names longer than this give way to their number.
const LONGEST_NAMES: usize = 60;

/// The lines that stand below the reference and the pairs; the first is headed.
pub(super) fn lines(report: &Report, page: Page) -> Vec<String> {
    let systems = report.impact.iter().filter_map(system);
    let mut found: Vec<String> = report.jwt.iter().flat_map(token_lines::of).chain(systems).collect();
    if found.len() > MOST_LINES {
        let more = found.len() - (MOST_LINES - 1);
        found.truncate(MOST_LINES - 1);
        found.push(format!("and {more} more (show them: -o json)"));
    }
    let heading = |index: usize| if index == 0 { "Breaks" } else { "" };
    let set = |(index, line): (usize, String)| paragraph(heading(index), &line, INDENT, page.text());
    found.into_iter().enumerate().flat_map(set).collect()
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
