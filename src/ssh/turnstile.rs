//! The turnstile in front of hosts: bounds how many are dialled and how many handshakes run, closes while clocks are sampled,
//! and knows how many hosts wait for this machine rather than this machine for them.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// TCP connections that are being opened at once: waiting for one costs nothing, so dead hosts do not hold up the others.
const DIALS: usize = 2_048;

/// The limits of a scan.
#[derive(Debug)]
pub(super) struct Turnstile {
    dials: Semaphore,
    handshakes: Semaphore,
    is_open: watch::Sender<bool>,
    queue: AtomicUsize,
}

/// A host's place in the queue, left when its turn comes or it gives up.
struct Place<'queue>(&'queue AtomicUsize);

impl<'queue> Place<'queue> {
    fn take(queue: &'queue AtomicUsize) -> Self {
        queue.fetch_add(1, Ordering::SeqCst);
        Self(queue)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Turnstile {
    /// A turnstile that lets `handshakes` through at once, open.
    pub(super) fn new(handshakes: usize) -> Self {
        Self {
            dials: Semaphore::new(DIALS),
            handshakes: Semaphore::new(handshakes.max(1)),
            is_open: watch::Sender::new(true),
            queue: AtomicUsize::new(0),
        }
    }

    /// Waits for a turn to dial. The semaphores are never closed: `None` does not happen.
    pub(super) async fn dial(&self) -> Option<SemaphorePermit<'_>> {
        let _place = Place::take(&self.queue);
        self.dials.acquire().await.ok()
    }

    /// Waits for a turn of the handshake, which costs this machine's processor.
    pub(super) async fn handshake(&self) -> Option<SemaphorePermit<'_>> {
        let _place = Place::take(&self.queue);
        let turn = self.handshakes.acquire().await.ok();
        // Only an end of the sender would be an error, and it lives as long as this.
        let _ = self.is_open.subscribe().wait_for(|is_open| *is_open).await;
        turn
    }

    /// Lets no further handshake begin, or lets them begin again: one costs as much as the stamps of many exchanges.
    pub(super) fn set_open(&self, is_open: bool) {
        self.is_open.send_replace(is_open);
    }

    /// Whether hosts wait for their turn.
    pub(super) fn has_queue(&self) -> bool {
        self.queue.load(Ordering::SeqCst) > 0
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_closed_turnstile_keeps_its_queue() {
        let turnstile = Turnstile::new(1);
        assert!(turnstile.handshake().now_or_never().is_some());
        turnstile.set_open(false);
        let mut waiting = Box::pin(turnstile.handshake());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(turnstile.has_queue());
        turnstile.set_open(true);
        let _turn = waiting.await;
        assert!(!turnstile.has_queue());
        assert!(turnstile.handshake().now_or_never().is_none(), "one at a time");
    }
}
