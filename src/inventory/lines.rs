//! The lines of an INI inventory: where Ansible ends them, and where an editor finds them.

use super::diagnostics::{Span, hidden};
use super::excerpts::{self, Section};

/// Longest line that a diagnostic shows, in bytes; of a longer one it names line and column alone, so that a thousand
/// diagnostics about one huge line do not hold it a thousand times.
const LONGEST_EXCERPT: usize = 4096;

/// One line of text as Ansible splits it, stripped of white space at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Line as an editor counts, from 1: form feeds and the like end a line for Ansible, but not for an editor.
    pub number: usize,
    /// Column of the first character of `text`, from 1, in characters.
    pub column: usize,
    /// The text between the line ends, without white space at both ends.
    pub text: &'a str,
    /// The editor's whole line.
    pub whole: &'a str,
    /// What the section holds that it stands in.
    pub section: Section,
}

impl Line<'_> {
    /// The stretch of this line that begins `start` characters into `text` and is `length` characters long.
    pub fn span(&self, start: usize, length: usize) -> Span {
        let excerpt = if self.whole.len() <= LONGEST_EXCERPT { self.excerpt() } else { String::new() };
        Span { line: self.number, column: self.column + start, length, excerpt }
    }

    /// The whole line of the editor, and nothing of what Ansible takes for other lines.
    fn excerpt(&self) -> String {
        let before = self.whole.char_indices().nth(self.column - 1).map_or(self.whole.len(), |(at, _)| at);
        let (before, rest) = self.whole.split_at_checked(before).unwrap_or(("", self.whole));
        let behind = rest.get(self.text.len()..).unwrap_or_default();
        format!("{}{}{}", hidden(before), excerpts::of_ini(self.text, self.section), hidden(behind))
    }

    /// The whole of `text`.
    pub fn full_span(&self) -> Span {
        self.span(0, self.text.chars().count())
    }
}

/// Characters that end a line for Ansible (Python's `str.splitlines`), beside `\n`, `\r` and `\r\n`.
fn ends_a_line(character: char) -> bool {
    matches!(character, '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// White space as Python strips it: Unicode's, and the four information separators.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

/// Every line that is not empty, in order.
pub fn split(text: &str) -> impl Iterator<Item = Line<'_>> {
    editor_lines(text).enumerate().flat_map(|(index, whole)| {
        let mut column = 1;
        whole.split(ends_a_line).filter_map(move |part| {
            let start = column;
            column += part.chars().count() + 1;
            let stripped = part.trim_start_matches(is_space);
            let skipped = part.chars().count() - stripped.chars().count();
            let text = stripped.trim_end_matches(is_space);
            let section = Section::default();
            (!text.is_empty()).then_some(Line { number: index + 1, column: start + skipped, text, whole, section })
        })
    })
}

/// The lines of an editor: ended by `\n`, `\r\n` or `\r`.
fn editor_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        let Some(end) = current.find(['\n', '\r']) else {
            rest = None;
            return Some(current);
        };
        let (line, tail) = current.split_at(end);
        rest = tail.strip_prefix("\r\n").or_else(|| tail.strip_prefix(['\n', '\r']));
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_ansible_ends_them_and_are_counted_as_an_editor_counts() {
        let check = |text: &str, expected: &[(usize, usize, &str)]| {
            let found: Vec<_> = split(text).map(|line| (line.number, line.column, line.text)).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("a", &[(1, 1, "a")]);
        check("a\n\nb\n", &[(1, 1, "a"), (3, 1, "b")]);
        check("a\r\n b\rc", &[(1, 1, "a"), (2, 2, "b"), (3, 1, "c")]);
        check("h1\u{b}h2\u{2028} h3", &[(1, 1, "h1"), (1, 4, "h2"), (1, 8, "h3")]);
    }
}
