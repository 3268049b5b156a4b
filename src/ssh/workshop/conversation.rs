//! A conversation with the script of a fix on one host: one request at a time, its steps and its answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::ear::ScriptEar;
use super::line::Line;
use crate::fix::remote::transcript::MAX_ANSWER;
use crate::fix::remote::{Answer, Apply, Check, Heard, Request, Step, script};
use crate::inventory::target::Target;
use crate::probe::{Failure, FailureCode, Stage};
use crate::ssh::cell::HostCell;
use crate::ssh::hearing::Ear;
use crate::ssh::opener::Opener;
use crate::ssh::plan::ConnectionPlan;

/// Bytes that a host may send for one request: the longest answer, and what the encryption adds.
const BUDGET: u64 = 2 * MAX_ANSWER as u64;

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience(Duration);

impl Patience {
    /// For what a host looks up.
    pub(super) const SURVEY: Self = Self(Duration::from_secs(60));
    /// For a sign of life, a confirmation, a step of the clock.
    pub(super) const SHORT: Self = Self(Duration::from_secs(30));
    /// For old files that come back, and a chronyd that starts with them.
    const REVERT: Self = Self(Duration::from_secs(120));

    /// For what a package manager does, there or back: it has as long by itself.
    pub(super) const INSTALLING: Self = Self(Duration::from_secs(2_400));

    /// For old files that come back, and for packages where some were installed.
    pub(super) fn of_revert(installs: bool) -> Self {
        if installs { Self::INSTALLING } else { Self::REVERT }
    }

    /// For servers that are asked one after another, and a dry run: each gives up by itself after some 15 s.
    pub(super) fn of_check(check: &Check) -> Self {
        let offers = if check.installs.is_some() { 4 } else { 0 };
        let runs = u32::try_from(check.servers.len()).unwrap_or(u32::MAX).saturating_add(2 + offers);
        Self(Duration::from_secs(20).saturating_mul(runs))
    }

    /// For a dry run, a restart, the wait that is part of the request, and everything that may have to be put back.
    pub(super) fn of_apply(apply: &Apply) -> Self {
        let installing = if apply.installs.is_some() { Self::INSTALLING.0 } else { Duration::ZERO };
        Self(Duration::from_secs(180) + Duration::from_secs(apply.wait_s.into()) + installing)
    }
}

/// A conversation. Dropping it cuts the connection: the guard on the host does the rest where something was begun.
#[derive(Debug)]
pub(super) struct Conversation {
    cell: Arc<HostCell>,
    line: Line,
    said: mpsc::UnboundedReceiver<Heard>,
    close: Duration,
    /// Whether an answer is still owed: one that comes late would be taken for that to another request.
    is_broken: bool,
}

impl Conversation {
    /// Opens one: up to the script that says that it is whole.
    pub(super) async fn open(
        opener: &Opener,
        plan: &ConnectionPlan,
        target: &Target,
        cell: &Arc<HostCell>,
    ) -> Result<Self, Failure> {
        let (ear, said) = ScriptEar::new(cell);
        let line = opener.converse(target, cell, Ear::Script(Box::new(ear))).await?;
        let mut conversation = Self { cell: Arc::clone(cell), line, said, close: plan.limits.close, is_broken: false };
        let begun = timeout(plan.limits.hello, async {
            let is_written = conversation.line.write(&script::script(), BUDGET).await;
            while let Some(heard) = conversation.said.recv().await {
                match heard {
                    Heard::Script { is_root } => return Some(is_root),
                    Heard::Shell => {}
                    Heard::Step(_) | Heard::Answer(_) => break,
                }
                if !is_written {
                    break;
                }
            }
            None
        });
        let is_root = begun.await.ok().flatten();
        let failure = |code: FailureCode, detail: String| Failure { code, stage: Stage::Probe, detail };
        match is_root {
            Some(true) => Ok(conversation),
            Some(false) => Err(failure(
                FailureCode::SudoPassword,
                format!(
                    "the login is not root there{}",
                    if target.elevation.is_some() { "" } else { ", and nothing says how to become it" }
                ),
            )),
            None => {
                let heard = cell.failure().map(|failure| failure.detail);
                let detail = heard.unwrap_or_else(|| "the shell did not take the script".to_owned());
                Err(failure(FailureCode::NoShell, detail))
            }
        }
    }

    /// Asks, and tells the steps on the way to the answer.
    ///
    /// # Errors
    ///
    /// Why there is no answer: what became of the request is not known then.
    pub(super) async fn ask(
        &mut self,
        request: &Request,
        patience: Patience,
        mut on_the_way: impl FnMut(Step),
    ) -> Result<Answer, String> {
        let lines = request.lines().map_err(|error| error.to_string())?;
        if std::mem::replace(&mut self.is_broken, true) {
            return Err("an earlier answer never came".to_owned());
        }
        let answering = timeout(patience.0, async {
            if !self.line.write(&lines, BUDGET).await {
                return None;
            }
            while let Some(heard) = self.said.recv().await {
                match heard {
                    Heard::Step(step) => on_the_way(step),
                    Heard::Answer(answer) => return Some(answer),
                    Heard::Shell | Heard::Script { .. } => {}
                }
            }
            None
        });
        match answering.await {
            Ok(Some(answer)) => {
                self.is_broken = false;
                Ok(answer)
            }
            Ok(None) => {
                let why = self.cell.failure().map(|failure| failure.detail);
                Err(why.unwrap_or_else(|| "the connection ended".to_owned()))
            }
            Err(_) => Err(format!("no answer in {} s", patience.0.as_secs())),
        }
    }

    /// Whether nothing can be asked any more, for an answer is still owed.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Closes it.
    pub(super) async fn close(self) {
        self.cell.finish();
        self.line.close(self.close).await;
    }
}
