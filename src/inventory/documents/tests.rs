//! Trees of groups, printed groups, TOML: what they make, and what is said where they make nothing.

use super::*;
use crate::inventory::model::Source;
use crate::inventory::yaml::{self, DuplicateKeys};
use crate::inventory::{json, listing};

fn draft() -> (Draft, SourceId) {
    let mut draft = Draft::new();
    let record = Source { name: "x".into(), file: None, folder: None, sha256: String::new() };
    let source = draft.add_source(record);
    (draft, source)
}

fn listed(draft: Draft) -> String {
    let (inventory, _) = draft.reconcile().expect("consistent");
    let hosts = inventory.hosts().map(|(id, _)| id).collect();
    let listed = yaml::read_json(listing::list(&inventory, &hosts).as_bytes()).map(|document| document.root.to_value());
    json::compact(&listed.expect("JSON"))
}

fn said(diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |diagnostic: &Diagnostic| diagnostic.span.as_ref().map(|span| (span.line, span.column));
    diagnostics.iter().map(|diagnostic| format!("{:?} {}", place(diagnostic), diagnostic.message)).collect()
}

fn groups(text: &str) -> (Draft, Vec<String>) {
    let (mut draft, source) = draft();
    let document = yaml::read(text.as_bytes(), DuplicateKeys::Warn).expect("a document");
    let diagnostics = read_groups(&mut draft, source, &document, &mut Budget::new(1000));
    (draft, said(&diagnostics))
}

fn printed(text: &str, printer: Printer) -> (Draft, Vec<String>, usize) {
    let (mut draft, source) = draft();
    let document = yaml::read_json(text.as_bytes()).expect("JSON");
    let read = read_printed(&mut draft, source, &document, printer, &mut Budget::new(1000));
    (draft, said(&read.diagnostics), read.unknown.len())
}

#[test]
fn what_is_wrong_with_a_tree_has_its_place() {
    let check = |text: &str, expected: &str| assert_eq!(groups(text).1, [expected], "{text}");
    check("web:\n  hosts:\n    42:\n", "Some((3, 5)) the name of a host is text, this is a number");
    check("42:\n  hosts:\n", "Some((1, 1)) the name of a group is text, this is a number");
    check("web: [h1]\n", "Some((1, 1)) `web` is skipped: a group is a mapping, this is a list");
    check("web:\n  vars: 1\n", "Some((2, 9)) `vars` of `web` is a mapping, this is a number");
    check("web:\n  hots: {h1: }\n", "Some((2, 3)) `hots` is no part of a group and is skipped");
    check("web:\n  hots: [h1]\n", "Some((2, 3)) `hots` is no part of a group and is skipped");
    check("web:\n  other: {h1: }\n", "Some((2, 3)) `other` is no part of a group and is skipped");
    check("a:\n  children:\n    a:\n", "Some((3, 5)) `a` below `a` would make a circle of groups");
    check(
        "a:\n  children:\n    b:\n      children:\n        a:\n",
        "Some((3, 5)) `b` below `a` would make a circle of groups",
    );
    check(
        "web:\n  hosts:\n    h[1:x]:\n",
        "Some((3, 5)) a range goes from number to number or from letter to letter, got `[1:x]`",
    );
    check(
        "web:\n  hosts:\n    h[1:1000000000]:\n",
        "Some((3, 5)) this range would make the inventory larger than 1000 hosts",
    );
    check(
        "web:\n  vars: {ansible_group_priority: x}\n",
        "Some((2, 34)) ansible_group_priority is an integer, got text",
    );
    check("plugin: {hosts: {h1: }}\n", "Some((1, 1)) `plugin` names an inventory plugin and no group");
    check("- h1\n", "Some((1, 1)) expected a mapping of groups, got a list");
    check("web-a:\nweb-b:\n", "Some((1, 1)) `web-a` and 1 more are unusual names for groups");
}

#[test]
fn what_is_skipped_with_hosts_in_it_leaves_the_inventory_incomplete() {
    let told = |text: &str| {
        let (mut draft, source) = draft();
        let document = yaml::read(text.as_bytes(), DuplicateKeys::Warn).expect("a document");
        let said = read_groups(&mut draft, source, &document, &mut Budget::new(1000));
        let hint = said.last().and_then(|told| told.hint.clone()).unwrap_or_default();
        (said.len(), said.iter().any(|told| told.missing.is_some()), hint)
    };
    let check = |text: &str, count: usize, is_lost: bool, hint: &str| {
        let (said, lost, told) = told(text);
        assert_eq!((said, lost), (count, is_lost), "{text}");
        assert!(told.starts_with(hint), "{told}");
    };
    check("web:\n  hots: {h1: }\n", 1, true, "Did you mean `hosts`?");
    check("web:\n  hots: [h1]\n", 1, true, "Did you mean `hosts`?");
    check("web:\n  hots: h1\n", 1, true, "Did you mean `hosts`?");
    check("web:\n  hots:\n", 1, true, "Did you mean `hosts`?");
    check("web:\n  hots: {}\n", 1, true, "Did you mean `hosts`?");
    check("web:\n  childern: {db: {hosts: {h1: }}}\n", 1, true, "Did you mean `children`?");
    check("all:\n  web: {hosts: {h1: }}\n", 1, true, "A group within a group stands below `children`");
    check("all:\n  machines: {h1: }\n", 1, true, "Hosts of a group stand below `hosts`.");
    check("all:\n  machines: {}\n", 1, true, "Hosts of a group stand below `hosts`.");
    check("db:\n  h2:\n  h3:\n", 2, true, "Hosts of a group stand below `hosts`.");
    check("db:\n  hosts: {h1: }\n  h2:\n", 1, true, "Hosts of a group stand below `hosts`.");
    check("db:\n  h2: [a]\n", 1, true, "Hosts of a group stand below `hosts`.");
    check("{\"db\": {\"h2\": null}}", 1, true, "Hosts of a group stand below `hosts`.");
    check("all:\n  note: of last year\n", 1, false, "Variables of a group stand below `vars`.");
    check("web: [h1]\n", 1, true, "Below a group stand");
    check("web: h1\n", 1, true, "Below a group stand");
    check("{\"web\": [\"h1\", \"h2\"]}", 1, true, "Below a group stand");
    check("web: []\n", 1, false, "Below a group stand");
    check("web: ''\n", 1, false, "Below a group stand");
    check("version: 2\n", 1, false, "Below a group stand");
    let many: String =
        (0..50).map(|number| format!("g{number}: 1\n")).chain(["web: {hots: {h1: }}\n".to_owned()]).collect();
    check(&many, 21, true, "");
}

#[test]
fn what_stands_before_an_error_stays() {
    let (draft, _) = groups("a:\n  hosts: {h1: , h2: [1], h3: }\n");
    assert!(draft.host_named("h1").is_some() && draft.host_named("h3").is_none());
}

#[test]
fn what_toml_skips_is_missing_too() {
    let (mut draft, source) = draft();
    let document = toml_document("[db]\nh2 = {}\n[db.h3]\n[db.hosts]\nh4 = {}\n").expect("a document");
    let found = read_groups(&mut draft, source, &document, &mut Budget::new(10));
    let lines: Vec<usize> = found.iter().filter_map(|told| told.span.as_ref().map(|span| span.line)).collect();
    assert_eq!(lines, [2, 3]);
    assert!(found.iter().all(|told| told.missing.is_some()), "{found:?}");
}

#[test]
fn warnings_are_told_up_to_a_number() {
    let text = (0..50).map(|number| format!("g{number}: 1\n")).collect::<Vec<_>>().concat();
    let (_, said) = groups(&text);
    assert_eq!((said.len(), said.last().map(String::as_str)), (21, Some("None 30 more warnings of this kind")));
}

#[test]
fn printed_groups_are_read_by_who_printed_them() {
    let check = |text: &str, printer: Printer, expected: &str, unknown: usize| {
        let (draft, said, found) = printed(text, printer);
        assert_eq!((said.as_slice(), listed(draft).as_str(), found), ([].as_slice(), expected, unknown), "{text}");
    };
    check(
        r#"{"_meta": {"hostvars": {"h1": {"a": 1}, "gone": {"a": 2}}}, "web": ["h1", "h[1:2]:22"]}"#,
        Printer::Script,
        r#"{"_meta": {"hostvars": {"h1": {"a": 1}}}, "all": {"children": ["ungrouped", "web"]}, "web": {"hosts": ["h1", "h[1:2]:22"]}}"#,
        0,
    );
    check(
        r#"{"web": {"hosts": ["h1"], "children": ["db"], "vars": {"v": true}}}"#,
        Printer::Script,
        r#"{"_meta": {"hostvars": {"h1": {"v": true}}}, "all": {"children": ["ungrouped", "web"]}, "web": {"children": ["db"], "hosts": ["h1"]}}"#,
        1,
    );
    let empty = r#"{"_meta": {"hostvars": {}}, "solo": {}}"#;
    let solo =
        r#"{"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped", "solo"]}, "solo": {"hosts": ["solo"]}}"#;
    check(empty, Printer::Script, solo, 0);
    let none = r#"{"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped", "solo"]}}"#;
    check(empty, Printer::AnsibleInventory, none, 0);
}

#[test]
fn printed_groups_of_the_wrong_form_are_refused_with_their_place() {
    let check = |text: &str, expected: &str| assert_eq!(printed(text, Printer::Script).1, [expected], "{text}");
    check("[]", "Some((1, 1)) expected an object of groups, got a list");
    check(
        "{\"web\":\n {\"hosts\": {\"a\": 1}}}",
        "Some((2, 12)) the hosts of `web` are a list of names, this is a mapping",
    );
    check("{\"web\": {\"vars\": []}}", "Some((1, 18)) `vars` of `web` is an object, this is a list");
    check("{\"web\": {\"children\": {}}}", "Some((1, 22)) `children` of `web` is a list of names, this is a mapping");
    check("{\"web\": [1]}", "Some((1, 10)) the name of a host is text, this is a number");
    check("{\"_meta\": 1}", "Some((1, 11)) `_meta` and its `hostvars` are objects, this is a number");
    check(
        "{\"_meta\": {\"hostvars\": {\"a\": 1}}, \"w\": [\"a\"]}",
        "Some((1, 30)) the variables of `a` are an object, this is a number",
    );
}

#[test]
fn toml_has_the_values_and_places_of_its_text() {
    let text = "[web]\nchildren = ['db']\n[web.vars]\nn = 0x1F\nf = 1.5\nd = 2024-02-03T04:05:06Z\nl = [1, 'é', true]\n\
                [web.hosts]\n'h[1:2]:22' = { x = 1_000 }\n";
    let document = toml_document(text).expect("a document");
    let (mut draft, source) = draft();
    assert_eq!(read_groups(&mut draft, source, &document, &mut Budget::new(10)), []);
    let host = draft.host_named("h1").expect("a host");
    let (inventory, _) = draft.clone().reconcile().expect("consistent");
    let variable = inventory.host(host).and_then(|host| host.variables.get("x")).expect("a variable");
    let origin = variable.origin.as_ref().expect("a place");
    assert_eq!((variable.value.clone(), origin.line, origin.column), (Value::Integer("1000".to_owned()), 9, 17));
    assert!(listed(draft).contains(r#""d": "2024-02-03T04:05:06+00:00""#));
    let error = toml_document("[web]\nx = \n").expect_err("an error");
    assert_eq!(error.span.map(|span| span.line), Some(2));
}
