//! Whole inventories against what the real Ansible made of them.

use clockaudit::files::inventory::{LoadError, Loaded, limit, load};
use clockaudit::inventory::model::{HostId, Inventory};
use clockaudit::inventory::patterns::Selection;
use clockaudit::inventory::{Value, json as writer, listing};
use indexmap::IndexSet;

use crate::differences::{ENDS_ANSIBLE, OF_RELEASE, ON_PURPOSE, REFUSED_PATTERNS, SKIPPED_PARTS};
use crate::json::{entries, get, parse, text, texts};
use crate::staging::{Staged, names};

/// Loads every case that does not differ on purpose and is compared with the newest Ansible, and gathers what `check` finds
/// wrong; gives how many it saw.
pub(crate) fn for_each(check: impl Fn(&Staged, &mut Vec<String>) -> bool) -> usize {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for name in names() {
        if ON_PURPOSE.iter().chain(&OF_RELEASE).any(|(case, _)| *case == name) {
            continue;
        }
        let mut found = Vec::new();
        seen += usize::from(check(&Staged::new(&name), &mut found));
        wrong.extend(found.into_iter().map(|line| format!("{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    seen
}

pub(crate) fn compare(what: &str, found: &Value, expected: &Value, wrong: &mut Vec<String>) {
    // Compared as sorted JSON: NaN equals NaN, 1 is not 1.0.
    if writer::pretty(found) != writer::pretty(expected) {
        wrong.push(format!("{what}: expected {expected}, found {found}"));
    }
}

fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    Value::List(items.into_iter().map(Value::from).collect())
}

fn sorted(value: &Value) -> Value {
    let mut items = texts(value);
    items.sort();
    list(items.iter().map(String::as_str))
}

fn host_names(inventory: &Inventory, hosts: impl IntoIterator<Item = HostId>) -> Value {
    list(hosts.into_iter().filter_map(|id| inventory.host(id)).map(|host| host.name.as_str()))
}

fn without_empty(groups: &Value) -> Value {
    let filled = entries(groups).into_iter().filter(|(_, group)| !entries(group).is_empty());
    Value::Mapping(filled.collect())
}

/// What Ansible said of its sources.
struct Verdict {
    failed: bool,
    has_unparsed: bool,
    /// Nothing at all was parsed: Ansible then leaves its groups unconnected, and we connect them all the same.
    nothing_parsed: bool,
}

fn verdict(expected: &Value) -> Verdict {
    let told = get(expected, "list").expect("a verdict");
    let messages = match get(told, "messages") {
        Some(Value::List(messages)) => messages.iter().filter_map(|message| get(message, "text")).map(text).collect(),
        _ => Vec::new(),
    };
    Verdict {
        failed: get(told, "rc") != Some(&Value::Integer("0".to_owned())),
        has_unparsed: get(told, "not_parsed").is_some_and(Value::is_truthy),
        nothing_parsed: messages.iter().any(|message: &String| message.contains("No inventory was parsed")),
    }
}

#[test]
fn groups_hosts_and_variables_are_those_of_ansible() {
    let seen = for_each(|staged, wrong| {
        let expected = staged.expected("expected.json").expect("expected.json");
        let verdict = verdict(&expected);
        let loaded = match load(&staged.sources, &staged.settings) {
            Ok(loaded) => loaded,
            Err(error) => {
                if verdict.failed {
                    wrong.extend(unsaid(&staged.name, &error.to_string()));
                } else {
                    wrong.push(format!("not loaded: {error}"));
                }
                return true;
            }
        };
        // Where Ansible ends, there is nothing to compare, and it is said what is missing.
        if verdict.failed {
            let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
            wrong.extend(unsaid(&staged.name, &said.join("\n")).filter(|_| loaded.is_incomplete()));
            wrong.extend((!loaded.is_incomplete()).then(|| format!("not incomplete: {said:?}")));
            return true;
        }
        let skipped = SKIPPED_PARTS.iter().find(|(name, _)| *name == staged.name);
        let is_incomplete = (loaded.is_incomplete(), loaded.is_incomplete_to_ansible());
        if (verdict.has_unparsed || skipped.is_some(), verdict.has_unparsed) != is_incomplete {
            let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
            wrong.push(format!("Ansible failed or read another part: {said:?}"));
        }
        if let Some((_, words)) = skipped {
            let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
            wrong.extend((!said.iter().any(|said| said.contains(words))).then(|| format!("not said: {said:?}")));
        }
        if verdict.nothing_parsed {
            compare_own_hosts(&loaded.inventory, &expected, wrong);
        } else {
            compare_listing(&loaded.inventory, &expected, wrong);
            compare_model(&loaded.inventory, &expected, wrong);
        }
        true
    });
    assert_eq!(seen, 203 - ON_PURPOSE.len() - OF_RELEASE.len(), "every case but those that differ on purpose");
}

/// What is wrong with what is said of a case that ends Ansible.
fn unsaid(case: &str, said: &str) -> Option<String> {
    match ENDS_ANSIBLE.iter().find(|(name, _)| *name == case) {
        Some((_, words)) if said.contains(words) => None,
        Some((_, words)) => Some(format!("expected {words:?}, found {said:?}")),
        None => Some(format!("ends Ansible and is not listed: {said:?}")),
    }
}

/// What was read before the error stays, group by group.
fn compare_own_hosts(inventory: &Inventory, expected: &Value, wrong: &mut Vec<String>) {
    let internal = get(expected, "internal").and_then(|internal| get(internal, "groups")).expect("groups");
    for (name, group) in entries(internal) {
        let found = inventory.group_named(&name).and_then(|id| inventory.group(id));
        let hosts = found.map_or(list([]), |group| host_names(inventory, group.own_hosts()));
        compare(&format!("hosts of {name}"), &hosts, get(&group, "hosts").expect("hosts"), wrong);
    }
}

fn compare_listing(inventory: &Inventory, expected: &Value, wrong: &mut Vec<String>) {
    let hosts: IndexSet<HostId> = inventory.hosts().map(|(id, _)| id).collect();
    let mut found = entries(&parse(&listing::list(inventory, &hosts)));
    let meta = found.shift_remove("_meta").expect("_meta");
    compare("groups", &Value::Mapping(found), &without_empty(get(expected, "groups").expect("groups")), wrong);
    let variables = get(expected, "hostvars").expect("hostvars");
    compare("hostvars", get(&meta, "hostvars").expect("hostvars"), variables, wrong);
    for name in texts(get(expected, "host_views_checked").expect("host views")) {
        let host = inventory.host_named(&name).expect("a host");
        let empty = Value::Mapping(indexmap::IndexMap::new());
        let expected = get(variables, &name).unwrap_or(&empty);
        compare(&format!("--host {name}"), &parse(&listing::host(inventory, host)), expected, wrong);
    }
}

fn compare_model(inventory: &Inventory, expected: &Value, wrong: &mut Vec<String>) {
    let loose = get(expected, "order_ambiguous_groups").map(texts).unwrap_or_default();
    let internal = get(expected, "internal").expect("the model");
    for (name, group) in entries(get(internal, "groups").expect("groups")) {
        let Some(id) = inventory.group_named(&name) else {
            wrong.push(format!("group {name} is missing"));
            continue;
        };
        let found = inventory.group(id).expect("a group");
        let field = |key: &str| get(&group, key).expect("a field");
        let children = found.children().filter_map(|id| inventory.group(id)).map(|child| child.name.as_str());
        compare(&format!("children of {name}"), &list(children), field("children"), wrong);
        compare(&format!("hosts of {name}"), &host_names(inventory, found.own_hosts()), field("hosts"), wrong);
        compare(&format!("depth of {name}"), &Value::Integer(found.depth.to_string()), field("depth"), wrong);
        compare(&format!("priority of {name}"), &Value::Integer(found.priority.to_string()), field("priority"), wrong);
        let all = host_names(inventory, inventory.hosts_of(id));
        if loose.contains(&name) {
            compare(&format!("all hosts of {name}"), &sorted(&all), &sorted(field("all_hosts")), wrong);
        } else {
            compare(&format!("all hosts of {name}"), &all, field("all_hosts"), wrong);
        }
    }
    for (name, host) in entries(get(internal, "hosts").expect("hosts")) {
        let Some(id) = inventory.host_named(&name) else {
            wrong.push(format!("host {name} is missing"));
            continue;
        };
        let found = inventory.host(id).expect("a host");
        let source = found.source.and_then(|source| inventory.source(source)).expect("a source");
        let text = |path: &Option<String>| path.as_deref().map_or(Value::Null, Value::from);
        let merged = inventory.groups_of(id).into_iter().filter_map(|id| inventory.group(id));
        let merged = list(merged.map(|group| group.name.as_str()));
        let field = |key: &str| get(&host, key).expect("a field");
        compare(&format!("group names of {name}"), &list(inventory.group_names(id)), field("group_names"), wrong);
        compare(&format!("merge order of {name}"), &merged, field("merge_order"), wrong);
        compare(&format!("short name of {name}"), &Value::from(found.short_name()), field("short"), wrong);
        // Ansible names the list itself as the file of a host list, and loses the file of a host that a group hides.
        if source.file.is_some() && inventory.group_named(&name).is_none() {
            compare(&format!("file of {name}"), &text(&source.file), field("inventory_file"), wrong);
            compare(&format!("folder of {name}"), &text(&source.folder), field("inventory_dir"), wrong);
        }
    }
}

#[test]
fn patterns_and_limits_select_the_hosts_of_ansible() {
    let seen = for_each(|staged, wrong| {
        let Some(Value::List(selections)) = staged.expected("expected-limit.json") else { return false };
        let expected = staged.expected("expected.json").expect("expected.json");
        if verdict(&expected).nothing_parsed {
            return false;
        }
        let loose = get(&expected, "order_ambiguous_groups").is_some();
        let loaded = load(&staged.sources, &staged.settings).expect("an inventory");
        for wanted in &selections {
            compare_selection(&loaded, staged, wanted, loose, wrong);
        }
        true
    });
    assert_eq!(seen, 34, "every case that Ansible selected hosts of, but three of which it read nothing");
}

fn compare_selection(loaded: &Loaded, staged: &Staged, wanted: &Value, loose: bool, wrong: &mut Vec<String>) {
    let pattern = text(get(wanted, "pattern").expect("a pattern"));
    let limit_text = get(wanted, "limit").filter(|limit| **limit != Value::Null).map(text);
    let what = format!("{pattern:?} limited to {limit_text:?}");
    let selected = limit(limit_text.as_slice(), &staged.settings).map_err(|error| error.to_string());
    let selected = selected.and_then(|limit| {
        let selection = Selection { pattern: pattern.clone(), limit };
        loaded.inventory.select(&selection).map_err(|error| error.to_string())
    });
    if REFUSED_PATTERNS.contains(&pattern.as_str()) {
        if !selected.is_err_and(|error| error.contains("IPv6")) {
            wrong.push(format!("{what}: not refused"));
        }
        return;
    }
    let expected = match get(wanted, "hosts") {
        Some(hosts @ Value::List(items)) if !items.is_empty() => Some(hosts),
        _ => None,
    };
    match (selected, expected) {
        (Err(_), None) => {}
        (Ok(selected), Some(expected)) => {
            let found = host_names(&loaded.inventory, selected.hosts);
            if loose {
                compare(&what, &sorted(&found), &sorted(expected), wrong);
            } else {
                compare(&what, &found, expected, wrong);
            }
            let unmatched = match get(wanted, "messages") {
                Some(Value::List(messages)) => messages
                    .iter()
                    .any(|message| get(message, "text").is_some_and(|text_| text(text_).contains("Could not match"))),
                _ => false,
            };
            if unmatched == selected.unmatched.is_empty() {
                wrong.push(format!("{what}: said {:?}", selected.unmatched));
            }
        }
        (found, expected) => wrong.push(format!("{what}: expected {expected:?}, found {found:?}")),
    }
}

#[test]
fn every_name_in_the_lists_is_a_case() {
    let known = names();
    assert_eq!(known.len(), 203, "cases: none may get lost");
    let listed = ON_PURPOSE.iter().map(|(case, _)| case);
    let listed = listed.chain(OF_RELEASE.iter().map(|(case, _)| case));
    let listed = listed.chain(ENDS_ANSIBLE.iter().map(|(case, _)| case));
    let listed = listed.chain(SKIPPED_PARTS.iter().map(|(case, _)| case));
    let gone: Vec<&&str> = listed.filter(|case| !known.iter().any(|name| name == **case)).collect();
    assert!(gone.is_empty(), "no such cases: {gone:?}");
}

#[test]
fn what_differs_on_purpose_is_as_meant() {
    let hosts = |case: &str| {
        let staged = Staged::new(case);
        let loaded = load(&staged.sources, &staged.settings).expect("an inventory");
        assert!(!loaded.is_incomplete() && loaded.diagnostics.len() == 1, "{:?}", loaded.diagnostics);
        std::sync::Arc::unwrap_or_clone(loaded.inventory)
    };
    let check = |case: &str, expected: &[&str]| {
        let inventory = hosts(case);
        let names: Vec<&str> = inventory.hosts().map(|(_, host)| host.name.as_str()).collect();
        assert_eq!(names, expected, "{case}");
    };
    check("ini-bom", &["h1"]);
    check("ini-bom-host-first", &["h0", "h1"]);
    let inventory = hosts("ini-latin1-value");
    let (_, host) = inventory.hosts().next().expect("a host");
    assert_eq!(host.variables.get("k").map(|variable| &variable.value), Some(&Value::from("caf\u{fffd}")));
    let staged = Staged::new("json-list-output");
    let loaded = load(&staged.sources, &staged.settings).expect("an inventory");
    assert_eq!(loaded.diagnostics, []);
    let w1 = loaded.inventory.host_named("w1").expect("a host");
    let address = loaded.inventory.variables(w1).get("ansible_host").map(|variable| variable.value.clone());
    let web = loaded.inventory.group_named("web").expect("a group");
    let hosts = host_names(&loaded.inventory, loaded.inventory.hosts_of(web));
    assert_eq!((address, hosts), (Some(Value::from("192.0.2.1")), list(["w1", "w2"])));
    assert_eq!(loaded.inventory.host_count(), 2);
    let staged = Staged::new("cfg-world-writable-cwd");
    let error = load(&staged.sources, &staged.settings).expect_err("no inventory is named");
    assert!(matches!(error, LoadError::NoSource { .. }), "{error}");
}

#[test]
fn where_the_newest_ansible_is_at_fault_an_older_one_is_agreed_with() {
    let mut wrong = Vec::new();
    for (case, release) in OF_RELEASE {
        let staged = Staged::new(case);
        let expected = staged.expected("expected.json").expect("expected.json");
        let expected = get(&expected, "other_versions").and_then(|versions| get(versions, release)).expect("a release");
        let loaded = load(&staged.sources, &staged.settings).expect("an inventory");
        let unparsed = get(expected, "not_parsed").expect("not_parsed");
        assert_eq!((unparsed.is_truthy(), loaded.is_incomplete(), &loaded.diagnostics[..]), (false, false, &[][..]));
        let hosts: IndexSet<HostId> = loaded.inventory.hosts().map(|(id, _)| id).collect();
        let mut found = entries(&parse(&listing::list(&loaded.inventory, &hosts)));
        let meta = found.shift_remove("_meta").expect("_meta");
        let field = |key: &str| get(expected, key).expect("a field");
        compare("groups", &Value::Mapping(found), &without_empty(field("groups")), &mut wrong);
        compare("hostvars", get(&meta, "hostvars").expect("hostvars"), field("hostvars"), &mut wrong);
        compare("hosts", &host_names(&loaded.inventory, hosts), field("all_hosts"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
