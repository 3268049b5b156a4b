//! A secret of the inventory or of the user: wiped from memory when it is dropped, and never shown.

use secrecy::{ExposeSecret, SecretString};

/// A password or passphrase. Its `Debug` tells nothing of it, not even its length.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text that nobody else is to see.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself, for whoever hands it to where it belongs.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    /// For targets that are compared with each other; no answer to whoever guesses, so the time that it takes is no matter.
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl Eq for Secret {}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "Secret Some(\n    Secret,\n)");
        assert_eq!((secret.reveal(), secret.clone()), ("hunter2", secret.clone()));
    }
}
