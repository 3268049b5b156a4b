//! GitLab's contract: docs.gitlab.com/api/issues, /notes, /`project_markdown_uploads`. 255 characters of title, 1,048,576 of text.

use serde_json::{Value, json};

use crate::server::{Asked, Told};
use crate::store::{Kept, Store, before_page, closed_at, created_at, length, text};

pub(crate) fn answer(store: &mut Store, asked: &Asked) -> Told {
    if asked.header("private-token") != "s3cret-token" {
        return Told::json(401, &json!({ "message": "401 Unauthorized" }));
    }
    // The slash of the project is a part of its name: undecoded it would be two parts of the path.
    let rest = asked.path.strip_prefix("/api/v4/projects/ops/clocks").expect("the project");
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["issues"]) => {
            let of = ["order_by", "sort", "per_page"].map(|name| asked.query[name].as_str());
            assert_eq!(of, ["created_at", "desc", "100"]);
            let label = &asked.query["labels"];
            let found = match asked.query["state"].as_str() {
                "all" => store.with(label),
                "opened" => store.open_page(|ticket| ticket.labels.contains(label), before_page(asked, "page")),
                other => panic!("GitLab lists no `{other}`"),
            };
            Told::json(200, &found.iter().map(issue).collect())
        }
        ("GET", ["issues", id, "notes"]) => {
            let order = ["order_by", "sort", "per_page"].map(|name| asked.query[name].as_str());
            assert_eq!(order, ["created_at", "desc", "100"]);
            let all = store.at(id).comments.iter().enumerate().rev().take(100);
            Told::json(200, &all.map(|(at, body)| json!({ "id": 9_000 + at, "body": body, "system": false })).collect())
        }
        ("GET", ["issues", id]) => Told::json(200, &issue(&store.at(id).clone())),
        ("POST", ["uploads"]) => {
            let (field, name, bytes) = asked.form_file();
            assert_eq!(field, "file");
            store.uploads.push((name.clone(), bytes));
            let number = store.uploads.len();
            Told::json(201, &json!({ "markdown": format!("[{name}](/uploads/{number}/{name})") }))
        }
        ("POST", ["issues"]) => {
            let new = asked.json();
            if let Some(refused) = checked(&new) {
                return refused;
            }
            let labels = text(&new, "labels").split(',').map(str::to_owned).collect();
            let files = linked(store, &text(&new, "description"));
            let ticket = store.make(&text(&new, "title"), &text(&new, "description"), labels);
            ticket.files = files;
            Told::json(201, &issue(&ticket.clone()))
        }
        ("POST", ["issues", id, "notes"]) => {
            let note = text(&asked.json(), "body");
            assert!(length(&note) <= 1_000_000 && !note.is_empty());
            let files = linked(store, &note);
            let ticket = store.at(id);
            ticket.files.extend(files);
            ticket.comments.push(note);
            Told::json(201, &json!({ "id": 1 }))
        }
        ("PUT", ["issues", id]) => {
            let change = asked.json();
            if let Some(refused) = checked(&change) {
                return refused;
            }
            let ticket = store.at(id);
            for (name, value) in change.as_object().expect("an object") {
                let value = value.as_str().expect("text").to_owned();
                match name.as_str() {
                    "title" => ticket.title = value,
                    "description" => ticket.body = value,
                    "labels" => ticket.labels = value.split(',').map(str::to_owned).collect(),
                    "state_event" => {}
                    other => panic!("GitLab knows no `{other}`"),
                }
            }
            match text(&change, "state_event").as_str() {
                "" => {}
                "close" => store.close(id, true),
                "reopen" => store.close(id, false),
                other => panic!("no event: {other}"),
            }
            Told::json(200, &issue(&store.at(id).clone()))
        }
        _ => Told::json(404, &json!({ "message": "404 Project Not Found" })),
    }
}

fn checked(of: &Value) -> Option<Told> {
    let too_long = |field: &str, most: usize| {
        let is_long = length(&text(of, field)) > most;
        is_long.then(|| {
            Told::json(400, &json!({ "message": { field: [format!("is too long (maximum is {most} characters)")] } }))
        })
    };
    too_long("title", 255).or_else(|| too_long("description", 1_048_576))
}

/// The files that a text links to.
fn linked(store: &Store, text: &str) -> Vec<(String, Vec<u8>)> {
    let number = |number: usize| format!("](/uploads/{number}/");
    let all = store.uploads.iter().enumerate();
    all.filter(|(at, _)| text.contains(&number(at + 1))).map(|(_, file)| file.clone()).collect()
}

fn issue(ticket: &Kept) -> Value {
    json!({
        "id": 1_000 + ticket.id,
        "iid": ticket.id,
        "title": ticket.title,
        "description": ticket.body,
        "state": if ticket.is_closed { "closed" } else { "opened" },
        "created_at": created_at(ticket),
        "closed_at": closed_at(ticket),
        "labels": ticket.labels,
    })
}
