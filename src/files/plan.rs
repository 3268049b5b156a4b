//! Stored plans on disk.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::named;
use super::report::write_whole;
use super::time_left::TimeLeft;
use crate::bounded::Unread;

/// A stored plan is refused beyond this size: what 10,000 hosts become, each something else, takes less.
const LARGEST: u64 = 1 << 28;

/// Reads a plan as text, before the run is over.
///
/// # Errors
///
/// Where it cannot be read, is no text, or is larger than any plan.
pub fn read(path: &Path, time: &TimeLeft) -> io::Result<String> {
    let bytes = named::file(path, LARGEST, time)?;
    String::from_utf8(bytes).map_err(|_| Unread::NotText.into())
}

/// Writes a plan, whole or not at all, for the user's own eyes: whoever can change it decides what hosts become.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    write_whole(path, text.as_bytes())?;
    if fs::metadata(path)?.is_file() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
