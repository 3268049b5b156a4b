//! Whole documents: what they mean, and what is said where they mean nothing.

use std::fmt::Write;

use super::*;
use crate::inventory::json;

fn value_of(text: &str) -> String {
    let document = read(text.as_bytes(), DuplicateKeys::Warn).map_err(|error| error.to_string());
    document.map_or_else(|error| error, |document| json::compact(&document.root.to_value()))
}

#[test]
fn documents_have_the_values_of_pyyaml() {
    let check = |text: &str, expected: &str| assert_eq!(value_of(text), expected, "{text}");
    check("", "null");
    check("---\n# nothing\n...\n", "null");
    check("a: yes\nb: [1, 'yes', 0x10]\n", r#"{"a": true, "b": [1, "yes", 16]}"#);
    check("a: &x {k: 1}\nb: *x\n", r#"{"a": {"k": 1}, "b": {"k": 1}}"#);
    check("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3, m: 4}\n", r#"{"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3, "m": 4}}"#);
    check("[&a {k: 1}, &b {k: 2, l: 3}, {<<: [*a, *b]}]", r#"[{"k": 1}, {"k": 2, "l": 3}, {"k": 1, "l": 3}]"#);
    check("2: a\nyes: b\n~: c\n=: d\n", r#"{"2": "a", "true": "b", "null": "c", "=": "d"}"#);
    check("!!str yes", r#""yes""#);
    check(
        "[! 12, !!str , !!int '7', !!float 1, !!bool 'no', !!null '', !!null x, \"~\"]",
        r#"["12", "", 7, 1.0, false, null, null, "~"]"#,
    );
    check(
        "p: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n",
        r#"{"p": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n6162\n"}}"#,
    );
    check(
        "p: !unsafe '{{ x }}'\nq: !unsafe [a, 1, {b: c}]",
        r#"{"p": {"__ansible_unsafe": "{{ x }}"}, "q": [{"__ansible_unsafe": "a"}, 1, {"b": {"__ansible_unsafe": "c"}}]}"#,
    );
    check("a: |\n  x", r#"{"a": "x"}"#);
    check("\u{feff}a: 1\r\nb: 2\r\n", r#"{"a": 1, "b": 2}"#);
    check("a: 1\na: 2\n", r#"{"a": 2}"#);
    check("{\"a\": 1e3}", r#"{"a": 1000.0}"#);
    check("{\"a\": 1e3} # no JSON", r#"{"a": "1e3"}"#);
}

#[test]
fn encrypted_and_unsafe_values_are_told_from_text() {
    let document =
        read(b"a: !unsafe x\nb: {__ansible_vault: x}\nc: !vault x", DuplicateKeys::Warn).expect("a document");
    let values: Vec<crate::inventory::Value> =
        settings(&document).expect("variables").into_iter().map(|setting| setting.value).collect();
    assert!(matches!(
        values.as_slice(),
        [crate::inventory::Value::Unsafe(_), crate::inventory::Value::Mapping(_), crate::inventory::Value::Vaulted(_),]
    ));
}

#[test]
fn an_error_points_at_what_is_wrong() {
    let check = |text: &str, place: (usize, usize, usize), message: &str| {
        let error = read(text.as_bytes(), DuplicateKeys::Error).expect_err(text);
        let span = error.span.expect("a place");
        assert_eq!(((span.line, span.column, span.length), error.message.as_str()), (place, message), "{text:?}");
    };
    check("a: 1\nb: !secret x\n", (2, 12, 1), "this tag is not known");
    check("a: 1\na: 2\n", (2, 1, 1), "`a` stands in line 1 already");
    check("a: 2024-02-30\n", (1, 4, 10), "`***` is no day of the calendar");
    check("a: =\n", (1, 4, 1), "a bare = means something else in YAML than the text");
    check("a: {{ x }}\n", (1, 5, 1), "a mapping cannot be a key");
    check("? [a]\n: 1\n", (1, 3, 1), "a list cannot be a key");
    check("--- a\n--- b\n", (2, 1, 3), "a second document begins here; one is expected");
    check("a: &x [*x]\n", (1, 8, 2), "this alias stands inside the value that it names");
    check("<<: 1\n", (1, 5, 1), "<< merges a mapping or a list of mappings, this is a number");
    check("a: !vault [x]\n", (1, 11, 1), "!vault is for encrypted text, not for lists and mappings");
    check("ansible_password: *hunter2\n", (1, 19, 8), "nothing is named `***` before this");
    check("ansible_password: !hunter2 x\n", (1, 28, 1), "this tag is not known");
    check("ansible_password:\n  *hunter2\n", (2, 3, 8), "nothing is named `***` before this");
    check("a: *nobody\n", (1, 4, 7), "nothing is named `***` before this");
}

#[test]
fn hints_say_what_to_do() {
    let hint = |text: &str| read(text.as_bytes(), DuplicateKeys::Warn).expect_err(text).hint;
    assert_eq!(hint("a: {{ x }}\n").as_deref(), Some("Quote a value that begins with a template: \"{{ ... }}\""));
    assert_eq!(hint("a: !valut x\n").as_deref(), Some("Did you mean !vault?"));
    assert!(hint("a: !hunter2 x\n").is_some_and(|hint| hint.ends_with("a text that begins with ! needs quotes")));
    assert_eq!(hint("a: *hunter2\n").as_deref(), Some("A text that begins with * needs quotes"));
    assert_eq!(hint("a:\n\tb: 1\n").as_deref(), Some("YAML is indented with blanks, never with tabs"));
}

#[test]
fn aliases_of_aliases_end_at_a_limit() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{},", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{below}]").expect("text");
    }
    let error = read(bomb.as_bytes(), DuplicateKeys::Warn).expect_err("a bomb");
    assert_eq!(error.message, "the aliases up to here stand for more than 1000000 values; that is refused");
    // The fifth level would be the first above a million, together with those below it.
    assert_eq!(error.span.map(|span| span.line), Some(6));
}

#[test]
fn aliases_cannot_nest_deeper_than_values_may() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..1000 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).expect("text");
    }
    let error = read(text.as_bytes(), DuplicateKeys::Warn).expect_err("too deep");
    assert_eq!(error.message, "values may be nested 200 deep, this is deeper");
    for opening in ["[", "- "] {
        assert!(read(opening.repeat(100_000).as_bytes(), DuplicateKeys::Warn).is_err(), "{opening}");
    }
}

#[test]
fn keys_that_are_twice_are_told_up_to_a_number() {
    let half = (0..30).map(|number| format!("k{number}: 1")).collect::<Vec<_>>().join("\n");
    let text = format!("{half}\n{half}\n");
    let document = read(text.as_bytes(), DuplicateKeys::Warn).expect("a document");
    assert_eq!(document.warnings.len(), 21);
    assert_eq!(
        document.warnings.first().map(ToString::to_string).as_deref(),
        Some("`k0` stands in line 1 already; the later value wins. Remove one of them")
    );
    let quiet = read(text.as_bytes(), DuplicateKeys::Ignore).expect("a document");
    assert_eq!(quiet.warnings, []);
}
