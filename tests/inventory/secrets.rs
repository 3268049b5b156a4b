//! What ansible-vault encrypted is used and never shown: not by a view of the inventory, not by an error.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the program in a folder, with nothing of the environment of whoever runs the tests.
fn clockaudit(folder: &TempDir, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).args(words);
    command.output().expect("the program runs")
}

/// A fleet whose secrets are those of the case `vault-inline`: `hunter2` for `ansible_password`, opened by `pw`.
fn fleet() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = crate::staging::cases();
    let vaulted = fs::read_to_string(cases.join("vault-inline/input/group_vars/a.yml")).expect("a vault");
    let (_, value) = vaulted.split_once("ansible_password: ").expect("the password");
    let (value, _) = value.split_once("multi:").expect("the end of the password");
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
}
