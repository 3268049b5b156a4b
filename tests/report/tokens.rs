//! What is said of one token: its times as it has them, and what the run that measured the clocks did not do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clockaudit::clock::Nanos;
use clockaudit::report::model::{Interrupted, Report, TokenReport};
use clockaudit::report::table::Page;
use clockaudit::report::token::{self, Question};
use clockaudit::report::{json, markdown};
use clockaudit::tokens::Library;
use clockaudit::tokens::encoded;
use serde_json::{Value, json};

use super::fleet;

/// What hosts make of a token with these claims, so long after the scan.
fn judged(report: &Report, claims: &str, after: Nanos) -> TokenReport {
    let encoded = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let token = format!("{}.{}.c2ln", encoded(r#"{"alg":"RS256"}"#), encoded(claims));
    let claims = encoded::read(&token).unwrap();
    let at = report.run.finished.0 + after;
    token::judged(report, &Question { claims, at, is_fresh: false, libraries: Library::ALL.to_vec(), leeway: None })
}

/// The same for people, each paragraph on a line.
fn table(answer: &TokenReport) -> String {
    let text = token::table(answer, Page::ENDLESS);
    text.replace(&format!("\n{:14}", ""), " ").split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_time_that_is_far_off_is_told_as_the_token_has_it() {
    let report = fleet::report(&fleet::dozen());
    let check = |number: &str, words: &str| {
        let answer = judged(&report, &format!(r#"{{"exp":{number}}}"#), Nanos::ZERO);
        let text = table(&answer);
        assert!(text.contains(&format!("exp {words}\n")), "{number}: {text}");
        let written = token::json(&answer).unwrap();
        assert!(written.contains(&format!("\"expiry_s\": {number}")), "{number}: {written}");
        assert_eq!(serde_json::from_str::<TokenReport>(&written).unwrap(), answer);
    };
    check("9999999999", "beyond the year 2262, 9999999999 s");
    check("253402300799", "beyond the year 2262, 253402300799 s");
    check("1e30", "beyond the year 2262, 1e30 s");
    check("-99999999999", "before the year 1677, -99999999999 s");
    // An hour later, in milliseconds.
    let said = "(tokens have seconds: in milliseconds it would be 2026-11-24 17:00:00 UTC)";
    check("1795539600000", &format!("beyond the year 2262, 1795539600000 s {said}"));
    check("1795536002.500000000", "2026-11-24 16:00:02 UTC, 0 s ago");
}

#[test]
fn a_run_that_ended_early_and_why_hosts_are_not_measured_are_told() {
    let mut report = fleet::report(&fleet::dozen());
    report.run.partial = true;
    report.run.interrupted = Some(Interrupted::Deadline);
    let answer = judged(&report, r#"{"exp":1}"#, Nanos::ZERO);
    let (text, page) = (table(&answer), markdown::write(&token::page(&answer)));
    assert!(text.contains("\nPARTIAL the run was ended at the deadline; hosts may be missing"), "{text}");
    assert!(text.contains("\nNOT MEASURED web05: SSH901 no answer (connect) "), "{text}");
    assert!(text.contains(" cache02: SSH903 host key changed (host key)\n"), "{text}");
    assert!(page.contains("**PARTIAL**: the run was ended at the deadline"), "{page}");
    assert!(page.contains("| `web05` | SSH901  no answer (connect) |"), "{page}");
    let written: Value = token::json(&answer).unwrap().parse().unwrap();
    assert_eq!((&written["clocks"]["partial"], &written["clocks"]["interrupted"]), (&json!(true), &json!("deadline")));
    let hosts = written["hosts"].as_array().unwrap();
    let codes: Vec<&str> = hosts.iter().filter_map(|host| host["error"]["code"].as_str()).collect();
    assert_eq!(codes, ["SSH903", "SSH901"]);
    // One that was kept before that was stored is read as it was.
    let stored = json::read(&json::write(&report).unwrap()).unwrap();
    assert_eq!(table(&judged(&stored, r#"{"exp":1}"#, Nanos::ZERO)), text);
}

#[test]
fn an_unsigned_token_is_called_so() {
    let report = fleet::report(&fleet::dozen());
    let encoded = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let token = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded(r#"{"exp":5}"#));
    let claims = encoded::read(&token).unwrap();
    let at = report.run.finished.0;
    let question = Question { claims, at, is_fresh: false, libraries: Library::ALL.to_vec(), leeway: None };
    let text = table(&token::judged(&report, &question));
    assert!(text.starts_with("Token unsigned (`alg: none`); anybody can have written it, and who"), "{text}");
}

#[test]
fn a_report_of_the_future_says_that_a_clock_is_wrong() {
    let report = fleet::report(&fleet::dozen());
    let said = |after: Nanos| table(&judged(&report, r#"{"exp":1795539600}"#, after));
    let text = said(Nanos::from_seconds(-7_200));
    assert!(
        text.contains("of the scan of 2026-11-24 16:00 UTC, 2 h 0 min after this machine's clock: one of"),
        "{text}"
    );
    assert!(!text.contains(" before, by this machine's clock"), "{text}");
    let text = said(Nanos::from_seconds(7_200));
    assert!(text.contains("(2 h 0 min before, by this machine's clock)"), "{text}");
}
