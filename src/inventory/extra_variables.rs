//! `-e`: variables on the command line, as `name=value` words, as JSON or YAML, or as the name of a file of them.

use std::borrow::Cow;

use super::diagnostics::{Diagnostic, is_secret};
use super::excerpts;
use super::model::{Variable, Variables};
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
    let words = words(text).map_err(|unclosed| Diagnostic::error(format!("`-e`: {unclosed} is not closed")))?;
    let mut before: Option<String> = None;
    let settings = words.iter().map(|word| {
        let word = &*unescaped(word);
        match word.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                before = Some(name.to_owned());
                Ok((name.to_owned(), variable(Value::from(unquoted(value)))))
            }
            Some(_) => Err(Diagnostic::error("`-e`: a variable without a name")),
            None => {
                let got = excerpts::unexpected(word, before.as_deref());
                Err(Diagnostic::error(format!("`-e`: expected name=value, got {got}")).with_hint(
                    "A file is named with an @: `-e @vars.yml`; a value with blanks needs quotes of its own",
                ))
            }
        }
    });
    settings.collect::<Result<Variables, _>>().map(Extra::Variables)
}

/// The words of a text: blanks inside of quotes and of `{{ }}`, `{% %}` and `{# #}` belong to their word. The error is what
/// was opened and not closed.
fn words(text: &str) -> Result<Vec<&str>, &'static str> {
    let (mut words, mut start, mut at) = (Vec::new(), 0, 0);
    let mut closing: Option<&'static str> = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let opened = match rest.as_bytes() {
            [b'{', b'{', ..] => Some("}}"),
            [b'{', b'%', ..] => Some("%}"),
            [b'{', b'#', ..] => Some("#}"),
            [b'\'', ..] => Some("'"),
            [b'"', ..] => Some("\""),
            _ => None,
        };
        let mut step = rest.chars().next().map_or(1, char::len_utf8);
        match closing {
            Some(end) if rest.starts_with(end) => {
                step = end.len();
                closing = None;
            }
            // What a backslash hides from a quoted text.
            Some("'" | "\"") if rest.starts_with('\\') => {
                step += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            Some(_) => {}
            None if rest.starts_with([' ', '\n']) => {
                words.extend(text.get(start..at).filter(|word| !word.is_empty()));
                start = at + step;
            }
            None => {
                closing = opened;
                step = opened.map_or(step, str::len);
            }
        }
        at += step;
    }
    match closing {
        Some("}}") => Err("`{{`"),
        Some("%}") => Err("`{%`"),
        Some("#}") => Err("`{#`"),
        Some(_) => Err("a quotation mark"),
        None => {
            words.extend(text.get(start..).filter(|word| !word.is_empty()));
            Ok(words)
        }
    }
}

/// The text without the quotation marks around it.
fn unquoted(text: &str) -> &str {
    let inside = |mark: char| text.strip_prefix(mark).and_then(|inside| inside.strip_suffix(mark));
    inside('"').or_else(|| inside('\'')).filter(|inside| !inside.ends_with('\\')).unwrap_or(text)
}

/// The text with Python's escapes replaced; a backslash before anything else is one.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (character, length) = escape(after).unwrap_or(('\\', 0));
        out.push(character);
        rest = after.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that an escape stands for, and how long the escape is behind its backslash.
fn escape(text: &str) -> Option<(char, usize)> {
    let coded = |digits: &str, radix: u32, before: usize| {
        let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
        Some((character, before + digits.len()))
    };
    let exactly = |count: usize| coded(text.get(1..=count)?, 16, 1);
    match text.chars().next()? {
        same @ ('\\' | '\'' | '"') => Some((same, 1)),
        'a' => Some(('\u{7}', 1)),
        'b' => Some(('\u{8}', 1)),
        'f' => Some(('\u{c}', 1)),
        'n' => Some(('\n', 1)),
        'r' => Some(('\r', 1)),
        't' => Some(('\t', 1)),
        'v' => Some(('\u{b}', 1)),
        'x' => exactly(2),
        'u' => exactly(4),
        'U' => exactly(8),
        '0'..='7' => {
            let digits = text.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
            coded(text.get(..digits)?, 8, 0)
        }
        _ => None,
    }
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
        check("'v=1", Err("`-e`: a quotation mark is not closed"));
        check(
            "v={{ a b }} w={% if a b %}1{% endif %} n=2",
            Ok(r#"{"v": "{{ a b }}", "w": "{% if a b %}1{% endif %}", "n": "2"}"#),
        );
        check(
            r#"x="{{ a }} b" y={# c d #}e z=q'r s't"#,
            Ok(r#"{"x": "{{ a }} b", "y": "{# c d #}e", "z": "q'r s't"}"#),
        );
        check(
            r#"x=a\nb y="\t" z=\x41\101 w=\q v='\u00e9'"#,
            Ok(r#"{"x": "a\nb", "y": "\t", "z": "AA", "w": "\\q", "v": "é"}"#),
        );
        check(r#"x={{ {"a": "b c"} }}"#, Ok(r#"{"x": "{{ {\"a\": \"b c\"} }}"}"#));
        check("x={{ a", Err("`-e`: `{{` is not closed"));
        check("[1, 2]", Err("-e line 1: expected a mapping of variables, got a list. Write one `name: value` a line"));
    }

    #[test]
    fn secrets_are_not_in_what_is_said() {
        for text in [
            r#"{"ansible_password": hunter2, }}"#,
            r#"{"ansible_pasword": hunter2, }}"#,
            "{ansible_port: hunter2 ansible_user: x: y}",
            "{ansible_pasword: !hunter2 }",
            "{ansible_pasword: *hunter2 }",
        ] {
            let error = read(text, DuplicateKeys::Warn).expect_err("broken");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let check = |text: &str, expected: &str| {
            let error = read(text, DuplicateKeys::Warn).expect_err("broken");
            assert!(error.message.ends_with(expected), "{error:?}");
        };
        check("x=1 ansible_pasword=my hunter2", "got a word that may belong to the value of ansible_pasword");
        check("ansible_pasword:hunter2", "got \"ansible_pasword ...\"");
        check("x=1 ansible_password=my hunter2", "got a word that may belong to the value of ansible_password");
        check("'ansible_password hunter2'", "got \"'ansible_password ...\"");
        check("ansible_password: hunter2", "got \"ansible_password:\"");
    }
}
