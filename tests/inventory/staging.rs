//! A case of the corpus, laid out in a fresh folder as the real Ansible saw it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clockaudit::files::TimeLeft;
use clockaudit::files::inventory::{Limits, LoadSettings, Source, VaultFlags, configuration, keyring};
use clockaudit::inventory::Value;
use tempfile::TempDir;

use crate::json;

/// The folder of the cases.
pub(crate) fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inventory/cases")
}

/// The names of all cases, sorted.
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(cases()).expect("the cases").map(|entry| entry.expect("a case").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("a name")).collect();
    names.sort();
    names
}

/// A staged case; its folder goes when it is dropped.
pub(crate) struct Staged {
    /// The name of the case.
    pub(crate) name: String,
    /// `input/`, copied.
    pub(crate) input: PathBuf,
    /// What `-i` says.
    pub(crate) sources: Vec<Source>,
    /// Further words of the command line.
    pub(crate) args: Vec<String>,
    /// Where and with which environment.
    pub(crate) settings: LoadSettings,
    folder: PathBuf,
    _temporary: TempDir,
}

impl Staged {
    pub(crate) fn new(name: &str) -> Self {
        let folder = cases().join(name);
        let temporary = tempfile::tempdir().expect("a folder");
        let input = temporary.path().canonicalize().expect("a real path").join("run");
        copy(&folder.join("input"), &input);
        let case = json::parse(&fs::read_to_string(folder.join("case.json")).expect("the case"));
        for file in json::get(&case, "exe").map(json::texts).unwrap_or_default() {
            fs::set_permissions(input.join(file), fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        for (path, mode) in json::get(&case, "chmod").map(json::entries).unwrap_or_default() {
            let mode = json::text(&mode);
            let mode = u32::from_str_radix(mode.trim_start_matches("0o"), 8).expect("a mode");
            fs::set_permissions(input.join(path), fs::Permissions::from_mode(mode)).expect("a mode");
        }
        for (link, target) in json::get(&case, "symlinks").map(json::entries).unwrap_or_default() {
            fs::create_dir_all(input.join(&link).parent().expect("a folder")).expect("a folder");
            symlink(json::text(&target), input.join(&link)).expect("a link");
        }
        let substituted = |value: &Value| json::text(value).replace("{INPUT}", &input.to_string_lossy());
        let environment = json::get(&case, "env").map(json::entries).unwrap_or_default();
        let mut environment: BTreeMap<String, String> =
            environment.iter().map(|(name, value)| (name.clone(), substituted(value))).collect();
        let home = environment.entry("HOME".to_owned()).or_insert_with(|| "/nonexistent/home".to_owned()).clone();
        let cwd = json::get(&case, "cwd").map_or_else(|| ".".to_owned(), json::text);
        let args = json::get(&case, "args").map(json::texts).unwrap_or_default();
        let after = |flag: &'static str| args.iter().zip(args.iter().skip(1)).filter(move |(word, _)| *word == flag);
        let mut settings = LoadSettings {
            working_directory: if cwd == "." { input.clone() } else { input.join(cwd) },
            home: Some(home.into()),
            system_folder: "/nonexistent/ansible".into(),
            environment,
            extra_variables: after("-e").map(|(_, value)| value.clone()).collect(),
            extra_variables_from: None,
            playbook_folder: after("--playbook-dir").map(|(_, value)| value.into()).next(),
            keyring: Arc::default(),
            vault: VaultFlags::default(),
            limits: Limits::default(),
            time: TimeLeft::default(),
            via_ansible: false,
        };
        let vault = VaultFlags {
            ids: after("--vault-id").map(|(_, value)| value.clone()).collect(),
            password_files: after("--vault-password-file").map(|(_, value)| value.into()).collect(),
            ask: false,
        };
        let nobody = |_: &str| Err("nobody is asked in a test".to_owned());
        if let Ok(configuration) = configuration(&settings) {
            let (keyring, failed) =
                keyring(&vault, &configuration, &settings.time, nobody).expect("the passwords of the case");
            assert!(failed.is_empty(), "{failed:?}");
            settings.keyring = Arc::new(keyring);
        }
        let sources = json::texts(json::get(&case, "sources").expect("sources")).into_iter().map(Source).collect();
        Self { name: name.to_owned(), input, sources, args, settings, folder, _temporary: temporary }
    }

    /// What `clockaudit inventory --explain HOST -o json` prints, with more words.
    pub(crate) fn explained(&self, host: &str, more: &[String]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .args(["inventory", "-F", "none", "-o", "json", "--explain", host])
            .args(self.sources.iter().flat_map(|source| ["-i", source.0.as_str()]))
            .args(&self.args)
            .args(more)
            .current_dir(&self.settings.working_directory)
            .env_clear()
            .envs(&self.settings.environment)
            .env("HOME", self.settings.home.as_ref().expect("a home"))
            .output()
            .expect("the program runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(!text.is_empty(), "{}: {host}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        json::parse(text.trim_end())
    }

    /// One of the files of expected results; `None` = the case has none.
    pub(crate) fn expected(&self, file: &str) -> Option<Value> {
        let text = fs::read_to_string(self.folder.join(file)).ok()?;
        Some(json::parse(&text.replace("{INPUT}", &self.input.to_string_lossy())))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            // The mode of a file in a checkout may be anything.
            fs::write(&target, fs::read(&path).expect("a file")).expect("a copy");
        }
    }
}
