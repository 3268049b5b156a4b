//! `--limit`: patterns, and `@FILE` for the lines of a file.

use super::LoadSettings;
use crate::files::bounded;
use crate::inventory::lines;
use crate::inventory::patterns::{PatternError, split};

/// Why a limit cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// A file of patterns that cannot be read.
    #[error("the file of --limit @{file}: {why}")]
    File {
        /// The file as named.
        file: String,
        /// Why.
        why: String,
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
    let bytes = bounded::file(&settings.working_directory.join(file), settings.limits.file_bytes)
        .map_err(|why| LimitError::File { file: file.to_owned(), why: why.to_string() })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(|line| line.trim_matches(lines::is_space)).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
