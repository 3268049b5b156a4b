//! Finding the reference: the first rule that applies (`docs/measurement.md`, "The reference").

use std::collections::BTreeMap;

use super::{Basis, Reference, controller_readings};
use crate::audit::judge::claim_read_in;
use crate::audit::policy::ReferenceChoice;
use crate::clock::controller::{controller_at, controller_moved, controller_rate};
use crate::clock::estimate::Config;
use crate::clock::pairs::{Standing, medoid};
use crate::clock::reference::{Consensus, agreement, consensus};
use crate::clock::{Estimate, Interval, Nanos, Ppm, UnixNanos};
use crate::probe::{FactsReading, Observation, Seen};
use crate::timekeeper::{self, Claim, Timekeeper};

/// A claim whose root distance reaches this says nothing of UTC.
const MOST_ROOT_DISTANCE: Nanos = Nanos::from_millis(1_500);

/// Everything that the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'seen> {
    /// What was seen.
    pub seen: &'seen Seen,
    /// The estimates of the observations, in their order.
    pub estimates: &'seen [Option<Estimate>],
    /// What the hosts' timekeepers claim, in the order of the observations.
    pub claims: &'seen [Option<&'seen Claim>],
    /// The groups of the hosts, in the order of the observations.
    pub groups: &'seen [Vec<String>],
    /// The instant that offsets hold for.
    pub epoch: UnixNanos,
    /// Hosts that agree are within this of each other.
    pub warn: Nanos,
    /// A host whose own claim does not keep it within this of UTC is no UTC.
    pub utc_within: Nanos,
    /// How far clocks wander.
    pub config: &'seen Config,
}

/// A host's vote on where UTC is.
struct Vote<'seen> {
    host: usize,
    /// What it follows.
    reference_id: String,
    estimate: &'seen Estimate,
    utc: Interval,
}

/// The claims of a fleet do not agree: fewer than two thirds stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Each side's number of hosts and the reference IDs that they follow, most frequent first; the largest side first.
    pub sides: Vec<(usize, Vec<String>)>,
}

impl Reference {
    /// Finds the reference that is asked for; where none is named, the first rule that applies.
    pub fn find(evidence: &Evidence<'_>, choice: &ReferenceChoice) -> Self {
        let (by_claims, split) = evidence.by_claims();
        let (by_servers, doubted) = evidence.by_servers(choice);
        let found = match choice {
            ReferenceChoice::Automatic => {
                let by_own_claim = || evidence.by_controller().filter(|found| split.is_none() && found.is_utc());
                by_claims.or_else(|| evidence.by_agreement(None)).or_else(by_own_claim)
            }
            ReferenceChoice::Consensus => by_claims,
            ReferenceChoice::Agreement => evidence.by_agreement(None),
            ReferenceChoice::Group(group) => evidence.by_agreement(Some(group)),
            ReferenceChoice::Controller => evidence.by_controller(),
            ReferenceChoice::Host(name) => evidence.by_host(name),
            ReferenceChoice::Ntp(_) | ReferenceChoice::Https(_) => by_servers,
        };
        Self { split, doubted, ..found.unwrap_or_else(|| evidence.in_the_middle(choice)) }
    }
}

impl<'seen> Evidence<'seen> {
    fn hosts(&self) -> impl Iterator<Item = (usize, &'seen Observation, &'seen Estimate)> + use<'seen> {
        let hosts = self.seen.observations.iter().zip(self.estimates).enumerate();
        hosts.filter_map(|(index, (observation, estimate))| Some((index, observation, estimate.as_ref()?)))
    }

    fn name(&self, host: usize) -> String {
        self.seen.observations.get(host).map_or_else(String::new, |observation| observation.host.clone())
    }

    fn votes(&self) -> Vec<Vote<'seen>> {
        let vote = |(host, observation, estimate): (usize, &'seen Observation, &'seen Estimate)| {
            let facts = observation.facts.as_ref()?;
            claim_read_in(Some(facts), estimate, self.config)?;
            let claim = (*self.claims.get(host)?)?;
            let (reference_id, claimed) = self.claimed(claim, facts, estimate.allowed_rate(self.config))?;
            Some(Vote { host, reference_id, estimate, utc: estimate.bounds.minus(claimed) })
        };
        self.hosts().filter_map(vote).collect()
    }

    /// Rule 2: what two thirds of the hosts that claim something agree on; or how the claims split.
    fn by_claims(&self) -> (Option<Reference>, Option<Split>) {
        let votes = self.votes();
        let Some(found) = consensus(&votes.iter().map(|vote| vote.utc).collect::<Vec<_>>()) else {
            return (None, None);
        };
        if !found.is_strong() {
            return (None, Some(split(&votes, &found)));
        }
        let agreeing: Vec<&Vote<'_>> = found.agreeing.iter().filter_map(|vote| votes.get(*vote)).collect();
        let contradicting = found.contradicting.iter().filter_map(|vote| votes.get(*vote));
        let basis = Basis::Consensus {
            agreeing: agreeing.len(),
            of: votes.len(),
            contradicting: contradicting.map(|vote| self.name(vote.host)).collect(),
        };
        // UTC has no rate of its own to measure: that of the best known clock which follows it stands for it.
        let rates = agreeing.iter().filter_map(|vote| vote.estimate.likely_rate.or(vote.estimate.rate));
        let rate = rates.min_by_key(|rate| rate.hi.ppb().saturating_sub(rate.lo.ppb()));
        let standing = Standing { bounds: found.region, estimate: found.region.midpoint() };
        let found = Reference { rate, ..self.reference(basis, Some(standing)) };
        (Some(found), None)
    }

    /// Rule 3: the clock in the middle of those that surely agree, of all hosts or of one group.
    fn by_agreement(&self, group: Option<&str>) -> Option<Reference> {
        let is_member = |host: usize| {
            group.is_none_or(|group| self.groups.get(host).is_some_and(|own| own.iter().any(|name| name == group)))
        };
        let mut hosts: Vec<(usize, &Observation, &Estimate)> =
            self.hosts().filter(|(host, _, _)| is_member(*host)).collect();
        hosts.sort_by_key(|(host, observation, _)| (observation.host.as_str(), *host));
        let standings: Vec<Standing> = hosts.iter().map(|(_, _, estimate)| standing_of(estimate)).collect();
        let found = agreement(&standings, self.warn)?;
        let (_, medoid, estimate) = hosts.get(found.medoid)?;
        let basis = Basis::Agreement {
            host: medoid.host.clone(),
            agreeing: found.members.len(),
            group: group.map(str::to_owned),
        };
        Some(self.clock_of(basis, estimate))
    }

    /// Rule 5: no reference; offsets are shown from the clock in the middle of all.
    fn in_the_middle(&self, choice: &ReferenceChoice) -> Reference {
        let mut hosts: Vec<(&str, &Estimate)> =
            self.hosts().map(|(_, observation, estimate)| (observation.host.as_str(), estimate)).collect();
        hosts.sort_by_key(|(name, _)| *name);
        let standings: Vec<Standing> = hosts.iter().map(|(_, estimate)| standing_of(estimate)).collect();
        let middle = medoid(&standings).and_then(|place| hosts.get(place));
        let medoid = middle.map(|(name, _)| (*name).to_owned());
        let basis = Basis::Missing { choice: choice.clone(), medoid };
        match middle {
            Some((_, estimate)) => self.clock_of(basis, estimate),
            None => self.reference(basis, None),
        }
    }

    /// The controller's wall clock.
    fn by_controller(&self) -> Option<Reference> {
        let readings = controller_readings(self.seen);
        let wall = controller_at(&readings, self.seen.controller_stepped, self.epoch, self.config.rho)?;
        let is_moved = self.seen.controller_stepped || controller_moved(&readings, self.config.rho);
        let allowed_rate = if is_moved { self.config.rho_max } else { self.config.rho };
        // What was said of a clock that was set meanwhile says nothing of it at the epoch.
        let said = self.seen.controller_facts.as_ref().filter(|_| !is_moved);
        let claim = said.and_then(|facts| {
            let outcome = timekeeper::claim(&facts.facts.0);
            self.claimed(outcome.claim()?, facts, allowed_rate)
        });
        let bounds = claim.as_ref().map_or(wall, |(_, claimed)| wall.minus(*claimed));
        let standing = Standing { bounds, estimate: bounds.midpoint() };
        let basis = Basis::Controller { claims: claim.is_some() };
        Some(Reference { rate: controller_rate(&readings), allowed_rate, ..self.reference(basis, Some(standing)) })
    }

    /// Where a clock minus UTC lies at the epoch by what its timekeeper said, and what that follows; `None` where it said
    /// nothing of UTC, or nobody knows when.
    fn claimed(&self, claim: &Claim, facts: &FactsReading, rate: Ppm) -> Option<(String, Interval)> {
        let bracket = facts.bracket.as_ref().filter(|_| vouches_for_utc(claim))?;
        let farthest = self.epoch.since(bracket.sent).abs().max(self.epoch.since(bracket.received).abs());
        Some((claim.reference_id.to_string(), claim.interval().widened(farthest.wander(rate))))
    }

    /// The clock of one host.
    fn by_host(&self, name: &str) -> Option<Reference> {
        let (host, _, estimate) = self.hosts().find(|(_, observation, _)| observation.host == name)?;
        let is_near = |claim: &Claim| vouches_for_utc(claim) && claim.bound() <= self.utc_within;
        let claims = self.claims.get(host).is_some_and(|claim| claim.is_some_and(is_near));
        Some(self.clock_of(Basis::Host { name: name.to_owned(), claims }, estimate))
    }

    /// A reference that is a host's clock.
    fn clock_of(&self, basis: Basis, estimate: &Estimate) -> Reference {
        let rate = estimate.likely_rate.or(estimate.rate);
        let allowed_rate = estimate.allowed_rate(self.config);
        Reference { rate, allowed_rate, ..self.reference(basis, Some(standing_of(estimate))) }
    }

    /// A reference of which nothing is known but where it stands: it keeps within `rho` of the axis.
    pub(super) fn reference(&self, basis: Basis, standing: Option<Standing>) -> Reference {
        let allowed_rate = self.config.rho;
        Reference { basis, standing, rate: None, epoch: self.epoch, allowed_rate, split: None, doubted: Vec::new() }
    }
}

fn standing_of(estimate: &Estimate) -> Standing {
    Standing { bounds: estimate.bounds, estimate: estimate.estimate }
}

/// Whether a claim has a bound of its own that says where UTC is: chronyd's, whose bound holds by measurement. SNTP clients
/// believe one server, and bound nothing (CLK208).
fn vouches_for_utc(claim: &Claim) -> bool {
    claim.timekeeper == Timekeeper::Chronyd && claim.root_distance() < MOST_ROOT_DISTANCE
}

/// How the claims split: each side with what it follows.
fn split(votes: &[Vote<'_>], found: &Consensus) -> Split {
    let side = |members: &Vec<usize>| {
        let mut followed: BTreeMap<&str, usize> = BTreeMap::new();
        for vote in members.iter().filter_map(|vote| votes.get(*vote)) {
            *followed.entry(vote.reference_id.as_str()).or_insert(0) += 1;
        }
        let mut followed: Vec<(&str, usize)> = followed.into_iter().collect();
        followed.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        (members.len(), followed.into_iter().map(|(name, _)| name.to_owned()).collect())
    };
    Split { sides: found.sides.iter().map(side).collect() }
}
