//! What exchanges prove about one clock: its status, bounds, point estimate and rate (`docs/measurement.md`, sections 1, 2, 5).

use super::consistency::is_consistent;
use super::constraint::{Constraint, bounds_at, instant, interval};
use super::exchange::Exchange;
use super::interval::Interval;
use super::path_stable::path_stable;
use super::rate::{Lines, RateEnds};
use super::status::Judgement;
use super::units::{Nanos, Ppm, UnixNanos};

pub use super::controller::controller_at;

/// What the estimator takes for granted about clocks; the defaults are those of `docs/measurement.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Greatest rate of a steady clock against the axis (assumption A2): 500 ppm.
    pub rho: Ppm,
    /// Greatest rate of a clock that is being moved: 100 500 ppm, the kernel's limit and a steady clock's on top.
    pub rho_max: Ppm,
    /// Rate at which constraints are carried for the point estimate: 15 ppm, as NTP's PHI.
    pub rho_est: Ppm,
    /// Share of the time between two forked readings that lies before the first one is taken, in millionths: 840 000
    /// (measured on real shells).
    pub kappa_ppm: i64,
}

impl Config {
    /// The values of `docs/measurement.md`.
    pub const STANDARD: Self = Self {
        rho: Ppm::from_ppm(500),
        rho_max: Ppm::from_ppm(100_500),
        rho_est: Ppm::from_ppm(15),
        kappa_ppm: 840_000,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// How a clock behaved while it was sampled (`docs/measurement.md`, 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No valid exchange.
    NoData,
    /// No change: one clock within 500 ppm explains every exchange.
    Steady,
    /// A change is likely, not proved: the path-stable set contradicts itself.
    Suspect,
    /// One reading in the middle contradicts all others.
    Glitch,
    /// The clock was set: no slew that Linux can make explains it.
    Stepped,
    /// The clock is being moved by rate, along one straight line.
    Slewing,
    /// The clock was stepped or slewed, it cannot be told which.
    Moved,
}

impl Status {
    /// The word for it, in reports and traces.
    pub fn label(self) -> &'static str {
        match self {
            Self::NoData => "nodata",
            Self::Steady => "steady",
            Self::Suspect => "suspect",
            Self::Glitch => "glitch",
            Self::Stepped => "stepped",
            Self::Slewing => "slewing",
            Self::Moved => "moved",
        }
    }
}

/// How the point estimate was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Middle of the intersected intervals, carried at 15 ppm.
    Intersection,
    /// Centre of the straight line that fits.
    Affine,
    /// Middle of the bounds.
    Midpoint,
}

impl Method {
    /// The word for it, in reports and traces.
    pub fn label(self) -> &'static str {
        match self {
            Self::Intersection => "intersection",
            Self::Affine => "affine",
            Self::Midpoint => "midpoint",
        }
    }
}

/// The narrowest single exchange: bounds that rest on assumption A1 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Single {
    /// When its request was sent, on the axis.
    pub from: UnixNanos,
    /// When its reply was received, on the axis.
    pub to: UnixNanos,
    /// Bounds of the clock's offset from the axis at some instant between the two.
    pub bounds: Interval,
}

/// The bounds where they are narrowest: at the middle of the exchange with the least delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// The instant they hold for, on the axis.
    pub at: UnixNanos,
    /// Bounds of the clock's offset from the axis at that instant.
    pub bounds: Interval,
    /// Point estimate at that instant.
    pub estimate: Nanos,
}

/// Bounds of a rate, ppm; positive = fast against the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateBounds {
    /// The least rate.
    pub lo: Ppm,
    /// The greatest rate.
    pub hi: Ppm,
}

/// One change of a clock that was caught: a step, or the part of a slew between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// It happened after this instant of the axis.
    pub after: UnixNanos,
    /// It happened before this instant of the axis.
    pub before: UnixNanos,
    /// Bounds of its size; positive = the clock was moved forward.
    pub size: Interval,
}

/// Everything that is known of one clock at an epoch; offsets are relative to the axis, positive = ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// How the clock behaved.
    pub status: Status,
    /// The instant of the axis that `bounds` and `estimate` hold for.
    pub epoch: UnixNanos,
    /// Bounds of the offset under assumptions A1 and A2.
    pub bounds: Interval,
    /// Point estimate of the offset, inside the bounds.
    pub estimate: Nanos,
    /// How the point estimate was made.
    pub method: Method,
    /// The bounds of one exchange alone.
    pub single: Single,
    /// The bounds where they are narrowest.
    pub best: Best,
    /// Bounds of the rate; `None` where no constant rate fits, or one exchange says nothing about it.
    pub rate: Option<RateBounds>,
    /// The rate's limits one by one: a few exchanges may limit it on one side only.
    pub rate_ends: RateEnds,
    /// Narrower bounds of the rate under assumption A3 (the path does not change).
    pub likely_rate: Option<RateBounds>,
    /// The changes that were caught, oldest first.
    pub steps: Vec<Step>,
    /// Indices (among the valid exchanges, oldest first) of readings that contradict all others.
    pub glitches: Vec<usize>,
    /// Least time from a request to its reply, of all valid exchanges.
    pub rtt_min: Nanos,
    /// When the first exchange was sent, on the axis.
    pub first: UnixNanos,
    /// When the last exchange was received, on the axis.
    pub last: UnixNanos,
    /// How many exchanges were valid.
    pub valid: usize,
    /// How many exchanges were refused as invalid.
    pub invalid: usize,
    /// How many exchanges the bounds rest on.
    pub used: usize,
    /// Time of a fork and exec that was taken off the upper bounds for the point estimate.
    pub spawn: Nanos,
}

impl Estimate {
    /// The greatest rate that assumption A2 allows this clock: `rho` for a steady one (a step is over at
    /// once), `rho_max` for one that may still be moving.
    pub fn allowed_rate(&self, config: &Config) -> Ppm {
        match self.status {
            Status::NoData | Status::Steady | Status::Glitch | Status::Stepped => config.rho,
            Status::Suspect | Status::Slewing | Status::Moved => config.rho_max,
        }
    }
}

/// Estimates one clock at `epoch` from its exchanges, in any order; `None` where none of them is valid.
///
/// `spawn` is the time of a fork and exec before each reading where that is known by other means; with 0 it is taken
/// from the exchanges whose reader forks.
pub fn estimate(exchanges: &[Exchange], spawn: Nanos, epoch: UnixNanos, config: &Config) -> Option<Estimate> {
    let mut valid: Vec<&Exchange> = exchanges.iter().filter(|exchange| exchange.is_valid()).collect();
    valid.sort_by_key(|exchange| (exchange.sent, exchange.received));
    let measured = spawn_time(&valid, config);
    let correction = if spawn > Nanos::ZERO { spawn } else { measured };
    let constraints: Vec<Constraint> = valid
        .iter()
        .map(|exchange| {
            let applies = exchange.spawned || spawn > Nanos::ZERO;
            Constraint::of(exchange, if applies { correction } else { Nanos::ZERO }, config.rho)
        })
        .collect();

    let judgement = Judgement::of(&constraints, config);
    let used = &judgement.used;
    let at = i128::from(epoch.0);
    let bounds = interval(bounds_at(used, at, judgement.rate)?);
    let point = PointEstimate::over(used, config);
    let (estimate, method) = point.at(at, bounds);

    // Rounded readings of a clock that is being moved may cross by a little; the magnitude is what such a one leaves open.
    let narrowest = constraints.iter().rev().min_by_key(|one| one.width.abs())?;
    let quickest = used.iter().min_by_key(|one| one.width)?;
    let quickest_at = (quickest.sent + quickest.received).div_euclid(2);
    let best_bounds = interval(bounds_at(used, quickest_at, judgement.rate)?);
    let (best_estimate, _) = point.at(quickest_at, best_bounds);

    let rated: &[Constraint] = if judgement.status == Status::Slewing { &constraints } else { used };
    let rate_ends = if rated.len() == used.len() { point.lines } else { Lines::fitting(rated) }
        .map(Lines::ends)
        .unwrap_or_default();
    Some(Estimate {
        status: judgement.status,
        epoch,
        bounds,
        estimate,
        method,
        single: Single {
            from: instant(narrowest.sent),
            to: instant(narrowest.received),
            bounds: interval((narrowest.lower, narrowest.upper)),
        },
        best: Best { at: instant(quickest_at), bounds: best_bounds, estimate: best_estimate },
        rate: rate_ends.bounds(),
        rate_ends,
        likely_rate: likely_rate(rated),
        steps: judgement.steps,
        glitches: judgement.glitches,
        rtt_min: Nanos::saturating_from(constraints.iter().map(|one| one.received - one.sent).min()?),
        first: instant(constraints.first()?.sent),
        last: instant(constraints.iter().map(|one| one.received).max()?),
        valid: constraints.len(),
        invalid: exchanges.len() - constraints.len(),
        used: used.len(),
        spawn: correction,
    })
}

/// The share of the least time between two forked readings that passes before a reading is taken.
fn spawn_time(valid: &[&Exchange], config: &Config) -> Nanos {
    let between = valid.iter().filter(|exchange| exchange.spawned).map(|exchange| exchange.last.since(exchange.first));
    between.min().map_or(Nanos::ZERO, |least| {
        Nanos::saturating_from(i128::from(least.0) * i128::from(config.kappa_ppm) / 1_000_000)
    })
}

/// The rate under assumption A3, from eight exchanges on.
fn likely_rate(constraints: &[Constraint]) -> Option<RateBounds> {
    if constraints.len() < 8 {
        return None;
    }
    Lines::fitting(&path_stable(constraints)?)?.ends().bounds()
}

/// What the point estimate at any instant is made from.
struct PointEstimate<'used> {
    used: &'used [Constraint],
    rho_est: Ppm,
    /// Whether a clock that keeps to `rho_est` explains the exchanges.
    is_calm: bool,
    lines: Option<Lines>,
}

impl<'used> PointEstimate<'used> {
    fn over(used: &'used [Constraint], config: &Config) -> Self {
        let is_calm = is_consistent(used, config.rho_est);
        Self { used, rho_est: config.rho_est, is_calm, lines: Lines::fitting(used) }
    }

    /// The estimate at `epoch`, kept inside `bounds` (`docs/measurement.md`, 2).
    fn at(&self, epoch: i128, bounds: Interval) -> (Nanos, Method) {
        let (middle, method) = if let Some(middle) = self.intersection(epoch) {
            (middle, Method::Intersection)
        } else if let Some(middle) = self.lines.and_then(|lines| lines.centre(self.used, epoch)) {
            (middle, Method::Affine)
        } else {
            return (bounds.midpoint(), Method::Midpoint);
        };
        (Nanos::saturating_from(middle).clamp(bounds.lo, bounds.hi), method)
    }

    fn intersection(&self, epoch: i128) -> Option<i128> {
        if !self.is_calm {
            return None;
        }
        let corrected = |one: &Constraint| Constraint { upper: one.corrected, ..*one };
        let constraints: Vec<Constraint> = self.used.iter().map(corrected).collect();
        let (lo, hi) = bounds_at(&constraints, epoch, self.rho_est)?;
        Some((lo + hi).div_euclid(2))
    }
}
