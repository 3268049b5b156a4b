//! What became of the hosts of a fix, why, and what changed in their files.

use indexmap::IndexMap;
use minijinja::{Value, context};

use crate::audit::figure;
use crate::report::escape::escaped;
use crate::report::fix::names::{Names, counted, named};
use crate::report::fix::plan::ruler;
use crate::report::model::{Fix, FixDiff, FixOffset, FixOutcome, FixedHost, Report};
use crate::report::sentences::fix as sentences;

/// Of more hosts those share a row of which the same is told.
const MOST_ROWS: usize = 300;
/// More lines of diffs are counted.
const MOST_LINES: usize = 20_000;

/// The section.
pub(super) fn fix(report: &Report, fix: &Fix) -> Value {
    let reasons = sentences::reasons(fix, Names::Some).into_iter().map(|(word, what)| context! { word, what });
    context! {
        run => fix.run.as_deref().map(escaped),
        change => escaped(&fix.change),
        counts => sentences::counts(fix.counts).join(", "),
        ruler => fix.yardstick.as_ref().map(ruler),
        took => figure::seconds(report.run.finished.0.since(report.run.started.0)),
        rows => rows(fix),
        reasons => reasons.collect::<Vec<Value>>(),
        diffs => diffs(&fix.diffs),
        journal => fix.journal.as_deref().map(escaped),
        next => sentences::next(fix).into_iter().map(Value::from).collect::<Vec<Value>>(),
    }
}

fn rows(fix: &Fix) -> Vec<Value> {
    let hosts = sentences::worst_first(fix);
    if hosts.len() <= MOST_ROWS {
        return hosts.into_iter().map(|host| row(host.outcome, &sentences::what(host), &[host])).collect();
    }
    let mut alike: IndexMap<(FixOutcome, String), Vec<&FixedHost>> = IndexMap::new();
    for host in hosts {
        alike.entry((host.outcome, sentences::what(host))).or_default().push(host);
    }
    alike.iter().map(|((outcome, what), hosts)| row(*outcome, what, hosts)).collect()
}

fn row(outcome: FixOutcome, what: &str, hosts: &[&FixedHost]) -> Value {
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    context! {
        class => class(outcome),
        word => sentences::word(outcome),
        count => hosts.len(),
        hosts => named(&names, Names::Some),
        before => offsets(hosts, |host| host.before),
        after => offsets(hosts, |host| host.after),
        what,
    }
}

/// The offset of one host, or within which distance of zero those of many are.
fn offsets(hosts: &[&FixedHost], of: impl Fn(&FixedHost) -> Option<FixOffset>) -> String {
    let offsets: Vec<FixOffset> = hosts.iter().filter_map(|host| of(host)).collect();
    match offsets.as_slice() {
        [] => "-".to_owned(),
        [one] if hosts.len() == 1 => sentences::shown_offset(*one),
        many => {
            let furthest = many.iter().map(|offset| sentences::bounds(*offset).magnitude().hi).max();
            format!("within ±{}", figure::length(furthest.unwrap_or_default()))
        }
    }
}

fn class(outcome: FixOutcome) -> &'static str {
    match outcome {
        FixOutcome::Failed | FixOutcome::RolledBack => "c",
        FixOutcome::NotAttempted => "u",
        FixOutcome::OnItsWay | FixOutcome::ConvergedByClaim => "w",
        FixOutcome::Pending => "d",
        FixOutcome::Converged | FixOutcome::Unchanged => "o",
    }
}

/// The changes, hosts with equal ones together.
fn diffs(diffs: &[FixDiff]) -> Value {
    let mut room = MOST_LINES;
    let mut left_out = 0;
    let mut shown: Vec<Value> = Vec::new();
    for diff in diffs {
        let hosts: Vec<&str> = diff.hosts.iter().map(String::as_str).collect();
        let lines = diff.files.iter().flat_map(|file| {
            let text = file.strip_suffix('\n').unwrap_or(file);
            text.split('\n').enumerate().map(line)
        });
        let mut lines: Vec<Value> = lines.collect();
        left_out += lines.len().saturating_sub(room);
        lines.truncate(room);
        room -= lines.len();
        if !lines.is_empty() {
            shown.push(context! { hosts => counted(&hosts, Names::Some), lines });
        }
    }
    context! { shown, left_out }
}

/// A line of a unified diff.
fn line((index, text): (usize, &str)) -> Value {
    let class = match text.chars().next() {
        // The first two name the file.
        Some('+') if index > 1 => "a",
        Some('-') if index > 1 => "r",
        Some('@') => "h",
        _ => "",
    };
    context! { class, text }
}
