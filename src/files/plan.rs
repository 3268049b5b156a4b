//! Stored plans on disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::report::write_whole;

/// A stored plan is refused beyond this size: what 10,000 hosts become, each something else, takes less.
const LARGEST: u64 = 1 << 28;

/// Reads a plan as text.
///
/// # Errors
///
/// Where it cannot be read, is no text, or is larger than any plan.
pub fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("larger than the {LARGEST} bytes that any plan has")));
    }
    Ok(text)
}

/// Writes a plan, whole or not at all, for the user's own eyes: whoever can change it decides what hosts become.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    write_whole(path, text.as_bytes())?;
    if fs::metadata(path)?.is_file() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
