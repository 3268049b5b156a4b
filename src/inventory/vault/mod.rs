//! Ansible Vault: text that was encrypted with a password, read with the passwords that were given.
//!
//! A value is opened only when it is needed, once, whoever asks for it. Nothing here prints a password or a plain text,
//! and neither has a debug form.

mod envelope;
mod error;
mod keyring;
mod seal;

pub use envelope::{Envelope, is_vaulted};
pub use error::{BodyPart, VaultError};
pub use keyring::{DEFAULT_LABEL, Identity, Keyring, Password, PlainText};
