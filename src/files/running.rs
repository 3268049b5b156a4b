//! Programs that run on behalf of this one, each in a process group of its own, which a Ctrl-C at the terminal does not reach: they
//! end with it all the same.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The groups of those that run.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A program that runs in a group of its own, until this is dropped.
#[derive(Debug)]
pub(super) struct Running(Option<i32>);

impl Running {
    /// The program of that process, which leads its group.
    pub(super) fn new(process: u32) -> Self {
        let group = i32::try_from(process).ok();
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).extend(group);
        Self(group)
    }

    /// Ends the program and what it started. Only for one whose end nobody has heard of: its number is its own until then.
    pub(super) fn end(&self) {
        if let Some(group) = self.0 {
            // An error means that all of it has ended.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            GROUPS.lock().unwrap_or_else(PoisonError::into_inner).remove(&group);
        }
    }
}

/// Ends every program that runs, for whoever leaves without waiting for them.
pub fn end_programs() {
    for group in GROUPS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        // An error means that all of it has ended.
        let _ = killpg(Pid::from_raw(*group), Signal::SIGKILL);
    }
}
