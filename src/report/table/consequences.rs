//! What breaks: the systems and the tokens that the clocks do not suffice for, in a few lines.

use super::page::Page;
use crate::report::model::Report;
use crate::report::paragraph::paragraph;
use crate::report::sentences;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// That word.
const HEADING: &str = "Breaks";
/// So many questions and systems.
const MOST_LINES: usize = 8;

/// Lines of a page in all, where a great fleet needs the others for its groups and causes.
const MOST_SHORT: usize = 9;

/// The same for a great fleet: what finds room on a few lines, the rest counted.
pub(super) fn short(report: &Report, page: Page) -> Vec<String> {
    let found = sentences::breaks_in_short(report);
    let set = |heading: &str, text: &str| paragraph(heading, text, INDENT, page.text());
    let mut lines: Vec<String> = Vec::new();
    for (index, text) in found.iter().enumerate() {
        let more = set(if index == 0 { HEADING } else { "" }, text);
        // The last line counts what finds no room.
        let is_last = index + 1 == found.len();
        if index > 0 && lines.len() + more.len() + usize::from(!is_last) > MOST_SHORT {
            lines.extend(set("", &format!("and {} more (show them: -o json)", found.len() - index)));
            break;
        }
        lines.extend(more);
    }
    lines
}

/// The lines that stand below the reference and the pairs; the first is headed.
pub(super) fn lines(report: &Report, page: Page) -> Vec<String> {
    let mut found = sentences::breaks(report);
    if found.len() > MOST_LINES {
        let more = found.len() - (MOST_LINES - 1);
        found.truncate(MOST_LINES - 1);
        found.push(format!("and {more} more (show them: -o json)"));
    }
    let heading = |index: usize| if index == 0 { HEADING } else { "" };
    let set = |(index, line): (usize, String)| paragraph(heading(index), &line, INDENT, page.text());
    found.into_iter().enumerate().flat_map(set).collect()
}
