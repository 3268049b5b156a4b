//! What one server is offered to log in with: which keys and certificates, in which order, and what stood in the way of others.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::{Certificate, PublicKey};

use super::agent::Agent;
use super::key_file::{CertificateFile, KeyFile, Passphrase, UnlockedKeys, certificate_beside, exposed};
use super::ladder::TouchNotice;
use super::offer::{Credential, Offer, Proof};
use crate::audit::fitness::{self, KeyState};
use crate::ssh::settings::{AuthMethod, AuthSettings};

/// Keys that are offered to one server at most: OpenSSH ends the session at the sixth failure.
pub(super) const MOST_OFFERS: usize = 5;

/// All keys, certificates and agents of a scan.
#[derive(Debug)]
pub(in crate::ssh) struct Identities {
    files: HashMap<PathBuf, KeyFile>,
    certificates: HashMap<PathBuf, CertificateFile>,
    agents: HashMap<PathBuf, Arc<Agent>>,
    touch: TouchNotice,
}

/// The keys for one server, best first, and what stood in the way of others.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) keys: Vec<Offer>,
    pub(super) notes: Vec<String>,
}

/// What the agent of one host holds.
struct Held {
    agent: Arc<Agent>,
    identities: Vec<AgentIdentity>,
}

impl Held {
    fn holds(&self, key: &PublicKey) -> bool {
        self.identities.iter().any(|one| match one {
            AgentIdentity::PublicKey { key: held, .. } => held.key_data() == key.key_data(),
            AgentIdentity::Certificate { .. } => false,
        })
    }

    fn offer(&self, identity: &AgentIdentity) -> Offer {
        let (credential, comment) = match identity {
            AgentIdentity::PublicKey { key, comment } => (Credential::Key(key.clone()), comment),
            AgentIdentity::Certificate { certificate, comment } => {
                (Credential::Certificate(Arc::new(certificate.clone())), comment)
            }
        };
        let from = format!("agent: {comment}");
        Offer { credential, proof: Proof::Agent(Arc::clone(&self.agent)), signs_as_key: false, from }
    }
}

impl Identities {
    /// Reads every file that the login to some host names.
    pub(in crate::ssh) fn load<'host>(
        logins: impl Iterator<Item = &'host AuthSettings>,
        unlocked: &UnlockedKeys,
    ) -> Self {
        let mut all = Self {
            files: HashMap::new(),
            certificates: HashMap::new(),
            agents: HashMap::new(),
            touch: TouchNotice::default(),
        };
        for login in logins {
            for path in &login.identity_files {
                all.files.entry(path.clone()).or_insert_with(|| KeyFile::read(path, unlocked));
                let beside = certificate_beside(path);
                all.certificates.entry(beside.clone()).or_insert_with(|| CertificateFile::read(&beside));
            }
            for path in &login.certificate_files {
                all.certificates.entry(path.clone()).or_insert_with(|| CertificateFile::read(path));
            }
            if let Some(socket) = &login.agent {
                all.agents.entry(socket.clone()).or_insert_with(|| Arc::new(Agent::new(socket)));
            }
        }
        all
    }

    /// What to offer to a server. Where files are named for it they come first, then the agent's other keys, unless only named
    /// ones may be used; else the agent's keys come first, those of default files before others as with OpenSSH, then the default
    /// files. A certificate comes before its key.
    pub(super) async fn offers(&self, login: &AuthSettings) -> Offers {
        let mut offers = Offers::default();
        let held = self.held(login, &mut offers.notes).await;
        let others = |offers: &mut Offers| {
            let Some(held) = held.as_ref().filter(|_| !login.identities_only) else { return };
            let mut ordered: Vec<&AgentIdentity> = held.identities.iter().collect();
            ordered.sort_by_key(|one| match one {
                AgentIdentity::Certificate { .. } => 0,
                AgentIdentity::PublicKey { key, .. } if self.is_in_a_file(key, login) => 1,
                AgentIdentity::PublicKey { .. } => 2,
            });
            offers.keys.extend(ordered.into_iter().map(|one| held.offer(one)));
        };
        if !login.is_named {
            others(&mut offers);
        }
        for path in &login.identity_files {
            self.offer_file(path, login, held.as_ref(), &mut offers);
        }
        self.offer_certificates_of_agent(login, held.as_ref(), &mut offers);
        if login.is_named {
            others(&mut offers);
        }
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        offers.keys.retain(|offer| seen.insert(offer.blob()));
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

    /// Whether a key file for this login has that key, its public half at least.
    fn is_in_a_file(&self, key: &PublicKey, login: &AuthSettings) -> bool {
        let files = login.identity_files.iter().filter_map(|path| self.files.get(path)?.public_key());
        files.into_iter().any(|one| one.key_data() == key.key_data())
    }

    /// What the agent of a host holds, if it has one that answers.
    async fn held(&self, login: &AuthSettings, notes: &mut Vec<String>) -> Option<Held> {
        let agent = self.agents.get(login.agent.as_ref()?)?;
        match agent.identities().await {
            Ok(identities) => Some(Held { agent: Arc::clone(agent), identities }),
            Err(why) => {
                notes.push(format!("the agent does not answer: {why}"));
                None
            }
        }
    }

    fn offer_file(&self, path: &Path, login: &AuthSettings, held: Option<&Held>, offers: &mut Offers) {
        let in_agent = |key: &PublicKey| held.filter(|held| held.holds(key)).map(|held| Arc::clone(&held.agent));
        let note = match self.files.get(path) {
            Some(KeyFile::Usable(key)) => {
                self.offer_key(path, login, key.public_key(), &Proof::File(Arc::clone(key)), offers);
                return;
            }
            Some(KeyFile::Locked(key, given)) => match key.as_ref().and_then(|key| Some((key, in_agent(key)?))) {
                Some((key, agent)) => {
                    self.offer_key(path, login, key, &Proof::Agent(agent), offers);
                    return;
                }
                None if *given == Passphrase::Wrong => {
                    "is encrypted, and the passphrase that was given does not open it".to_owned()
                }
                None => "is encrypted and the agent does not hold it (ssh-add)".to_owned(),
            },
            Some(KeyFile::Exposed(key, mode)) => match key.as_ref().and_then(|key| Some((key, in_agent(key)?))) {
                Some((key, agent)) => {
                    self.offer_key(path, login, key, &Proof::Agent(agent), offers);
                    return;
                }
                None => format!("is not used: {}", exposed(path, *mode)),
            },
            Some(KeyFile::PublicOnly(key)) => match in_agent(key) {
                Some(agent) => {
                    self.offer_key(path, login, key, &Proof::Agent(agent), offers);
                    return;
                }
                None if login.is_named => "is only a public key and the agent does not hold it (ssh-add)".to_owned(),
                None => return,
            },
            Some(KeyFile::Unreadable(why)) => format!("cannot be used: {why}"),
            Some(KeyFile::Missing) if login.is_named => "does not exist".to_owned(),
            Some(KeyFile::Missing) | None => return,
        };
        offers.notes.push(format!("key file {} {note}", path.display()));
    }

    /// A key, after the certificates for it: the one beside its file, then those that are named.
    fn offer_key(&self, path: &Path, login: &AuthSettings, key: &PublicKey, proof: &Proof, offers: &mut Offers) {
        let beside = certificate_beside(path);
        for file in std::iter::once(&beside).chain(&login.certificate_files) {
            match self.certificates.get(file) {
                Some(CertificateFile::Usable(certificate)) if certificate.public_key() == key.key_data() => {
                    offers.keys.push(with_certificate(certificate, proof, file));
                }
                Some(CertificateFile::Unreadable(why)) if *file == beside => {
                    offers.notes.push(format!("certificate {} cannot be used: {why}", file.display()));
                }
                _ => {}
            }
        }
        offers.keys.push(Offer {
            credential: Credential::Key(key.clone()),
            proof: proof.clone(),
            signs_as_key: false,
            from: path.display().to_string(),
        });
    }

    /// Certificates that are named and whose keys only the agent has; and what is wrong with those that are of no use.
    fn offer_certificates_of_agent(&self, login: &AuthSettings, held: Option<&Held>, offers: &mut Offers) {
        for file in &login.certificate_files {
            let note = match self.certificates.get(file) {
                Some(CertificateFile::Usable(certificate)) => {
                    let key = PublicKey::new(certificate.public_key().clone(), "");
                    let is_offered = offers.keys.iter().any(|offer| offer.credential.is(certificate));
                    match held.filter(|held| held.holds(&key)) {
                        _ if is_offered => continue,
                        Some(held) => {
                            let proof = Proof::Agent(Arc::clone(&held.agent));
                            offers.keys.push(with_certificate(certificate, &proof, file));
                            continue;
                        }
                        None => {
                            "has no key: none of the key files is its own, and the agent does not hold it".to_owned()
                        }
                    }
                }
                Some(CertificateFile::Unreadable(why)) => format!("cannot be used: {why}"),
                Some(CertificateFile::Missing) => "does not exist".to_owned(),
                None => continue,
            };
            offers.notes.push(format!("certificate {} {note}", file.display()));
        }
    }

    /// Whether some key file is encrypted.
    pub(super) fn has_locked(&self) -> bool {
        self.files.values().any(|file| matches!(file, KeyFile::Locked(..)))
    }

    /// The key files that only a passphrase opens, for hosts with these logins: named ones whose key the agent does not hold,
    /// and default ones where there is nothing else to log in with. None where nobody may be asked for anything.
    pub(super) async fn locked<'host>(&self, login: &'host AuthSettings, has_password: bool) -> Vec<&'host Path> {
        if login.password_attempts == 0 {
            return Vec::new();
        }
        let held = self.held(login, &mut Vec::new()).await;
        let has_other = has_password || held.as_ref().is_some_and(|held| !held.identities.is_empty());
        if !login.is_named && has_other {
            return Vec::new();
        }
        let is_locked = |path: &&PathBuf| match self.files.get(*path) {
            Some(KeyFile::Locked(key, _)) => {
                !key.as_ref().is_some_and(|key| held.as_ref().is_some_and(|held| held.holds(key)))
            }
            _ => false,
        };
        login.identity_files.iter().filter(is_locked).map(PathBuf::as_path).collect()
    }

    /// Whether there is anything to log in with: a key that may be offered, one that a passphrase opens, or a password.
    pub(in crate::ssh) async fn has_way(&self, login: &AuthSettings, has_password: bool) -> bool {
        let by_password = |method: &AuthMethod| *method != AuthMethod::PublicKey;
        if has_password && login.methods.iter().any(by_password) {
            return true;
        }
        login.methods.contains(&AuthMethod::PublicKey)
            && (!self.offers(login).await.keys.is_empty() || !self.locked(login, has_password).await.is_empty())
    }

    /// Whether nobody was told yet that a key wants to be touched; from now on somebody was.
    pub(super) fn is_first_touch(&self) -> bool {
        self.touch.is_first()
    }

    /// What a scan could have of the agent at that socket.
    pub(in crate::ssh) async fn agent_state(&self, socket: Option<&PathBuf>) -> fitness::Agent {
        match socket.and_then(|socket| self.agents.get(socket)) {
            None => fitness::Agent::None,
            Some(agent) => match agent.identities().await {
                Ok(keys) => fitness::Agent::Holds(keys.len()),
                Err(why) => fitness::Agent::Silent(why),
            },
        }
    }

    /// What the key files are good for; a default file that does not exist is left out.
    pub(in crate::ssh) async fn file_states(&self, is_named: impl Fn(&PathBuf) -> bool) -> Vec<fitness::KeyFile> {
        let mut agents = Vec::new();
        for agent in self.agents.values() {
            let identities = agent.identities().await.unwrap_or_default();
            agents.push(Held { agent: Arc::clone(agent), identities });
        }
        let is_held = |key: &PublicKey| agents.iter().any(|held| held.holds(key));
        let mut states: Vec<fitness::KeyFile> = self
            .files
            .iter()
            .map(|(path, file)| {
                let state = match file {
                    KeyFile::Usable(_) => KeyState::Usable,
                    KeyFile::Locked(Some(key), _) | KeyFile::PublicOnly(key) if is_held(key) => KeyState::Held,
                    KeyFile::Locked(..) => KeyState::Encrypted,
                    KeyFile::PublicOnly(_) => KeyState::PublicOnly,
                    KeyFile::Missing => KeyState::Missing,
                    KeyFile::Exposed(_, mode) => KeyState::Exposed(*mode),
                    KeyFile::Unreadable(why) => KeyState::Unreadable(why.clone()),
                };
                (is_named(path), fitness::KeyFile { path: path.display().to_string(), state })
            })
            .filter(|(is_named, file)| *is_named || !matches!(file.state, KeyState::Missing | KeyState::PublicOnly))
            .map(|(_, file)| file)
            .collect();
        states.sort_by(|one, other| one.path.cmp(&other.path));
        states
    }
}

fn with_certificate(certificate: &Arc<Certificate>, proof: &Proof, file: &Path) -> Offer {
    Offer {
        credential: Credential::Certificate(Arc::clone(certificate)),
        proof: proof.clone(),
        signs_as_key: matches!(proof, Proof::Agent(_)),
        from: file.display().to_string(),
    }
}

impl Credential {
    fn is(&self, certificate: &Certificate) -> bool {
        matches!(self, Self::Certificate(own) if **own == *certificate)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, PrivateKey};

    use super::*;
    use crate::inventory::target::Target;
    use crate::ssh::ConnectionPlan;

    #[tokio::test]
    async fn keys_that_there_is_no_room_for_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..MOST_OFFERS + 2).map(|index| folder.path().join(format!("id_{index}"))).collect();
        for path in &paths {
            let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
            fs::write(path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let check = async |count: usize, expected: Option<&str>| {
            let target = Target { key_files: paths[..count].to_vec(), ..Target::default() };
            let plan = ConnectionPlan { agent: None, ..ConnectionPlan::for_this_user() };
            let login = &plan.settings(&target).auth;
            let offers = Identities::load([login].into_iter(), &UnlockedKeys::default()).offers(login).await;
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
