//! Ansible's file of settings: which one it is, and its content.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{LoadError, LoadSettings, settings_files, via_ansible};
use crate::bounded;
use crate::inventory::ansible_cfg::AnsibleCfg;
use crate::inventory::configuration::Configuration;
use crate::inventory::diagnostics::Diagnostic;

/// The name of the file in a folder.
const NAME: &str = "ansible.cfg";
/// Largest file of settings, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The settings of this run: the environment, and the first `ansible.cfg` there is. Files are never put together.
pub(super) fn read(settings: &LoadSettings) -> Result<(Configuration, Vec<Diagnostic>), LoadError> {
    let mut configuration = Configuration {
        environment: settings.environment.clone(),
        files: settings_files(settings).map_err(LoadError::Configuration)?.0,
        cfg: None,
        working_directory: settings.working_directory.clone(),
        home: settings.home.clone(),
    };
    let mut diagnostics = Vec::new();
    let named = settings.environment.get("ANSIBLE_CONFIG").filter(|path| !path.is_empty());
    let named = named.map(|path| configuration.resolve(path, &settings.working_directory));
    let named = named.map(|path| if path.is_dir() { path.join(NAME) } else { path });
    let here = settings.working_directory.join(NAME);
    let others = [
        Some(here.clone()),
        settings.home.as_ref().map(|home| home.join(".ansible.cfg")),
        Some(settings.system_folder.join(NAME)),
    ];
    for path in named.into_iter().chain(others.into_iter().flatten()) {
        let name: Arc<str> = Arc::from(shown(&path, settings));
        let Some(opened) = open(&path) else { continue };
        if path == here && is_world_writable(&settings.working_directory) {
            diagnostics.push(
                Diagnostic::warning("is not read, because anybody can write into its folder")
                    .in_file(&name)
                    .with_hint("`chmod o-w .`, or name the file in $ANSIBLE_CONFIG"),
            );
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new("/")).to_string_lossy();
        let bytes = content(opened).map_err(|why| LoadError::Configuration(Box::new(why.in_file(&name))))?;
        configuration.cfg = Some(AnsibleCfg::read(&bytes, &name, &folder).map_err(LoadError::Configuration)?);
        break;
    }
    let refused = settings.via_ansible.then(|| via_ansible::asks_by_itself(&configuration)).flatten();
    match refused {
        Some(why) => Err(LoadError::Configuration(Box::new(why))),
        None => Ok((configuration, diagnostics)),
    }
}

/// A path as it is shown: relative to the current directory where it is below it.
pub(super) fn shown(path: &Path, settings: &LoadSettings) -> String {
    path.strip_prefix(&settings.working_directory).unwrap_or(path).to_string_lossy().into_owned()
}

/// The file, if there is one that may be read.
pub(super) fn open(path: &PathBuf) -> Option<File> {
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_file { File::open(path).ok() } else { None }
}

pub(super) fn content(opened: File) -> Result<Vec<u8>, Diagnostic> {
    bounded::stream(opened, LARGEST).map_err(|why| Diagnostic::error(why.to_string()))
}

pub(super) fn is_world_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
}
