//! The test `version`: versions compared part by part, as Ansible's `loose` does.

#![expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]

use core::cmp::Ordering;

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value as Jinja};

use super::environment::{test, text_of};
use super::error::TemplateError;
use super::failure;

pub(super) fn add(environment: &mut Environment<'static>) {
    for name in ["version", "version_compare"] {
        test(environment, name, compare);
    }
}

fn failed(why: String) -> Error {
    failure(TemplateError::Failed(why))
}

fn compare(
    state: &State<'_, '_>,
    value: &Jinja,
    other: &Jinja,
    operator: Option<&str>,
    kwargs: Kwargs,
) -> Result<bool, Error> {
    let operator = operator.map_or_else(|| kwargs.get::<Option<&str>>("operator"), |given| Ok(Some(given)))?;
    let is_strict = kwargs.get::<Option<bool>>("strict")?.unwrap_or(false);
    let kind = kwargs.get::<Option<&str>>("version_type")?.unwrap_or("loose");
    kwargs.assert_all_used()?;
    if is_strict || kind != "loose" {
        return Err(failed("version compares as `loose` only".to_owned()));
    }
    let (one, other) = (text_of(state, value)?, text_of(state, other)?);
    let found = parts(&one).partial_cmp(parts(&other));
    let Some(found) = found else {
        return Err(failed("a number and a word of versions cannot be compared".to_owned()));
    };
    match operator.unwrap_or("eq") {
        "==" | "=" | "eq" => Ok(found == Ordering::Equal),
        "!=" | "<>" | "ne" => Ok(found != Ordering::Equal),
        "<" | "lt" => Ok(found == Ordering::Less),
        "<=" | "le" => Ok(found != Ordering::Greater),
        ">" | "gt" => Ok(found == Ordering::Greater),
        ">=" | "ge" => Ok(found != Ordering::Less),
        unknown => Err(failed(format!("version knows no operator {unknown}"))),
    }
}

/// A part of a version. Numbers and words have no order among each other.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'t> {
    /// Digits without leading zeros.
    Number(&'t str),
    Word(&'t str),
}

impl PartialOrd for Part<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => Some(one.len().cmp(&other.len()).then(one.cmp(other))),
            (Self::Word(one), Self::Word(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

/// Digits, letters in a row, and what stands between dots.
fn parts(version: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = version;
    core::iter::from_fn(move || {
        rest = rest.trim_start_matches('.');
        let first = rest.chars().next()?;
        let is_digit = |next: char| next.is_ascii_digit();
        let is_letter = |next: char| next.is_ascii_lowercase();
        let end = rest.find(|next: char| match (is_digit(first), is_letter(first)) {
            (true, _) => !is_digit(next),
            (_, true) => !is_letter(next),
            _ => next == '.' || is_digit(next) || is_letter(next),
        });
        let (part, left) = rest.split_at(end.unwrap_or(rest.len()));
        rest = left;
        let is_number = is_digit(first);
        Some(if is_number { Part::Number(part.trim_start_matches('0')) } else { Part::Word(part) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_part_by_part() {
        let check = |one: &str, other: &str, expected: Option<Ordering>| {
            assert_eq!(parts(one).partial_cmp(parts(other)), expected, "{one} {other}");
        };
        check("2.10", "2.9", Some(Ordering::Greater));
        check("1.2", "1.2.0", Some(Ordering::Less));
        check("1.02", "1.2", Some(Ordering::Equal));
        check("1.2b1", "1.2b2", Some(Ordering::Less));
        check("99999999999999999999999", "100000000000000000000000", Some(Ordering::Less));
        check("1.a", "1.2", None);
    }
}
