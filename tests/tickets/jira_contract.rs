//! Jira's contract: developer.atlassian.com, REST version 2 (Server, wiki markup) and 3 (Cloud, Atlassian Document Format). 255
//! characters of summary, 32,767 of text; attachments need `X-Atlassian-Token`; statuses change by transitions of the workflow.

use serde_json::{Value, json};

use crate::server::{Asked, Told};
use crate::store::{Kept, Store, created_at, length, text};

pub(crate) fn server(store: &mut Store, asked: &Asked) -> Told {
    answer(store, asked, "2", "Bearer s3cret-token")
}

pub(crate) fn cloud(store: &mut Store, asked: &Asked) -> Told {
    // ops@example.com:s3cret-token
    answer(store, asked, "3", "Basic b3BzQGV4YW1wbGUuY29tOnMzY3JldC10b2tlbg==")
}

#[expect(clippy::too_many_lines, reason = "one path after the other")]
fn answer(store: &mut Store, asked: &Asked, version: &str, login: &str) -> Told {
    if asked.header("authorization") != login {
        return Told::json(401, &json!({ "message": "Client must be authenticated to access this resource." }));
    }
    let rest = asked.path.strip_prefix(&format!("/rest/api/{version}/")).expect("the version");
    let parts: Vec<&str> = rest.split('/').collect();
    let found = |store: &Store| {
        let query = &asked.query["jql"];
        let (_, label) = query.split_once("labels = \"").expect("a label");
        assert!(query.starts_with("project = \"OPS\" AND "), "{query}");
        let (label, rest) = label.split_once('"').expect("the end of a label");
        assert_eq!(asked.query["maxResults"], "100");
        if rest == " ORDER BY created DESC" {
            let issues = store.with(label).iter().map(|ticket| issue(ticket, version)).collect::<Vec<_>>();
            return json!({ "issues": issues });
        }
        assert_eq!(rest, " AND statusCategory != Done ORDER BY created DESC");
        // Server counts; Cloud names the next page, and knows no other way.
        let behind = match (version, asked.query.get("startAt"), asked.query.get("nextPageToken")) {
            ("2", Some(behind), None) => behind.parse().expect("a number"),
            ("3", None, None) => 0,
            ("3", None, Some(token)) => {
                token.strip_prefix("page+/=").and_then(|at| at.parse().ok()).expect("our token")
            }
            other => panic!("no page: {other:?}"),
        };
        let is_sought = |ticket: &Kept| ticket.labels.iter().any(|own| own == label);
        let page = store.open_page(is_sought, behind);
        let is_last = store.open_page(is_sought, behind + 100).is_empty();
        let issues = page.iter().map(|ticket| issue(ticket, version)).collect::<Vec<_>>();
        let mut answer = json!({ "issues": issues });
        if version == "3" && !is_last {
            answer["nextPageToken"] = format!("page+/={}", behind + 100).into();
        }
        answer
    };
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["search"]) if version == "2" => Told::json(200, &found(store)),
        ("GET", ["search"]) => Told::json(
            410,
            &json!({ "errorMessages": ["The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."] }),
        ),
        ("GET", ["search", "jql"]) if version == "3" => Told::json(200, &found(store)),
        ("GET", ["issue", id, "comment"]) => {
            assert_eq!((asked.query["orderBy"].as_str(), asked.query["maxResults"].as_str()), ("-created", "100"));
            let body = |text: &String| match version {
                "3" => serde_json::from_str(text).expect("a document"),
                _ => Value::from(text.clone()),
            };
            let all = store.at(id).comments.iter().enumerate().rev().take(100);
            let comments = all.map(|(at, text)| json!({ "id": (9_000 + at).to_string(), "body": body(text) }));
            Told::json(200, &json!({ "comments": comments.collect::<Vec<_>>(), "startAt": 0 }))
        }
        ("GET", ["issue", id]) if asked.query["fields"] == "attachment" => {
            let files = store.at(id).files.iter().map(|(name, _)| json!({ "id": "1", "filename": name }));
            Told::json(200, &json!({ "id": id, "fields": { "attachment": files.collect::<Vec<_>>() } }))
        }
        ("GET", ["issue", id]) => Told::json(200, &issue(&store.at(id).clone(), version)),
        ("POST", ["issue"]) => {
            let new = asked.json();
            let fields = &new["fields"];
            assert_eq!(
                (text(fields, "project.key").as_str(), text(fields, "issuetype.name").as_str()),
                ("OPS", "Task")
            );
            let body = match body(fields, "description", version) {
                Ok(body) => body,
                Err(refused) => return refused,
            };
            if let Some(refused) = summary(fields) {
                return refused;
            }
            let labels: Vec<String> = fields["labels"]
                .as_array()
                .expect("labels")
                .iter()
                .map(|label| label.as_str().expect("a name").to_owned())
                .collect();
            assert!(labels.iter().all(|label| !label.contains(' ') && length(label) <= 255));
            let id = store.make(&text(fields, "summary"), &body, labels).id;
            Told::json(201, &json!({ "id": id.to_string(), "key": format!("OPS-{id}"), "self": "x" }))
        }
        ("PUT", ["issue", id]) => {
            let change = asked.json();
            let fields = &change["fields"];
            let body = match body(fields, "description", version) {
                Ok(body) => body,
                Err(refused) => return refused,
            };
            if let Some(refused) = summary(fields) {
                return refused;
            }
            let ticket = store.at(id);
            ticket.title = text(fields, "summary");
            ticket.body = body;
            if let Some(labels) = fields["labels"].as_array() {
                ticket.labels = labels.iter().map(|label| label.as_str().expect("a name").to_owned()).collect();
            }
            Told::empty(204)
        }
        ("POST", ["issue", id, "comment"]) => match body(&asked.json(), "body", version) {
            Ok(body) => {
                store.at(id).comments.push(body);
                Told::json(201, &json!({ "id": "1" }))
            }
            Err(refused) => refused,
        },
        ("POST", ["issue", id, "attachments"]) => {
            if asked.header("x-atlassian-token") != "no-check" {
                return Told { body: b"XSRF check failed".to_vec(), ..Told::empty(403) };
            }
            let (field, name, bytes) = asked.form_file();
            assert_eq!(field, "file");
            assert!(bytes.len() <= 10_485_760, "10 MB as it is delivered");
            store.at(id).files.push((name, bytes));
            Told::json(200, &json!([{ "id": "1" }]))
        }
        ("GET", ["issue", id, "transitions"]) => {
            let to = |id: &str, name: &str, key: &str| json!({ "id": id, "name": name, "to": { "name": name, "statusCategory": { "key": key } } });
            let offered = if store.at(id).is_closed {
                vec![to("11", "To Do", "new"), to("21", "In Progress", "indeterminate")]
            } else {
                vec![to("21", "In Progress", "indeterminate"), to("31", "Won't do", "done"), to("41", "Done", "done")]
            };
            Told::json(200, &json!({ "transitions": offered }))
        }
        ("POST", ["issue", id, "transitions"]) => match text(&asked.json(), "transition.id").as_str() {
            "41" => {
                store.close(id, true);
                Told::empty(204)
            }
            "11" => {
                store.close(id, false);
                Told::empty(204)
            }
            other => Told::json(
                400,
                &json!({ "errorMessages": [format!("It is not the transition that was meant: {other}")] }),
            ),
        },
        _ => Told::json(
            404,
            &json!({ "errorMessages": ["Issue does not exist or you do not have permission to see it."] }),
        ),
    }
}

fn summary(fields: &Value) -> Option<Told> {
    let text = text(fields, "summary");
    let why = match text.as_str() {
        text if text.contains('\n') => "The summary is invalid because it contains newline characters.",
        text if length(text) > 255 => "Summary must be less than 255 characters.",
        _ => return None,
    };
    Some(Told::json(400, &json!({ "errorMessages": [], "errors": { "summary": why } })))
}

/// The text of a field: wiki markup, or a document whose every node is one that Jira knows.
fn body(fields: &Value, field: &str, version: &str) -> Result<String, Told> {
    let refused = |why: &str| Told::json(400, &json!({ "errorMessages": [], "errors": { field: why } }));
    let body = match (&fields[field], version) {
        (Value::String(text), "2") => text.clone(),
        (document @ Value::Object(_), "3") => {
            if document["version"] != 1 || document["type"] != "doc" || !is_document(document) {
                return Err(refused(
                    "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
                ));
            }
            document.to_string()
        }
        _ => return Err(refused("Operation value must be an Atlassian Document (see the Atlassian Document Format)")),
    };
    if length(&body) > 32_767 {
        return Err(refused("The entered text is too long. It exceeds the allowed limit of 32,767 characters."));
    }
    Ok(body)
}

fn is_document(node: &Value) -> bool {
    let children = || node["content"].as_array().is_some_and(|content| content.iter().all(is_document));
    match node["type"].as_str() {
        Some("doc" | "paragraph" | "bulletList" | "listItem" | "codeBlock") => children(),
        Some("heading") => (1..=6).contains(&node["attrs"]["level"].as_i64().unwrap_or_default()) && children(),
        Some("text") => {
            let marks = node["marks"].as_array().cloned().unwrap_or_default();
            node["text"].as_str().is_some_and(|text| !text.is_empty())
                && marks.iter().all(|mark| mark["type"] == "strong" || mark["type"] == "code")
        }
        _ => false,
    }
}

fn issue(ticket: &Kept, version: &str) -> Value {
    let description = if version == "3" {
        serde_json::from_str(&ticket.body).expect("a document")
    } else {
        Value::from(ticket.body.clone())
    };
    // Not every workflow sets a resolution.
    let closed = ticket.closed_on.map(|day| format!("2026-12-{day:02}T13:00:00.000+0100"));
    json!({ "id": ticket.id.to_string(), "key": format!("OPS-{}", ticket.id), "fields": {
        "description": description,
        "status": { "statusCategory": { "key": if ticket.is_closed { "done" } else { "new" } } },
        "created": created_at(ticket),
        "updated": closed,
        "resolutiondate": closed.filter(|_| !ticket.labels.iter().any(|label| label == "without-resolution")),
        "labels": ticket.labels,
    }})
}
