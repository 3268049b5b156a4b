//! A command line and all that came of it: exit status, standard output and standard error, read together like a session.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use clockaudit::report::model::Report;
use serde_json::Value;

use super::fleet::Fleet;

/// A finished command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its exit status; `None` where a signal ended it.
    pub(crate) status: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained of.
    pub(crate) stderr: String,
}

/// Runs `clockaudit` with these arguments, without the settings of whoever runs the tests.
pub(crate) fn clockaudit(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Session {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.args(arguments).env_remove("SSH_AUTH_SOCK").env_remove("ANSIBLE_INVENTORY");
    run(&mut command)
}

/// Runs a command to its end, with nothing to read.
pub(crate) fn run(command: &mut Command) -> Session {
    let output = command.stdin(Stdio::null()).output().expect("a program that starts");
    Session {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Scans a fleet through that inventory, relative to this machine's clock; the report is the session's standard output.
pub(crate) fn scan(fleet: &Fleet, inventory: &Path, more: &[&str]) -> Session {
    let known_hosts = format!("UserKnownHostsFile={}", fleet.known_hosts().display());
    let arguments = ["--reference", "controller", "--output", "json", "--ssh-option", &known_hosts];
    let inventory = inventory.to_str().expect("a path of text");
    clockaudit(["scan", "--no-state", inventory].into_iter().chain(arguments).chain(more.iter().copied()))
}

impl Session {
    /// The report that was printed, valid by the published schema.
    pub(crate) fn report(&self) -> Report {
        let schema = include_str!("../../docs/report-schema.json").parse::<Value>().expect("the schema");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let printed = self.stdout.parse::<Value>().unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"));
        let problems: Vec<String> = validator.iter_errors(&printed).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{problems:#?}\n{self}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no report: {error}\n{self}"))
    }
}

impl fmt::Display for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map_or_else(|| "signal".to_owned(), |code| code.to_string());
        write!(formatter, "exit status {status}\n--- stdout\n{}--- stderr\n{}---", self.stdout, self.stderr)
    }
}
