//! `--inventory-via-ansible`: Ansible itself reads the sources, plugins and all, and its answer is read.

use std::ffi::OsStr;
use std::sync::Arc;

use super::program::{self, Unprinted};
use super::{LoadSettings, Loading, Source, asks, sha256};
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::documents::Printer;
use crate::inventory::model::Source as SourceRecord;

const PROGRAM: &str = "ansible-inventory";

impl Loading<'_> {
    /// Has Ansible read the sources; its own defaults where none is named.
    pub(super) fn via_ansible(&mut self, sources: &[&Source]) {
        let mut arguments: Vec<String> =
            sources.iter().flat_map(|source| ["-i".to_owned(), source.0.clone()]).collect();
        arguments.push("--list".to_owned());
        let name: Arc<str> = Arc::from(format!("{PROGRAM} {}", arguments.join(" ")));
        arguments.extend(handed_on(self.settings));
        if let Some(said) = not_handed_on(self.settings) {
            self.diagnostics.push(said.in_file(&name));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        // Ansible would go on without the sources that it cannot read, and only warn.
        let environment = [("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "true"), ("ANSIBLE_NOCOLOR", "1")];
        let limit = self.settings.limits.script_list;
        let output = match program::run(OsStr::new(PROGRAM), &arguments, &environment, limit, self.settings) {
            Ok(output) => output,
            Err(unprinted) => {
                let hint = match unprinted {
                    Unprinted::Missing(_) => {
                        "It comes with Ansible: `pipx install ansible-core`, or the package of your system"
                    }
                    Unprinted::Failed(_) => "Correct what Ansible says: run the command by hand to see all of it",
                };
                let reason = unprinted.reason();
                self.diagnostics.push(super::reader::lost(reason).in_file(&name).with_hint(hint));
                return;
            }
        };
        let record = SourceRecord { name: Arc::clone(&name), file: None, folder: None, sha256: sha256(&output.bytes) };
        self.printed(record, &output, Printer::AnsibleInventory);
    }
}

/// The words of the command line that mean the same to Ansible.
fn handed_on(settings: &LoadSettings) -> Vec<String> {
    let vault = &settings.vault;
    let ids = vault.ids.iter().filter(|id| !asks(source_of(id))).flat_map(|id| ["--vault-id".to_owned(), id.clone()]);
    let text = |flag: &str, path: &std::path::Path| [flag.to_owned(), path.to_string_lossy().into_owned()];
    let files = vault.password_files.iter().flat_map(|file| text("--vault-password-file", file));
    let folder = settings.playbook_folder.iter().flat_map(|folder| text("--playbook-dir", folder));
    ids.chain(files).chain(folder).collect()
}

/// Why Ansible cannot be run by its own settings: it would ask for the password of a vault before it reads anything.
pub(super) fn asks_by_itself(configuration: &Configuration) -> Option<Diagnostic> {
    let asked = configuration.switch(&names::ASK_VAULT_PASS).filter(|given| given.value);
    let listed = configuration.list(&names::VAULT_IDENTITY_LIST);
    let listed = listed.filter(|given| given.value.iter().any(|id| asks(source_of(id))));
    let setting = asked.map(|given| given.provenance).or(listed.map(|given| given.provenance))?;
    let what = "Ansible would ask for a vault password, which it cannot where it runs for `--inventory-via-ansible`";
    Some(
        Diagnostic::error(format!("{setting}: {what}"))
            .with_hint("Have it read from a file: `vault_password_file = FILE`, or `vault_identity_list = LABEL@FILE`"),
    )
}

/// Passwords that are asked for: Ansible has no terminal to ask on, and is not told them.
fn not_handed_on(settings: &LoadSettings) -> Option<Diagnostic> {
    let vault = &settings.vault;
    let prompts = vault.ids.iter().filter(|id| asks(source_of(id))).map(|id| format!("`--vault-id {id}`"));
    let prompts: Vec<String> = prompts.chain(vault.ask.then(|| "`--ask-vault-pass`".to_owned())).collect();
    (!prompts.is_empty()).then(|| {
        let what = "a vault password that is typed cannot be handed on to Ansible, which cannot read whole files that it encrypted";
        Diagnostic::warning(format!("{}: {what}", prompts.join(", ")))
            .with_hint("Hand it on in a file: `--vault-id LABEL@FILE`, or `--vault-password-file FILE`")
    })
}

/// What stands behind the label of `[LABEL@]SOURCE`.
fn source_of(id: &str) -> &str {
    id.split_once('@').map_or(id, |(_, source)| source)
}
