//! Many real hosts, with the key, the `known_hosts` and the inventory that reach them.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use tempfile::TempDir;

use super::host::{Host, HostPlan, USER};
use super::host_clock;

/// One fleet at a time in a process: another's start would be in the way of measurements.
static ALONE: Mutex<()> = Mutex::new(());

/// Running hosts; they end when the fleet is dropped.
#[derive(Debug)]
pub(crate) struct Fleet {
    /// The hosts, in the order of their plans. Before the folder, so that they end before it goes.
    pub(crate) hosts: Vec<Host>,
    folder: TempDir,
    /// Released last, when everything is gone.
    _alone: MutexGuard<'static, ()>,
}

impl Fleet {
    /// Starts all hosts; returns when the last is ready.
    pub(crate) fn start(plans: impl IntoIterator<Item = HostPlan>) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder for the fleet");
        let key = folder.path().join("user_key");
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f"]).arg(&key);
        assert!(keygen.status().expect("ssh-keygen").success(), "a user key was made");
        let user_key = fs::read_to_string(key.with_extension("pub")).expect("the public user key");
        host_clock::library();
        let plans: Vec<HostPlan> = plans.into_iter().collect();
        let hosts = thread::scope(|scope| {
            let start = |plan: HostPlan| {
                let folder = folder.path().join(format!("host-{}", plan.name));
                let user_key = &user_key;
                scope.spawn(move || Host::start(plan, folder, user_key))
            };
            let starting: Vec<_> = plans.into_iter().map(start).collect();
            starting.into_iter().map(|host| host.join().expect("a host that starts")).collect()
        });
        let fleet = Self { hosts, folder, _alone: alone };
        fleet.write_known_hosts(fleet.hosts.iter().map(|host| (host.address, host.key.as_str())));
        fleet
    }

    /// Where everything of the fleet is kept.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The user's private key.
    pub(crate) fn user_key(&self) -> PathBuf {
        self.folder.path().join("user_key")
    }

    /// The file of known host keys.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// Writes an inventory that reaches every host at its own address.
    pub(crate) fn inventory(&self) -> PathBuf {
        self.inventory_through("inventory.ini", |host| host.address)
    }

    /// Writes an inventory that reaches every host at the address that `door` gives for it, and makes the keys known there.
    pub(crate) fn inventory_through(&self, file: &str, door: impl Fn(&Host) -> SocketAddrV4) -> PathBuf {
        self.write_known_hosts(self.hosts.iter().map(|host| (door(host), host.key.as_str())));
        self.inventory_of(file, self.hosts.iter().map(|host| (host.plan.name.as_str(), door(host))))
    }

    /// Writes an inventory of names and addresses, whatever is there.
    pub(crate) fn inventory_of<'name>(
        &self,
        file: &str,
        addresses: impl IntoIterator<Item = (&'name str, SocketAddrV4)>,
    ) -> PathBuf {
        let mut text = String::from("[fleet]\n");
        for (name, address) in addresses {
            writeln!(text, "{name} ansible_host={} ansible_port={}", address.ip(), address.port())
                .expect("text in memory");
        }
        let key = self.user_key();
        let vars = format!("\n[fleet:vars]\nansible_user={USER}\nansible_ssh_private_key_file={}\n", key.display());
        let path = self.folder.path().join(file);
        fs::write(&path, text + &vars).expect("an inventory");
        path
    }

    /// Makes known which key to expect at which address, and no other.
    pub(crate) fn write_known_hosts<'key>(&self, keys: impl Iterator<Item = (SocketAddrV4, &'key str)>) {
        let mut text = String::new();
        for (address, key) in keys {
            writeln!(text, "[{}]:{} {key}", address.ip(), address.port()).expect("text in memory");
        }
        fs::write(self.known_hosts(), text).expect("known_hosts");
    }
}
