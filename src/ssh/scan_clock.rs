//! The scan's clock: the only one whose readings are stamps, of exchanges and of the controller's own clock. Time limits are
//! kept by the runtime's clock.
//!
//! Time runs on an axis that is frozen once: `wall0 + (raw - raw0)`, where `raw` is the controller's free crystal
//! (`CLOCK_MONOTONIC_RAW`), because its own timekeeper slews `CLOCK_MONOTONIC` and `CLOCK_REALTIME` while we measure.

use nix::time::{ClockId, clock_gettime};

use crate::clock::{Interval, Nanos, Ppm, UnixNanos};
use crate::probe::ControllerReading;

/// How many raw-wall-raw triples are read; the tightest is kept.
const TRIES: usize = 5;
/// A clock change is seen where wall minus axis moved by more than this...
const CHANGE_FLOOR: Nanos = Nanos::from_micros(20);
/// ...plus this much for each second between.
const CHANGE_RATE: Ppm = Ppm::from_ppm(600);
/// A kernel stamp older than this is not believed.
const OLDEST_STAMP: Nanos = Nanos::from_seconds(1);

#[cfg(any(target_os = "linux", target_os = "macos"))]
const STEADY: ClockId = ClockId::CLOCK_MONOTONIC_RAW;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
const STEADY: ClockId = ClockId::CLOCK_MONOTONIC;

/// The frozen axis, and the means to read where on it we are.
#[derive(Debug, Clone, Copy)]
pub struct ScanClock {
    steady_origin: i64,
    wall_origin: i64,
    crystal: Ppm,
}

/// A pair of readings, taken back to back: where on the axis we are, and what the wall clock says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// The instant, on the axis.
    pub(super) at: UnixNanos,
    /// The wall clock's reading.
    pub(super) wall: UnixNanos,
}

impl ScanClock {
    /// Freezes the axis at the present instant.
    pub fn freeze() -> Self {
        Self::freeze_with_crystal(Ppm::from_ppb(0))
    }

    /// Freezes the axis on a crystal that runs fast by `crystal` (negative = slow) beside the real one; for tests of what
    /// a bad controller does to offsets and rates.
    pub fn freeze_with_crystal(crystal: Ppm) -> Self {
        let (before, wall, after) = tightest_triple();
        let middle = UnixNanos(before).midpoint(UnixNanos(after));
        Self { steady_origin: middle.0, wall_origin: wall, crystal }
    }

    /// The present instant, on the axis.
    pub fn now(&self) -> UnixNanos {
        self.on_axis(read(STEADY))
    }

    /// The present instant, with the wall clock beside it. The wall is read first, so that a kernel stamp carried over by
    /// [`Self::carry`] can only come out late, never early.
    pub(super) fn mark(&self) -> Mark {
        let wall = wall_clock();
        Mark { at: self.now(), wall }
    }

    /// Carries a kernel's receive stamp, which is of the wall clock, to the axis; `read` was taken right after the packet was
    /// read and `armed` when its request was queued. Whatever the wall clock moved in between, a slew above all, may lie in the
    /// stamp's age: it is added, so that the result is never early. `None` where the stamp cannot be right or the wall clock was
    /// set between the two.
    pub(super) fn carry(stamp: UnixNanos, armed: Mark, read: Mark) -> Option<UnixNanos> {
        let age = read.wall.since(stamp);
        let elapsed = read.at.since(armed.at);
        let moved = read.wall.since(read.at) - armed.wall.since(armed.at);
        let tolerated = CHANGE_FLOOR + elapsed.wander(CHANGE_RATE);
        let believable = age >= Nanos::ZERO && age <= OLDEST_STAMP && moved.abs() <= tolerated;
        let carried = (read.at - age + moved.abs()).min(read.at);
        (believable && carried >= armed.at).then_some(carried)
    }

    /// Reads the controller's own wall clock against the axis: the tightest of five.
    pub fn controller(&self) -> ControllerReading {
        let (before, wall, after) = tightest_triple();
        let (before, after) = (self.on_axis(before), self.on_axis(after));
        let wall = UnixNanos(wall);
        ControllerReading { at: before.midpoint(after), x: Interval::new(wall.since(after), wall.since(before)) }
    }

    fn on_axis(&self, steady: i64) -> UnixNanos {
        let elapsed = steady.saturating_sub(self.steady_origin);
        let extra = i128::from(elapsed) * i128::from(self.crystal.ppb()) / 1_000_000_000;
        UnixNanos(self.wall_origin) + Nanos(elapsed) + Nanos::saturating_from(extra)
    }
}

fn tightest_triple() -> (i64, i64, i64) {
    let mut tightest = triple();
    for _ in 1..TRIES {
        let next = triple();
        if next.2 - next.0 < tightest.2 - tightest.0 {
            tightest = next;
        }
    }
    tightest
}

fn triple() -> (i64, i64, i64) {
    let before = read(STEADY);
    let wall = read(ClockId::CLOCK_REALTIME);
    (before, wall, read(STEADY))
}

/// The present instant by the controller's own wall clock.
pub fn wall_clock() -> UnixNanos {
    UnixNanos(read(ClockId::CLOCK_REALTIME))
}

/// The processor time that this program has used so far.
pub(super) fn processor_time() -> Nanos {
    Nanos(read(ClockId::CLOCK_PROCESS_CPUTIME_ID))
}

/// Reads one clock. These clocks exist on every system that this builds for, so there is no error to hand on; a kernel that
/// refused would give readings at 0, and every exchange with them is invalid.
fn read(clock: ClockId) -> i64 {
    clock_gettime(clock).map_or(0, nanos_of)
}

/// A kernel time as nanoseconds.
pub(super) fn nanos_of(time: nix::sys::time::TimeSpec) -> i64 {
    time.tv_sec().saturating_mul(1_000_000_000).saturating_add(time.tv_nsec())
}

/// Learns from the kernel whether the controller's wall clock was set while it watched.
#[derive(Debug)]
pub(super) struct StepWatch {
    #[cfg(target_os = "linux")]
    timer: Option<nix::sys::timerfd::TimerFd>,
}

impl StepWatch {
    /// Starts watching. Where the system has no such watch, no step is ever seen.
    #[cfg(target_os = "linux")]
    pub(super) fn start() -> Self {
        use nix::sys::time::{TimeSpec, TimeValLike};
        use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
        /// An instant that no scan lives to see, in seconds: the timer is there to be cancelled.
        const NEVER: i64 = 1 << 33;
        let watch = || {
            let timer =
                TimerFd::new(ClockId::CLOCK_REALTIME, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC).ok()?;
            let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
            timer.set(Expiration::OneShot(TimeSpec::seconds(NEVER)), flags).ok()?;
            Some(timer)
        };
        Self { timer: watch() }
    }

    /// Starts watching. Where the system has no such watch, no step is ever seen.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn start() -> Self {
        Self {}
    }

    /// Whether the wall clock was set since the start.
    #[cfg(target_os = "linux")]
    pub(super) fn saw_step(&self) -> bool {
        // An unset clock leaves the timer pending (an error, as it does not block); a set one cancels it.
        self.timer.as_ref().is_some_and(|timer| timer.wait().is_ok())
    }

    /// Whether the wall clock was set since the start.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn saw_step(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, wall: i64) -> Mark {
        Mark { at: UnixNanos(at), wall: UnixNanos(wall) }
    }

    #[test]
    fn the_axis_never_runs_backwards_and_begins_at_the_wall_clock() {
        let clock = ScanClock::freeze();
        let first = clock.now();
        assert!(clock.now() >= first);
        let reading = clock.controller();
        assert!(reading.x.magnitude().lo < Nanos::from_seconds(1), "{reading:?}");
        assert!(reading.x.width() >= Nanos::ZERO);
    }

    #[test]
    fn a_fast_crystal_gains_on_the_wall() {
        let clock = ScanClock { steady_origin: 0, wall_origin: 1_000, crystal: Ppm::from_ppm(40) };
        assert_eq!(clock.on_axis(1_000_000_000), UnixNanos(1_000_041_000));
    }

    #[test]
    fn kernel_stamps_are_carried_to_the_axis() {
        let check = |stamp: i64, armed: Mark, read: Mark, expected: Option<i64>| {
            assert_eq!(ScanClock::carry(UnixNanos(stamp), armed, read), expected.map(UnixNanos), "{stamp} {armed:?}");
        };
        // the wall is 7 s ahead of the axis; the packet lay 300 ns in the queue
        let offset = 7_000_000_000;
        check(1_000_700 + offset, mark(0, offset), mark(1_001_000, 1_001_000 + offset), Some(1_000_700));
        // from the future, too old, before its own request
        check(1_002_000 + offset, mark(0, offset), mark(1_001_000, 1_001_000 + offset), None);
        check(0, mark(0, offset), mark(1_001_000, 1_001_000 + offset), None);
        check(offset - 5, mark(0, offset), mark(1_000, 1_000 + offset), None);
        // the wall clock was slewed by 400 ns forwards or backwards: the age may be wrong by that much, but no later than the read
        check(1_000_300 + offset, mark(0, offset), mark(1_001_000, 1_001_400 + offset), Some(1_000_300));
        check(1_000_300 + offset, mark(0, offset), mark(1_001_000, 1_000_600 + offset), Some(1_001_000));
        // the wall clock was set in between
        check(1_000_700 + offset, mark(0, offset), mark(1_001_000, 1_030_000 + offset), None);
    }

    #[test]
    fn an_unset_clock_is_not_reported() {
        assert!(!StepWatch::start().saw_step());
    }
}
