//! What Ansible would read beside the sources and clockaudit does not yet: said, never passed over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LoadSettings;
use super::configuration::shown;
use crate::inventory::configuration::{Configuration, Names, names};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::model::Inventory;

/// Settings that change which hosts are reached, and how.
const SETTINGS: [&Names; 10] = [
    &names::HASH_BEHAVIOUR,
    &names::PRECEDENCE,
    &names::FORCE_VALID_GROUP_NAMES,
    &names::ENABLE_PLUGINS,
    &names::ANY_UNPARSED_IS_FAILED,
    &names::UNPARSED_IS_FAILED,
    &names::HOST_PATTERN_MISMATCH,
    &names::VAULT_PASSWORD_FILE,
    &names::VAULT_IDENTITY_LIST,
    &names::ASK_VAULT_PASS,
];

/// Folders of variables and settings that have no effect yet.
pub(super) fn unread(inventory: &Inventory, settings: &LoadSettings, configuration: &Configuration) -> Vec<Diagnostic> {
    let mut diagnostics = variable_folders(inventory, settings);
    let set = SETTINGS.iter().filter_map(|names| configuration.text(names));
    diagnostics.extend(
        set.filter(|given| !given.value.is_empty())
            .map(|given| Diagnostic::warning(format!("{} is not read yet and is without effect", given.provenance))),
    );
    diagnostics
}

fn variable_folders(inventory: &Inventory, settings: &LoadSettings) -> Vec<Diagnostic> {
    let roots: BTreeSet<PathBuf> = inventory
        .sources()
        .iter()
        .filter_map(|source| source.folder.as_ref().map(PathBuf::from))
        .chain([settings.working_directory.clone()])
        .collect();
    let folders = roots.iter().flat_map(|root| ["group_vars", "host_vars"].map(|name| root.join(name)));
    folders.filter_map(|folder| variable_folder(&folder, settings)).collect()
}

fn variable_folder(folder: &Path, settings: &LoadSettings) -> Option<Diagnostic> {
    let name: Arc<str> = Arc::from(shown(folder, settings));
    if folder.is_file() {
        return Some(Diagnostic::warning("is no folder, so no variables are read from it").in_file(&name));
    }
    let is_filled = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    is_filled.then(|| {
        Diagnostic::error("this folder of variables is not read yet")
            .in_file(&name)
            .with_missing("its variables are missing")
            .with_hint("Put connection variables into the inventory file, or pass --allow-incomplete-inventory")
    })
}
