//! What is said of a run as a whole: whether it is whole, how it was sampled, its reference, its pairs.

use super::limits::limits_of_pairs;
use crate::audit::figure;
use crate::clock::Interval;
use crate::report::escape::escaped;
use crate::report::model::{Interrupted, Kind, MergedRun, ReferenceKind, Report};
use crate::report::quantity::Instant;

/// So many runs of a joined report are told beside the one whose reference was chosen.
const MOST_RUNS: usize = 3;

/// An instant to the minute: `2026-11-24 16:00 UTC`.
pub(in crate::report) fn moment(instant: Instant) -> String {
    let text = instant.to_text();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// What must be known before all else is read: a word, and what it means.
pub(in crate::report) fn warnings(report: &Report) -> Vec<(&'static str, String)> {
    let mut warnings = Vec::new();
    if report.run.partial {
        let why = ended_early(report.run.interrupted);
        let what = match report.kind {
            Kind::Merge => "a report was left out, or is partial itself; hosts are missing".to_owned(),
            Kind::Fix => format!("{why}; hosts that were not attempted are as they were"),
            Kind::Scan | Kind::Replay | Kind::Demo => format!("{why}; what is here was measured before"),
        };
        warnings.push(("PARTIAL", what));
    }
    if report.run.inventory.incomplete {
        warnings.push(("INCOMPLETE", "a part of the inventory was not understood; hosts may be missing".to_owned()));
    }
    warnings
}

/// By what a run was ended before its work was done.
pub(in crate::report) fn ended_early(interrupted: Option<Interrupted>) -> &'static str {
    match interrupted {
        Some(Interrupted::Interrupt) => "the run was ended by Ctrl-C",
        Some(Interrupted::Terminate) => "the run was ended by SIGTERM or SIGHUP",
        Some(Interrupted::Deadline) => "the run was ended at the deadline",
        None => "the run was ended early",
    }
}

/// How the hosts were sampled: how many, how often, over how long, and how long the run took.
pub(in crate::report) fn sampling(report: &Report) -> Vec<String> {
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
pub(in crate::report) fn controller(report: &Report) -> Option<String> {
    if report.reference.kind == ReferenceKind::Controller {
        return None;
    }
    let controller = &report.run.controller;
    let whose = if report.kind == Kind::Merge { "its" } else { "this" };
    let bounds = Interval::new(controller.lo_s?.0, controller.hi_s?.0);
    Some(format!("{whose} controller is {} from it", figure::with_bound(controller.offset_s?.0, bounds)))
}

/// How many pairs there are of each kind, and the two clocks that are surely furthest apart, if any; `None` where there is no pair.
pub(in crate::report) fn pairs(report: &Report) -> Option<(String, String)> {
    let pairs = report.summary.pairs;
    if pairs.total == 0 {
        return None;
    }
    let limit = limits_of_pairs(report);
    let counts = format!(
        "{}: {} beyond {limit}, {} undecided, {} within",
        pairs.total, pairs.beyond, pairs.undecided, pairs.within
    );
    let widest = report.summary.widest.as_ref().map_or_else(String::new, |widest| {
        let difference = figure::with_bound(widest.difference_s.0, Interval::new(widest.lo_s.0, widest.hi_s.0));
        let (ahead, behind) = (escaped(&widest.ahead), escaped(&widest.behind));
        format!("widest {ahead} - {behind}  {}", difference.trim_start_matches('+'))
    });
    Some((counts, widest))
}

/// What offsets are relative to. The bound of the controller's own clock says how well it was read, not how good it is.
pub(in crate::report) fn reference(report: &Report) -> String {
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
pub(in crate::report) fn runs(runs: &[MergedRun]) -> Vec<String> {
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
