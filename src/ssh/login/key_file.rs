//! Key files and certificate files: read once for the whole scan; what is encrypted is unlocked beforehand, by a passphrase.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::unistd::getuid;
use russh::keys::{Certificate, PrivateKey, PublicKey, decode_secret_key};

use crate::bounded;
use crate::inventory::secret::Secret;

/// What a file of one key may hold, in bytes.
const LARGEST: u64 = 1 << 20;

/// What a key file holds.
#[derive(Debug, Clone)]
pub(super) enum KeyFile {
    Usable(Arc<PrivateKey>),
    /// Encrypted: only the agent can sign for it, or whoever knows the passphrase.
    Locked(Option<PublicKey>, Passphrase),
    /// Only its public half is there: the agent can sign for it.
    PublicOnly(PublicKey),
    /// Others can read it, and may have it too: only the agent can sign for it. With its rights.
    Exposed(Option<PublicKey>, u32),
    Missing,
    Unreadable(String),
}

/// What is known of the passphrase of a file that it would open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passphrase {
    NotGiven,
    /// One was given, and does not open it.
    Wrong,
}

/// What a certificate file holds.
#[derive(Debug, Clone)]
pub(super) enum CertificateFile {
    Usable(Arc<Certificate>),
    Missing,
    Unreadable(String),
}

/// Keys that were encrypted, by their files; decrypted once and shared by all hosts.
#[derive(Clone, Default)]
pub struct UnlockedKeys {
    keys: HashMap<PathBuf, Arc<PrivateKey>>,
    /// Files that a passphrase was given for which does not open them.
    refused: HashSet<PathBuf>,
}

impl std::fmt::Debug for UnlockedKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.keys.keys()).finish()
    }
}

/// Why a passphrase did not open a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// It is not the right one.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The file cannot be used whatever the passphrase.
    #[error("{0}")]
    Unusable(String),
}

impl UnlockedKeys {
    /// Opens a key file by its passphrase. It takes some tenths of a second, by design of those files.
    pub fn unlock(&mut self, path: &Path, passphrase: &Secret) -> Result<(), UnlockError> {
        let text = bounded::text(path, LARGEST).map_err(|error| UnlockError::Unusable(error.to_string()))?;
        if let Some(mode) = open_to_others(path) {
            return Err(UnlockError::Unusable(exposed(path, mode)));
        }
        let opened = self.take_in(path, &text, Some(passphrase));
        if opened == Err(UnlockError::WrongPassphrase) {
            self.refused.insert(path.to_owned());
        }
        opened
    }

    /// Takes in a key by its text, under a name that no file has or that of its own.
    pub fn take_in(&mut self, name: &Path, text: &str, passphrase: Option<&Secret>) -> Result<(), UnlockError> {
        let unusable = |why: String| UnlockError::Unusable(why);
        if passphrase.is_none() && is_locked(text) {
            return Err(unusable("it is encrypted, and no passphrase is given".to_owned()));
        }
        // Whatever a wrong passphrase makes of a file differs from format to format: a bad check value (OpenSSH, PuTTY), bad
        // padding, or bytes that are no key (PEM, PKCS#8).
        let key = decode_secret_key(text, passphrase.map(Secret::reveal)).map_err(|error| match error {
            _ if passphrase.is_none() => unusable(error.to_string()),
            russh::keys::Error::UnsupportedKeyType { .. } | russh::keys::Error::UnknownAlgorithm(_) => {
                unusable(error.to_string())
            }
            _ => UnlockError::WrongPassphrase,
        })?;
        if key.is_encrypted() {
            return Err(UnlockError::WrongPassphrase);
        }
        self.keys.insert(name.to_owned(), Arc::new(key));
        Ok(())
    }
}

impl UnlockedKeys {
    /// Whether a key was taken in under that name.
    pub fn has(&self, name: &Path) -> bool {
        self.keys.contains_key(name)
    }

    fn passphrase(&self, file: &Path) -> Passphrase {
        if self.refused.contains(file) { Passphrase::Wrong } else { Passphrase::NotGiven }
    }
}

impl KeyFile {
    /// The public half, where it is known.
    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        match self {
            Self::Usable(key) => Some(key.public_key()),
            Self::PublicOnly(key) => Some(key),
            Self::Locked(key, _) | Self::Exposed(key, _) => key.as_ref(),
            Self::Missing | Self::Unreadable(_) => None,
        }
    }

    pub(super) fn read(path: &Path, unlocked: &UnlockedKeys) -> Self {
        if let Some(key) = unlocked.keys.get(path) {
            return Self::Usable(Arc::clone(key));
        }
        let text = match bounded::text(path, LARGEST) {
            Ok(text) => text,
            Err(error) if error.is_missing() => {
                return public_beside(path).map_or(Self::Missing, Self::PublicOnly);
            }
            Err(error) => return Self::Unreadable(error.to_string()),
        };
        if let Some(why) = foreign_encryption(&text) {
            return Self::Unreadable(why);
        }
        if let Some(mode) = open_to_others(path).filter(|_| is_private(&text)) {
            return Self::Exposed(public_half(path, &text), mode);
        }
        match decode_secret_key(&text, None) {
            Ok(key) if !key.is_encrypted() => Self::Usable(Arc::new(key)),
            Ok(key) => Self::Locked(Some(key.public_key().clone()), unlocked.passphrase(path)),
            Err(_) if is_locked(&text) => Self::Locked(public_half(path, &text), unlocked.passphrase(path)),
            Err(error) => match PublicKey::from_openssh(text.trim()) {
                Ok(key) => Self::PublicOnly(key),
                Err(_) => Self::Unreadable(error.to_string()),
            },
        }
    }
}

impl CertificateFile {
    pub(super) fn read(path: &Path) -> Self {
        match bounded::text(path, LARGEST) {
            Ok(text) => match Certificate::from_openssh(text.trim()) {
                Ok(certificate) => Self::Usable(Arc::new(certificate)),
                Err(error) => Self::Unreadable(format!("is no certificate: {error}")),
            },
            Err(error) if error.is_missing() => Self::Missing,
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}

/// The rights of a file that others than its owner have any right to, where its owner is whoever runs this. As OpenSSH has it
/// (`authfile.c`, `sshkey_perm_ok`), somebody else's file is their own business.
fn open_to_others(path: &Path) -> Option<u32> {
    const OF_OTHERS: u32 = 0o077;
    let found = fs::metadata(path).ok()?;
    let mode = found.mode() & 0o777;
    (found.uid() == getuid().as_raw() && mode & OF_OTHERS != 0).then_some(mode)
}

/// What is said of such a file.
pub(super) fn exposed(path: &Path, mode: u32) -> String {
    let path = path.display();
    format!("others have rights to it (mode {mode:04o}), as `ssh` does not use it either; `chmod 600 {path}`")
}

/// Whether a text is a private key of some format, rather than a public one.
fn is_private(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        line.starts_with("-----BEGIN ") && line.ends_with("PRIVATE KEY-----")
            || line.starts_with("PuTTY-User-Key-File-")
    })
}

/// Where OpenSSH looks for the certificate of a key file.
pub(super) fn certificate_beside(key_file: &Path) -> PathBuf {
    // A key may be named by its public half, which has its certificate beside its private one.
    let name = key_file.as_os_str().to_string_lossy();
    let mut beside = name.strip_suffix(".pub").unwrap_or(&name).to_owned();
    beside.push_str("-cert.pub");
    PathBuf::from(beside)
}

/// Whether a file of some format needs a passphrase.
fn is_locked(text: &str) -> bool {
    let has_line = |wanted: fn(&str) -> bool| text.lines().any(|line| wanted(line.trim()));
    has_line(|line| line == "-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || has_line(|line| line == "Proc-Type: 4,ENCRYPTED")
        || has_line(|line| line.strip_prefix("Encryption: ").is_some_and(|cipher| cipher != "none"))
        || PrivateKey::from_openssh(text).is_ok_and(|key| key.is_encrypted())
}

/// Why an encrypted file of the old PEM form cannot be opened even by its passphrase.
fn foreign_encryption(text: &str) -> Option<String> {
    let cipher = text.lines().find_map(|line| line.trim().strip_prefix("DEK-Info: "))?.split(',').next()?;
    let is_rsa = text.lines().any(|line| line.trim() == "-----BEGIN RSA PRIVATE KEY-----");
    (cipher != "AES-128-CBC" || !is_rsa).then(|| {
        format!(
            "its old form of encryption ({cipher}) is not supported; `ssh-keygen -p -f FILE` writes it in the new one"
        )
    })
}

/// The public half of an encrypted key: OpenSSH's own format has it in clear, for others there may be a `.pub` beside.
fn public_half(path: &Path, text: &str) -> Option<PublicKey> {
    let inside = PrivateKey::from_openssh(text).ok().map(|key| key.public_key().clone());
    inside.or_else(|| public_beside(path))
}

fn public_beside(path: &Path) -> Option<PublicKey> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    PublicKey::from_openssh(bounded::text(Path::new(&beside), LARGEST).ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use russh::keys::key::safe_rng;
    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, PrivateKey};

    use super::*;

    #[test]
    fn a_private_key_that_others_have_rights_to_is_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key");
        let locked = key.encrypt(&mut safe_rng(), "secret").expect("encrypted");
        let text = |key: &PrivateKey| key.to_openssh(LineEnding::LF).expect("a text").to_string();
        let (clear, locked) = (text(&key), text(&locked));
        let public = key.public_key().to_openssh().expect("a text");
        let path = folder.path().join("id");
        let write = |text: &str, mode: u32| {
            use std::os::unix::fs::PermissionsExt;
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its rights");
        };
        for (mode, is_exposed) in
            [(0o600, false), (0o400, false), (0o700, false), (0o640, true), (0o604, true), (0o666, true), (0o601, true)]
        {
            for text in [&clear, &locked] {
                write(text, mode);
                match KeyFile::read(&path, &UnlockedKeys::default()) {
                    KeyFile::Exposed(Some(found), told) if is_exposed => {
                        assert_eq!((found.key_data(), told), (key.public_key().key_data(), mode));
                    }
                    KeyFile::Usable(_) | KeyFile::Locked(..) if !is_exposed => {}
                    other => panic!("{mode:o}: {other:?}"),
                }
            }
            let opened = UnlockedKeys::default().unlock(&path, &Secret::new("secret".to_owned()));
            let refused = Err(UnlockError::Unusable(exposed(&path, mode)));
            assert_eq!(opened, if is_exposed { refused } else { Ok(()) }, "{mode:o}");
        }
        write(&public, 0o644);
        assert!(matches!(KeyFile::read(&path, &UnlockedKeys::default()), KeyFile::PublicOnly(_)));
        let told = exposed(Path::new("/k"), 0o644);
        assert_eq!(told, "others have rights to it (mode 0644), as `ssh` does not use it either; `chmod 600 /k`");
    }

    /// The texts of keys and a certificate, as they are found in files.
    fn texts() -> Vec<Vec<u8>> {
        use russh::keys::ssh_key::certificate::{Builder, CertType};
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key");
        let locked = key.encrypt(&mut safe_rng(), "secret").expect("encrypted");
        let mut certificate =
            Builder::new_with_random_nonce(&mut safe_rng(), key.public_key().key_data().clone(), 0, 1).expect("one");
        certificate.cert_type(CertType::User).expect("a type").valid_principal("root").expect("a name");
        let certificate = certificate.sign(&key).expect("signed");
        let text = |key: &PrivateKey| key.to_openssh(LineEnding::LF).expect("a text").as_bytes().to_vec();
        let public = key.public_key().to_openssh().expect("a text").into_bytes();
        let certificate = certificate.to_openssh().expect("a text").into_bytes();
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n\
                   -----END RSA PRIVATE KEY-----\n";
        let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 1\nAAAA\n\
                     Private-Lines: 1\nAAAA\nPrivate-MAC: 00\n";
        vec![text(&key), text(&locked), public, certificate, pem.into(), putty.into()]
    }

    #[test]
    fn whatever_a_key_file_holds_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, texts) = (tempfile::tempdir().expect("a folder"), texts());
        let path = folder.path().join("id");
        let read = |text: &[u8]| {
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its rights");
            (KeyFile::read(&path, &UnlockedKeys::default()), CertificateFile::read(&path))
        };
        let [key, locked, public, certificate, ..] = &texts[..] else { unreachable!() };
        assert!(matches!(read(key), (KeyFile::Usable(_), CertificateFile::Unreadable(_))));
        assert!(matches!(read(locked).0, KeyFile::Locked(Some(_), Passphrase::NotGiven)));
        assert!(matches!(read(public).0, KeyFile::PublicOnly(_)));
        assert!(matches!(read(certificate).1, CertificateFile::Usable(_)));
        proptest!(|(bytes in proptest::collection::vec(any::<u8>(), ..300))| { read(&bytes); });
        // Broken somewhere: letters changed, and the end cut off.
        let changes = proptest::collection::vec((any::<usize>(), any::<u8>()), ..4);
        proptest!(|(which in 0..texts.len(), changes in changes, length: usize)| {
            let mut text = texts[which].clone();
            for (at, byte) in changes {
                let at = at % text.len();
                text[at] = byte;
            }
            read(&text);
            text.truncate(length % text.len());
            read(&text);
        });
    }
}
