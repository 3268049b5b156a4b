//! `clockaudit ticket SYSTEM --report FILE`: one ticket of a report, made or brought up to date.

mod plan;
mod shown;
mod spoken;
mod webhook;

use std::collections::BTreeSet;

use super::error::{CommandError, Outcome};
use crate::audit::ExitStatus;
use crate::cli::TicketArgs;
use crate::files::tickets::{Noted, Tickets};
use crate::report::Report;
use crate::report::ticket::{Before, Subject, all_clear, draft, is_over, left_alone, subjects};
use crate::terminal::Terminal;
use crate::tickets::{Deed, Draft, Key, System};
use plan::TicketPlan;

/// What is said to the ticket system for one ticket.
struct Errand<'run> {
    subject: &'run Subject,
    draft: Draft,
    noted: Option<Noted>,
    /// Whether the ticket is closed where there is nothing to act on.
    resolve: bool,
}

/// What came of it.
struct Done {
    deed: Deed,
    id: Option<String>,
    /// Of each file that was not taken: why.
    unattached: Vec<String>,
}

/// Makes tickets, or brings them up to date; with `--dry-run` only the requests are shown.
pub fn run(args: &TicketArgs, terminal: &Terminal) -> Outcome {
    let plan = TicketPlan::new(args, terminal)?;
    let tickets = Tickets::of_this_user(plan.site.place());
    let about = subjects(&plan.report, plan.grain, &plan.scope);
    if plan.is_dry {
        for subject in &about {
            let draft = draft(subject, None, plan.setting, &plan.enclosure);
            terminal.print(&shown::requests(&plan, &Errand { subject, draft, noted: None, resolve: plan.resolve })?)?;
        }
        if about.is_empty() {
            terminal.note("there is nothing to make a ticket of");
        }
        return Ok(ExitStatus::Good);
    }
    let over = gone(&plan, tickets.as_ref(), &about, terminal);
    refuse_a_flood(&plan, tickets.as_ref(), &about)?;
    let asker = spoken::Asker::new(&plan)?;
    let all = about.len() + over.len();
    let mut failed = 0;
    for (subject, is_over) in about.iter().map(|subject| (subject, false)).chain(over.iter().map(|over| (over, true))) {
        match deliver(subject, is_over, &plan, tickets.as_ref(), &asker, terminal) {
            Ok(()) => {}
            // What stops one ticket does not stop the others.
            Err(Failed { error, is_of_all: false }) if all > 1 => {
                failed += 1;
                terminal.warn(&format!("{}  {}: {}", subject.key, subject.title, error.message));
            }
            Err(Failed { error, .. }) => return Err(error),
        }
    }
    if failed == 0 {
        return Ok(ExitStatus::Good);
    }
    Err(CommandError::remote(format!("{failed} of {all} tickets do not say what the report says; the others do")))
}

/// Refuses to make more new tickets than anybody may have meant: when a whole site is off, each of its hosts would have one.
fn refuse_a_flood(plan: &TicketPlan, tickets: Option<&Tickets>, about: &[Subject]) -> Result<(), CommandError> {
    if about.len() <= plan.most_new {
        return Ok(());
    }
    let noted = tickets.and_then(|tickets| tickets.keys_of(&plan.scope_key).ok()).unwrap_or_default();
    let noted: BTreeSet<String> = noted.into_iter().collect();
    let new = about.iter().filter(|subject| !noted.contains(subject.key.as_str())).count();
    if new <= plan.most_new {
        return Ok(());
    }
    let most = plan.most_new;
    Err(CommandError::usage(format!("{new} tickets would be new on this machine, and {most} may be; none is touched"))
        .hint("`--grain cause` makes one for what they have in common, `--grain run` one for all")
        .hint(format!("`--most-new {new}` makes them all")))
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

/// Why a ticket does not say what it should.
struct Failed {
    error: CommandError,
    /// Whether it stops every other ticket, too.
    is_of_all: bool,
}

impl<Error: Into<CommandError>> From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error: error.into(), is_of_all: true }
    }
}

/// Speaks of one ticket, alone on this machine, and notes what came of it.
fn deliver(
    subject: &Subject,
    is_over: bool,
    plan: &TicketPlan,
    tickets: Option<&Tickets>,
    asker: &spoken::Asker,
    terminal: &Terminal,
) -> Result<(), Failed> {
    let waits = || terminal.note(&format!("another run on this machine speaks of {}: waiting for it", subject.key));
    let _held = match tickets.map(|tickets| tickets.hold(&subject.key, waits)).transpose() {
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
    let last = tickets.and_then(|tickets| tickets.last_report(&subject.key));
    if let Some(why) = left_alone(subject, last.as_ref()) {
        terminal.note(&why);
        terminal.print(&shown::left(&subject.key, &subject.title))?;
        return Ok(());
    }
    let before = noted.as_ref().zip(last.as_ref()).map(|(noted, report)| Before { state: &noted.state, report });
    let mut draft = if is_over {
        all_clear(&subject.key, &plan.report, plan.setting, &plan.enclosure)
    } else {
        draft(subject, before, plan.setting, &plan.enclosure)
    };
    let state = draft.state.as_str().to_owned();
    let (is_clear, stays) = (draft.is_clear, draft.stays.clone());
    let resolve = plan.resolve && stays.is_none();
    if plan.site.system == System::Webhook {
        // Nobody else is known to have written there.
        draft.meet(noted.as_ref().map(|noted| noted.state.as_str()));
    }
    let errand = Errand { subject, draft, noted, resolve };
    let done = match plan.site.system {
        System::Webhook => webhook::send(plan, &errand, asker)?,
        _ => asker.speak(plan, errand)?,
    };
    for told in &done.unattached {
        terminal.warn(told);
    }
    if let (Some(why), Deed::Cleared(_)) = (&stays, &done.deed) {
        terminal.note(&format!("{why}. The ticket stays open; the next report like this one may close it"));
    }
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
