//! Paths of sources: where the user's words lead.

use std::path::PathBuf;

use super::LoadSettings;
use crate::inventory::paths;

/// The absolute path of a source as the user named it.
pub(super) fn resolve(named: &str, settings: &LoadSettings) -> PathBuf {
    paths::resolve(named, &settings.working_directory, settings.home.as_deref(), &settings.environment)
}
