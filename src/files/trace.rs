//! Traces on disk: recorded whole or not at all, and read as text for `probe::trace` to understand.

use std::io;
use std::path::{Path, PathBuf};

use super::report::{read_bounded, write_whole};

/// A trace could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} `{}`: {cause}", path.display())]
pub struct TraceFileError {
    action: &'static str,
    path: PathBuf,
    cause: io::Error,
}

/// Reads the text of a trace; `-` is standard input.
pub fn read(path: &Path) -> Result<String, TraceFileError> {
    read_bounded(path).map_err(|cause| TraceFileError { action: "read", path: path.to_owned(), cause })
}

/// Writes a trace, whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<(), TraceFileError> {
    write_whole(path, text.as_bytes()).map_err(|cause| TraceFileError { action: "write", path: path.to_owned(), cause })
}
