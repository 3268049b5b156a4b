//! The checks: a list of small pure functions, each from the evidence of one host to one finding or none.

use chrono::DateTime;

use super::figure;
use super::finding::{Code, Finding};
use super::policy::Policy;
use super::profile::ProfileKind;
use super::reference::Reference;
use super::verdict::limit_finding;
use crate::clock::estimate::{Config, RateBounds, Status, Step};
use crate::clock::pairs::Standing;
use crate::clock::rate::{Approach, relative, time_to_zero};
use crate::clock::{Estimate, Exchange, Interval, Nanos, Ppm, UnixNanos, hunt};
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
    /// By how much the clock was moved between its sampling and the reading of that claim, where it was for certain; positive =
    /// forward.
    pub(super) moved_before_claim: Option<Interval>,
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
    against_the_limits,
    off_by_hours,
    moved_while_measured,
    claim_contradicted,
    asymmetric_path,
    ancient_year,
    slewing,
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
/// An asymmetry is told from an eighth of the round trip on: what is less is jitter.
const ASYMMETRY_SHARE: i64 = 8;
/// chronyd slews at 83 333 ppm at most, so that one second takes twelve.
const SLEW_SECONDS_PER_SECOND: i64 = 12;

fn against_the_limits(evidence: &Evidence<'_>) -> Option<Finding> {
    let policy = evidence.policy;
    let found = limit_finding(evidence.offset, policy.warn, policy.crit);
    if evidence.reference.is_utc() || !evidence.reference.is_found() || !policy.needs_utc() {
        return found;
    }
    // Beyond a limit that needs no UTC weighs more than what stays open.
    found.filter(|found| matches!(found.code, Code::BeyondCrit | Code::BeyondWarn)).or_else(|| {
        let absolute = policy.profiles.iter().filter(|profile| profile.kind() == ProfileKind::Absolute);
        let systems: Vec<&str> = absolute.map(|profile| profile.system()).collect();
        let what = format!("{} asks for the offset from UTC, and the reference is not UTC", systems.join(", "));
        let finding = Code::Undecided.finding(what, "two thirds of three or more claims that agree");
        Some(
            finding
                .with_meaning("the hosts may agree with each other and be wrong together: only UTC tells")
                .with_remedy(
                    "name time servers, `--reference ntp:SERVER`, three or more; or run chrony on three hosts",
                ),
        )
    })
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
        Status::NoData | Status::Steady | Status::Slewing => {
            let size = evidence.moved_before_claim?;
            let size = figure::with_bound(size.midpoint(), size);
            format!("the clock was moved by {size} after it was sampled, before its timekeeper was asked")
        }
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

impl<'seen> Evidence<'seen> {
    /// The offset from UTC, if the reference is right about that; `None` where offsets are not judged.
    fn offset_from_utc(&self) -> Option<Standing> {
        self.offset?;
        self.reference.offset_from_utc(self.estimate)
    }

    /// How long it takes until an offset of `left` is corrected: by the rate that was measured, with its bounds; where none was,
    /// by the greatest that chronyd slews at.
    fn until_corrected(&self, left: Interval) -> String {
        let by_daemon = || {
            let least = Nanos(left.magnitude().lo.0.saturating_mul(SLEW_SECONDS_PER_SECOND));
            format!("at least {} by slewing", figure::at_least(least))
        };
        // What nobody measured of the reference is within what it is allowed.
        let allowed = self.reference.allowed_rate.ppb();
        let of_reference = RateBounds { lo: Ppm::from_ppb(-allowed), hi: Ppm::from_ppb(allowed) };
        let rate = self.estimate.likely_rate.or(self.estimate.rate);
        let Some(rate) = rate.map(|rate| relative(rate, self.reference.rate.unwrap_or(of_reference))) else {
            return by_daemon();
        };
        match time_to_zero(left, rate) {
            Approach::Between(least, most) => {
                format!("{} to {} at the rate that was measured", figure::at_least(least), figure::at_most(most))
            }
            Approach::AtLeast(least) => format!("at least {} at the rate that was measured", figure::at_least(least)),
            Approach::Never => "at the rate that was measured it gets no nearer".to_owned(),
        }
    }

    /// The claim, and where it puts the clock against UTC at the epoch, carried there at the rate that the host's status
    /// allows; `None` without a claim that has a date, and for the reference itself.
    fn claim_at_epoch(&self) -> Option<(&'seen Claim, Interval)> {
        let (claim, (from, to)) = (self.claim?, self.claim_read_in?);
        let rate = self.estimate.allowed_rate(self.config);
        let epoch = self.estimate.epoch;
        let farthest = epoch.since(from).abs().max(epoch.since(to).abs());
        (!self.is_reference).then(|| (claim, claim.interval().widened(farthest.wander(rate))))
    }
}

/// The claim at the epoch against the measured offset.
///
/// A reference that nothing vouches for (the controller, a clock that others agree with) may itself be off by what is let
/// pass unwarned: below `warn` its own error explains the difference as well as the host's does, and a host is not accused for
/// it. A host that was named as the reference is as far from UTC as its own claim says.
fn claim_contradicted(evidence: &Evidence<'_>) -> Option<Finding> {
    let (claim, claimed) = evidence.claim_at_epoch()?;
    let offset = evidence.offset_from_utc()?;
    let doubt = if evidence.reference.is_unverified() { evidence.policy.warn } else { Nanos::ZERO };
    // Where the reference is itself contradicted, only who is wrong by both sides is accused.
    let contradiction = evidence.reference.contradiction.as_ref().filter(|one| !one.is_outweighed);
    let is_with_the_others = contradiction
        .is_some_and(|others| !others.offset(evidence.estimate).widened(others.doubt()).is_disjoint(claimed));
    if !offset.bounds.widened(doubt).is_disjoint(claimed) || is_with_the_others {
        return None;
    }
    let what = format!(
        "{} claims {}, the measurement says {}",
        claim.timekeeper.label(),
        figure::claimed(claim.interval()),
        figure::with_bound(offset.estimate, offset.bounds)
    );
    Some(Code::ClaimContradicted.finding(what, "a claim that the measurement agrees with"))
}

/// A claim that meets the bounds and not the middle of them: where the reference is UTC, the path takes longer one way than
/// the other. Only a share of the round trip that no claim's own error explains counts.
fn asymmetric_path(evidence: &Evidence<'_>) -> Option<Finding> {
    let (_, claimed) = evidence.claim_at_epoch()?;
    let reference = evidence.reference;
    let offset = evidence.offset_from_utc().filter(|_| reference.is_utc() && reference.contradiction.is_none())?;
    let round_trip = evidence.estimate.rtt_min;
    let near = claimed.widened(Nanos(round_trip.0 / ASYMMETRY_SHARE));
    let difference = offset.estimate - claimed.midpoint();
    let is_beside = !near.contains(offset.estimate) && !offset.bounds.is_disjoint(claimed);
    (is_beside && difference.abs().0 < round_trip.0 / 2).then(|| {
        let longer = if difference.0 < 0 { "back" } else { "there" };
        let what = format!(
            "measurement and claim differ by {}, less than half of a round trip of {}: the way {longer} seems to take longer",
            figure::length(difference.abs()),
            figure::length(round_trip)
        );
        Code::AsymmetricPath.finding(what, "a path that takes as long there as back")
    })
}

fn ancient_year(evidence: &Evidence<'_>) -> Option<Finding> {
    let latest = evidence.estimate.epoch + evidence.estimate.bounds.hi;
    (latest < YEAR_2001).then(|| {
        let day = DateTime::from_timestamp_nanos(latest.0).format("%Y-%m-%d");
        Code::AncientYear.finding(format!("the clock says {day}"), "a year after 2000")
    })
}

fn slewing(evidence: &Evidence<'_>) -> Option<Finding> {
    let remaining = evidence.claim.and_then(Claim::remaining);
    let is_far = remaining.is_some_and(|remaining| remaining.abs() > evidence.policy.warn);
    if evidence.estimate.status != Status::Slewing && !is_far {
        return None;
    }
    let what = if let Some((claim, remaining)) = evidence.claim.zip(remaining.filter(|_| is_far)) {
        let length = figure::length(remaining);
        format!("the timekeeper has {length} left to correct: {}", evidence.until_corrected(claim.interval()))
    } else {
        let left = evidence.offset.map(|offset| format!(": {}", evidence.until_corrected(offset.bounds)));
        format!("the clock changed along a straight line faster than 500 ppm{}", left.unwrap_or_default())
    };
    Some(Code::Slewing.finding(what, "a clock that is not being moved"))
}

fn few_samples(evidence: &Evidence<'_>) -> Option<Finding> {
    let (valid, wanted) = (evidence.estimate.valid, evidence.policy.samples);
    let is_enough = || evidence.hunted.is_some_and(|exchanges| hunt::is_over(exchanges, evidence.config));
    (valid < wanted && !is_enough()).then(|| {
        let exchanges = if valid == 1 { "exchange" } else { "exchanges" };
        Code::FewSamples.finding(format!("{valid} valid {exchanges}"), format!("at least {wanted}"))
    })
}
