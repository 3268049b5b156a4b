//! What breaks: the systems and the tokens that the clocks do not suffice for, in a few lines.

use super::page::Page;
use crate::report::model::Report;
use crate::report::paragraph::paragraph;
use crate::report::sentences;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// So many questions and systems.
const MOST_LINES: usize = 8;

/// The lines that stand below the reference and the pairs; the first is headed.
pub(super) fn lines(report: &Report, page: Page) -> Vec<String> {
    let mut found = sentences::breaks(report);
    if found.len() > MOST_LINES {
        let more = found.len() - (MOST_LINES - 1);
        found.truncate(MOST_LINES - 1);
        found.push(format!("and {more} more (show them: -o json)"));
    }
    let heading = |index: usize| if index == 0 { "Breaks" } else { "" };
    let set = |(index, line): (usize, String)| paragraph(heading(index), &line, INDENT, page.text());
    found.into_iter().enumerate().flat_map(set).collect()
}
