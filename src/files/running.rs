//! Programs that are asked something (inventory scripts, passwords, `Match exec`): each in a process group of its own, within limits
//! of time and size, and without a terminal unless it may ask something. A Ctrl-C at the terminal does not reach such a group; it ends
//! with this program all the same.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};

use super::lent_terminal;
use super::time_left::TimeLeft;
use crate::tickets::login_variables;

/// Of what a program says on its standard error so many bytes are kept.
const KEPT_ERRORS: usize = 16 * 1024;

/// How long the end of its standard error is waited for once a program has ended: it comes at once, unless something that the program
/// has started holds it open.
const AFTER_THE_END: Duration = Duration::from_secs(1);

/// So often it is looked at whether a program that has the terminal was stopped or has ended.
const ATTENDED_EVERY: Duration = Duration::from_millis(50);

/// The groups of those that run; locked for good once this program is about to end.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// What a program may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'run> {
    /// How long it may run, whatever is left for the run.
    pub(super) limit: Duration,
    /// What is left for the run.
    pub(super) time: &'run TimeLeft,
    /// Bytes that it may print.
    pub(super) most: u64,
    /// Whether it may ask the user something: it has the terminal while it runs, as a shell would give it. Whatever else asks there
    /// fails: in the background it would be stopped, and waited for.
    pub(super) may_ask: bool,
}

/// A program that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// How.
    pub(super) status: ExitStatus,
    /// What it printed, where that was asked for.
    pub(super) output: Vec<u8>,
    /// The first bytes of its standard error, where that was asked for.
    pub(super) errors: Vec<u8>,
}

/// Why a program did not come to its own end, as the end of a sentence that begins with its name.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unended {
    /// It cannot be started.
    #[error("cannot be run: {0}")]
    Unstarted(io::Error),
    /// It was stopped at its own limit.
    #[error("has not ended within {} s and was stopped", .0.as_secs_f64())]
    Late(Duration),
    /// It was stopped at the end of the run.
    #[error("has not ended within the {} s of `--deadline` and was stopped", .0.as_secs_f64())]
    LateForRun(Duration),
    /// Nothing is left of the run.
    #[error("was not run, as the {} s of `--deadline` are over", .0.as_secs_f64())]
    NoTime(Duration),
    /// It prints more than it may.
    #[error("prints more than {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// What it prints cannot be read, or its end not be waited for.
    #[error("cannot be read or waited for: {0}")]
    Lost(io::Error),
}

/// Runs a program, without what logs in to ticket systems, and waits for its end. What it prints or says is read where the command
/// has pipes for it.
pub(super) fn run(mut command: Command, bounds: &Bounds<'_>) -> Result<Ended, Unended> {
    let left = bounds.time.left().unwrap_or(Duration::MAX);
    let whole = bounds.time.whole().unwrap_or_default();
    if left.is_zero() {
        return Err(Unended::NoTime(whole));
    }
    let limit = left.min(bounds.limit);
    for name in login_variables() {
        command.env_remove(name);
    }
    let (mut child, running) = Running::start(command, bounds.may_ask).map_err(Unended::Unstarted)?;
    let terminal = bounds.may_ask.then(|| lent_terminal::Lent::to(running.0));
    let (output, errors) = (child.stdout().take(), child.stderr().take());
    let said = Said::of(errors);
    let most = bounds.most;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // What prints more finds nobody who reads it, and ends.
        let mut bytes = Vec::new();
        let read = output.map(|output| output.take(most.saturating_add(1)).read_to_end(&mut bytes));
        let ended = child.wait();
        // Nobody listens any more where the time was over.
        let _ = sender.send((bytes, read.transpose().and(ended)));
    });
    let heard = match terminal {
        Some(terminal) => attended(&receiver, limit, running.0, terminal),
        None => receiver.recv_timeout(limit),
    };
    let (output, ended) = heard.map_err(|error| {
        if error == RecvTimeoutError::Timeout {
            // Not reaped yet: whoever waits for it would have told its end.
            running.end();
        }
        if left < bounds.limit { Unended::LateForRun(whole) } else { Unended::Late(bounds.limit) }
    })?;
    if u64::try_from(output.len()).is_ok_and(|length| length > most) {
        return Err(Unended::TooLarge(most));
    }
    let status = ended.map_err(Unended::Lost)?;
    Ok(Ended { status, output, errors: said.first_bytes() })
}

/// Waits for what a program sends that has the terminal. One that is stopped there (Ctrl-Z) goes on, for no shell would bring it back.
/// Once it has ended the terminal is ours: what it started may hold its output open, and Ctrl-C must reach this program then.
fn attended<Sent>(
    receiver: &Receiver<Sent>,
    limit: Duration,
    program: Pid,
    terminal: lent_terminal::Lent,
) -> Result<Sent, RecvTimeoutError> {
    let mut terminal = Some(terminal);
    let mut left = limit;
    loop {
        match receiver.recv_timeout(left.min(ATTENDED_EVERY)) {
            Err(RecvTimeoutError::Timeout) if left > ATTENDED_EVERY => left -= ATTENDED_EVERY,
            ended => return ended,
        }
        if let Ok(WaitStatus::Stopped(..)) = waitid(Id::Pid(program), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG) {
            // An error means that it has ended.
            let _ = killpg(program, Signal::SIGCONT);
        }
        // Whoever waits for its end hears of it all the same; who has heard of it already leaves nothing to look at.
        let end = waitid(Id::Pid(program), WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT);
        if !matches!(end, Ok(WaitStatus::StillAlive)) {
            terminal.take();
        }
    }
}

/// What a program says on its standard error, read beside its output.
struct Said {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Disconnected at the end of it.
    end: Receiver<Infallible>,
}

impl Said {
    fn of(stream: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (until_end, end) = mpsc::channel();
        if let Some(stream) = stream {
            let kept = Arc::clone(&bytes);
            thread::spawn(move || {
                keep(stream, &kept);
                drop(until_end);
            });
        }
        Self { bytes, end }
    }

    /// The first bytes of what the program said, which has ended. All of it is in the pipe by then; only what it started may hold
    /// that open, and is not waited for.
    fn first_bytes(self) -> Vec<u8> {
        let _ = self.end.recv_timeout(AFTER_THE_END);
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Keeps the first bytes of what a program says; the rest is read and dropped, so that nobody waits for a full pipe.
fn keep(mut stream: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut block = [0; 4096];
    loop {
        match stream.read(&mut block) {
            Ok(0) => return,
            Ok(length) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT_ERRORS.saturating_sub(kept.len());
                kept.extend(block.iter().take(length.min(room)));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// A program that runs in a group of its own, until this is dropped.
#[derive(Debug)]
struct Running(Pid);

impl Running {
    /// Starts a program, which leads its group. There is no instant in which it runs and would be left behind.
    fn start(mut command: Command, may_ask: bool) -> io::Result<(Box<dyn ChildWrapper>, Self)> {
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        let child: Box<dyn ChildWrapper> = if may_ask {
            Box::new(command.process_group(0).spawn()?)
        } else {
            // Whose end is waited for is the program, not all of its session.
            CommandWrap::from(command).wrap(ProcessSession).spawn()?.into_inner()
        };
        let group = i32::try_from(child.id()).map_err(io::Error::other)?;
        groups.insert(group);
        Ok((child, Self(Pid::from_raw(group))))
    }

    /// Ends the program and what it started. Only for one whose end nobody has heard of: its number is its own until then.
    fn end(&self) {
        // An error means that all of it has ended.
        let _ = killpg(self.0, Signal::SIGKILL);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0.as_raw());
    }
}

/// Ends every program that runs, and lets no other one begin, for whoever ends this program at once. Whoever waits for one of them goes
/// no further: it would take that end for the program's own, as a password that is missing, and end this program by that (77)
/// before the signal does.
pub fn end_programs() {
    let groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
    for group in &*groups {
        // An error means that all of it has ended.
        let _ = killpg(Pid::from_raw(*group), Signal::SIGKILL);
    }
    std::mem::forget(groups);
    lent_terminal::take_back();
}
