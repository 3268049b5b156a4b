//! One host in the analysis of a trace.

use serde::Serialize;

use crate::clock::estimate::{RateBounds, Status};
use crate::clock::pairs::Decision;
use crate::clock::rate::{CommonRate, limit_reached};
use crate::clock::{Estimate, Interval, Ppm};
use crate::probe::trace::Settings;

/// One host; a host without a valid exchange has a status and counts only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostAnalysis {
    /// How the clock behaved.
    pub status: &'static str,
    /// All exchanges.
    pub n: usize,
    /// Exchanges that were refused as invalid.
    pub invalid: usize,
    /// Exchanges that the bounds rest on.
    pub used: usize,
    /// What was found; absent without a valid exchange.
    #[serde(flatten)]
    pub found: Option<Found>,
}

/// What is known of a clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Whether the offset is within the threshold: that from the reference, without one that from the axis.
    pub verdict: &'static str,
    /// Point estimate at the epoch.
    pub est_ns: i64,
    /// How far the truth may be from the point estimate.
    pub err_ns: i64,
    /// Least offset at the epoch.
    pub lo_ns: i64,
    /// Greatest offset at the epoch.
    pub hi_ns: i64,
    /// Point estimate of the offset from the reference; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abs_est_ns: Option<i64>,
    /// Least offset from the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abs_lo_ns: Option<i64>,
    /// Greatest offset from the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abs_hi_ns: Option<i64>,
    /// How the point estimate was made.
    pub method: &'static str,
    /// The narrowest exchange alone.
    pub single: SingleLine,
    /// The bounds where they are narrowest.
    pub best: BestLine,
    /// Least rate.
    pub rate_lo_ppb: Option<i64>,
    /// Greatest rate.
    pub rate_hi_ppb: Option<i64>,
    /// The rate if the path did not change.
    pub likely: Option<LikelyLine>,
    /// The offset may reach the threshold after so long.
    pub slo_break_earliest_s: Option<f64>,
    /// The offset reaches the threshold after so long at the latest.
    pub slo_break_latest_s: Option<f64>,
    /// The changes that were caught.
    pub steps: Vec<StepLine>,
    /// Indices of readings that contradict all others.
    pub glitch: Vec<usize>,
    /// Least round-trip delay.
    pub rtt_min_ns: i64,
    /// First request.
    pub first_ns: i64,
    /// Last reply.
    pub last_ns: i64,
    /// Time of a fork and exec, taken off for the point estimate.
    pub spawn_ns: i64,
}

/// One exchange's own bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the key")]
pub struct SingleLine {
    /// Its request.
    pub from_ns: i64,
    /// Its reply.
    pub to_ns: i64,
    /// Least offset.
    pub lo_ns: i64,
    /// Greatest offset.
    pub hi_ns: i64,
}

/// Bounds at an instant of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the key")]
pub struct BestLine {
    /// The instant.
    pub at_ns: i64,
    /// Point estimate there.
    pub est_ns: i64,
    /// Least offset there.
    pub lo_ns: i64,
    /// Greatest offset there.
    pub hi_ns: i64,
}

/// A rate under assumption A3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LikelyLine {
    /// Least rate.
    pub rate_lo_ppb: i64,
    /// Greatest rate.
    pub rate_hi_ppb: i64,
}

/// One change of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the key")]
pub struct StepLine {
    /// It was after this instant.
    pub after_ns: i64,
    /// It was before this instant.
    pub before_ns: i64,
    /// Least size; positive = forward.
    pub lo_ns: i64,
    /// Greatest size.
    pub hi_ns: i64,
}

impl HostAnalysis {
    /// Describes a host with `exchanges` exchanges in all.
    pub(super) fn of(
        estimate: Option<&Estimate>,
        exchanges: usize,
        reference: Option<Interval>,
        settings: &Settings,
    ) -> Self {
        Self {
            status: estimate.map_or("nodata", |estimate| estimate.status.label()),
            n: exchanges,
            invalid: estimate.map_or(exchanges, |estimate| estimate.invalid),
            used: estimate.map_or(0, |estimate| estimate.used),
            found: estimate.map(|estimate| Found::of(estimate, reference, settings)),
        }
    }
}

impl Found {
    fn of(estimate: &Estimate, reference: Option<Interval>, settings: &Settings) -> Self {
        let bounds = estimate.bounds;
        let absolute = reference.map(|reference| bounds.minus(reference));
        let judged = absolute.unwrap_or(bounds);
        let reached = limit_reached(judged, predicted_rate(estimate, settings), settings.threshold);
        let (single, best) = (estimate.single, estimate.best);
        Self {
            verdict: Decision::of(judged, settings.threshold).label(),
            est_ns: estimate.estimate.0,
            err_ns: (bounds.hi - estimate.estimate).max(estimate.estimate - bounds.lo).0,
            lo_ns: bounds.lo.0,
            hi_ns: bounds.hi.0,
            abs_est_ns: reference.map(|reference| (estimate.estimate - reference.midpoint()).0),
            abs_lo_ns: absolute.map(|absolute| absolute.lo.0),
            abs_hi_ns: absolute.map(|absolute| absolute.hi.0),
            method: estimate.method.label(),
            single: SingleLine {
                from_ns: single.from.0,
                to_ns: single.to.0,
                lo_ns: single.bounds.lo.0,
                hi_ns: single.bounds.hi.0,
            },
            best: BestLine {
                at_ns: best.at.0,
                est_ns: best.estimate.0,
                lo_ns: best.bounds.lo.0,
                hi_ns: best.bounds.hi.0,
            },
            rate_lo_ppb: estimate.rate_ends.lo.map(Ppm::ppb),
            rate_hi_ppb: estimate.rate_ends.hi.map(Ppm::ppb),
            likely: estimate
                .likely_rate
                .map(|rate| LikelyLine { rate_lo_ppb: rate.lo.ppb(), rate_hi_ppb: rate.hi.ppb() }),
            slo_break_earliest_s: reached.earliest_s,
            slo_break_latest_s: reached.latest_s,
            steps: estimate
                .steps
                .iter()
                .map(|step| StepLine {
                    after_ns: step.after.0,
                    before_ns: step.before.0,
                    lo_ns: step.size.lo.0,
                    hi_ns: step.size.hi.0,
                })
                .collect(),
            glitch: estimate.glitches.clone(),
            rtt_min_ns: estimate.rtt_min.0,
            first_ns: estimate.first.0,
            last_ns: estimate.last.0,
            spawn_ns: estimate.spawn.0,
        }
    }
}

/// The rate that a prediction rests on: what was measured, of a steady clock no more than a steady clock can do.
fn predicted_rate(estimate: &Estimate, settings: &Settings) -> RateBounds {
    let rho = settings.config.rho;
    let unknown = RateBounds { lo: Ppm::from_ppb(-rho.ppb()), hi: rho };
    let Some(rate) = estimate.rate else {
        return unknown;
    };
    if estimate.status == Status::Steady {
        let kept = |end: Ppm| end.clamp(unknown.lo, unknown.hi);
        RateBounds { lo: kept(rate.lo), hi: kept(rate.hi) }
    } else {
        rate
    }
}

/// What the estimator noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// About which host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// About how many hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<usize>,
    /// About which reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What it is: a status, or `common-rate`, or what is wrong with a claim or a reference.
    pub kind: &'static str,
    /// Least common rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_lo_ppb: Option<i64>,
    /// Greatest common rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hi_ppb: Option<i64>,
    /// The reference IDs that each side of the claims follows, the largest side first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Vec<String>>,
}

impl Finding {
    /// A host's clock was not steady.
    pub(super) fn about(host: &str, kind: &'static str) -> Self {
        Self { host: Some(host.to_owned()), ..Self::of(kind) }
    }

    /// Something is wrong with a reference.
    pub(super) fn about_reference(name: &str, kind: &'static str) -> Self {
        Self { reference: Some(name.to_owned()), ..Self::of(kind) }
    }

    /// The claims do not agree about UTC; `sides` are the reference IDs of each.
    pub(super) fn claims_split(sides: Vec<Vec<String>>) -> Self {
        Self { sides, ..Self::of("claims-split") }
    }

    fn of(kind: &'static str) -> Self {
        Self { host: None, hosts: None, reference: None, kind, rate_lo_ppb: None, rate_hi_ppb: None, sides: Vec::new() }
    }

    /// Most hosts share a rate: it is the axis that is slewed.
    pub(super) fn common_rate(common: &CommonRate) -> Self {
        Self {
            hosts: Some(common.hosts),
            rate_lo_ppb: Some(common.bounds.lo.ppb()),
            rate_hi_ppb: Some(common.bounds.hi.ppb()),
            ..Self::of("common-rate")
        }
    }
}
