//! What changed since the last scan, in words.

use super::names::folded_names;
use super::run::moment;
use crate::report::escape::escaped;
use crate::report::model::{Change, Changes};

/// Codes that are named for each kind of change.
const CODES: usize = 4;

/// What it is that changed: `since the scan of 2026-11-24 16:00 UTC`, `none since ...`.
pub(in crate::report) fn since(changes: &Changes) -> String {
    let kinds = [&changes.new, &changes.resolved, &changes.worse, &changes.better];
    let none = if kinds.iter().all(|kind| kind.is_empty()) { "none " } else { "" };
    format!("{none}since the scan of {}", moment(changes.finished))
}

/// What came, went, grew and shrank, a line for each that there is; and what could not be compared.
pub(in crate::report) fn changed(changes: &Changes) -> Vec<String> {
    let kinds =
        [("new", &changes.new), ("gone", &changes.resolved), ("worse", &changes.worse), ("better", &changes.better)];
    let told = kinds.into_iter().filter(|(_, changes)| !changes.is_empty());
    let told = told.map(|(word, changes)| format!("{word}: {}", named(changes)));
    told.chain(changes.not_compared.iter().map(|text| format!("not compared: {}", escaped(text)))).collect()
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
