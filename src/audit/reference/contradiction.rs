//! Who contradicts a reference that was named, for certain. It stays the reference; what it proves of others is less.

use super::claims::Claims;
use super::{Basis, Evidence, Reference};
use crate::clock::reference::Agreement;
use crate::clock::{Estimate, Interval, Nanos};

/// So many time servers of one mind are believed rather than hosts that follow fewer upstreams.
const FIRM_SERVERS: usize = 3;

/// The hosts that contradict the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// What they contradict it by.
    pub by: Witness,
    /// Their names.
    pub hosts: Vec<String>,
    /// Of how many hosts that claim something, or were measured.
    pub of: usize,
    /// The named reference minus what they say.
    pub off: Interval,
    /// What they say, minus the axis at the epoch.
    pub says: Interval,
    /// Whether the reference is attested by more witnesses than they are: then it may accuse them all the same.
    pub is_outweighed: bool,
}

/// What hosts contradict a reference by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// Their verified claims, which agree about UTC.
    Claims,
    /// Their clocks, which are surely within this of each other.
    Clocks(Nanos),
}

impl Contradiction {
    /// The offset of a clock from what the witnesses say, positive = ahead.
    pub fn offset(&self, estimate: &Estimate) -> Interval {
        estimate.bounds.minus(self.says)
    }

    /// How far what they say may be from UTC: clocks that agree may be off together by what is let pass unwarned.
    pub fn doubt(&self) -> Nanos {
        match self.by {
            Witness::Claims => Nanos::ZERO,
            Witness::Clocks(within) => within,
        }
    }
}

impl Evidence<'_> {
    /// Who contradicts `found`, for certain: two thirds of three or more verified claims, else two thirds of three or more
    /// measured clocks.
    pub(super) fn contradiction(&self, found: &Reference, claims: &Claims<'_>) -> Option<Contradiction> {
        if matches!(found.basis, Basis::Missing { .. } | Basis::Consensus { .. }) {
            return None;
        }
        let clock = found.standing?.bounds;
        let utc = found.utc()?;
        // What nothing vouches for may be off by what is let pass unwarned, and no more.
        let doubt = if found.is_unverified() { self.warn } else { Nanos::ZERO };
        let outweighs = |witnesses: usize| match &found.basis {
            Basis::Ntp { agreeing, .. } => agreeing.len() >= FIRM_SERVERS && agreeing.len() > witnesses,
            _ => false,
        };
        if let Some(agreed) = claims.agreed() {
            let contradiction = || Contradiction {
                by: Witness::Claims,
                hosts: agreed.hosts.iter().map(|host| self.name(*host)).collect(),
                of: agreed.of,
                off: utc.minus(agreed.region),
                says: agreed.region,
                is_outweighed: outweighs(agreed.upstreams),
            };
            return utc.widened(doubt).is_disjoint(agreed.region).then(contradiction);
        }
        let (hosts, agreement) = self.agreement(None)?;
        let members: Vec<usize> = agreement.members.iter().filter_map(|place| hosts.get(*place).copied()).collect();
        let agreement = Some(agreement).filter(Agreement::is_strong)?;
        let is_beyond = |host: &usize| {
            let standing = self.estimates.get(*host).and_then(Option::as_ref);
            standing.is_some_and(|own| [clock, utc].iter().all(|one| one.widened(self.warn).is_disjoint(own.bounds)))
        };
        let middle = self.estimates.get(*hosts.get(agreement.medoid)?)?.as_ref()?.bounds;
        members.iter().all(is_beyond).then(|| Contradiction {
            by: Witness::Clocks(self.warn),
            hosts: members.iter().map(|host| self.name(*host)).collect(),
            of: agreement.of,
            off: clock.minus(middle),
            says: middle,
            // Clocks that claim nothing are no witnesses of UTC.
            is_outweighed: outweighs(0),
        })
    }
}
