//! Inventories on disk: sources found, read within limits, and put together.

mod configuration;
mod folder;
mod limit_file;
mod neighbours;
mod opening;
mod paths;
mod program;
mod reader;
mod script;
mod settings_files;
mod surroundings;
mod unused_files;
mod variable_folders;
mod variables;
mod vault_passwords;
mod via_ansible;
mod way;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::TimeLeft;
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::diagnostics::{self, Diagnostic};
use crate::inventory::group_names::GroupNames;
use crate::inventory::model::{Draft, HashBehaviour, Inventory, ReconcileError, Room, Source as SourceRecord};
use crate::inventory::template::{Renderer, Surroundings};
use crate::inventory::vault::Keyring;
use crate::inventory::yaml::DuplicateKeys;
use crate::inventory::{host_list, ranges};

use self::folder::Ignored;
use self::reader::Reader;
use self::surroundings::Machine;

pub use limit_file::{LimitError, limit};
pub use opening::open_ahead;
pub use settings_files::settings_files;
pub use unused_files::unused_files;
pub use vault_passwords::{VaultFlags, VaultPasswordError, asks, keyring};

/// A source as the user named it: a path, a list of hosts with a comma in it, or `-` for standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(pub String);

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What inventories may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes.
    pub file_bytes: u64,
    /// How much an inventory may be.
    pub room: Room,
    /// Most names that ranges may make, over all sources; a host counts as often as it is named.
    pub range_names: usize,
    /// How long an inventory script may take for `--list`, and Ansible itself for its answer.
    pub script_list: Duration,
    /// How long an inventory script may take for one `--host`.
    pub script_host: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 * 1024 * 1024,
            room: Room::default(),
            range_names: 1_000_000,
            script_list: Duration::from_secs(300),
            script_host: Duration::from_secs(60),
        }
    }
}

/// Where sources are looked for.
#[derive(Debug, Clone)]
pub struct LoadSettings {
    /// The directory that relative paths start from.
    pub working_directory: PathBuf,
    /// The user's home, for `~`.
    pub home: Option<PathBuf>,
    /// Ansible's folder of the system, where `hosts` and `ansible.cfg` may be.
    pub system_folder: PathBuf,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// What `-e` says, each as typed.
    pub extra_variables: Vec<String>,
    /// What stands for `-e`, where that was not typed: a variable of the environment, or a line of a file of settings.
    pub extra_variables_from: Option<String>,
    /// `--playbook-dir`: the folder whose variables count in place of the current directory's.
    pub playbook_folder: Option<PathBuf>,
    /// The vault passwords.
    pub keyring: Arc<Keyring>,
    /// Where they came from, for Ansible to read them too.
    pub vault: VaultFlags,
    /// What inventories may cost.
    pub limits: Limits,
    /// What is left for the run.
    pub time: TimeLeft,
    /// Whether Ansible itself reads the sources, with its plugins, and only its answer is read here.
    pub via_ansible: bool,
}

impl LoadSettings {
    /// Those of this process, for a run that has so much time left.
    pub fn within(time: TimeLeft) -> Self {
        Self { time, ..Self::of_this_process() }
    }

    /// The directory, home and environment of this process.
    pub fn of_this_process() -> Self {
        // Names and values that are not Unicode cannot be meant for us.
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            home: environment.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
            system_folder: PathBuf::from("/etc/ansible"),
            environment,
            extra_variables: Vec::new(),
            extra_variables_from: None,
            playbook_folder: None,
            keyring: Arc::default(),
            vault: VaultFlags::default(),
            limits: Limits::default(),
            time: TimeLeft::default(),
            via_ansible: false,
        }
    }
}

/// An inventory, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What could be read.
    pub inventory: Arc<Inventory>,
    /// Renders the values of its variables.
    pub renderer: Arc<Renderer>,
    /// What could not, and what is odd.
    pub diagnostics: Vec<Diagnostic>,
    /// What is set outside of it, in the environment and in Ansible's file.
    pub configuration: Configuration,
    /// The folders whose `group_vars` and `host_vars` count.
    roots: Vec<PathBuf>,
}

impl Loaded {
    /// Whether anything is missing: a scan of it goes on only with `--allow-incomplete-inventory`.
    pub fn is_incomplete(&self) -> bool {
        diagnostics::any_missing(&self.diagnostics)
    }

    /// Whether Ansible misses something too. What it passes over with a warning (`web: [h1, h2]`) is missing all the same.
    pub fn is_incomplete_to_ansible(&self) -> bool {
        diagnostics::any_missing_to_ansible(&self.diagnostics)
    }
}

/// Why there is no inventory at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nobody named a source, and none of the usual places has one.
    #[error("no inventory is named, and there is none in $ANSIBLE_INVENTORY, ansible.cfg or {}", default.display())]
    NoSource {
        /// The file that was looked for.
        default: PathBuf,
        /// What was passed over on the way.
        diagnostics: Vec<Diagnostic>,
    },
    /// What `-e` says cannot be understood.
    #[error("{0}")]
    ExtraVariables(Box<Diagnostic>),
    /// Ansible's file of settings cannot be used.
    #[error("{0}")]
    Configuration(Box<Diagnostic>),
    /// Sources were not read, and Ansible's settings say that this ends the run.
    #[error("{said}, and {setting} ends the run then")]
    Unparsed {
        /// What was not read.
        said: String,
        /// The setting, and where it was set.
        setting: String,
        /// Why not.
        diagnostics: Vec<Diagnostic>,
    },
    /// The groups make no inventory.
    #[error("{cause}")]
    Groups {
        /// Why not.
        cause: ReconcileError,
        /// What was found before.
        diagnostics: Vec<Diagnostic>,
    },
}

/// What is set outside of inventories: the environment and the first ansible.cfg there is.
pub fn configuration(settings: &LoadSettings) -> Result<Configuration, LoadError> {
    Ok(configuration::read(settings)?.0)
}

/// Reads the sources in order into one inventory; a source that cannot be read is a diagnostic, and the others count.
/// Without sources: `$ANSIBLE_INVENTORY`, else `inventory` of ansible.cfg, else `/etc/ansible/hosts`.
pub fn load(sources: &[Source], settings: &LoadSettings) -> Result<Loaded, LoadError> {
    let (configuration, mut diagnostics) = configuration::read(settings)?;
    let (ignored, said) = Ignored::new(&configuration);
    diagnostics.extend(said);
    let defaults = match (sources.is_empty(), default_sources(&configuration, settings)) {
        (false, _) => Vec::new(),
        // Ansible knows its own defaults.
        (true, _) if settings.via_ansible => Vec::new(),
        (true, Some(defaults)) => defaults,
        (true, None) => {
            return Err(LoadError::NoSource { default: settings.system_folder.join("hosts"), diagnostics });
        }
    };
    let mut loading = Loading {
        settings,
        draft: Draft::with(hash_behaviour(&configuration), group_names(&configuration)).within(settings.limits.room),
        budget: ranges::Budget::of(settings.limits.room.hosts, settings.limits.range_names),
        diagnostics,
        readers: reader::enabled(&configuration),
        duplicates: reader::duplicate_keys(&configuration),
        ignored,
        has_read_input: false,
        folders_read: Vec::new(),
        configuration: &configuration,
    };
    let (mut roots, mut unparsed) = (Vec::new(), Vec::new());
    let sources: Vec<&Source> = sources.iter().chain(&defaults).collect();
    if settings.via_ansible {
        loading.via_ansible(&sources);
    } else {
        for source in &sources {
            roots.extend(root_of(&source.0, settings));
            if !loading.source(&source.0) {
                unparsed.push(source.0.as_str());
            }
        }
    }
    let Loading { mut draft, budget, mut diagnostics, .. } = loading;
    draft.count(budget.spent());
    if let Some((said, setting)) = ends_the_run(&unparsed, sources.len(), &configuration) {
        return Err(LoadError::Unparsed { said, setting, diagnostics });
    }
    let (mut inventory, odd) = match draft.reconcile() {
        Ok(reconciled) => reconciled,
        Err(cause) => return Err(LoadError::Groups { cause, diagnostics }),
    };
    diagnostics.extend(odd);
    diagnostics.extend(variables::lay(&mut inventory, &roots, settings, &configuration)?);
    if !settings.via_ansible {
        diagnostics.extend(neighbours::unread(&configuration));
    }
    let inventory = Arc::new(inventory);
    let machine: Arc<dyn Surroundings> = Arc::new(Machine::new(settings));
    let play = variables::play_folder(settings, &configuration);
    let playbook_folder = play.to_string_lossy().into_owned();
    if neighbours::reads_variable_files(&configuration) {
        roots.push(play);
    } else {
        roots.clear();
    }
    let renderer = Renderer::new(Arc::clone(&inventory), Arc::clone(&settings.keyring), &machine, playbook_folder);
    Ok(Loaded { inventory, renderer: Arc::new(renderer), diagnostics, configuration, roots })
}

/// The folder of a source, which may have variables beside it; none of a list of hosts.
fn root_of(named: &str, settings: &LoadSettings) -> Option<PathBuf> {
    if named == reader::STANDARD_INPUT {
        return None;
    }
    let path = paths::resolve(named, settings);
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Some(path),
        Err(_) if host_list::is_host_list(named) => None,
        _ => path.parent().map(Path::to_owned),
    }
}

fn hash_behaviour(configuration: &Configuration) -> HashBehaviour {
    match configuration.choice(&names::HASH_BEHAVIOUR, &["replace", "merge"]).map(|given| given.value) {
        Some("merge") => HashBehaviour::Merge,
        _ => HashBehaviour::Replace,
    }
}

fn group_names(configuration: &Configuration) -> GroupNames {
    let given = configuration.choice(&names::FORCE_VALID_GROUP_NAMES, &["always", "never", "ignore", "silently"]);
    given.map_or(GroupNames::Kept, |given| GroupNames::from_word(given.value))
}

/// What was not read, and the setting of Ansible by which that ends the run, if one does.
fn ends_the_run(unparsed: &[&str], sources: usize, configuration: &Configuration) -> Option<(String, String)> {
    let first = unparsed.first()?;
    let asked =
        |names| configuration.switch(names).filter(|given| given.value).map(|given| given.provenance.to_string());
    if let Some(setting) = asked(&names::ANY_UNPARSED_IS_FAILED) {
        return Some((format!("{first} cannot be read"), setting));
    }
    let setting = asked(&names::UNPARSED_IS_FAILED).filter(|_| unparsed.len() == sources)?;
    Some(("no inventory can be read".to_owned(), setting))
}

/// The inventories of a run that names none.
fn default_sources(configuration: &Configuration, settings: &LoadSettings) -> Option<Vec<Source>> {
    // A list of paths, never of hosts.
    let named = configuration.paths(&names::INVENTORY).filter(|named| !named.value.is_empty());
    if let Some(named) = named {
        return Some(named.value.iter().map(|path| Source(configuration::shown(path, settings))).collect());
    }
    let default = settings.system_folder.join("hosts");
    default.exists().then(|| vec![Source(default.to_string_lossy().into_owned())])
}

/// The sources read so far.
struct Loading<'a> {
    settings: &'a LoadSettings,
    draft: Draft,
    budget: ranges::Budget,
    diagnostics: Vec<Diagnostic>,
    readers: Vec<Reader>,
    duplicates: DuplicateKeys,
    ignored: Ignored,
    has_read_input: bool,
    /// The folders of the files that were read so far.
    folders_read: Vec<PathBuf>,
    configuration: &'a Configuration,
}

impl Loading<'_> {
    /// Reads a source; tells whether it was understood to its end.
    fn source(&mut self, named: &str) -> bool {
        let name: Arc<str> = Arc::from(named);
        if named == reader::STANDARD_INPUT {
            // It can be read once, however often it is named.
            return std::mem::replace(&mut self.has_read_input, true) || self.standard_input();
        }
        let path = paths::resolve(named, self.settings);
        if path.is_dir() {
            self.folder(&name, &path, &mut folder::way())
        } else if host_list::is_host_list(named) && !path.exists() && self.takes_host_lists() {
            self.host_list(&name)
        } else {
            self.file(&name, &path)
        }
    }

    /// What templates may ask.
    fn machine(&self) -> Arc<dyn Surroundings> {
        Arc::new(Machine::new(self.settings))
    }

    fn takes_host_lists(&self) -> bool {
        self.readers.iter().any(|reader| matches!(reader, Reader::HostList | Reader::AdvancedHostList))
    }

    /// A list of hosts on the command line; the first of the readers for it reads it.
    fn host_list(&mut self, name: &Arc<str>) -> bool {
        let sha256 = sha256(name.as_bytes());
        let id = self.draft.add_source(SourceRecord { name: Arc::clone(name), file: None, folder: None, sha256 });
        let first = self.readers.iter().find(|reader| matches!(reader, Reader::HostList | Reader::AdvancedHostList));
        if first != Some(&Reader::AdvancedHostList) {
            let said = host_list::read(&mut self.draft, id, name);
            self.diagnostics.extend(said.into_iter().map(|said| said.in_file(name)));
        } else if let Err(error) = host_list::read_ranges(&mut self.draft, id, name, &mut self.budget) {
            self.diagnostics.push(reader::lost(error.to_string()).in_file(name));
            return false;
        }
        true
    }
}

/// SHA-256 in lower-case hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}
