//! The report as JSON lines: `run`, then each `host` with its `finding` lines behind it, `not_audited` for each selected host that
//! is not audited, then `summary`. Of a fix there is a line `fixed` for each host that it is about before that, and `fix` for all
//! of them.
//!
//! A line is `{"event": …, "data": {…}}`. What a host is depends on the reference, which depends on all hosts: these lines come
//! when the last host has been judged. A scan that prints them says what it saw of each host before, as soon as nothing more
//! will be seen of it: `seen`.

use serde::Serialize;

use super::json::harmless;
use super::model::{
    Cause, Changes, Error, Finding, Fix, FixCounts, FixDiff, FixYardstick, FixedHost, Host, Impact, Kind, NotAudited,
    Pair, Policy, Reference, Report, Run, Severity, Summary, Tokens, Tool, Verdict,
};
use super::quantity::{Instant, Seconds};
use crate::audit;
use crate::clock::estimate::{Config, estimate};
use crate::clock::{Exchange, Nanos};
use crate::probe::Failure;

/// One line.
#[derive(Serialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
enum Event<'report> {
    Seen(SeenHost<'report>),
    Run(Beginning<'report>),
    Host(&'report Host),
    Finding(Found<'report>),
    NotAudited(&'report NotAudited),
    Fixed(&'report FixedHost),
    Fix(Mended<'report>),
    Summary(End<'report>),
}

/// What was seen of one host, before it can be judged.
#[derive(Serialize)]
struct SeenHost<'seen> {
    host: &'seen str,
    /// `down` where nothing was measured: that needs no reference.
    verdict: Option<Verdict>,
    exchanges: usize,
    rtt_min_s: Option<Seconds>,
    /// Bounds of its clock minus this controller's clock as that was when the scan began, at the last exchange.
    lo_s: Option<Seconds>,
    hi_s: Option<Seconds>,
    error: Option<Error>,
}

/// What is known before any host.
#[derive(Serialize)]
struct Beginning<'report> {
    schema: &'report str,
    kind: Kind,
    tool: &'report Tool,
    run: &'report Run,
    policy: &'report Policy,
    reference: &'report Reference,
}

/// One finding, and whose it is; `host` is null for one of the fleet.
#[derive(Serialize)]
struct Found<'report> {
    host: Option<&'report str>,
    code: &'report str,
    severity: Severity,
    what: &'report str,
    expected: &'report str,
    meaning: &'report str,
    remedy: &'report str,
    first_seen: Option<Instant>,
}

/// What is known of a fix beside its hosts.
#[derive(Serialize)]
struct Mended<'report> {
    run: Option<&'report str>,
    change: &'report str,
    step: &'report str,
    yardstick: Option<&'report FixYardstick>,
    counts: FixCounts,
    new_warnings: bool,
    diffs: &'report [FixDiff],
    journal: Option<&'report str>,
    retry: Option<&'report str>,
}

/// What is known of all hosts together.
#[derive(Serialize)]
struct End<'report> {
    summary: &'report Summary,
    pairs_worst: &'report [Pair],
    causes: &'report [Cause],
    impact: &'report [Impact],
    jwt: &'report [Tokens],
    changes: Option<&'report Changes>,
}

/// Writes the report, one event a line.
pub fn write(report: &Report) -> Result<String, serde_json::Error> {
    let Report { schema, kind, tool, run, policy, reference, summary, findings, hosts, not_audited, .. } = report;
    let mut text = String::new();
    let mut add = |event: &Event<'_>| -> Result<(), serde_json::Error> {
        text.push_str(&harmless(&serde_json::to_string(event)?));
        text.push('\n');
        Ok(())
    };
    add(&Event::Run(Beginning { schema, kind: *kind, tool, run, policy, reference }))?;
    for host in hosts {
        add(&Event::Host(host))?;
        for finding in &host.findings {
            add(&Event::Finding(found(Some(&host.name), finding)))?;
        }
    }
    for host in not_audited {
        add(&Event::NotAudited(host))?;
    }
    for finding in findings {
        add(&Event::Finding(found(None, finding)))?;
    }
    if let Some(fix) = &report.fix {
        for host in &fix.hosts {
            add(&Event::Fixed(host))?;
        }
        add(&Event::Fix(mended(fix)))?;
    }
    add(&Event::Summary(End {
        summary,
        pairs_worst: &report.pairs_worst,
        causes: &report.causes,
        impact: &report.impact,
        jwt: &report.jwt,
        changes: report.changes.as_ref(),
    }))?;
    Ok(text)
}

/// Writes the line about a host of which nothing more will be seen.
pub fn seen(host: &str, exchanges: &[Exchange], failure: Option<&Failure>) -> Result<String, serde_json::Error> {
    let last = exchanges.last().map(|exchange| exchange.received);
    let estimate = last.and_then(|last| estimate(exchanges, Nanos::ZERO, last, &Config::STANDARD));
    let event = Event::Seen(SeenHost {
        host,
        verdict: estimate.is_none().then_some(Verdict::Down),
        exchanges: exchanges.len(),
        rtt_min_s: estimate.as_ref().map(|estimate| Seconds(estimate.rtt_min)),
        lo_s: estimate.as_ref().map(|estimate| Seconds(estimate.bounds.lo)),
        hi_s: estimate.as_ref().map(|estimate| Seconds(estimate.bounds.hi)),
        error: failure.map(error),
    });
    Ok(harmless(&serde_json::to_string(&event)?) + "\n")
}

fn mended(fix: &Fix) -> Mended<'_> {
    let Fix { run, change, step, yardstick, counts, new_warnings, hosts: _, diffs, journal, retry } = fix;
    Mended {
        run: run.as_deref(),
        change,
        step,
        yardstick: yardstick.as_ref(),
        counts: *counts,
        new_warnings: *new_warnings,
        diffs,
        journal: journal.as_deref(),
        retry: retry.as_deref(),
    }
}

fn error(failure: &Failure) -> Error {
    Error {
        code: failure.code.label(),
        stage: failure.stage.label().to_owned(),
        title: audit::failure_title(failure.code).to_owned(),
        message: failure.detail.clone(),
    }
}

fn found<'report>(host: Option<&'report str>, finding: &'report Finding) -> Found<'report> {
    let Finding { code, severity, what, expected, meaning, remedy, first_seen } = finding;
    Found { host, code, severity: *severity, what, expected, meaning, remedy, first_seen: *first_seen }
}
