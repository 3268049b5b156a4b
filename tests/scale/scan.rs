//! One scan of a simulated fleet by the built program, with what it cost: open files and memory, watched from outside.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::fleet::Fleet;

/// How often the running program is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// A scan that is running.
pub(crate) struct Scan {
    process: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    export: TempDir,
}

/// A scan that has ended.
pub(crate) struct Finished {
    /// Its exit code; `None` = killed by a signal.
    pub(crate) status: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it said beside.
    pub(crate) stderr: String,
    /// Its report as it was exported.
    pub(crate) json: String,
    /// The same, parsed.
    pub(crate) report: Value,
    /// The most files that were seen open at once.
    pub(crate) peak_files: usize,
    /// The most memory that it held, in kB.
    pub(crate) peak_kb: u64,
}

impl Scan {
    /// Starts a scan of the whole fleet.
    pub(crate) fn start(fleet: &Fleet, arguments: &[&str]) -> Self {
        Self::start_in(fleet.folder(), arguments)
    }

    /// Starts a scan of the inventory in that folder, with the `known_hosts` beside it.
    pub(crate) fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        let export = TempDir::new().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .args(["scan", "--no-state"])
            .arg(folder.join("inventory.ini"))
            .arg("--ssh-option")
            .arg(format!("UserKnownHostsFile={}", folder.join("known_hosts").display()))
            .arg("--export")
            .arg(export.path().join("report.json"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let stdout = collect(process.stdout.take().expect("its output"));
        let stderr = collect(process.stderr.take().expect("its messages"));
        Self { process, stdout, stderr, export }
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let process = i32::try_from(self.process.id()).expect("a process id");
        kill(Pid::from_raw(process), Signal::SIGINT).expect("it runs");
    }

    /// Watches the scan to its end.
    pub(crate) fn finish(mut self) -> Finished {
        let (mut peak_files, mut peak_kb) = (0, 0);
        let status = loop {
            if let Some(status) = self.process.try_wait().expect("a child") {
                break status;
            }
            let process = self.process.id();
            peak_files = peak_files.max(fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count));
            peak_kb = peak_kb.max(peak_memory_kb(process));
            thread::sleep(GLANCE);
        };
        let (stdout, stderr) = (self.stdout.join().expect("text"), self.stderr.join().expect("text"));
        let json = fs::read_to_string(self.export.path().join("report.json"))
            .unwrap_or_else(|error| panic!("no report ({error}), {status}: {stderr}"));
        let report = serde_json::from_str(&json).expect("valid JSON");
        Finished { status: status.code(), stdout, stderr, json, report, peak_files, peak_kb }
    }
}

impl Finished {
    /// All hosts of the report.
    pub(crate) fn hosts(&self) -> Vec<Value> {
        self.report["hosts"].as_array().expect("hosts").clone()
    }

    /// The named host.
    pub(crate) fn host(&self, name: &str) -> Value {
        self.hosts().into_iter().find(|host| host["name"] == name).unwrap_or_else(|| panic!("no host {name}"))
    }

    /// How long after the start of the run the first sampling window opened, in seconds.
    pub(crate) fn window_opened_after(&self) -> f64 {
        let middle = self.hosts().iter().find_map(|host| host["clock"]["at"].as_str().map(instant)).expect("a clock");
        middle
            - seconds(&self.report["summary"]["window_s"]) / 2.0
            - instant(self.report["run"]["started"].as_str().expect("an instant"))
    }
}

/// A duration of the report.
pub(crate) fn seconds(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no duration: {value}"))
}

/// An instant of the report, in seconds since 1970: differences of two are right to about a microsecond.
#[expect(clippy::cast_precision_loss, reason = "a microsecond is enough to compare seconds")]
fn instant(text: &str) -> f64 {
    chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339").timestamp_micros() as f64 / 1e6
}

/// The most memory that a process held so far, in kB; 0 where it has ended.
fn peak_memory_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Reads a stream to its end beside everything else.
fn collect(mut stream: impl std::io::Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a pipe");
        String::from_utf8(bytes).expect("text")
    })
}
