//! Files that hold a password, or programs that print one, as Ansible's `--connection-password-file` has them.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::bounded::{self, Unread};
use crate::inventory::secret::Secret;

/// Bytes that a password may have; a file that has more is another one than was meant.
const LONGEST: u64 = 64 * 1_024;

/// Why a password file gave no password. Nothing of the file's content is told.
#[derive(Debug, thiserror::Error)]
#[error("password file {}: {why}", path.display())]
pub struct PasswordFileError {
    path: PathBuf,
    why: String,
}

/// Reads a password: a file's text, or what it prints where it may be executed, without the ends of lines around it; `-` is
/// standard input.
pub fn read(path: &Path) -> Result<Secret, PasswordFileError> {
    let failed = |why: &str| PasswordFileError { path: path.to_owned(), why: why.to_owned() };
    let text = String::from_utf8(bytes(path, &[])?).map_err(|_| failed("is not text"))?;
    let password = text.trim_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(failed("is empty"));
    }
    Ok(Secret::new(password.to_owned()))
}

/// The bytes of a password file as they are, or what it prints where it may be executed, called with these arguments.
pub(in crate::files) fn bytes(path: &Path, arguments: &[&str]) -> Result<Vec<u8>, PasswordFileError> {
    let failed = |why: String| PasswordFileError { path: path.to_owned(), why };
    let bytes = if path.as_os_str() == "-" {
        limited(std::io::stdin().lock())
    } else {
        let permissions = fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        if permissions.is_file() && permissions.permissions().mode() & 0o111 != 0 {
            printed_by(path, arguments)
        } else {
            fs::File::open(path).map_err(|error| error.to_string()).and_then(limited)
        }
    };
    bytes.map_err(failed)
}

fn printed_by(program: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    // Its complaints, and what it may want to ask, are the user's own business.
    let absolute = fs::canonicalize(program).map_err(|error| error.to_string())?;
    let mut child =
        Command::new(absolute).args(arguments).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let printed = child.stdout.take().map_or_else(|| Ok(Vec::new()), limited);
    match child.wait() {
        Ok(status) if status.success() => printed,
        Ok(status) => Err(format!("the program failed: {status}")),
        Err(error) => Err(error.to_string()),
    }
}

fn limited(source: impl Read) -> Result<Vec<u8>, String> {
    bounded::stream(source, LONGEST).map_err(|why| match why {
        Unread::Failed(error) => error.to_string(),
        Unread::TooLarge(_) => "is too long for a password".to_owned(),
    })
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
            match (read(&path), expected) {
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
        let missing = read(&folder.path().join("missing")).unwrap_err().to_string();
        assert!(missing.contains("missing: No such file"), "{missing}");
    }
}
