//! Keys of a simulated fleet, and the files that let anyone scan it: inventory, user key, `known_hosts`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::fleet::StartError;
use super::plan::{HostPlan, Trouble};

/// The login name in the written inventory; the hosts accept any.
pub(super) const USER: &str = "demo";

/// The keys of a fleet: one of the user, and a root that all host keys are derived from, made new for each fleet.
#[derive(Debug)]
pub(super) struct Keys {
    user: PrivateKey,
    root: [u8; 32],
}

impl Keys {
    /// Makes new keys.
    pub(super) fn generate() -> Result<Self, StartError> {
        let mut random = russh::keys::key::safe_rng();
        let user = PrivateKey::random(&mut random, Algorithm::Ed25519).map_err(StartError::Key)?;
        let root = Ed25519Keypair::random(&mut random).private.to_bytes();
        Ok(Self { user, root })
    }

    /// The one key that may log in.
    pub(super) fn user_key(&self) -> &PublicKey {
        self.user.public_key()
    }

    /// The key that a host shows; derived when it is needed, so that ten thousand hosts hold no ten thousand keys.
    pub(super) fn host_key(&self, host: usize) -> PrivateKey {
        self.derived(b"shown", host)
    }

    /// The key that is written into `known_hosts` for a host, `None` where none is known.
    fn known_key(&self, host: usize, trouble: Option<Trouble>) -> Option<PrivateKey> {
        match trouble {
            Some(Trouble::KeyUnknown) => None,
            Some(Trouble::KeyChanged) => Some(self.derived(b"before", host)),
            _ => Some(self.host_key(host)),
        }
    }

    fn derived(&self, purpose: &[u8], host: usize) -> PrivateKey {
        let seed = Sha256::new().chain_update(self.root).chain_update(purpose).chain_update(host.to_be_bytes());
        Ed25519Keypair::from_seed(&seed.finalize().into()).into()
    }
}

/// The folders of all fleets of this process. Locked while one is made, so that none escapes [`remove_folders`].
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// How often a folder is removed into which somebody still writes; each file is written once.
const REMOVALS: usize = 8;

/// Removes the folders of all fleets of this process, for an end that drops none of them.
pub fn remove_folders() {
    for folder in FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // The program is on its way out: there is nobody to tell, and nothing else to do about it.
        let _ = (0..REMOVALS).any(|_| fs::remove_dir_all(&folder).is_ok());
    }
}

/// The folder that a fleet writes: what a user or a test needs to scan it. It is removed with the fleet.
#[derive(Debug)]
pub(super) struct Folder {
    folder: TempDir,
}

impl Folder {
    /// Writes the files of a fleet into a new folder that nobody else can read.
    pub(super) fn write(hosts: &[HostPlan], endpoints: &[SocketAddr], keys: &Keys) -> Result<Self, StartError> {
        let written = Self::create()?;
        let key = keys.user.to_openssh(LineEnding::LF).map_err(StartError::Key)?;
        write_secret(&written.key(), key.as_bytes()).map_err(StartError::Folder)?;
        let known = known_hosts(hosts, endpoints, keys)?;
        fs::write(written.known_hosts(), known).map_err(StartError::Folder)?;
        let inventory = inventory(hosts, endpoints, &written.key());
        fs::write(written.inventory(), inventory).map_err(StartError::Folder)?;
        Ok(written)
    }

    /// An empty folder, which [`remove_folders`] knows of before it waits for this to end.
    fn create() -> Result<Self, StartError> {
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempDir::with_prefix("clockaudit-demo-").map_err(StartError::Folder)?;
        folders.push(folder.path().to_owned());
        Ok(Self { folder })
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The inventory, in Ansible's INI form.
    pub(super) fn inventory(&self) -> PathBuf {
        self.path().join("inventory.ini")
    }

    /// The user's private key.
    pub(super) fn key(&self) -> PathBuf {
        self.path().join("key")
    }

    /// The host keys that are known.
    pub(super) fn known_hosts(&self) -> PathBuf {
        self.path().join("known_hosts")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| folder != self.folder.path());
    }
}

/// Writes a file that only its owner can read, as ssh wants its keys.
fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content)
}

/// One line a host whose key is known.
fn known_hosts(hosts: &[HostPlan], endpoints: &[SocketAddr], keys: &Keys) -> Result<String, StartError> {
    let mut text = String::new();
    for (index, (host, endpoint)) in hosts.iter().zip(endpoints).enumerate() {
        if let Some(key) = keys.known_key(index, host.trouble) {
            let key = key.public_key().to_openssh().map_err(StartError::Key)?;
            // Writing into a String cannot fail.
            let _ = writeln!(text, "[{}]:{} {key}", endpoint.ip(), endpoint.port());
        }
    }
    Ok(text)
}

/// The inventory: one section a group, and the settings that all hosts share.
fn inventory(hosts: &[HostPlan], endpoints: &[SocketAddr], key: &Path) -> String {
    let mut text = String::from("# Simulated hosts on loopback, gone when the demo ends.\n");
    let mut section = "";
    for (host, endpoint) in hosts.iter().zip(endpoints) {
        if host.group != section {
            section = &host.group;
            let _ = writeln!(text, "\n[{section}]");
        }
        let _ = writeln!(text, "{} ansible_host={} ansible_port={}", host.name, endpoint.ip(), endpoint.port());
    }
    let _ = writeln!(text, "\n[all:vars]\nansible_user={USER}\nansible_ssh_private_key_file={}", key.display());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_key_is_known_and_another_is_shown() {
        let keys = Keys::generate().expect("keys");
        let check = |trouble: Option<Trouble>, expected: Option<bool>| {
            let known = keys.known_key(3, trouble).map(|key| key.public_key() == keys.host_key(3).public_key());
            assert_eq!(known, expected, "{trouble:?}");
        };
        check(None, Some(true));
        check(Some(Trouble::KeyChanged), Some(false));
        check(Some(Trouble::KeyUnknown), None);
        assert_ne!(keys.host_key(3).public_key(), keys.host_key(4).public_key());
    }

    #[test]
    fn the_inventory_has_a_section_a_group() {
        let hosts = [HostPlan::good("web1", "web"), HostPlan::good("web2", "web"), HostPlan::good("db1", "db")];
        let endpoints: Vec<SocketAddr> = (1..4).map(|last| SocketAddr::from(([127, 64, 0, last], 2_222))).collect();
        let text = inventory(&hosts, &endpoints, Path::new("/tmp/fleet/key"));
        assert_eq!(
            text,
            "# Simulated hosts on loopback, gone when the demo ends.\n\
             \n[web]\n\
             web1 ansible_host=127.64.0.1 ansible_port=2222\n\
             web2 ansible_host=127.64.0.2 ansible_port=2222\n\
             \n[db]\n\
             db1 ansible_host=127.64.0.3 ansible_port=2222\n\
             \n[all:vars]\n\
             ansible_user=demo\n\
             ansible_ssh_private_key_file=/tmp/fleet/key\n"
        );
    }
}
