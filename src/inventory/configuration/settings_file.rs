//! `clockaudit.toml`: flags by their long names, with the lines they stand on.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use super::Place;
use super::values::{self, SPELLINGS};
use crate::inventory::diagnostics::{Diagnostic, Span, is_secret, without_secrets, without_values};
use crate::inventory::nearest;

/// One setting of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSetting {
    /// Its values, as they would be typed; one, unless the file has a list.
    pub values: Vec<String>,
    /// The line of its key, from 1.
    pub line: usize,
    /// Where its value stands.
    pub at: Span,
    /// Whether its value is a list.
    pub is_list: bool,
}

/// A file of settings: the project's or the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    /// The file as it is shown.
    pub name: Arc<str>,
    /// Absolute path of its folder, from which its relative paths start.
    pub folder: String,
    /// Its settings by the long names of flags, `_` and `-` being the same.
    pub settings: IndexMap<String, FileSetting>,
}

impl SettingsFile {
    /// Reads a file; what it says in tables is no setting, and told as such.
    pub fn read(bytes: &[u8], name: &Arc<str>, folder: &str) -> Result<Self, Box<Diagnostic>> {
        let told = |diagnostic: Diagnostic| Box::new(diagnostic.in_file(name));
        let text = core::str::from_utf8(bytes).map_err(|_| told(Diagnostic::error("is not UTF-8")))?;
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            told(Diagnostic::error(error.message()).at(span(text, at)))
        })?;
        let mut settings = IndexMap::new();
        for (key, value) in table.get_ref() {
            let at = key.span().start;
            let values = texts(value.get_ref()).ok_or_else(|| {
                let message =
                    format!("`{}` is a table or a date, expected a text, number, truth or list", key.get_ref());
                told(Diagnostic::error(message).at(span(text, at)))
            })?;
            let written = value.span();
            let length = text.get(written.clone()).and_then(|written| written.lines().next());
            let length = length.map_or(0, |first| first.chars().count());
            let setting = FileSetting {
                values,
                line: span(text, at).line,
                at: Span { length, ..span(text, written.start) },
                is_list: matches!(value.get_ref(), DeValue::Array(_)),
            };
            settings.insert(key.get_ref().replace('_', "-"), setting);
        }
        Ok(Self { name: Arc::clone(name), folder: folder.to_owned(), settings })
    }

    /// The first key that is none of the names, with the nearest one that is.
    pub fn unknown(&self, names: &BTreeSet<String>) -> Option<Diagnostic> {
        let (key, setting) = self.settings.iter().find(|(key, _)| !names.contains(*key))?;
        let told = Diagnostic::error(format!("there is no setting `{key}`"));
        let span = Span { line: setting.line, column: 1, length: 0, excerpt: String::new() };
        let told = told.in_file(&self.name).at(span);
        Some(match nearest::name(key, names.iter().map(String::as_str)) {
            Some(near) => told.with_hint(format!("Did you mean `{near}`?")),
            None => told.with_hint("Settings are named as the long flags: `warn = \"20ms\"`"),
        })
    }

    /// The first of these switches that is neither on nor off.
    pub fn wrong_switch(&self, switches: &BTreeSet<String>) -> Option<Diagnostic> {
        let is_right = |setting: &FileSetting| match setting.values.as_slice() {
            [value] if !setting.is_list => values::yes_or_no(value).is_some(),
            _ => false,
        };
        let mut set = self.settings.iter().filter(|(key, _)| switches.contains(*key));
        let (key, setting) = set.find(|(_, setting)| !is_right(setting))?;
        let what = match setting.values.as_slice() {
            _ if setting.is_list => format!("`{key}` is yes or no, not a list"),
            // A password in the wrong place.
            [value] if !is_secret(key) => format!("`{key}` is neither yes nor no: `{value}`"),
            _ => format!("`{key}` is neither yes nor no"),
        };
        let hint = format!("Write `{key} = true`, or another word for {SPELLINGS}");
        Some(Diagnostic::error(what).in_file(&self.name).at(setting.at.clone()).with_hint(hint))
    }

    /// Where a setting stands.
    pub fn place(&self, setting: &FileSetting) -> Place {
        Place { file: Arc::clone(&self.name), line: setting.line }
    }
}

/// A value as it would be typed.
fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::Array(items) => {
            let single = |item: &toml::Spanned<DeValue<'_>>| scalar(item.get_ref());
            items.iter().map(single).collect()
        }
        value => Some(vec![scalar(value)?]),
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(_) | DeValue::Table(_) | DeValue::Datetime(_) => None,
    }
}

/// The line of a byte of the text.
fn span(text: &str, at: usize) -> Span {
    let before = text.get(..at).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let line = before.matches('\n').count() + 1;
    // The `=` behind the name of a secret may be what is missing.
    let excerpt = without_values(&without_secrets(text.lines().nth(line - 1).unwrap_or_default()));
    Span { line, column, length: 0, excerpt }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_with_their_lines() {
        let read = |text: &str| {
            let file = SettingsFile::read(text.as_bytes(), &"clockaudit.toml".into(), "/work");
            file.map(|file| file.settings).map_err(|error| error.to_string())
        };
        let settings = read(
            "# ours\nwarn = \"20ms\"\nlimit = [\"web\", 'db']\nprivate_key = \"k\"\nno-state = true\nport = 2222\n",
        );
        let found: Vec<_> = settings
            .iter()
            .flatten()
            .map(|(key, setting)| format!("{key} = {} ({})", setting.values.join(","), setting.line))
            .collect();
        let expected =
            ["warn = 20ms (2)", "limit = web,db (3)", "private-key = k (4)", "no-state = true (5)", "port = 2222 (6)"];
        assert_eq!(found, expected);
        assert_eq!(
            read("a = 1\n[scan]\nwarn = 1\n"),
            Err("clockaudit.toml line 2: `scan` is a table or a date, expected a text, number, truth or list"
                .to_owned())
        );
        let wrong = |text: &str| {
            let file = SettingsFile::read(text.as_bytes(), &"clockaudit.toml".into(), "/work").expect("settings");
            let told = file.wrong_switch(&["become".to_owned(), "ask-pass".to_owned()].into())?;
            let at = told.span.expect("a place");
            Some(format!("{}:{}+{} {}", at.line, at.column, at.length, told.message))
        };
        assert_eq!(wrong("become = \"on\"\nask_pass = false\nwarn = \"maybe\"\n"), None);
        let told = "2:10+7 `become` is neither yes nor no: `maybe`";
        assert_eq!(wrong("# ours\nbecome = \"maybe\"\n").as_deref(), Some(told));
        assert_eq!(wrong("become = 2").as_deref(), Some("1:10+1 `become` is neither yes nor no: `2`"));
        assert_eq!(wrong("become = []").as_deref(), Some("1:10+2 `become` is yes or no, not a list"));
        assert_eq!(wrong("ask_pass = \"S3cret\"").as_deref(), Some("1:12+8 `ask-pass` is neither yes nor no"));
        assert!(read("warn = \n").is_err_and(|told| told.starts_with("clockaudit.toml line 1: ")));
    }
}
