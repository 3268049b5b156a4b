//! The terminal in the hands of a program that may ask its user something: only the group that has it may read what is typed.

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

/// The terminal of this process, wherever its standard streams go.
const TERMINAL: &str = "/dev/tty";

/// What is lent.
#[derive(Debug)]
struct Terminal {
    file: File,
    /// The group that it goes back to.
    own: Pid,
    /// What it does with what is typed: who asks for a password hides that, and may be ended before it is shown again.
    modes: Option<Termios>,
}

/// The terminal that is lent.
static LENT: Mutex<Option<Terminal>> = Mutex::new(None);

/// The terminal is in other hands until this is dropped.
#[derive(Debug)]
pub(super) struct Lent;

impl Lent {
    /// Lends the terminal to a group, if there is one and it is this program's to lend.
    pub(super) fn to(group: Pid) -> Self {
        let opened = File::options().read(true).write(true).open(TERMINAL).ok();
        let own = getpgrp();
        let terminal = opened.filter(|terminal| tcgetpgrp(terminal).is_ok_and(|foreground| foreground == own));
        if let Some(terminal) = terminal.filter(|terminal| hand(terminal, group).is_ok()) {
            let modes = tcgetattr(&terminal).ok();
            *LENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Terminal { file: terminal, own, modes });
            // Whoever was faster to ask than this was stopped. An error means that it has ended.
            let _ = killpg(group, Signal::SIGCONT);
        }
        Self
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        take_back();
    }
}

/// Takes the terminal back, as it was, where it is lent.
pub(super) fn take_back() {
    if let Some(Terminal { file, own, modes }) = LENT.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // There is nothing to be done about a terminal that is gone.
        let is_back = hand(&file, own).is_ok();
        if let Some(modes) = modes.filter(|_| is_back) {
            let _ = tcsetattr(&file, SetArg::TCSANOW, &modes);
        }
    }
}

/// Gives the terminal to a group. Whoever does so from the background is stopped, unless that signal is blocked.
fn hand(terminal: impl AsFd, group: Pid) -> nix::Result<()> {
    let stopped = SigSet::from_iter([Signal::SIGTTOU]);
    let before = stopped.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let handed = tcsetpgrp(terminal, group);
    before.thread_set_mask()?;
    handed
}
