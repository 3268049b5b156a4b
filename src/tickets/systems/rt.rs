//! Request Tracker 5 by its REST 2 interface: tickets by a mark in their subject, for a search shows no more of them than that.
//! The body of a ticket stays as it was made; each change is a comment with the whole page.

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::tickets::conversation::Refusal;
use crate::tickets::key::{PENDING, mark, state_in};
use crate::tickets::listing::{ANY_KEY, PAGE, Place, Shown, keys};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Looked, SAID_BY, Step, Turn, good, id, in_turn, is_too_large, list, now, ordinal, rehearsed as answer, text,
};
use crate::tickets::request::{Answer, Method, Piece, Request, Text};
use crate::tickets::site::{Site, component};
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
            let query = sought(site, draft.key.as_str());
            let path = format!(
                "/REST/2.0/tickets?query={}&fields=Subject,Status,Created,Resolved,LastUpdated&orderby=id&order=DESC&per_page=100",
                component(&query)
            );
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(Request::get(site.url(&path)))) };
            let found = heard.json();
            let tickets =
                list(&found, "/items")?.iter().map(|item| ticket(item, turn)).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || Request::get(site.url(&format!("/REST/2.0/ticket/{id}")));
            turn.fetched(asked, &[404], |found| ticket(found, turn))
        }
        Call::Create => {
            let (lacks_files, answers) = without(turn, turn.answers, true);
            let Some(heard) = answers.first() else {
                let new = json!({
                    "Queue": site.project(),
                    "Subject": subject(turn, draft.state.as_str()),
                    "Content": draft.told(&draft.body, lacks_files),
                    "ContentType": "text/html",
                });
                return Ok(Step::Ask(with_files(turn, "/REST/2.0/ticket", &new, !lacks_files)));
            };
            good(heard)?;
            let id = id(&heard.json(), "/id")?;
            let called = format!("#{id}");
            let state = Some(draft.state.as_str().to_owned());
            Ok(Step::Done(Reply::Made(Ticket {
                called,
                ordinal: ordinal(&id),
                is_open: true,
                is_ours: true,
                created: None,
                state,
                closed: None,
                changed: None,
                text: None,
                id,
            })))
        }
        Call::Change(change) => step_of_change(turn, change),
    }
}

/// The subject, marked as incomplete; the comment, whose own subject is what the history tells of it; then all that marks the
/// ticket as done.
fn step_of_change(turn: &Turn<'_>, change: &Change) -> Result<Step, Refusal> {
    let Turn { draft, site, .. } = turn;
    if !change.comment {
        return turn.in_turn(last(turn, change).into_iter().collect());
    }
    let path = format!("/REST/2.0/ticket/{}", change.id);
    let pending = json!({ "Subject": subject(turn, PENDING) });
    let first = vec![Request::json(Method::Put, site.url(&path), &pending)];
    let history = format!("{path}/history?fields=Type,Data&orderby=id&order=DESC&per_page=100");
    let look = |_: &[Answer]| Request::get(site.url(&history));
    // Of a comment the history shows its subject. An answer by mail has that, too, and is no comment of ours.
    let read = |found: &Value| {
        let items = list(found, "/items")?.iter();
        let exact = told(turn).len();
        let is_ours = |item: &&Value| {
            let subject = text(item, "/Data");
            text(item, "/Type") == "Comment" && subject.len() == exact && subject.starts_with(draft.key.as_str())
        };
        let said = |item: &Value| (ordinal(&text(item, "/id")), format!("{SAID_BY}{}", text(item, "/Data")));
        Ok(items.filter(is_ours).map(said).collect())
    };
    match turn.looked(turn.answers, first, look, read)? {
        Looked::Ask(request) => Ok(Step::Ask(request)),
        Looked::Seen { is_said, later } => {
            let (lacks_files, later) = without(turn, later, change.files && !is_said);
            let comment = json!({
                "Subject": told(turn),
                "Content": draft.told(&format!("{}{}", draft.comment, draft.body), lacks_files),
                "ContentType": "text/html",
            });
            let with_them = change.files && !lacks_files;
            let said = (!is_said).then(|| with_files(turn, &format!("{path}/comment"), &comment, with_them));
            in_turn(later, said.into_iter().chain(last(turn, change)).collect())
        }
    }
}

/// What marks a change as done.
fn last(turn: &Turn<'_>, change: &Change) -> Option<Request> {
    let Turn { draft, site, .. } = turn;
    let mut ticket = serde_json::Map::new();
    if change.content {
        ticket.insert("Subject".to_owned(), subject(turn, draft.state.as_str()).into());
    }
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => {
            ticket.insert("Status".to_owned(), "open".into());
        }
        Some(Becomes::Closed | Becomes::Withdrawn) => {
            ticket.insert("Status".to_owned(), "resolved".into());
        }
        Some(Becomes::Duplicate(twin)) => {
            ticket.insert("Subject".to_owned(), format!("Duplicate of {}", twin.stays).into());
            ticket.insert("Status".to_owned(), "rejected".into());
        }
    }
    let is_any = !ticket.is_empty();
    let path = format!("/REST/2.0/ticket/{}", change.id);
    is_any.then(|| Request::json(Method::Put, site.url(&path), &Value::Object(ticket)))
}

/// Whether a request was refused for the files in it, and is asked again without them; and the answers after that.
fn without<'call>(turn: &Turn<'_>, answers: &'call [Answer], with_files: bool) -> (bool, &'call [Answer]) {
    match answers {
        [refused, later @ ..] if with_files && !turn.draft.files.is_empty() && is_too_large(refused) => (true, later),
        all => (false, all),
    }
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

/// The subject of a comment.
fn told(turn: &Turn<'_>) -> String {
    mark(&turn.draft.key, turn.draft.state.as_str(), None)
}

fn subject(turn: &Turn<'_>, state: &str) -> String {
    let Turn { draft, .. } = turn;
    let mark = format!(" [{}]", draft.mark(state));
    format!("{}{mark}", clipped(&draft.title, LONGEST_SUBJECT.saturating_sub(mark.len())))
}

fn ticket(item: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(item, "/id")?;
    Ok(Ticket {
        called: format!("#{id}"),
        ordinal: ordinal(&id),
        is_open: is_open(item),
        is_ours: text(item, "/Subject").contains(turn.draft.key.as_str()),
        created: moment::read(&text(item, "/Created")),
        state: state_in(&text(item, "/Subject"), &turn.draft.key),
        closed: moment::read(&text(item, "/Resolved")),
        changed: changed(turn.site.system, item),
        // What was said stays.
        text: None,
        id,
    })
}

fn is_open(item: &Value) -> bool {
    !ENDED.contains(&text(item, "/Status").as_str())
}

/// Tickets of the queue with a text in their subject.
fn sought(site: &Site, text: &str) -> String {
    format!("Queue = '{}' AND Subject LIKE '{text}'", site.project().replace('\'', "\\'"))
}

/// A page of the open tickets of clockaudit.
pub(super) fn page(site: &Site, Place { number, .. }: &Place) -> Request {
    let query = format!("{} AND Status = '__Active__'", sought(site, ANY_KEY));
    let order = format!("orderby=id&order=DESC&per_page={PAGE}&page={number}");
    Request::get(
        site.url(&format!("/REST/2.0/tickets?query={}&fields=Subject,Status,LastUpdated&{order}", component(&query))),
    )
}

/// One of them.
pub(super) fn shown(item: &Value) -> Result<Shown, Refusal> {
    let subject = text(item, "/Subject");
    Ok(Shown { id: id(item, "/id")?, is_open: is_open(item), keys: keys([subject.clone()], &subject) })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    match turn.call {
        Call::Find => answer(200, &json!({ "items": [] })),
        _ => answer(201, &json!({ "id": REHEARSED_ID, "items": [] })),
    }
}
