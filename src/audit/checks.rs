//! The checks: a list of small pure functions, each from the evidence of one host to one finding or none.

use chrono::DateTime;

use super::figure;
use super::finding::{Code, Finding};
use super::policy::Policy;
use super::reference::{Basis, Reference};
use super::verdict::Verdict;
use crate::clock::estimate::{Config, Status, Step};
use crate::clock::pairs::Standing;
use crate::clock::{Estimate, Exchange, Interval, Nanos, UnixNanos, hunt};
use crate::timekeeper::Claim;

/// All that is known of one measured host.
pub(super) struct Evidence<'seen> {
    /// What the exchanges prove of its clock.
    pub(super) estimate: &'seen Estimate,
    /// Its exchanges, where its clock was hunted at the second's edge: a hunt ends when nothing more is to be gained, not after a
    /// number of them.
    pub(super) hunted: Option<&'seen [Exchange]>,
    /// Its offset from the reference; `None` without a reference.
    pub(super) offset: Option<Standing>,
    /// What its timekeeper says.
    pub(super) claim: Option<&'seen Claim>,
    /// Between which two instants of the axis that was read.
    pub(super) claim_read_in: Option<(UnixNanos, UnixNanos)>,
    /// Whether the reference is this host's own clock.
    pub(super) is_reference: bool,
    /// What offsets are relative to.
    pub(super) reference: &'seen Reference,
    /// What is asked of the clocks.
    pub(super) policy: &'seen Policy,
    /// How far clocks wander.
    pub(super) config: &'seen Config,
}

/// One check.
type Check = fn(&Evidence<'_>) -> Option<Finding>;

/// Every check of a measured host.
pub(super) const CHECKS: [Check; 8] = [
    beyond_a_limit,
    off_by_hours,
    moved_while_measured,
    claim_contradicted,
    ancient_year,
    slewing,
    undecided,
    few_samples,
];

/// Half an hour: the step between time zones (some lie on quarters; none that is off by one is not off by a half too).
const HALF_HOUR: Nanos = Nanos::from_seconds(1_800);
/// How near to whole half-hours a clock set in local time still is.
const ZONE_TOLERANCE: Nanos = Nanos::from_seconds(2);
/// The time zones lie within 14 hours of UTC.
const MOST_HALF_HOURS: i64 = 28;
/// 2001-01-01T00:00:00 UTC: no host that runs today was right before it.
const YEAR_2001: UnixNanos = UnixNanos(978_307_200_000_000_000);
/// chronyd slews at 83 333 ppm at most, so that one second takes twelve.
const SLEW_SECONDS_PER_SECOND: i64 = 12;

fn beyond_a_limit(evidence: &Evidence<'_>) -> Option<Finding> {
    let offset = evidence.offset?;
    let (code, limit) = match Verdict::of(offset.bounds, evidence.policy) {
        Verdict::Crit => (Code::BeyondCrit, evidence.policy.crit),
        Verdict::Warn => (Code::BeyondWarn, evidence.policy.warn),
        Verdict::Ok | Verdict::Undecided | Verdict::Down => return None,
    };
    let what = format!("the clock is {} off", figure::with_bound(offset.estimate, offset.bounds));
    Some(code.finding(what, format!("at most {}", figure::limit(limit))))
}

fn off_by_hours(evidence: &Evidence<'_>) -> Option<Finding> {
    let offset = evidence.offset?;
    let count = (offset.estimate.0.saturating_add(offset.estimate.0.signum() * HALF_HOUR.0 / 2)) / HALF_HOUR.0;
    let zone = Interval::around(Nanos(count.saturating_mul(HALF_HOUR.0)), ZONE_TOLERANCE);
    let is_inside = zone.lo <= offset.bounds.lo && offset.bounds.hi <= zone.hi;
    if count == 0 || count.abs() > MOST_HALF_HOURS || !is_inside {
        return None;
    }
    let half = if count % 2 == 0 { "" } else { ".5" };
    let direction = if count < 0 { "behind" } else { "ahead" };
    let what = format!("the clock is {}{half} h {direction}, to within 2 s", count.abs() / 2);
    Some(Code::OffByHours.finding(what, "UTC, whatever the time zone"))
}

fn moved_while_measured(evidence: &Evidence<'_>) -> Option<Finding> {
    let estimate = evidence.estimate;
    let what = match estimate.status {
        Status::NoData | Status::Steady | Status::Slewing => return None,
        Status::Glitch => "one reading in the middle contradicts all others".to_owned(),
        Status::Suspect => {
            let length = figure::seconds(estimate.last.since(estimate.first));
            format!("the clock was probably moved, by less than the round trip shows, in the {length} of sampling")
        }
        Status::Stepped => format!("the clock was stepped{}", of_last_step(estimate)),
        Status::Moved => format!("the clock was stepped or slewed{}", of_last_step(estimate)),
    };
    Some(Code::Moved.finding(what, "a clock that runs within 500 ppm of true rate"))
}

/// `by +2.1 s ± 0.4 ms, between 0.8 s and 1.1 s after the first exchange` of the last step that was caught.
fn of_last_step(estimate: &Estimate) -> String {
    let Some(Step { after, before, size }) = estimate.steps.last() else {
        return String::new();
    };
    let since = |instant: &UnixNanos| figure::seconds(instant.since(estimate.first));
    let size = figure::with_bound(size.midpoint(), *size);
    let (after, before) = (since(after), since(before));
    // A tenth of a second can hold both ends.
    let when = if after == before { before } else { format!("between {after} and {before}") };
    format!(" by {size}, {when} after the first exchange")
}

/// The claim, carried to the epoch at the rate that the host's status allows, against the measured offset.
///
/// A controller that nothing vouches for may itself be off by what is let pass unwarned: below `warn` its own error
/// explains the difference as well as the host's does, and a host is not accused for it.
fn claim_contradicted(evidence: &Evidence<'_>) -> Option<Finding> {
    let (claim, (from, to)) = (evidence.claim?, evidence.claim_read_in?);
    let offset = evidence.offset?;
    if evidence.is_reference {
        return None;
    }
    let rate = evidence.estimate.allowed_rate(evidence.config);
    let epoch = evidence.estimate.epoch;
    let farthest = epoch.since(from).abs().max(epoch.since(to).abs());
    let claimed = claim.interval().widened(farthest.wander(rate));
    let doubt = match evidence.reference.basis {
        Basis::Controller => evidence.policy.warn,
        Basis::Host(_) | Basis::Missing(_) => Nanos::ZERO,
    };
    if !offset.bounds.widened(doubt).is_disjoint(claimed) {
        return None;
    }
    let what = format!(
        "{} claims {}, the measurement says {}",
        claim.timekeeper.label(),
        figure::with_bound(claim.offset, claim.interval()),
        figure::with_bound(offset.estimate, offset.bounds)
    );
    Some(Code::ClaimContradicted.finding(what, "a claim that the measurement agrees with"))
}

fn ancient_year(evidence: &Evidence<'_>) -> Option<Finding> {
    let latest = evidence.estimate.epoch + evidence.estimate.bounds.hi;
    (latest < YEAR_2001).then(|| {
        let day = DateTime::from_timestamp_nanos(latest.0).format("%Y-%m-%d");
        Code::AncientYear.finding(format!("the clock says {day}"), "a year after 2000")
    })
}

fn slewing(evidence: &Evidence<'_>) -> Option<Finding> {
    let remaining = evidence.claim.map(|claim| claim.offset);
    let is_far = remaining.is_some_and(|remaining| remaining.abs() > evidence.policy.warn);
    if evidence.estimate.status != Status::Slewing && !is_far {
        return None;
    }
    let what = match remaining.filter(|_| is_far) {
        Some(remaining) => {
            let least = Nanos(remaining.abs().0.saturating_mul(SLEW_SECONDS_PER_SECOND));
            format!(
                "the timekeeper has {} left to correct: at least {} by slewing",
                figure::length(remaining),
                figure::length(least)
            )
        }
        None => "the clock changed along a straight line faster than 500 ppm".to_owned(),
    };
    Some(Code::Slewing.finding(what, "a clock that is not being moved"))
}

fn undecided(evidence: &Evidence<'_>) -> Option<Finding> {
    let (what, expected) = match evidence.offset {
        None => {
            ("there is no reference to take the offset from".to_owned(), "a reference that was measured".to_owned())
        }
        Some(offset) if Verdict::of(offset.bounds, evidence.policy) == Verdict::Undecided => (
            format!("the offset is known to ± {} only", figure::length(offset.bounds.half_width())),
            format!("bounds on one side of {}", figure::limit(evidence.policy.warn)),
        ),
        Some(_) => return None,
    };
    Some(Code::Undecided.finding(what, expected))
}

fn few_samples(evidence: &Evidence<'_>) -> Option<Finding> {
    let (valid, wanted) = (evidence.estimate.valid, evidence.policy.samples);
    let is_enough = || evidence.hunted.is_some_and(|exchanges| hunt::is_over(exchanges, evidence.config));
    (valid < wanted && !is_enough()).then(|| {
        let exchanges = if valid == 1 { "exchange" } else { "exchanges" };
        Code::FewSamples.finding(format!("{valid} valid {exchanges}"), format!("at least {wanted}"))
    })
}
