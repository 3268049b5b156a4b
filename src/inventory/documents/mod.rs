//! Inventories that are trees: YAML and JSON files, TOML files, what scripts and `ansible-inventory --list` print.

mod groups;
mod plugin;
mod printed;
mod toml;

use std::sync::Arc;

use indexmap::IndexSet;

use super::diagnostics::Diagnostic;
use super::folding;
use super::group_names::UnusualNames;
use super::host_names;
use super::model::{Draft, GroupId, GroupVariable, HostId, Origin, SourceId, TooManyHosts};
use super::ranges::Budget;
use super::value::Value;
use super::yaml::{Document, Form, Key, Node, Place};

pub use groups::read as read_groups;
pub use plugin::{Plugin, plugin_name, plugin_of};
pub use printed::{Printer, host_variables, is_listing, read as read_printed};
pub use toml::document as toml_document;

/// Of warnings about one document so many are told.
const MAX_WARNINGS: usize = 20;

/// Of the hosts that are lost by a key that stands twice so many are counted.
const MOST_COUNTED: usize = 100_000;

/// What ends the reading of a document.
type Fault = Diagnostic;

/// A tree on its way into the draft.
struct Builder<'a, 't> {
    draft: &'a mut Draft,
    source: SourceId,
    budget: &'a mut Budget,
    document: &'a Document<'t>,
    file: Arc<str>,
    unusual: UnusualNames,
    diagnostics: Vec<Diagnostic>,
    untold: usize,
    /// What is missing by one of those that are not told.
    untold_missing: Option<String>,
}

impl<'a, 't> Builder<'a, 't> {
    fn new(draft: &'a mut Draft, source: SourceId, document: &'a Document<'t>, budget: &'a mut Budget) -> Self {
        let file = draft.source(source).map(|source| Arc::clone(&source.name)).unwrap_or_default();
        let (unusual, diagnostics) = (UnusualNames::default(), Vec::new());
        let mut builder =
            Self { draft, source, budget, document, file, unusual, diagnostics, untold: 0, untold_missing: None };
        for (warning, hosts) in document.warnings.iter().zip(&document.lost) {
            builder.say(with_lost(warning.clone(), hosts));
        }
        builder
    }

    /// What there is to say; an error ends the document, and what was read before it stays, as with Ansible.
    fn finish(mut self, outcome: Result<(), Fault>) -> Vec<Diagnostic> {
        if self.untold > 0 {
            let message = format!("{} more warnings of this kind", self.untold);
            let told = Diagnostic::warning(message).in_file(&self.file);
            self.diagnostics.push(match self.untold_missing.take() {
                Some(missing) => told.with_missing(missing),
                None => told,
            });
        }
        if let Some(note) = std::mem::take(&mut self.unusual).told(self.draft.group_names()) {
            self.diagnostics.push(note.in_file(&self.file));
        }
        if let Err(fault) = outcome {
            let missing = match fault.span {
                Some(_) => "everything from this line on is missing",
                None => "its hosts and variables are missing",
            };
            self.diagnostics.push(fault.in_file(&self.file).with_missing(missing));
        }
        self.diagnostics
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_WARNINGS {
            self.diagnostics.push(diagnostic.in_file(&self.file));
        } else {
            self.untold += 1;
            self.untold_missing = self.untold_missing.take().or(diagnostic.missing);
        }
    }

    fn error(&self, place: Place, message: impl Into<String>) -> Fault {
        self.document.error(place, message)
    }

    fn error_with_hint(&self, place: Place, message: impl Into<String>, hint: impl Into<String>) -> Fault {
        self.document.error(place, message).with_hint(hint)
    }

    fn origin(&self, place: Place) -> Origin {
        Origin { source: self.source, line: place.line, column: place.column }
    }

    /// Says something about a place; of many warnings only how many they are, for to find the line of a place costs as much
    /// as all lines before it. Gives what it said, unless it was counted alone.
    fn warn(&mut self, place: Place, message: String, hint: &str, missing: Option<&str>) -> Option<&mut Diagnostic> {
        if self.diagnostics.len() >= MAX_WARNINGS {
            self.untold += 1;
            self.untold_missing = self.untold_missing.take().or(missing.map(str::to_owned));
            return None;
        }
        self.draft.count(place.line);
        let told = self.document.warning(place, message).with_hint(hint);
        self.say(match missing {
            Some(missing) => told.with_missing(missing),
            None => told,
        });
        self.diagnostics.last_mut()
    }

    /// The host of a name, added to a group; tells whether it was made.
    fn host(&mut self, name: &str, group: GroupId, place: Place) -> Result<(HostId, bool), Fault> {
        let added = self.draft.add_host(name, group, self.source);
        added.map_err(|full| self.error_with_hint(place, full.to_string(), TooManyHosts::HINT))
    }

    /// The group of a name, made if there is none.
    fn group(&mut self, name: &str, place: Place) -> GroupId {
        if self.draft.group_named(&self.draft.group_names().known(name)).is_none() {
            self.unusual.check(name, || self.document.span(place));
        }
        self.draft.ensure_group(name)
    }

    /// Adds the hosts of an entry to a group; variables hold for each of them.
    fn hosts(&mut self, key: &Key, variables: Option<&Node>, group: GroupId) -> Result<(), Fault> {
        let Some(text) = key.as_text() else {
            let message = format!("the name of a host is text, this is {}", key.kind());
            return Err(self.error_with_hint(key.place, message, "Quote it"));
        };
        let hosts = host_names::expand(text, self.budget).map_err(|error| {
            let hint = "[1:9], [01:09] and [a:f] are ranges; an IPv6 address in brackets needs a :port";
            self.error_with_hint(key.place, error.to_string(), hint)
        })?;
        if let Some(node) = variables.filter(|_| hosts.names.len() > 1)
            && !self.budget.takes(hosts.names.len(), cost(node))
        {
            let message = format!("{} hosts with all of these variables are too much", hosts.names.len());
            return Err(self.error_with_hint(key.place, message, "Put the variables into the `vars` of the group"));
        }
        for name in &hosts.names {
            let (host, is_new) = self.host(name, group, key.place)?;
            if let Some(port) = hosts.port.as_ref().filter(|_| is_new) {
                let origin = self.origin(key.place);
                self.draft.set_host_variable(host, "ansible_port", Value::Integer(port.clone()), Some(origin));
            }
            self.host_variables(host, variables);
        }
        Ok(())
    }

    fn host_variables(&mut self, host: HostId, variables: Option<&Node>) {
        let Some(Form::Mapping(entries)) = variables.map(Node::form) else { return };
        for (key, node) in entries {
            let origin = self.origin(key.place);
            self.draft.set_host_variable(host, &key.text(), node.to_value(), Some(origin));
        }
    }

    fn group_variables(&mut self, group: GroupId, entries: &[(Key, Node)]) {
        for (key, node) in entries {
            let origin = self.origin(key.place);
            let outcome = self.draft.set_group_variable(group, &key.text(), node.to_value(), Some(origin));
            if outcome == GroupVariable::BadPriority {
                let message = format!("ansible_group_priority is an integer, got {}", node.kind());
                self.warn(node.place, message, "The group keeps its priority", None);
            }
        }
    }

    fn child(&mut self, parent: GroupId, child: GroupId, place: Place) -> Result<(), Fault> {
        self.draft.add_child(parent, child).map_err(|cycle| self.error(place, cycle.to_string()))
    }
}

/// What is said of a key that stands twice, with the hosts that are lost by it.
fn with_lost(warning: Diagnostic, hosts: &[String]) -> Diagnostic {
    let mut budget = Budget::new(MOST_COUNTED);
    let names = hosts.iter().map(|host| host_names::expand(host, &mut budget).map(|hosts| hosts.names));
    let lost = match names.collect::<Result<Vec<_>, _>>() {
        Ok(names) if names.is_empty() => return warning,
        Ok(names) => {
            let names: IndexSet<String> = names.into_iter().flatten().collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let are = if names.len() == 1 { "host of the first one is" } else { "hosts of the first one are" };
            format!("{} {are} lost: {}", names.len(), folding::shortened(&names))
        }
        Err(_) => format!("the first one's hosts are lost: {}", brief_list(hosts)),
    };
    Diagnostic { message: format!("{}, and {lost}", warning.message), ..warning }
}

/// The first of some entries.
fn brief_list(hosts: &[String]) -> String {
    let first: Vec<&str> = hosts.iter().take(3).map(String::as_str).collect();
    format!("{}{}", first.join(", "), if hosts.len() > 3 { ", ..." } else { "" })
}

/// About how many bytes a value takes.
fn cost(node: &Node) -> usize {
    match node.form() {
        Form::Scalar(Value::Text(text) | Value::Unsafe(text) | Value::Vaulted(text) | Value::Integer(text)) => {
            text.len().saturating_add(128)
        }
        Form::Scalar(_) => 128,
        Form::List(items) => items.iter().map(cost).fold(128, usize::saturating_add),
        Form::Mapping(entries) => {
            let entries = entries.iter().map(|(key, node)| cost(node).saturating_add(key.place.length.min(1 << 20)));
            entries.fold(128, usize::saturating_add)
        }
    }
}

#[cfg(test)]
mod tests;
