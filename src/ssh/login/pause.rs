//! Limits that stand still while a server waits for us: a person types, or an agent signs, which may ask a person in turn.

use std::future::Future;
use std::time::Duration;

use futures::future::select_all;
use tokio::sync::watch;
use tokio::time::sleep;

/// Whether a limit stands still, by how many work on what the server waits for.
#[derive(Debug)]
pub(in crate::ssh) struct Pause(watch::Sender<usize>);

/// Ends with the work, whichever way that ends.
struct Paused<'pause>(&'pause Pause);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|working| *working -= 1);
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Pause {
    /// Does work that the server waits for, and that no limit counts.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.send_modify(|working| *working += 1);
        let _paused = Paused(self);
        work.await
    }

    /// Ends once somebody works, or nobody does any more. The sender is this value's own, so that it does not go away.
    async fn becomes(&self, is_on: bool) {
        let _ = self.0.subscribe().wait_for(|working| (*working > 0) == is_on).await;
    }
}

/// Ends when `limit` has passed in which no pause was on; it begins anew after each.
async fn passed(limit: Duration, pauses: &[&Pause]) {
    loop {
        let begins = async {
            if pauses.is_empty() {
                std::future::pending::<()>().await;
            }
            select_all(pauses.iter().map(|pause| Box::pin(pause.becomes(true)))).await;
        };
        tokio::select! {
            () = sleep(limit) => return,
            () = begins => {}
        }
        for pause in pauses {
            pause.becomes(false).await;
        }
    }
}

/// The outcome of `work` within a limit that does not count while a pause is on; `None` where it was late.
pub(in crate::ssh) async fn within<T>(limit: Duration, pauses: &[&Pause], work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        outcome = work => Some(outcome),
        () = passed(limit, pauses) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_server_waits_for_does_not_count() {
        let limit = Duration::from_millis(20);
        let (typing, signing) = (Pause::default(), Pause::default());
        let pauses = [&typing, &signing];
        let work = async {
            typing.during(signing.during(sleep(limit * 10))).await;
            signing.during(sleep(limit * 10)).await;
        };
        assert_eq!(within(limit, &pauses, work).await, Some(()));
        let late = async {
            signing.during(sleep(limit)).await;
            std::future::pending::<()>().await;
        };
        assert_eq!(within(limit, &pauses, late).await, None);
        assert_eq!(within(limit, &[], std::future::pending::<()>()).await, None);
        // Work that is given up leaves no pause behind.
        drop(tokio::time::timeout(limit, typing.during(std::future::pending::<()>())).await);
        assert_eq!(within(limit, &pauses, std::future::pending::<()>()).await, None);
    }
}
