//! `RevokedHostKeys`: host keys, certificates and authorities that nobody may be known by any more, as lists of public keys or in
//! the compact form of `ssh-keygen -k`.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::revocation_list::{self, Revoked};

/// What one or several files say is revoked, with where it stands.
#[derive(Debug, Clone, Default)]
pub struct RevokedKeys {
    keys: HashMap<Vec<u8>, String>,
    /// By the hashes of keys, whose lengths tell them apart.
    hashed: HashMap<Vec<u8>, String>,
    certificates: Vec<(Revoked, String)>,
}

/// Why a file says nothing: OpenSSH refuses every host then, and so do we.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// It is of the compact form, and cut off or of a kind that is not known.
    #[error(
        "is a broken key revocation list (KRL), or has what is not understood; whether a key is revoked cannot be told"
    )]
    Broken,
    /// A line has no key.
    #[error("line {0} has no public key, as NAME.pub has one; whether a key is revoked cannot be told")]
    NoKey(usize),
}

impl RevokedKeys {
    /// Reads one file into what is known already: the compact form, or a public key a line, `#` before a comment.
    pub fn read(&mut self, file: &str, text: &[u8]) -> Result<(), ListError> {
        if text.starts_with(revocation_list::MAGIC) {
            for revoked in revocation_list::read(text)? {
                let place = file.to_owned();
                match revoked {
                    Revoked::Key(blob) => {
                        self.keys.entry(blob).or_insert(place);
                    }
                    Revoked::Sha1(hash) | Revoked::Sha256(hash) => {
                        self.hashed.entry(hash).or_insert(place);
                    }
                    certificates => self.certificates.push((certificates, place)),
                }
            }
            return Ok(());
        }
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = index + 1;
            let blob = key(line).ok_or(ListError::NoKey(number))?;
            self.keys.entry(blob).or_insert_with(|| format!("{file}:{number}"));
        }
        Ok(())
    }

    /// Where a key (SSH wire format) is revoked.
    pub fn key(&self, blob: &[u8]) -> Option<&str> {
        let hashed = || (!self.hashed.is_empty()).then(|| self.hash(blob)).flatten();
        self.keys.get(blob).or_else(hashed).map(String::as_str)
    }

    fn hash(&self, blob: &[u8]) -> Option<&String> {
        let (short, long) = (Sha1::digest(blob), Sha256::digest(blob));
        self.hashed.get(short.as_slice()).or_else(|| self.hashed.get(long.as_slice()))
    }

    /// Where a certificate of an authority (its key in SSH wire format) is revoked, by its number or by what it is called.
    pub fn certificate(&self, authority: &[u8], serial: u64, key_id: &str) -> Option<&str> {
        let is_of = |of: &[u8]| of.is_empty() || of == authority;
        let fits = |revoked: &Revoked| match revoked {
            // Authorities that number nothing number everything 0.
            Revoked::Serials(of, first, last) => serial != 0 && is_of(of) && (*first..=*last).contains(&serial),
            Revoked::KeyId(of, name) => is_of(of) && name == key_id.as_bytes(),
            Revoked::Key(_) | Revoked::Sha1(_) | Revoked::Sha256(_) => false,
        };
        self.certificates.iter().find(|(revoked, _)| fits(revoked)).map(|(_, place)| place.as_str())
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
        assert_eq!((keys.key(&blob), keys.key(&other)), (Some("revoked:3"), None));
        keys.read("more", two.as_bytes()).unwrap();
        assert_eq!(keys.key(&other), Some("more:1"));
    }

    #[test]
    fn what_is_no_list_is_refused_and_not_passed_over() {
        let (good, _) = line("ssh-ed25519", "ssh-ed25519");
        let check = |text: &str, expected: ListError| {
            assert_eq!(RevokedKeys::default().read("revoked", text.as_bytes()), Err(expected), "{text}");
        };
        check("SSHKRL\n\0\0\0\0\x01", ListError::Broken);
        check("SSHKRL\n\0\0\0\0\x02", ListError::Broken);
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
            let compact = [b"SSHKRL\n\0\0\0\0\x01".as_slice(), &[0; 32], &bytes].concat();
            let _ = RevokedKeys::default().read("any", &compact);
        }
    }
}
