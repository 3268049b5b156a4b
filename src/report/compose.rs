//! Composing: what was seen and judged, turned into the report's model.

mod timekeeping;

use super::causes::causes;
use super::consequences;
use super::limits;
use super::model;
use super::quantity::{Instant, PartsPerMillion, Seconds};
use crate::audit::reference::{Shortfall, Witness};
use crate::audit::{self, Basis, HostJudgement, Judgement, Policy, ReferenceChoice, figure};
use crate::clock::estimate::{Config, Estimate, RateBounds};
use crate::clock::pairs::{Pair, PairCounts};
use crate::clock::{Interval, Nanos, Ppm};
use crate::probe::{Interruption, Observation, Seen};
use crate::timekeeper::{Claim, ClaimOutcome};

/// What a report tells of a run beside what was seen: where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What makes the report.
    pub kind: model::Kind,
    /// A name for the run.
    pub run: String,
    /// The sources of the hosts, as they were named.
    pub sources: Vec<String>,
    /// SHA-256 of all sources, hexadecimal, where there is text to hash.
    pub sha256: Option<String>,
    /// The limits of the selection, as they were given; empty = all hosts.
    pub limit: Vec<String>,
    /// Whether a part of the sources could not be understood, so that hosts may be missing.
    pub incomplete: bool,
    /// Where each host is, in the order of the observations.
    pub places: Vec<Place>,
    /// The selected hosts that are not audited.
    pub not_audited: Vec<model::NotAudited>,
}

impl Provenance {
    /// The groups of the hosts, in the order of the observations.
    pub fn groups(&self) -> Vec<Vec<String>> {
        self.places.iter().map(|place| place.groups.clone()).collect()
    }

    /// Where the hosts were reached, in the order of the observations.
    pub fn addresses(&self) -> Vec<Option<String>> {
        self.places.iter().map(|place| place.address.clone()).collect()
    }
}

/// Where a host is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The name or address that was connected to.
    pub address: Option<String>,
    /// The TCP port.
    pub port: Option<u16>,
    /// The groups it is in, sorted.
    pub groups: Vec<String>,
}

/// Composes the report; `estimates` are those of the observations, in their order.
pub fn compose(
    seen: &Seen,
    estimates: &[Option<Estimate>],
    judgement: &Judgement,
    policy: &Policy,
    provenance: &Provenance,
) -> model::Report {
    let nowhere = Place::default();
    let mut hosts: Vec<model::Host> = seen
        .observations
        .iter()
        .zip(estimates)
        .zip(&judgement.hosts)
        .enumerate()
        .map(|(index, ((observation, estimate), judged))| {
            let place = provenance.places.get(index).unwrap_or(&nowhere);
            host(observation, estimate.as_ref(), judged, judgement, policy, place)
        })
        .collect();
    hosts.sort_by(|one, other| one.name.cmp(&other.name));
    let mut not_audited = provenance.not_audited.clone();
    not_audited.sort_by(|one, other| one.name.cmp(&other.name));
    let names = |host: usize| seen.observations.get(host).map_or_else(String::new, |one| one.host.clone());
    let pairs_worst: Vec<model::Pair> = judgement.worst_pairs.iter().filter_map(|found| pair(found, seen)).collect();
    model::Report {
        schema: model::SCHEMA.to_owned(),
        kind: provenance.kind,
        tool: this_program(),
        run: run(seen, judgement, provenance),
        policy: limits::stored(policy),
        reference: reference(judgement),
        summary: summary(seen, judgement, pairs_worst.first().cloned()),
        findings: judgement.findings.iter().map(finding).collect(),
        causes: causes(&hosts),
        hosts,
        not_audited,
        pairs_worst,
        impact: consequences::impact(&judgement.impact, &names),
        jwt: consequences::tokens(&judgement.tokens, &names),
        changes: None,
        fix: None,
    }
}

/// This program, as the reports that it writes name it.
pub(in crate::report) fn this_program() -> model::Tool {
    model::Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

fn run(seen: &Seen, judgement: &Judgement, provenance: &Provenance) -> model::Run {
    let offset = judgement.controller;
    model::Run {
        id: provenance.run.clone(),
        started: Instant(seen.started),
        finished: Instant(seen.finished),
        partial: seen.interrupted.is_some(),
        interrupted: seen.interrupted.map(|reason| match reason {
            Interruption::Interrupt => model::Interrupted::Interrupt,
            Interruption::Terminate => model::Interrupted::Terminate,
            Interruption::Deadline => model::Interrupted::Deadline,
        }),
        controller: model::Controller {
            offset_s: offset.map(|offset| Seconds(offset.estimate)),
            lo_s: offset.map(|offset| Seconds(offset.bounds.lo)),
            hi_s: offset.map(|offset| Seconds(offset.bounds.hi)),
            timer_lateness_s: seen.timer_lateness_p95.map(Seconds),
            stepped: seen.controller_stepped,
        },
        inventory: model::Inventory {
            sources: provenance.sources.clone(),
            sha256: provenance.sha256.clone(),
            limit: provenance.limit.clone(),
            selected: seen.observations.len() + provenance.not_audited.len(),
            incomplete: provenance.incomplete,
        },
        merged: Vec::new(),
    }
}

fn reference(judgement: &Judgement) -> model::Reference {
    let bound_s = judgement.reference.standing.map(|standing| Seconds(standing.bounds.half_width()));
    let host = judgement.reference.host().map(str::to_owned);
    let (kind, label) = match &judgement.reference.basis {
        Basis::Consensus { agreeing, of, contradicting } => {
            let others = match contradicting.as_slice() {
                [] => String::new(),
                [one] => format!(" ({one} does not)"),
                [one, other] => format!(" ({one} and {other} do not)"),
                [one, ..] => format!(" ({one} and {} others do not)", contradicting.len() - 1),
            };
            (model::ReferenceKind::Consensus, format!("UTC, where {agreeing} of {of} claims agree{others}"))
        }
        Basis::Agreement { host, agreeing, group } => {
            let of_group = group.as_ref().map_or_else(String::new, |group| format!(" of {group}"));
            let label = format!("median of {agreeing} agreeing hosts{of_group} ({host}), not UTC");
            (model::ReferenceKind::Agreement, label)
        }
        Basis::Ntp { agreeing, of } => {
            let servers = agreeing.join(", ");
            let label = match (agreeing.len(), of) {
                (1, 1) => format!("UTC, as the time server {servers} has it"),
                (agreeing, of) => format!("UTC, where {agreeing} of {of} time servers agree ({servers})"),
            };
            (model::ReferenceKind::Ntp, label)
        }
        Basis::Https { agreeing, of } => {
            let (servers, agreeing) = (agreeing.join(", "), agreeing.len());
            (
                model::ReferenceKind::Https,
                format!("UTC, coarse, where {agreeing} of {of} web servers agree ({servers})"),
            )
        }
        Basis::Controller { claims: true } => {
            (model::ReferenceKind::ControllerClaim, "UTC, by this controller's own claim".to_owned())
        }
        Basis::Controller { claims: false } => {
            (model::ReferenceKind::Controller, "this controller's clock, not compared with UTC".to_owned())
        }
        Basis::Host { name, claims } => {
            let utc = if *claims { "which claims UTC" } else { "not UTC" };
            (model::ReferenceKind::Host, format!("the clock of {name}, {utc}"))
        }
        Basis::Missing { medoid, .. } => {
            let relative =
                medoid.as_ref().map_or_else(String::new, |name| format!("; offsets are from the clock of {name}"));
            (model::ReferenceKind::None, format!("none: {}{relative}", missing(&judgement.reference)))
        }
    };
    let label = label + &contradicted(&judgement.reference);
    let end = |end: fn(Interval) -> Nanos| {
        judgement.reference.standing.map(|standing| Seconds(end(standing.bounds) - standing.estimate))
    };
    let (lo_s, hi_s) = (end(|bounds| bounds.lo), end(|bounds| bounds.hi));
    model::Reference { kind, host, label, bound_s, lo_s, hi_s, is_utc: Some(judgement.reference.is_utc()) }
}

/// Who contradicts the reference, for its label; nothing where nobody does.
fn contradicted(reference: &audit::Reference) -> String {
    let Some(others) = &reference.contradiction else { return String::new() };
    let what = match others.by {
        Witness::Claims => "claims",
        Witness::Clocks(_) => "clocks",
    };
    format!("; {} of {} {what} contradict it (CLK507)", others.hosts.len(), others.of)
}

/// Why there is no reference: how many agree, and how many would have had to; which servers said nothing.
fn missing(reference: &audit::Reference) -> String {
    let Basis::Missing { choice, claims, ungrounded, clocks, within, .. } = &reference.basis else {
        return String::new();
    };
    let by_claims = || {
        let Shortfall { agreeing, of, needed } = claims;
        let told = match of {
            0 => "no claim to follow UTC".to_owned(),
            of => format!("{agreeing} of {of} claims agree about UTC, {needed} are needed"),
        };
        match ungrounded {
            0 => told,
            some => format!("{told} ({some} more hang on a host that follows its own clock)"),
        }
    };
    let by_clocks = |whose: &str| {
        let Shortfall { agreeing, of, needed } = clocks;
        let within = figure::limit(*within);
        format!("{agreeing} of {of} clocks{whose} are surely within {within} of each other, {needed} are needed")
    };
    match choice {
        ReferenceChoice::Automatic => format!("{}; {}", by_claims(), by_clocks("")),
        ReferenceChoice::Consensus => by_claims(),
        ReferenceChoice::Agreement => by_clocks(""),
        ReferenceChoice::Group(name) => by_clocks(&format!(" of {name}")),
        ReferenceChoice::Host(name) => format!("{name} was not measured"),
        ReferenceChoice::Https(named) => servers(reference, named.len(), "web server", 3),
        ReferenceChoice::Ntp(named) => servers(reference, named.len(), "time server", 1),
        ReferenceChoice::Controller => "the controller's clock was not read".to_owned(),
    }
}

/// Why the servers that were named give no reference; `least` of them must tell the time.
fn servers(reference: &audit::Reference, named: usize, noun: &str, least: usize) -> String {
    let silent = reference.doubted.iter().filter(|server| server.doubt.is_silent()).count();
    let told = reference.doubted.iter().filter(|server| server.doubt.told_a_time()).count();
    match (told, named) {
        (0, 1) if silent == 1 => format!("the {noun} that was named did not answer"),
        (0, 1) => format!("the {noun} that was named told no time that can be used"),
        (0, _) if silent == named => format!("none of the {named} {noun}s that were named answered"),
        (0, _) => format!("none of the {named} {noun}s that were named told a time that can be used"),
        (told, _) if told < least => format!("{told} of {named} {noun}s told the time, {least} are needed"),
        (told, _) => format!("no majority of the {told} {noun}s that told the time agrees"),
    }
}

fn summary(seen: &Seen, judgement: &Judgement, widest: Option<model::Pair>) -> model::Summary {
    let (counts, pairs) = (judgement.counts, judgement.pairs);
    let first = seen.windows.first();
    model::Summary {
        verdict: verdict(judgement.verdict),
        counts: self::counts(counts),
        pairs: pair_counts(pairs),
        widest,
        window_first_s: first.map(|window| Seconds(window.first_spread)),
        window_s: first.map(|window| Seconds(window.closed.since(window.opened))),
        claims_window_s: seen.claims_window.map(Seconds),
        claims_late_window_s: seen.claims_late_window.map(Seconds),
    }
}

fn host(
    observation: &Observation,
    estimate: Option<&Estimate>,
    judged: &HostJudgement,
    judgement: &Judgement,
    policy: &Policy,
    place: &Place,
) -> model::Host {
    let facts = observation.facts.as_ref();
    let own = policy.for_host(&observation.host, judgement.reference.is_utc());
    model::Host {
        name: observation.host.clone(),
        address: place.address.clone(),
        port: place.port,
        groups: place.groups.clone(),
        policy: policy.hosts.get(&observation.host).map(limits::stored_of_host),
        verdict: verdict(judged.verdict),
        findings: judged.findings.iter().map(finding).collect(),
        clock: estimate.map(|estimate| clock(observation, estimate, judged, judgement)),
        claim: claim(&judged.claim),
        time_service: judged.service.as_ref().map(|service| service.describe(own.warn)),
        timekeeping: judged.service.as_ref().map(|service| timekeeping::timekeeping(service, &own)),
        platform: facts.map(|reading| timekeeping::platform(&reading.facts, judged.service.as_ref())),
        error: observation.failure.as_ref().map(|failure| model::Error {
            code: failure.code.label(),
            stage: failure.stage.label().to_owned(),
            title: audit::failure_title(failure.code).to_owned(),
            message: failure.detail.clone(),
        }),
        ready_after_s: observation.ready_after.map(Seconds),
        window: observation.window,
    }
}

fn clock(
    observation: &Observation,
    estimate: &Estimate,
    judged: &HostJudgement,
    judgement: &Judgement,
) -> model::Clock {
    let config = Config::default();
    let offset = judged.offset;
    let rate = judged.rate;
    model::Clock {
        offset_s: offset.map(|offset| Seconds(offset.estimate)),
        lo_s: offset.map(|offset| Seconds(offset.bounds.lo)),
        hi_s: offset.map(|offset| Seconds(offset.bounds.hi)),
        at: Instant(estimate.epoch),
        status: estimate.status.label().to_owned(),
        assumptions: vec!["A1".to_owned(), format!("A2 ({} ppm)", whole_ppm(estimate.allowed_rate(&config)))],
        reader: observation.reader.map(|reader| reader.label().to_owned()),
        rtt_min_s: Seconds(estimate.rtt_min),
        exchanges: estimate.valid,
        used: estimate.used,
        frequency_ppm: rate.map(|rate| PartsPerMillion(middle(rate))),
        frequency_lo_ppm: rate.map(|rate| PartsPerMillion(rate.lo)),
        frequency_hi_ppm: rate.map(|rate| PartsPerMillion(rate.hi)),
        single: judgement.reference.offset_in(&observation.host, &estimate.single).map(|bounds| model::Single {
            from: Instant(estimate.single.from),
            to: Instant(estimate.single.to),
            lo_s: Seconds(bounds.lo),
            hi_s: Seconds(bounds.hi),
        }),
        steps: estimate
            .steps
            .iter()
            .map(|step| model::Step {
                after: Instant(step.after),
                before: Instant(step.before),
                lo_s: Seconds(step.size.lo),
                hi_s: Seconds(step.size.hi),
            })
            .collect(),
    }
}

fn whole_ppm(rate: Ppm) -> i64 {
    rate.ppb().div_euclid(1_000)
}

fn middle(rate: RateBounds) -> Ppm {
    Ppm::from_ppb(Interval::new(Nanos(rate.lo.ppb()), Nanos(rate.hi.ppb())).midpoint().0)
}

fn claim(outcome: &ClaimOutcome) -> Option<model::Claim> {
    let said: &Claim = outcome.said()?;
    let believed = outcome.claim().is_some();
    Some(model::Claim {
        timekeeper: said.timekeeper.label().to_owned(),
        version: said.version.clone(),
        synchronised: believed,
        // What a timekeeper that follows nothing says of its offset has no meaning: `0.000000000`.
        offset_s: believed.then_some(Seconds(said.offset)),
        root_delay_s: believed.then_some(Seconds(said.root_delay)),
        root_dispersion_s: believed.then_some(Seconds(said.root_dispersion)),
        bound_s: believed.then(|| Seconds(said.bound())),
        lo_s: believed.then(|| Seconds(said.interval().lo)),
        hi_s: believed.then(|| Seconds(said.interval().hi)),
        stratum: Some(u32::from(said.stratum)),
        leap_status: Some(said.leap_status.label().to_owned()),
        reference_id: Some(said.reference_id.to_string()),
        source: said.source.clone(),
        frequency_ppm: believed.then_some(PartsPerMillion(said.frequency)),
    })
}

pub(super) fn counts(counts: audit::Counts) -> model::Counts {
    let audit::Counts { ok, warn, crit, undecided, down } = counts;
    model::Counts { ok, warn, crit, undecided, down }
}

pub(super) fn pair_counts(counts: PairCounts) -> model::PairCounts {
    let PairCounts { total, beyond, undecided, within } = counts;
    model::PairCounts { total, beyond, undecided, within }
}

fn pair(pair: &Pair, seen: &Seen) -> Option<model::Pair> {
    let name = |index: usize| seen.observations.get(index).map(|observation| observation.host.clone());
    Some(model::Pair {
        ahead: name(pair.ahead)?,
        behind: name(pair.behind)?,
        difference_s: Seconds(pair.estimate),
        lo_s: Seconds(pair.difference.lo),
        hi_s: Seconds(pair.difference.hi),
    })
}

pub(super) fn finding(finding: &audit::Finding) -> model::Finding {
    model::Finding {
        first_seen: None,
        code: finding.code.label(),
        severity: match finding.severity {
            audit::Severity::Crit => model::Severity::Crit,
            audit::Severity::Warn => model::Severity::Warn,
            audit::Severity::Note => model::Severity::Note,
        },
        what: finding.what.clone(),
        expected: finding.expected.clone(),
        meaning: finding.meaning.clone(),
        remedy: finding.remedy.clone(),
    }
}

pub(super) fn verdict(verdict: audit::Verdict) -> model::Verdict {
    match verdict {
        audit::Verdict::Ok => model::Verdict::Ok,
        audit::Verdict::Warn => model::Verdict::Warn,
        audit::Verdict::Crit => model::Verdict::Crit,
        audit::Verdict::Undecided => model::Verdict::Undecided,
        audit::Verdict::Down => model::Verdict::Down,
    }
}
