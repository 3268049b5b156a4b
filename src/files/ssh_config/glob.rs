//! The files whose names fit a pattern of the shell, as glob(3) finds them.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::openssh::glob::fits;

/// How many names may fit.
pub(super) const MOST_NAMES: usize = 4_096;

/// More names fit: which of them come first is not known before all of them are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_NAMES} names fit, and no more are read: which of them come first cannot be told")]
pub(super) struct TooMany;

/// The paths that fit, sorted. A leading dot must be written out.
pub(super) fn matching(pattern: &Path) -> Result<Vec<PathBuf>, TooMany> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            found = found.into_iter().map(|path| path.join(component)).collect();
            continue;
        };
        let Some(name) = name.to_str().filter(|name| name.contains(['*', '?', '[', '\\'])) else {
            found = found.into_iter().map(|path| path.join(name)).collect();
            continue;
        };
        let letters: Vec<char> = name.chars().collect();
        found = found.iter().flat_map(|folder| within(folder, &letters)).take(MOST_NAMES + 1).collect();
        if found.len() > MOST_NAMES {
            return Err(TooMany);
        }
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    Ok(found)
}

fn within(folder: &Path, pattern: &[char]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let fits = |name: &String| {
        let is_hidden = name.starts_with('.') && pattern.first() != Some(&'.');
        !is_hidden && fits(pattern, &name.chars().collect::<Vec<_>>())
    };
    names.filter(fits).map(|name| folder.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_may_be_patterns_and_hidden_files_are_not_found() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["b/2.conf", "a/1.conf", "a/.hidden.conf", "a/other"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| {
            let paths = matching(&folder.path().join(pattern)).unwrap();
            let names = paths.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(found("*/*.conf"), ["a/1.conf", "b/2.conf"]);
        assert_eq!(found("a/.*.conf"), ["a/.hidden.conf"]);
        assert_eq!(found("a/other"), ["a/other"]);
        assert!(found("c/*").is_empty() && found("a/none").is_empty());
    }

    #[test]
    fn more_names_than_are_read_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MOST_NAMES {
            fs::write(folder.path().join(format!("{number}.conf")), "").unwrap();
        }
        let pattern = folder.path().join("*.conf");
        assert_eq!(matching(&pattern).map(|found| found.len()), Ok(MOST_NAMES));
        fs::write(folder.path().join("one more.conf"), "").unwrap();
        assert_eq!(matching(&pattern), Err(TooMany));
    }
}
