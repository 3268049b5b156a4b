//! What goes wrong: trackers that are busy, fail, refuse or move; secrets that are missing; and the requests that are only shown.

use std::fs;
use std::process::Command;

use clockaudit::report::Report;
use serde_json::json;

use crate::command::run;
use crate::life::SYSTEMS;
use crate::reports::{bad, changed, clear, many, stored};
use crate::server::{Server, Told, held_port};
use crate::store::Fault;

/// What GitHub's contract makes of a run with a fault: the exit status, the output, and how many tickets are open.
fn with(fault: Fault) -> (Option<i32>, String, usize) {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    running.store.lock().expect("the tickets").faults.push(fault);
    let ran = contract.user(&running).ticket(&bad(), &[]);
    let open = running.store.lock().expect("the tickets").open().len();
    (ran.status, format!("{}{}", ran.stdout, ran.stderr), open)
}

fn fault(method: &'static str, times: usize, answer: Told, is_done: bool) -> Fault {
    Fault { method, path: "/issues", times, answer, is_done }
}

#[test]
fn what_passes_is_waited_for() {
    let busy = || Told::json(429, &json!({ "message": "API rate limit exceeded" })).header("Retry-After", "0");
    let secondary =
        Told::json(403, &json!({ "message": "You have exceeded a secondary rate limit" })).header("Retry-After", "0");
    for fault in [
        fault("GET", 3, busy(), false),
        fault("POST", 3, busy(), false),
        fault("POST", 1, secondary, false),
        fault("POST", 1, Told::empty(503), false),
        fault("GET", 1, Told::empty(502), false),
        fault("GET", 1, Told::empty(0), false),
    ] {
        let (status, told, open) = with(fault.clone());
        assert_eq!((status, open), (Some(0), 1), "{fault:?}: {told}");
        assert!(told.starts_with("created #1"), "{fault:?}: {told}");
    }
}

#[test]
fn a_ticket_that_was_made_before_the_tracker_failed_is_found_and_not_made_twice() {
    // The connection breaks (0), or a proxy gives up; the ticket is there.
    for status in [0, 500, 502, 504] {
        for is_done in [true, false] {
            let (exit, told, open) = with(fault("POST", 1, Told::empty(status), is_done));
            assert_eq!((exit, open), (Some(0), 1), "{status}: {told}");
            assert!(told.starts_with("created #1 "), "{status}, {is_done}: {told}");
        }
    }
}

#[test]
fn what_a_tracker_refuses_ends_with_75_and_its_own_words() {
    let check = |answer: Told, words: &[&str]| {
        let (status, told, open) = with(fault("POST", 1_000, answer, false));
        assert_eq!((status, open), (Some(75), 0), "{told}");
        for words in words {
            assert!(told.contains(words), "{words}: {told}");
        }
    };
    let unprocessable =
        json!({ "message": "Validation Failed\u{1b}[2J", "errors": [{ "code": "missing", "field": "title" }] });
    check(Told::json(422, &unprocessable), &["github answered 422: Validation Failed\\x1b[2J; field: title"]);
    check(Told::json(409, &json!({ "message": "Conflict" })), &["github answered 409: Conflict"]);
    check(
        Told::json(403, &json!({ "message": "Resource not accessible" })),
        &["403: Resource", "hint: the secret does not allow this"],
    );
    check(Told::empty(500), &["github answered 500"]);
    check(
        Told::empty(307).header("Location", "https://evil.example/"),
        &["it moved to https://evil.example/", "`--url`"],
    );
    check(Told::json(429, &json!({})).header("Retry-After", "86400"), &["github answered 429"]);
    check(Told { body: b"<html>a page for people".to_vec(), ..Told::empty(400) }, &["github answered 400\n"]);
    let (status, told, _) = with(fault("GET", 1, Told { body: vec![b'['; 17 << 20], ..Told::empty(200) }, false));
    assert_eq!(status, Some(75), "{told}");
    assert!(told.contains("longer than 16 MiB"), "{told}");
    let (status, told, _) =
        with(fault("GET", 1, Told { body: b"[{\"number\":\"../../x\"}]".to_vec(), ..Told::empty(200) }, false));
    assert_eq!((status, told.contains("is not the id of a ticket")), (Some(75), true), "{told}");
}

/// GitHub and GitLab answer a change with the ticket.
#[test]
fn an_answer_of_success_that_does_not_show_what_was_changed_is_not_believed() {
    for (contract, method) in [(&SYSTEMS[0], "PATCH"), (&SYSTEMS[1], "PUT")] {
        for answer in
            [Told::empty(200), Told::json(200, &json!({})), Told::json(200, &json!({ "number": 2, "iid": 2 }))]
        {
            let name = contract.name;
            let running = contract.start();
            let user = contract.user(&running);
            let swallow = || {
                let fault = Fault { method, path: "/1", times: 1, answer: answer.clone(), is_done: false };
                running.store.lock().expect("the tickets").faults.push(fault);
            };
            user.ticket(&bad(), &[]).good();
            let refused = |report: &Report, more: &[&str]| {
                let ran = user.ticket(report, more);
                assert_eq!((ran.status, ran.stdout.as_str()), (Some(75), ""), "{name}: {ran:?}");
                assert!(ran.stderr.contains("is not the ticket that it was told to change"), "{name}: {ran:?}");
            };
            swallow();
            refused(&changed(), &[]);
            assert!(user.ticket(&changed(), &[]).good().starts_with("updated "), "{name}");
            user.ticket(&clear(), &[]).good();
            // All that is left to do is to close it.
            swallow();
            refused(&clear(), &["--resolve"]);
            assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("resolved "), "{name}");
        }
    }
}

#[test]
fn an_empty_scope_is_refused() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    for scope in ["", "  ", "\t"] {
        for more in [&[][..], &["--dry-run"]] {
            let ran = user.ticket(&bad(), &[&["--scope", scope], more].concat());
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(64), ""), "{scope:?}: {ran:?}");
            assert!(ran.stderr.contains("`--scope` is empty") && ran.stderr.contains("--scope prod"), "{ran:?}");
        }
    }
    assert!(running.server.taken().is_empty());
}

#[test]
fn a_wrong_or_missing_secret_is_told_and_never_shown() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let ran = run(user.command(&bad(), &[]).env("GITHUB_TOKEN", "ano7her-token"));
    assert_eq!(ran.status, Some(75), "{}", ran.stderr);
    assert!(ran.stderr.contains("github answered 401: Bad credentials"), "{}", ran.stderr);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("ano7her"), "{}", ran.stderr);
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let mut command = user.command(&bad(), &[]);
        for (name, _) in contract.secrets {
            command.env_remove(name);
        }
        let ran = run(&mut command);
        assert_eq!(ran.status, Some(77), "{}", ran.stderr);
        assert!(ran.stderr.contains(contract.secrets[0].0) && ran.stderr.contains("_FILE"), "{}", ran.stderr);
        assert!(running.server.taken().is_empty(), "nothing is asked without a secret");
    }
}

/// Whatever a server says back of what it was sent: each answer is refused, and its words tell no secret.
#[test]
fn no_secret_is_shown_that_a_server_says_back() {
    let json = |value: &serde_json::Value| Told::json(404, value);
    let moved = |to: &str| Told::empty(301).header("Location", to);
    let text = |body: &str| Told { body: body.as_bytes().to_vec(), ..Told::empty(400) };
    let echoes = [
        moved("https://hooks.example/services/T000/B000/xyzzy-xyzzy?again=1"),
        moved("https://hooks.example/login?next=%2Fservices%2FT000%2FB000%2Fxyzzy-xyzzy"),
        moved("https://hooks.example/services/T000/B000/xyzz"),
        json(
            &json!({ "timestamp": "now", "status": 404, "error": "Not Found", "path": "/services/T000/B000/xyzzy-xyzzy" }),
        ),
        json(
            &json!({ "message": "no /services/T000/B000/xyzzy-xyzzy", "errors": [{ "T000/B000/xyzzy-xyzzy": "unknown" }] }),
        ),
        json(&json!({ "message": format!("{}T000/B000/xyzzy-xyzzy", "x".repeat(390)) })),
        text("Cannot POST /services/T000/B000/xyzzy-xyzzy"),
        text("{\"path\": \"\\/services\\/T000\\/B000\\/xyzzy-xyzzy\""),
        Told::json(500, &json!({ "message": "T000/B000/xyzzy-xyzzy" })),
    ];
    for echo in echoes {
        let told = echo.clone();
        let server = Server::start(move |_| told.clone());
        let template = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/webhooks/slack.json.jinja");
        let user = crate::command::User::new(
            &["webhook", "--url", &server.url, "--template", template],
            &[("WEBHOOK_SECRET", "T000/B000/xyzzy-xyzzy")],
        );
        let ran = user.ticket(&bad(), &["-vvv"]);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.status, Some(75), "{echo:?}: {told}");
        for part in ["xyzz", "B000"] {
            assert!(!told.contains(part), "{echo:?}: {told}");
        }
        assert!(told.contains("****"), "{echo:?}: {told}");
        assert!(!user.has_noted("xyzzy"), "{echo:?}");
    }
    // What logs in, of every system, as it is and as it was sent.
    for contract in &SYSTEMS {
        let server = Server::start(|asked| {
            let sent: Vec<&str> =
                ["authorization", "private-token", "x-redmine-api-key"].map(|name| asked.header(name)).to_vec();
            Told::json(400, &json!({ "message": format!("s3cret-token is not accepted: {}", sent.concat()) }))
        });
        let mut arguments = vec![contract.name, "--url", &server.url];
        arguments.extend(contract.project.iter().flat_map(|project| ["--project", project]));
        let ran = crate::command::User::new(&arguments, contract.secrets).ticket(&bad(), &["-vvv"]);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.status, Some(75), "{}: {told}", contract.name);
        assert!(told.contains("******** is not accepted: "), "{}: {told}", contract.name);
        for part in ["s3cret", "M2NyZXQtdG9rZW4", "zM2NyZXQt"] {
            assert!(!told.contains(part), "{}: {told}", contract.name);
        }
    }
}

/// A server that calls the ticket by the secret.
#[test]
fn a_secret_is_neither_shown_nor_noted_as_the_name_of_a_ticket() {
    let server = Server::start(|_| Told::json(201, &json!({ "id": "s3cret-token" })));
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/webhooks/opsgenie.json.jinja");
    let arguments = ["webhook", "--url", &server.url, "--template", template];
    let user = crate::command::User::new(&arguments, &[("WEBHOOK_SECRET", "s3cret-token")]);
    let told = user.ticket(&bad(), &["-vvv"]).good();
    assert!(told.starts_with("created clk-") && !told.contains("s3cret"), "{told}");
    assert!(!user.has_noted("s3cret"));
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let path = user.home.path().join("token");
    let of_file = |text: &str| {
        fs::write(&path, text).expect("a file");
        run(user.command(&bad(), &[]).env_remove("GITHUB_TOKEN").env("GITHUB_TOKEN_FILE", &path))
    };
    assert!(of_file("s3cret-token\n").good().starts_with("created #1"));
    let ran = of_file("two\nlines");
    assert_eq!(ran.status, Some(77));
    assert!(ran.stderr.contains("more than one line") && !ran.stderr.contains("two"), "{}", ran.stderr);
    let ran = run(user.command(&bad(), &[]).env_remove("GITHUB_TOKEN").env("GITHUB_TOKEN_FILE", "/nowhere"));
    assert_eq!(ran.status, Some(77));
    assert!(
        ran.stderr.contains("`GITHUB_TOKEN_FILE` names /nowhere, which cannot be read: there is no such file"),
        "{}",
        ran.stderr
    );
    // What is only shown needs none.
    let mut shown = user.command(&bad(), &["--dry-run"]);
    let ran = run(shown.env_remove("GITHUB_TOKEN").env("GITHUB_TOKEN_FILE", "/nowhere"));
    assert!(ran.stderr.starts_with("warning: `GITHUB_TOKEN_FILE`"), "{}", ran.stderr);
    assert!(ran.good().contains("curl "));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let (_held, port) = held_port();
    let url = format!("http://127.0.0.1:{port}");
    let user = crate::command::User::new(&["github", "--url", &url, "--project", "a/b"], &[("GITHUB_TOKEN", "x")]);
    let ran = user.ticket(&bad(), &[]);
    assert_eq!(ran.status, Some(75), "{}", ran.stderr);
    assert!(ran.stderr.contains("github: the connection was refused"), "{}", ran.stderr);
}

#[test]
fn the_proxy_of_the_environment_is_asked_unless_it_is_ruled_out() {
    let proxy = Server::start(|_| Told::json(401, &json!({ "message": "from the proxy" })));
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let through = |exempt: &str| {
        let mut command = user.command(&bad(), &[]);
        run(command.env("HTTP_PROXY", &proxy.url).env("NO_PROXY", exempt))
    };
    let ran = through("");
    // A proxy is asked for a tunnel; it does not open one.
    assert_eq!(ran.status, Some(75), "{}{}", ran.stdout, ran.stderr);
    assert!(!proxy.taken().is_empty() && running.server.taken().is_empty());
    assert!(through("127.0.0.1").good().starts_with("created"));
    assert!(proxy.taken().is_empty());
}

#[test]
fn shown_requests_need_no_secret_send_nothing_and_hold_no_secret() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let mut bare = user.command(&bad(), &["--dry-run"]);
        for (name, _) in contract.secrets {
            bare.env_remove(name);
        }
        let without = run(&mut bare).good();
        let with = user.ticket(&bad(), &["--dry-run"]).good();
        assert!(
            with.contains("curl ") && with.contains(&format!("${}", contract.secrets.last().expect("a secret").0)),
            "{with}"
        );
        assert!(!with.contains("s3cret-token"), "{with}");
        assert!(without.contains("curl "));
        assert!(running.server.taken().is_empty(), "{}", contract.name);
    }
}

/// What is shown is what would be sent: a shell and curl do the same with it.
#[test]
fn what_is_shown_makes_the_same_ticket_when_a_shell_runs_it() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let shown = user.ticket(&bad(), &["--dry-run"]).good();
    let (_, rest) = shown.split_once("# where there is none: make it\n").expect("the request");
    // It is made, and completed.
    let (create, _) = rest.split_once("\n\n# where one is open").expect("its end");
    let create = create.replace("curl ", "curl -A clockaudit/shown ").replace("/issues/ID", "/issues/1");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(create).env("GITHUB_TOKEN", "s3cret-token");
    run(&mut shell).good();
    let by_hand = running.store.lock().expect("the tickets").tickets[0].clone();
    let other = contract.start();
    contract.user(&other).ticket(&bad(), &[]).good();
    let by_us = other.store.lock().expect("the tickets").tickets[0].clone();
    assert_eq!((by_hand.title, by_hand.body, by_hand.labels), (by_us.title, by_us.body, by_us.labels));
    assert_eq!(by_hand.comments, by_us.comments);
    // And it is the ticket that a run finds.
    assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged #1"));
}

/// A page shows no character that acts on a terminal, and JSON stays JSON.
#[test]
fn what_is_shown_is_json_where_names_are_hostile() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let mut report = many();
        report.hosts.truncate(60);
        report.causes.truncate(6);
        let shown = user.ticket(&report, &["--dry-run"]).good();
        let acts = |character: char| clockaudit::report::escape::acts(character) && character != '\n';
        assert!(!shown.contains(acts), "{}", contract.name);
        // A shell takes the lines apart; what stands for curl keeps what would be sent.
        let folder = user.home.path().join("sent");
        fs::create_dir(&folder).expect("a folder");
        let stand_in = user.home.path().join("curl");
        let keep = "#!/bin/sh\nwhile [ $# -gt 0 ]; do\n  if [ \"$1\" = --data-binary ]; then printf %s \"$2\" >sent/$$; fi\n  shift\ndone\n";
        fs::write(&stand_in, keep).expect("a script");
        fs::set_permissions(&stand_in, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("rights");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(shown).current_dir(user.home.path());
        shell.env("PATH", format!("{}:/usr/bin:/bin", user.home.path().display()));
        run(&mut shell);
        let mut bodies = 0;
        for sent in fs::read_dir(&folder).expect("a folder") {
            let body = fs::read_to_string(sent.expect("a file").path()).expect("text");
            if !body.starts_with('@') {
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(&body);
                assert!(parsed.is_ok(), "{}: {parsed:?}: {body}", contract.name);
                bodies += 1;
            }
        }
        assert!(bodies >= 2, "{}: {bodies}", contract.name);
    }
}

#[test]
fn a_report_without_hosts_reaches_no_ticket_system() {
    let mut empty = clear();
    empty.hosts.clear();
    empty.summary.counts.ok = 0;
    for contract in &SYSTEMS {
        let running = contract.start();
        for more in [&[][..], &["--resolve"], &["--grain", "host"], &["--dry-run"]] {
            let ran = contract.user(&running).ticket(&empty, more);
            assert_eq!(ran.status, Some(69), "{} {more:?}: {ran:?}", contract.name);
            assert!(ran.stderr.contains("the report has no hosts"), "{ran:?}");
            assert!(ran.stdout.is_empty() && running.server.taken().is_empty(), "{} {more:?}", contract.name);
        }
    }
}

/// As somebody leaves it who took hosts out of it by hand.
#[test]
fn a_report_that_contradicts_itself_reaches_no_ticket_system() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let mut edited: serde_json::Value = serde_json::from_str(&stored(&bad())).expect("JSON");
    edited["hosts"].as_array_mut().expect("hosts").retain(|host| host["verdict"] != "crit");
    for more in [&[][..], &["--resolve"], &["--grain", "host"], &["--dry-run"]] {
        let mut command = user.command(&bad(), more);
        fs::write(user.home.path().join(format!("{}.json", bad().run.id)), edited.to_string()).expect("a file");
        let ran = run(&mut command);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(65), ""), "{more:?}: {ran:?}");
        let words = "contradicts itself: `summary.counts.crit` is 2, and of its hosts 0 are crit";
        assert!(ran.stderr.contains(words) && ran.stderr.contains("hint: it was edited"), "{more:?}: {ran:?}");
    }
    assert!(running.server.taken().is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let check = |arguments: &[&str], expected: i32, words: &str| {
        let user = crate::command::User::new(arguments, &[("GITHUB_TOKEN", "x")]);
        let ran = user.ticket(&bad(), &[]);
        assert_eq!(ran.status, Some(expected), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    };
    check(&["github"], 64, "`--project` is OWNER/REPOSITORY there");
    check(&["github", "--project", "ops"], 64, "OWNER/REPOSITORY");
    check(&["roundup"], 64, "`--url` names the address of the roundup server");
    check(&["github", "--project", "a/b", "--url", "https://token@host"], 64, "holds no user");
    check(&["webhook", "--url", "https://host"], 64, "--template");
    check(&["github", "--project", "a/b", "--template", "x"], 64, "is for `webhook`");
    check(&["trac"], 64, "invalid value");
    check(&["github", "--project", "a/b", "--reopen-within", "3"], 64, "needs a unit");
    let user = crate::command::User::new(&["github", "--project", "a/b"], &[("GITHUB_TOKEN", "x")]);
    let mut unnamed = bad();
    unnamed.run.inventory.sources.clear();
    let ran = user.ticket(&unnamed, &[]);
    assert_eq!((ran.status, ran.stderr.contains("--scope prod")), (Some(64), true), "{}", ran.stderr);
}
