//! Why encrypted text cannot be read: what is, what was expected, what it means, what to do.

use std::fmt;

/// A part of an encrypted body, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyPart {
    /// The salt of the key derivation.
    Salt,
    /// The check sum over the encrypted bytes.
    Checksum,
    /// The encrypted bytes.
    Ciphertext,
}

impl fmt::Display for BodyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Salt => "salt",
            Self::Checksum => "check sum",
            Self::Ciphertext => "ciphertext",
        })
    }
}

/// Why encrypted text cannot be read. Its text never holds a password or a part of what is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The first line is no header.
    #[error("the vault text does not open with $ANSIBLE_VAULT;1.1;AES256, so it is not what ansible-vault wrote")]
    Header,
    /// A version that is not known.
    #[error("the vault text has version {0}, not 1.1 or 1.2, so how it is encrypted is not known")]
    Version(String),
    /// A cipher that is not known.
    #[error("the vault text is encrypted with the cipher {0}, not AES256, so it cannot be decrypted")]
    Cipher(String),
    /// A header of version 1.2 that names no label.
    #[error("the vault header has version 1.2 and no label, which ends it: $ANSIBLE_VAULT;1.2;AES256;LABEL")]
    NoLabel,
    /// The body is not hexadecimal.
    #[error("the vault text has a character that is no hexadecimal digit in line {line}, so it is damaged")]
    NotHexadecimal {
        /// Line of the vault text, from 1 for its header.
        line: usize,
    },
    /// The body ends too early.
    #[error("the vault text has no {0}, so it is cut off or damaged")]
    Missing(BodyPart),
    /// A part of the body is not what it should be.
    #[error("the {0} of the vault text is no hexadecimal number of whole bytes, so it is damaged")]
    Part(BodyPart),
    /// Nobody gave a password.
    #[error("it is encrypted by ansible-vault (label {label}), and no vault password was given")]
    NoPassword {
        /// The label of the text.
        label: String,
    },
    /// Only passwords of the same label may be tried, and there is none.
    #[error(
        "it is encrypted by ansible-vault with the label {label}, the passwords given have others ({}), \
         and vault_id_match allows no other",
        given.join(", ")
    )]
    NoPasswordOfLabel {
        /// The label of the text.
        label: String,
        /// The labels of the passwords.
        given: Vec<String>,
    },
    /// Every password was tried.
    #[error(
        "no vault password opens it (label {label}, tried {}): the password is another, or the text is damaged",
        tried.join(", ")
    )]
    WrongPassword {
        /// The label of the text.
        label: String,
        /// The labels of the passwords that were tried, in order.
        tried: Vec<String>,
    },
    /// The check sum is right and the padding is not.
    #[error("the vault text was decrypted, but its padding is wrong, so it was not written by ansible-vault")]
    Padding,
    /// What was decrypted should be text.
    #[error("the vault text was decrypted and is not UTF-8, so it is no text")]
    NotText,
}

impl VaultError {
    /// What to do about it, as a sentence without its period.
    pub fn remedy(&self) -> String {
        match self {
            Self::Header | Self::NotHexadecimal { .. } | Self::Missing(_) | Self::Part(_) | Self::Padding => {
                "Write it again with ansible-vault encrypt or encrypt_string".to_owned()
            }
            Self::Version(_) | Self::Cipher(_) => "Write it again with ansible-vault rekey".to_owned(),
            Self::NoLabel => "Add the label to the header".to_owned(),
            Self::NoPassword { label } | Self::NoPasswordOfLabel { label, .. } if !is_default(label) => {
                format!("Pass --vault-id {label}@FILE, or --vault-id {label}@prompt")
            }
            Self::NoPassword { .. } | Self::NoPasswordOfLabel { .. } => {
                "Pass --ask-vault-pass or --vault-password-file FILE".to_owned()
            }
            Self::WrongPassword { label, .. } => {
                format!("Pass the password it was encrypted with: --vault-id {label}@FILE, or {label}@prompt")
            }
            Self::NotText => "Encrypt text; a binary file can be no variable".to_owned(),
        }
    }
}

fn is_default(label: &str) -> bool {
    label == super::DEFAULT_LABEL
}
