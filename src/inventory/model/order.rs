//! Who is in which group, in which order, and which value of a variable wins.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;

use super::{Group, GroupId, HostId, Inventory, Variables, lay_over};

impl Inventory {
    /// The hosts of a group and of all groups below it: the group's own first, then level by level, children in the
    /// order they were attached. Ansible itself fixes no order below two nested groups of one level; here it is always
    /// that of attachment.
    pub fn hosts_of(&self, group: GroupId) -> IndexSet<HostId> {
        let mut hosts = IndexSet::new();
        let mut seen = IndexSet::from([group]);
        let mut at = 0;
        while let Some(group) = seen.get_index(at).and_then(|id| self.group(*id)) {
            hosts.extend(group.own_hosts());
            seen.extend(group.children());
            at += 1;
        }
        hosts
    }

    /// Every group a host is in, ancestors and `all` included, lowest precedence first: by depth, priority, name. The
    /// implicit localhost is in none, and yet gets the variables of `all`. While sources are read, `all` is one of them only
    /// where it is above another already.
    pub fn groups_of(&self, host: HostId) -> Vec<GroupId> {
        let direct: Vec<GroupId> =
            self.host(host).map(|host| host.groups.iter().copied().collect()).unwrap_or_default();
        self.with_ancestors(&direct)
    }

    fn with_ancestors(&self, direct: &[GroupId]) -> Vec<GroupId> {
        let mut seen: IndexSet<GroupId> = direct.iter().copied().collect();
        if self.is_settled {
            seen.insert(GroupId::ALL);
        }
        let mut at = 0;
        while let Some(group) = seen.get_index(at).and_then(|id| self.group(*id)) {
            seen.extend(group.parents());
            at += 1;
        }
        let mut groups: Vec<(&Group, GroupId)> =
            seen.into_iter().filter_map(|id| self.group(id).map(|group| (group, id))).collect();
        groups.sort_by(|(a, _), (b, _)| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
        groups.into_iter().map(|(_, id)| id).collect()
    }

    /// The names of a host's groups without `all`, sorted: Ansible's `group_names`.
    pub fn group_names(&self, host: HostId) -> Vec<&str> {
        let is_implicit = self.host(host).is_none_or(|host| host.groups.is_empty());
        if is_implicit {
            return Vec::new();
        }
        let groups = self.groups_of(host).into_iter().filter(|id| *id != GroupId::ALL);
        let mut names: Vec<&str> = groups.filter_map(|id| self.group(id)).map(|group| group.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The effective variables of a host.
    pub fn variables(&self, host: HostId) -> Variables {
        self.resolver().variables(host)
    }

    /// Computes the effective variables of many hosts: those of one set of groups are merged once.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver { inventory: self, merged: HashMap::new() }
    }
}

/// Merges variables, lowest precedence first: those of groups in their layers, each by depth, priority and name; the host's
/// own; those of its files; those of `-e`.
#[derive(Debug)]
pub struct Resolver<'a> {
    inventory: &'a Inventory,
    merged: HashMap<Vec<GroupId>, Variables>,
}

impl Resolver<'_> {
    /// The effective variables of a host.
    pub fn variables(&mut self, id: HostId) -> Variables {
        let inventory = self.inventory;
        let Some(host) = inventory.host(id) else { return Variables::new() };
        let direct: Vec<GroupId> = host.groups.iter().copied().collect();
        let of_groups = self.merged.entry(direct).or_insert_with_key(|direct| inventory.merge_groups(direct));
        let mut variables = of_groups.clone();
        let layers = inventory.layers();
        for above in [&host.variables].into_iter().chain(layers.of_host(id)) {
            lay_over(&mut variables, above, layers.hash_behaviour);
        }
        variables
    }
}

impl Inventory {
    fn merge_groups(&self, direct: &[GroupId]) -> Variables {
        let groups = self.with_ancestors(direct);
        let layers = self.layers();
        let mut variables = Variables::new();
        for layer in &layers.order {
            for above in layers.of_groups(self, *layer, &groups) {
                lay_over(&mut variables, above, layers.hash_behaviour);
            }
        }
        variables
    }

    /// The names of all hosts and groups.
    pub(crate) fn names(&self) -> HashSet<&str> {
        self.hosts.keys().chain(self.groups.keys()).map(String::as_str).collect()
    }
}
