//! `clockaudit inventory` as a user meets it: output, what is said beside it, exit codes.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the command in a folder with this `hosts.ini`; gives exit code, standard output, standard error.
fn run(text: &str, words: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), text).expect("a file");
    run_in(folder.path(), words)
}

fn run_in(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .arg("inventory")
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

const FLEET: &str = "gate\n[web]\nweb[1:2] ansible_port=2222 rate=1e16\n[eu:children]\nweb\n";

#[test]
fn the_list_is_that_of_ansible_inventory() {
    let expected = r#"{
    "_meta": {
        "hostvars": {
            "web1": {
                "ansible_port": 2222,
                "rate": 1e+16
            },
            "web2": {
                "ansible_port": 2222,
                "rate": 1e+16
            }
        }
    },
    "all": {
        "children": [
            "ungrouped",
            "eu"
        ]
    },
    "eu": {
        "children": [
            "web"
        ]
    },
    "ungrouped": {
        "hosts": [
            "gate"
        ]
    },
    "web": {
        "hosts": [
            "web1",
            "web2"
        ]
    }
}
"#;
    assert_eq!(run(FLEET, &["hosts.ini", "--list"]), (0, expected.to_owned(), String::new()));
}

#[test]
fn hosts_and_variables_are_shown_by_name() {
    let check = |words: &[&str], code: i32, stdout: &str| {
        let (found_code, found, said) = run(FLEET, words);
        assert_eq!((found_code, found.as_str()), (code, stdout), "{words:?}: {said}");
    };
    check(&["hosts.ini", "--hosts", "all"], 0, "gate\nweb1\nweb2\n");
    check(&["-i", "hosts.ini", "--hosts", "!gate", "-l", "web[0]"], 0, "web1\n");
    check(&["a.example,b.example,", "--hosts", "all"], 0, "a.example\nb.example\n");
    check(&["hosts.ini", "--hosts", "localhost"], 0, "localhost\n");
    check(&["hosts.ini", "--host", "web1"], 0, "{\n    \"ansible_port\": 2222,\n    \"rate\": 1e+16\n}\n");
    check(&["hosts.ini", "--host", "gate"], 0, "{}\n");
}

#[test]
fn what_is_wrong_ends_with_its_exit_code_and_a_word() {
    let check = |text: &str, words: &[&str], code: i32, message: &str| {
        let (found, _, said) = run(text, words);
        assert_eq!(found, code, "{words:?}: {said}");
        assert!(said.contains(message), "{words:?}: {said}");
    };
    check(FLEET, &["hosts.ini", "--hosts", "webb"], 69, "no host matches 'webb' (webb: 0 hosts). Did you mean 'web'?");
    check(FLEET, &["hosts.ini", "--host", "webb"], 69, "no host matches the name 'webb'");
    check(FLEET, &["hosts.ini", "--hosts", "web:!2001:db8::1"], 64, "separate patterns with ','");
    check(FLEET, &["hosts.ini", "--hosts", "all", "-l", "all:! web"], 64, "`!` names no hosts: write it and a name");
    check(FLEET, &["hosts.ini", "--hosts", "all", "-l", "@gone.txt"], 65, "--limit @gone.txt: there is no such file");
    for view in ["--list", "--host <HOST>", "--hosts <PATTERN>", "--graph", "--explain <HOST>"] {
        check(FLEET, &["hosts.ini"], 64, view);
    }
    check(FLEET, &["gone.ini", "--list"], 65, "gone.ini: there is no such file");
    check("[a:children]\nall\n[a]\n", &["hosts.ini", "--list"], 65, "every group is below `all`");
    check("h1 broken\n", &["hosts.ini", "--list"], 65, " --> hosts.ini:1:4");
    check("h1 broken\n", &["hosts.ini", "--list", "--allow-incomplete-inventory"], 0, " --> hosts.ini:1:4");
}

#[test]
fn what_is_not_there_in_an_incomplete_inventory_may_be_what_was_not_read() {
    for view in [["--hosts", "all"], ["--host", "h1"], ["--explain", "h1"]] {
        let ends = |text: &str, more: &[&str]| run(text, &[&["hosts.ini"], &view[..], more].concat());
        let (code, _, said) = ends("h1 broken\n", &[]);
        assert!(code == 65 && said.contains("no host matches"), "{view:?}: {code} {said}");
        assert_eq!(ends("h1 broken\n", &["--allow-incomplete-inventory"]).0, 69, "{view:?}");
        assert_eq!(ends("", &[]).0, 69, "{view:?}");
    }
}

#[test]
fn the_settings_of_a_connection_are_explained_with_their_places() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("ansible.cfg"), "[defaults]\ntimeout = 25\n").expect("a file");
    let text = "h1 ansible_port=2222 ansible_become_password=hunter2\n[all:vars]\nansible_user=deploy\n";
    fs::write(folder.path().join("hosts.ini"), text).expect("a file");
    let (code, table, said) = run_in(folder.path(), &["hosts.ini", "--explain", "h1", "--private-key", "k"]);
    assert_eq!((code, said.as_str()), (0, ""), "{table}");
    let line = |setting: &str| {
        let found = table.lines().find(|line| line.trim_start().starts_with(&format!("{setting} ")));
        found.expect("a line").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("port"), "port 2222 ansible_port (hosts.ini line 1)");
    assert_eq!(line("user"), "user deploy ansible_user (hosts.ini line 3)");
    assert_eq!(line("timeout"), "timeout 25 s [defaults] timeout (ansible.cfg line 2)");
    assert_eq!(line("address"), "address h1 default");
    assert_eq!(line("password"), "password - not set; none");
    assert_eq!(line("become_password"), "become_password ******** ansible_become_password (hosts.ini line 1)");
    assert!(line("key_file").ends_with("/k --private-key"), "{table}");
    let (_, json, _) = run_in(folder.path(), &["hosts.ini", "--explain", "h1", "-o", "json"]);
    assert!(!json.contains("hunter2") && !table.contains("hunter2"), "{json}{table}");
    let parsed = crate::json::parse(json.trim_end());
    let port = crate::json::get(crate::json::get(&parsed, "settings").expect("settings"), "port").expect("a port");
    let expected = r#"{"file": "hosts.ini", "from": "variable", "line": 1, "name": "ansible_port", "value": 2222}"#;
    assert_eq!(port, &crate::json::parse(expected));
}

#[test]
fn wrong_settings_of_a_host_that_is_explained_end_as_bad_input() {
    for form in ["table", "json"] {
        let explained = |text: &str| run(text, &["hosts.ini", "--explain", "h1", "-o", form]);
        let (code, printed, said) = explained("h1 ansible_port=22x1\n");
        assert!(code == 65 && printed.contains("ansible_port (hosts.ini line 1) is no port: 22x1"), "{printed}{said}");
        assert_eq!(explained("h1\nh2 ansible_port=22x1\n").0, 0);
    }
}

#[test]
fn a_group_with_a_misspelt_part_leaves_the_inventory_incomplete_and_is_told_whatever_is_quiet() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "web:\n  hosts: {h1: }\ndb:\n  hots: {h2: }\n";
    fs::write(folder.path().join("hosts.yml"), text).expect("a file");
    let (code, printed, said) = run_in(folder.path(), &["hosts.yml", "--hosts", "all", "-q"]);
    assert_eq!((code, printed.as_str()), (65, "h1\n"), "{said}");
    assert!(said.contains("--> hosts.yml:4:3") && said.contains("Did you mean `hosts`?"), "{said}");
    let allowed = ["hosts.yml", "--hosts", "all", "--allow-incomplete-inventory"];
    assert_eq!(run_in(folder.path(), &allowed).0, 0);
}

#[test]
fn groups_are_drawn_as_a_tree() {
    let expected =
        "@all:\n  |--@ungrouped:\n  |  |--gate\n  |--@eu:\n  |  |--@web:\n  |  |  |--web1\n  |  |  |--web2\n";
    assert_eq!(run(FLEET, &["hosts.ini", "--graph"]), (0, expected.to_owned(), String::new()));
}

#[test]
fn a_group_that_is_a_list_is_shown_as_ansible_shows_it_and_not_scanned() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.yml"), "web: [h1, h2]\ndb:\n  hosts: {d1: }\n").expect("a file");
    let (code, printed, said) = run_in(folder.path(), &["hosts.yml", "--hosts", "all"]);
    assert_eq!((code, printed.as_str()), (0, "d1\n"), "{said}");
    assert!(said.contains("--> hosts.yml:1:1") && said.contains("what it was meant to hold is missing"), "{said}");
    for command in ["scan", "doctor"] {
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .args([command, "hosts.yml"])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert!(command != "scan" || ended.status.code() == Some(65), "{command}: {said}");
        assert!(!said.contains("everything understood"), "{command}: {said}");
    }
}

#[test]
fn what_a_scan_would_refuse_is_told_by_an_explanation_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "weak\nloopa\nloopb\nodd ansible_become=true ansible_become_method=pbrun\n";
    fs::write(folder.path().join("hosts.ini"), text).expect("a file");
    let text = "Host weak\n Ciphers foo\nHost loopa\n ProxyJump loopb\nHost loopb\n ProxyJump loopa\n";
    fs::write(folder.path().join("config"), text).expect("a file");
    let explained = |host: &str| run_in(folder.path(), &["hosts.ini", "-F", "config", "--explain", host]);
    for (host, expected) in [("weak", "foo"), ("loopa", "ProxyJump leads in a circle: loopb -> loopa -> loopb")] {
        let (code, printed, said) = explained(host);
        assert!(code == 65 && printed.contains(expected), "{host}: {code} {printed}{said}");
    }
    let (code, _, said) = explained("odd");
    assert!(code == 0 && said.contains("odd: become method 'pbrun' is not supported (sudo, su)"), "{code} {said}");
}
