//! The known host keys of a scan: one book for all hosts that share their files, read once.

use std::collections::HashMap;
use std::sync::Arc;

use super::host_key::HostKeys;
use super::settings::HostKeySettings;

/// All books of a scan.
#[derive(Debug)]
pub(super) struct KnownKeys(HashMap<HostKeySettings, Arc<HostKeys>>);

impl KnownKeys {
    /// Reads the files that these hosts name.
    pub(super) fn load<'host>(hosts: impl Iterator<Item = &'host HostKeySettings>) -> Self {
        let mut counted: HashMap<HostKeySettings, usize> = HashMap::new();
        for settings in hosts {
            *counted.entry(book_of(settings)).or_default() += 1;
        }
        let load = |(settings, hosts): (HostKeySettings, usize)| {
            let book = Arc::new(HostKeys::load(&settings, hosts));
            (settings, book)
        };
        Self(counted.into_iter().map(load).collect())
    }

    /// The book for a host.
    pub(super) fn of(&self, settings: &HostKeySettings) -> Arc<HostKeys> {
        let settings = book_of(settings);
        self.0.get(&settings).cloned().unwrap_or_else(|| Arc::new(HostKeys::load(&settings, 1)))
    }

    /// What the user must know of files that could not be read.
    pub(super) fn complaints(&self) -> impl Iterator<Item = String> {
        self.0.values().filter_map(|book| book.complaint())
    }

    /// Stores the keys that were accepted since the last call; says why it could not.
    pub(super) async fn store(&self) -> Result<(), String> {
        let mut failures = Vec::new();
        for book in self.0.values() {
            failures.extend(book.store().await.err());
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    }
}

/// What makes a book: everything but the name under which one host is looked up in it.
fn book_of(settings: &HostKeySettings) -> HostKeySettings {
    HostKeySettings { alias: None, ..settings.clone() }
}
