//! Becoming root on real hosts, by real sudo and su: the password reaches whoever asks for it, and nobody else.

use std::fs;

use clockaudit::report::model::{Report, Verdict};
use serde_json::Value;

use super::accounts::{LOGIN, RECORDED, ROOT, WRONG, heard, host, inventory, passwords};
use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::measured::told;
use crate::support::session::{Session, scan};

const ASKED: &str = passwords!("echo 'audit ALL=(ALL) ALL' >>/etc/sudoers\n");
const NOT_ASKED: &str = passwords!("echo 'audit ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers\n");
/// Whoever has just given sudo the password is not asked again.
const TICKET: &str = passwords!(
    r#"
    echo 'audit ALL=(ALL) ALL' >>/etc/sudoers
    chmod 0440 /etc/sudoers
    echo L0gin-pass | setpriv --reuid 4242 --regid 65534 --clear-groups sudo -S -v
    "#
);
/// A chronyd that answers root alone.
const ROOT_ALONE: &str = passwords!(
    r#"
    echo 'audit ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers
    serve 127.0.0.2 server-clock
    chmod 0750 /run/chrony
    follow 'server 127.0.0.2 iburst minpoll -6 maxpoll 0' 'cmdport 0'
    within 300 chronyc waitsync 1 0.01 0 0.1
    "#
);

fn message(report: &Report, name: &str) -> (String, String) {
    let error = told(name, report).error.as_ref().unwrap_or_else(|| panic!("{name} did not fail"));
    (error.code.clone(), error.message.clone())
}

/// Whom the commands of a host ran as, by what was recorded of it.
fn ran_as(trace: &str, name: &str) -> String {
    let lines = trace.lines().map(|line| line.parse::<Value>().expect("a line of JSON"));
    let mut facts = lines.filter(|line| line["type"] == "facts" && line["host"] == name);
    let facts = facts.next().unwrap_or_else(|| panic!("no facts of {name}"))["facts"].clone();
    let facts: Vec<(String, String)> = serde_json::from_value(facts).expect("facts");
    facts.into_iter().find_map(|(fact, value)| (fact == "uid").then_some(value)).expect("who it is")
}

/// Each host that nobody is become on says why, and what to do.
fn assert_refused(report: &Report) {
    for (name, title, words, remedy) in [
        ("wrong", "sudo password wrong", "sudo refused the password", "correct `ansible_become_password`"),
        ("none-given", "sudo wants a password", "a password is required", "give it (`--ask-become-pass`"),
        (
            "asks-unasked",
            "sudo wants a password",
            "sudo asks for a password, and none was given",
            "give it (`--ask-become-pass`",
        ),
        ("not-allowed", "sudo not allowed", "not in the sudoers file", "allow it in sudoers"),
        ("su-wrong", "su password wrong", "Authentication failure", "`sudo passwd -S root`"),
        ("su-none", "su wants a password", "su asks for a password, and none was given", "`--become-method sudo`"),
    ] {
        let (code, message) = message(report, name);
        assert!(code == "SSH910" && message.contains(words), "{name}: {code} {message}");
        let host = told(name, report);
        assert_eq!(host.error.as_ref().map(|error| error.title.as_str()), Some(title), "{name}");
        let remedies: Vec<&str> = host.findings.iter().map(|finding| finding.remedy.as_str()).collect();
        assert!(remedies.iter().any(|told| told.contains(remedy)), "{name}: {remedies:?}");
    }
}

#[test]
fn the_password_reaches_whoever_asks_for_it_and_nobody_else() {
    confined("becoming::the_password_reaches_whoever_asks_for_it_and_nobody_else", || {
        let recorded: &[&str] = &[RECORDED];
        let shells = ["bash", "fish", "tcsh"];
        let by_shell = shells.map(|shell| HostPlan { login_shell: format!("/bin/{shell}"), ..host(shell, ASKED, &[]) });
        let by_su = shells
            .map(|shell| HostPlan { login_shell: format!("/bin/{shell}"), ..host(&format!("su-{shell}"), ASKED, &[]) });
        let plans = [
            host("asked", ASKED, recorded),
            host("not-asked", NOT_ASKED, recorded),
            host("ticket", TICKET, recorded),
            host("wrong", ASKED, recorded),
            host("none-given", ASKED, recorded),
            host("not-allowed", passwords!(), recorded),
            host("su", ASKED, recorded),
            host("su-wrong", ASKED, recorded),
            host("su-none", ASKED, recorded),
            host("spared", ASKED, recorded),
            host("pbrun", ASKED, recorded),
            host("asks-unasked", ASKED, recorded),
        ];
        let fleet = Fleet::start(plans.into_iter().chain(by_shell).chain(by_su));
        let key = format!("ansible_ssh_private_key_file={}", fleet.user_key().display());
        let with = |more: &str| format!("{key} {more}");
        let sudo = |password: &str| with(&format!("ansible_become_password={password}"));
        let su = |password: &str| with(&format!("ansible_become_method=su ansible_become_password={password}"));
        let variables = [
            sudo(LOGIN),
            sudo(LOGIN),
            sudo(LOGIN),
            sudo(WRONG),
            key.clone(),
            sudo(LOGIN),
            su(ROOT),
            su(WRONG),
            with("ansible_become_method=su"),
            with(&format!("ansible_become=false ansible_become_password={LOGIN}")),
            with(&format!("ansible_become_method=pbrun ansible_become_password={LOGIN}")),
            with("ansible_become_flags='-H -S'"),
            sudo(LOGIN),
            sudo(LOGIN),
            sudo(LOGIN),
            su(ROOT),
            su(ROOT),
            su(ROOT),
        ];
        let inventory = inventory(&fleet, &variables.each_ref().map(String::as_str));
        let trace = fleet.folder().join("trace");
        let trace_name = trace.to_str().expect("a path of text");
        let session = scan(&fleet, &inventory, &["-b", "-vvv", "--record", trace_name]);
        let report = session.report();
        let of = |name: &str| fleet.hosts.iter().find(|host| host.plan.name == name).expect("a host");
        let well = [
            "asked",
            "not-asked",
            "ticket",
            "su",
            "spared",
            "pbrun",
            "bash",
            "fish",
            "tcsh",
            "su-bash",
            "su-fish",
            "su-tcsh",
        ];
        for name in well {
            assert_eq!(told(name, &report).verdict, Verdict::Ok, "{name}: {session}\n{}", of(name).log());
        }
        let trace = fs::read_to_string(&trace).expect("a trace");
        for name in well {
            let expected = if ["spared", "pbrun"].contains(&name) { "4242" } else { "0" };
            assert_eq!(ran_as(&trace, name), expected, "{name}");
        }
        assert_refused(&report);
        // What reached the standard input of the hosts' commands.
        for (name, secret, times) in [
            ("asked", LOGIN, 1),
            ("not-asked", LOGIN, 0),
            ("ticket", LOGIN, 0),
            ("wrong", WRONG, 1),
            ("su", ROOT, 1),
            ("su-wrong", WRONG, 1),
            ("spared", LOGIN, 0),
            ("pbrun", LOGIN, 0),
            ("asks-unasked", LOGIN, 0),
        ] {
            let heard = heard(of(name));
            assert_eq!(heard.matches(secret).count(), times, "{name}: {heard}");
        }
        let log = |name: &str| of(name).run("cat", &["/run/host/sudo.log"]);
        assert!(log("asked").contains("USER=root"), "{}", log("asked"));
        assert!(log("wrong").contains("1 incorrect password attempt"), "{}", log("wrong"));
        assert_eq!(log("spared"), "");
        assert!(session.stderr.contains("pbrun: become method 'pbrun' is not supported"), "{session}");
        for secret in [LOGIN, ROOT, WRONG] {
            assert!(!(session.stdout.clone() + &session.stderr).contains(secret), "{session}");
        }
    });
}

#[test]
fn what_keeps_a_method_from_running_is_told_and_is_no_password() {
    confined("becoming::what_keeps_a_method_from_running_is_told_and_is_no_password", || {
        let shells = ["bash", "fish", "tcsh", "zsh"];
        let missing =
            shells.map(|shell| HostPlan { login_shell: format!("/bin/{shell}"), ..host(shell, NOT_ASKED, &[]) });
        let names = ["no-user", "no-user-asked", "odd-flag", "none-said", "su-no-user", "su-odd-flag"];
        let plans = names.map(|name| host(name, if name == "no-user-asked" { ASKED } else { NOT_ASKED }, &[]));
        let fleet = Fleet::start(plans.into_iter().chain(missing));
        let key = format!("ansible_ssh_private_key_file={}", fleet.user_key().display());
        let with = |more: &str| format!("{key} {more}");
        let missing = with("ansible_become_exe=/opt/none/sudo");
        let variables = [
            with("ansible_become_user=nosuch"),
            with(&format!("ansible_become_user=nosuch ansible_become_password={LOGIN}")),
            with("ansible_become_flags='-H -S -n --bogus'"),
            with("ansible_become_exe=/bin/false"),
            with("ansible_become_method=su ansible_become_user=nosuch"),
            with("ansible_become_method=su ansible_become_flags=--bogus"),
            missing.clone(),
            missing.clone(),
            missing.clone(),
            missing,
        ];
        let inventory = inventory(&fleet, &variables.each_ref().map(String::as_str));
        let report = scan(&fleet, &inventory, &["-b"]).report();
        let check = |name: &str, code: &str, title: &str, words: &str, remedy: &str| {
            let error = told(name, &report).error.as_ref().unwrap_or_else(|| panic!("{name} did not fail"));
            assert_eq!((error.code.as_str(), error.title.as_str()), (code, title), "{name}: {}", error.message);
            assert!(error.message.contains(words), "{name}: {}", error.message);
            assert!(!error.message.contains("usage:") && !error.message.contains("Try "), "{name}: {}", error.message);
            let findings = &told(name, &report).findings;
            assert!(findings.iter().any(|finding| finding.remedy.contains(remedy)), "{name}: {findings:?}");
        };
        let failed = |name: &str, words: &str| check(name, "SSH910", "become failed", words, "correct what it names");
        failed("no-user", "sudo: unknown user nosuch");
        failed("no-user-asked", "sudo: unknown user nosuch");
        failed("odd-flag", "sudo: unrecognized option '--bogus'");
        failed("none-said", "it said nothing");
        failed("su-no-user", "su: user nosuch does not exist");
        failed("su-odd-flag", "su: unrecognized option '--bogus'");
        for name in shells {
            let words = "`/opt/none/sudo` cannot be run there: ";
            check(name, "SSH909", "become program missing", words, "`ansible_become_exe`");
        }
    });
}

#[test]
fn a_chronyd_that_answers_root_alone_is_heard_by_becoming_root() {
    confined("becoming::a_chronyd_that_answers_root_alone_is_heard_by_becoming_root", || {
        let clocks = vec![("server-clock", clockaudit::clock::Nanos::ZERO)];
        let fleet = Fleet::start([HostPlan { clocks, ..host("shy", ROOT_ALONE, &[]) }]);
        let key = format!("ansible_ssh_private_key_file={}", fleet.user_key().display());
        let inventory = inventory(&fleet, &[&key]);
        let without = scan(&fleet, &inventory, &[]).report();
        assert_eq!(told("shy", &without).claim, None);
        let with = scan(&fleet, &inventory, &["--become"]);
        let claim = told("shy", &with.report()).claim.clone();
        assert_eq!(claim.map(|claim| claim.timekeeper), Some("chronyd".to_owned()), "{with}");
    });
}

#[test]
fn a_host_that_scans_itself_becomes_root_without_ssh() {
    confined("becoming::a_host_that_scans_itself_becomes_root_without_ssh", || {
        let fleet = Fleet::start([host("itself", ASKED, &[])]);
        let [itself] = &fleet.hosts[..] else { unreachable!() };
        let folder = fleet.folder().join("host-itself");
        fs::write(folder.join("inventory.ini"), "itself ansible_connection=local\n").expect("an inventory");
        // The host has folders of its own, and may not see where the program was built.
        fs::copy(env!("CARGO_BIN_EXE_clockaudit"), folder.join("clockaudit")).expect("the program");
        let scan_with = |password: &str, more: &[&str]| {
            fs::write(folder.join("password"), password).expect("a password file");
            let as_user = ["--reuid", "4242", "--regid", "65534", "--clear-groups"];
            let words = ["scan", "/run/host/inventory.ini", "-b", "--become-password-file", "/run/host/password"];
            let output = ["--no-state", "--output", "json", "--reference", "controller"];
            let program = ["env", "HOME=/run/host/home", "/run/host/clockaudit"];
            let words: Vec<&str> =
                as_user.iter().chain(&program).chain(&words).chain(&output).chain(more).copied().collect();
            let stdout = itself.run("setpriv", &words);
            Session { status: None, stdout, stderr: String::new() }.report()
        };
        let scan = |password: &str| scan_with(password, &[]);
        let report = scan(LOGIN);
        assert_eq!(told("itself", &report).error, None);
        let log = itself.run("cat", &["/run/host/sudo.log"]);
        assert!(log.contains("USER=root"), "{log}");
        // sudo remembers the right one: forget it.
        itself.run("rm", &["-r", "/run/sudo/ts"]);
        let (code, said) = message(&scan(WRONG), "itself");
        assert!(code == "SSH910" && said.contains("sudo refused the password"), "{code} {said}");
        let (code, said) = message(&scan_with(LOGIN, &["-e", "ansible_become_exe=/opt/none/sudo"]), "itself");
        assert!(code == "SSH909" && said.contains("`/opt/none/sudo` cannot be run there"), "{code} {said}");
        let (code, said) = message(&scan_with(LOGIN, &["-e", "ansible_become_user=nosuch"]), "itself");
        assert!(code == "SSH910" && said.contains("unknown user nosuch"), "{code} {said}");
    });
}
