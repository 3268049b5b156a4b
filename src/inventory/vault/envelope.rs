//! Encrypted text taken apart: a header line, then hexadecimal in lines, which holds three hexadecimal lines again.

use super::error::{BodyPart, VaultError};
use super::keyring::DEFAULT_LABEL;

/// The word that opens every encrypted text.
const MARK: &str = "$ANSIBLE_VAULT";
/// So much of a word of the header is repeated in an error.
const SHOWN: usize = 40;

/// Whether bytes are a file that Ansible takes for encrypted.
pub fn is_vaulted(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK.as_bytes())
}

/// Encrypted text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The label of the password it was encrypted with; `default` where the header names none.
    pub label: String,
    /// The salt of the key derivation.
    pub(super) salt: Vec<u8>,
    /// HMAC-SHA256 over the ciphertext.
    pub(super) checksum: Vec<u8>,
    /// The encrypted bytes.
    pub(super) ciphertext: Vec<u8>,
}

impl Envelope {
    /// Takes encrypted text apart; the blanks around its lines do not matter.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut lines = text.lines();
        let label = label(lines.next().unwrap_or_default())?;
        let mut inner = Vec::with_capacity(text.len() / 2);
        let mut high = None;
        for (index, line) in lines.enumerate() {
            for character in line.chars().filter(|character| !character.is_whitespace()) {
                let digit = nibble(character).ok_or(VaultError::NotHexadecimal { line: index + 2 })?;
                match high.take() {
                    None => high = Some(digit),
                    Some(high) => inner.push(high << 4 | digit),
                }
            }
        }
        if high.is_some() {
            return Err(VaultError::Part(BodyPart::Ciphertext));
        }
        let mut parts = inner.splitn(3, |byte| *byte == b'\n');
        let mut part = |which| {
            let digits = parts.next().filter(|digits| !digits.is_empty()).ok_or(VaultError::Missing(which))?;
            bytes(digits).ok_or(VaultError::Part(which))
        };
        Ok(Self {
            label,
            salt: part(BodyPart::Salt)?,
            checksum: part(BodyPart::Checksum)?,
            ciphertext: part(BodyPart::Ciphertext)?,
        })
    }
}

/// The label that a header names.
fn label(header: &str) -> Result<String, VaultError> {
    let mut words = header.trim().split(';').map(str::trim);
    if words.next() != Some(MARK) {
        return Err(VaultError::Header);
    }
    let (Some(version), Some(cipher)) = (words.next(), words.next()) else { return Err(VaultError::Header) };
    if !["1.1", "1.2"].contains(&version) {
        return Err(VaultError::Version(shown(version)));
    }
    if cipher != "AES256" {
        return Err(VaultError::Cipher(shown(cipher)));
    }
    match words.next().filter(|label| !label.is_empty()) {
        Some(label) if version == "1.2" => Ok(shown(label)),
        None if version == "1.2" => Err(VaultError::NoLabel),
        Some(_) | None => Ok(DEFAULT_LABEL.to_owned()),
    }
}

/// A word of the header, short and without control characters, so that it can be repeated.
fn shown(word: &str) -> String {
    word.chars().filter(|character| !character.is_control()).take(SHOWN).collect()
}

fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.iter().map(|digit| nibble(char::from(*digit))).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn nibble(digit: char) -> Option<u8> {
    digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text whose body is `inner`.
    fn text(header: &str, inner: &str) -> String {
        let digits: Vec<String> = inner.bytes().map(|byte| format!("{byte:02x}")).collect();
        let digits = digits.concat();
        let (first, second) = digits.split_at(digits.len() / 2);
        format!("{header}\n  {first}\r\n\t{second}\n\n")
    }

    #[test]
    fn header_and_body_are_taken_apart() {
        let check = |header: &str, label: &str| {
            let envelope = Envelope::parse(&text(header, "0a0B\nff\n00")).expect("an envelope");
            let expected =
                Envelope { label: label.to_owned(), salt: vec![10, 11], checksum: vec![255], ciphertext: vec![0] };
            assert_eq!(envelope, expected, "{header}");
        };
        check("$ANSIBLE_VAULT;1.1;AES256", "default");
        check("$ANSIBLE_VAULT;1.1;AES256;dev", "default");
        check("$ANSIBLE_VAULT;1.2;AES256;dev", "dev");
        check("$ANSIBLE_VAULT ; 1.2 ; AES256 ; dev  ", "dev");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: VaultError| assert_eq!(Envelope::parse(text), Err(expected), "{text}");
        let good = "$ANSIBLE_VAULT;1.1;AES256";
        check("", VaultError::Header);
        check("$ANSIBLE_VAULT", VaultError::Header);
        check("ANSIBLE_VAULT;1.1;AES256", VaultError::Header);
        check("$ANSIBLE_VAULT;2.0;AES256", VaultError::Version("2.0".to_owned()));
        check("$ANSIBLE_VAULT;1.1;AES", VaultError::Cipher("AES".to_owned()));
        check("$ANSIBLE_VAULT;1.2;AES256", VaultError::NoLabel);
        check(good, VaultError::Missing(BodyPart::Salt));
        check(&format!("{good}\n61\n6x"), VaultError::NotHexadecimal { line: 3 });
        check(&format!("{good}\n616"), VaultError::Part(BodyPart::Ciphertext));
        check(&text(good, "ab"), VaultError::Missing(BodyPart::Checksum));
        check(&text(good, "ab\ncd"), VaultError::Missing(BodyPart::Ciphertext));
        check(&text(good, "ab\ncd\n"), VaultError::Missing(BodyPart::Ciphertext));
        check(&text(good, "abc\ncd\n00"), VaultError::Part(BodyPart::Salt));
        check(&text(good, "ab\nzz\n00"), VaultError::Part(BodyPart::Checksum));
    }
}
