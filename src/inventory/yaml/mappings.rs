//! A mapping while its entries are read: keys that come twice, and `<<` that merges other mappings.

use std::collections::HashMap;

use super::node::{Form, Key, Node};
use super::{DuplicateKeys, Fault};
use crate::inventory::value::Value;

/// A key as Python compares keys: `1`, `1.0` and `True` are one key, `"1"` is another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Identity {
    Number(String),
    Text(String),
    Null,
}

impl Identity {
    fn of(key: &Key) -> Self {
        match &key.value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Number(i32::from(*flag).to_string()),
            Value::Float(value) => Self::Number(value.to_string()),
            Value::Integer(digits) => Self::Number(digits.clone()),
            other => Self::Text(other.to_string()),
        }
    }
}

/// Entries by key; a later entry of a key takes the place of the earlier one.
#[derive(Debug, Default)]
struct Entries {
    listed: Vec<(Key, Node)>,
    index: HashMap<Identity, usize>,
}

impl Entries {
    /// Adds an entry; where its key was there already, it is given back with the line where it was first.
    fn insert(&mut self, key: Key, node: Node) -> Option<Repeated> {
        let identity = Identity::of(&key);
        if let Some(entry) = self.index.get(&identity).and_then(|at| self.listed.get_mut(*at)) {
            let repeated = (key.clone(), entry.0.place.line);
            // The key that counts for its place is the one whose value counts.
            *entry = (key, node);
            return Some(repeated);
        }
        self.index.insert(identity, self.listed.len());
        self.listed.push((key, node));
        None
    }
}

/// A mapping under construction.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    own: Entries,
    merged: Vec<Node>,
}

/// A key that stood twice, and the line where it stood first.
pub(super) type Repeated = (Key, usize);

impl Mapping {
    /// Adds an entry.
    pub(super) fn insert(
        &mut self,
        key: Key,
        node: Node,
        duplicates: DuplicateKeys,
        repeated: &mut Vec<Repeated>,
    ) -> Result<(), Fault> {
        let Some((key, first_line)) = self.own.insert(key, node) else { return Ok(()) };
        if duplicates == DuplicateKeys::Ignore {
            return Ok(());
        }
        if duplicates == DuplicateKeys::Error {
            let message = format!("`{}` stands in line {first_line} already", key.text());
            return Err(Fault::new(key.place, message)
                .with_hint("duplicate_dict_key is `error` in the configuration; remove one of them"));
        }
        repeated.push((key, first_line));
        Ok(())
    }

    /// Notes the value of a `<<`.
    pub(super) fn merge(&mut self, node: Node) -> Result<(), Fault> {
        let refuse = |node: &Node| {
            let message = format!("<< merges a mapping or a list of mappings, this is {}", node.kind());
            Err(Fault::new(node.place, message))
        };
        match node.form() {
            Form::Mapping(_) => {}
            Form::List(items) => {
                if let Some(other) = items.iter().find(|item| !matches!(item.form(), Form::Mapping(_))) {
                    return refuse(other);
                }
            }
            Form::Scalar(_) => return refuse(&node),
        }
        self.merged.push(node);
        Ok(())
    }

    /// The finished mapping: merged entries first, of a list the first mapping wins, and own entries win over all.
    pub(super) fn finish(self) -> Form {
        if self.merged.is_empty() {
            return Form::Mapping(self.own.listed);
        }
        let mut all = Entries::default();
        let mut add = |mapping: &Node| {
            if let Form::Mapping(entries) = mapping.form() {
                for (key, node) in entries {
                    all.insert(key.clone(), node.clone());
                }
            }
        };
        for node in &self.merged {
            match node.form() {
                Form::List(items) => items.iter().rev().for_each(&mut add),
                Form::Mapping(_) | Form::Scalar(_) => add(node),
            }
        }
        for (key, node) in self.own.listed {
            all.insert(key, node);
        }
        Form::Mapping(all.listed)
    }
}
