//! What the environment and the files of settings say in place of flags.

use crate::cli::settings;
use crate::inventory::configuration::{Configuration, names};

/// Settings that hosts have of their own: they are told with the hosts.
const OF_HOSTS: [&str; 12] = [
    "user",
    "port",
    "private-key",
    "timeout",
    "ssh-common-args",
    "ssh-extra-args",
    "become",
    "become-method",
    "become-user",
    "profile",
    "warn",
    "crit",
];

/// The settings that are no host's own: each with its value, and where it was set.
pub(super) fn told(configuration: &Configuration) -> Vec<[String; 3]> {
    let inventory = configuration.text(&names::INVENTORY).filter(|given| !given.value.is_empty());
    let inventory = inventory.map(|given| ["inventory".to_owned(), given.value, given.provenance.to_string()]);
    let others = settings::names().into_iter().filter(|long| long != "inventory" && !OF_HOSTS.contains(&long.as_str()));
    let told = others.filter_map(|long| {
        let variable = settings::variable(&long);
        if let Some(value) = configuration.environment.get(&variable).filter(|value| !value.is_empty()) {
            return Some([long, value.clone(), variable]);
        }
        let (file, setting) = configuration.files.iter().find_map(|file| Some((file, file.settings.get(&long)?)))?;
        let place = format!("{long} ({})", file.place(setting));
        Some([long, setting.values.join(","), place])
    });
    inventory.into_iter().chain(told).collect()
}
