//! The value of a variable, with the types Ansible gives it.

use std::fmt;

use indexmap::IndexMap;

use super::float_text;

/// A variable's value. Tuples and sets of INI files are lists here, as Ansible makes them.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None` of an INI file, null of YAML.
    Null,
    /// `True`, `False`.
    Bool(bool),
    /// An integer of any size: canonical decimal text (`-?[1-9][0-9]*` or `0`), as JSON prints it.
    Integer(String),
    /// A float, infinities included.
    Float(f64),
    /// Text.
    Text(String),
    /// A date or time of YAML, as ISO text.
    Timestamp(String),
    /// Text that is never rendered, whatever it holds (`!unsafe`).
    Unsafe(String),
    /// Text that Ansible Vault encrypted, as stored: header and hexadecimal lines (`!vault`).
    Vaulted(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping in the order of the file.
    Mapping(IndexMap<String, Value>),
}

impl Value {
    /// Whether Python takes the value for true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Integer(text) => text != "0",
            Self::Float(value) => *value != 0.0,
            Self::Text(text) | Self::Unsafe(text) => !text.is_empty(),
            // What is encrypted is not known to be empty.
            Self::Timestamp(_) | Self::Vaulted(_) => true,
            Self::List(items) => !items.is_empty(),
            Self::Mapping(entries) => !entries.is_empty(),
        }
    }

    /// The text of a scalar, as Python's `str` writes it (`True`, `None`, `1e+16`); `None` for containers and for what is
    /// encrypted.
    pub fn scalar_text(&self) -> Option<String> {
        match self {
            Self::List(_) | Self::Mapping(_) | Self::Vaulted(_) => None,
            scalar => Some(scalar.to_string()),
        }
    }

    /// Whether it holds a template anywhere: `{{`, `{%` or `{#`.
    pub fn has_template(&self) -> bool {
        match self {
            Self::Text(text) => ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)),
            Self::List(items) => items.iter().any(Self::has_template),
            Self::Mapping(entries) => entries.values().any(Self::has_template),
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Timestamp(_)
            | Self::Unsafe(_)
            | Self::Vaulted(_) => false,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Python's `str` for scalars, JSON for containers.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("None"),
            Self::Bool(true) => f.write_str("True"),
            Self::Bool(false) => f.write_str("False"),
            Self::Integer(text) | Self::Text(text) | Self::Timestamp(text) | Self::Unsafe(text) => f.write_str(text),
            Self::Float(value) => f.write_str(&float_text::python(*value)),
            Self::List(_) | Self::Mapping(_) | Self::Vaulted(_) => f.write_str(&super::json::compact(self)),
        }
    }
}
