//! What stands above and below the table of hosts: the run, the reference, the pairs.

use super::layout::style;
use super::limits;
use super::page::{Page, flowed};
use crate::audit::figure;
use crate::clock::Interval;
use crate::report::escape::escaped;
use crate::report::model::{Interrupted, Kind, MergedRun, ReferenceKind, Report, Verdict};
use crate::report::paragraph::paragraph;

/// What stands between the parts of a line.
const GAP: &str = "   ";

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;

/// So many runs of a joined report are told beside the one whose reference was chosen.
const MOST_RUNS: usize = 3;

/// The lines above the table.
pub(super) fn above(report: &Report, page: Page) -> Vec<String> {
    let hosts = figure::count(report.hosts.len(), "host");
    let (hosts, sources) = match report.kind {
        Kind::Scan | Kind::Fix => (hosts, report.run.inventory.sources.iter().map(|source| escaped(source)).collect()),
        Kind::Replay | Kind::Merge => {
            let sources = report.run.inventory.sources.iter().map(|source| escaped(source)).collect();
            let what = if report.kind == Kind::Replay { "a recorded scan" } else { "joined reports" };
            (format!("{hosts} of {what}"), sources)
        }
        Kind::Demo => (figure::count(report.hosts.len(), "simulated host"), Vec::new()),
    };
    let limits = limits::of_all(&report.policy);
    let version = format!("{} {}", escaped(&report.tool.name), escaped(&report.tool.version));
    let first: Vec<String> =
        [vec![version, hosts], sources, vec![limits]].concat().into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = flowed(&first, GAP, GAP.len(), page.text());
    lines.extend(limits::of_hosts(report).iter().flat_map(|line| paragraph("", line, GAP.len(), page.text())));
    lines.extend(flowed(&sampling(report), GAP, GAP.len(), page.text()));
    if report.run.partial {
        let why = match (report.kind, report.run.interrupted) {
            (Kind::Merge, _) => "a report was left out, or is partial itself; hosts are missing",
            (_, Some(Interrupted::Interrupt)) => "the run was ended by Ctrl-C; what is here was measured before",
            (_, Some(Interrupted::Terminate)) => "the run was ended by SIGTERM; what is here was measured before",
            (_, Some(Interrupted::Deadline)) => "the run was ended at the deadline; what is here was measured before",
            (_, None) => "the run was ended early; what is here was measured before",
        };
        lines.extend(warning("PARTIAL", why, page));
    }
    if report.run.inventory.incomplete {
        let text = "a part of the inventory was not understood; hosts may be missing";
        lines.extend(warning("INCOMPLETE", text, page));
    }
    lines
}

/// A word that is seen before all others, and what it means.
pub(super) fn warning(word: &str, text: &str, page: Page) -> Vec<String> {
    let style = style(Verdict::Warn);
    let mut lines = paragraph("", &format!("{word}{GAP}{text}"), 0, page.text());
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(word, &format!("{style}{word}{style:#}"), 1);
    }
    lines
}

fn sampling(report: &Report) -> Vec<String> {
    let down = report.summary.counts.down;
    let measured = report.hosts.len().saturating_sub(down);
    let mut parts =
        vec![if down == 0 { format!("{measured} measured") } else { format!("{measured} measured, {down} not") }];
    let exchanges = || report.hosts.iter().filter_map(|host| host.clock.as_ref()).map(|clock| clock.exchanges);
    if let (Some(least), Some(most)) = (exchanges().min(), exchanges().max()) {
        let each = if measured == 1 { "" } else { " each" };
        let mut part = if least == most { String::new() } else { format!("{least} to ") };
        part = format!("{part}{}{each}", figure::count(most, "exchange"));
        if let Some(window) = report.summary.window_s {
            part = format!("{part} over {}", figure::seconds(window.0));
        }
        if let Some(first) = report.summary.window_first_s.filter(|_| measured > 1) {
            parts.push(part);
            part = format!("first of all hosts within {}", figure::length(first.0));
        }
        parts.push(part);
    }
    parts.push(figure::seconds(report.run.finished.0.since(report.run.started.0)));
    parts
}

/// Where the controller's clock stands, where it is not the reference itself.
fn controller(report: &Report) -> Option<String> {
    if report.reference.kind == ReferenceKind::Controller {
        return None;
    }
    let controller = &report.run.controller;
    let whose = if report.kind == Kind::Merge { "its" } else { "this" };
    let bounds = Interval::new(controller.lo_s?.0, controller.hi_s?.0);
    Some(format!("{whose} controller is {} from it", figure::with_bound(controller.offset_s?.0, bounds)))
}

/// The lines below the table.
pub(super) fn below(report: &Report, page: Page) -> Vec<String> {
    let labelled = |word: &str, text: &str| paragraph(word, text, INDENT, page.text());
    let mut lines = labelled("Reference", &reference(report));
    lines.extend(controller(report).iter().flat_map(|text| labelled("", text)));
    lines.extend(of_runs(&report.run.merged).iter().flat_map(|text| labelled("", text)));
    let pairs = report.summary.pairs;
    if pairs.total > 0 {
        let limit = limits::of_pairs(report);
        let counts = format!(
            "{}: {} beyond {limit}, {} undecided, {} within",
            pairs.total, pairs.beyond, pairs.undecided, pairs.within
        );
        let widest = report.summary.widest.as_ref().map_or_else(String::new, |widest| {
            let difference = figure::with_bound(widest.difference_s.0, Interval::new(widest.lo_s.0, widest.hi_s.0));
            let (ahead, behind) = (escaped(&widest.ahead), escaped(&widest.behind));
            format!("widest {ahead} - {behind}  {}", difference.trim_start_matches('+'))
        });
        let both = format!("{counts};  {widest}");
        if widest.is_empty() || INDENT + both.chars().count() > page.text() {
            lines.extend(labelled("Pairs", &counts));
            lines.extend(
                Some(widest).filter(|widest| !widest.is_empty()).iter().flat_map(|widest| labelled("", widest)),
            );
        } else {
            lines.push(format!("{:INDENT$}{both}", "Pairs"));
        }
    }
    if let Some(window) = report.summary.claims_window_s {
        let within = figure::length(window.0);
        let text = match report.summary.claims_late_window_s {
            None => format!("read from all time services within {within}"),
            Some(late) => {
                let late = figure::length(late.0);
                format!(
                    "read from the time services within {within}, and of hosts measured longer within {late} after that"
                )
            }
        };
        lines.extend(labelled("Claims", &text));
    }
    lines
}

/// What offsets are relative to. The bound of the controller's own clock says how well it was read, not how good it is.
fn reference(report: &Report) -> String {
    let label = escaped(&report.reference.label);
    let bound = report.reference.bound_s.map(|bound| figure::length(bound.0));
    match (report.reference.kind, bound) {
        // How well the middle clock is known is no bound of anything.
        (ReferenceKind::None, _) | (_, None) => label,
        (ReferenceKind::Controller, Some(bound)) => format!("{label}; read to within {bound}"),
        (_, Some(bound)) => format!("{label}; known to within {bound}"),
    }
}

/// Whose reference a joined report took, by which rule, and what the others had.
fn of_runs(runs: &[MergedRun]) -> Vec<String> {
    let chosen = runs.iter().find(|run| run.is_chosen).map(|chosen| {
        let id = escaped(&chosen.id);
        format!("that of {id}, chosen of {}: UTC first, then what is known best", figure::count(runs.len(), "run"))
    });
    let others: Vec<&MergedRun> = runs.iter().filter(|run| !run.is_chosen).collect();
    let told = |run: &&MergedRun| {
        let stands = match (run.offset_s, run.lo_s, run.hi_s) {
            (Some(offset), Some(lo), Some(hi)) => {
                format!("{} from it", figure::with_bound(offset.0, Interval::new(lo.0, hi.0)))
            }
            _ => format!("left out with {}: nothing joins it to the others", figure::count(run.hosts, "host")),
        };
        format!("{} had {}; {stands}", escaped(&run.id), escaped(&run.reference.label))
    };
    let more = others.len().saturating_sub(MOST_RUNS);
    let mut lines: Vec<String> = chosen.into_iter().chain(others.iter().take(MOST_RUNS).map(told)).collect();
    lines.extend((more > 0).then(|| format!("and {} (show them: -o json)", figure::count(more, "more run"))));
    lines
}
