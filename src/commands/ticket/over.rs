//! What had a ticket and is over, by what the ticket system has open and by what is noted on this machine; and whether more tickets
//! would be new than anybody may have meant.

use std::collections::BTreeSet;

use super::plan::TicketPlan;
use crate::commands::error::CommandError;
use crate::files::tickets::Tickets;
use crate::report::ticket::{Grain, Subject, is_over, over, tells_of_ends};
use crate::terminal::Terminal;
use crate::tickets::{Key, Listed, System};

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
    let noted = tickets.and_then(|tickets| tickets.keys_of(&plan.scope_key).ok()).unwrap_or_default();
    let noted: BTreeSet<String> = noted.into_iter().collect();
    let is_new = |subject: &&Subject| !noted.contains(subject.key.as_str()) && !open.has(&subject.key);
    let new = about.iter().filter(is_new).count();
    if new <= plan.most_new {
        return Ok(());
    }
    let most = plan.most_new;
    Err(CommandError::usage(format!("{new} tickets would be new, and {most} may be; none is touched"))
        .hint("`--grain cause` makes one for what they have in common, `--grain run` one for all")
        .hint(format!("`--most-new {new}` makes them all")))
}

/// The keys of what had a ticket and is over by the report: of what is noted on this machine, by what was reported last; of all else
/// that is open, by what the ticket itself tells.
pub(super) fn keys(
    plan: &TicketPlan,
    tickets: Option<&Tickets>,
    about: &[Subject],
    open: &Listed,
    terminal: &Terminal,
) -> Vec<Key> {
    let noted = tickets.map_or(Ok(Vec::new()), |tickets| tickets.keys_of(&plan.scope_key)).unwrap_or_else(|error| {
        // Elsewhere each ticket tells it.
        if about.is_empty() {
            terminal.warn(&format!("what is noted of tickets on this machine cannot be read: {error}"));
        }
        Vec::new()
    });
    let by_last_report = |key: &Key| {
        let last = tickets.and_then(|tickets| tickets.last_report(key));
        last.map(|last| is_over(&last, &plan.report))
    };
    let noted: BTreeSet<Key> = noted.iter().filter_map(|key| Key::read(key)).collect();
    let listed: BTreeSet<Key> = over(&plan.report, plan.grain, &plan.scope, about, open).into_iter().collect();
    let is_about = |key: &&Key| about.iter().any(|subject| subject.key == **key);
    // Of a host its own measurement is enough; a cause whose hosts are known may be one of those that are in the report no more.
    let is_over = |key: &&Key| match by_last_report(key) {
        Some(false) => plan.grain == Grain::Host && listed.contains(*key),
        Some(true) => true,
        None => listed.contains(*key),
    };
    noted.union(&listed).filter(|key| !is_about(key)).filter(is_over).cloned().collect()
}

/// What there is no more.
pub(super) fn subject(plan: &TicketPlan, key: Key) -> Subject {
    let scope = plan.grain.told_scope(&plan.scope);
    Subject { key, scope, report: plan.report.clone(), title: "Clocks: all clear".to_owned() }
}
