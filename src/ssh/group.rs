//! Programs that sessions go through, each leading a group of its own: none outlives its session, nor this program where a signal
//! ends it at once.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The groups of those that run; `None` = this program is about to end, and no other one is started.
static GROUPS: Mutex<Option<BTreeSet<i32>>> = Mutex::new(Some(BTreeSet::new()));

/// The group of a program that runs; dropping it ends all of it. It must be dropped before its program is waited for: the number is
/// the group's own until then.
#[derive(Debug)]
pub(super) struct Group(i32);

impl Group {
    /// Starts a program that leads its group. There is no instant in which it runs and would be left behind.
    pub(super) fn led_by<Program>(
        start: impl FnOnce() -> io::Result<Program>,
        number: impl FnOnce(&Program) -> Option<u32>,
    ) -> io::Result<(Self, Program)> {
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(groups) = groups.as_mut() else { return Err(io::ErrorKind::Interrupted.into()) };
        let program = start()?;
        let number = number(&program).and_then(|number| i32::try_from(number).ok());
        let number = number.ok_or_else(|| io::Error::other("it has no number"))?;
        groups.insert(number);
        Ok((Self(number), program))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(groups) = GROUPS.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            groups.remove(&self.0);
        }
        end(self.0);
    }
}

/// Ends every program that runs, and lets no other one begin, for whoever leaves without dropping them.
pub(super) fn end_all() {
    let groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner).take();
    groups.into_iter().flatten().for_each(end);
}

fn end(group: i32) {
    // An error means that all of it has ended.
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}
