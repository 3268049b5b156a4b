//! Requests as lines that a shell and curl take: secrets by the names of their variables, files by their names.

use super::draft::Attachment;
use super::request::{Body, Method, Piece, Request, Text};
use super::site::Variable;

/// The lines of a request. Characters of JSON that are told to act on a terminal are written as JSON escapes them.
pub fn lines(request: &Request, acts: fn(char) -> bool) -> Vec<String> {
    let mut first = "curl --fail-with-body -sS".to_owned();
    if request.method != Method::Get {
        first = format!("{first} -X {}", request.method.word());
    }
    let mut lines = vec![format!("{first} {}", text(&request.url))];
    for (name, value) in &request.headers {
        lines.push(match value.0.as_slice() {
            [Piece::Plain(basic), Piece::Basic(user, password)] if basic == "Basic " => {
                format!("-u \"${}:${}\"", user.name(), password.name())
            }
            _ => format!("-H {}", text(&Text([vec![Piece::Plain(format!("{name}: "))], value.0.clone()].concat()))),
        });
    }
    match &request.body {
        Body::None => {}
        Body::Text(media, body) => {
            lines.push(format!("-H 'Content-Type: {media}'"));
            let body = if media.ends_with("json") { escaped(body, acts) } else { body.clone() };
            lines.push(format!("--data-binary {}", text(&body)));
        }
        Body::File(file) => {
            lines.push(format!("-H 'Content-Type: {}'", file.media));
            lines.push(format!("--data-binary @{}", quoted(&file.name)));
        }
        Body::Form { fields, name, file } => {
            lines.extend(
                fields.iter().map(|(field, value)| format!("--form-string {}", quoted(&format!("{field}={value}")))),
            );
            lines.push(format!("-F {}", quoted(&format!("{name}=@{};type={}", file.name, file.media))));
        }
    }
    let last = lines.len().saturating_sub(1);
    let end = |index: usize| if index == last { "" } else { " \\" };
    let indent = |index: usize| if index == 0 { "" } else { "  " };
    lines.iter().enumerate().map(|(index, line)| format!("{}{line}{}", indent(index), end(index))).collect()
}

/// JSON that is the same to whoever reads it as JSON.
fn escaped(json: &Text, acts: fn(char) -> bool) -> Text {
    let escape = |plain: &String| {
        let mut shown = String::with_capacity(plain.len());
        for character in plain.chars() {
            // Outside of strings there are line ends, and in them there are none.
            if acts(character) && !character.is_ascii() {
                let mut units = [0; 2];
                character.encode_utf16(&mut units).iter().for_each(|unit| shown.extend([format!("\\u{unit:04x}")]));
            } else {
                shown.push(character);
            }
        }
        shown
    };
    let piece = |piece: &Piece| match piece {
        Piece::Plain(plain) => Piece::Plain(escape(plain)),
        other => other.clone(),
    };
    Text(json.0.iter().map(piece).collect())
}

/// A text as one word of a shell.
fn text(text: &Text) -> String {
    let value = |variable: &Variable| format!("\"${}\"", variable.name());
    let base64 = |file: &Attachment| format!("\"$(base64 -w 0 {})\"", quoted(&file.name));
    let mut pieces: Vec<Piece> = Vec::new();
    for piece in &text.0 {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Plain(last)), Piece::Plain(more)) => last.push_str(more),
            _ => pieces.push(piece.clone()),
        }
    }
    let words: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Plain(plain) => quoted(plain),
            Piece::Secret(variable) => value(variable),
            Piece::Basic(user, password) => {
                format!("\"$(printf %s \"${}:${}\" | base64 -w 0)\"", user.name(), password.name())
            }
            Piece::Base64(file) => base64(file),
        })
        .collect();
    words.concat()
}

/// A word between quotes; what acts on a terminal cannot be in it, for everything remote was escaped before.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
