//! Keys of every kind at a real server: RSA with one hash only, encrypted files of every format, the agent alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::Target;
use clockaudit::probe::{FailureCode, HostEvent, Stage};
use clockaudit::ssh::{UnlockError, UnlockedKeys, locked_keys};

use super::agent::Agent;
use super::sshd::Sshd;
use super::{Baseline, assert_failed, scan};

#[tokio::test(flavor = "multi_thread")]
async fn rsa_keys_sign_with_the_hash_that_the_server_accepts() {
    let base = Baseline::take().await;
    for accepted in ["rsa-sha2-256", "rsa-sha2-512", "rsa-sha2-256,rsa-sha2-512"] {
        let server = Sshd::start(&format!("PubkeyAcceptedAlgorithms {accepted}"));
        let agent = Agent::start(&server.path("agent"), &[&server.path("rsa_key")]);
        let file = server.target("rsa_key");
        let mut plan = server.plan();
        let (seen, _) = scan(vec![file], &plan).await;
        assert_eq!(seen.observations[0].failure, None, "{accepted} by file");
        plan.agent = Some(agent.socket.clone());
        let (seen, _) = scan(vec![Target { key_files: Vec::new(), ..server.target("rsa_key") }], &plan).await;
        assert_eq!(seen.observations[0].failure, None, "{accepted} by agent");
    }
    let server = Sshd::start("PubkeyAcceptedAlgorithms ssh-ed25519");
    let (seen, _) = scan(vec![server.target("rsa_key")], &server.plan()).await;
    assert_failed(&seen.observations[0], FailureCode::AuthenticationRejected, Stage::Authenticate, "1 key refused");
    base.assert_restored().await;
}

/// What a server logs of a key that it does not take.
const REFUSED: &str = "Failed publickey for";

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_tried_by_its_best_hash_before_any_is_tried_by_another_one() {
    let base = Baseline::take().await;
    let wrong = ["rsa1", "rsa2", "rsa3"];
    let server = Sshd::prepared("LogLevel VERBOSE\n", |folder| {
        for name in wrong {
            super::sshd::keygen(&folder.join(name), "rsa");
        }
    });
    let keys = wrong.map(|name| server.path(name));
    // The right key comes last, where as many refusals as the server allows must not have been spent on the others.
    let right = server.path("user_key");
    let held: Vec<&Path> = keys.iter().chain([&right]).map(PathBuf::as_path).collect();
    let agent = Agent::start(&server.path("agent"), &held);
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    let by_agent = Target { key_files: Vec::new(), ..server.target("user_key") };
    let (seen, _) = scan(vec![by_agent], &plan).await;
    assert_eq!((seen.observations[0].failure.clone(), server.logged(REFUSED, 3).await), (None, 3));

    // What is left of the attempts goes to the other hash, and not one more.
    plan.agent = None;
    let (seen, _) = scan(vec![Target { key_files: keys.to_vec(), ..server.target("user_key") }], &plan).await;
    assert_failed(&seen.observations[0], FailureCode::AuthenticationRejected, Stage::Authenticate, "3 keys refused");
    assert_eq!((server.logged(REFUSED, 3 + 5).await, server.logged("Too many authentication", 0).await), (3 + 5, 0));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_key_is_opened_once_and_shared() {
    let base = Baseline::take().await;
    let server = Sshd::prepared("", |folder| {
        let own = fs::read_to_string(folder.join("encrypted_key.pub")).unwrap();
        let path = folder.join("authorized_keys");
        fs::write(&path, fs::read_to_string(&path).unwrap() + &own).unwrap();
    });
    let key = server.path("encrypted_key");
    let mut plan = server.plan();
    let targets = vec![server.target("encrypted_key"), server.target("encrypted_key")];
    let locked = locked_keys(&plan, &targets).await;
    assert_eq!((locked.files.as_slice(), locked.nobody_else), ([key.clone()].as_slice(), true));
    let wrong = plan.unlocked.unlock(&key, &Secret::new("wrong".to_owned()));
    assert_eq!(wrong, Err(UnlockError::WrongPassphrase));
    let (seen, _) = scan(vec![server.target("encrypted_key")], &plan).await;
    let words = "encrypted_key is encrypted, and the passphrase that was given does not open it";
    assert_failed(&seen.observations[0], FailureCode::AuthenticationRejected, Stage::Authenticate, words);
    plan.unlocked.unlock(&key, &Secret::new("secret".to_owned())).unwrap();
    assert_eq!(locked_keys(&plan, &targets).await.files, [] as [&Path; 0]);
    assert!(!format!("{plan:?}").contains("PrivateKey"), "{plan:?}");
    let (seen, _) = scan(targets, &plan).await;
    assert!(seen.observations.iter().all(|host| host.failure.is_none()), "{seen:?}");
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_security_key_of_the_agent_logs_in_and_is_said_to_want_touches() {
    let base = Baseline::take().await;
    let server = Sshd::prepared("", |folder| {
        let provider = folder.join("security_key.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ssh_faults/security_key.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&provider).arg(source).status().unwrap();
        assert!(built.success(), "the middleware");
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519-sk", "-N", "", "-w"]).arg(&provider).arg("-f").arg(folder.join("sk"));
        assert!(keygen.env("SECURITY_KEY_FOLDER", folder).status().unwrap().success(), "a security key");
        fs::copy(folder.join("sk.pub"), folder.join("authorized_keys")).unwrap();
    });
    let agent = Agent::with_security_key(&server.path("agent"), &server.path("sk"), &server.path("security_key.so"));
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    let nothing_named = Target { key_files: Vec::new(), ..server.target("user_key") };
    let (seen, events) = scan(vec![nothing_named; 3], &plan).await;
    assert!(seen.observations.iter().all(|host| host.failure.is_none()), "{seen:?}");
    let notices = events.iter().filter(|event| matches!(event, HostEvent::Notice { .. }));
    let notices: Vec<String> = notices.map(|event| format!("{event:?}")).collect();
    assert!(matches!(notices.as_slice(), [one] if one.contains("wants to be touched")), "{notices:?}");
    let touches = fs::read_to_string(server.path("sk.touches")).unwrap();
    assert_eq!(touches.lines().count(), 3, "a touch for every host");
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_keys_of_the_agent_that_of_a_default_file_goes_first() {
    let base = Baseline::take().await;
    let others = ["one", "two", "three", "four", "five", "six", "seven"];
    let server = Sshd::prepared("LogLevel VERBOSE\n", |folder| {
        for name in others {
            super::sshd::keygen(&folder.join(name), "ed25519");
        }
    });
    let right = server.path("user_key");
    let keys = others.map(|name| server.path(name));
    let held: Vec<&Path> = keys.iter().chain([&right]).map(PathBuf::as_path).collect();
    let agent = Agent::start(&server.path("agent"), &held);
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    let nothing_named = || Target { key_files: Vec::new(), ..server.target("user_key") };
    // The agent has the key alone: of the default file its public half is there.
    fs::copy(server.path("user_key.pub"), server.path("id_ed25519.pub")).unwrap();
    plan.default_keys = vec![server.path("id_ed25519")];
    let (seen, _) = scan(vec![nothing_named()], &plan).await;
    assert_eq!((seen.observations[0].failure.clone(), server.logged(REFUSED, 0).await), (None, 0));
    plan.default_keys = Vec::new();
    let (seen, _) = scan(vec![nothing_named()], &plan).await;
    assert_failed(&seen.observations[0], FailureCode::AuthenticationRejected, Stage::Authenticate, "5 keys refused");
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_takes_to_answer_the_agent_is_not_the_time_of_the_host() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    // Whoever says yes takes longer than a login may.
    let person = server.path("person");
    fs::write(&person, "#!/bin/sh\nsleep 6\n").unwrap();
    fs::set_permissions(&person, fs::Permissions::from_mode(0o700)).unwrap();
    let agent = Agent::that_asks(&server.path("agent"), &server.path("user_key"), &person);
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    plan.limits.authenticate = Duration::from_secs(5);
    let nothing_named = Target { key_files: Vec::new(), ..server.target("user_key") };
    let (seen, _) = scan(vec![nothing_named], &plan).await;
    assert_eq!(seen.observations[0].failure, None);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_agent_holds_needs_no_passphrase() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let agent = Agent::start(&server.path("agent"), &[&server.path("user_key")]);
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    // The default key is not asked for where the agent has something; a named one is, unless the agent has that very key.
    plan.default_keys = vec![server.path("encrypted_key")];
    let nothing_named = Target { key_files: Vec::new(), ..server.target("user_key") };
    assert_eq!(locked_keys(&plan, &[nothing_named]).await.files, [] as [&Path; 0]);
    let named = locked_keys(&plan, &[server.target("encrypted_key")]).await;
    assert_eq!((named.files, named.nobody_else), (vec![server.path("encrypted_key")], false));
    base.assert_restored().await;
}

/// Makes an encrypted copy of a key in another format.
fn reformat(from: &Path, to: &Path, format: &str) {
    fs::copy(from, to).unwrap();
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-p", "-P", "", "-N", "secret", "-m", format, "-f"]).arg(to);
    assert!(keygen.output().unwrap().status.success(), "{format}");
}

#[test]
fn a_wrong_passphrase_is_told_for_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let check = |kind: &str, format: &str| {
        let (plain, locked) = (folder.path().join(format!("{kind}-{format}")), folder.path().join("locked"));
        super::sshd::keygen(&plain, kind);
        reformat(&plain, &locked, format);
        let mut keys = UnlockedKeys::default();
        for wrong in ["", "wrong", "wrong as well", "secret "] {
            let told = keys.unlock(&locked, &Secret::new(wrong.to_owned()));
            assert_eq!(told, Err(UnlockError::WrongPassphrase), "{kind} {format} {wrong:?}");
        }
        keys.unlock(&locked, &Secret::new("secret".to_owned()))
            .unwrap_or_else(|error| panic!("{kind} {format}: {error}"));
    };
    check("ed25519", "RFC4716");
    check("ecdsa", "RFC4716");
    check("rsa", "RFC4716");
    check("rsa", "PEM");
    check("rsa", "PKCS8");
    check("ecdsa", "PKCS8");
}
