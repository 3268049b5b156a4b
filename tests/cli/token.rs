//! `token` through the whole program: hosts that are measured, a report that was kept, and a token that nobody may see.

use std::io::Write;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clockaudit::demo::{HostPlan, Trouble};
use serde_json::{Value, json};

use super::{Scanned, Session, command, file, finished, off_by, run};

/// The part of a token that nothing may repeat: who has it is logged in.
const SIGNATURE: &str = "c2lnbmF0dXJlLW9mLWFuLWhvdXI";

/// A token that was issued so many seconds ago and lives so many more.
fn token(age: i64, life: i64) -> String {
    let now = chrono::Utc::now().timestamp();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encoded(&json!({ "alg": "RS256", "typ": "JWT" }));
    let claims = json!({ "iss": "https://auth.example", "sub": "somebody", "iat": now - age, "nbf": now - age, "exp": now + life });
    format!("{header}.{}.{SIGNATURE}", encoded(&claims))
}

fn fleet() -> Scanned {
    Scanned::new(vec![
        off_by("good", 0),
        off_by("behind", -3_600_000),
        off_by("ahead", 3_600_000),
        HostPlan { trouble: Some(Trouble::Refused), ..off_by("gone", 0) },
    ])
}

/// Asks with the token on standard input.
fn asked(token: &str, arguments: &[&str]) -> Session {
    let mut child = command(&[&["token", "-"], arguments].concat()).stdin(Stdio::piped()).spawn().expect("a start");
    child.stdin.take().expect("a pipe").write_all(token.as_bytes()).expect("a reader");
    finished(child)
}

fn answers(session: &Session) -> Vec<(String, String, Value)> {
    let report: Value = session.stdout.parse().unwrap_or_else(|_| panic!("{}", session.transcript()));
    let hosts = report.get("hosts").and_then(Value::as_array).expect("hosts");
    let member = |host: &Value, name: &str| host.get(name).cloned().unwrap_or_default();
    let text = |host: &Value, name: &str| member(host, name).as_str().unwrap_or_default().to_owned();
    hosts.iter().map(|host| (text(host, "name"), text(host, "answer"), member(host, "claim"))).collect()
}

#[test]
fn hosts_are_measured_and_each_is_told_what_it_would_make_of_the_token() {
    let fleet = fleet();
    let ask = |limit: &str, more: &[&str]| {
        let on = [fleet.inventory.as_str(), "--ssh-option", &fleet.known_hosts, "-l", limit];
        asked(&token(60, 600), &[&on, more].concat())
    };
    let all = ask("all", &["-o", "json"]);
    assert_eq!(all.status, Some(2), "{}", all.transcript());
    let expected = [
        ("ahead", "refused", json!("exp")),
        ("behind", "refused", json!("nbf")),
        ("gone", "not_measured", Value::Null),
        ("good", "accepted", Value::Null),
    ];
    let expected = expected.map(|(name, answer, claim)| (name.to_owned(), answer.to_owned(), claim));
    assert_eq!(answers(&all), expected);
    let table = ask("all", &["--verifier-lib", "pyjwt"]);
    for line in [
        "behind  before nbf by 35",
        "ahead   past exp by 30",
        "NOT MEASURED  gone: SSH902",
        "accepted      good\n",
        "the signature is not checked",
        "PyJWT, leeway 0 s",
    ] {
        assert!(table.stdout.contains(line), "{line}\n{}", table.transcript());
    }
    assert!(
        ask("all", &["-o", "md"]).stdout.starts_with("# A token at 4 hosts: 2 refuse it, 1 not measured, 1 accept it")
    );
    assert_eq!(ask("good", &[]).status, Some(0));
    assert_eq!(ask("good,gone", &[]).status, Some(3));
    // Nobody refuses what every leeway covers.
    assert_eq!(ask("behind", &["--leeway", "2h", "--verifier-lib", "pyjwt"]).status, Some(0));
    assert_eq!(ask("nobody", &[]).status, Some(69));
}

#[test]
fn the_clocks_of_a_report_are_as_good_as_the_time_since_allows() {
    let (fleet, folder) = (fleet(), tempfile::tempdir().expect("a folder"));
    let stored = folder.path().join("out.json");
    let stored = stored.to_str().expect("text");
    fleet.scan(&["--export", stored, "-l", "!gone"]);
    let fresh = token(60, 600);
    let session = asked(&fresh, &["--report", stored, "-o", "json"]);
    assert_eq!(session.status, Some(2), "{}", session.transcript());
    let answered: Vec<String> = answers(&session).into_iter().map(|(_, answer, _)| answer).collect();
    assert_eq!(answered, ["refused", "refused", "accepted"]);
    // The same clocks a year ago: 500 ppm of a year are more than four hours.
    let mut old: Value = std::fs::read_to_string(stored).expect("a report").parse().expect("JSON");
    for host in old.get_mut("hosts").and_then(Value::as_array_mut).expect("hosts") {
        *host.pointer_mut("/clock/at").expect("an instant") = json!("2020-01-01T00:00:00.000000000Z");
    }
    let old = file(folder.path(), "old.json", &old.to_string());
    let session = asked(&fresh, &["--report", &old, "-o", "json"]);
    assert_eq!(session.status, Some(3), "{}", session.transcript());
    assert!(answers(&session).iter().all(|(_, answer, _)| answer == "cannot_tell"), "{}", session.transcript());
    let both = asked(&fresh, &["--report", stored, &fleet.inventory]);
    assert_eq!(both.status, Some(64), "{}", both.transcript());
}

#[test]
fn a_token_is_told_to_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let stored = folder.path().join("out.json");
    let stored = stored.to_str().expect("text");
    Scanned::new(vec![off_by("good", 0)]).scan(&["--export", stored]);
    let token = token(60, 600);
    let silent = |session: &Session| assert!(!session.transcript().contains(SIGNATURE), "{}", session.transcript());
    for (form, suffix) in [("table", "txt"), ("json", "json"), ("md", "md")] {
        let export = folder.path().join(format!("token.{suffix}")).display().to_string();
        let session = asked(&token, &["--report", stored, "-o", form, "-vvv", "--export", &export]);
        assert!(!std::fs::read_to_string(&export).expect("a file").contains(SIGNATURE), "{form}");
        assert_eq!((session.status, session.stderr.as_str()), (Some(0), ""), "{}", session.transcript());
        silent(&session);
        assert!(!session.stdout.contains("somebody"), "{}", session.transcript());
    }
    let typed = run(&["token", &token, "--report", stored]);
    assert_eq!(typed.status, Some(0), "{}", typed.transcript());
    assert!(typed.stderr.contains("seen by every user of this machine"), "{}", typed.transcript());
    silent(&typed);
    let kept =
        file(folder.path(), "answer.json", &json!({ "access_token": token, "token_type": "Bearer" }).to_string());
    assert_eq!(run(&["token", &kept, "--report", stored]).status, Some(0));
    let refused = |text: &str, expected: &str| {
        let session = asked(text, &["--report", stored]);
        assert_eq!(session.status, Some(65), "{}", session.transcript());
        assert!(session.stderr.contains(expected), "{}", session.transcript());
        silent(&session);
    };
    refused("", "there is no token");
    refused(&format!("x.{SIGNATURE}"), "those have three parts with dots between, this has 2");
    refused(&format!("a.b.c.d.{SIGNATURE}"), "this token is encrypted");
    refused(&format!("a.b.{SIGNATURE}\na.b.{SIGNATURE}\n"), "there are several tokens here");
    refused(&format!("{SIGNATURE}.%.%"), "its header is no JSON object");
    // Damaged, it is no token any more, and still nobody's to see.
    let damaged = run(&["token", &format!("eyJhbGciOiJub25lIn0.{SIGNATURE}"), "--report", stored]);
    assert_eq!(damaged.status, Some(65), "{}", damaged.transcript());
    silent(&damaged);
    // However it is typed, it is read; what is opaque is no file's name that anybody needs to read again.
    let answer = json!({ "access_token": token }).to_string();
    for form in [format!("Authorization: Bearer {token}"), format!("\"{token}\""), answer] {
        let typed = run(&["token", &form, "--report", stored]);
        assert_eq!(typed.status, Some(0), "{form}: {}", typed.transcript());
        silent(&typed);
    }
    let opaque = run(&["token", &format!("ya29.A0{SIGNATURE}"), "--report", stored]);
    assert_eq!(opaque.status, Some(65), "{}", opaque.transcript());
    silent(&opaque);
    for twice in [&["token", "-", "-"][..], &["token", "-", "--report", "-"]] {
        let session = run(twice);
        assert_eq!(session.status, Some(64), "{}", session.transcript());
        assert!(session.stderr.contains("standard input is named twice"), "{}", session.transcript());
    }
    // In a place where none is expected it is not repeated either.
    for arguments in [
        &["compare", stored, &token][..],
        &["scan", &token],
        &["scan", "--samples", &token],
        &["report", stored, &token],
        &["explain", &token],
        &["token", "--verifier-lib", &token],
    ] {
        let session = run(arguments);
        assert!(session.status.is_some_and(|status| status != 0), "{}", session.transcript());
        silent(&session);
        assert!(session.stderr.contains("eyJ********"), "{}", session.transcript());
    }
    let unknown = run(&["token", "-", "--report", stored, "--verifier-lib", "pyjtw"]);
    assert_eq!(unknown.status, Some(64), "{}", unknown.transcript());
    assert!(unknown.stderr.contains("'pyjwt'"), "{}", unknown.transcript());
}
