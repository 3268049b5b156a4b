//! What of the settings of hosts is encrypted. Opening one value takes a while on purpose, and they can be opened side by side
//! before anybody needs them.

use indexmap::IndexSet;

use crate::inventory::model::{HostId, Inventory, Variables};
use crate::inventory::value::Value;

/// How names of settings begin.
const OF_SETTINGS: [&str; 2] = ["ansible_", "clockaudit_"];

/// The encrypted texts that settings of these hosts are, or refer to, each once. What only a template can tell, as the variable
/// of another host, is not among them.
pub fn vaulted(inventory: &Inventory, hosts: &[HostId]) -> IndexSet<String> {
    let mut found = IndexSet::new();
    let mut resolver = inventory.resolver();
    for host in hosts {
        let variables = resolver.variables(*host);
        let is_setting = |name: &&String| OF_SETTINGS.iter().any(|begin| name.starts_with(begin));
        let mut needed: IndexSet<&str> = variables.keys().filter(is_setting).map(String::as_str).collect();
        let mut next = 0;
        while let Some(variable) = needed.get_index(next).and_then(|name| variables.get(*name)) {
            look_into(&variable.value, &variables, &mut needed, &mut found);
            next += 1;
        }
    }
    found
}

fn look_into<'a>(
    value: &Value,
    variables: &'a Variables,
    needed: &mut IndexSet<&'a str>,
    found: &mut IndexSet<String>,
) {
    match value {
        Value::Vaulted(text) if !found.contains(text) => {
            found.insert(text.clone());
        }
        Value::Text(text) if value.has_template() => {
            let words = text.split(|next: char| !(next.is_alphanumeric() || next == '_'));
            needed.extend(words.filter_map(|word| variables.get_key_value(word)).map(|(name, _)| name.as_str()));
        }
        Value::List(items) => {
            for item in items {
                look_into(item, variables, needed, found);
            }
        }
        Value::Mapping(entries) => {
            for item in entries.values() {
                look_into(item, variables, needed, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::model::{Draft, Source};

    #[test]
    fn what_settings_are_and_refer_to_is_found_and_nothing_else() {
        let mut draft = Draft::new();
        let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
        let source = draft.add_source(record);
        let group = draft.ensure_group("web");
        let vault = |text: &str| Value::Vaulted(text.to_owned());
        for (host, own) in [("h1", "first"), ("h2", "second")] {
            let (host, _) = draft.add_host(host, group, source).expect("room");
            draft.set_host_variable(host, "ansible_password", vault(own), None);
        }
        let text = |text: &str| Value::from(text);
        for (name, value) in [
            ("ansible_become_password", text("{{ secrets['sudo'] | default(spare) }}")),
            ("secrets", Value::Mapping([("sudo".to_owned(), Value::List(vec![vault("nested")]))].into())),
            ("spare", text("{{ spare }}{{ base }}")),
            ("base", vault("deep")),
            ("unused", vault("unused")),
            ("ansible_user", text("base")),
        ] {
            draft.set_group_variable(group, name, value, None);
        }
        let (inventory, _) = draft.reconcile().expect("consistent");
        let hosts: Vec<HostId> = inventory.hosts().map(|(id, _)| id).collect();
        let mut found: Vec<String> = vaulted(&inventory, &hosts).into_iter().collect();
        found.sort();
        assert_eq!(found, ["deep", "first", "nested", "second"]);
    }
}
