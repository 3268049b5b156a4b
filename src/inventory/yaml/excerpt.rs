//! The text of a file, and its lines for diagnostics: secrets never reach them.

use super::node::Place;
use crate::inventory::diagnostics::{Diagnostic, Span};
use crate::inventory::excerpts::{Syntax, of_document};

/// Of a longer line the beginning is shown, in characters: JSON may be all on one.
const LONGEST_LINE: usize = 240;

/// The text of the bytes without byte order mark; what is no UTF-8 or holds control characters is an error.
pub(super) fn decoded(bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let place = end_of(&String::from_utf8_lossy(valid));
        let known = String::from_utf8_lossy(valid);
        let error = Diagnostic::error("a byte that is not UTF-8").at(span(&known, place, false));
        Box::new(error.with_hint("Save the file as UTF-8"))
    })?;
    match text.char_indices().find(|(_, character)| is_refused(*character)) {
        None => Ok(text),
        Some((at, character)) => {
            let place = end_of(text.get(..at).unwrap_or_default());
            let message = format!("the control character U+{:04X} cannot stand in YAML", u32::from(character));
            let error = Diagnostic::error(message).at(span(text, place, false));
            Err(Box::new(error.with_hint("Write it as an escape in double quotes")))
        }
    }
}

/// Characters that no YAML 1.1 text may hold.
fn is_refused(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// The place right after a text.
fn end_of(before: &str) -> Place {
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, length: 1 }
}

/// A place with its line; the length is cut at the end of the line, values are replaced character by character.
pub(super) fn span(text: &str, place: Place, is_toml: bool) -> Span {
    let (above, line) = line_at(text, place.line);
    let width = line.chars().count();
    let column = place.column.clamp(1, width + 1);
    let excerpt = match beginning(line) {
        _ if width > LONGEST_LINE && column > LONGEST_LINE => String::new(),
        begun if width > LONGEST_LINE => of_document(above, begun, syntax(text, is_toml)) + "…",
        line => of_document(above, line, syntax(text, is_toml)),
    };
    Span { line: place.line, column, length: place.length.min(width + 1 - column), excerpt }
}

/// Whether a value stands in a place, or before it in its line.
pub(super) fn is_value_at(text: &str, place: Place) -> bool {
    let (above, line) = line_at(text, place.line);
    let line = beginning(line);
    let shown = of_document(above, line, syntax(text, false));
    let first = line.chars().zip(shown.chars()).position(|(one, other)| one != other);
    // What hides a value may begin as that does.
    let end = place.column.saturating_add(place.length);
    place.column > LONGEST_LINE || first.is_some_and(|first| first < end)
}

fn syntax(text: &str, is_toml: bool) -> Syntax {
    match text.trim_start() {
        _ if is_toml => Syntax::Toml,
        text if text.starts_with(['{', '[']) => Syntax::Json,
        _ => Syntax::Yaml,
    }
}

/// What is shown of a longer line, where the place is in it.
fn beginning(line: &str) -> &str {
    line.char_indices().nth(LONGEST_LINE).and_then(|(end, _)| line.get(..end)).unwrap_or(line)
}

/// The text before a line, and the line, as the parser counts them: LF, CR LF and CR end one.
fn line_at(text: &str, number: usize) -> (&str, &str) {
    let mut start = 0;
    for _ in 1..number {
        let rest = text.get(start..).unwrap_or_default();
        let Some(end) = rest.find(['\n', '\r']) else { return (text, "") };
        let is_pair = rest.get(end..).is_some_and(|end| end.starts_with("\r\n"));
        start += end + if is_pair { 2 } else { 1 };
    }
    let (above, rest) = text.split_at_checked(start).unwrap_or((text, ""));
    (above, rest.split(['\n', '\r']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_that_is_longer_the_beginning_is_shown_where_the_place_is_in_it() {
        let text = format!("a: {}\nb: 1", "x".repeat(300));
        let excerpt = |line, column| span(&text, Place { line, column, length: 1 }, false).excerpt;
        assert_eq!(excerpt(1, 4), format!("a: {}…", "*".repeat(LONGEST_LINE - 3)));
        assert_eq!((excerpt(1, 250).as_str(), excerpt(2, 1).as_str()), ("", "b: *"));
    }

    #[test]
    fn lines_are_counted_as_the_parser_counts_them() {
        let text = "a\r\nb\rc\n\nd";
        let found: Vec<_> = (1..=6).map(|number| line_at(text, number).1).collect();
        assert_eq!(found, ["a", "b", "c", "", "d", ""]);
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_place() {
        let check = |bytes: &[u8], expected: (usize, usize, &str)| {
            let error = decoded(bytes).expect_err("an error");
            let span = error.span.expect("a place");
            assert_eq!((span.line, span.column, error.message.as_str()), expected);
        };
        check(b"a: 1\nb: caf\xe9\n", (2, 7, "a byte that is not UTF-8"));
        check(b"a: \x07\n", (1, 4, "the control character U+0007 cannot stand in YAML"));
        assert_eq!(decoded(b"\xef\xbb\xbfa"), Ok("a"));
    }
}
