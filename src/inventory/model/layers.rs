//! Variables from outside the inventories themselves, and how all layers lie on each other.

use std::collections::HashMap;
use std::sync::Arc;

use super::draft::narrow;
use super::{GroupId, HostId, Inventory, Source, SourceId, Variable, Variables};
use crate::inventory::value::Value;

/// What becomes of a mapping that is set again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HashBehaviour {
    /// The later one replaces it.
    #[default]
    Replace,
    /// The later one's entries are put into it, at every depth; lists replace each other.
    Merge,
}

/// A layer of group variables (`precedence`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupLayer {
    /// Variables of `all` in inventories.
    AllInventory,
    /// Variables of the other groups in inventories.
    GroupsInventory,
    /// `group_vars/all` beside inventories.
    AllFilesOfInventories,
    /// `group_vars/all` of the current directory.
    AllFilesOfPlay,
    /// `group_vars` of the other groups beside inventories.
    GroupFilesOfInventories,
    /// `group_vars` of the other groups in the current directory.
    GroupFilesOfPlay,
    /// Variables of all groups in inventories, `all` being one as any other: while sources are read.
    EveryInventory,
    /// `group_vars` of all groups beside inventories, in the same way.
    EveryFileOfInventories,
}

impl GroupLayer {
    /// The layers, lowest first, as they lie where nobody says otherwise.
    pub const ORDER: [Self; 6] = [
        Self::AllInventory,
        Self::GroupsInventory,
        Self::AllFilesOfInventories,
        Self::AllFilesOfPlay,
        Self::GroupFilesOfInventories,
        Self::GroupFilesOfPlay,
    ];

    /// Those of an inventory whose sources are still read, where `all` may be no higher than another group.
    const WHILE_READ: [Self; 2] = [Self::EveryInventory, Self::EveryFileOfInventories];

    /// The layer of Ansible's name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "all_inventory" => Some(Self::AllInventory),
            "groups_inventory" => Some(Self::GroupsInventory),
            "all_plugins_inventory" => Some(Self::AllFilesOfInventories),
            "all_plugins_play" => Some(Self::AllFilesOfPlay),
            "groups_plugins_inventory" => Some(Self::GroupFilesOfInventories),
            "groups_plugins_play" => Some(Self::GroupFilesOfPlay),
            _ => None,
        }
    }
}

/// The variables of the files below one folder. One group's files may be several; they are merged here already.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RootVariables {
    /// Those of `group_vars`.
    pub groups: HashMap<GroupId, Arc<Variables>>,
    /// Those of `host_vars`.
    pub hosts: HashMap<HostId, Arc<Variables>>,
}

/// Everything that is laid over the variables of inventories.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers {
    /// What becomes of mappings.
    pub hash_behaviour: HashBehaviour,
    /// The layers of group variables, lowest first.
    pub order: Vec<GroupLayer>,
    /// The folders of the inventories, in the order of these.
    pub inventories: Vec<RootVariables>,
    /// The current directory, or the one that stands for it.
    pub play: RootVariables,
    /// What was given with `-e`.
    pub extra: Variables,
    /// What stands for `-e`, where that was not typed.
    pub extra_from: Option<Arc<str>>,
    /// The files of all these.
    files: Vec<Source>,
    /// The id of the first of them.
    first: u32,
}

impl Layers {
    /// Nothing but the variables of an inventory of so many sources, `is_settled` = all of them were read.
    pub(super) fn of(sources: usize, hash_behaviour: HashBehaviour, is_settled: bool) -> Self {
        Self {
            hash_behaviour,
            first: narrow(sources),
            order: if is_settled { GroupLayer::ORDER.to_vec() } else { GroupLayer::WHILE_READ.to_vec() },
            inventories: Vec::new(),
            play: RootVariables::default(),
            extra: Variables::new(),
            extra_from: None,
            files: Vec::new(),
        }
    }

    /// Adds a file that variables come from.
    pub fn add_file(&mut self, file: Source) -> SourceId {
        self.files.push(file);
        SourceId(self.first + narrow(self.files.len() - 1))
    }

    /// The files of variables, in the order they were read.
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    pub(super) fn file(&self, id: SourceId) -> Option<&Source> {
        self.files.get(usize::try_from(id.0.checked_sub(self.first)?).ok()?)
    }

    /// Variables of groups, all that lie on the same layer, lowest first. `groups` are sorted as they win.
    pub(super) fn of_groups<'l>(
        &'l self,
        inventory: &'l Inventory,
        layer: GroupLayer,
        groups: &'l [GroupId],
    ) -> Vec<&'l Variables> {
        let counts = |id: &GroupId| match layer {
            GroupLayer::AllInventory | GroupLayer::AllFilesOfInventories | GroupLayer::AllFilesOfPlay => {
                *id == GroupId::ALL
            }
            GroupLayer::GroupsInventory | GroupLayer::GroupFilesOfInventories | GroupLayer::GroupFilesOfPlay => {
                *id != GroupId::ALL
            }
            GroupLayer::EveryInventory | GroupLayer::EveryFileOfInventories => true,
        };
        let groups: Vec<GroupId> = groups.iter().copied().filter(counts).collect();
        let roots = match layer {
            GroupLayer::AllInventory | GroupLayer::GroupsInventory | GroupLayer::EveryInventory => {
                return groups.iter().filter_map(|id| Some(&inventory.group(*id)?.variables)).collect();
            }
            GroupLayer::AllFilesOfInventories
            | GroupLayer::GroupFilesOfInventories
            | GroupLayer::EveryFileOfInventories => self.inventories.as_slice(),
            GroupLayer::AllFilesOfPlay | GroupLayer::GroupFilesOfPlay => std::slice::from_ref(&self.play),
        };
        let of_root = |root: &'l RootVariables| groups.iter().filter_map(|id| root.groups.get(id).map(Arc::as_ref));
        roots.iter().flat_map(|root| of_root(root).collect::<Vec<_>>()).collect()
    }

    /// Variables of a host from files and `-e`, lowest first.
    pub(super) fn of_host(&self, host: HostId) -> impl Iterator<Item = &Variables> {
        let roots = self.inventories.iter().chain([&self.play]);
        roots.filter_map(move |root| root.hosts.get(&host).map(Arc::as_ref)).chain([&self.extra])
    }
}

impl Inventory {
    /// What lies over the variables of the inventories.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// The same, for files to be laid over.
    pub fn layers_mut(&mut self) -> &mut Layers {
        &mut self.layers
    }
}

/// Lays variables over others: the later ones win.
pub fn lay_over(below: &mut Variables, above: &Variables, behaviour: HashBehaviour) {
    for (name, variable) in above {
        set(below, name, variable.clone(), behaviour);
    }
}

/// Sets one variable over what there is.
pub(super) fn set(below: &mut Variables, name: &str, variable: Variable, behaviour: HashBehaviour) {
    match below.get_mut(name) {
        Some(known) => {
            known.origin = variable.origin;
            known.value = combined(std::mem::replace(&mut known.value, Value::Null), variable.value, behaviour);
        }
        None => {
            below.insert(name.to_owned(), variable);
        }
    }
}

/// The later value, or what both mappings are together.
fn combined(below: Value, above: Value, behaviour: HashBehaviour) -> Value {
    match (below, above, behaviour) {
        (Value::Mapping(mut entries), Value::Mapping(above), HashBehaviour::Merge) => {
            for (key, value) in above {
                let value = match entries.get_mut(&key) {
                    Some(known) => combined(std::mem::replace(known, Value::Null), value, behaviour),
                    None => value,
                };
                entries.insert(key, value);
            }
            Value::Mapping(entries)
        }
        (_, above, _) => above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::Draft;

    fn variables(set: &[(&str, Value)]) -> Variables {
        let variable = |value: &Value| Variable { value: value.clone(), origin: None };
        set.iter().map(|(name, value)| ((*name).to_owned(), variable(value))).collect()
    }

    fn mapping(entries: &[(&str, Value)]) -> Value {
        Value::Mapping(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn mappings_are_replaced_or_merged_at_every_depth() {
        let check = |behaviour, expected: &str| {
            let deep = |x: &str| mapping(&[(x, Value::from("1"))]);
            let mut below = variables(&[("ntp", mapping(&[("deep", deep("x")), ("keep", Value::Null)]))]);
            let list = Value::List(vec![]);
            lay_over(&mut below, &variables(&[("ntp", mapping(&[("deep", deep("y")), ("l", list)]))]), behaviour);
            assert_eq!(below.get("ntp").map(|ntp| ntp.value.to_string()), Some(expected.to_owned()));
        };
        check(HashBehaviour::Replace, r#"{"deep": {"y": "1"}, "l": []}"#);
        check(HashBehaviour::Merge, r#"{"deep": {"x": "1", "y": "1"}, "keep": null, "l": []}"#);
    }

    /// Every layer sets `v`; the ones that are asked for win over those before them.
    #[test]
    fn each_layer_wins_over_the_ones_below_it() {
        let build = |upto: usize| {
            let mut draft = Draft::new();
            let source = Source { name: "i".into(), file: None, folder: None, sha256: String::new() };
            let source = draft.add_source(source);
            let web = draft.ensure_group("web");
            let (host, _) = draft.add_host("h", web, source).expect("room");
            let level = |n: usize| (n <= upto).then(|| Arc::new(variables(&[("v", Value::Integer(n.to_string()))])));
            let one = |n: usize| level(n).map_or(Value::Null, |_| Value::Integer(n.to_string()));
            draft.set_group_variable(GroupId::ALL, "v", one(1), None);
            if upto >= 2 {
                draft.set_group_variable(web, "v", one(2), None);
            }
            if upto >= 7 {
                draft.set_host_variable(host, "v", one(7), None);
            }
            let (mut inventory, _) = draft.reconcile().expect("consistent");
            let layers = inventory.layers_mut();
            let root = |all: usize, group: usize, own: usize| RootVariables {
                groups: [(GroupId::ALL, level(all)), (web, level(group))]
                    .into_iter()
                    .filter_map(|(id, set)| Some((id, set?)))
                    .collect(),
                hosts: level(own).map(|set| (host, set)).into_iter().collect(),
            };
            layers.inventories = vec![root(3, 5, 8)];
            layers.play = root(4, 6, 9);
            layers.extra = level(10).map(|set| (*set).clone()).unwrap_or_default();
            (inventory, host)
        };
        for upto in 1..=10 {
            let (inventory, host) = build(upto);
            let found = inventory.variables(host).get("v").map(|variable| variable.value.to_string());
            assert_eq!(found, Some(upto.to_string()));
        }
        let (mut inventory, host) = build(6);
        inventory.layers_mut().order = vec![GroupLayer::GroupFilesOfPlay, GroupLayer::AllInventory];
        assert_eq!(inventory.variables(host).get("v").map(|variable| variable.value.to_string()), Some("1".to_owned()));
    }
}
