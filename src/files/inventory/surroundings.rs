//! What templates of variables may ask of this machine: its environment, and files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::LoadSettings;
use crate::bounded::{self, Unread};
use crate::files::TimeLeft;
use crate::inventory::paths;
use crate::inventory::template::Surroundings;

/// Largest file that a template may read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// This machine as templates see it.
pub(super) struct Machine {
    working_directory: PathBuf,
    home: Option<PathBuf>,
    environment: BTreeMap<String, String>,
    time: TimeLeft,
}

impl Machine {
    pub(super) fn new(settings: &LoadSettings) -> Self {
        Self {
            working_directory: settings.working_directory.clone(),
            home: settings.home.clone(),
            environment: settings.environment.clone(),
            time: settings.time.clone(),
        }
    }
}

impl Surroundings for Machine {
    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn file(&self, path: &str) -> Result<String, String> {
        let resolved =
            |path: &str| paths::resolve(path, &self.working_directory, self.home.as_deref(), &self.environment);
        // As Ansible: beside the play first in `files/`.
        let in_files = resolved(&format!("files/{path}"));
        let is_relative = !path.starts_with(['/', '~', '$']);
        let path = if is_relative && in_files.is_file() { in_files } else { resolved(path) };
        let told = |why: Unread| if why.is_missing() { "is not there".to_owned() } else { why.to_string() };
        bounded::text(&path, LARGEST).map_err(told)
    }

    fn time_over(&self) -> Option<Duration> {
        self.time.whole().filter(|_| self.time.left() == Some(Duration::ZERO))
    }
}
