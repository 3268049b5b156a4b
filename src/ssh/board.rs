//! What the hosts of a scan share: the clock, whoever listens to what happens, and who has just answered.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::scan_clock::ScanClock;
use crate::probe::HostEvent;

/// What all hosts of a scan share: the clock, the listener, and the list of hosts that have just answered.
pub(super) struct Board {
    pub(super) clock: ScanClock,
    listener: Box<dyn Fn(HostEvent) + Send + Sync>,
    answered: Mutex<VecDeque<usize>>,
}

impl fmt::Debug for Board {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Board").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl Board {
    pub(super) fn new(clock: ScanClock, listener: impl Fn(HostEvent) + Send + Sync + 'static) -> Self {
        Self { clock, listener: Box::new(listener), answered: Mutex::default() }
    }

    pub(super) fn tell(&self, event: HostEvent) {
        (self.listener)(event);
    }

    /// Takes the hosts that have answered, or ended, since the last call.
    pub(super) fn take_answered(&self) -> VecDeque<usize> {
        std::mem::take(&mut *locked(&self.answered))
    }

    pub(super) fn answered(&self, host: usize) {
        locked(&self.answered).push_back(host);
    }
}

/// A lock whose holder panicked still holds whole values here: every change is a single assignment.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
