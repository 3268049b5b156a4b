//! Certificates at real servers: users', signed by an authority that the server trusts, and hosts', judged by `known_hosts`.

use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::inventory::target::Target;
use clockaudit::probe::{FailureCode, Observation, Stage};
use clockaudit::ssh::{ConnectionPlan, UnknownKeys};

use super::agent::Agent;
use super::sshd::{Sshd, keygen};
use super::{Baseline, assert_failed, scan};

/// Signs the public half of a key; `more` says for whom and how long.
pub(crate) fn sign(folder: &Path, key: &str, authority: &str, more: &[&str]) {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-s"]).arg(folder.join(authority)).args(["-I", "a test"]).args(more);
    assert!(keygen.arg(folder.join(format!("{key}.pub"))).status().unwrap().success(), "{key} {more:?}");
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// A server that trusts the authority `ca` and knows no user key; root's certificates are made by `signed`.
fn of_authority(signed: impl FnOnce(&Path)) -> Sshd {
    Sshd::prepared("TrustedUserCAKeys FOLDER/ca.pub\nAuthorizedKeysFile none", |folder| {
        keygen(&folder.join("ca"), "ed25519");
        keygen(&folder.join("rsa_ca"), "rsa");
        let trusted = text(&folder.join("ca.pub")) + &text(&folder.join("rsa_ca.pub"));
        fs::write(folder.join("ca.pub"), trusted).unwrap();
        signed(folder);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_beside_its_key_logs_in() {
    let base = Baseline::take().await;
    let server = of_authority(|folder| {
        sign(folder, "user_key", "ca", &["-n", "root", "-V", "+1h"]);
        sign(folder, "rsa_key", "rsa_ca", &["-n", "root"]);
        sign(folder, "other_key", "ca", &["-n", "root", "-V", "20200101:20210101"]);
        // The key itself is encrypted: the agent signs for it.
        sign(folder, "encrypted_key", "ca", &["-n", "root"]);
    });
    let mut plan = server.plan();
    let targets = ["user_key", "rsa_key", "other_key", "encrypted_key"].map(|key| server.target(key)).to_vec();
    let (seen, _) = scan(targets, &plan).await;
    let [ed25519, rsa, expired, encrypted] = seen.observations.as_slice() else { panic!() };
    assert_eq!((&ed25519.failure, &rsa.failure), (&None, &None));
    let (code, stage) = (FailureCode::AuthenticationRejected, Stage::Authenticate);
    assert_failed(expired, code, stage, "1 certificate refused, 1 key refused");
    assert_failed(expired, code, stage, "certificate \"a test\" was valid until 2021-01-01");
    assert_failed(expired, code, stage, "this machine's clock, which may itself be wrong, says 20");
    assert_failed(encrypted, code, stage, "is encrypted");

    // Held by the agent: with its certificate, which ssh-add loads along, and alone, the certificate being named.
    let agent = Agent::start(&server.path("agent"), &[&server.path("rsa_key"), &server.path("user_key")]);
    plan.agent = Some(agent.socket.clone());
    let nothing_named = Target { key_files: Vec::new(), ..server.target("user_key") };
    let (seen, _) = scan(vec![nothing_named], &plan).await;
    assert_eq!(seen.observations[0].failure, None);

    fs::rename(server.path("user_key-cert.pub"), server.path("elsewhere.pub")).unwrap();
    let alone = Agent::start(&server.path("agent2"), &[&server.path("user_key")]);
    plan.agent = Some(alone.socket.clone());
    let named = Target { key_files: vec![server.path("other_key")], ..server.target("user_key") };
    let mut settings = (*plan.settings(&named)).clone();
    settings.auth.certificate_files = vec![server.path("elsewhere.pub")];
    settings.auth.identities_only = true;
    plan.hosts.insert(named.name.clone(), settings.into());
    let (seen, _) = scan(vec![named], &plan).await;
    assert_eq!(seen.observations[0].failure, None, "a named certificate whose key only the agent has");
    base.assert_restored().await;
}

/// Scans a server whose host certificate was signed so, with these lines known, in which public keys stand by name.
async fn host(signed: &[&str], known: &str, unknown: UnknownKeys) -> Observation {
    let base = Baseline::take().await;
    let server = Sshd::prepared("HostCertificate FOLDER/host_key-cert.pub", |folder| {
        keygen(&folder.join("ca"), "ed25519");
        keygen(&folder.join("another"), "ed25519");
        sign(folder, "host_key", "ca", signed);
    });
    let plan = ConnectionPlan { unknown_keys: unknown, ..server.plan() };
    let public = |name: &str| text(&server.path(&format!("{name}.pub"))).trim().to_owned();
    let lines = known
        .replace("<port>", &server.port().to_string())
        .replace("<ca>", &public("ca"))
        .replace("<key>", &public("host_key"))
        .replace("<other>", &public("another"));
    fs::write(server.path("known_hosts"), lines).unwrap();
    let (seen, _) = scan(vec![server.target("user_key")], &plan).await;
    base.assert_restored().await;
    seen.observations[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_known_by_the_word_of_its_authority() {
    for known in ["@cert-authority 127.0.0.* <ca>", "@cert-authority [127.0.0.1]:<port> <ca>"] {
        let good = host(&["-h", "-n", "web,127.0.0.1", "-V", "-1h:+1h"], known, UnknownKeys::Refuse).await;
        assert_eq!(good.failure, None, "{known}");
    }
    // No names: for every host. No end: for ever.
    let any = host(&["-h"], "@cert-authority * <ca>", UnknownKeys::Refuse).await;
    assert_eq!(any.failure, None);
    // An authority that is trusted for others: the key inside is judged as if it came alone.
    let elsewhere = host(&["-h"], "@cert-authority db <ca>\n127.0.0.1 <key>", UnknownKeys::Refuse).await;
    assert_eq!(elsewhere.failure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_good_is_refused_with_the_reason() {
    let (refused, stage) = (FailureCode::HostCertificateRefused, Stage::HostKey);
    for unknown in [UnknownKeys::Refuse, UnknownKeys::AcceptNew] {
        let wrong_name = host(&["-h", "-n", "db,mail"], "@cert-authority * <ca>", unknown).await;
        assert_failed(&wrong_name, refused, stage, "is for db, mail, not for 127.0.0.1");
        let expired = host(&["-h", "-V", "20200101:20210101"], "@cert-authority * <ca>", unknown).await;
        assert_failed(&expired, refused, stage, "was valid until 2021-01-01");
        assert_failed(&expired, refused, stage, "this machine's clock, which may itself be wrong");
        let users = host(&["-n", "127.0.0.1"], "@cert-authority * <ca>", unknown).await;
        assert!(users.failure.is_some(), "sshd itself may refuse to show it: {:?}", users.failure);
        let revoked = host(&["-h"], "@cert-authority * <ca>\n@revoked * <ca>", unknown).await;
        assert_failed(&revoked, FailureCode::HostKeyRevoked, stage, "that authority is revoked by");
        let key = host(&["-h"], "@cert-authority * <ca>\n@revoked * <key>", unknown).await;
        assert_failed(&key, FailureCode::HostKeyRevoked, stage, "is revoked by");
    }
    let stranger = host(&["-h"], "@cert-authority * <other>", UnknownKeys::Refuse).await;
    assert_failed(&stranger, FailureCode::HostKeyUnknown, stage, "of an authority that is not known here");
    let changed = host(&["-h"], "@cert-authority * <other>\n[127.0.0.1]:<port> <other>", UnknownKeys::AcceptNew).await;
    assert_failed(&changed, FailureCode::HostKeyChanged, stage, "differs from");
}
