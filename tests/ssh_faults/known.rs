//! What is known of host keys at real servers: hashed names, revoked keys, and not a byte of a login before the key is right.

use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::Target;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::ssh::{ConnectionPlan, UnknownKeys};

use super::certificates::sign;
use super::sshd::{Sshd, keygen};
use super::tap::Tap;
use super::{Baseline, assert_failed, patient, scan};

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn not_a_byte_of_a_login_is_sent_to_a_server_whose_key_is_changed() {
    let base = Baseline::take().await;
    let server = Sshd::start("PasswordAuthentication yes");
    let tap = Tap::before(server.port()).await;
    let password = Some(Secret::new("hunter2".to_owned()));
    let target = Target { port: tap.port, password, ..server.target("user_key") };
    let mut plan = server.plan();
    let known = |key: &str| {
        let line = format!("[127.0.0.1]:{} {}", tap.port, text(&server.path(key)));
        fs::write(server.path("known_hosts"), line).unwrap();
    };
    for unknown in [UnknownKeys::Refuse, UnknownKeys::AcceptNew] {
        plan.unknown_keys = unknown;
        known("other_key.pub");
        let (seen, _) = scan(vec![target.clone()], &plan).await;
        assert_failed(&seen.observations[0], FailureCode::HostKeyChanged, Stage::HostKey, "known_hosts:1");
        // The lists of algorithms (20), this side of the key exchange (30), the word that keys are taken into use (21), and not
        // a byte with those keys: logins are behind them.
        assert_eq!(tap.heard().await, (vec![20, 30, 21], 0));
    }
    known("host_key.pub");
    let (seen, _) = scan(vec![target], &plan).await;
    assert_eq!(seen.observations[0].failure, None);
    let (numbers, behind) = tap.heard().await;
    assert!(numbers.ends_with(&[21]) && behind > 0, "{numbers:?} {behind}");
    drop(tap);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_known_by_its_hashed_name() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let plan = server.plan();
    let known_hosts = server.path("known_hosts");
    let hash = || {
        let mut keygen = Command::new("ssh-keygen");
        assert!(keygen.args(["-q", "-H", "-f"]).arg(&known_hosts).output().unwrap().status.success());
        assert!(text(&known_hosts).starts_with("|1|"), "{}", text(&known_hosts));
    };
    hash();
    let (seen, _) = scan(vec![server.target("user_key")], &plan).await;
    assert_eq!(seen.observations[0].failure, None);
    let other = text(&server.path("other_key.pub"));
    fs::write(&known_hosts, format!("[127.0.0.1]:{} {other}", server.port())).unwrap();
    hash();
    let (seen, _) = scan(vec![server.target("user_key")], &plan).await;
    assert_failed(&seen.observations[0], FailureCode::HostKeyChanged, Stage::HostKey, "known_hosts:1");
    base.assert_restored().await;
}

/// Hosts that are one server, each with a list of its own of what is revoked; all of them are asked in one scan.
struct Revoked<'server> {
    server: &'server Sshd,
    plan: ConnectionPlan,
    targets: Vec<Target>,
    /// Of each host what is said of it, and the words of its refusal; none = it is measured.
    expected: Vec<(String, String)>,
}

impl Revoked<'_> {
    /// A host whose key is known by this file, and the content of its list; `None` = the list is not there.
    fn host(&mut self, what: &str, known: &str, list: Option<&[u8]>, expected: &str) {
        let number = self.targets.len();
        let file = self.server.path(&format!("revoked{number}"));
        if let Some(list) = list {
            fs::write(&file, list).unwrap();
        }
        let target = Target { name: format!("h{number}"), ..self.server.target("user_key") };
        let mut settings = (*self.plan.settings(&target)).clone();
        settings.host_key.revoked_files = vec![file];
        settings.host_key.user_files = vec![self.server.path(known)];
        self.plan.hosts.insert(target.name.clone(), settings.into());
        self.targets.push(target);
        self.expected.push((format!("{what} ({known})"), expected.to_owned()));
    }

    /// The same twice: known by the server's own key, and by the authority that signed it.
    fn both(&mut self, what: &str, list: &[u8], by_key: &str, by_authority: &str) {
        self.host(what, "known_hosts", Some(list), by_key);
        self.host(what, "by_authority", Some(list), by_authority);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_or_an_authority_that_a_list_revokes_is_refused() {
    let base = Baseline::take().await;
    let server = Sshd::prepared("HostCertificate FOLDER/host_key-cert.pub", |folder| {
        keygen(&folder.join("ca"), "ed25519");
        sign(folder, "host_key", "ca", &["-h", "-z", "7"]);
    });
    let plan = patient(server.plan());
    let key = |name: &str| text(&server.path(&format!("{name}.pub")));
    fs::write(server.path("by_authority"), format!("@cert-authority * {}", key("ca"))).unwrap();
    let mut hosts = Revoked { server: &server, plan, targets: Vec::new(), expected: Vec::new() };
    // One that is not there says nothing, as with OpenSSH: no host is taken.
    hosts.host("no list", "known_hosts", None, "revoked0: there is no such file, so that no host key is taken");
    hosts.both("another key", format!("# of the old fleet\n{}", key("other_key")).as_bytes(), "", "");
    hosts.both("the key", (key("other_key") + &key("host_key")).as_bytes(), "is revoked by", ":2");
    hosts.both("the authority", key("ca").as_bytes(), "", "authority's key SHA256:");
    // The compact form, by what OpenSSH's own program writes: keys, hashes, authorities, certificates by number and by name.
    let compact = |what: &str| {
        let (described, list) = (server.path("described"), server.path("compact"));
        let keys = ["host_key", "other_key", "ca"].map(|name| (format!("<{name}>"), key(name)));
        fs::write(&described, keys.iter().fold(what.to_owned(), |text, (name, key)| text.replace(name, key.trim())))
            .unwrap();
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-k", "-s"]).arg(server.path("ca.pub")).arg("-f").arg(&list).arg(&described);
        assert!(keygen.status().unwrap().success(), "{what}");
        fs::read(&list).unwrap()
    };
    for (what, by_key, by_certificate) in [
        ("key: <other_key>\n", "", ""),
        ("key: <other_key>\nkey: <host_key>\n", "ssh-ed25519 key SHA256:", "ssh-ed25519 key SHA256:"),
        ("sha1: <host_key>\n", "is revoked by", "is revoked by"),
        ("sha256: <host_key>\n", "is revoked by", "is revoked by"),
        ("key: <ca>\n", "", "authority's key SHA256:"),
        ("serial: 6\n", "", ""),
        ("serial: 1\nserial: 7\nserial: 900\n", "", "certificate \"a test\", number 7, is revoked by"),
        ("serial: 5-8\n", "", "number 7, is revoked by"),
        ("serial: 1\nserial: 3\nserial: 5\nserial: 7\nserial: 9\n", "", "number 7, is revoked by"),
        ("id: another test\n", "", ""),
        ("id: a test\n", "", "number 7, is revoked by"),
    ] {
        hosts.both(what, &compact(what), by_key, by_certificate);
    }
    let whole = compact("id: a test\n");
    let broken = "is a broken key revocation list (KRL)";
    hosts.host("a list that was cut", "known_hosts", Some(&whole[..whole.len() - 1]), broken);
    let (seen, _) = scan(hosts.targets, &hosts.plan).await;
    for (host, (what, expected)) in seen.observations.iter().zip(&hosts.expected) {
        println!("{} {what}", host.host);
        match expected.as_str() {
            "" => assert_eq!(host.failure, None, "{what}"),
            words => assert_failed(host, FailureCode::HostKeyRevoked, Stage::HostKey, words),
        }
    }
    assert_eq!(seen.observations.len(), hosts.expected.len());
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_must_sign_as_it_is_allowed_to() {
    let base = Baseline::take().await;
    let server = Sshd::prepared("HostCertificate FOLDER/host_key-cert.pub", |folder| {
        keygen(&folder.join("ca"), "rsa");
        sign(folder, "host_key", "ca", &["-h", "-t", "rsa-sha2-256"]);
    });
    let mut plan = patient(server.plan());
    fs::write(server.path("known_hosts"), format!("@cert-authority * {}", text(&server.path("ca.pub")))).unwrap();
    let lists = [
        (&[][..], ""),
        (&["-rsa-sha2-256"], "rsa-sha2-256, which CASignatureAlgorithms does not allow"),
        (&["ssh-ed25519"], "which CASignatureAlgorithms does not allow"),
        (&["ssh-ed25519", "rsa-sha2-*"], ""),
    ];
    let mut targets = Vec::new();
    for (number, (list, _)) in lists.iter().enumerate() {
        let target = Target { name: format!("h{number}"), ..server.target("user_key") };
        let mut settings = (*plan.settings(&target)).clone();
        settings.host_key.ca_algorithms = list.iter().map(|name| (*name).to_owned()).collect();
        plan.hosts.insert(target.name.clone(), settings.into());
        targets.push(target);
    }
    let (seen, _) = scan(targets, &plan).await;
    assert_eq!(seen.observations.len(), lists.len());
    for (host, (list, expected)) in seen.observations.iter().zip(lists) {
        match expected {
            "" => assert_eq!(host.failure, None, "{list:?}"),
            words => assert_failed(host, FailureCode::HostCertificateRefused, Stage::HostKey, words),
        }
    }
    base.assert_restored().await;
}
