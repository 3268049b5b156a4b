//! The syntax of `ansible.cfg`: Python's `ConfigParser` without interpolation, strict about what is given twice.

use indexmap::IndexMap;

use super::{DEFAULTS_OF_ALL, Entry, unquoted};
use crate::inventory::diagnostics::{Diagnostic, Span, without_secrets, without_values};

type Sections = IndexMap<String, IndexMap<String, Entry>>;

/// Reads the whole text; the first line that breaks the syntax is the result.
pub(super) fn read(bytes: &[u8]) -> Result<Sections, Diagnostic> {
    let text = core::str::from_utf8(bytes).map_err(|error| foreign_bytes(bytes, error.valid_up_to()))?;
    let mut reader = Reader::default();
    for (index, line) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        reader.line(index + 1, line)?;
    }
    Ok(reader.finish())
}

fn foreign_bytes(bytes: &[u8], valid: usize) -> Diagnostic {
    let before = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default());
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Diagnostic::error("is not UTF-8 from here on").at(Span { line, column, length: 0, excerpt: String::new() })
}

/// What has been read so far.
#[derive(Debug, Default)]
struct Reader {
    sections: Sections,
    /// The lines of the section headers, to tell where a section was given first.
    headers: IndexMap<String, usize>,
    section: Option<String>,
    /// The key whose value the next deeper line continues.
    key: Option<String>,
    indent: usize,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Diagnostic> {
        let (text, is_commented) = without_comment(line);
        let text = text.trim();
        if text.is_empty() {
            // An empty line may stand within a value; one that is only a comment does not even count as a line of it.
            if !is_commented && let Some(value) = self.value() {
                value.push('\n');
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|character| character.is_whitespace()).count();
        if indent > self.indent
            && let Some(value) = self.value()
        {
            value.push('\n');
            value.push_str(text);
            return Ok(());
        }
        self.indent = indent;
        let wrong = |message: String| Diagnostic::error(message).at(span(number, line, text));
        let header = text.strip_prefix('[').and_then(|rest| rest.rfind(']').map(|end| rest.split_at(end).0));
        if let Some(name) = header.filter(|name| !name.is_empty()) {
            return self.header(number, name).map_err(|first| {
                wrong(format!("section [{name}] is given twice, first in line {first}"))
                    .with_hint("Put its settings together")
            });
        }
        let Some(section) = self.section.clone() else {
            return Err(wrong("expected a section such as [defaults] before the first setting".to_owned()));
        };
        let setting = text.split_once(['=', ':']).map(|(key, value)| (key.trim_end().to_lowercase(), value.trim()));
        let Some((key, value)) = setting.filter(|(key, _)| !key.is_empty()) else {
            return Err(wrong("expected `key = value` or `[section]`".to_owned()));
        };
        let entries = self.sections.entry(section.clone()).or_default();
        if let Some(first) = entries.get(&key) {
            let message = format!("`{key}` is given twice in [{section}], first in line {}", first.line);
            return Err(wrong(message).with_hint("Take one of them out"));
        }
        entries.insert(key.clone(), Entry { text: value.to_owned(), line: number });
        self.key = Some(key);
        Ok(())
    }

    /// Begins a section, or gives the line of the first one of that name.
    fn header(&mut self, number: usize, name: &str) -> Result<(), usize> {
        if let Some(first) = self.headers.insert(name.to_owned(), number).filter(|_| name != DEFAULTS_OF_ALL) {
            return Err(first);
        }
        self.sections.entry(name.to_owned()).or_default();
        self.section = Some(name.to_owned());
        self.key = None;
        Ok(())
    }

    /// The value that a deeper line continues.
    fn value(&mut self) -> Option<&mut String> {
        let entry = self.sections.get_mut(self.section.as_ref()?)?.get_mut(self.key.as_ref()?)?;
        Some(&mut entry.text)
    }

    fn finish(mut self) -> Sections {
        for entry in self.sections.values_mut().flat_map(IndexMap::values_mut) {
            let text = entry.text.trim_end();
            entry.text = unquoted(text).to_owned();
        }
        self.sections
    }
}

/// The line up to its comment, and whether there is one: `#` and `;` begin a line of comment, and `;` after a blank the
/// rest of any line.
fn without_comment(line: &str) -> (&str, bool) {
    if line.trim_start().starts_with(['#', ';']) {
        return ("", true);
    }
    let follows_blank = |at: usize| line.get(..at).is_some_and(|before| before.ends_with(char::is_whitespace));
    match line.match_indices(';').find(|(at, _)| follows_blank(*at)) {
        Some((at, _)) => (line.get(..at).unwrap_or_default(), true),
        None => (line, false),
    }
}

fn span(number: usize, line: &str, text: &str) -> Span {
    let column = line.chars().take_while(|character| character.is_whitespace()).count() + 1;
    // The `=` behind the name of a secret may be what is missing.
    let excerpt = without_values(&without_secrets(line.trim_end()));
    Span { line: number, column, length: text.chars().count(), excerpt }
}
