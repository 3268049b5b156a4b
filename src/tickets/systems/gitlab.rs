//! GitLab: issues by a label that is the key; files are uploaded to the project and linked.

use serde_json::{Value, json};

use super::REHEARSED_ID;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{Step, Turn, good, id, list, now, ordinal, rehearsed as answer, text};
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
                let description = format!("{}\n\n{}", links(turn), draft.body);
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
        Call::Change(change) => {
            let uploads = if change.files { draft.files.len() } else { 0 };
            if change.files
                && let Some(upload) = upload(turn)?
            {
                return Ok(Step::Ask(upload));
            }
            if let Some(last) = turn.answers.last() {
                good(last)?;
            }
            let next = changes(turn, change, &title).into_iter().nth(turn.answers.len().saturating_sub(uploads));
            Ok(next.map_or(Step::Done(Reply::Changed), Step::Ask))
        }
    }
}

/// The next file to upload.
fn upload(turn: &Turn<'_>) -> Result<Option<Request>, Refusal> {
    if let Some(last) = turn.answers.last() {
        good(last)?;
    }
    let file = turn.draft.files.get(turn.answers.len());
    Ok(file.map(|file| {
        let url = url(turn, "/uploads");
        Request::file(url, Body::Form { fields: Vec::new(), name: "file", file: file.clone() })
    }))
}

/// The links to the files that were uploaded, in GitLab's own words.
fn links(turn: &Turn<'_>) -> String {
    let uploads = turn.answers.iter().take(turn.draft.files.len());
    let links: Vec<String> = uploads.map(|heard| clipped(&text(&heard.json(), "/markdown"), LONGEST_LINK)).collect();
    format!("The whole report: {}", links.join(" "))
}

fn changes(turn: &Turn<'_>, change: &Change, title: &str) -> Vec<Request> {
    let Turn { draft, .. } = turn;
    let mut requests = Vec::new();
    if change.comment {
        let files =
            if change.files && !draft.files.is_empty() { format!("\n\n{}", links(turn)) } else { String::new() };
        let note = json!({ "body": format!("{}{files}", draft.comment) });
        requests.push(request(turn, Method::Post, &format!("/issues/{}/notes", change.id), Some(&note)));
    }
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
    if !issue.is_empty() {
        requests.push(request(turn, Method::Put, &format!("/issues/{}", change.id), Some(&Value::Object(issue))));
    }
    requests
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

pub(super) fn rehearsed(call: &Call) -> Answer {
    match call {
        Call::Find => answer(200, &json!([])),
        _ => answer(201, &json!({ "iid": REHEARSED_ID, "markdown": "[FILE](/uploads/SECRET/FILE)" })),
    }
}
