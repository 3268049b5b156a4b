//! The bytes of an inventory file as text: byte order mark, bytes that are not UTF-8.

use std::sync::Arc;

use super::diagnostics::{Diagnostic, Span};
use super::excerpts::{Section, of_ini};

/// The text of a file and what there is to say about its bytes. Ansible keeps a byte order mark and foreign bytes in
/// names; here the mark goes and foreign bytes become `U+FFFD`, with a word about it unless they stand in a comment.
pub fn decode(bytes: &[u8], file: &Arc<str>) -> (String, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let body = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(body) => {
            diagnostics.push(Diagnostic::note("the byte order mark at its beginning is ignored").in_file(file));
            body
        }
        None => bytes,
    };
    let Err(first) = std::str::from_utf8(body) else {
        return (String::from_utf8_lossy(body).into_owned(), diagnostics);
    };
    let text = String::from_utf8_lossy(body).into_owned();
    if let Some(span) = first_foreign_byte(&text) {
        let message = format!("is not UTF-8 (byte {} is the first that is not)", first.valid_up_to() + 1);
        let hint = "Its foreign bytes are read as U+FFFD; save the file as UTF-8";
        diagnostics.push(Diagnostic::warning(message).in_file(file).at(span).with_hint(hint));
    }
    (text, diagnostics)
}

/// The first replaced byte outside comments.
fn first_foreign_byte(text: &str) -> Option<Span> {
    let mut section = Section::Hosts;
    text.split('\n').enumerate().find_map(|(index, line)| {
        let stripped = line.trim();
        if stripped.starts_with('[') {
            section = if stripped.contains(":vars]") { Section::Settings } else { Section::Hosts };
        }
        let at = line.chars().position(|character| character == char::REPLACEMENT_CHARACTER)?;
        let is_comment = stripped.starts_with(['#', ';']);
        (!is_comment).then(|| Span { line: index + 1, column: at + 1, length: 1, excerpt: of_ini(line, section) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_bytes_are_named_unless_they_stand_in_a_comment() {
        let check = |bytes: &[u8], text: &str, said: usize| {
            let (found, diagnostics) = decode(bytes, &Arc::from("hosts"));
            assert_eq!((found.as_str(), diagnostics.len()), (text, said));
        };
        check(b"h1\n", "h1\n", 0);
        check(b"\xef\xbb\xbfh1\n", "h1\n", 1);
        check(b"# caf\xe9\nh1\n", "# caf\u{fffd}\nh1\n", 0);
        check(b"h1 k=caf\xe9\n", "h1 k=caf\u{fffd}\n", 1);
    }
}
