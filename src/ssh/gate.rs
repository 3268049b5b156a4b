//! What the commands of a `ProxyCommand` go through: a bastion that drops some of those that are not logged in to it yet. Nobody
//! tells this side when it has let one in: the first byte of the host behind does, which a host that is dead never sends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::select;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::sleep;

use super::servers::{MOST_UNAUTHENTICATED, Server};

/// How many others must have come through one after the other, each begun after the one before, until one that began earlier does
/// not wait for the gate any more, but for a host behind: the first of them may have begun before it, and the other two have each
/// been let in while it waited.
const OVERTAKEN: u64 = 3;

/// The gates of a scan.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<Server, Arc<Gate>>>);

impl Gates {
    /// The gate that stands for a server.
    pub(super) fn of(&self, server: Server) -> Arc<Gate> {
        // Every change is a single one, so that the table is whole even where somebody panicked.
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(server).or_insert_with(|| Arc::new(Gate::new(MOST_UNAUTHENTICATED))))
    }
}

/// One gate.
#[derive(Debug)]
pub(super) struct Gate {
    places: Semaphore,
    /// How many have come through one after the other, each begun after the one before.
    passed: watch::Sender<u64>,
}

/// A place among those that are not let in yet.
#[derive(Debug)]
pub(super) struct Entry<'gate> {
    gate: &'gate Gate,
    _place: Option<SemaphorePermit<'gate>>,
    /// How many had come through before.
    passed_before: u64,
}

impl Gate {
    fn new(places: usize) -> Self {
        Self { places: Semaphore::new(places), passed: watch::Sender::new(0) }
    }

    /// Waits for a place.
    pub(super) async fn enter(&self) -> Entry<'_> {
        // The semaphore is never closed.
        let place = self.places.acquire().await.ok();
        Entry { gate: self, _place: place, passed_before: *self.passed.borrow() }
    }
}

impl Entry<'_> {
    /// Keeps the place until `connected` is there (`false` = it has ended instead), for as long as `loan` at most, and no longer than
    /// until others have overtaken it so often that it cannot be the gate that it waits for.
    pub(super) async fn keep(self, loan: Duration, connected: impl Future<Output = bool>) {
        let mut passed = self.gate.passed.subscribe();
        let is_through = select! {
            biased;
            is_through = connected => is_through,
            _ = passed.wait_for(|now| *now >= self.passed_before + OVERTAKEN) => false,
            () = sleep(loan) => false,
        };
        if is_through {
            self.gate.passed.send_if_modified(|now| {
                let is_next = *now == self.passed_before;
                *now += u64::from(is_next);
                is_next
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::Pin;

    use futures::FutureExt;

    use super::*;

    /// No test comes to its end: what is given back is given back for another reason.
    const FOR_EVER: Duration = Duration::MAX;

    type Waiting<'gate> = Pin<Box<dyn Future<Output = ()> + 'gate>>;

    /// So many that have entered together, and that never hear of the host behind.
    fn dead(gate: &Gate, count: usize) -> Vec<Waiting<'_>> {
        let enter = || gate.enter().now_or_never().expect("a place").keep(FOR_EVER, pending());
        let mut entries: Vec<Waiting<'_>> = (0..count).map(|_| Box::pin(enter()) as Waiting<'_>).collect();
        assert!(entries.iter_mut().all(|entry| entry.as_mut().now_or_never().is_none()));
        entries
    }

    #[tokio::test]
    async fn dead_hosts_hold_up_three_others_and_no_more() {
        let gate = Gate::new(8);
        let mut dead = dead(&gate, 7);
        for others in 1..=3 {
            assert!(dead.iter_mut().all(|entry| entry.as_mut().now_or_never().is_none()), "before {others}");
            assert_eq!(gate.places.available_permits(), 1, "before {others}");
            let alive = gate.enter().now_or_never().expect("the place that is left");
            alive.keep(FOR_EVER, ready(true)).now_or_never().expect("it is through");
        }
        assert!(dead.iter_mut().all(|entry| entry.as_mut().now_or_never().is_some()), "they keep their places");
        assert_eq!(gate.places.available_permits(), 8);
    }

    #[tokio::test]
    async fn those_that_began_together_do_not_overtake_each_other() {
        let gate = Gate::new(8);
        let slow = dead(&gate, 1);
        let together: Vec<Entry<'_>> = (0..7).map(|_| gate.enter().now_or_never().expect("a place")).collect();
        for one in together {
            one.keep(FOR_EVER, ready(true)).now_or_never().expect("it is through");
        }
        assert_eq!((*gate.passed.borrow(), gate.places.available_permits()), (1, 7));
        drop(slow);
    }

    #[tokio::test]
    async fn commands_that_end_have_overtaken_nobody() {
        let gate = Gate::new(2);
        let mut slow = dead(&gate, 1);
        for _ in 0..9 {
            let failed = gate.enter().now_or_never().expect("a place");
            failed.keep(FOR_EVER, ready(false)).now_or_never().expect("it has ended");
        }
        assert!(slow.iter_mut().all(|entry| entry.as_mut().now_or_never().is_none()));
        assert_eq!(gate.places.available_permits(), 1);
    }

    #[tokio::test]
    async fn where_nobody_comes_through_a_place_is_lent_for_a_while() {
        let gate = Gate::new(1);
        gate.enter().await.keep(Duration::from_millis(1), pending()).await;
        assert_eq!(gate.places.available_permits(), 1);
    }
}
