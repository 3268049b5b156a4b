//! The turnstile in front of hosts: bounds how many are dialled and how many handshakes run, closes while clocks are sampled,
//! and knows how many hosts wait for this machine rather than this machine for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

use super::gate::{Gate, Gates};
use super::servers::{self, Server, Servers};

/// Hosts that are dialled at once: a burst that switches and firewalls on the way can take.
const DIALS: usize = 2_048;
/// How long a dial keeps its turn: what has not been answered by then costs nothing but a socket, and dead hosts, however
/// many, must not hold up the others.
const DIAL_LOAN: Duration = Duration::from_secs(1);
/// How long a handshake keeps its turn while its server says nothing: the work of a key exchange and a signature takes
/// milliseconds, a longer silence is the server's waiting (PAM, LDAP, reverse look-ups).
const HANDSHAKE_LOAN: Duration = Duration::from_secs(2);
/// How often the turn of a handshake that goes on is lent anew. Where this machine or a jump host is the slow one, another
/// handshake beside those would only make all of them too late; a server that drips must not keep its turn for ever.
const MOST_LOANS: usize = 5;

/// The limits of a scan.
#[derive(Debug)]
pub(super) struct Turnstile {
    dials: Semaphore,
    handshakes: Semaphore,
    is_open: watch::Sender<bool>,
    queue: AtomicUsize,
    servers: Servers,
    gates: Gates,
}

/// What may go through a jump host at once: its processor is as busy as this machine's, and where all hosts behind it begin
/// together none is in time.
#[derive(Debug)]
pub(super) struct Passage {
    dials: Semaphore,
    handshakes: Semaphore,
}

impl Passage {
    pub(super) fn new(at_once: usize) -> Self {
        Self { dials: Semaphore::new(at_once), handshakes: Semaphore::new(at_once) }
    }
}

/// A turn of the handshake: this machine's, and that of the jump host on the way where there is one.
#[derive(Debug)]
pub(super) struct Turn<'turn> {
    _machine: Option<SemaphorePermit<'turn>>,
    _jump: Option<SemaphorePermit<'turn>>,
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
            servers: Servers::default(),
            gates: Gates::default(),
        }
    }

    /// Does the work of a dial of a server, from here or `through` a jump host, once it has a turn. With what comes of it is given
    /// the place at that server, to be held until the login is over; one that has not answered within the time of a dial's turn drops
    /// nobody, and the names that stand for it wait for each other no longer.
    pub(super) async fn dial<T>(
        &self,
        through: Option<&Passage>,
        server: Server,
        work: impl Future<Output = T>,
    ) -> (T, Option<servers::Place>) {
        // Who waits for a server does not wait for this machine.
        let at_server = self.at_server(server).await;
        let place = Place::take(&self.queue);
        // The semaphores are never closed.
        let turn = through.map_or(&self.dials, |passage| &passage.dials).acquire().await.ok();
        drop(place);
        let mut work = std::pin::pin!(work);
        if let Ok(done) = timeout(DIAL_LOAN, &mut work).await {
            return (done, at_server);
        }
        drop((turn, at_server));
        (work.await, None)
    }

    /// Waits for a place among the connections to a server that are not logged in yet.
    pub(super) async fn at_server(&self, server: Server) -> Option<servers::Place> {
        self.servers.place(server).await
    }

    /// What a command goes through.
    pub(super) fn gate(&self, server: Server) -> Arc<Gate> {
        self.gates.of(server)
    }

    /// Waits for a turn of the handshake, which costs this machine's processor and that of the jump host that it goes `through`.
    pub(super) async fn handshake<'turn>(&'turn self, through: Option<&'turn Passage>) -> Turn<'turn> {
        let _place = Place::take(&self.queue);
        let jump = match through {
            Some(passage) => passage.handshakes.acquire().await.ok(),
            None => None,
        };
        let machine = self.handshakes.acquire().await.ok();
        // Only an end of the sender would be an error, and it lives as long as this.
        let _ = self.is_open.subscribe().wait_for(|is_open| *is_open).await;
        Turn { _machine: machine, _jump: jump }
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

/// Does `work` with a turn that is given back when it is done, or after a while in which nothing was `heard` of the other side:
/// what takes longer waits for that.
async fn lent<T, Turn>(turn: Turn, loan: Duration, heard: impl Fn() -> u64, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut before = heard();
    for _ in 0..MOST_LOANS {
        if let Ok(done) = timeout(loan, &mut work).await {
            return done;
        }
        let after = heard();
        if after == before {
            break;
        }
        before = after;
    }
    drop(turn);
    work.await
}

/// Does the work of a handshake with the turn that it got, if it got one; `heard` counts what came from the server.
pub(super) async fn in_turn<T>(turn: Option<Turn<'_>>, heard: impl Fn() -> u64, work: impl Future<Output = T>) -> T {
    lent(turn, HANDSHAKE_LOAN, heard, work).await
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::FutureExt;
    use futures::future::select;

    use super::*;

    fn server(port: u16) -> Server {
        Server::Direct(([127, 0, 0, 1], port).into())
    }

    #[tokio::test]
    async fn dead_hosts_do_not_hold_up_the_others() {
        let turnstile = Turnstile { dials: Semaphore::new(1), ..Turnstile::new(1) };
        let mut dead = Box::pin(turnstile.dial(None, server(1), pending::<()>()));
        assert!(dead.as_mut().now_or_never().is_none() && !turnstile.has_queue());
        let mut alive = Box::pin(turnstile.dial(None, server(2), async { "connected" }));
        assert!(alive.as_mut().now_or_never().is_none() && turnstile.has_queue(), "a burst is bounded");
        let outcome = timeout(DIAL_LOAN * 8, select(dead, alive)).await;
        assert!(outcome.is_ok(), "the dead one kept its turn");
    }

    #[tokio::test]
    async fn a_passage_is_bounded_by_itself() {
        let (turnstile, narrow) = (Turnstile::new(2), Passage::new(1));
        let first = turnstile.handshake(Some(&narrow)).await;
        assert!(turnstile.handshake(Some(&narrow)).now_or_never().is_none(), "one at a time goes through");
        assert!(turnstile.handshake(None).now_or_never().is_some(), "others do not wait for it");
        let mut dead = Box::pin(turnstile.dial(Some(&narrow), server(1), pending::<()>()));
        assert!(dead.as_mut().now_or_never().is_none() && !turnstile.has_queue());
        assert!(Box::pin(turnstile.dial(Some(&narrow), server(2), async {})).now_or_never().is_none());
        drop(first);
        assert!(turnstile.handshake(Some(&narrow)).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_turn_is_kept_while_something_is_heard() {
        let loans_of = async |hears: bool| {
            let (turn, asked) = (std::rc::Rc::new(()), std::cell::Cell::new(0));
            let given_back = std::rc::Rc::downgrade(&turn);
            let heard = || {
                asked.set(asked.get() + 1);
                if hears { asked.get() } else { 0 }
            };
            // It is done as soon as its turn is gone.
            let work = futures::future::poll_fn(|context| {
                if given_back.strong_count() == 0 {
                    return std::task::Poll::Ready(());
                }
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            });
            lent(turn, Duration::ZERO, heard, work).await;
            asked.get() - 1
        };
        assert_eq!(loans_of(false).await, 1, "who is silent keeps no turn");
        assert_eq!(usize::try_from(loans_of(true).await), Ok(MOST_LOANS), "nor does one that drips for ever");
    }

    #[tokio::test]
    async fn a_closed_turnstile_keeps_its_queue() {
        let turnstile = Turnstile::new(1);
        assert!(turnstile.handshake(None).now_or_never().is_some());
        turnstile.set_open(false);
        let mut waiting = Box::pin(turnstile.handshake(None));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert!(turnstile.has_queue());
        turnstile.set_open(true);
        let _turn = waiting.await;
        assert!(!turnstile.has_queue());
        assert!(turnstile.handshake(None).now_or_never().is_none(), "one at a time");
    }
}
