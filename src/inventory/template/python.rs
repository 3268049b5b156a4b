//! Values as Python's `str` and `repr` write them.

use std::fmt::Write;

use crate::inventory::value::Value;

/// Python's `str` of a value: containers with the `repr` of what they hold.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::List(_) | Value::Mapping(_) => {
            let mut out = String::new();
            write(&mut out, value);
            out
        }
        scalar => scalar.to_string(),
    }
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Text(text) | Value::Timestamp(text) | Value::Unsafe(text) | Value::Vaulted(text) => quote(out, text),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        Value::Mapping(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                quote(out, key);
                out.push_str(": ");
                write(out, item);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => out.push_str(&value.to_string()),
    }
}

fn quote(out: &mut String, text: &str) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            quote if quote == mark => out.extend(['\\', quote]),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push(mark);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::literals;

    #[test]
    fn containers_are_written_as_python_writes_them() {
        let check = |literal: &str, expected: &str| {
            assert_eq!(text(&literals::value(literal).expect("a value")), expected, "{literal}");
        };
        check("[1, 'a', None, True, 1.0]", "[1, 'a', None, True, 1.0]");
        check("{'a': {'b': []}}", "{'a': {'b': []}}");
        check("[\"it's\", 'say \"x\"', 'a\\nb']", "[\"it's\", 'say \"x\"', 'a\\nb']");
        check("plain", "plain");
    }
}
