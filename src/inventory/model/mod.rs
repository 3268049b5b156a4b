//! The inventory itself: hosts, groups as a directed graph, variables with the place they come from.

mod draft;
mod layers;
mod order;
mod reconcile;
mod ways;

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::value::Value;

pub use draft::{Draft, GroupError, GroupVariable, Room, TooManyHosts};
pub use layers::{GroupLayer, HashBehaviour, Layers, RootVariables, lay_over};
pub use reconcile::{MAX_DEPTH, ReconcileError};

/// A host of one inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(u32);

/// A group of one inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u32);

/// A source of one inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl HostId {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl GroupId {
    /// The group every host is in.
    pub const ALL: Self = Self(0);
    /// The group of hosts that are in no other.
    pub const UNGROUPED: Self = Self(1);

    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl SourceId {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Something hosts and variables come from: a file, or a list of hosts on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As the user named it.
    pub name: Arc<str>,
    /// Absolute path of the file; `None` for a host list.
    pub file: Option<String>,
    /// Absolute path of the folder the file is in.
    pub folder: Option<String>,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

/// Where a variable was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The source.
    pub source: SourceId,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The value, templates not rendered.
    pub value: Value,
    /// Where it was set; `None` for what no file says (the implicit localhost).
    pub origin: Option<Origin>,
}

/// Variables by name, in the order they were set first.
pub type Variables = IndexMap<String, Variable>;

/// A host.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// Its own variables; those of its groups are merged in by [`Inventory::variables`].
    pub variables: Variables,
    /// The source that named it first; `None` for the implicit localhost.
    pub source: Option<SourceId>,
    /// The groups that list it themselves, in the order it was added to them.
    groups: IndexSet<GroupId>,
}

impl Host {
    /// The name up to its first dot; an IP address as a whole.
    pub fn short_name(&self) -> &str {
        if self.name.parse::<core::net::IpAddr>().is_ok() {
            return &self.name;
        }
        self.name.split('.').next().unwrap_or_default()
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its own variables.
    pub variables: Variables,
    /// `ansible_group_priority`: among groups of one depth the higher one wins; 1 unless set.
    pub priority: i64,
    /// Length of the longest way from `all`.
    pub depth: usize,
    children: IndexSet<GroupId>,
    parents: IndexSet<GroupId>,
    hosts: IndexSet<HostId>,
}

impl Group {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            variables: Variables::new(),
            priority: 1,
            depth: 0,
            children: IndexSet::new(),
            parents: IndexSet::new(),
            hosts: IndexSet::new(),
        }
    }

    /// The groups below it, in the order they were attached.
    pub fn children(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.children.iter().copied()
    }

    /// The hosts it lists itself, in the order they were added.
    pub fn own_hosts(&self) -> impl Iterator<Item = HostId> + '_ {
        self.hosts.iter().copied()
    }
}

/// An inventory: finished, with every group below `all` and every host in some group, or as it stands while sources are
/// read ([`Draft::as_it_stands`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    hosts: IndexMap<String, Host>,
    groups: IndexMap<String, Group>,
    sources: Vec<Source>,
    /// The hosts that exist only once somebody names them: in no group, reached without SSH. Empty when the inventory
    /// has a localhost of its own. Their ids follow those of `hosts`.
    implicit: Vec<Host>,
    layers: Layers,
    /// Whether it is finished.
    is_settled: bool,
    steps: usize,
}

/// The names of this machine, as Ansible has them.
pub const LOCALHOST_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl Inventory {
    /// Every host, in the order they were first named.
    pub fn hosts(&self) -> impl Iterator<Item = (HostId, &Host)> {
        self.hosts.values().enumerate().map(|(index, host)| (HostId(draft::narrow(index)), host))
    }

    /// The same, and the implicit ones after them.
    pub fn all_hosts(&self) -> impl Iterator<Item = (HostId, &Host)> {
        let hosts = self.hosts.values().chain(&self.implicit).enumerate();
        hosts.map(|(index, host)| (HostId(draft::narrow(index)), host))
    }

    /// Every group, `all` and `ungrouped` first, then in the order they were first named.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        self.groups.values().enumerate().map(|(index, group)| (GroupId(draft::narrow(index)), group))
    }

    /// How many hosts there are; the implicit localhost does not count.
    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// How much work it was to read its sources and put them together, as [`Draft::steps`] counts it.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The host of an id, the implicit ones too; `None` for an id of another inventory.
    pub fn host(&self, id: HostId) -> Option<&Host> {
        match self.hosts.get_index(id.index()) {
            Some((_, host)) => Some(host),
            None => self.implicit.get(id.index() - self.hosts.len()),
        }
    }

    /// The group of an id; `None` for an id of another inventory.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get_index(id.index()).map(|(_, group)| group)
    }

    /// The source or file of variables of an id; `None` for an id of another inventory.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.index()).or_else(|| self.layers.file(id))
    }

    /// Every source that was read, in order.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The host of exactly this name.
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        self.hosts.get_index_of(name).map(|index| HostId(draft::narrow(index)))
    }

    /// The group of exactly this name.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        self.groups.get_index_of(name).map(|index| GroupId(draft::narrow(index)))
    }

    /// What stands for a name of this machine: the inventory's first localhost of any name, else the implicit host of
    /// that name; `None` for any other name.
    pub fn localhost(&self, name: &str) -> Option<HostId> {
        let place = LOCALHOST_NAMES.iter().position(|local| *local == name)?;
        let own = self.hosts().find(|(_, host)| LOCALHOST_NAMES.contains(&host.name.as_str()));
        match own {
            Some((id, _)) => Some(id),
            None => self.implicit.get(place).map(|_| HostId(draft::narrow(self.hosts.len() + place))),
        }
    }
}
