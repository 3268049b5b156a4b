//! Pipes: one that somebody named is read, no longer than the run may take; one that is only found is refused, for it may never end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use tempfile::TempDir;

use crate::loading::{said, settings};
use clockaudit::files::inventory::{Source, load};

/// A folder with these files, and pipes that nobody writes into.
fn folder(files: &[(&str, &str)], pipes: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        path
    };
    for (name, text) in files {
        fs::write(place(name), text).expect("a file");
    }
    for name in pipes {
        mkfifo(&place(name), Mode::S_IRWXU).expect("a pipe");
    }
    folder
}

fn program(folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    program.arg("inventory").current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    program
}

fn text(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn pipes_that_nobody_named_are_refused() {
    let pipe = "cannot be read: it is not a regular file but a pipe";
    let inventory = folder(&[("inv/hosts.ini", "[w]\nh1\n")], &["inv/more", "inv/group_vars/w"]);
    let loaded = load(&[Source::from("inv")], &settings(inventory.path())).expect("an inventory");
    assert!(loaded.is_incomplete() && loaded.inventory.host_named("h1").is_some());
    assert_eq!(
        said(&loaded),
        [
            format!("inventory incomplete: inv/more: {pipe} (its hosts and variables are missing)"),
            format!("inventory incomplete: inv/group_vars/w: {pipe} (its variables are missing)"),
        ]
    );
    let looked_up = folder(&[("hosts.ini", "h1 ansible_user=\"{{ lookup('file', 'pipe') }}\"\n")], &["pipe"]);
    let output = program(looked_up.path()).args(["hosts.ini", "--explain", "h1"]).output().expect("an end");
    let (code, table, errors) = text(&output);
    assert_eq!(code, Some(65), "{table}{errors}");
    assert!(table.contains("it is not a regular file but a pipe"), "{table}{errors}");
}

#[test]
fn a_pipe_that_was_named_and_that_nobody_writes_ends_with_the_run() {
    let folder = folder(&[("hosts.ini", "h1\n")], &["pipe"]);
    let list: &[&str] = &["--list", "--deadline", "0.05"];
    let explain: &[&str] = &["--explain", "h1", "--deadline", "0.05"];
    for (words, rest) in [
        (&["pipe"][..], list),
        (&["-i", "pipe"], list),
        (&["hosts.ini", "-l", "@pipe"], list),
        (&["hosts.ini", "-e", "@pipe"], list),
        (&["hosts.ini", "--vault-password-file", "pipe"], list),
        (&["hosts.ini", "-F", "pipe"], explain),
    ] {
        let (code, output, errors) = text(&program(folder.path()).args(words).args(rest).output().expect("an end"));
        assert!(code.is_some_and(|code| code != 0), "{words:?} {code:?}: {output}{errors}");
        let told = "has not ended within the 0.05 s of `--deadline`";
        assert!((output.clone() + &errors).contains(told), "{words:?}: {output}{errors}");
    }
    // Standard input that stays open is one as well.
    let mut child = program(folder.path())
        .args(["-i", "-"])
        .args(list)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let open = child.stdin.take();
    let (code, _, errors) = text(&child.wait_with_output().expect("an end"));
    drop(open);
    assert_eq!(code, Some(65), "{errors}");
    assert!(errors.contains("standard input: has not ended within the 0.05 s"), "{errors}");
}

#[test]
fn what_commands_print_is_read() {
    let folder = folder(&[], &[]);
    let script = "\"$PROGRAM\" inventory -i <(echo '[w]'; echo h1; echo h2) -i - -l @<(echo h1; echo h3) -e @<(echo 'x: 1') \
                  --vault-password-file <(echo secret) -F <(echo 'User ops') --list $MORE <<<'h3'";
    for more in ["", "--deadline 1000000"] {
        let output = Command::new("bash")
            .args(["-c", script])
            .current_dir(folder.path())
            .envs([("PROGRAM", env!("CARGO_BIN_EXE_clockaudit")), ("MORE", more)])
            .env("HOME", folder.path())
            .output()
            .expect("bash");
        let (code, listing, errors) = text(&output);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{listing}");
        assert!(listing.contains("\"h1\"") && listing.contains("\"h3\"") && !listing.contains("\"h2\""), "{listing}");
    }
}

#[test]
fn what_a_script_says_is_told_and_what_it_leaves_running_is_not_waited_for() {
    for (status, code) in [(0, 0), (3, 65)] {
        let script = format!(
            "#!/bin/sh\nsleep 60 >/dev/null &\necho $! >pid\necho '{{\"w\": [\"h1\"]}}'\necho 'look here' >&2\nexit {status}\n"
        );
        let folder = folder(&[("hosts", &script)], &[]);
        fs::set_permissions(folder.path().join("hosts"), fs::Permissions::from_mode(0o755)).expect("a mode");
        let (ended, listing, errors) =
            text(&program(folder.path()).args(["hosts", "--list"]).output().expect("an end"));
        let left = fs::read_to_string(folder.path().join("pid")).expect("a number");
        let left = Pid::from_raw(left.trim().parse().expect("a number"));
        // It holds the script's standard error open, and would have ended by itself.
        kill(left, Signal::SIGKILL).expect("a process that runs still");
        assert_eq!(ended, Some(code), "{listing}{errors}");
        assert!(errors.contains("says: look here"), "{listing}{errors}");
    }
}
