//! The stop signal: how Ctrl-C, SIGTERM and `--deadline` end a run early, with what is known by then.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::probe::Interruption;

/// The exit status of a second Ctrl-C, which leaves at once.
const LEFT_AT_ONCE: i32 = 130;

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
    /// Ctrl-C ends the program at once.
    pub fn from_outside(deadline: Option<Duration>) -> Self {
        let stop = Self::new();
        for (kind, reason) in
            [(SignalKind::interrupt(), Interruption::Interrupt), (SignalKind::terminate(), Interruption::Terminate)]
        {
            // Without a listener the system's own default stands, which ends the program: nothing worse than no report.
            let Ok(mut signals) = signal(kind) else { continue };
            let stop = stop.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if stop.reason() == Some(reason) && reason == Interruption::Interrupt {
                        std::process::exit(LEFT_AT_ONCE);
                    }
                    stop.give(reason);
                }
            });
        }
        if let Some(deadline) = deadline {
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(deadline).await;
                stop.give(Interruption::Deadline);
            });
        }
        stop
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
