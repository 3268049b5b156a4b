//! What changed since the last scan, in a line or two.

use super::page::{Page, cut};
use crate::report::model::Report;
use crate::report::paragraph::paragraph;
use crate::report::sentences;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;

/// The lines of what changed; none where there is nothing to compare with.
pub(super) fn line(report: &Report, page: Page) -> Vec<String> {
    let Some(changes) = &report.changes else { return Vec::new() };
    let mut lines = paragraph("Changes", &sentences::since(changes), INDENT, page.text());
    let told = sentences::changed(changes);
    lines.extend(told.iter().map(|text| cut(&format!("{:INDENT$}{text}", ""), page.room_after(0))));
    lines
}
