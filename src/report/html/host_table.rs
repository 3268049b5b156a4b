//! The table of all hosts, worst first, each with what is known of it: plain rows, which a script sorts and filters.

use minijinja::{Value, context};

use super::class;
use crate::audit::figure;
use crate::report::causes::rank;
use crate::report::escape::escaped;
use crate::report::model::{Finding, Host, Report, Severity, Verdict};
use crate::report::sentences;
use crate::report::table;

/// Bytes of findings that the rows hold at most: beyond that they hold less of each, and the findings are told once, above.
const ROOM: usize = 3 << 20;

/// Of more hosts than these the good ones without findings are a line and no more: what unfolds costs a browser as much as the
/// rest of the row.
const ALL_UNFOLD: usize = 1_000;

/// Characters of what a host is found by besides what its row shows: so many an address, a source and a dozen codes have.
const LONGEST_FOUND: usize = 200;

/// How much of its findings the row of a host tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// All four parts.
    InFull,
    /// What is.
    What,
    /// Nothing but their codes.
    Codes,
}

/// The rows.
pub(super) fn table(report: &Report) -> Value {
    let mut hosts: Vec<(usize, &Host)> = report.hosts.iter().enumerate().collect();
    hosts.sort_by_key(|(_, host)| (rank(host.verdict), std::cmp::Reverse(sentences::badness(host)), &host.name));
    let alone: Vec<&Host> = hosts.iter().map(|(_, host)| *host).collect();
    let times = table::times_of(&alone, &report.reference);
    let told = told(&report.hosts);
    let rows = hosts.iter().zip(times).enumerate();
    let unfolds = |host: &Host| hosts.len() <= ALL_UNFOLD || host.verdict != Verdict::Ok || !host.findings.is_empty();
    let rows: Vec<Value> = rows
        .map(|(place, ((name, host), times))| {
            let about = if unfolds(host) { about(host).join("; ") } else { String::new() };
            row(host, times, [place, *name], told, &about)
        })
        .collect();
    let counts = report.summary.counts;
    let verdicts = [
        (Verdict::Crit, counts.crit),
        (Verdict::Warn, counts.warn),
        (Verdict::Undecided, counts.undecided),
        (Verdict::Down, counts.down),
        (Verdict::Ok, counts.ok),
    ];
    let choice = |(verdict, count): (Verdict, usize)| {
        context! { class => class(verdict), word => sentences::word(verdict), count }
    };
    context! {
        rows,
        verdicts => verdicts.into_iter().map(choice).collect::<Vec<Value>>(),
        is_in_full => told == Told::InFull,
    }
}

/// How much of their findings finds room.
fn told(hosts: &[Host]) -> Told {
    let findings = || hosts.iter().flat_map(|host| &host.findings);
    let what = |finding: &Finding| finding.what.len();
    let all = |finding: &Finding| what(finding) + finding.expected.len() + finding.meaning.len() + finding.remedy.len();
    if findings().map(all).sum::<usize>() <= ROOM {
        Told::InFull
    } else if findings().map(what).sum::<usize>() <= ROOM {
        Told::What
    } else {
        Told::Codes
    }
}

fn row(host: &Host, [offset, bound, rtt]: [String; 3], [place, name]: [usize; 2], told: Told, about: &str) -> Value {
    let measured = sentences::offset(host);
    let number = |nanos: Option<i64>| nanos.map_or_else(String::new, |nanos| nanos.to_string());
    let keys = [
        place.to_string(),
        name.to_string(),
        number(measured.map(|(value, _)| value.0)),
        number(measured.map(|(_, bounds)| bounds.half_width().0)),
        number(host.clock.as_ref().map(|clock| clock.rtt_min_s.0.0)),
    ];
    let groups: Vec<&str> = host.groups.iter().map(String::as_str).filter(|group| *group != "all").collect();
    let findings = if told == Told::Codes { &[] } else { host.findings.as_slice() };
    let shown = if host.verdict == Verdict::Down { sentences::failure(host) } else { sentences::codes(&host.findings) };
    context! {
        class => class(host.verdict),
        word => sentences::word(host.verdict),
        keys => keys.join(","),
        name => escaped(&host.name),
        groups => escaped(&groups.join(" ")),
        offset,
        bound,
        rtt,
        service => sentences::time_service(host),
        found => found(host, &shown),
        codes => shown,
        about,
        findings => findings.iter().map(|found| finding(found, told == Told::InFull)).collect::<Vec<Value>>(),
    }
}

pub(super) fn finding(finding: &Finding, is_in_full: bool) -> Value {
    let part = |text: &str| is_in_full.then(|| escaped(text));
    context! {
        code => escaped(&finding.code),
        weight => weight(finding.severity),
        what => escaped(&finding.what),
        expected => part(&finding.expected),
        meaning => part(&finding.meaning),
        remedy => part(&finding.remedy),
    }
}

/// By what a host is found besides what its line shows: the codes that the line leaves out, its address, and what it follows.
fn found(host: &Host, shown: &str) -> String {
    let address = address(host);
    let source = host.claim.as_ref().and_then(|claim| claim.source.as_deref()).map(escaped);
    let codes = host.findings.iter().map(|finding| finding.code.as_str()).filter(|code| !shown.contains(code));
    let words: Vec<String> = codes.map(escaped).chain(address).chain(source).collect();
    words.join(" ").chars().take(LONGEST_FOUND).collect()
}

fn address(host: &Host) -> Option<String> {
    match (&host.address, host.port) {
        (Some(address), Some(port)) => Some(format!("{}:{port}", escaped(address))),
        (Some(address), None) => Some(escaped(address)),
        (None, _) => None,
    }
}

/// What is known of a host besides.
fn about(host: &Host) -> Vec<String> {
    let clock = host.clock.as_ref();
    // A rate says nothing without its bound: that of two exchanges may be anything.
    let rate =
        clock.and_then(|clock| Some((clock.frequency_ppm?.0, clock.frequency_lo_ppm?.0, clock.frequency_hi_ppm?.0)));
    let platform = host.platform.as_ref();
    let told = |word: &str, text: Option<&String>| text.map(|text| format!("{word}{}", escaped(text)));
    let parts = [
        address(host),
        clock.map(|clock| format!("{}, {}", escaped(&clock.status), figure::count(clock.exchanges, "exchange"))),
        rate.map(|(rate, lo, hi)| format!("rate {}", figure::rate(rate, lo, hi))),
        told("read by ", clock.and_then(|clock| clock.reader.as_ref())),
        told("follows ", host.claim.as_ref().and_then(|claim| claim.source.as_ref())),
        told("", platform.and_then(|platform| platform.os.as_ref())),
        told("container ", platform.and_then(|platform| platform.container.as_ref())),
        told("on ", platform.and_then(|platform| platform.virtual_machine.as_ref())),
        (host.verdict == Verdict::Down).then(|| sentences::failure_in_full(host)),
    ];
    parts.into_iter().flatten().collect()
}

fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Crit => "crit",
        Severity::Warn => "warn",
        Severity::Note => "note",
    }
}
