//! Secrets for remote services: from a variable of the environment, or from the file that the same name with `_FILE` names.

use std::env;
use std::path::{Path, PathBuf};

use super::named;
use super::time_left::TimeLeft;
use crate::inventory::secret::Secret;

/// Bytes that a secret may have; a file that has more is another one than was meant.
const LONGEST: u64 = 64 * 1_024;

/// Why there is no secret though one is named. Nothing of it is told.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file is none that can be read.
    #[error("`{variable}_FILE` names {}, which cannot be read: {why}", path.display())]
    File {
        /// The variable, without `_FILE`.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It holds what no secret of a service holds.
    #[error("`{0}` holds more than one line, or is no text")]
    Odd(&'static str),
}

/// The secret of a variable; none where neither it nor its file is set.
pub fn read(variable: &'static str) -> Result<Option<Secret>, CredentialError> {
    let text = match env::var_os(variable).filter(|value| !value.is_empty()) {
        Some(value) => value.into_string().map_err(|_| CredentialError::Odd(variable))?,
        None => match env::var_os(format!("{variable}_FILE")).filter(|value| !value.is_empty()) {
            Some(path) => of_file(variable, Path::new(&path))?,
            None => return Ok(None),
        },
    };
    let secret = text.trim_matches(['\r', '\n']);
    if secret.is_empty() || secret.contains(|character: char| character.is_control()) {
        return Err(CredentialError::Odd(variable));
    }
    Ok(Some(Secret::new(secret.to_owned())))
}

fn of_file(variable: &'static str, path: &Path) -> Result<String, CredentialError> {
    let bytes = named::file(path, LONGEST, &TimeLeft::default());
    let failed = |why: String| CredentialError::File { variable, path: path.to_owned(), why };
    String::from_utf8(bytes.map_err(|why| failed(why.to_string()))?).map_err(|_| CredentialError::Odd(variable))
}
