//! Judgement: estimates and claims in; verdicts and findings of hosts, pairs and the fleet out.

use super::advice;
use super::checks::{CHECKS, Evidence};
use super::circumstances;
use super::figure;
use super::finding::{Code, Finding, Severity};
use super::fitness;
use super::impact::{Impact, Standard, impact};
use super::policy::Policy;
use super::reference::{self, Basis, Reference, controller_readings};
use super::reference_checks::{Controller, beside_a_contradiction, contradicted, reference_findings};
use super::remedy;
use super::token_use::{TokenUse, token_use};
use super::upstreams;
use super::verdict::{Counts, Verdict};
use crate::clock::controller::{controller_at, controller_moved};
use crate::clock::estimate::{Config, RateBounds};
use crate::clock::own_limits;
use crate::clock::pairs::{self, Pair, PairCounts, Standing};
use crate::clock::{Estimate, Interval, Nanos, UnixNanos};
use crate::probe::{FactsReading, FailureCode, Observation, Seen};
use crate::timekeeper::{Claim, ClaimOutcome, TimeService};

/// How many of the worst pairs are named.
const WORST_PAIRS: usize = 10;

/// What is said of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostJudgement {
    /// The worst of its offset's verdict and of its findings that weigh.
    pub verdict: Verdict,
    /// Its offset from the reference at the epoch, positive = ahead; `None` where it or the reference was not measured.
    pub offset: Option<Standing>,
    /// Its rate against the reference, positive = fast.
    pub rate: Option<RateBounds>,
    /// What became of asking its timekeeper.
    pub claim: ClaimOutcome,
    /// Who keeps its clock, and on what; `None` where it told no facts.
    pub service: Option<TimeService>,
    /// What there is to act on, worst first.
    pub findings: Vec<Finding>,
}

/// What is said of the fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The instant that offsets hold for; `None` where no host was measured.
    pub epoch: Option<UnixNanos>,
    /// What offsets are relative to.
    pub reference: Reference,
    /// The controller's clock minus the reference at the epoch; `None` without a reference or a reading of that clock.
    pub controller: Option<Standing>,
    /// One entry a host, in the order of the observations.
    pub hosts: Vec<HostJudgement>,
    /// How many hosts have each verdict.
    pub counts: Counts,
    /// How many pairs of measured hosts are beyond the critical limit.
    pub pairs: PairCounts,
    /// The pairs that are surely furthest apart, worst first; `ahead` and `behind` are indices of observations.
    pub worst_pairs: Vec<Pair>,
    /// Findings about the fleet, its pairs and the controller, worst first; before all that the reference is contradicted.
    pub findings: Vec<Finding>,
    /// What the clocks mean for the systems that were asked for.
    pub impact: Vec<Impact>,
    /// What they mean for tokens.
    pub tokens: Vec<TokenUse>,
    /// The worst of hosts and pairs.
    pub verdict: Verdict,
}

/// What the inventory knows of the hosts, in the order of the observations; less where it knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places<'inventory> {
    /// The groups that each is in.
    pub groups: &'inventory [Vec<String>],
    /// Where each was reached.
    pub addresses: &'inventory [Option<String>],
}

/// Judges what was seen; `estimates` and `places` are those of the observations, in their order.
pub fn judge(seen: &Seen, estimates: &[Option<Estimate>], places: Places<'_>, policy: &Policy) -> Judgement {
    let config = Config::default();
    let services: Vec<Option<TimeService>> = seen.observations.iter().map(service).collect();
    let claims: Vec<Option<&Claim>> = services.iter().map(|one| one.as_ref()?.claim.claim()).collect();
    let is_own = |service: &Option<TimeService>| {
        service.as_ref().is_some_and(|service| matches!(service.claim, ClaimOutcome::Local(_)))
    };
    let own_clocks: Vec<usize> = (0..services.len()).filter(|host| services.get(*host).is_some_and(is_own)).collect();
    let epoch = estimates.iter().flatten().map(|estimate| estimate.epoch).next();
    let evidence = reference::Evidence {
        seen,
        estimates,
        claims: &claims,
        own_clocks: &own_clocks,
        groups: places.groups,
        addresses: places.addresses,
        epoch: epoch.unwrap_or(seen.started),
        // Hosts that agree are no UTC: they agree within the limit that needs none.
        warn: policy.applied(false).warn,
        utc_within: policy.warn,
        config: &config,
    };
    let reference = Reference::find(&evidence, &policy.reference);
    let asked = policy;
    let policy = &asked.applied(reference.is_utc());
    let clock =
        controller_at(&controller_readings(seen), seen.controller_stepped, epoch.unwrap_or(seen.started), config.rho);
    let controller = controller_offset(clock, &reference);
    let judged = |((observation, estimate), service): ((&Observation, &Option<Estimate>), Option<TimeService>)| {
        let policy = asked.for_host(&observation.host, reference.is_utc());
        judge_host(observation, estimate.as_ref(), service, &reference, &policy, &config)
    };
    let hosts: Vec<HostJudgement> = seen.observations.iter().zip(estimates).zip(services).map(judged).collect();

    let offsets: Vec<Option<Standing>> = hosts.iter().map(|host| host.offset).collect();
    let names: Vec<&str> = seen.observations.iter().map(|observation| observation.host.as_str()).collect();
    let standard = Standard { is_found: reference.is_found(), is_utc: reference.is_utc() };
    let impact = impact(asked, standard, &names, &offsets);
    let own: Vec<Option<Standing>> = estimates.iter().map(|found| found.as_ref().map(standing_of)).collect();
    let tokens = token_use(&asked.tokens, &own, places.groups);

    let (measured, standings) = standings(seen, estimates);
    let limit =
        |host: &usize| asked.of_host(names.get(*host).copied().unwrap_or_default()).applied(reference.is_utc()).crit;
    let limits: Vec<Nanos> = measured.iter().map(limit).collect();
    let some = |hosts: &[usize]| hosts.iter().filter_map(|host| standings.get(*host).copied()).collect::<Vec<_>>();
    let pairs = own_limits::count(&limits, |hosts, limit| pairs::count(&some(hosts), limit));
    let of_all =
        |pair: Pair| Some(Pair { ahead: *measured.get(pair.ahead)?, behind: *measured.get(pair.behind)?, ..pair });
    let worst_pairs: Vec<Pair> = pairs::worst(&standings, WORST_PAIRS).into_iter().filter_map(of_all).collect();
    let widest_beyond = own_limits::widest_beyond(&limits, |hosts| {
        let pair = pairs::worst(&some(hosts), 1).first().copied()?;
        Some(Pair { ahead: *hosts.get(pair.ahead)?, behind: *hosts.get(pair.behind)?, ..pair })
    });

    let counts = Counts::of(hosts.iter().map(|host| host.verdict));
    let worst_host = hosts.iter().map(|host| host.verdict).max().unwrap_or(Verdict::Ok);
    let worst_pair = if pairs.beyond > 0 { Verdict::Crit } else { Verdict::Ok };
    let name = |host: usize| names.get(host).copied().unwrap_or("?");
    let found = |pair: Pair| pair_finding((name(pair.ahead), name(pair.behind)), &pair, pairs, &limits);
    let widest_beyond = widest_beyond.and_then(of_all).map(found);
    let mut findings: Vec<Finding> = contradicted(&reference).into_iter().chain(widest_beyond).collect();
    let own = Controller { clock, offset: controller, said: seen.controller_facts.as_ref() };
    findings.extend(reference_findings(&reference, own, policy));
    findings.extend(upstreams::smear_between_hosts(&members(seen, &hosts)));
    findings.extend(controller_findings(seen, &config));
    let of_members = hosts.iter().zip(places.groups).filter(|(host, _)| host.service.is_some());
    let of_members: Vec<&[String]> = of_members.map(|(_, groups)| groups.as_slice()).collect();
    findings.extend(upstreams::different_upstreams(&members(seen, &hosts), &of_members));
    Judgement {
        epoch,
        reference,
        controller,
        hosts,
        counts,
        pairs,
        worst_pairs,
        findings,
        impact,
        tokens,
        verdict: worst_host.max(worst_pair),
    }
}

/// The hosts that told who keeps their clocks, by name.
fn members<'seen>(seen: &'seen Seen, hosts: &'seen [HostJudgement]) -> Vec<upstreams::Member<'seen>> {
    let named = seen.observations.iter().zip(hosts);
    named.filter_map(|(observation, host)| Some((observation.host.as_str(), host.service.as_ref()?))).collect()
}

/// Where the controller's clock stands against the reference: zero, exactly, where it is the reference.
fn controller_offset(clock: Option<Interval>, reference: &Reference) -> Option<Standing> {
    let (standing, zero) = (reference.standing?, Interval::point(Nanos::ZERO));
    if reference.basis == (Basis::Controller { claims: false }) {
        return Some(Standing { bounds: zero, estimate: Nanos::ZERO });
    }
    let clock = clock?;
    Some(Standing { bounds: clock.minus(standing.bounds), estimate: clock.midpoint() - standing.estimate })
}

/// The measured hosts in the order of their names, as the pair functions want them, with their indices.
fn standings(seen: &Seen, estimates: &[Option<Estimate>]) -> (Vec<usize>, Vec<Standing>) {
    let mut measured: Vec<(&str, usize, Standing)> = seen
        .observations
        .iter()
        .zip(estimates)
        .enumerate()
        .filter_map(|(index, (observation, estimate))| {
            let estimate = estimate.as_ref()?;
            Some((observation.host.as_str(), index, standing_of(estimate)))
        })
        .collect();
    measured.sort_by_key(|(name, index, _)| (*name, *index));
    measured.into_iter().map(|(_, index, standing)| (index, standing)).unzip()
}

fn standing_of(estimate: &Estimate) -> Standing {
    Standing { bounds: estimate.bounds, estimate: estimate.estimate }
}

/// Who keeps a host's clock, by its facts.
fn service(observation: &Observation) -> Option<TimeService> {
    let reading = observation.facts.as_ref()?;
    let asked_at = reading.bracket.as_ref().map(|bracket| bracket.first);
    Some(TimeService::read(&reading.facts.0, asked_at))
}

fn judge_host(
    observation: &Observation,
    estimate: Option<&Estimate>,
    service: Option<TimeService>,
    reference: &Reference,
    policy: &Policy,
    config: &Config,
) -> HostJudgement {
    let facts = observation.facts.as_ref();
    let claim = service.as_ref().map_or(ClaimOutcome::Unknown, |service| service.claim.clone());
    let failed = observation.failure.as_ref().map(|failure| {
        let finding = Code::Unreached(failure.code).finding(failure.detail.clone(), "a reading of the clock");
        match failure.code {
            FailureCode::Timeout => finding.with_remedy(advice::of_timeout(failure.stage)),
            FailureCode::NotAttempted => {
                Finding { remedy: advice::of_not_attempted(failure.stage).to_owned(), ..finding }
            }
            _ => finding,
        }
    });
    let Some(estimate) = estimate else {
        let not_attempted =
            || Code::Unreached(FailureCode::NotAttempted).finding("the run ended first", "a reading of the clock");
        let findings = vec![failed.unwrap_or_else(not_attempted)];
        return HostJudgement { verdict: Verdict::Down, offset: None, rate: None, claim, service, findings };
    };
    let offset = reference.offset(&observation.host, estimate);
    let lacks_utc = policy.needs_utc() && !reference.is_utc();
    let judged = offset.filter(|_| reference.is_found() && (policy.relative.is_some() || !lacks_utc));
    let evidence = Evidence {
        estimate,
        hunted: observation.reader.filter(|reader| reader.is_hunted()).map(|_| observation.exchanges.as_slice()),
        offset: judged,
        claim: claim.claim(),
        claim_read_in: claim_read_in(facts, estimate, config),
        moved_before_claim: moved_before_claim(facts, estimate, config),
        is_reference: reference.is(&observation.host),
        reference,
        policy,
        config,
    };
    let circumstances = service.as_ref().map(|service| circumstances::findings(service, policy, Some(estimate.status)));
    let mut findings: Vec<Finding> = CHECKS.iter().filter_map(|check| check(&evidence)).chain(failed).collect();
    findings.extend(circumstances.into_iter().flatten());
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.code));
    // What is to be done about one of them depends on the others.
    let told = remedy::advised(findings, service.as_ref()).into_iter();
    let findings: Vec<Finding> =
        told.map(|finding| beside_a_contradiction(finding, reference, estimate, policy)).collect();
    let by_offset = judged.map_or(Verdict::Undecided, |offset| Verdict::of(offset.bounds, policy));
    // What was asked about UTC stays open without it, whatever the hosts are to each other.
    let by_offset = if lacks_utc { by_offset.max(Verdict::Undecided) } else { by_offset };
    let by_findings = findings.iter().map(|finding| weight(finding.severity)).max().unwrap_or(Verdict::Ok);
    let rate = reference.rate_of(&observation.host, estimate);
    HostJudgement { verdict: by_offset.max(by_findings), offset, rate, claim, service, findings }
}

/// The verdict that a finding's severity amounts to.
fn weight(severity: Severity) -> Verdict {
    match severity {
        Severity::Crit => Verdict::Crit,
        Severity::Warn => Verdict::Warn,
        Severity::Note => Verdict::Ok,
    }
}

/// Within what time the claim was read; `None` where it accuses nobody: a claim without a bracket has no date, and one whose
/// bracket shows another clock than the one that was sampled is of a clock that was set in between.
pub(super) fn claim_read_in(
    facts: Option<&FactsReading>,
    estimate: &Estimate,
    config: &Config,
) -> Option<(UnixNanos, UnixNanos)> {
    let bracket = facts?.bracket.as_ref()?;
    let is_same_clock = !bracket_at_epoch(facts, estimate, config)?.is_disjoint(estimate.bounds);
    is_same_clock.then_some((bracket.sent, bracket.received))
}

/// By how much a clock was moved between its sampling and the reading of its claim, where both cannot be of one clock that ran
/// on; positive = forward.
fn moved_before_claim(facts: Option<&FactsReading>, estimate: &Estimate, config: &Config) -> Option<Interval> {
    let read = bracket_at_epoch(facts, estimate, config)?;
    read.is_disjoint(estimate.bounds).then(|| read.minus(estimate.bounds))
}

/// Bounds of the offset from the axis by the readings around a claim, carried to the epoch at the rate that the clock's status
/// allows; `None` without valid ones.
fn bracket_at_epoch(facts: Option<&FactsReading>, estimate: &Estimate, config: &Config) -> Option<Interval> {
    let bracket = facts?.bracket.as_ref().filter(|bracket| bracket.is_valid())?;
    let farthest = [bracket.sent, bracket.received].map(|end| estimate.epoch.since(end).abs()).into_iter().max()?;
    let wander = farthest.wander(estimate.allowed_rate(config));
    let lower = bracket.last.since(bracket.received) - wander;
    let greatest = |reading: UnixNanos| reading.since(bracket.sent) + bracket.resolution + bracket.lag + wander;
    // Where the first reading cannot be of the clock that the last is of, it is that of before.
    let upper = if lower <= greatest(bracket.first) { greatest(bracket.first) } else { greatest(bracket.last) };
    Some(Interval::new(lower, upper))
}

/// The finding of pairs beyond their critical limits (CLK103), with the widest of them and the names of its two hosts, ahead and
/// behind; `limits` are those of all hosts.
pub fn pair_finding((ahead, behind): (&str, &str), widest: &Pair, pairs: PairCounts, limits: &[Nanos]) -> Finding {
    let strictest = limits.iter().min().copied().unwrap_or_default();
    let laxest = limits.iter().max().copied().unwrap_or_default();
    let (apart, expected) = if strictest == laxest {
        let limit = figure::limit(laxest);
        (format!("more than {limit} apart"), format!("at most {limit} between any two"))
    } else {
        let (from, to) = (figure::limit(strictest), figure::limit(laxest));
        let expected = "at most the laxer of the two hosts' limits between any two".to_owned();
        (format!("further apart than the limits of both, {from} to {to}"), expected)
    };
    let what = format!(
        "{apart}: {} of {}, most {ahead} - {behind} by {}",
        pairs.beyond,
        figure::count(usize::try_from(pairs.total).unwrap_or(usize::MAX), "pair"),
        figure::with_bound(widest.estimate, widest.difference).trim_start_matches('+')
    );
    Code::PairBeyondCrit.finding(what, expected)
}

fn controller_findings(seen: &Seen, config: &Config) -> Vec<Finding> {
    let moved = if seen.controller_stepped {
        Some("this machine's clock was set during the scan")
    } else if controller_moved(&controller_readings(seen), config.rho) {
        Some("this machine's clock changed by more than 500 ppm during the scan")
    } else {
        None
    };
    let late = seen.timer_lateness_p95.filter(|lateness| *lateness > fitness::LATE);
    let busy = late.map(|lateness| {
        let what = format!("this machine's timer was up to {} late (95 of 100 times less)", figure::length(lateness));
        Code::ControllerBusy.finding(what, format!("at most {}", figure::limit(fitness::LATE)))
    });
    let moved = moved.map(|what| Code::ControllerMoved.finding(what, "a clock that runs freely while it measures"));
    busy.into_iter().chain(moved).collect()
}
