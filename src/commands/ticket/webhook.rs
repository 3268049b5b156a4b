//! A ticket for an address that takes what a template makes: nothing is asked back, so what was sent is noted on this machine.

use super::plan::TicketPlan;
use super::{Done, Errand, Failed, spoken};
use crate::commands::error::CommandError;
use crate::report::escape::escaped;
use crate::report::ticket::webhook::{Event, render};
use crate::tickets::{Deed, Request, webhook};

/// Sends what the template makes, unless the same was sent before.
pub(super) fn send(plan: &TicketPlan, errand: &Errand<'_>, asker: &spoken::Asker) -> Result<Done, Failed> {
    let is_same = errand.noted.as_ref().is_some_and(|noted| noted.state == errand.draft.state.as_str());
    let called = errand.noted.as_ref().and_then(|noted| noted.id.clone());
    let met = errand.noted.as_ref().map(|noted| noted.state.clone());
    let name = |id: &Option<String>| id.clone().unwrap_or_else(|| errand.draft.key.to_string());
    match (errand.draft.is_clear, &errand.noted) {
        (true, None) => return Ok(Done { deed: Deed::Nothing, id: None, met, unattached: Vec::new() }),
        // What is closed is said once more: that it is.
        (is_clear, Some(_)) if is_same && !(is_clear && errand.resolve) => {
            return Ok(Done { deed: Deed::Unchanged(name(&called)), id: called, met, unattached: Vec::new() });
        }
        _ => {}
    }
    let answer = asker.send(&request(plan, errand)?)?;
    webhook::accepted(&answer).map_err(|refusal| asker.failed(&refusal))?;
    // It is noted on this machine, where no secret belongs.
    let is_harmless = |id: &String| asker.harmless(id) == *id;
    let id = called.or_else(|| webhook::id(&answer).filter(is_harmless));
    let deed = match (errand.draft.is_clear, &errand.noted) {
        (true, _) if errand.resolve => Deed::Resolved(name(&id)),
        (true, _) => Deed::Cleared(name(&id)),
        (false, Some(_)) => Deed::Updated(name(&id)),
        (false, None) => Deed::Created(name(&id)),
    };
    Ok(Done { deed, id, met, unattached: Vec::new() })
}

/// The request that the template makes.
pub(super) fn request(plan: &TicketPlan, errand: &Errand<'_>) -> Result<Request, CommandError> {
    let template = plan.template.as_deref().unwrap_or_default();
    let id = errand.noted.as_ref().and_then(|noted| noted.id.as_deref());
    let kind = match (errand.draft.is_clear, &errand.noted) {
        (true, _) if errand.resolve => "clear",
        (true, _) | (false, Some(_)) => "update",
        (false, None) => "open",
    };
    let bad =
        |why: &dyn std::fmt::Display| CommandError::bad_input(format!("the template: {}", escaped(&why.to_string())));
    let (text, place) = render(template, errand.subject, &errand.draft, Event { kind, id }, plan.setting)
        .map_err(|error| bad(&error))?;
    webhook::request(&plan.site, &text, &place).map_err(|error| bad(&error))
}
