//! Roundup 2: issues by a mark in their title; messages and files are made first, and changes name the version that they are of.

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::tickets::conversation::Refusal;
use crate::tickets::key::state_in;
use crate::tickets::listing::{ANY_KEY, PAGE, Place, Shown, keys};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{Step, Turn, good, id, is_file_refused, list, now, ordinal, rehearsed as answer, text};
use crate::tickets::request::{Answer, Body, Method, Piece, Request, Text};
use crate::tickets::site::{Site, Variable};
use crate::tickets::text::clipped;

/// A longer title is of no use in a list.
const LONGEST_TITLE: usize = 255;
/// Statuses of the templates that come with Roundup that are no open ones.
const ENDED: [&str; 4] = ["resolved", "done-cbb", "closed", "done"];
/// So often a change is tried again where somebody else was faster.
const MOST_TRIES: usize = 5;
/// The answer to a change of another version than the current one.
const CHANGED_MEANWHILE: u16 = 412;

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    match turn.call {
        Call::Find => {
            let path = format!(
                "/issue?title={}&@fields=title,status,creation,activity&@verbose=2&@sort=-id&@page_size=100",
                draft.key
            );
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(get(turn.site, &path))) };
            let found = heard.json();
            let tickets = list(&found, "/data/collection")?.iter().map(|issue| ticket(issue, turn));
            Ok(Step::Done(Reply::Found(tickets.collect::<Result<Vec<_>, _>>()?, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let asked = || get(turn.site, &format!("/issue/{id}?@verbose=2"));
            turn.fetched(asked, &[404], |found| {
                let mut issue = found.pointer("/data/attributes").cloned().unwrap_or_default();
                if let (Value::Object(issue), Some(id)) = (&mut issue, found.pointer("/data/id")) {
                    issue.insert("id".to_owned(), id.clone());
                }
                ticket(&issue, turn)
            })
        }
        Call::Create => {
            let parts = match parts(turn, true, Some(&draft.body))? {
                Parts::Ask(request) => return Ok(Step::Ask(request)),
                Parts::Made(parts) => parts,
            };
            let Some(heard) = turn.heard(parts.count)? else {
                let issue = json!({ "title": title(turn), "messages": parts.messages, "files": parts.files });
                return Ok(Step::Ask(send(turn.site, Method::Post, "/issue", issue.to_string().into())));
            };
            let id = id(&heard.json(), "/data/id")?;
            let state = Some(draft.state.as_str().to_owned());
            let called = format!("issue{id}");
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

/// Messages and files are made, then all is changed at once, in the version that it was read in: of two runs at the same time one
/// reads again what the other did, and says nothing that is said.
fn step_of_change(turn: &Turn<'_>, change: &Change) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let told = change.comment.then(|| format!("{}\n\n{}", draft.comment, draft.body));
    let parts = match parts(turn, change.files, told.as_deref())? {
        Parts::Ask(request) => return Ok(Step::Ask(request)),
        Parts::Made(parts) => parts,
    };
    let path = format!("/issue/{}", change.id);
    let mut later = turn.answers.get(parts.count..).unwrap_or_default();
    for tries in 1.. {
        match later {
            [] => return Ok(Step::Ask(get(turn.site, &path))),
            [version] => {
                good(version)?;
                let wanted = patch(turn, change, &parts, &version.json());
                if wanted.is_empty() {
                    return Ok(Step::Done(Reply::Changed));
                }
                let version = version.header("etag").unwrap_or_default();
                let text = Value::Object(wanted).to_string();
                return Ok(Step::Ask(send(turn.site, Method::Patch, &path, text.into()).header("If-Match", version)));
            }
            [_, done, rest @ ..] => {
                later = rest;
                if done.status != CHANGED_MEANWHILE || tries >= MOST_TRIES {
                    good(done)?;
                    break;
                }
            }
        }
    }
    Ok(Step::Done(Reply::Changed))
}

/// What is changed of the issue as it is read. An issue that gets a message while it is resolved is open again by the rules that
/// come with Roundup, unless its status is named beside it.
fn patch(turn: &Turn<'_>, change: &Change, parts: &Made, issue: &Value) -> serde_json::Map<String, Value> {
    let Turn { draft, .. } = turn;
    let mut patch = serde_json::Map::new();
    let mut set = |name: &str, value: Value| {
        patch.insert(name.to_owned(), value);
    };
    let is_said = change.comment
        && state_in(&text(issue, "/data/attributes/title"), &draft.key).as_deref() == Some(draft.state.as_str());
    for (name, new) in [("messages", &parts.messages), ("files", &parts.files)] {
        if !new.is_empty() && !is_said {
            set(name, all(issue, name, new));
        }
    }
    if change.content && !is_said {
        set("title", title(turn).into());
    }
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => set("status", "chatting".into()),
        Some(Becomes::Closed | Becomes::Withdrawn) => set("status", "resolved".into()),
        Some(Becomes::Duplicate(twin)) => {
            set("title", format!("Duplicate of {}", twin.stays).into());
            set("status", "resolved".into());
        }
    }
    if !patch.is_empty() {
        patch.insert("@op".to_owned(), "replace".into());
    }
    patch
}

/// The members of a list of the issue, and new ones.
fn all(issue: &Value, name: &str, new: &[String]) -> Value {
    let old = issue.pointer(&format!("/data/attributes/{name}")).and_then(Value::as_array);
    let id = |member: &Value| match member {
        Value::Object(_) => text(member, "/id"),
        _ => text(member, ""),
    };
    old.into_iter().flatten().map(id).filter(|id| !id.is_empty()).chain(new.iter().cloned()).collect()
}

/// Messages and files that are made before the issue that holds them.
enum Parts {
    Ask(Request),
    Made(Made),
}

struct Made {
    files: Vec<String>,
    messages: Vec<String>,
    count: usize,
}

fn parts(turn: &Turn<'_>, with_files: bool, message: Option<&str>) -> Result<Parts, Refusal> {
    let files: Vec<_> = turn.draft.files.iter().filter(|_| with_files).collect();
    let count = files.len() + usize::from(message.is_some());
    let made = turn.answers.get(..count.min(turn.answers.len())).unwrap_or_default();
    let (sent, said) = made.split_at_checked(files.len()).unwrap_or((made, &[]));
    // A file that is refused is no reason to say nothing.
    let (refused, sent): (Vec<&Answer>, Vec<&Answer>) = sent.iter().partition(|answer| is_file_refused(answer));
    for answer in sent.iter().copied().chain(said) {
        good(answer)?;
    }
    if let Some(file) = files.get(made.len()) {
        let fields = vec![("name", file.name.clone()), ("type", file.media.to_owned())];
        let body = Body::Form { fields, name: "content", file: (*file).clone() };
        return Ok(Parts::Ask(dressed(turn.site, Request::file(url(turn.site, "/file"), body))));
    }
    if let Some(message) = message.filter(|_| made.len() < count) {
        // A message without an author is one that issues refuse.
        let plain = |text: String| Piece::Plain(text);
        let content = Value::from(turn.draft.told(message, !refused.is_empty())).to_string();
        let text = Text(vec![
            plain(format!("{{\"content\":{content},\"author\":\"")),
            Piece::Secret(Variable("ROUNDUP_USER")),
            plain("\"}".to_owned()),
        ]);
        return Ok(Parts::Ask(send(turn.site, Method::Post, "/msg", text)));
    }
    let id_of = |heard: &Answer| id(&heard.json(), "/data/id");
    let files = sent.into_iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
    let messages = said.iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
    Ok(Parts::Made(Made { files, messages, count }))
}

fn title(turn: &Turn<'_>) -> String {
    let Turn { draft, .. } = turn;
    let mark = format!(" [{}]", draft.mark(draft.state.as_str()));
    format!("{}{mark}", clipped(&draft.title, LONGEST_TITLE.saturating_sub(mark.len())))
}

fn url(site: &Site, rest: &str) -> String {
    site.url(&format!("/rest/data{rest}"))
}

fn get(site: &Site, rest: &str) -> Request {
    dressed(site, Request::get(url(site, rest)))
}

fn send(site: &Site, method: Method, rest: &str, text: Text) -> Request {
    dressed(site, Request::text(method, url(site, rest), "application/json", text))
}

/// What Roundup wants to be sure that no page of somebody else's sends this.
fn dressed(site: &Site, request: Request) -> Request {
    request.header("X-Requested-With", "rest").header("Origin", site.origin()).header("Referer", site.url("/"))
}

fn ticket(issue: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let id = id(issue, "/id")?;
    let is_open = is_open(issue);
    Ok(Ticket {
        called: format!("issue{id}"),
        ordinal: ordinal(&id),
        is_open,
        is_ours: text(issue, "/title").contains(turn.draft.key.as_str()),
        created: moment::read(&text(issue, "/creation")),
        state: state_in(&text(issue, "/title"), &turn.draft.key),
        // Nothing tells more than when it was touched last.
        closed: moment::read(&text(issue, "/activity")).filter(|_| !is_open),
        changed: changed(turn.site.system, issue),
        // Messages stay.
        text: None,
        id,
    })
}

fn is_open(issue: &Value) -> bool {
    !ENDED.contains(&text(issue, "/status/name").as_str())
}

/// A page of the issues of clockaudit; those that have ended are among them, for each tracker has statuses of its own.
pub(super) fn page(site: &Site, Place { number, .. }: &Place) -> Request {
    let range = format!("@sort=-id&@page_size={PAGE}&@page_index={number}");
    get(site, &format!("/issue?title={ANY_KEY}&@fields=title,status,activity&@verbose=2&{range}"))
}

/// One of them.
pub(super) fn shown(issue: &Value) -> Result<Shown, Refusal> {
    let title = text(issue, "/title");
    Ok(Shown { id: id(issue, "/id")?, is_open: is_open(issue), keys: keys([title.clone()], &title) })
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    if *turn.call == Call::Find {
        return answer(200, &json!({ "data": { "collection": [] } }));
    }
    let id = format!("{REHEARSED_ID}{}", turn.answers.len() + 1);
    let headers = vec![("etag".to_owned(), "\"ETAG\"".to_owned())];
    Answer { headers, ..answer(201, &json!({ "data": { "id": id } })) }
}
