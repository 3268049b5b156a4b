//! What Ansible would read beside the sources and clockaudit does not yet: said, never passed over.

use crate::inventory::configuration::{Configuration, Names, names};
use crate::inventory::diagnostics::Diagnostic;

/// Settings that change which hosts are reached, and how.
const SETTINGS: [&Names; 7] = [
    &names::FORCE_VALID_GROUP_NAMES,
    &names::ANY_UNPARSED_IS_FAILED,
    &names::UNPARSED_IS_FAILED,
    &names::HOST_PATTERN_MISMATCH,
    &names::VAULT_PASSWORD_FILE,
    &names::VAULT_IDENTITY_LIST,
    &names::ASK_VAULT_PASS,
];

/// Settings that have no effect yet.
pub(super) fn unread(configuration: &Configuration) -> impl Iterator<Item = Diagnostic> {
    let set = SETTINGS.iter().filter_map(|names| configuration.text(names));
    set.filter(|given| !given.value.is_empty())
        .map(|given| Diagnostic::warning(format!("{} is not read yet and is without effect", given.provenance)))
}
