//! `--limit`: patterns, and `@FILE` for the lines of a file.

use std::sync::Arc;

use super::LoadSettings;
use crate::files::named;
use crate::inventory::lines;
use crate::inventory::patterns::{Pattern, PatternError, split};

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

/// What a file begins a line with that holds a key or a vault, and no names.
const SECRETS: [&str; 2] = ["-----BEGIN ", "$ANSIBLE_VAULT;"];

/// The patterns of `--limit`; several of them add up. A line of a file is one pattern as it stands: no splitting, no
/// comments.
pub fn limit(texts: &[String], settings: &LoadSettings) -> Result<Vec<Pattern>, LimitError> {
    let mut patterns = Vec::new();
    for text in texts {
        let typed = Arc::from(text.as_str());
        for pattern in split::patterns(text)? {
            match pattern.strip_prefix('@') {
                Some(file) => patterns.extend(lines_of(file, settings)?.into_iter().map(|line| line.part_of(&typed))),
                None => patterns.push(Pattern::from(pattern).part_of(&typed)),
            }
        }
    }
    Ok(patterns)
}

fn lines_of(file: &str, settings: &LoadSettings) -> Result<Vec<Pattern>, LimitError> {
    let bytes = named::file(&settings.working_directory.join(file), settings.limits.file_bytes, &settings.time)
        .map_err(|why| LimitError::File { file: file.to_owned(), why: why.to_string() })?;
    let text = String::from_utf8_lossy(&bytes);
    let is_secret = text.lines().any(|line| SECRETS.iter().any(|begin| line.trim_start().starts_with(begin)));
    let file = Arc::from(file);
    let lines = text.lines().map(|line| line.trim_matches(lines::is_space)).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty());
    Ok(lines.map(|(index, line)| Pattern::of_line(line, &file, index + 1, is_secret)).collect())
}
