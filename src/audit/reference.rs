//! The reference: the clock that offsets are relative to, as an interval on the axis at the epoch.

use super::policy::{Policy, ReferenceChoice};
use crate::clock::controller::{controller_at, controller_moved, controller_rate};
use crate::clock::estimate::{Config, RateBounds, Single};
use crate::clock::pairs::Standing;
use crate::clock::rate::relative;
use crate::clock::{Estimate, Interval, Nanos, Ppm, UnixNanos};
use crate::probe::Seen;

/// Whose clock the reference is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The controller's wall clock. Nothing vouches for it: it is UTC only as far as this machine is right.
    Controller,
    /// The clock of the host of this name.
    Host(String),
    /// None: the one that was asked for was not measured. Pairs are judged, offsets are not.
    Missing(ReferenceChoice),
}

/// What offsets are relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Whose clock it is.
    pub basis: Basis,
    /// Where it stands against the axis at the epoch, positive = ahead of the axis; `None` where it is missing.
    pub standing: Option<Standing>,
    /// Its rate against the axis, positive = fast; `None` where nothing is known of it.
    pub rate: Option<RateBounds>,
    /// The instant that `standing` holds for.
    pub epoch: UnixNanos,
    /// How fast it may have wandered from the axis before and after that instant.
    pub allowed_rate: Ppm,
}

impl Reference {
    /// Finds the reference that the policy asks for.
    pub fn find(
        seen: &Seen,
        estimates: &[Option<Estimate>],
        policy: &Policy,
        epoch: UnixNanos,
        config: &Config,
    ) -> Self {
        let found = match &policy.reference {
            ReferenceChoice::Controller => Self::controller(seen, epoch, config),
            ReferenceChoice::Host(name) => Self::host(seen, estimates, name, config),
        };
        found.unwrap_or(Self {
            basis: Basis::Missing(policy.reference.clone()),
            standing: None,
            rate: None,
            epoch,
            allowed_rate: config.rho,
        })
    }

    fn controller(seen: &Seen, epoch: UnixNanos, config: &Config) -> Option<Self> {
        let readings = controller_readings(seen);
        let bounds = controller_at(&readings, seen.controller_stepped, epoch, config.rho)?;
        let standing = Standing { bounds, estimate: bounds.midpoint() };
        let is_moved = seen.controller_stepped || controller_moved(&readings, config.rho);
        Some(Self {
            basis: Basis::Controller,
            standing: Some(standing),
            rate: controller_rate(&readings),
            epoch,
            allowed_rate: if is_moved { config.rho_max } else { config.rho },
        })
    }

    fn host(seen: &Seen, estimates: &[Option<Estimate>], name: &str, config: &Config) -> Option<Self> {
        let index = seen.observations.iter().position(|observation| observation.host == name)?;
        let estimate = estimates.get(index)?.as_ref()?;
        let standing = Standing { bounds: estimate.bounds, estimate: estimate.estimate };
        let rate = estimate.likely_rate.or(estimate.rate);
        Some(Self {
            basis: Basis::Host(name.to_owned()),
            standing: Some(standing),
            rate,
            epoch: estimate.epoch,
            allowed_rate: estimate.allowed_rate(config),
        })
    }

    /// Whether this reference is that host's own clock.
    pub fn is(&self, host: &str) -> bool {
        matches!(&self.basis, Basis::Host(name) if name == host)
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
