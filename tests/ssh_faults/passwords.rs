//! What becomes of a password: sent once at most, in answer to a single hidden question, and never shown.

use std::fs;
use std::sync::Arc;

use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::Target;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::ssh::{HostSettings, JumpHost, Proxy};

use super::recorder::Recorder;
use super::{Baseline, assert_failed, plan, scan, target};

/// Asks a server's questions with a password in hand; what the server was answered with, and what the failure must say.
async fn check(questions: &'static [(&'static str, bool)], expected: &[&str], words: &str) {
    let base = Baseline::take().await;
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::asking(questions).await;
    let known_hosts = folder.path().join("known_hosts");
    fs::write(&known_hosts, recorder.known_hosts_line(true)).unwrap();
    let me = Target { password: Some(Secret::new("hunter2".to_owned())), ..target("127.0.0.1", recorder.port) };
    let (seen, events) = scan(vec![me], &plan(&known_hosts)).await;
    let host = &seen.observations[0];
    assert_failed(host, FailureCode::AuthenticationRejected, Stage::Authenticate, words);
    assert_eq!(*recorder.passwords.lock().unwrap(), expected, "{questions:?}");
    assert!(!format!("{events:?}{seen:?}").contains("hunter2"), "{events:?}");
    drop(recorder);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_answers_one_hidden_question_and_is_sent_once() {
    // A wrong password that answered the question is not sent again as a password.
    check(&[("Password: ", false)], &["hunter2"], "the password refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_answer_may_be_seen_is_not_for_the_password() {
    let words = "the server asks \"Your name:\", which only a person can answer";
    check(&[("Your name: ", true)], &[], words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_for_a_code_is_not_for_the_password() {
    let words = "the server asks \"Verification code:\", which only a person can answer";
    check(&[("Verification code: ", false)], &[], words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_host_that_asks_for_a_code_is_told_with_how_to_go_on() {
    let base = Baseline::take().await;
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::asking(&[("Verification code: ", false)]).await;
    let known_hosts = folder.path().join("known_hosts");
    fs::write(&known_hosts, recorder.known_hosts_line(true)).unwrap();
    let mut plan = plan(&known_hosts);
    let (gate, behind) = (target("127.0.0.1", recorder.port), target("192.0.2.1", 22));
    let settings = HostSettings::clone(&plan.settings(&gate));
    let mut through = settings.clone();
    let jump = JumpHost { name: "gate".to_owned(), address: gate.address, port: gate.port, settings };
    through.way.proxy = Proxy::Jump(Arc::new(jump));
    plan.hosts.insert(behind.name.clone(), Arc::new(through));
    let (seen, _) = scan(vec![behind], &plan).await;
    let words = "the server asks \"Verification code:\", which only a person can answer: log in to it with `ssh` and a \
                 ControlMaster, and reach the hosts behind by `ProxyCommand ssh -W %h:%p GATE`";
    assert_failed(&seen.observations[0], FailureCode::JumpHost, Stage::Connect, words);
    assert_eq!(*recorder.passwords.lock().unwrap(), [] as [String; 0]);
    drop(recorder);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_questions_at_once_are_not_answered() {
    let words = "the server asks 2 questions at once, beginning with \"Password:\"";
    check(&[("Password: ", false), ("Code: ", false)], &[], words).await;
}
