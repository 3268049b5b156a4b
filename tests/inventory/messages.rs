//! What clockaudit knowingly does otherwise than Ansible, and what it says then: one test for each row of the table in
//! section 13 of `inventory.md`, or the name of the test that there is elsewhere.
//!
//! | row | test |
//! |---|---|
//! | a source that cannot be parsed | `loading::what_cannot_be_read_is_said_in_one_line`, `command::what_is_wrong_ends_with_its_exit_code_and_a_word` |
//! | no host matches | `patterns::tests::an_empty_selection_says_what_each_part_selects` |
//! | unknown names in a pattern | [`a_name_that_matches_nothing_is_told_with_the_nearest_one`] |
//! | inventory plugins | `loading::what_cannot_be_read_is_said_in_one_line`, `real_ansible`, `sources::standard_input_is_read_as_a_file_without_extension` |
//! | connections that are no SSH, Windows, network gear | [`hosts_that_have_no_ssh_are_told`] |
//! | methods of becoming another user | [`a_method_of_becoming_another_user_that_is_not_there_is_told`] |
//! | lookups, filters and tests that only Ansible has | [`an_expression_that_only_ansible_can_evaluate_fails_its_host_alone`], `templates::what_fails_says_what_it_is` |
//! | `[x-y]` | [`the_old_form_of_a_subscript_is_told`] |
//! | IPv6 between colons, `~[` | [`patterns_that_ansible_misreads_are_refused`] |
//! | `#` in a value | [`a_comment_inside_of_a_value_is_told`] |
//! | host keys that are not known | `tests/ssh_faults` |
//! | settings without effect | [`settings_without_effect_are_told_once_where_more_is_asked_for`] |
//! | byte order marks and foreign bytes | `cases::what_differs_on_purpose_is_as_meant` |
//! | names of groups | `group_names::tests::unusual_names_are_told_as_the_setting_wants` |
//! | plugins of variables | [`plugins_of_variables_are_named`] |

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the program in a folder that has this inventory; gives what it printed, and what it said with its exit code.
fn run_in(folder: &Path, words: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("an exit code");
    (text(output.stdout), format!("{}exit {code}\n", text(output.stderr)))
}

fn run(inventory: &str, words: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), inventory).expect("a file");
    run_in(folder.path(), words)
}

#[track_caller]
fn check(inventory: &str, words: &[&str], printed: &str, said: &[&str]) {
    let (found, told) = run(inventory, words);
    assert!(found.contains(printed), "{found}\n{told}");
    // Long messages are broken into lines.
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in said {
        assert!(told.contains(words), "expected {words}, said {told}");
    }
}

const LIST: [&str; 3] = ["scan", "hosts.ini", "--list-hosts"];

#[test]
fn a_name_that_matches_nothing_is_told_with_the_nearest_one() {
    let fleet = "[web]\nh1\n[database]\nh2\n";
    let limited = |limit| ["scan", "hosts.ini", "--list-hosts", "-l", limit];
    check(fleet, &limited("wbe,h2"), "h2", &["pattern 'wbe' matches nothing", "Did you mean 'web'?", "exit 0"]);
    check(
        fleet,
        &limited("databse"),
        "",
        &["no host matches 'all' within --limit 'databse'", "Did you mean 'database'?", "exit 69"],
    );
    check(fleet, &limited("web:!datbase"), "h1", &["pattern 'datbase' matches nothing", "Did you mean 'database'?"]);
}

#[test]
fn a_name_that_matches_nothing_ends_the_run_or_is_passed_over_where_ansible_cfg_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), "[web]\nh1\n").expect("a file");
    let words = ["inventory", "hosts.ini", "--hosts", "web,ghost"];
    let told = |mismatch: &str| {
        let cfg = format!("[inventory]\nhost_pattern_mismatch = {mismatch}\n");
        fs::write(folder.path().join("ansible.cfg"), cfg).expect("a file");
        run_in(folder.path(), &words)
    };
    assert_eq!(told("ignore"), ("h1\n".to_owned(), "exit 0\n".to_owned()));
    let (printed, said) = told("error");
    assert!(printed.is_empty() && said.contains("'ghost' matches nothing") && said.contains("exit 69"), "{said}");
    let (printed, said) = told("warning");
    assert!(printed == "h1\n" && said.contains("'ghost' matches nothing") && said.contains("exit 0"), "{said}");
}

#[test]
fn hosts_that_have_no_ssh_are_told() {
    let fleet = |variable: &str| format!("h1\nx ansible_{variable}\n");
    let container = "x is not audited: connection 'community.docker.docker' is not SSH; a container shares its host's clock, audit the host instead";
    check(&fleet("connection=community.docker.docker"), &LIST, "hosts (1)", &[container, "exit 0"]);
    for name in [
        "podman",
        "kubernetes.core.kubectl",
        "community.general.lxc",
        "community.general.jail",
        "community.general.chroot",
    ] {
        check(&fleet(&format!("connection={name}")), &LIST, "hosts (1)", &["a container shares its host's clock"]);
    }
    for name in ["winrm", "psrp"] {
        let windows = format!(
            "x is not audited: connection '{name}' (Windows) is not supported; clockaudit needs SSH and chrony"
        );
        check(&fleet(&format!("connection={name}")), &LIST, "hosts (1)", &[&windows]);
    }
    for name in [
        "ansible.netcommon.network_cli",
        "ansible.netcommon.netconf",
        "ansible.netcommon.httpapi",
        "amazon.aws.aws_ssm",
    ] {
        let other = format!("x is not audited: connection '{name}' is not supported");
        check(&fleet(&format!("connection={name}")), &LIST, "hosts (1)", &[&other]);
    }
    for shell in ["powershell", "cmd"] {
        let windows = format!("x is not audited: shell '{shell}' (Windows) is not supported");
        check(&fleet(&format!("shell_type={shell}")), &LIST, "hosts (1)", &[&windows]);
    }
}

#[test]
fn a_method_of_becoming_another_user_that_is_not_there_is_told() {
    let words = ["scan", "hosts.ini", "--list-hosts", "-b"];
    for method in ["pbrun", "doas", "machinectl"] {
        let told =
            format!("h[7-9]: become method '{method}' is not supported (sudo, su); use --become-method or run as root");
        check(&format!("h[7:9] ansible_become_method={method}\n"), &words, "hosts (3)", &[&told, "exit 0"]);
    }
}

#[test]
fn an_expression_that_only_ansible_can_evaluate_fails_its_host_alone() {
    let fleet = "h1\nh3 ansible_password=\"{{ lookup('community.hashi_vault.hashi_vault', 'secret=x') }}\"\n";
    let words = ["inventory", "hosts.ini", "--explain", "h3"];
    let told = "wrong: ansible_password (hosts.ini line 2) uses lookup('community.hashi_vault.hashi_vault'), which only Ansible \
                can run; pass its value with -e, or pass --inventory-via-ansible";
    check(fleet, &words, told, &["exit 65"]);
    check(fleet, &["inventory", "hosts.ini", "--explain", "h1"], "not set", &["exit 0"]);
    check(
        "h3 ansible_host=\"{{ lookup('pipe', 'id') }}\"\n",
        &words,
        "uses lookup('pipe'), which only Ansible can run",
        &[],
    );
    check(
        "h3 ansible_host=\"{{ 'x' | ansible.utils.ipaddr }}\"\n",
        &words,
        "uses the filter 'ansible.utils.ipaddr'",
        &[],
    );
}

#[test]
fn jump_hosts_that_lead_back_to_each_other_are_told_once_with_the_way() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), "h1\nh2\n").expect("a file");
    let check = |config: &str, expected: &str| {
        fs::write(folder.path().join("config"), config).expect("a file");
        let (table, told) = run_in(folder.path(), &["scan", "hosts.ini", "-F", "config"]);
        let table = table.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.ends_with("exit 3\n") && table.contains(expected), "{config}: {table}{told}");
        assert_eq!(table.matches("leads").count(), usize::from(expected.contains("leads")), "{table}");
    };
    let circle = "Host h*\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump c\nHost c\n ProxyJump a\n";
    check(circle, "SSH912 h[1-2] (such as h1): config line 8: ProxyJump leads in a circle: a -> b -> c -> a");
    check("Host h*\n ProxyJump a\nHost a\n ProxyJump a\n", "config line 4: ProxyJump a leads to that host itself");
    let long: Vec<String> = (1..12).map(|at| format!("Host h{at}\n ProxyJump h{}\n", at + 1)).collect();
    check(&long.concat(), "ProxyJump goes through more than 8 hosts");
}

#[test]
fn hosts_that_make_no_sense_each_in_its_own_way_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let fleet = "[web]\nh1\nh2\n[web:vars]\nansible_port=22x1\n[db]\nh3 ansible_host=x:2200\n";
    fs::write(folder.path().join("hosts.ini"), fleet).expect("a file");
    let (table, told) = run_in(folder.path(), &["scan", "hosts.ini", "-F", "none"]);
    let table = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.ends_with("exit 3\n"), "{table}{told}");
    for words in [
        "SSH912 h[1-2] (such as h1): ansible_port (hosts.ini line 5) is no port: 22x1",
        "SSH912 h3: ansible_host (hosts.ini line 7) is x:2200",
    ] {
        assert!(table.contains(words), "{words}: {table}{told}");
    }
}

#[test]
fn of_a_limit_file_that_is_the_wrong_one_no_line_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), "[web]\nh1\n").expect("a file");
    let body = ["b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", "c2VjcmV0/+c2VjcmV0==", "s3cr3t"];
    let key = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", body.join("\n"));
    let passwords = "~s3cr3t(\nuser:s3cr3t\nh1\n".to_owned();
    let long = format!("{}\nall s3cr3t[9]\n", "s3cr3t".repeat(11));
    for (text, place) in [(key, "line 2 of @key"), (passwords, "line 1 of @key"), (long, "line 1 of @key")] {
        fs::write(folder.path().join("key"), &text).expect("a file");
        for words in [
            ["scan", "hosts.ini", "--list-hosts", "-l", "@key"],
            ["inventory", "hosts.ini", "--list", "-l", "@key,h1"],
            ["scan", "hosts.ini", "--list-hosts", "-l", "@key,&h1"],
        ] {
            for mismatch in ["warning", "error"] {
                let cfg = format!("[inventory]\nhost_pattern_mismatch = {mismatch}\n");
                fs::write(folder.path().join("ansible.cfg"), cfg).expect("a file");
                let (_, told) = run_in(folder.path(), &words);
                let shown = body.iter().chain(&["s3cr3t", "BEGIN"]).find(|secret| told.contains(*secret));
                assert_eq!(shown, None, "{words:?} {told}");
                assert!(told.contains(place) || told.contains("line 1 of @key"), "{words:?} {told}");
            }
        }
    }
    // What can only be a name is told with its place.
    fs::remove_file(folder.path().join("ansible.cfg")).expect("a file");
    fs::write(folder.path().join("names"), "h1\n\nwebb\n~h[\n").expect("a file");
    let (_, told) = run_in(folder.path(), &["scan", "hosts.ini", "--list-hosts", "-l", "@names"]);
    assert!(told.contains("the pattern in line 4 of @names is no regular expression\n"), "{told}");
    fs::write(folder.path().join("names"), "h1\n\nwebb\n").expect("a file");
    let (printed, told) = run_in(folder.path(), &["scan", "hosts.ini", "--list-hosts", "-l", "@names"]);
    assert!(printed.contains("h1"), "{told}");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("pattern 'webb' in line 3 of @names matches nothing | = help: Did you mean 'web'?"),
        "{told}"
    );
}

#[test]
fn the_old_form_of_a_subscript_is_told() {
    let words = ["inventory", "hosts.ini", "--hosts", "web[0-1]"];
    check("[web]\nh1\nh2\nh3\n", &words, "h1\nh2\n", &["[x-y] in 'web[0-1]' is the old form", "Write [x:y]", "exit 0"]);
}

#[test]
fn patterns_that_ansible_misreads_are_refused() {
    let fleet = "[web]\nh1\n2001:db8::1\n";
    let hosts = |pattern| ["inventory", "hosts.ini", "--hosts", pattern];
    let ipv6 = "contains an IPv6 address and ':' separators; separate patterns with ','";
    check(fleet, &hosts("web:!2001:db8::1"), "", &[ipv6, "exit 64"]);
    check(fleet, &hosts("2001:db8::*"), "", &["IPv6", "exit 64"]);
    let cut = "is cut at '[' or ':' by Ansible's rules; write it without, or use -l @file";
    check(fleet, &hosts("~["), "", &["regex in '~['", cut, "exit 64"]);
}

#[test]
fn a_comment_inside_of_a_value_is_told() {
    let fleet = "h1 ansible_password=s3cr#t ansible_port=2201\n";
    let (_, told) = run(fleet, &["inventory", "hosts.ini", "--hosts", "all"]);
    assert!(told.contains("what follows # after ansible_password is a comment"), "{told}");
    assert!(told.contains("hosts.ini:1") && !told.contains("s3cr"), "{told}");
}

#[test]
fn settings_without_effect_are_told_once_where_more_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), "h1\nh2\n").expect("a file");
    fs::write(folder.path().join("ansible.cfg"), "[defaults]\nforks = 50\n").expect("a file");
    let (_, told) = run_in(folder.path(), &["scan", "hosts.ini", "--list-hosts", "-v"]);
    let forks = "[defaults] forks (ansible.cfg line 2) has no effect: hosts are asked all at once, and -f limits that";
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(told.matches(forks).count(), 1, "{told}");
    let (_, told) = run_in(folder.path(), &LIST);
    assert!(!told.contains("forks"), "{told}");
}

#[test]
fn plugins_of_variables_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("host_vars")).expect("a folder");
    fs::write(folder.path().join("host_vars/h1"), "ansible_port: 2222\n").expect("a file");
    fs::write(folder.path().join("hosts.ini"), "h1\n").expect("a file");
    let explained = |enabled: &str| {
        let cfg = format!("[defaults]\nvars_plugins_enabled = {enabled}\n");
        fs::write(folder.path().join("ansible.cfg"), cfg).expect("a file");
        run_in(folder.path(), &["inventory", "hosts.ini", "--host", "h1"])
    };
    let (printed, told) = explained("host_group_vars, community.sops.sops");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "enables vars plugins (community.sops.sops); variables from them are missing";
    assert!(printed.contains("2222") && told.contains(expected) && told.contains("--inventory-via-ansible"), "{told}");
    assert_eq!(explained("ansible.builtin.host_group_vars").1, "exit 0\n");
    // Where the plugin of group_vars and host_vars is not among them, those files do not count.
    assert_eq!(explained("community.sops.sops").0, "{}\n");
}

#[test]
fn variables_of_groups_are_not_listed_with_groups_and_that_is_told() {
    let check = |words: &[&str], cfg: &str, expected: bool| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("hosts.ini"), "[web]\nh1\n[web:vars]\na=1\n").expect("a file");
        fs::write(folder.path().join("ansible.cfg"), cfg).expect("a file");
        let (_, told) = run_in(folder.path(), words);
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let line =
            "[inventory] export (ansible.cfg line 2) has no effect: each host is listed with all of its variables";
        assert_eq!(told.contains(line), expected, "{words:?} {cfg}: {told}");
    };
    check(&["inventory", "hosts.ini", "--list"], "[inventory]\nexport = true\n", true);
    check(&["inventory", "hosts.ini", "--list"], "[inventory]\nexport = no\n", false);
    check(&["inventory", "hosts.ini", "--hosts", "all"], "[inventory]\nexport = true\n", false);
}
