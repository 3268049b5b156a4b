//! The vault passwords that were given, and what was opened with them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretSlice};
use zeroize::Zeroizing;

use super::envelope::Envelope;
use super::error::VaultError;
use super::seal::{self, Closed};
use crate::inventory::secret::Secret;

/// The label of what names none.
pub const DEFAULT_LABEL: &str = "default";

/// A vault password: bytes, not text, as Ansible has it. Without a debug form on purpose.
#[derive(Clone)]
pub struct Password(SecretSlice<u8>);

impl Password {
    /// The password as it was typed or read; the copy in the hands of the caller is not wiped. `None` if it is empty,
    /// which Ansible does not allow either.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (!bytes.is_empty()).then(|| Self(bytes.into()))
    }
}

/// One of Ansible's vault identities: a password and the label it was given for.
#[derive(Clone)]
pub struct Identity {
    /// The label; [`DEFAULT_LABEL`] where none was named.
    pub label: String,
    /// The password.
    pub password: Password,
}

/// What was decrypted. Without a debug form on purpose.
#[derive(Clone)]
pub struct PlainText(Arc<Zeroizing<Vec<u8>>>);

impl PlainText {
    /// The decrypted bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The decrypted text, in memory that is wiped.
    pub fn text(&self) -> Result<Secret, VaultError> {
        let text = std::str::from_utf8(self.expose()).map_err(|_| VaultError::NotText)?;
        Ok(Secret::new(text.to_owned()))
    }
}

/// The vault passwords that were given. Every text is opened once, whoever asks: each costs ten thousand rounds of a
/// hash.
#[derive(Default)]
pub struct Keyring {
    secrets: Vec<Identity>,
    only_same_label: bool,
    opened: Mutex<HashMap<String, Result<PlainText, VaultError>>>,
}

impl Keyring {
    /// The passwords in the order they are tried. `only_same_label` = those of other labels are not tried
    /// (`vault_id_match`).
    pub fn new(secrets: Vec<Identity>, only_same_label: bool) -> Self {
        Self { secrets, only_same_label, opened: Mutex::default() }
    }

    /// Whether no password was given.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// How many texts were tried so far, whatever came of it.
    pub fn tried(&self) -> usize {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether a text was tried already: to open it again costs nothing.
    pub fn has_tried(&self, text: &str) -> bool {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).contains_key(text)
    }

    /// Decrypts what ansible-vault wrote: header and hexadecimal lines.
    pub fn open(&self, text: &str) -> Result<PlainText, VaultError> {
        let known = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(known) = known {
            return known;
        }
        // Not under the lock: others may open other texts meanwhile.
        let opened = Envelope::parse(text).and_then(|envelope| self.try_all(&envelope));
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned(), opened.clone());
        opened
    }

    /// Tries the passwords of the text's label, then, unless that is forbidden, the others.
    fn try_all(&self, envelope: &Envelope) -> Result<PlainText, VaultError> {
        let label = || envelope.label.clone();
        let same = self.secrets.iter().filter(|secret| secret.label == envelope.label);
        let others = self.secrets.iter().filter(|secret| secret.label != envelope.label && !self.only_same_label);
        let mut tried = Vec::new();
        for secret in same.chain(others) {
            match seal::open(envelope, secret.password.0.expose_secret()) {
                Ok(text) => return Ok(PlainText(Arc::new(text))),
                Err(Closed::Padding) => return Err(VaultError::Padding),
                Err(Closed::WrongPassword) => tried.push(secret.label.clone()),
            }
        }
        if self.secrets.is_empty() {
            return Err(VaultError::NoPassword { label: label() });
        }
        if tried.is_empty() {
            let given = self.secrets.iter().map(|secret| secret.label.clone()).collect();
            return Err(VaultError::NoPasswordOfLabel { label: label(), given });
        }
        Err(VaultError::WrongPassword { label: label(), tried })
    }
}

/// The labels, never a password nor what was opened.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.secrets.iter().map(|secret| &secret.label)).finish()
    }
}
