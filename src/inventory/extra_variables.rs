//! `-e`: variables on the command line, as `name=value` words, as JSON or YAML, or as the name of a file of them.

use super::diagnostics::{Diagnostic, is_secret};
use super::model::{Variable, Variables};
use super::shell_words;
use super::value::Value;
use super::yaml::{self, DuplicateKeys};

/// What one `-e` says.
#[derive(Debug, Clone, PartialEq)]
pub enum Extra {
    /// These variables.
    Variables(Variables),
    /// Those of this file.
    File(String),
}

/// Reads the text of one `-e`. Values of `name=value` are texts, whatever they look like.
pub fn read(text: &str, duplicates: DuplicateKeys) -> Result<Extra, Diagnostic> {
    let text = text.trim();
    if let Some(file) = text.strip_prefix('@') {
        return match file {
            "" => Err(Diagnostic::error("`-e @` names no file")),
            file => Ok(Extra::File(file.to_owned())),
        };
    }
    if text.starts_with(['{', '[']) {
        return mapping(text, duplicates).map(Extra::Variables);
    }
    let words = shell_words::arguments(text).map_err(|error| Diagnostic::error(format!("`-e`: {error}")))?;
    let settings = words.iter().map(|word| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), variable(Value::from(value)))),
        Some(_) => Err(Diagnostic::error("`-e`: a variable without a name")),
        None => Err(Diagnostic::error(format!("`-e`: expected name=value, got {word:?}"))
            .with_hint("A file is named with an @: `-e @vars.yml`; a value with blanks needs quotes of its own")),
    });
    settings.collect::<Result<Variables, _>>().map(Extra::Variables)
}

fn variable(value: Value) -> Variable {
    Variable { value, origin: None }
}

fn mapping(text: &str, duplicates: DuplicateKeys) -> Result<Variables, Diagnostic> {
    let file = "-e".into();
    let told = |mut error: Box<Diagnostic>| {
        // What was typed may hold secrets in places that no line of a file would have them in.
        if let Some(span) = error.span.as_mut().filter(|span| is_secret(&span.excerpt)) {
            span.excerpt = String::new();
        }
        error.in_file(&file)
    };
    let document = yaml::read(text.as_bytes(), duplicates).map_err(told)?;
    let settings = yaml::settings(&document).map_err(told)?;
    Ok(settings.into_iter().map(|setting| (setting.name, variable(setting.value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let found = read(text, DuplicateKeys::Warn).map(|extra| match extra {
                Extra::File(file) => format!("@{file}"),
                Extra::Variables(variables) => {
                    let entries = variables.into_iter().map(|(name, variable)| (name, variable.value));
                    super::super::json::compact(&Value::Mapping(entries.collect()))
                }
            });
            let found = found.map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        };
        check("v=extra n=5 q='a b'", Ok(r#"{"v": "extra", "n": "5", "q": "a b"}"#));
        check("v=a=b", Ok(r#"{"v": "a=b"}"#));
        check("v=", Ok(r#"{"v": ""}"#));
        check("", Ok("{}"));
        check(r#"{"port": 2222}"#, Ok(r#"{"port": 2222}"#));
        check("{port: 2222, on: yes}", Ok(r#"{"port": 2222, "true": true}"#));
        check("@extra.yml", Ok("@extra.yml"));
        check("@", Err("`-e @` names no file"));
        check(
            "vars.yml",
            Err("`-e`: expected name=value, got \"vars.yml\". A file is named with an @: `-e @vars.yml`; \
                 a value with blanks needs quotes of its own"),
        );
        check("=x", Err("`-e`: a variable without a name"));
        check("'v=1", Err("`-e`: no closing quotation mark"));
        check("[1, 2]", Err("-e line 1: expected a mapping of variables, got a list. Write one `name: value` a line"));
    }

    #[test]
    fn secrets_are_not_in_what_is_said() {
        let error = read(r#"{"ansible_password": hunter2, }}"#, DuplicateKeys::Warn).expect_err("broken");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
