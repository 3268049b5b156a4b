//! What is known of one finding or of one host, in full sentences for the person on call.

mod fix;
mod tokens;

pub use fix::page as fixed_page;
pub use tokens::page as token_page;

use indexmap::IndexMap;

use super::escape::escaped;
use super::limits::words;
use super::model::{Claim, Clock, Finding, Host, NotAudited, ReferenceKind, Report, TimeSource, Timekeeping, Verdict};
use super::paragraph::{Line, empty, indented, set, wrapped};
use super::table::Page as Paper;
use super::token_lines;
use crate::audit::explain::Page;
use crate::audit::figure;
use crate::clock::Interval;
use crate::inventory::folding;

/// More sources of a host than these are counted.
const MOST_SOURCES: usize = 8;
/// More pairs of issuer and verifier of a host are counted.
const MOST_PAIRS: usize = 6;
/// Longer lists of hosts give way to their number.
const LONGEST_NAMES: usize = 88;

/// The page of a code, or those of all causes that share it; with the hosts of a report that have it.
pub fn page(code: &str, pages: &[&Page], report: Option<&Report>, paper: Paper) -> String {
    let mut lines = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        lines.extend((index > 0).then(empty));
        lines.extend(head(code, page));
    }
    if let Some(report) = report {
        lines.extend(occurrences(code, report));
    }
    set(&lines, paper)
}

/// What a page says whatever was scanned.
fn head(subject: &str, page: &Page) -> Vec<Line> {
    let mut lines = vec![format!("{subject}  {}", page.title).into(), empty()];
    lines.extend(wrapped("Evidence", page.evidence));
    lines.extend(wrapped("Meaning", page.meaning));
    for (index, step) in page.remedy.iter().enumerate() {
        let label = if index == 0 { "Remedy" } else { "" };
        // A text of several lines is a file to copy: it keeps its lines.
        if step.contains('\n') {
            lines.extend(step.lines().map(indented));
        } else {
            lines.extend(wrapped(label, step));
        }
    }
    lines
}

/// Who has this finding in a report.
fn occurrences(code: &str, report: &Report) -> Vec<Line> {
    let of_fleet = report.findings.iter().filter(|finding| finding.code == code);
    let of_hosts = report.hosts.iter().flat_map(|host| {
        host.findings.iter().filter(|finding| finding.code == code).map(move |finding| (host, finding))
    });
    let mut lines = vec![empty(), format!("In the scan of {}:", report.run.finished.to_text()).into()];
    let before = lines.len();
    lines.extend(of_fleet.flat_map(|finding| wrapped("fleet", &escaped(&finding.what))));
    let mut alike: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (host, finding) in of_hosts {
        alike.entry(&finding.what).or_default().push(escaped(&host.name));
    }
    lines.extend(alike.iter().flat_map(|(what, hosts)| wrapped(&together(hosts), &escaped(what))));
    if lines.len() == before {
        lines.push("no host has it".to_owned().into());
    }
    lines
}

/// The names of hosts, folded into ranges.
fn together(hosts: &[String]) -> String {
    let folded = folding::fold(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    match hosts.first().filter(|_| folded.chars().count() > LONGEST_NAMES) {
        Some(first) => format!("{} hosts, such as {first}", hosts.len()),
        None => folded,
    }
}

/// Everything that a report knows of one host.
pub fn host(host: &Host, report: &Report, paper: Paper) -> String {
    let word = match host.verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "WARN",
        Verdict::Crit => "CRIT",
        Verdict::Undecided => "UNDEC",
        Verdict::Down => "DOWN",
    };
    let mut lines = vec![format!("{}  {word}", escaped(&host.name)).into(), empty()];
    lines.extend(wrapped("Scan", &format!("{}, {}", escaped(&report.run.id), report.run.finished.to_text())));
    if let Some(address) = &host.address {
        let port = host.port.map_or_else(String::new, |port| format!(", port {port}"));
        lines.extend(wrapped("Address", &format!("{}{port}", escaped(address))));
    }
    if !host.groups.is_empty() {
        lines.extend(wrapped("Groups", &escaped(&host.groups.join(" "))));
    }
    lines.extend(wrapped("Limits", &asked(host, report)));
    match &host.clock {
        Some(clock) => lines.extend(measured(host, clock, report)),
        None => lines.extend(wrapped("Clock", "not measured")),
    }
    if let Some(service) = &host.time_service {
        lines.extend(wrapped("Service", &escaped(service)));
    }
    if let Some(claim) = &host.claim {
        lines.extend(claimed(claim));
    }
    lines.extend(host.timekeeping.iter().flat_map(sources));
    lines.extend(consequences(host, report));
    lines.extend(fix::lines(&host.name, report));
    if let Some(error) = &host.error {
        let text = format!("{} at the stage {}", error.message, error.stage);
        lines.extend(wrapped("Error", &escaped(&text)));
    }
    lines.push(empty());
    if host.findings.is_empty() {
        lines.push("Nothing to act on.".to_owned().into());
    }
    for finding in &host.findings {
        lines.extend(finding_lines(finding));
    }
    let mut codes: Vec<&str> = host.findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.dedup();
    if let Some(code) = codes.first() {
        lines.extend([empty(), format!("More on a code: clockaudit explain {}", escaped(code)).into()]);
    }
    set(&lines, paper)
}

/// A selected host that was not audited, and why.
pub fn not_audited(host: &NotAudited, report: &Report, paper: Paper) -> String {
    let mut lines = vec![format!("{}  not audited", escaped(&host.name)).into(), empty()];
    lines.extend(wrapped("Scan", &format!("{}, {}", escaped(&report.run.id), report.run.finished.to_text())));
    if !host.groups.is_empty() {
        lines.extend(wrapped("Groups", &escaped(&host.groups.join(" "))));
    }
    lines.extend(wrapped("Why", &escaped(&host.reason)));
    set(&lines, paper)
}

/// Which systems a host breaks, and what becomes of the tokens that it issues and verifies.
fn consequences(host: &Host, report: &Report) -> Vec<Line> {
    let broken = report.impact.iter().filter(|impact| impact.hosts.contains(&host.name));
    let systems: Vec<String> =
        broken.map(|impact| format!("{} {}", escaped(&impact.system), figure::limit(impact.crit_s.0))).collect();
    let mut lines = if systems.is_empty() { Vec::new() } else { wrapped("Breaks", &systems.join(", ")) };
    let pairs = token_lines::of_host(&host.name, report);
    let label = |index: usize| if index == 0 { "Tokens" } else { "" };
    lines.extend(pairs.iter().take(MOST_PAIRS).enumerate().flat_map(|(index, pair)| wrapped(label(index), pair)));
    let left = pairs.len().saturating_sub(MOST_PAIRS);
    lines.extend((left > 0).then(|| wrapped("", &format!("and {left} more pairs"))).into_iter().flatten());
    lines
}

/// What is asked of a host, and whether that is asked of all.
fn asked(host: &Host, report: &Report) -> String {
    match &host.policy {
        Some(own) => format!("{}, as its inventory asks of it", words(own.warn_s, own.crit_s, &own.profiles)),
        None => words(report.policy.warn_s, report.policy.crit_s, &report.policy.profiles),
    }
}

fn measured(host: &Host, clock: &Clock, report: &Report) -> Vec<Line> {
    let is_ruler = report.reference.host.as_ref() == Some(&host.name);
    let mut lines = match (clock.offset_s, clock.lo_s, clock.hi_s) {
        (Some(_), ..) if is_ruler => wrapped("Offset", "none: the other offsets are from this clock"),
        (Some(offset), Some(lo), Some(hi)) => {
            let shown = figure::with_bound(offset.0, Interval::new(lo.0, hi.0));
            wrapped("Offset", &format!("{shown} from {}, at {}", ruler(report), clock.at.to_text()))
        }
        _ => wrapped("Offset", "unknown: there is no reference; see the pairs of the report"),
    };
    let reader = clock.reader.as_deref().unwrap_or("an unknown reader");
    let sampled = format!(
        "{} exchanges ({} used) with {}, least round trip {}; the clock was {}",
        clock.exchanges,
        clock.used,
        escaped(reader),
        figure::length(clock.rtt_min_s.0),
        escaped(&clock.status)
    );
    lines.extend(wrapped("Sampled", &sampled));
    lines.extend(wrapped("Rests on", &escaped(&clock.assumptions.join(", "))));
    if let Some(rate) = clock.frequency_ppm {
        let bounds = match (clock.frequency_lo_ppm, clock.frequency_hi_ppm) {
            (Some(lo), Some(hi)) => format!(", between {:+} and {:+}", rounded(lo.0.ppb()), rounded(hi.0.ppb())),
            _ => String::new(),
        };
        lines.extend(wrapped("Rate", &format!("{:+} ppm{bounds}", rounded(rate.0.ppb()))));
    }
    for step in &clock.steps {
        let size = Interval::new(step.lo_s.0, step.hi_s.0);
        let text = format!(
            "moved by {} between {} and {}",
            figure::with_bound(size.midpoint(), size),
            step.after.to_text(),
            step.before.to_text()
        );
        lines.extend(wrapped("Step", &text));
    }
    lines
}

/// The clock that offsets are from.
fn ruler(report: &Report) -> String {
    match (report.reference.kind, &report.reference.host) {
        (ReferenceKind::None, Some(host)) => format!("the clock of {}, for want of a reference", escaped(host)),
        _ => escaped(&report.reference.label),
    }
}

/// Whole parts per million, of parts per billion.
fn rounded(ppb: i64) -> i64 {
    (ppb + 500).div_euclid(1_000)
}

fn claimed(claim: &Claim) -> Vec<Line> {
    let mut parts = vec![if claim.synchronised { "synchronised" } else { "not synchronised" }.to_owned()];
    if let (Some(lo), Some(hi)) = (claim.lo_s, claim.hi_s) {
        parts.push(format!("{} from UTC", figure::claimed(Interval::new(lo.0, hi.0))));
    } else if let Some(bound) = claim.bound_s {
        parts.push(format!("at most {} from UTC", figure::length(bound.0)));
    }
    parts.extend(claim.stratum.map(|stratum| format!("stratum {stratum}")));
    parts.extend(claim.source.as_ref().map(|source| format!("source {}", escaped(source))));
    parts.extend(claim.leap_status.as_ref().map(|status| format!("leap status {}", escaped(status))));
    wrapped("It claims", &parts.join(", "))
}

/// What its timekeeper makes of each of its sources.
fn sources(timekeeping: &Timekeeping) -> Vec<Line> {
    let sources = timekeeping.sources.as_deref().unwrap_or_default();
    let line = |(index, source): (usize, &TimeSource)| {
        let mut parts = vec![format!("{} {}", escaped(&source.name), escaped(&source.selection))];
        // As the timekeepers' own programs write it.
        parts.extend(source.reach.map(|reach| format!("reach {reach:o}")));
        if let (Some(offset), Some(error)) = (source.offset_s, source.error_s) {
            let off = figure::with_bound(offset.0, Interval::around(offset.0, error.0));
            parts.push(format!("the clock is {off} from it"));
        }
        wrapped(if index == 0 { "Sources" } else { "" }, &parts.join(", "))
    };
    let shown = sources.iter().enumerate().take(MOST_SOURCES).flat_map(line);
    let left = sources.len().saturating_sub(MOST_SOURCES);
    shown.chain((left > 0).then(|| wrapped("", &format!("and {left} more"))).into_iter().flatten()).collect()
}

fn finding_lines(finding: &Finding) -> Vec<Line> {
    let mut lines = wrapped(&escaped(&finding.code), &escaped(&finding.what));
    lines.extend(wrapped("", &format!("expected: {}", escaped(&finding.expected))));
    lines.extend(wrapped("", &format!("means: {}", escaped(&finding.meaning))));
    lines.extend(wrapped("", &format!("do: {}", escaped(&finding.remedy))));
    lines
}
