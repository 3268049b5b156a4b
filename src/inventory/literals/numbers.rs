//! Python's number literals.

use super::Refusal;
use crate::inventory::float_text;

/// Python refuses to convert longer decimal integers.
pub(crate) const MAX_DIGITS: usize = 4300;

/// An unsigned number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    /// Canonical decimal digits.
    Integer(String),
    /// A float.
    Float(f64),
    /// The imaginary part of a complex number.
    Imaginary(f64),
}

/// Reads a number at the start of `rest`, which begins with a digit or with a dot and a digit.
pub(super) fn read(rest: &str) -> Result<(Number, &str), Refusal> {
    let prefix = rest.get(..2).unwrap_or_default().to_ascii_lowercase();
    let radix = match prefix.as_str() {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return read_decimal(rest),
    };
    let body = rest.get(2..).unwrap_or_default();
    // One underscore may follow the prefix.
    let body = body.strip_prefix('_').unwrap_or(body);
    let (digits, tail) = digits(body, radix)?;
    refuse_glued(tail)?;
    let text = decimal_of(&digits, radix);
    if text.len() > MAX_DIGITS {
        return Err(Refusal::NotALiteral);
    }
    Ok((Number::Integer(text), tail))
}

fn read_decimal(rest: &str) -> Result<(Number, &str), Refusal> {
    let (whole, mut tail) = if rest.starts_with('.') { (String::new(), rest) } else { digits(rest, 10)? };
    let mut text = whole.clone();
    let mut is_float = false;
    if let Some(after) = tail.strip_prefix('.') {
        is_float = true;
        text.push('.');
        tail = after;
        if after.starts_with(|next: char| next.is_ascii_digit()) {
            let (fraction, after) = digits(after, 10)?;
            text.push_str(&fraction);
            tail = after;
        }
    }
    if let Some(after) = tail.strip_prefix(['e', 'E']) {
        let (sign, unsigned) = match after.strip_prefix(['+', '-']) {
            Some(unsigned) => (after.get(..1).unwrap_or_default(), unsigned),
            None => ("", after),
        };
        let (exponent, after) = digits(unsigned, 10)?;
        is_float = true;
        text.push('e');
        text.push_str(sign);
        text.push_str(&exponent);
        tail = after;
    }
    if let Some(after) = tail.strip_prefix(['j', 'J']) {
        refuse_glued(after)?;
        return Ok((Number::Imaginary(float(&text)?), after));
    }
    refuse_glued(tail)?;
    if is_float {
        return Ok((Number::Float(float(&text)?), tail));
    }
    let significant = whole.trim_start_matches('0');
    let leading_zeros = whole.len() > 1 && significant.len() < whole.len() && !significant.is_empty();
    if leading_zeros || whole.len() > MAX_DIGITS {
        return Err(Refusal::NotALiteral);
    }
    let canonical = if significant.is_empty() { "0" } else { significant };
    Ok((Number::Integer(canonical.to_owned()), tail))
}

fn float(text: &str) -> Result<f64, Refusal> {
    text.parse().map_err(|_| Refusal::NotALiteral)
}

/// The digits at the start, single underscores between them left out.
fn digits(rest: &str, radix: u32) -> Result<(String, &str), Refusal> {
    let mut found = String::new();
    let mut end = 0;
    let mut after_underscore = true;
    for character in rest.chars() {
        if character.is_digit(radix) {
            found.push(character);
            after_underscore = false;
        } else if character == '_' && !after_underscore {
            after_underscore = true;
        } else {
            break;
        }
        end += character.len_utf8();
    }
    if after_underscore {
        return Err(Refusal::NotALiteral);
    }
    Ok((found, rest.get(end..).unwrap_or_default()))
}

/// A number with a letter or digit glued to it is no number.
fn refuse_glued(tail: &str) -> Result<(), Refusal> {
    match tail.chars().next() {
        Some(next) if next.is_alphanumeric() || next == '_' => Err(Refusal::NotALiteral),
        _ => Ok(()),
    }
}

/// The decimal text of digits of another radix; of more than [`MAX_DIGITS`] digits only that they are too many counts.
pub(crate) fn decimal_of(digits: &str, radix: u32) -> String {
    // Little-endian groups of nine decimal digits.
    const GROUP: u64 = 1_000_000_000;
    let mut groups: Vec<u64> = vec![0];
    for digit in digits.chars().filter_map(|digit| digit.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for group in &mut groups {
            let scaled = *group * u64::from(radix) + carry;
            *group = scaled % GROUP;
            carry = scaled / GROUP;
        }
        if carry > 0 {
            groups.push(carry);
        }
        if groups.len() * 9 > MAX_DIGITS + 9 {
            break;
        }
    }
    let mut groups = groups.iter().rev();
    let first = groups.next().map(u64::to_string).unwrap_or_default();
    groups.fold(first, |text, group| format!("{text}{group:09}"))
}

/// The text of a complex number, as Python writes it: `3j`, `(1+2j)`.
pub(super) fn complex_text(real: Option<f64>, imaginary: f64) -> String {
    let part = |value: f64| {
        let text = float_text::python(value);
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    };
    // Python leaves out a real part of +0, not one of -0.
    match real.filter(|real| *real != 0.0 || real.is_sign_negative()) {
        None => format!("{}j", part(imaginary)),
        Some(real) => {
            let sign = if imaginary.is_sign_negative() { "" } else { "+" };
            format!("({}{sign}{}j)", part(real), part(imaginary))
        }
    }
}
