//! `--inventory-via-ansible`: Ansible itself reads the sources, plugins and all, and its answer is read.

use std::ffi::OsStr;
use std::sync::Arc;

use super::{Loading, Source, program, sha256};
use crate::inventory::documents::Printer;
use crate::inventory::model::Source as SourceRecord;

const PROGRAM: &str = "ansible-inventory";

impl Loading<'_> {
    /// Has Ansible read the sources; its own defaults where none is named.
    pub(super) fn via_ansible(&mut self, sources: &[&Source]) {
        let mut arguments: Vec<&str> = sources.iter().flat_map(|source| ["-i", source.0.as_str()]).collect();
        arguments.push("--list");
        let name: Arc<str> = Arc::from(format!("{PROGRAM} {}", arguments.join(" ")));
        // Ansible would go on without the sources that it cannot read, and only warn.
        let environment = [("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "true"), ("ANSIBLE_NOCOLOR", "1")];
        let limit = self.settings.limits.script_list;
        let output = match program::run(OsStr::new(PROGRAM), &arguments, &environment, limit, self.settings) {
            Ok(output) => output,
            Err(reason) => {
                let hint = "It comes with Ansible: `pipx install ansible-core`, or the package of your system";
                self.diagnostics.push(super::reader::lost(reason).in_file(&name).with_hint(hint));
                return;
            }
        };
        let record = SourceRecord { name: Arc::clone(&name), file: None, folder: None, sha256: sha256(&output.bytes) };
        self.printed(record, &output, Printer::AnsibleInventory);
    }
}
