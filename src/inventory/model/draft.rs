//! An inventory while its sources are read, one after the other.

use indexmap::{IndexMap, IndexSet};
use thiserror::Error;

use super::layers::{self, HashBehaviour};
use super::ways::Exhausted;
use super::{Group, GroupId, Host, HostId, Origin, Source, SourceId, Variable, Variables};
use crate::inventory::excerpts::brief;
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
    pub(super) room: Room,
    /// Steps of looking for circles.
    pub(super) searched: usize,
    /// All other steps.
    pub(super) counted: usize,
}

/// How much an inventory may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Hosts.
    pub hosts: usize,
    /// Steps along ways between groups that looking for circles may take, over all ways together. Only where many groups have
    /// both many above and many below them are more than some ten needed for each way.
    pub search_steps: usize,
}

impl Default for Room {
    fn default() -> Self {
        // What 200 MiB hold, with names and some variables.
        Self { hosts: 100_000, search_steps: 10_000_000 }
    }
}

/// An inventory has as many hosts as it may.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an inventory may have {most} hosts, and `{host}` would be one more")]
pub struct TooManyHosts {
    /// The host that was to be added.
    pub host: String,
    /// How many there are.
    pub most: usize,
}

impl TooManyHosts {
    /// What to do about it.
    pub const HINT: &str = "Divide the inventory and scan its parts; `clockaudit merge` puts their reports together";
}

/// Why a group cannot be below another.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GroupError {
    /// It would be below itself.
    #[error("`{child}` below `{parent}` would make a circle of groups")]
    Circle {
        /// The group that was to be above.
        parent: String,
        /// The group that was to be below.
        child: String,
    },
    /// Nobody can tell with reasonable work whether it would be.
    #[error(
        "too many groups have many above and many below them: {steps} steps do not tell whether `{child}` below `{parent}` \
         makes a circle"
    )]
    Intertwined {
        /// The group that was to be above.
        parent: String,
        /// The group that was to be below.
        child: String,
        /// The steps that were taken for the whole inventory.
        steps: usize,
    },
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
        let (room, searched, counted) = (Room::default(), 0, 0);
        let mut draft = Self { hosts, groups, sources, hash_behaviour, group_names, room, searched, counted };
        draft.groups.insert("all".to_owned(), Group::new("all"));
        draft.groups.insert("ungrouped".to_owned(), Group::new("ungrouped"));
        draft.attach(GroupId::ALL, GroupId::UNGROUPED);
        draft
    }

    /// The same, where there is so much room.
    #[must_use]
    pub fn within(self, room: Room) -> Self {
        Self { room, ..self }
    }

    /// How much work it was so far, whatever was read: one step is a line, a value, a host, a group, a variable, or a way
    /// between groups that is followed. It grows with the size of the sources and no faster, but for what [`Room`] and
    /// [`Budget`](crate::inventory::ranges::Budget) bound.
    pub fn steps(&self) -> usize {
        self.searched.saturating_add(self.counted)
    }

    /// Counts steps that were taken for it elsewhere.
    pub fn count(&mut self, steps: usize) {
        self.counted = self.counted.saturating_add(steps);
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
        self.count(1);
        let name = self.group_names.known(name);
        if let Some(id) = self.group_named(&name) {
            return id;
        }
        let (index, _) = self.groups.insert_full(name.clone().into_owned(), Group::new(&name));
        GroupId(narrow(index))
    }

    /// Puts one group below another; nothing happens if it is there already.
    pub fn add_child(&mut self, parent: GroupId, child: GroupId) -> Result<(), GroupError> {
        self.count(1);
        if self.group(parent).is_some_and(|group| group.children.contains(&child)) {
            return Ok(());
        }
        let would_circle = if parent == child { Ok(true) } else { self.is_below(child, parent) };
        if would_circle == Ok(false) {
            self.attach(parent, child);
            return Ok(());
        }
        let name = |id: GroupId| self.group(id).map(|group| group.name.clone()).unwrap_or_default();
        let (parent, child) = (name(parent), name(child));
        Err(match would_circle {
            Ok(_) => GroupError::Circle { parent, child },
            Err(Exhausted) => GroupError::Intertwined { parent, child, steps: self.room.search_steps },
        })
    }

    /// Adds a host to a group, making the host if there is none of that name; tells whether it was made.
    pub fn add_host(&mut self, name: &str, group: GroupId, source: SourceId) -> Result<(HostId, bool), TooManyHosts> {
        self.count(1);
        let known = self.hosts.get_index_of(name);
        if known.is_none() && self.hosts.len() >= self.room.hosts {
            return Err(TooManyHosts { host: brief(name), most: self.room.hosts });
        }
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
        Ok((id, known.is_none()))
    }

    /// What a variable of a host was set to so far.
    pub fn host_variable(&self, host: HostId, name: &str) -> Option<&Value> {
        self.hosts.get_index(host.index())?.1.variables.get(name).map(|variable| &variable.value)
    }

    /// Sets a variable of a host; the later one wins.
    pub fn set_host_variable(&mut self, host: HostId, name: &str, value: Value, origin: Option<Origin>) {
        self.count(1);
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
        self.count(1);
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
}
