//! A host on the bench: the two connections that it is worked on with, and what it is looked at by.

use std::time::Duration;

use tokio::time::timeout;

use super::Shared;
use super::conversation::{Conversation, Patience};
use super::rollout::{Common, Work};
use super::watch::{Glimpse, Watch};
use crate::clock::UnixNanos;
use crate::clock::estimate::Config;
use crate::fix::remote::{Answer, Check, Request, RunId};
use crate::fix::yardstick::Witness;
use crate::fix::{Yardstick, guards};

/// How long a look may take, a new probe included: the guard must hear from us in between.
const LOOK: Duration = Duration::from_secs(30);

/// What a host is worked on with.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) conversation: Conversation,
    watch: Option<Watch>,
}

/// What a host says of the servers, and of when that is.
#[derive(Debug)]
pub(super) struct Testimony {
    witness: Witness,
    asked: UnixNanos,
}

impl Testimony {
    /// What it is worth later: the axis and a server may part by 500 ppm meanwhile (`docs/measurement.md`, assumption A2).
    pub(super) fn at(self, now: UnixNanos) -> Witness {
        let offset = self.witness.offset.widened(now.since(self.asked).wander(Config::STANDARD.rho));
        Witness { offset, ..self.witness }
    }
}

impl Bench {
    /// Opens both connections; without a probe a host can still be talked with.
    pub(super) async fn open(shared: &Shared, target: usize) -> Result<Self, String> {
        let (conversation, watch) = tokio::join!(shared.converse(target), Watch::open(shared, target));
        Ok(Self { conversation: conversation.map_err(|refusal| refusal.to_string())?, watch: watch.ok() })
    }

    /// The bench that is there already, where the host still answers on it, else a new one: while a host waited for its turn the
    /// connections to it may have been lost.
    pub(super) async fn renew(kept: Option<Self>, shared: &Shared, target: usize, run: &RunId) -> Result<Self, String> {
        if let Some(mut bench) = kept {
            // What costs the host least: it has nothing of this run yet, and says so.
            let asked = Request::Alive(run.clone());
            if bench.conversation.ask(&asked, Patience::SHORT, |_| {}).await.is_ok() {
                return Ok(bench);
            }
            bench.close(shared.plan.limits.close).await;
        }
        Self::open(shared, target).await
    }

    pub(super) async fn close(self, limit: Duration) {
        self.conversation.close().await;
        if let Some(watch) = self.watch {
            watch.close(limit).await;
        }
    }

    /// Looks at the clock; a probe that did not answer is never asked again, but started anew.
    pub(super) async fn look(&mut self, shared: &Shared, target: usize) -> Option<Glimpse> {
        timeout(LOOK, async {
            if let Some(watch) = self.watch.take()
                && let Some(glimpse) = watch.look(shared).await
            {
                self.watch = Some(watch);
                return Some(glimpse);
            }
            let watch = Watch::open(shared, target).await.ok()?;
            let glimpse = watch.look(shared).await?;
            self.watch = Some(watch);
            Some(glimpse)
        })
        .await
        .ok()
        .flatten()
    }

    /// Asks the servers from this host, between two looks at its clock: whatever it does meanwhile, the clock that they were
    /// compared with lies between them. The guard of `run`, where there is one, hears from us on the way.
    pub(super) async fn testify(&mut self, shared: &Shared, work: &Work, run: Option<&RunId>) -> Option<Testimony> {
        let before = self.look(shared, work.target).await?;
        self.sign(run).await?;
        let check = Check { directives: Vec::new(), ..work.questions.clone() };
        let patience = Patience::of_check(&check);
        let answer = self.conversation.ask(&Request::Check(check), patience, |_| {}).await;
        let Ok(Answer::Check(Ok(checked))) = answer else { return None };
        self.sign(run).await?;
        let after = self.look(shared, work.target).await?;
        let asked = guards::corrections(&checked);
        let witness = Witness { host: work.planned.name.clone(), offset: before.until(after), asked };
        Some(Testimony { witness, asked: before.at })
    }

    /// A sign of life in the middle of something else; `None` where it is not taken: whoever asks next is told why.
    async fn sign(&mut self, run: Option<&RunId>) -> Option<()> {
        let Some(run) = run else { return Some(()) };
        let answer = self.conversation.ask(&Request::Alive(run.clone()), Patience::SHORT, |_| {}).await;
        matches!(answer, Ok(Answer::Alive { heard: Ok(()), .. })).then_some(())
    }
}

/// Looks at the clock of the host that is the yardstick; `false` where it cannot be seen, or has moved.
pub(super) async fn look_at_server(shared: &Shared, common: &Common) -> bool {
    let Some(server) = common.server else { return false };
    let Ok(watch) = Watch::open(shared, server).await else { return false };
    let glimpse = watch.look(shared).await;
    watch.close(shared.plan.limits.close).await;
    let Yardstick::Internal { host, .. } = common.standing().yardstick else { return false };
    glimpse.is_some_and(|glimpse| common.narrow(&Yardstick::Internal { host, standing: glimpse.clock }, glimpse.at))
}
