//! Keys of hosts as files know them, as they are accepted and stored.

use std::fs;

use super::*;
use crate::inventory::target::Target;
use crate::ssh::ConnectionPlan;
use russh::keys::{Algorithm, PrivateKey};

fn settings(plan: &ConnectionPlan) -> HostKeySettings {
    plan.settings(&Target::default()).host_key.clone()
}

fn judge(keys: &HostKeys, port: u16, key: &PublicKey) -> Judgement {
    keys.judge(&LookUp { name: "web".to_owned(), port, is_alias: false }, &key.clone().into(), 0)
}

fn key() -> PublicKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap().public_key().clone()
}

#[tokio::test]
async fn a_lock_that_is_never_let_go_is_told_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known_hosts");
    let held = Flock::lock(open(&file).unwrap(), FlockArg::LockExclusive).unwrap();
    let mut plan = ConnectionPlan::for_this_user();
    (plan.user_known_hosts, plan.global_known_hosts) = (vec![file.clone()], Vec::new());
    plan.unknown_keys = UnknownKeys::AcceptNew;
    let keys = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    assert!(matches!(judge(&keys, 22, &key()), Judgement::Accepted(_)));
    let told = keys.store().await.unwrap_err();
    assert!(told.contains("known_hosts: another program has kept it locked for 2.0 s"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), b"");
    drop(held);
}

#[tokio::test]
async fn of_two_new_keys_that_are_shown_at_once_one_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known_hosts");
    let mut plan = ConnectionPlan::for_this_user();
    (plan.user_known_hosts, plan.global_known_hosts) = (vec![file.clone()], Vec::new());
    plan.unknown_keys = UnknownKeys::AcceptNew;
    let keys = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    let host = LookUp { name: "web".to_owned(), port: 22, is_alias: false };
    let (one, other) = (key(), key());
    // Two sessions ask before either of them answers.
    let asked = [&one, &other, &one].map(|key| keys.verdict(&host, key));
    assert_eq!(asked, [Verdict::Unknown, Verdict::Unknown, Verdict::Unknown]);
    let [first, second, third] = asked;
    assert!(matches!(keys.judgement(first, &host, &one), Judgement::Accepted(_)));
    let Judgement::Refused(FailureCode::HostKeyChanged, told) = keys.judgement(second, &host, &other) else {
        panic!("both are accepted")
    };
    assert!(told.ends_with("differs from the key that was accepted in this run"), "{told}");
    assert_eq!(keys.judgement(third, &host, &one), Judgement::Known);
    keys.store().await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), line_for("web", 22, "ssh-ed25519", &one.public_key_bytes(), None));
}

#[tokio::test]
async fn where_a_file_cannot_be_read_no_key_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let (file, missing) = (folder.path().join("known_hosts"), folder.path().join("missing"));
    let mut plan = ConnectionPlan::for_this_user();
    plan.unknown_keys = UnknownKeys::AcceptNew;
    (plan.user_known_hosts, plan.global_known_hosts) = (vec![missing], vec![file.clone()]);
    // A device without an end is not read.
    plan.user_known_hosts = vec!["/dev/full".into()];
    let endless = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default()).complaint().unwrap();
    assert!(endless.contains("/dev/full cannot be read: it is not a regular file but a device"), "{endless}");
    plan.user_known_hosts = vec![folder.path().join("missing")];
    // A folder in its place cannot be read by anybody, permissions cannot stop the administrator.
    fs::create_dir(&file).unwrap();
    let blind = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    let complaint = blind.complaint().unwrap();
    assert!(complaint.contains(&format!("{} cannot be read", file.display())), "{complaint}");
    let Judgement::Refused(code, detail) = judge(&blind, 22, &key()) else { panic!("accepted") };
    assert_eq!(code, FailureCode::HostKeyUnknown);
    assert!(detail.contains(&format!("{} cannot be read", file.display())), "{detail}");
    blind.store().await.unwrap();
    assert!(!folder.path().join("missing").exists());

    fs::remove_dir(&file).unwrap();
    let seeing = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    assert_eq!(seeing.complaint(), None);
    assert!(matches!(judge(&seeing, 22, &key()), Judgement::Accepted(_)));
}

#[tokio::test]
async fn the_folder_of_accepted_keys_is_the_users_own() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let mut plan = ConnectionPlan::for_this_user();
    plan.unknown_keys = UnknownKeys::AcceptNew;
    let folder = home.path().join("deep/.ssh");
    (plan.user_known_hosts, plan.global_known_hosts) = (vec![folder.join("known_hosts")], Vec::new());
    let keys = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    judge(&keys, 22, &key());
    keys.store().await.unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn salts_do_not_follow_from_the_quick_generator() {
    let salt = || {
        fastrand::seed(1);
        new_salt()
    };
    assert_ne!(salt(), salt());
}

#[test]
fn a_changed_key_is_told_with_the_command_that_forgets_the_known_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known hosts");
    let mut plan = ConnectionPlan::for_this_user();
    (plan.user_known_hosts, plan.global_known_hosts) = (vec![file.clone()], Vec::new());
    for port in [22, 2222] {
        let line_of =
            |name: &str, key: &PublicKey| line_for(name, port, &key_type_of(key), &key.public_key_bytes(), None);
        let other = line_of("other", &key());
        fs::write(&file, format!("{other}{}", line_of("web", &key()))).unwrap();
        let keys = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
        let Judgement::Refused(FailureCode::HostKeyChanged, told) = judge(&keys, port, &key()) else {
            panic!("a changed key is refused")
        };
        let command = told.split('`').nth(1).expect("a command");
        // It is typed into a shell as it stands.
        let ran = std::process::Command::new("sh").args(["-c", command]).output().unwrap();
        assert!(ran.status.success(), "{command}: {ran:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), other, "{command}");
        assert!(matches!(
            judge(&HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default()), port, &key()),
            Judgement::Refused(FailureCode::HostKeyUnknown, _)
        ));
    }
}

#[test]
fn an_unknown_key_is_told_with_the_name_that_known_hosts_must_have() {
    let mut plan = ConnectionPlan::for_this_user();
    (plan.user_known_hosts, plan.global_known_hosts) = (Vec::new(), Vec::new());
    let check = |alias: Option<&str>, expected: &str| {
        let settings = HostKeySettings { alias: alias.map(str::to_owned), ..settings(&plan) };
        let host = LookUp::new(&settings, "192.0.2.1", 2222);
        let judged = HostKeys::load(&settings, 1, &mut KeyFiles::default()).judge(&host, &key().into(), 0);
        let Judgement::Refused(FailureCode::HostKeyUnknown, told) = judged else { panic!("{judged:?}") };
        assert!(told.ends_with(expected), "{told}");
    };
    check(None, "is not known for 192.0.2.1 port 2222");
    check(Some("gate"), "is not known for gate (HostKeyAlias)");
}

#[tokio::test]
async fn an_accepted_key_is_stored_once_and_stands() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ssh/known_hosts");
    fs::create_dir_all(folder.path().join("ssh")).unwrap();
    fs::write(&file, "# no newline at the end").unwrap();
    let mut plan = ConnectionPlan::for_this_user();
    (plan.user_known_hosts, plan.global_known_hosts) = (vec![file.clone()], Vec::new());
    let (right, wrong) = (key(), key());

    let strict = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    let refused = judge(&strict, 2222, &right);
    assert!(matches!(refused, Judgement::Refused(FailureCode::HostKeyUnknown, _)), "{refused:?}");

    plan.unknown_keys = UnknownKeys::AcceptNew;
    let lenient = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    assert!(matches!(judge(&lenient, 2222, &right), Judgement::Accepted(_)));
    assert_eq!(judge(&lenient, 2222, &right), Judgement::Known);
    let changed = judge(&lenient, 2222, &wrong);
    assert!(matches!(changed, Judgement::Refused(FailureCode::HostKeyChanged, _)), "{changed:?}");
    lenient.store().await.unwrap();
    lenient.store().await.unwrap();

    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    let reread = HostKeys::load(&settings(&plan), 1, &mut KeyFiles::default());
    assert_eq!(judge(&reread, 2222, &right), Judgement::Known);
    assert_eq!(
        reread.expected(&LookUp { name: "web".to_owned(), port: 2222, is_alias: false }).key_types,
        ["ssh-ed25519"]
    );
    assert!(matches!(judge(&reread, 2222, &wrong), Judgement::Refused(FailureCode::HostKeyChanged, _)));
}

#[test]
fn a_file_is_read_once_whoever_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let line = |host: &str| line_for(host, 22, "ssh-ed25519", &key().public_key_bytes(), Some(&[7; SALT]));
    fs::write(path("of-all"), line("a").repeat(3)).unwrap();
    let settings = |host: &str| HostKeySettings {
        user_files: vec![path(host)],
        global_files: vec![path("of-all")],
        ..settings(&ConnectionPlan::for_this_user())
    };
    let mut files = KeyFiles::default();
    let first = HostKeys::load(&settings("first"), 1, &mut files);
    // From here on the file cannot be read again.
    fs::remove_file(path("of-all")).unwrap();
    let second = HostKeys::load(&settings("second"), SEARCH_BUDGET / 3 - 1, &mut files);
    for keys in [&first, &second] {
        assert_eq!(keys.known.read().unwrap().hashed_len(), 3);
        assert!(keys.search_types);
    }
    // One HMAC for each name and host is what was allowed, for all of them together.
    assert!(!HostKeys::load(&settings("third"), 1, &mut files).search_types);
}
