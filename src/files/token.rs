//! Reading a token from a file or standard input. A token is a credential: what is read is wiped, and no error repeats it.

use std::path::Path;

use zeroize::Zeroizing;

use super::named;
use super::time_left::TimeLeft;
use crate::inventory::secret::Secret;

/// A token, or an answer that carries one, is refused beyond this size: web servers take headers of some kilobytes.
const LARGEST: u64 = 1 << 20;

/// Why there is no token, as the end of a sentence that begins with the name of what was to be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TokenFileError(String);

/// Reads a token before the run is over; `-` is standard input.
pub fn read(path: &Path, time: &TimeLeft) -> Result<Secret, TokenFileError> {
    let bytes = named::file_or_input(path, LARGEST, time);
    let text = String::from_utf8(bytes.map_err(|why| TokenFileError(why.to_string()))?);
    text.map(Secret::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        TokenFileError("is no text".to_owned())
    })
}
