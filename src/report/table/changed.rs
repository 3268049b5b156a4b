//! What changed since the last scan, in a line or two.

use super::fold::folded_names;
use super::page::{Page, cut};
use crate::report::escape::escaped;
use crate::report::model::{Change, Report};
use crate::report::paragraph::paragraph;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// Codes that are named for each kind of change.
const CODES: usize = 4;

/// The lines of what changed; none where there is nothing to compare with.
pub(super) fn line(report: &Report, page: Page) -> Vec<String> {
    let Some(changes) = &report.changes else { return Vec::new() };
    let kinds =
        [("new", &changes.new), ("gone", &changes.resolved), ("worse", &changes.worse), ("better", &changes.better)];
    let told: Vec<String> = kinds
        .into_iter()
        .filter(|(_, changes)| !changes.is_empty())
        .map(|(word, changes)| format!("{word}: {}", named(changes)))
        .collect();
    let since = changes.finished.to_text();
    let since = since.get(..16).unwrap_or(&since).replace('T', " ");
    let none = if told.is_empty() { "none " } else { "" };
    let mut lines = paragraph("Changes", &format!("{none}since the scan of {since} UTC"), INDENT, page.text());
    let not_compared = changes.not_compared.iter().map(|text| format!("not compared: {}", escaped(text)));
    let told = told.into_iter().chain(not_compared);
    lines.extend(told.map(|text| cut(&format!("{:INDENT$}{text}", ""), page.room_after(0))));
    lines
}

fn named(changes: &[Change]) -> String {
    let mut parts: Vec<String> = changes
        .iter()
        .take(CODES)
        .map(|change| {
            let hosts: Vec<&str> = change.hosts.iter().map(String::as_str).collect();
            let names = if hosts.is_empty() { "the fleet".to_owned() } else { folded_names(&hosts) };
            format!("{} {names}", escaped(&change.code))
        })
        .collect();
    if changes.len() > CODES {
        parts.push(format!("{} more", changes.len() - CODES));
    }
    parts.join(", ")
}
