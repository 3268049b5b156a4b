//! What is said of a host in a cell or a few words, by every renderer.

use crate::audit::figure;
use crate::clock::{Interval, Nanos};
use crate::report::escape::escaped;
use crate::report::model::{Error, Finding, Host, Reference, ReferenceKind, Report, Severity, Verdict};

/// What stands where nothing is known.
pub(in crate::report) const NOTHING: &str = "-";

/// What a host has instead of an offset that is the reference itself.
pub(in crate::report) const REFERENCE: &str = "the reference";
/// The same where there is no reference, and offsets are shown from the clock in the middle.
pub(in crate::report) const MIDDLE: &str = "the middle";

/// The word for a verdict.
pub(in crate::report) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "WARN",
        Verdict::Crit => "CRIT",
        Verdict::Undecided => "UNDEC",
        Verdict::Down => "DOWN",
    }
}

/// The offset and the bounds of a host, where both are known.
pub(in crate::report) fn offset(host: &Host) -> Option<(Nanos, Interval)> {
    let clock = host.clock.as_ref()?;
    let (value, lo, hi) = (clock.offset_s?.0, clock.lo_s?.0, clock.hi_s?.0);
    Some((value, Interval::new(lo, hi)))
}

/// What a host is called whose clock the offsets are from; nothing for any other.
pub(in crate::report) fn called(host: &Host, reference: &Reference) -> Option<&'static str> {
    let is_it = reference.host.as_ref() == Some(&host.name);
    let word = if reference.kind == ReferenceKind::None { MIDDLE } else { REFERENCE };
    is_it.then_some(word)
}

/// The offset with its bound in one piece, for a line without columns.
pub(in crate::report) fn in_one_piece(host: &Host, reference: &Reference) -> String {
    match (called(host, reference), offset(host)) {
        (Some(word), Some(_)) => word.to_owned(),
        (None, Some((value, bounds))) => figure::with_bound(value, bounds),
        (_, None) => nothing(),
    }
}

/// The cell TIME SERVICE.
pub(in crate::report) fn time_service(host: &Host) -> String {
    host.time_service.as_deref().map_or_else(nothing, escaped)
}

/// The cell FINDINGS: the codes that weigh, then the notes. What CLK104 and CLK108 explain is not said twice.
pub(in crate::report) fn codes(findings: &[Finding]) -> String {
    let is_explained = findings.iter().any(|finding| matches!(finding.code.as_str(), "CLK104" | "CLK108"));
    let codes = findings.iter().map(|finding| finding.code.as_str());
    let shown: Vec<String> = codes.filter(|code| !is_explained || *code != "CLK101").map(escaped).collect();
    shown.join(" ")
}

/// Why a host was not measured, in a few words: `SSH903  host key changed`.
pub(in crate::report) fn failure(host: &Host) -> String {
    match &host.error {
        Some(error) => failed(error),
        None => unexplained(host),
    }
}

/// What failed, in a few words.
pub(in crate::report) fn failed(error: &Error) -> String {
    let words = if error.title.is_empty() { &error.message } else { &error.title };
    let stage = if error.stage.is_empty() { String::new() } else { format!(" ({})", escaped(&error.stage)) };
    format!("{}  {}{stage}", escaped(&error.code), escaped(words))
}

/// Why a host was not measured, with what was seen: `SSH901  no answer in 10.0 s (connect)`.
pub(in crate::report) fn failure_in_full(host: &Host) -> String {
    match &host.error {
        Some(error) => {
            format!("{}  {} ({})", escaped(&error.code), escaped(&error.message), escaped(&error.stage))
        }
        None => unexplained(host),
    }
}

/// What a host that was never tried has instead of an error.
fn unexplained(host: &Host) -> String {
    let finding = host.findings.iter().find(|finding| finding.severity == Severity::Note);
    finding.map_or_else(nothing, |finding| format!("{}  {}", escaped(&finding.code), escaped(&finding.what)))
}

pub(in crate::report) fn nothing() -> String {
    NOTHING.to_owned()
}

/// How bad a host is among those of its verdict: its distance from the reference.
pub(in crate::report) fn badness(host: &Host) -> Nanos {
    offset(host).map_or(Nanos::ZERO, |(value, bounds)| value.abs().max(bounds.half_width()))
}

/// The hosts that are not good, the worst first.
pub(in crate::report) fn bad_hosts(report: &Report) -> Vec<&Host> {
    let order = [Verdict::Crit, Verdict::Warn, Verdict::Undecided, Verdict::Down];
    order.iter().flat_map(|verdict| of_verdict(report, *verdict)).collect()
}

/// The hosts of a verdict, the worst first.
pub(in crate::report) fn of_verdict(report: &Report, verdict: Verdict) -> Vec<&Host> {
    let mut hosts: Vec<&Host> = report.hosts.iter().filter(|host| host.verdict == verdict).collect();
    hosts.sort_by_key(|host| (std::cmp::Reverse(badness(host)), &host.name));
    hosts
}

/// How far the good hosts are from the reference at most: `within ±0.9 ms of the reference`; `None` where none has an offset.
pub(in crate::report) fn good_hosts_within(report: &Report) -> Option<String> {
    let good = report.hosts.iter().filter(|host| host.verdict == Verdict::Ok);
    let farthest = good.filter_map(offset).map(|(_, bounds)| bounds.magnitude().hi).max()?;
    Some(format!("within ±{} of the reference", figure::length(farthest)))
}
