//! One pattern, and what of it may be said: a line of a file that was named by mistake may be a secret.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::inventory::lines::is_space;

/// Most characters of a line that is taken for the name of a host or group: those of a label in DNS. A line of a key in PEM has 64.
const LONGEST_NAME: usize = 63;

/// A pattern: one that was typed, or a line of a file of patterns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    line: Option<Line>,
    /// The word of the command line that it is a part of; `None` = all of it.
    part_of: Option<Arc<str>>,
}

/// Where a pattern stands that was not typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Line {
    /// The file, as it was named.
    file: Arc<str>,
    /// From 1.
    number: usize,
    /// Whether its text may be shown.
    is_shown: bool,
}

impl From<String> for Pattern {
    /// A pattern that was typed.
    fn from(text: String) -> Self {
        Self { text, line: None, part_of: None }
    }
}

impl Pattern {
    /// A line of a file of patterns, counted from 1; `is_secret` where the file is known to hold no names.
    pub fn of_line(text: &str, file: &Arc<str>, number: usize, is_secret: bool) -> Self {
        let line = Line { file: Arc::clone(file), number, is_shown: !is_secret && is_name(text) };
        Self { text: text.to_owned(), line: Some(line), part_of: None }
    }

    /// The same, as a part of what was typed: `web` of `web:&db`.
    #[must_use]
    pub fn part_of(mut self, typed: &Arc<str>) -> Self {
        self.part_of = Some(Arc::clone(typed));
        self
    }

    /// The pattern itself, which is not to be told.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// As a word of a list: `web1`, or `line 3 of @hosts.txt`.
    pub(super) fn word(&self) -> String {
        match &self.line {
            Some(line) if !line.is_shown => line.place(),
            _ => self.text.clone(),
        }
    }

    /// Behind the word `pattern`: `'web1'`, `'web1' in line 3 of @hosts.txt`, `in line 3 of @hosts.txt`.
    pub(super) fn named(&self) -> String {
        match &self.line {
            None => format!("'{}'", self.text),
            Some(line) if line.is_shown => format!("'{}' in {}", self.text, line.place()),
            Some(line) => format!("in {}", line.place()),
        }
    }

    /// As what a sentence is about: `` `~web[` ``, or `the pattern in line 3 of @hosts.txt`.
    pub(super) fn subject(&self) -> String {
        match &self.line {
            None => format!("`{}`", self.text),
            Some(_) => format!("the pattern {}", self.named()),
        }
    }

    /// What was typed for it: what it is a part of, itself, or `@hosts.txt`.
    pub(super) fn typed(&self) -> String {
        if let Some(typed) = &self.part_of {
            return typed.to_string();
        }
        self.line.as_ref().map_or_else(|| self.text.clone(), |line| format!("@{}", line.file))
    }

    /// Whether it was typed.
    pub(super) fn is_typed(&self) -> bool {
        self.line.is_none()
    }

    /// What is wrong with it in words that may repeat it, where that may be told.
    pub(super) fn reason(&self, words: &str) -> String {
        if self.is_typed() { format!(": {words}") } else { String::new() }
    }

    /// Behind the word `in`: `'web[0-1]'`, or `line 3 of @hosts.txt`.
    pub(super) fn within(&self) -> String {
        self.line.as_ref().map_or_else(|| self.named(), Line::place)
    }

    /// The same without `&` or `!`.
    pub(super) fn bare(&self) -> Self {
        self.with_text(self.text.trim_start_matches(['&', '!']))
    }

    /// A part of it.
    pub(super) fn with_text(&self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self.clone() }
    }
}

impl Line {
    fn place(&self) -> String {
        format!("line {} of @{}", self.number, self.file)
    }
}

/// The line of a file of patterns that names the host of this name, and no other, to Ansible too; `None` where none does. `is_group`
/// says whether a group has that name as well.
///
/// A line is a pattern as it stands, and one that is the name of a host is that host. Behind `!` or `&` such a line alone would add to
/// all hosts, and blanks at its ends are cut off: those are named by an expression, which groups are held against, too.
pub fn line_of_host(name: &str, is_group: bool) -> Option<String> {
    let is_cut = name.is_empty() || name.trim_matches(is_space) != name || name.contains(['\n', '\r']);
    if !is_cut && !name.starts_with(['&', '!']) {
        return Some(name.to_owned());
    }
    let mut line = "~".to_owned();
    for letter in name.chars() {
        let code = u32::from(letter);
        // Writing to a String cannot fail.
        let _ = match letter {
            _ if !is_space(letter) && !letter.is_control() => {
                write!(line, "{}", fancy_regex::escape(letter.encode_utf8(&mut [0; 4])))
            }
            _ if code <= 0xff => write!(line, "\\x{code:02x}"),
            _ => write!(line, "\\u{code:04x}"),
        };
    }
    line.push('$');
    (!is_group).then_some(line)
}

/// Whether a text can only be the name of a host or group.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.len() <= LONGEST_NAME && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_of_a_file_no_more_than_a_name_is_told() {
        let check = |text: &str, is_secret: bool, word: &str, named: &str| {
            let pattern = Pattern::of_line(text, &"f".into(), 3, is_secret);
            assert_eq!((pattern.word().as_str(), pattern.named().as_str()), (word, named), "{text}");
            assert_eq!(pattern.typed(), "@f");
        };
        let place = "line 3 of @f";
        check("web-1.example_x", false, "web-1.example_x", "'web-1.example_x' in line 3 of @f");
        for hidden in ["~web", "a b", "user:hunter2", "grün", "b64+/=", &"x".repeat(64)] {
            check(hidden, false, place, "in line 3 of @f");
        }
        check("web", true, place, "in line 3 of @f");
        assert_eq!(Pattern::from("~[".to_owned()).named(), "'~['");
    }
}
