//! The systems, one a file: which requests a call comes to, and what the answers mean.

mod github;
mod gitlab;
mod jira;
mod redmine;
mod roundup;
mod rt;
mod servicenow;

use serde_json::Value;

use super::conversation::Refusal;
use super::draft::Draft;
use super::listing::{Place, Shown};
use super::moment;
use super::protocol::{Step, Turn, text};
use super::request::{Answer, Request};
use super::site::{Site, System};
use crate::clock::UnixNanos;

/// The id of a ticket that is only made up.
pub(super) const REHEARSED_ID: &str = "ID";

/// What is next of a call.
pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    match turn.site.system {
        System::Github => github::step(turn),
        System::Gitlab => gitlab::step(turn),
        System::Jira | System::JiraCloud => jira::step(turn),
        System::Servicenow => servicenow::step(turn),
        System::Rt => rt::step(turn),
        System::Redmine => redmine::step(turn),
        System::Roundup => roundup::step(turn),
        // What a template makes is no conversation.
        System::Webhook => Err(Refusal::misunderstood("of a ticket system")),
    }
}

/// The request of a page of the open tickets of clockaudit.
pub(super) fn page(site: &Site, place: &Place) -> Result<Request, Refusal> {
    Ok(match site.system {
        System::Github => github::page(site, place),
        System::Gitlab => gitlab::page(site, place),
        System::Jira | System::JiraCloud => jira::page(site, place),
        System::Servicenow => servicenow::page(site, place),
        System::Rt => rt::page(site, place),
        System::Redmine => redmine::page(site, place),
        System::Roundup => roundup::page(site, place),
        System::Webhook => return Err(Refusal::misunderstood("of a ticket system")),
    })
}

/// Where the tickets stand in the answer to that.
pub(super) fn list_at(system: System) -> &'static str {
    match system {
        System::Github | System::Gitlab | System::Webhook => "",
        System::Jira | System::JiraCloud | System::Redmine => "/issues",
        System::Servicenow => "/result",
        System::Rt => "/items",
        System::Roundup => "/data/collection",
    }
}

/// What one of them says.
pub(super) fn shown(system: System, record: &Value) -> Result<Shown, Refusal> {
    match system {
        System::Github => github::shown(record),
        System::Gitlab => gitlab::shown(record),
        System::Jira | System::JiraCloud => jira::shown(record),
        System::Servicenow => servicenow::shown(record),
        System::Rt => rt::shown(record),
        System::Redmine => redmine::shown(record),
        System::Roundup => roundup::shown(record),
        System::Webhook => Err(Refusal::misunderstood("of a ticket system")),
    }
}

/// Where one of them says when it was changed last.
pub(super) fn changed_at(system: System) -> &'static str {
    match system {
        System::Github | System::Gitlab | System::Webhook => "/updated_at",
        System::Jira | System::JiraCloud => "/fields/updated",
        System::Servicenow => "/sys_updated_on",
        System::Rt => "/LastUpdated",
        System::Redmine => "/updated_on",
        System::Roundup => "/activity",
    }
}

/// When it was changed last.
pub(super) fn changed(system: System, record: &Value) -> Option<UnixNanos> {
    moment::read(&text(record, changed_at(system)))
}

/// Whether a new ticket has all its files at once; elsewhere it is marked as incomplete until it has.
pub(super) fn makes_whole(system: System, draft: &Draft) -> bool {
    match system {
        System::Jira | System::JiraCloud | System::Servicenow => false,
        System::Github => draft.inline.is_none(),
        System::Gitlab | System::Rt | System::Redmine | System::Roundup | System::Webhook => true,
    }
}

/// Whether a ticket that was made is found at once. Elsewhere one that is not found may have been made nevertheless.
pub(super) fn finds_at_once(system: System) -> bool {
    system != System::JiraCloud
}

/// What a ticket is found by.
pub(super) fn mark(system: System) -> &'static str {
    match system {
        System::Github | System::Gitlab | System::Jira | System::JiraCloud => "label",
        System::Servicenow => "correlation id",
        System::Rt | System::Redmine | System::Roundup | System::Webhook => "key",
    }
}

/// An answer as it might come to the next request, for those that are only shown.
pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    match turn.site.system {
        System::Github => github::rehearsed(turn),
        System::Gitlab => gitlab::rehearsed(turn),
        System::Jira | System::JiraCloud => jira::rehearsed(turn),
        System::Servicenow => servicenow::rehearsed(turn),
        System::Rt => rt::rehearsed(turn),
        System::Redmine => redmine::rehearsed(turn),
        System::Roundup => roundup::rehearsed(turn),
        System::Webhook => Answer { status: 200, headers: Vec::new(), body: Vec::new() },
    }
}
