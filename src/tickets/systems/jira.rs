//! Jira, Server and Data Center by version 2 of its interface (wiki markup), Cloud by version 3 (Atlassian Document Format):
//! issues by a label that is the key.

use std::sync::Arc;

use serde_json::{Value, json};

use super::REHEARSED_ID;
use crate::tickets::Attachment;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Looked, Sent, Step, Turn, comments, good, id, list, now, ordinal, rehearsed as answer, text,
};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::{System, component};
use crate::tickets::text::clipped;

/// A summary is no longer.
const LONGEST_TITLE: usize = 255;
/// What an issue is where nothing else is said.
const USUAL_TYPE: &str = "Task";
/// What is read of an issue.
const FIELDS: &str = "status,description,created,updated,resolutiondate,labels";
/// The names of statuses that mean that the work is done, not that nobody will do it.
const DONE: [&str; 3] = ["Done", "Resolved", "Closed"];

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    match turn.call {
        Call::Find => {
            let (project, _) = place(turn);
            let query = format!("project = \"{project}\" AND labels = \"{}\" ORDER BY created DESC", draft.key);
            let (path, most) = if is_cloud(turn) { ("search/jql", 100) } else { ("search", 100) };
            let path = format!("/{path}?jql={}&fields={FIELDS}&maxResults={most}", component(&query));
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(request(turn, Method::Get, &path, None))) };
            let found = heard.json();
            let tickets =
                list(&found, "/issues")?.iter().map(|issue| ticket(issue, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || request(turn, Method::Get, &format!("/issue/{id}?fields={FIELDS}"), None);
            turn.fetched(asked, &[404], |found| ticket(found, turn))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                let (project, kind) = place(turn);
                let fields = json!({
                    "project": { "key": project },
                    "issuetype": { "name": kind },
                    "summary": clipped(&draft.title, LONGEST_TITLE),
                    "description": marked_up(turn, &draft.new_body(), false),
                    "labels": [draft.key.as_str(), "clockaudit"],
                });
                return Ok(Step::Ask(request(turn, Method::Post, "/issue", Some(&json!({ "fields": fields })))));
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
            return Ok(Step::Ask(request(turn, Method::Put, &issue, Some(&pending))));
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
        let look = |_: &[Answer]| request(turn, Method::Get, &path, None);
        match turn.looked(answers, Vec::new(), look, |found| comments(found, "/comments", "/body"))? {
            Looked::Ask(request) => return Ok(Step::Ask(request)),
            Looked::Seen { is_said, later } => {
                let said = json!({ "body": marked_up(turn, &draft.comment, lacks_files) });
                let said = (!is_said).then(|| request(turn, Method::Post, &format!("{issue}/comment"), Some(&said)));
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
        [] => Ok(Step::Ask(request(turn, Method::Get, &path, None))),
        [offered, rest @ ..] => {
            let offered = offered.json();
            match (transition(list(&offered, "/transitions")?, becomes), rest) {
                (Ok(transition), []) => {
                    let chosen = json!({ "transition": { "id": transition } });
                    Ok(Step::Ask(request(turn, Method::Post, &path, Some(&chosen))))
                }
                (Ok(_), _) => Ok(Step::Done(Reply::Changed)),
                // Another run may have brought it there meanwhile.
                (Err(_), []) => {
                    let status = format!("/issue/{}?fields={FIELDS}", change.id);
                    Ok(Step::Ask(request(turn, Method::Get, &status, None)))
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
    let look = || request(turn, Method::Get, &format!("/issue/{}?fields=attachment", change.id), None);
    let names = |found: &Value| {
        let files = found.pointer("/fields/attachment").and_then(Value::as_array);
        files.into_iter().flatten().map(|file| text(file, "/filename")).collect()
    };
    let upload = |file: &Arc<Attachment>| {
        let url = url(turn, &format!("/issue/{}/attachments", change.id));
        Request::file(url, Body::Form { fields: Vec::new(), name: "file", file: file.clone() })
            .header("X-Atlassian-Token", "no-check")
    };
    turn.filed(answers, look, names, upload, &["/0/id", "/id"])
}

/// What marks a change as done, but for the status.
fn last(turn: &Turn<'_>, change: &Change, lacks_files: bool) -> Option<Request> {
    let Turn { draft, .. } = turn;
    let fields = match &change.becomes {
        Some(Becomes::DuplicateOf(other)) => json!({
            "summary": format!("Duplicate of {other}"),
            "description": marked_up(turn, &draft.duplicate, false),
            "labels": ["clockaudit-duplicate"],
        }),
        _ if change.content => fields(turn, &draft.body, lacks_files),
        _ => return None,
    };
    Some(request(turn, Method::Put, &format!("/issue/{}", change.id), Some(&json!({ "fields": fields }))))
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
        Becomes::Closed | Becomes::DuplicateOf(_) | Becomes::Withdrawn => {
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
    if !is_cloud(turn) {
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

fn is_cloud(turn: &Turn<'_>) -> bool {
    turn.site.system == System::JiraCloud
}

/// The key of the project, and the type of issues.
fn place<'turn>(turn: &Turn<'turn>) -> (&'turn str, &'turn str) {
    turn.site.project().split_once('/').unwrap_or((turn.site.project(), USUAL_TYPE))
}

fn url(turn: &Turn<'_>, rest: &str) -> String {
    turn.site.url(&format!("/rest/api/{}{rest}", if is_cloud(turn) { 3 } else { 2 }))
}

fn request(turn: &Turn<'_>, method: Method, rest: &str, body: Option<&Value>) -> Request {
    match body {
        Some(body) => Request::json(method, url(turn, rest), body),
        None => Request::get(url(turn, rest)),
    }
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/id")?;
    // A document in its own format is looked through as text.
    let description = match issue.pointer("/fields/description") {
        Some(Value::String(text)) => text.clone(),
        Some(document) => document.to_string(),
        None => String::new(),
    };
    let is_open = text(issue, "/fields/status/statusCategory/key") != "done";
    let labels = issue.pointer("/fields/labels").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // Not every workflow sets a resolution: then nothing tells more than when the issue was touched last.
    let touched = || moment::read(&text(issue, "/fields/updated")).filter(|_| !is_open);
    Ok(Ticket {
        called: text(issue, "/key"),
        ordinal: ordinal(&id),
        is_open,
        is_ours: labels.iter().any(|label| turn.is_key(&text(label, ""))),
        created: moment::read(&text(issue, "/fields/created")),
        state: state_in(&description, &turn.draft.key),
        closed: moment::read(&text(issue, "/fields/resolutiondate")).or_else(touched),
        id,
    })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    if *turn.call == Call::Find {
        return answer(200, &json!({ "issues": [] }));
    }
    let transition = |id: &str, key: &str| json!({ "id": id, "to": { "statusCategory": { "key": key } } });
    let transitions = [transition("TRANSITION", "done"), transition("TRANSITION", "new")];
    answer(201, &json!({ "id": REHEARSED_ID, "key": REHEARSED_ID, "transitions": transitions, "comments": [] }))
}
