//! What Ansible would read beside the sources and clockaudit does not: said, never passed over.

use crate::inventory::configuration::{Configuration, names};
use crate::inventory::diagnostics::Diagnostic;

/// The plugin that reads `group_vars` and `host_vars`, the only one that clockaudit has.
const OWN: [&str; 2] = ["host_group_vars", "ansible.builtin.host_group_vars"];

/// Whether `group_vars` and `host_vars` count: where plugins are listed, theirs must be among them.
pub(super) fn reads_variable_files(configuration: &Configuration) -> bool {
    let enabled = configuration.list(&names::VARS_PLUGINS_ENABLED);
    enabled.is_none_or(|enabled| enabled.value.iter().any(|name| OWN.contains(&name.as_str())))
}

/// Plugins of variables that only Ansible can run.
pub(super) fn unread(configuration: &Configuration) -> Option<Diagnostic> {
    let enabled = configuration.list(&names::VARS_PLUGINS_ENABLED)?;
    let others: Vec<&str> = enabled.value.iter().map(String::as_str).filter(|name| !OWN.contains(name)).collect();
    let said = format!("{} enables vars plugins ({})", enabled.provenance, others.join(", "));
    let said = Diagnostic::warning(format!("{said}; variables from them are missing"));
    (!others.is_empty()).then(|| said.with_hint("Ansible itself can run them: --inventory-via-ansible"))
}
