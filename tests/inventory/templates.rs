//! Jinja2 expressions against what the real Ansible made of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use clockaudit::files::inventory::load;
use clockaudit::inventory::connection::HIDDEN;
use clockaudit::inventory::model::{Draft, HostId, Inventory, Source};
use clockaudit::inventory::template::{Renderer, Surroundings, TemplateError};
use clockaudit::inventory::vault::Keyring;
use clockaudit::inventory::{Value, json as writer};

use proptest::prelude::*;

use crate::cases::for_each;
use crate::json;

/// The machine on which the vectors were made.
struct Machine;

impl Surroundings for Machine {
    fn environment(&self, name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/me".to_owned()),
            "FLEET" => Some("par".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn file(&self, path: &str) -> Result<String, String> {
        if path == "one.txt" { Ok("first line\n\n".to_owned()) } else { Err("is not there".to_owned()) }
    }
}

/// An inventory of one host that has these variables.
fn inventory(variables: impl IntoIterator<Item = (String, Value)>) -> (Arc<Inventory>, HostId) {
    let mut draft = Draft::new();
    let record = Source { name: "hosts.ini".into(), file: None, folder: None, sha256: String::new() };
    let source = draft.add_source(record);
    let group = draft.ensure_group("a");
    let (host, _) = draft.add_host("h1.eu.test", group, source).expect("room");
    for (name, value) in variables {
        draft.set_host_variable(host, &name, value, None);
    }
    let (inventory, _) = draft.reconcile().expect("consistent");
    let host = inventory.host_named("h1.eu.test").expect("the host");
    (Arc::new(inventory), host)
}

fn renderer(inventory: &Arc<Inventory>) -> Renderer {
    let machine: Arc<dyn Surroundings> = Arc::new(Machine);
    Renderer::new(Arc::clone(inventory), Arc::new(Keyring::default()), &machine, "/work".to_owned())
}

fn vectors(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inventory/vectors");
    fs::read_to_string(folder.join(file)).expect("the vectors")
}

/// Templates that come out otherwise: Ansible goes through unordered sets, chokes on what it could do, or the engine
/// lacks a rarely used word, and says so by name.
const OTHERWISE: [&str; 8] = [
    "{{ l.count(1) }}",
    "{{ 'abc' | hash('md5') }}",
    "{{ l | difference([1]) }}",
    "{{ l | union([9, 1]) }}",
    "{{ l | symmetric_difference([1, 9]) }}",
    "{{ big * big }}",
    "{% set x = ['a'] %}{% set _ = x.append('b') %}{{ x }}",
    "{{ 'b' > 1 }}",
];

/// Variables of cases that were encrypted.
const VAULTED: [(&str, &[&str]); 5] = [
    ("vault-client-script", &["s"]),
    ("vault-id-label", &["secret", "secret2"]),
    ("vault-inline", &["ansible_password", "multi"]),
    ("vault-script-password", &["s"]),
    ("vault-wrong-label", &["s"]),
];

#[test]
fn templates_come_out_as_ansible_renders_them() {
    let (inventory, host) = inventory(json::entries(&json::parse(&vectors("templates.vars.json"))));
    let renderer = renderer(&inventory);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in vectors("templates.jsonl").lines() {
        let vector = json::parse(line);
        let template = json::get(&vector, "in").expect("a template");
        count += 1;
        let expected = json::get(&vector, "out").map(writer::pretty);
        let found = renderer.render(host, "v", template).map(|rendered| rendered.value);
        let is_equal = found.as_ref().ok().map(writer::pretty) == expected;
        let is_listed = OTHERWISE.contains(&json::text(template).as_str());
        if is_equal == is_listed {
            wrong.push(format!("{template}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(count > 400, "only {count} vectors");
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a value of a host with these variables comes to, as text, or why not.
fn rendered(variables: &[(&str, &str)], template: &str) -> Result<Value, TemplateError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let (inventory, host) = inventory(variables);
    renderer(&inventory).render(host, "ansible_host", &Value::from(template)).map(|rendered| rendered.value)
}

#[test]
fn what_fails_says_what_it_is() {
    let mut wrong = Vec::new();
    let mut check = |variables: &[(&str, &str)], template: &str, expected: &str| {
        let error = rendered(variables, template).expect_err(template).to_string();
        if error != expected {
            wrong.push(format!("{template}: expected {expected}, found {error}"));
        }
    };
    let addr = [("mgmt_addr", "{{ mgmt_adr }}"), ("x", "{{ y }}"), ("y", "{{ z.a }}-{{ x }}"), ("z", "1")];
    check(&addr, "{{ nowhere }}", "refers to 'nowhere', which is not defined");
    check(&addr, "{{ nowhere.deep }}", "refers to 'nowhere', which is not defined");
    check(&addr, "{{ mgmt_adr }}", "refers to 'mgmt_adr', which is not defined; did you mean 'mgmt_addr'?");
    check(&addr, "a-{{ mgmt_addr }}", "refers to 'mgmt_adr', which is not defined; did you mean 'mgmt_addr'?");
    check(&addr, "{{ hostvars['zz'].x }}", "refers to 'hostvars['zz'].x', which is not defined");
    check(&addr, "{{ groups.ghost[0] }}", "refers to 'groups.ghost[0]', which is not defined");
    check(&[("x", "{{ y }}"), ("y", "{{ x }}")], "{{ x }}", "refers to itself (x -> y -> x)");
    check(
        &[("ansible_host", "{{ ansible_host }}")],
        "{{ ansible_host }}",
        "refers to itself (ansible_host -> ansible_host)",
    );
    check(&addr, "{{ 1 + }}", "is no valid template: unexpected end of variable block");
    check(&addr, "{{ ok", "is no valid template: unexpected end of input, expected end of variable block");
    check(&addr, "{% include 'x' %}", "is no valid template: unknown statement include");
    check(&addr, "{{ omit }}", "is omit, which only an argument of a task can be");
    let only = "which only Ansible can run; pass its value with -e, or pass --inventory-via-ansible";
    check(&addr, "{{ lookup('pipe', 'id') }}", &format!("uses lookup('pipe'), {only}"));
    check(
        &addr,
        "{{ lookup('community.hashi_vault.hashi_vault', 'secret=x') }}",
        &format!("uses lookup('community.hashi_vault.hashi_vault'), {only}"),
    );
    check(&addr, "{{ z | ansible.utils.ipaddr }}", &format!("uses the filter 'ansible.utils.ipaddr', {only}"));
    check(
        &addr,
        "{{ z is ansible.builtin.vault_encrypted }}",
        &format!("uses the test 'ansible.builtin.vault_encrypted', {only}"),
    );
    check(&addr, "{{ z.encode() }}", &format!("uses the method 'encode', {only}"));
    check(&addr, "{{ lookup('file', 'ghost') }}", "reads the file 'ghost', which is not there");
    check(
        &addr,
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        "takes too much work to render (its template runs too long)",
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_template_that_grows_without_end_is_stopped() {
    // Each doubles the one before: 2^60 characters if nobody stopped it.
    let doubling: Vec<(String, Value)> = (1..60)
        .map(|index| {
            (format!("x{index}"), Value::Text(format!("{{{{ x{before} }}}}{{{{ x{before} }}}}", before = index - 1)))
        })
        .chain([("x0".to_owned(), Value::from("ab"))])
        .collect();
    let (inventory, host) = inventory(doubling);
    let found = renderer(&inventory).render(host, "v", &Value::from("{{ x23 }}")).map(|rendered| rendered.value);
    assert!(matches!(found, Err(TemplateError::TooMuch(_))), "{found:?}");
    let found = renderer(&inventory).render(host, "v", &Value::from("{{ x59 }}")).map(|rendered| rendered.value);
    assert!(matches!(found, Err(TemplateError::TooMuch(_))), "{found:?}");
}

#[test]
fn names_of_the_host_and_of_others_are_known() {
    let check = |template: &str, expected: &str| {
        let found = rendered(&[("mgmt", "192.0.2.1")], template).map(|value| value.to_string());
        assert_eq!(found.as_deref(), Ok(expected), "{template}");
    };
    check("{{ inventory_hostname }} {{ inventory_hostname_short }}", "h1.eu.test h1");
    check("{{ groups['a'][0] }} {{ groups.all | length }} {{ group_names | join }}", "h1.eu.test 1 a");
    check("{{ hostvars['h1.eu.test'].mgmt }} {{ hostvars[inventory_hostname]['mgmt'] }}", "192.0.2.1 192.0.2.1");
    check("{{ 'zz' in hostvars }} {{ hostvars['zz'].x | default('d') }}", "False d");
    check("{{ vars['mgmt'] }} {{ playbook_dir }}", "192.0.2.1 /work");
}

#[test]
fn variables_of_whole_inventories_come_out_as_ansible_renders_them() {
    let seen = for_each(|staged, wrong| {
        let Some(expected) = staged.expected("expected-rendered.json") else { return false };
        let loaded = load(&staged.sources, &staged.settings).expect("an inventory");
        let home = staged.settings.home.as_ref().expect("a home").to_string_lossy().into_owned();
        for (name, variables) in json::entries(&expected) {
            let host = loaded.inventory.host_named(&name).expect("the host");
            let values = loaded.inventory.variables(host);
            for (variable, expected) in json::entries(&variables) {
                let expected =
                    json::get(&expected, "value").map(|value| writer::pretty(value).replace("{HOME}", &home));
                let found = loaded.renderer.render(host, &variable, &values[&variable].value);
                let found = found.map(|rendered| writer::pretty(&rendered.value));
                if found.as_ref().ok() != expected.as_ref() {
                    wrong.push(format!("{name} {variable}: expected {expected:?}, found {found:?}"));
                }
            }
        }
        true
    });
    assert_eq!(seen, 15, "every case that Ansible rendered");
}

/// The same by the command that a person has: each variable as the login name that `--explain` tells of.
#[test]
fn variables_of_whole_inventories_are_explained_as_ansible_renders_them() {
    let seen = for_each(|staged, wrong| {
        let Some(expected) = staged.expected("expected-rendered.json") else { return false };
        let home = staged.settings.home.as_ref().expect("a home").to_string_lossy().into_owned();
        for (name, variables) in json::entries(&expected) {
            for (variable, expected) in json::entries(&variables) {
                let extra = format!("{{\"ansible_ssh_user\": \"{{{{ vars['{variable}'] | to_json }}}}\"}}");
                let told = staged.explained(&name, &["-e".to_owned(), extra]);
                let user = json::get(json::get(&told, "settings").expect("settings"), "user").expect("the login name");
                let value = json::get(user, "value").expect("a value");
                let found = match value {
                    // What was decrypted is told to be there.
                    Value::Text(hidden) if hidden == HIDDEN => hidden.clone(),
                    Value::Text(rendered) => writer::pretty(&json::parse(rendered)),
                    _ => format!("none: {}", json::get(&told, "defects").is_some_and(Value::is_truthy)),
                };
                let is_secret =
                    VAULTED.iter().any(|(case, names)| *case == staged.name && names.contains(&variable.as_str()));
                let expected = match json::get(&expected, "value") {
                    Some(_) if is_secret => HIDDEN.to_owned(),
                    Some(value) => writer::pretty(value).replace("{HOME}", &home),
                    None => "none: true".to_owned(),
                };
                if found != expected {
                    wrong.push(format!("{name} {variable}: expected {expected}, found {found}"));
                }
            }
        }
        true
    });
    assert_eq!(seen, 15, "every case that Ansible rendered");
}

/// Text that looks like a template, so that random tests reach deep.
fn template_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{ ",
        " }}",
        "{% ",
        " %}",
        "{#",
        "#}",
        "x",
        "y",
        "self",
        "if ",
        "for i in ",
        "endfor",
        "endif",
        "range(9999)",
        "set ",
        "macro m()",
        "endmacro",
        "m()",
        "'",
        "\"",
        "\\",
        "|",
        "default(",
        "regex_replace(",
        "'(a*)*$'",
        ")",
        "(",
        "[",
        "]",
        "{",
        "}",
        "~",
        " * 99999",
        "'ab'",
        "lookup('env', 'HOME')",
        "hostvars",
        "groups",
        "vars",
        "omit",
        "is defined",
        ".",
        "0",
        "-1",
        ":",
        ",",
        "join(",
        "format(",
        "int",
        "combine(",
        "flatten",
        "\n",
        "é",
        "join",
        "list",
        "map(",
        "batch(9)",
        "else",
    ]);
    prop::collection::vec(prop_oneof![6 => piece.prop_map(str::to_owned), 1 => any::<String>()], 0..24)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_template_ends_and_none_panics(text in template_like(), x in template_like(), y in template_like()) {
        let variables = [("x", x), ("y", y), ("self", "{{ self }}".to_owned())];
        let variables = variables.into_iter().map(|(name, text)| (name.to_owned(), Value::Text(text)));
        let (inventory, host) = inventory(variables);
        let renderer = renderer(&inventory);
        for template in [text.clone(), format!("{{{{ {text} }}}}"), "{{ x }}{{ y }}".to_owned()] {
            let _ = renderer.render(host, "v", &Value::Text(template)).is_ok();
        }
    }
}

#[test]
fn variables_that_need_each_other_deeply_fit_the_stack_of_a_thread() {
    // Each needs the next one in the deepest call that an expression may make.
    let variables = (0..60).map(|index| {
        let text = format!("{{% macro m(n) %}}{{% if n %}}{{{{ m(n - 1) }}}}{{% else %}}{{{{ x{} }}}}{{% endif %}}{{% endmacro %}}{{{{ m(1) }}}}", index + 1);
        (format!("x{index}"), Value::Text(text))
    });
    let (inventory, host) = inventory(variables);
    let renderer = renderer(&inventory);
    let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let render = move || renderer.render(host, "v", &Value::from("{{ x0 }}")).map(|rendered| rendered.value);
    let found = small.spawn(render).expect("a thread").join().expect("no overflow");
    assert!(matches!(found, Err(TemplateError::TooMuch(_))), "{found:?}");
}
