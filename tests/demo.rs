//! `clockaudit demo` as a user meets it: it finds what is wrong with its own fleet, and leaves the fleet where that is asked.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends where its preparations fail")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use clockaudit::clock::{Interval, Nanos};
use clockaudit::demo::{HostPlan, Motion, Setting, TimekeeperPlan, Trouble, plan_fleet};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// The seed of the demo's fleet.
const SEED: u64 = 1;
/// What a rate error of 20 ppm may have added to an offset by the time that the fleet is measured, half a minute at most.
const DRIFT: Nanos = Nanos::from_micros(600);

fn clockaudit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the demo with an export, and gives what it printed and the report.
fn demo(arguments: &[&str]) -> (Output, Value) {
    let folder = TempDir::new().expect("a folder");
    let export = folder.path().join("demo.json");
    let output = clockaudit().arg("demo").arg("--export").arg(&export).args(arguments).output().expect("the program");
    let json = fs::read_to_string(export).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output, parsed(&json))
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).expect("valid JSON")
}

fn host<'report>(report: &'report Value, plan: &HostPlan) -> &'report Value {
    let hosts = report["hosts"].as_array().expect("hosts");
    hosts.iter().find(|host| host["name"] == plan.name.as_str()).unwrap_or_else(|| panic!("no host {}", plan.name))
}

fn has_finding(host: &Value, code: &str) -> bool {
    host["findings"].as_array().expect("findings").iter().any(|finding| finding["code"] == code)
}

#[test]
fn the_demo_finds_what_is_wrong_with_its_fleet() {
    let (output, report) = demo(&[]);
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text.contains("24 simulated hosts"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert_eq!(report["kind"], "demo");
    assert_eq!(report["run"]["partial"], false);
    for plan in plan_fleet(24, SEED) {
        let host = host(&report, &plan);
        let expected = match (plan.trouble, plan.clock.setting, plan.clock.motion, plan.timekeeper) {
            (Some(Trouble::Refused), ..) => Some("SSH902"),
            (Some(Trouble::KeyChanged), ..) => Some("SSH903"),
            (Some(Trouble::BlackHole), ..) => Some("SSH901"),
            (_, Setting::Reading(_), ..) => Some("CLK108"),
            (_, _, Motion::Steps { .. }, _) => Some("CLK105"),
            (_, _, Motion::Slews { .. }, _) => Some("CLK109"),
            (_, Setting::Offset(offset), ..) if offset < Nanos::from_seconds(-3_000) => Some("CLK104"),
            (_, Setting::Offset(offset), ..) if offset > Nanos::from_seconds(1) => Some("CLK107"),
            (.., TimekeeperPlan::Unsynchronised) => Some("CLK102"),
            _ => None,
        };
        match expected {
            Some(code) => {
                let told = has_finding(host, code) || host["error"]["code"] == code;
                assert!(told, "{} should have {code}: {host}", plan.name);
            }
            None => assert!(host["verdict"] == "ok" || host["verdict"] == "undecided", "{host}"),
        }
    }
}

#[test]
fn more_hosts_than_files_are_refused_in_words() {
    let output = clockaudit().args(["demo", "--hosts", "9000000000"]).output().expect("the program");
    let message = String::from_utf8(output.stderr).expect("text");
    assert!(message.contains("9000000000 simulated hosts need") && message.contains("ulimit -n"), "{message}");
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn the_truth_lies_within_the_bounds() {
    let folder = TempDir::new().expect("a folder");
    let export = folder.path().join("demo.json");
    let status = clockaudit().args(["demo", "--hosts", "60", "--export"]).arg(&export).output().expect("the program");
    let json = fs::read_to_string(&export).unwrap_or_else(|error| panic!("{error}: {status:?}"));
    let report: clockaudit::report::model::Report = serde_json::from_str(&json).expect("a report");
    let mut checked = 0;
    for plan in plan_fleet(60, SEED) {
        let host = report.hosts.iter().find(|host| host.name == plan.name).expect("a host");
        let (Setting::Offset(truth), Motion::Free, Some(clock)) = (plan.clock.setting, plan.clock.motion, &host.clock)
        else {
            continue;
        };
        let (Some(lo), Some(hi)) = (&clock.lo_s, &clock.hi_s) else { panic!("{} has no offset", plan.name) };
        let bounds = Interval::new(lo.0, hi.0).widened(DRIFT);
        assert!(bounds.contains(truth), "{}: {truth} is not between {} and {}", plan.name, bounds.lo, bounds.hi);
        checked += 1;
    }
    assert!(checked > 40, "only {checked} clocks could be checked");
}

/// A fleet that was left running.
struct Kept {
    process: Child,
    /// The command that it invites to, as it would be pasted into a shell.
    invitation: String,
}

impl Kept {
    /// Starts a fleet that puts its files below this folder.
    fn start(folder: &Path) -> Self {
        let mut command = clockaudit();
        let mut process =
            command.args(["demo", "--keep", "--hosts", "5"]).env("TMPDIR", folder).spawn().expect("the program");
        let stderr = BufReader::new(process.stderr.take().expect("its messages"));
        let mut lines = stderr.lines().map(|line| line.expect("text"));
        let invitation = lines.find(|line| line.contains(" scan ")).expect("an invitation");
        Self { process, invitation }
    }

    /// Presses Ctrl-C and waits for the end.
    fn end(mut self) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.process.id()).expect("a process id")), Signal::SIGINT).expect("it runs");
        self.process.wait().expect("a child").code()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_kept_fleet_can_be_scanned_as_it_says_until_ctrl_c() {
    let outer = TempDir::new().expect("a folder");
    let folder = outer.path().join("it's a folder");
    fs::create_dir(&folder).expect("a folder");
    let kept = Kept::start(&folder);
    let scan = Command::new("sh").args(["-c", &format!("{} -o json", kept.invitation)]).output().expect("a shell");
    let report = parsed(&String::from_utf8(scan.stdout.clone()).expect("text"));
    assert_eq!(report["hosts"].as_array().map(Vec::len), Some(5));
    assert_eq!(report["summary"]["counts"]["down"], 0, "{scan:?}");
    assert_eq!(scan.status.code(), Some(2));
    assert_eq!(kept.end(), Some(2), "the exit code of its own scan");
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 0, "its files are gone");
}

#[test]
fn a_demo_that_leaves_at_once_takes_its_files_along() {
    let folder = TempDir::new().expect("a folder");
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        let mut command = clockaudit();
        // More than a pipe holds: while nobody reads it, the run is over and the program is not.
        command.args(["demo", "--hosts", "200", "-o", "json"]).env("TMPDIR", folder.path()).stderr(Stdio::null());
        let mut process = command.spawn().expect("the program");
        let mut stdout = process.stdout.take().expect("its report");
        stdout.read_exact(&mut [0]).expect("the beginning of a report");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "its files are there");
        kill(Pid::from_raw(i32::try_from(process.id()).expect("a process id")), signal).expect("it runs");
        assert_eq!(process.wait().expect("a child").code(), Some(130), "{signal}");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "its files are gone: {signal}");
    }
}
