//! A YAML or JSON document as a tree: every value and every key with its place in the text.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::inventory::value::Value;

/// A stretch of one line of the text; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// First column, from 1, in characters.
    pub column: usize,
    /// Length in characters, cut at the end of the line; 0 = a point.
    pub length: usize,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A scalar; never a list or mapping.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file, merged keys first, no key twice.
    Mapping(Vec<(Key, Node)>),
}

/// The key of a mapping: a scalar.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Where it stands.
    pub place: Place,
    /// Its typed value: `42`, `on` and `12:30` are no texts.
    pub value: Value,
}

/// A value with its place. What an anchor names is held once, however many aliases refer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands; of an alias, where the alias stands.
    pub place: Place,
    held: Held,
}

#[derive(Debug, Clone, PartialEq)]
enum Held {
    Here(Form),
    Shared(Rc<Form>),
}

impl Node {
    /// A value at a place.
    pub fn new(place: Place, form: Form) -> Self {
        Self { place, held: Held::Here(form) }
    }

    /// A value that others refer to as well.
    pub(super) fn shared(place: Place, form: Rc<Form>) -> Self {
        Self { place, held: Held::Shared(form) }
    }

    /// What it holds.
    pub fn form(&self) -> &Form {
        match &self.held {
            Held::Here(form) => form,
            Held::Shared(form) => form,
        }
    }

    /// The same value, ready to be shared.
    pub(super) fn into_form(self) -> Rc<Form> {
        match self.held {
            Held::Here(form) => Rc::new(form),
            Held::Shared(form) => form,
        }
    }

    /// The value without places; keys become their text.
    pub fn to_value(&self) -> Value {
        match self.form() {
            Form::Scalar(value) => value.clone(),
            Form::List(items) => Value::List(items.iter().map(Self::to_value).collect()),
            Form::Mapping(entries) => {
                let entries = entries.iter().map(|(key, node)| (key.text(), node.to_value()));
                Value::Mapping(entries.collect::<IndexMap<_, _>>())
            }
        }
    }

    /// Whether Python takes the value for true.
    pub fn is_truthy(&self) -> bool {
        match self.form() {
            Form::Scalar(value) => value.is_truthy(),
            Form::List(items) => !items.is_empty(),
            Form::Mapping(entries) => !entries.is_empty(),
        }
    }

    /// What it is, for messages: "a list", "a number".
    pub fn kind(&self) -> &'static str {
        match self.form() {
            Form::Scalar(value) => kind_of(value),
            Form::List(_) => "a list",
            Form::Mapping(_) => "a mapping",
        }
    }

    /// The entry of a mapping whose key is this text.
    pub fn get(&self, name: &str) -> Option<&(Key, Node)> {
        match self.form() {
            Form::Mapping(entries) => entries.iter().find(|(key, _)| key.as_text() == Some(name)),
            Form::Scalar(_) | Form::List(_) => None,
        }
    }
}

impl Key {
    /// The key, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Unsafe(text) => Some(text),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Timestamp(_)
            | Value::List(_)
            | Value::Mapping(_)
            | Value::Vaulted(_) => None,
        }
    }

    /// The key as the name of a variable: what is no text becomes the text Python's JSON has for it.
    pub fn text(&self) -> String {
        match &self.value {
            Value::Text(text) | Value::Timestamp(text) | Value::Unsafe(text) => text.clone(),
            other => crate::inventory::json::compact(other),
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        kind_of(&self.value)
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Text(_) | Value::Unsafe(_) => "text",
        Value::Timestamp(_) => "a date",
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Vaulted(_) => "an encrypted value",
    }
}
