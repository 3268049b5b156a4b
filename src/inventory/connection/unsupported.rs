//! Connection variables that have no effect here: one line each, never silence.

use indexmap::IndexMap;

use super::settings::is_set;
use crate::inventory::diagnostics::{Diagnostic, Span};
use crate::inventory::model::{Inventory, Origin, Variables};
use crate::inventory::ranges;

/// Variables that Ansible's SSH connection reads and clockaudit does not, and what happens instead.
const VARIABLES: [(&str, &str); 18] = [
    ("ansible_password", "Hosts log in with keys"),
    ("ansible_ssh_pass", "Hosts log in with keys"),
    ("ansible_ssh_password", "Hosts log in with keys"),
    ("ansible_private_key", "Name a file in ansible_ssh_private_key_file"),
    ("ansible_ssh_private_key", "Name a file in ansible_ssh_private_key_file"),
    ("ansible_private_key_passphrase", "Load the key into an agent"),
    ("ansible_ssh_private_key_passphrase", "Load the key into an agent"),
    ("ansible_host_key_checking", "Pass --accept-new; a changed key is refused all the same"),
    ("ansible_ssh_host_key_checking", "Pass --accept-new; a changed key is refused all the same"),
    ("ansible_ssh_timeout", "Pass -T"),
    ("ansible_ssh_retries", "A host is tried once"),
    ("ansible_ssh_args", "Pass --ssh-option"),
    ("ansible_ssh_common_args", "Pass --ssh-option"),
    ("ansible_ssh_extra_args", "Pass --ssh-option"),
    ("ansible_become", "A scan needs no root"),
    ("ansible_become_method", "A scan needs no root"),
    ("ansible_become_user", "A scan needs no root"),
    ("ansible_sudo_user", "A scan needs no root"),
];

/// What had no effect, and on which hosts.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    variables: IndexMap<&'static str, (Option<Origin>, &'static str, Vec<String>)>,
    connections: IndexMap<String, Vec<String>>,
}

impl Ignored {
    pub(super) fn note(&mut self, host: &str, variables: &Variables) {
        for (name, remedy) in VARIABLES {
            let Some(variable) = variables.get(name).filter(|variable| is_set(variable)) else { continue };
            let entry = self.variables.entry(name).or_insert((variable.origin, remedy, Vec::new()));
            entry.2.push(host.to_owned());
        }
    }

    pub(super) fn note_connection(&mut self, connection: String, host: &str) {
        self.connections.entry(connection).or_default().push(host.to_owned());
    }

    pub(super) fn into_diagnostics(self, inventory: &Inventory) -> Vec<Diagnostic> {
        let settings = self.variables.into_iter().map(|(name, (origin, remedy, hosts))| {
            let message = format!("{name} is not supported yet and has no effect on {}", folded(&hosts));
            let mut diagnostic = Diagnostic::warning(message).with_hint(remedy);
            let source = origin.and_then(|origin| inventory.source(origin.source));
            if let (Some(origin), Some(source)) = (origin, source) {
                let span = Span { line: origin.line, column: origin.column, length: 0, excerpt: String::new() };
                diagnostic = diagnostic.in_file(&source.name).at(span);
            }
            diagnostic
        });
        let connections = self.connections.into_iter().map(|(connection, hosts)| {
            Diagnostic::note(format!(
                "connection '{connection}' of {} is OpenSSH's protocol too: it is used",
                folded(&hosts)
            ))
        });
        settings.chain(connections).collect()
    }
}

fn folded(hosts: &[String]) -> String {
    ranges::fold(&hosts.iter().map(String::as_str).collect::<Vec<_>>())
}
