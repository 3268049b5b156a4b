//! JSON as Python writes it, read into inventory values: integers of any size, `Infinity`, `NaN`.

use clockaudit::inventory::Value;
use indexmap::IndexMap;

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Value {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    reader.blanks();
    assert!(reader.rest.is_empty(), "something follows the JSON: {}", reader.rest);
    value
}

/// The entry of a mapping.
pub(crate) fn get<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Mapping(entries) => entries.get(key),
        _ => None,
    }
}

/// The texts of a list.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().map(text).collect(),
        other => panic!("not a list: {other:?}"),
    }
}

/// The text of a scalar.
pub(crate) fn text(value: &Value) -> String {
    value.scalar_text().expect("a scalar")
}

/// The entries of a mapping; none for null.
pub(crate) fn entries(value: &Value) -> IndexMap<String, Value> {
    match value {
        Value::Mapping(entries) => entries.clone(),
        Value::Null => IndexMap::new(),
        other => panic!("not a mapping: {other:?}"),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\t', '\r']);
    }

    fn take(&mut self, text: &str) -> bool {
        self.blanks();
        let found = self.rest.strip_prefix(text);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn value(&mut self) -> Value {
        if self.take("{") {
            return self.mapping();
        }
        if self.take("[") {
            return self.list();
        }
        if self.take("\"") {
            return Value::Text(self.string());
        }
        let end = self.rest.find([',', ']', '}', ' ', '\n']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "Infinity" => Value::Float(f64::INFINITY),
            "-Infinity" => Value::Float(f64::NEG_INFINITY),
            number if number.contains(['.', 'e', 'E']) => Value::Float(number.parse().expect("a float")),
            number => Value::Integer(number.to_owned()),
        }
    }

    fn mapping(&mut self) -> Value {
        let mut entries = IndexMap::new();
        while !self.take("}") {
            assert!(self.take("\""), "a key");
            let key = self.string();
            assert!(self.take(":"), "a colon");
            entries.insert(key, self.value());
            self.take(",");
        }
        Value::Mapping(entries)
    }

    fn list(&mut self) -> Value {
        let mut items = Vec::new();
        while !self.take("]") {
            items.push(self.value());
            self.take(",");
        }
        Value::List(items)
    }

    /// The rest of a string, read by `serde_json`, which knows the escapes.
    fn string(&mut self) -> String {
        let mut escaped = false;
        let end = self.rest.char_indices().find(|(_, character)| {
            let ends = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            ends
        });
        let (end, _) = end.expect("the end of a string");
        let (inside, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        // Lone surrogates stand for bytes that are not UTF-8.
        serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_else(|_| "\u{fffd}".to_owned())
    }
}
