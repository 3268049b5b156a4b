//! GitHub's contract: docs.github.com/en/rest/issues, version 2022-11-28. 65,536 characters of body, 256 of title, labels by name.

use serde_json::{Value, json};

use crate::server::{Asked, Told};
use crate::store::{Kept, Store, before_page, closed_at, created_at, length, text};

pub(crate) fn answer(store: &mut Store, asked: &Asked) -> Told {
    if asked.header("authorization") != "Bearer s3cret-token" {
        return Told::json(
            401,
            &json!({ "message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401" }),
        );
    }
    assert!(asked.header("user-agent").starts_with("clockaudit/"), "GitHub answers 403 without a user agent");
    assert_eq!(asked.header("accept"), "application/vnd.github+json");
    assert_eq!(asked.header("x-github-api-version"), "2022-11-28");
    let rest = asked.path.strip_prefix("/repos/ops/clocks/issues").expect("the repository");
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", []) => {
            let of = ["sort", "direction", "per_page"].map(|name| asked.query[name].as_str());
            assert_eq!(of, ["created", "desc", "100"]);
            let label = &asked.query["labels"];
            assert!(label.len() <= 50, "a label has 50 characters at most");
            let found = match asked.query["state"].as_str() {
                "all" => store.with(label),
                "open" => store.open_page(|ticket| ticket.labels.contains(label), before_page(asked, "page")),
                other => panic!("GitHub lists no `{other}`"),
            };
            Told::json(200, &found.iter().map(issue).collect())
        }
        ("GET", [id]) => Told::json(200, &issue(&store.at(id).clone())),
        ("GET", [id, "comments"]) => {
            let number = |name: &str| asked.query[name].parse::<usize>().expect("a number");
            let (page, most) = (number("page"), number("per_page"));
            assert!(page >= 1 && most <= 100);
            // From the oldest on; nothing else orders them.
            let all = store.at(id).comments.iter().enumerate().skip((page - 1) * most).take(most);
            Told::json(200, &all.map(|(at, body)| json!({ "id": 9_000 + at, "body": body })).collect())
        }
        ("POST", []) => {
            let new = asked.json();
            if let Some(refused) = checked(&new) {
                return refused;
            }
            let labels = new["labels"]
                .as_array()
                .expect("labels")
                .iter()
                .map(|label| label.as_str().expect("a name").to_owned());
            let labels = labels.collect();
            Told::json(201, &issue(&store.make(&text(&new, "title"), &text(&new, "body"), labels).clone()))
        }
        ("POST", [id, "comments"]) => {
            let comment = asked.json();
            if let Some(refused) = checked(&comment) {
                return refused;
            }
            store.at(id).comments.push(text(&comment, "body"));
            Told::json(201, &json!({ "id": 1 }))
        }
        ("PATCH", [id]) => {
            let change = asked.json();
            if let Some(refused) = checked(&change) {
                return refused;
            }
            let ticket = store.at(id);
            for (name, value) in change.as_object().expect("an object") {
                match name.as_str() {
                    "title" => value.as_str().expect("text").clone_into(&mut ticket.title),
                    "body" => value.as_str().expect("text").clone_into(&mut ticket.body),
                    "labels" => {
                        ticket.labels = value
                            .as_array()
                            .expect("labels")
                            .iter()
                            .map(|label| label.as_str().expect("a name").to_owned())
                            .collect();
                    }
                    "state" => {}
                    "state_reason" => {
                        let known = ["completed", "not_planned", "reopened"];
                        assert!(known.contains(&value.as_str().expect("text")), "{value}");
                    }
                    other => panic!("GitHub knows no `{other}`"),
                }
            }
            match text(&change, "state").as_str() {
                "" => {}
                "closed" => store.close(id, true),
                "open" => store.close(id, false),
                other => panic!("no state: {other}"),
            }
            Told::json(200, &issue(&store.at(id).clone()))
        }
        _ => Told::json(404, &json!({ "message": "Not Found" })),
    }
}

/// What GitHub refuses with 422.
fn checked(of: &Value) -> Option<Told> {
    let too_long = |field: &str, most: usize| {
        let is_long = length(&text(of, field)) > most;
        let message = format!("{field} is too long (maximum is {most} characters)");
        is_long.then(|| Told::json(422, &json!({ "message": "Validation Failed", "errors": [{ "resource": "Issue", "code": "custom", "field": field, "message": message }] })))
    };
    too_long("body", 65_536).or_else(|| too_long("title", 256))
}

fn issue(ticket: &Kept) -> Value {
    json!({
        "number": ticket.id,
        "title": ticket.title,
        "body": ticket.body,
        "state": if ticket.is_closed { "closed" } else { "open" },
        "created_at": created_at(ticket),
        "closed_at": closed_at(ticket),
        "updated_at": ticket.changed_at,
        "comments": ticket.comments.len(),
        "labels": ticket.labels.iter().map(|label| json!({ "name": label })).collect::<Vec<_>>(),
    })
}
