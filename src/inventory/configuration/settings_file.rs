//! `clockaudit.toml`: flags by their long names, with the lines they stand on.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use super::Place;
use crate::inventory::diagnostics::{Diagnostic, Span, without_secrets};
use crate::inventory::nearest;

/// One setting of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSetting {
    /// Its values, as they would be typed; one, unless the file has a list.
    pub values: Vec<String>,
    /// The line of its key, from 1.
    pub line: usize,
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
            let values = values(value.get_ref()).ok_or_else(|| {
                let message =
                    format!("`{}` is a table or a date, expected a text, number, truth or list", key.get_ref());
                told(Diagnostic::error(message).at(span(text, at)))
            })?;
            let setting = FileSetting { values, line: span(text, at).line };
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

    /// Where a setting stands.
    pub fn place(&self, setting: &FileSetting) -> Place {
        Place { file: Arc::clone(&self.name), line: setting.line }
    }
}

/// A value as it would be typed.
fn values(value: &DeValue<'_>) -> Option<Vec<String>> {
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
    let excerpt = without_secrets(text.lines().nth(line - 1).unwrap_or_default());
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
        assert!(read("warn = \n").is_err_and(|told| told.starts_with("clockaudit.toml line 1: ")));
    }
}
