//! One source that is a path: which reader takes it, and what is said where none does yet.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::{Loading, sha256};
use crate::inventory::diagnostics::{Diagnostic, Severity};
use crate::inventory::model::Source as SourceRecord;
use crate::inventory::{encoding, ini};

/// Where a list of everything that is read can be had in the meantime.
const WAY_OUT: &str = "List its hosts in an INI file for now";

/// What a file is by its name and first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ini,
    /// INI if it reads as such: YAML inventories are told by their content.
    IniOrYaml,
    Vault,
    Script,
    Toml,
}

impl Loading<'_> {
    /// Reads a file into the draft.
    pub(super) fn file(&mut self, name: &Arc<str>, path: &Path) {
        let bytes = match self.bytes(path) {
            Ok((bytes, metadata)) => (bytes, metadata),
            Err(reason) => {
                let diagnostic = lost(&reason).in_file(name);
                let is_lone_name = !name.contains(['/', ',', '.']);
                let hint = format!("A list of hosts needs a comma: `{name},`");
                self.diagnostics.push(if is_lone_name { diagnostic.with_hint(hint) } else { diagnostic });
                return;
            }
        };
        let (bytes, metadata) = bytes;
        let record = SourceRecord {
            name: Arc::clone(name),
            file: Some(path.to_string_lossy().into_owned()),
            folder: path.parent().map(|folder| folder.to_string_lossy().into_owned()),
            sha256: sha256(&bytes),
        };
        let kind = kind_of(path, &bytes, &metadata);
        let unread = match kind {
            Kind::Vault => Some("is encrypted by ansible-vault, which is not read yet"),
            Kind::Script => Some("is an executable inventory script, which is not run yet"),
            Kind::Toml => Some("is a TOML inventory, which is not read yet"),
            Kind::Ini | Kind::IniOrYaml => None,
        };
        if let Some(reason) = unread {
            self.diagnostics.push(lost(reason).in_file(name).with_hint(WAY_OUT));
            return;
        }
        self.text(name, record, &bytes, kind);
    }

    fn text(&mut self, name: &Arc<str>, record: SourceRecord, bytes: &[u8], kind: Kind) {
        let (text, said) = encoding::decode(bytes, name);
        let before = (kind == Kind::IniOrYaml).then(|| self.draft.clone());
        let id = self.draft.add_source(record);
        let diagnostics = ini::read(&mut self.draft, id, &text, &mut self.budget);
        let is_broken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        match before {
            Some(before) if is_broken && looks_like_yaml(&text) => {
                self.draft = before;
                let unread = lost("is a YAML or JSON inventory, which is not read yet");
                self.diagnostics.push(unread.in_file(name).with_hint(WAY_OUT));
            }
            _ => {
                self.diagnostics.extend(said);
                self.diagnostics.extend(diagnostics);
            }
        }
    }

    /// The bytes of a file, or why there are none.
    fn bytes(&self, path: &Path) -> Result<(Vec<u8>, Metadata), String> {
        let cannot = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        let metadata = fs::metadata(path).map_err(cannot)?;
        if metadata.is_dir() {
            return Err("is a folder of inventories, which is not read yet; name its files".to_owned());
        }
        let limit = self.settings.limits.file_bytes;
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(cannot)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
            return Err(format!("is larger than {} MiB", limit / (1024 * 1024)));
        }
        Ok((bytes, metadata))
    }
}

fn lost(reason: &str) -> Diagnostic {
    Diagnostic::error(reason).with_missing("its hosts and variables are missing")
}

fn kind_of(path: &Path, bytes: &[u8], metadata: &Metadata) -> Kind {
    let is_executable = metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    // The last dot part of the name, as Python has it: `.hosts` has none.
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
    match extension.as_deref() {
        _ if bytes.starts_with(b"$ANSIBLE_VAULT") => Kind::Vault,
        // An INI file may be executable by accident.
        _ if is_executable && (bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF")) => Kind::Script,
        Some("toml") => Kind::Toml,
        None | Some("yml" | "yaml" | "json") => Kind::IniOrYaml,
        Some(_) => Kind::Ini,
    }
}

/// Whether the first line that says anything opens a YAML document, mapping, list or JSON object.
fn looks_like_yaml(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let key_ends = line.split_once(" #").map_or(line, |(key, _)| key).trim_end().ends_with(':');
        key_ends || line.starts_with(['{', '-', '%']) || line.contains(": ")
    })
}
