//! What stands above and below the table of hosts: the run, the reference, the pairs.

use super::layout::style;
use crate::audit::figure;
use crate::clock::Interval;
use crate::report::escape::escaped;
use crate::report::model::{Interrupted, Kind, Report, Verdict};

/// How wide lines are as a rule.
const WIDTH: usize = 100;

/// The lines above the table.
pub(super) fn above(report: &Report) -> Vec<String> {
    let what = match report.kind {
        Kind::Scan => "hosts",
        Kind::Replay => "hosts of a recorded scan",
        Kind::Demo => "simulated hosts",
    };
    let sources = report.run.inventory.sources.iter().map(|source| escaped(source)).collect::<Vec<_>>().join(" ");
    let limits =
        format!("warn {}, crit {}", figure::limit(report.policy.warn_s.0), figure::limit(report.policy.crit_s.0));
    let version = format!("{} {}", escaped(&report.tool.name), escaped(&report.tool.version));
    let hosts = format!("{} {what}", report.hosts.len());
    let first = [version, hosts, sources, limits].into_iter().filter(|part| !part.is_empty());
    let mut lines = vec![first.collect::<Vec<_>>().join("   "), sampling(report)];
    if report.run.partial {
        let style = style(Verdict::Warn);
        let cause = match report.run.interrupted {
            Some(Interrupted::Interrupt) => "by Ctrl-C",
            Some(Interrupted::Terminate) => "by SIGTERM",
            Some(Interrupted::Deadline) => "at the deadline",
            None => "early",
        };
        lines.push(format!("{style}PARTIAL{style:#}   the run was ended {cause}; what is here was measured before"));
    }
    if report.run.inventory.incomplete {
        let style = style(Verdict::Warn);
        lines.push(format!(
            "{style}INCOMPLETE{style:#}   a part of the inventory was not understood; hosts may be missing"
        ));
    }
    lines
}

fn sampling(report: &Report) -> String {
    let down = report.summary.counts.down;
    let measured = report.hosts.len().saturating_sub(down);
    let mut parts =
        vec![if down == 0 { format!("{measured} measured") } else { format!("{measured} measured, {down} not") }];
    let exchanges = || report.hosts.iter().filter_map(|host| host.clock.as_ref()).map(|clock| clock.exchanges);
    if let (Some(least), Some(most)) = (exchanges().min(), exchanges().max()) {
        let mut part =
            if least == most { format!("{least} exchanges each") } else { format!("{least} to {most} exchanges each") };
        if let Some(window) = report.summary.window_s {
            part = format!("{part} over {}", figure::seconds(window.0));
        }
        if let Some(first) = report.summary.window_first_s.filter(|_| measured > 1) {
            part = format!("{part}, first of all hosts within {}", figure::length(first.0));
        }
        parts.push(part);
    }
    parts.push(figure::seconds(report.run.finished.0.since(report.run.started.0)));
    parts.join("   ")
}

/// The lines below the table.
pub(super) fn below(report: &Report) -> Vec<String> {
    let bound = report.reference.bound_s.map_or_else(String::new, |bound| format!(" ± {}", figure::length(bound.0)));
    let mut lines = vec![format!("Reference   {}{bound}", escaped(&report.reference.label))];
    let pairs = report.summary.pairs;
    if pairs.total > 0 {
        let limit = figure::limit(report.policy.crit_s.0);
        let mut line = format!(
            "Pairs       {}: {} beyond {limit}, {} undecided, {} within",
            pairs.total, pairs.beyond, pairs.undecided, pairs.within
        );
        if let Some(widest) = &report.summary.widest {
            let difference = figure::with_bound(widest.difference_s.0, Interval::new(widest.lo_s.0, widest.hi_s.0));
            let (ahead, behind) = (escaped(&widest.ahead), escaped(&widest.behind));
            let widest = format!("widest {ahead} - {behind}  {}", difference.trim_start_matches('+'));
            if line.chars().count() + widest.chars().count() < WIDTH {
                line = format!("{line};  {widest}");
            } else {
                lines.push(std::mem::replace(&mut line, format!("            {widest}")));
            }
        }
        lines.push(line);
    }
    if let Some(window) = report.summary.claims_window_s {
        lines.push(format!("Claims      read from all time services within {}", figure::seconds(window.0)));
    }
    lines
}
