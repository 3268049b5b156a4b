//! Host keys: read once for the whole scan, judged for each host, and accepted ones stored in one locked write.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};

use nix::fcntl::{Flock, FlockArg};
use russh::keys::{HashAlg, PublicKey, PublicKeyBase64};

use super::plan::{ConnectionPlan, UnknownKeys};
use crate::openssh::known_hosts::{KnownHosts, Verdict, line_for};
use crate::probe::FailureCode;

/// HMACs that are spent at most on finding the key types of hosts whose names are hashed, about 2 s.
const SEARCH_BUDGET: usize = 4_000_000;

/// What is known of host keys, and what to do about unknown ones.
#[derive(Debug)]
pub(super) struct HostKeys {
    known: RwLock<KnownHosts>,
    unknown: UnknownKeys,
    alias: Option<String>,
    store: Option<PathBuf>,
    hash_names: bool,
    search_types: bool,
    accepted: Mutex<String>,
    unreadable: Vec<String>,
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

impl HostKeys {
    /// Reads the files of known keys; one that is not there knows nothing. One that is there and cannot be read may hold
    /// another key of any host, or revoke any key: then no key counts as new.
    pub(super) fn load(plan: &ConnectionPlan, hosts: usize) -> Self {
        let mut known = KnownHosts::default();
        let mut unreadable = Vec::new();
        for file in plan.user_known_hosts.iter().chain(&plan.global_known_hosts) {
            match fs::read(file) {
                Ok(text) => known.read(&file.display().to_string(), &text),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => unreadable.push(format!("{} cannot be read: {error}", file.display())),
            }
        }
        let search_types = known.hashed_len().saturating_mul(hosts) <= SEARCH_BUDGET;
        Self {
            known: RwLock::new(known),
            unknown: if unreadable.is_empty() { plan.unknown_keys } else { UnknownKeys::Refuse },
            alias: plan.host_key_alias.clone(),
            store: plan.user_known_hosts.first().cloned(),
            hash_names: plan.hash_known_hosts,
            search_types,
            accepted: Mutex::default(),
            unreadable,
        }
    }

    /// What the user must know of files that could not be read, if there are any.
    pub(super) fn complaint(&self) -> Option<String> {
        let files = self.unreadable.join("; ");
        let hint = "no new host key is accepted; see its permissions (`ls -l`)";
        (!files.is_empty()).then(|| format!("{files}; {hint}"))
    }

    /// The types of the keys that are known for a host.
    pub(super) fn types(&self, address: &str, port: u16) -> Vec<String> {
        if !self.search_types {
            return Vec::new();
        }
        let (name, port) = self.name(address, port);
        self.known.read().unwrap_or_else(PoisonError::into_inner).key_types(name, port)
    }

    /// Judges the key that a host showed; the library has verified that the host holds it.
    pub(super) fn judge(&self, address: &str, port: u16, key: &PublicKey) -> Judgement {
        let blob = key.public_key_bytes();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let (name, port) = self.name(address, port);
        let verdict = self.known.read().unwrap_or_else(PoisonError::into_inner).verdict(name, port, &blob);
        match verdict {
            Verdict::Known => Judgement::Known,
            Verdict::Changed(place) => Judgement::Refused(
                FailureCode::HostKeyChanged,
                format!("{} key {fingerprint} differs from {}:{}", key.algorithm(), place.file, place.line),
            ),
            Verdict::Revoked(place) => Judgement::Refused(
                FailureCode::HostKeyRevoked,
                format!("{} key {fingerprint} is revoked by {}:{}", key.algorithm(), place.file, place.line),
            ),
            Verdict::Unknown if self.unknown == UnknownKeys::AcceptNew => {
                self.accept(name, port, key, &blob);
                Judgement::Accepted(fingerprint)
            }
            Verdict::Unknown => Judgement::Refused(
                FailureCode::HostKeyUnknown,
                [format!("{} key {fingerprint} is not known for {name} port {port}", key.algorithm())]
                    .into_iter()
                    .chain(self.unreadable.iter().cloned())
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        }
    }

    fn name<'name>(&'name self, address: &'name str, port: u16) -> (&'name str, u16) {
        // OpenSSH looks an alias up without the port.
        self.alias.as_deref().map_or((address, port), |alias| (alias, 22))
    }

    fn accept(&self, name: &str, port: u16, key: &PublicKey, blob: &[u8]) {
        let key_type = key_type_of(key);
        self.known.write().unwrap_or_else(PoisonError::into_inner).learn(name, port, &key_type, blob);
        let salt: [u8; 20] = std::array::from_fn(|_| fastrand::u8(..));
        let salt = self.hash_names.then_some(salt.as_slice());
        let line = line_for(name, port, &key_type, blob, salt);
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
    }

    /// Appends the keys accepted since the last call to the user's file, in one write under its lock; says why it could not.
    pub(super) fn store(&self) -> Result<(), String> {
        let lines = std::mem::take(&mut *self.accepted.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(store) = self.store.as_ref().filter(|_| !lines.is_empty()) else { return Ok(()) };
        let write = || -> std::io::Result<()> {
            if let Some(folder) = store.parent() {
                // What a login folder holds is nobody else's business, whatever the umask says.
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let file = OpenOptions::new().create(true).append(true).read(true).open(store)?;
            let mut file =
                Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| std::io::Error::from(errno))?;
            let present = fs::read(store)?;
            let unfinished = present.last().is_some_and(|last| *last != b'\n');
            file.write_all(format!("{}{lines}", if unfinished { "\n" } else { "" }).as_bytes())
        };
        write().map_err(|error| format!("accepted host keys were not stored in {}: {error}", store.display()))
    }
}

/// The type as `known_hosts` has it: RSA keys have one name whatever hash they sign with.
fn key_type_of(key: &PublicKey) -> String {
    if key.algorithm().is_rsa() { "ssh-rsa".to_owned() } else { key.algorithm().as_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use russh::keys::{Algorithm, PrivateKey};

    fn key() -> PublicKey {
        PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap().public_key().clone()
    }

    #[test]
    fn where_a_file_cannot_be_read_no_key_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let (file, missing) = (folder.path().join("known_hosts"), folder.path().join("missing"));
        let mut plan = ConnectionPlan::for_this_user();
        plan.unknown_keys = UnknownKeys::AcceptNew;
        (plan.user_known_hosts, plan.global_known_hosts) = (vec![missing], vec![file.clone()]);
        // A folder in its place cannot be read by anybody, permissions cannot stop the administrator.
        fs::create_dir(&file).unwrap();
        let blind = HostKeys::load(&plan, 1);
        let complaint = blind.complaint().unwrap();
        assert!(complaint.contains(&format!("{} cannot be read", file.display())), "{complaint}");
        let Judgement::Refused(code, detail) = blind.judge("web", 22, &key()) else { panic!("accepted") };
        assert_eq!(code, FailureCode::HostKeyUnknown);
        assert!(detail.contains(&format!("{} cannot be read", file.display())), "{detail}");
        blind.store().unwrap();
        assert!(!folder.path().join("missing").exists());

        fs::remove_dir(&file).unwrap();
        let seeing = HostKeys::load(&plan, 1);
        assert_eq!(seeing.complaint(), None);
        assert!(matches!(seeing.judge("web", 22, &key()), Judgement::Accepted(_)));
    }

    #[test]
    fn the_folder_of_accepted_keys_is_the_users_own() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let mut plan = ConnectionPlan::for_this_user();
        plan.unknown_keys = UnknownKeys::AcceptNew;
        let folder = home.path().join("deep/.ssh");
        (plan.user_known_hosts, plan.global_known_hosts) = (vec![folder.join("known_hosts")], Vec::new());
        let keys = HostKeys::load(&plan, 1);
        keys.judge("web", 22, &key());
        keys.store().unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn an_accepted_key_is_stored_once_and_stands() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ssh/known_hosts");
        fs::create_dir_all(folder.path().join("ssh")).unwrap();
        fs::write(&file, "# no newline at the end").unwrap();
        let mut plan = ConnectionPlan::for_this_user();
        (plan.user_known_hosts, plan.global_known_hosts) = (vec![file.clone()], Vec::new());
        let (right, wrong) = (key(), key());

        let strict = HostKeys::load(&plan, 1);
        let refused = strict.judge("web", 2222, &right);
        assert!(matches!(refused, Judgement::Refused(FailureCode::HostKeyUnknown, _)), "{refused:?}");

        plan.unknown_keys = UnknownKeys::AcceptNew;
        let lenient = HostKeys::load(&plan, 1);
        assert!(matches!(lenient.judge("web", 2222, &right), Judgement::Accepted(_)));
        assert_eq!(lenient.judge("web", 2222, &right), Judgement::Known);
        let changed = lenient.judge("web", 2222, &wrong);
        assert!(matches!(changed, Judgement::Refused(FailureCode::HostKeyChanged, _)), "{changed:?}");
        lenient.store().unwrap();
        lenient.store().unwrap();

        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        let reread = HostKeys::load(&plan, 1);
        assert_eq!(reread.judge("web", 2222, &right), Judgement::Known);
        assert_eq!(reread.types("web", 2222), ["ssh-ed25519"]);
        assert!(matches!(reread.judge("web", 2222, &wrong), Judgement::Refused(FailureCode::HostKeyChanged, _)));
    }
}
