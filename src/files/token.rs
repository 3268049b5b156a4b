//! Reading a token from a file or standard input. A token is a credential: what is read is wiped, and no error repeats it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::inventory::secret::Secret;

/// A token, or an answer that carries one, is refused beyond this size: web servers take headers of some kilobytes.
const LARGEST: u64 = 1 << 20;

/// Reads a token; `-` is standard input.
pub fn read(path: &Path) -> io::Result<Secret> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let mut text = String::new();
    let read = source.take(LARGEST + 1).read_to_string(&mut text);
    let token = Secret::new(text);
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(io::Error::new(error.kind(), "it is not text")),
        Err(error) => Err(error),
        Ok(length) if u64::try_from(length).is_ok_and(|length| length <= LARGEST) => Ok(token),
        Ok(_) => Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 1 MiB, which no token has")),
    }
}
