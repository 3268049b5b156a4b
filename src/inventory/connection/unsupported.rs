//! Settings of connections whose effect here is worth a word, or that have none: one line each, never silence.

use indexmap::IndexMap;

use super::settings::ConnectionSettings;
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::ranges;

/// What happens where a host's key is not checked.
const UNCHECKED: &str = "unknown keys are accepted and stored; a changed key is refused all the same";

/// What had no effect, and on which hosts.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    unchecked: IndexMap<String, Vec<String>>,
    connections: IndexMap<String, Vec<String>>,
    methods: IndexMap<String, Vec<String>>,
}

impl Ignored {
    pub(super) fn note(&mut self, host: &str, settings: &ConnectionSettings) {
        let checking = &settings.host_key_checking;
        if !checking.value {
            self.unchecked.entry(checking.provenance.to_string()).or_default().push(host.to_owned());
        }
    }

    pub(super) fn note_connection(&mut self, connection: &str, host: &str) {
        self.connections.entry(connection.to_owned()).or_default().push(host.to_owned());
    }

    /// A method to become another user that is not there.
    pub(super) fn note_method(&mut self, reason: String, host: &str) {
        self.methods.entry(reason).or_default().push(host.to_owned());
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let unchecked = self.unchecked.into_iter().map(|(place, hosts)| {
            Diagnostic::warning(format!("{place} turns off the check of host keys of {}: {UNCHECKED}", folded(&hosts)))
        });
        let connections = self.connections.into_iter().map(|(connection, hosts)| {
            Diagnostic::note(format!(
                "connection '{connection}' of {} is OpenSSH's protocol too: it is used",
                folded(&hosts)
            ))
        });
        let methods = self
            .methods
            .into_iter()
            .map(|(reason, hosts)| Diagnostic::warning(format!("{}: {reason}", folded(&hosts))));
        methods.chain(unchecked).chain(connections).collect()
    }
}

fn folded(hosts: &[String]) -> String {
    ranges::fold(&hosts.iter().map(String::as_str).collect::<Vec<_>>())
}
