//! What is known of host keys at real servers: hashed names, revoked keys, and not a byte of a login before the key is right.

use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::Target;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::ssh::UnknownKeys;

use super::certificates::sign;
use super::sshd::{Sshd, keygen};
use super::tap::Tap;
use super::{Baseline, assert_failed, scan};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_key_or_an_authority_that_a_list_revokes_is_refused() {
    let base = Baseline::take().await;
    let server = Sshd::prepared("HostCertificate FOLDER/host_key-cert.pub", |folder| {
        keygen(&folder.join("ca"), "ed25519");
        sign(folder, "host_key", "ca", &["-h", "-z", "7"]);
    });
    let (target, list) = (server.target("user_key"), server.path("revoked"));
    let mut plan = server.plan();
    let own = text(&server.path("known_hosts"));
    let by_authority = format!("@cert-authority * {}", text(&server.path("ca.pub")));
    let mut settings = (*plan.settings(&target)).clone();
    settings.host_key.revoked_files = vec![list.clone()];
    plan.hosts.insert(target.name.clone(), settings.clone().into());
    let check = async |known: &str, expected: &str| {
        fs::write(server.path("known_hosts"), known).unwrap();
        let (seen, _) = scan(vec![target.clone()], &plan).await;
        match expected {
            "" => assert_eq!(seen.observations[0].failure, None),
            words => assert_failed(&seen.observations[0], FailureCode::HostKeyRevoked, Stage::HostKey, words),
        }
    };
    // One that is not there says nothing, as with OpenSSH: no host is taken.
    check(&own, "revoked cannot be read, so that no host key is taken").await;
    fs::write(&list, format!("# of the old fleet\n{}", text(&server.path("other_key.pub")))).unwrap();
    check(&own, "").await;
    check(&by_authority, "").await;
    fs::write(&list, text(&server.path("other_key.pub")) + &text(&server.path("host_key.pub"))).unwrap();
    check(&own, "is revoked by").await;
    check(&by_authority, "revoked:2").await;
    fs::write(&list, text(&server.path("ca.pub"))).unwrap();
    check(&own, "").await;
    check(&by_authority, "authority's key SHA256:").await;
    // The compact form, by what OpenSSH's own program writes: keys, hashes, authorities, certificates by number and by name.
    let compact = |what: &str| {
        let described = server.path("described");
        let keys =
            ["host_key", "other_key", "ca"].map(|key| (format!("<{key}>"), text(&server.path(&format!("{key}.pub")))));
        fs::write(&described, keys.iter().fold(what.to_owned(), |text, (name, key)| text.replace(name, key.trim())))
            .unwrap();
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-k", "-s"]).arg(server.path("ca.pub")).arg("-f").arg(&list).arg(&described);
        assert!(keygen.status().unwrap().success(), "{what}");
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
        compact(what);
        println!("{what}");
        check(&own, by_key).await;
        check(&by_authority, by_certificate).await;
    }
    let whole = fs::read(&list).unwrap();
    fs::write(&list, &whole[..whole.len() - 1]).unwrap();
    check(&own, "is a broken key revocation list (KRL)").await;
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_must_sign_as_it_is_allowed_to() {
    let base = Baseline::take().await;
    let server = Sshd::prepared("HostCertificate FOLDER/host_key-cert.pub", |folder| {
        keygen(&folder.join("ca"), "rsa");
        sign(folder, "host_key", "ca", &["-h", "-t", "rsa-sha2-256"]);
    });
    let target = server.target("user_key");
    let mut plan = server.plan();
    fs::write(server.path("known_hosts"), format!("@cert-authority * {}", text(&server.path("ca.pub")))).unwrap();
    for (list, expected) in [
        (&[][..], ""),
        (&["-rsa-sha2-256"], "rsa-sha2-256, which CASignatureAlgorithms does not allow"),
        (&["ssh-ed25519"], "which CASignatureAlgorithms does not allow"),
        (&["ssh-ed25519", "rsa-sha2-*"], ""),
    ] {
        let mut settings = (*plan.settings(&target)).clone();
        settings.host_key.ca_algorithms = list.iter().map(|name| (*name).to_owned()).collect();
        plan.hosts.insert(target.name.clone(), settings.into());
        let (seen, _) = scan(vec![target.clone()], &plan).await;
        match expected {
            "" => assert_eq!(seen.observations[0].failure, None, "{list:?}"),
            words => {
                assert_failed(&seen.observations[0], FailureCode::HostCertificateRefused, Stage::HostKey, words);
            }
        }
    }
    base.assert_restored().await;
}
