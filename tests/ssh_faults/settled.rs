//! What `ssh_config` says of a host reaches the login and the way to it: real servers, and the whole program.

use std::fs;
use std::path::Path;

use crate::ALONE;
use crate::agent::Agent;
use crate::certificates::sign;
use crate::configured::{Home, failure};
use crate::sshd::{Sshd, keygen};

/// What `ssh_config` says of a server under a name.
fn host(name: &str, sshd: &Sshd) -> String {
    format!(
        "Host {name}\n HostName 127.0.0.1\n Port {}\n HostKeyAlias {name}\n IdentityFile {}\n IdentitiesOnly yes\n \
         UserKnownHostsFile ~/known\n GlobalKnownHostsFile none\n",
        sshd.port(),
        sshd.path("user_key").display(),
    )
}

#[test]
fn jump_hosts_are_gone_through_in_the_order_in_which_they_are_written() {
    let _alone = ALONE.blocking_lock();
    let web = Sshd::start("");
    let leads_to = |sshd: &Sshd| Sshd::start(&format!("PermitOpen 127.0.0.1:{}\n", sshd.port()));
    let far = leads_to(&web);
    let near = leads_to(&far);
    let home = Home::new(&web, "web");
    let servers = [("web", &web), ("far", &far), ("near", &near)];
    let key = |sshd: &Sshd| fs::read_to_string(sshd.path("host_key.pub")).unwrap();
    let known: String = servers.map(|(name, sshd)| format!("{name} {}", key(sshd))).concat();
    fs::write(home.path().join("known"), known).unwrap();
    let hosts = servers.map(|(name, sshd)| host(name, sshd)).concat();
    home.configure(&hosts);
    for words in [&["web,", "-J", "near,far"][..], &["web,", "--ssh-option", "ProxyJump=near,far"]] {
        let (report, said) = home.scan(words);
        assert_eq!(failure(&report), "", "{words:?}: {said}");
    }
    fs::write(home.path().join("hosts.ini"), "web ansible_ssh_common_args='-o ProxyJump=near,far'\n").unwrap();
    assert_eq!(failure(&home.scan(&["hosts.ini"]).0), "");
    // The other way round the first one opens no way to the second.
    let (report, _) = home.scan(&["web,", "-J", "far,near"]);
    assert!(failure(&report).contains("SSH906"), "{report}");
    home.configure(&format!("Host web\n ProxyJump near,far\n{hosts}"));
    assert_eq!(failure(&home.scan(&["web,"]).0), "");
    home.configure(&format!("Host web\n ProxyJump far\nHost far\n ProxyJump near\n{hosts}"));
    assert_eq!(failure(&home.scan(&["web,"]).0), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_ssh_config_reach_the_login() {
    let _alone = ALONE.lock().await;
    let sshd = Sshd::start("LogLevel VERBOSE\n");
    let home = Home::new(&sshd, "web");
    let agent = Agent::start(&home.path().join("agent"), &[&sshd.path("user_key")]);
    let web = host("web", &sshd);
    let scan = |more: &str| {
        home.configure(&format!("Host web\n {more}\n{web}"));
        let (report, said) = home.scan(&["web,"]);
        (failure(&report), said)
    };
    let check = |more: &str, code: &str| {
        let (failure, said) = scan(more);
        let is_so = if code.is_empty() { failure.is_empty() } else { failure.contains(code) };
        assert!(is_so, "{more}: {failure} {said}");
    };
    check("", "");
    check(&format!("RevokedHostKeys {}", sshd.path("host_key.pub").display()), "SSH903");
    check("AddressFamily inet6", "SSH911");
    check("PreferredAuthentications password", "SSH905");
    check("PubkeyAcceptedAlgorithms rsa-sha2-512", "SSH905");
    check("HostKeyAlgorithms rsa-sha2-512", "SSH908");
    check("Ciphers 3des-cbc", "SSH912");
    check("UserKnownHostsFile none", "SSH904");
    check("ConnectTimeout 5", "");
    check("BindAddress 127.0.0.9", "");
    assert_eq!(sshd.logged("Connection from 127.0.0.9", 1).await, 1);
    // The key is in the agent alone.
    let no_key = web.replace(&sshd.path("user_key").display().to_string(), "~/none");
    home.configure(&no_key.replace("IdentitiesOnly yes", "IdentitiesOnly no"));
    assert!(failure(&home.scan(&["web,"]).0).contains("SSH905"));
    home.configure(
        &format!("{no_key} IdentityAgent {}\n", agent.socket.display())
            .replace("IdentitiesOnly yes", "IdentitiesOnly no"),
    );
    let (report, said) = home.scan(&["web,"]);
    assert_eq!(failure(&report), "", "{said}");
    let stored = |more: &str| {
        let _ = fs::remove_file(home.path().join("known"));
        check(&format!("StrictHostKeyChecking accept-new\n {more}"), "");
        read(&home.path().join("known"))
    };
    assert!(stored("HashKnownHosts no").starts_with("web ssh-ed25519 "));
    assert!(stored("HashKnownHosts yes").starts_with("|1|"));
}

#[test]
fn the_algorithms_of_authorities_are_those_of_ssh_config() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::prepared("HostCertificate FOLDER/host_key-cert.pub", |folder| {
        keygen(&folder.join("ca"), "ed25519");
        sign(folder, "host_key", "ca", &["-h"]);
    });
    let home = Home::new(&sshd, "web");
    fs::write(home.path().join("known"), format!("@cert-authority web {}", read(&sshd.path("ca.pub")))).unwrap();
    let check = |more: &str, words: &str| {
        home.configure(&format!("Host web\n {more}\n{}", host("web", &sshd)));
        let (report, said) = home.scan(&["web,"]);
        let failure = failure(&report);
        assert_eq!(failure.is_empty(), words.is_empty(), "{more}: {failure} {said}");
        assert!(failure.contains(words), "{more}: {failure} {said}");
    };
    check("", "");
    check("CASignatureAlgorithms ssh-ed25519", "");
    check("CASignatureAlgorithms rsa-sha2-512,ssh-ed25519", "");
    check("CASignatureAlgorithms -rsa-sha2-512", "");
    check("CASignatureAlgorithms rsa-sha2-512", "SSH904");
    check("CASignatureAlgorithms rsa-sha2-512", "CASignatureAlgorithms");
    check("CASignatureAlgorithms -ssh-ed25519", "SSH904");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
