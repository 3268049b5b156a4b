//! Changing hosts: what was agreed to, told to the workshop, with the journal of it.

use std::sync::Arc;

use super::after::Run;
use super::chronicle::Telling;
use super::hosts::Selected;
use super::plan::FixPlan;
use super::site::Site;
use crate::clock::UnixNanos;
use crate::commands::error::CommandError;
use crate::files::journal::Journals;
use crate::fix::Yardstick;
use crate::fix::canary::Candidate;
use crate::fix::draft::{Draft, DraftedHost};
use crate::fix::journal::{Record, RunRecord, SCHEMA};
use crate::fix::remote::RunId;
use crate::ssh::{Done, LastWords, RolloutPlan, Work};
use crate::terminal::Terminal;

/// What was done.
pub struct Finished {
    /// The hosts that were to be changed, and how each ended, in the order of the draft.
    pub ends: Vec<(DraftedHost, Done)>,
    /// The journal, in which the end of the run is still missing.
    pub(super) telling: Arc<Telling>,
    /// What is said where a signal ends the program at once.
    pub(super) words: LastWords,
}

/// Changes the hosts that change; the journal has each before it is touched. `measured_at` is when the yardstick was found, on the
/// controller's axis.
pub fn roll_out(
    site: &Site,
    run: &Run<'_>,
    measured_at: UnixNanos,
    journals: &Journals,
    terminal: &Terminal,
) -> Result<Finished, CommandError> {
    let Run { plan, selected, draft, shown, .. } = run;
    let run = RunId::new(&selected.provenance.run)
        .ok_or_else(|| CommandError::internal(format!("`{}` is no name of a run", selected.provenance.run)))?;
    let hosts: Vec<DraftedHost> = draft.changing().cloned().collect();
    let clock = plan.access.measurement.connection.clock;
    let failed = |why: String| CommandError::output(why).hint("nothing was changed on any host");
    let journal =
        journals.begin(&run).map_err(|error| failed(format!("the journal of the run cannot be made: {error}")))?;
    let planned = hosts.iter().map(|host| (host.planned.clone(), site.hidden(host.subject))).collect();
    let telling = Arc::new(Telling::new(journal, clock, planned, terminal));
    let begun = RunRecord {
        schema: SCHEMA.to_owned(),
        run: run.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: telling.now(),
        change: shown.plan.change.clone(),
        inventories: selected.sources(),
    };
    telling.write(&Record::Run(begun)).map_err(failed)?;
    let words = {
        let (telling, run, terminal) = (Arc::clone(&telling), run.clone(), terminal.clone());
        LastWords::new(move || telling.say_last_words(&run, &terminal))
    };
    let rollout = RolloutPlan {
        run,
        hosts: hosts.iter().map(|host| work(host, selected, plan)).collect(),
        terms: plan.terms,
        hold: plan.hold,
        step: plan.step,
        yardstick: draft.yardstick.clone(),
        measured_at,
        server: internal_server(draft, selected),
    };
    let done = site.runtime.block_on(site.workshop.roll_out(rollout, telling.clone()));
    telling.finish();
    // What is reported has no secret of its host in it.
    let ends = hosts.into_iter().zip(done).map(|(host, done)| {
        let detail = done.detail.map(|detail| site.hidden(host.subject).masked(&detail));
        (host, Done { detail, ..done })
    });
    Ok(Finished { ends: ends.collect(), telling, words })
}

/// The host whose clock is the yardstick, as a target; it may be one that is as it should be already.
fn internal_server(draft: &Draft, selected: &Selected) -> Option<usize> {
    match &draft.yardstick {
        Yardstick::Internal { host, .. } => selected.targets.iter().position(|target| target.name == *host),
        Yardstick::Servers { .. } | Yardstick::Claims => None,
    }
}

fn work(host: &DraftedHost, selected: &Selected, plan: &FixPlan) -> Work {
    let groups = selected.targets.get(host.subject).map_or_else(Vec::new, |target| selected.deepest_groups(target));
    let candidate = Candidate {
        name: host.planned.name.clone(),
        groups,
        is_time_server: host.is_time_server,
        is_internal_server: plan.internal.as_ref() == Some(&host.planned.name),
    };
    Work {
        target: host.subject,
        planned: host.planned.clone(),
        candidate,
        outset: host.outset,
        // Whoever was asked and said no has the host refused.
        consents_to_step: host.needs_consent,
        questions: host.servers.clone(),
        warn: plan.access.policy.of_host(&host.planned.name).warn,
        step_now: host.steps_now,
    }
}
