//! `ServiceNow`: incidents by their correlation id, through the table and attachment interfaces.

use serde_json::{Value, json};

use super::REHEARSED_ID;
use crate::tickets::conversation::Refusal;
use crate::tickets::machine::{Becomes, Call, Change, Reply, Ticket};
use crate::tickets::moment;
use crate::tickets::protocol::{Step, Turn, id, list, now, ordinal, rehearsed as answer, text};
use crate::tickets::request::{Answer, Body, Method, Request};
use crate::tickets::site::component;
use crate::tickets::text::clipped;

/// `short_description` holds no more.
const LONGEST_TITLE: usize = 160;
/// What is read of an incident.
const FIELDS: &str = "sys_id,number,state,correlation_id,correlation_display,closed_at,resolved_at";
/// The states resolved, closed and cancelled, as they are delivered.
const ENDED: [&str; 3] = ["6", "7", "8"];
/// How the field begins that holds what an incident says.
const STATE: &str = "clockaudit ";
/// What stands in it while the files are missing.
const PENDING: &str = "clockaudit incomplete";

pub(super) fn step(turn: &Turn<'_>) -> Result<Step, Refusal> {
    let Turn { draft, .. } = turn;
    match turn.call {
        Call::Find => {
            let query = component(&format!("correlation_id={}^ORDERBYDESCsys_created_on", draft.key));
            let path =
                format!("/api/now/table/incident?sysparm_query={query}&sysparm_fields={FIELDS}&sysparm_limit=100");
            let Some(heard) = turn.heard(0)? else { return Ok(Step::Ask(request(turn, Method::Get, &path, None))) };
            let found = heard.json();
            let tickets = list(&found, "/result")?.iter().map(ticket).collect::<Result<Vec<_>, _>>()?;
            Ok(Step::Done(Reply::Found(tickets, now(heard))))
        }
        Call::Fetch(id) => {
            let path = format!("/api/now/table/incident/{id}?sysparm_fields={FIELDS}");
            let asked = || request(turn, Method::Get, &path, None);
            turn.fetched(asked, &[404], |found| ticket(found.pointer("/result").unwrap_or(&Value::Null)))
        }
        Call::Create => {
            let Some(heard) = turn.heard(0)? else {
                let incident = json!({
                    "short_description": clipped(&draft.title, LONGEST_TITLE),
                    "description": draft.body,
                    "correlation_id": draft.key.as_str(),
                    "correlation_display": PENDING,
                });
                let request = request(
                    turn,
                    Method::Post,
                    &format!("/api/now/table/incident?sysparm_fields={FIELDS}"),
                    Some(&incident),
                );
                return Ok(Step::Ask(request));
            };
            let made = heard.json();
            let made = made.pointer("/result").unwrap_or(&Value::Null);
            let ticket = ticket(made)?;
            // What a rule forbids to write is left out without a word.
            let is_marked = text(made, "/correlation_id") == draft.key.as_str();
            Ok(Step::Done(if is_marked { Reply::Made(ticket) } else { Reply::Unmarked(ticket) }))
        }
        Call::Change(change) => turn.in_turn(changes(turn, change)),
    }
}

fn changes(turn: &Turn<'_>, change: &Change) -> Vec<Request> {
    let Turn { draft, .. } = turn;
    let mut requests = Vec::new();
    if change.files {
        requests.extend(draft.files.iter().map(|file| {
            let place = format!("table_name=incident&table_sys_id={}&file_name={}", change.id, component(&file.name));
            let url = turn.site.url(&format!("/api/now/attachment/file?{place}"));
            Request::file(url, Body::File(file.clone())).header("Accept", "application/json")
        }));
    }
    let mut incident = serde_json::Map::new();
    let mut set = |name: &str, value: &str| {
        incident.insert(name.to_owned(), value.into());
    };
    if change.content {
        set("short_description", &clipped(&draft.title, LONGEST_TITLE));
        set("description", &draft.body);
        set("correlation_display", &format!("{STATE}{}", draft.state.as_str()));
    }
    if change.comment {
        set("work_notes", &draft.comment);
    }
    match &change.becomes {
        None => {}
        Some(Becomes::Open) => set("state", "2"),
        Some(Becomes::Closed) => {
            set("state", "6");
            set("close_code", "Solution provided");
            set("close_notes", &draft.title);
        }
        Some(Becomes::DuplicateOf(other)) => {
            set("short_description", &format!("Duplicate of {other}"));
            set("description", &draft.duplicate);
            set("correlation_id", "");
            set("correlation_display", "");
            set("state", "6");
            set("close_code", "Duplicate");
            set("close_notes", &format!("Duplicate of {other}"));
        }
        Some(Becomes::Withdrawn) => {
            set("description", &draft.withdrawn);
            set("state", "6");
            set("close_code", "Not Solved (Not Reproducible)");
            set("close_notes", "Withdrawn");
        }
    }
    if !incident.is_empty() {
        let path = format!("/api/now/table/incident/{}?sysparm_fields={FIELDS}", change.id);
        requests.push(request(turn, Method::Patch, &path, Some(&Value::Object(incident))));
    }
    requests
}

fn request(turn: &Turn<'_>, method: Method, rest: &str, body: Option<&Value>) -> Request {
    let url = turn.site.url(rest);
    let request = match body {
        Some(body) => Request::json(method, url, body),
        None => Request::get(url),
    };
    request.header("Accept", "application/json")
}

fn ticket(incident: &Value) -> Result<Ticket, Refusal> {
    let number = text(incident, "/number");
    let state = text(incident, "/correlation_display");
    let closed = moment::read(&text(incident, "/closed_at")).or(moment::read(&text(incident, "/resolved_at")));
    Ok(Ticket {
        id: id(incident, "/sys_id")?,
        ordinal: ordinal(&number),
        called: number,
        is_open: !ENDED.contains(&text(incident, "/state").as_str()),
        state: state.strip_prefix(STATE).map(str::to_owned),
        closed,
    })
}

pub(super) fn rehearsed(call: &Call) -> Answer {
    match call {
        Call::Find => answer(200, &json!({ "result": [] })),
        _ => answer(201, &json!({ "result": { "sys_id": REHEARSED_ID, "number": REHEARSED_ID } })),
    }
}
