//! Python string literals: prefixes, triple quotes, escapes.

use super::Refusal;

/// What follows a string literal: its text, whether it is of bytes, the rest.
type Read<'a> = Result<(String, bool, &'a str), Refusal>;

/// Reads a string literal at the start of `rest`; `None` = there is none.
pub(super) fn read(rest: &str) -> Option<Read<'_>> {
    // A prefix has two letters at most; looking further would make a long text quadratic.
    let quote_at = rest.bytes().take(3).position(|byte| matches!(byte, b'\'' | b'"'))?;
    let (prefix, quoted) = rest.split_at(quote_at);
    let (raw, bytes) = match prefix.to_ascii_lowercase().as_str() {
        "" | "u" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" | "rb" => (true, true),
        _ => return None,
    };
    Some(read_quoted(quoted, raw, bytes))
}

fn read_quoted(quoted: &str, raw: bool, bytes: bool) -> Read<'_> {
    let quote = quoted.chars().next().ok_or(Refusal::NotALiteral)?;
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let (body, closing) = match quoted.strip_prefix(&triple) {
        Some(body) => (body, triple.as_str()),
        None => (quoted.get(1..).unwrap_or_default(), triple.get(..1).unwrap_or_default()),
    };
    let end = closing_at(body, closing)?;
    let (inside, tail) = body.split_at(end);
    let tail = tail.strip_prefix(closing).unwrap_or_default();
    if bytes && !inside.is_ascii() {
        return Err(Refusal::NotALiteral);
    }
    let text = if raw { inside.to_owned() } else { unescape(inside, bytes)? };
    Ok((text, bytes, tail))
}

/// Where the closing quote begins: a backslash hides the character after it, in raw strings too.
fn closing_at(body: &str, closing: &str) -> Result<usize, Refusal> {
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        if body.get(at..).is_some_and(|rest| rest.starts_with(closing)) {
            return Ok(at);
        }
        if character == '\\' {
            characters.next();
        } else if matches!(character, '\n' | '\r') && closing.len() == 1 {
            break;
        }
    }
    Err(Refusal::NotALiteral)
}

/// Resolves the escapes; unknown ones keep their backslash, malformed ones make the whole thing no literal.
fn unescape(inside: &str, bytes: bool) -> Result<String, Refusal> {
    // Bytes become text by UTF-8, so they are gathered as bytes; the characters of text are gathered as UTF-8 too.
    let mut out: Vec<u8> = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before.as_bytes());
        let mut characters = escape.chars();
        characters.next();
        let Some(kind) = characters.next() else { return Err(Refusal::NotALiteral) };
        let tail = characters.as_str();
        let simple = match kind {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'v' => Some('\u{b}'),
            '\\' | '\'' | '"' => Some(kind),
            _ => None,
        };
        rest = match (simple, kind) {
            (Some(character), _) => {
                push(&mut out, character);
                tail
            }
            (None, '\n') => tail,
            (None, '0'..='7') => {
                let digits = escape.get(1..).unwrap_or_default();
                let length = digits.chars().take(3).take_while(|digit| ('0'..='7').contains(digit)).count();
                push_code(&mut out, digits, length, 8, bytes)?
            }
            (None, 'x') => push_code(&mut out, tail, 2, 16, bytes)?,
            (None, 'u') if !bytes => push_code(&mut out, tail, 4, 16, false)?,
            (None, 'U') if !bytes => push_code(&mut out, tail, 8, 16, false)?,
            (None, 'N') if !bytes => push_named(&mut out, tail)?,
            (None, other) => {
                out.push(b'\\');
                push(&mut out, other);
                tail
            }
        };
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(String::from_utf8(out).unwrap_or_else(|failed| String::from_utf8_lossy(failed.as_bytes()).into_owned()))
}

/// The characters that people name. Unicode's whole list of names would be larger than this program's other tables
/// together; a name that is not here leaves the value as it is written, as an unknown name does in Python.
const NAMED: [(&str, char); 16] = [
    ("BULLET", '\u{2022}'),
    ("COPYRIGHT SIGN", '\u{a9}'),
    ("DEGREE SIGN", '\u{b0}'),
    ("EM DASH", '\u{2014}'),
    ("EN DASH", '\u{2013}'),
    ("EURO SIGN", '\u{20ac}'),
    ("HORIZONTAL ELLIPSIS", '\u{2026}'),
    ("LEFT DOUBLE QUOTATION MARK", '\u{201c}'),
    ("MICRO SIGN", '\u{b5}'),
    ("MIDDLE DOT", '\u{b7}'),
    ("NO-BREAK SPACE", '\u{a0}'),
    ("RIGHT DOUBLE QUOTATION MARK", '\u{201d}'),
    ("RIGHT SINGLE QUOTATION MARK", '\u{2019}'),
    ("RIGHTWARDS ARROW", '\u{2192}'),
    ("SNOWMAN", '\u{2603}'),
    ("ZERO WIDTH SPACE", '\u{200b}'),
];

/// Takes `{NAME}` off `tail`, appends the character of that name, and gives the rest.
fn push_named<'a>(out: &mut Vec<u8>, tail: &'a str) -> Result<&'a str, Refusal> {
    let (name, rest) = tail.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or(Refusal::NotALiteral)?;
    let named = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, character) = named.ok_or(Refusal::NotALiteral)?;
    push(out, *character);
    Ok(rest)
}

fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Takes `length` digits off `digits`, appends the character (or byte) they name, and gives the rest.
fn push_code<'a>(
    out: &mut Vec<u8>,
    digits: &'a str,
    length: usize,
    radix: u32,
    bytes: bool,
) -> Result<&'a str, Refusal> {
    let code = digits.get(..length).filter(|code| code.chars().all(|digit| digit.is_digit(radix)));
    let code = code.and_then(|code| u32::from_str_radix(code, radix).ok()).ok_or(Refusal::NotALiteral)?;
    if bytes {
        out.extend_from_slice(&(code & 0xff).to_le_bytes()[..1]);
    } else if code > 0x0010_ffff {
        return Err(Refusal::NotALiteral);
    } else {
        // Lone surrogates are text for Python but not for us.
        push(out, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(digits.get(length..).unwrap_or_default())
}
