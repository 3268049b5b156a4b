//! `RevokedHostKeys`: lists of host keys, and of authorities, that nobody may be known by any more.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::known_hosts::Place;

/// How a key revocation list (`ssh-keygen -k`) begins.
const KRL: &[u8] = b"SSHKRL\n\0";

/// The revoked keys of one or several files.
#[derive(Debug, Clone, Default)]
pub struct RevokedKeys(HashMap<Vec<u8>, Place>);

/// Why a file says nothing: OpenSSH refuses every host then, and so do we.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// It is of the compact form, which is not read.
    #[error(
        "is a key revocation list (KRL), which is not supported; list the keys themselves, one a line as in NAME.pub"
    )]
    Compact,
    /// A line has no key.
    #[error("line {0} has no public key, as NAME.pub has one; whether a key is revoked cannot be told")]
    NoKey(usize),
}

impl RevokedKeys {
    /// Reads one file into what is known already: a public key a line, `#` before a comment.
    pub fn read(&mut self, file: &str, text: &[u8]) -> Result<(), ListError> {
        if text.starts_with(KRL) {
            return Err(ListError::Compact);
        }
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = Place { file: file.to_owned(), line: index + 1 };
            let blob = key(line).ok_or(ListError::NoKey(place.line))?;
            self.0.entry(blob).or_insert(place);
        }
        Ok(())
    }

    /// Where a key (SSH wire format) is revoked.
    pub fn place(&self, blob: &[u8]) -> Option<&Place> {
        self.0.get(blob)
    }
}

/// The key of a line: its type, and the same type inside of it. A certificate is none: its key is to be listed.
fn key(line: &str) -> Option<Vec<u8>> {
    let mut words = line.split_ascii_whitespace();
    let (key_type, key) = (words.next()?, words.next()?);
    let blob = BASE64.decode(key).ok()?;
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let inside = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    (inside == key_type.as_bytes() && !key_type.contains("-cert-")).then_some(blob)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(key_type: &str, inside: &str) -> (String, Vec<u8>) {
        let length = u32::try_from(inside.len()).unwrap().to_be_bytes();
        let blob = [length.as_slice(), inside.as_bytes(), b"the key"].concat();
        (format!("{key_type} {}", BASE64.encode(&blob)), blob)
    }

    #[test]
    fn a_listed_key_is_found_and_no_other() {
        let (one, blob) = line("ssh-ed25519", "ssh-ed25519");
        let (two, other) = line("ssh-rsa", "ssh-rsa");
        let mut keys = RevokedKeys::default();
        keys.read("revoked", format!("# lost\n\n  {one} me@desk\n{one}\n").as_bytes()).unwrap();
        assert_eq!(keys.place(&blob), Some(&Place { file: "revoked".to_owned(), line: 3 }));
        assert_eq!(keys.place(&other), None);
        keys.read("more", two.as_bytes()).unwrap();
        assert_eq!(keys.place(&other).map(|place| place.file.as_str()), Some("more"));
    }

    #[test]
    fn what_is_no_list_is_refused_and_not_passed_over() {
        let (good, _) = line("ssh-ed25519", "ssh-ed25519");
        let check = |text: &str, expected: ListError| {
            assert_eq!(RevokedKeys::default().read("revoked", text.as_bytes()), Err(expected), "{text}");
        };
        check("SSHKRL\n\0\0\0\0\x01", ListError::Compact);
        check(&format!("{good}\nweb {good}\n"), ListError::NoKey(2));
        check("ssh-ed25519", ListError::NoKey(1));
        check("ssh-ed25519 %%", ListError::NoKey(1));
        check("ssh-ed25519 AAAA", ListError::NoKey(1));
        check(&line("ssh-ed25519", "ssh-rsa").0, ListError::NoKey(1));
        let certificate = "ssh-ed25519-cert-v01@openssh.com";
        check(&line(certificate, certificate).0, ListError::NoKey(1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_end(bytes in proptest::collection::vec(any::<u8>(), ..300)) {
            let _ = RevokedKeys::default().read("any", &bytes);
        }
    }
}
