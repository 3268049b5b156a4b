//! What is said of a fix: how hosts ended and why, in words.

use indexmap::IndexMap;

use crate::audit::figure;
use crate::clock::Interval;
use crate::fix::RefusedHost;
use crate::fix::attempt::EDITED;
use crate::report::escape::{escaped, escaped_within, shell_word};
use crate::report::fix::names::{Names, counted};
use crate::report::fix::plan::refusals;
use crate::report::model::{Fix, FixCounts, FixForecast, FixOffset, FixOutcome, FixedHost};
use crate::report::sentences::HOW_TO_LIST;

/// So many kinds of failure are told with all that is known of them.
const MOST_FAILURES: usize = 6;
/// How much of what a host or its chronyd said is shown.
const LONGEST_DETAIL: usize = 1_000;

/// The ways in which hosts end, the worst first.
pub(in crate::report) const ORDER: [FixOutcome; 8] = [
    FixOutcome::Failed,
    FixOutcome::RolledBack,
    FixOutcome::NotAttempted,
    FixOutcome::OnItsWay,
    FixOutcome::ConvergedByClaim,
    FixOutcome::Pending,
    FixOutcome::Converged,
    FixOutcome::Unchanged,
];

/// The word for how a host ended.
pub(in crate::report) fn word(outcome: FixOutcome) -> &'static str {
    match outcome {
        FixOutcome::Failed => "FAILED",
        FixOutcome::RolledBack => "BACK",
        FixOutcome::NotAttempted => "LEFT",
        FixOutcome::OnItsWay => "EARLY",
        FixOutcome::ConvergedByClaim => "CLAIM",
        FixOutcome::Pending => "plan",
        FixOutcome::Converged => "ok",
        FixOutcome::Unchanged => "same",
    }
}

/// The hosts, those that ended worst first.
pub(in crate::report) fn worst_first(fix: &Fix) -> Vec<&FixedHost> {
    ORDER.iter().flat_map(|outcome| fix.hosts.iter().filter(move |host| host.outcome == *outcome)).collect()
}

/// `1 rolled back`, `2 not attempted`, `9 converged`.
pub(in crate::report) fn counts(counts: FixCounts) -> Vec<String> {
    let parts = [
        (counts.failed, "failed"),
        (counts.rolled_back, "rolled back"),
        (counts.not_attempted, "not attempted"),
        (counts.on_their_way, "ended early"),
        (counts.converged_by_claim, "converged by claim"),
        (counts.pending, "to change"),
        (counts.converged, "converged"),
        (counts.unchanged, "as wanted already"),
    ];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

pub(in crate::report) fn bounds(offset: FixOffset) -> Interval {
    Interval::new(offset.lo_s.0, offset.hi_s.0)
}

pub(in crate::report) fn shown_offset(offset: FixOffset) -> String {
    figure::with_bound(offset.offset_s.0, bounds(offset))
}

/// What became of a host, in a few words.
pub(in crate::report) fn what(host: &FixedHost) -> String {
    let moved = host.forecast.as_ref().map(movement);
    let reason = || host.reason.as_deref().map_or_else(String::new, |reason| escaped(&reason.replace('_', " ")));
    match host.outcome {
        FixOutcome::Failed | FixOutcome::RolledBack | FixOutcome::NotAttempted => reason(),
        FixOutcome::OnItsWay => early(host).to_owned(),
        FixOutcome::ConvergedByClaim => format!("right by its chronyd's word{}", edited(host)),
        FixOutcome::Converged => {
            let moved = moved.map_or("", |moved| moved.unwrap_or("stayed as it was"));
            format!("{moved}{}", edited(host)).trim_start_matches(", ").to_owned()
        }
        FixOutcome::Pending => match moved {
            Some(Some(moved)) => format!("will be {moved}"),
            Some(None) => "will stay as it is".to_owned(),
            None => String::new(),
        },
        FixOutcome::Unchanged if host.reason.is_some() => format!("as wanted, but {}", reason()),
        FixOutcome::Unchanged => "as wanted already".to_owned(),
    }
}

/// That somebody changed a file meanwhile, where that was told of a host that is right.
fn edited(host: &FixedHost) -> &'static str {
    if host.reason.is_some() { ", a file edited since" } else { "" }
}

/// How far a host was when the run was told to end.
fn early(host: &FixedHost) -> &'static str {
    match host.reason.as_deref() {
        Some("not_measured") => "follows its new source, not measured since",
        Some("not_held") => "right, not for the hold time yet",
        Some("edited") => "follows its new source, a file edited since",
        _ => "follows its new source",
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

/// Why hosts failed, were rolled back, are wrong though they are as wanted, have files that were edited, and were left alone: a word, and the reason with the hosts.
pub(in crate::report) fn reasons(fix: &Fix, names: Names) -> Vec<(&'static str, String)> {
    let look_at = [FixOutcome::OnItsWay, FixOutcome::ConvergedByClaim, FixOutcome::Converged, FixOutcome::Unchanged];
    let ways = [("Failed", FixOutcome::Failed), ("Rolled back", FixOutcome::RolledBack)];
    let ways = ways.into_iter().chain(look_at.map(|outcome| ("Look at", outcome)));
    let ended =
        ways.flat_map(|(word, outcome)| failures(fix, outcome, names).into_iter().map(move |text| (word, text)));
    let left: Vec<RefusedHost> = fix.hosts.iter().filter_map(left_alone).collect();
    ended.chain(refusals(&left, names).into_iter().map(|text| ("Left alone", text))).collect()
}

/// Why hosts failed, and what they said of it; hosts of which the same is told together.
fn failures(fix: &Fix, outcome: FixOutcome, names: Names) -> Vec<String> {
    let mut alike: IndexMap<(&str, &str), Vec<&str>> = IndexMap::new();
    let has_detail = |host: &FixedHost| host.detail.as_deref().is_some_and(|detail| !detail.is_empty());
    // How far a host was that ended early is told beside it; what it lacks is not.
    let is_told = |host: &FixedHost| match host.reason.as_deref() {
        Some(reason) => outcome != FixOutcome::OnItsWay || reason == EDITED.0 || has_detail(host),
        None => outcome == FixOutcome::OnItsWay && has_detail(host),
    };
    for host in fix.hosts.iter().filter(|host| host.outcome == outcome && is_told(host)) {
        let told = (host.why.as_deref().unwrap_or_default(), host.detail.as_deref().unwrap_or_default());
        alike.entry(told).or_default().push(&host.name);
    }
    let most = if names == Names::All { alike.len() } else { MOST_FAILURES };
    let left: usize = alike.values().skip(most).map(Vec::len).sum();
    let text = |((why, detail), hosts): (&(&str, &str), &Vec<&str>)| {
        let (why, detail) = (escaped_within(why, LONGEST_DETAIL), escaped_within(detail, LONGEST_DETAIL));
        let told = match (why.is_empty(), detail.is_empty()) {
            (_, true) => why,
            (true, false) => detail,
            (false, false) => format!("{why} ({detail})"),
        };
        format!("{}: {told}", counted(hosts, names))
    };
    let mut texts: Vec<String> = alike.iter().take(most).map(text).collect();
    texts.extend((left > 0).then(|| format!("and {left} more {HOW_TO_LIST}")));
    texts
}

/// A host that was not touched, as one that was refused; with what it said of it.
fn left_alone(host: &FixedHost) -> Option<RefusedHost> {
    let parts = [host.why.as_deref(), host.detail.as_deref()].into_iter().flatten().filter(|text| !text.is_empty());
    (host.outcome == FixOutcome::NotAttempted).then(|| RefusedHost {
        name: host.name.clone(),
        reason: host.reason.clone().unwrap_or_default(),
        message: parts.collect::<Vec<_>>().join(": "),
    })
}

/// What to type next: to go on with the rest, and to undo it.
pub(in crate::report) fn next(fix: &Fix) -> Vec<String> {
    let counts = fix.counts;
    let is_changed = counts.converged + counts.converged_by_claim + counts.on_their_way + counts.failed > 0;
    let undo = fix.run.as_ref().filter(|_| is_changed);
    let undo = undo.map(|run| format!("clockaudit rollback {}   to undo it", shell_word(run)));
    let retry = fix.retry.as_ref().map(|path| {
        let word = shell_word(&format!("@{path}"));
        // Beside those it has the hosts whose clock was still being slewed.
        let whom = if counts.not_attempted == 0 {
            "lack their `makestep`"
        } else {
            "were not attempted or lack their `makestep`"
        };
        format!("the same with `--limit {word}` goes on with the hosts that {whom}")
    });
    retry.into_iter().chain(undo).collect()
}
