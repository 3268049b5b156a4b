//! Files that hold a password, or programs that print one, as Ansible's `--connection-password-file` has them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::named;
use super::running::{self, Bounds, Unended};
use super::time_left::TimeLeft;
use crate::bounded::Unread;
use crate::inventory::secret::Secret;

/// Bytes that a password may have; a file that has more is another one than was meant.
const LONGEST: u64 = 64 * 1_024;
/// What is said of more.
const TOO_LONG: &str = "is too long for a password";
/// How long a program may take for its password: it may ask a person for another one.
const LIMIT: Duration = Duration::from_secs(120);

/// Why a password file gave no password. Nothing of the file's content is told.
#[derive(Debug, thiserror::Error)]
#[error("password file {}: {why}", path.display())]
pub struct PasswordFileError {
    path: PathBuf,
    why: Why,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
enum Why {
    /// In words.
    #[error("{0}")]
    Told(String),
    /// Whoever was asked by the program pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl From<String> for Why {
    fn from(told: String) -> Self {
        Self::Told(told)
    }
}

impl PasswordFileError {
    /// Whether somebody pressed Ctrl-C at a question of the program, which had the terminal then.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.why, Why::Interrupted)
    }
}

/// Reads a password: a file's text, or what it prints where it may be executed, without the ends of lines around it; `-` is
/// standard input.
pub fn read(path: &Path, time: &TimeLeft) -> Result<Secret, PasswordFileError> {
    let failed = |why: &str| PasswordFileError { path: path.to_owned(), why: why.to_owned().into() };
    let text = String::from_utf8(bytes(path, &[], time)?).map_err(|_| failed("is not text"))?;
    let password = text.trim_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(failed("is empty"));
    }
    Ok(Secret::new(password.to_owned()))
}

/// The bytes of a password file as they are, or what it prints where it may be executed, called with these arguments.
pub(in crate::files) fn bytes(path: &Path, arguments: &[&str], time: &TimeLeft) -> Result<Vec<u8>, PasswordFileError> {
    let failed = |why: Why| PasswordFileError { path: path.to_owned(), why };
    let read_failed = |why: Unread| failed(told(why).into());
    if path.as_os_str() == "-" {
        return named::standard_input(LONGEST, time).map_err(read_failed);
    }
    let permissions = fs::metadata(path).map_err(|error| failed(error.to_string().into()))?;
    if permissions.is_file() && permissions.permissions().mode() & 0o111 != 0 {
        return printed_by(path, arguments, time).map_err(failed);
    }
    named::file(path, LONGEST, time).map_err(read_failed)
}

fn printed_by(program: &Path, arguments: &[&str], time: &TimeLeft) -> Result<Vec<u8>, Why> {
    // Its complaints, and what it may want to ask, are the user's own business.
    let mut command = Command::new(fs::canonicalize(program).map_err(|error| error.to_string())?);
    command.args(arguments).stdout(Stdio::piped());
    let bounds = Bounds { limit: LIMIT, time, most: LONGEST, may_ask: true };
    let ended = running::run(command, &bounds).map_err(|error| match error {
        Unended::TooLarge(_) => TOO_LONG.to_owned(),
        error => format!("the program {error}"),
    })?;
    if ended.status.signal() == Some(Signal::SIGINT as i32) {
        return Err(Why::Interrupted);
    }
    if !ended.status.success() {
        return Err(format!("the program failed: {}", ended.status).into());
    }
    Ok(ended.output)
}

fn told(why: Unread) -> String {
    match why {
        Unread::Failed(error) => error.to_string(),
        Unread::TooLarge(_) => TOO_LONG.to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_what_a_program_prints_is_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let check = |text: &str, mode: u32, expected: Result<&str, &str>| {
            let path = folder.path().join("password");
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match (read(&path, &TimeLeft::default()), expected) {
                (Ok(secret), Ok(expected)) => assert_eq!(secret.reveal(), expected),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (read, _) => panic!("{text:?}: {read:?}"),
            }
        };
        check("\nhunter 2 \r\n", 0o600, Ok("hunter 2 "));
        check("#!/bin/sh\necho hunter2\n", 0o700, Ok("hunter2"));
        check("#!/bin/sh\nexit 3\n", 0o700, Err("the program failed: exit status: 3"));
        check("\n\n", 0o600, Err("is empty"));
        check(&"x".repeat(70_000), 0o600, Err("is too long"));
        let missing = read(&folder.path().join("missing"), &TimeLeft::default()).unwrap_err().to_string();
        assert!(missing.contains("missing: No such file"), "{missing}");
    }
}
