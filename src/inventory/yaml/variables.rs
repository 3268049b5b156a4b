//! A vars file (`group_vars/web.yml`, `-e @FILE`): a mapping from names to values.

use super::node::{Form, Place};
use super::{Document, Node};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::value::Value;

/// A variable of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, templates not rendered.
    pub value: Value,
    /// Where its name stands.
    pub place: Place,
}

/// The variables that a document sets, in its order; none for an empty one. Anything else than a mapping is an error.
pub fn settings(document: &Document<'_>) -> Result<Vec<Setting>, Box<Diagnostic>> {
    of_mapping(&document.root).ok_or_else(|| {
        let message = format!("expected a mapping of variables, got {}", document.root.kind());
        let error = document.error(document.root.place, message);
        Box::new(error.with_hint("Write one `name: value` a line"))
    })
}

/// The variables of a mapping; `None` for what is neither a mapping nor empty.
pub(super) fn of_mapping(node: &Node) -> Option<Vec<Setting>> {
    match node.form() {
        Form::Mapping(entries) => {
            let settings = entries.iter().map(|(key, node)| Setting {
                name: key.text(),
                value: node.to_value(),
                place: key.place,
            });
            Some(settings.collect())
        }
        Form::Scalar(_) | Form::List(_) => (!node.is_truthy()).then(Vec::new),
    }
}
