//! The algorithms that are offered to servers, and the library's configurations made of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::Config;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{AlgorithmKind, Preferred, cipher, compression, kex, mac};

use super::host_key::Expected;
use super::plan::ConnectionPlan;
use super::settings::Algorithms;
use crate::openssh::algorithms::is_allowed;
use crate::openssh::config::assembled;

/// More than a sampling window takes, hunts and spare sweeps over ten thousand hosts included.
const LONGEST_WINDOW: Duration = Duration::from_secs(180);

/// Key exchanges, best first. A list of our own must repeat the two extensions, or strict key exchange (Terrapin) and the
/// server's signature algorithms are silently lost.
const KEX: [kex::Name; 9] = [
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_G14_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_GEX_SHA256,
];
const KEX_EXTENSIONS: [kex::Name; 2] = [kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];
const CIPHERS: [cipher::Name; 6] = [
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];
const MACS: [mac::Name; 4] = [mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];
/// What is offered only where somebody names it: SHA-1, short groups, block chaining.
const OLD_KEX: [kex::Name; 6] =
    [kex::DH_G14_SHA1, kex::DH_G1_SHA1, kex::DH_GEX_SHA1, kex::DH_G15_SHA512, kex::DH_G17_SHA512, kex::DH_G18_SHA512];
const OLD_CIPHERS: [cipher::Name; 3] = [cipher::AES_128_CBC, cipher::AES_192_CBC, cipher::AES_256_CBC];
const OLD_MACS: [mac::Name; 2] = [mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];
const OLD_HOST_KEYS: [Algorithm; 1] = [Algorithm::Rsa { hash: None }];
const COMPRESSION: &[compression::Name] = &[compression::NONE];
/// Host keys, best first; `ssh-rsa` with SHA-1 is left out.
const HOST_KEYS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// The configurations of one scan: one for each set of known key types, shared by all hosts that have it.
#[derive(Debug)]
pub(super) struct Configurations {
    inactivity: Duration,
    made: Mutex<HashMap<(Algorithms, Expected), Arc<Config>>>,
}

impl Configurations {
    pub(super) fn new(plan: &ConnectionPlan) -> Self {
        Self { inactivity: inactivity(plan), made: Mutex::default() }
    }

    /// The configuration for a host that is to be offered `asked_for` and of whose keys that much is known: a server has several
    /// keys, and must show one that can be compared.
    pub(super) fn with(&self, asked_for: &Algorithms, expected: Expected) -> Arc<Config> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let new = |key: &(Algorithms, Expected)| Arc::new(self.make(&key.0, &key.1));
        let config = made.entry((asked_for.clone(), expected)).or_insert_with_key(new);
        Arc::clone(config)
    }

    fn make(&self, asked_for: &Algorithms, expected: &Expected) -> Config {
        let host_keys = host_keys(asked_for, &expected.key_types);
        // A certificate is asked for only where there is an authority to compare it with.
        let certificates = if expected.certificates { certificates(asked_for) } else { Vec::new() };
        let preferred = Preferred {
            kex: kex_of(asked_for).into_iter().chain(KEX_EXTENSIONS).collect::<Vec<_>>().into(),
            key: host_keys.into(),
            host_key_certificates: certificates.into(),
            cipher: ciphers_of(asked_for).into(),
            mac: macs_of(asked_for).into(),
            compression: COMPRESSION.into(),
        };
        Config {
            preferred,
            window_size: 65_536,
            maximum_packet_size: 32_768,
            channel_buffer_size: 8,
            // A keepalive between request and reply would spoil the sample.
            keepalive_interval: None,
            inactivity_timeout: Some(self.inactivity),
            ..Config::default()
        }
    }
}

/// The host keys that are offered, those first that are known.
fn host_keys(asked_for: &Algorithms, known_types: &[String]) -> Vec<Algorithm> {
    let all: Vec<Algorithm> = HOST_KEYS.iter().chain(&OLD_HOST_KEYS).cloned().collect();
    let offered = chosen(&asked_for.host_keys, &HOST_KEYS, &all, Algorithm::as_str);
    let is_known = |algorithm: &Algorithm| known_types.iter().any(|known| is_of_type(algorithm, known));
    let (known, others): (Vec<_>, Vec<_>) = offered.into_iter().partition(is_known);
    known.into_iter().chain(others).collect()
}

/// The host certificates that are asked for; lists of host keys name them as kinds of their own.
fn certificates(asked_for: &Algorithms) -> Vec<Algorithm> {
    let is_wanted = |algorithm: &&Algorithm| is_allowed(&asked_for.host_keys, &algorithm.to_certificate_type(), true);
    HOST_KEYS.iter().filter(is_wanted).cloned().collect()
}

/// How long the peer of an open session may say nothing before the library closes it: only a backstop, every stage has its
/// own limit. A host that is ready early waits for the window of others, for those that are slower, and in its own window for
/// the hunts of its neighbours; its silence is not its fault.
fn inactivity(plan: &ConnectionPlan) -> Duration {
    plan.limits.host + plan.gather + LONGEST_WINDOW * 2
}

/// Whether keys of the algorithm are listed as `key_type` in `known_hosts`, where RSA keys have one name for all hashes.
fn is_of_type(algorithm: &Algorithm, key_type: &str) -> bool {
    match algorithm {
        Algorithm::Rsa { .. } => key_type == "ssh-rsa",
        _ => algorithm.as_str() == key_type,
    }
}

/// What OpenSSH's notation makes of the built-in list, as far as the library has it. Its names for no encryption and no
/// authentication are none of `all`: OpenSSH refuses them too, whoever asks for them.
fn chosen<T: Clone>(asked_for: &[String], built_in: &[T], all: &[T], name: impl Fn(&T) -> &str) -> Vec<T> {
    let names = |list: &[T]| -> Vec<String> { list.iter().map(|one| name(one).to_owned()).collect() };
    let (built_in, available) = (names(built_in), names(all));
    let [built_in, available] =
        [&built_in, &available].map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
    let list = assembled(&asked_for.join(","), &built_in, &available);
    list.iter().filter_map(|wanted| all.iter().find(|one| name(one) == wanted)).cloned().collect()
}

fn kex_of(asked_for: &Algorithms) -> Vec<kex::Name> {
    let all: Vec<kex::Name> = KEX.iter().chain(&OLD_KEX).copied().collect();
    chosen(&asked_for.kex, &KEX, &all, AsRef::as_ref)
}

fn ciphers_of(asked_for: &Algorithms) -> Vec<cipher::Name> {
    let all: Vec<cipher::Name> = CIPHERS.iter().chain(&OLD_CIPHERS).copied().collect();
    chosen(&asked_for.ciphers, &CIPHERS, &all, AsRef::as_ref)
}

fn macs_of(asked_for: &Algorithms) -> Vec<mac::Name> {
    let all: Vec<mac::Name> = MACS.iter().chain(&OLD_MACS).copied().collect();
    chosen(&asked_for.macs, &MACS, &all, AsRef::as_ref)
}

/// How somebody asks for what a server has and is not offered, for the end of a message.
pub(super) fn asked_for_by(kind: &AlgorithmKind) -> String {
    let keyword = match kind {
        AlgorithmKind::Kex => "KexAlgorithms",
        AlgorithmKind::Key => "HostKeyAlgorithms",
        AlgorithmKind::Cipher => "Ciphers",
        AlgorithmKind::Mac => "MACs",
        AlgorithmKind::Compression => return String::new(),
    };
    format!(
        "; old ones are used only where they are asked for: `--ssh-option {keyword}=+NAME`, or {keyword} in ssh_config"
    )
}

impl Algorithms {
    /// Why nobody can be connected to with these lists: one of them names nothing that there is.
    pub fn defect(&self) -> Option<String> {
        let keys = host_keys(self, &[]).len() + certificates(self).len();
        let lists = [
            ("KexAlgorithms", &self.kex, kex_of(self).len()),
            ("Ciphers", &self.ciphers, ciphers_of(self).len()),
            ("MACs", &self.macs, macs_of(self).len()),
            ("HostKeyAlgorithms", &self.host_keys, keys),
        ];
        let (name, list, _) = lists.into_iter().find(|(.., left)| *left == 0)?;
        Some(format!("{name} {}: nothing of that is available here", list.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::hunt::MOST_PROBES;

    fn names(list: &str) -> Vec<String> {
        list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn what_is_old_is_offered_only_by_name_and_nothing_unprotected_ever() {
        let offered = |kex: &str, ciphers: &str, macs: &str, host_keys: &str| {
            let [kex, ciphers, macs, host_keys] = [kex, ciphers, macs, host_keys].map(names);
            let asked_for = Algorithms { kex, ciphers, macs, host_keys };
            let text = |list: Vec<&str>| list.join(",");
            let all = [
                text(kex_of(&asked_for).iter().map(AsRef::as_ref).collect()),
                text(ciphers_of(&asked_for).iter().map(AsRef::as_ref).collect()),
                text(macs_of(&asked_for).iter().map(AsRef::as_ref).collect()),
                text(host_keys_names(&asked_for).iter().map(String::as_str).collect()),
            ];
            (all, asked_for.defect())
        };
        let old = ["sha1", "cbc", "hmac-sha1", "ssh-rsa"];
        let (usual, defect) = offered("", "", "", "");
        assert!(defect.is_none() && usual.iter().zip(old).all(|(list, old)| !list.contains(old)), "{usual:?}");
        let (added, _) = offered("+diffie-hellman-group14-sha1", "+aes128-cbc", "+hmac-sha1", "+ssh-rsa");
        for (list, (usual, old)) in added.iter().zip(usual.iter().zip(old)) {
            assert!(list.starts_with(usual.as_str()) && list.contains(old), "{list}");
        }
        // Patterns stand for all that they fit.
        let (less, _) = offered("-ecdh*,*group1?-*", "-*gcm*", "-*etm*", "-ecdsa*");
        assert_eq!(
            less[0],
            "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256"
        );
        assert!(less.iter().zip(["ecdh", "gcm", "etm", "ecdsa"]).all(|(list, gone)| !list.contains(gone)), "{less:?}");
        for name in ["none", "clear", "+none", "^none", "*", "+*"] {
            let (lists, _) = offered(name, name, name, name);
            assert!(!lists.iter().any(|list| list.split(',').any(|one| ["none", "clear"].contains(&one))), "{lists:?}");
        }
        let defect = |ciphers: &str| offered("", ciphers, "", "").1;
        assert_eq!(defect("none").as_deref(), Some("Ciphers none: nothing of that is available here"));
        assert_eq!(defect("-*").as_deref(), Some("Ciphers -*: nothing of that is available here"));
        assert_eq!(defect("3des-cbc,aes128-ctr"), None);
        assert!(offered("sntrup761x25519-sha512@openssh.com", "", "", "").1.is_some());
        assert_eq!(offered("", "", "", "ssh-ed25519-cert-v01@openssh.com").1, None);
    }

    fn host_keys_names(asked_for: &Algorithms) -> Vec<String> {
        host_keys(asked_for, &[]).iter().map(|key| key.as_str().to_owned()).collect()
    }

    #[test]
    fn a_host_that_waits_for_others_is_not_closed() {
        for (host, gather) in [(60, 5), (600, 5), (60, 300)] {
            let mut plan = ConnectionPlan::for_this_user();
            plan.limits.host = Duration::from_secs(host);
            plan.gather = Duration::from_secs(gather);
            let config = Configurations::new(&plan).with(&plan.algorithms, Expected::default());
            // A hunt of all its probes, one a second, comes on top of what gathering takes.
            let idle = plan.limits.host + plan.gather + Duration::from_secs(u64::try_from(MOST_PROBES).unwrap());
            assert!(config.inactivity_timeout.is_some_and(|limit| limit > idle), "{host} {gather}");
        }
    }

    #[test]
    fn known_key_types_come_first() {
        let configurations = Configurations::new(&ConnectionPlan::for_this_user());
        let expected = |known: &str| Expected { key_types: names(known), certificates: false };
        let first =
            |known: &str| configurations.with(&Algorithms::default(), expected(known)).preferred.key.first().cloned();
        assert_eq!(first(""), Some(Algorithm::Ed25519));
        assert_eq!(first("ssh-rsa"), Some(Algorithm::Rsa { hash: Some(HashAlg::Sha512) }));
        assert_eq!(first("ecdsa-sha2-nistp384"), Some(Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 }));
    }

    #[test]
    fn certificates_are_asked_for_where_an_authority_may_vouch() {
        let configurations = Configurations::new(&ConnectionPlan::for_this_user());
        let check = |certificates: bool, expected: usize| {
            let config = configurations.with(&Algorithms::default(), Expected { key_types: Vec::new(), certificates });
            assert_eq!(config.preferred.host_key_certificates.len(), expected);
        };
        check(false, 0);
        check(true, HOST_KEYS.len());
    }

    #[test]
    fn strict_key_exchange_is_always_offered() {
        let mut plan = ConnectionPlan::for_this_user();
        plan.algorithms.kex = names("ecdh-sha2-nistp256");
        let config = Configurations::new(&plan).with(&plan.algorithms, Expected::default());
        let offered: Vec<&str> = config.preferred.kex.iter().map(AsRef::as_ref).collect();
        assert_eq!(offered, ["ecdh-sha2-nistp256", "ext-info-c", "kex-strict-c-v00@openssh.com"]);
    }
}
