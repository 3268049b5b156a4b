//! A timer that ticks each millisecond and knows how late it was: the pacer's pulse, and the sign of an overloaded machine.

use super::scan_clock::ScanClock;
use crate::clock::Nanos;

/// The time between two ticks.
pub(super) const TICK: Nanos = Nanos::from_millis(1);
/// Ticks that are remembered: about a minute's worth.
const REMEMBERED: usize = 65_536;

/// The pacer's pulse.
#[derive(Debug)]
pub(super) struct Metronome {
    clock: ScanClock,
    lateness: Vec<Nanos>,
    #[cfg(target_os = "linux")]
    timer: Option<tokio::io::unix::AsyncFd<Timer>>,
}

impl Metronome {
    pub(super) fn new(clock: ScanClock) -> Self {
        Self {
            clock,
            lateness: Vec::new(),
            #[cfg(target_os = "linux")]
            timer: precise_timer(),
        }
    }

    /// Waits for one tick from now.
    pub(super) async fn tick(&mut self) {
        let due = self.clock.now() + TICK;
        if self.sleep_precisely().await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        if self.lateness.len() < REMEMBERED {
            self.lateness.push(self.clock.now().since(due));
        }
    }

    /// How late each tick was, since the start.
    pub(super) fn lateness(&self) -> &[Nanos] {
        &self.lateness
    }

    /// One tick by the kernel's high-resolution timer; `None` where there is none. The runtime's own timer rounds up to whole
    /// milliseconds, which would hide how late it was.
    #[cfg(target_os = "linux")]
    async fn sleep_precisely(&self) -> Option<()> {
        use nix::sys::time::{TimeSpec, TimeValLike};
        use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
        let timer = self.timer.as_ref()?;
        let length = Expiration::OneShot(TimeSpec::nanoseconds(TICK.0));
        timer.get_ref().0.set(length, TimerSetTimeFlags::empty()).ok()?;
        loop {
            let mut ready = timer.readable().await.ok()?;
            // A wake-up for nothing is an outer error, and waited out.
            if let Ok(outcome) = ready.try_io(|timer| timer.get_ref().0.wait().map_err(std::io::Error::from)) {
                return outcome.ok();
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_async, reason = "the same face as where there is a precise timer")]
    async fn sleep_precisely(&self) -> Option<()> {
        None
    }
}

/// The kernel's timer, in the form that the runtime waits for.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Timer(nix::sys::timerfd::TimerFd);

#[cfg(target_os = "linux")]
impl std::os::fd::AsRawFd for Timer {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        std::os::fd::AsFd::as_fd(&self.0).as_raw_fd()
    }
}

#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "its successor is unsafe; here the file is owned by what is registered and never replaced"
)]
fn precise_timer() -> Option<tokio::io::unix::AsyncFd<Timer>> {
    use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
    let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
    let timer = Timer(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).ok()?);
    tokio::io::unix::AsyncFd::with_interest(timer, tokio::io::Interest::READABLE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ticks_are_never_early() {
        let clock = ScanClock::freeze();
        let mut metronome = Metronome::new(clock);
        let begun = clock.now();
        for _ in 0..5 {
            metronome.tick().await;
        }
        assert!(clock.now().since(begun) >= Nanos::from_micros(4_900));
        assert_eq!(metronome.lateness().len(), 5);
    }
}
