//! The report as text for people: a summary that fits one screen at any fleet size, or every host and every finding.
//!
//! The text carries colour; whoever prints it takes that out where it is not wanted. All that a host or a stored report
//! brought is escaped here.

mod causes;
mod cells;
mod changed;
mod consequences;
mod fix;
mod fleet;
mod fold;
mod heading;
mod layout;
mod next;
mod not_audited;
mod page;
mod reasons;
mod wide;

use std::path::Path;

use super::model::Report;

pub(in crate::report) use cells::times_of;
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

/// Where `explain` finds a report again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf<'path> {
    /// It was kept as that of the last scan.
    LastScan,
    /// In this file.
    File(&'path Path),
    /// It is kept nowhere, or nobody can tell.
    Nowhere,
}

/// Renders the report of the last scan for a page.
pub fn render(report: &Report, detail: Detail, page: Page) -> String {
    render_from(Shelf::LastScan, report, detail, page)
}

/// Renders a report that lies there for a page.
pub fn render_from(shelf: Shelf<'_>, report: &Report, detail: Detail, page: Page) -> String {
    if let Some(fix) = &report.fix {
        return joined(&fix::parts(report, fix, detail, page));
    }
    let above = heading::above(report, page);
    let mut below = heading::below(report, page);
    let is_great = detail == Detail::Summary && report.hosts.len() > fleet::MOST_HOSTS_BY_NAME;
    below.extend(if is_great { consequences::short(report, page) } else { consequences::lines(report, page) });
    below.extend(changed::line(report, page));
    let next = next::lines(report, shelf, page);
    let left_out = match detail {
        Detail::Summary => Vec::new(),
        Detail::Wide => not_audited::in_full(&report.not_audited, page),
    };
    // Between any two parts is an empty line.
    let room = |parts: &[&Vec<String>]| {
        parts.iter().fold(SCREEN, |room, part| room.saturating_sub(part.len() + usize::from(!part.is_empty())))
    };
    let hosts = match detail {
        Detail::Summary if is_great => fleet::lines(report, room(&[&above, &below, &next]), page),
        Detail::Summary => fold::host_lines(report, page),
        Detail::Wide => wide::host_lines(report),
    };
    let reasons = match detail {
        Detail::Summary => reasons::folded(report, room(&[&above, &hosts, &below, &next]), page),
        Detail::Wide => reasons::in_full(report, page),
    };
    joined(&[above, hosts, left_out, below, reasons, next])
}

/// Parts with an empty line between any two.
fn joined(parts: &[Vec<String>]) -> String {
    let parts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| part.join("\n")).collect();
    parts.join("\n\n") + "\n"
}
