//! GitLab: issues by a label that is the key; files are uploaded to the project and linked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::REHEARSED_ID;
use crate::tickets::Attachment;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Looked, Step, Turn, comments, good, id, in_turn, list, now, ordinal, rehearsed as answer, text,
};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::component;
use crate::tickets::text::clipped;

/// A title is no longer.
const LONGEST_TITLE: usize = 255;
/// The link to a file is shorter.
const LONGEST_LINK: usize = 500;

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let title = clipped(&draft.title, LONGEST_TITLE);
    match turn.call {
        Call::Find => {
            let query = format!("/issues?labels={}&state=all&order_by=created_at&sort=desc&per_page=100", draft.key);
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(request(turn, Method::Get, &query, None))) };
            let found = heard.json();
            let tickets = list(&found, "")?.iter().map(|issue| ticket(issue, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) => {
            let asked = || request(turn, Method::Get, &format!("/issues/{id}"), None);
            turn.fetched(asked, &[404], |found| ticket(found, turn))
        }
        Call::Create => {
            if let Some(upload) = upload(turn)? {
                return Ok(Step::Ask(upload));
            }
            let Some(heard) = turn.heard(draft.files.len())? else {
                let description = format!("{}\n\n{}", links(turn.answers), draft.body);
                let labels = format!("{},clockaudit", draft.key);
                let issue = json!({ "title": title, "description": description, "labels": labels });
                return Ok(Step::Ask(request(turn, Method::Post, "/issues", Some(&issue))));
            };
            let made = heard.json();
            let ticket = ticket(&made, turn)?;
            // Labels of those who may not set any are dropped without a word.
            let labels = made.get("labels").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let is_marked = labels.iter().any(|label| label.as_str() == Some(draft.key.as_str()));
            Ok(Step::Done(if is_marked { Reply::Made(ticket) } else { Reply::Unmarked(ticket) }))
        }
        Call::Change(change) => step_of_change(turn, change, &title),
    }
}

/// What the issue says, marked as incomplete; files; the comment with their links; then all that marks it as done.
fn step_of_change(turn: &Turn<'_>, change: &Change, title: &str) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    if !change.comment {
        return turn.in_turn(last(turn, change, title).into_iter().collect());
    }
    let issue = format!("/issues/{}", change.id);
    let pending = json!({ "title": title, "description": draft.pending_body() });
    let files = draft.files.iter().filter(|_| change.files).map(|file| uploaded(turn, file));
    let first = std::iter::once(request(turn, Method::Put, &issue, Some(&pending))).chain(files).collect();
    let look = |_: &[Answer]| {
        let query = format!("{issue}/notes?order_by=created_at&sort=desc&per_page=100");
        request(turn, Method::Get, &query, None)
    };
    match turn.looked(first, look, |found| comments(found, "", "/body"))? {
        Looked::Ask(request) => Ok(Step::Ask(request)),
        Looked::Seen { is_said, first, later } => {
            let uploads = first.get(1..).unwrap_or_default();
            let files = if uploads.is_empty() { String::new() } else { format!("\n\n{}", links(uploads)) };
            let note = json!({ "body": format!("{}{files}", draft.comment) });
            let said = (!is_said).then(|| request(turn, Method::Post, &format!("{issue}/notes"), Some(&note)));
            in_turn(later, said.into_iter().chain(last(turn, change, title)).collect())
        }
    }
}

/// The next file to upload.
fn upload(turn: &Turn<'_>) -> Result<Option<Request>, Refusal> {
    if let Some(last) = turn.answers.last() {
        good(last)?;
    }
    Ok(turn.draft.files.get(turn.answers.len()).map(|file| uploaded(turn, file)))
}

fn uploaded(turn: &Turn<'_>, file: &Arc<Attachment>) -> Request {
    let url = url(turn, "/uploads");
    Request::file(url, Body::Form { fields: Vec::new(), name: "file", file: file.clone() })
}

/// The links to the files that were uploaded, in GitLab's own words.
fn links(uploads: &[Answer]) -> String {
    let links: Vec<String> =
        uploads.iter().map(|heard| clipped(&text(&heard.json(), "/markdown"), LONGEST_LINK)).collect();
    format!("The whole report: {}", links.join(" "))
}

/// What marks a change as done.
fn last(turn: &Turn<'_>, change: &Change, title: &str) -> Option<Request> {
    let Turn { draft, .. } = turn;
    let mut issue = serde_json::Map::new();
    if change.content {
        issue.insert("title".to_owned(), title.into());
        issue.insert("description".to_owned(), draft.body.clone().into());
    }
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => {
            issue.insert("state_event".to_owned(), "reopen".into());
        }
        Some(Becomes::Closed) => {
            issue.insert("state_event".to_owned(), "close".into());
        }
        Some(Becomes::DuplicateOf(other)) => {
            issue.insert("state_event".to_owned(), "close".into());
            issue.insert("title".to_owned(), format!("Duplicate of {other}").into());
            issue.insert("description".to_owned(), format!("{other}\n\n{}", draft.duplicate).into());
            issue.insert("labels".to_owned(), "clockaudit-duplicate".into());
        }
        Some(Becomes::Withdrawn) => {
            issue.insert("state_event".to_owned(), "close".into());
            issue.insert("description".to_owned(), draft.withdrawn.clone().into());
        }
    }
    let is_any = !issue.is_empty();
    is_any.then(|| request(turn, Method::Put, &format!("/issues/{}", change.id), Some(&Value::Object(issue))))
}

fn url(turn: &Turn<'_>, rest: &str) -> String {
    turn.site.url(&format!("/api/v4/projects/{}{rest}", component(turn.site.project())))
}

fn request(turn: &Turn<'_>, method: Method, rest: &str, body: Option<&Value>) -> Request {
    match body {
        Some(body) => Request::json(method, url(turn, rest), body),
        None => Request::get(url(turn, rest)),
    }
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/iid")?;
    Ok(Ticket {
        called: format!("#{id}"),
        ordinal: ordinal(&id),
        is_open: text(issue, "/state") != "closed",
        state: state_in(&text(issue, "/description"), &turn.draft.key),
        closed: moment::read(&text(issue, "/closed_at")),
        id,
    })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    let is_look = |change: &Change| {
        let files = if change.files { turn.draft.files.len() } else { 0 };
        change.comment && turn.answers.len() == files + 1
    };
    match turn.call {
        Call::Find => answer(200, &json!([])),
        Call::Change(change) if is_look(change) => answer(200, &json!([])),
        _ => answer(201, &json!({ "iid": REHEARSED_ID, "markdown": "[FILE](/uploads/SECRET/FILE)" })),
    }
}
