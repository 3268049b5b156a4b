//! The tree of groups of YAML, JSON and TOML inventories: `vars`, `children`, `hosts` below each.

use super::{Builder, Fault};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::model::{Draft, GroupId, SourceId};
use crate::inventory::nearest;
use crate::inventory::ranges::Budget;
use crate::inventory::value::Value;
use crate::inventory::yaml::{Document, Form, Key, Node};

/// What a group has.
const PARTS: [&str; 3] = ["hosts", "children", "vars"];
const PARTS_HINT: &str = "Below a group stand `hosts`, `children` and `vars`";
/// What is missing where something is skipped that may have hosts in it.
const LOST: &str = "what it was meant to hold is missing";

/// Whether what stands in the place of a group's mapping may be names of hosts: no number is one.
fn may_name_hosts(node: &Node) -> bool {
    match node.form() {
        Form::List(items) => !items.is_empty(),
        Form::Scalar(Value::Text(text) | Value::Unsafe(text)) => !text.trim().is_empty(),
        Form::Scalar(_) | Form::Mapping(_) => false,
    }
}

/// Reads a document into the draft. The first thing that cannot be read ends it, and what was read before stays, as with
/// Ansible; the diagnostic then says what is missing.
pub fn read(draft: &mut Draft, source: SourceId, document: &Document<'_>, budget: &mut Budget) -> Vec<Diagnostic> {
    let mut builder = Builder::new(draft, source, document, budget);
    let outcome = builder.top();
    builder.finish(outcome)
}

impl Builder<'_, '_> {
    fn top(&mut self) -> Result<(), Fault> {
        let document = self.document;
        let Form::Mapping(groups) = document.root.form() else {
            let message = match document.root.form() {
                Form::Scalar(Value::Null) => "nothing stands in it, where groups are expected".to_owned(),
                _ => format!("expected a mapping of groups, got {}", document.root.kind()),
            };
            let hint = "The top of an inventory is `all:` or the names of groups, with `hosts:` below each";
            return Err(self.error_with_hint(document.root.place, message, hint));
        };
        if groups.is_empty() {
            return Err(self.error(document.root.place, "nothing stands in it, where groups are expected"));
        }
        if let Some((key, _)) = document.root.get("plugin").filter(|(_, node)| node.is_truthy()) {
            let hint = "Rename the group; files with a plugin end in .yml or .yaml";
            return Err(self.error_with_hint(key.place, "`plugin` names an inventory plugin and no group", hint));
        }
        for (key, node) in groups {
            self.group_entry(key, node)?;
        }
        Ok(())
    }

    /// A group and everything below it; `None` = it was skipped and does not exist.
    fn group_entry(&mut self, key: &Key, node: &Node) -> Result<Option<GroupId>, Fault> {
        let entries = match node.form() {
            Form::Mapping(entries) => entries.as_slice(),
            Form::Scalar(Value::Null) => &[],
            Form::Scalar(_) | Form::List(_) => {
                let message = format!("`{}` is skipped: a group is a mapping, this is {}", key.text(), node.kind());
                if let Some(told) = self.warn(key.place, message, PARTS_HINT, may_name_hosts(node).then_some(LOST)) {
                    told.is_passed_over = true;
                }
                return Ok(key.as_text().and_then(|name| self.draft.group_named(name)));
            }
        };
        let Some(name) = key.as_text() else {
            let message = format!("the name of a group is text, this is {}", key.kind());
            return Err(self.error_with_hint(key.place, message, "Quote it"));
        };
        let group = self.group(name, key.place);
        self.check_parts(name, entries)?;
        // In the order of the file: it decides which group comes first, and so whose hosts.
        for (part, node) in entries {
            match part.as_text() {
                Some("vars") => self.vars(group, node),
                Some("children") if self.document.is_toml => self.listed_children(group, node)?,
                Some("children") => self.children(group, node)?,
                Some("hosts") => self.host_entries(group, node)?,
                _ => self.unknown_part(part, node),
            }
        }
        Ok(Some(group))
    }

    /// A part that no group has. Ansible skips it with the hosts and groups that were meant to be in it, without a word where
    /// nothing stands below it: a host whose `hosts:` was forgotten.
    fn unknown_part(&mut self, part: &Key, node: &Node) {
        let name = part.text();
        let near = nearest::name(&name, PARTS.into_iter());
        let is_setting = match node.form() {
            Form::Mapping(_) | Form::List(_) | Form::Scalar(Value::Null) => false,
            // `ansible_user: core` below a group that is there for its anchor.
            Form::Scalar(_) => near.is_none(),
        };
        let is_group = |node: &Node| PARTS.into_iter().any(|part| node.get(part).is_some());
        let hint = match near {
            Some(near) => format!("Did you mean `{near}`? {PARTS_HINT}"),
            None if is_group(node) => format!("A group within a group stands below `children`. {PARTS_HINT}"),
            None if is_setting => format!("Variables of a group stand below `vars`. {PARTS_HINT}"),
            None => format!("Hosts of a group stand below `hosts`. {PARTS_HINT}"),
        };
        let message = format!("`{name}` is no part of a group and is skipped");
        self.warn(part.place, message, &hint, (!is_setting).then_some(LOST));
    }

    /// Whether the parts of a group have the right form: all of them, before any of them counts.
    fn check_parts(&self, group: &str, entries: &[(Key, Node)]) -> Result<(), Fault> {
        let wrong = entries.iter().find(|(part, node)| {
            let is_mapping = matches!(node.form(), Form::Mapping(_));
            let is_loose = !self.document.is_toml
                && matches!(node.form(), Form::Scalar(Value::Null | Value::Text(_) | Value::Unsafe(_)));
            match part.as_text() {
                Some("children") if self.document.is_toml => !matches!(node.form(), Form::List(_)),
                Some("vars" | "children" | "hosts") => !is_mapping && !is_loose,
                _ => false,
            }
        });
        let Some((part, node)) = wrong else { return Ok(()) };
        let what = if self.document.is_toml && part.as_text() == Some("children") { "a list" } else { "a mapping" };
        let message = format!("`{}` of `{group}` is {what}, this is {}", part.text(), node.kind());
        let hint = match (self.document.is_toml, what) {
            (false, _) => "Write a colon behind each name: `web1:`, without a dash before it",
            (true, "a list") => "Write children = [\"web\", \"db\"]",
            (true, _) => "Write [group.hosts], and below it each host: web1 = {}",
        };
        Err(self.error_with_hint(node.place, message, hint))
    }

    /// The entries of a part; a text is the only key.
    fn entries(node: &Node) -> Vec<(Key, Option<&Node>)> {
        match node.form() {
            Form::Mapping(entries) => entries.iter().map(|(key, node)| (key.clone(), Some(node))).collect(),
            Form::Scalar(value @ (Value::Text(_) | Value::Unsafe(_))) => {
                vec![(Key { place: node.place, value: value.clone() }, None)]
            }
            Form::Scalar(_) | Form::List(_) => Vec::new(),
        }
    }

    fn vars(&mut self, group: GroupId, node: &Node) {
        match node.form() {
            Form::Mapping(entries) => self.group_variables(group, entries),
            Form::Scalar(_) | Form::List(_) => {
                for (key, _) in Self::entries(node) {
                    let null = Node::new(key.place, Form::Scalar(Value::Null));
                    self.group_variables(group, &[(key, null)]);
                }
            }
        }
    }

    fn children(&mut self, group: GroupId, node: &Node) -> Result<(), Fault> {
        for (key, body) in Self::entries(node) {
            let null = Node::new(key.place, Form::Scalar(Value::Null));
            let Some(child) = self.group_entry(&key, body.unwrap_or(&null))? else {
                return Err(self.error(key.place, format!("`{}` is no group", key.text())));
            };
            self.child(group, child, key.place)?;
        }
        Ok(())
    }

    fn listed_children(&mut self, group: GroupId, node: &Node) -> Result<(), Fault> {
        let Form::List(names) = node.form() else { return Ok(()) };
        for name in names {
            let Form::Scalar(Value::Text(text)) = name.form() else {
                return Err(self.error(name.place, format!("the name of a group is text, this is {}", name.kind())));
            };
            let child = self.group(text, name.place);
            self.child(group, child, name.place)?;
        }
        Ok(())
    }

    fn host_entries(&mut self, group: GroupId, node: &Node) -> Result<(), Fault> {
        for (key, variables) in Self::entries(node) {
            let filled = variables.filter(|node| node.is_truthy() || self.document.is_toml);
            if let Some(wrong) = filled.filter(|node| !matches!(node.form(), Form::Mapping(_))) {
                let message = format!("the variables of `{}` are a mapping, this is {}", key.text(), wrong.kind());
                let hint = "Below a host stands one `name: value` a line";
                return Err(self.error_with_hint(wrong.place, message, hint));
            }
            self.hosts(&key, filled, group)?;
        }
        Ok(())
    }
}
