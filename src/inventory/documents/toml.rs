//! TOML inventories: the text as a tree of values with places.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::literals::decimal_of;
use crate::inventory::value::Value;
use crate::inventory::yaml::{Document, Form, Key, Node, Place};

/// The document of a TOML text; the error names no file yet.
pub fn document(text: &str) -> Result<Document<'_>, Box<Diagnostic>> {
    let null = || Node::new(Place::default(), Form::Scalar(Value::Null));
    let (warnings, lost) = Default::default();
    let empty = Document { text, root: null(), warnings, lost, is_json: false, is_toml: true };
    let places = Places::new(text);
    let table = DeTable::parse(text).map_err(|error| {
        let place = error.span().map(|span| places.of(span)).unwrap_or_default();
        // The message may have lines of its own about what is expected.
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        Box::new(empty.error(place, message))
    })?;
    let root = Node::new(Place { line: 1, column: 1, length: 0 }, mapping(table.get_ref(), &places));
    Ok(Document { root, ..empty })
}

fn mapping(table: &DeTable<'_>, places: &Places<'_>) -> Form {
    let entries = table.iter().map(|(key, value)| {
        let place = places.of(key.span());
        let key = Key { place, value: Value::from(key.get_ref().as_ref()) };
        (key, Node::new(places.of(value.span()), form(value.get_ref(), places)))
    });
    Form::Mapping(entries.collect())
}

fn form(value: &DeValue<'_>, places: &Places<'_>) -> Form {
    Form::Scalar(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(integer) => Value::Integer(integer_text(integer.as_str(), integer.radix())),
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        // Ansible makes text of dates.
        DeValue::Datetime(date) => Value::Text(date.to_string().replace('Z', "+00:00")),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| Node::new(places.of(item.span()), form(item.get_ref(), places)));
            return Form::List(items.collect());
        }
        DeValue::Table(table) => return mapping(table, places),
    })
}

/// Canonical decimal text.
fn integer_text(digits: &str, radix: u32) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.strip_prefix('+').unwrap_or(digits)),
    };
    let decimal = decimal_of(digits, radix);
    if decimal == "0" { decimal } else { format!("{sign}{decimal}") }
}

/// Longer lines have their columns counted in bytes, so that no text makes counting slow.
const LONG_LINE: usize = 1 << 16;

/// Turns offsets into lines and columns.
struct Places<'t> {
    text: &'t str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn of(&self, span: Range<usize>) -> Place {
        let line = self.starts.partition_point(|start| *start <= span.start);
        let begin = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let width = |range: Range<usize>| match self.text.get(range.clone()) {
            Some(text) if text.len() < LONG_LINE => text.lines().next().unwrap_or_default().chars().count(),
            Some(_) | None => range.len(),
        };
        Place { line, column: width(begin..span.start) + 1, length: width(span) }
    }
}
