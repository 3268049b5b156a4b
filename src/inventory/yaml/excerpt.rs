//! The text of a file, and its lines for diagnostics: secrets never reach them.

use super::node::Place;
use crate::inventory::diagnostics::{
    Diagnostic, Span, hidden, is_secret, named_secret, secret_at, without_secrets, without_values,
};

/// Of a longer line the beginning is shown, in characters: JSON may be all on one.
const LONGEST_LINE: usize = 240;

/// The text of the bytes without byte order mark; what is no UTF-8 or holds control characters is an error.
pub(super) fn decoded(bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let place = end_of(&String::from_utf8_lossy(valid));
        let known = String::from_utf8_lossy(valid);
        let error = Diagnostic::error("a byte that is not UTF-8").at(span(&known, place));
        Box::new(error.with_hint("Save the file as UTF-8"))
    })?;
    match text.char_indices().find(|(_, character)| is_refused(*character)) {
        None => Ok(text),
        Some((at, character)) => {
            let place = end_of(text.get(..at).unwrap_or_default());
            let message = format!("the control character U+{:04X} cannot stand in YAML", u32::from(character));
            let error = Diagnostic::error(message).at(span(text, place));
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

/// A place with its line; the length is cut at the end of the line, secrets are replaced character by character.
pub(super) fn span(text: &str, place: Place) -> Span {
    let line = lines(text).nth(place.line.saturating_sub(1)).unwrap_or_default();
    let width = line.chars().count();
    let column = place.column.clamp(1, width + 1);
    // The colon behind the name of a secret may be what is missing.
    let shown = || without_values(&without_secrets(line));
    let excerpt = if is_below_secret(text, place.line) { hidden(line) } else { shown() };
    let excerpt = if width > LONGEST_LINE { beginning(&excerpt, column) } else { excerpt };
    Span { line: place.line, column, length: place.length.min(width + 1 - column), excerpt }
}

/// What is shown of a longer line: nothing, where the place would not be in it.
fn beginning(line: &str, column: usize) -> String {
    if column > LONGEST_LINE {
        return String::new();
    }
    line.chars().take(LONGEST_LINE).chain(['…']).collect()
}

/// Whether what stands at a place is, or may be, a secret or a part of one.
pub(super) fn is_secret_at(text: &str, place: Place) -> bool {
    let line = lines(text).nth(place.line.saturating_sub(1)).unwrap_or_default();
    let before = [secret_at(line), named_secret(line)].into_iter().flatten().min();
    let before = before.and_then(|at| line.get(..at)).map(|before| before.chars().count());
    before.is_some_and(|before| place.column > before) || is_below_secret(text, place.line)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    // As the parser counts them: LF, CR LF, CR.
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Whether one of the keys that a line is below, told by the indentation, is that of a secret.
fn is_below_secret(text: &str, number: usize) -> bool {
    let above: Vec<&str> = lines(text).take(number).collect();
    let mut above = above.into_iter().rev();
    let mut indent = above.next().map(indentation).unwrap_or_default();
    for line in above.filter(|line| !line.trim().is_empty()) {
        if indent == 0 {
            return false;
        }
        let own = indentation(line);
        if own >= indent {
            continue;
        }
        indent = own;
        if without_secrets(line) != line || secret_at(line).is_some() || is_secret(line.trim()) {
            return true;
        }
    }
    false
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_reach_an_excerpt() {
        let check = |text: &str, line: usize, expected: &str| {
            assert_eq!(span(text, Place { line, column: 1, length: 1 }).excerpt, expected);
        };
        check("ansible_port: 22", 1, "ansible_port: 22");
        check("ansible_password: s3cr:t x", 1, "ansible_password: ****** *");
        check("h1: {a: 1, \"ansible_password\" : s3cr, b: 1}", 1, "h1: {a: 1, \"ansible_password\" : ***** ** **");
        check("key_file: x\nansible_private_key_file: /k", 2, "ansible_private_key_file: /k");
        check("api_token: |\n  one\n  two\nport: 1", 3, "  ***");
        check("api_token: |\n  one\n  two\nport: 1", 4, "port: 1");
        check("a:\n  db_secrets:\n\n    - x: y\nport: 1", 4, "    * ** *");
        check("a:\n  secret: x\n  port: 1", 3, "  port: 1");
        // A colon was forgotten.
        check("ansible_password hunter2", 1, "ansible_password *******");
        check("a: 1\n  \"ansible_password\" hun ter", 2, "  \"ansible_password\" *** ***");
        check("ansible_password\n  hunter2", 2, "  *******");
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
