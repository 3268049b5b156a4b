//! `clockaudit fix`: other time servers for the hosts of an inventory, verified by measurement, rolled back where that does not
//! help.

pub mod after;
pub mod agree;
pub mod before;
mod chronicle;
pub mod hosts;
pub mod plan;
pub mod rollout;
pub mod site;

use after::Run;
use agree::Shown;
use plan::{FixPlan, Reach};
use site::Site;

use super::error::{CommandError, Outcome};
use super::scan::list;
use crate::audit::ExitStatus;
use crate::cli::FixArgs;
use crate::probe::Interruption;
use crate::terminal::Terminal;

/// Gives the selected hosts other time servers, and reports on what became of them.
pub fn run(args: &FixArgs, terminal: &Terminal) -> Outcome {
    let mut plan = FixPlan::new(args, terminal)?; // what was typed -> what is needed
    let mut selected = plan.access.select(&args.selection, &args.connection, args.list_hosts, terminal)?; // inventory -> Targets
    if args.list_hosts {
        terminal.print(&list(&selected.targets))?;
        return Ok(ExitStatus::Good);
    }
    plan.spares(&selected.loaded.inventory)?;
    let left_out = plan.stored.as_ref().map(|stored| selected.keep_planned(stored)).transpose()?.unwrap_or_default();
    if let Some(server) = plan.internal.as_ref().filter(|_| plan.stored.is_none()) {
        plan.change = Some(selected.internal(server)?);
    }
    let intents = selected.intents(plan.change.as_ref(), plan.stored.as_ref())?; // what is to be done on each
    selected.check_template(&intents, terminal)?;
    let before = selected.scan(&plan.access, terminal)?; // all hosts measured
    unless_ended(before.seen.interrupted)?;
    let site = Site::open(&selected.targets, &plan.access, terminal)?;
    let (mut draft, measured_at) = site.draft(&selected, &intents, &before, &plan)?; // surveys, answers, offsets -> what would be done
    unless_ended(site.interrupted())?;
    draft.refused.extend(left_out);
    agree::refuse_where_nobody_can_be_asked(&mut draft, &plan);
    let change = plan.change_in_words();
    let mut shown = Shown::of(&draft, change.clone());
    shown.tell(&draft, &plan, terminal)?; // the plan, with what changes in files
    let Reach::Change { is_confirmed, journals } = plan.reach.clone() else {
        site.close();
        let run = Run { plan: &plan, selected: &selected, before: &before, draft: &draft, shown: &shown };
        return run.planned(terminal);
    };
    if agree::steps_back(&site, &mut draft, terminal)? {
        shown = Shown::of(&draft, change.clone());
    }
    let run = Run { plan: &plan, selected: &selected, before: &before, draft: &draft, shown: &shown };
    let count = draft.changing().count();
    if count == 0 {
        site.close();
        return run.without_change(&journals, terminal);
    }
    agree::confirm(&site, "Change", count, is_confirmed)?; // somebody's word
    let finished = rollout::roll_out(&site, &run, measured_at, &journals, terminal)?; // canary, waves
    run.finished(site, finished, &journals, terminal) // measured again -> report
}

/// Nothing was changed yet where a signal or the deadline ends the run before the rollout.
pub(super) fn unless_ended(reason: Option<Interruption>) -> Result<(), CommandError> {
    match reason {
        None => Ok(()),
        Some(Interruption::Deadline) => {
            Err(CommandError::not_attempted("the deadline passed before any host was changed"))
        }
        Some(Interruption::Interrupt) => Err(CommandError::interrupted()),
        Some(Interruption::Terminate) => Err(CommandError::terminated()),
    }
}
