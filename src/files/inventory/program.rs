//! Programs that print inventories: run within limits of time and size, with nothing on their standard input.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::LoadSettings;
use crate::files::running::Running;

/// Of what a program says on its standard error so many bytes are kept.
const KEPT_ERRORS: u64 = 16 * 1024;

/// What a program printed.
#[derive(Debug)]
pub(super) struct Output {
    /// Its standard output.
    pub(super) bytes: Vec<u8>,
    /// What it said on its standard error: the first lines, on one.
    pub(super) said: String,
}

/// Runs a program in the current directory with our environment and waits for its end; the error is a sentence.
pub(super) fn run(
    program: &OsStr,
    arguments: &[&str],
    environment: &[(&str, &str)],
    limit: Duration,
    settings: &LoadSettings,
) -> Result<Output, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&settings.working_directory)
        .envs(&settings.environment)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own: what the program starts can be ended with it.
        .process_group(0)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                "cannot be run: there is no such program, or the one after #! is missing".to_owned()
            }
            _ => format!("cannot be run: {error}"),
        })?;
    let running = Running::new(child.id());
    let size = settings.limits.file_bytes;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let errors = thread::spawn(move || errors.map(kept).unwrap_or_default());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // What prints more finds nobody who reads it, and ends.
        let mut bytes = Vec::new();
        let read = output.map(|output| output.take(size + 1).read_to_end(&mut bytes));
        let ended = child.wait();
        // Nobody listens any more where the time was over.
        let _ = sender.send((bytes, read.transpose().and(ended)));
    });
    let (bytes, ended) = receiver.recv_timeout(limit).map_err(|error| {
        if error == RecvTimeoutError::Timeout {
            // Not reaped yet: whoever waits for it would have told its end.
            running.end();
        }
        format!("has not ended within {} s and was stopped", limit.as_secs_f64())
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > size) {
        return Err(format!("prints more than {} MiB", size >> 20));
    }
    let ended = ended.map_err(|error| format!("cannot be read or waited for: {error}"))?;
    if !ended.success() {
        // What it started may hold its standard error open; a failed program has said what it had to say.
        return Err(failure(ended, &told(&errors.join().unwrap_or_default())));
    }
    let said = if errors.is_finished() { errors.join().unwrap_or_default() } else { Vec::new() };
    Ok(Output { bytes, said: told(&said) })
}

/// The first bytes of what a program says; the rest is read and dropped, so that nobody waits for a full pipe.
fn kept(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    if stream.by_ref().take(KEPT_ERRORS).read_to_end(&mut bytes).is_ok() {
        let _ = io::copy(&mut stream, &mut io::sink());
    }
    bytes
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
