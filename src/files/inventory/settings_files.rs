//! The files of clockaudit's own settings: `clockaudit.toml` of the project, `config.toml` of the user.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LoadSettings;
use super::configuration::{content, is_world_writable, open, shown};
use crate::inventory::configuration::SettingsFile;
use crate::inventory::diagnostics::Diagnostic;

/// The name of the project's file, in the current directory.
const PROJECT: &str = "clockaudit.toml";
/// The path of the user's file, below the folder of configurations.
const USER: &str = "clockaudit/config.toml";

/// The files that there are, the project's first, and what was passed over. One that cannot be read is an error.
pub fn settings_files(settings: &LoadSettings) -> Result<(Vec<SettingsFile>, Vec<Diagnostic>), Box<Diagnostic>> {
    let project = settings.working_directory.join(PROJECT);
    let named = settings.environment.get("XDG_CONFIG_HOME").filter(|path| Path::new(path).is_absolute());
    let folder = named.map(PathBuf::from).or_else(|| Some(settings.home.as_ref()?.join(".config")));
    let (mut files, mut diagnostics) = (Vec::new(), Vec::new());
    for path in [Some(project.clone()), folder.map(|folder| folder.join(USER))].into_iter().flatten() {
        let name: Arc<str> = Arc::from(shown(&path, settings));
        let is_folder = path.is_dir();
        let opened = if is_folder { None } else { open(&path) };
        if opened.is_none() && !is_folder {
            continue;
        }
        if path == project && is_world_writable(&settings.working_directory) {
            let told = Diagnostic::warning("is not read, because anybody can write into its folder");
            diagnostics.push(told.in_file(&name).with_hint("`chmod o-w .`"));
            continue;
        }
        let Some(opened) = opened else {
            let told = Diagnostic::error("is a folder, where a file of settings is expected").in_file(&name);
            let hint = "Give the folder another name: this one is that of clockaudit's settings";
            return Err(Box::new(told.with_hint(hint)));
        };
        let bytes = content(opened).map_err(|error| Box::new(error.in_file(&name)))?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_string_lossy();
        files.push(SettingsFile::read(&bytes, &name, &folder)?);
    }
    Ok((files, diagnostics))
}
