//! A target: a host with all that is needed to reach it.

use std::path::PathBuf;

use super::connection::ConnectionSettings;
use super::elevation::Elevation;
use super::secret::Secret;

/// How a host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Transport {
    /// Over SSH.
    #[default]
    Ssh,
    /// This machine itself, without SSH (`ansible_connection=local`).
    Local,
}

/// A host with all that is needed to reach it; settings are final here, every precedence already applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Inventory name.
    pub name: String,
    /// Every group the host is in, ancestors included, `all` left out; sorted.
    pub groups: Vec<String>,
    /// How it is reached.
    pub transport: Transport,
    /// Name or address to connect to.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// Login name; `None` = the name of the user who runs clockaudit.
    pub user: Option<String>,
    /// Key files named for this host, in order; empty = the agent and the default files.
    pub key_files: Vec<PathBuf>,
    /// The password to log in with, where one was given; the server gets it once at most.
    pub password: Option<Secret>,
    /// Who the probe becomes on the host, where it is to (`-b`).
    pub elevation: Option<Elevation>,
    /// What was set for the host, and where; `None` = nobody was asked (a simulated host).
    pub settings: Option<Box<ConnectionSettings>>,
    /// A setting that could not be understood: this host fails in preparation with it, the others go on.
    pub defect: Option<String>,
}
