//! Merging: the reports of several controllers as one, all hosts against one reference, which a rule chooses.

mod judging;
mod references;

use std::collections::{BTreeMap, BTreeSet};

pub(in crate::report) use references::standing;

use super::causes::causes;
use super::compose;
use super::consequences;
use super::limits;
use super::model::{self, Report};
use super::quantity::{Instant, Seconds};
use crate::audit::{self, Policy, Standard, TokenPolicy, Verdict};
use crate::clock::axes::{Axes, Disjoint, Shard, Sighting, join, joined};
use crate::clock::estimate::{Config, Status};
use crate::clock::merged_pairs::Merged;
use crate::clock::pairs::{Pair, Standing};
use crate::clock::{Interval, Nanos};

/// How many of the worst pairs are named.
const WORST_PAIRS: usize = 10;

/// Why reports cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They do not hang together.
    #[error("{0}")]
    Disjoint(#[from] Disjoint),
    /// They were judged by different limits.
    #[error("the reports were judged by different limits")]
    DifferentLimits,
    /// They ask different things of one host.
    #[error("the reports ask different limits of {0}")]
    DifferentLimitsOf(String),
    /// One run is in them twice: it would be joined with itself.
    #[error("the run {0} is given twice: as it is, or as a part of a joined report")]
    SameRun(String),
    /// One of them has hosts but no reference, so that where they stand to each other is not in it.
    #[error("a report without a reference has no offsets")]
    NoReference,
    /// There is nothing to merge.
    #[error("no report")]
    Nothing,
}

/// Merges the reports. With `allow_missing`, reports that no anchor joins to the others are left out, and the merged one is
/// partial for that.
pub fn merge(reports: &[Report], run: &str, allow_missing: bool) -> Result<Report, MergeError> {
    check_runs(reports)?;
    check_limits(reports)?;
    let best_first = references::best_first(reports);
    let all = Shards::of(reports.iter().collect())?;
    let config = Config::STANDARD;
    let kept = match join(&all.told, &config) {
        Err(Disjoint::NoAnchor) if allow_missing => references::joined_to_most(&best_first, &all.told, &config),
        _ => (0..reports.len()).collect(),
    };
    let chosen = *best_first.iter().find(|place| kept.contains(*place)).ok_or(MergeError::Nothing)?;
    // The first shard's axis is the one that all are put on.
    let order: Vec<usize> = std::iter::once(chosen).chain(kept.into_iter().filter(|place| *place != chosen)).collect();
    let shards = Shards::of(order.iter().filter_map(|place| reports.get(*place)).collect())?;
    let axes = join(&shards.told, &config)?;
    let first = reports.get(chosen).ok_or(MergeError::Nothing)?;
    let mut merged = Joined { first, shards: &shards, axes: &axes }.report(run);
    merged.run.merged = references::of_runs(reports, &order, &axes);
    merged.run.partial |= order.len() < reports.len();
    merged.findings.extend(references::contradiction(&merged.run.merged).as_ref().map(compose::finding));
    Ok(merged)
}

/// A run counts once: joined with itself it would vouch for its own clocks.
fn check_runs(reports: &[Report]) -> Result<(), MergeError> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for report in reports {
        // A run that was left out of a joined report has no offset there, and is no part of it.
        let parts = report.run.merged.iter().filter(|run| run.offset_s.is_some()).map(|run| run.id.as_str());
        let runs: BTreeSet<&str> = parts.chain([report.run.id.as_str()]).collect();
        if let Some(twice) = runs.iter().find(|run| known.contains(*run)) {
            return Err(MergeError::SameRun((*twice).to_owned()));
        }
        known.extend(runs);
    }
    Ok(())
}

/// One host is judged by one limit, and hosts of which nothing else is asked are all judged alike.
fn check_limits(reports: &[Report]) -> Result<(), MergeError> {
    let first = reports.first().ok_or(MergeError::Nothing)?;
    let asked = |report: &Report| (report.policy.warn_s, report.policy.crit_s, report.policy.profiles.clone());
    if reports.iter().any(|report| asked(report) != asked(first)) {
        return Err(MergeError::DifferentLimits);
    }
    let mut asked_of: BTreeMap<&str, &Option<model::HostPolicy>> = BTreeMap::new();
    for host in reports.iter().flat_map(|report| &report.hosts) {
        if *asked_of.entry(&host.name).or_insert(&host.policy) != &host.policy {
            return Err(MergeError::DifferentLimitsOf(host.name.clone()));
        }
    }
    Ok(())
}

/// Reports, and what each of them tells of clocks.
struct Shards<'merge> {
    reports: Vec<&'merge Report>,
    told: Vec<Shard>,
    /// The common indices of the measured hosts, in the order of their names.
    indices: BTreeMap<&'merge str, usize>,
}

impl<'merge> Shards<'merge> {
    fn of(reports: Vec<&'merge Report>) -> Result<Self, MergeError> {
        let hosts = reports.iter().flat_map(|report| &report.hosts);
        let names: BTreeSet<&str> = hosts.filter(|host| host.clock.is_some()).map(|host| host.name.as_str()).collect();
        let indices = names.into_iter().enumerate().map(|(index, name)| (name, index)).collect();
        let told = reports.iter().map(|report| shard(report, &indices)).collect::<Result<Vec<Shard>, _>>()?;
        Ok(Self { reports, told, indices })
    }
}

/// What a report tells of clocks, on the ruler of its reference's point estimate: there its hosts' own bounds are had back
/// exactly, without what is not known of the reference.
fn shard(report: &Report, indices: &BTreeMap<&str, usize>) -> Result<Shard, MergeError> {
    let mut sightings = Vec::new();
    let mut epoch = report.run.started.0;
    for host in &report.hosts {
        let (Some(clock), Some(index)) = (&host.clock, indices.get(host.name.as_str())) else {
            continue;
        };
        let Some(standing) = standing(&report.reference, host) else {
            return Err(MergeError::NoReference);
        };
        epoch = clock.at.0;
        sightings.push((*index, Sighting { standing, is_steady: clock.status == Status::Steady.label() }));
    }
    sightings.sort_by_key(|(index, _)| *index);
    Ok(Shard { epoch, sightings })
}

/// Reports that hang together, the one whose reference is chosen first.
struct Joined<'merge> {
    first: &'merge Report,
    shards: &'merge Shards<'merge>,
    axes: &'merge Axes,
}

impl Joined<'_> {
    fn report(&self, run: &str) -> Report {
        let indices = &self.shards.indices;
        let standings: Vec<Standing> = (0..indices.len()).filter_map(|host| self.standing(host)).collect();
        let merged = Merged { shards: &self.shards.told, standings: &standings };
        // The first report holds the reference, the controller and the limits.
        let mut report = self.first.clone();
        let mut hosts: BTreeMap<&str, &model::Host> = BTreeMap::new();
        for host in self.shards.reports.iter().flat_map(|report| &report.hosts) {
            let known = hosts.entry(&host.name).or_insert(host);
            if known.clock.is_none() {
                *known = host;
            }
        }
        report.hosts = hosts.into_values().cloned().collect();
        report.not_audited = self.not_audited(&report.hosts);
        let policy = limits::read(&report);
        let standard = limits::standard(&report.reference);
        self.judge_hosts(&mut report, &policy, standard, &standings);
        report.causes = causes(&report.hosts);
        report.impact = judging::impact(&report.hosts, &policy, standard);
        report.jwt = self.tokens(&report, &standings);
        report.kind = model::Kind::Merge;
        // What changed since one of the runs' last scan says nothing of the others.
        report.changes = None;
        // Nor does what one of them mended.
        report.fix = None;
        report.pairs_worst = merged.worst(WORST_PAIRS).iter().filter_map(|pair| self.pair(pair)).collect();
        self.set_run(&mut report.run, run);
        let limits: Vec<Nanos> =
            indices.keys().map(|name| policy.of_host(name).applied(standard.is_utc).crit).collect();
        self.set_findings_and_summary(&mut report, &merged, &limits);
        report
    }

    /// The hosts that none of the reports audited.
    fn not_audited(&self, audited: &[model::Host]) -> Vec<model::NotAudited> {
        let audited: BTreeSet<&str> = audited.iter().map(|host| host.name.as_str()).collect();
        let told = self.shards.reports.iter().flat_map(|report| &report.not_audited);
        let told = told.filter(|host| !audited.contains(host.name.as_str())).map(|host| (&host.name, host));
        told.collect::<BTreeMap<_, _>>().into_values().cloned().collect()
    }

    /// Puts every host on the chosen reference and judges it there by what is asked of it.
    fn judge_hosts(&self, report: &mut Report, policy: &Policy, standard: Standard, standings: &[Standing]) {
        let reference = references::interval(&report.reference);
        let reference_host = report.reference.host.clone();
        let epoch = self.shards.told.first().map(|shard| shard.epoch).unwrap_or_default();
        for host in &mut report.hosts {
            let found = self.shards.indices.get(host.name.as_str()).and_then(|index| standings.get(*index));
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
                let asked = policy.of_host(&host.name);
                judging::judge(host, offset, &asked, standard);
            }
        }
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
            |host: &model::Host| self.shards.indices.get(host.name.as_str()).and_then(|index| standings.get(*index));
        let standings: Vec<Option<Standing>> = report.hosts.iter().map(|host| standing(host).copied()).collect();
        let groups: Vec<Vec<String>> = report.hosts.iter().map(|host| host.groups.clone()).collect();
        let answers = audit::token_use(&report.jwt.iter().map(asked).collect::<Vec<_>>(), &standings, &groups);
        let names = |host: usize| report.hosts.get(host).map_or_else(String::new, |host| host.name.clone());
        consequences::tokens(&answers, &names)
    }

    fn standing(&self, host: usize) -> Option<Standing> {
        let sightings =
            self.shards.told.iter().enumerate().filter_map(|(shard, one)| Some((shard, *one.sighting(host)?)));
        joined(self.axes, &sightings.collect::<Vec<_>>())
    }

    fn pair(&self, pair: &Pair) -> Option<model::Pair> {
        let name = |host: usize| self.shards.indices.iter().find(|(_, index)| **index == host).map(|(name, _)| *name);
        Some(model::Pair {
            ahead: name(pair.ahead)?.to_owned(),
            behind: name(pair.behind)?.to_owned(),
            difference_s: Seconds(pair.estimate),
            lo_s: Seconds(pair.difference.lo),
            hi_s: Seconds(pair.difference.hi),
        })
    }

    fn set_run(&self, run: &mut model::Run, id: &str) {
        id.clone_into(&mut run.id);
        let runs = || self.shards.reports.iter().map(|report| &report.run);
        run.started = runs().map(|one| one.started).min().unwrap_or(run.started);
        run.finished = runs().map(|one| one.finished).max().unwrap_or(run.finished);
        run.partial = runs().any(|one| one.partial);
        run.interrupted = None;
        let sources: BTreeSet<&String> = runs().flat_map(|one| &one.inventory.sources).collect();
        run.inventory.sources = sources.into_iter().cloned().collect();
        if runs().any(|one| one.inventory.sha256 != run.inventory.sha256) {
            run.inventory.sha256 = None;
        }
        let limit: BTreeSet<&String> = runs().flat_map(|one| &one.inventory.limit).collect();
        run.inventory.limit = limit.into_iter().cloned().collect();
        run.inventory.incomplete = runs().any(|one| one.inventory.incomplete);
    }

    fn set_findings_and_summary(&self, report: &mut Report, merged: &Merged<'_>, limits: &[Nanos]) {
        let pairs = merged.count_each(limits);
        let said = self.shards.reports.iter().flat_map(|report| &report.findings);
        let mut findings: Vec<model::Finding> =
            said.filter(|finding| !judging::is_said_anew(finding)).cloned().collect();
        findings.dedup();
        if let Some(widest) = merged.widest_beyond(limits)
            && let Some(named) = self.pair(&widest)
        {
            let found = audit::pair_finding((&named.ahead, &named.behind), &widest, pairs, limits);
            findings.insert(0, compose::finding(&found));
        }
        let worst_host = report.hosts.iter().map(|host| judging::weighed(host.verdict)).max().unwrap_or(Verdict::Ok);
        let worst_pair = if pairs.beyond > 0 { Verdict::Crit } else { Verdict::Ok };
        let counts = audit::Counts::of(report.hosts.iter().map(|host| judging::weighed(host.verdict)));
        report.run.inventory.selected = report.hosts.len() + report.not_audited.len();
        report.findings = findings;
        report.summary = model::Summary {
            verdict: compose::verdict(worst_host.max(worst_pair)),
            counts: compose::counts(counts),
            pairs: compose::pair_counts(pairs),
            widest: report.pairs_worst.first().cloned(),
            // The windows of several controllers are not one.
            window_first_s: None,
            window_s: None,
            claims_window_s: None,
            claims_late_window_s: None,
        };
    }
}
