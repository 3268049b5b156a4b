//! Keys that stand twice in a mapping: where, and which hosts an inventory loses by it.

use std::collections::HashSet;

use super::node::{Form, Key, Node};
use crate::inventory::value::Value;

/// A key that stands in its mapping again.
#[derive(Debug)]
pub(super) struct Repeated {
    /// The key whose value counts.
    pub(super) key: Key,
    /// The line of the one whose value is lost.
    pub(super) first_line: usize,
    /// The hosts that only the lost value names, as an inventory writes them, ranges included.
    pub(super) lost: Vec<String>,
}

/// An entry that took the place of another one.
pub(super) struct Again<'mapping> {
    pub(super) first: (Key, Node),
    pub(super) last: &'mapping (Key, Node),
}

/// What a mapping of an inventory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Groups by their names.
    Groups,
    /// The parts of one group.
    Parts,
    /// Anything else: hosts, variables.
    Other,
}

impl Held {
    /// What the mapping holds that these keys lead to, from the top.
    fn behind<'key>(path: impl Iterator<Item = Option<&'key str>>) -> Self {
        path.fold(Self::Groups, |held, key| match (held, key) {
            (Self::Groups, Some(_)) => Self::Parts,
            (Self::Parts, Some("children")) => Self::Groups,
            _ => Self::Other,
        })
    }
}

impl Repeated {
    /// What there is to know of an entry behind these keys; `None` = a list, or a key that is no text.
    pub(super) fn new<'key>(again: &Again<'_>, path: impl Iterator<Item = Option<&'key str>>) -> Self {
        let Again { first: (first, lost), last: (key, kept) } = again;
        let hosts: fn(&Node, &mut Vec<String>) = match (Held::behind(path), key.as_text()) {
            (Held::Groups, _) => of_group,
            (Held::Parts, Some("hosts")) => named,
            (Held::Parts, Some("children")) => of_groups,
            _ => |_, _| {},
        };
        let (mut gone, mut still) = (Vec::new(), Vec::new());
        hosts(lost, &mut gone);
        hosts(kept, &mut still);
        let still: HashSet<String> = still.into_iter().collect();
        gone.retain(|host| !still.contains(host));
        Self { key: key.clone(), first_line: first.place.line, lost: gone }
    }
}

/// The hosts of a group and of those below it; scripts print a bare list of them, too.
fn of_group(group: &Node, hosts: &mut Vec<String>) {
    if let Form::List(_) = group.form() {
        return named(group, hosts);
    }
    if let Some((_, part)) = group.get("hosts") {
        named(part, hosts);
    }
    if let Some((_, part)) = group.get("children") {
        of_groups(part, hosts);
    }
}

fn of_groups(groups: &Node, hosts: &mut Vec<String>) {
    if let Form::Mapping(groups) = groups.form() {
        for (_, group) in groups {
            of_group(group, hosts);
        }
    }
}

/// The hosts of a `hosts`.
fn named(part: &Node, hosts: &mut Vec<String>) {
    match part.form() {
        Form::Mapping(entries) => hosts.extend(entries.iter().filter_map(|(key, _)| key.as_text()).map(str::to_owned)),
        Form::List(items) => hosts.extend(items.iter().filter_map(text)),
        Form::Scalar(_) => hosts.extend(text(part)),
    }
}

fn text(node: &Node) -> Option<String> {
    match node.form() {
        Form::Scalar(Value::Text(text) | Value::Unsafe(text)) => Some(text.clone()),
        Form::Scalar(_) | Form::List(_) | Form::Mapping(_) => None,
    }
}
