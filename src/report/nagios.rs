//! The report as the answer of a monitoring plugin: a line with the state and what it rests on, figures for graphs behind a bar,
//! then the hosts.
//!
//! Format: Monitoring Plugins Development Guidelines, sections 2 and 4. The states are those of the exit codes 0 to 3.

use std::fmt::Write as _;

use super::document::headline;
use super::escape::{escaped, visible};
use super::model::{FixedHost, Host, Report, Verdict};
use super::sentences::{self, fix as fixes};
use super::state::state;
use crate::clock::Nanos;

/// More hosts than these are counted: what a plugin prints is cut at 4 KiB by older monitors.
const MOST_HOSTS: usize = 20;

/// Writes the answer, with a line end.
pub fn write(report: &Report) -> String {
    let what = report.fix.as_ref().map_or_else(|| headline(report), |of| fixes::counts(of.counts).join(", "));
    let state = state(report);
    let figures = if report.fix.is_some() { String::new() } else { figures(report) };
    let bar = if figures.is_empty() { "" } else { " | " };
    let mut text = format!("CLOCKS {state} - {}{bar}{figures}\n", unbarred(&what));
    for (word, what) in sentences::warnings(report) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word}: {}", unbarred(&what));
    }
    if let Some(told) = sentences::not_audited(report) {
        let _ = writeln!(text, "{}", unbarred(&told));
    }
    for line in sentences::of_fleet(report) {
        let _ = writeln!(text, "{}", unbarred(&line));
    }
    let lines = match &report.fix {
        Some(of) => {
            let hosts = fixes::worst_first(of);
            let is_bad = |host: &&&FixedHost| !matches!(fixes::word(host.outcome), "ok" | "same" | "plan");
            let line = |host: &&FixedHost| {
                format!("{} {}: {}", fixes::word(host.outcome), escaped(&host.name), fixes::what(host))
            };
            hosts.iter().filter(is_bad).map(line).collect()
        }
        None => lines(report),
    };
    for line in lines.iter().take(MOST_HOSTS) {
        let _ = writeln!(text, "{}", unbarred(line));
    }
    if let Some(more) = lines.len().checked_sub(MOST_HOSTS).filter(|more| *more > 0) {
        let _ = writeln!(text, "and {more} more");
    }
    text
}

/// The answer where there is no report, and why, with a line end: a monitor shows what stands on standard output.
pub fn unknown(why: &str) -> String {
    format!("CLOCKS UNKNOWN - {}\n", unbarred(&visible(why)))
}

/// `'label'=value[unit];[warn];[crit];[min];[max]`, parted by blanks.
fn figures(report: &Report) -> String {
    let counts = report.summary.counts;
    let hosts = report.hosts.len();
    let counted = [
        ("hosts", hosts),
        ("ok", counts.ok),
        ("warn", counts.warn),
        ("crit", counts.crit),
        ("undecided", counts.undecided),
        ("down", counts.down),
    ];
    let mut figures: Vec<String> =
        counted.iter().map(|(label, count)| format!("{label}={count};;;0;{hosts}")).collect();
    let (warn, crit) = (report.policy.warn_s.0.to_seconds_text(), report.policy.crit_s.0.to_seconds_text());
    let offsets = report.hosts.iter().filter_map(sentences::offset);
    // The least that is proven: a wide interval must not raise a graph.
    if let Some(proven) = offsets.map(|(_, bounds)| bounds.magnitude().lo).max() {
        figures.push(format!("worst_offset={}s;{warn};{crit};0;", proven.to_seconds_text()));
    }
    if let Some(widest) = &report.summary.widest {
        figures.push(format!("widest_pair={}s;;;0;", widest.lo_s.0.max(Nanos::ZERO).to_seconds_text()));
    }
    figures.join(" ")
}

fn lines(report: &Report) -> Vec<String> {
    let line = |host: &&Host| {
        let name = escaped(&host.name);
        let what = if host.verdict == Verdict::Down {
            sentences::failure_in_full(host)
        } else {
            let offset = sentences::in_one_piece(host, &report.reference);
            format!("{offset}   {}", sentences::codes(&host.findings))
        };
        format!("{} {name}: {}", sentences::word(host.verdict), what.trim_end())
    };
    sentences::bad_hosts(report).iter().map(line).collect()
}

/// A bar begins the figures, whoever wrote it.
fn unbarred(text: &str) -> String {
    text.replace('|', "/")
}
