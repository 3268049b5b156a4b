//! Files of variables laid over an inventory: `group_vars`, `host_vars` and `-e`, each file read once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::configuration::shown;
use super::variable_folders::{Found, VariableFolder};
use super::{LoadError, LoadSettings, neighbours, reader, sha256};
use crate::bounded::{self, Unread};
use crate::files::named;
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::diagnostics::{CLOSED, Diagnostic};
use crate::inventory::extra_variables::{self, Extra};
use crate::inventory::model::{
    GroupLayer, Inventory, Origin, RootVariables, Source as FileRecord, Variable, Variables, lay_over,
};
use crate::inventory::vault::{self, PlainText, VaultError};
use crate::inventory::yaml::{self, DuplicateKeys};

/// Ends of the names of files of variables, where nobody says otherwise.
const EXTENSIONS: [&str; 3] = [".yml", ".yaml", ".json"];

/// Reads what lies over an inventory. `roots` = the folders of its sources, in their order.
pub(super) fn lay(
    inventory: &mut Inventory,
    roots: &[PathBuf],
    settings: &LoadSettings,
    configuration: &Configuration,
) -> Result<Vec<Diagnostic>, LoadError> {
    let mut reading = Reading::new(settings, configuration);
    reading.order(inventory, configuration);
    if !neighbours::reads_variable_files(configuration) {
        reading.extra(inventory)?;
        return Ok(reading.diagnostics);
    }
    let mut laid: HashMap<&Path, RootVariables> = HashMap::new();
    for root in roots {
        let variables = match laid.get(root.as_path()) {
            Some(known) => known.clone(),
            None => reading.root(inventory, root),
        };
        laid.insert(root, variables.clone());
        inventory.layers_mut().inventories.push(variables);
    }
    let play = play_folder(settings, configuration);
    inventory.layers_mut().play = match laid.get(play.as_path()) {
        Some(known) => known.clone(),
        None => reading.root(inventory, &play),
    };
    reading.extra(inventory)?;
    Ok(reading.diagnostics)
}

/// Lays the files beside sources over an inventory, and nothing else.
pub(super) fn lay_beside(
    inventory: &mut Inventory,
    folders: &[PathBuf],
    settings: &LoadSettings,
    configuration: &Configuration,
) {
    let mut reading = Reading::new(settings, configuration);
    for folder in folders {
        let variables = reading.root(inventory, folder);
        inventory.layers_mut().inventories.push(variables);
    }
}

/// The folder whose variables count beside those of the inventories.
pub(super) fn play_folder(settings: &LoadSettings, configuration: &Configuration) -> PathBuf {
    match &settings.playbook_folder {
        Some(folder) => configuration.resolve(&folder.to_string_lossy(), &settings.working_directory),
        None => configuration
            .path(&names::PLAYBOOK_DIR)
            .map_or_else(|| settings.working_directory.clone(), |given| given.value),
    }
}

/// Ends of the names of files of variables.
pub(super) fn extensions(configuration: &Configuration) -> Vec<String> {
    let named = configuration.list(&names::YAML_VALID_EXTENSIONS).map(|given| given.value);
    named.unwrap_or_else(|| EXTENSIONS.map(str::to_owned).to_vec())
}

struct Reading<'a> {
    settings: &'a LoadSettings,
    extensions: Vec<String>,
    duplicates: DuplicateKeys,
    /// The variables of the files that were read.
    known: HashMap<PathBuf, Arc<Variables>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reading<'a> {
    fn new(settings: &'a LoadSettings, configuration: &Configuration) -> Self {
        Self {
            settings,
            extensions: extensions(configuration),
            duplicates: reader::duplicate_keys(configuration),
            known: HashMap::new(),
            diagnostics: Vec::new(),
        }
    }

    /// The order of the layers of group variables.
    fn order(&mut self, inventory: &mut Inventory, configuration: &Configuration) {
        let Some(named) = configuration.list(&names::PRECEDENCE) else { return };
        let known = named.value.iter().filter_map(|name| GroupLayer::from_name(name));
        inventory.layers_mut().order = known.collect();
        let unknown: Vec<&String> = named.value.iter().filter(|name| GroupLayer::from_name(name).is_none()).collect();
        for name in unknown {
            let message = format!("{} names no layer of variables with `{name}`", named.provenance);
            self.diagnostics.push(Diagnostic::warning(message));
        }
    }

    /// The variables of one folder, for the groups and hosts that there are.
    fn root(&mut self, inventory: &mut Inventory, root: &Path) -> RootVariables {
        let mut found = RootVariables::default();
        if let Some(folder) = self.folder(root, "group_vars") {
            let groups: Vec<_> = inventory.groups().map(|(id, group)| (id, group.name.clone())).collect();
            for (id, name) in groups {
                let files = self.files_of(&folder, &name);
                found.groups.extend(self.together(inventory, &files).map(|variables| (id, variables)));
            }
        }
        if let Some(folder) = self.folder(root, "host_vars") {
            let hosts: Vec<_> = inventory.all_hosts().map(|(id, host)| (id, host.name.clone())).collect();
            for (id, name) in hosts {
                let files = self.files_of(&folder, &name);
                found.hosts.extend(self.together(inventory, &files).map(|variables| (id, variables)));
            }
        }
        found
    }

    fn folder(&mut self, root: &Path, name: &str) -> Option<VariableFolder> {
        let path = root.join(name);
        match VariableFolder::open(path.clone()) {
            Ok(folder) => folder,
            Err(diagnostic) => {
                self.say(&path, diagnostic);
                None
            }
        }
    }

    /// The files of a group or host; what of them is not read is said.
    fn files_of(&mut self, folder: &VariableFolder, name: &str) -> Vec<PathBuf> {
        let Found { files, said } = folder.files_of(name, &self.extensions);
        for (path, diagnostic) in said {
            self.say(&path, diagnostic);
        }
        files
    }

    fn say(&mut self, path: &Path, diagnostic: Diagnostic) {
        let file = Arc::from(shown(path, self.settings));
        self.diagnostics.push(diagnostic.in_file(&file));
    }

    /// The variables of some files, the later ones over the earlier ones; `None` = there are none.
    fn together(&mut self, inventory: &mut Inventory, files: &[PathBuf]) -> Option<Arc<Variables>> {
        match files {
            [] => None,
            [one] => Some(self.file(inventory, one)),
            several => {
                let mut variables = Variables::new();
                for file in several {
                    let above = self.file(inventory, file);
                    lay_over(&mut variables, &above, inventory.layers().hash_behaviour);
                }
                Some(Arc::new(variables))
            }
        }
    }

    /// The variables of a file; one that cannot be read leaves the inventory incomplete.
    fn file(&mut self, inventory: &mut Inventory, path: &Path) -> Arc<Variables> {
        if let Some(known) = self.known.get(path) {
            return Arc::clone(known);
        }
        let name: Arc<str> = Arc::from(shown(path, self.settings));
        let most = self.settings.limits.file_bytes;
        let variables = self.read(inventory, path, &name, bounded::file(path, most)).unwrap_or_else(|error| {
            self.diagnostics.push(error.in_file(&name).with_missing("its variables are missing"));
            Variables::new()
        });
        let variables = Arc::new(variables);
        self.known.insert(path.to_owned(), Arc::clone(&variables));
        variables
    }

    /// The variables in the bytes of a file.
    fn read(
        &mut self,
        inventory: &mut Inventory,
        path: &Path,
        name: &Arc<str>,
        bytes: Result<Vec<u8>, Unread>,
    ) -> Result<Variables, Diagnostic> {
        let bytes = bytes.map_err(|why| Diagnostic::error(why.to_string()))?;
        let record = FileRecord {
            name: Arc::clone(name),
            file: Some(path.to_string_lossy().into_owned()),
            folder: path.parent().map(|folder| folder.to_string_lossy().into_owned()),
            sha256: sha256(&bytes),
        };
        let opened = if vault::is_vaulted(&bytes) { Some(self.opened(&bytes).map_err(|error| *error)?) } else { None };
        // Of what was encrypted no line is shown.
        let told = |error: Box<Diagnostic>| match (&opened, &error.span) {
            (None, _) => *error,
            (Some(_), None) => Diagnostic::error("what is encrypted in it is no YAML mapping of variables"),
            (Some(_), Some(span)) => {
                Diagnostic::error(format!("what is encrypted in it is wrong in line {}", span.line))
            }
        };
        let text = opened.as_ref().map_or(bytes.as_slice(), PlainText::expose);
        let document = yaml::read(text, self.duplicates).map_err(told)?;
        let read = yaml::settings(&document).map_err(told)?;
        let warnings = document.warnings.into_iter().filter(|_| opened.is_none());
        self.diagnostics.extend(warnings.map(|said| said.in_file(name)));
        let source = inventory.layers_mut().add_file(record);
        let variables = read.into_iter().map(|setting| {
            let origin = Origin { source, line: setting.place.line, column: setting.place.column };
            (setting.name, Variable { value: setting.value, origin: Some(origin) })
        });
        Ok(variables.collect())
    }

    /// What a file holds that ansible-vault encrypted.
    fn opened(&self, bytes: &[u8]) -> Result<PlainText, Box<Diagnostic>> {
        let closed =
            |error: VaultError| Box::new(Diagnostic::error(error.to_string()).coded(CLOSED).with_hint(error.remedy()));
        let text = std::str::from_utf8(bytes).map_err(|_| closed(VaultError::Header))?;
        self.settings.keyring.open(text).map_err(closed)
    }

    /// The variables of `-e`; one that cannot be understood ends the run.
    fn extra(&mut self, inventory: &mut Inventory) -> Result<(), LoadError> {
        inventory.layers_mut().extra_from = self.settings.extra_variables_from.as_deref().map(Arc::from);
        for text in &self.settings.extra_variables {
            let broken = |error: Diagnostic| LoadError::ExtraVariables(Box::new(error));
            let above = match extra_variables::read(text, self.duplicates).map_err(broken)? {
                Extra::Variables(variables) => variables,
                Extra::File(named) => {
                    let path = super::paths::resolve(&named, self.settings);
                    let name = Arc::from(named);
                    let bytes = named::file(&path, self.settings.limits.file_bytes, &self.settings.time);
                    let read = self.read(inventory, &path, &name, bytes);
                    read.map_err(|error| broken(error.in_file(&name)))?
                }
            };
            let layers = inventory.layers_mut();
            lay_over(&mut layers.extra, &above, layers.hash_behaviour);
        }
        Ok(())
    }
}
