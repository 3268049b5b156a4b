//! Jira, Server and Data Center by version 2 of its interface (wiki markup), Cloud by version 3 (Atlassian Document Format):
//! issues by a label that is the key.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::tickets::Attachment;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::listing::{LABEL, PAGE, Place, Shown, keys, labels};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket, Twin};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Looked, Sent, Step, Turn, comments, good, id, list, now, ordinal, rehearsed as answer, text,
};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::{Site, System, component};
use crate::tickets::text::{clipped, length};

/// A summary is no longer.
const LONGEST_TITLE: usize = 255;
/// A description is no longer.
const LONGEST_BODY: usize = 32_767;
/// What an issue is where nothing else is said.
const USUAL_TYPE: &str = "Task";
/// What is read of an issue.
const FIELDS: &str = "status,description,created,updated,resolutiondate,labels";
/// By what Jira Cloud is asked for the next page.
const NEXT_PAGE: &str = "nextPageToken";
/// The names of statuses that mean that the work is done, not that nobody will do it.
const DONE: [&str; 3] = ["Done", "Resolved", "Closed"];

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    match turn.call {
        Call::Find => {
            let (project, _) = project_and_type(turn.site);
            let query = format!("project = \"{project}\" AND labels = \"{}\" ORDER BY created DESC", draft.key);
            let path = search(turn.site, &query, FIELDS);
            let Some(heard) = turn.heard(0)? else {
                return Ok(Step::Ask(request(turn.site, Method::Get, &path, None)));
            };
            let found = heard.json();
            let tickets =
                list(&found, "/issues")?.iter().map(|issue| ticket(issue, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || request(turn.site, Method::Get, &format!("/issue/{id}?fields={FIELDS}"), None);
            turn.fetched(asked, &[404], |found| ticket(found, turn))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                let (project, kind) = project_and_type(turn.site);
                let fields = json!({
                    "project": { "key": project },
                    "issuetype": { "name": kind },
                    "summary": clipped(&draft.title, LONGEST_TITLE),
                    "description": marked_up(turn, &draft.new_body(), false),
                    "labels": [draft.key.as_str(), LABEL],
                });
                return Ok(Step::Ask(request(turn.site, Method::Post, "/issue", Some(&json!({ "fields": fields })))));
            };
            let made = heard.json();
            let id = id(&made, "/id")?;
            let called = text(&made, "/key");
            Ok(Step::Done(Reply::Made(Ticket {
                called,
                ordinal: ordinal(&id),
                is_open: true,
                is_ours: true,
                created: None,
                state: None,
                closed: None,
                changed: None,
                text: None,
                id,
            })))
        }
        Call::Change(change) => step_of_change(turn, change),
    }
}

/// What the issue says, marked as incomplete; files; the comment; what the issue says. Last the transition, whose number the
/// workflow tells.
fn step_of_change(turn: &Turn<'_>, change: &Change) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let issue = format!("/issue/{}", change.id);
    let answers = if change.comment {
        let Some((done, later)) = turn.answers.split_first() else {
            let pending = json!({ "fields": fields(turn, &draft.pending_body(), false) });
            return Ok(Step::Ask(request(turn.site, Method::Put, &issue, Some(&pending))));
        };
        good(done)?;
        later
    } else {
        turn.answers
    };
    let (lacks_files, answers) = match filed(turn, change, answers)? {
        Sent::Ask(upload) => return Ok(Step::Ask(upload)),
        Sent::Done { made, later } => (made.contains(&None), later),
    };
    let (first, answers) = if change.comment {
        let path = format!("{issue}/comment?orderBy=-created&maxResults=100");
        let look = |_: &[Answer]| request(turn.site, Method::Get, &path, None);
        match turn.looked(answers, Vec::new(), look, |found| comments(found, "/comments", "/body"))? {
            Looked::Ask(request) => return Ok(Step::Ask(request)),
            Looked::Seen { is_said, later } => {
                let said = json!({ "body": marked_up(turn, &draft.comment, lacks_files) });
                let said =
                    (!is_said).then(|| request(turn.site, Method::Post, &format!("{issue}/comment"), Some(&said)));
                (said.into_iter().chain(last(turn, change, lacks_files)).collect::<Vec<_>>(), later)
            }
        }
    } else {
        (last(turn, change, lacks_files).into_iter().collect(), answers)
    };
    if let Some(last) = answers.last() {
        good(last)?;
    }
    if let Some(request) = first.get(answers.len()) {
        return Ok(Step::Ask(request.clone()));
    }
    let Some(becomes) = &change.becomes else { return Ok(Step::Done(Reply::Changed)) };
    let path = format!("/issue/{}/transitions", change.id);
    match answers.get(first.len()..).unwrap_or_default() {
        [] => Ok(Step::Ask(request(turn.site, Method::Get, &path, None))),
        [offered, rest @ ..] => {
            let offered = offered.json();
            match (transition(list(&offered, "/transitions")?, becomes), rest) {
                (Ok(transition), []) => {
                    let chosen = json!({ "transition": { "id": transition } });
                    Ok(Step::Ask(request(turn.site, Method::Post, &path, Some(&chosen))))
                }
                (Ok(_), _) => Ok(Step::Done(Reply::Changed)),
                // Another run may have brought it there meanwhile.
                (Err(_), []) => {
                    let status = format!("/issue/{}?fields={FIELDS}", change.id);
                    Ok(Step::Ask(request(turn.site, Method::Get, &status, None)))
                }
                (Err(missing), [status, ..]) => {
                    let is_open = ticket(&status.json(), turn)?.is_open;
                    if is_open == (*becomes == Becomes::Open) { Ok(Step::Done(Reply::Changed)) } else { Err(missing) }
                }
            }
        }
    }
}

/// The files that the issue does not have yet.
fn filed<'call>(turn: &Turn<'call>, change: &Change, answers: &'call [Answer]) -> Result<Sent<'call>, Refusal> {
    if !change.files {
        return Ok(Sent::Done { made: Vec::new(), later: answers });
    }
    let look = || request(turn.site, Method::Get, &format!("/issue/{}?fields=attachment", change.id), None);
    let names = |found: &Value| {
        let files = found.pointer("/fields/attachment").and_then(Value::as_array);
        files.into_iter().flatten().map(|file| text(file, "/filename")).collect()
    };
    let upload = |file: &Arc<Attachment>| {
        let url = url(turn.site, &format!("/issue/{}/attachments", change.id));
        Request::file(url, Body::Form { fields: Vec::new(), name: "file", file: file.clone() })
            .header("X-Atlassian-Token", "no-check")
    };
    turn.filed(answers, look, names, upload, &["/0/id", "/id"])
}

/// What marks a change as done, but for the status.
fn last(turn: &Turn<'_>, change: &Change, lacks_files: bool) -> Option<Request> {
    let Turn { draft, .. } = turn;
    let fields = match &change.becomes {
        Some(Becomes::Duplicate(twin)) => json!({
            "summary": format!("Duplicate of {}", twin.stays),
            "description": of_twin(turn, twin),
            "labels": ["clockaudit-duplicate"],
        }),
        _ if change.content => fields(turn, &draft.body, lacks_files),
        _ => return None,
    };
    Some(request(turn.site, Method::Put, &format!("/issue/{}", change.id), Some(&json!({ "fields": fields }))))
}

fn fields(turn: &Turn<'_>, body: &str, lacks_files: bool) -> Value {
    let description = marked_up(turn, body, lacks_files);
    json!({ "summary": clipped(&turn.draft.title, LONGEST_TITLE), "description": description })
}

/// The number of the transition that leads where the issue is to go.
fn transition(offered: &[Value], becomes: &Becomes) -> Result<String, Refusal> {
    let category = |transition: &Value| text(transition, "/to/statusCategory/key");
    let (found, wanted) = match becomes {
        Becomes::Open => {
            let of = |sought: &str| offered.iter().find(|transition| category(transition) == sought);
            (of("new").or_else(|| of("indeterminate")), "to do or in progress")
        }
        Becomes::Closed | Becomes::Duplicate(_) | Becomes::Withdrawn => {
            let is_done = |transition: &&Value| category(transition) == "done";
            let named = |transition: &&Value| DONE.contains(&text(transition, "/to/name").as_str());
            let done = || offered.iter().filter(is_done);
            (done().find(named).or_else(|| done().next()), "done")
        }
    };
    let missing = || Refusal {
        status: None,
        words: format!("its workflow leads from here to no status of the category {wanted}"),
    };
    id(found.ok_or_else(missing)?, "/id")
}

/// A text as the version of the interface takes it; where a file of it was not taken, that says so first.
fn marked_up(turn: &Turn<'_>, text: &str, lacks_files: bool) -> Value {
    let Turn { draft, .. } = turn;
    if !is_cloud(turn.site) {
        return draft.told(text, lacks_files).into();
    }
    let mut document: Value = serde_json::from_str(text).unwrap_or_default();
    let said: Value = serde_json::from_str(&draft.unattached).unwrap_or_default();
    if let (true, Some(Value::Array(content)), Some(said)) =
        (lacks_files, document.get_mut("content"), said.get("content").and_then(Value::as_array))
    {
        content.splice(0..0, said.iter().cloned());
    }
    document
}

/// What an issue says of which another one stays: that, and below it what it said. Of a document parts are left out at the end where
/// it would be too long.
fn of_twin(turn: &Turn<'_>, twin: &Twin) -> Value {
    let Turn { draft, .. } = turn;
    if !is_cloud(turn.site) {
        return draft.of_twin(twin, LONGEST_BODY).into();
    }
    let mut document: Value = serde_json::from_str(&draft.duplicate).unwrap_or_default();
    let said: Value = serde_json::from_str(twin.said.as_deref().unwrap_or(&draft.body)).unwrap_or_default();
    let said = said.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if let Some(Value::Array(content)) = document.get_mut("content") {
        let stays = json!({ "type": "paragraph", "content": [{ "type": "text", "text": twin.stays }] });
        let mut left = LONGEST_BODY.saturating_sub(length(&draft.duplicate) + length(&stays.to_string()) + 1);
        let fits = |node: &&Value| {
            let room = left.checked_sub(length(&node.to_string()) + 1);
            left = room.unwrap_or_default();
            room.is_some()
        };
        content.insert(0, stays);
        content.extend(said.iter().take_while(fits).cloned());
    }
    document
}

fn is_cloud(site: &Site) -> bool {
    site.system == System::JiraCloud
}

/// The key of the project, and the type of issues.
fn project_and_type(site: &Site) -> (&str, &str) {
    site.project().split_once('/').unwrap_or((site.project(), USUAL_TYPE))
}

/// The path of a search.
fn search(site: &Site, query: &str, fields: &str) -> String {
    let path = if is_cloud(site) { "search/jql" } else { "search" };
    format!("/{path}?jql={}&fields={fields}&maxResults={PAGE}", component(query))
}

fn url(site: &Site, rest: &str) -> String {
    site.url(&format!("/rest/api/{}{rest}", if is_cloud(site) { 3 } else { 2 }))
}

fn request(site: &Site, method: Method, rest: &str, body: Option<&Value>) -> Request {
    match body {
        Some(body) => Request::json(method, url(site, rest), body),
        None => Request::get(url(site, rest)),
    }
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/id")?;
    let is_open = is_open(issue);
    // Not every workflow sets a resolution: then nothing tells more than when the issue was touched last.
    let touched = || moment::read(&text(issue, "/fields/updated")).filter(|_| !is_open);
    Ok(Ticket {
        called: text(issue, "/key"),
        ordinal: ordinal(&id),
        is_open,
        is_ours: labels(issue, "/fields/labels").iter().any(|name| turn.is_key(name)),
        created: moment::read(&text(issue, "/fields/created")),
        state: state_in(&description(issue), &turn.draft.key),
        closed: moment::read(&text(issue, "/fields/resolutiondate")).or_else(touched),
        changed: changed(turn.site.system, issue),
        text: Some(description(issue)),
        id,
    })
}

/// A document in its own format is looked through as text.
fn description(issue: &Value) -> String {
    match issue.pointer("/fields/description") {
        Some(Value::String(text)) => text.clone(),
        Some(document) => document.to_string(),
        None => String::new(),
    }
}

fn is_open(issue: &Value) -> bool {
    text(issue, "/fields/status/statusCategory/key") != "done"
}

/// A page of the open issues of clockaudit. Cloud names the next page by a token of its own.
pub(super) fn page(site: &Site, place: &Place) -> Request {
    let (project, _) = project_and_type(site);
    let is_ours = format!("project = \"{project}\" AND labels = \"{LABEL}\"");
    let query = format!("{is_ours} AND statusCategory != Done ORDER BY created DESC");
    let path = search(site, &query, "status,description,labels,updated");
    let from = match (&place.token, is_cloud(site)) {
        (Some(token), true) => format!("&{NEXT_PAGE}={}", component(token)),
        (None, true) => String::new(),
        (_, false) => format!("&startAt={}", place.behind),
    };
    request(site, Method::Get, &format!("{path}{from}"), None)
}

/// One of them.
pub(super) fn shown(issue: &Value) -> Result<Shown, Refusal> {
    let keys = keys(labels(issue, "/fields/labels"), &description(issue));
    Ok(Shown { id: id(issue, "/id")?, is_open: is_open(issue), keys })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    if *turn.call == Call::Find {
        return answer(200, &json!({ "issues": [] }));
    }
    let transition = |id: &str, key: &str| json!({ "id": id, "to": { "statusCategory": { "key": key } } });
    let transitions = [transition("TRANSITION", "done"), transition("TRANSITION", "new")];
    answer(201, &json!({ "id": REHEARSED_ID, "key": REHEARSED_ID, "transitions": transitions, "comments": [] }))
}
