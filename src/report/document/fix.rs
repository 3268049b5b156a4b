//! The page of a fix: how each host ended, what changed in its files, what to do with those that were left.

use super::{Block, Document, Lines, Span, Table, labelled, left, left_out, name, right, text};
use crate::audit::figure;
use crate::report::escape::{escaped, visible};
use crate::report::fix::names::{Names, counted};
use crate::report::fix::plan::ruler;
use crate::report::model::{Fix, FixedHost, Report};
use crate::report::sentences::fix as sentences;
use crate::report::sentences::{moment, warnings};

/// More hosts than these are counted: who needs all of them reads the JSON.
const MOST_HOSTS: usize = 200;
/// More lines of diffs are counted.
const MOST_LINES: usize = 400;

/// `Clocks fixed: 1 rolled back, 9 converged`.
pub(super) fn title(fix: &Fix) -> String {
    let counts = sentences::counts(fix.counts).join(", ");
    let what = if fix.run.is_some() { "Clocks fixed" } else { "A fix of clocks, only planned" };
    if counts.is_empty() { what.to_owned() } else { format!("{what}: {counts}") }
}

/// The page.
pub(super) fn page(report: &Report, fix: &Fix) -> Document {
    let mut blocks = vec![Block::Heading(1, title(fix))];
    blocks.extend(warnings(report).into_iter().map(|(word, what)| Block::Paragraph(labelled(word, &what))));
    blocks.extend(left_out(report));
    blocks.push(Block::List(facts(report, fix)));
    blocks.extend(hosts(fix));
    blocks.extend(reasons(fix));
    blocks.extend(diffs(fix));
    let lines = sentences::next(fix);
    if !lines.is_empty() {
        blocks.push(Block::Heading(2, "Next".to_owned()));
        blocks.push(Block::List(lines.into_iter().map(|line| vec![text(line)]).collect()));
    }
    Document(blocks)
}

fn facts(report: &Report, fix: &Fix) -> Vec<Vec<Span>> {
    let mut facts = vec![labelled("Change", &escaped(&fix.change)), labelled("Steps", &escaped(&fix.step))];
    facts.extend(fix.yardstick.iter().map(|yardstick| labelled("Offsets", &ruler(yardstick))));
    let mut run = vec![Span::Strong("Run".to_owned()), text(": ")];
    run.push(name(escaped(fix.run.as_deref().unwrap_or(&report.run.id))));
    let took = figure::seconds(report.run.finished.0.since(report.run.started.0));
    run.push(text(format!(" of {}, {took}", moment(report.run.started))));
    run.push(text(format!(", {} {}", escaped(&report.tool.name), escaped(&report.tool.version))));
    facts.push(run);
    facts.extend(
        fix.journal.iter().map(|path| vec![Span::Strong("Journal".to_owned()), text(": "), name(escaped(path))]),
    );
    facts
}

fn hosts(fix: &Fix) -> Vec<Block> {
    let hosts = sentences::worst_first(fix);
    if hosts.is_empty() {
        return Vec::new();
    }
    let columns = vec![left("Status"), left("Host"), right("Before"), right("After"), left("What")];
    let row = |host: &&FixedHost| {
        let offset = |offset: Option<_>| offset.map_or_else(|| "-".to_owned(), sentences::shown_offset);
        vec![
            text(sentences::word(host.outcome)),
            name(escaped(&host.name)),
            text(offset(host.before)),
            text(offset(host.after)),
            text(sentences::what(host)),
        ]
    };
    let rows = hosts.iter().take(MOST_HOSTS).map(row).collect();
    let left_out = hosts.len().saturating_sub(MOST_HOSTS);
    vec![Block::Heading(2, "Hosts".to_owned()), Block::Table(Table { columns, rows, left_out })]
}

/// Why hosts failed, were rolled back or were left alone.
fn reasons(fix: &Fix) -> Vec<Block> {
    let items: Vec<Vec<Span>> =
        sentences::reasons(fix, Names::Some).into_iter().map(|(word, what)| labelled(word, &what)).collect();
    super::part("Why", items)
}

fn diffs(fix: &Fix) -> Vec<Block> {
    if fix.diffs.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Heading(2, "What changes in files".to_owned())];
    let mut room = MOST_LINES;
    for diff in &fix.diffs {
        let hosts: Vec<&str> = diff.hosts.iter().map(String::as_str).collect();
        blocks.push(Block::Paragraph(vec![name(counted(&hosts, Names::Some))]));
        let lines: Vec<String> = diff.files.iter().flat_map(|file| file.lines().map(visible)).collect();
        let shown: Vec<String> = lines.iter().take(room).cloned().collect();
        room -= shown.len();
        let left_out = lines.len() - shown.len();
        if !shown.is_empty() {
            blocks.push(Block::Lines(Lines { language: "diff", lines: shown }));
        }
        if left_out > 0 {
            let more = format!("and {} more, in the JSON report", figure::count(left_out, "line"));
            blocks.push(Block::Paragraph(vec![text(more)]));
        }
    }
    blocks
}
