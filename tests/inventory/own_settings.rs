//! Settings in files of our own and in the environment beside flags that are typed: what each value means, and who wins.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

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

/// Runs in a folder; gives the exit code and what was said.
fn ends(folder: &TempDir, words: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = clockaudit(folder.path(), words, environment);
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_switch_of_a_file_is_on_for_every_word_that_means_yes() {
    let check = |value: &str, code: i32, expected: &str| {
        let settings = format!("allow_incomplete_inventory = {value}\n");
        let folder = folder(&[("hosts.ini", "h1\nh2 broken\n"), ("clockaudit.toml", &settings)]);
        let (found, said) = ends(&folder, &["inventory", "hosts.ini", "--hosts", "all"], &[]);
        assert!(found == Some(code) && said.contains(expected), "{value}: {found:?} {said}");
    };
    for yes in ["true", "\"yes\"", "1", "\"on\""] {
        check(yes, 0, "");
    }
    for no in ["false", "\"no\"", "0"] {
        check(no, 65, "");
    }
    check("\"maybe\"", 64, "`allow-incomplete-inventory` is neither yes nor no: `maybe`");
    check("[true, false]", 64, "`allow-incomplete-inventory` is yes or no, not a list");
}

#[test]
fn a_switch_of_a_file_that_is_neither_yes_nor_no_is_refused_whatever_it_switches() {
    let check = |line: &str, words: &[&str], expected: &[&str]| {
        let settings = format!("# ours\n{line}\n");
        let folder = folder(&[("hosts.ini", "h1\n"), ("clockaudit.toml", &settings)]);
        let (code, said) = ends(&folder, words, &[]);
        assert!(code == Some(64) && !said.contains("hunter2"), "{line}: {code:?} {said}");
        for words in expected {
            assert!(said.contains(words), "{line}: {said}");
        }
    };
    let explain = ["inventory", "hosts.ini", "--explain", "h1"];
    let spellings = "yes (true, on, y, t, 1) or no (false, off, n, f, 0)";
    check(
        "become = \"maybe\"",
        &explain,
        &["clockaudit.toml:2:10", "`become` is neither yes nor no: `maybe`", spellings],
    );
    check("become = 2", &explain, &["clockaudit.toml:2:10", "`become` is neither yes nor no: `2`"]);
    check("become = []", &explain, &["clockaudit.toml:2:10", "`become` is yes or no, not a list"]);
    // One that this command does not have.
    check("no-state = \"nein\"", &explain, &["`no-state` is neither yes nor no: `nein`"]);
    check("ask-pass = \"hunter2\"", &explain, &["`ask-pass` is neither yes nor no"]);
    let folder = folder(&[("hosts.ini", "h1\n")]);
    let (code, said) = ends(&folder, &explain, &[("CLOCKAUDIT_BECOME", "maybe")]);
    assert!(code == Some(64) && said.contains(spellings), "{said}");
}

#[test]
fn a_folder_that_has_the_name_of_a_settings_file_is_told() {
    for name in ["clockaudit.toml", ".config/clockaudit/config.toml"] {
        let folder = folder(&[("hosts.ini", "h1\n"), (&format!("{name}/x"), "")]);
        let (code, said) = ends(&folder, &["inventory", "hosts.ini", "--hosts", "all"], &[]);
        assert!(code == Some(65) && said.contains("is a folder") && said.contains(name), "{code:?} {said}");
    }
}

#[test]
fn variables_that_stand_for_no_flag_are_told_with_the_nearest_one() {
    let folder = folder(&[("hosts.ini", "h1\n")]);
    let check = |variable: &str, expected: &str| {
        let (code, said) = ends(&folder, &["inventory", "hosts.ini", "--hosts", "all"], &[(variable, "x")]);
        assert!(code == Some(0) && said.contains(expected), "{variable}: {code:?} {said}");
        assert!(said.contains(variable), "{variable}: {said}");
    };
    check("CLOCKAUDIT_CONECTION_PASSWORD_FILE", "did you mean `CLOCKAUDIT_CONNECTION_PASSWORD_FILE`?");
    check("CLOCKAUDIT_CONNECTION_PASSWORD", "did you mean `CLOCKAUDIT_CONNECTION_PASSWORD_FILE`?");
}

#[test]
fn paths_of_a_file_start_from_its_folder_or_from_home() {
    let folder = folder(&[
        ("at-home", "Host *\n  User home\n"),
        (".config/clockaudit/beside", "Host *\n  User beside\n"),
        (".config/clockaudit/config.toml", "ssh_config = \"beside\"\n"),
        ("project/hosts.ini", "h1\nh2\n"),
    ]);
    let project = folder.path().join("project");
    let home = folder.path().display().to_string();
    let run = |words: &[&str]| {
        let output = clockaudit(&project, words, &[("HOME", &home)]);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let explain = ["inventory", "hosts.ini", "--explain", "h1"];
    let told = run(&explain);
    assert!(told.contains("beside") && told.contains("User ("), "{told}");
    fs::write(project.join("clockaudit.toml"), "ssh-config = \"~/at-home\"\n").expect("a file");
    let told = run(&explain);
    assert!(told.contains("at-home line 2"), "{told}");
    fs::write(project.join("clockaudit.toml"), "ssh-config = \"none\"\nlimit = \"@../hosts.txt\"\n").expect("a file");
    fs::write(folder.path().join("hosts.txt"), "h2\n").expect("a file");
    let told = run(&explain);
    assert!(!told.contains("beside") && !told.contains("at-home"), "{told}");
    assert!(run(&["inventory", "hosts.ini", "--hosts", "all"]).starts_with("h2\n"));
    // A vault password is wanted from there, too, and told by its path where it is not there.
    fs::write(project.join("clockaudit.toml"), "vault_password_file = \"gone\"\nvault-id = \"a@~/gone\"\n")
        .expect("a file");
    let told = run(&["inventory", "hosts.ini", "--hosts", "all"]);
    assert!(told.contains(&format!("{}/gone", project.display())) || told.contains(&format!("{home}/gone")), "{told}");
}

#[test]
fn a_flag_that_is_typed_wins_over_what_it_rules_out_elsewhere() {
    let folder = folder(&[("hosts.ini", "h1\n"), ("pass", "x\n")]);
    let check = |words: &[&str], environment: &[(&str, &str)], code: i32, expected: &str| {
        let words = [&["scan", "hosts.ini", "--list-hosts"], words].concat();
        let (found, said) = ends(&folder, &words, environment);
        assert!(found == Some(code) && said.contains(expected), "{words:?} {environment:?}: {found:?} {said}");
    };
    check(&["-k"], &[("CLOCKAUDIT_CONNECTION_PASSWORD_FILE", "pass")], 0, "h1");
    check(&["-K"], &[("CLOCKAUDIT_BECOME_PASSWORD_FILE", "pass")], 0, "h1");
    check(&["--connection-password-file", "pass"], &[("CLOCKAUDIT_ASK_PASS", "1")], 0, "h1");
    check(&["-k", "--connection-password-file", "pass"], &[], 64, "cannot be used with");
    check(&["-v", "-q"], &[], 64, "cannot be used with");
    fs::write(folder.path().join("ansible.cfg"), "[defaults]\nforks = 5\n").expect("a file");
    check(&["-v"], &[("CLOCKAUDIT_QUIET", "1")], 0, "has no effect");
    fs::write(folder.path().join("clockaudit.toml"), "ask-pass = true\nask-become-pass = true\nquiet = true\n")
        .expect("a file");
    check(&["--connection-password-file", "pass", "--become-password-file", "pass", "-v"], &[], 0, "has no effect");
    check(&[], &[("CLOCKAUDIT_CONNECTION_PASSWORD_FILE", "pass")], 0, "h1");
}

#[test]
fn a_password_that_a_scan_reads_is_explained_by_its_place_and_not_read() {
    let folder = folder(&[("hosts.ini", "h1\n")]);
    let check = |words: &[&str], environment: &[(&str, &str)], setting: &str, place: &str| {
        for view in [&["inventory", "hosts.ini", "--explain", "h1"][..], &["doctor", "hosts.ini"]] {
            let (_, said) = ends(&folder, &[view, words].concat(), environment);
            let lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let shown: Vec<String> =
                lines.filter(|line| line.first() == Some(&setting)).map(|line| line[1..].join(" ")).collect();
            let expected = format!("******** {place}");
            assert!(shown.iter().any(|line| line.starts_with(&expected)), "{words:?} {environment:?}: {said}");
            assert!(!said.contains("No such file"), "{said}");
        }
    };
    let gone = ("CLOCKAUDIT_CONNECTION_PASSWORD_FILE", "gone");
    check(&["--connection-password-file", "gone"], &[], "password", "--connection-password-file");
    check(&[], &[gone], "password", "CLOCKAUDIT_CONNECTION_PASSWORD_FILE");
    check(&["-k"], &[], "password", "--ask-pass");
    check(&["-b", "--become-password-file", "gone"], &[], "become_password", "--become-password-file");
    fs::write(folder.path().join("ansible.cfg"), "[defaults]\nconnection_password_file = gone\n").expect("a file");
    let place = "[defaults] connection_password_file (ansible.cfg line 2)";
    check(&[], &[], "password", place);
    // What a host has of its own is its own.
    fs::write(folder.path().join("hosts.ini"), "h1 ansible_password=x\n").expect("a file");
    check(&[], &[], "password", "ansible_password (hosts.ini line 1)");
}

#[test]
fn slips_in_the_names_and_values_of_our_environment_are_told() {
    let folder = folder(&[("hosts.ini", "h1\n")]);
    let check = |words: &[&str], environment: &[(&str, &str)], code: i32, expected: &str| {
        let words = [&["scan", "hosts.ini", "--list-hosts"], words].concat();
        let (found, said) = ends(&folder, &words, environment);
        assert!(found == Some(code) && said.contains(expected), "{words:?} {environment:?}: {found:?} {said}");
        said
    };
    let meant = "warning: the environment variable `CLOCKAUDIT_WRAN` is no setting and has no effect; did you mean \
                 `CLOCKAUDIT_WARN`?";
    check(&[], &[("CLOCKAUDIT_WRAN", "20ms")], 0, meant);
    let quiet = check(&["-q"], &[("CLOCKAUDIT_WRAN", "20ms")], 0, "h1");
    assert!(!quiet.contains("CLOCKAUDIT"), "{quiet}");
    let wrong = "error: CLOCKAUDIT_WARN: invalid value '20': a duration needs a unit";
    let said = check(&[], &[("CLOCKAUDIT_WARN", "20")], 64, wrong);
    assert!(!said.contains("--warn"), "{said}");
    check(&[], &[("CLOCKAUDIT_PROFILE", "cheph")], 64, "a similar value exists: 'ceph'");
    // What is typed wins, and what is typed wrongly is told as that.
    check(&["--warn", "20ms"], &[("CLOCKAUDIT_WARN", "20")], 0, "h1");
    check(&["--crit", "30"], &[("CLOCKAUDIT_WARN", "20")], 64, "invalid value '30' for '--crit");
    let both = [("CLOCKAUDIT_ASK_PASS", "1"), ("CLOCKAUDIT_CONNECTION_PASSWORD_FILE", "pass")];
    check(&[], &both, 64, "CLOCKAUDIT_");
    fs::write(folder.path().join("clockaudit.toml"), "# limits\nwarn = \"20\"\n").expect("a file");
    let said = check(&[], &[], 64, "`warn`: invalid value '20': a duration needs a unit");
    assert!(said.contains("clockaudit.toml:2:8") && !said.contains("--warn"), "{said}");
    fs::write(folder.path().join("clockaudit.toml"), "profile = [\"ceph\", \"nope\"]\n").expect("a file");
    let said = check(&[], &[], 64, "`profile`: invalid value 'nope'");
    assert!(said.contains("clockaudit.toml:1:11") && said.contains("possible values: jwt, "), "{said}");
}

#[test]
fn a_timeout_of_a_file_is_any_that_the_flag_takes() {
    let check = |timeout: &str, environment: &[(&str, &str)], code: i32, expected: &str| {
        for name in ["clockaudit.toml", ".config/clockaudit/config.toml"] {
            let folder = folder(&[("hosts.ini", "h1\n"), (name, &format!("# ours\ntimeout = {timeout}\n"))]);
            let (found, said) = ends(&folder, &["inventory", "hosts.ini", "--explain", "h1"], environment);
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(found == Some(code) && said.contains(expected), "{timeout}: {found:?} {said}");
            assert!(code == 0 || said.contains(&format!("{name}:2:11")), "{timeout}: {said}");
        }
    };
    check("\"5s\"", &[], 0, "timeout 5 s timeout (");
    check("0.5", &[], 0, "timeout 0.5 s timeout (");
    check("\"250ms\"", &[], 0, "timeout 0.25 s timeout (");
    check("\"2m\"", &[], 0, "timeout 120 s timeout (");
    check("7", &[], 0, "timeout 7 s timeout (");
    // Ansible's environment has the word, and ours before it.
    check("\"5s\"", &[("ANSIBLE_TIMEOUT", "9")], 0, "timeout 9 s ANSIBLE_TIMEOUT");
    check("\"5s\"", &[("CLOCKAUDIT_TIMEOUT", "300ms")], 0, "timeout 0.3 s CLOCKAUDIT_TIMEOUT");
    check("\"soon\"", &[("CLOCKAUDIT_TIMEOUT", "300ms")], 0, "timeout 0.3 s CLOCKAUDIT_TIMEOUT");
    let expected =
        "`timeout`: invalid value 'soon': expected seconds, or a duration with its unit: `10`, `0.5`, `250ms`, `2m`";
    check("\"soon\"", &[], 64, expected);
    check("0", &[], 64, "`timeout`: invalid value '0': must be longer than 0 s");
    check("[1, 2]", &[], 64, "`timeout`: one length of time is expected, not a list");
    // A command without it has no use for it.
    let folder = folder(&[("clockaudit.toml", "timeout = \"soon\"\n")]);
    let (code, said) = ends(&folder, &["explain", "SSH902"], &[]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn variables_that_nobody_typed_are_told_with_where_they_come_from() {
    let vars = "ansible_user: file\n";
    let folder =
        folder(&[("hosts.ini", "h1\n"), ("vars.yml", vars), ("own.toml", "\nextra_vars = \"ansible_user=own\"\n")]);
    let check = |words: &[&str], environment: &[(&str, &str)], expected: &str| {
        let words = [&["inventory", "hosts.ini", "--explain", "h1"], words].concat();
        let (_, said) = ends(&folder, &words, environment);
        let lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let users: Vec<String> = lines.filter(|line| line.starts_with("user ")).collect();
        assert_eq!(users, [expected], "{said}");
    };
    let typed = ["-e", "ansible_user=typed"];
    check(&typed, &[], "user typed ansible_user (-e)");
    check(&["-e", "@vars.yml"], &[], "user file ansible_user (-e @vars.yml line 1)");
    let set = [("CLOCKAUDIT_EXTRA_VARS", "ansible_user=set")];
    check(&[], &set, "user set ansible_user (CLOCKAUDIT_EXTRA_VARS)");
    let set_file = [("CLOCKAUDIT_EXTRA_VARS", "@vars.yml")];
    check(&[], &set_file, "user file ansible_user (CLOCKAUDIT_EXTRA_VARS @vars.yml line 1)");
    fs::rename(folder.path().join("own.toml"), folder.path().join("clockaudit.toml")).expect("a file");
    check(&[], &[], "user own ansible_user (extra-vars, clockaudit.toml line 2)");
    check(&[], &set, "user set ansible_user (CLOCKAUDIT_EXTRA_VARS)");
    check(&typed, &set, "user typed ansible_user (-e)");
}

#[test]
fn limits_that_a_scan_would_refuse_are_wrong_to_whoever_asks_for_them() {
    let check = |hosts: &str, file: &str, environment: &[(&str, &str)], expected: &str| {
        let folder = folder(&[("hosts.ini", hosts), ("clockaudit.toml", file)]);
        let (code, said) = ends(&folder, &["inventory", "hosts.ini", "--explain", "h1"], environment);
        assert!(code == Some(65) && said.contains(&format!("wrong: {expected}")), "{file}: {code:?} {said}");
        assert!(said.contains("(wrong)"), "{said}");
        let (code, said) = ends(&folder, &["inventory", "hosts.ini", "--explain", "h1", "-o", "json"], environment);
        assert!(code == Some(65) && said.contains("\"wrong\": \""), "{file}: {code:?} {said}");
        let (code, said) = ends(&folder, &["doctor", "hosts.ini"], environment);
        assert!(code == Some(2) && said.contains("limits: "), "{file}: {code:?} {said}");
        let (code, said) = ends(&folder, &["scan", "hosts.ini", "--no-state"], environment);
        assert!([Some(64), Some(65)].contains(&code), "{file}: {code:?} {said}");
    };
    let unit = "a duration needs a unit: `250us`, `100ms`, `5s`";
    check("h1\n", "warn = \"20\"\n", &[], &format!("warn (clockaudit.toml line 1) is `20`: {unit}"));
    check("h1\n", "", &[("CLOCKAUDIT_CRIT", "20")], &format!("CLOCKAUDIT_CRIT is `20`: {unit}"));
    check("h1 clockaudit_warn=20\n", "", &[], &format!("clockaudit_warn (hosts.ini line 1) is `20`: {unit}"));
    let known = "profile (clockaudit.toml line 1) is `ceph,nope`: there is no profile `nope`; known are jwt, ";
    check("h1\n", "profile = [\"ceph\", \"nope\"]\n", &[], known);
    let below = "`crit` (30 ms, clockaudit.toml:2) is below `warn` (50 ms, clockaudit.toml:1)";
    check("h1\n", "warn = \"50ms\"\ncrit = \"30ms\"\n", &[], below);
    let below = "`crit` (1 ms, clockaudit.toml:1) is below the limit of jwt to warn at (50 ms)";
    check("h1\n", "crit = \"1ms\"\n", &[], below);
    // What is right is told as ever, and a variable wins over a file.
    let folder = folder(&[
        ("hosts.ini", "h1 clockaudit_warn=20ms\n"),
        ("clockaudit.toml", "profile = \"ceph\"\nwarn = \"20ms\"\n"),
    ]);
    let (code, said) = ends(&folder, &["inventory", "hosts.ini", "--explain", "h1"], &[]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(code == Some(0) && said.contains("warn 20ms clockaudit_warn (hosts.ini line 1)"), "{said}");
    assert!(said.contains("profile ceph profile (clockaudit.toml line 1)"), "{said}");
}

#[test]
fn what_a_file_of_our_own_asks_for_counts_less_than_the_environment_of_ansible() {
    let folder = folder(&[("hosts.ini", "h1\n"), ("clockaudit.toml", "ask-pass = true\n")]);
    let place = |environment: &[(&str, &str)]| {
        let (_, said) = ends(&folder, &["inventory", "hosts.ini", "--explain", "h1"], environment);
        let line = said.lines().find(|line| line.trim_start().starts_with("password ")).unwrap_or_default();
        line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(place(&[]), "ask-pass (clockaudit.toml line 1)");
    assert_eq!(place(&[("ANSIBLE_CONNECTION_PASSWORD_FILE", "gone")]), "ANSIBLE_CONNECTION_PASSWORD_FILE");
}

#[test]
fn a_limit_that_nobody_typed_is_told_with_its_origin() {
    let inventory = "h1 ansible_connection=local\nh2\nh3\n";
    let folder = folder(&[("hosts.ini", inventory), ("limit.toml", "limit = \"h1\"\n")]);
    let check = |words: &[&str], environment: &[(&str, &str)], expected: Option<&str>| {
        let output = clockaudit(folder.path(), words, environment);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let found = said.lines().find(|line| line.contains("hosts are selected"));
        assert_eq!(found.map(|line| line.trim_start_matches("note: ")), expected, "{words:?}: {said}");
        assert_eq!(said.matches("hosts are selected").count(), usize::from(expected.is_some()), "{said}");
    };
    let views: [&[&str]; 5] = [
        &["inventory", "hosts.ini", "--list"],
        &["inventory", "hosts.ini", "--hosts", "all"],
        &["scan", "hosts.ini", "--list-hosts"],
        &["scan", "hosts.ini", "--no-state"],
        &["fix", "hosts.ini", "--ntp-server", "192.0.2.1", "--list-hosts"],
    ];
    let of_environment = "only 1 of 3 hosts are selected, because of `CLOCKAUDIT_LIMIT`";
    for view in views {
        check(view, &[("CLOCKAUDIT_LIMIT", "h1")], Some(of_environment));
        check(view, &[], None);
        check(&[view, &["-l", "h1"]].concat(), &[("CLOCKAUDIT_LIMIT", "h2")], None);
    }
    check(&["inventory", "hosts.ini", "--hosts", "h[12]"], &[("CLOCKAUDIT_LIMIT", "h1,h2,h3")], None);
    fs::copy(folder.path().join("limit.toml"), folder.path().join("clockaudit.toml")).expect("a file");
    let of_file = "only 1 of 3 hosts are selected, because of `limit` (clockaudit.toml line 1)";
    for view in views {
        check(view, &[], Some(of_file));
        check(view, &[("CLOCKAUDIT_LIMIT", "h1")], Some(of_environment));
    }
    let (code, said) = ends(&folder, &["scan", "hosts.ini"], &[("CLOCKAUDIT_LIMIT", "nobody")]);
    assert!(code == Some(69) && said.contains("it comes from `CLOCKAUDIT_LIMIT`"), "{said}");
}
