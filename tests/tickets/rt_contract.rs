//! Request Tracker's contract: docs.bestpractical.com/rt/5.0.5/RT/REST2.html. 200 characters of subject; files in base64.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::server::{Asked, Told};
use crate::store::{Kept, Store, before_page, created_at, length, text};

pub(crate) fn answer(store: &mut Store, asked: &Asked) -> Told {
    if asked.header("authorization") != "token s3cret-token" {
        return Told::json(401, &json!({ "message": "Unauthorized" }));
    }
    let path = asked.path.strip_prefix("/REST/2.0/").expect("the interface");
    match (asked.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["tickets"]) => {
            let query = &asked.query["query"];
            let rest = query.strip_prefix("Queue = 'clocks' AND Subject LIKE '").expect("TicketSQL");
            let (sought, rest) = rest.split_once('\'').expect("the end of a text");
            let of = ["orderby", "order", "per_page"].map(|name| asked.query[name].as_str());
            assert_eq!(of, ["id", "DESC", "100"]);
            let is_sought = |ticket: &Kept| ticket.title.contains(sought);
            let found = match (rest, asked.query["fields"].as_str()) {
                ("", "Subject,Status,Created,Resolved,LastUpdated") => store.searched(is_sought),
                (" AND Status = '__Active__'", "Subject,Status,LastUpdated") => {
                    store.open_page(is_sought, before_page(asked, "page"))
                }
                other => panic!("no search: {other:?}"),
            };
            Told::json(200, &json!({ "items": found.iter().map(item).collect::<Vec<_>>(), "total": 1 }))
        }
        ("GET", ["ticket", id, "history"]) => {
            assert_eq!(asked.query["fields"], "Type,Data");
            assert_eq!((asked.query["orderby"].as_str(), asked.query["order"].as_str()), ("id", "DESC"));
            // Of a comment the history shows its subject.
            let all = store.at(id).subjects.iter().enumerate().rev();
            let items = all.map(|(at, (kind, subject))| {
                json!({ "id": (9_000 + at).to_string(), "type": "transaction", "Type": kind, "Data": subject })
            });
            Told::json(200, &json!({ "items": items.collect::<Vec<_>>(), "total": 1 }))
        }
        ("GET", ["ticket", id]) => Told::json(200, &item(&store.at(id).clone())),
        ("POST", ["ticket"]) => {
            let new = asked.json();
            if let Some(refused) = too_large(store, &new) {
                return refused;
            }
            assert_eq!((text(&new, "Queue").as_str(), text(&new, "ContentType").as_str()), ("clocks", "text/html"));
            assert!((1..=200).contains(&length(&text(&new, "Subject"))));
            let ticket = store.make(&text(&new, "Subject"), &text(&new, "Content"), Vec::new());
            ticket.files = files(&new);
            Told::json(201, &json!({ "type": "ticket", "id": ticket.id.to_string(), "_url": "x" }))
        }
        ("POST", ["ticket", id, "comment"]) => {
            let comment = asked.json();
            if let Some(refused) = too_large(store, &comment) {
                return refused;
            }
            assert_eq!(text(&comment, "ContentType"), "text/html");
            let ticket = store.at(id);
            ticket.files.extend(files(&comment));
            // The body of a ticket stays; what is said last stands for it here.
            ticket.body = text(&comment, "Content");
            ticket.comments.push(text(&comment, "Content"));
            assert!((1..=255).contains(&length(&text(&comment, "Subject"))));
            ticket.subjects.push(("Comment", text(&comment, "Subject")));
            Told::json(201, &json!(["Comments added"]))
        }
        ("PUT", ["ticket", id]) => {
            let change = asked.json();
            let ticket = store.at(id);
            if let Some(subject) = change["Subject"].as_str() {
                assert!(length(subject) <= 200);
                subject.clone_into(&mut ticket.title);
            }
            match text(&change, "Status").as_str() {
                "" => {}
                "resolved" | "rejected" => store.close(id, true),
                "open" => store.close(id, false),
                other => panic!("no status: {other}"),
            }
            Told::json(200, &json!(["Ticket: Status changed"]))
        }
        _ => Told::json(404, &json!({ "message": "Not Found" })),
    }
}

/// What a server before it answers where files make a request too large.
fn too_large(store: &mut Store, of: &Value) -> Option<Told> {
    let (ending, status, times) = store.refused_files.as_mut()?;
    let is_refused = *times > 0 && files(of).iter().any(|(name, _)| name.ends_with(*ending));
    *times -= usize::from(is_refused);
    is_refused.then(|| Told { body: b"<html>Request Entity Too Large".to_vec(), ..Told::empty(*status) })
}

fn files(of: &Value) -> Vec<(String, Vec<u8>)> {
    let decoded =
        |file: &Value| base64::engine::general_purpose::STANDARD.decode(text(file, "FileContent")).expect("base64");
    let all = of["Attachments"].as_array().cloned().unwrap_or_default();
    all.iter().map(|file| (text(file, "FileName"), decoded(file))).collect()
}

fn item(ticket: &Kept) -> Value {
    let resolved =
        ticket.closed_on.map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |day| format!("2026-12-{day:02}T12:00:00Z"));
    json!({
        "id": ticket.id.to_string(),
        "type": "ticket",
        "Subject": ticket.title,
        "Status": if ticket.is_closed { "resolved" } else { "new" },
        "Created": created_at(ticket),
        "Resolved": resolved,
        "LastUpdated": ticket.changed_at,
    })
}
