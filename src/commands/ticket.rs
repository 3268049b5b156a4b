//! `clockaudit ticket SYSTEM --report FILE`: one ticket of a report, made or brought up to date.

mod over;
mod plan;
mod shown;
mod spoken;
mod webhook;

use std::collections::BTreeSet;

use super::error::{CommandError, Outcome};
use crate::audit::ExitStatus;
use crate::cli::TicketArgs;
use crate::files::tickets::{Noted, Tickets, Unheld};
use crate::report::Report;
use crate::report::escape::escaped;
use crate::report::ticket::{
    Before, Subject, Unseen, all_clear, draft, has_measured_all, left_alone, subjects, untold,
};
use crate::terminal::Terminal;
use crate::tickets::{Deed, Draft, Key, Left, Listed, Standing, System};
use plan::TicketPlan;

/// What is said to the ticket system for one ticket.
struct Errand<'run> {
    subject: &'run Subject,
    draft: Draft,
    noted: Option<Noted>,
    /// What of it may be changed.
    standing: Standing,
    /// Whether the ticket is closed where there is nothing to act on.
    resolve: bool,
}

/// What came of it.
struct Done {
    deed: Deed,
    id: Option<String>,
    /// What an open ticket said before.
    met: Option<String>,
    /// Of each file that was not taken: why.
    unattached: Vec<String>,
}

/// Makes tickets, or brings them up to date; with `--dry-run` only the requests are shown.
pub fn run(args: &TicketArgs, terminal: &Terminal) -> Outcome {
    let plan = TicketPlan::new(args, terminal)?;
    let tickets = Tickets::of_this_user(plan.site.place());
    let about = subjects(&plan.report, plan.grain, &plan.scope);
    let untold = untold(&plan.report, plan.grain);
    if !untold.is_empty() {
        terminal.warn(&format!(
            "`--grain {}` has no ticket for what is bad of the fleet and of no host alone; `--grain run` has one. {}",
            plan.grain.word(),
            untold.join(" ")
        ));
    }
    let is_listed = over::needs_a_list(&plan, &about);
    if plan.is_dry {
        if is_listed {
            terminal.print(&shown::listing(&plan))?;
        }
        for subject in &about {
            let draft = draft(subject, None, plan.setting, &plan.enclosure);
            let standing = Standing::default();
            let errand = Errand { subject, draft, noted: None, standing, resolve: plan.resolve };
            terminal.print(&shown::requests(&plan, &errand)?)?;
        }
        if about.is_empty() {
            terminal.note("there is nothing to make a ticket of");
        }
        return Ok(ExitStatus::Good);
    }
    let asker = spoken::Asker::new(&plan)?;
    let open = if is_listed { asker.list(&plan)? } else { Listed::default() };
    if open.is_cut {
        terminal.warn(
            "the ticket system lists more open tickets of clockaudit than are looked through: of those behind, none is cleared",
        );
    }
    over::refuse_a_flood(&plan, tickets.as_ref(), &about, &open)?;
    let over = over::keys(&plan, tickets.as_ref(), &about, &open, terminal);
    let all = about.len() + over.len();
    let mut failed = 0;
    let about = about.into_iter().map(|subject| (subject, None));
    // Each holds a whole report, so there is one at a time.
    let over = over.into_iter().map(|over| (over::subject(&plan, over.key), Some(over.by)));
    for (subject, over) in about.chain(over) {
        match deliver(&subject, over, &plan, tickets.as_ref(), &asker, terminal) {
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
    over: Option<over::By>,
    plan: &TicketPlan,
    tickets: Option<&Tickets>,
    asker: &spoken::Asker,
    terminal: &Terminal,
) -> Result<(), Failed> {
    let waits = || terminal.note(&format!("another run on this machine speaks of {}: waiting for it", subject.key));
    let _held = match tickets.map(|tickets| tickets.hold(&subject.key, waits)).transpose() {
        Ok(held) => held,
        // It holds one ticket at a time.
        Err(busy @ Unheld::Busy { .. }) => return Err(Failed { error: held(&busy, &subject.key), is_of_all: false }),
        Err(Unheld::Failed(error)) => {
            terminal.warn(&format!("nothing can be noted of tickets on this machine: {error}"));
            None
        }
    };
    let noted = tickets.map_or(Ok(None), |tickets| tickets.noted(&subject.key)).unwrap_or_else(|error| {
        terminal.warn(&format!("what is noted of tickets on this machine cannot be read: {error}"));
        None
    });
    let last = tickets.and_then(|tickets| tickets.last_report(&subject.key));
    let noted_unseen = noted.as_ref().map(|noted| noted.unseen.clone()).unwrap_or_default();
    let unseen = noted_unseen.after(last.as_ref(), &subject.report, &plan.report);
    if let Some(why) = left_alone(subject, last.as_ref(), &unseen) {
        terminal.note(&why);
        terminal.print(&shown::left(&subject.key, &subject.title))?;
        return Ok(());
    }
    let before = noted.as_ref().zip(last.as_ref());
    let before = before.map(|(noted, report)| Before { state: &noted.state, report, unseen: &unseen });
    let mut draft = if over.is_some() {
        all_clear(subject, plan.setting, &plan.enclosure)
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
    let standing = over::standing(plan, over, noted.as_ref());
    let was_known = noted.as_ref().filter(|noted| noted.knows_all).map(|noted| noted.state.clone());
    let errand = Errand { subject, draft, noted, standing, resolve };
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
    if let Deed::Left(called, left) = &done.deed {
        let called = escaped(&asker.harmless(called));
        terminal.note(&match left {
            Left::Newer => {
                format!("{called} was changed for a newer run than that of the report: an older one overrules no newer one")
            }
            Left::Unknown => format!(
                "{called} may tell of hosts that this machine does not know of and this report did not look at: a report of a part does \
                 not change it"
            ),
        });
    }
    terminal.print(&shown::deed(&done.deed, &subject.key, &subject.title, |called| asker.harmless(called)))?;
    if let Some(tickets) = tickets {
        let is_new = matches!(done.deed, Deed::Created(_) | Deed::Reopened(_));
        let is_kept = was_known.is_some() && was_known == done.met;
        let noted = Noted {
            id: done.id.clone(),
            state,
            scope: plan.scope_key.to_string(),
            // What left was told, and is no reason any more.
            unseen: if is_clear { Unseen::default() } else { unseen },
            knows_all: is_new || is_kept || (has_measured_all(&plan.report) && !plan.is_part_of_scope),
        };
        // What was about some hosts is over for those alone.
        let of_its_hosts = last.as_ref().filter(|_| over.is_some()).map(|last| of_hosts(&plan.report, last));
        let reported = if is_clear { of_its_hosts.as_ref().unwrap_or(&plan.report) } else { &subject.report };
        note(tickets, &subject.key, &done.deed, noted, reported).unwrap_or_else(|error| {
            terminal.warn(&format!("what was reported cannot be noted on this machine: {error}"));
        });
    }
    Ok(())
}

/// What a report knows of the hosts that another one was about.
fn of_hosts(report: &Report, other: &Report) -> Report {
    let mended = other.fix.iter().flat_map(|fix| &fix.hosts).map(|host| host.name.as_str());
    let names: BTreeSet<&str> = other.hosts.iter().map(|host| host.name.as_str()).chain(mended).collect();
    let hosts = report.hosts.iter().filter(|host| names.contains(host.name.as_str())).cloned().collect();
    Report { hosts, fix: None, ..report.clone() }
}

/// That another run on this machine speaks of a ticket without end.
fn held(busy: &Unheld, key: &Key) -> CommandError {
    CommandError::remote(format!("another run on this machine has spoken of {key} for five minutes: {busy}"))
        .hint("end it where it hangs, and begin this run again")
}

/// Notes what a ticket says now; one that was closed is nothing to come back to.
fn note(tickets: &Tickets, key: &Key, deed: &Deed, noted: Noted, reported: &Report) -> std::io::Result<()> {
    match deed {
        // Nothing was reported.
        Deed::Left(..) => Ok(()),
        Deed::Nothing | Deed::Resolved(_) => tickets.write(key, None),
        _ => tickets.write(key, Some((noted, reported))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_waits_in_vain_for_another_ends_with_75() {
        let busy = Unheld::Busy { path: "/state/tickets/a.lock".into(), holder: Some(4_711) };
        let error = held(&busy, &Key::of("prod", ""));
        assert_eq!(error.status, ExitStatus::RemoteFailed);
        assert!(
            error.message.ends_with("for five minutes: /state/tickets/a.lock is held by process 4711"),
            "{error:?}"
        );
    }
}
