//! Filters of texts, numbers and paths as Ansible and Jinja2 have them, and methods of Python's texts.

#![expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, State, Value as Jinja};
use sha2::Digest;

use super::environment::{filter, text_of};
use super::error::TemplateError;
use super::{Surroundings, convert, failure};
use crate::inventory::json;
use crate::inventory::shell_words::quoted;
use crate::inventory::value::Value;

pub(super) fn add(environment: &mut Environment<'static>, surroundings: &Arc<dyn Surroundings>) {
    filter(environment, "ternary", ternary);
    filter(environment, "bool", |state: &State<'_, '_>, value: &Jinja| truth(state, value));
    filter(environment, "int", int);
    filter(environment, "float", float);
    filter(environment, "string", text_of);
    filter(environment, "join", join);
    filter(environment, "split", split);
    filter(environment, "to_json", |value: &Jinja| {
        Ok::<_, Error>(ascii(&json::compact(&convert::from_engine(value)?)))
    });
    filter(environment, "to_nice_json", |value: &Jinja| {
        Ok::<_, Error>(ascii(&json::pretty(&convert::from_engine(value)?)))
    });
    filter(environment, "from_json", from_json);
    filter(environment, "b64encode", |state: &State<'_, '_>, value: &Jinja| {
        Ok::<_, Error>(BASE64.encode(text_of(state, value)?))
    });
    filter(environment, "b64decode", base64_decoded);
    filter(environment, "hash", |state: &State<'_, '_>, value: &Jinja, kind: Option<&str>| {
        digest(&text_of(state, value)?, kind.unwrap_or("sha1"))
    });
    for name in ["sha1", "checksum"] {
        filter(environment, name, |state: &State<'_, '_>, value: &Jinja| digest(&text_of(state, value)?, "sha1"));
    }
    filter(environment, "quote", |state: &State<'_, '_>, value: &Jinja| {
        Ok::<_, Error>(quoted(&text_of(state, value)?))
    });
    filter(environment, "basename", |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned());
    filter(environment, "dirname", |path: &str| folder(path).to_owned());
    filter(environment, "splitext", split_extension);
    let machine = Arc::clone(surroundings);
    filter(environment, "expandvars", move |path: &str| {
        crate::inventory::paths::expanded(path, |name| machine.environment(name))
    });
    let machine = Arc::clone(surroundings);
    filter(environment, "expanduser", move |path: &str| match (path.strip_prefix('~'), machine.environment("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => path.to_owned(),
    });
}

fn failed(why: &str) -> Error {
    failure(TemplateError::Failed(why.to_owned()))
}

fn ternary(value: &Jinja, yes: Jinja, no: Jinja, none: Option<Jinja>) -> Jinja {
    match none.filter(|_| value.is_none()) {
        Some(none) => none,
        None if value.is_true() => yes,
        None => no,
    }
}

/// Ansible's idea of true; everything else is false.
fn truth(state: &State<'_, '_>, value: &Jinja) -> Result<bool, Error> {
    let text = text_of(state, value)?.to_lowercase();
    Ok(["yes", "on", "1", "true", "1.0"].contains(&text.as_str()))
}

/// Jinja2's `int`: what is no number is the default.
fn int(value: &Jinja, default: Option<Jinja>, base: Option<u32>, kwargs: Kwargs) -> Result<Jinja, Error> {
    let default = default.map_or_else(|| kwargs.get::<Option<Jinja>>("default"), |given| Ok(Some(given)))?;
    let base = base.map_or_else(|| kwargs.get::<Option<u32>>("base"), |given| Ok(Some(given)))?.unwrap_or(10);
    kwargs.assert_all_used()?;
    let number = match value.kind() {
        ValueKind::Undefined | ValueKind::Invalid => return Err(problem(value)),
        ValueKind::Bool => Some(i128::from(value.is_true())),
        ValueKind::Number if value.is_integer() => return Ok(value.clone()),
        ValueKind::Number => f64::try_from(value.clone()).ok().and_then(whole),
        ValueKind::String => value.as_str().and_then(|text| integer(text, base)),
        _ => None,
    };
    Ok(number.map_or_else(
        || default.unwrap_or_else(|| Jinja::from(0)),
        |number| i64::try_from(number).map_or_else(|_| Jinja::from(number), Jinja::from),
    ))
}

/// Python's `int(text, base)`, else the whole part of a float.
fn integer(text: &str, base: u32) -> Option<i128> {
    let text = text.trim().replace('_', "");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.trim_start_matches('+')), |digits| ("-", digits));
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        16 => "0x",
        _ => "",
    };
    let digits = digits.strip_prefix(prefix).unwrap_or(digits);
    if !(2..=36).contains(&base) {
        return None;
    }
    let number = i128::from_str_radix(&format!("{sign}{digits}"), base).ok();
    number.or_else(|| text.parse().ok().and_then(whole))
}

/// The whole part of a float.
fn whole(number: f64) -> Option<i128> {
    // Digits, so that nothing is lost or wrapped.
    if number.is_finite() { format!("{:.0}", number.trunc()).parse().ok() } else { None }
}

fn float(value: &Jinja, default: Option<Jinja>, kwargs: Kwargs) -> Result<Jinja, Error> {
    let default = default.map_or_else(|| kwargs.get::<Option<Jinja>>("default"), |given| Ok(Some(given)))?;
    kwargs.assert_all_used()?;
    let number = match value.kind() {
        ValueKind::Undefined | ValueKind::Invalid => return Err(problem(value)),
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        ValueKind::String => value.as_str().and_then(|text| text.trim().replace('_', "").parse().ok()),
        _ => None,
    };
    Ok(number.map_or_else(|| default.unwrap_or_else(|| Jinja::from(0.0)), Jinja::from))
}

/// Why a value is none.
fn problem(value: &Jinja) -> Error {
    if value.is_undefined() { Error::from(minijinja::ErrorKind::UndefinedError) } else { convert::error_in(value) }
}

fn join(state: &State<'_, '_>, value: &Jinja, separator: Option<&str>, kwargs: Kwargs) -> Result<String, Error> {
    let separator = separator.map_or_else(|| kwargs.get::<Option<&str>>("d"), |given| Ok(Some(given)))?;
    let attribute = kwargs.get::<Option<&str>>("attribute")?;
    kwargs.assert_all_used()?;
    let mut out = String::new();
    for (index, item) in value.try_iter()?.checked().enumerate() {
        let item = item?;
        if index > 0 {
            out.push_str(separator.unwrap_or_default());
        }
        let item = attribute.map_or(Ok(item.clone()), |attribute| item.get_attr(attribute))?;
        out.push_str(&text_of(state, &item)?);
        state.consume_fuel(1)?;
    }
    state.consume_fuel(u64::try_from(out.len() / 64).unwrap_or(u64::MAX))?;
    Ok(out)
}

fn split(text: &str, separator: Option<&str>, most: Option<usize>) -> Vec<String> {
    let limit = most.map_or(usize::MAX, |most| most.saturating_add(1));
    match separator.filter(|separator| !separator.is_empty()) {
        Some(separator) => text.splitn(limit, separator).map(str::to_owned).collect(),
        None => text.split_whitespace().map(str::to_owned).collect(),
    }
}

/// JSON as Python writes it by default: nothing but ASCII.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for character in text.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn from_json(text: &str) -> Result<Jinja, Error> {
    let parsed: serde_json::Value =
        serde_json::from_str(text).map_err(|_| failed("from_json was given what is no JSON"))?;
    Ok(convert::to_engine(&of_json(parsed)))
}

fn of_json(parsed: serde_json::Value) -> Value {
    match parsed {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) if number.is_f64() => Value::Float(number.as_f64().unwrap_or_default()),
        serde_json::Value::Number(number) => Value::Integer(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(of_json).collect()),
        serde_json::Value::Object(entries) => {
            Value::Mapping(entries.into_iter().map(|(key, item)| (key, of_json(item))).collect())
        }
    }
}

fn base64_decoded(text: &str) -> Result<String, Error> {
    let bytes = BASE64.decode(text.trim()).map_err(|_| failed("b64decode was given what is no Base64"))?;
    String::from_utf8(bytes).map_err(|_| failed("what b64decode was given is no text"))
}

fn digest(text: &str, kind: &str) -> Result<String, Error> {
    let bytes = match kind {
        "sha1" => sha1::Sha1::digest(text).to_vec(),
        "sha224" => sha2::Sha224::digest(text).to_vec(),
        "sha256" => sha2::Sha256::digest(text).to_vec(),
        "sha384" => sha2::Sha384::digest(text).to_vec(),
        "sha512" => sha2::Sha512::digest(text).to_vec(),
        _ => return Err(failed("hash is known for sha1, sha224, sha256, sha384 and sha512 only")),
    };
    let digits = bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect())
}

/// Python's `os.path.dirname`.
fn folder(path: &str) -> &str {
    let (folder, _) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    let bare = folder.trim_end_matches('/');
    if bare.is_empty() { folder } else { bare }
}

/// Python's `os.path.splitext`.
fn split_extension(path: &str) -> Vec<String> {
    let name_starts = path.rfind('/').map_or(0, |slash| slash + 1);
    let (_, name) = path.split_at(name_starts);
    let dots = name.len() - name.trim_start_matches('.').len();
    let dot = name.rfind('.').filter(|dot| *dot >= dots && *dot > 0);
    let (stem, extension) = path.split_at(dot.map_or(path.len(), |dot| name_starts + dot));
    vec![stem.to_owned(), extension.to_owned()]
}

/// A method of Python's texts that the engine's set lacks; `None` = not one of these.
pub(super) fn method(value: &Jinja, name: &str, args: &[Jinja]) -> Option<Result<Jinja, Error>> {
    let text = value.as_str()?;
    let first = args.first().and_then(Jinja::as_str);
    let number = |index: usize| args.get(index).and_then(Jinja::as_usize);
    let list = |parts: Vec<&str>| Some(Ok(parts.into_iter().map(Jinja::from).collect()));
    match name {
        "partition" => match text.split_once(first.filter(|separator| !separator.is_empty())?) {
            Some((before, after)) => list(vec![before, first?, after]),
            None => list(vec![text, "", ""]),
        },
        "rpartition" => match text.rsplit_once(first.filter(|separator| !separator.is_empty())?) {
            Some((before, after)) => list(vec![before, first?, after]),
            None => list(vec!["", "", text]),
        },
        "rsplit" => {
            let limit = number(1).map_or(usize::MAX, |most| most.saturating_add(1));
            let mut parts: Vec<&str> = text.rsplitn(limit, first.filter(|separator| !separator.is_empty())?).collect();
            parts.reverse();
            list(parts)
        }
        "title" => {
            let mut after_letter = false;
            let cased = text.chars().flat_map(|next| {
                let starts_word = next.is_alphabetic() && !after_letter;
                after_letter = next.is_alphabetic();
                if starts_word { next.to_uppercase().collect::<Vec<_>>() } else { next.to_lowercase().collect() }
            });
            Some(Ok(Jinja::from(cased.collect::<String>())))
        }
        "zfill" => {
            // No name or number is longer.
            let width = number(0)?.min(1024);
            let (sign, digits) =
                text.strip_prefix(['-', '+']).map_or(("", text), |digits| (text.get(..1).unwrap_or_default(), digits));
            let zeros = width.saturating_sub(text.chars().count());
            Some(Ok(Jinja::from(format!("{sign}{}{digits}", "0".repeat(zeros)))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_as_python_does() {
        let check = |path: &str, expected: (&str, [&str; 2])| {
            assert_eq!(
                (folder(path), split_extension(path)),
                (expected.0, expected.1.map(str::to_owned).to_vec()),
                "{path}"
            );
        };
        check("/etc/ssh/k.pem", ("/etc/ssh", ["/etc/ssh/k", ".pem"]));
        check("k", ("", ["k", ""]));
        check("/k", ("/", ["/k", ""]));
        check("a/.hidden", ("a", ["a/.hidden", ""]));
        check("a.b/c", ("a.b", ["a.b/c", ""]));
    }
}
