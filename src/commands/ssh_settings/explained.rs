//! `inventory --explain` and `doctor`: the settings of a host that `ssh_config` has a word in, and where each comes from.

use std::sync::Arc;

use super::{Files, SshSettings};
use crate::files::ssh_config::Which;
use crate::inventory::configuration::{Place, Provenance};
use crate::inventory::connection::ConnectionSettings;
use crate::inventory::connection::explain::{self, Row};
use crate::inventory::value::Value;
use crate::openssh::config::{Keyword, Origin};
use crate::ssh::ConnectionPlan;

impl SshSettings {
    /// The rows of `inventory --explain` that `ssh_config` has a word in: those of the inventory's settings, what `ssh_config` says in
    /// place of nobody among them, then its other settings; and why OpenSSH would refuse the host.
    pub fn explained(&mut self, settings: &ConnectionSettings, name: &str) -> (Vec<Row>, Option<String>) {
        let (config, files) = match self.resolve(settings, name) {
            Ok((config, files)) => (config, files),
            Err(why) => return (explain::rows(settings), Some(settings.without_secrets(&why))),
        };
        // What a scan finds of the hosts that are gone through, and of algorithms, is told of nobody's connection.
        let plan = ConnectionPlan::for_this_user();
        let refused = self.host_settings(&config, &files.which, &plan, Some(&settings.timeout), &mut Vec::new()).err();
        let refused = refused.map(|refusal| settings.without_secrets(&refusal.text()));
        let mut rows = explain::rows(settings);
        rows.extend(files.row(settings));
        for told in config.told() {
            let name = told.keyword.name();
            let provenance = match &told.origin {
                Origin::Line { file, line } => {
                    let place = Place { file: Arc::clone(file), line: *line };
                    Provenance::File { section: "", key: name, place }
                }
                Origin::Said(from) => match self.option_of(settings, from) {
                    Some(provenance) => provenance,
                    // A setting of the inventory, which has its own row.
                    None => continue,
                },
                Origin::Default => continue,
            };
            let is_option = matches!(told.origin, Origin::Said(_));
            let value = Value::Text(settings.without_secrets(&told.value));
            let row = Row { setting: name, value, provenance: Some(provenance), otherwise: "", wrong: None };
            let own = match told.keyword {
                Keyword::HostName => "address",
                Keyword::Port => "port",
                Keyword::User => "user",
                Keyword::IdentityFile => "key_file",
                Keyword::ConnectTimeout => "timeout",
                _ => "",
            };
            // An option has the word even where the inventory has one, but for files of keys, which add up.
            let has_word = own == "address" || is_option && own != "key_file";
            let is_open = |row: &&mut Row| row.setting == own && (has_word || is_unset(row));
            match rows.iter_mut().find(is_open) {
                Some(open) => *open = Row { setting: open.setting, ..row },
                None => rows.push(row),
            }
        }
        (rows, refused)
    }

    /// Where an option of `ssh` was said: among the words for `ssh` that the inventory or a flag has, or by a flag of its own.
    fn option_of(&self, settings: &ConnectionSettings, from: &str) -> Option<Provenance> {
        let words = [&settings.ssh_args, &settings.ssh_common_args, &settings.ssh_extra_args];
        let of_words = words.into_iter().map(|words| &words.provenance).chain([&settings.address.provenance]);
        let all = of_words.chain(self.flags.places());
        all.into_iter().find(|provenance| provenance.to_string() == from).cloned()
    }
}

impl Files {
    /// Which file is read, where somebody names one.
    fn row(&self, settings: &ConnectionSettings) -> Option<Row> {
        let file = match &self.which {
            Which::Usual => return None,
            Which::Only(file) => settings.without_secrets(&file.to_string_lossy()),
            Which::None => "none".to_owned(),
        };
        Some(Row {
            setting: "ssh_config",
            value: Value::Text(file),
            provenance: self.named.clone(),
            otherwise: "",
            wrong: None,
        })
    }
}

/// Whether nobody set it so far.
fn is_unset(row: &Row) -> bool {
    matches!(row.provenance, None | Some(Provenance::Default))
}
