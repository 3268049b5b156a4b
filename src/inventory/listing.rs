//! The inventory as `ansible-inventory` prints it: `--list`, `--host`.

use indexmap::{IndexMap, IndexSet};

use super::json;
use super::model::{GroupId, HostId, Inventory, Variables};
use super::value::Value;

/// The JSON of `ansible-inventory --list`: groups without the empty ones, and the variables of every host that has any.
/// `hosts` = the hosts that count, all but those left out by a limit.
pub fn list(inventory: &Inventory, hosts: &IndexSet<HostId>) -> String {
    let mut entries = IndexMap::new();
    let mut seen = IndexSet::new();
    describe_group(inventory, GroupId::ALL, hosts, &mut seen, &mut entries);
    let mut resolver = inventory.resolver();
    let with_variables = hosts.iter().filter_map(|id| {
        let variables = resolver.variables(*id);
        let name = inventory.host(*id)?.name.clone();
        (!variables.is_empty()).then(|| (name, mapping(variables)))
    });
    let host_variables = Value::Mapping(with_variables.collect());
    entries.insert("_meta".to_owned(), Value::Mapping(IndexMap::from([("hostvars".to_owned(), host_variables)])));
    json::pretty(&Value::Mapping(entries))
}

/// The JSON of `ansible-inventory --host`: the effective variables of one host.
pub fn host(inventory: &Inventory, host: HostId) -> String {
    json::pretty(&mapping(inventory.variables(host)))
}

fn mapping(variables: Variables) -> Value {
    Value::Mapping(variables.into_iter().map(|(name, variable)| (name, variable.value)).collect())
}

fn describe_group(
    inventory: &Inventory,
    id: GroupId,
    available: &IndexSet<HostId>,
    seen: &mut IndexSet<GroupId>,
    entries: &mut IndexMap<String, Value>,
) {
    // Inventories nest a handful of levels; the walk keeps its own stack all the same.
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        let Some(group) = inventory.group(id).filter(|_| seen.insert(id)) else { continue };
        let mut entry = IndexMap::new();
        let name_of = |host: HostId| inventory.host(host).map(|host| Value::Text(host.name.clone()));
        // Ansible lists no hosts of `all` itself.
        let own = group.own_hosts().filter(|host| id != GroupId::ALL && available.contains(host));
        let hosts: Vec<Value> = own.filter_map(name_of).collect();
        let children: Vec<GroupId> = group.children().collect();
        if !hosts.is_empty() {
            entry.insert("hosts".to_owned(), Value::List(hosts));
        }
        if !children.is_empty() {
            let names = children.iter().filter_map(|child| inventory.group(*child));
            let names = names.map(|child| Value::Text(child.name.clone())).collect();
            entry.insert("children".to_owned(), Value::List(names));
        }
        if !entry.is_empty() {
            entries.insert(group.name.clone(), Value::Mapping(entry));
        }
        waiting.extend(children);
    }
}
