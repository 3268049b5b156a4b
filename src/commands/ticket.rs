//! `clockaudit ticket SYSTEM --report FILE`: one ticket of a report, made or brought up to date.

mod plan;
mod shown;
mod spoken;
mod webhook;

use super::error::{CommandError, Outcome};
use crate::audit::ExitStatus;
use crate::cli::TicketArgs;
use crate::files::tickets::{Noted, Tickets};
use crate::report::Report;
use crate::report::ticket::{Subject, all_clear, draft, is_of_a_part, is_over, subjects};
use crate::terminal::Terminal;
use crate::tickets::{Deed, Draft, Key, System};
use plan::TicketPlan;

/// What is said to the ticket system for one ticket.
struct Errand<'run> {
    subject: &'run Subject,
    draft: Draft,
    noted: Option<Noted>,
}

/// What came of it.
struct Done {
    deed: Deed,
    id: Option<String>,
}

/// Makes tickets, or brings them up to date; with `--dry-run` only the requests are shown.
pub fn run(args: &TicketArgs, terminal: &Terminal) -> Outcome {
    let plan = TicketPlan::new(args, terminal)?;
    let tickets = Tickets::of_this_user(plan.site.place());
    let about = subjects(&plan.report, plan.grain, &plan.scope);
    if plan.is_dry {
        for subject in &about {
            let draft = draft(subject, None, plan.setting, &plan.enclosure);
            terminal.print(&shown::requests(&plan, &Errand { subject, draft, noted: None })?)?;
        }
        if about.is_empty() {
            terminal.note("there is nothing to make a ticket of");
        }
        return Ok(ExitStatus::Good);
    }
    let asker = spoken::Asker::new(&plan)?;
    for subject in &about {
        let draft = |before: Option<&Report>| draft(subject, before, plan.setting, &plan.enclosure);
        deliver(subject, draft, &plan, tickets.as_ref(), &asker, terminal)?;
    }
    for subject in gone(&plan, tickets.as_ref(), &about, terminal) {
        let draft = |_: Option<&Report>| all_clear(&subject.key, &plan.report, plan.setting, &plan.enclosure);
        deliver(&subject, draft, &plan, tickets.as_ref(), &asker, terminal)?;
    }
    Ok(ExitStatus::Good)
}

/// What had a ticket by what is noted, and is over by the report.
fn gone(plan: &TicketPlan, tickets: Option<&Tickets>, about: &[Subject], terminal: &Terminal) -> Vec<Subject> {
    let keys = tickets.map_or(Ok(Vec::new()), |tickets| tickets.keys_of(&plan.scope_key)).unwrap_or_else(|error| {
        // Elsewhere each ticket tells it.
        if about.is_empty() {
            terminal.warn(&format!("what is noted of tickets on this machine cannot be read: {error}"));
        }
        Vec::new()
    });
    let is_seen_over = |key: &Key| {
        let before = tickets.and_then(|tickets| tickets.last_report(key));
        before.is_some_and(|before| is_over(&before, &plan.report))
    };
    let is_gone = |key: &Key| !about.iter().any(|subject| subject.key == *key) && is_seen_over(key);
    let keys = keys.iter().filter_map(|key| Key::read(key)).filter(is_gone);
    keys.map(|key| Subject { key, report: plan.report.clone(), title: "Clocks: all clear".to_owned() }).collect()
}

/// Speaks of one ticket, alone on this machine, and notes what came of it.
fn deliver(
    subject: &Subject,
    draft: impl Fn(Option<&Report>) -> Draft,
    plan: &TicketPlan,
    tickets: Option<&Tickets>,
    asker: &spoken::Asker,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let _held = match tickets.map(|tickets| tickets.hold(&subject.key)).transpose() {
        Ok(held) => held,
        Err(error) => {
            terminal.warn(&format!("nothing can be noted of tickets on this machine: {error}"));
            None
        }
    };
    let noted = tickets.map_or(Ok(None), |tickets| tickets.noted(&subject.key)).unwrap_or_else(|error| {
        terminal.warn(&format!("what is noted of tickets on this machine cannot be read: {error}"));
        None
    });
    let before = tickets.and_then(|tickets| tickets.last_report(&subject.key));
    if is_of_a_part(&subject.report, before.as_ref()) {
        terminal.note(
            "the report finds nothing to act on, but it is of a part: that makes no ticket, opens none again and clears none",
        );
        terminal.print(&shown::left(&subject.key, &subject.title))?;
        return Ok(());
    }
    let draft = draft(before.as_ref());
    let state = draft.state.as_str().to_owned();
    let is_clear = draft.is_clear;
    let errand = Errand { subject, draft, noted };
    let done = match plan.site.system {
        System::Webhook => webhook::send(plan, &errand, asker),
        _ => asker.speak(plan, errand),
    }?;
    terminal.print(&shown::deed(&done.deed, &subject.key, &subject.title, |called| asker.harmless(called)))?;
    if let Some(tickets) = tickets {
        note(tickets, subject, &plan.report, (state, is_clear), &done, plan).unwrap_or_else(|error| {
            terminal.warn(&format!("what was reported cannot be noted on this machine: {error}"));
        });
    }
    Ok(())
}

/// Notes what a ticket says now; one that was closed is nothing to come back to.
fn note(
    tickets: &Tickets,
    subject: &Subject,
    report: &Report,
    (state, is_clear): (String, bool),
    done: &Done,
    plan: &TicketPlan,
) -> std::io::Result<()> {
    let is_over = matches!(done.deed, Deed::Nothing | Deed::Resolved(_));
    let noted = Noted { id: done.id.clone(), state, scope: plan.scope_key.to_string() };
    let reported = if is_clear { report } else { &subject.report };
    tickets.write(&subject.key, (!is_over).then_some((noted, reported)))
}
