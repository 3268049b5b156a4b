//! The known host keys of a scan: one book for all hosts that name the same files, each of which is read once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::host_key::{HostKeys, LARGEST, SEARCH_BUDGET};
use super::settings::HostKeySettings;
use crate::bounded;
use crate::openssh::known_hosts::{KnownFile, KnownHosts};
use crate::openssh::revoked_keys::RevokedKeys;

/// What the files of a scan say of host keys. Hosts may have files of their own (`UserKnownHostsFile ~/keys/%h`) beside a large one
/// of all.
#[derive(Debug)]
pub(super) struct KeyFiles {
    /// Those of known keys; `None` where there is no such file, the error a sentence that begins with its name.
    known: HashMap<PathBuf, Result<Option<Arc<KnownFile>>, String>>,
    /// Those of revoked keys, by the list that is in force for some host.
    revoked: HashMap<Vec<PathBuf>, Result<Arc<RevokedKeys>, String>>,
    /// HMACs that may still be spent on finding the key types of hosts whose names are hashed.
    searches: usize,
}

impl Default for KeyFiles {
    fn default() -> Self {
        Self { known: HashMap::new(), revoked: HashMap::new(), searches: SEARCH_BUDGET }
    }
}

impl KeyFiles {
    /// What a file says; `None` where there is none.
    fn known(&mut self, path: &Path) -> Result<Option<Arc<KnownFile>>, String> {
        let read = || match bounded::file(path, LARGEST) {
            Ok(text) => Ok(Some(Arc::new(KnownFile::read(&path.display().to_string(), &text)))),
            Err(why) if why.is_missing() => Ok(None),
            Err(why) => Err(format!("{} {why}", path.display())),
        };
        self.known.entry(path.to_owned()).or_insert_with(read).clone()
    }

    /// What these files say together, a file that is not there nothing; and why some cannot be read.
    pub(super) fn together<'path>(
        &mut self,
        paths: impl IntoIterator<Item = &'path PathBuf>,
    ) -> (KnownHosts, Vec<String>) {
        let (mut known, mut unreadable) = (Vec::new(), Vec::new());
        for path in paths {
            match self.known(path) {
                Ok(file) => known.extend(file),
                Err(why) => unreadable.push(why),
            }
        }
        (KnownHosts::of(known), unreadable)
    }

    /// What these files revoke. One that is not there is no empty one, as with OpenSSH: what it lists is not known.
    pub(super) fn revoked(&mut self, paths: &[PathBuf]) -> Result<Arc<RevokedKeys>, String> {
        let read = || {
            let mut keys = RevokedKeys::default();
            for path in paths {
                let name = path.display().to_string();
                let text = bounded::file(path, LARGEST)
                    .map_err(|why| format!("RevokedHostKeys {name}: {why}, so that no host key is taken"))?;
                keys.read(&name, &text).map_err(|error| format!("RevokedHostKeys {name} {error}"))?;
            }
            Ok(Arc::new(keys))
        };
        self.revoked.entry(paths.to_vec()).or_insert_with(read).clone()
    }

    /// Whether the key types of some hosts may be searched for, which costs so many HMACs.
    pub(super) fn may_search(&mut self, costs: usize) -> bool {
        let left = self.searches.checked_sub(costs);
        self.searches = left.unwrap_or(self.searches);
        left.is_some()
    }
}

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
        let mut files = KeyFiles::default();
        let load = |(settings, hosts): (HostKeySettings, usize)| {
            let book = Arc::new(HostKeys::load(&settings, hosts, &mut files));
            (settings, book)
        };
        Self(counted.into_iter().map(load).collect())
    }

    /// The book for a host.
    pub(super) fn of(&self, settings: &HostKeySettings) -> Arc<HostKeys> {
        let settings = book_of(settings);
        self.0
            .get(&settings)
            .cloned()
            .unwrap_or_else(|| Arc::new(HostKeys::load(&settings, 1, &mut KeyFiles::default())))
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
