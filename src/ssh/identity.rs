//! Keys to log in with: key files, read once for the whole scan, and the agent, through a small pool of connections.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{PrivateKey, PublicKey, decode_secret_key};
use tokio::net::UnixStream;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::small_file;
use crate::audit::fitness::{self, KeyState};

/// Connections to the agent at once; it answers one request after another on each.
const AGENT_CONNECTIONS: usize = 4;
/// How long the agent may take to list its keys.
const AGENT_PATIENCE: Duration = Duration::from_secs(5);
/// Keys that are offered to one server at most: OpenSSH ends the session at the sixth failure.
const MOST_OFFERS: usize = 5;

/// All keys of a scan.
#[derive(Debug)]
pub(super) struct Identities {
    files: HashMap<PathBuf, KeyFile>,
    default_files: Vec<PathBuf>,
    agent: Option<Agent>,
    only_named: bool,
}

/// What a key file holds.
#[derive(Debug, Clone)]
enum KeyFile {
    Usable(Arc<PrivateKey>),
    /// Encrypted: only the agent can sign for it.
    PublicOnly(Option<PublicKey>),
    Missing,
    Unreadable(String),
}

/// One key that a server is offered.
#[derive(Debug, Clone)]
pub(super) enum Offer {
    /// From a file.
    File(Arc<PrivateKey>),
    /// Held by the agent.
    Agent(PublicKey),
}

impl Offer {
    pub(super) fn public_key(&self) -> &PublicKey {
        match self {
            Self::File(key) => key.public_key(),
            Self::Agent(key) => key,
        }
    }
}

/// The keys for one server, best first, and what stood in the way of others.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) keys: Vec<Offer>,
    pub(super) notes: Vec<String>,
}

impl Identities {
    /// Reads every key file that some target names, and the default ones.
    pub(super) fn load<'target>(
        named: impl Iterator<Item = &'target PathBuf>,
        default_files: &'target [PathBuf],
        agent: Option<&Path>,
        only_named: bool,
    ) -> Self {
        let mut files = HashMap::new();
        for path in named.chain(default_files) {
            files.entry(path.clone()).or_insert_with(|| KeyFile::read(path));
        }
        let agent = agent.map(Agent::new);
        Self { files, default_files: default_files.to_vec(), agent, only_named }
    }

    /// The keys to offer to a server for which `named` key files are named: those files first, then the agent's other keys,
    /// unless only named ones may be used. Where none are named, the agent's keys come first, then the default files.
    pub(super) async fn offers(&self, named: &[PathBuf]) -> Offers {
        let mut offers = Offers::default();
        let held = match &self.agent {
            Some(agent) => agent.identities().await.unwrap_or_else(|why| {
                offers.notes.push(format!("the agent does not answer: {why}"));
                Vec::new()
            }),
            None => Vec::new(),
        };
        if named.is_empty() {
            if !self.only_named {
                offers.keys.extend(held.iter().cloned().map(Offer::Agent));
            }
            self.offer_files(&self.default_files, &held, false, &mut offers);
        } else {
            self.offer_files(named, &held, true, &mut offers);
            if !self.only_named {
                offers.keys.extend(held.iter().cloned().map(Offer::Agent));
            }
        }
        let mut seen: Vec<PublicKey> = Vec::new();
        offers.keys.retain(|offer| {
            let key = offer.public_key();
            let is_new = seen.iter().all(|other| other.key_data() != key.key_data());
            seen.push(key.clone());
            is_new
        });
        let left_out = offers.keys.len().saturating_sub(MOST_OFFERS);
        offers.keys.truncate(MOST_OFFERS);
        if left_out > 0 {
            let keys = if left_out == 1 { "1 more key was".to_owned() } else { format!("{left_out} more keys were") };
            offers.notes.push(format!(
                "{keys} not offered, as servers end the session after a few: name the right one with `--private-key`, or \
                 leave the agent's out with `IdentitiesOnly=yes`"
            ));
        }
        offers
    }

    fn offer_files(&self, paths: &[PathBuf], held: &[PublicKey], are_named: bool, offers: &mut Offers) {
        for path in paths {
            let note = match self.files.get(path) {
                Some(KeyFile::Usable(key)) => {
                    offers.keys.push(Offer::File(Arc::clone(key)));
                    continue;
                }
                Some(KeyFile::PublicOnly(key)) => {
                    let by_agent = key.as_ref().filter(|key| held.iter().any(|one| one.key_data() == key.key_data()));
                    if let Some(key) = by_agent {
                        offers.keys.push(Offer::Agent(key.clone()));
                        continue;
                    }
                    "is encrypted and the agent does not hold it (ssh-add)".to_owned()
                }
                Some(KeyFile::Unreadable(why)) => format!("cannot be used: {why}"),
                Some(KeyFile::Missing) if are_named => "does not exist".to_owned(),
                Some(KeyFile::Missing) | None => continue,
            };
            offers.notes.push(format!("key file {} {note}", path.display()));
        }
    }

    /// What a scan could have of the agent.
    pub(super) async fn agent_state(&self) -> fitness::Agent {
        match &self.agent {
            None => fitness::Agent::None,
            Some(agent) => match agent.identities().await {
                Ok(keys) => fitness::Agent::Holds(keys.len()),
                Err(why) => fitness::Agent::Silent(why),
            },
        }
    }

    /// What the key files are good for; a default file that does not exist is left out.
    pub(super) fn file_states(&self, is_named: impl Fn(&PathBuf) -> bool) -> Vec<fitness::KeyFile> {
        let mut states: Vec<fitness::KeyFile> = self
            .files
            .iter()
            .map(|(path, file)| {
                let state = match file {
                    KeyFile::Usable(_) => KeyState::Usable,
                    KeyFile::PublicOnly(_) => KeyState::Encrypted,
                    KeyFile::Missing => KeyState::Missing,
                    KeyFile::Unreadable(why) => KeyState::Unreadable(why.clone()),
                };
                fitness::KeyFile { path: path.display().to_string(), is_named: is_named(path), state }
            })
            .filter(|file| file.is_named || file.state != KeyState::Missing)
            .collect();
        states.sort_by(|one, other| one.path.cmp(&other.path));
        states
    }

    /// The agent, for offers that it holds.
    pub(super) fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref()
    }
}

impl KeyFile {
    fn read(path: &Path) -> Self {
        let text = match small_file::read_text(path, small_file::KEY_LIMIT) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::Missing,
            Err(error) => return Self::Unreadable(error.to_string()),
        };
        match decode_secret_key(&text, None) {
            Ok(key) => Self::Usable(Arc::new(key)),
            Err(russh::keys::Error::KeyIsEncrypted) => Self::PublicOnly(Self::public_half(path, &text)),
            Err(error) => match PrivateKey::from_openssh(&text) {
                Ok(key) if key.is_encrypted() => Self::PublicOnly(Some(key.public_key().clone())),
                _ => Self::Unreadable(error.to_string()),
            },
        }
    }

    /// The public half of an encrypted key: OpenSSH's own format has it in clear, for others there may be a `.pub` beside.
    fn public_half(path: &Path, text: &str) -> Option<PublicKey> {
        let inside = PrivateKey::from_openssh(text).ok().map(|key| key.public_key().clone());
        inside.or_else(|| {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".pub");
            PublicKey::from_openssh(small_file::read_text(Path::new(&beside), small_file::KEY_LIMIT).ok()?.trim()).ok()
        })
    }
}

/// The agent at a socket.
pub(super) struct Agent {
    socket: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<AgentClient<UnixStream>>>,
    identities: OnceCell<Result<Vec<PublicKey>, String>>,
}

/// A connection to the agent, lent out. Only [`Self::give_back`] returns it to the pool: one that was dropped in the middle
/// of a request would give its answer to the next borrower.
pub(super) struct AgentLoan<'agent> {
    agent: &'agent Agent,
    pub(super) client: AgentClient<UnixStream>,
    _permit: Option<SemaphorePermit<'agent>>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Agent").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Agent {
    fn new(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
            permits: Semaphore::new(AGENT_CONNECTIONS),
            idle: Mutex::default(),
            identities: OnceCell::new(),
        }
    }

    /// A connection of the pool.
    pub(super) async fn borrow(&self) -> Result<AgentLoan<'_>, russh::keys::Error> {
        // The semaphore is never closed.
        let permit = self.permits.acquire().await.ok();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let client = match idle {
            Some(client) => client,
            None => AgentClient::connect_uds(&self.socket).await?,
        };
        Ok(AgentLoan { agent: self, client, _permit: permit })
    }

    /// The keys that the agent holds, asked for once, an agent that hangs included; certificates are left out.
    async fn identities(&self) -> Result<Vec<PublicKey>, String> {
        let ask = async || -> Result<Vec<PublicKey>, russh::keys::Error> {
            let mut loan = self.borrow().await?;
            let held = loan.client.request_identities().await?;
            loan.give_back();
            let keys = held.into_iter().filter_map(|identity| match identity {
                AgentIdentity::PublicKey { key, .. } => Some(key),
                AgentIdentity::Certificate { .. } => None,
            });
            Ok(keys.collect())
        };
        let in_time = async || match timeout(AGENT_PATIENCE, ask()).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("nothing in {} s", AGENT_PATIENCE.as_secs())),
        };
        self.identities.get_or_init(in_time).await.clone()
    }
}

impl AgentLoan<'_> {
    /// Returns the connection to the pool, no request being open on it.
    pub(super) fn give_back(self) {
        self.agent.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.client);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use russh::keys::Algorithm;
    use russh::keys::ssh_key::LineEnding;

    use super::*;

    #[tokio::test]
    async fn keys_that_there_is_no_room_for_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..MOST_OFFERS + 2).map(|index| folder.path().join(format!("id_{index}"))).collect();
        for path in &paths {
            let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
            fs::write(path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
        }
        let check = async |count: usize, expected: Option<&str>| {
            let named = &paths[..count];
            let offers = Identities::load(named.iter(), &[], None, true).offers(named).await;
            assert_eq!(offers.keys.len(), count.min(MOST_OFFERS));
            match (offers.notes.as_slice(), expected) {
                ([], None) => {}
                ([note], Some(words)) => assert!(note.starts_with(words) && note.contains("--private-key"), "{note}"),
                (notes, _) => panic!("{count} keys: {notes:?}"),
            }
        };
        check(MOST_OFFERS, None).await;
        check(MOST_OFFERS + 1, Some("1 more key was not offered")).await;
        check(MOST_OFFERS + 2, Some("2 more keys were not offered")).await;
    }
}
