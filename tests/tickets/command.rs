//! `clockaudit ticket`, run by somebody with a home and secrets of their own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use clockaudit::report::Report;

use crate::reports::stored;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The run, once it is sure that it ended well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.status, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }
}

/// Somebody.
pub(crate) struct User {
    pub(crate) home: tempfile::TempDir,
    arguments: Vec<String>,
    secrets: Vec<(String, String)>,
}

impl User {
    pub(crate) fn new(arguments: &[&str], secrets: &[(&str, &str)]) -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            secrets: secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    /// A command that makes a ticket of a report.
    pub(crate) fn command(&self, report: &Report, more: &[&str]) -> Command {
        let path = self.home.path().join(format!("{}.json", report.run.id));
        fs::write(&path, stored(report)).expect("a report");
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        // No proxy and no secret of whoever runs the tests.
        command.env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command.envs(self.secrets.iter().map(|(name, value)| (name, value)));
        command.arg("ticket").args(&self.arguments).arg("--report").arg(path).args(more).stdin(Stdio::null());
        command
    }

    pub(crate) fn ticket(&self, report: &Report, more: &[&str]) -> Ran {
        run(&mut self.command(report, more))
    }

    /// Whether a text stands in any file of the home but in the reports that the user wrote.
    pub(crate) fn has_noted(&self, text: &str) -> bool {
        fn any(folder: &Path, text: &str) -> bool {
            fs::read_dir(folder).expect("a folder").any(|entry| {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    any(&path, text)
                } else {
                    String::from_utf8_lossy(&fs::read(&path).expect("a file")).contains(text)
                }
            })
        }
        any(self.home.path(), text)
    }
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("a program that starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}
