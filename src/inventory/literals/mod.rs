//! Python literals: how the values of an INI inventory get their types (`ast.literal_eval`, text where it fails).

mod numbers;
mod parser;
mod strings;
mod tokens;

use thiserror::Error;

use super::value::Value;

pub(crate) use numbers::{MAX_DIGITS, decimal_of};

/// A value that Python evaluates to an error of the whole file, not to text: `{{ 1 }}` is a set inside a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a list, set or mapping inside braces cannot be a key or a member of a set")]
pub struct Unhashable;

/// Why a text is no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Not a literal: the value is the text itself.
    NotALiteral,
    /// A literal that Python cannot build.
    Unhashable,
}

/// The value of an INI variable: the Python literal that the text is, or else the text itself, unchanged.
pub fn value(text: &str) -> Result<Value, Unhashable> {
    match parser::parse(text.trim_start_matches([' ', '\t'])) {
        Ok(value) => Ok(value),
        Err(Refusal::NotALiteral) => Ok(Value::Text(text.to_owned())),
        Err(Refusal::Unhashable) => Err(Unhashable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_the_types_of_python() {
        let check = |text: &str, expected: &str| {
            let found = value(text).expect("a value");
            assert_eq!(format!("{found:?}"), expected, "{text:?}");
        };
        check("5", r#"Integer("5")"#);
        check("017", r#"Text("017")"#);
        check("0x1F", r#"Integer("31")"#);
        check("1.10", "Float(1.1)");
        check("True", "Bool(true)");
        check("yes", r#"Text("yes")"#);
        check("'a' \"b\"", r#"Text("ab")"#);
        check("[1, (2,), {3}]", r#"List([Integer("1"), List([Integer("2")]), List([Integer("3")])])"#);
        check("12 # c", r#"Integer("12")"#);
        check("a # c", r#"Text("a # c")"#);
        check("{{ name }}", r#"Text("{{ name }}")"#);
        check("1+2j", r#"Text("(1+2j)")"#);
        check("123456789012345678901234567890", r#"Integer("123456789012345678901234567890")"#);
        check("0xFFFFFFFFFFFFFFFFFFFFFFFF", r#"Integer("79228162514264337593543950335")"#);
        assert_eq!(value("{{ 1 }}"), Err(Unhashable));
    }
}
