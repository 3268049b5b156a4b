//! What one simulated host is like: its clock, its path, its timekeeper, what is wrong with it. Plain data, no I/O.

use crate::clock::{Nanos, Ppm, UnixNanos};
use crate::probe::Reader;

/// Everything that distinguishes one simulated host from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPlan {
    /// Inventory name.
    pub name: String,
    /// The one group that the host is in.
    pub group: String,
    /// How its clock runs.
    pub clock: ClockPlan,
    /// How far away it is.
    pub path: PathPlan,
    /// Which rung of the ladder its probe stands on.
    pub reader: Reader,
    /// What it says of its own clock.
    pub timekeeper: TimekeeperPlan,
    /// What goes wrong when it is reached; `None` = it works.
    pub trouble: Option<Trouble>,
}

impl HostPlan {
    /// A host that works and whose clock is right: the default that a plan starts from.
    pub fn good(name: &str, group: &str) -> Self {
        Self {
            name: name.to_owned(),
            group: group.to_owned(),
            clock: ClockPlan::at(Nanos::ZERO),
            path: PathPlan::DIRECT,
            reader: Reader::Shell,
            timekeeper: TimekeeperPlan::honest(Nanos::ZERO),
            trouble: None,
        }
    }
}

/// How a simulated clock runs, relative to the wall clock of the machine that simulates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockPlan {
    /// Where the clock stands when the fleet starts.
    pub setting: Setting,
    /// Its constant rate error; positive = fast.
    pub frequency: Ppm,
    /// What moves it besides.
    pub motion: Motion,
}

impl ClockPlan {
    /// A clock that keeps `offset` (positive = ahead) for ever.
    pub const fn at(offset: Nanos) -> Self {
        Self { setting: Setting::Offset(offset), frequency: Ppm::from_ppb(0), motion: Motion::Free }
    }

    /// How far the clock is ahead of the wall clock `elapsed` after the fleet's start at `start`, its steps left out.
    pub fn offset_at(&self, start: UnixNanos, elapsed: Nanos) -> Nanos {
        let set = match self.setting {
            Setting::Offset(offset) => offset,
            Setting::Reading(reading) => reading.since(start),
        };
        let slewed = match self.motion {
            Motion::Slews { rate, period } => gained(swing(elapsed, period), rate),
            Motion::Free | Motion::Steps { .. } => Nanos::ZERO,
        };
        set + gained(elapsed, self.frequency) + slewed
    }
}

/// What a clock of rate error `rate` gains in `length`; signed, rounded towards zero.
fn gained(length: Nanos, rate: Ppm) -> Nanos {
    Nanos::saturating_from(i128::from(length.0) * i128::from(rate.ppb()) / 1_000_000_000)
}

/// A triangle: grows with `elapsed` for half a period, then falls back to zero, again and again.
fn swing(elapsed: Nanos, period: Nanos) -> Nanos {
    let phase = elapsed.0.rem_euclid(period.0.max(1));
    Nanos(phase.min(period.0 - phase))
}

/// Where a clock stands when the fleet starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// This far from the wall clock; positive = ahead.
    Offset(Nanos),
    /// At this reading, whatever the time is: a host without a battery starts in 1970.
    Reading(UnixNanos),
}

/// What moves a clock besides its rate error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// Nothing.
    Free,
    /// It steps while it is being measured: after that many readings of a session by that much, and back in the next
    /// session, so that a fleet that stays up can be scanned again.
    Steps {
        /// The readings of one session after which it steps.
        after_readings: u32,
        /// The step; positive = forward.
        by: Nanos,
    },
    /// It is slewed to and fro: half a period at this rate, then back.
    Slews {
        /// The rate of the first half; positive = the offset grows.
        rate: Ppm,
        /// The length of the whole to and fro.
        period: Nanos,
    },
}

/// The way to a host, added inside the server: the request waits `there` before the clock is read, the answer `back`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathPlan {
    /// From the controller to the host.
    pub there: Nanos,
    /// From the host to the controller.
    pub back: Nanos,
}

impl PathPlan {
    /// Nothing but the loopback interface itself.
    pub const DIRECT: Self = Self { there: Nanos::ZERO, back: Nanos::ZERO };
}

/// What a simulated host says of its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimekeeperPlan {
    /// No timekeeper is installed.
    None,
    /// chronyd runs and follows its server.
    Synchronised(ClaimPlan),
    /// chronyd runs and has no server that answers.
    Unsynchronised,
    /// chronyd is there and answers nobody: `chronyc` waits in vain, the facts come late.
    Hung,
}

impl TimekeeperPlan {
    /// A chronyd whose claim holds the truth: it admits `offset`, give or take a quarter of a millisecond, as with a good server
    /// on the same network.
    pub const fn honest(offset: Nanos) -> Self {
        Self::Synchronised(ClaimPlan {
            offset,
            root_delay: Nanos::from_micros(300),
            root_dispersion: Nanos::from_micros(100),
        })
    }

    /// A chronyd that says `Leap status : Normal` and next to no offset, whatever the clock shows.
    pub const fn complacent() -> Self {
        Self::Synchronised(ClaimPlan {
            offset: Nanos::from_micros(16),
            root_delay: Nanos::from_micros(480),
            root_dispersion: Nanos::from_micros(310),
        })
    }
}

/// What `chronyc tracking` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimPlan {
    /// How far the host believes itself to be ahead when the fleet starts (chronyc prints the opposite sign).
    pub offset: Nanos,
    /// Round trip to the root of its time.
    pub root_delay: Nanos,
    /// What may have been added on the way.
    pub root_dispersion: Nanos,
}

/// What goes wrong with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing listens on its port.
    Refused,
    /// Its packets vanish: no answer to the first one.
    BlackHole,
    /// The connection opens, then nothing is ever said.
    Silent,
    /// Half of the identification line, then nothing.
    HalfBanner,
    /// Lines before the identification, without end.
    EndlessBanner,
    /// The connection is closed before the identification, as a full `MaxStartups` does.
    Throttled,
    /// No key is good enough.
    LoginRejected,
    /// The login takes this long.
    SlowLogin(Nanos),
    /// The host shows another key than the one that is known.
    KeyChanged,
    /// No key is known for the host.
    KeyUnknown,
    /// The account may only run something else, which says so and ends.
    ForcedCommand,
    /// The connection ends after that many readings.
    Drops {
        /// Readings that are answered before it does.
        after_readings: u32,
    },
    /// After that many readings nothing is answered any more, on a connection that stays.
    FallsSilent {
        /// Readings that are answered before it does.
        after_readings: u32,
    },
    /// Escape sequences and line breaks wherever text can be sent.
    EscapeSequences,
    /// As much output as the peer takes, without a line break, up to 100 MB.
    EndlessOutput,
    /// A million short lines.
    ManyLines,
    /// 20,000 channels opened at the client.
    ChannelFlood,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_where_its_plan_puts_it() {
        let start = UnixNanos(1_700_000_000_000_000_000);
        let check = |plan: ClockPlan, elapsed: Nanos, expected: Nanos| {
            assert_eq!(plan.offset_at(start, elapsed), expected, "{plan:?} after {elapsed}");
        };
        let ahead = ClockPlan::at(Nanos::from_millis(70));
        check(ahead, Nanos::from_seconds(100), Nanos::from_millis(70));
        let fast = ClockPlan { frequency: Ppm::from_ppm(20), ..ahead };
        check(fast, Nanos::from_seconds(100), Nanos::from_millis(72));
        let slow = ClockPlan { frequency: Ppm::from_ppm(-20), ..ahead };
        check(slow, Nanos::from_seconds(100), Nanos::from_millis(68));
        let dead_battery = ClockPlan { setting: Setting::Reading(UnixNanos(0)), ..ahead };
        check(dead_battery, Nanos::ZERO, Nanos(-start.0));
        let motion = Motion::Slews { rate: Ppm::from_ppm(3_000), period: Nanos::from_seconds(20) };
        let slewing = ClockPlan { motion, ..ClockPlan::at(Nanos::from_millis(-85)) };
        check(slewing, Nanos::from_seconds(10), Nanos::from_millis(-55));
        check(slewing, Nanos::from_seconds(20), Nanos::from_millis(-85));
        check(slewing, Nanos::from_seconds(25), Nanos::from_millis(-70));
    }
}
