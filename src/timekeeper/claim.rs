//! What a host's timekeeper claims of its clock: read from the facts, never believed without a measurement.

use super::answers;
use super::chrony::{LeapStatus, ReferenceId, Tracking};
use super::daemon::{self, Timekeeper};
use super::said::Said;
use super::unit::Unit;
use crate::clock::{Interval, Nanos, Ppm, UnixNanos};

/// What a timekeeper says of the clock that it disciplines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who says so.
    pub timekeeper: Timekeeper,
    /// Its version, as it calls it.
    pub version: Option<String>,
    /// System clock minus the time that the timekeeper keeps; positive = ahead. Of when it is, `offset_is` says.
    pub offset: Nanos,
    /// Of when the offset is.
    pub offset_is: OffsetIs,
    /// Delay of the whole way to the stratum-1 clock, there and back.
    pub root_delay: Nanos,
    /// Dispersion of the whole way to the stratum-1 clock.
    pub root_dispersion: Nanos,
    /// How far the clock may have wandered since the last measurement, where the dispersion does not count it; never negative.
    pub aged_by: Nanos,
    /// The host's own stratum; 0 where not synchronised.
    pub stratum: u8,
    /// Whether the clock is synchronised, and what is planned for the end of the day.
    pub leap_status: LeapStatus,
    /// What is followed.
    pub reference_id: ReferenceId,
    /// Name or address of what is followed.
    pub source: Option<String>,
    /// When the clock was last updated, by the host's own clock; `None` = never.
    pub reference_time: Option<UnixNanos>,
    /// By how much the clock would be wrong if it were not corrected; positive = fast.
    pub frequency: Ppm,
    /// Time between the last two updates.
    pub update_interval: Nanos,
}

/// Of when a claimed offset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffsetIs {
    /// Of now: what is still to be corrected.
    Remaining,
    /// Of the last measurement, and corrected since by some unknown part of it.
    LastMeasured,
}

impl Claim {
    pub(super) fn of_chronyd(tracking: Tracking, version: Option<String>) -> Self {
        Self {
            timekeeper: Timekeeper::Chronyd,
            version,
            offset: tracking.offset,
            offset_is: OffsetIs::Remaining,
            root_delay: tracking.root_delay,
            root_dispersion: tracking.root_dispersion,
            aged_by: Nanos::ZERO,
            stratum: tracking.stratum,
            leap_status: tracking.leap_status,
            reference_id: tracking.reference_id,
            source: tracking.source,
            reference_time: tracking.reference_time,
            frequency: tracking.frequency,
            update_interval: tracking.update_interval,
        }
    }

    /// How wrong the clock is at most, by this claim: |offset| and the root distance, whatever the sign. A limit on the distance
    /// from UTC meets this; what is measured meets [`Claim::interval`].
    pub fn bound(&self) -> Nanos {
        self.offset.abs() + self.root_distance()
    }

    /// Where the system clock minus UTC lies, by this claim: the offset, give or take the root distance; for an offset of the
    /// last measurement, anything between that and zero, give or take as much. The offset is the middle and no part of the
    /// bound: a clock that is being slewed is known as well as another, only elsewhere.
    pub fn interval(&self) -> Interval {
        match self.offset_is {
            OffsetIs::Remaining => Interval::around(self.offset, self.root_distance()),
            OffsetIs::LastMeasured => {
                let (lo, hi) = (self.offset.min(Nanos::ZERO), self.offset.max(Nanos::ZERO));
                Interval::new(lo, hi).widened(self.root_distance())
            }
        }
    }

    /// What the timekeeper has still to correct, where it tells; positive = the clock is ahead.
    pub fn remaining(&self) -> Option<Nanos> {
        (self.offset_is == OffsetIs::Remaining).then_some(self.offset)
    }

    /// Whether it says that the clock follows something other than itself.
    ///
    /// The leap status alone says nothing: it is `Normal` for a host that follows its own clock.
    pub fn is_synchronised(&self) -> bool {
        let leap_is_known = !matches!(self.leap_status, LeapStatus::NotSynchronised | LeapStatus::Invalid);
        leap_is_known && self.reference_id != ReferenceId::LOCAL && (self.stratum > 0 || self.is_without_stratum())
    }

    /// openntpd tells its stratum only while it is synchronised, and then not everywhere.
    fn is_without_stratum(&self) -> bool {
        self.timekeeper == Timekeeper::Openntpd
    }

    /// What became of asking, by what was said.
    pub(super) fn outcome(self) -> ClaimOutcome {
        let follows_nothing = self.timekeeper == Timekeeper::Chronyd && self.reference_id == ReferenceId::NONE;
        match (self.is_synchronised() && !follows_nothing, self.reference_id == ReferenceId::LOCAL) {
            (true, _) => ClaimOutcome::Claimed(self),
            (false, true) => ClaimOutcome::Local(self),
            (false, false) => ClaimOutcome::NotSynchronised(self),
        }
    }

    /// How far from UTC the time that it keeps may be, by this claim: root dispersion + root delay / 2, rounded up, and what the
    /// clock may have wandered since.
    pub fn root_distance(&self) -> Nanos {
        let delay = self.root_delay.abs();
        self.root_dispersion + self.aged_by + Nanos(delay.0 / 2 + delay.0 % 2)
    }
}

/// What became of asking a host's timekeeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// It says that the clock follows a source, and how far from UTC it is at most.
    Claimed(Claim),
    /// It says that the clock follows nothing; the rest of what it says has no meaning.
    NotSynchronised(Claim),
    /// It follows the host's own clock and calls that `Normal`: no claim about UTC.
    Local(Claim),
    /// It is there and does not say.
    NoAnswer {
        /// Which.
        timekeeper: Timekeeper,
        /// Why.
        cause: NoAnswer,
    },
    /// It is there, and it is not one of those that can be asked.
    NotAsked(Timekeeper),
    /// No known timekeeper runs there.
    NoTimekeeper,
    /// The facts are missing or were cut short before they told.
    Unknown,
}

/// Why a timekeeper gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoAnswer {
    /// It runs, and nothing answers on its command port: it hangs, or the port is closed to us.
    CannotTalk,
    /// It answers others only: root or its own user.
    NotAuthorised,
    /// It, or the program that asks it, did not end within its time limit.
    TimedOut,
    /// The program that asks it printed something that is no report.
    Unreadable,
    /// The program that asks it is not there.
    NoClient,
}

impl NoAnswer {
    /// What is shown for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::CannotTalk => "does not answer",
            Self::NotAuthorised => "answers root only",
            Self::TimedOut => "hangs",
            Self::Unreadable => "answers in no known form",
            Self::NoClient => "cannot be asked",
        }
    }
}

impl ClaimOutcome {
    /// The claim, where there is one that says how far from UTC the clock is.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Claimed(claim) => Some(claim),
            _ => None,
        }
    }

    /// Everything that the timekeeper said, synchronised or not.
    pub fn said(&self) -> Option<&Claim> {
        match self {
            Self::Claimed(claim) | Self::NotSynchronised(claim) | Self::Local(claim) => Some(claim),
            _ => None,
        }
    }

    /// The timekeeper, where one is known to run.
    pub fn timekeeper(&self) -> Option<Timekeeper> {
        match self {
            Self::Claimed(claim) | Self::NotSynchronised(claim) | Self::Local(claim) => Some(claim.timekeeper),
            Self::NoAnswer { timekeeper, .. } | Self::NotAsked(timekeeper) => Some(*timekeeper),
            Self::NoTimekeeper | Self::Unknown => None,
        }
    }

    /// The text of the column TIME SERVICE; a clock that has more than `slewing_beyond` still to be corrected is slewing.
    pub fn describe(&self, slewing_beyond: Nanos) -> String {
        match self {
            Self::Claimed(claim) if claim.remaining().is_some_and(|offset| offset.abs() > slewing_beyond) => {
                format!("{}, slewing", claim.timekeeper.label())
            }
            Self::Claimed(claim) if claim.timekeeper.is_sntp() => claim.timekeeper.label().to_owned(),
            Self::Claimed(claim) => format!("{}, claims {}", claim.timekeeper.label(), rounded_up(claim.bound())),
            Self::NotSynchronised(claim) => format!("{}, not synchronised", claim.timekeeper.label()),
            Self::Local(claim) => format!("{}, own clock", claim.timekeeper.label()),
            Self::NoAnswer { timekeeper, cause } => format!("{}, {}", timekeeper.label(), cause.label()),
            Self::NotAsked(timekeeper) => timekeeper.label().to_owned(),
            Self::NoTimekeeper => "none".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// A bound in the unit that suits it, rounded up to two digits or a whole unit: `16 us`, `1.3 ms`, `8.3 s`.
fn rounded_up(bound: Nanos) -> String {
    const UNITS: [(i64, &str); 4] = [(1, "ns"), (1_000, "us"), (1_000_000, "ms"), (1_000_000_000, "s")];
    let nanos = bound.0.max(0);
    let (unit, name) = UNITS.into_iter().rev().find(|(unit, _)| nanos >= *unit).unwrap_or((1, "ns"));
    let up = |step: i64| nanos / step + i64::from(nanos % step != 0);
    let tenths = up((unit / 10).max(1));
    if unit == 1 || tenths >= 100 {
        format!("{} {name}", up(unit))
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// Finds out from a host's facts what its timekeeper claims; where several run, the one that claims most.
pub fn claim(facts: &impl AsRef<[(String, String)]>) -> ClaimOutcome {
    let said = Said::of(facts);
    answers::read(said, &daemon::running(said, &Unit::read(said))).outcome
}
