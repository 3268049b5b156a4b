//! The report as text for people: a summary that fits one screen at any fleet size, or every host and every finding.
//!
//! The text carries colour; whoever prints it takes that out where it is not wanted. All that a host or a stored report
//! brought is escaped here.

mod cells;
mod changed;
mod consequences;
mod fold;
mod heading;
mod layout;
mod page;
mod reasons;
mod wide;

use super::model::{Report, Verdict};

pub use page::Page;

/// Lines of a screen: a summary has no more, however many hosts there are.
const SCREEN: usize = 40;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Bad hosts first, good ones folded, at most 40 lines.
    Summary,
    /// Every host on a line, every finding in full.
    Wide,
}

/// Renders the report for a page.
pub fn render(report: &Report, detail: Detail, page: Page) -> String {
    let mut lines = heading::above(report, page);
    lines.push(String::new());
    match detail {
        Detail::Summary => lines.extend(fold::host_lines(report, page)),
        Detail::Wide => lines.extend(wide::host_lines(report)),
    }
    lines.push(String::new());
    lines.extend(heading::below(report, page));
    lines.extend(consequences::lines(report, page));
    lines.extend(changed::line(report, page));
    let reasons = match detail {
        Detail::Summary => reasons::folded(report, SCREEN.saturating_sub(lines.len() + 1), page),
        Detail::Wide => reasons::in_full(report, page),
    };
    if !reasons.is_empty() {
        lines.push(String::new());
        lines.extend(reasons);
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The word of the first column.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "WARN",
        Verdict::Crit => "CRIT",
        Verdict::Undecided => "UNDEC",
        Verdict::Down => "DOWN",
    }
}
