//! An inventory while its sources are read, one after the other.

use indexmap::{IndexMap, IndexSet};
use thiserror::Error;

use super::layers::{self, HashBehaviour};
use super::{Group, GroupId, Host, HostId, Origin, Source, SourceId, Variable, Variables};
use crate::inventory::group_names::GroupNames;
use crate::inventory::value::Value;

/// An inventory under construction; each source starts from what the earlier ones left.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub(super) hosts: IndexMap<String, Host>,
    pub(super) groups: IndexMap<String, Group>,
    pub(super) sources: Vec<Source>,
    pub(super) hash_behaviour: HashBehaviour,
    group_names: GroupNames,
}

/// A group would be below itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{child}` below `{parent}` would make a circle of groups")]
pub struct GroupCycle {
    /// The group that was to be above.
    pub parent: String,
    /// The group that was to be below.
    pub child: String,
}

/// What became of a variable set on a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupVariable {
    /// It is a variable of the group.
    Stored,
    /// `ansible_group_priority`: it is the group's priority and no variable.
    Priority,
    /// `ansible_group_priority` that is no integer: ignored.
    BadPriority,
}

/// Inventories are capped far below this.
pub(super) fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

impl Draft {
    /// An inventory of the two groups that always exist.
    pub fn new() -> Self {
        Self::with(HashBehaviour::Replace, GroupNames::Kept)
    }

    /// The same, where mappings that are set again may be merged, and names of groups made valid.
    pub fn with(hash_behaviour: HashBehaviour, group_names: GroupNames) -> Self {
        let (hosts, groups, sources) = (IndexMap::new(), IndexMap::new(), Vec::new());
        let mut draft = Self { hosts, groups, sources, hash_behaviour, group_names };
        draft.groups.insert("all".to_owned(), Group::new("all"));
        draft.groups.insert("ungrouped".to_owned(), Group::new("ungrouped"));
        draft.attach(GroupId::ALL, GroupId::UNGROUPED);
        draft
    }

    /// Adds a source, to which later hosts and variables refer.
    pub fn add_source(&mut self, source: Source) -> SourceId {
        self.sources.push(source);
        SourceId(narrow(self.sources.len() - 1))
    }

    /// The source of an id.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.index())
    }

    /// The group of exactly this name.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        self.groups.get_index_of(name).map(|index| GroupId(narrow(index)))
    }

    /// The host of exactly this name.
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        self.hosts.get_index_of(name).map(|index| HostId(narrow(index)))
    }

    /// The name of a host; empty for an id of another inventory.
    pub fn host_name(&self, id: HostId) -> &str {
        self.hosts.get_index(id.index()).map(|(name, _)| name.as_str()).unwrap_or_default()
    }

    /// What becomes of names of groups that are no identifiers.
    pub fn group_names(&self) -> GroupNames {
        self.group_names
    }

    /// The group of this name, made if there is none; a name that is no identifier may be made one.
    pub fn ensure_group(&mut self, name: &str) -> GroupId {
        let name = self.group_names.known(name);
        if let Some(id) = self.group_named(&name) {
            return id;
        }
        let (index, _) = self.groups.insert_full(name.clone().into_owned(), Group::new(&name));
        GroupId(narrow(index))
    }

    /// Puts one group below another; nothing happens if it is there already.
    pub fn add_child(&mut self, parent: GroupId, child: GroupId) -> Result<(), GroupCycle> {
        if parent == child || self.is_below(child, parent) {
            let name = |id: GroupId| self.group(id).map(|group| group.name.clone()).unwrap_or_default();
            return Err(GroupCycle { parent: name(parent), child: name(child) });
        }
        self.attach(parent, child);
        Ok(())
    }

    /// Adds a host to a group, making the host if there is none of that name; tells whether it was made.
    pub fn add_host(&mut self, name: &str, group: GroupId, source: SourceId) -> (HostId, bool) {
        let known = self.hosts.get_index_of(name);
        let index = known.unwrap_or_else(|| {
            let groups = IndexSet::new();
            let host = Host { name: name.to_owned(), variables: Variables::new(), source: Some(source), groups };
            self.hosts.insert_full(name.to_owned(), host).0
        });
        let id = HostId(narrow(index));
        if let Some((_, host)) = self.hosts.get_index_mut(index) {
            host.groups.insert(group);
        }
        if let Some(group) = self.group_mut(group) {
            group.hosts.insert(id);
        }
        (id, known.is_none())
    }

    /// What a variable of a host was set to so far.
    pub fn host_variable(&self, host: HostId, name: &str) -> Option<&Value> {
        self.hosts.get_index(host.index())?.1.variables.get(name).map(|variable| &variable.value)
    }

    /// Sets a variable of a host; the later one wins.
    pub fn set_host_variable(&mut self, host: HostId, name: &str, value: Value, origin: Option<Origin>) {
        if let Some((_, host)) = self.hosts.get_index_mut(host.index()) {
            layers::set(&mut host.variables, name, Variable { value, origin }, self.hash_behaviour);
        }
    }

    /// Sets a variable of a group; the later one wins.
    pub fn set_group_variable(
        &mut self,
        group: GroupId,
        name: &str,
        value: Value,
        origin: Option<Origin>,
    ) -> GroupVariable {
        let behaviour = self.hash_behaviour;
        let Some(group) = self.group_mut(group) else { return GroupVariable::Stored };
        if name != "ansible_group_priority" {
            layers::set(&mut group.variables, name, Variable { value, origin }, behaviour);
            return GroupVariable::Stored;
        }
        let parsed = match &value {
            Value::Integer(text) | Value::Text(text) | Value::Unsafe(text) => text.trim().parse().ok(),
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Null
            | Value::Float(_)
            | Value::Timestamp(_)
            | Value::Vaulted(_)
            | Value::List(_)
            | Value::Mapping(_) => None,
        };
        match parsed {
            Some(priority) => {
                group.priority = priority;
                GroupVariable::Priority
            }
            None => GroupVariable::BadPriority,
        }
    }

    pub(super) fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get_index(id.index()).map(|(_, group)| group)
    }

    pub(super) fn group_mut(&mut self, id: GroupId) -> Option<&mut Group> {
        self.groups.get_index_mut(id.index()).map(|(_, group)| group)
    }

    pub(super) fn attach(&mut self, parent: GroupId, child: GroupId) {
        if let Some(group) = self.group_mut(parent) {
            group.children.insert(child);
        }
        if let Some(group) = self.group_mut(child) {
            group.parents.insert(parent);
        }
    }

    /// Whether `wanted` is among the groups below `top`.
    pub(super) fn is_below(&self, top: GroupId, wanted: GroupId) -> bool {
        let mut seen = IndexSet::from([top]);
        let mut at = 0;
        while let Some(id) = seen.get_index(at).copied() {
            if id == wanted && id != top {
                return true;
            }
            if let Some(group) = self.group(id) {
                seen.extend(group.children.iter().copied());
            }
            at += 1;
        }
        false
    }
}
