//! Slips of the keyboard, which are answered with what was probably meant, and streams that take nothing.

use std::fs;
use std::process::{Command, Stdio};

use super::{Scanned, file, finished, off_by, run};

pub(super) const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports/0.1.0.json");

#[test]
fn the_name_that_was_probably_meant_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let inventory = file(folder.path(), "hosts.ini", "[database]\ndb-main ansible_host=127.0.0.1\n[web]\nweb01\n");
    let check = |arguments: &[&str], status: i32, expected: &str| {
        let session = run(arguments);
        assert_eq!(session.status, Some(status), "{arguments:?}: {}", session.transcript());
        assert!(session.stderr.contains(expected), "{arguments:?}: {}", session.transcript());
    };
    let scan = |more: [&str; 2], expected: &str| check(&["scan", &inventory, more[0], more[1]], 64, expected);
    scan(["--reference", "host:db-mian"], "did you mean `db-main`?");
    scan(["--reference", "group:databse"], "did you mean `database`?");
    scan(["--reference", "grup:database"], "did you mean `group`?");
    scan(["--jwt", "issuer=databse,verifier=web"], "none of the selected hosts is in the group `databse`");
    scan(["--jwt", "issuer=database,verifier=wbe"], "did you mean `web`?");
    scan(["--jwt", "isuer=database,verifier=web"], "did you mean `issuer`?");
    scan(["--profile", "cheph"], "'ceph'");
    check(&["scan", &inventory, "-l", "databse"], 69, "Did you mean 'database'?");
    check(&["inventory", &inventory, "--host", "db-mian"], 69, "Did you mean 'db-main'?");
    scan(["-T", "abc"], "expected seconds, or a duration with its unit: `10`");
    scan(["-J", "a;b"], "hint: jump hosts are written as for `ssh -J`");
    check(&["report", STORED, "-o", "tabel"], 64, "'table'");
    let none = run(&["report", "no-such-file", "-o", "nagios"]);
    assert_eq!(none.status, Some(65), "{}", none.transcript());
    assert!(none.stdout.starts_with("CLOCKS UNKNOWN - failed to read `no-such-file`"), "{}", none.transcript());
    check(&["explain", "CLK1010", "--report", STORED], 64, "did you mean `CLK101`?");
    check(&["explain", "jwtt", "--report", STORED], 64, "did you mean `jwt`?");
    check(&["explain", "auth2", "--report", STORED], 64, "did you mean `auth02`?");
    let own = file(folder.path(), "own.ini", "web01 clockaudit_profile=cheph\n");
    check(&["scan", &own, "--list-hosts"], 65, "there is no profile `cheph`; did you mean `ceph`? known are jwt,");
}

#[test]
fn a_trace_knows_its_groups_and_hosts() {
    let fleet = Scanned::new(vec![off_by("good", 0)]);
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    let trace = trace.to_str().expect("text");
    let scanned = fleet.scan(&["--samples", "1", "--record", trace]);
    assert!(fs::metadata(trace).is_ok(), "{}", scanned.transcript());
    let check = |more: [&str; 2], expected: &str| {
        let session = run(&["replay", trace, more[0], more[1]]);
        assert_eq!(session.status, Some(64), "{}", session.transcript());
        assert!(session.stderr.contains(expected), "{}", session.transcript());
    };
    check(["--reference", "group:all_of_then"], "did you mean `all_of_them`?");
    check(["--reference", "host:godo1"], "`host:godo1` is not among the hosts of the trace");
    check(["--jwt", "issuer=all_of_them,verifier=al_of_them"], "did you mean `all_of_them`?");
}

#[test]
fn a_report_in_the_place_of_a_trace_is_told_as_that() {
    let session = run(&["replay", STORED]);
    assert_eq!(session.status, Some(65), "{}", session.transcript());
    assert!(session.stderr.contains("is a report, and no trace"), "{}", session.transcript());
    assert!(session.stderr.contains("hint: `clockaudit report FILE` shows it"), "{}", session.transcript());
}

#[test]
fn a_report_joined_with_itself_is_refused() {
    let session = run(&["merge", STORED, STORED]);
    assert_eq!(session.status, Some(65), "{}", session.transcript());
    assert!(session.stderr.contains("is given twice"), "{}", session.transcript());
    assert!(session.stderr.contains("hint: name each report once"), "{}", session.transcript());
}

/// The program, started by a shell that redirects its output in this way.
fn redirected(how: &str, arguments: &[&str]) -> Command {
    let command = super::command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {how}"), env!("CARGO_BIN_EXE_clockaudit")]).args(arguments);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

#[test]
fn output_that_nobody_takes_is_told_whatever_its_form() {
    let forms = ["table", "wide", "json", "jsonl", "csv"].map(|form| vec!["report", STORED, "-o", form]);
    let others = [
        vec!["explain", "CLK101"],
        vec!["explain", "jwt"],
        vec!["inventory", "a.example,", "--list"],
        vec!["scan", "a.example,", "--list-hosts"],
        vec!["generate", "schema"],
        vec!["generate", "sudoers", "ops"],
        vec!["--help"],
        vec!["scan", "--help"],
        vec!["--version"],
    ];
    for arguments in forms.into_iter().chain(others) {
        for (how, expected) in [
            (">&-", "error: standard output is closed\n"),
            (">/dev/full", "error: failed to write standard output: No space left on device"),
        ] {
            let session = finished(redirected(how, &arguments).spawn().expect("start"));
            assert_eq!(session.status, Some(74), "{how} {arguments:?}: {}", session.transcript());
            assert!(session.stderr.contains(expected), "{how} {arguments:?}: {}", session.transcript());
        }
        let session = finished(redirected("<>/dev/null 1<>/dev/null", &arguments).spawn().expect("start"));
        assert_ne!(session.status, Some(74), "/dev/null takes everything: {arguments:?}");
    }
}

#[test]
fn no_host_is_asked_for_what_cannot_be_shown() {
    let fleet = Scanned::new(vec![off_by("a", 0)]);
    for form in ["table", "jsonl"] {
        let arguments = ["scan", &fleet.inventory, "--ssh-option", &fleet.known_hosts, "-o", form];
        let before = fleet.fleet.readings();
        let session = finished(redirected(">&-", &arguments).spawn().expect("start"));
        assert_eq!(session.status, Some(74), "{}", session.transcript());
        assert_eq!(fleet.fleet.readings(), before, "{form}");
        let session = finished(redirected(">/dev/full", &arguments).spawn().expect("start"));
        assert_eq!(session.status, Some(74), "{}", session.transcript());
    }
}
