//! A folder of inventories: its files in the order of their names, one after the other, folders in it alike.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fancy_regex::Regex;

use super::way::Way;
use super::{Loading, reader};
use crate::bounded::{self, Unread};
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::diagnostics::Diagnostic;

/// Ends of names that are no inventories, unless the configuration has others.
pub(super) const IGNORED_EXTENSIONS: [&str; 12] =
    [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];
/// Folders in folders, at most.
const DEEPEST: usize = 32;
/// Folders below one source, at most: links may multiply them.
const MOST: usize = 10_000;

/// The way into a source.
pub(super) fn way() -> Way {
    Way::new(DEEPEST, MOST, "its hosts and variables are missing")
}

/// Which names of a folder are passed over.
#[derive(Debug)]
pub(super) struct Ignored {
    extensions: Vec<String>,
    patterns: Vec<Regex>,
}

impl Ignored {
    /// What the configuration says, and what there is to say about it.
    pub(super) fn new(configuration: &Configuration) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let listed = configuration.list(&names::IGNORE_EXTENSIONS).map(|given| given.value);
        let patterns = configuration.list(&names::IGNORE_PATTERNS).map(|given| given.value).unwrap_or_default();
        let patterns = patterns.iter().filter_map(|pattern| {
            Regex::new(pattern)
                .map_err(|error| {
                    let message = format!("`{pattern}` of inventory_ignore_patterns is no regular expression: {error}");
                    diagnostics.push(Diagnostic::warning(message).with_hint("It is passed over"));
                })
                .ok()
        });
        let patterns = patterns.collect();
        let extensions = listed.unwrap_or_else(|| IGNORED_EXTENSIONS.map(str::to_owned).to_vec());
        (Self { extensions, patterns }, diagnostics)
    }

    fn has(&self, name: &str) -> bool {
        name.starts_with('.')
            || matches!(name, "host_vars" | "group_vars" | "vars_plugins")
            || self.extensions.iter().any(|end| name.ends_with(end.as_str()))
            || self.patterns.iter().any(|pattern| pattern.is_match(name).unwrap_or(false))
    }
}

impl Loading<'_> {
    /// Reads a folder; tells whether anything of it was understood.
    pub(super) fn folder(&mut self, name: &Arc<str>, path: &Path, way: &mut Way) -> bool {
        let lost = |error: io::Error| Some(reader::lost(format!("cannot be read: {error}")));
        if let Err(said) = fs::metadata(path).map_err(lost).and_then(|metadata| way.enter(&metadata)) {
            self.diagnostics.extend(said.map(|said| said.in_file(name)));
            return false;
        }
        let is_read = self.entered(name, path, way);
        way.leave();
        is_read
    }

    fn entered(&mut self, name: &Arc<str>, path: &Path, way: &mut Way) -> bool {
        let listed = fs::read_dir(path).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<PathBuf>, _>>()
        });
        let mut entries = match listed {
            Ok(entries) => entries,
            Err(error) => {
                self.diagnostics.push(reader::lost(format!("cannot be read: {error}")).in_file(name));
                return false;
            }
        };
        entries.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        let mut is_read = false;
        let mut is_empty = true;
        for entry in entries {
            let own = entry.file_name().map(|own| own.to_string_lossy().into_owned()).unwrap_or_default();
            if self.ignored.has(&own) {
                continue;
            }
            is_empty = false;
            let shown: Arc<str> = Arc::from(format!("{}/{own}", name.trim_end_matches('/')));
            is_read |= match fs::metadata(&entry) {
                Ok(found) if found.is_dir() => self.folder(&shown, &entry, way),
                // Nobody has named it, and it might never end.
                Ok(found) if let Some(kind) = bounded::other_than_file(&found) => {
                    self.diagnostics.push(reader::lost(Unread::NotRegular(kind).to_string()).in_file(&shown));
                    false
                }
                _ => self.file(&shown, &entry),
            };
        }
        if is_empty && way.is_at_its_beginning() {
            let hint = "Names that begin with a dot or end in .md, .txt, .cfg and the like are passed over";
            self.diagnostics.push(reader::lost("holds no inventory").in_file(name).with_hint(hint));
        }
        is_read
    }
}
