//! `known_hosts`: which host keys are known, with OpenSSH's rules for hashed names, patterns, ports, revocation and
//! certificate authorities.
//!
//! Keys are indexed by their blob first: a fleet of ten thousand hosts with ten thousand hashed names would otherwise cost a
//! hundred million HMACs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::DEFAULT_PORT;
use super::pattern::matches;

/// The known host keys of some files, and those that were learned besides.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    files: Vec<Arc<KnownFile>>,
    learned: KnownFile,
}

/// The known host keys of one file. Hosts with different lists of files may share it.
#[derive(Debug, Clone, Default)]
pub struct KnownFile {
    entries: Vec<Entry>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    by_pattern: Vec<usize>,
    hashed: Vec<usize>,
    revoked: HashMap<Vec<u8>, Vec<usize>>,
    authorities: Vec<Entry>,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as it was named when it was read.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// What the files say of a key that a host showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is this host's key.
    Known,
    /// No key is known for this host.
    Unknown,
    /// Other keys are known for this host: the key was changed, or somebody is in between.
    Changed(Place),
    /// The key is marked as revoked.
    Revoked(Place),
}

/// What the files say of an authority that signed a host's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// It is trusted for this host (`@cert-authority`).
    Trusted,
    /// Nothing is known of it for this host.
    Unknown,
    /// Its key is marked as revoked.
    Revoked(Place),
}

#[derive(Debug, Clone)]
struct Entry {
    names: Names,
    key_type: String,
    blob: Vec<u8>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Names {
    Hashed { salt: Vec<u8>, digest: Vec<u8> },
    Listed(Vec<Pattern>),
}

#[derive(Debug, Clone)]
struct Pattern {
    negated: bool,
    text: String,
}

impl KnownHosts {
    /// What these files say, the first one first.
    pub fn of(files: Vec<Arc<KnownFile>>) -> Self {
        Self { files, learned: KnownFile::default() }
    }

    fn parts(&self) -> impl Iterator<Item = &KnownFile> {
        self.files.iter().map(Arc::as_ref).chain([&self.learned])
    }

    /// How many host keys are known, revoked ones among them and authorities not.
    pub fn len(&self) -> usize {
        self.parts().map(|part| part.entries.len()).sum()
    }

    /// Whether no host key is known.
    pub fn is_empty(&self) -> bool {
        self.parts().all(|part| part.entries.is_empty())
    }

    /// How many names are hashed: what a search by name costs.
    pub fn hashed_len(&self) -> usize {
        self.parts().map(|part| part.hashed.len()).sum()
    }

    /// Judges the key `blob` (SSH wire format) shown by `host` at `port`.
    pub fn verdict(&self, host: &str, port: u16, blob: &[u8]) -> Verdict {
        let names = Looked::up(host, port);
        if let Some(place) = self.revocation(&names, blob) {
            return Verdict::Revoked(place);
        }
        if self.parts().any(|part| part.among(part.by_key.get(blob)).any(|entry| names.are_in(entry))) {
            return Verdict::Known;
        }
        let other = self.parts().find_map(|part| part.of(&names.name).next());
        other.map_or(Verdict::Unknown, |entry| Verdict::Changed(entry.place.clone()))
    }

    /// Judges the authority with the key `blob` that signed the certificate of `host` at `port`.
    pub fn authority(&self, host: &str, port: u16, blob: &[u8]) -> Authority {
        let names = Looked::up(host, port);
        if let Some(place) = self.revocation(&names, blob) {
            return Authority::Revoked(place);
        }
        let is_trusted = self.authorities().any(|entry| entry.blob == blob && names.are_in(entry));
        if is_trusted { Authority::Trusted } else { Authority::Unknown }
    }

    /// Whether some authority is trusted for `host` at `port`: else there is no use in asking it for a certificate.
    pub fn has_authority(&self, host: &str, port: u16) -> bool {
        let names = Looked::up(host, port);
        self.authorities().any(|entry| names.are_in(entry))
    }

    fn authorities(&self) -> impl Iterator<Item = &Entry> {
        self.parts().flat_map(|part| &part.authorities)
    }

    /// Where a key is revoked for a host. OpenSSH looks under the name without the port too; here such a revocation holds even
    /// where the key is known for the very port: a key that was copied is no better there.
    fn revocation(&self, names: &Looked, blob: &[u8]) -> Option<Place> {
        let revoked = self.parts().flat_map(|part| part.among(part.revoked.get(blob)));
        revoked.into_iter().find(|entry| names.are_in(entry)).map(|entry| entry.place.clone())
    }

    /// The key types that are known for `host` at `port`, as they are written in the files, each once.
    pub fn key_types(&self, host: &str, port: u16) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut types = Vec::new();
        let plain = (port != DEFAULT_PORT).then(|| host.to_ascii_lowercase());
        for name in [Some(name_of(host, port)), plain].into_iter().flatten() {
            for entry in self.parts().flat_map(|part| part.of(&name)) {
                if seen.insert(entry.key_type.clone()) {
                    types.push(entry.key_type.clone());
                }
            }
        }
        types
    }

    /// Learns a key, so that a second host of the same name is judged by it.
    pub fn learn(&mut self, host: &str, port: u16, key_type: &str, blob: &[u8]) {
        let pattern = Pattern { negated: false, text: name_of(host, port) };
        self.learned.add(Entry {
            names: Names::Listed(vec![pattern]),
            key_type: key_type.to_owned(),
            blob: blob.to_vec(),
            place: Place { file: "accepted in this run".to_owned(), line: 0 },
        });
    }
}

impl KnownFile {
    /// Reads one file; lines that are not understood are passed over, as OpenSSH does.
    pub fn read(file: &str, text: &[u8]) -> Self {
        let mut known = Self::default();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            known.read_line(line.trim(), Place { file: file.to_owned(), line: index + 1 });
        }
        known
    }

    fn of<'hosts>(&'hosts self, name: &'hosts str) -> impl Iterator<Item = &'hosts Entry> {
        let plain = self.by_name.get(name).into_iter().flatten();
        let candidates = plain.chain(&self.by_pattern).chain(&self.hashed);
        candidates.filter_map(|index| self.entries.get(*index)).filter(move |entry| entry.names.hold(name))
    }

    fn among<'hosts>(&'hosts self, found: Option<&'hosts Vec<usize>>) -> impl Iterator<Item = &'hosts Entry> {
        found.into_iter().flatten().filter_map(|index| self.entries.get(*index))
    }

    fn read_line(&mut self, line: &str, place: Place) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { return };
        let (marker, names) = if first.starts_with('@') { (Some(first), words.next()) } else { (None, Some(first)) };
        let (Some(names), Some(key_type), Some(key)) = (names, words.next(), words.next()) else { return };
        let (Some(names), Ok(blob)) = (Names::parse(names), BASE64.decode(key)) else { return };
        let entry = Entry { names, key_type: key_type.to_owned(), blob, place };
        match marker {
            None => self.add(entry),
            Some("@revoked") => {
                // A revoked key must not count as known for its host, so it joins no index but this.
                self.revoked.entry(entry.blob.clone()).or_default().push(self.entries.len());
                self.entries.push(entry);
            }
            // An authority's key is not a host's key, so it joins none of the indexes.
            Some("@cert-authority") => self.authorities.push(entry),
            Some(_) => {}
        }
    }

    fn add(&mut self, entry: Entry) {
        let index = self.entries.len();
        self.by_key.entry(entry.blob.clone()).or_default().push(index);
        match &entry.names {
            Names::Hashed { .. } => self.hashed.push(index),
            Names::Listed(patterns) if patterns.iter().any(Pattern::is_wild) => self.by_pattern.push(index),
            Names::Listed(patterns) => {
                for pattern in patterns {
                    self.by_name.entry(pattern.text.clone()).or_default().push(index);
                }
            }
        }
        self.entries.push(entry);
    }
}

/// The names under which a host is looked up: OpenSSH takes what is known for the host without the port as well.
struct Looked {
    name: String,
    plain: Option<String>,
}

impl Looked {
    fn up(host: &str, port: u16) -> Self {
        Self { name: name_of(host, port), plain: (port != DEFAULT_PORT).then(|| host.to_ascii_lowercase()) }
    }

    fn are_in(&self, entry: &Entry) -> bool {
        entry.names.hold(&self.name) || self.plain.as_ref().is_some_and(|name| entry.names.hold(name))
    }
}

impl Names {
    fn parse(text: &str) -> Option<Self> {
        let Some(hash) = text.strip_prefix("|1|") else {
            let patterns = text.split(',').filter(|pattern| !pattern.is_empty()).map(|pattern| Pattern {
                negated: pattern.starts_with('!'),
                text: pattern.trim_start_matches('!').to_ascii_lowercase(),
            });
            return Some(Self::Listed(patterns.collect()));
        };
        let (salt, digest) = hash.split_once('|')?;
        Some(Self::Hashed { salt: BASE64.decode(salt).ok()?, digest: BASE64.decode(digest).ok()? })
    }

    fn hold(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, digest } => hash(salt, name).is_some_and(|hashed| hashed == *digest),
            Self::Listed(patterns) => {
                let matching = |pattern: &&Pattern| matches(pattern.text.as_bytes(), name.as_bytes());
                let mut hits = patterns.iter().filter(matching).peekable();
                hits.peek().is_some() && hits.all(|pattern| !pattern.negated)
            }
        }
    }
}

impl Pattern {
    fn is_wild(&self) -> bool {
        self.negated || self.text.contains(['*', '?'])
    }
}

/// The line that makes a key known; with a salt, the name is hashed.
pub fn line_for(host: &str, port: u16, key_type: &str, blob: &[u8], salt: Option<&[u8]>) -> String {
    let name = name_of(host, port);
    let hashed =
        salt.and_then(|salt| Some(format!("|1|{}|{}", BASE64.encode(salt), BASE64.encode(hash(salt, &name)?))));
    format!("{} {key_type} {}\n", hashed.unwrap_or(name), BASE64.encode(blob))
}

fn hash(salt: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).ok()?;
    mac.update(name.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

/// The name under which a host is listed, and under which `ssh-keygen -R` finds it: `[web]:2222` for other ports than 22.
pub fn name_of(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == DEFAULT_PORT { host } else { format!("[{host}]:{port}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &[u8] = b"\x00\x00\x00\x0bssh-ed25519one";
    const TWO: &[u8] = b"\x00\x00\x00\x0bssh-ed25519two";

    fn known(text: &str) -> KnownHosts {
        let text = text.replace("ONE", &BASE64.encode(ONE)).replace("TWO", &BASE64.encode(TWO));
        KnownHosts::of(vec![Arc::new(KnownFile::read("known_hosts", text.as_bytes()))])
    }

    /// Whether the very line that is written makes its key known again. `known` is not for this: a hash may hold its short words.
    fn is_known_again(host: &str, port: u16, salt: Option<[u8; 20]>) -> bool {
        let line = line_for(host, port, "ssh-ed25519", ONE, salt.as_ref().map(<[u8; 20]>::as_slice));
        let file = Arc::new(KnownFile::read("known_hosts", line.as_bytes()));
        KnownHosts::of(vec![file]).verdict(host, port, ONE) == Verdict::Known
    }

    fn place(line: usize) -> Place {
        Place { file: "known_hosts".to_owned(), line }
    }

    #[test]
    fn keys_are_judged_as_openssh_does() {
        let check = |text: &str, host: &str, port: u16, expected: Verdict| {
            assert_eq!(known(text).verdict(host, port, ONE), expected, "{text:?} {host} {port}");
        };
        check("web ssh-ed25519 ONE", "web", 22, Verdict::Known);
        check("web ssh-ed25519 ONE", "WEB", 22, Verdict::Known);
        check("Web\tssh-ed25519\tONE comment", "web", 22, Verdict::Known);
        check("web ssh-ed25519 ONE", "db", 22, Verdict::Unknown);
        check("web ssh-ed25519 TWO", "web", 22, Verdict::Changed(place(1)));
        check("# note\n\nweb ssh-ed25519 TWO", "web", 22, Verdict::Changed(place(3)));
        check("web ssh-ed25519 TWO\nweb ssh-ed25519 ONE", "web", 22, Verdict::Known);
        // ports
        check("[web]:2222 ssh-ed25519 ONE", "web", 2222, Verdict::Known);
        check("[web]:2222 ssh-ed25519 ONE", "web", 22, Verdict::Unknown);
        check("web ssh-ed25519 ONE", "web", 2222, Verdict::Known);
        check("web ssh-ed25519 TWO", "web", 2222, Verdict::Unknown);
        // patterns and negation
        check("web*,!web9 ssh-ed25519 ONE", "web1", 22, Verdict::Known);
        check("web*,!web9 ssh-ed25519 ONE", "web9", 22, Verdict::Unknown);
        check("10.0.?.* ssh-ed25519 ONE", "10.0.7.12", 22, Verdict::Known);
        check("a,b,web ssh-ed25519 ONE", "b", 22, Verdict::Known);
        check("*:2222 ssh-ed25519 ONE", "web", 2222, Verdict::Known);
        // markers
        check("@revoked * ssh-ed25519 ONE\nweb ssh-ed25519 ONE", "web", 22, Verdict::Revoked(place(1)));
        check("@revoked db ssh-ed25519 ONE\nweb ssh-ed25519 ONE", "web", 22, Verdict::Known);
        check("@revoked web ssh-ed25519 TWO", "web", 22, Verdict::Unknown);
        check("@revoked web ssh-ed25519 ONE", "web", 22, Verdict::Revoked(place(1)));
        check("@revoked web ssh-ed25519 ONE", "web", 2222, Verdict::Revoked(place(1)));
        check("web ssh-ed25519 ONE\n@revoked web ssh-ed25519 ONE", "WEB", 2222, Verdict::Revoked(place(2)));
        // stricter than OpenSSH
        check("[web]:2222 ssh-ed25519 ONE\n@revoked web ssh-ed25519 ONE", "web", 2222, Verdict::Revoked(place(2)));
        check("@revoked [web]:2222 ssh-ed25519 ONE\nweb ssh-ed25519 ONE", "web", 22, Verdict::Known);
        check("@cert-authority * ssh-ed25519 ONE", "web", 22, Verdict::Unknown);
        check("@cert-authority web ssh-ed25519 TWO\nweb ssh-ed25519 ONE", "web", 22, Verdict::Known);
        // broken lines harm nobody else
        check(
            "web ssh-ed25519\n|1|x|y ssh-ed25519 ONE\nweb ssh-ed25519 %%\nweb ssh-ed25519 ONE",
            "web",
            22,
            Verdict::Known,
        );
    }

    #[test]
    fn authorities_are_judged_by_their_lines() {
        let check = |text: &str, host: &str, port: u16, expected: Authority| {
            let hosts = known(text);
            assert_eq!(hosts.authority(host, port, ONE), expected, "{text:?} {host} {port}");
            assert!(hosts.has_authority(host, port) || expected != Authority::Trusted, "{text:?}");
        };
        check("@cert-authority *.example ssh-ed25519 ONE", "web.example", 22, Authority::Trusted);
        check("@cert-authority *.example ssh-ed25519 ONE", "web.example", 2222, Authority::Trusted);
        check("@cert-authority *.example,!db.example ssh-ed25519 ONE", "db.example", 22, Authority::Unknown);
        check("@cert-authority [web]:2222 ssh-ed25519 ONE", "web", 22, Authority::Unknown);
        check("@cert-authority * ssh-ed25519 TWO", "web", 22, Authority::Unknown);
        check("web ssh-ed25519 ONE", "web", 22, Authority::Unknown);
        let revoked = "@cert-authority * ssh-ed25519 ONE\n@revoked * ssh-ed25519 ONE";
        check(revoked, "web", 22, Authority::Revoked(place(2)));
        assert!(!known("@cert-authority *.example ssh-ed25519 ONE").has_authority("web", 22));
        assert_eq!(known("@cert-authority * ssh-ed25519 ONE").key_types("web", 22), Vec::<String>::new());
    }

    #[test]
    fn hashed_names_are_found() {
        // made by `ssh-keygen -H`: the name is `[127.0.0.1]:2222`
        let line = line_for("127.0.0.1", 2222, "ssh-ed25519", ONE, Some(b"0123456789abcdefghij"));
        assert!(line.starts_with("|1|MDEyMzQ1Njc4OWFiY2RlZmdoaWo=|"), "{line}");
        let hosts = known(&line);
        assert_eq!(hosts.verdict("127.0.0.1", 2222, ONE), Verdict::Known);
        assert_eq!(hosts.verdict("127.0.0.1", 2222, TWO), Verdict::Changed(place(1)));
        assert_eq!(hosts.verdict("127.0.0.1", 22, ONE), Verdict::Unknown);
        assert_eq!(hosts.hashed_len(), 1);
    }

    #[test]
    fn a_hash_that_spells_a_word_of_these_tests_is_known() {
        // The digest is `R9UDCKZskONETvYg/YXM5hEmD0s=`.
        let salt = [99, 127, 214, 55, 50, 150, 0, 210, 209, 60, 101, 156, 240, 97, 76, 141, 86, 42, 100, 162];
        assert!(is_known_again("owr1lr2p0.b.wd6", 30_991, Some(salt)));
    }

    #[test]
    fn several_files_and_learned_keys_add_up() {
        let first = KnownFile::read("first", format!("web ssh-ed25519 {}", BASE64.encode(TWO)).as_bytes());
        let second = KnownFile::read("second", format!("web ecdsa-sha2-nistp256 {}", BASE64.encode(ONE)).as_bytes());
        let mut hosts = KnownHosts::of(vec![Arc::new(first), Arc::new(second)]);
        assert_eq!(hosts.verdict("web", 22, ONE), Verdict::Known);
        assert_eq!(hosts.key_types("web", 22), ["ssh-ed25519", "ecdsa-sha2-nistp256"]);
        assert_eq!(hosts.key_types("db", 22), Vec::<String>::new());
        hosts.learn("db", 2222, "ssh-ed25519", ONE);
        assert_eq!(hosts.verdict("db", 2222, ONE), Verdict::Known);
        assert!(matches!(hosts.verdict("db", 2222, TWO), Verdict::Changed(_)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in proptest::collection::vec(any::<u8>(), 0..400), host in "\\PC*", port: u16) {
            let hosts = KnownHosts::of(vec![Arc::new(KnownFile::read("any", &text))]);
            hosts.verdict(&host, port, ONE);
            hosts.key_types(&host, port);
            hosts.authority(&host, port, ONE);
        }

        #[test]
        fn any_line_of_known_shape_is_read(names in "[!*?,|a-z0-9:.\\[\\]=]{0,30}", host in "[a-z0-9.]{0,12}", port: u16) {
            let hosts = known(&format!("{names} ssh-ed25519 ONE"));
            let verdict = hosts.verdict(&host, port, ONE);
            prop_assert!(matches!(verdict, Verdict::Known | Verdict::Unknown));
        }

        #[test]
        fn a_written_line_is_known(host in "[a-z0-9.-]{1,20}", port: u16, salt in proptest::option::of(any::<[u8; 20]>())) {
            prop_assert!(is_known_again(&host, port, salt));
        }
    }
}
