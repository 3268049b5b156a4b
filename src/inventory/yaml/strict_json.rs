//! Strict JSON as Python reads it: `NaN` and `Infinity`, integers of any size; the later of two equal keys wins, and is noted.

use super::anchors::too_deep;
use super::mappings::Mapping;
use super::node::{Form, Key, Node, Place};
use super::repeated::Repeated;
use super::{DuplicateKeys, Fault, MAX_DEPTH};
use crate::inventory::literals::MAX_DIGITS;
use crate::inventory::value::Value;

/// What was read.
#[derive(Debug)]
pub(super) struct Json {
    /// The value.
    pub(super) root: Node,
    /// Keys that stand twice in an object.
    pub(super) repeated: Vec<Repeated>,
}

/// The value of a JSON text, or the place up to which the text is JSON.
pub(super) fn read(text: &str) -> Result<Result<Json, Place>, Fault> {
    let mut reader = Reader { rest: text, line: 1, column: 1, path: Vec::new(), repeated: Vec::new() };
    match reader.value(0).and_then(|node| reader.end().map(|()| node)) {
        Ok(root) => Ok(Ok(Json { root, repeated: reader.repeated })),
        Err(Refusal::NotJson) => Ok(Err(Place { line: reader.line, column: reader.column, length: 1 })),
        Err(Refusal::Fault(fault)) => Err(fault),
    }
}

enum Refusal {
    NotJson,
    Fault(Fault),
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    column: usize,
    /// The keys of the objects around.
    path: Vec<String>,
    repeated: Vec<Repeated>,
}

impl<'t> Reader<'t> {
    fn end(&mut self) -> Result<(), Refusal> {
        self.blanks();
        if self.rest.is_empty() { Ok(()) } else { Err(Refusal::NotJson) }
    }

    /// Goes on by so many bytes of one line.
    fn take(&mut self, bytes: usize) -> Result<&'t str, Refusal> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(Refusal::NotJson)?;
        self.rest = rest;
        self.column += taken.chars().count();
        Ok(taken)
    }

    fn blanks(&mut self) {
        while let Some(first) = self.rest.bytes().next() {
            match first {
                b' ' | b'\t' | b'\r' => self.column += 1,
                b'\n' => {
                    self.line += 1;
                    self.column = 1;
                }
                _ => return,
            }
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
    }

    fn expect(&mut self, character: char) -> Result<(), Refusal> {
        if self.accept(character) { Ok(()) } else { Err(Refusal::NotJson) }
    }

    fn accept(&mut self, character: char) -> bool {
        self.blanks();
        let Some(rest) = self.rest.strip_prefix(character) else { return false };
        self.rest = rest;
        self.column += 1;
        true
    }

    fn value(&mut self, depth: usize) -> Result<Node, Refusal> {
        self.blanks();
        let (line, column) = (self.line, self.column);
        let point = Place { line, column, length: 1 };
        match self.rest.bytes().next() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(Refusal::Fault(too_deep(point))),
            Some(b'{') => self.object(point, depth),
            Some(b'[') => self.array(point, depth),
            Some(b'"') => {
                let text = self.string()?;
                Ok(Node::new(Place { line, column, length: self.column - column }, scalar(Value::Text(text))))
            }
            _ => {
                let value = self.word()?;
                Ok(Node::new(Place { line, column, length: self.column - column }, scalar(value)))
            }
        }
    }

    fn object(&mut self, place: Place, depth: usize) -> Result<Node, Refusal> {
        self.expect('{')?;
        let mut mapping = Mapping::default();
        if !self.accept('}') {
            loop {
                self.blanks();
                let (line, column) = (self.line, self.column);
                let name = self.string()?;
                let key = Key { place: Place { line, column, length: self.column - column }, value: Value::Text(name) };
                self.expect(':')?;
                let node = self.value_of(&key, depth)?;
                if let Some(again) = mapping.insert(key, node, DuplicateKeys::Warn).map_err(Refusal::Fault)? {
                    self.repeated.push(Repeated::new(&again, self.path.iter().map(|key| Some(key.as_str()))));
                }
                if !self.accept(',') {
                    break;
                }
            }
            self.expect('}')?;
        }
        Ok(unwrapped(Node::new(place, mapping.finish())))
    }

    /// The value of a key of an object so deep.
    fn value_of(&mut self, key: &Key, depth: usize) -> Result<Node, Refusal> {
        self.blanks();
        if !self.rest.starts_with(['{', '[']) {
            return self.value(depth + 1);
        }
        self.path.push(key.text());
        let node = self.value(depth + 1)?;
        self.path.pop();
        Ok(node)
    }

    fn array(&mut self, place: Place, depth: usize) -> Result<Node, Refusal> {
        self.expect('[')?;
        let mut items = Vec::new();
        if !self.accept(']') {
            loop {
                items.push(self.value(depth + 1)?);
                if !self.accept(',') {
                    break;
                }
            }
            self.expect(']')?;
        }
        Ok(Node::new(place, Form::List(items)))
    }

    fn string(&mut self) -> Result<String, Refusal> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(|next: char| matches!(next, '"' | '\\' | '\0'..='\u{1f}'));
            text.push_str(self.take(end.ok_or(Refusal::NotJson)?)?);
            match self.take(1)? {
                "\"" => return Ok(text),
                "\\" => text.push(self.escape()?),
                _ => return Err(Refusal::NotJson),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Refusal> {
        Ok(match self.take(1)? {
            "n" => '\n',
            "t" => '\t',
            "r" => '\r',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "u" => {
                let unit = self.unit()?;
                if let Some(character) = char::from_u32(unit) {
                    return Ok(character);
                }
                self.low_half(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            quoted @ ("\"" | "\\" | "/") => quoted.chars().next().unwrap_or_default(),
            _ => return Err(Refusal::NotJson),
        })
    }

    fn unit(&mut self) -> Result<u32, Refusal> {
        let digits = self.take(4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten().ok_or(Refusal::NotJson)
    }

    /// The character of a pair of surrogates whose first half was read; a lone half is none.
    fn low_half(&mut self, high: u32) -> Option<char> {
        let digits = self.rest.strip_prefix("\\u")?.get(..4)?;
        let low = u32::from_str_radix(digits, 16).ok().filter(|low| (0xdc00..0xe000).contains(low))?;
        let pair = (0xd800..0xdc00).contains(&high).then(|| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
        self.take(6).ok()?;
        char::from_u32(pair)
    }

    fn word(&mut self) -> Result<Value, Refusal> {
        let ends = |next: char| !(next.is_ascii_alphanumeric() || matches!(next, '+' | '-' | '.'));
        let word = self.take(self.rest.find(ends).unwrap_or(self.rest.len()))?;
        Ok(match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "NaN" => Value::Float(f64::NAN),
            "Infinity" => Value::Float(f64::INFINITY),
            "-Infinity" => Value::Float(f64::NEG_INFINITY),
            number => return number_of(number).ok_or(Refusal::NotJson),
        })
    }
}

fn scalar(value: Value) -> Form {
    Form::Scalar(value)
}

fn number_of(text: &str) -> Option<Value> {
    let body = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (body, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = is_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let is_exponent = exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    if !is_whole || !fraction.is_none_or(is_digits) || !is_exponent {
        return None;
    }
    if fraction.is_some() || exponent.is_some() {
        return text.parse().ok().map(Value::Float);
    }
    let text = if whole == "0" { "0" } else { text };
    (whole.len() <= MAX_DIGITS).then(|| Value::Integer(text.to_owned()))
}

/// `{"__ansible_vault": "..."}` and `{"__ansible_unsafe": "..."}` are how Ansible writes `!vault` and `!unsafe` in JSON.
fn unwrapped(node: Node) -> Node {
    let text = |name: &str| match node.get(name).map(|(_, value)| value.form()) {
        Some(Form::Scalar(Value::Text(text))) => Some(text.clone()),
        _ => None,
    };
    let value = text("__ansible_vault").map(Value::Vaulted).or_else(|| text("__ansible_unsafe").map(Value::Unsafe));
    match value {
        Some(value) => Node::new(node.place, Form::Scalar(value)),
        None => node,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::json;

    #[test]
    fn json_is_read_as_python_reads_it() {
        let check = |text: &str, expected: Option<&str>| {
            let found = read(text).expect("no fault").ok().map(|json| json::compact(&json.root.to_value()));
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check(" {\"a\": [1, 1e3, -0, 1.50, true, null]} \n", Some(r#"{"a": [1, 1000.0, 0, 1.5, true, null]}"#));
        check("[NaN, Infinity, -Infinity]", Some("[NaN, Infinity, -Infinity]"));
        check(r#""\u00e9\ud83d\ude00\n\/\ud800x""#, Some("\"é😀\\n/\u{fffd}x\""));
        check(r#"{"a": 1, "b": 2, "a": 3}"#, Some(r#"{"a": 3, "b": 2}"#));
        check(
            r#"{"p": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n00"}}"#,
            Some(r#"{"p": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n00"}}"#),
        );
        check("123456789012345678901234567890", Some("123456789012345678901234567890"));
        for text in
            ["", "{a: 1}", "[1,]", "01", "1.", ".5", "+1", "'a'", "\"\t\"", "\"\\x\"", "[1] x", "nul", "\"é", "-"]
        {
            check(text, None);
        }
    }

    #[test]
    fn places_count_characters() {
        let node = read("{\n \"é\": [\"ü\", 12]}").expect("no fault").expect("JSON").root;
        let (key, list) = node.get("é").expect("an entry");
        assert_eq!(key.place, Place { line: 2, column: 2, length: 3 });
        let Form::List(items) = list.form() else { panic!("a list") };
        let places: Vec<Place> = items.iter().map(|item| item.place).collect();
        assert_eq!(places, [Place { line: 2, column: 8, length: 3 }, Place { line: 2, column: 13, length: 2 }]);
    }

    #[test]
    fn too_deep_is_an_error_and_no_overflow() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(matches!(read(&format!("{}{}", "[".repeat(200), "]".repeat(200))), Ok(Ok(_))));
    }
}
