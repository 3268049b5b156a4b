//! The reference: the clock that offsets are relative to, as an interval on the axis at the epoch.

mod claims;
mod contradiction;
mod find;
mod grounds;
mod servers;

pub use contradiction::{Contradiction, Witness};
pub use find::{Evidence, Split};
pub use servers::{Doubt, DoubtedServer};

use super::policy::ReferenceChoice;
use crate::clock::estimate::{RateBounds, Single};
use crate::clock::pairs::Standing;
use crate::clock::rate::relative;
use crate::clock::{Estimate, Interval, Nanos, Ppm, UnixNanos};
use crate::probe::Seen;

/// Whose clock the reference is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// UTC, as at least two thirds of the hosts that claim to follow it agree.
    Consensus {
        /// How many agree.
        agreeing: usize,
        /// How many claim something.
        of: usize,
        /// The hosts whose claims the others contradict.
        contradicting: Vec<String>,
    },
    /// The clock in the middle of those that surely agree with each other. Not UTC.
    Agreement {
        /// Whose clock it is.
        host: String,
        /// How many agree.
        agreeing: usize,
        /// The group that was asked for.
        group: Option<String>,
    },
    /// UTC, as a strict majority of the time servers that were named has it.
    Ntp {
        /// The servers that agree.
        agreeing: Vec<String>,
        /// How many said something usable.
        of: usize,
    },
    /// UTC, coarsely, as a strict majority of the web servers that were named has it.
    Https {
        /// The servers that agree.
        agreeing: Vec<String>,
        /// How many said something usable.
        of: usize,
    },
    /// The controller's clock.
    Controller {
        /// Whether it claims to follow UTC: then the reference is UTC as it claims. Else it is its wall clock, and nothing
        /// vouches for that.
        claims: bool,
    },
    /// The clock of one host.
    Host {
        /// Its name.
        name: String,
        /// Whether it claims to be UTC, to within the limit to warn at.
        claims: bool,
    },
    /// None: what was asked for was not measured, or no rule applied. Offsets are only relative, to the clock in the middle
    /// of all; pairs are judged, offsets are not.
    Missing {
        /// What was asked for.
        choice: ReferenceChoice,
        /// The host in the middle; `None` where none was measured.
        medoid: Option<String>,
        /// How near the hosts' claims came to agreeing.
        claims: Shortfall,
        /// How many claims do not count: of hosts that hang on a host of the fleet which follows its own clock.
        ungrounded: usize,
        /// How near their clocks did, of the group where one was asked for.
        clocks: Shortfall,
        /// Within what clocks agree.
        within: Nanos,
    },
}

/// How near a rule about a majority came to applying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// The most that agree.
    pub agreeing: usize,
    /// Of how many.
    pub of: usize,
    /// How many would have had to.
    pub needed: usize,
}

/// What offsets are relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Whose clock it is.
    pub basis: Basis,
    /// Where it stands against the axis at the epoch, positive = ahead of the axis; `None` where nothing was measured.
    pub standing: Option<Standing>,
    /// Where that clock minus UTC lies at the epoch by its own timekeeper; `None` where it is no host's that was named, or that
    /// claims nothing.
    pub claim: Option<Interval>,
    /// Its rate against the axis, positive = fast; `None` where nothing is known of it.
    pub rate: Option<RateBounds>,
    /// The instant that `standing` holds for.
    pub epoch: UnixNanos,
    /// How fast it may have wandered from the axis before and after that instant.
    pub allowed_rate: Ppm,
    /// UTC minus the axis at the epoch by the claims of fewer than three hosts and of the controller, where there are any and none
    /// contradicts another: too few to be a reference, enough to doubt whoever is far from them.
    pub few_claims: Option<Interval>,
    /// How the hosts' claims split, where they do.
    pub split: Option<Split>,
    /// The time servers that were named and are not believed, and why.
    pub doubted: Vec<DoubtedServer>,
    /// Who contradicts it, where it was named and they do.
    pub contradiction: Option<Contradiction>,
}

impl Reference {
    /// Whether it is UTC by somebody's word, so that a limit on the offset from UTC can be judged.
    pub fn is_utc(&self) -> bool {
        match &self.basis {
            Basis::Consensus { .. } | Basis::Ntp { .. } | Basis::Https { .. } => true,
            Basis::Host { claims, .. } | Basis::Controller { claims } => {
                let by_claims = |contradiction: &Contradiction| contradiction.by == Witness::Claims;
                *claims && !self.contradiction.as_ref().is_some_and(by_claims)
            }
            Basis::Agreement { .. } | Basis::Missing { .. } => false,
        }
    }

    /// Whether limits can be applied to offsets from it.
    pub fn is_found(&self) -> bool {
        !matches!(self.basis, Basis::Missing { .. })
    }

    /// Whether nothing vouches for it, so that it may itself be off by what is let pass unwarned.
    pub fn is_unverified(&self) -> bool {
        matches!(self.basis, Basis::Controller { claims: false } | Basis::Agreement { .. })
    }

    /// The host whose clock it is, where it is one.
    pub fn host(&self) -> Option<&str> {
        match &self.basis {
            Basis::Host { name, .. } | Basis::Agreement { host: name, .. } => Some(name),
            Basis::Missing { medoid, .. } => medoid.as_deref(),
            Basis::Consensus { .. } | Basis::Ntp { .. } | Basis::Https { .. } | Basis::Controller { .. } => None,
        }
    }

    /// Whether this reference is that host's own clock.
    pub fn is(&self, host: &str) -> bool {
        self.host() == Some(host)
    }

    /// The offset of a host from the reference, positive = the host is ahead; `None` without a reference.
    pub fn offset(&self, host: &str, estimate: &Estimate) -> Option<Standing> {
        let reference = self.standing?;
        if self.is(host) {
            return Some(Standing { bounds: Interval::point(Nanos::ZERO), estimate: Nanos::ZERO });
        }
        Some(Standing {
            bounds: estimate.bounds.minus(reference.bounds),
            estimate: estimate.estimate - reference.estimate,
        })
    }

    /// Where UTC minus the axis lies at the epoch, if the reference is right about it: a named host's own claim counts.
    pub fn utc(&self) -> Option<Interval> {
        let clock = self.standing?.bounds;
        Some(self.claim.map_or(clock, |claim| clock.minus(claim)))
    }

    /// The offset of a host from UTC, if the reference is right about that.
    pub fn offset_from_utc(&self, estimate: &Estimate) -> Option<Standing> {
        let (utc, standing) = (self.utc()?, self.standing?);
        let claimed = self.claim.map_or(Nanos::ZERO, Interval::midpoint);
        Some(Standing { bounds: estimate.bounds.minus(utc), estimate: estimate.estimate - standing.estimate + claimed })
    }

    /// What one exchange alone proves of a host against the reference: the reference is carried from the epoch to the
    /// exchange's own time. `None` without a reference, and for the reference itself.
    pub fn offset_in(&self, host: &str, single: &Single) -> Option<Interval> {
        let standing = self.standing.filter(|_| !self.is(host))?;
        let farthest = [single.from, single.to].map(|end| self.epoch.since(end).abs()).into_iter().max()?;
        Some(single.bounds.minus(standing.bounds.widened(farthest.wander(self.allowed_rate))))
    }

    /// The rate of a host against the reference, positive = fast; `None` where either is not known.
    pub fn rate_of(&self, host: &str, estimate: &Estimate) -> Option<RateBounds> {
        if self.is(host) {
            return Some(RateBounds { lo: Ppm::from_ppb(0), hi: Ppm::from_ppb(0) });
        }
        Some(relative(estimate.likely_rate.or(estimate.rate)?, self.rate?))
    }
}

/// The controller's readings as the clock room takes them: instant on the axis, wall clock minus axis.
pub(super) fn controller_readings(seen: &Seen) -> Vec<(UnixNanos, Interval)> {
    seen.controller.iter().map(|reading| (reading.at, reading.x)).collect()
}
