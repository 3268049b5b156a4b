//! The command line as users meet it: help, usage errors, exit codes, streams, and a run that is ended early.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends where its preparations fail")]

#[path = "cli/fix.rs"]
mod fix;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/pages.rs"]
mod pages;
#[path = "cli/slips.rs"]
mod slips;
#[path = "cli/token.rs"]
mod token;

use std::fs;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clap::Parser;
use clockaudit::cli::Cli;
use clockaudit::clock::Nanos;
use clockaudit::demo::{ClockPlan, HostPlan, Motion, PathPlan, SimulatedFleet, TimekeeperPlan, Trouble};
use clockaudit::inventory::shell_words;
use clockaudit::probe::{Reader, trace};
use clockaudit::report::json;
use clockaudit::report::model::{Report, Verdict};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

/// A finished command.
struct Session {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Session {
    /// Everything that came of it, as one text.
    fn transcript(&self) -> String {
        let status = self.status.map_or_else(|| "a signal".to_owned(), |status| status.to_string());
        format!("exit status {status}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }

    /// The report that was printed, valid by the published schema.
    fn report(&self) -> Report {
        assert_valid(&self.stdout);
        json::read(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.transcript()))
    }
}

/// Asserts that a printed report is one by the published schema.
fn assert_valid(report: &str) {
    let schema = include_str!("../docs/report-schema.json").parse::<serde_json::Value>().expect("the schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let problems: Vec<String> = match report.parse() {
        Ok(report) => {
            validator.iter_errors(&report).map(|error| format!("{error} at {}", error.instance_path())).collect()
        }
        Err(error) => vec![error.to_string()],
    };
    assert!(problems.is_empty(), "{problems:#?}\n{report}");
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    // What scans keep for the next one is kept in the folder of the build, not in that of whoever runs the tests.
    command.env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["SSH_AUTH_SOCK", "ANSIBLE_INVENTORY", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

fn finished(child: Child) -> Session {
    let output = child.wait_with_output().expect("a command that ends");
    Session {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn run(arguments: &[&str]) -> Session {
    finished(command(arguments).spawn().expect("a command that starts"))
}

/// A simulated fleet, and the arguments with which it is scanned.
struct Scanned {
    fleet: SimulatedFleet,
    inventory: String,
    known_hosts: String,
}

impl Scanned {
    fn new(hosts: Vec<HostPlan>) -> Self {
        let fleet = SimulatedFleet::start(hosts, 1).expect("a simulated fleet");
        let inventory = fleet.inventory().to_str().expect("a path of text").to_owned();
        let known_hosts = format!("UserKnownHostsFile={}", fleet.known_hosts().display());
        Self { fleet, inventory, known_hosts }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut arguments = vec!["scan", self.inventory.as_str(), "--ssh-option", self.known_hosts.as_str()];
        arguments.extend(more);
        command(&arguments)
    }

    fn scan(&self, more: &[&str]) -> Session {
        finished(self.command(more).spawn().expect("a scan that starts"))
    }
}

fn off_by(name: &str, millis: i64) -> HostPlan {
    let offset = Nanos::from_millis(millis);
    let (clock, timekeeper) = (ClockPlan::at(offset), TimekeeperPlan::honest(offset));
    HostPlan { clock, timekeeper, ..HostPlan::good(name, "all_of_them") }
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path.to_str().expect("a path of text").to_owned()
}

#[test]
fn help_reads_like_this() {
    let pages = [
        vec!["--help"],
        vec!["scan", "--help"],
        vec!["fix", "--help"],
        vec!["rollback", "--help"],
        vec!["report", "--help"],
        vec!["inventory", "--help"],
        vec!["replay", "--help"],
        vec!["merge", "--help"],
        vec!["compare", "--help"],
        vec!["token", "--help"],
        vec!["demo", "--help"],
        vec!["generate", "--help"],
    ];
    let mut reference = String::new();
    for page in pages {
        let session = run(&page);
        assert_eq!(session.status, Some(0), "{}", session.transcript());
        assert_eq!(session.stderr, "");
        reference = format!("{reference}$ clockaudit {}\n{}\n", page.join(" "), session.stdout);
    }
    insta::assert_snapshot!("reference", reference);
}

#[test]
fn what_makes_no_sense_is_told_and_ends_with_64() {
    let check = |arguments: &[&str], expected: &str| {
        let session = run(arguments);
        assert_eq!(session.status, Some(64), "{}", session.transcript());
        assert_eq!(session.stdout, "", "{arguments:?}");
        assert!(session.stderr.contains(expected), "{arguments:?}: {}", session.stderr);
    };
    check(&["scann"], "a similar subcommand exists: 'scan'");
    check(&["scan", "--warm", "5ms"], "a similar argument exists: '--warn'");
    check(&["scan", "--warn", "50"], "a duration needs a unit");
    check(&["scan", "--warn", "2s", "--crit", "1s", "a.example,"], "`--crit` (1 s) is below `--warn` (2 s)");
    check(&["scan", "--warn", "-5ms", "a.example,"], "a duration cannot be negative");
    check(&["scan", "--warn", "--crit", "1s", "a.example,"], "a duration was expected here");
    check(&["scan", "--crit", "99999999999h", "a.example,"], "2562047h (292 years)");
    check(&["scan", "--timeout", "-3", "a.example,"], "a duration cannot be negative");
    check(&["scan", "--samples", "-3", "a.example,"], "must be at least 1");
    check(&["scan", ""], "the name of an inventory is empty");
    check(&["inventory", "--list", "-i", " "], "the name of an inventory is empty");
    check(&["scan", "--record", "a.json", "--export", "a.json", "a.example,"], "both write `a.json`");
    check(&["scan", "--samples", "0"], "must be at least 1");
    check(
        &["scan", "--reference", "best"],
        "expected `consensus`, `agreement`, `controller`, `host:NAME`, `group:NAME`, `ntp:SERVER` or `https:SERVER`",
    );
    check(&["scan", "--reference", "https:a.example", "a.example,"], "needs three servers at least");
    check(&["scan", "--reference=https:a.example", "--reference=https:b.example", "a.example,"], "needs three servers");
    check(
        &["scan", "--reference=ntp:a.example", "--reference=https:b.example", "a.example,"],
        "of `ntp:` and of `https:`",
    );
    check(&["scan", "--reference=https:a.example", "--reference=https:a.example", "a.example,"], "is given twice");
    check(&["scan", "--reference", "host:c.example", "a.example,b.example,"], "not among the selected hosts");
    check(&["scan", "--reference", "group:db", "a.example,b.example,"], "`group:db` is not among the selected hosts");
    check(&["scan", "--export", "out.pdf", "a.example,"], "cannot tell the format of `out.pdf`");
    check(&["scan", "--ssh-option", "StrictHostKeyChecking=maybe", "a.example,"], "does not take `maybe`");
    check(&["compare", "a.json"], "two reports are compared, the earlier one first");
    check(&[], "Usage: clockaudit");
}

#[test]
fn an_error_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = finished(
        command(&["scan", "--warn", "2s", "--crit", "1s", "a.example,"])
            .current_dir(folder.path())
            .spawn()
            .expect("start"),
    );
    insta::assert_snapshot!("usage_error", session.transcript());
    let hosts = run(&["scan", "a.example,b.example,", "--limit", "db*"]);
    insta::assert_snapshot!("no_host_matched", hosts.transcript());
}

#[test]
fn a_port_that_cannot_be_is_a_usage_error() {
    let check = |option: [&str; 2], expected: &str| {
        let session = run(&["scan", "a.example,", option[0], option[1]]);
        assert_eq!(session.status, Some(64), "{}", session.transcript());
        assert!(session.stderr.contains(expected), "{}", session.transcript());
    };
    check(["--ssh-option", "Port=99999"], "Port does not take `99999`: a port from 1 to 65535");
    check(["--ssh-option", "Port=0"], "Port does not take `0`: a port from 1 to 65535");
    check(["-p", "0"], "1..=65535");
    check(["-p", "99999"], "1..=65535");
}

#[test]
fn an_inventory_that_cannot_be_parsed_ends_with_65_and_no_host_with_69() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = file(folder.path(), "broken.ini", "[web\nweb1\n");
    let session = run(&["scan", &broken]);
    assert_eq!(session.status, Some(65), "{}", session.transcript());
    assert!(session.stderr.contains("--allow-incomplete-inventory"), "{}", session.stderr);
    assert_eq!(run(&["scan", "no/such/file.ini"]).status, Some(65));
    assert_eq!(run(&["scan", "a.example,b.example,", "--limit", "db*"]).status, Some(69));
    let report = file(folder.path(), "report.json", "{\"schema\": \"clockaudit.report/7\"}");
    let session = run(&["report", &report]);
    assert_eq!(session.status, Some(65), "{}", session.transcript());
    assert!(session.stderr.contains("this clockaudit reads `clockaudit.report/1`"), "{}", session.stderr);
    assert_eq!(run(&["replay", &report]).status, Some(65));
    assert_eq!(run(&["replay", "/dev/null"]).status, Some(65), "an empty trace is no fleet that is well");
}

#[test]
fn limits_of_the_inventory_are_checked_before_any_host_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |variable: &str, flags: &[&str], status: i32, said: &str| {
        let inventory = file(folder.path(), "hosts.ini", &format!("[mon]\nmon01\n[mon:vars]\n{variable}\n"));
        let session = run(&[&["scan", &inventory, "--list-hosts"], flags].concat());
        assert_eq!(session.status, Some(status), "{}", session.transcript());
        assert!(session.stderr.contains(&said.replace("FILE", &inventory)), "{}", session.stderr);
    };
    check("clockaudit_profile=ceph", &[], 0, "");
    check("clockaudit_profile=cheph", &[], 65, "mon01: `clockaudit_profile` (FILE:4): there is no profile `cheph`");
    let nested = "names of profiles are expected here, not `[\"ceph\"]`";
    check("clockaudit_profile=['jwt', ['ceph']]", &[], 65, nested);
    check("clockaudit_warn=soon", &[], 65, "mon01: `clockaudit_warn` (FILE:4): ");
    let below = "mon01: `clockaudit_crit` (1 ms, FILE:4) is below the limit of jwt to warn at (50 ms)";
    check("clockaudit_crit=1ms", &[], 65, below);
    check("clockaudit_crit=1ms", &["--warn", "5ms"], 65, "(1 ms, FILE:4) is below `--warn` (5 ms)");
}

#[test]
fn explain_jwt_needs_no_scan() {
    let session = run(&["explain", "jwt"]);
    assert_eq!(session.status, Some(0), "{}", session.transcript());
    assert!(session.stdout.starts_with("jwt  tokens between hosts"), "{}", session.stdout);
}

#[test]
fn hosts_can_be_listed_without_measuring() {
    let session = run(&["scan", "web1.example,web2.example,db.example,", "--list-hosts", "-l", "web*"]);
    assert_eq!(session.stdout, "  hosts (2):\n    web1.example\n    web2.example\n");
    assert_eq!(session.status, Some(0));
}

#[test]
fn names_of_an_inventory_and_of_the_command_line_steer_no_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let evil = "x\u{1b}c\u{9b}31m\u{202e}y";
    let inventory = format!("web{evil}\nnot{evil} ansible_connection=docker\n[bad{evil}\n");
    let inventory = file(folder.path(), "hosts.ini", &inventory);
    let allowed = ["scan", &inventory, "--allow-incomplete-inventory", "--list-hosts"];
    let check = |arguments: &[&str], status: i32, said: &[&str]| {
        let session = run(arguments);
        assert_eq!(session.status, Some(status), "{}", session.transcript());
        let text = format!("{}{}", session.stdout, session.stderr);
        let acts = |character: &char| (character.is_control() && *character != '\n') || *character == '\u{202e}';
        assert_eq!(text.chars().find(acts), None, "{text:?}");
        for words in said {
            assert!(text.contains(words), "{words}: {text}");
        }
    };
    let shown = "x\\x1bc\\x9b31m\\u{202e}y";
    check(&allowed, 0, &[&format!("    web{shown}\n"), &format!("not{shown} is not audited")]);
    let reference = format!("--reference=host:{evil}");
    check(&[&allowed[..], &[reference.as_str()]].concat(), 64, &[&format!("the reference `host:{shown}`")]);
    check(&["explain", evil], 64, &[&format!("`{shown}` is n")]);
    // What was probably meant comes from the inventory.
    let reference = format!("--reference=host:wez{evil}");
    check(&[&allowed[..], &[reference.as_str()]].concat(), 64, &[&format!("did you mean `web{shown}`?")]);
}

#[test]
fn the_exit_code_is_the_worst_verdict() {
    let fleet = Scanned::new(vec![
        off_by("good1", 0),
        off_by("good2", 3),
        off_by("late", -70),
        off_by("wrong", 2_000),
        HostPlan { path: PathPlan { there: Nanos::from_millis(80), back: Nanos::from_millis(80) }, ..off_by("far", 0) },
        HostPlan { trouble: Some(Trouble::Refused), ..off_by("gone", 0) },
    ]);
    let check = |limit: &str, more: &[&str], expected: i32, verdict: Verdict| {
        let mut arguments = vec!["-o", "json", "--samples", "4", "--reference", "controller", "-l", limit];
        arguments.extend(more);
        let session = fleet.scan(&arguments);
        assert_eq!(session.status, Some(expected), "{limit} {more:?}: {}", session.transcript());
        assert_eq!(session.report().summary.verdict, verdict, "{limit}");
    };
    check("good*", &[], 0, Verdict::Ok);
    check("good*,late", &[], 1, Verdict::Warn);
    check("good*,late,wrong,gone", &[], 2, Verdict::Crit);
    check("good*,late,far", &[], 3, Verdict::Undecided);
    check("good*,gone", &[], 3, Verdict::Down);
    check("good*,gone", &["--fail-on", "undecided"], 0, Verdict::Down);
    check("good*,late,gone", &["--fail-on", "undecided"], 1, Verdict::Down);
    check("good*,far,gone", &["--fail-on", "undecided"], 3, Verdict::Down);
    check("good*,far,gone", &["--fail-on", "warn"], 0, Verdict::Down);
    check("good*,late,far", &["--fail-on", "warn"], 1, Verdict::Undecided);
    check("good*,late,far", &["--fail-on", "crit"], 0, Verdict::Undecided);
    check("late,wrong,gone", &["--fail-on", "crit"], 2, Verdict::Crit);
    check("wrong", &["--fail-on", "never"], 0, Verdict::Crit);
    check("wrong,good1", &["--crit", "10s", "--warn", "5s"], 0, Verdict::Ok);
}

#[test]
fn results_go_to_stdout_without_escape_codes_and_files_are_whole() {
    let fleet = Scanned::new(vec![off_by("a", 0), off_by("b", 500)]);
    let folder = tempfile::tempdir().expect("a folder");
    let (stored, trace) = (folder.path().join("out.json"), folder.path().join("out.jsonl"));
    let (stored, trace) = (stored.to_str().expect("text"), trace.to_str().expect("text"));
    let scan = fleet.scan(&["--samples", "4", "--reference", "controller", "--export", stored, "--record", trace]);
    assert_eq!(scan.status, Some(2), "{}", scan.transcript());
    assert_eq!(scan.stderr, "");
    assert!(!scan.stdout.contains('\u{1b}'), "{}", scan.stdout);
    assert!(scan.stdout.starts_with("clockaudit "), "{}", scan.stdout);

    // The stored report shows the same, but for where it is found again, and ends the same.
    let again = run(&["report", stored]);
    let again_stdout = again.stdout.clone();
    let shown = scan.stdout.replace("clockaudit explain b\n", &format!("clockaudit explain b --report {stored}\n"));
    assert_eq!((again.status, again.stdout), (scan.status, shown));
    // So does the recorded scan, judged again.
    let elsewhere = run(&["replay", trace, "--reference", "host:nope"]);
    assert_eq!(elsewhere.status, Some(64), "{}", elsewhere.transcript());
    assert!(elsewhere.stderr.contains("`host:nope` is not among the hosts of the trace"), "{}", elsewhere.transcript());
    let twice = fs::read_to_string(trace).expect("a trace").repeat(2);
    let joined = run(&["replay", &file(folder.path(), "joined.jsonl", &twice)]);
    assert_eq!(joined.status, Some(65), "{}", joined.transcript());
    assert!(joined.stderr.contains("a second scan begins here"), "{}", joined.transcript());
    let replayed = run(&["replay", trace, "--reference", "controller", "-o", "json"]);
    assert_eq!(replayed.status, Some(2), "{}", replayed.transcript());
    let original = json::read(&fs::read_to_string(stored).expect("the export")).expect("a report");
    let clocks = |report: &Report| report.hosts.iter().map(|host| host.clock.clone()).collect::<Vec<_>>();
    assert_eq!(clocks(&replayed.report()), clocks(&original));

    let colored = run(&["report", stored, "--color", "always"]);
    assert!(colored.stdout.contains("\u{1b}[1m\u{1b}[31mCRIT\u{1b}[0m"), "{}", colored.stdout);
    let with = |variables: &[(&str, &str)]| {
        let mut command = command(&["report", stored]);
        command.envs(variables.iter().copied());
        finished(command.spawn().expect("a command that starts")).stdout
    };
    assert_eq!(with(&[("CLICOLOR_FORCE", "1")]), colored.stdout);
    assert_eq!(with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), again_stdout);

    // Every form goes to standard output and to files alike.
    let forms = [
        ("json", "json"),
        ("jsonl", "jsonl"),
        ("csv", "csv"),
        ("md", "md"),
        ("html", "html"),
        ("junit", "xml"),
        ("prometheus", "prom"),
    ];
    for (form, suffix) in forms {
        let file = folder.path().join(format!("again.{suffix}"));
        let shown = run(&["report", stored, "-o", form, "--export", file.to_str().expect("text")]);
        assert_eq!(shown.status, Some(2), "{}", shown.transcript());
        assert_eq!(shown.stdout, fs::read_to_string(&file).expect("the export"), "{form}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_any_host_is_asked() {
    let fleet = Scanned::new(vec![off_by("a", 0)]);
    let folder = tempfile::tempdir().expect("a folder");
    let good = folder.path().join("good.json");
    let good = good.to_str().expect("text");
    let check = |more: &[&str], expected: &str| {
        let session = fleet.scan(&[&["--samples", "1", "--export", good], more].concat());
        assert_eq!(session.status, Some(74), "{}", session.transcript());
        assert_eq!(session.stdout, "", "{more:?}");
        assert!(session.stderr.contains(expected), "{}", session.transcript());
    };
    check(
        &["--export", "/no/such/folder/out.json"],
        "`/no/such/folder/out.json`: there is no folder `/no/such/folder`",
    );
    check(&["--record", "/no/such/folder/out.jsonl"], "there is no folder `/no/such/folder`");
    check(&["--record", folder.path().to_str().expect("text")], "directory");
    assert_eq!(fleet.fleet.readings(), 0, "no clock was read");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "no file is left behind");
}

#[test]
fn quiet_says_errors_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = file(folder.path(), "odd.ini", "[web]\nweb1 ansible_port=22#ssh\nweb1\n[web:vars]\n");
    let broken = file(folder.path(), "broken.ini", "[web\nweb1\n");
    let check = |more: &[&str], is_warned: bool, is_wrong: bool| {
        let session = run(&[&["inventory", "--hosts", "all"], more].concat());
        assert_eq!(session.stderr.contains("warning: "), is_warned, "{more:?}: {}", session.transcript());
        assert_eq!(session.stderr.contains("error: "), is_wrong, "{more:?}: {}", session.transcript());
    };
    check(&[&odd], true, false);
    check(&[&odd, "-q"], false, false);
    check(&[&broken, "-q"], false, true);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports/0.1.0.json");
    let mut child = command(&["report", path, "-o", "json"]).spawn().expect("start");
    drop(child.stdout.take());
    let session = finished(child);
    assert_eq!((session.status, session.stderr.as_str()), (Some(2), ""));
}

#[test]
fn a_full_disk_is_told() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports/0.1.0.json");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let session = finished(command(&["report", path]).stdout(full).spawn().expect("start"));
    assert_eq!(session.status, Some(74), "{}", session.transcript());
    assert!(session.stderr.contains("failed to write standard output"), "{}", session.stderr);
}

#[test]
fn an_interrupted_scan_leaves_a_valid_partial_report() {
    let fleet = Scanned::new((0..6).map(|index| off_by(&format!("host{index}"), 0)).collect());
    let folder = tempfile::tempdir().expect("a folder");
    let check = |signal: Signal, expected: i32| {
        let stored = folder.path().join("partial.json");
        let before = fleet.fleet.readings();
        let more = ["-o", "json", "--samples", "400", "--export", stored.to_str().expect("text")];
        let child = fleet.command(&more).spawn().expect("start");
        while fleet.fleet.readings() < before + 24 {
            std::thread::yield_now();
        }
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal).expect("a signal");
        let session = finished(child);
        assert_eq!(session.status, Some(expected), "{}", session.transcript());
        let report = session.report();
        assert!(report.run.partial);
        assert_eq!(report.summary.counts.ok, 6, "what was measured by then is there");
        assert_eq!(json::read(&fs::read_to_string(stored).expect("the export")), Ok(report));
    };
    check(Signal::SIGINT, 130);
    check(Signal::SIGTERM, 143);
    check(Signal::SIGHUP, 143);
}

#[test]
fn lines_say_what_was_seen_of_a_host_before_the_scan_is_over() {
    let refused = HostPlan { trouble: Some(Trouble::Refused), ..off_by("refused", 0) };
    let fleet = Scanned::new(vec![off_by("good", 0), off_by("ahead", 300), refused]);
    let mut child = fleet.command(&["-o", "jsonl", "--samples", "400"]).spawn().expect("start");
    let mut printed = child.stdout.take().expect("its output");
    // The refused host is told while the others are still asked: without a signal that takes 100 s.
    wait_for_output(&mut child, &printed);
    while fleet.fleet.readings() < 24 {
        std::thread::yield_now();
    }
    send(&child, Signal::SIGINT);
    let mut text = String::new();
    printed.read_to_string(&mut text).expect("text");
    let session = finished(child);
    assert_eq!(session.status, Some(130), "{}\n{text}", session.transcript());
    let lines: Vec<Value> = text.lines().map(|line| line.parse().expect("JSON")).collect();
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events.get(..4), Some(&["seen", "seen", "seen", "run"][..]), "{text}");
    let first = &lines[0]["data"];
    assert_eq!((&first["host"], &first["verdict"]), (&Value::from("refused"), &Value::from("down")), "{text}");
    assert_eq!(first["error"]["code"], "SSH902", "{text}");
    for seen in &lines[1..3] {
        let seen = &seen["data"];
        let host = lines.iter().find(|line| line["event"] == "host" && line["data"]["name"] == seen["host"]);
        let clock = &host.expect("the host that was seen")["data"]["clock"];
        assert_eq!((&seen["exchanges"], &seen["verdict"]), (&clock["exchanges"], &Value::Null), "{text}");
        let ahead = if seen["host"] == "ahead" { 0.3 } else { 0.0 };
        let bound = |key: &str| seen[key].as_f64().expect("a bound");
        assert!(bound("lo_s") <= ahead && ahead <= bound("hi_s"), "{text}");
    }
    // What is no scan has nothing to say before.
    assert!(!fleet.scan(&["-o", "json", "--samples", "1"]).stdout.contains("\"seen\""));
}

/// Sends a signal and waits until the program has taken it, or has ended without.
fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal).expect("a signal");
    let bit = 1_u64 << (signal as i32 - 1);
    let is_pending = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("ShdPnd:")).unwrap_or("0").trim();
        !status.contains("State:\tZ") && u64::from_str_radix(mask, 16).expect("a mask") & bit != 0
    };
    while is_pending() {
        std::thread::yield_now();
    }
}

/// Waits until something can be read, which the running program wrote.
fn wait_for_output(child: &mut Child, stream: &impl AsFd) {
    let mut watched = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
    while poll(&mut watched, 100_u16).expect("a poll") == 0 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended early");
    }
}

/// A file that is written to only as fast as it is read.
fn slow_file(path: &Path) -> fs::File {
    mkfifo(path, Mode::S_IRWXU).expect("a pipe");
    // Opened without waiting for the one who writes; then read as usual.
    let flags = OFlag::O_NONBLOCK.bits();
    let reader = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).expect("its reading end");
    fcntl(&reader, FcntlArg::F_SETPIPE_SZ(4_096)).expect("a small pipe");
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::empty())).expect("a patient reader");
    reader
}

#[test]
fn a_signal_while_files_are_written_costs_none_of_them() {
    let fleet = Scanned::new((0..12).map(|index| off_by(&format!("host{index}"), 0)).collect());
    let check = |option: &str, signal: Signal, expected: i32| {
        let folder = tempfile::tempdir().expect("a folder");
        let (slow, stored) = (folder.path().join("slow.json"), folder.path().join("stored.json"));
        let mut reader = slow_file(&slow);
        let (slow, stored) = (slow.to_str().expect("text"), stored.to_str().expect("text"));
        let more = [option, slow, "--export", stored, "-o", "json", "--samples", "2"];
        let mut child = fleet.command(&more).spawn().expect("start");
        // What has come is the beginning: the rest is more than the pipe holds.
        wait_for_output(&mut child, &reader);
        send(&child, signal);
        let mut written = String::new();
        reader.read_to_string(&mut written).expect("the slow file");
        let session = finished(child);
        assert_eq!(session.status, Some(expected), "{option}: {}", session.transcript());
        let report = json::read(&fs::read_to_string(stored).expect("the export")).expect("a report");
        assert_eq!((report.summary.counts.ok, report.run.partial), (12, false));
        match option {
            "--record" => assert_eq!(trace::read(&written).expect("a whole trace").seen.observations.len(), 12),
            _ => assert_eq!(json::read(&written), Ok(report)),
        }
    };
    check("--record", Signal::SIGINT, 130);
    check("--record", Signal::SIGTERM, 143);
    check("--export", Signal::SIGINT, 130);
    check("--export", Signal::SIGTERM, 143);
}

#[test]
fn a_second_signal_leaves_at_once_whatever_is_not_written() {
    let fleet = Scanned::new((0..12).map(|index| off_by(&format!("host{index}"), 0)).collect());
    let folder = tempfile::tempdir().expect("a folder");
    let slow = folder.path().join("slow.json");
    let reader = slow_file(&slow);
    let more = ["--export", slow.to_str().expect("text"), "-o", "json", "--samples", "2"];
    let mut child = fleet.command(&more).spawn().expect("start");
    wait_for_output(&mut child, &reader);
    // Two that come together count as one.
    while child.try_wait().expect("a child").is_none() {
        send(&child, Signal::SIGTERM);
    }
    let session = finished(child);
    assert_eq!((session.status, session.stdout.as_str()), (Some(143), ""));
}

#[test]
fn a_signal_ends_a_scan_whose_reader_does_not_read() {
    let fleet = Scanned::new((0..12).map(|index| off_by(&format!("host{index}"), 0)).collect());
    let folder = tempfile::tempdir().expect("a folder");
    for (signal, expected) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let stored = folder.path().join(format!("{expected}.json"));
        let more = ["-o", "json", "--samples", "2", "--export", stored.to_str().expect("text")];
        let mut child = fleet.command(&more).spawn().expect("start");
        let stdout = child.stdout.take().expect("its output");
        fcntl(&stdout, FcntlArg::F_SETPIPE_SZ(4_096)).expect("a small pipe");
        // The files are written first; then the report is longer than what the pipe holds.
        wait_for_output(&mut child, &stdout);
        send(&child, signal);
        // Nothing else ends it: a program that ignored the signal would be waited for until the test run is given up.
        assert_eq!(child.wait().expect("a child").code(), Some(expected));
        assert!(json::read(&fs::read_to_string(stored).expect("the export")).is_ok());
        drop(stdout);
    }
}

#[test]
fn a_tiny_limit_of_open_files_makes_waves_or_is_told() {
    let fleet = Scanned::new(vec![off_by("a", 0), off_by("b", 0), off_by("c", 0)]);
    let check = |files: &str| {
        let scan = fleet.command(&["-o", "json", "--samples", "2"]);
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--nofile={files}:{files}")).arg(scan.get_program()).args(scan.get_args());
        let child = limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let session = finished(child.expect("prlimit"));
        assert!(!session.stderr.contains("panicked"), "{files}: {}", session.transcript());
        session
    };
    let waves = check("40");
    assert_eq!(waves.status, Some(0), "{}", waves.transcript());
    assert_eq!(waves.report().summary.counts.ok, 3);
    let none = check("6");
    assert_eq!(none.status, Some(70), "{}", none.transcript());
    assert!(none.stderr.contains("open files"), "{}", none.transcript());
}

#[test]
fn a_deadline_ends_a_scan_with_what_is_known() {
    let fleet =
        Scanned::new(vec![off_by("here", 0), HostPlan { trouble: Some(Trouble::BlackHole), ..off_by("gone", 0) }]);
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("out.jsonl");
    let trace = trace.to_str().expect("a path of text");
    let scanned = fleet.scan(&["-o", "json", "--deadline", "1.5s", "--record", trace]);
    // A recorded run that ended early is as partial as it was.
    for session in [scanned, run(&["replay", trace, "-o", "json"])] {
        assert_eq!(session.status, Some(3), "{}", session.transcript());
        let report = session.report();
        assert!(report.run.partial);
        assert_eq!(report.hosts.len(), 2);
    }
}

#[test]
fn an_incomplete_inventory_that_is_allowed_ends_with_3() {
    let fleet = Scanned::new(vec![off_by("good", 0)]);
    let text = fs::read_to_string(&fleet.inventory).expect("the inventory");
    let folder = tempfile::tempdir().expect("a folder");
    let sound = file(folder.path(), "sound.ini", &text);
    let broken = file(folder.path(), "broken.ini", "[web\nweb1\n");
    let more = ["--ssh-option", &fleet.known_hosts, "-o", "json", "--samples", "2"];
    let mut arguments = vec!["scan", &sound, "-i", &broken, "-l", "good"];
    arguments.extend(more);
    assert_eq!(run(&arguments).status, Some(65));
    arguments.push("--allow-incomplete-inventory");
    let trace = folder.path().join("out.jsonl");
    let trace = trace.to_str().expect("a path of text");
    arguments.extend(["--record", trace]);
    let session = run(&arguments);
    assert_eq!(session.status, Some(3), "{}", session.transcript());
    assert!(session.report().run.inventory.incomplete);
    // Judged again, the hosts that may be missing are still missing.
    let replayed = run(&["replay", trace, "-o", "json"]);
    assert_eq!(replayed.status, Some(3), "{}", replayed.transcript());
    assert!(replayed.report().run.inventory.incomplete);
}

#[test]
fn a_trace_that_was_cut_is_refused_with_what_is_missing() {
    let fleet = Scanned::new(vec![off_by("good", 0), off_by("other", 0)]);
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("out.jsonl");
    let recorded =
        fleet.scan(&["--samples", "2", "--reference", "controller", "--record", trace.to_str().expect("text")]);
    assert_eq!(recorded.status, Some(0), "{}", recorded.transcript());
    let text = fs::read_to_string(trace).expect("the trace");
    let cut: String = text.split_inclusive('\n').take_while(|line| !line.contains("\"other\"")).collect();
    let cut = file(folder.path(), "cut.jsonl", &cut);
    for more in [[].as_slice(), &["--analysis"]] {
        let arguments: Vec<&str> = ["replay", &cut].into_iter().chain(more.iter().copied()).collect();
        let session = run(&arguments);
        assert_eq!((session.status, session.stdout.as_str()), (Some(65), ""), "{}", session.transcript());
        assert!(session.stderr.contains("the trace was cut: it holds 1 of 2 hosts"), "{}", session.stderr);
        assert!(session.stderr.contains("hint: copy the file again"), "{}", session.stderr);
    }
}

#[test]
fn the_controllers_own_timekeeper_is_asked_and_may_be_silent() {
    let fleet = Scanned::new(vec![off_by("a", 0), off_by("b", 0)]);
    let scan = |chronyc: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let program = file(folder.path(), "chronyc", chronyc);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
        let scan = fleet.command(&["--samples", "2", "-o", "json"]).env("PATH", path).spawn().expect("a scan");
        finished(scan).report().reference.label
    };
    let line = "0A000001,10.0.0.1,3,1795535990.0,0.0,0.000001,0.000002,-3.1,0.001,0.01,0.00002,0.000006,64.2,Normal";
    assert_eq!(scan(&format!("#!/bin/sh\necho {line}\n")), "UTC, by this controller's own claim");
    let silent = scan("#!/bin/sh\necho 506 Cannot talk to daemon\nexit 1\n");
    assert!(silent.starts_with("none: ") && silent.contains("2 of 2 clocks are surely within 50 ms"), "{silent}");
}

#[test]
fn the_schema_is_printed_as_it_is_stored() {
    let stored =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report-schema.json")).expect("the schema");
    assert_eq!(run(&["generate", "schema"]).stdout, stored);
}

#[test]
fn a_stored_report_of_a_fix_is_shown_and_explained_and_ends_with_its_own_code() {
    let stored = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports/0.1.0-fix.json");
    let check = |arguments: &[&str], status: i32, expected: &[&str]| {
        let session = run(arguments);
        assert_eq!(session.status, Some(status), "{}", session.transcript());
        for text in expected {
            assert!(session.stdout.contains(text), "{text}: {}", session.transcript());
        }
    };
    check(&["report", stored], 2, &["\nBACK    db1 ", "\nLEFT    ahead ", "clockaudit rollback 20261124T160000Z-0001"]);
    check(&["report", stored, "-o", "wide"], 2, &["+server 169.254.169.123 prefer iburst"]);
    check(&["report", stored, "-o", "csv"], 2, &["name,groups,outcome,reason,", "\nweb1,"]);
    check(&["report", stored, "--fail-on", "never"], 0, &["\nBACK    db1 "]);
    check(
        &["explain", "db1", "--report", stored],
        0,
        &["it has its old files again", "It said     chronyd: Fatal error"],
    );
    // One that was left alone is in no scan.
    check(&["explain", "ahead", "--report", stored], 0, &["it was left alone", "`--step any` allows it"]);
    check(&["explain", "nobody", "--report", stored], 64, &[]);
}

#[test]
fn sudoers_are_printed_as_visudo_takes_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = run(&["generate", "sudoers", "ops"]);
    assert_eq!((session.status, session.stderr.as_str()), (Some(0), ""), "{}", session.transcript());
    assert!(session.stdout.contains("\nops ALL=(root) /bin/sh -c "), "{}", session.stdout);
    let checked = Command::new("visudo").args(["-c", "-f", &file(folder.path(), "ops", &session.stdout)]).output();
    assert!(checked.expect("visudo").status.success());
    for user in ["ALL ", "%wheel", "a,b", "\u{1b}[2J"] {
        let session = run(&["generate", "sudoers", user]);
        assert_eq!((session.status, session.stdout.as_str()), (Some(64), ""), "{}", session.transcript());
        assert!(session.stderr.contains("is no name of a user") && !session.stderr.contains('\u{1b}'), "{user}");
    }
}

#[test]
fn a_hostile_host_changes_nothing_on_the_terminal() {
    let troubles = [
        ("escapes", Trouble::EscapeSequences),
        ("endless", Trouble::EndlessOutput),
        ("lines", Trouble::ManyLines),
        ("channels", Trouble::ChannelFlood),
        ("banner", Trouble::EndlessBanner),
        ("forced", Trouble::ForcedCommand),
    ];
    let hostile = troubles.map(|(name, trouble)| HostPlan { trouble: Some(trouble), ..off_by(name, 0) });
    let fleet = Scanned::new(hostile.into_iter().chain([off_by("good", 0)]).collect());
    for output in ["table", "wide"] {
        let session = fleet.scan(&["-vvv", "-o", output, "--samples", "4", "--reference", "controller"]);
        let acts = |character: char| character.is_control() && character != '\n';
        let shown = format!("{}{}", session.stdout, session.stderr);
        assert_eq!(shown.chars().find(|character| acts(*character)), None, "{}", session.transcript());
        let has_good = session.stdout.lines().any(|line| line.starts_with("ok      "));
        assert!(has_good, "{}", session.transcript());
    }
}

#[test]
fn a_report_with_everything_that_can_be_seen_of_hosts_is_valid_by_the_schema() {
    let hosts = Reader::LADDER.map(|reader| HostPlan { reader, ..off_by(reader.label(), 700) });
    let claims = HostPlan { timekeeper: TimekeeperPlan::complacent(), ..off_by("claims", 2_000) };
    let steps = Motion::Steps { after_readings: 4, by: Nanos::from_millis(-320) };
    let moves = HostPlan { clock: ClockPlan { motion: steps, ..ClockPlan::at(Nanos::ZERO) }, ..off_by("moves", 0) };
    let gone = HostPlan { trouble: Some(Trouble::Refused), ..off_by("gone", 0) };
    let fleet = Scanned::new(hosts.into_iter().chain([claims, moves, gone]).collect());
    let session = fleet.scan(&["-o", "json"]);
    assert_eq!(session.status, Some(2), "{}", session.transcript());
    let report = session.report();
    assert_eq!(report.hosts.len(), Reader::LADDER.len() + 3);
    assert!(
        report.hosts.iter().any(|host| host.claim.is_some()) && report.hosts.iter().any(|host| host.error.is_some())
    );
}

#[test]
fn every_command_of_the_readme_is_one() {
    let readme = include_str!("../README.md");
    let (_, usage) = readme.split_once("## Use it").expect("how it is used");
    let block = usage.split("```").nth(1).expect("commands");
    let commands: Vec<&str> = block.lines().filter(|line| !line.is_empty()).collect();
    assert!(commands.len() >= 9, "{commands:?}");
    for line in commands {
        let typed = line.split_once(" #").map_or(line, |(typed, _)| typed);
        let words = shell_words::split(typed).expect("words of a shell").words;
        let parsed = Cli::try_parse_from(words.iter().map(|word| word.text.as_str()));
        assert!(typed.starts_with("clockaudit ") && parsed.is_ok(), "{line}: {:?}", parsed.err());
    }
}
