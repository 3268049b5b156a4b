//! A comparison for people: lines for a terminal, a page for a ticket.

use indexmap::IndexMap;

use crate::audit::figure;
use crate::clock::Interval;
use crate::inventory::folding;
use crate::report::document::{Block, Column, Document, Span, Table};
use crate::report::escape::escaped;
use crate::report::model::{ChangeKind, ChangedFinding, ComparedOffset, ComparedRun, Comparison};
use crate::report::paragraph::paragraph;
use crate::report::sentences::{folded_names, moment};
use crate::report::table::Page;

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// So many hosts of one code are shown each on a line; more are folded.
const MOST_HOSTS: usize = 5;
/// Names of hosts that appeared or are gone are told whole in a page up to so many characters.
const LONGEST_NAMES: usize = 4_000;
/// More rows than these are counted: who needs all of them reads the JSON.
const MOST_ROWS: usize = 200;

/// The lines of a comparison, for a page.
pub fn table(comparison: &Comparison, page: Page) -> String {
    let labelled = |word: &str, text: &str| paragraph(word, text, INDENT, page.text());
    let mut lines = labelled("Before", &run(&comparison.before));
    lines.extend(labelled("Now", &run(&comparison.now)));
    let kinds = [ChangeKind::New, ChangeKind::Worse, ChangeKind::Better, ChangeKind::Resolved];
    for kind in kinds {
        let mut by_code: IndexMap<&str, Vec<&ChangedFinding>> = IndexMap::new();
        for finding in comparison.findings.iter().filter(|finding| finding.change == kind) {
            by_code.entry(&finding.code).or_default().push(finding);
        }
        let texts = by_code.values().flat_map(|findings| told(findings));
        let mut label = word(kind);
        for text in texts {
            if !label.is_empty() {
                lines.push(String::new());
            }
            lines.extend(labelled(label, &text));
            label = "";
        }
    }
    let mut more = Vec::new();
    let hosts = [("Appeared", &comparison.appeared), ("Not in it", &comparison.disappeared)];
    for (label, hosts) in hosts.into_iter().filter(|(_, hosts)| !hosts.is_empty()) {
        more.extend(labelled(label, &named(hosts)));
    }
    for (index, why) in comparison.not_compared.iter().enumerate() {
        more.extend(labelled(if index == 0 { "Not judged" } else { "" }, &escaped(why)));
    }
    if comparison.findings.is_empty() {
        more.extend(labelled("Changes", "none"));
    }
    if !more.is_empty() {
        lines.push(String::new());
        lines.extend(more);
    }
    lines.join("\n") + "\n"
}

/// The page of a comparison.
pub fn page(comparison: &Comparison) -> Document {
    let counts: Vec<String> = [ChangeKind::New, ChangeKind::Worse, ChangeKind::Better, ChangeKind::Resolved]
        .into_iter()
        .map(|kind| (kind, comparison.findings.iter().filter(|finding| finding.change == kind).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{count} {}", word(kind).to_lowercase()))
        .collect();
    let counts = if counts.is_empty() { "nothing changed".to_owned() } else { counts.join(", ") };
    let fact = |label: &str, what: String| vec![Span::Strong(label.to_owned()), Span::Text(format!(": {what}"))];
    let mut facts = vec![fact("Before", run(&comparison.before)), fact("Now", run(&comparison.now))];
    let hosts = [("Appeared", &comparison.appeared), ("Not in it any more", &comparison.disappeared)];
    for (label, hosts) in hosts.into_iter().filter(|(_, hosts)| !hosts.is_empty()) {
        facts.push(vec![Span::Strong(label.to_owned()), Span::Text(": ".to_owned()), Span::Name(every(hosts))]);
    }
    facts.extend(comparison.not_compared.iter().map(|why| fact("Not judged", escaped(why))));
    let mut blocks = vec![Block::Heading(1, format!("Clocks compared: {counts}")), Block::List(facts)];
    if !comparison.findings.is_empty() {
        blocks.push(Block::Table(rows(comparison)));
    }
    Document(blocks)
}

fn rows(comparison: &Comparison) -> Table {
    let left = |title| Column { title, is_right: false };
    let right = |title| Column { title, is_right: true };
    let columns = vec![
        left("Change"),
        left("Code"),
        left("Host"),
        right("Before"),
        right("Now"),
        left("First seen"),
        left("What"),
    ];
    let row = |finding: &ChangedFinding| {
        let text = |text: String| Span::Text(text);
        let offset = |offset: Option<ComparedOffset>| offset.map_or_else(|| "-".to_owned(), shown);
        let host = finding.host.as_ref().map_or_else(|| text("the fleet".to_owned()), |host| Span::Name(escaped(host)));
        vec![
            text(word(finding.change).to_lowercase()),
            text(escaped(&finding.code)),
            host,
            text(offset(finding.before)),
            text(offset(finding.now)),
            text(finding.first_seen.map_or_else(|| "-".to_owned(), moment)),
            text(escaped(&finding.what)),
        ]
    };
    Table {
        columns,
        rows: comparison.findings.iter().take(MOST_ROWS).map(row).collect(),
        left_out: comparison.findings.len().saturating_sub(MOST_ROWS),
    }
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::New => "New",
        ChangeKind::Resolved => "Resolved",
        ChangeKind::Worse => "Worse",
        ChangeKind::Better => "Better",
    }
}

/// `20261124T160000Z-0001 of 2026-11-24 16:00 UTC, 12 hosts, from UTC where 7 of 8 claims agree`.
fn run(run: &ComparedRun) -> String {
    let (hosts, reference) = (figure::count(run.hosts, "host"), escaped(&run.reference));
    format!("{} of {}, {hosts}, offsets from {reference}", escaped(&run.run), moment(run.finished))
}

/// The findings of one code that changed in one way: a few with their offsets, many folded.
fn told(findings: &[&ChangedFinding]) -> Vec<String> {
    let Some(first) = findings.first() else { return Vec::new() };
    let code = escaped(&first.code);
    if findings.len() > MOST_HOSTS {
        let hosts: Vec<&str> = findings.iter().filter_map(|finding| finding.host.as_deref()).collect();
        return vec![format!("{code}  {}: {}", figure::count(hosts.len(), "host"), folded_names(&hosts))];
    }
    let one = |finding: &&ChangedFinding| {
        let host = finding.host.as_deref().map_or_else(|| "the fleet".to_owned(), escaped);
        let offsets = match (finding.before, finding.now) {
            (Some(before), Some(now)) => format!("  {} before, {} now", shown(before), shown(now)),
            (None, Some(now)) => format!("  {} now, not measured before", shown(now)),
            (Some(before), None) => format!("  {} before, not measured now", shown(before)),
            (None, None) => String::new(),
        };
        let offsets = if offsets.is_empty() { format!("  {}", escaped(&finding.what)) } else { offsets };
        let since = match (finding.change, finding.first_seen) {
            (ChangeKind::New, _) | (_, None) => String::new(),
            (_, Some(first)) => format!(", first seen {}", moment(first)),
        };
        format!("{code}  {host}{offsets}{since}")
    };
    findings.iter().map(one).collect()
}

fn shown(offset: ComparedOffset) -> String {
    figure::with_bound(offset.offset_s.0, Interval::new(offset.lo_s.0, offset.hi_s.0))
}

/// All of them, in ranges; a page has room where a line of a terminal has none.
fn every(hosts: &[String]) -> String {
    let names: Vec<String> = hosts.iter().map(|name| escaped(name)).collect();
    let folded = folding::fold(&names.iter().map(String::as_str).collect::<Vec<_>>());
    if folded.chars().count() > LONGEST_NAMES { named(hosts) } else { folded }
}

fn named(hosts: &[String]) -> String {
    folded_names(&hosts.iter().map(String::as_str).collect::<Vec<_>>())
}
