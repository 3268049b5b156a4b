//! `ServiceNow`: incidents by their correlation id, through the table and attachment interfaces.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{REHEARSED_ID, changed};
use crate::tickets::Attachment;
use crate::tickets::conversation::Refusal;
use crate::tickets::key::{NEW, PENDING, state_in};
use crate::tickets::listing::{ANY_KEY, PAGE, Place, Shown, keys};
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{
    Looked, Sent, Step, Turn, good, id, in_turn, is_said_in, list, now, ordinal, rehearsed as answer, text,
};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::{Site, component};
use crate::tickets::text::clipped;

/// `short_description` holds no more.
const LONGEST_TITLE: usize = 160;
/// `description` holds no more.
const LONGEST_BODY: usize = 4_000;
/// What is read of an incident.
const FIELDS: &str = "sys_id,number,state,description,correlation_id,correlation_display,sys_created_on,closed_at,resolved_at,sys_updated_on";
/// The states resolved, closed and cancelled, as they are delivered.
const ENDED: [&str; 3] = ["6", "7", "8"];
/// How the field begins that holds what an incident says.
const STATE: &str = "clockaudit ";

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    match turn.call {
        Call::Find => {
            let query = component(&format!("correlation_id={}^ORDERBYDESCsys_created_on", draft.key));
            let path =
                format!("/api/now/table/incident?sysparm_query={query}&sysparm_fields={FIELDS}&sysparm_limit=100");
            let Some(heard) = turn.heard(0)? else {
                return Ok(Step::Ask(request(turn.site, Method::Get, &path, None)));
            };
            let found = heard.json();
            let tickets = list(&found, "/result")?
                .iter()
                .map(|incident| ticket(incident, turn))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) | Call::Verify(id) => {
            let path = format!("/api/now/table/incident/{id}?sysparm_fields={FIELDS}");
            let asked = || request(turn.site, Method::Get, &path, None);
            turn.fetched(asked, &[404], |found| ticket(found.pointer("/result").unwrap_or(&Value::Null), turn))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                let incident = json!({
                    "short_description": clipped(&draft.title, LONGEST_TITLE),
                    "description": draft.body,
                    "correlation_id": draft.key.as_str(),
                    "correlation_display": format!("{STATE}{}", draft.said(NEW)),
                });
                let request = request(
                    turn.site,
                    Method::Post,
                    &format!("/api/now/table/incident?sysparm_fields={FIELDS}"),
                    Some(&incident),
                );
                return Ok(Step::Ask(request));
            };
            let made = heard.json();
            let made = made.pointer("/result").unwrap_or(&Value::Null);
            let ticket = ticket(made, turn)?;
            // What a rule forbids to write is left out without a word.
            Ok(Step::Done(if ticket.is_ours { Reply::Made(ticket) } else { Reply::Unmarked(ticket) }))
        }
        Call::Change(change) => step_of_change(turn, change),
    }
}

/// What the incident says, marked as incomplete; files; then its notes are looked through, and the rest is done at once.
fn step_of_change(turn: &Turn<'_>, change: &Change) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    let path = format!("/api/now/table/incident/{}", change.id);
    if !change.comment {
        return match filed(turn, change, turn.answers)? {
            Sent::Ask(upload) => Ok(Step::Ask(upload)),
            Sent::Done { made, later } => {
                in_turn(later, last(turn, change, false, made.contains(&None)).into_iter().collect())
            }
        };
    }
    let pending = json!({
        "short_description": clipped(&draft.title, LONGEST_TITLE),
        "description": draft.body,
        "correlation_display": format!("{STATE}{}", draft.said(PENDING)),
    });
    let Some((done, answers)) = turn.answers.split_first() else {
        let pending = request(turn.site, Method::Patch, &format!("{path}?sysparm_fields={FIELDS}"), Some(&pending));
        return Ok(Step::Ask(pending));
    };
    good(done)?;
    let (lacks_files, answers) = match filed(turn, change, answers)? {
        Sent::Ask(upload) => return Ok(Step::Ask(upload)),
        Sent::Done { made, later } => (made.contains(&None), later),
    };
    // Only what is shown of a journal holds its entries, the newest first.
    let notes = format!("{path}?sysparm_fields=work_notes&sysparm_display_value=true");
    let look = |_: &[Answer]| request(turn.site, Method::Get, &notes, None);
    // Each entry ends with an empty line.
    let newest = |found: &Value| {
        let notes = text(found, "/result/work_notes").replace("\r\n", "\n");
        let entries: Vec<&str> = notes.split("\n\n").collect();
        let is_ours = |entry: &&&str| is_said_in(entry, &draft.key);
        Ok(entries.iter().find(is_ours).map(|entry| (0, (**entry).to_owned())).into_iter().collect())
    };
    match turn.looked(answers, Vec::new(), look, newest)? {
        Looked::Ask(request) => Ok(Step::Ask(request)),
        Looked::Seen { is_said, later } => {
            in_turn(later, last(turn, change, !is_said, lacks_files).into_iter().collect())
        }
    }
}

/// The files that the incident does not have yet.
fn filed<'call>(turn: &Turn<'call>, change: &Change, answers: &'call [Answer]) -> Result<Sent<'call>, Refusal> {
    if !change.files {
        return Ok(Sent::Done { made: Vec::new(), later: answers });
    }
    let look = || {
        let query = component(&format!("table_name=incident^table_sys_id={}", change.id));
        let path = format!("/api/now/attachment?sysparm_query={query}&sysparm_limit=1000");
        request(turn.site, Method::Get, &path, None)
    };
    let names = |found: &Value| {
        let files = found.pointer("/result").and_then(Value::as_array);
        files.into_iter().flatten().map(|file| text(file, "/file_name")).collect()
    };
    let upload = |file: &Arc<Attachment>| {
        let place = format!("table_name=incident&table_sys_id={}&file_name={}", change.id, component(&file.name));
        let url = turn.site.url(&format!("/api/now/attachment/file?{place}"));
        Request::file(url, Body::File(file.clone())).header("Accept", "application/json")
    };
    turn.filed(answers, look, names, upload, &["/result/sys_id"])
}

/// What marks a change as done, with what is said of it.
fn last(turn: &Turn<'_>, change: &Change, says: bool, lacks_files: bool) -> Option<Request> {
    let Turn { draft, .. } = turn;
    let mut incident = serde_json::Map::new();
    let mut set = |name: &str, value: &str| {
        incident.insert(name.to_owned(), value.into());
    };
    if change.content {
        set("short_description", &clipped(&draft.title, LONGEST_TITLE));
        set("description", &draft.told(&draft.body, lacks_files));
        set("correlation_display", &format!("{STATE}{}", draft.said(draft.state.as_str())));
    }
    if says {
        set("work_notes", &draft.told(&draft.comment, lacks_files));
    }
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => set("state", "2"),
        Some(Becomes::Closed) => {
            set("state", "6");
            set("close_code", "Solution provided");
            set("close_notes", &draft.title);
        }
        Some(Becomes::Duplicate(twin)) => {
            set("short_description", &format!("Duplicate of {}", twin.stays));
            set("description", &draft.of_twin(twin, LONGEST_BODY));
            set("correlation_id", "");
            set("correlation_display", "");
            set("state", "6");
            set("close_code", "Duplicate");
            set("close_notes", &format!("Duplicate of {}", twin.stays));
        }
        Some(Becomes::Withdrawn) => {
            set("description", &draft.withdrawn);
            set("state", "6");
            set("close_code", "Not Solved (Not Reproducible)");
            set("close_notes", "Withdrawn");
        }
    }
    let is_any = !incident.is_empty();
    let path = format!("/api/now/table/incident/{}?sysparm_fields={FIELDS}", change.id);
    let request = is_any.then(|| request(turn.site, Method::Patch, &path, Some(&Value::Object(incident))))?;
    Some(if says { request.once() } else { request })
}

fn request(site: &Site, method: Method, rest: &str, body: Option<&Value>) -> Request {
    let url = site.url(rest);
    let request = match body {
        Some(body) => Request::json(method, url, body),
        None => Request::get(url),
    };
    request.header("Accept", "application/json")
}

fn ticket(incident: &Value, turn: &Turn<'_>) -> Result<Ticket, Refusal> {
    let number = text(incident, "/number");
    let closed = moment::read(&text(incident, "/closed_at")).or(moment::read(&text(incident, "/resolved_at")));
    Ok(Ticket {
        id: id(incident, "/sys_id")?,
        ordinal: ordinal(&number),
        called: number,
        is_open: is_open(incident),
        is_ours: turn.is_key(&text(incident, "/correlation_id")),
        created: moment::read(&text(incident, "/sys_created_on")),
        state: state_in(&told(incident, turn.draft.key.as_str()), &turn.draft.key),
        closed,
        changed: changed(turn.site.system, incident),
        text: Some(text(incident, "/description")),
    })
}

/// What an incident says, as other systems have it behind the key.
fn told(incident: &Value, key: &str) -> String {
    let display = text(incident, "/correlation_display");
    display.strip_prefix(STATE).map(|said| format!("{key} state {said}")).unwrap_or_default()
}

/// A page of the open incidents of clockaudit. Who may not see an incident has a shorter page: the next one begins where it
/// would have ended.
pub(super) fn page(site: &Site, place: &Place) -> Request {
    let query = component(&format!("correlation_idSTARTSWITH{ANY_KEY}^active=true^ORDERBYDESCsys_created_on"));
    let fields = "sys_id,state,correlation_id,correlation_display,sys_updated_on";
    let offset = place.number.saturating_sub(1) * PAGE;
    let range = format!("sysparm_limit={PAGE}&sysparm_offset={offset}");
    let path = format!("/api/now/table/incident?sysparm_query={query}&sysparm_fields={fields}&{range}");
    request(site, Method::Get, &path, None)
}

/// One of them.
pub(super) fn shown(incident: &Value) -> Result<Shown, Refusal> {
    let key = text(incident, "/correlation_id").to_ascii_lowercase();
    let said = told(incident, &key);
    Ok(Shown { id: id(incident, "/sys_id")?, is_open: is_open(incident), keys: keys([key], &said) })
}

fn is_open(incident: &Value) -> bool {
    !ENDED.contains(&text(incident, "/state").as_str())
}

pub(super) fn rehearsed(turn: &Turn<'_>) -> Answer {
    match turn.call {
        Call::Find => answer(200, &json!({ "result": [] })),
        _ => answer(201, &json!({ "result": { "sys_id": REHEARSED_ID, "number": REHEARSED_ID } })),
    }
}
