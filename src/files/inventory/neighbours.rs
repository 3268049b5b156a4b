//! What Ansible would read beside the sources and clockaudit does not yet: said, never passed over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LoadSettings;
use super::configuration::shown;
use crate::inventory::diagnostics::{Diagnostic, Span};
use crate::inventory::model::Inventory;

/// Keys of ansible.cfg that change which hosts are reached, and how.
const KEYS: [&str; 19] = [
    "remote_user",
    "remote_port",
    "private_key_file",
    "host_key_checking",
    "timeout",
    "transport",
    "ssh_args",
    "ssh_common_args",
    "ssh_extra_args",
    "retries",
    "hash_behaviour",
    "precedence",
    "force_valid_group_names",
    "enable_plugins",
    "any_unparsed_is_failed",
    "unparsed_is_failed",
    "vault_password_file",
    "vault_identity_list",
    "host_pattern_mismatch",
];
/// Environment variables that do the same.
const ENVIRONMENT: [&str; 10] = [
    "ANSIBLE_REMOTE_USER",
    "ANSIBLE_REMOTE_PORT",
    "ANSIBLE_PRIVATE_KEY_FILE",
    "ANSIBLE_HOST_KEY_CHECKING",
    "ANSIBLE_SSH_ARGS",
    "ANSIBLE_SSH_COMMON_ARGS",
    "ANSIBLE_SSH_EXTRA_ARGS",
    "ANSIBLE_TIMEOUT",
    "ANSIBLE_TRANSPORT",
    "ANSIBLE_HASH_BEHAVIOUR",
];

/// Folders of variables, ansible.cfg and environment variables that have no effect yet.
pub(super) fn unread(inventory: &Inventory, settings: &LoadSettings) -> Vec<Diagnostic> {
    let mut diagnostics = variable_folders(inventory, settings);
    diagnostics.extend(configuration(settings));
    diagnostics.extend(environment(settings));
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

/// The first ansible.cfg there is: its settings that matter here.
fn configuration(settings: &LoadSettings) -> Option<Diagnostic> {
    let named = settings.environment.get("ANSIBLE_CONFIG").filter(|path| !path.is_empty());
    let named = named.map(|path| settings.working_directory.join(path));
    let named = named.map(|path| if path.is_dir() { path.join("ansible.cfg") } else { path });
    let places = [
        named,
        Some(settings.working_directory.join("ansible.cfg")),
        settings.home.as_ref().map(|home| home.join(".ansible.cfg")),
        Some(settings.system_folder.join("ansible.cfg")),
    ];
    let (path, text) =
        places.into_iter().flatten().find_map(|path| Some((read_small(&path)?, path))).map(|(t, p)| (p, t))?;
    let mut keys = Vec::new();
    let mut first = None;
    for (index, line) in text.lines().enumerate() {
        let key = line.split(['=', ':']).next().unwrap_or_default();
        let is_setting = key.len() < line.len() && !line.starts_with([' ', '\t', '#', ';']);
        let key = key.trim().to_ascii_lowercase();
        if is_setting && KEYS.contains(&key.as_str()) {
            let length = key.chars().count();
            first.get_or_insert(Span { line: index + 1, column: 1, length, excerpt: line.to_owned() });
            keys.push(format!("`{key}`"));
        }
    }
    let verb = if keys.len() == 1 { "is" } else { "are" };
    let diagnostic = Diagnostic::warning(format!("{} {verb} not read yet and {verb} without effect", keys.join(", ")));
    Some(
        diagnostic
            .in_file(&Arc::from(shown(&path, settings)))
            .at(first?)
            .with_hint("Pass the flag for it, or set the variable in the inventory"),
    )
}

/// A configuration file, if there is one of reasonable size.
fn read_small(path: &Path) -> Option<String> {
    fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() < 1024 * 1024)?;
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn environment(settings: &LoadSettings) -> Option<Diagnostic> {
    let is_set = |name: &&str| settings.environment.get(*name).is_some_and(|value| !value.is_empty());
    let names: Vec<&str> = ENVIRONMENT.into_iter().filter(is_set).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    (!names.is_empty()).then(|| {
        Diagnostic::warning(format!("{} {verb} not read yet and {verb} without effect", names.join(", ")))
            .with_hint("Pass the flag for it, or set the variable in the inventory")
    })
}
