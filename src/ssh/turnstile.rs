//! The turnstile in front of hosts: bounds how many are dialled and how many handshakes run, closes while clocks are sampled,
//! and knows how many hosts wait for this machine rather than this machine for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

/// Hosts that are dialled at once: a burst that switches and firewalls on the way can take.
const DIALS: usize = 2_048;
/// How long a dial keeps its turn: what has not been answered by then costs nothing but a socket, and dead hosts, however
/// many, must not hold up the others.
const DIAL_LOAN: Duration = Duration::from_secs(1);
/// How long a handshake keeps its turn: the work of a key exchange and a signature takes milliseconds, whatever is longer is
/// the server's waiting (PAM, LDAP, reverse look-ups).
const HANDSHAKE_LOAN: Duration = Duration::from_secs(2);

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

    /// Does the work of a dial, once it has a turn.
    pub(super) async fn dial<T>(&self, work: impl Future<Output = T>) -> T {
        let place = Place::take(&self.queue);
        // The semaphores are never closed.
        let turn = self.dials.acquire().await.ok();
        drop(place);
        lent(turn, DIAL_LOAN, work).await
    }

    /// Does the work of a handshake with the turn that it got, if it got one.
    pub(super) async fn in_turn<T>(&self, turn: Option<SemaphorePermit<'_>>, work: impl Future<Output = T>) -> T {
        lent(turn, HANDSHAKE_LOAN, work).await
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

/// Does `work` with a turn that is given back when it is done, or after a while: what takes longer waits for the other side.
async fn lent<T>(turn: Option<SemaphorePermit<'_>>, loan: Duration, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = timeout(loan, &mut work).await {
        return done;
    }
    drop(turn);
    work.await
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::FutureExt;
    use futures::future::select;

    use super::*;

    #[tokio::test]
    async fn dead_hosts_do_not_hold_up_the_others() {
        let turnstile = Turnstile { dials: Semaphore::new(1), ..Turnstile::new(1) };
        let mut dead = Box::pin(turnstile.dial(pending::<()>()));
        assert!(dead.as_mut().now_or_never().is_none() && !turnstile.has_queue());
        let mut alive = Box::pin(turnstile.dial(async { "connected" }));
        assert!(alive.as_mut().now_or_never().is_none() && turnstile.has_queue(), "a burst is bounded");
        let outcome = timeout(DIAL_LOAN * 8, select(dead, alive)).await;
        assert!(outcome.is_ok(), "the dead one kept its turn");
    }

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
