//! What the environment and the files of settings say in place of flags.

use crate::cli::settings;
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::extra_variables::{self, Extra};
use crate::inventory::yaml::DuplicateKeys;

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
            let shown = shown(&long, std::slice::from_ref(value));
            return Some([long, shown, variable]);
        }
        let (file, setting) = configuration.files.iter().find_map(|file| Some((file, file.settings.get(&long)?)))?;
        let place = format!("{long} ({})", file.place(setting));
        let shown = shown(&long, &setting.values);
        Some([long, shown, place])
    });
    inventory.into_iter().chain(told).collect()
}

/// What is shown of a setting's values: of variables only their names, for any value may be a secret, in whatever form it stands.
fn shown(long: &str, values: &[String]) -> String {
    if long != "extra-vars" {
        return values.join(",");
    }
    let name_of = |text: &String| match extra_variables::read(text, DuplicateKeys::Ignore) {
        Ok(Extra::Variables(variables)) => {
            variables.keys().map(|name| format!("{name}=...")).collect::<Vec<_>>().join(" ")
        }
        Ok(Extra::File(path)) => format!("@{path}"),
        Err(_) => "(not understood)".to_owned(),
    };
    values.iter().map(name_of).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_extra_variables_only_names_are_shown() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown("extra-vars", &[text.to_owned()]), expected, "{text}");
        check("a=1 ansible_password=S3cret", "a=... ansible_password=...");
        check("{\"ansible_password\":\"S3cret\", \"a\": 1}", "ansible_password=... a=...");
        check("{ansible_password: [S3cret]}", "ansible_password=...");
        check("@vars.yml", "@vars.yml");
        check("S3cret", "(not understood)");
        assert_eq!(shown("limit", &["a".to_owned(), "b".to_owned()]), "a,b");
    }
}
