//! Files of settings for Ansible's inventory plugins: told by their `plugin` key.

use crate::inventory::diagnostics::{Diagnostic, PLUGIN};
use crate::inventory::value::Value;
use crate::inventory::yaml::{Document, Form};

/// The plugin that a file is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plugin {
    /// `constructed`: variables and groups from expressions over the hosts that are known.
    Constructed,
    /// One that only Ansible can run, by its name in the file.
    Foreign(String),
}

/// The plugin whose settings a document holds; `None` = it is none of a plugin.
pub fn plugin_of(document: &Document<'_>) -> Option<Plugin> {
    Some(match plugin_name(document)? {
        "constructed" | "ansible.builtin.constructed" | "ansible.legacy.constructed" => Plugin::Constructed,
        other => Plugin::Foreign(other.to_owned()),
    })
}

/// The same, by its name in the file.
pub fn plugin_name<'d>(document: &'d Document<'_>) -> Option<&'d str> {
    let (_, node) = document.root.get("plugin")?;
    let Form::Scalar(Value::Text(name) | Value::Unsafe(name)) = node.form() else { return None };
    Some(name.as_str()).filter(|name| !name.is_empty())
}

impl Plugin {
    /// What is said of a file for `constructed` where that is not listed by the file's name for it, nor `auto`.
    pub fn not_listed(document: &Document<'_>) -> Diagnostic {
        let name = plugin_name(document).unwrap_or_default();
        let place = document.root.get("plugin").map(|(_, node)| node.place).unwrap_or_default();
        Diagnostic::error(format!(
            "is for the inventory plugin {name}, which enable_plugins does not list by this name"
        ))
        .coded(PLUGIN)
        .at(document.span(place))
        .with_missing("its variables and groups of hosts are missing")
        .with_hint("Add `auto` to enable_plugins in [inventory] of ansible.cfg: it takes any name")
    }

    /// What is said of a file whose plugin only Ansible can run; `file` as the user named it.
    pub fn only_ansible(name: &str, file: &str, document: &Document<'_>) -> Diagnostic {
        let message = format!("uses the inventory plugin {name}, which only Ansible can run");
        let place = document.root.get("plugin").map(|(_, node)| node.place).unwrap_or_default();
        let hint = format!(
            "Use `ansible-inventory -i {file} --list > fleet.json && clockaudit scan fleet.json`, \
             or --inventory-via-ansible"
        );
        Diagnostic::error(message)
            .coded(PLUGIN)
            .at(document.span(place))
            .with_missing("its hosts are missing")
            .with_hint(hint)
    }
}
