//! The ready templates, against the documented limits of what they are for.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::command::User;
use crate::reports::{apart, bad, changed, clear, many};
use crate::server::{Asked, Server, Told};
use crate::store::{length, text};

/// Where the ready templates are.
fn ready(name: &str) -> String {
    format!("{}/examples/webhooks/{name}.json.jinja", env!("CARGO_MANIFEST_DIR"))
}

/// A server with a contract, and somebody who sends it what a template makes.
fn started(name: &str, secret: &str, contract: impl Fn(&Asked) -> Told + Send + 'static) -> (Server, User) {
    let server = Server::start(move |asked| contract(asked));
    let user = User::new(&["webhook", "--url", &server.url, "--template", &ready(name)], &[("WEBHOOK_SECRET", secret)]);
    (server, user)
}

/// A life, with reports of every kind; what was sent.
fn sent(server: &Server, user: &User) -> Vec<Asked> {
    assert!(user.ticket(&clear(), &[]).good().starts_with("no ticket is needed"));
    assert!(user.ticket(&bad(), &[]).good().starts_with("created "));
    assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged "));
    assert!(user.ticket(&changed(), &[]).good().starts_with("updated "));
    assert!(user.ticket(&many(), &[]).good().starts_with("updated "));
    // What is open there is closed only where that is asked for.
    // Ten thousand hosts left: that is said first.
    assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("cleared "));
    assert!(user.ticket(&clear(), &[]).good().starts_with("cleared "));
    assert!(user.ticket(&clear(), &[]).good().starts_with("unchanged "));
    assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("resolved "));
    assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("no ticket is needed"));
    let sent = server.taken();
    assert_eq!(sent.len(), 6, "{sent:?}");
    sent
}

#[test]
fn slack_takes_it() {
    let (server, user) = started("slack", "T000/B000/xyz", |asked| {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/services/T000/B000/xyz"));
        let message = asked.json();
        let blocks = message["blocks"].as_array().expect("blocks");
        assert!(blocks.len() <= 50);
        for block in blocks {
            match text(block, "type").as_str() {
                "header" => assert!((1..=150).contains(&length(&text(block, "text.text")))),
                "section" => assert!((1..=3_000).contains(&length(&text(block, "text.text"))), "{block}"),
                "context" => assert!((1..=2_000).contains(&length(&text(&block["elements"][0], "text")))),
                other => panic!("no block: {other}"),
            }
        }
        let all: usize = blocks.iter().map(|block| block.to_string().encode_utf16().count()).sum();
        assert!(all <= 13_200, "{all}");
        // A mention, and a link, are between angles.
        assert!(!message.to_string().contains('<'), "{message}");
        Told { body: b"ok".to_vec(), ..Told::empty(200) }
    });
    let sent = sent(&server, &user);
    assert!(sent[0].json().to_string().contains("`auth02` CRIT"), "{}", sent[0].json());
    assert!(!user.has_noted("B000"));
}

#[test]
fn pagerduty_takes_it() {
    let (server, user) = started("pagerduty", "r0uting\"key", |asked| {
        assert_eq!(asked.path, "/v2/enqueue");
        let event = asked.json();
        assert_eq!(text(&event, "routing_key"), "r0uting\"key");
        assert!(asked.body.len() <= 512_000, "{}", asked.body.len());
        assert!((1..=255).contains(&length(&text(&event, "dedup_key"))));
        assert!((1..=1_024).contains(&length(&text(&event, "payload.summary"))));
        assert!(["critical", "error", "warning", "info"].contains(&text(&event, "payload.severity").as_str()));
        Told::json(202, &json!({ "status": "success" }))
    });
    let events: Vec<Value> = sent(&server, &user).iter().map(Asked::json).collect();
    let actions: Vec<String> = events.iter().map(|event| text(event, "event_action")).collect();
    assert_eq!(actions, ["trigger", "trigger", "trigger", "trigger", "trigger", "resolve"]);
    assert_eq!(text(&events[3], "payload.severity"), "info");
    assert!(events.iter().all(|event| event["dedup_key"] == events[0]["dedup_key"]));
    assert!(events[2]["payload"]["custom_details"]["more_hosts"].as_u64() == Some(9_900), "{}", events[2]);
}

#[test]
fn opsgenie_takes_it() {
    let (server, user) = started("opsgenie", "s3cret-key", |asked| {
        assert_eq!(asked.header("authorization"), "GenieKey s3cret-key");
        let alert = asked.json();
        match asked.path.as_str() {
            "/v2/alerts" => {
                assert!((1..=130).contains(&length(&text(&alert, "message"))));
                assert!((1..=512).contains(&length(&text(&alert, "alias"))));
                assert!((1..=15_000).contains(&length(&text(&alert, "description"))));
            }
            path => {
                let alias =
                    path.strip_prefix("/v2/alerts/").and_then(|rest| rest.strip_suffix("/close")).expect("an alias");
                assert!(alias.starts_with("clk-") && asked.query["identifierType"] == "alias");
                assert!((1..=25_000).contains(&length(&text(&alert, "note"))));
            }
        }
        Told::json(202, &json!({ "result": "Request will be processed", "requestId": "x" }))
    });
    let sent = sent(&server, &user);
    assert!(sent[5].path.ends_with("/close") && sent[..5].iter().all(|asked| asked.path == "/v2/alerts"));
}

#[test]
fn zammad_takes_it_and_keeps_one_ticket() {
    let made = Arc::new(Mutex::new(0));
    let counted = made.clone();
    let (server, user) = started("zammad", "s3cret-token", move |asked| {
        assert_eq!(asked.header("authorization"), "Token token=s3cret-token");
        let ticket = asked.json();
        assert!((1..=250).contains(&length(&text(&ticket, "title"))));
        assert!(!text(&ticket, "article.body").is_empty());
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/api/v1/tickets") => {
                assert!(!text(&ticket, "group").is_empty() && !text(&ticket, "customer_id").is_empty());
                *counted.lock().expect("a number") += 1;
                Told::json(201, &json!({ "id": 17, "number": "22017" }))
            }
            ("PUT", "/api/v1/tickets/17") => Told::json(200, &json!({ "id": 17 })),
            _ => Told::json(404, &json!({ "error": "Not found" })),
        }
    });
    let sent = sent(&server, &user);
    assert_eq!(*made.lock().expect("a number"), 1);
    assert_eq!((text(&sent[4].json(), "state"), text(&sent[5].json(), "state")), ("open".into(), "closed".into()));
    assert!(text(&sent[1].json(), "article.body").contains("+2 −2"), "{}", sent[1].json());
}

#[test]
fn a_fleet_that_is_bad_by_a_pair_is_no_clear_one() {
    let check = |name: &str, grave: &str, fleet: &str| {
        let (server, user) = started(name, "s3cret", |_| Told::json(200, &json!({ "id": 17 })));
        assert!(user.ticket(&apart(), &[]).good().starts_with("created "), "{name}");
        let sent = server.taken()[0].json().to_string();
        assert!(sent.contains(grave) && sent.contains(fleet) && !sent.contains("All clear"), "{name}: {sent}");
        assert!(sent.contains("Clocks: CRIT, the fleet crit (CLK103), 12 hosts ok"), "{name}: {sent}");
        // What is clear after that is told as that.
        assert!(user.ticket(&clear(), &[]).good().starts_with("cleared "), "{name}");
        let sent = server.taken().last().expect("a request").json().to_string();
        assert!(sent.contains("Clocks: ok, 12 hosts ok") && !sent.contains(grave), "{name}: {sent}");
    };
    check("slack", "*CRITICAL*", "*CRIT* the fleet: CLK103 1 of 15 pairs");
    check("pagerduty", "\"severity\":\"critical\"", "CRIT CLK103 1 of 15 pairs");
    check("opsgenie", "\"priority\":\"P1\"", "CRIT the fleet: CLK103 1 of 15 pairs");
    check("zammad", "CRIT", "CRIT the fleet: CLK103 1 of 15 pairs");
}

/// What never ends is refused before it is read, by whatever name.
#[test]
fn a_template_is_a_file_of_an_end() {
    let server = Server::start(|_| Told::empty(200));
    let folder = tempfile::tempdir().expect("a folder");
    let (long, link) = (folder.path().join("long"), folder.path().join("link"));
    std::fs::write(&long, vec![b'#'; (1 << 20) + 1]).expect("a file");
    std::os::unix::fs::symlink("/dev/full", &link).expect("a link");
    let check = |path: &std::path::Path, words: &str| {
        let path = path.to_str().expect("a path");
        let ran = User::new(&["webhook", "--url", &server.url, "--template", path], &[]).ticket(&bad(), &["--dry-run"]);
        assert_eq!(ran.status, Some(65), "{path}: {ran:?}");
        assert!(ran.stderr.contains(words), "{path}: {ran:?}");
    };
    check(&long, "long: is larger than 1 MiB");
    check(&link, "link: cannot be read: it is not a regular file but a device");
    check(&folder.path().join("missing"), "missing: there is no such file");
}

#[test]
fn shown_requests_name_the_secret_and_a_broken_template_is_told() {
    let (server, user) = started("opsgenie", "s3cret-key", |_| Told::empty(200));
    let shown = user.ticket(&bad(), &["--dry-run"]).good();
    assert!(shown.contains("GenieKey '\"$WEBHOOK_SECRET\"") && !shown.contains("s3cret"), "{shown}");
    assert!(server.taken().is_empty());
    let check = |template: &str, status: i32, words: &str| {
        let path = user.home.path().join("template");
        std::fs::write(&path, template).expect("a template");
        let path = path.to_str().expect("a path of text");
        let user = User::new(&["webhook", "--url", &server.url, "--template", path], &[]);
        let ran = user.ticket(&bad(), &[]);
        assert_eq!(ran.status, Some(status), "{template}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{template}: {}", ran.stderr);
    };
    check("{\"a\": \"{{ title }}\"", 65, "no JSON");
    check("{{ nothing | nonsense }}", 65, "unknown filter");
    check("{% for x in range(10000000) %}{{ x }}{% endfor %}", 65, "template");
    check("{\"a\": \"{{ secret }}\"}", 77, "WEBHOOK_SECRET");
    check("{\"a\": \"{{ title }}\"}", 0, "");
    server.taken();
    check("{\"a\": \"{{ body }}\"}", 0, "");
    let body = text(&server.taken()[0].json(), "a");
    let told =
        "The JSON report is not here: it is the file 20261124T160000Z-0001.json on the machine where clockaudit ran.";
    assert!(body.contains(told), "nothing claims a file that was not sent: {body}");
}
