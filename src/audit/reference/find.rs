//! Finding the reference: the first rule that applies (`docs/measurement.md`, "The reference").

use super::claims::{Claims, vouches_for_utc};
use super::{Basis, Reference, Shortfall, controller_readings};
use crate::audit::judge::claim_read_in;
use crate::audit::policy::ReferenceChoice;
use crate::clock::controller::{controller_at, controller_moved, controller_rate};
use crate::clock::estimate::Config;
use crate::clock::pairs::{Standing, medoid};
use crate::clock::reference::{Agreement, agreement};
use crate::clock::{Estimate, Nanos, UnixNanos};
use crate::probe::{Observation, Seen};
use crate::timekeeper::{self, Claim};

/// Everything that the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'seen> {
    /// What was seen.
    pub seen: &'seen Seen,
    /// The estimates of the observations, in their order.
    pub estimates: &'seen [Option<Estimate>],
    /// What the hosts' timekeepers claim, in the order of the observations.
    pub claims: &'seen [Option<&'seen Claim>],
    /// The hosts that follow their own clocks and call that synchronised, as places of observations.
    pub own_clocks: &'seen [usize],
    /// The groups of the hosts, in the order of the observations.
    pub groups: &'seen [Vec<String>],
    /// Where the hosts were reached, in the order of the observations; `None` where that is not known.
    pub addresses: &'seen [Option<String>],
    /// The instant that offsets hold for.
    pub epoch: UnixNanos,
    /// Hosts that agree are within this of each other.
    pub warn: Nanos,
    /// A host whose own claim does not keep it within this of UTC is no UTC.
    pub utc_within: Nanos,
    /// How far clocks wander.
    pub config: &'seen Config,
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
        let claims = evidence.claims_together();
        let split = claims.split();
        let (by_servers, doubted) = evidence.by_servers(choice);
        let by_claims = || claims.reference(evidence);
        let found = match choice {
            ReferenceChoice::Automatic => {
                let by_own_claim = || evidence.by_controller().filter(|found| split.is_none() && found.is_utc());
                by_claims().or_else(|| evidence.by_agreement(None)).or_else(by_own_claim)
            }
            ReferenceChoice::Consensus => by_claims(),
            ReferenceChoice::Agreement => evidence.by_agreement(None),
            ReferenceChoice::Group(group) => evidence.by_agreement(Some(group)),
            ReferenceChoice::Controller => evidence.by_controller(),
            ReferenceChoice::Host(name) => evidence.by_host(name),
            ReferenceChoice::Ntp(_) | ReferenceChoice::Https(_) => by_servers,
        };
        let found = found.unwrap_or_else(|| evidence.in_the_middle(choice, &claims));
        let contradiction = evidence.contradiction(&found, &claims);
        let few_claims = claims.few(evidence.by_controller().filter(Self::is_utc).and_then(|found| found.utc()));
        Self { few_claims, split, doubted, contradiction, ..found }
    }
}

impl<'seen> Evidence<'seen> {
    pub(super) fn hosts(&self) -> impl Iterator<Item = (usize, &'seen Observation, &'seen Estimate)> + use<'seen> {
        let hosts = self.seen.observations.iter().zip(self.estimates).enumerate();
        hosts.filter_map(|(index, (observation, estimate))| Some((index, observation, estimate.as_ref()?)))
    }

    pub(super) fn name(&self, host: usize) -> String {
        self.seen.observations.get(host).map_or_else(String::new, |observation| observation.host.clone())
    }

    /// The largest set of clocks that surely agree, of all hosts or of one group, as places in the list of those hosts, which
    /// is given with it, sorted by name.
    pub(super) fn agreement(&self, group: Option<&str>) -> Option<(Vec<usize>, Agreement)> {
        let hosts = self.measured(group);
        let standing = |host: &usize| self.estimates.get(*host).and_then(Option::as_ref).map(standing_of);
        let standings: Vec<Standing> = hosts.iter().filter_map(standing).collect();
        let found = agreement(&standings, self.warn)?;
        Some((hosts, found))
    }

    /// The measured hosts, all or of one group, sorted by name.
    fn measured(&self, group: Option<&str>) -> Vec<usize> {
        let is_member = |host: usize| {
            group.is_none_or(|group| self.groups.get(host).is_some_and(|own| own.iter().any(|name| name == group)))
        };
        let mut hosts: Vec<(&str, usize)> =
            self.hosts().map(|(host, observation, _)| (observation.host.as_str(), host)).collect();
        hosts.retain(|(_, host)| is_member(*host));
        hosts.sort_unstable();
        hosts.into_iter().map(|(_, host)| host).collect()
    }

    /// Rule 3: the clock in the middle of those that surely agree, of all hosts or of one group.
    fn by_agreement(&self, group: Option<&str>) -> Option<Reference> {
        let (hosts, found) = self.agreement(group).filter(|(_, found)| found.is_strong())?;
        let medoid = *hosts.get(found.medoid)?;
        let basis = Basis::Agreement {
            host: self.name(medoid),
            agreeing: found.members.len(),
            group: group.map(str::to_owned),
        };
        Some(self.clock_of(basis, self.estimates.get(medoid)?.as_ref()?))
    }

    /// Rule 5: no reference; offsets are shown from the clock in the middle of all.
    fn in_the_middle(&self, choice: &ReferenceChoice, claims: &Claims<'_>) -> Reference {
        let mut hosts: Vec<(&str, &Estimate)> =
            self.hosts().map(|(_, observation, estimate)| (observation.host.as_str(), estimate)).collect();
        hosts.sort_by_key(|(name, _)| *name);
        let standings: Vec<Standing> = hosts.iter().map(|(_, estimate)| standing_of(estimate)).collect();
        let middle = medoid(&standings).and_then(|place| hosts.get(place));
        let medoid = middle.map(|(name, _)| (*name).to_owned());
        let group = if let ReferenceChoice::Group(group) = choice { Some(group.as_str()) } else { None };
        let of = self.measured(group).len();
        let agreeing = self.agreement(group).map_or(0, |(_, found)| found.members.len());
        let clocks = Shortfall { agreeing, of, needed: Agreement::needed_of(of) };
        let (choice, within) = (choice.clone(), self.warn);
        let (ungrounded, claims) = (claims.ungrounded, claims.shortfall());
        let basis = Basis::Missing { choice, medoid, claims, ungrounded, clocks, within };
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

    /// The clock of one host.
    fn by_host(&self, name: &str) -> Option<Reference> {
        let (host, observation, estimate) = self.hosts().find(|(_, observation, _)| observation.host == name)?;
        let is_near = |claim: &Claim| vouches_for_utc(claim) && claim.bound() <= self.utc_within;
        let said = self.claims.get(host).copied().flatten();
        let claim = observation.facts.as_ref().zip(said).and_then(|(facts, claim)| {
            claim_read_in(Some(facts), estimate, self.config)?;
            self.claim_at_epoch(claim, facts, estimate.allowed_rate(self.config))
        });
        let basis = Basis::Host {
            name: name.to_owned(),
            claims: said.is_some_and(is_near) && !self.ungrounded().contains(&host),
        };
        Some(Reference { claim, ..self.clock_of(basis, estimate) })
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
        Reference {
            basis,
            standing,
            claim: None,
            rate: None,
            epoch: self.epoch,
            allowed_rate,
            few_claims: None,
            split: None,
            doubted: Vec::new(),
            contradiction: None,
        }
    }
}

fn standing_of(estimate: &Estimate) -> Standing {
    Standing { bounds: estimate.bounds, estimate: estimate.estimate }
}
