//! Servers that have old algorithms only: refused, unless somebody asks for those by name.

use std::fs;

use clockaudit::probe::FailureCode::{AuthenticationRejected, Dropped};
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::ssh::HostSettings;

use super::configured::{Home, failure};
use super::sshd::{Sshd, keygen};
use super::{ALONE, Baseline, assert_failed, scan};

/// A server's lines, what to ask for, and how it is refused otherwise.
type Case = (&'static str, fn(&mut HostSettings) -> &mut Vec<String>, &'static str, FailureCode, Stage, &'static str);

const CASES: [Case; 5] = [
    (
        "KexAlgorithms diffie-hellman-group14-sha1",
        |settings| &mut settings.algorithms.kex,
        "+diffie-hellman-group14-sha1",
        Dropped,
        Stage::KeyExchange,
        "no common Kex algorithm; the server has diffie-hellman-group14-sha1",
    ),
    (
        "Ciphers aes256-cbc",
        |settings| &mut settings.algorithms.ciphers,
        "+aes*-cbc",
        Dropped,
        Stage::KeyExchange,
        "no common Cipher algorithm; the server has aes256-cbc",
    ),
    (
        "Ciphers aes128-ctr\nMACs hmac-sha1",
        |settings| &mut settings.algorithms.macs,
        "^hmac-sha1",
        Dropped,
        Stage::KeyExchange,
        "no common Mac algorithm; the server has hmac-sha1",
    ),
    (
        "HostKey FOLDER/rsa_host\nHostKeyAlgorithms ssh-rsa",
        |settings| &mut settings.algorithms.host_keys,
        "ssh-rsa",
        Dropped,
        Stage::KeyExchange,
        "no common Key algorithm; the server has ssh-rsa",
    ),
    (
        "PubkeyAcceptedAlgorithms ssh-rsa",
        |settings| &mut settings.auth.key_algorithms,
        "+ssh-rsa",
        AuthenticationRejected,
        Stage::Authenticate,
        "1 key refused",
    ),
];

fn old(lines: &str) -> Sshd {
    Sshd::prepared(lines, |folder| keygen(&folder.join("rsa_host"), "rsa"))
}

/// Makes both keys of a server known.
fn know(server: &Sshd) {
    let keys = ["host_key.pub", "rsa_host.pub"].map(|key| fs::read_to_string(server.path(key)).unwrap());
    let lines = keys.map(|key| format!("[127.0.0.1]:{} {key}", server.port()));
    fs::write(server.path("known_hosts"), lines.concat()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_algorithms_are_used_only_where_they_are_asked_for() {
    let base = Baseline::take().await;
    for (lines, list, asked_for, code, stage, words) in CASES {
        let server = old(lines);
        let mut plan = server.plan();
        know(&server);
        let target = server.target("rsa_key");
        let (seen, _) = scan(vec![target.clone()], &plan).await;
        assert_failed(&seen.observations[0], code, stage, words);
        let mut settings = (*plan.settings(&target)).clone();
        *list(&mut settings) = vec![asked_for.to_owned()];
        plan.hosts.insert(target.name.clone(), settings.into());
        let (seen, _) = scan(vec![target], &plan).await;
        assert_eq!(seen.observations[0].failure, None, "{lines} by {asked_for}");
    }
    base.assert_restored().await;
}

#[test]
fn a_server_of_old_algorithms_alone_is_reached_by_the_lines_of_ssh_config() {
    let _alone = ALONE.blocking_lock();
    let server =
        old("KexAlgorithms diffie-hellman-group1-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\nHostKey FOLDER/rsa_host\n\
         HostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa");
    let home = Home::new(&server, "unused");
    know(&server);
    fs::copy(server.path("known_hosts"), home.path().join("known")).unwrap();
    fs::copy(server.path("rsa_key"), home.path().join("key")).unwrap();
    let usual = format!(
        "Host old new\n HostName 127.0.0.1\n Port {}\n UserKnownHostsFile ~/known\n IdentityFile ~/key\n",
        server.port()
    );
    let text = format!(
        "{usual}Host old\n KexAlgorithms +diffie-hellman-group1-sha1\n Ciphers +aes128-cbc\n MACs +hmac-sha1\n \
         HostKeyAlgorithms +ssh-rsa\n PubkeyAcceptedAlgorithms +ssh-rsa\nHost unprotected\n Ciphers none\n"
    );
    let home = home.configure(&text);
    let (report, said) = home.scan(&["old,"]);
    assert_eq!(failure(&report), "", "{said}");
    let (report, _) = home.scan(&["new,"]);
    assert!(failure(&report).contains("no common"), "{report}");
    // OpenSSH refuses that line as well.
    let (report, _) = home.scan(&["unprotected,"]);
    assert!(failure(&report).contains("Ciphers none: nothing of that is available here"), "{report}");
}
