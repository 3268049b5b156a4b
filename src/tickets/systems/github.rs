//! GitHub and GitHub Enterprise: issues by a label that is the key. Their interface takes no files: a short report is a comment.
//!
//! Issues are listed by label, for the search that GitHub has beside it lags behind.

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::listing::{LABEL, PAGE, Place, Shown, keys, labels};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Comment, Looked, Step, Turn, comments, id, in_turn, list, now, ordinal, rehearsed as answer, text,
};
use crate::tickets::request::{Answer, Method, Request};
use crate::tickets::site::{Site, component};
use crate::tickets::text::clipped;

/// A title is no longer.
const LONGEST_TITLE: usize = 256;
/// A body is no longer.
const LONGEST_BODY: usize = 65_536;
/// Comments of a page.
const COMMENTS: u64 = 100;
/// What one has that was made twice.
const DUPLICATE: &str = "clockaudit-duplicate";

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let title = clipped(&draft.title, LONGEST_TITLE);
    match turn.call {
        Call::Find => {
            let query = format!("labels={}&state=all&sort=created&direction=desc&per_page=100", draft.key);
            let Some(heard) = turn.heard(0)? else {
                return Ok(Step::Ask(request(turn.site, Method::Get, &format!("?{query}"), None)));
            };
            let found = heard.json();
            let issues = list(&found, "")?.iter().filter(|issue| issue.get("pull_request").is_none());
            let tickets = issues.map(|issue| ticket(issue, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || request(turn.site, Method::Get, &format!("/{id}"), None);
            // Moved away, or removed.
            turn.fetched(asked, &[301, 404, 410], |found| ticket(found, turn))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                // With a comment to come it is not complete yet.
                let body = if draft.inline.is_some() { draft.new_body() } else { draft.body.clone() };
                let issue = json!({ "title": title, "body": body, "labels": [draft.key.as_str(), LABEL] });
                return Ok(Step::Ask(request(turn.site, Method::Post, "", Some(&issue))));
            };
            let made = heard.json();
            let ticket = ticket(&made, turn)?;
            // Labels of those who may not set any are dropped without a word.
            Ok(Step::Done(if ticket.is_ours { Reply::Made(ticket) } else { Reply::Unmarked(ticket) }))
        }
        Call::Change(change) => turn.shown(step_of_change(turn, change, &title)?, change, "/number"),
    }
}

fn step_of_change(turn: &Turn<'_>, change: &Change, title: &str) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let report = draft.inline.as_ref().filter(|_| change.files);
    if !change.comment {
        let report = report.map(|report| comment(turn, change, report));
        return turn.in_turn(report.into_iter().chain(last(turn, change, title)).collect());
    }
    let pending = json!({ "title": title, "body": draft.pending_body() });
    let first = vec![request(turn.site, Method::Patch, &format!("/{}", change.id), Some(&pending))];
    // Comments are listed from the oldest on; an issue tells how many it has.
    let look = |first: &[Answer]| {
        let count = first.first().and_then(|issue| issue.json().get("comments")?.as_u64()).unwrap_or_default();
        let page = count.div_ceil(COMMENTS).max(1);
        request(turn.site, Method::Get, &format!("/{}/comments?per_page={COMMENTS}&page={page}", change.id), None)
    };
    // A report that is a part of the comment holds names of hosts, which may look like anything.
    let own = |(number, text): Comment| (number, text.split("<details>").next().unwrap_or_default().to_owned());
    let read = |found: &Value| Ok(comments(found, "", "/body")?.into_iter().map(own).collect());
    match turn.looked(turn.answers, first, look, read)? {
        Looked::Ask(request) => Ok(Step::Ask(request)),
        Looked::Seen { is_said, later } => {
            let said = [Some(&draft.comment), report].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
            let said = (!is_said).then(|| comment(turn, change, &said.join("\n\n")));
            in_turn(later, said.into_iter().chain(last(turn, change, title)).collect())
        }
    }
}

fn comment(turn: &Turn<'_>, change: &Change, text: &str) -> Request {
    request(turn.site, Method::Post, &format!("/{}/comments", change.id), Some(&json!({ "body": text })))
}

/// What marks a change as done.
fn last(turn: &Turn<'_>, change: &Change, title: &str) -> Option<Request> {
    let Turn { draft, .. } = turn;
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
        Some(Becomes::Duplicate(twin)) => {
            set("closed", "not_planned");
            issue.insert("title".to_owned(), format!("Duplicate of {}", twin.stays).into());
            issue.insert("body".to_owned(), draft.of_twin(twin, LONGEST_BODY).into());
            issue.insert("labels".to_owned(), json!([DUPLICATE]));
        }
        Some(Becomes::Withdrawn) => {
            set("closed", "not_planned");
            issue.insert("body".to_owned(), draft.withdrawn.clone().into());
        }
    }
    let is_any = !issue.is_empty();
    is_any.then(|| request(turn.site, Method::Patch, &format!("/{}", change.id), Some(&Value::Object(issue))))
}

fn request(site: &Site, method: Method, rest: &str, body: Option<&Value>) -> Request {
    let project: Vec<String> = site.project().split('/').map(component).collect();
    let url = site.url(&format!("/repos/{}/issues{rest}", project.join("/")));
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
        is_ours: labels(issue, "/labels").iter().any(|name| turn.is_key(name)),
        created: moment::read(&text(issue, "/created_at")),
        state: state_in(&text(issue, "/body"), &turn.draft.key),
        closed: moment::read(&text(issue, "/closed_at")),
        changed: changed(turn.site.system, issue),
        text: Some(text(issue, "/body")),
        id,
    })
}

/// A page of the open issues of clockaudit.
pub(super) fn page(site: &Site, Place { number, .. }: &Place) -> Request {
    let query = format!("labels={LABEL}&state=open&sort=created&direction=desc&per_page={PAGE}&page={number}");
    request(site, Method::Get, &format!("?{query}"), None)
}

/// One of them; pull requests are listed among issues, and are none.
pub(super) fn shown(issue: &Value) -> Result<Shown, Refusal> {
    Ok(Shown {
        id: id(issue, "/number")?,
        is_open: text(issue, "/state") != "closed" && issue.get("pull_request").is_none(),
        keys: keys(labels(issue, "/labels"), &text(issue, "/body")),
    })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    match turn.call {
        Call::Find => answer(200, &json!([])),
        Call::Change(change) if change.comment && turn.answers.len() == 1 => answer(200, &json!([])),
        _ => answer(200, &json!({ "number": REHEARSED_ID })),
    }
}
