//! What one host's connection is made with: every precedence already applied (inventory, flags, `ssh_config`, defaults).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::dial::{LONGEST_DIAL, LONGEST_PAUSE, RETRY_AFTER};
use super::plan::{ConnectionPlan, TimeLimits, UnknownKeys};
use crate::inventory::configuration::Provenance;
use crate::inventory::target::Target;
use crate::openssh::config::Family;

/// The settings of one host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostSettings {
    /// How it is connected to.
    pub way: Way,
    /// How one logs in there.
    pub auth: AuthSettings,
    /// How its key is judged.
    pub host_key: HostKeySettings,
    /// Which algorithms it is offered.
    pub algorithms: Algorithms,
}

/// How a host is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Way {
    /// How long connecting and the key exchange may take together.
    pub timeout: Duration,
    /// How often connecting is tried (`ConnectionAttempts`), 1 at least.
    pub attempts: u32,
    /// How often all of that is tried again (`ansible_ssh_retries`).
    pub retries: u32,
    /// Which addresses are connected to (`AddressFamily`).
    pub family: Family,
    /// The address of this machine that is connected from (`BindAddress`).
    pub from: Option<String>,
    /// What is between this machine and the host.
    pub proxy: Proxy,
}

/// What is between this machine and a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Proxy {
    /// Nothing that we know of: the host is connected to over TCP.
    None,
    /// A command whose standard input and output are the connection (`ProxyCommand`), for the user's shell.
    Command(String),
    /// Another host that is logged in to (`ProxyJump`).
    Jump(Arc<JumpHost>),
}

/// A host that others are reached through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JumpHost {
    /// Its name, as it was written.
    pub name: String,
    /// Name or address to connect to.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// How it is connected to and logged in to; what is between may be another jump host.
    pub settings: HostSettings,
}

/// Algorithm lists that replace or change the built-in ones; empty = the built-in list. Names as OpenSSH writes them, the first
/// one with `+`, `-` or `^` before it where the list is a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Algorithms {
    /// Key exchange (`KexAlgorithms`).
    pub kex: Vec<String>,
    /// Ciphers (`Ciphers`).
    pub ciphers: Vec<String>,
    /// Message authentication (`MACs`).
    pub macs: Vec<String>,
    /// Host keys (`HostKeyAlgorithms`).
    pub host_keys: Vec<String>,
}

/// How one logs in to a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthSettings {
    /// The login name.
    pub user: String,
    /// Key files, in the order in which they are offered.
    pub identity_files: Vec<PathBuf>,
    /// Whether somebody named those files for this host; else they are the default ones, and one that is missing is no news.
    pub is_named: bool,
    /// Certificate files (`CertificateFile`); the `-cert.pub` beside a key file is not listed here.
    pub certificate_files: Vec<PathBuf>,
    /// Whether only keys of `identity_files` and `certificate_files` may be offered (`IdentitiesOnly`), whatever the agent holds.
    pub identities_only: bool,
    /// The agent's socket (`IdentityAgent`, else the environment's); `None` = no agent is asked.
    pub agent: Option<PathBuf>,
    /// The methods that may be tried, the best first (`PreferredAuthentications` without those that are switched off).
    pub methods: Vec<AuthMethod>,
    /// How often a password may be asked for and sent (`NumberOfPasswordPrompts`, `BatchMode`): once at most. Where it is 0, no
    /// passphrase is asked for either.
    pub password_attempts: u32,
    /// Signature algorithms of user keys in OpenSSH's notation (`PubkeyAcceptedAlgorithms`: names, or a change of the built-in
    /// list that opens with `+`, `-` or `^`); empty = the built-in list.
    pub key_algorithms: Vec<String>,
}

/// A method to log in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// `publickey`.
    PublicKey,
    /// `keyboard-interactive`.
    KeyboardInteractive,
    /// `password`.
    Password,
}

impl AuthMethod {
    /// The methods in the order of OpenSSH.
    pub const ALL: [Self; 3] = [Self::PublicKey, Self::KeyboardInteractive, Self::Password];

    /// The method's name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::PublicKey => "publickey",
            Self::KeyboardInteractive => "keyboard-interactive",
            Self::Password => "password",
        }
    }
}

/// How a host's key is judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostKeySettings {
    /// The name under which keys are looked up, without a port (`HostKeyAlias`), instead of the address and its port.
    pub alias: Option<String>,
    /// The user's files of known keys; the first one is where accepted keys go.
    pub user_files: Vec<PathBuf>,
    /// The system's files of known keys.
    pub global_files: Vec<PathBuf>,
    /// Files of keys, and of authorities, that are always refused (`RevokedHostKeys`).
    pub revoked_files: Vec<PathBuf>,
    /// Which signatures of authorities are accepted (`CASignatureAlgorithms`), in OpenSSH's notation; empty = the built-in list.
    pub ca_algorithms: Vec<String>,
    /// What happens where the key is not known. A changed or revoked key is always refused.
    pub unknown: UnknownKeys,
    /// Whether the names of accepted keys are stored hashed (`HashKnownHosts`).
    pub hash_names: bool,
}

impl Way {
    /// How long it may take until the host is connected.
    pub fn patience(&self) -> Duration {
        let mut own = self.timeout;
        for pause in self.pauses() {
            // No attempt begins later than that.
            if own + pause >= LONGEST_DIAL {
                own = own.max(LONGEST_DIAL + self.timeout);
                break;
            }
            own += pause + self.timeout;
        }
        own + self.jump().map_or(Duration::ZERO, |jump| jump.settings.way.patience())
    }

    /// The pauses before the second attempt and each one after it: as OpenSSH's between those of `ConnectionAttempts`, as
    /// Ansible's before it tries again.
    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> {
        let again = self.attempts.max(1) - 1;
        let within = move || std::iter::repeat_n(RETRY_AFTER, usize::try_from(again).unwrap_or(usize::MAX));
        let later = (0..self.retries).flat_map(move |round| {
            let pause = Duration::from_secs(2_u64.saturating_pow(round) - 1).min(LONGEST_PAUSE);
            std::iter::once(pause).chain(within())
        });
        within().chain(later)
    }

    /// The host that is gone through, if there is one.
    pub fn jump(&self) -> Option<&Arc<JumpHost>> {
        match &self.proxy {
            Proxy::Jump(jump) => Some(jump),
            Proxy::None | Proxy::Command(_) => None,
        }
    }
}

impl HostSettings {
    /// These settings, and those of the hosts that are gone through, the nearest to this one first.
    pub fn and_jumps(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |host| host.way.jump().map(|jump| &jump.settings))
    }
}

impl ConnectionPlan {
    /// The time limits of a target: it may say itself how long its connection may take.
    pub fn limits_of(&self, target: &Target) -> TimeLimits {
        TimeLimits { connect: self.settings(target).way.timeout, ..self.limits }
    }

    /// How long the targets may take until they are connected, the slowest of them.
    pub fn patience_with(&self, targets: &[Target]) -> Duration {
        let patience = targets.iter().map(|target| self.settings(target).way.patience());
        patience.max().unwrap_or(self.limits.connect)
    }

    /// The settings of a target: those worked out for it, else the plan's own.
    pub fn settings(&self, target: &Target) -> Arc<HostSettings> {
        self.hosts.get(&target.name).cloned().unwrap_or_else(|| Arc::new(self.settings_of_all(target)))
    }

    /// The plan's own settings, and what the target says itself.
    fn settings_of_all(&self, target: &Target) -> HostSettings {
        let is_named = !target.key_files.is_empty();
        // What the flag says, the plan knows already.
        let timeout = target.settings.as_ref().map(|settings| &settings.timeout);
        let timeout =
            timeout.filter(|timeout| !matches!(timeout.provenance, Provenance::Flag(_) | Provenance::Default));
        let is_unchecked = target.settings.as_ref().is_some_and(|settings| !settings.host_key_checking.value);
        HostSettings {
            way: Way {
                timeout: timeout.map_or(self.limits.connect, |timeout| timeout.value),
                attempts: 1,
                retries: 0,
                family: Family::Any,
                from: None,
                proxy: Proxy::None,
            },
            auth: AuthSettings {
                user: target.user.clone().unwrap_or_else(|| self.user.clone()),
                identity_files: if is_named { target.key_files.clone() } else { self.default_keys.clone() },
                is_named,
                certificate_files: Vec::new(),
                identities_only: self.identities_only,
                agent: self.agent.clone(),
                methods: AuthMethod::ALL.to_vec(),
                password_attempts: 1,
                key_algorithms: Vec::new(),
            },
            host_key: HostKeySettings {
                alias: self.host_key_alias.clone(),
                user_files: self.user_known_hosts.clone(),
                global_files: self.global_known_hosts.clone(),
                revoked_files: Vec::new(),
                ca_algorithms: Vec::new(),
                unknown: if is_unchecked { UnknownKeys::AcceptNew } else { self.unknown_keys },
                hash_names: self.hash_known_hosts,
            },
            algorithms: self.algorithms.clone(),
        }
    }
}
