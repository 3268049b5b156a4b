//! Request Tracker 5 by its REST 2 interface: tickets by a mark in their subject, for a search shows no more of them than that.
//! The body of a ticket stays as it was made; each change is a comment with the whole page.

use serde_json::{Value, json};

use super::REHEARSED_ID;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{Step, Turn, id, list, now, ordinal, rehearsed as answer, text};
use crate::tickets::request::{Answer, Method, Piece, Request, Text};
use crate::tickets::site::component;
use crate::tickets::text::clipped;

/// A subject is no longer.
const LONGEST_SUBJECT: usize = 200;
/// Statuses of the default life cycle that are no open ones.
const ENDED: [&str; 3] = ["resolved", "rejected", "deleted"];
/// What a file's place is in a body before its bytes are put there; nothing else of a body has it, for JSON has no such character
/// unescaped.
const PLACE: char = '\u{1}';

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, site, .. } = turn;
    match turn.call {
        Call::Find => {
            let query = format!("Queue = '{}' AND Subject LIKE '{}'", site.project().replace('\'', "\\'"), draft.key);
            let path = format!(
                "/REST/2.0/tickets?query={}&fields=Subject,Status,Resolved&orderby=id&order=DESC&per_page=100",
                component(&query)
            );
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(Request::get(site.url(&path)))) };
            let found = heard.json();
            let tickets =
                list(&found, "/items")?.iter().map(|item| ticket(item, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) => {
            let asked = || Request::get(site.url(&format!("/REST/2.0/ticket/{id}")));
            turn.fetched(asked, &[404], |found| ticket(found, turn))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                let new = json!({
                    "Queue": site.project(),
                    "Subject": subject(turn),
                    "Content": draft.body,
                    "ContentType": "text/html",
                });
                return Ok(Step::Ask(with_files(turn, "/REST/2.0/ticket", &new, true)));
            };
            let id = id(&heard.json(), "/id")?;
            let called = format!("#{id}");
            let state = Some(draft.state.as_str().to_owned());
            Ok(Step::Done(Reply::Made(Ticket {
                called,
                ordinal: ordinal(&id),
                is_open: true,
                state,
                closed: None,
                id,
            })))
        }
        Call::Change(change) => turn.in_turn(changes(turn, change)),
    }
}

fn changes(turn: &Turn<'_>, change: &Change) -> Vec<Request> {
    let Turn { draft, site, .. } = turn;
    let mut requests = Vec::new();
    let path = format!("/REST/2.0/ticket/{}", change.id);
    if change.comment {
        let comment = json!({ "Content": format!("{}{}", draft.comment, draft.body), "ContentType": "text/html" });
        requests.push(with_files(turn, &format!("{path}/comment"), &comment, change.files));
    }
    let mut ticket = serde_json::Map::new();
    if change.content {
        ticket.insert("Subject".to_owned(), subject(turn).into());
    }
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => {
            ticket.insert("Status".to_owned(), "open".into());
        }
        Some(Becomes::Closed | Becomes::Withdrawn) => {
            ticket.insert("Status".to_owned(), "resolved".into());
        }
        Some(Becomes::DuplicateOf(other)) => {
            ticket.insert("Subject".to_owned(), format!("Duplicate of {other}").into());
            ticket.insert("Status".to_owned(), "rejected".into());
        }
    }
    if !ticket.is_empty() {
        requests.push(Request::json(Method::Put, site.url(&path), &Value::Object(ticket)));
    }
    requests
}

/// A request whose body holds the files in base64.
fn with_files(turn: &Turn<'_>, path: &str, body: &Value, with_them: bool) -> Request {
    let files = turn.draft.files.iter().filter(|_| with_them);
    let mut body = body.clone();
    let attached: Vec<Value> = files
        .clone()
        .map(|file| json!({ "FileName": file.name, "FileType": file.media, "FileContent": PLACE.to_string() }))
        .collect();
    if let Value::Object(members) = &mut body {
        members.insert("Attachments".to_owned(), attached.into());
    }
    let whole = body.to_string();
    let mut pieces = Vec::new();
    let mut files = files;
    // JSON writes the character as this, and nothing else so.
    for part in whole.split("\"\\u0001\"") {
        if !pieces.is_empty() {
            let file = files.next().map(|file| Piece::Base64(file.clone()));
            pieces
                .extend([Piece::Plain("\"".to_owned())].into_iter().chain(file).chain([Piece::Plain("\"".to_owned())]));
        }
        pieces.push(Piece::Plain(part.to_owned()));
    }
    Request::text(Method::Post, turn.site.url(path), "application/json", Text(pieces))
}

fn subject(turn: &Turn<'_>) -> String {
    let Turn { draft, .. } = turn;
    let mark = format!(" [{} state {}]", draft.key, draft.state.as_str());
    format!("{}{mark}", clipped(&draft.title, LONGEST_SUBJECT.saturating_sub(mark.len())))
}

fn ticket(item: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(item, "/id")?;
    Ok(Ticket {
        called: format!("#{id}"),
        ordinal: ordinal(&id),
        is_open: !ENDED.contains(&text(item, "/Status").as_str()),
        state: state_in(&text(item, "/Subject"), &turn.draft.key),
        closed: moment::read(&text(item, "/Resolved")),
        id,
    })
}

pub(super) fn rehearsed(call: &Call) -> Answer {
    match call {
        Call::Find => answer(200, &json!({ "items": [] })),
        _ => answer(201, &json!({ "id": REHEARSED_ID })),
    }
}
