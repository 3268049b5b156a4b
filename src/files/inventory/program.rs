//! Programs that print inventories: run within limits of time and size, with nothing on their standard input.

use std::ffi::OsStr;
use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::LoadSettings;
use crate::files::running::{self, Bounds, Unended};

/// What a program printed.
#[derive(Debug)]
pub(super) struct Output {
    /// Its standard output.
    pub(super) bytes: Vec<u8>,
    /// What it said on its standard error: the first lines, on one.
    pub(super) said: String,
}

/// Why a program has printed nothing that is of use, as a sentence.
#[derive(Debug)]
pub(super) enum Unprinted {
    /// There is none of that name.
    Missing(String),
    /// It was run and failed, or could not be.
    Failed(String),
}

impl Unprinted {
    /// The sentence.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Missing(reason) | Self::Failed(reason) => reason,
        }
    }
}

/// Runs a program in the current directory with our environment and waits for its end.
pub(super) fn run(
    program: &OsStr,
    arguments: &[&str],
    environment: &[(&str, &str)],
    limit: Duration,
    settings: &LoadSettings,
) -> Result<Output, Unprinted> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&settings.working_directory)
        .envs(&settings.environment)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let bounds = Bounds { limit, time: &settings.time, most: settings.limits.file_bytes, may_ask: false };
    let ended = running::run(command, &bounds).map_err(|error| match error {
        Unended::Unstarted(error) if error.kind() == io::ErrorKind::NotFound => {
            let reason = "cannot be run: there is no such program, or the one after #! is missing";
            Unprinted::Missing(reason.to_owned())
        }
        error => Unprinted::Failed(error.to_string()),
    })?;
    let said = told(&ended.errors);
    if ended.status.success() {
        Ok(Output { bytes: ended.output, said })
    } else {
        Err(Unprinted::Failed(failure(ended.status, &said)))
    }
}

/// The first lines on one.
fn told(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(5).collect();
    lines.join(" / ").chars().filter(|character| !character.is_control()).take(500).collect()
}

fn failure(ended: ExitStatus, said: &str) -> String {
    let ended = match ended.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    };
    if said.is_empty() { ended } else { format!("{ended}; it says: {said}") }
}
