//! GitHub and GitHub Enterprise: issues by a label that is the key. Their interface takes no files: a short report is a comment.
//!
//! Issues are listed by label, for the search that GitHub has beside it lags behind.

use serde_json::{Value, json};

use super::REHEARSED_ID;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{Step, Turn, id, list, now, ordinal, rehearsed as answer, text};
use crate::tickets::request::{Answer, Method, Request};
use crate::tickets::site::component;
use crate::tickets::text::clipped;

/// A title is no longer.
const LONGEST_TITLE: usize = 256;
/// What every ticket of ours has beside its key.
const LABEL: &str = "clockaudit";
/// What one has that was made twice.
const DUPLICATE: &str = "clockaudit-duplicate";

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let title = clipped(&draft.title, LONGEST_TITLE);
    match turn.call {
        Call::Find => {
            let query = format!("labels={}&state=all&sort=created&direction=desc&per_page=100", draft.key);
            let Some(heard) = turn.heard(0)? else {
                return Ok(Step::Ask(request(turn, Method::Get, &format!("?{query}"), None)));
            };
            let found = heard.json();
            let issues = list(&found, "")?.iter().filter(|issue| issue.get("pull_request").is_none());
            let tickets = issues.map(|issue| ticket(issue, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) => {
            let asked = || request(turn, Method::Get, &format!("/{id}"), None);
            // Moved away, or removed.
            turn.fetched(asked, &[301, 404, 410], |found| ticket(found, turn))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                // With a comment to come it is not complete yet.
                let body = if draft.inline.is_some() { draft.pending_body() } else { draft.body.clone() };
                let issue = json!({ "title": title, "body": body, "labels": [draft.key.as_str(), LABEL] });
                return Ok(Step::Ask(request(turn, Method::Post, "", Some(&issue))));
            };
            let made = heard.json();
            let ticket = ticket(&made, turn)?;
            // Labels of those who may not set any are dropped without a word.
            let labels = made.get("labels").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let is_marked = labels.iter().any(|label| text(label, "/name") == draft.key.as_str());
            Ok(Step::Done(if is_marked { Reply::Made(ticket) } else { Reply::Unmarked(ticket) }))
        }
        Call::Change(change) => turn.in_turn(changes(turn, change, &title)),
    }
}

fn changes(turn: &Turn<'_>, change: &Change, title: &str) -> Vec<Request> {
    let Turn { draft, .. } = turn;
    let mut requests = Vec::new();
    let told = change.comment.then_some(&draft.comment);
    let report = draft.inline.as_ref().filter(|_| change.files);
    let comment: Vec<&str> = told.into_iter().chain(report).map(String::as_str).collect();
    if !comment.is_empty() {
        let comment = json!({ "body": comment.join("\n\n") });
        requests.push(request(turn, Method::Post, &format!("/{}/comments", change.id), Some(&comment)));
    }
    let mut issue = serde_json::Map::new();
    if change.content {
        issue.insert("title".to_owned(), title.into());
        issue.insert("body".to_owned(), draft.body.clone().into());
    }
    let mut set = |state: &str, reason: &str| {
        issue.insert("state".to_owned(), state.into());
        issue.insert("state_reason".to_owned(), reason.into());
    };
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => set("open", "reopened"),
        Some(Becomes::Closed) => set("closed", "completed"),
        Some(Becomes::DuplicateOf(other)) => {
            set("closed", "not_planned");
            issue.insert("title".to_owned(), format!("Duplicate of {other}").into());
            issue.insert("body".to_owned(), format!("{other}\n\n{}", draft.duplicate).into());
            issue.insert("labels".to_owned(), json!([DUPLICATE]));
        }
        Some(Becomes::Withdrawn) => {
            set("closed", "not_planned");
            issue.insert("body".to_owned(), draft.withdrawn.clone().into());
        }
    }
    if !issue.is_empty() {
        requests.push(request(turn, Method::Patch, &format!("/{}", change.id), Some(&Value::Object(issue))));
    }
    requests
}

fn request(turn: &Turn<'_>, method: Method, rest: &str, body: Option<&Value>) -> Request {
    let project: Vec<String> = turn.site.project().split('/').map(component).collect();
    let url = turn.site.url(&format!("/repos/{}/issues{rest}", project.join("/")));
    let request = match body {
        Some(body) => Request::json(method, url, body),
        None => Request::get(url),
    };
    request.header("Accept", "application/vnd.github+json").header("X-GitHub-Api-Version", "2022-11-28")
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/number")?;
    Ok(Ticket {
        called: format!("#{id}"),
        ordinal: ordinal(&id),
        is_open: text(issue, "/state") != "closed",
        state: state_in(&text(issue, "/body"), &turn.draft.key),
        closed: moment::read(&text(issue, "/closed_at")),
        id,
    })
}

pub(super) fn rehearsed(call: &Call) -> Answer {
    match call {
        Call::Find => answer(200, &json!([])),
        _ => answer(200, &json!({ "number": REHEARSED_ID })),
    }
}
