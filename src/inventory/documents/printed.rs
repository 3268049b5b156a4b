//! What inventory scripts and `ansible-inventory --list` print: groups with lists of hosts, variables in `_meta`.

use indexmap::IndexSet;

use super::{Builder, Fault};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::model::{Draft, GroupId, HostId, SourceId};
use crate::inventory::ranges::Budget;
use crate::inventory::value::Value;
use crate::inventory::yaml::{Document, Form, Key, Node, Setting};

/// Who printed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printer {
    /// An inventory script: an object without `hosts`, `vars` and `children` is a host of the group's name.
    Script,
    /// `ansible-inventory --list`: an empty object is an empty group.
    AnsibleInventory,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    /// What there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// The hosts whose variables the output does not tell: it has no `_meta.hostvars`, and `--host NAME` does.
    pub unknown: Vec<HostId>,
}

/// Whether a document is what `ansible-inventory --list` prints: an object with `_meta.hostvars`, which is no group of
/// an inventory.
pub fn is_listing(document: &Document<'_>) -> bool {
    document.root.get("_meta").is_some_and(|(_, meta)| meta.get("hostvars").is_some())
}

/// Reads a document into the draft. Names are taken as they stand: no ranges, no ports.
pub fn read(
    draft: &mut Draft,
    source: SourceId,
    document: &Document<'_>,
    printer: Printer,
    budget: &mut Budget,
) -> Printed {
    let mut builder = Builder::new(draft, source, document, budget);
    let mut hosts = Hosts::default();
    let outcome = builder.printed(printer, &mut hosts);
    let unknown = if outcome.is_ok() && !hosts.are_told { hosts.named } else { Vec::new() };
    Printed { diagnostics: builder.finish(outcome), unknown }
}

/// The variables of one host, as `--host NAME` prints them; the error names no file yet.
pub fn host_variables(document: &Document<'_>) -> Result<Vec<Setting>, Box<Diagnostic>> {
    let setting = |(key, node): &(Key, Node)| Setting { name: key.text(), value: node.to_value(), place: key.place };
    match document.root.form() {
        Form::Mapping(entries) => Ok(entries.iter().map(setting).collect()),
        Form::Scalar(_) | Form::List(_) => {
            let message = format!("expected an object of variables, got {}", document.root.kind());
            Err(Box::new(document.error(document.root.place, message)))
        }
    }
}

#[derive(Debug, Default)]
struct Hosts {
    named: Vec<HostId>,
    are_told: bool,
}

impl Builder<'_, '_> {
    fn printed(&mut self, printer: Printer, hosts: &mut Hosts) -> Result<(), Fault> {
        let document = self.document;
        let Form::Mapping(groups) = document.root.form() else {
            let message = format!("expected an object of groups, got {}", document.root.kind());
            return Err(self.error(document.root.place, message));
        };
        let mut named = IndexSet::new();
        let mut told = None;
        for (key, node) in groups {
            if key.as_text() == Some("_meta") {
                let hostvars = node.get("hostvars").map(|(_, node)| node);
                if let Some(wrong) = [Some(node), hostvars].into_iter().flatten().find(|node| !is_mapping(node)) {
                    let message = format!("`_meta` and its `hostvars` are objects, this is {}", wrong.kind());
                    return Err(self.error(wrong.place, message));
                }
                told = hostvars;
                continue;
            }
            self.printed_group(key, node, printer, &mut named)?;
        }
        hosts.are_told = told.is_some();
        let Some(Form::Mapping(told)) = told.map(Node::form) else {
            hosts.named = named.into_iter().collect();
            return Ok(());
        };
        for (key, variables) in told {
            // Hosts of no group are not made.
            let host = key.as_text().and_then(|name| self.draft.host_named(name));
            let Some(host) = host.filter(|host| named.contains(host)) else { continue };
            if !is_mapping(variables) && variables.is_truthy() {
                let message = format!("the variables of `{}` are an object, this is {}", key.text(), variables.kind());
                return Err(self.error(variables.place, message));
            }
            self.host_variables(host, Some(variables));
        }
        Ok(())
    }

    fn printed_group(
        &mut self,
        key: &Key,
        node: &Node,
        printer: Printer,
        named: &mut IndexSet<HostId>,
    ) -> Result<(), Fault> {
        let name = key.text();
        let group = self.group(&name, key.place);
        let part = |name: &str| node.get(name).map(|(_, node)| node);
        let (hosts, vars, children) = (part("hosts"), part("vars"), part("children"));
        match node.form() {
            Form::Mapping(entries) if hosts.is_none() && vars.is_none() && children.is_none() => {
                if printer == Printer::Script {
                    let (host, _) = self.host(&name, group, key.place)?;
                    named.insert(host);
                    self.group_variables(group, entries);
                }
                return Ok(());
            }
            Form::Mapping(_) => {}
            // A bare list is that of its hosts.
            Form::List(_) | Form::Scalar(_) => return self.printed_hosts(&name, group, node, named),
        }
        if let Some(node) = hosts {
            self.printed_hosts(&name, group, node, named)?;
        }
        match vars.map(|node| (node, node.form())) {
            Some((_, Form::Mapping(entries))) => self.group_variables(group, entries),
            Some((node, _)) => {
                let message = format!("`vars` of `{name}` is an object, this is {}", node.kind());
                return Err(self.error(node.place, message));
            }
            None => {}
        }
        match children.map(|node| (node, node.form())) {
            Some((_, Form::List(items))) => {
                for child in items {
                    let text = self.name_of(child, "group")?;
                    let id = self.group(&text, child.place);
                    self.child(group, id, child.place)?;
                }
            }
            Some((node, _)) => {
                let message = format!("`children` of `{name}` is a list of names, this is {}", node.kind());
                return Err(self.error(node.place, message));
            }
            None => {}
        }
        Ok(())
    }

    fn printed_hosts(
        &mut self,
        group: &str,
        id: GroupId,
        node: &Node,
        named: &mut IndexSet<HostId>,
    ) -> Result<(), Fault> {
        let Form::List(items) = node.form() else {
            let message = format!("the hosts of `{group}` are a list of names, this is {}", node.kind());
            return Err(self.error(node.place, message));
        };
        for item in items {
            let text = self.name_of(item, "host")?;
            let (host, _) = self.host(&text, id, item.place)?;
            named.insert(host);
        }
        Ok(())
    }

    fn name_of(&self, node: &Node, what: &str) -> Result<String, Fault> {
        match node.form() {
            Form::Scalar(Value::Text(text) | Value::Unsafe(text)) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.error(node.place, format!("the name of a {what} is text, this is {}", node.kind()))),
        }
    }
}

fn is_mapping(node: &Node) -> bool {
    matches!(node.form(), Form::Mapping(_))
}
