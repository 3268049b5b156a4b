//! A simulated host's clock while it runs: the machine's own wall clock, moved as the plan says.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::plan::{ClockPlan, Motion};
use crate::clock::{Nanos, UnixNanos};

/// When a fleet started, on the two clocks that its hosts' clocks are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct FleetStart {
    wall: UnixNanos,
    steady: Instant,
}

impl FleetStart {
    /// Takes this instant as the start.
    pub(super) fn now() -> Self {
        Self { wall: wall_clock(), steady: Instant::now() }
    }

    /// How long ago that was.
    fn elapsed(&self) -> Nanos {
        as_nanos(self.steady.elapsed())
    }
}

/// The clock of one running host.
#[derive(Debug)]
pub(super) struct SimulatedClock {
    plan: ClockPlan,
    start: FleetStart,
    /// What the steps so far have added, in nanoseconds.
    stepped: AtomicI64,
}

impl SimulatedClock {
    /// Sets the clock going.
    pub(super) fn new(plan: ClockPlan, start: FleetStart) -> Self {
        Self { plan, start, stepped: AtomicI64::new(0) }
    }

    /// What the clock shows now.
    pub(super) fn now(&self) -> UnixNanos {
        wall_clock() + self.truth()
    }

    /// How far the clock is ahead of this machine's wall clock now: what a measurement has to find.
    pub(super) fn truth(&self) -> Nanos {
        let steps = Nanos(self.stepped.load(Ordering::Relaxed));
        self.plan.offset_at(self.start.wall, self.start.elapsed()) + steps
    }

    /// What its rate error has added since the fleet started.
    pub(super) fn drift(&self) -> Nanos {
        let at = |elapsed: Nanos| self.plan.offset_at(self.start.wall, elapsed);
        at(self.start.elapsed()) - at(Nanos::ZERO)
    }

    /// Tells the clock that a session has taken its `readings`-th reading: one that steps does so at the planned one.
    pub(super) fn after_reading(&self, readings: u32) {
        if let Motion::Steps { after_readings, by } = self.plan.motion
            && readings == after_readings
        {
            let step = |stepped: i64| Some(if stepped == 0 { by.0 } else { 0 });
            // Another session may step it at the same time; either order is a step.
            let _ = self.stepped.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        }
    }
}

/// This machine's wall clock.
fn wall_clock() -> UnixNanos {
    let now = SystemTime::now();
    match now.duration_since(UNIX_EPOCH) {
        Ok(after) => UnixNanos(as_nanos(after).0),
        Err(before) => UnixNanos(-as_nanos(before.duration()).0),
    }
}

fn as_nanos(length: Duration) -> Nanos {
    Nanos(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_steps_at_its_reading_and_back_in_the_next_session() {
        let motion = Motion::Steps { after_readings: 3, by: Nanos::from_seconds(1_000) };
        let clock = SimulatedClock::new(ClockPlan { motion, ..ClockPlan::at(Nanos::ZERO) }, FleetStart::now());
        let check = |readings: u32, expected: Nanos| {
            clock.after_reading(readings);
            assert_eq!(clock.truth(), expected, "after reading {readings}");
        };
        check(2, Nanos::ZERO);
        check(3, Nanos::from_seconds(1_000));
        check(4, Nanos::from_seconds(1_000));
        check(3, Nanos::ZERO);
    }
}
