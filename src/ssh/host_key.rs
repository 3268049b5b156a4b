//! Host keys: read once for the whole scan, judged for each host, and accepted ones stored in one locked write.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use russh::keys::ssh_key::rand_core::Rng as _;
use russh::keys::{HashAlg, PublicKey, PublicKeyBase64, PublicKeyOrCertificate};
use tokio::time::{Instant, sleep};

use super::dial::seconds;
use super::host_certificate::{self, Vouched};
use super::known_keys::KeyFiles;
use super::plan::UnknownKeys;
use super::settings::HostKeySettings;
use crate::bounded;
use crate::openssh::DEFAULT_PORT;
use crate::openssh::known_hosts::{KnownHosts, Place, Verdict, line_for, name_of};
use crate::openssh::revoked_keys::RevokedKeys;
use crate::probe::FailureCode;
use crate::report::escape::shell_word;

/// HMACs that are spent at most on finding the key types of hosts whose names are hashed, about 2 s.
pub(super) const SEARCH_BUDGET: usize = 4_000_000;

/// What a file of host keys may hold, in bytes: those of some hundred thousand hosts.
pub(super) const LARGEST: u64 = 64 << 20;
/// Bytes of the salt of a hashed name, as many as OpenSSH takes.
const SALT: usize = 20;
/// How long the lock of the user's file is tried for: whoever writes a few lines has it for milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// The pause between two tries.
const LOCK_RETRY: Duration = Duration::from_millis(50);

/// What is known of host keys, and what to do about unknown ones.
#[derive(Debug)]
pub(super) struct HostKeys {
    known: RwLock<KnownHosts>,
    unknown: UnknownKeys,
    store: Option<PathBuf>,
    hash_names: bool,
    search_types: bool,
    accepted: Mutex<String>,
    unreadable: Vec<String>,
    /// What `RevokedHostKeys` lists; why that cannot be told.
    revoked: Result<Arc<RevokedKeys>, String>,
    ca_algorithms: Vec<String>,
}

/// What becomes of a host that showed a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The key is this host's.
    Known,
    /// The key was not known and is accepted from now on; its fingerprint.
    Accepted(String),
    /// The host is not talked to.
    Refused(FailureCode, String),
}

/// The name under which a host's keys are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LookUp {
    pub(super) name: String,
    pub(super) port: u16,
    /// Whether it is a name of its own (`HostKeyAlias`), and none that the host is reached by.
    pub(super) is_alias: bool,
}

impl LookUp {
    /// By its address, or by its alias, which OpenSSH looks up without the port.
    pub(super) fn new(settings: &HostKeySettings, address: &str, port: u16) -> Self {
        match &settings.alias {
            Some(alias) => Self { name: alias.clone(), port: DEFAULT_PORT, is_alias: true },
            None => Self { name: address.to_owned(), port, is_alias: false },
        }
    }

    /// The name for people, with the port where files of known keys have one.
    fn told(&self) -> String {
        let Self { name, port, is_alias } = self;
        if *is_alias { format!("{name} (HostKeyAlias)") } else { format!("{name} port {port}") }
    }
}

/// What is known of a host's keys before it has shown one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Expected {
    /// The types of the keys that are known for it.
    pub(super) key_types: Vec<String>,
    /// Whether an authority may vouch for it.
    pub(super) certificates: bool,
}

impl HostKeys {
    /// Takes together what `files` have for so many hosts; a file that is not there knows nothing. One that is there and cannot be
    /// read may hold another key of any host, or revoke any key: then no key counts as new.
    pub(super) fn load(settings: &HostKeySettings, hosts: usize, files: &mut KeyFiles) -> Self {
        let (known, unreadable) = files.together(settings.user_files.iter().chain(&settings.global_files));
        let search_types = files.may_search(known.hashed_len().saturating_mul(hosts));
        Self {
            known: RwLock::new(known),
            unknown: if unreadable.is_empty() { settings.unknown } else { UnknownKeys::Refuse },
            store: settings.user_files.first().cloned(),
            hash_names: settings.hash_names,
            search_types,
            accepted: Mutex::default(),
            unreadable,
            revoked: files.revoked(&settings.revoked_files),
            ca_algorithms: settings.ca_algorithms.clone(),
        }
    }

    /// What the user must know of files that could not be read, if there are any.
    pub(super) fn complaint(&self) -> Option<String> {
        let files = self.unreadable.join("; ");
        let hint = "no new host key is accepted; see what it is, and its permissions (`ls -lL`)";
        (!files.is_empty()).then(|| format!("{files}; {hint}"))
    }

    /// What is known of a host's keys beforehand.
    pub(super) fn expected(&self, host: &LookUp) -> Expected {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key_types = if self.search_types { known.key_types(&host.name, host.port) } else { Vec::new() };
        Expected { key_types, certificates: known.has_authority(&host.name, host.port) }
    }

    /// Judges what a host showed at `now`, in nanoseconds since 1970; the library has verified that the host holds the key.
    pub(super) fn judge(&self, host: &LookUp, shown: &PublicKeyOrCertificate, now: i64) -> Judgement {
        if let Some(detail) = self.revocation(shown) {
            return Judgement::Refused(FailureCode::HostKeyRevoked, detail);
        }
        match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.judge_key(host, key),
            PublicKeyOrCertificate::Certificate(certificate) => {
                let vouched = {
                    let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
                    host_certificate::judge(&known, host, certificate, now, &self.ca_algorithms)
                };
                match vouched {
                    Vouched::For => Judgement::Known,
                    Vouched::Refused(code, detail) => Judgement::Refused(code, detail),
                    // As with OpenSSH, the word of a stranger is no word: the key inside is judged as if it came alone.
                    Vouched::Not(authority) => {
                        match self.judge_key(host, &PublicKey::new(certificate.public_key().clone(), "")) {
                            Judgement::Refused(code, detail) => Judgement::Refused(
                                code,
                                format!(
                                    "{detail}; its certificate is of an authority that is not known here ({authority})"
                                ),
                            ),
                            judged => judged,
                        }
                    }
                }
            }
        }
    }

    /// Why `RevokedHostKeys` forbids what a host showed: its key, or the authority that vouches for it, is listed, or the list
    /// cannot be read, when OpenSSH refuses every host.
    fn revocation(&self, shown: &PublicKeyOrCertificate) -> Option<String> {
        let revoked = match &self.revoked {
            Ok(revoked) => revoked,
            Err(why) => return Some(why.clone()),
        };
        if let PublicKeyOrCertificate::Certificate(certificate) = shown {
            let authority = PublicKey::new(certificate.signature_key().clone(), "").public_key_bytes();
            let (serial, key_id) = (certificate.serial(), certificate.key_id());
            if let Some(place) = revoked.certificate(&authority, serial, key_id) {
                return Some(format!("certificate \"{key_id}\", number {serial}, is revoked by {place}"));
            }
        }
        let keys: Vec<(&str, PublicKey)> = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => vec![("key", key.clone())],
            PublicKeyOrCertificate::Certificate(certificate) => vec![
                ("key", PublicKey::new(certificate.public_key().clone(), "")),
                ("authority's key", PublicKey::new(certificate.signature_key().clone(), "")),
            ],
        };
        keys.iter().find_map(|(what, key)| {
            let place = revoked.key(&key.public_key_bytes())?;
            let (algorithm, fingerprint) = (key.algorithm(), key.fingerprint(HashAlg::Sha256));
            Some(format!("{algorithm} {what} {fingerprint} is revoked by {place}"))
        })
    }

    fn judge_key(&self, host: &LookUp, key: &PublicKey) -> Judgement {
        self.judgement(self.verdict(host, key), host, key)
    }

    fn verdict(&self, host: &LookUp, key: &PublicKey) -> Verdict {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.verdict(&host.name, host.port, &key.public_key_bytes())
    }

    /// What follows for a host from the verdict on its key.
    fn judgement(&self, verdict: Verdict, host: &LookUp, key: &PublicKey) -> Judgement {
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let (name, port) = (host.name.as_str(), host.port);
        match verdict {
            Verdict::Known => Judgement::Known,
            Verdict::Changed(place) => Judgement::Refused(
                FailureCode::HostKeyChanged,
                format!(
                    "{} key {fingerprint} differs from {}{}",
                    key.algorithm(),
                    shown(&place),
                    forgetting(&place, name, port)
                ),
            ),
            Verdict::Revoked(place) => Judgement::Refused(
                FailureCode::HostKeyRevoked,
                format!("{} key {fingerprint} is revoked by {}:{}", key.algorithm(), place.file, place.line),
            ),
            Verdict::Unknown if self.unknown == UnknownKeys::AcceptNew => match self.accept(host, key) {
                Verdict::Unknown => Judgement::Accepted(fingerprint),
                // Another session was faster, and its host has shown a key as well.
                learned => self.judgement(learned, host, key),
            },
            Verdict::Unknown => Judgement::Refused(
                FailureCode::HostKeyUnknown,
                [format!("{} key {fingerprint} is not known for {}", key.algorithm(), host.told())]
                    .into_iter()
                    .chain(self.unreadable.iter().cloned())
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        }
    }

    /// Takes a key as the host's where nothing is known of it, and tells what was known: between a verdict and this another key
    /// may have been taken, so that it is asked once more while nobody else can learn anything.
    fn accept(&self, host: &LookUp, key: &PublicKey) -> Verdict {
        let (name, port) = (host.name.as_str(), host.port);
        let (key_type, blob) = (key_type_of(key), key.public_key_bytes());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let verdict = known.verdict(name, port, &blob);
        if verdict != Verdict::Unknown {
            return verdict;
        }
        known.learn(name, port, &key_type, &blob);
        drop(known);
        let salt = self.hash_names.then(new_salt);
        let line = line_for(name, port, &key_type, &blob, salt.as_ref().map(<[u8; SALT]>::as_slice));
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
        Verdict::Unknown
    }

    /// Appends the keys accepted since the last call to the user's file, in one write under its lock; says why it could not.
    ///
    /// The lock may be somebody's who never lets go of it: it is tried for a while, and no thread waits for it.
    pub(super) async fn store(&self) -> Result<(), String> {
        let lines = std::mem::take(&mut *self.accepted.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(store) = self.store.as_ref().filter(|_| !lines.is_empty()) else { return Ok(()) };
        let failed =
            |error: std::io::Error| format!("accepted host keys were not stored in {}: {error}", store.display());
        let file = open(store).map_err(failed)?;
        let mut file = locked(file).await.map_err(failed)?;
        let mut write = || -> std::io::Result<()> {
            let present = bounded::file(store, LARGEST)?;
            let unfinished = present.last().is_some_and(|last| *last != b'\n');
            file.write_all(format!("{}{lines}", if unfinished { "\n" } else { "" }).as_bytes())
        };
        write().map_err(failed)
    }
}

/// Where a key stands; one that was accepted in this run stands in no line.
fn shown(place: &Place) -> String {
    if place.line == 0 { format!("the key that was {}", place.file) } else { format!("{}:{}", place.file, place.line) }
}

/// The command that forgets a known key, behind what is said of it; nothing for one that stands in no file.
fn forgetting(place: &Place, name: &str, port: u16) -> String {
    if place.line == 0 {
        return String::new();
    }
    let (file, name) = (shell_word(&place.file), shell_word(&name_of(name, port)));
    format!("; `ssh-keygen -f {file} -R {name}` forgets that one")
}

fn open(store: &Path) -> std::io::Result<File> {
    if let Some(folder) = store.parent() {
        // What a login folder holds is nobody else's business, whatever the umask says.
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).read(true).open(store)
}

/// Takes the file's lock, as soon as whoever has it lets go of it.
async fn locked(mut file: File) -> std::io::Result<Flock<File>> {
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((file, Errno::EWOULDBLOCK | Errno::EINTR)) if Instant::now() < until => file,
            Err((_, Errno::EWOULDBLOCK)) => {
                let text = format!("another program has kept it locked for {}", seconds(LOCK_PATIENCE));
                return Err(std::io::Error::new(std::io::ErrorKind::WouldBlock, text));
            }
            Err((_, errno)) => return Err(errno.into()),
        };
        sleep(LOCK_RETRY).await;
    }
}

/// A salt for one hashed name. Whoever can tell it beforehand can prepare tables of names, so it is not from a quick generator.
fn new_salt() -> [u8; SALT] {
    let mut salt = [0; SALT];
    russh::keys::key::safe_rng().fill_bytes(&mut salt);
    salt
}

/// The type as `known_hosts` has it: RSA keys have one name whatever hash they sign with.
fn key_type_of(key: &PublicKey) -> String {
    if key.algorithm().is_rsa() { "ssh-rsa".to_owned() } else { key.algorithm().as_str().to_owned() }
}

#[cfg(test)]
mod tests;
