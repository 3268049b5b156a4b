//! The order of configuration, one step after the other: each place wins over all before it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::json::{get, parse};

/// A place that the login name can be set in.
struct Step {
    /// The words of the command line.
    words: &'static [&'static str],
    environment: Option<(&'static str, &'static str)>,
    file: Option<(&'static str, &'static str)>,
    /// What wins once this is set, and where it is said to come from.
    expected: (&'static str, &'static str, &'static str),
}

const NOTHING: Step = Step { words: &[], environment: None, file: None, expected: ("", "", "") };

/// Lowest first.
const STEPS: [Step; 10] = [
    Step { expected: ("None", "not set", ""), ..NOTHING },
    Step { file: Some((".ssh/config", "Host *\n  User sshconf\n")), expected: ("sshconf", "file", "User"), ..NOTHING },
    Step {
        file: Some(("ansible.cfg", "[defaults]\nremote_user = cfg\n")),
        expected: ("cfg", "file", "[defaults] remote_user"),
        ..NOTHING
    },
    Step {
        file: Some((".config/clockaudit/config.toml", "user = \"own\"\n")),
        expected: ("own", "file", "user"),
        ..NOTHING
    },
    Step {
        file: Some(("clockaudit.toml", "# the project's\nuser = \"project\"\n")),
        expected: ("project", "file", "user"),
        ..NOTHING
    },
    Step {
        environment: Some(("ANSIBLE_REMOTE_USER", "ansible")),
        expected: ("ansible", "environment", "ANSIBLE_REMOTE_USER"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_USER", "env")),
        expected: ("env", "environment", "CLOCKAUDIT_USER"),
        ..NOTHING
    },
    Step { words: &["-u", "flag"], expected: ("flag", "flag", "--user"), ..NOTHING },
    Step {
        file: Some(("hosts.ini", "h1 ansible_user=variable\n")),
        expected: ("variable", "variable", "ansible_user"),
        ..NOTHING
    },
    Step { words: &["-e", "ansible_user=extra"], expected: ("extra", "extra variable", "ansible_user"), ..NOTHING },
];

fn clockaudit(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .envs(environment.iter().copied())
        .output()
        .expect("the program runs")
}

fn write(folder: &Path, (name, content): (&str, &str)) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, content).expect("a file");
}

/// Whether somebody is to be become, lowest first. Each place says otherwise than the one below.
const BECOME: [Step; 9] = [
    Step { expected: ("False", "default", ""), ..NOTHING },
    Step {
        file: Some(("ansible.cfg", "[privilege_escalation]\nbecome = true\n")),
        expected: ("True", "file", "[privilege_escalation] become"),
        ..NOTHING
    },
    Step {
        file: Some((".config/clockaudit/config.toml", "become = false\n")),
        expected: ("False", "file", "become"),
        ..NOTHING
    },
    Step { file: Some(("clockaudit.toml", "become = true\n")), expected: ("True", "file", "become"), ..NOTHING },
    Step {
        environment: Some(("ANSIBLE_BECOME", "no")),
        expected: ("False", "environment", "ANSIBLE_BECOME"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_BECOME", "1")),
        expected: ("True", "environment", "CLOCKAUDIT_BECOME"),
        ..NOTHING
    },
    Step { words: &["-b"], expected: ("True", "flag", "--become"), ..NOTHING },
    Step {
        file: Some(("hosts.ini", "h1 ansible_become=no\n")),
        expected: ("False", "variable", "ansible_become"),
        ..NOTHING
    },
    Step { words: &["-e", "ansible_become=yes"], expected: ("True", "extra variable", "ansible_become"), ..NOTHING },
];

/// The same where the environment says no.
const NOT_BECOME: [Step; 8] = [
    Step {
        file: Some(("ansible.cfg", "[privilege_escalation]\nbecome = false\n")),
        expected: ("False", "file", "[privilege_escalation] become"),
        ..NOTHING
    },
    Step {
        file: Some((".config/clockaudit/config.toml", "become = true\n")),
        expected: ("True", "file", "become"),
        ..NOTHING
    },
    Step { file: Some(("clockaudit.toml", "become = false\n")), expected: ("False", "file", "become"), ..NOTHING },
    Step {
        environment: Some(("ANSIBLE_BECOME", "yes")),
        expected: ("True", "environment", "ANSIBLE_BECOME"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_BECOME", "0")),
        expected: ("False", "environment", "CLOCKAUDIT_BECOME"),
        ..NOTHING
    },
    Step { words: &["-b"], expected: ("True", "flag", "--become"), ..NOTHING },
    Step {
        file: Some(("hosts.ini", "h1 ansible_become=no\n")),
        expected: ("False", "variable", "ansible_become"),
        ..NOTHING
    },
    Step { words: &["-e", "ansible_become=yes"], expected: ("True", "extra variable", "ansible_become"), ..NOTHING },
];

/// The hosts that are gone through: Ansible has them in words for `ssh`, and the flag is one of OpenSSH's.
const JUMP: [Step; 9] = [
    Step {
        file: Some((".ssh/config", "Host h1\n  ProxyJump conf\n")),
        expected: ("conf", "file", "ProxyJump"),
        ..NOTHING
    },
    Step {
        file: Some(("ansible.cfg", "[ssh_connection]\nssh_args = -J cfg\n")),
        expected: ("cfg", "file", "[ssh_connection] ssh_args"),
        ..NOTHING
    },
    Step {
        file: Some((".config/clockaudit/config.toml", "jump = \"own\"\n")),
        expected: ("own", "file", "jump"),
        ..NOTHING
    },
    Step { file: Some(("clockaudit.toml", "jump = \"project\"\n")), expected: ("project", "file", "jump"), ..NOTHING },
    Step {
        environment: Some(("ANSIBLE_SSH_ARGS", "-J ansible")),
        expected: ("ansible", "environment", "ANSIBLE_SSH_ARGS"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_JUMP", "env")),
        expected: ("env", "environment", "CLOCKAUDIT_JUMP"),
        ..NOTHING
    },
    Step { words: &["-J", "flag"], expected: ("flag", "flag", "--jump"), ..NOTHING },
    Step {
        file: Some(("hosts.ini", "h1 ansible_ssh_args='-J variable'\n")),
        expected: ("variable", "variable", "ansible_ssh_args"),
        ..NOTHING
    },
    Step {
        words: &["-e", "ansible_ssh_args='-J extra'"],
        expected: ("extra", "extra variable", "ansible_ssh_args"),
        ..NOTHING
    },
];

/// Another setting of OpenSSH's, by `--ssh-option`.
const OPTION: [Step; 8] = [
    Step {
        file: Some((".ssh/config", "Host *\n  HostKeyAlias conf\n")),
        expected: ("conf", "file", "HostKeyAlias"),
        ..NOTHING
    },
    Step {
        file: Some(("ansible.cfg", "[ssh_connection]\nssh_extra_args = -oHostKeyAlias=cfg\n")),
        expected: ("cfg", "file", "[ssh_connection] ssh_extra_args"),
        ..NOTHING
    },
    Step {
        file: Some((".config/clockaudit/config.toml", "ssh-option = \"HostKeyAlias=own\"\n")),
        expected: ("own", "file", "ssh-option"),
        ..NOTHING
    },
    Step {
        file: Some(("clockaudit.toml", "ssh-option = [\"HostKeyAlias=project\"]\n")),
        expected: ("project", "file", "ssh-option"),
        ..NOTHING
    },
    Step {
        environment: Some(("ANSIBLE_SSH_COMMON_ARGS", "-o HostKeyAlias=ansible")),
        expected: ("ansible", "environment", "ANSIBLE_SSH_COMMON_ARGS"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_SSH_OPTION", "HostKeyAlias=env")),
        expected: ("env", "environment", "CLOCKAUDIT_SSH_OPTION"),
        ..NOTHING
    },
    Step { words: &["--ssh-option", "HostKeyAlias=flag"], expected: ("flag", "flag", "--ssh-option"), ..NOTHING },
    Step {
        file: Some(("hosts.ini", "h1 ansible_ssh_common_args=-oHostKeyAlias=variable\n")),
        expected: ("variable", "variable", "ansible_ssh_common_args"),
        ..NOTHING
    },
];

/// The file that is read in place of the usual ones.
const FILE: [Step; 7] = [
    Step {
        file: Some(("ansible.cfg", "[ssh_connection]\nssh_args = -F none\n")),
        expected: ("none", "file", "[ssh_connection] ssh_args"),
        ..NOTHING
    },
    Step {
        file: Some((".config/clockaudit/config.toml", "ssh-config = \"/dev/null\"\n")),
        expected: ("/dev/null", "file", "ssh-config"),
        ..NOTHING
    },
    Step {
        file: Some(("clockaudit.toml", "ssh-config = \"none\"\n")),
        expected: ("none", "file", "ssh-config"),
        ..NOTHING
    },
    Step {
        environment: Some(("ANSIBLE_SSH_ARGS", "-F /dev/null")),
        expected: ("/dev/null", "environment", "ANSIBLE_SSH_ARGS"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_SSH_CONFIG", "none")),
        expected: ("none", "environment", "CLOCKAUDIT_SSH_CONFIG"),
        ..NOTHING
    },
    Step { words: &["-F", "/dev/null"], expected: ("/dev/null", "flag", "--ssh-config"), ..NOTHING },
    Step {
        file: Some(("hosts.ini", "h1 ansible_ssh_args='-F none'\n")),
        expected: ("none", "variable", "ansible_ssh_args"),
        ..NOTHING
    },
];

/// Whether unknown keys of hosts are accepted, by a switch; the words of others say otherwise.
const ACCEPT_NEW: [Step; 5] = [
    Step {
        file: Some(("clockaudit.toml", "accept-new = true\n")),
        expected: ("accept-new", "file", "accept-new"),
        ..NOTHING
    },
    Step {
        environment: Some(("ANSIBLE_SSH_ARGS", "-oStrictHostKeyChecking=yes")),
        expected: ("yes", "environment", "ANSIBLE_SSH_ARGS"),
        ..NOTHING
    },
    Step {
        environment: Some(("CLOCKAUDIT_ACCEPT_NEW", "1")),
        expected: ("accept-new", "environment", "CLOCKAUDIT_ACCEPT_NEW"),
        ..NOTHING
    },
    Step {
        words: &["--ssh-option", "StrictHostKeyChecking=yes"],
        expected: ("yes", "flag", "--ssh-option"),
        ..NOTHING
    },
    Step {
        file: Some(("hosts.ini", "h1 ansible_ssh_args=-oStrictHostKeyChecking=accept-new\n")),
        expected: ("accept-new", "variable", "ansible_ssh_args"),
        ..NOTHING
    },
];

/// Takes one step after the other and checks the setting that each of them is to win.
fn check_steps(setting: &str, steps: &[Step]) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), ("hosts.ini", "h1\n"));
    let mut words = vec!["inventory", "hosts.ini", "--explain", "h1", "-o", "json"];
    let mut environment = Vec::new();
    for step in steps {
        words.extend(step.words);
        environment.extend(step.environment);
        if let Some(file) = step.file {
            write(folder.path(), file);
        }
        let output = clockaudit(folder.path(), &words, &environment);
        let json = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let document = parse(json.trim_end());
        let told = get(get(&document, "settings").expect("settings"), setting).expect("the setting");
        let field = |key: &str| get(told, key).map(ToString::to_string).unwrap_or_default();
        let found = (field("value"), field("from"), field("name"));
        let (value, from, name) = step.expected;
        assert_eq!(found, (value.to_owned(), from.to_owned(), name.to_owned()), "{setting}");
    }
}

#[test]
fn the_login_name_goes_by_the_order_of_connection_settings() {
    check_steps("user", &STEPS);
}

#[test]
fn a_login_name_in_the_address_is_that_of_nobody_else_as_for_ssh() {
    let file = |text| Some(("hosts.ini", text));
    let step = |text, expected| Step { file: file(text), expected, ..NOTHING };
    check_steps(
        "user",
        &[
            Step {
                file: Some((".ssh/config", "Host 192.0.2.1\n  User conf\n")),
                expected: ("None", "not set", ""),
                ..NOTHING
            },
            step("h1 ansible_host=192.0.2.1\n", ("conf", "file", "User")),
            step("h1 ansible_host=ops@192.0.2.1\n", ("ops", "variable", "ansible_host")),
            step("h1 ansible_host=ssh://url@192.0.2.1:2201\n", ("url", "variable", "ansible_host")),
            step("h1 ansible_host=ops@192.0.2.1 ansible_user=own\n", ("own", "variable", "ansible_user")),
        ],
    );
    check_steps(
        "port",
        &[
            step("h1 ansible_host=ssh://url@192.0.2.1:2201\n", ("2201", "variable", "ansible_host")),
            step("h1 ansible_host=ssh://url@192.0.2.1:2201 ansible_port=22\n", ("22", "variable", "ansible_port")),
        ],
    );
}

#[test]
fn becoming_another_user_goes_by_the_order_too() {
    check_steps("become", &BECOME);
    check_steps("become", &NOT_BECOME);
}

#[test]
fn flags_of_openssh_go_by_the_order_too() {
    check_steps("ProxyJump", &JUMP);
    check_steps("HostKeyAlias", &OPTION);
    check_steps("ssh_config", &FILE);
    check_steps("StrictHostKeyChecking", &ACCEPT_NEW);
}

#[test]
fn the_port_of_a_file_of_our_own_wins_over_words_of_ansible_cfg() {
    let port = |environment, file, expected| Step { environment, file, expected, ..NOTHING };
    let words = "[ssh_connection]\nssh_args = -p 1\n";
    check_steps(
        "port",
        &[
            port(None, Some(("ansible.cfg", words)), ("1", "file", "[ssh_connection] ssh_args")),
            port(None, Some(("clockaudit.toml", "port = 2\n")), ("2", "file", "port")),
            port(Some(("ANSIBLE_SSH_ARGS", "-p 3")), None, ("3", "environment", "ANSIBLE_SSH_ARGS")),
            port(Some(("CLOCKAUDIT_PORT", "4")), None, ("4", "environment", "CLOCKAUDIT_PORT")),
        ],
    );
}

#[test]
fn every_limit_of_the_policy_goes_by_the_order_of_policies() {
    let folder = tempfile::tempdir().expect("a folder");
    // Nobody listens there, and the limits are told all the same.
    let host = "h1 ansible_host=127.0.0.1 ansible_port=1";
    write(folder.path(), ("hosts.ini", &format!("{host}\n")));
    let mut words = vec!["scan", "hosts.ini", "-o", "json", "--no-state", "-q", "--reference", "controller"];
    let mut environment = Vec::new();
    let check = |words: &[&str], environment: &[(&str, &str)], (warn_ms, crit_ms, profile): (i64, i64, &str)| {
        let output = clockaudit(folder.path(), words, environment);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        // What is asked of this host, else what is asked of all.
        let own = Some(&report["hosts"][0]["policy"]).filter(|own| !own.is_null());
        let policy = own.unwrap_or(&report["policy"]);
        let millis = |key: &str| {
            let seconds: f64 = policy[key].to_string().parse().expect("seconds");
            format!("{:.0}", seconds * 1e3)
        };
        let found = (millis("warn_s"), millis("crit_s"), policy["profiles"].to_string());
        assert_eq!(found, (warn_ms.to_string(), crit_ms.to_string(), format!("[\"{profile}\"]")), "{words:?}");
    };
    check(&words, &environment, (50, 100, "jwt"));
    let user = "warn = \"10ms\"\ncrit = \"20ms\"\nprofile = \"ceph\"\n";
    write(folder.path(), (".config/clockaudit/config.toml", user));
    check(&words, &environment, (10, 20, "ceph"));
    write(folder.path(), ("clockaudit.toml", "warn = \"11ms\"\ncrit = \"21ms\"\nprofile = [\"etcd\"]\n"));
    check(&words, &environment, (11, 21, "etcd"));
    // Variables are rendered as those of connections are.
    let variables =
        "tens=1 clockaudit_warn=\"{{ tens }}2ms\" clockaudit_crit=22ms clockaudit_profile=\"{{ 'k' }}erberos\"";
    write(folder.path(), ("hosts.ini", &format!("{host} {variables}\n")));
    check(&words, &environment, (12, 22, "kerberos"));
    environment.extend([("CLOCKAUDIT_WARN", "13ms"), ("CLOCKAUDIT_CRIT", "23ms"), ("CLOCKAUDIT_PROFILE", "totp")]);
    check(&words, &environment, (13, 23, "totp"));
    words.extend(["--warn", "14ms", "--crit", "24ms", "--profile", "slurm"]);
    check(&words, &environment, (14, 24, "slurm"));
}

#[test]
fn limits_are_explained_with_their_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let inventory = "h1\n[all:vars]\ntens=1\nclockaudit_warn={{ tens }}2ms\nclockaudit_crit={{ gone }}\n";
    write(folder.path(), ("hosts.ini", inventory));
    write(folder.path(), ("clockaudit.toml", "\nprofile = \"ceph\"\nwarn = \"1ms\"\n"));
    let words = ["inventory", "hosts.ini", "--explain", "h1"];
    let explained = |environment: &[(&str, &str)]| {
        let table = String::from_utf8(clockaudit(folder.path(), &words, environment).stdout).expect("UTF-8");
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| ["profile", "warn", "crit"].iter().any(|name| line.starts_with(name))).collect::<Vec<_>>()
    };
    let crit = "crit (wrong) clockaudit_crit (hosts.ini line 5)";
    let expected =
        ["profile ceph profile (clockaudit.toml line 2)", "warn 12ms clockaudit_warn (hosts.ini line 4)", crit];
    assert_eq!(explained(&[]), expected);
    let expected = ["profile ceph profile (clockaudit.toml line 2)", "warn 9ms CLOCKAUDIT_WARN", crit];
    assert_eq!(explained(&[("CLOCKAUDIT_WARN", "9ms")]), expected);
    let told = clockaudit(folder.path(), &words, &[]);
    let wrong = "wrong: clockaudit_crit (hosts.ini line 5) refers to 'gone', which is not defined";
    assert!(told.status.code() == Some(65) && String::from_utf8_lossy(&told.stdout).contains(wrong));
    let scan = clockaudit(folder.path(), &["scan", "hosts.ini", "--list-hosts"], &[]);
    let said = String::from_utf8_lossy(&scan.stderr).into_owned();
    let expected = "h1: `clockaudit_crit` (hosts.ini:5) refers to 'gone', which is not defined";
    assert!(scan.status.code() == Some(65) && said.contains(expected), "{said}");
}

#[test]
fn inventories_go_by_the_order_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["cfg", "own", "project", "ansible", "env", "flag"] {
        write(folder.path(), (&format!("{name}.ini"), &format!("{name}\n")));
    }
    let mut words = vec!["inventory", "--hosts", "all"];
    let mut environment = Vec::new();
    let check = |words: &[&str], environment: &[(&str, &str)], expected: &str| {
        let output = clockaudit(folder.path(), words, environment);
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(found, format!("{expected}\n"), "{}", String::from_utf8_lossy(&output.stderr));
    };
    write(folder.path(), ("ansible.cfg", "[defaults]\ninventory = cfg.ini\n"));
    check(&words, &environment, "cfg");
    write(folder.path(), (".config/clockaudit/config.toml", "inventory = [\"../../own.ini\"]\n"));
    check(&words, &environment, "own");
    write(folder.path(), ("clockaudit.toml", "inventory = \"project.ini\"\n"));
    check(&words, &environment, "project");
    environment.push(("ANSIBLE_INVENTORY", "ansible.ini"));
    check(&words, &environment, "ansible");
    environment.push(("CLOCKAUDIT_INVENTORY", "env.ini"));
    check(&words, &environment, "env");
    words.extend(["-i", "flag.ini"]);
    check(&words, &environment, "flag");
}

#[test]
fn a_limit_is_taken_from_flag_environment_and_files_in_that_order() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), ("hosts.ini", "own\nproject\nenv\nflag\n"));
    let mut words = vec!["inventory", "hosts.ini", "--hosts", "all"];
    let mut environment = Vec::new();
    let check = |words: &[&str], environment: &[(&str, &str)], expected: &str| {
        let output = clockaudit(folder.path(), words, environment);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", String::from_utf8_lossy(&output.stderr));
    };
    check(&words, &environment, "own\nproject\nenv\nflag\n");
    write(folder.path(), (".config/clockaudit/config.toml", "limit = \"own\"\n"));
    check(&words, &environment, "own\n");
    write(folder.path(), ("clockaudit.toml", "limit = [\"project\", \"own\"]\n"));
    check(&words, &environment, "own\nproject\n");
    environment.push(("CLOCKAUDIT_LIMIT", "env"));
    check(&words, &environment, "env\n");
    words.extend(["-l", "flag"]);
    check(&words, &environment, "flag\n");
}

#[test]
fn what_a_file_of_settings_has_wrong_is_told_with_its_place() {
    let check = |content: &str, code: i32, expected: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), ("clockaudit.toml", content));
        let output = clockaudit(folder.path(), &["inventory", "h1,", "--hosts", "all"], &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    check("warm = \"20ms\"\n", 65, "there is no setting `warm`");
    check("warm = \"20ms\"\n", 65, "Did you mean `warn`?");
    check("warn = \n", 65, "clockaudit.toml");
    check("forks = \"many\"\n", 64, "`forks`: invalid value 'many': ");
    check("\nport = 22\nforks = \"-1\"\n", 64, "`forks`: invalid value '-1': ");
    check("samples = 12\nallow_incomplete_inventory = true\n", 0, "");
}

#[test]
fn a_limit_of_the_policy_goes_by_flag_environment_variable_and_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut words = vec!["scan", "hosts.ini", "--list-hosts"];
    let mut environment = Vec::new();
    // A critical limit below the one to warn at is refused, and the refusal names the limit that counts.
    let check = |words: &[&str], environment: &[(&str, &str)], expected: &str| {
        let output = clockaudit(folder.path(), words, environment);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let is_named =
            said.contains(&format!("({expected}) is below")) || said.contains(&format!("({expected}, hosts.ini:"));
        assert!(is_named && said.contains("is below"), "{expected}: {said}");
    };
    write(folder.path(), ("hosts.ini", "h1\n"));
    write(folder.path(), (".config/clockaudit/config.toml", "warn = \"900ms\"\ncrit = \"1ms\"\n"));
    check(&words, &environment, "1 ms");
    write(folder.path(), ("clockaudit.toml", "crit = \"2ms\"\n"));
    check(&words, &environment, "2 ms");
    // The run's own limits hold together, the host's do not.
    write(folder.path(), ("clockaudit.toml", "crit = \"901ms\"\n"));
    write(folder.path(), ("hosts.ini", "h1 clockaudit_crit=3ms\n"));
    check(&words, &environment, "3 ms");
    environment.push(("CLOCKAUDIT_CRIT", "4ms"));
    check(&words, &environment, "4 ms");
    words.extend(["--crit", "5ms"]);
    check(&words, &environment, "5 ms");
}
