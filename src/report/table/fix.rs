//! What became of each host of a fix: before and after, bad ones first, like ones folded where there are many.

use anstyle::{AnsiColor, Style};
use indexmap::IndexMap;

use super::Detail;
use super::changed;
use super::fold::{HOW_TO_LIST, folded_names};
use super::heading::warning;
use super::layout::{Body, Column, Line, Status, lay_out};
use super::page::{Page, flowed};
use crate::audit::figure;
use crate::clock::Interval;
use crate::fix::RefusedHost;
use crate::report::diffs::shown;
use crate::report::escape::{escaped, escaped_within, shell_word};
use crate::report::fix::names::{Names, counted};
use crate::report::fix::plan::{refusals, ruler};
use crate::report::model::{Fix, FixCounts, FixForecast, FixOffset, FixOutcome, FixedHost, Interrupted, Report};
use crate::report::paragraph::paragraph;

/// What stands between the parts of a line.
const GAP: &str = "   ";
/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;
/// Up to so many hosts each has a line of its own.
const MOST_HOSTS: usize = 40;
/// Of more, so many lines for each way in which hosts end.
const LINES: usize = 6;
/// So many kinds of failure are told with all that is known of them.
const MOST_FAILURES: usize = 6;
/// How much of what a host or its chronyd said is shown.
const LONGEST_DETAIL: usize = 1_000;

/// The ways in which hosts end, the worst first.
const ORDER: [FixOutcome; 8] = [
    FixOutcome::Failed,
    FixOutcome::RolledBack,
    FixOutcome::NotAttempted,
    FixOutcome::OnItsWay,
    FixOutcome::ConvergedByClaim,
    FixOutcome::Pending,
    FixOutcome::Converged,
    FixOutcome::Unchanged,
];

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
    if report.run.partial {
        let why = match report.run.interrupted {
            Some(Interrupted::Interrupt) => "the run was ended by Ctrl-C",
            Some(Interrupted::Terminate) => "the run was ended by SIGTERM",
            Some(Interrupted::Deadline) => "the run was ended at the deadline",
            None => "the run was ended early",
        };
        lines.extend(warning("PARTIAL", &format!("{why}; hosts that were not attempted are as they were"), page));
    }
    if report.run.inventory.incomplete {
        lines.extend(warning("INCOMPLETE", "a part of the inventory was not understood; hosts may be missing", page));
    }
    lines
}

/// `1 rolled back`, `2 not attempted`, `9 converged`.
fn counts(counts: FixCounts) -> Vec<String> {
    let parts = [
        (counts.failed, "failed"),
        (counts.rolled_back, "rolled back"),
        (counts.not_attempted, "not attempted"),
        (counts.on_their_way, "still slewed"),
        (counts.converged_by_claim, "converged by claim"),
        (counts.pending, "to change"),
        (counts.converged, "converged"),
        (counts.unchanged, "as wanted already"),
    ];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

fn status(outcome: FixOutcome) -> Status {
    let (word, style) = match outcome {
        FixOutcome::Failed => ("FAILED", AnsiColor::Red.on_default().bold()),
        FixOutcome::RolledBack => ("BACK", AnsiColor::Red.on_default()),
        FixOutcome::NotAttempted => ("LEFT", AnsiColor::Magenta.on_default()),
        FixOutcome::OnItsWay => ("SLEWS", AnsiColor::Yellow.on_default()),
        FixOutcome::ConvergedByClaim => ("CLAIM", AnsiColor::Yellow.on_default()),
        FixOutcome::Pending => ("plan", Style::new()),
        FixOutcome::Converged => ("ok", AnsiColor::Green.on_default()),
        FixOutcome::Unchanged => ("same", AnsiColor::Green.on_default()),
    };
    Status { word, style }
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

fn bounds(offset: FixOffset) -> Interval {
    Interval::new(offset.lo_s.0, offset.hi_s.0)
}

fn shown_offset(offset: FixOffset) -> String {
    figure::with_bound(offset.offset_s.0, bounds(offset))
}

/// Within which distance of zero all of them are.
fn range(hosts: &[&FixedHost], of: impl Fn(&FixedHost) -> Option<FixOffset>) -> String {
    let furthest = hosts.iter().filter_map(|host| of(host)).map(|offset| bounds(offset).magnitude().hi).max();
    furthest.map_or_else(|| "-".to_owned(), |furthest| format!("within ±{}", figure::length(furthest)))
}

/// What became of a host, in a few words.
fn what(host: &FixedHost) -> String {
    let moved = host.forecast.as_ref().map(movement);
    let reason = || host.reason.as_deref().map_or_else(String::new, |reason| escaped(&reason.replace('_', " ")));
    match host.outcome {
        FixOutcome::Failed | FixOutcome::RolledBack | FixOutcome::NotAttempted => reason(),
        FixOutcome::OnItsWay => "follows its new source".to_owned(),
        FixOutcome::ConvergedByClaim => "right by its chronyd's word".to_owned(),
        FixOutcome::Converged => moved.map_or_else(String::new, |moved| moved.unwrap_or("stayed as it was").to_owned()),
        FixOutcome::Pending => match moved {
            Some(Some(moved)) => format!("will be {moved}"),
            Some(None) => "will stay as it is".to_owned(),
            None => String::new(),
        },
        FixOutcome::Unchanged => "as wanted already".to_owned(),
    }
}

/// How a clock is moved, in words; `None` where it is not.
fn movement(forecast: &FixForecast) -> Option<&'static str> {
    Some(match (forecast.movement.as_str(), forecast.direction.as_str()) {
        ("stays", _) => return None,
        ("slews", "forward") => "slewed forward",
        ("slews", "backward") => "slewed back",
        ("slews", _) => "slewed into place",
        ("steps", "forward") => "stepped forward",
        ("steps", "backward") => "stepped back",
        ("steps", _) => "stepped into place",
        _ => "slewed or stepped",
    })
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
    for (word, outcome) in [("Failed", FixOutcome::Failed), ("Rolled back", FixOutcome::RolledBack)] {
        for (index, text) in failures(fix, outcome, names).iter().enumerate() {
            lines.extend(labelled(if index == 0 { word } else { "" }, text));
        }
    }
    let left: Vec<RefusedHost> = fix.hosts.iter().filter_map(left_alone).collect();
    for (index, text) in refusals(&left, names).iter().enumerate() {
        lines.extend(labelled(if index == 0 { "Left alone" } else { "" }, text));
    }
    lines.extend(changed::line(report, page));
    lines.extend(fix.journal.iter().flat_map(|path| labelled("Journal", &escaped(path))));
    lines
}

/// Why hosts failed, and what they said of it; hosts of which the same is told together.
fn failures(fix: &Fix, outcome: FixOutcome, names: Names) -> Vec<String> {
    let mut alike: IndexMap<(&str, &str), Vec<&str>> = IndexMap::new();
    for host in fix.hosts.iter().filter(|host| host.outcome == outcome) {
        let told = (host.why.as_deref().unwrap_or_default(), host.detail.as_deref().unwrap_or_default());
        alike.entry(told).or_default().push(&host.name);
    }
    let most = if names == Names::All { alike.len() } else { MOST_FAILURES };
    let left: usize = alike.values().skip(most).map(Vec::len).sum();
    let text = |((why, detail), hosts): (&(&str, &str), &Vec<&str>)| {
        let (why, detail) = (escaped_within(why, LONGEST_DETAIL), escaped_within(detail, LONGEST_DETAIL));
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        format!("{}: {why}{detail}", counted(hosts, names))
    };
    let mut texts: Vec<String> = alike.iter().take(most).map(text).collect();
    texts.extend((left > 0).then(|| format!("and {left} more {HOW_TO_LIST}")));
    texts
}

/// A host that was not touched, as one that was refused.
fn left_alone(host: &FixedHost) -> Option<RefusedHost> {
    (host.outcome == FixOutcome::NotAttempted).then(|| RefusedHost {
        name: host.name.clone(),
        reason: host.reason.clone().unwrap_or_default(),
        message: host.why.clone().unwrap_or_default(),
    })
}

/// What to type next: to go on with the rest, and to undo it.
fn next(fix: &Fix, page: Page) -> Vec<String> {
    let counts = fix.counts;
    let is_changed = counts.converged + counts.converged_by_claim + counts.on_their_way + counts.failed > 0;
    let undo = fix.run.as_ref().filter(|_| is_changed);
    let undo = undo.map(|run| format!("clockaudit rollback {}   to undo it", shell_word(run)));
    let retry = fix.retry.as_ref().filter(|_| counts.not_attempted > 0);
    let retry = retry.map(|path| {
        let word = shell_word(&format!("@{path}"));
        format!("the same with `--limit {word}` goes on with the hosts that were not attempted")
    });
    let texts = retry.into_iter().chain(undo).enumerate();
    texts
        .flat_map(|(index, text)| paragraph(if index == 0 { "Next" } else { "" }, &text, INDENT, page.text()))
        .collect()
}
