//! The stop signal: how Ctrl-C, SIGTERM, a terminal that is gone (SIGHUP) and `--deadline` end a run early, with what is known by then.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::group;
use crate::audit::ExitStatus;
use crate::probe::Interruption;

/// The number of the listener that was started last: the only one that acts.
static NEWEST: AtomicU32 = AtomicU32::new(0);

/// How long a rest of time is waited for at least before it is looked at again.
const SHORTEST_REST: Duration = Duration::from_millis(20);

/// What is done before the program leaves at once.
static LAST_ACT: Mutex<Option<fn()>> = Mutex::new(None);

/// What is said then, where something is being done that somebody must know of.
static LAST_WORDS: Mutex<Option<Arc<dyn Fn() + Send + Sync>>> = Mutex::new(None);

/// How long a terminal that takes nothing more keeps the program from leaving.
const LONGEST_LAST_WORDS: Duration = Duration::from_secs(1);

/// Has `act` done before a signal ends the program at once, when nothing is dropped any more: it removes what must not stay
/// behind. A later one takes its place.
pub fn before_leaving_at_once(act: fn()) {
    *LAST_ACT.lock().unwrap_or_else(PoisonError::into_inner) = Some(act);
}

fn leave(status: ExitStatus) -> ! {
    group::end_all();
    let act = *LAST_ACT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(act) = act {
        act();
    }
    let words = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(words) = words {
        say(words);
    }
    std::process::exit(status.code().into())
}

/// Waits until it is said, and not for ever.
fn say(words: Arc<dyn Fn() + Send + Sync>) {
    let (said, hears) = mpsc::channel();
    let speak = move || {
        words();
        // Whoever waits may have left.
        let _ = said.send(());
    };
    if thread::Builder::new().spawn(speak).is_ok() {
        let _ = hears.recv_timeout(LONGEST_LAST_WORDS);
    }
}

/// As long as it is kept, a signal that ends the program at once has something said first.
#[derive(Debug)]
pub struct LastWords(());

impl LastWords {
    /// Has `words` say it. Later ones take their place.
    pub fn new(words: impl Fn() + Send + Sync + 'static) -> Self {
        *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(words));
        Self(())
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether SIGHUP has no effect on this process; where that cannot be told it is left as it is.
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| ignores_hangup(&status))
}

/// Whether the first bit, that of SIGHUP, is set in the mask of ignored signals.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 != 0)
}

/// The next signal of one that may not be listened to.
async fn next(signals: &mut Option<Signal>) -> Option<()> {
    match signals {
        Some(signals) => signals.recv().await,
        None => None,
    }
}

/// Tells a run that it is to end; clones tell and hear the same.
#[derive(Debug, Clone)]
pub struct StopSignal {
    sender: Arc<watch::Sender<Option<Interruption>>>,
}

impl StopSignal {
    /// A signal that nobody has given yet.
    pub fn new() -> Self {
        Self { sender: Arc::new(watch::Sender::new(None)) }
    }

    /// From now on Ctrl-C, SIGTERM and SIGHUP end the program at once, by way of [`before_leaving_at_once`], until a signal is listened
    /// to for something else.
    pub fn leave_at_once() {
        // Nobody is left who waits for it.
        drop(Self::from_outside(None));
    }

    /// A signal that is given by Ctrl-C, by SIGTERM or SIGHUP, and once `deadline` has passed; must be called inside a runtime. A second
    /// signal of the system ends the program at once, and so does the first one once this value and its clones are gone.
    pub fn from_outside(deadline: Option<Duration>) -> Self {
        let stop = Self::new();
        stop.listen();
        if let Some(deadline) = deadline {
            let sender = Arc::downgrade(&stop.sender);
            tokio::spawn(async move {
                tokio::time::sleep(deadline).await;
                if let Some(sender) = sender.upgrade() {
                    Self { sender }.give(Interruption::Deadline);
                }
            });
        }
        stop
    }

    /// Gives the signal once nothing is left of a time that may stand still meanwhile: `left` says how much is, `None` where there is no
    /// end. Must be called inside a runtime.
    pub fn at_the_end_of(&self, left: impl Fn() -> Option<Duration> + Send + 'static) {
        let Some(first) = left() else { return };
        if first.is_zero() {
            return self.give(Interruption::Deadline);
        }
        let sender = Arc::downgrade(&self.sender);
        tokio::spawn(async move {
            while let Some(rest) = left().filter(|rest| !rest.is_zero()) {
                // What stands still is looked at again soon.
                tokio::time::sleep(rest.max(SHORTEST_REST)).await;
            }
            if let Some(sender) = sender.upgrade() {
                Self { sender }.give(Interruption::Deadline);
            }
        });
    }

    /// Listens from a thread of its own, which outlives the runtime of the run: once listened to, a signal has no default
    /// effect any more. Without a listener that default stands, which ends the program: nothing worse than no report.
    fn listen(&self) {
        let sender = Arc::downgrade(&self.sender);
        let number = NEWEST.fetch_add(1, Ordering::SeqCst) + 1;
        let (ready, listening) = mpsc::channel();
        let hear = move || {
            let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async move {
                let both = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
                let (Ok(mut interrupt), Ok(mut terminate)) = both else { return };
                // Under `nohup` the run is to outlive its terminal.
                let mut hangup = if is_hangup_ignored() { None } else { signal(SignalKind::hangup()).ok() };
                // Where something must not stay behind, Ctrl-\ ends the program as the second Ctrl-C does, without a core.
                let has_last_act = LAST_ACT.lock().unwrap_or_else(PoisonError::into_inner).is_some();
                let mut quit = if has_last_act { signal(SignalKind::quit()).ok() } else { None };
                // The caller waits for this, so there is somebody to tell.
                let _ = ready.send(());
                let mut is_first = true;
                loop {
                    let reason = tokio::select! {
                        Some(()) = next(&mut quit) => leave(ExitStatus::Interrupted),
                        Some(()) = interrupt.recv() => Interruption::Interrupt,
                        Some(()) = terminate.recv() => Interruption::Terminate,
                        Some(()) = next(&mut hangup) => Interruption::Terminate,
                        else => return,
                    };
                    if NEWEST.load(Ordering::SeqCst) != number {
                        return;
                    }
                    match sender.upgrade().filter(|_| is_first) {
                        Some(sender) => Self { sender }.give(reason),
                        None => {
                            if let Some(status) = ExitStatus::of_signal(reason) {
                                leave(status);
                            }
                        }
                    }
                    is_first = false;
                }
            });
        };
        if thread::Builder::new().name("signals".to_owned()).spawn(hear).is_ok() {
            // An error means that the thread ended without listening.
            let _ = listening.recv();
        }
    }

    /// Gives the signal; the first reason given stands, but for a deadline, which gives way to a signal of the system.
    pub fn give(&self, reason: Interruption) {
        self.sender.send_if_modified(|given| {
            let is_news = given.is_none_or(|given| given == Interruption::Deadline && given != reason);
            if is_news {
                *given = Some(reason);
            }
            is_news
        });
    }

    /// From now on the next signal of the system ends the program at once, as soon as no clone is left.
    pub fn release(self) -> Heard {
        Heard(self.sender.subscribe())
    }

    /// Why the run is to end, if it is.
    pub fn reason(&self) -> Option<Interruption> {
        *self.sender.borrow()
    }

    /// Waits until the signal is given.
    pub async fn given(&self) -> Interruption {
        let mut receiver = self.sender.subscribe();
        loop {
            if let Some(reason) = *receiver.borrow_and_update() {
                return reason;
            }
            // The sender lives as long as `self`, so this only ever ends with a change.
            let _ = receiver.changed().await;
        }
    }
}

/// What a stop signal was given until nobody was left to be told.
#[derive(Debug)]
pub struct Heard(watch::Receiver<Option<Interruption>>);

impl Heard {
    /// The signal of the system that was given; a deadline is none.
    pub fn signal(&self) -> Option<Interruption> {
        self.0.borrow().filter(|reason| *reason != Interruption::Deadline)
    }
}

impl Default for StopSignal {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_signal_stands_and_beats_a_deadline() {
        let stop = StopSignal::new();
        assert_eq!(stop.reason(), None);
        stop.clone().give(Interruption::Deadline);
        stop.give(Interruption::Deadline);
        assert_eq!(stop.given().await, Interruption::Deadline);
        stop.give(Interruption::Terminate);
        stop.give(Interruption::Interrupt);
        stop.give(Interruption::Deadline);
        assert_eq!(stop.given().await, Interruption::Terminate);
    }

    #[tokio::test]
    async fn what_stands_still_ends_nothing_and_what_is_over_ends_at_once() {
        let over = StopSignal::new();
        over.at_the_end_of(|| Some(Duration::ZERO));
        assert_eq!(over.reason(), Some(Interruption::Deadline));
        let endless = StopSignal::new();
        endless.at_the_end_of(|| None);
        assert_eq!(endless.reason(), None);
        // It is asked three times and stands still the first two.
        let stop = StopSignal::new();
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        stop.at_the_end_of(move || {
            let times = count.fetch_add(1, Ordering::SeqCst);
            Some(Duration::from_millis(u64::from(times < 3)))
        });
        assert_eq!(stop.given().await, Interruption::Deadline);
        assert_eq!(asked.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn a_run_under_nohup_is_told_by_its_mask() {
        let check = |status: &str, expected: bool| assert_eq!(ignores_hangup(status), expected, "{status}");
        check("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n", false);
        check("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n", true);
        check("", true);
    }

    #[test]
    fn what_was_heard_is_known_after_the_release_and_a_deadline_is_no_signal() {
        let check = |reason: Option<Interruption>, expected: Option<Interruption>| {
            let stop = StopSignal::new();
            if let Some(reason) = reason {
                stop.give(reason);
            }
            assert_eq!(stop.release().signal(), expected);
        };
        check(None, None);
        check(Some(Interruption::Deadline), None);
        check(Some(Interruption::Interrupt), Some(Interruption::Interrupt));
    }
}
