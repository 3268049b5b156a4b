//! What ansible-vault encrypted is used and never shown: not by a view of the inventory, not by an error.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the program in a folder, with nothing of the environment of whoever runs the tests.
fn clockaudit(folder: &TempDir, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).args(words);
    command.output().expect("the program runs")
}

/// The value of the case `vault-inline` that is `hunter2` once `pw` opens it.
fn vaulted() -> String {
    let file = crate::staging::cases().join("vault-inline/input/group_vars/a.yml");
    let text = fs::read_to_string(file).expect("a vault");
    let (_, value) = text.split_once("ansible_password: ").expect("the password");
    value.split_once("multi:").expect("the end of the password").0.to_owned()
}

/// A fleet whose secrets are those of the case `vault-inline`: `hunter2` for `ansible_password`, opened by `pw`.
fn fleet() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let value = vaulted();
    fs::create_dir(folder.path().join("group_vars")).expect("a folder");
    // The same secret where it is a password, where it is no port, and where an expression makes something of it.
    let vars = format!(
        "ansible_password: {value}ansible_become_password: \"{{{{ ansible_password }}}}\"\nbase: {value}\
         ansible_port: \"{{{{ base }}}}\"\nansible_user: \"svc-{{{{ base }}}}\"\nansible_ssh_common_args: \"-o X={{{{ base }}}}\"\n\
         ansible_timeout: \"{{{{ base | int + 'x' }}}}\"\nansible_ssh_timeout: \"{{{{ base + 1 }}}}\"\n"
    );
    fs::write(folder.path().join("group_vars/a.yml"), vars).expect("the variables");
    fs::write(folder.path().join("hosts.ini"), "[a]\nh1\n").expect("the inventory");
    fs::write(folder.path().join("pw"), "correct horse\n").expect("the password");
    fs::write(folder.path().join("wrong"), "incorrect horse\n").expect("the password");
    folder
}

#[test]
fn no_view_of_the_inventory_shows_what_was_encrypted() {
    let folder = fleet();
    let views: [&[&str]; 7] = [
        &["inventory", "hosts.ini", "--list"],
        &["inventory", "hosts.ini", "--host", "h1"],
        &["inventory", "hosts.ini", "--explain", "h1"],
        &["inventory", "hosts.ini", "--explain", "h1", "-o", "json"],
        &["inventory", "hosts.ini", "--graph"],
        &["scan", "hosts.ini", "--list-hosts"],
        &["scan", "hosts.ini", "-vvv", "--no-state", "-o", "json"],
    ];
    for view in views {
        for password in ["pw", "wrong"] {
            let words: Vec<&str> = view.iter().copied().chain(["--vault-password-file", password]).collect();
            let output = clockaudit(&folder, &words);
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            for secret in ["hunter2", "correct horse"] {
                assert!(!said.contains(secret), "{view:?} with {password} shows {secret}: {said}");
            }
        }
    }
}

#[test]
fn the_password_that_was_encrypted_is_the_one_that_is_used() {
    let folder = fleet();
    let explained = |password: &str| {
        let words = ["inventory", "hosts.ini", "--explain", "h1", "--vault-password-file", password];
        String::from_utf8(clockaudit(&folder, &words).stdout).expect("text")
    };
    let told = explained("pw");
    assert!(told.contains("ansible_port (group_vars/a.yml line") && told.contains("is no port: ********"), "{told}");
    assert!(!told.contains("cannot be decrypted"), "{told}");
    let told = explained("wrong");
    let expected = "cannot be decrypted: no vault password opens it (label default, tried default)";
    assert!(told.contains("ansible_password (group_vars/a.yml line 1)") && told.contains(expected), "{told}");
}

#[test]
fn a_password_that_cannot_be_had_ends_the_run_with_what_to_do() {
    let folder = fleet();
    let check = |words: &[&str], expected: &[&str]| {
        let words: Vec<&str> = ["inventory", "hosts.ini", "--list"].iter().chain(words).copied().collect();
        let output = clockaudit(&folder, &words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(77), "{said}");
        assert!(expected.iter().all(|words| said.contains(words)), "{said}");
    };
    check(&["--vault-password-file", "gone"], &["vault password file", "gone: No such file", "hint: "]);
    fs::write(folder.path().join("blank"), " \n").expect("a file");
    check(&["--vault-id", "prod@blank"], &["the vault password of label prod is empty"]);
    let cfg = "[defaults]\nforks = 5\nvault_password_file = gone\n";
    fs::write(folder.path().join("ansible.cfg"), cfg).expect("a file");
    check(&[], &["gone: No such file", "; [defaults] vault_password_file (ansible.cfg line 3) names it"]);
}

/// Everything that is written in a folder.
fn written(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let texts = entries.map(|path| {
        if path.is_dir() {
            return written(&path);
        }
        String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned()
    });
    texts.collect()
}

/// A host that is reached by a command with a secret that no other setting has: `hunter2`, and `aHVudGVyMg==` made of it.
#[test]
fn a_secret_among_the_arguments_of_ssh_is_used_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let check = |arguments: &str, secret: &str, expected: [&str; 2]| {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = folder.path().join("proxy");
        fs::write(&proxy, "#!/bin/sh\necho \"$2\" >\"$0.called\"\n").expect("a program");
        fs::set_permissions(&proxy, fs::Permissions::from_mode(0o755)).expect("a mode");
        let arguments = arguments.replace("PROXY", &format!("{} -p", proxy.display()));
        fs::create_dir(folder.path().join("group_vars")).expect("a folder");
        let vars = format!("gate_pw: {}gate: bastion.test\n{arguments}\n", vaulted());
        fs::write(folder.path().join("group_vars/all.yml"), vars).expect("the variables");
        fs::write(folder.path().join("hosts.ini"), "h1\n").expect("the inventory");
        fs::write(folder.path().join("pw"), "correct horse\n").expect("the password");
        let said = |words: &[&str]| {
            let words: Vec<&str> = words.iter().copied().chain(["--vault-password-file", "pw"]).collect();
            let output = clockaudit(&folder, &words);
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(!text.contains(secret), "{words:?} shows {secret}: {text}");
            text
        };
        let [explained, told] = expected;
        said(&["doctor", "hosts.ini"]);
        for form in ["table", "json"] {
            let text = said(&["inventory", "hosts.ini", "--explain", "h1", "-o", form]);
            assert!(text.contains(explained), "{text}");
        }
        for format in ["json", "jsonl", "csv", "table"] {
            let (trace, report) = (format!("{format}.trace"), format!("{format}.json"));
            let words = ["scan", "hosts.ini", "-vvv", "-o", format, "--record", &trace, "--export", &report];
            let text = said(&words);
            // A table breaks lines wherever they are too long.
            assert!(format == "table" || text.contains(told), "{words:?}: {text}");
        }
        let called = proxy.with_extension("called");
        if called.exists() {
            assert_eq!(fs::read_to_string(&called).expect("what it was told").trim_end(), secret, "it is used");
            fs::remove_file(called).expect("a file");
        }
        let written = written(folder.path());
        assert!(!written.contains(secret) && written.contains(told), "{secret} is written: {written}");
    };
    check(
        "ansible_ssh_common_args: '-o ProxyCommand=\"PROXY {{ gate_pw }} {{ gate }}\"'",
        "hunter2",
        ["proxy -p ******** bastion.test", "proxy -p ******** bastion.test`: "],
    );
    check(
        "ansible_ssh_common_args: '-o ProxyCommand=\"PROXY {{ gate_pw | b64encode }} {{ gate }}\"'",
        "aHVudGVyMg==",
        ["proxy -p ******** bastion.test", "proxy -p ******** bastion.test`: "],
    );
    let refused = "******** is no option of ssh";
    check("ansible_ssh_extra_args: '{{ gate_pw }}'", "hunter2", [refused, refused]);
    let refused = "Port does not take `********`";
    check("ansible_ssh_extra_args: '-p {{ gate_pw }}'", "hunter2", [refused, refused]);
}

/// A program that writes down how it was called, and what its parent was; then it goes on.
const WATCHER: &str = "#!/bin/sh\n\
    { tr '\\0' ' ' </proc/self/cmdline; cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ; } \
    | tr '\\0' '\\n' >>\"$WATCHED/$(basename \"$0\")\"\n";

#[test]
fn no_program_that_is_run_is_told_a_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = fleet();
    let watched = folder.path().join("watched");
    fs::create_dir(&watched).expect("a folder");
    let program = |name: &str, more: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("{WATCHER}{more}")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path.display().to_string()
    };
    let inventory =
        program("inventory-script", "echo '{\"a\": {\"hosts\": [\"h1\"]}, \"_meta\": {\"hostvars\": {}}}'\n");
    let vault = program("vault-client", "cat \"$(dirname \"$0\")/pw\"\n");
    let proxy = program("proxy-command", "exit 1\n");
    let matched = program("match-exec", "exit 0\n");
    // The secrets are used as what they are, and the login gets as far as the program that is to connect.
    let vars = fs::read_to_string(folder.path().join("group_vars/a.yml")).expect("the variables");
    let (vars, _) = vars.split_once("base:").expect("the passwords");
    fs::write(folder.path().join("group_vars/a.yml"), vars).expect("the variables");
    let config = format!("Match exec \"{matched} %h\"\n  ProxyCommand {proxy} %h %p\n");
    fs::write(folder.path().join("ssh_config"), config).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).env("WATCHED", &watched);
    command.env("PATH", "/usr/bin:/bin");
    command.args([
        "scan",
        &inventory,
        "-F",
        "ssh_config",
        "--vault-id",
        &format!("default@{vault}"),
        "-b",
        "-vvv",
        "--no-state",
    ]);
    command.args(["--record", "trace", "--export", "report.json", "--export", "report.txt", "-o", "json"]);
    let output = command.output().expect("the program runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let mut texts = vec![("what is printed".to_owned(), said.clone())];
    for name in ["inventory-script", "vault-client", "proxy-command", "match-exec"] {
        let text = fs::read(watched.join(name)).unwrap_or_else(|error| panic!("{name} was not run: {error}: {said}"));
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.contains("HOME=") && text.contains(name), "{name} has not written down how it was run: {text}");
        texts.push((name.to_owned(), text));
    }
    for name in ["trace", "report.json", "report.txt"] {
        texts.push((name.to_owned(), fs::read_to_string(folder.path().join(name)).expect(name)));
    }
    for (name, text) in texts {
        for secret in ["hunter2", "correct horse"] {
            assert!(!text.contains(secret), "{name} has {secret}: {text}");
        }
    }
}

/// Everything in the files of a folder, but for those of these names.
fn everything_in(folder: &Path, but: &[&str]) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text += &everything_in(&path, but);
        } else if !but.iter().any(|name| path.ends_with(name)) {
            text += &String::from_utf8_lossy(&fs::read(&path).expect("a file"));
        }
    }
    text
}

#[test]
fn passwords_that_stand_in_commands_as_they_are_are_shown_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let of_inventory = "h1 ansible_ssh_common_args='-o ProxyCommand=\"sshpass -p hunter2 false\" \
                        -o LocalCommand=\"SSHPASS=hunter2 true\"'\nh2\nh3\nh4\n";
    let of_ssh = "Host h2\n  ProxyCommand sshpass -phunter2 false\n  LocalCommand true --password=hunter2\n\
                  Host h3\n  ProxyCommand env PROXY_PASSWORD='hunter2 x' sh -c 'echo $PROXY_PASSWORD >&2'\n\
                  Match host h4 exec \"SSHPASS=hunter2 true\" nonsense\n  User x\n";
    let broken = "h1 ansible_ssh_common_args='-o ProxyCommand=\"sshpass -p hunter2 false\"' broken\n";
    let settings = "ssh-option = [\"ProxyCommand=sshpass -p hunter2 false\"]\n";
    let sources =
        [("hosts.ini", of_inventory), ("config", of_ssh), ("bad.ini", broken), ("own/clockaudit.toml", settings)];
    fs::create_dir(folder.path().join("own")).expect("a folder");
    for (name, text) in sources {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let explain = |host, form| ["inventory", "hosts.ini", "-F", "config", "--explain", host, "-o", form];
    let mut views: Vec<Vec<&str>> = vec![
        vec!["doctor", "hosts.ini", "-F", "config"],
        vec!["inventory", "bad.ini", "--list"],
        vec!["scan", "hosts.ini", "-F", "config", "-vvv", "--record", "t", "--export", "r.json", "-o", "wide"],
        vec!["explain", "h1"],
        vec!["explain", "h3", "--report", "r.json"],
        vec!["scan", "h5,", "-F", "config", "--ssh-option", "LocalCommand=sshpass -p hunter2 x", "--no-state"],
    ];
    for host in ["h1", "h2", "h3", "h4"] {
        views.extend(["table", "json"].map(|form| explain(host, form).to_vec()));
    }
    let mut all = String::new();
    for view in views {
        let output = clockaudit(&folder, &view);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!said.contains("hunter2"), "{view:?}: {said}");
        all += &said;
    }
    let mut own = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    own.current_dir(folder.path().join("own")).env_clear().env("HOME", folder.path()).args(["doctor", "h1,"]);
    let own = own.output().expect("the program runs");
    all += &String::from_utf8_lossy(&[own.stdout, own.stderr].concat());
    all += &everything_in(folder.path(), &["hosts.ini", "config", "bad.ini", "clockaudit.toml"]);
    assert!(!all.contains("hunter2"), "{all}");
    // Something was shown at all.
    for told in
        ["sshpass -p ******** false", "sshpass -p******** false", "it said: ********", "PROXY_PASSWORD=********"]
    {
        assert!(all.contains(told), "{told}: {all}");
    }
    assert!(all.matches("ProxyCommand=sshpass -p ********").count() > 1, "the word of the file of settings: {all}");
}

/// The texts in quotation marks of a source, without those of its tests.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().expect("the source");
    let mut literals = Vec::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut parts = line.split('"').collect::<Vec<_>>();
        // What stands behind the last mark is no text.
        parts.pop();
        literals.extend(parts.iter().skip(1).step_by(2).map(|text| (*text).to_owned()));
    }
    literals
}

#[test]
fn no_text_of_our_own_is_masked() {
    let sources = everything(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    let literals: Vec<String> = sources.iter().flat_map(|source| literals(source)).collect();
    assert!(literals.iter().any(|text| text.contains("--ask-vault-pass or --vault-password-file")), "none was read");
    for text in literals {
        assert_eq!(clockaudit::inventory::command_secrets::masked(&text), text);
    }
}

/// The content of every file of a folder, but of those with tests alone.
fn everything(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let content = |path: std::path::PathBuf| {
        if path.is_dir() {
            return everything(&path);
        }
        let is_tests = path.ends_with("tests.rs");
        if is_tests { Vec::new() } else { vec![fs::read_to_string(&path).unwrap_or_default()] }
    };
    let texts = entries.flat_map(content);
    texts.collect()
}

#[test]
fn a_password_that_is_set_and_cannot_be_had_is_told_as_such_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let vars = format!("ansible_password: {0}ansible_become_password: {0}", vaulted());
    fs::create_dir(folder.path().join("group_vars")).expect("a folder");
    fs::write(folder.path().join("group_vars/all.yml"), &vars).expect("the variables");
    fs::write(folder.path().join("hosts.ini"), "h1\n").expect("the inventory");
    let explained = |words: &[&str]| {
        let words = [&["inventory", "hosts.ini", "--explain", "h1"], words].concat();
        let output = clockaudit(&folder, &words);
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let place = |name: &str| {
        let line = vars.lines().position(|line| line.starts_with(name)).expect("the variable") + 1;
        format!("{name} (group_vars/all.yml line {line})")
    };
    let what = "cannot be decrypted: it is encrypted by ansible-vault (label default), and no vault password was given. \
                Pass --ask-vault-pass or --vault-password-file FILE (INV302)\n";
    let (login, becoming) = (place("ansible_password"), place("ansible_become_password"));
    let line = |told: &str, setting: &str| {
        let line = told.lines().find(|line| line.trim_start().starts_with(&format!("{setting} "))).expect("its line");
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    let (code, told) = explained(&[]);
    assert_eq!(code, Some(65), "{told}");
    assert_eq!(line(&told, "password"), format!("(wrong) {login}"), "{told}");
    assert_eq!(line(&told, "become_password"), format!("(wrong) {becoming}"), "{told}");
    assert!(told.contains(&format!("  wrong: {login} {what}")), "{told}");
    assert!(told.contains(&format!("  wrong, and not needed here: {becoming} {what}")), "{told}");
    let (_, told) = explained(&["-b"]);
    assert!(told.contains(&format!("  wrong: {becoming} {what}")), "{told}");
    let (_, told) = explained(&["-o", "json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let password = &told["settings"]["password"];
    assert_eq!((&password["from"], &password["file"]), (&"variable".into(), &"group_vars/all.yml".into()), "{told}");
    assert!(password["value"].is_null() && password["wrong"].as_str().is_some_and(|wrong| wrong.starts_with(&login)));
    // Only what is needed matters: nobody is become here.
    fs::write(folder.path().join("group_vars/all.yml"), format!("ansible_become_password: {}", vaulted()))
        .expect("the variables");
    assert_eq!(explained(&[]).0, Some(0));
    assert_eq!(explained(&["-b"]).0, Some(65));
    let scan = |words: &[&str]| {
        let words =
            [&["scan", "hosts.ini", "-e", "ansible_connection=local", "--no-state", "-o", "json"], words].concat();
        String::from_utf8(clockaudit(&folder, &words).stdout).expect("text")
    };
    assert!(!scan(&[]).contains("SSH912"));
    assert!(scan(&["-b"]).contains("SSH912"));
}

#[test]
fn a_secret_behind_a_forgotten_colon_is_not_shown() {
    let vars = "group_vars/all.yml";
    for (file, text, name) in [
        (vars, "ansible_password hunter2\n", "ansible_password"),
        (vars, "ansible_user: me\nansible_password hunter2\n", "ansible_password"),
        // Shown is the line that does not fit, the second one.
        (vars, "ansible_password hunter2\nansible_user: me\n", "ansible_user"),
        (vars, "web:\n  ansible_password\n    hunter2: \"\n", "group_vars/all.yml:3:12"),
        ("hosts.yml", "all:\n  vars:\n    ansible_user: me\n    ansible_password hunter2\n", "hosts.yml"),
        ("ansible.cfg", "[privilege_escalation]\nbecome_pass hunter2\n", "become_pass"),
        ("clockaudit.toml", "become_pass hunter2\n", "become_pass"),
        ("hosts.toml", "[all.vars]\nansible_password hunter2\n", "ansible_password"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("group_vars")).expect("a folder");
        fs::write(folder.path().join("hosts.ini"), "h1\n").expect("the inventory");
        fs::write(folder.path().join(file), text).expect("a file");
        let source = if file.starts_with("hosts") { file } else { "hosts.ini" };
        let output = clockaudit(&folder, &["inventory", source, "--list"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{file}: {text}");
        assert!(said.contains(name) && !said.contains("hunter2"), "{file} {text}: {said}");
    }
}

#[test]
fn of_a_line_that_cannot_be_read_no_value_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("group_vars")).expect("a folder");
    // Which file is broken, with what, and what of it is shown all the same.
    let files = [
        ("hosts.ini", "h1 ansible_pasword=my hunter2\n", "h1 ansible_pasword=** *******"),
        ("hosts.ini", "h1 ansible_pasword hunter2\n", "h1 ansible_pasword *******"),
        ("hosts.ini", "h1 ansible_port=hunter2 ansible_user=me x\n", "h1 ansible_port=******* ansible_user=me *"),
        ("hosts.ini", "h1 db_pw='hunter2\n", "h1 db_pw='*******"),
        ("hosts.ini", "[a]\n[a:vars]\nansible_pasword: hunter2\n", "ansible_pasword: *******"),
        ("hosts.ini", "[a]\n[a:vars]\nx = {{ 'hunter2' }}\n", "x = ** *"),
        ("hosts.ini", "[a:children]\nansible_pasword=hunter2\n", "ansible_pasword=*******"),
        ("hosts.yml", "all:\n  vars:\n    ansible_pasword: hunter2: x\n", "ansible_pasword: ******** *"),
        ("hosts.yml", "all:\n  vars:\n    ansible_port: \"hunter2\"x\n", "ansible_port: \"*********"),
        (
            "hosts.yml",
            "all:\n  vars:\n    ansible_user: me\n    ansible_pasword hunter2\n    x: y\n",
            "ansible_pasword *******",
        ),
        ("hosts.yml", "all:\n  vars:\n    ansible_pasword: !hunter2 x\n", "ansible_pasword: ********"),
        ("hosts.yml", "all:\n  hosts:\n    h1: {pasword: hunter2, x: [}\n", "h1: {pasword: *******"),
        ("hosts.json", "{\"all\": {\"vars\": {\n  \"pasword\": \"hunter2\"x\n}}}\n", "\"pasword\": \"*******\"*"),
        ("hosts.toml", "[all.vars]\nansible_pasword = hunter2\n", "ansible_pasword = *******"),
        ("group_vars/all.yml", "ansible_pasword: |\n  x\n hunter2: y: z\n", ""),
        ("group_vars/all.yml", "ansible_pasword: *hunter2\n", "ansible_pasword: ********"),
        ("group_vars/all.yml", "ansible_user: me\nansible_pasword hunter2\n", "ansible_pasword *******"),
        ("group_vars/all.yml", "hunter2\n", ""),
    ];
    for (file, text, shown) in files {
        fs::write(folder.path().join("hosts.ini"), "h1\n").expect("the inventory");
        fs::write(folder.path().join(file), text).expect("a file");
        let source = if file.starts_with("hosts") { file } else { "hosts.ini" };
        let output = clockaudit(&folder, &["inventory", source, "--list"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && !said.contains("hunter2"), "{file} {text}: {said}");
        assert!(said.contains(shown), "{file} {text}: {shown} is not in {said}");
        fs::remove_file(folder.path().join(file)).expect("a file");
    }
    fs::write(folder.path().join("hosts.ini"), "h1\n").expect("the inventory");
    for extra in ["ansible_pasword:hunter2", "x=my hunter2", "{pasword: hunter2: x}", "{pasword: \"hunter2\" x}"] {
        let output = clockaudit(&folder, &["inventory", "hosts.ini", "--list", "-e", extra]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && !said.contains("hunter2"), "{extra}: {said}");
    }
}
