//! The real `ansible-inventory`, which `./tests/run --set-up` installs: what only it can read is read through it, and what
//! is read here comes out the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::files::inventory::{LoadSettings, Loaded, Source, load};
use clockaudit::inventory::{Value, json as writer, listing};
use tempfile::TempDir;

use crate::json::{entries, parse};
use crate::loading::{said, settings};

/// Where `tests/run` installs it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/ansible/python/bin");

fn path() -> String {
    let program = format!("{INSTALLED}/ansible-inventory");
    assert!(Path::new(&program).exists(), "{program} is missing: `./tests/run --set-up` installs it");
    format!("{INSTALLED}:/usr/bin:/bin")
}

/// A folder of these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// What the real one prints.
fn ansible(folder: &TempDir, words: &[&str]) -> String {
    let output = Command::new(format!("{INSTALLED}/ansible-inventory"))
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .envs([("PATH", path().as_str()), ("HOME", "/nonexistent"), ("LC_ALL", "C.UTF-8"), ("ANSIBLE_NOCOLOR", "1")])
        .output()
        .expect("ansible-inventory runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn loaded(folder: &TempDir, sources: &[&str], change: impl Fn(&mut LoadSettings)) -> Loaded {
    let mut settings = settings(folder.path());
    settings.environment = BTreeMap::from(
        [("PATH", path()), ("HOME", "/nonexistent".to_owned())].map(|(name, value)| (name.to_owned(), value)),
    );
    settings.environment.insert("LC_ALL".to_owned(), "C.UTF-8".to_owned());
    change(&mut settings);
    let sources: Vec<Source> = sources.iter().copied().map(Source::from).collect();
    load(&sources, &settings).expect("an inventory")
}

fn listed(loaded: &Loaded) -> Value {
    parse(&listing::list(&loaded.inventory, &loaded.inventory.hosts().map(|(id, _)| id).collect()))
}

/// A listing without what Ansible says of itself in `_meta`.
fn plain(mut listing: Value) -> String {
    if let Value::Mapping(groups) = &mut listing
        && let Some(Value::Mapping(meta)) = groups.get_mut("_meta")
    {
        meta.shift_remove("profile");
    }
    writer::pretty(&listing)
}

const FLEET: &str =
    "gate\n[web]\nweb2 rate=1e3\nweb1 ansible_port=2222\n[db]\ndb1\n[eu:children]\nweb\ndb\n[eu:vars]\nregion=eu\n";

#[test]
fn what_only_ansible_can_read_is_read_through_it() {
    let generator = "plugin: ansible.builtin.generator\nhosts:\n  name: \"{{ kind }}{{ number }}.test\"\n  parents:\n    \
                     - name: \"made_{{ kind }}\"\nlayers:\n  kind: [app, mail]\n  number: [1, 2]\n";
    let folder = folder(&[
        ("hosts.ini", FLEET),
        ("generated.yml", generator),
        ("group_vars/made_app.yml", "ansible_user: deploy\ntwenty: '{{ 19 + 1 }}'\n"),
    ]);
    let sources = ["generated.yml", "hosts.ini"];
    let alone = loaded(&folder, &sources, |_| {});
    assert!(alone.is_incomplete() && said(&alone)[0].contains("which only Ansible can run"), "{:?}", said(&alone));
    let read = loaded(&folder, &sources, |settings| settings.via_ansible = true);
    assert_eq!(said(&read), <[String; 0]>::default());
    assert!(read.inventory.host_named("mail2.test").is_some());
    let expected = ansible(&folder, &["-i", "generated.yml", "-i", "hosts.ini", "--list"]);
    assert_eq!(plain(listed(&read)), plain(parse(expected.trim_end())));
}

#[test]
fn a_source_that_ansible_cannot_read_is_an_error() {
    let folder = folder(&[("hosts.ini", FLEET), ("broken.ini", "h1 broken\n")]);
    let read = loaded(&folder, &["hosts.ini", "broken.ini"], |settings| settings.via_ansible = true);
    assert!(read.is_incomplete(), "{:?}", said(&read));
    assert!(said(&read)[0].contains("broken.ini"), "{:?}", said(&read));
}

#[test]
fn groups_are_drawn_as_ansible_draws_them() {
    let folder = folder(&[("hosts.ini", FLEET)]);
    let read = loaded(&folder, &["hosts.ini"], |_| {});
    let drawn = clockaudit::inventory::graph::graph(&read.inventory);
    assert_eq!(drawn, ansible(&folder, &["-i", "hosts.ini", "--graph"]));
}

#[test]
fn variables_of_the_command_line_are_split_as_by_ansible() {
    let given = [
        "v1={{ a b }} w1=2",
        "v2='a b'",
        "v3=a\\nb w3=\\x41 z3=\\q",
        "v4=\"{{ a }} b\" w4={% if a b %}1{% endif %}",
        "v5=a'b c'd",
        "v6={{ {\"a\": \"b c\"} }}",
        "v7={# c d #}e",
        "{\"v8\": [1, \"x y\"], \"w8\": null}",
    ];
    let folder = folder(&[]);
    let words: Vec<&str> = given.iter().flat_map(|text| ["-e", *text]).collect();
    let expected = ansible(&folder, &[&["-i", "h1,", "--host", "h1"], words.as_slice()].concat());
    let read = loaded(&folder, &["h1,"], |settings| settings.extra_variables = given.map(str::to_owned).to_vec());
    let host = read.inventory.host_named("h1").expect("the host");
    assert_eq!(parse(&listing::host(&read.inventory, host)), parse(expected.trim_end()));
}

#[test]
fn constructed_sees_files_of_variables_where_it_asks_for_them() {
    let plugin = |asks: &str| {
        format!(
            "plugin: constructed\n{asks}keyed_groups:\n  - {{key: tier | default('none'), prefix: t}}\n  - {{key: own | default('x'), prefix: k}}\n"
        )
    };
    for asks in ["", "use_vars_plugins: true\n"] {
        let plugin = plugin(asks);
        let folder = folder(&[
            ("inv/hosts.ini", FLEET),
            ("inv/group_vars/web.yml", "tier: front\n"),
            ("inv/host_vars/db1.yml", "own: disk\n"),
            ("group_vars/eu.yml", "tier: here\n"),
            ("inv/made.yml", &plugin),
        ]);
        let read = loaded(&folder, &["inv/hosts.ini", "inv/made.yml"], |_| {});
        assert_eq!(said(&read), <[String; 0]>::default(), "{asks}");
        let expected = ansible(&folder, &["-i", "inv/hosts.ini", "-i", "inv/made.yml", "--list"]);
        assert_eq!(plain(listed(&read)), plain(parse(expected.trim_end())), "{asks}");
        assert_eq!(entries(&listed(&read)).contains_key("k_disk"), !asks.is_empty());
    }
}

#[test]
fn constructed_sees_the_groups_as_the_sources_before_it_left_them() {
    let plugin = "plugin: constructed\ncompose:\n  seen: a | default(0)\n  own: u | default(0)\ngroups:\n  \
                  cg: a is defined\n  alone: \"'ungrouped' in group_names\"\n  inall: \"'all' in group_names\"\n";
    let second = "plugin: constructed\ngroups:\n  both: \"'cg' in group_names and 'ungrouped' not in group_names\"\n";
    let check = |name: &str, text: &str| {
        for asks in ["", "use_vars_plugins: true\n"] {
            let plugin = format!("{plugin}{asks}");
            let files = [
                (name, text),
                ("y.yml", plugin.as_str()),
                ("z.yml", second),
                ("group_vars/all", "b: 1\n"),
                ("group_vars/ungrouped.yml", "u: 2\n"),
            ];
            let folder = folder(&files);
            let sources = [name, "y.yml", "z.yml"];
            let read = loaded(&folder, &sources, |_| {});
            let expected = ansible(&folder, &["-i", name, "-i", "y.yml", "-i", "z.yml", "--list"]);
            assert_eq!(plain(listed(&read)), plain(parse(expected.trim_end())), "{text}{asks}");
        }
    };
    check("hosts", "h0\n[all:vars]\na=1\n[web]\nh1\n[p:children]\nweb\n");
    check("hosts", "h0\n[all:vars]\na=1\n[web]\nh0\nh1 a=3\n[all]\nh2\n");
    check("hosts", "[all]\nh1\nh2\n[aaa]\nh1\n[aaa:vars]\na=2\n[zzz]\nh2\n[zzz:vars]\na=3\n[all:vars]\na=1\n");
    check("hosts", "[all:children]\nweb\n[all:vars]\na=1\n[web]\nh1\n[ungrouped:vars]\nu=4\n[ungrouped]\nh1\n");
    check("hosts.yml", "all:\n  vars: {a: 1}\n  hosts: {h0: }\n  children: {web: {hosts: {h1: }}}\n");
    check("hosts.yml", "web: {hosts: {h1: }}\nall: {vars: {a: 1}}\nother: {children: {web: }}\n");
}

#[test]
fn constructed_is_read_as_it_is_listed_in_enable_plugins() {
    let rest = "strict: true\nkeyed_groups: [{key: region | default('none'), prefix: r}]\ncompose: {own: inventory_hostname | length}\n";
    let short = format!("plugin: constructed\n{rest}");
    let long = format!("plugin: ansible.builtin.constructed\n{rest}");
    let check = |enabled: &str, name: &str, text: &str, is_taken: bool| {
        let cfg = format!("[inventory]\nenable_plugins = {enabled}\n");
        let folder = folder(&[("ansible.cfg", &cfg), ("hosts.ini", FLEET), (name, text)]);
        let read = loaded(&folder, &["hosts.ini", name], |_| {});
        let what = format!("{enabled}: {name}: {:?}", said(&read));
        let expected = ansible(&folder, &["-i", "hosts.ini", "-i", name, "--list"]);
        assert_eq!(plain(listed(&read)), plain(parse(expected.trim_end())), "{what}");
        assert_eq!(entries(&listed(&read)).contains_key("r_none"), is_taken, "{what}");
        assert_eq!(read.is_incomplete(), !is_taken, "{what}");
        if !is_taken && name == "z.yml" {
            assert!(said(&read)[0].contains("enable_plugins does not list by this name"), "{what}");
        }
    };
    for name in ["z.yml", "z.json", "z.config", "z"] {
        check("ini, constructed", name, &short, true);
    }
    check("ini, constructed", "z.conf", &short, false);
    check("constructed, yaml, ini", "z.yml", &short, true);
    check("yaml, ini, constructed", "z.yml", &short, true);
    check("yaml, ini, auto", "z.yml", &short, true);
    check("ini, ansible.legacy.auto", "z.yml", &short, true);
    check("ini", "z.yml", &short, false);
    // Listed by one name, it does not answer to the other.
    check("ini, ansible.builtin.constructed", "z.yml", &long, true);
    check("ini, constructed", "z.yml", &long, false);
    check("ini, ansible.builtin.constructed", "z.yml", &short, false);
    check("constructed, auto, ini", "z.yml", &long, true);
}

#[test]
fn constructed_has_the_names_that_ansible_gives_it() {
    let plugin = "plugin: constructed\ncompose:\n  a: groups\n  b: hostvars['web1']\n  c: playbook_dir\n  d: vars['region']\n  \
                  e: group_names | length\n  f: groups is defined\n  g: hostvars is defined\n  h: playbook_dir is defined\n  \
                  i: vars is defined\n  j: group_names is defined\n  k: omit is defined\n  l: inventory_hostname_short is defined\n\
                  groups:\n  m: inventory_hostname in groups['web']\n  n: \"'web' in group_names\"\nkeyed_groups:\n  \
                  - {key: region, prefix: r, parent_group: '{{ region }}x'}\n  \
                  - {key: region, prefix: s, parent_group: '{{ nowhere }}x'}\n  \
                  - {key: region, prefix: t, parent_group: \"{{ '' }}\"}\n";
    let folder = folder(&[("hosts.ini", FLEET), ("made.yml", plugin)]);
    let read = loaded(&folder, &["hosts.ini", "made.yml"], |_| {});
    assert_eq!(said(&read), <[String; 0]>::default());
    let expected = ansible(&folder, &["-i", "hosts.ini", "-i", "made.yml", "--list"]);
    assert_eq!(plain(listed(&read)), plain(parse(expected.trim_end())));
}

#[test]
fn names_of_groups_are_made_valid_as_by_ansible() {
    let folder = folder(&[
        ("ansible.cfg", "[defaults]\nforce_valid_group_names = always\n"),
        ("hosts.ini", "[par-x:children]\nweb_front\n[web-front]\nw1\n[web-front:vars]\nz=1\n"),
        ("more.yml", "web-front:\n  children:\n    sub.x: {hosts: {w2: {}}}\n"),
        ("group_vars/web_front.yml", "gv: 1\n"),
    ]);
    let read = loaded(&folder, &["hosts.ini", "more.yml"], |_| {});
    assert!(!read.is_incomplete(), "{:?}", said(&read));
    let expected = ansible(&folder, &["-i", "hosts.ini", "-i", "more.yml", "--list"]);
    assert_eq!(plain(listed(&read)), plain(parse(expected.trim_end())));
}

#[test]
fn vault_passwords_and_the_folder_of_the_play_are_handed_on() {
    let folder =
        folder(&[("hosts.ini", "[web]\nh1\n"), ("pw", "V4ult-pass\n"), ("play/group_vars/web.yml", "port: 2222\n")]);
    let output = Command::new(format!("{INSTALLED}/ansible-vault"))
        .args(["encrypt", "--vault-id", "prod@pw", "play/group_vars/web.yml"])
        .current_dir(folder.path())
        .env_clear()
        .envs([("PATH", path().as_str()), ("HOME", "/nonexistent"), ("LC_ALL", "C.UTF-8")])
        .output()
        .expect("ansible-vault runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |ids: &[&str], ask: bool| {
        loaded(&folder, &["hosts.ini"], |settings| {
            settings.via_ansible = true;
            settings.playbook_folder = Some("play".into());
            settings.vault.ids = ids.iter().map(|id| (*id).to_owned()).collect();
            settings.vault.ask = ask;
        })
    };
    let known = read(&["prod@pw"], false);
    // What Ansible read is there; the file itself cannot be opened here, without a keyring.
    let host = known.inventory.host_named("h1").unwrap_or_else(|| panic!("{:?}", said(&known)));
    let port = known.inventory.host(host).and_then(|host| host.variables.get("port"));
    assert_eq!(port.map(|port| &port.value), Some(&Value::Integer("2222".to_owned())), "{:?}", said(&known));
    let unknown = read(&["prod@prompt"], true);
    assert!(unknown.inventory.host_named("h1").is_none(), "{:?}", said(&unknown));
    let told = &said(&unknown)[0];
    let expected = "`--vault-id prod@prompt`, `--ask-vault-pass`: a vault password that is typed cannot be handed on";
    assert!(told.contains(expected), "{told}");
}
