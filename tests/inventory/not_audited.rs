//! Hosts that are not audited, as a user meets them: a scan says so whatever it is asked to leave out, and so does all that
//! comes of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Exit code, standard output and standard error of the program in a folder.
fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn folder(inventory: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.ini"), inventory).expect("a file");
    folder
}

#[test]
fn what_a_scan_does_not_audit_is_told_by_all_that_comes_of_it() {
    let fleet = "here ansible_connection=local\n[windows]\nwin[01:02] ansible_connection=winrm\n";
    let folder = folder(fleet);
    let path = folder.path();
    let line = "2 not audited: win[01-02] (winrm)";
    let scan = ["scan", "hosts.ini", "-q", "--reference", "controller", "--record", "t", "--export", "r.json"];
    let (_, printed, said) = run(path, &scan);
    assert!(printed.contains(line), "{printed}{said}");
    assert_eq!(said, "");
    for again in [&["report", "r.json"][..], &["replay", "t"]] {
        let (_, printed, said) = run(path, again);
        assert!(printed.contains(line), "{again:?}: {printed}{said}");
    }
    for explain in [&["explain", "win01"][..], &["explain", "win01", "--report", "r.json"]] {
        let (code, printed, said) = run(path, explain);
        assert!(code == Some(0) && printed.contains("Why         connection 'winrm' (Windows)"), "{printed}{said}");
    }
    let (_, _, said) = run(path, &["explain", "win03"]);
    assert!(said.contains("did you mean `win0"), "{said}");
}

#[test]
fn where_nothing_is_audited_no_scan_ends_well() {
    let folder = folder("[windows]\nwin[01:02] ansible_connection=winrm\n[net]\nsw1 ansible_connection=netconf\n");
    let (code, printed, said) = run(folder.path(), &["scan", "hosts.ini", "-q"]);
    assert_eq!((code, printed.as_str()), (Some(69), ""));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "none of the selected hosts can be audited: win[01-02] (winrm), sw1 (netconf)";
    assert!(said.contains(expected) && said.contains("hint: connection 'winrm' (Windows) is not supported"), "{said}");
}

#[test]
fn settings_of_a_host_that_is_not_audited_are_not_wrong_for_that() {
    let folder = folder("win01 ansible_connection=winrm ansible_port=5986\n");
    let (code, printed, said) = run(folder.path(), &["inventory", "hosts.ini", "--explain", "win01"]);
    assert!(code == Some(0) && printed.contains("  not audited: connection 'winrm' (Windows)"), "{printed}{said}");
    assert!(!printed.contains("wrong:"), "{printed}");
    let (code, printed, _) = run(folder.path(), &["inventory", "hosts.ini", "--explain", "win01", "-o", "json"]);
    assert!(code == Some(0) && printed.contains("\"not_audited\": \"connection 'winrm' (Windows)"), "{printed}");
    let (_, _, said) = run(folder.path(), &["scan", "hosts.ini", "--list-hosts"]);
    assert!(said.contains("note: win01 is not audited: connection 'winrm'"), "{said}");
}
