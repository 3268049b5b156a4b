//! The order of configuration, one step after the other: each place wins over all before it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::json::{get, parse, text};

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
const STEPS: [Step; 8] = [
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

#[test]
fn the_login_name_goes_by_the_order_of_connection_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), ("hosts.ini", "h1\n"));
    let mut words = vec!["inventory", "hosts.ini", "--explain", "h1", "-o", "json"];
    let mut environment = Vec::new();
    for step in &STEPS {
        words.extend(step.words);
        environment.extend(step.environment);
        if let Some(file) = step.file {
            write(folder.path(), file);
        }
        let output = clockaudit(folder.path(), &words, &environment);
        let json = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let document = parse(json.trim_end());
        let user = get(get(&document, "settings").expect("settings"), "user").expect("a user");
        let field = |key: &str| text(get(user, key).expect("a field"));
        let found = (field("value"), field("from"), field("name"));
        let (value, from, name) = step.expected;
        assert_eq!(found, (value.to_owned(), from.to_owned(), name.to_owned()));
    }
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
    check("forks = \"many\"\n", 64, "clockaudit.toml line 1: invalid value 'many' for '--forks");
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
