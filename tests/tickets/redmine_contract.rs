//! Redmine's contract, as version 5 was seen to answer: `www.redmine.org/projects/redmine/wiki/Rest_Issues`, 5,242,880 octets a file.

use serde_json::{Value, json};

use crate::server::{Asked, Told};
use crate::store::{Kept, Store, closed_at, created_at, length, text};

pub(crate) fn answer(store: &mut Store, asked: &Asked) -> Told {
    if asked.header("x-redmine-api-key") != "s3cret-token" {
        return Told::empty(401);
    }
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/issues.json") => {
            let of = ["project_id", "sort", "limit"].map(|name| asked.query[name].as_str());
            assert_eq!(of, ["clocks", "id:desc", "100"]);
            let sought = asked.query["subject"].strip_prefix('~').expect("the operator of a part").to_owned();
            let is_sought = |ticket: &Kept| ticket.title.contains(&sought);
            let found = match asked.query["status_id"].as_str() {
                "*" => store.searched(is_sought),
                "open" => store.open_page(is_sought, asked.query["offset"].parse().expect("a number")),
                other => panic!("no status: {other}"),
            };
            Told::json(200, &json!({ "issues": found.iter().map(issue).collect::<Vec<_>>(), "total_count": 1 }))
        }
        ("GET", "/issue_statuses.json") => {
            let statuses = json!([
                { "id": 1, "name": "New", "is_closed": false },
                { "id": 5, "name": "Closed", "is_closed": true },
            ]);
            Told::json(200, &json!({ "issue_statuses": statuses }))
        }
        ("GET", path) if path.starts_with("/issues/") => {
            let id = path.trim_start_matches("/issues/").trim_end_matches(".json").to_owned();
            let mut shown = issue(store.at(&id));
            if asked.query.get("include").is_some_and(|what| what == "journals") {
                let all = store.at(&id).comments.iter().enumerate();
                shown["journals"] = all.map(|(at, notes)| json!({ "id": 9_000 + at, "notes": notes })).collect();
            }
            Told::json(200, &json!({ "issue": shown }))
        }
        ("POST", "/uploads.json") => {
            assert_eq!(asked.header("content-type"), "application/octet-stream", "Redmine answers 406 to others");
            if asked.body.len() > 5_242_880 {
                return Told::json(
                    422,
                    &json!({ "errors": ["This file cannot be uploaded because it exceeds the maximum allowed file size (5 MB)"] }),
                );
            }
            store.uploads.push((asked.query["filename"].clone(), asked.body.clone()));
            Told::json(201, &json!({ "upload": { "id": 1, "token": format!("{}.token", store.uploads.len()) } }))
        }
        ("POST", "/issues.json") => {
            let new = asked.json();
            let new = &new["issue"];
            assert_eq!(text(new, "project_id"), "clocks");
            if let Some(refused) = checked(new) {
                return refused;
            }
            let files = named(store, new);
            let ticket = store.make(&text(new, "subject"), &text(new, "description"), Vec::new());
            ticket.files = files;
            Told::json(201, &json!({ "issue": issue(&ticket.clone()) }))
        }
        ("PUT", path) => {
            let id =
                path.strip_prefix("/issues/").and_then(|rest| rest.strip_suffix(".json")).expect("an issue").to_owned();
            let change = asked.json();
            let change = &change["issue"];
            if let Some(refused) = checked(change) {
                return refused;
            }
            let files = named(store, change);
            let ticket = store.at(&id);
            ticket.files.extend(files);
            for (name, value) in change.as_object().expect("an object") {
                let value = || value.as_str().expect("text").to_owned();
                match name.as_str() {
                    "subject" => ticket.title = value(),
                    "description" => ticket.body = value(),
                    "notes" => ticket.comments.push(value()),
                    "uploads" | "status_id" => {}
                    other => panic!("no `{other}`"),
                }
            }
            match change["status_id"].as_u64() {
                None => {}
                Some(5) => store.close(&id, true),
                Some(1) => store.close(&id, false),
                Some(other) => panic!("no status: {other}"),
            }
            Told::empty(204)
        }
        _ => Told::empty(404),
    }
}

fn checked(of: &Value) -> Option<Told> {
    let is_long = length(&text(of, "subject")) > 255;
    is_long.then(|| Told::json(422, &json!({ "errors": ["Subject is too long (maximum is 255 characters)"] })))
}

fn named(store: &Store, of: &Value) -> Vec<(String, Vec<u8>)> {
    let uploads = of["uploads"].as_array().cloned().unwrap_or_default();
    let number = |upload: &Value| text(upload, "token").trim_end_matches(".token").parse::<usize>().expect("a token");
    uploads.iter().map(|upload| store.uploads[number(upload) - 1].clone()).collect()
}

fn issue(ticket: &Kept) -> Value {
    json!({
        "id": ticket.id,
        "subject": ticket.title,
        "description": ticket.body,
        "status": { "id": 1, "is_closed": ticket.is_closed },
        "created_on": created_at(ticket),
        "closed_on": closed_at(ticket),
    })
}
