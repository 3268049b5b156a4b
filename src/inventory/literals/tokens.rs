//! The tokens of a Python literal.

use super::{Refusal, numbers, strings};

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A number, unsigned.
    Number(numbers::Number),
    /// A string literal.
    Text {
        /// Its text, escapes resolved.
        text: String,
        /// Whether it had the prefix `b`: such strings join only with their like.
        bytes: bool,
    },
    /// A name: `True`, `None`, `set`.
    Name(String),
    /// One of `( ) [ ] { } , : + -`.
    Sign(char),
    /// `...`
    Ellipsis,
}

/// Splits a text into tokens; a comment ends it.
pub(super) fn split(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text;
    // Outside brackets a line end ends Python's expression; only comments and blank lines may follow.
    let mut depth = 0_usize;
    let mut ended = false;
    while let Some(first) = rest.chars().next() {
        match first {
            ' ' | '\t' | '\u{c}' => rest = rest.get(1..).unwrap_or_default(),
            '\n' | '\r' => {
                ended = ended || (depth == 0 && !tokens.is_empty());
                rest = rest.get(1..).unwrap_or_default();
                // A line that begins with blanks before the expression is an indentation error.
                if depth == 0 && tokens.is_empty() && rest.starts_with([' ', '\t']) && !rest.trim_start().is_empty() {
                    return Err(Refusal::NotALiteral);
                }
            }
            '\\' => {
                // An escaped line end joins two lines.
                let tail = rest.strip_prefix("\\\r\n").or_else(|| rest.strip_prefix("\\\n"));
                rest = tail.filter(|tail| !tail.is_empty()).ok_or(Refusal::NotALiteral)?;
            }
            '#' => rest = rest.find(['\n', '\r']).and_then(|end| rest.get(end..)).unwrap_or_default(),
            _ if ended => return Err(Refusal::NotALiteral),
            _ => {
                let (token, tail) = next(rest)?;
                match token {
                    Token::Sign('(' | '[' | '{') => depth += 1,
                    Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
                    _ => {}
                }
                tokens.push(token);
                rest = tail;
            }
        }
    }
    Ok(tokens)
}

fn next(rest: &str) -> Result<(Token, &str), Refusal> {
    if let Some(tail) = rest.strip_prefix("...") {
        return Ok((Token::Ellipsis, tail));
    }
    let first = rest.chars().next().ok_or(Refusal::NotALiteral)?;
    let second = rest.chars().nth(1);
    if first.is_ascii_digit() || (first == '.' && second.is_some_and(|next| next.is_ascii_digit())) {
        let (number, tail) = numbers::read(rest)?;
        return Ok((Token::Number(number), tail));
    }
    if let Some(read) = strings::read(rest) {
        let (text, bytes, tail) = read?;
        return Ok((Token::Text { text, bytes }, tail));
    }
    if matches!(first, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ':' | '+' | '-') {
        return Ok((Token::Sign(first), rest.get(1..).unwrap_or_default()));
    }
    if first.is_alphabetic() || first == '_' {
        let end = rest.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        return Ok((Token::Name(name.to_owned()), tail));
    }
    Err(Refusal::NotALiteral)
}
