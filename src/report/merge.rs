//! Merging: the reports of several controllers as one, all hosts against the first one's reference.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::causes;
use super::compose;
use super::consequences;
use super::model::{self, Report};
use super::quantity::{Instant, Seconds};
use crate::audit::{self, TokenPolicy, Verdict};
use crate::clock::axes::{Axes, Disjoint, Shard, Sighting, join, joined};
use crate::clock::estimate::{Config, Status};
use crate::clock::merged_pairs::Merged;
use crate::clock::pairs::{Decision, Pair, Standing};
use crate::clock::{Interval, Nanos};

/// How many of the worst pairs are named.
const WORST_PAIRS: usize = 10;
/// What merging says anew, so that what the single reports said of it is dropped.
const SAID_ANEW: [&str; 4] = ["CLK101", "CLK102", "CLK103", "CLK501"];

/// Why reports cannot be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They do not hang together.
    #[error("{0}")]
    Disjoint(#[from] Disjoint),
    /// They were judged by different limits.
    #[error("the reports were judged by different limits")]
    DifferentLimits,
    /// One of them has hosts but no reference, so that where they stand to each other is not in it.
    #[error("a report without a reference has no offsets")]
    NoReference,
    /// There is nothing to merge.
    #[error("no report")]
    Nothing,
}

/// Merges the reports. With `allow_missing`, reports that no anchor joins to the first are left out, and the merged one is
/// partial for that.
pub fn merge(reports: &[Report], run: &str, allow_missing: bool) -> Result<Report, MergeError> {
    let first = reports.first().ok_or(MergeError::Nothing)?;
    let limits = |report: &Report| (report.policy.warn_s, report.policy.crit_s);
    if reports.iter().any(|report| limits(report) != limits(first)) {
        return Err(MergeError::DifferentLimits);
    }
    let names: BTreeSet<&str> = measured(reports).map(|(host, _)| host.name.as_str()).collect();
    let indices: BTreeMap<&str, usize> = names.into_iter().enumerate().map(|(index, name)| (name, index)).collect();
    let shards = reports.iter().map(|report| shard(report, &indices)).collect::<Result<Vec<Shard>, _>>()?;
    let config = Config::STANDARD;
    match join(&shards, &config) {
        Ok(axes) => Ok(Joined { first, reports, shards: &shards, axes: &axes, indices: &indices }.report(run, false)),
        Err(Disjoint::NoAnchor) if allow_missing => {
            let joins = |index: &usize| match (shards.first(), shards.get(*index)) {
                (Some(first), Some(other)) => *index == 0 || join(&[first.clone(), other.clone()], &config).is_ok(),
                _ => false,
            };
            let kept: Vec<Report> =
                (0..reports.len()).filter(joins).filter_map(|index| reports.get(index).cloned()).collect();
            let mut found = merge(&kept, run, false)?;
            found.run.partial = true;
            Ok(found)
        }
        Err(why) => Err(why.into()),
    }
}

fn measured(reports: &[Report]) -> impl Iterator<Item = (&model::Host, &model::Clock)> {
    reports.iter().flat_map(|report| &report.hosts).filter_map(|host| Some((host, host.clock.as_ref()?)))
}

/// What a report tells of clocks, on the ruler of its reference's point estimate: there its hosts' own bounds are had back
/// exactly, without what is not known of the reference.
fn shard(report: &Report, indices: &BTreeMap<&str, usize>) -> Result<Shard, MergeError> {
    let reference = reference_interval(report);
    let mut sightings = Vec::new();
    let mut epoch = report.run.started.0;
    for host in &report.hosts {
        let (Some(clock), Some(index)) = (&host.clock, indices.get(host.name.as_str())) else {
            continue;
        };
        let (Some(offset), Some(lo), Some(hi)) = (clock.offset_s, clock.lo_s, clock.hi_s) else {
            return Err(MergeError::NoReference);
        };
        epoch = clock.at.0;
        let is_reference = report.reference.host.as_deref() == Some(host.name.as_str());
        let bounds = if is_reference { reference } else { Interval::new(lo.0 + reference.hi, hi.0 + reference.lo) };
        let standing = Standing { bounds, estimate: offset.0.clamp(bounds.lo, bounds.hi) };
        sightings.push((*index, Sighting { standing, is_steady: clock.status == Status::Steady.label() }));
    }
    sightings.sort_by_key(|(index, _)| *index);
    Ok(Shard { epoch, sightings })
}

/// The reference against its own point estimate; reports of before it was stored have half the width.
fn reference_interval(report: &Report) -> Interval {
    match (report.reference.lo_s, report.reference.hi_s) {
        (Some(lo), Some(hi)) => Interval::new(lo.0, hi.0),
        _ => Interval::around(Nanos::ZERO, report.reference.bound_s.map_or(Nanos::ZERO, |bound| bound.0)),
    }
}

/// Reports that hang together.
struct Joined<'merge> {
    first: &'merge Report,
    reports: &'merge [Report],
    shards: &'merge [Shard],
    axes: &'merge Axes,
    indices: &'merge BTreeMap<&'merge str, usize>,
}

impl Joined<'_> {
    fn report(&self, run: &str, partial: bool) -> Report {
        let standings: Vec<Standing> = (0..self.indices.len()).filter_map(|host| self.standing(host)).collect();
        let merged = Merged { shards: self.shards, standings: &standings };
        // The first report holds the reference, the controller and the limits.
        let mut report = self.first.clone();
        let (warn, crit) = (report.policy.warn_s.0, report.policy.crit_s.0);
        let reference = reference_interval(&report);
        let reference_host = report.reference.host.clone();
        let is_judging = report.reference.kind != model::ReferenceKind::None;
        let epoch = self.shards.first().map(|shard| shard.epoch).unwrap_or_default();

        let mut hosts: BTreeMap<String, model::Host> = BTreeMap::new();
        for host in self.reports.iter().flat_map(|report| &report.hosts) {
            match hosts.get_mut(&host.name) {
                Some(known) if known.clock.is_some() || host.clock.is_none() => {}
                Some(known) => *known = host.clone(),
                None => {
                    hosts.insert(host.name.clone(), host.clone());
                }
            }
        }
        report.hosts = hosts.into_values().collect();
        for host in &mut report.hosts {
            let found = self.indices.get(host.name.as_str()).and_then(|index| standings.get(*index));
            if let (Some(clock), Some(standing)) = (&mut host.clock, found) {
                let is_reference = reference_host.as_deref() == Some(host.name.as_str());
                let offset = if is_reference {
                    Standing { bounds: Interval::point(Nanos::ZERO), estimate: Nanos::ZERO }
                } else {
                    Standing { bounds: standing.bounds.minus(reference), estimate: standing.estimate }
                };
                clock.offset_s = Some(Seconds(offset.estimate));
                clock.lo_s = Some(Seconds(offset.bounds.lo));
                clock.hi_s = Some(Seconds(offset.bounds.hi));
                clock.at = Instant(epoch);
                judge(host, is_judging.then_some(offset), warn, crit);
            }
        }
        report.causes = causes(&report.hosts);
        let first_measured = self.first.hosts.iter().filter(|host| host.clock.is_some()).count();
        report.impact.iter_mut().for_each(|impact| impact_anew(impact, first_measured, &report.hosts));
        report.jwt = self.tokens(&report, &standings);
        report.kind = model::Kind::Merge;
        report.pairs_worst = merged.worst(WORST_PAIRS).iter().filter_map(|pair| self.pair(pair)).collect();
        self.set_run(&mut report.run, run, partial);
        self.set_findings_and_summary(&mut report, &merged, crit);
        report
    }

    /// The questions about tokens that the first report asks, answered for all hosts.
    fn tokens(&self, report: &Report, standings: &[Standing]) -> Vec<model::Tokens> {
        let asked = |tokens: &model::Tokens| TokenPolicy {
            issuers: tokens.issuer_group.clone(),
            verifiers: tokens.verifier_group.clone(),
            leeway: tokens.leeway_s.0,
            latency: tokens.latency_s.0,
        };
        let standing =
            |host: &model::Host| self.indices.get(host.name.as_str()).and_then(|index| standings.get(*index));
        let standings: Vec<Option<Standing>> = report.hosts.iter().map(|host| standing(host).copied()).collect();
        let groups: Vec<Vec<String>> = report.hosts.iter().map(|host| host.groups.clone()).collect();
        let answers = audit::token_use(&report.jwt.iter().map(asked).collect::<Vec<_>>(), &standings, &groups);
        let names = |host: usize| report.hosts.get(host).map_or_else(String::new, |host| host.name.clone());
        consequences::tokens(&answers, &names)
    }

    fn standing(&self, host: usize) -> Option<Standing> {
        let sightings = self.shards.iter().enumerate().filter_map(|(shard, one)| Some((shard, *one.sighting(host)?)));
        joined(self.axes, &sightings.collect::<Vec<_>>())
    }

    fn pair(&self, pair: &Pair) -> Option<model::Pair> {
        let name = |host: usize| self.indices.iter().find(|(_, index)| **index == host).map(|(name, _)| *name);
        Some(model::Pair {
            ahead: name(pair.ahead)?.to_owned(),
            behind: name(pair.behind)?.to_owned(),
            difference_s: Seconds(pair.estimate),
            lo_s: Seconds(pair.difference.lo),
            hi_s: Seconds(pair.difference.hi),
        })
    }

    fn set_run(&self, run: &mut model::Run, id: &str, partial: bool) {
        id.clone_into(&mut run.id);
        let runs = || self.reports.iter().map(|report| &report.run);
        run.started = runs().map(|one| one.started).min().unwrap_or(run.started);
        run.finished = runs().map(|one| one.finished).max().unwrap_or(run.finished);
        run.partial = partial || runs().any(|one| one.partial);
        run.interrupted = None;
        let sources: BTreeSet<&String> = runs().flat_map(|one| &one.inventory.sources).collect();
        run.inventory.sources = sources.into_iter().cloned().collect();
        if runs().any(|one| one.inventory.sha256 != run.inventory.sha256) {
            run.inventory.sha256 = None;
        }
        run.inventory.incomplete = runs().any(|one| one.inventory.incomplete);
    }

    fn set_findings_and_summary(&self, report: &mut Report, merged: &Merged<'_>, crit: Nanos) {
        let pairs = merged.count(crit);
        let widest = report.pairs_worst.first().cloned();
        let said = self.reports.iter().flat_map(|report| &report.findings);
        let mut findings: Vec<model::Finding> =
            said.filter(|finding| !SAID_ANEW.contains(&finding.code.as_str())).cloned().collect();
        findings.dedup();
        if let Some(widest) = widest.as_ref().filter(|_| pairs.beyond > 0) {
            let pair = Pair {
                ahead: 0,
                behind: 0,
                difference: Interval::new(widest.lo_s.0, widest.hi_s.0),
                estimate: widest.difference_s.0,
            };
            let found = audit::pair_finding((&widest.ahead, &widest.behind), &pair, pairs, crit);
            findings.insert(0, compose::finding(&found));
        }
        let worst_host = report.hosts.iter().map(|host| weighed(host.verdict)).max().unwrap_or(Verdict::Ok);
        let worst_pair = if pairs.beyond > 0 { Verdict::Crit } else { Verdict::Ok };
        let counts = audit::Counts::of(report.hosts.iter().map(|host| weighed(host.verdict)));
        report.run.inventory.selected = report.hosts.len();
        report.findings = findings;
        report.summary = model::Summary {
            verdict: compose::verdict(worst_host.max(worst_pair)),
            counts: compose::counts(counts),
            pairs: compose::pair_counts(pairs),
            widest,
            // The windows of several controllers are not one.
            window_first_s: None,
            window_s: None,
            claims_window_s: None,
            claims_late_window_s: None,
        };
    }
}

/// Which of the hosts break a system. Where `first_measured`, the number of hosts that the first report measured, is that of
/// those which it left open, its reference did not fit, and all stay open.
fn impact_anew(impact: &mut model::Impact, first_measured: usize, hosts: &[model::Host]) {
    let crit = impact.crit_s.0;
    let mut measured = 0;
    let is_open = impact.undecided >= first_measured;
    impact.hosts.clear();
    impact.undecided = 0;
    for host in hosts {
        let Some((lo, hi)) = host.clock.as_ref().and_then(|clock| clock.lo_s.zip(clock.hi_s)) else {
            continue;
        };
        measured += 1;
        match Decision::of(Interval::new(lo.0, hi.0), crit) {
            Decision::Beyond => impact.hosts.push(host.name.clone()),
            Decision::Undecided => impact.undecided += 1,
            Decision::Within => {}
        }
    }
    if is_open {
        impact.hosts.clear();
        impact.undecided = measured;
    }
}

/// Judges a host anew by its offset and by what its own report found besides.
fn judge(host: &mut model::Host, offset: Option<Standing>, warn: Nanos, crit: Nanos) {
    host.findings.retain(|finding| !SAID_ANEW.contains(&finding.code.as_str()));
    let found = audit::limit_finding(offset, warn, crit);
    host.findings.extend(found.as_ref().map(compose::finding));
    host.findings.sort_by_key(|finding| (severity_rank(finding.severity), finding.code.clone()));
    let by_findings = host.findings.iter().map(|finding| match finding.severity {
        model::Severity::Crit => Verdict::Crit,
        model::Severity::Warn => Verdict::Warn,
        model::Severity::Note => Verdict::Ok,
    });
    let by_offset = offset.map_or(Verdict::Undecided, |offset| Verdict::against(offset.bounds, warn, crit));
    let worst = by_findings.max().unwrap_or(Verdict::Ok).max(by_offset);
    host.verdict = compose::verdict(worst);
}

fn severity_rank(severity: model::Severity) -> u8 {
    match severity {
        model::Severity::Crit => 0,
        model::Severity::Warn => 1,
        model::Severity::Note => 2,
    }
}

fn weighed(verdict: model::Verdict) -> Verdict {
    match verdict {
        model::Verdict::Ok => Verdict::Ok,
        model::Verdict::Warn => Verdict::Warn,
        model::Verdict::Crit => Verdict::Crit,
        model::Verdict::Undecided => Verdict::Undecided,
        model::Verdict::Down => Verdict::Down,
    }
}
