//! Single functions against what the real ones gave for random texts.

use std::fs;
use std::path::Path;

use clockaudit::inventory::addresses;
use clockaudit::inventory::literals;
use clockaudit::inventory::patterns::{glob, split};
use clockaudit::inventory::ranges::{self, Budget};
use clockaudit::inventory::yaml::{self, DuplicateKeys};
use clockaudit::inventory::{Value, float_text, json as writer, shell_words};

use crate::json;

/// Checks each line of a file: `run` gives the value, `None` = an error.
fn check(file: &str, run: impl Fn(&Value) -> Option<Value>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inventory/vectors").join(file);
    let text = fs::read_to_string(path).expect("the vectors");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        count += 1;
        let vector = json::parse(line);
        let input = json::get(&vector, "in").expect("an input");
        let expected = json::get(&vector, "out").cloned();
        let found = run(input);
        // Compared as text: NaN equals NaN, 1 is not 1.0.
        if found.as_ref().map(writer::pretty) != expected.as_ref().map(writer::pretty) {
            wrong.push(format!("{input}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(count > 400, "only {count} vectors in {file}");
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

fn text_of(input: &Value) -> String {
    json::text(input)
}

fn list(texts: impl IntoIterator<Item = String>) -> Value {
    Value::List(texts.into_iter().map(Value::Text).collect())
}

fn port(digits: Option<&str>) -> Value {
    digits.map_or(Value::Null, |digits| Value::Integer(digits.to_owned()))
}

#[test]
fn shell_words_are_those_of_python() {
    check("shell_words.jsonl", |input| {
        let words = shell_words::split(&text_of(input)).ok()?;
        Some(list(words.words.into_iter().map(|word| word.text)))
    });
}

#[test]
fn literals_are_those_of_python() {
    check("literals.jsonl", |input| literals::value(&text_of(input)).ok());
}

#[test]
fn addresses_are_those_of_ansible() {
    check("addresses.jsonl", |input| {
        let text = text_of(input);
        let address = addresses::parse(&text)?;
        Some(Value::List(vec![Value::from(address.host), port(address.port)]))
    });
}

#[test]
fn host_patterns_expand_as_with_ansible() {
    check("host_patterns.jsonl", |input| {
        let text = text_of(input);
        let address = addresses::parse(&text);
        let digits = address.as_ref().and_then(|address| address.port);
        if text == "---" || text.trim_end().ends_with(':') && digits.is_none() {
            return None;
        }
        let host = address.as_ref().map_or(text.as_str(), |address| address.host);
        let names = ranges::expand(host, &mut Budget::new(100_000)).ok()?;
        Some(Value::List(vec![list(names), port(digits)]))
    });
}

#[test]
fn globs_match_as_in_python() {
    check("globs.jsonl", |input| {
        let pair = json::texts(input);
        Some(Value::Bool(glob::matches(&pair[0], &pair[1])))
    });
}

#[test]
fn patterns_are_split_as_by_ansible() {
    check("pattern_split.jsonl", |input| Some(list(split::as_ansible(&text_of(input)))));
}

#[test]
fn plain_scalars_are_those_of_pyyaml() {
    check("yaml_plain.jsonl", |input| {
        // With a comment the text is no JSON, where 1e3 is a number.
        let text = format!("{}\n# YAML\n", text_of(input));
        let value = yaml::read(text.as_bytes(), DuplicateKeys::Warn).ok()?.root.to_value();
        let (kind, value) = match &value {
            Value::Null => ("NoneType", Value::Null),
            Value::Bool(_) => ("bool", value),
            Value::Integer(_) => ("int", value),
            Value::Float(number) => ("float", Value::Text(float_text::python(*number))),
            Value::Timestamp(text) if !text.contains('T') => ("date", value),
            Value::Timestamp(_) => ("datetime", value),
            Value::Text(_) => ("str", value),
            Value::List(_) | Value::Mapping(_) | Value::Vaulted(_) | Value::Unsafe(_) => return None,
        };
        Some(Value::List(vec![Value::from(kind), value]))
    });
}

#[test]
fn every_file_of_vectors_is_checked() {
    let checked = [
        "addresses",
        "globs",
        "host_patterns",
        "literals",
        "pattern_split",
        "shell_words",
        "templates",
        "templates.vars",
        "yaml_plain",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inventory/vectors");
    let entries = fs::read_dir(folder).expect("the vectors").map(|entry| entry.expect("a file").path());
    let mut found: Vec<String> =
        entries.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    found.sort();
    assert_eq!(found, checked);
}
