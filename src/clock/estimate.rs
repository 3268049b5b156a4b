//! What exchanges prove about one clock: its status, bounds, point estimate and rate (`docs/measurement.md`, sections 1, 2, 5).

use super::interval::Interval;
use super::units::{Nanos, Ppm, UnixNanos};

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
    /// Narrower bounds of the rate under assumption A3 (the path does not change).
    pub likely_rate: Option<RateBounds>,
    /// The changes that were caught, oldest first.
    pub steps: Vec<Step>,
    /// Indices (among the valid exchanges, oldest first) of readings that contradict all others.
    pub glitches: Vec<usize>,
    /// Least round-trip delay of the exchanges used.
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
