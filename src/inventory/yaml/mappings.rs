//! A mapping while its entries are read: keys that come twice, and `<<` that merges other mappings.

use std::collections::HashMap;

use super::node::{Form, Key, Node};
use super::repeated::Again;
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
    /// Adds an entry; where its key was there already, the one that it takes the place of is given back.
    fn insert(&mut self, key: Key, node: Node) -> Option<Again<'_>> {
        let identity = Identity::of(&key);
        if let Some(at) = self.index.get(&identity) {
            let entry = self.listed.get_mut(*at)?;
            // The key that counts for its place is the one whose value counts.
            let first = std::mem::replace(entry, (key, node));
            return Some(Again { first, last: entry });
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

impl Mapping {
    /// Adds an entry; where its key was there already and that is to be told, the one that it takes the place of is given back.
    pub(super) fn insert(
        &mut self,
        key: Key,
        node: Node,
        duplicates: DuplicateKeys,
    ) -> Result<Option<Again<'_>>, Fault> {
        let again = self.own.insert(key, node);
        match (&again, duplicates) {
            (Some(Again { first: (first, _), last: (key, _) }), DuplicateKeys::Error) => {
                let message = format!("`{}` stands in line {} already", key.text(), first.place.line);
                Err(Fault::new(key.place, message)
                    .with_hint("duplicate_dict_key is `error` in the configuration; remove one of them"))
            }
            (_, DuplicateKeys::Ignore) => Ok(None),
            _ => Ok(again),
        }
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
