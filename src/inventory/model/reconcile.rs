//! The end of reading: every group below `all`, every host in some group, depths computed.

use indexmap::IndexSet;
use thiserror::Error;

use super::draft::narrow;
use super::{Draft, Group, GroupId, Host, HostId, Inventory, LOCALHOST_NAMES, Layers, Variable, Variables};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::value::Value;

/// The group `all` was put below another group, which is below `all` like every group.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("group `all` is below `{group}`, but every group is below `all`")]
pub struct Contradiction {
    /// The group above `all`.
    pub group: String,
}

impl Draft {
    /// Finishes the inventory, and tells what is odd about it as a whole.
    pub fn reconcile(mut self) -> Result<(Inventory, Vec<Diagnostic>), Contradiction> {
        self.adopt_groups()?;
        self.settle_hosts();
        self.measure_depths();
        let diagnostics = self.odd_names();
        let has_localhost = LOCALHOST_NAMES.iter().any(|name| self.hosts.contains_key(*name));
        let implicit = if has_localhost { Vec::new() } else { LOCALHOST_NAMES.map(implicit_host).to_vec() };
        let Self { hosts, groups, sources, hash_behaviour, .. } = self;
        let layers = Layers::of(sources.len(), hash_behaviour);
        Ok((Inventory { hosts, groups, sources, implicit, layers }, diagnostics))
    }

    /// Groups that nothing is above become children of `all`, in the order they were made.
    fn adopt_groups(&mut self) -> Result<(), Contradiction> {
        for index in 1..self.groups.len() {
            let id = GroupId(narrow(index));
            let is_orphan = self.group(id).is_some_and(|group| group.parents.is_empty());
            if !is_orphan {
                continue;
            }
            if self.is_below(id, GroupId::ALL) {
                let group = self.group(id).map(|group| group.name.clone()).unwrap_or_default();
                return Err(Contradiction { group });
            }
            self.attach(GroupId::ALL, id);
        }
        Ok(())
    }

    /// Hosts of a real group leave `ungrouped`; hosts of no group join it.
    fn settle_hosts(&mut self) {
        for index in 0..self.hosts.len() {
            let id = HostId(narrow(index));
            let Some((_, host)) = self.hosts.get_index_mut(index) else { continue };
            let is_grouped = host.groups.iter().any(|group| !matches!(*group, GroupId::ALL | GroupId::UNGROUPED));
            let was_ungrouped = host.groups.contains(&GroupId::UNGROUPED);
            if is_grouped && was_ungrouped {
                host.groups.shift_remove(&GroupId::UNGROUPED);
                if let Some(ungrouped) = self.group_mut(GroupId::UNGROUPED) {
                    ungrouped.hosts.shift_remove(&id);
                }
            } else if !is_grouped && !was_ungrouped {
                host.groups.insert(GroupId::UNGROUPED);
                if let Some(ungrouped) = self.group_mut(GroupId::UNGROUPED) {
                    ungrouped.hosts.insert(id);
                }
            }
        }
    }

    /// The longest way from `all` to each group: groups are taken once all that is above them has been taken.
    fn measure_depths(&mut self) {
        let mut waiting: Vec<usize> = self.groups.values().map(|group| group.parents.len()).collect();
        let mut ready = vec![GroupId::ALL];
        while let Some(id) = ready.pop() {
            let Some(group) = self.group(id) else { continue };
            let below = group.depth + 1;
            let children: Vec<GroupId> = group.children.iter().copied().collect();
            for child in children {
                if let Some(group) = self.group_mut(child) {
                    group.depth = group.depth.max(below);
                }
                if let Some(count) = waiting.get_mut(child.index()) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        ready.push(child);
                    }
                }
            }
        }
    }

    /// Names that are both a host's and a group's: the host hides the group in patterns.
    fn odd_names(&self) -> Vec<Diagnostic> {
        let doubled = self.groups.keys().filter(|name| self.hosts.contains_key(*name));
        let told = doubled.map(|name| {
            Diagnostic::warning(format!("`{name}` is both a host and a group"))
                .with_hint(format!("The pattern `{name}` means the host; rename one of them"))
        });
        told.collect()
    }
}

fn implicit_host(name: &str) -> Host {
    let connection = Variable { value: Value::from("local"), origin: None };
    let variables = Variables::from([("ansible_connection".to_owned(), connection)]);
    Host { name: name.to_owned(), variables, source: None, groups: IndexSet::new() }
}

impl Group {
    /// The groups right above it.
    pub(super) fn parents(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.parents.iter().copied()
    }
}
