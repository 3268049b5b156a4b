//! The schemas in docs of what `compare` and `token` print, against what they print.

use clockaudit::clock::UnixNanos;
use clockaudit::report::compare::{self, compare};
use clockaudit::report::json::schema_of;
use clockaudit::report::model::{Comparison, TokenReport};
use clockaudit::report::token::{self, Question};
use clockaudit::tokens::Library;
use clockaudit::tokens::encoded::{Claims, NumericDate};
use serde_json::Value;

use super::fleet;

/// The stored schema, once it is the one of this program.
fn current(name: &str, schema: &str) -> jsonschema::Validator {
    let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let made = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&made, schema).unwrap();
    assert!(stored == schema, "{path} is not current: look at what differs in {made}, and copy that");
    jsonschema::validator_for(&stored.parse::<Value>().unwrap()).unwrap()
}

#[test]
fn what_compare_prints_is_valid_by_the_schema_in_docs() {
    let validator = current("comparison-schema.json", &schema_of::<Comparison>().unwrap());
    let printed =
        compare::json(&compare(&fleet::report(&fleet::dozen()[..6]), &fleet::report(&fleet::dozen()))).unwrap();
    let errors: Vec<String> = validator.iter_errors(&printed.parse().unwrap()).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "clockaudit.comparison/1" })));
}

#[test]
fn what_token_prints_is_valid_by_the_schema_in_docs() {
    let validator = current("token-schema.json", &schema_of::<TokenReport>().unwrap());
    let report = fleet::report(&fleet::dozen());
    let at = report.run.finished.0;
    let second = at.0 / 1_000_000_000;
    let claims = Claims {
        issuer: Some("https://auth.example".to_owned()),
        issued_at: Some(NumericDate::whole(second - 1)),
        expiry: Some(NumericDate::whole(second + 3_600)),
        ..Claims::default()
    };
    let question =
        Question { claims, at: UnixNanos(at.0), is_fresh: false, libraries: Library::ALL.to_vec(), leeway: None };
    let answer = token::judged(&report, &question);
    let errors: Vec<String> =
        validator.iter_errors(&token::json(&answer).unwrap().parse().unwrap()).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "clockaudit.token/1" })));
    // Of a whole fleet, as people see it.
    insta::assert_snapshot!("token_of_a_dozen", token::table(&answer, clockaudit::report::table::Page::ENDLESS));
}
