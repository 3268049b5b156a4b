//! What a plain scalar is in YAML 1.1, as `PyYAML` resolves it: `yes` is true, `0777` octal, `12:30` is 750, `1e3` text.

use super::timestamps;
use crate::inventory::literals::{MAX_DIGITS, decimal_of};
use crate::inventory::value::Value;

/// A plain scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    /// A value.
    Value(Value),
    /// `<<`: as a key, it merges other mappings.
    Merge,
    /// `=`: as a key, text; as a value, nothing `PyYAML` can read.
    Equals,
}

/// Resolves a plain scalar; `Err` says why a number or date that looks like one is none.
pub(super) fn plain(text: &str) -> Result<Plain, String> {
    // Every other first character begins text.
    let Some(first) = text.bytes().next() else { return Ok(Plain::Value(Value::Null)) };
    let value = match first {
        b'=' if text == "=" => return Ok(Plain::Equals),
        b'<' if text == "<<" => return Ok(Plain::Merge),
        b'~' | b'n' | b'N' if is_null(text) => Some(Value::Null),
        b'a'..=b'z' | b'A'..=b'Z' => boolean(text).map(Value::Bool),
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text)?,
        _ => None,
    };
    Ok(Plain::Value(value.unwrap_or_else(|| Value::from(text))))
}

fn is_null(text: &str) -> bool {
    matches!(text, "~" | "null" | "Null" | "NULL" | "")
}

/// `yes`, `No`, `TRUE` and the like; `y` and `n` are text.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Result<Option<Value>, String> {
    if let Some(integer) = integer(text) {
        return integer.map(Some);
    }
    if let Some(float) = float(text) {
        return Ok(Some(Value::Float(float)));
    }
    timestamps::iso(text).map(|told| told.map(Value::Timestamp)).transpose()
}

/// An integer; `None` = no integer, an error for one that nobody can convert.
pub(super) fn integer(text: &str) -> Option<Result<Value, String>> {
    let (is_negative, body) = sign(text);
    let digits = |radix: u32, digits: &str| {
        let digits: String = digits.chars().filter(|digit| *digit != '_').collect();
        if digits.is_empty() {
            return Err(format!("`{text}` has no digits"));
        }
        decimal(&digits, radix)
    };
    let magnitude = if let Some(bits) = numeral(body, "0b", |digit| matches!(digit, '0' | '1')) {
        digits(2, bits)
    } else if let Some(hex) = numeral(body, "0x", |digit| digit.is_ascii_hexdigit()) {
        digits(16, hex)
    } else if numeral(body, "0", |digit| matches!(digit, '0'..='7')).is_some() {
        digits(8, body)
    } else if body == "0" {
        Ok("0".to_owned())
    } else if !body.starts_with(|first: char| matches!(first, '1'..='9')) {
        return None;
    } else if body.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        digits(10, body)
    } else {
        sexagesimal(body)?
    };
    Some(magnitude.map(|magnitude| {
        let sign = if is_negative && magnitude != "0" { "-" } else { "" };
        Value::Integer(format!("{sign}{magnitude}"))
    }))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// What follows a prefix, if there is something and it is all digits and underscores.
fn numeral<'t>(body: &'t str, prefix: &str, is_digit: impl Fn(char) -> bool) -> Option<&'t str> {
    let digits = body.strip_prefix(prefix)?;
    (!digits.is_empty() && digits.chars().all(|digit| digit == '_' || is_digit(digit))).then_some(digits)
}

/// Canonical decimal text.
fn decimal(digits: &str, radix: u32) -> Result<String, String> {
    let significant = digits.trim_start_matches('0');
    let decimal = match radix {
        10 if significant.is_empty() => "0".to_owned(),
        10 => significant.to_owned(),
        // More digits than the decimal text may have make a longer one.
        _ if significant.len() > MAX_DIGITS * 4 => significant.to_owned(),
        _ => decimal_of(significant, radix),
    };
    if decimal.len() > MAX_DIGITS {
        return Err(format!("an integer may have {MAX_DIGITS} digits, this one has more"));
    }
    Ok(decimal)
}

/// `190:20:30` to base 60; `None` = it is none.
fn sexagesimal(body: &str) -> Option<Result<String, String>> {
    let mut parts = body.split(':');
    let first = parts.next().filter(|first| first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_'))?;
    let parts: Vec<u128> = parts.map(sixtieth).collect::<Option<_>>()?;
    if parts.is_empty() {
        return None;
    }
    let first: Option<u128> = first.replace('_', "").parse().ok();
    let value = first.and_then(|first| {
        parts.iter().try_fold(first, |value, part| value.checked_mul(60).and_then(|value| value.checked_add(*part)))
    });
    Some(value.map(|value| value.to_string()).ok_or_else(|| "a number to base 60 of this size is not read".to_owned()))
}

/// `[0-5]?[0-9]`.
fn sixtieth(part: &str) -> Option<u128> {
    let is_one = match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => matches!(ten, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    };
    is_one.then(|| part.parse().ok()).flatten()
}

/// A float; `None` = no float.
pub(super) fn float(text: &str) -> Option<f64> {
    let (is_negative, body) = sign(text);
    let signed = |value: f64| if is_negative { -value } else { value };
    match body {
        ".inf" | ".Inf" | ".INF" => return Some(signed(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if body.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let (whole, fraction) = body.split_once('.')?;
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if let Some((_, parts)) = whole.split_once(':') {
        if !is_digits(fraction) || !whole.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        return float_of_sixties(whole, parts, fraction).map(signed);
    }
    let (fraction, exponent) = match fraction.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (fraction, None),
    };
    let is_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']);
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let starts = |digits: &str| digits.starts_with(|first: char| first.is_ascii_digit());
    let is_whole = starts(whole) && is_digits(whole);
    // Without a whole part there is no sign, and there are digits.
    let is_fraction_alone = whole.is_empty() && body.len() == text.len() && starts(fraction);
    if !(is_whole || is_fraction_alone) || !is_digits(fraction) || !is_exponent {
        return None;
    }
    body.replace('_', "").parse().ok().map(signed)
}

fn float_of_sixties(whole: &str, parts: &str, fraction: &str) -> Option<f64> {
    let first = whole.split(':').next().unwrap_or_default();
    if !first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    parts.split(':').try_for_each(|part| sixtieth(part).map(|_| ()))?;
    // Summed from the last part on, as PyYAML does: the digits of the result depend on it.
    let text = format!("{whole}.{fraction}").replace('_', "");
    let mut base = 1.0;
    let mut value = 0.0;
    for part in text.rsplit(':') {
        value += part.parse::<f64>().ok()? * base;
        base *= 60.0;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::json;

    #[test]
    fn plain_scalars_are_those_of_yaml_1_1() {
        let check = |text: &str, expected: &str| {
            let found = match plain(text) {
                Ok(Plain::Value(value)) => json::compact(&value),
                other => format!("{other:?}"),
            };
            assert_eq!(found, expected, "{text}");
        };
        check("", "null");
        check("NULL", "null");
        check("yes", "true");
        check("Off", "false");
        check("y", "\"y\"");
        check("0777", "511");
        check("-0b1_1", "-3");
        check("0x1F", "31");
        check("0o17", "\"0o17\"");
        check("08", "\"08\"");
        check("1_000", "1000");
        check("12:30", "750");
        check("12:60", "\"12:60\"");
        check("1:30.5", "90.5");
        check("1e3", "\"1e3\"");
        check("1.0e+3", "1000.0");
        check("1.0e3", "\"1.0e3\"");
        check("-.5", "\"-.5\"");
        check(".5", "0.5");
        check("-.inf", "-Infinity");
        check("-.nan", "\"-.nan\"");
        check("1.2.3", "\"1.2.3\"");
        check("10.0.0.1", "\"10.0.0.1\"");
        check("2024-02-03", "\"2024-02-03\"");
        check("2024-02-30", "Err(\"`2024-02-30` is no day of the calendar\")");
        check("0b_", "Err(\"`0b_` has no digits\")");
        check("<<", "Ok(Merge)");
        check("=", "Ok(Equals)");
    }

    #[test]
    fn a_number_of_any_length_ends_soon() {
        for prefix in ["", "0x", "0", "0b"] {
            assert!(plain(&format!("{prefix}1{}", "1".repeat(1 << 20))).is_err(), "{prefix}");
        }
        assert!(plain(&format!("1{}", ":59".repeat(1 << 20))).is_err());
        assert!(matches!(plain(&format!("1{}.", ":59".repeat(1 << 20))), Ok(Plain::Value(Value::Float(_)))));
    }
}
