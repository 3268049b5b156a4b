//! The workshop: hosts are surveyed and changed by a conversation with the script on each, and looked at by a probe beside it.

mod bench;
mod change;
mod conversation;
mod ear;
mod line;
mod rollout;
mod watch;

use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::Semaphore;

use super::board::Board;
use super::cell::HostCell;
use super::limits::{Capacity, raise_open_files};
use super::opener::Opener;
use super::plan::ConnectionPlan;
use super::stop::StopSignal;
use crate::clock::{Interval, UnixNanos};
use crate::fix::remote::{self, Answer, CheckRefusal, Checked, Kept, NotReverted, Request, Step, Survey};
use crate::fix::{FixEvent, Refusal};
use crate::inventory::target::Target;
use crate::probe::{HostEvent, Interruption};

use conversation::{Conversation, Patience};
pub(super) use ear::ScriptEar;
pub(super) use line::Line;
pub use rollout::{Done, RolloutPlan, Work};
use watch::Watch;

/// Hosts that are worked on at once at most: each has two connections and is looked at every other second.
const MOST_AT_ONCE: usize = 256;

/// Hosts that are surveyed and changed. What was begun on a host is seen through, or up to its guard.
#[derive(Debug, Clone)]
pub struct Workshop {
    shared: Arc<Shared>,
}

/// What the work on all hosts shares.
#[derive(Debug)]
struct Shared {
    targets: Vec<Target>,
    plan: ConnectionPlan,
    opener: Opener,
    board: Arc<Board>,
    stop: StopSignal,
    /// Never given: a host that is being changed is looked at to its end.
    unstoppable: StopSignal,
    places: Semaphore,
}

/// What was found on a host, or why it is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Its place among the targets.
    pub host: usize,
    /// What was found; the refusal where it could not be looked at, or must not be asked.
    pub outcome: Result<Looked, Refusal>,
}

/// What was found on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What is there.
    pub survey: Survey,
    /// What its chronyd said; `None` where it was not asked.
    pub checked: Option<Result<Checked, CheckRefusal>>,
    /// When it had answered, on the plan's clock.
    pub at: UnixNanos,
    /// Its clock minus the axis while chronyd asked servers, however it moved meanwhile; `None` where it was not seen.
    pub clock: Option<Interval>,
}

/// Hears what happens to hosts that are changed; they are named by their places in the rollout.
pub trait Chronicle: Send + Sync {
    /// A host is about to be changed.
    ///
    /// # Errors
    ///
    /// Why that could not be noted: the host is not begun then.
    fn begin(&self, host: usize) -> Result<(), String>;

    /// Something happened.
    fn tell(&self, event: &FixEvent);
}

/// What is to be asked on a host, by what its survey says; it may be refused instead.
pub type Question<'asker> = &'asker (dyn Fn(usize, &Survey) -> Result<Option<remote::Check>, Refusal> + Sync);

/// Hears of the backup of a file on a host.
pub type HearsKept<'hearer> = &'hearer (dyn Fn(usize, &Kept) + Sync);

impl Workshop {
    /// Reads keys and known hosts, once for all these hosts; nobody is connected to yet.
    pub fn open(
        targets: Vec<Target>,
        plan: &ConnectionPlan,
        events: impl Fn(HostEvent) + Send + Sync + 'static,
        stop: StopSignal,
    ) -> Self {
        let Capacity { sessions, .. } = raise_open_files();
        // A conversation and a probe for each.
        let at_once = plan.forks.unwrap_or(usize::MAX).min(sessions / 2).clamp(1, MOST_AT_ONCE);
        let opener = Opener::prepare(plan, &targets);
        let board = Arc::new(Board::new(plan.clock, events));
        for text in opener.known_keys.complaints() {
            board.tell(HostEvent::Notice { text });
        }
        let places = Semaphore::new(at_once);
        Self {
            shared: Arc::new(Shared {
                targets,
                plan: plan.clone(),
                opener,
                board,
                stop,
                unstoppable: StopSignal::new(),
                places,
            }),
        }
    }

    /// Surveys hosts side by side, and has chronyd asked there what `question` says. Nothing is written on any of them. The answers
    /// are in the order of `hosts`.
    pub async fn inspect(&self, hosts: &[usize], question: Question<'_>) -> Vec<Inspected> {
        let inspected = join_all(hosts.iter().map(|host| self.shared.inspect(*host, question))).await;
        if let Err(text) = self.shared.opener.known_keys.store().await {
            self.shared.board.tell(HostEvent::Notice { text });
        }
        inspected
    }

    /// Puts back what an earlier run changed: one request a host, which is confirmed where it was carried out. The answers are in the
    /// order of the requests; an error says why nothing was put back, or what could not be told. `kept` hears of each backup of a host
    /// before the file itself is replaced.
    pub async fn restore(
        &self,
        requests: &[(usize, Request)],
        kept: HearsKept<'_>,
    ) -> Vec<Result<remote::Applied, NotRestored>> {
        join_all(requests.iter().map(|(host, request)| self.shared.restore(*host, request, kept))).await
    }

    /// Closes the connections to jump hosts; those to hosts are closed when their work is done.
    pub async fn close(self) {
        self.shared.opener.jumps.close(self.shared.plan.limits.close).await;
    }
}

impl Shared {
    /// A cell of its own for each connection.
    fn cell(&self, host: usize) -> Arc<HostCell> {
        Arc::new(HostCell::new(host, Arc::clone(&self.board)))
    }

    /// Opens a conversation with the script on a host.
    async fn converse(&self, host: usize) -> Result<Conversation, Refusal> {
        let Some(target) = self.targets.get(host) else {
            return Err(Refusal::NotSurveyed("there is no such target".to_owned()));
        };
        let cell = self.cell(host);
        self.board.tell(HostEvent::Connecting { host });
        let opened = Conversation::open(&self.opener, &self.plan, target, &cell).await;
        opened.map_err(|failure| {
            cell.fail(failure.code, failure.stage, failure.detail.clone());
            Refusal::of_failure(&failure)
        })
    }

    async fn inspect(&self, host: usize, question: Question<'_>) -> Inspected {
        let outcome = match self.places.acquire().await {
            _ if self.stop.reason().is_some() => Err(Refusal::NotSurveyed("the run was told to end".to_owned())),
            Ok(_place) => {
                tokio::select! {
                    looked = self.look(host, question) => looked,
                    reason = self.stop.given() => Err(Refusal::NotSurveyed(ended(reason).to_owned())),
                }
            }
            Err(_) => Err(Refusal::NotSurveyed("the run is over".to_owned())),
        };
        Inspected { host, outcome }
    }

    async fn look(&self, host: usize, question: Question<'_>) -> Result<Looked, Refusal> {
        let mut conversation = self.converse(host).await?;
        self.board.tell(HostEvent::Ready { host });
        let looked = self.ask_all(&mut conversation, host, question).await;
        conversation.close().await;
        self.board.tell(HostEvent::Finished { host, exchanges: Vec::new() });
        looked
    }

    async fn ask_all(
        &self,
        conversation: &mut Conversation,
        host: usize,
        question: Question<'_>,
    ) -> Result<Looked, Refusal> {
        let unclear = || Refusal::NotSurveyed("it answered something else than it was asked".to_owned());
        let survey = match conversation.ask(&Request::Survey, Patience::SURVEY, |_| {}).await {
            Ok(Answer::Survey(survey)) => *survey,
            Ok(_) => return Err(unclear()),
            Err(lost) => return Err(Refusal::NotSurveyed(lost)),
        };
        let (mut checked, mut clock) = (None, None);
        if let Some(check) = question(host, &survey)? {
            // A clock that is slewed moves while it is asked about: it is looked at before and afterwards.
            let watch = if check.servers.is_empty() { None } else { Watch::open(self, host).await.ok() };
            let before = watch::look(watch.as_ref(), self).await;
            let patience = Patience::of_check(&check);
            match conversation.ask(&Request::Check(check), patience, |_| {}).await {
                Ok(Answer::Check(answer)) => checked = Some(answer),
                Ok(_) => return Err(unclear()),
                Err(lost) => return Err(Refusal::NotSurveyed(lost)),
            }
            let after = watch::look(watch.as_ref(), self).await;
            clock = before.zip(after).map(|(before, after)| before.until(after));
            if let Some(watch) = watch {
                watch.close(self.plan.limits.close).await;
            }
        }
        Ok(Looked { survey, checked, at: self.plan.clock.now(), clock })
    }

    async fn restore(
        &self,
        host: usize,
        request: &Request,
        kept: HearsKept<'_>,
    ) -> Result<remote::Applied, NotRestored> {
        let failed = NotRestored::Failed;
        let _place = self.places.acquire().await.map_err(|_| NotRestored::NotBegun("the run is over".to_owned()))?;
        if let Some(reason) = self.stop.reason() {
            return Err(NotRestored::NotBegun(ended(reason).to_owned()));
        }
        let opened = self.converse(host).await;
        let mut conversation = opened.map_err(|refusal| NotRestored::NotBegun(refusal.to_string()))?;
        let unclear = || NotRestored::Failed("it answered something else than it was asked".to_owned());
        let Request::Apply(apply) = request else {
            let answer = conversation.ask(request, Patience::INSTALLING, |_| {}).await.map_err(failed)?;
            conversation.close().await;
            return match answer {
                Answer::TakeBack(taken) => taken.map(|()| remote::Applied::default()).map_err(|why| why.to_string()),
                Answer::Revert(Ok(_)) => Ok(remote::Applied::default()),
                Answer::Revert(Err(NotReverted::Left(left))) => Err(format!("not put back: {}", left.join(", "))),
                Answer::Revert(Err(NotReverted::Unknown)) => {
                    return Err(NotRestored::NotBegun("it has been put back meanwhile".to_owned()));
                }
                _ => return Err(unclear()),
            }
            .map_err(failed);
        };
        let hear = |step: Step| {
            if let Step::Kept(one) = step {
                kept(host, &one);
            }
        };
        let answer = conversation.ask(request, Patience::of_apply(apply), hear).await.map_err(failed)?;
        let Answer::Apply(applied) = answer else { return Err(unclear()) };
        let applied = applied.map_err(|refused| {
            let why = refused.to_string();
            if refused.changed_nothing() { NotRestored::NotBegun(why) } else { NotRestored::Failed(why) }
        })?;
        let confirmed = conversation.ask(&Request::Confirm(apply.run.clone()), Patience::SHORT, |_| {}).await;
        let confirmed = confirmed.map_err(failed)?;
        conversation.close().await;
        match confirmed {
            Answer::Confirm(Ok(edited)) if edited.is_empty() => Ok(applied),
            Answer::Confirm(Ok(edited)) => Err(failed(change::edited_meanwhile(&edited))),
            _ => Err(failed(
                "its guard had fired before all was confirmed: what was there before this is back".to_owned(),
            )),
        }
    }
}

/// Why files of a host are not back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRestored {
    /// Nothing was done there: why; remote text, not escaped.
    NotBegun(String),
    /// It was begun: what is known of its end; remote text, not escaped.
    Failed(String),
}

impl NotRestored {
    /// The same with its words changed.
    #[must_use]
    pub fn map(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::NotBegun(why) => Self::NotBegun(change(&why)),
            Self::Failed(why) => Self::Failed(change(&why)),
        }
    }
}

/// Why a run ended early, in words.
fn ended(reason: Interruption) -> &'static str {
    match reason {
        Interruption::Deadline => "the deadline passed",
        Interruption::Interrupt | Interruption::Terminate => "the run was told to end",
    }
}
