//! The stop signal: how Ctrl-C, SIGTERM and `--deadline` end a run early, with what is known by then.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::probe::Interruption;

/// The number of the listener that was started last: the only one that acts.
static NEWEST: AtomicU32 = AtomicU32::new(0);

/// The exit status of a program that leaves at once.
fn status_of(reason: Interruption) -> i32 {
    match reason {
        Interruption::Terminate => 143,
        Interruption::Interrupt | Interruption::Deadline => 130,
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

    /// A signal that is given by Ctrl-C, by SIGTERM, and once `deadline` has passed; must be called inside a runtime. A second
    /// signal of the system ends the program at once, and so does the first one that finds nobody left who waits for it: after
    /// the run, while its report is judged or a full pipe holds it up.
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
                // The caller waits for this, so there is somebody to tell.
                let _ = ready.send(());
                let mut is_first = true;
                loop {
                    let reason = tokio::select! {
                        Some(()) = interrupt.recv() => Interruption::Interrupt,
                        Some(()) = terminate.recv() => Interruption::Terminate,
                        else => return,
                    };
                    if NEWEST.load(Ordering::SeqCst) != number {
                        return;
                    }
                    match sender.upgrade().filter(|_| is_first) {
                        Some(sender) => Self { sender }.give(reason),
                        None => std::process::exit(status_of(reason)),
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

    /// Gives the signal; the first reason given stands.
    pub fn give(&self, reason: Interruption) {
        self.sender.send_if_modified(|given| {
            let first = given.is_none();
            given.get_or_insert(reason);
            first
        });
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

impl Default for StopSignal {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stands() {
        let stop = StopSignal::new();
        assert_eq!(stop.reason(), None);
        stop.clone().give(Interruption::Deadline);
        stop.give(Interruption::Interrupt);
        assert_eq!(stop.given().await, Interruption::Deadline);
    }
}
