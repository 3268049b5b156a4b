//! Variables as JSON, byte for byte as Python's `json.dumps(sort_keys=True, indent=4, ensure_ascii=False)` writes them.

use indexmap::IndexMap;

use super::float_text;
use super::value::Value;

/// JSON on one line, keys in their own order.
pub fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None, 0);
    out
}

/// JSON with sorted keys and four blanks a level, without a final line end.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(4), 0);
    out
}

fn write(out: &mut String, value: &Value, indent: Option<usize>, level: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Integer(text) => out.push_str(text),
        Value::Float(number) => out.push_str(&float_text::json(*number)),
        Value::Text(text) | Value::Timestamp(text) => write_text(out, text),
        Value::Unsafe(text) => write_marked(out, "__ansible_unsafe", text, indent, level),
        Value::Vaulted(text) => write_marked(out, "__ansible_vault", text, indent, level),
        Value::List(items) => write_list(out, items, indent, level),
        Value::Mapping(entries) => write_mapping(out, entries, indent, level),
    }
}

fn write_list(out: &mut String, items: &[Value], indent: Option<usize>, level: usize) {
    if items.is_empty() {
        out.push_str("[]");
        return;
    }
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        separate(out, index, indent, level + 1);
        write(out, item, indent, level + 1);
    }
    break_line(out, indent, level);
    out.push(']');
}

fn write_mapping(out: &mut String, entries: &IndexMap<String, Value>, indent: Option<usize>, level: usize) {
    if entries.is_empty() {
        out.push_str("{}");
        return;
    }
    let mut ordered: Vec<_> = entries.iter().collect();
    if indent.is_some() {
        ordered.sort_by_key(|(key, _)| *key);
    }
    out.push('{');
    for (index, (key, item)) in ordered.into_iter().enumerate() {
        separate(out, index, indent, level + 1);
        write_text(out, key);
        out.push_str(": ");
        write(out, item, indent, level + 1);
    }
    break_line(out, indent, level);
    out.push('}');
}

/// A text that JSON has no type for: an object of one key, as Ansible writes it.
fn write_marked(out: &mut String, mark: &str, text: &str, indent: Option<usize>, level: usize) {
    out.push('{');
    break_line(out, indent, level + 1);
    write_text(out, mark);
    out.push_str(": ");
    write_text(out, text);
    break_line(out, indent, level);
    out.push('}');
}

fn separate(out: &mut String, index: usize, indent: Option<usize>, level: usize) {
    if index > 0 {
        out.push_str(if indent.is_some() { "," } else { ", " });
    }
    break_line(out, indent, level);
}

fn break_line(out: &mut String, indent: Option<usize>, level: usize) {
    if let Some(width) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', width * level));
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if u32::from(control) < 0x20 => {
                let digits = [u32::from(control) >> 4, u32::from(control) & 15];
                out.push_str("\\u00");
                out.extend(digits.into_iter().filter_map(|digit| char::from_digit(digit, 16)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_python_writes_it() {
        let value = Value::Mapping(IndexMap::from([
            ("b".to_owned(), Value::List(vec![Value::Integer("1".to_owned()), Value::Float(1e16), Value::Null])),
            ("a".to_owned(), Value::Mapping(IndexMap::from([("ü\n".to_owned(), Value::Bool(true))]))),
        ]));
        assert_eq!(compact(&value), r#"{"b": [1, 1e+16, null], "a": {"ü\n": true}}"#);
        assert_eq!(
            pretty(&value),
            "{\n    \"a\": {\n        \"ü\\n\": true\n    },\n    \"b\": [\n        1,\n        1e+16,\n        null\n    ]\n}"
        );
    }
    #[test]
    fn what_json_has_no_type_for_is_an_object_of_one_key() {
        assert_eq!(compact(&Value::Unsafe("{{ x }}".to_owned())), r#"{"__ansible_unsafe": "{{ x }}"}"#);
        assert_eq!(
            pretty(&Value::Vaulted("$ANSIBLE_VAULT;1.1;AES256\n6162\n".to_owned())),
            "{\n    \"__ansible_vault\": \"$ANSIBLE_VAULT;1.1;AES256\\n6162\\n\"\n}"
        );
    }
}
