//! The end of reading: every group below `all`, every host in some group, depths computed.

use indexmap::IndexSet;
use thiserror::Error;

use super::draft::narrow;
use super::{Draft, Group, GroupId, Host, HostId, Inventory, LOCALHOST_NAMES, Layers, Variable, Variables};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::value::Value;

/// Groups may be so many levels below `all`: Ansible ends with an error of its own between 900 and 1100.
pub const MAX_DEPTH: usize = 1000;

/// Why the groups make no inventory.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReconcileError {
    /// The group `all` was put below another group, which is below `all` like every group.
    #[error("group `all` is below `{group}`, but every group is below `all`")]
    AllBelow {
        /// The group above `all`.
        group: String,
    },
    /// Groups are nested too deep.
    #[error("group `{group}` is {depth} levels below `all`; groups may be nested {MAX_DEPTH} deep")]
    TooDeep {
        /// The deepest group.
        group: String,
        /// Its depth.
        depth: usize,
    },
}

impl ReconcileError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::AllBelow { .. } => "take `all` out of the :children sections",
            Self::TooDeep { .. } => "take levels out of the :children sections: Ansible, too, ends with an error there",
        }
    }
}

impl Draft {
    /// Finishes the inventory, and tells what is odd about it as a whole.
    pub fn reconcile(mut self) -> Result<(Inventory, Vec<Diagnostic>), ReconcileError> {
        self.adopt_groups()?;
        self.settle_hosts();
        self.measure_depths();
        if let Some(deepest) = self.groups.values().max_by_key(|group| group.depth).filter(|it| it.depth > MAX_DEPTH) {
            return Err(ReconcileError::TooDeep { group: deepest.name.clone(), depth: deepest.depth });
        }
        let diagnostics = self.odd_names();
        let has_localhost = LOCALHOST_NAMES.iter().any(|name| self.hosts.contains_key(*name));
        let implicit = if has_localhost { Vec::new() } else { LOCALHOST_NAMES.map(implicit_host).to_vec() };
        Ok((Inventory { implicit, ..self.taken(true) }, diagnostics))
    }

    /// The inventory as the sources read so far leave it, which is what Ansible shows to one that makes variables and groups
    /// by expressions: a group is below `all` only where a source has put it there, so that variables of `all` reach no
    /// other host; and nobody has moved to `ungrouped` or away from it. There is no implicit localhost.
    pub fn as_it_stands(&mut self) -> Inventory {
        self.count(self.hosts.len());
        let mut draft = self.clone();
        draft.measure_depths();
        let inventory = draft.taken(false);
        self.count(inventory.steps - self.steps());
        inventory
    }

    fn taken(self, is_settled: bool) -> Inventory {
        let steps = self.steps();
        let Self { hosts, groups, sources, hash_behaviour, .. } = self;
        let layers = Layers::of(sources.len(), hash_behaviour, is_settled);
        Inventory { hosts, groups, sources, implicit: Vec::new(), layers, is_settled, steps }
    }

    /// Groups that nothing is above become children of `all`, in the order they were made.
    fn adopt_groups(&mut self) -> Result<(), ReconcileError> {
        let above_all = self.above_all();
        for index in 1..self.groups.len() {
            self.count(1);
            let id = GroupId(narrow(index));
            let Some(group) = self.group(id).filter(|group| group.parents.is_empty()) else { continue };
            if above_all.contains(&id) {
                return Err(ReconcileError::AllBelow { group: group.name.clone() });
            }
            self.attach(GroupId::ALL, id);
        }
        Ok(())
    }

    /// The groups that `all` was put below, with all that is above them.
    fn above_all(&mut self) -> IndexSet<GroupId> {
        let mut above = IndexSet::from([GroupId::ALL]);
        let mut at = 0;
        while let Some(group) = above.get_index(at).and_then(|id| self.group(*id)) {
            let parents: Vec<GroupId> = group.parents().collect();
            self.count(1 + parents.len());
            above.extend(parents);
            at += 1;
        }
        above
    }

    /// Hosts of a real group leave `ungrouped`; hosts of no group join it.
    fn settle_hosts(&mut self) {
        self.count(self.hosts.len());
        let (mut joining, mut any_leaves) = (Vec::new(), false);
        for (index, host) in self.hosts.values_mut().enumerate() {
            let is_grouped = host.groups.iter().any(|group| !matches!(*group, GroupId::ALL | GroupId::UNGROUPED));
            let was_ungrouped = host.is_ungrouped();
            if is_grouped && was_ungrouped {
                host.groups.shift_remove(&GroupId::UNGROUPED);
                any_leaves = true;
            } else if !is_grouped && !was_ungrouped {
                host.groups.insert(GroupId::UNGROUPED);
                joining.push(HostId(narrow(index)));
            }
        }
        if any_leaves {
            self.sweep_ungrouped();
        }
        if let Some(ungrouped) = self.group_mut(GroupId::UNGROUPED) {
            ungrouped.hosts.extend(joining);
        }
    }

    /// Takes those out of `ungrouped` that are not in it as they see it: all at once, for each pass costs all of it.
    fn sweep_ungrouped(&mut self) {
        let Self { hosts, groups, counted, .. } = self;
        let Some((_, ungrouped)) = groups.get_index_mut(GroupId::UNGROUPED.index()) else { return };
        *counted = counted.saturating_add(ungrouped.hosts.len());
        let stays = |id: &HostId| hosts.get_index(id.index()).is_some_and(|(_, host)| host.is_ungrouped());
        ungrouped.hosts.retain(stays);
    }

    /// The longest way to each group from one that nothing is above, which is `all` in the end: groups are taken once all
    /// that is above them has been taken.
    fn measure_depths(&mut self) {
        let mut waiting: Vec<usize> = self.groups.values().map(|group| group.parents.len()).collect();
        let topmost = waiting.iter().enumerate().filter(|(_, above)| **above == 0);
        let mut ready: Vec<GroupId> = topmost.map(|(index, _)| GroupId(narrow(index))).collect();
        while let Some(id) = ready.pop() {
            let Some(group) = self.group(id) else { continue };
            let below = group.depth + 1;
            let children: Vec<GroupId> = group.children.iter().copied().collect();
            self.count(1 + children.len());
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

impl Host {
    fn is_ungrouped(&self) -> bool {
        self.groups.contains(&GroupId::UNGROUPED)
    }
}

impl Group {
    /// The groups right above it.
    pub(super) fn parents(&self) -> impl Iterator<Item = GroupId> + '_ {
        self.parents.iter().copied()
    }
}
