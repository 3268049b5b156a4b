//! What is told of the way to a host: each step to those who ask for it, and a login that fails with what was tried.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::Target;
use clockaudit::probe::{FailureCode, HostEvent, Stage};

use crate::agent::Agent;
use crate::configured::Home;
use crate::sshd::{Sshd, keygen};
use crate::{ALONE, Baseline, assert_failed, scan};

/// The steps that were told.
fn steps(events: &[HostEvent]) -> Vec<String> {
    let step = |event: &HostEvent| match event {
        HostEvent::Step { text, .. } => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_ends_after_too_many_keys_says_what_was_tried_and_what_was_not() {
    let base = Baseline::take().await;
    let keys = ["one", "two", "three", "four"];
    let server = Sshd::prepared("MaxAuthTries 3\nPasswordAuthentication yes\n", |folder| {
        for name in keys {
            keygen(&folder.join(name), "ed25519");
        }
    });
    let paths = keys.map(|name| server.path(name));
    let agent = Agent::start(&server.path("agent"), &paths.each_ref().map(PathBuf::as_path));
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    let password = Some(Secret::new("hunter2".to_owned()));
    let target = Target { key_files: Vec::new(), password, ..server.target("user_key") };
    let (seen, events) = scan(vec![target], &plan).await;
    let host = &seen.observations[0];
    assert_failed(host, FailureCode::LoginTries, Stage::Authenticate, "3 keys offered, the password not tried; ");
    let words = "the server ended the login: Too many authentication failures";
    assert_failed(host, FailureCode::LoginTries, Stage::Authenticate, words);
    // Each key is named as `ssh-add -l` names it.
    let fingerprint = |path: &Path| {
        let shown = Command::new("ssh-keygen").arg("-lf").arg(path).output().unwrap();
        String::from_utf8(shown.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    let steps = steps(&events);
    for (path, answer) in paths.iter().zip(["refused", "refused", "the connection ended"]) {
        let fingerprint = fingerprint(path);
        let step = steps.iter().find(|step| step.contains(&fingerprint[..19])).unwrap_or_else(|| panic!("{steps:?}"));
        assert!(step.starts_with("ssh-ed25519 SHA256:") && step.contains("(agent: "), "{step}");
        assert!(step.ends_with(answer), "{step}");
    }
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_signed_for_was_not_refused() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let person = server.path("person");
    fs::write(&person, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&person, fs::Permissions::from_mode(0o700)).unwrap();
    let agent = Agent::that_asks(&server.path("agent"), &server.path("user_key"), &person);
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    let target = Target { key_files: Vec::new(), ..server.target("user_key") };
    let (seen, events) = scan(vec![target], &plan).await;
    let failure = seen.observations[0].failure.clone().unwrap();
    assert!(
        failure.detail.contains(": 1 key not signed for; server accepts publickey; the agent did not"),
        "{failure:?}"
    );
    assert!(!failure.detail.contains("refused;"), "{failure:?}");
    assert!(steps(&events).iter().any(|step| step.contains("(agent: ") && step.contains("did not sign")), "{events:?}");
    base.assert_restored().await;
}

/// A scan of the whole program: what it printed and what it said.
fn said(home: &Home, words: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.arg("scan").args(words).args(["--no-state", "--samples", "3"]);
    command.env("HOME", home.path()).env_remove("SSH_AUTH_SOCK").env("SHELL", "/bin/sh").stdin(Stdio::null());
    let output = command.current_dir(home.path()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn each_step_on_the_way_is_told_to_those_who_ask_twice() {
    let _alone = ALONE.blocking_lock();
    let server = Sshd::start("");
    let home = Home::new(&server, &format!("[127.0.0.1]:{}", server.port()));
    let keys =
        [server.path("other_key"), home.path().join("key")].map(|path| format!(" IdentityFile {}\n", path.display()));
    home.configure(&format!(
        "Host web gate\n HostName 127.0.0.1\n Port {}\n UserKnownHostsFile ~/known\n IdentitiesOnly yes\n{}",
        server.port(),
        keys.concat()
    ));
    let (_, once) = said(&home, &["web,", "-v"]);
    assert!(!once.contains("its host key is right"), "{once}");
    for more in ["-vv", "-vvv"] {
        let (_, said) = said(&home, &["web,", more, "-J", "gate"]);
        for who in ["web: jump host gate: ", "web: "] {
            let address = format!("127.0.0.1:{}", server.port());
            let connected = match who {
                "web: " => format!("connected to 127.0.0.1 port {} through jump host gate", server.port()),
                _ => format!("connected to {address}"),
            };
            let other = format!(" ({})", server.path("other_key").display());
            let own = format!(" ({})", home.path().join("key").display());
            let mut expected = vec![
                (connected.as_str(), ""),
                ("its host key is right (SHA256:", ")"),
                ("keys are exchanged (", ")"),
                ("ecdsa-sha2-nistp256 SHA256:", &other),
                ("ssh-ed25519 SHA256:", &own),
                ("logged in as ", ""),
            ];
            if who == "web: " {
                expected.extend([("opened a session", ""), ("the probe runs (", ")")]);
            }
            let mut lines = said.lines();
            for (begins, has) in expected {
                let begins = format!("{who}{begins}");
                let found = lines.any(|line| line.starts_with(&begins) && line.contains(has));
                assert!(found, "{begins:?} with {has:?} is not in its place: {said}");
            }
        }
    }
}

#[test]
fn logins_that_are_rejected_for_different_reasons_do_not_share_a_line() {
    let _alone = ALONE.blocking_lock();
    let server = Sshd::start("");
    let home = Home::new(&server, &format!("[127.0.0.1]:{}", server.port()));
    home.configure("Host *\n UserKnownHostsFile ~/known\n IdentitiesOnly yes\n");
    let (wrong, missing) = (server.path("other_key"), home.path().join("none"));
    let line = |name: String, key: &Path| {
        let (port, key) = (server.port(), key.display());
        format!("{name} ansible_host=127.0.0.1 ansible_port={port} ansible_ssh_private_key_file={key}\n")
    };
    let lines = (0..3).flat_map(|at| [line(format!("wrong{at}"), &wrong), line(format!("none{at}"), &missing)]);
    fs::write(home.path().join("hosts.ini"), lines.collect::<String>()).unwrap();
    let (table, said) = said(&home, &["hosts.ini"]);
    let words: Vec<&str> = table.split_whitespace().collect();
    let text = words.join(" ");
    assert!(text.contains("SSH905 none[0-2]: as ") || text.contains("none[0-2] (such as "), "{table}{said}");
    assert!(text.contains(": no key to offer; server accepts publickey; key file"), "{table}{said}");
    assert!(text.contains("SSH905 wrong[0-2]: as ") || text.contains("wrong[0-2] (such as "), "{table}{said}");
    assert!(text.contains(": 1 key refused; server accepts publickey"), "{table}{said}");
}
