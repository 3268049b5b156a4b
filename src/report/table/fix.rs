//! What became of each host of a fix: before and after, bad ones first, like ones folded where there are many.

use anstyle::{AnsiColor, Style};
use indexmap::IndexMap;

use super::Detail;
use super::changed;
use super::heading::warning;
use super::layout::{Body, Column, Line, Status, lay_out};
use super::not_audited;
use super::page::{Page, flowed};
use crate::audit::figure;
use crate::report::diffs::shown;
use crate::report::escape::escaped;
use crate::report::fix::names::{Names, counted};
use crate::report::fix::plan::ruler;
use crate::report::model::{Fix, FixOffset, FixOutcome, FixedHost, Report};
use crate::report::paragraph::paragraph;
use crate::report::sentences::fix::{ORDER, bounds, counts, reasons, shown_offset, what, word};
use crate::report::sentences::{self, HOW_TO_LIST, folded_names};

/// What stands between the parts of a line.
const GAP: &str = "   ";
/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// Up to so many hosts each has a line of its own.
const MOST_HOSTS: usize = 40;
/// Of more, so many lines for each way in which hosts end.
const LINES: usize = 6;
/// A page of fewer columns has no room for both offsets.
const BOTH_OFFSETS: usize = 70;

/// The columns between STATUS and WHAT.
fn columns(page: Page) -> [Column; 3] {
    let leaves = (!page.holds(BOTH_OFFSETS)).then_some(1);
    [
        Column { title: "HOST", is_right: false, leaves: None },
        Column { title: "BEFORE", is_right: true, leaves },
        Column { title: "AFTER", is_right: true, leaves: None },
    ]
}

/// The parts of the text, each of whole lines.
pub(super) fn parts(report: &Report, fix: &Fix, detail: Detail, page: Page) -> [Vec<String>; 5] {
    let lines: Vec<Line> = ORDER.iter().flat_map(|outcome| lines_of(fix, *outcome, detail)).collect();
    let changes = if detail == Detail::Wide { diffs(fix, page) } else { Vec::new() };
    let hosts = if lines.is_empty() { Vec::new() } else { lay_out(&columns(page), "WHAT", &lines, page) };
    [above(report, fix, page), hosts, changes, below(report, fix, detail, page), next(fix, page)]
}

fn above(report: &Report, fix: &Fix, page: Page) -> Vec<String> {
    let version = format!("{} {}", escaped(&report.tool.name), escaped(&report.tool.version));
    let run =
        fix.run.as_deref().map_or_else(|| "a fix, only planned".to_owned(), |run| format!("fix {}", escaped(run)));
    let hosts = figure::count(fix.hosts.len(), "host");
    let sources = report.run.inventory.sources.iter().map(|source| escaped(source)).collect();
    let first = [vec![version, run, hosts], sources, vec![escaped(&fix.change)]].concat();
    let mut lines = flowed(&first, GAP, GAP.len(), page.text());
    let took = figure::seconds(report.run.finished.0.since(report.run.started.0));
    lines.extend(flowed(&[counts(fix.counts), vec![took]].concat(), GAP, GAP.len(), page.text()));
    lines.extend(not_audited::lines(report, page));
    lines.extend(sentences::warnings(report).iter().flat_map(|(word, what)| warning(word, what, page)));
    lines
}

fn status(outcome: FixOutcome) -> Status {
    let style = match outcome {
        FixOutcome::Failed => AnsiColor::Red.on_default().bold(),
        FixOutcome::RolledBack => AnsiColor::Red.on_default(),
        FixOutcome::NotAttempted => AnsiColor::Magenta.on_default(),
        FixOutcome::OnItsWay | FixOutcome::ConvergedByClaim => AnsiColor::Yellow.on_default(),
        FixOutcome::Pending => Style::new(),
        FixOutcome::Converged | FixOutcome::Unchanged => AnsiColor::Green.on_default(),
    };
    Status { word: word(outcome), style }
}

/// The lines of the hosts that ended in one way: one each where there are few, else those of which the same is told together.
fn lines_of(fix: &Fix, outcome: FixOutcome, detail: Detail) -> Vec<Line> {
    let hosts: Vec<&FixedHost> = fix.hosts.iter().filter(|host| host.outcome == outcome).collect();
    if detail == Detail::Wide || fix.hosts.len() <= MOST_HOSTS || hosts.len() <= LINES {
        return hosts.into_iter().map(alone).collect();
    }
    let mut alike: IndexMap<String, Vec<&FixedHost>> = IndexMap::new();
    for host in hosts {
        alike.entry(what(host)).or_default().push(host);
    }
    let fits = if alike.len() <= LINES { LINES } else { LINES - 1 };
    let mut groups = alike.into_iter();
    let mut lines: Vec<Line> =
        groups.by_ref().take(fits).map(|(what, hosts)| together(outcome, &what, &hosts)).collect();
    let rest = groups.map(|(_, hosts)| hosts.len()).sum::<usize>();
    lines.extend((rest > 0).then(|| Line {
        status: status(outcome),
        name: format!("{rest} more"),
        body: Body::Text(HOW_TO_LIST.to_owned()),
    }));
    lines
}

fn alone(host: &FixedHost) -> Line {
    let cells = [host.before, host.after].map(|offset| offset.map_or_else(|| "-".to_owned(), shown_offset));
    Line { status: status(host.outcome), name: escaped(&host.name), body: Body::Cells(cells.into(), what(host)) }
}

fn together(outcome: FixOutcome, what: &str, hosts: &[&FixedHost]) -> Line {
    if let [host] = hosts {
        return alone(host);
    }
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let cells = vec![range(hosts, |host| host.before), range(hosts, |host| host.after)];
    Line { status: status(outcome), name: folded_names(&names), body: Body::Cells(cells, what.to_owned()) }
}

/// Within which distance of zero all of them are.
fn range(hosts: &[&FixedHost], of: impl Fn(&FixedHost) -> Option<FixOffset>) -> String {
    let furthest = hosts.iter().filter_map(|host| of(host)).map(|offset| bounds(offset).magnitude().hi).max();
    furthest.map_or_else(|| "-".to_owned(), |furthest| format!("within ±{}", figure::length(furthest)))
}

/// What changes in files, hosts with equal changes together.
fn diffs(fix: &Fix, page: Page) -> Vec<String> {
    let mut lines = Vec::new();
    for diff in &fix.diffs {
        let hosts: Vec<&str> = diff.hosts.iter().map(String::as_str).collect();
        lines.extend(paragraph("", &counted(&hosts, Names::All), 0, page.text()));
        lines.extend(diff.files.iter().flat_map(|file| shown(file)));
    }
    lines
}

fn below(report: &Report, fix: &Fix, detail: Detail, page: Page) -> Vec<String> {
    let labelled = |word: &str, text: &str| paragraph(word, text, INDENT, page.text());
    let mut lines: Vec<String> =
        fix.yardstick.iter().flat_map(|yardstick| labelled("Offsets", &ruler(yardstick))).collect();
    let names = if detail == Detail::Wide { Names::All } else { Names::Some };
    let mut before = "";
    for (word, text) in reasons(fix, names) {
        lines.extend(labelled(if word == before { "" } else { word }, &text));
        before = word;
    }
    lines.extend(changed::line(report, page));
    lines.extend(fix.journal.iter().flat_map(|path| labelled("Journal", &escaped(path))));
    lines
}

/// What to type next: to go on with the rest, and to undo it.
fn next(fix: &Fix, page: Page) -> Vec<String> {
    let texts = sentences::fix::next(fix).into_iter().enumerate();
    texts
        .flat_map(|(index, text)| paragraph(if index == 0 { "Next" } else { "" }, &text, INDENT, page.text()))
        .collect()
}
