//! What names stand for in templates of a host: its variables, and what Ansible adds to them.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value as Jinja;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::run::Run;
use crate::inventory::model::HostId;
use crate::inventory::value::Value;

/// The names that Ansible defines for every host.
const MAGIC: [&str; 10] = [
    "inventory_hostname",
    "inventory_hostname_short",
    "inventory_file",
    "inventory_dir",
    "playbook_dir",
    "group_names",
    "groups",
    "hostvars",
    "omit",
    "vars",
];

/// Those of them that are not defined in the expressions of a source of inventories (measured with 2.19).
const OF_WHOLE: [&str; 4] = ["groups", "hostvars", "playbook_dir", "vars"];

/// The names of one host.
pub(super) struct Scope {
    pub(super) run: Arc<Run>,
    pub(super) host: HostId,
}

impl Scope {
    /// The names that are defined.
    pub(super) fn names(&self) -> Vec<String> {
        let variables = self.run.variables(self.host);
        let magic = MAGIC.into_iter().filter(|name| self.has(name)).map(str::to_owned);
        variables.keys().cloned().chain(magic).collect()
    }

    fn has(&self, magic: &str) -> bool {
        !(self.run.is_unfinished && OF_WHOLE.contains(&magic))
    }

    fn lookup(self: &Arc<Self>, name: &str) -> Option<Jinja> {
        if let Some(value) = self.magic(name).filter(|_| self.has(name)) {
            return Some(value);
        }
        let variables = self.run.variables(self.host);
        let variable = variables.get(name)?;
        self.run.note(name);
        let value = self.run.lift(self.host, name, &variable.value);
        self.run.note_value(name, &value, super::is_plain(&variable.value));
        Some(value)
    }

    fn magic(self: &Arc<Self>, name: &str) -> Option<Jinja> {
        let shared = &self.run.shared;
        let host = || shared.inventory.host(self.host);
        let source = || host().and_then(|host| shared.inventory.source(host.source?));
        let value = match name {
            "inventory_hostname" => Jinja::from(host()?.name.as_str()),
            "inventory_hostname_short" => Jinja::from(host()?.short_name()),
            "inventory_file" => Jinja::from(source().and_then(|source| source.file.clone())),
            "inventory_dir" => Jinja::from(source().and_then(|source| source.folder.clone())),
            "playbook_dir" => Jinja::from(shared.playbook_dir.as_str()),
            "group_names" => shared.inventory.group_names(self.host).into_iter().map(Jinja::from).collect(),
            "groups" => Jinja::from_object(Groups { run: Arc::clone(&self.run) }),
            "hostvars" => Jinja::from_object(Hosts { run: Arc::clone(&self.run) }),
            "omit" => Jinja::from_object(Omit),
            "vars" => Jinja::from_dyn_object(Arc::clone(self)),
            _ => return None,
        };
        Some(value)
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("variables")
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.lookup(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        self.lookup(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names().into_iter().map(Jinja::from).collect())
    }
}

/// `hostvars`: the names of any host.
struct Hosts {
    run: Arc<Run>,
}

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hostvars")
    }
}

impl Object for Hosts {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let name = key.as_str()?;
        let inventory = &self.run.shared.inventory;
        let host = inventory.host_named(name).or_else(|| inventory.localhost(name))?;
        Some(Jinja::from_object(Scope { run: Arc::clone(&self.run), host }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.run.shared.inventory.hosts().map(|(_, host)| Jinja::from(host.name.as_str())).collect())
    }
}

/// `groups`: the hosts of every group.
struct Groups {
    run: Arc<Run>,
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("groups")
    }
}

impl Object for Groups {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.run.shared.hosts_of(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let groups = self.run.shared.inventory.groups();
        Enumerator::Values(groups.map(|(_, group)| Jinja::from(group.name.as_str())).collect())
    }
}

/// `omit`, which stands for no value.
#[derive(Debug)]
pub(super) struct Omit;

impl Object for Omit {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A list whose items are rendered when they are looked at.
pub(super) struct LazyList {
    pub(super) run: Arc<Run>,
    pub(super) host: HostId,
    pub(super) name: String,
    pub(super) items: Vec<Value>,
}

impl std::fmt::Debug for LazyList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("list")
    }
}

impl Object for LazyList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let index = key.as_usize()?;
        Some(self.run.lift(self.host, &format!("{}[{index}]", self.name), self.items.get(index)?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
}

/// A mapping whose values are rendered when they are looked at.
pub(super) struct LazyMapping {
    pub(super) run: Arc<Run>,
    pub(super) host: HostId,
    pub(super) name: String,
    pub(super) entries: IndexMap<String, Value>,
}

impl std::fmt::Debug for LazyMapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mapping")
    }
}

impl Object for LazyMapping {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let key = key.as_str()?;
        let value = self.entries.get(key)?;
        self.run.note(key);
        let lifted = self.run.lift(self.host, &format!("{}.{key}", self.name), value);
        self.run.note_value(key, &lifted, super::is_plain(value));
        Some(lifted)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries.keys().map(|key| Jinja::from(key.as_str())).collect())
    }
}
