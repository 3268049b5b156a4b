//! The reference in the analysis of a trace: what time servers and claims say of UTC, and what offsets are relative to.
//!
//! Rules 1 (the servers that were asked) and 2 (claims) of `docs/measurement.md`; an analysis goes no further.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::fleet::PairsLine;
use super::{Estimated, Finding};
use crate::clock::pairs::{Decision, Standing, spread};
use crate::clock::reference::{NtpServers, consensus, http_date, http_dates, ntp_server, ntp_servers};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::probe::Trace;
use crate::timekeeper;

/// What offsets are relative to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferenceLine {
    /// By which rule: `ntp`, `https`, `consensus`.
    pub source: &'static str,
    /// Least reference minus axis.
    pub lo_ns: i64,
    /// Greatest reference minus axis.
    pub hi_ns: i64,
}

/// Where UTC minus the axis lies by one time server or web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerLine {
    /// Least value.
    pub lo_ns: i64,
    /// Greatest value.
    pub hi_ns: i64,
}

/// How the claims agree about UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsensusLine {
    /// How many agree.
    pub votes: usize,
    /// Of how many that claim something.
    pub of: usize,
    /// Whether they are two thirds, so that they are believed.
    pub strong: bool,
    /// Least UTC minus axis by those that agree.
    pub lo_ns: i64,
    /// Greatest.
    pub hi_ns: i64,
    /// The hosts that agree.
    pub agree: Vec<String>,
    /// The others.
    pub contradicts: Vec<String>,
    /// How many hosts each side has, the largest first.
    pub groups: Vec<usize>,
}

/// The pairs of hosts whose claims nothing contradicts, by those claims alone: whatever the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimedLine {
    /// How many hosts.
    pub hosts: usize,
    /// Whether all pairs are within the threshold.
    pub verdict: &'static str,
    /// Least spread.
    pub spread_lo_ns: i64,
    /// Greatest spread.
    pub spread_hi_ns: i64,
    /// How the pairs stand.
    pub pairs: PairsLine,
}

/// A host's claim, at the epoch.
struct Claimed<'trace> {
    name: &'trace str,
    /// What was measured of its clock.
    bounds: Interval,
    /// What it claims of itself: clock minus UTC.
    claim: Interval,
    /// The middle of the claim.
    offset: Nanos,
}

/// Everything that bears on the reference.
pub(super) struct References {
    pub(super) reference: Option<ReferenceLine>,
    pub(super) servers: BTreeMap<String, ServerLine>,
    pub(super) consensus: Option<ConsensusLine>,
    pub(super) claimed: Option<ClaimedLine>,
    pub(super) findings: Vec<Finding>,
    /// The reference minus the axis.
    pub(super) utc: Option<Interval>,
}

impl References {
    /// Finds the reference of a trace from its hosts, given by name.
    pub(super) fn of(trace: &Trace, hosts: &[Estimated<'_>], epoch: UnixNanos) -> Self {
        let mut findings = Vec::new();
        let ntp = Servers::of_ntp(trace, epoch, &mut findings);
        let https = Servers::of_https(trace, epoch, &mut findings);
        let claims = claims(trace, hosts, epoch, &mut findings);
        findings.extend(ntp.contradicting.into_iter().chain(https.contradicting));

        let votes: Vec<Interval> = claims.iter().map(|one| one.bounds.minus(one.claim)).collect();
        let found = consensus(&votes);
        let names = |places: &[usize]| -> Vec<String> {
            places.iter().filter_map(|place| claims.get(*place)).map(|one| one.name.to_owned()).collect()
        };
        let line = found.as_ref().map(|found| ConsensusLine {
            votes: found.agreeing.len(),
            of: votes.len(),
            strong: found.is_strong(),
            lo_ns: found.region.lo.0,
            hi_ns: found.region.hi.0,
            agree: names(&found.agreeing),
            contradicts: names(&found.contradicting),
            groups: found.sides.iter().map(Vec::len).collect(),
        });
        let by_claims = found.as_ref().filter(|found| found.is_strong()).map(|found| found.region);
        if let Some(split) = found.as_ref().filter(|found| !found.is_strong()) {
            let sides = split.sides.iter().map(|side| refids(trace, &names(side))).collect();
            findings.push(Finding::claims_split(sides));
        }
        let (source, utc) = match (ntp.utc, https.utc) {
            (Some(utc), _) => ("ntp", Some(utc)),
            (None, Some(utc)) => ("https", Some(utc)),
            (None, None) => ("consensus", by_claims),
        };
        let is_contradicted = |one: &&Claimed<'_>| utc.is_some_and(|utc| one.bounds.minus(utc).is_disjoint(one.claim));
        findings
            .extend(claims.iter().filter(is_contradicted).map(|one| Finding::about(one.name, "claims-synced-but-off")));
        let believed: Vec<&Claimed<'_>> = claims.iter().filter(|one| !is_contradicted(one)).collect();
        Self {
            reference: utc.map(|utc| ReferenceLine { source, lo_ns: utc.lo.0, hi_ns: utc.hi.0 }),
            servers: ntp.lines.into_iter().chain(https.lines).collect(),
            consensus: line,
            claimed: claimed(&believed, trace.settings.threshold),
            findings,
            utc,
        }
    }
}

/// What the servers of one kind say: together, one by one, and who of them contradicts the others.
#[derive(Default)]
struct Servers {
    utc: Option<Interval>,
    lines: BTreeMap<String, ServerLine>,
    contradicting: Vec<Finding>,
}

impl Servers {
    fn of(usable: Vec<(String, Interval)>, together: fn(&[Interval]) -> NtpServers) -> Self {
        let found = together(&usable.iter().map(|(_, utc)| *utc).collect::<Vec<_>>());
        let contradicting = found.contradicting.iter().filter_map(|place| usable.get(*place));
        let contradicting = contradicting.map(|(name, _)| Finding::about_reference(name, "reference-contradicts"));
        Self {
            utc: found.utc,
            contradicting: contradicting.collect(),
            lines: usable
                .into_iter()
                .map(|(name, utc)| (name, ServerLine { lo_ns: utc.lo.0, hi_ns: utc.hi.0 }))
                .collect(),
        }
    }

    /// The time servers that were asked; those without a usable exchange are found wanting at once.
    fn of_ntp(trace: &Trace, epoch: UnixNanos, findings: &mut Vec<Finding>) -> Self {
        let mut usable = Vec::new();
        for server in &trace.seen.time_servers {
            match ntp_server(&server.exchanges, epoch, trace.settings.config.rho) {
                Ok(utc) => usable.push((format!("ntp:{}", server.name), utc)),
                Err(_) => findings.push(Finding::about_reference(&server.name, "reference-unusable")),
            }
        }
        Self::of(usable, ntp_servers)
    }

    /// The web servers that were asked for their `Date`.
    fn of_https(trace: &Trace, epoch: UnixNanos, findings: &mut Vec<Finding>) -> Self {
        let mut usable = Vec::new();
        for server in &trace.seen.web_servers {
            match http_date(&server.exchanges, epoch, &trace.settings.config) {
                Ok(utc) => usable.push((format!("https:{}", server.name), utc)),
                Err(_) => findings.push(Finding::about_reference(&server.name, "reference-unusable")),
            }
        }
        Self::of(usable, http_dates)
    }
}

/// The claims that say how far from UTC a measured clock is, by host; a claim of a clock that follows nothing is told.
fn claims<'trace>(
    trace: &Trace,
    hosts: &'trace [Estimated<'_>],
    epoch: UnixNanos,
    findings: &mut Vec<Finding>,
) -> Vec<Claimed<'trace>> {
    let said: BTreeMap<&str, _> = trace.claims.iter().map(|claim| (claim.host.as_str(), claim)).collect();
    let mut found = Vec::new();
    for host in hosts {
        let (Some(said), Some(estimate)) = (said.get(host.name), host.estimate.as_ref()) else {
            continue;
        };
        let outcome = timekeeper::claim(&[("chrony.csv".to_owned(), said.tracking_csv())]);
        let near = outcome.claim().filter(|claim| claim.root_distance() < trace.settings.max_root_distance);
        let Some(claim) = near else {
            findings.push(Finding::about(host.name, "not-synchronised"));
            continue;
        };
        // Where it was not recorded when the claim was read, it is taken to hold for the epoch.
        let wander =
            said.at.map_or(Nanos::ZERO, |at| epoch.since(at).wander(estimate.allowed_rate(&trace.settings.config)));
        let interval = claim.interval().widened(wander);
        found.push(Claimed { name: host.name, bounds: estimate.bounds, claim: interval, offset: claim.offset });
    }
    found
}

/// The pairs by the claims that nothing contradicts; `None` for fewer than two.
fn claimed(believed: &[&Claimed<'_>], threshold: Nanos) -> Option<ClaimedLine> {
    if believed.len() < 2 {
        return None;
    }
    let standings: Vec<Standing> =
        believed.iter().map(|one| Standing { bounds: one.claim, estimate: one.offset }).collect();
    let spread = spread(&standings);
    Some(ClaimedLine {
        hosts: believed.len(),
        verdict: Decision::of(spread.bounds, threshold).label(),
        spread_lo_ns: spread.bounds.lo.0,
        spread_hi_ns: spread.bounds.hi.0,
        pairs: PairsLine::of(&standings, threshold),
    })
}

/// What the hosts of one side follow, each reference ID once.
fn refids(trace: &Trace, names: &[String]) -> Vec<String> {
    let side: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let of_side = trace.claims.iter().filter(|claim| side.contains(claim.host.as_str()));
    of_side.map(|claim| claim.reference_id.clone()).collect::<BTreeSet<String>>().into_iter().collect()
}
