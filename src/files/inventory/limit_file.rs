//! `--limit`: patterns, and `@FILE` for the lines of a file.

use std::fs::File;
use std::io::Read;

use super::LoadSettings;
use crate::inventory::lines;
use crate::inventory::patterns::{PatternError, split};

/// Why a limit cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// A file of patterns that cannot be read.
    #[error("the file of --limit @{file} cannot be read: {reason}")]
    File {
        /// The file as named.
        file: String,
        /// Why.
        reason: String,
    },
    /// A pattern that would be misread.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// The patterns of `--limit`; several of them add up. A line of a file is one pattern as it stands: no splitting, no
/// comments.
pub fn limit(texts: &[String], settings: &LoadSettings) -> Result<Vec<String>, LimitError> {
    let mut patterns = Vec::new();
    for text in texts {
        for pattern in split::patterns(text)? {
            match pattern.strip_prefix('@') {
                Some(file) => patterns.extend(lines_of(file, settings)?),
                None => patterns.push(pattern),
            }
        }
    }
    Ok(patterns)
}

fn lines_of(file: &str, settings: &LoadSettings) -> Result<Vec<String>, LimitError> {
    let failed = |reason: String| LimitError::File { file: file.to_owned(), reason };
    let cap = settings.limits.file_bytes;
    let mut bytes = Vec::new();
    let opened = File::open(settings.working_directory.join(file));
    opened
        .and_then(|opened| opened.take(cap + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(error.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > cap) {
        return Err(failed(format!("it is larger than {} MiB", cap / (1024 * 1024))));
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(|line| line.trim_matches(lines::is_space)).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
