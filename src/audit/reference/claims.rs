//! Rule 2: UTC, as two thirds of the hosts that claim to follow it agree; or how their claims split.

use std::collections::{BTreeMap, BTreeSet};

use super::{Basis, Evidence, Reference, Shortfall, Split};
use crate::audit::judge::claim_read_in;
use crate::clock::pairs::Standing;
use crate::clock::reference::{Consensus, consensus, two_thirds_of};
use crate::clock::{Estimate, Interval, Nanos, Ppm};
use crate::probe::{FactsReading, Observation};
use crate::timekeeper::{Claim, Timekeeper};

/// A claim whose root distance reaches this says nothing of UTC.
const MOST_ROOT_DISTANCE: Nanos = Nanos::from_millis(1_500);

/// A host's vote on where UTC is.
struct Vote<'seen> {
    host: usize,
    /// What it follows.
    reference_id: String,
    estimate: &'seen Estimate,
    utc: Interval,
}

/// What the hosts' claims say together.
pub(super) struct Claims<'seen> {
    votes: Vec<Vote<'seen>>,
    /// `None` of fewer than three.
    found: Option<Consensus>,
    /// How many claim something, and hang on a host of the fleet that follows its own clock.
    pub(super) ungrounded: usize,
}

/// The claims that agree, where they are believed.
pub(super) struct Agreed {
    /// UTC minus the axis.
    pub(super) region: Interval,
    /// The hosts.
    pub(super) hosts: Vec<usize>,
    /// Of how many claims.
    pub(super) of: usize,
    /// How many different upstreams they follow: so many witnesses there are.
    pub(super) upstreams: usize,
}

impl<'seen> Evidence<'seen> {
    /// What the hosts' claims say together.
    pub(super) fn claims_together(&self) -> Claims<'seen> {
        let ungrounded = self.ungrounded();
        let vote = |(host, observation, estimate): (usize, &'seen Observation, &'seen Estimate)| {
            let facts = observation.facts.as_ref()?;
            claim_read_in(Some(facts), estimate, self.config)?;
            let claim = (*self.claims.get(host)?)?;
            let (reference_id, claimed) = self.claimed(claim, facts, estimate.allowed_rate(self.config))?;
            Some(Vote { host, reference_id, estimate, utc: estimate.bounds.minus(claimed) })
        };
        let grounded = self.hosts().filter(|(host, _, _)| !ungrounded.contains(host));
        let votes: Vec<Vote<'seen>> = grounded.filter_map(vote).collect();
        let found = consensus(&votes.iter().map(|vote| vote.utc).collect::<Vec<_>>());
        Claims { votes, found, ungrounded: ungrounded.len() }
    }

    /// Where a clock minus UTC lies at the epoch by what its timekeeper said, and what that follows; `None` where it said
    /// nothing of UTC, or nobody knows when.
    pub(super) fn claimed(&self, claim: &Claim, facts: &FactsReading, rate: Ppm) -> Option<(String, Interval)> {
        Some(claim).filter(|claim| vouches_for_utc(claim))?;
        Some((claim.reference_id.to_string(), self.claim_at_epoch(claim, facts, rate)?))
    }

    /// A claim, carried from when it was said to the epoch; `None` where nobody knows when that was.
    pub(super) fn claim_at_epoch(&self, claim: &Claim, facts: &FactsReading, rate: Ppm) -> Option<Interval> {
        let bracket = facts.bracket.as_ref()?;
        let farthest = self.epoch.since(bracket.sent).abs().max(self.epoch.since(bracket.received).abs());
        Some(claim.interval().widened(farthest.wander(rate)))
    }
}

impl Claims<'_> {
    fn strong(&self) -> Option<&Consensus> {
        self.found.as_ref().filter(|found| found.is_strong())
    }

    fn votes_of<'claims>(&'claims self, places: &'claims [usize]) -> impl Iterator<Item = &'claims Vote<'claims>> {
        places.iter().filter_map(|place| self.votes.get(*place))
    }

    /// UTC as the claims agree, where two thirds of three or more do.
    pub(super) fn reference(&self, evidence: &Evidence<'_>) -> Option<Reference> {
        let found = self.strong()?;
        let basis = Basis::Consensus {
            agreeing: found.agreeing.len(),
            of: self.votes.len(),
            contradicting: self.votes_of(&found.contradicting).map(|vote| evidence.name(vote.host)).collect(),
        };
        // UTC has no rate of its own to measure: that of the best known clock which follows it stands for it.
        let agreeing = self.votes_of(&found.agreeing);
        let rates = agreeing.filter_map(|vote| vote.estimate.likely_rate.or(vote.estimate.rate));
        let rate = rates.min_by_key(|rate| rate.hi.ppb().saturating_sub(rate.lo.ppb()));
        let standing = Standing { bounds: found.region, estimate: found.region.midpoint() };
        Some(Reference { rate, ..evidence.reference(basis, Some(standing)) })
    }

    /// Those that agree, where two thirds of three or more do.
    pub(super) fn agreed(&self) -> Option<Agreed> {
        let found = self.strong()?;
        let votes = || self.votes_of(&found.agreeing);
        let upstreams: BTreeSet<&str> = votes().map(|vote| vote.reference_id.as_str()).collect();
        Some(Agreed {
            region: found.region,
            hosts: votes().map(|vote| vote.host).collect(),
            of: self.votes.len(),
            upstreams: upstreams.len(),
        })
    }

    /// How the claims split, where there are three or more and no two thirds agree.
    pub(super) fn split(&self) -> Option<Split> {
        let found = self.found.as_ref().filter(|found| !found.is_strong())?;
        let side = |members: &Vec<usize>| {
            let mut followed: BTreeMap<&str, usize> = BTreeMap::new();
            for vote in self.votes_of(members) {
                *followed.entry(vote.reference_id.as_str()).or_insert(0) += 1;
            }
            let mut followed: Vec<(&str, usize)> = followed.into_iter().collect();
            followed.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
            (members.len(), followed.into_iter().map(|(name, _)| name.to_owned()).collect())
        };
        Some(Split { sides: found.sides.iter().map(side).collect() })
    }

    /// UTC by the claims of one or two hosts and by that of the controller, where all of them may be true.
    pub(super) fn few(&self, controller: Option<Interval>) -> Option<Interval> {
        if self.found.is_some() {
            return None;
        }
        let mut claims = self.votes.iter().map(|vote| vote.utc).chain(controller);
        let first = claims.next()?;
        claims.try_fold(first, Interval::intersection)
    }

    /// How far they are from being believed.
    pub(super) fn shortfall(&self) -> Shortfall {
        let of = self.votes.len();
        match &self.found {
            Some(found) => Shortfall { agreeing: found.agreeing.len(), of, needed: two_thirds_of(of) },
            None => Shortfall { agreeing: of, of, needed: 3 },
        }
    }
}

/// Whether a claim has a bound of its own that says where UTC is: chronyd's, whose bound holds by measurement. SNTP clients
/// believe one server, and bound nothing (CLK208).
pub(super) fn vouches_for_utc(claim: &Claim) -> bool {
    claim.timekeeper == Timekeeper::Chronyd && claim.root_distance() < MOST_ROOT_DISTANCE
}
