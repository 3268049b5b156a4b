//! Redmine: issues by a mark in their subject; files are uploaded first and named by the tokens that come back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::clock::UnixNanos;
use crate::tickets::Attachment;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::listing::{ANY_KEY, PAGE, Place, Shown, keys};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Sent, Step, Turn, comments, good, id, is_newest, list, now, ordinal, rehearsed as answer, sent, text,
};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::{Site, component};
use crate::tickets::text::clipped;

/// A subject is no longer.
const LONGEST_SUBJECT: usize = 255;

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, site, .. } = turn;
    match turn.call {
        Call::Find => {
            let path = format!(
                "/issues.json?project_id={}&status_id=*&subject=~{}&sort=id:desc&limit=100",
                component(site.project()),
                draft.key
            );
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(Request::get(site.url(&path)))) };
            let found = heard.json();
            let tickets = list(&found, "/issues")?.iter().map(|issue| ticket(issue, turn));
            Ok(Step::Done(Reply::Found(tickets.collect::<Result<Vec<_>, _>>()?, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || Request::get(site.url(&format!("/issues/{id}.json")));
            turn.fetched(asked, &[404], |found| ticket(found.pointer("/issue").unwrap_or(&Value::Null), turn))
        }
        Call::Create => {
            let (uploads, lacks_files, later) = match uploaded(turn, true)? {
                Sent::Ask(upload) => return Ok(Step::Ask(upload)),
                Sent::Done { made, later } => (uploads(turn, &made), made.contains(&None), later),
            };
            let Some(heard) = later.first() else {
                let issue = json!({
                    "project_id": site.project(),
                    "subject": subject(turn),
                    "description": preformatted(&draft.told(&draft.body, lacks_files)),
                    "uploads": uploads,
                });
                return Ok(Step::Ask(send(turn, Method::Post, "/issues.json", &issue)));
            };
            good(heard)?;
            let made = heard.json();
            Ok(Step::Done(Reply::Made(ticket(made.pointer("/issue").unwrap_or(&Value::Null), turn)?)))
        }
        Call::Change(change) => step_of_change(turn, change),
    }
}

/// Files first, then the statuses where one is needed, then a look at what was said, then everything at once.
fn step_of_change(turn: &Turn<'_>, change: &Change) -> Result<Step, Refusal> {
    let Turn { draft, site, .. } = turn;
    let (uploads, lacks_files, later) = match uploaded(turn, change.files)? {
        Sent::Ask(upload) => return Ok(Step::Ask(upload)),
        Sent::Done { made, later } => (uploads(turn, &made), made.contains(&None), later),
    };
    if let Some(last) = later.last() {
        good(last)?;
    }
    let mut issue = serde_json::Map::new();
    let mut set = |name: &str, value: Value| {
        issue.insert(name.to_owned(), value);
    };
    let later = match &change.becomes {
        None => later,
        Some(becomes) => {
            let [statuses, later @ ..] = later else {
                return Ok(Step::Ask(Request::get(site.url("/issue_statuses.json"))));
            };
            set("status_id", status(&statuses.json(), *becomes == Becomes::Open)?);
            later
        }
    };
    let (is_said, later) = if change.comment {
        let [seen, later @ ..] = later else {
            return Ok(Step::Ask(Request::get(site.url(&format!("/issues/{}.json?include=journals", change.id)))));
        };
        (is_newest(&comments(&seen.json(), "/issue/journals", "/notes")?, draft), later)
    } else {
        (false, later)
    };
    if !later.is_empty() {
        return Ok(Step::Done(Reply::Changed));
    }
    if change.content {
        set("subject", subject(turn).into());
        set("description", preformatted(&draft.told(&draft.body, lacks_files)).into());
    }
    if change.comment && !is_said {
        set("notes", preformatted(&draft.told(&draft.comment, lacks_files)).into());
    }
    if change.files && !is_said {
        set("uploads", uploads);
    }
    if let Some(Becomes::Duplicate(twin)) = &change.becomes {
        set("subject", format!("Duplicate of {}", twin.stays).into());
        let said = twin.said.clone().unwrap_or_else(|| preformatted(&draft.body));
        set("description", format!("{}\n\n{}\n\n{said}", twin.stays, preformatted(&draft.duplicate)).into());
    }
    let request = send(turn, Method::Put, &format!("/issues/{}.json", change.id), &Value::Object(issue));
    Ok(Step::Ask(if change.comment && !is_said { request.once() } else { request }))
}

/// The number of the first status that is an open or a closed one.
fn status(statuses: &Value, is_open: bool) -> Result<Value, Refusal> {
    let is_wanted = |status: &&Value| status.get("is_closed").and_then(Value::as_bool).unwrap_or_default() != is_open;
    let found = list(statuses, "/issue_statuses")?.iter().find(is_wanted).and_then(|status| status.get("id"));
    found.cloned().ok_or_else(|| Refusal::misunderstood("a list of statuses with a closed one"))
}

fn uploaded<'call>(turn: &Turn<'call>, with_files: bool) -> Result<Sent<'call>, Refusal> {
    let upload = |file: &Arc<Attachment>| {
        let url = turn.site.url(&format!("/uploads.json?filename={}", component(&file.name)));
        let raw = Attachment { name: file.name.clone(), media: "application/octet-stream", bytes: file.bytes.clone() };
        Request::file(url, Body::File(raw.into()))
    };
    sent(turn.answers, turn.draft.files.iter().filter(|_| with_files).map(upload).collect(), &["/upload/token"])
}

fn uploads(turn: &Turn<'_>, made: &[Option<String>]) -> Value {
    let named = turn.draft.files.iter().zip(made).filter_map(|(file, token)| {
        Some(json!({ "token": token.as_ref()?, "filename": file.name, "content_type": file.media }))
    });
    named.collect()
}

/// Text that stands as it is, whether the server is set to Textile or to Markdown.
fn preformatted(text: &str) -> String {
    format!("<pre>\n{}\n</pre>", text.replace("</", "<\u{200b}/"))
}

fn subject(turn: &Turn<'_>) -> String {
    let mark = format!(" [{}]", turn.draft.key);
    format!("{}{mark}", clipped(&turn.draft.title, LONGEST_SUBJECT.saturating_sub(mark.len())))
}

fn send(turn: &Turn<'_>, method: Method, path: &str, issue: &Value) -> Request {
    Request::json(method, turn.site.url(path), &json!({ "issue": issue }))
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/id")?;
    Ok(Ticket {
        called: format!("#{id}"),
        ordinal: ordinal(&id),
        is_open: is_open(issue),
        is_ours: text(issue, "/subject").contains(turn.draft.key.as_str()),
        created: moment::read(&text(issue, "/created_on")),
        state: state_in(&text(issue, "/description"), &turn.draft.key),
        closed: closed(issue),
        changed: changed(turn.site.system, issue),
        text: Some(text(issue, "/description")),
        id,
    })
}

fn closed(issue: &Value) -> Option<UnixNanos> {
    moment::read(&text(issue, "/closed_on"))
}

/// `closed_on` stays when an issue is opened again; older servers do not tell `is_closed` of a status.
fn is_open(issue: &Value) -> bool {
    let is_closed = issue.pointer("/status/is_closed").and_then(Value::as_bool);
    !is_closed.unwrap_or(closed(issue).is_some())
}

/// A page of the open issues of clockaudit.
pub(super) fn page(site: &Site, Place { behind, .. }: &Place) -> Request {
    let project = component(site.project());
    let range = format!("sort=id:desc&limit={PAGE}&offset={behind}");
    Request::get(site.url(&format!("/issues.json?project_id={project}&status_id=open&subject=~{ANY_KEY}&{range}")))
}

/// One of them.
pub(super) fn shown(issue: &Value) -> Result<Shown, Refusal> {
    let keys = keys([text(issue, "/subject")], &text(issue, "/description"));
    Ok(Shown { id: id(issue, "/id")?, is_open: is_open(issue), keys })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    let statuses = json!([{ "id": "CLOSED", "is_closed": true }, { "id": "OPEN", "is_closed": false }]);
    if *turn.call == Call::Find {
        return answer(200, &json!({ "issues": [] }));
    }
    let token = format!("TOKEN{}", turn.answers.len() + 1);
    let issue = json!({ "id": REHEARSED_ID, "journals": [] });
    answer(201, &json!({ "issue": issue, "upload": { "token": token }, "issue_statuses": statuses }))
}
