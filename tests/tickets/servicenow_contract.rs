//! `ServiceNow`'s contract: the Table and Attachment interfaces, and the lengths of the fields of `incident` as it is delivered: 160
//! characters of `short_description`, 4,000 of `description`; what is longer is cut without a word, so it is refused here.

use serde_json::{Value, json};

use crate::server::{Asked, Told};
use crate::store::{Kept, Store, length, text};

pub(crate) fn answer(store: &mut Store, asked: &Asked) -> Told {
    // ops:s3cret-token
    if asked.header("authorization") != "Basic b3BzOnMzY3JldC10b2tlbg==" {
        return Told::json(
            401,
            &json!({ "error": { "message": "User Not Authenticated", "detail": "Required to provide Auth information" }, "status": "failure" }),
        );
    }
    assert_eq!(asked.header("accept"), "application/json", "the default may be XML");
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/api/now/table/incident") => {
            let query = &asked.query["sysparm_query"];
            assert_eq!(asked.query["sysparm_limit"], "100");
            let query = query.strip_suffix("^ORDERBYDESCsys_created_on").expect("an order");
            let found = if let Some(key) = query.strip_prefix("correlation_id=") {
                store.with(key)
            } else {
                assert_eq!(query, "correlation_idSTARTSWITHclk-^active=true");
                let behind = asked.query["sysparm_offset"].parse().expect("a number");
                store.open_page(|ticket| ticket.labels.first().is_some_and(|id| id.starts_with("clk-")), behind)
            };
            Told::json(200, &json!({ "result": found.iter().map(incident).collect::<Vec<_>>() }))
        }
        ("GET", "/api/now/attachment") => {
            let query = &asked.query["sysparm_query"];
            let id = query.strip_prefix("table_name=incident^table_sys_id=").expect("a query");
            let files = store.at(&number(id)).files.iter().map(|(name, _)| json!({ "file_name": name, "sys_id": "f" }));
            Told::json(200, &json!({ "result": files.collect::<Vec<_>>() }))
        }
        ("GET", path) => {
            let id = number(path.strip_prefix("/api/now/table/incident/").expect("an incident"));
            if asked.query["sysparm_fields"] == "work_notes" {
                assert_eq!(asked.query["sysparm_display_value"], "true", "what is stored of a journal is empty");
                let entry = |note: &String| format!("2026-12-01 12:00:00 - Ops (Work notes)\n{note}\n\n");
                let notes: String = store.at(&id).comments.iter().rev().map(entry).collect();
                return Told::json(200, &json!({ "result": { "work_notes": notes } }));
            }
            Told::json(200, &json!({ "result": incident(&store.at(&id).clone()) }))
        }
        ("POST", "/api/now/table/incident") => {
            let new = asked.json();
            let drops_marks = store.drops_marks;
            let ticket = store.make("", "", Vec::new());
            set(ticket, &new);
            if drops_marks {
                ticket.labels.clear();
            }
            Told::json(201, &json!({ "result": incident(&ticket.clone()) }))
        }
        ("POST", "/api/now/attachment/file") => {
            assert_eq!(asked.query["table_name"], "incident");
            assert!(!asked.header("content-type").is_empty());
            store
                .at(&number(&asked.query["table_sys_id"]))
                .files
                .push((asked.query["file_name"].clone(), asked.body.clone()));
            Told::json(201, &json!({ "result": { "sys_id": "f" } }))
        }
        ("PATCH", path) => {
            let id = number(path.strip_prefix("/api/now/table/incident/").expect("an incident"));
            let change = asked.json();
            set(store.at(&id), &change);
            match text(&change, "state").as_str() {
                "" => {}
                "2" => store.close(&id, false),
                "6" => {
                    assert!(!text(&change, "close_code").is_empty() && !text(&change, "close_notes").is_empty());
                    store.close(&id, true);
                }
                other => panic!("no state: {other}"),
            }
            Told::json(200, &json!({ "result": incident(&store.at(&id).clone()) }))
        }
        _ => Told::json(
            404,
            &json!({ "error": { "message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval" }, "status": "failure" }),
        ),
    }
}

fn set(ticket: &mut Kept, change: &Value) {
    for (name, value) in change.as_object().expect("an object") {
        let value = value.as_str().expect("text").to_owned();
        let fits = |most: usize| assert!(length(&value) <= most, "{name} is cut at {most}");
        match name.as_str() {
            "short_description" => {
                fits(160);
                ticket.title = value;
            }
            "description" => {
                fits(4_000);
                ticket.body = value;
            }
            "correlation_id" => {
                fits(100);
                ticket.labels = vec![value, ticket.labels.get(1).cloned().unwrap_or_default()];
            }
            "correlation_display" => {
                fits(100);
                ticket.labels = vec![ticket.labels.first().cloned().unwrap_or_default(), value];
            }
            "work_notes" => {
                fits(4_000);
                ticket.comments.push(value);
            }
            "state" | "close_code" | "close_notes" => {}
            other => panic!("an incident has no `{other}`"),
        }
    }
}

fn number(sys_id: &str) -> String {
    sys_id.strip_prefix("00ff").expect("an id of an incident").to_owned()
}

fn incident(ticket: &Kept) -> Value {
    let closed = ticket.closed_on.map(|day| format!("2026-12-{day:02} 12:00:00")).unwrap_or_default();
    json!({
        "sys_id": format!("00ff{}", ticket.id),
        "number": format!("INC{:07}", ticket.id),
        "state": if ticket.is_closed { "6" } else { "1" },
        "description": ticket.body,
        "correlation_id": ticket.labels.first().cloned().unwrap_or_default(),
        "correlation_display": ticket.labels.get(1).cloned().unwrap_or_default(),
        "sys_created_on": format!("2026-12-{:02} 11:00:00", ticket.made_on),
        "resolved_at": closed,
        "closed_at": "",
    })
}
