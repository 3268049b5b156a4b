//! What is set outside of inventories: the environment first, then the project's and the user's `clockaudit.toml`, then the
//! one `ansible.cfg`; every value knows where it was set.

pub mod names;
mod provenance;
mod settings_file;
pub mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ansible_cfg::{AnsibleCfg, unquoted};
use super::paths;

pub use names::Names;
pub use provenance::{Given, Place, Provenance};
pub use settings_file::{FileSetting, SettingsFile};

/// The settings of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The files of clockaudit's own settings: the project's, the user's.
    pub files: Vec<SettingsFile>,
    /// Ansible's file, if there is one.
    pub cfg: Option<AnsibleCfg>,
    /// The directory that relative paths of the environment start from.
    pub working_directory: PathBuf,
    /// The user's home, for `~`.
    pub home: Option<PathBuf>,
}

/// A setting that is there and makes no sense: what it should have been, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provenance} is {text:?}, expected {expected}")]
pub struct Misfit {
    /// Where it was set.
    pub provenance: Provenance,
    /// Its text; never that of a secret.
    pub text: String,
    /// What was expected.
    pub expected: &'static str,
}

impl Configuration {
    /// A text as it was set.
    pub fn text(&self, names: &Names) -> Option<Given<String>> {
        self.in_environment(names).or_else(|| self.in_files(names))
    }

    /// A switch: what Ansible does not take for true is false.
    pub fn switch(&self, names: &Names) -> Option<Given<bool>> {
        Some(self.filled(names)?.map(|text| values::truth(&text).unwrap_or(false)))
    }

    /// A whole number.
    pub fn number(&self, names: &Names) -> Result<Option<Given<i64>>, Misfit> {
        let Some(Given { value: text, provenance }) = self.filled(names) else { return Ok(None) };
        match values::whole(&text) {
            Some(value) => Ok(Some(Given { value, provenance })),
            None => Err(Misfit { provenance, text, expected: "a whole number" }),
        }
    }

    /// One of a few words, in any case.
    pub fn choice(&self, names: &Names, words: &'static [&'static str]) -> Option<Given<&'static str>> {
        let Given { value: text, provenance } = self.filled(names)?;
        let word = words.iter().find(|word| word.eq_ignore_ascii_case(text.trim()))?;
        Some(Given { value: word, provenance })
    }

    /// A list with commas between its items.
    pub fn list(&self, names: &Names) -> Option<Given<Vec<String>>> {
        Some(self.filled(names)?.map(|text| items(&text)))
    }

    /// A path, absolute: one of a file is relative to the file's folder, one of the environment to the current directory.
    pub fn path(&self, names: &Names) -> Option<Given<PathBuf>> {
        let Given { value, provenance } = self.filled(names)?;
        Some(Given { value: self.resolve(unquoted(&value), self.base(&provenance)), provenance })
    }

    /// Paths with commas between them.
    pub fn paths(&self, names: &Names) -> Option<Given<Vec<PathBuf>>> {
        let Given { value, provenance } = self.list(names)?;
        let base = self.base(&provenance).to_owned();
        Some(Given { value: value.iter().map(|path| self.resolve(path, &base)).collect(), provenance })
    }

    /// The absolute path that a text means in a folder: variables and `~` expanded, `..` taken out.
    pub fn resolve(&self, named: &str, base: &Path) -> PathBuf {
        let named = named.replace("{{CWD}}", &self.working_directory.to_string_lossy());
        paths::resolve(&named, base, self.home.as_deref(), &self.environment)
    }

    fn base(&self, provenance: &Provenance) -> &Path {
        match (provenance, &self.cfg) {
            (Provenance::File { section: "", place, .. }, _) => {
                let own = self.files.iter().find(|file| file.name == place.file);
                own.map_or(&self.working_directory, |file| Path::new(&file.folder))
            }
            (Provenance::File { .. }, Some(cfg)) => Path::new(&cfg.folder),
            _ => &self.working_directory,
        }
    }

    /// The text of a setting that is no text: an empty environment variable leaves the default, whatever the file says.
    fn filled(&self, names: &Names) -> Option<Given<String>> {
        match self.in_environment(names) {
            Some(given) => Some(given).filter(|given| !given.value.is_empty()),
            None => self.in_files(names),
        }
    }

    fn in_environment(&self, names: &Names) -> Option<Given<String>> {
        names.environment.iter().rev().find_map(|name| {
            let value = self.environment.get(*name)?.clone();
            Some(Given { value, provenance: Provenance::Environment(name) })
        })
    }

    /// What clockaudit's own files say in place of a flag, the project's first.
    pub fn in_own_files(&self, flag: &'static str) -> Option<Given<String>> {
        let with_it = |file: &SettingsFile| {
            let setting = file.settings.get(flag)?;
            let provenance = Provenance::File { section: "", key: flag, place: file.place(setting) };
            Some(Given { value: setting.values.join(","), provenance })
        };
        self.files.iter().find_map(with_it)
    }

    fn in_files(&self, names: &Names) -> Option<Given<String>> {
        let own = names.flag.and_then(|flag| self.in_own_files(flag));
        if own.is_some() {
            return own;
        }
        let cfg = self.cfg.as_ref()?;
        names.keys.iter().rev().find_map(|(section, key)| {
            let entry = cfg.get(section, key)?;
            let place = Place { file: cfg.name.clone(), line: entry.line };
            Some(Given { value: entry.text.clone(), provenance: Provenance::File { section, key, place } })
        })
    }
}

/// The items of a list, trimmed and without quotes.
fn items(text: &str) -> Vec<String> {
    text.split(',').map(|item| unquoted(item.trim()).to_owned()).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(cfg: &str, environment: &[(&str, &str)]) -> Configuration {
        let file = AnsibleCfg::read(cfg.as_bytes(), &"etc/ansible.cfg".into(), "/work/etc").expect("a file");
        Configuration {
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            files: Vec::new(),
            cfg: Some(file),
            working_directory: "/work".into(),
            home: Some("/home/me".into()),
        }
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_last_name_over_the_first() {
        let check = |cfg: &str, environment: &[(&str, &str)], expected: Option<(bool, &str)>| {
            let found = configuration(cfg, environment).switch(&names::HOST_KEY_CHECKING);
            let found = found.map(|given| (given.value, given.provenance.to_string()));
            assert_eq!(found, expected.map(|(value, place)| (value, place.to_owned())), "{cfg} {environment:?}");
        };
        let both = "[defaults]\nhost_key_checking = yes\n[ssh_connection]\nhost_key_checking = no\n";
        let last = "[ssh_connection] host_key_checking (etc/ansible.cfg line 4)";
        check("", &[], None);
        check(both, &[], Some((false, last)));
        let first = "[defaults] host_key_checking (etc/ansible.cfg line 2)";
        check("[defaults]\nhost_key_checking = T\n", &[], Some((true, first)));
        check(both, &[("ANSIBLE_HOST_KEY_CHECKING", "1")], Some((true, "ANSIBLE_HOST_KEY_CHECKING")));
        check(
            both,
            &[("ANSIBLE_HOST_KEY_CHECKING", "1"), ("ANSIBLE_SSH_HOST_KEY_CHECKING", "maybe")],
            Some((false, "ANSIBLE_SSH_HOST_KEY_CHECKING")),
        );
        // Empty is the default and not what the file says.
        check(both, &[("ANSIBLE_HOST_KEY_CHECKING", "")], None);
    }

    #[test]
    fn paths_start_from_where_they_were_set() {
        let check = |cfg: &str, environment: &[(&str, &str)], expected: &str| {
            let found = configuration(cfg, environment).path(&names::PRIVATE_KEY_FILE).expect("a path");
            assert_eq!(found.value, Path::new(expected), "{cfg} {environment:?}");
        };
        check("[defaults]\nprivate_key_file = keys/a\n", &[], "/work/etc/keys/a");
        check("[defaults]\nprivate_key_file = '~/k y'\n", &[], "/home/me/k y");
        check("[defaults]\nprivate_key_file = ../$K\n", &[("K", "x")], "/work/x");
        check("[defaults]\nprivate_key_file = {{CWD}}/k\n", &[], "/work/k");
        check("", &[("ANSIBLE_PRIVATE_KEY_FILE", "keys/b")], "/work/keys/b");
    }

    #[test]
    fn numbers_and_lists_are_typed() {
        let numbers = |text: &str| {
            let found = configuration(&format!("[defaults]\ntimeout = {text}\n"), &[]).number(&names::TIMEOUT);
            found.map(|given| given.map(|given| given.value)).map_err(|misfit| misfit.to_string())
        };
        assert_eq!(numbers("25"), Ok(Some(25)));
        assert_eq!(numbers("25.0"), Ok(Some(25)));
        let told = "[defaults] timeout (etc/ansible.cfg line 2) is \"soon\", expected a whole number";
        assert_eq!(numbers("soon"), Err(told.to_owned()));
        let list = configuration("[inventory]\nenable_plugins = ini, 'yaml' ,\n", &[]).list(&names::ENABLE_PLUGINS);
        assert_eq!(list.map(|given| given.value), Some(vec!["ini".to_owned(), "yaml".to_owned()]));
    }
}
