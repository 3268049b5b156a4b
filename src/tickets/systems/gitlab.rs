//! GitLab: issues by a label that is the key; files are uploaded to the project and linked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::tickets::Attachment;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::listing::{LABEL, PAGE, Place, Shown, keys, labels};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Looked, Sent, Step, Turn, comments, good, id, in_turn, list, now, ordinal, rehearsed as answer, sent, text,
};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::{Site, component};
use crate::tickets::text::clipped;

/// A title is no longer.
const LONGEST_TITLE: usize = 255;
/// A description is no longer.
const LONGEST_BODY: usize = 1_048_576;
/// The link to a file is shorter.
const LONGEST_LINK: usize = 500;

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let title = clipped(&draft.title, LONGEST_TITLE);
    match turn.call {
        Call::Find => {
            let query = format!("/issues?labels={}&state=all&order_by=created_at&sort=desc&per_page=100", draft.key);
            let Some(heard) = turn.heard(0)? else {
                return Ok(Step::Ask(request(turn.site, Method::Get, &query, None)));
            };
            let found = heard.json();
            let tickets = list(&found, "")?.iter().map(|issue| ticket(issue, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || request(turn.site, Method::Get, &format!("/issues/{id}"), None);
            turn.fetched(asked, &[404], |found| ticket(found, turn))
        }
        Call::Create => {
            let (links, later) = match uploaded(turn, turn.answers, true)? {
                Sent::Ask(upload) => return Ok(Step::Ask(upload)),
                Sent::Done { made, later } => (links(turn, &made), later),
            };
            let Some(heard) = later.first() else {
                let description = format!("{links}{}", draft.body);
                let named = format!("{},{LABEL}", draft.key);
                let issue = json!({ "title": title, "description": description, "labels": named });
                return Ok(Step::Ask(request(turn.site, Method::Post, "/issues", Some(&issue))));
            };
            good(heard)?;
            let ticket = ticket(&heard.json(), turn)?;
            // Labels of those who may not set any are dropped without a word.
            Ok(Step::Done(if ticket.is_ours { Reply::Made(ticket) } else { Reply::Unmarked(ticket) }))
        }
        Call::Change(change) => turn.shown(step_of_change(turn, change, &title)?, change, "/iid"),
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
    let Some((done, answers)) = turn.answers.split_first() else {
        return Ok(Step::Ask(request(turn.site, Method::Put, &issue, Some(&pending))));
    };
    good(done)?;
    let (links, answers) = match uploaded(turn, answers, change.files)? {
        Sent::Ask(upload) => return Ok(Step::Ask(upload)),
        Sent::Done { made, later } => (links(turn, &made), later),
    };
    let look = |_: &[Answer]| {
        let query = format!("{issue}/notes?order_by=created_at&sort=desc&per_page=100");
        request(turn.site, Method::Get, &query, None)
    };
    match turn.looked(answers, Vec::new(), look, |found| comments(found, "", "/body"))? {
        Looked::Ask(request) => Ok(Step::Ask(request)),
        Looked::Seen { is_said, later } => {
            // The last line is what the comment is known by.
            let note = json!({ "body": format!("{links}{}", draft.comment) });
            let said = (!is_said).then(|| request(turn.site, Method::Post, &format!("{issue}/notes"), Some(&note)));
            in_turn(later, said.into_iter().chain(last(turn, change, title)).collect())
        }
    }
}

fn uploaded<'call>(turn: &Turn<'_>, answers: &'call [Answer], with_files: bool) -> Result<Sent<'call>, Refusal> {
    let upload = |file: &Arc<Attachment>| {
        Request::file(url(turn.site, "/uploads"), Body::Form { fields: Vec::new(), name: "file", file: file.clone() })
    };
    sent(answers, turn.draft.files.iter().filter(|_| with_files).map(upload).collect(), &["/markdown"])
}

/// The links to the files that were uploaded, in GitLab's own words, and that one was not taken, with an empty line behind.
fn links(turn: &Turn<'_>, made: &[Option<String>]) -> String {
    let links: Vec<String> = made.iter().flatten().map(|link| clipped(link, LONGEST_LINK)).collect();
    let links = if links.is_empty() { String::new() } else { format!("The whole report: {}\n\n", links.join(" ")) };
    turn.draft.told(&links, made.contains(&None))
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
        Some(Becomes::Duplicate(twin)) => {
            issue.insert("state_event".to_owned(), "close".into());
            issue.insert("title".to_owned(), format!("Duplicate of {}", twin.stays).into());
            issue.insert("description".to_owned(), draft.of_twin(twin, LONGEST_BODY).into());
            issue.insert("labels".to_owned(), "clockaudit-duplicate".into());
        }
        Some(Becomes::Withdrawn) => {
            issue.insert("state_event".to_owned(), "close".into());
            issue.insert("description".to_owned(), draft.withdrawn.clone().into());
        }
    }
    let is_any = !issue.is_empty();
    is_any.then(|| request(turn.site, Method::Put, &format!("/issues/{}", change.id), Some(&Value::Object(issue))))
}

fn url(site: &Site, rest: &str) -> String {
    site.url(&format!("/api/v4/projects/{}{rest}", component(site.project())))
}

fn request(site: &Site, method: Method, rest: &str, body: Option<&Value>) -> Request {
    match body {
        Some(body) => Request::json(method, url(site, rest), body),
        None => Request::get(url(site, rest)),
    }
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/iid")?;
    Ok(Ticket {
        called: format!("#{id}"),
        ordinal: ordinal(&id),
        is_open: text(issue, "/state") != "closed",
        is_ours: labels(issue, "/labels").iter().any(|name| turn.is_key(name)),
        created: moment::read(&text(issue, "/created_at")),
        state: state_in(&text(issue, "/description"), &turn.draft.key),
        closed: moment::read(&text(issue, "/closed_at")),
        changed: changed(turn.site.system, issue),
        text: Some(text(issue, "/description")),
        id,
    })
}

/// A page of the open issues of clockaudit.
pub(super) fn page(site: &Site, Place { number, .. }: &Place) -> Request {
    let query = format!("labels={LABEL}&state=opened&order_by=created_at&sort=desc&per_page={PAGE}&page={number}");
    request(site, Method::Get, &format!("/issues?{query}"), None)
}

/// One of them.
pub(super) fn shown(issue: &Value) -> Result<Shown, Refusal> {
    Ok(Shown {
        id: id(issue, "/iid")?,
        is_open: text(issue, "/state") != "closed",
        keys: keys(labels(issue, "/labels"), &text(issue, "/description")),
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
