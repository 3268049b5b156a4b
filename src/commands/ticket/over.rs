//! What had a ticket and is over, by what the ticket system has open and by what is noted on this machine; and whether more tickets
//! would be new than anybody may have meant.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::TicketPlan;
use crate::commands::error::CommandError;
use crate::files::tickets::{Noted, Tickets};
use crate::report::ticket::{Grain, Subject, is_over, over, tells_of_ends};
use crate::terminal::Terminal;
use crate::tickets::{Key, Listed, RunAt, Standing, System};

/// Whether the ticket system is asked what it has open: what a template is sent to cannot be.
pub(super) fn needs_a_list(plan: &TicketPlan, about: &[Subject]) -> bool {
    let is_of_use = tells_of_ends(&plan.report, plan.grain) || about.len() > plan.most_new;
    plan.site.system != System::Webhook && plan.grain != Grain::Run && is_of_use
}

/// Refuses to make more new tickets than anybody may have meant: when a whole site is off, each of its hosts would have one.
pub(super) fn refuse_a_flood(
    plan: &TicketPlan,
    tickets: Option<&Tickets>,
    about: &[Subject],
    open: &Listed,
) -> Result<(), CommandError> {
    if about.len() <= plan.most_new {
        return Ok(());
    }
    let noted = tickets.and_then(|tickets| tickets.of_scope(&plan.scope_key).ok()).unwrap_or_default();
    let is_new = |subject: &&Subject| !noted.contains_key(&subject.key) && !open.has(&subject.key);
    let new = about.iter().filter(is_new).count();
    if new <= plan.most_new {
        return Ok(());
    }
    let most = plan.most_new;
    Err(CommandError::usage(format!("{new} tickets would be new, and {most} may be; none is touched"))
        .hint("`--grain cause` makes one for what they have in common, `--grain run` one for all")
        .hint(format!("`--most-new {new}` makes them all")))
}

/// A ticket whose subject is found no more.
pub(super) struct Over {
    pub(super) key: Key,
    pub(super) by: By,
}

/// By what that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By the report alone, whatever the ticket tells.
    Report,
    /// By what is noted on this machine of the hosts that the ticket is about: it holds while the ticket says what was noted.
    Notes,
}

/// What had a ticket and is over by the report: of what is noted on this machine, by what was reported last and what was not looked
/// at since; of all else that is open, by what the ticket itself tells.
pub(super) fn keys(
    plan: &TicketPlan,
    tickets: Option<&Tickets>,
    about: &[Subject],
    open: &Listed,
    terminal: &Terminal,
) -> Vec<Over> {
    let notes = tickets.map_or(Ok(BTreeMap::new()), |tickets| tickets.of_scope(&plan.scope_key));
    let notes = notes.unwrap_or_else(|error| {
        // Elsewhere each ticket tells it.
        if about.is_empty() {
            terminal.warn(&format!("what is noted of tickets on this machine cannot be read: {error}"));
        }
        BTreeMap::new()
    });
    let by_notes = |key: &Key| {
        let note = notes.get(key)?;
        // Who tells a host is told of it alone, and what takes requests of a template is told by this machine alone.
        let knows_all = note.knows_all || plan.grain == Grain::Host || plan.site.system == System::Webhook;
        let last = tickets.filter(|_| knows_all)?.last_report(key)?;
        Some(is_over(plan.grain, &last, &note.unseen, &plan.report))
    };
    let listed: BTreeSet<Key> = over(&plan.report, plan.grain, &plan.scope, about, open).into_iter().collect();
    let is_about = |key: &&Key| about.iter().any(|subject| subject.key == **key);
    // Of a host its own measurement is enough; a cause whose hosts are known may be one of those that are in the report no more.
    let by = |key: &Key| match by_notes(key) {
        Some(false) if plan.grain == Grain::Cause => None,
        _ if listed.contains(key) => Some(By::Report),
        Some(true) if plan.grain == Grain::Host => Some(By::Report),
        Some(true) => Some(By::Notes),
        Some(false) | None => None,
    };
    let known: BTreeSet<Key> = notes.keys().cloned().collect();
    let all = known.union(&listed).filter(|key| !is_about(key));
    all.filter_map(|key| by(key).map(|by| Over { key: key.clone(), by })).collect()
}

/// What of a ticket may be changed. A scan that was limited does not know whom else its cause has: what this machine knows of that
/// has to be what the ticket says.
pub(super) fn standing(plan: &TicketPlan, over: Option<By>, noted: Option<&Noted>) -> Standing {
    let is_of_part = over.map_or(plan.is_part_of_scope, |by| by == By::Notes);
    let noted = noted.filter(|noted| !is_of_part || noted.knows_all).map(|noted| noted.state.clone());
    let run = &plan.report.run;
    let (name, started, finished) = (run.id.clone(), run.started.0, run.finished.0);
    Standing { run: Some(RunAt { name, started, finished }), noted, is_of_part }
}

/// What there is no more.
pub(super) fn subject(plan: &TicketPlan, key: Key) -> Subject {
    let scope = plan.grain.told_scope(&plan.scope);
    Subject { key, scope, report: plan.report.clone(), title: "Clocks: all clear".to_owned() }
}
