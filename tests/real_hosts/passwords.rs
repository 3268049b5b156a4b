//! Logging in by password and by keyboard-interactive at real servers, with real PAM and the accounts' own file.

use std::fs;

use clockaudit::report::model::{Report, Verdict};

use super::accounts::{LOGIN, ROOT, WRONG, host, inventory, passwords};
use super::typed::at_a_terminal;
use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::USER;
use crate::support::measured::told;
use crate::support::session::{Session, clockaudit, scan};

/// Refuses keys, takes passwords.
const BY_PASSWORD: [&str; 2] = ["PasswordAuthentication yes", "PubkeyAuthentication no"];
/// Lets PAM ask, and takes nothing else.
const BY_PAM: [&str; 3] = ["UsePAM yes", "KbdInteractiveAuthentication yes", "PubkeyAuthentication no"];

/// A second question behind the password's, as those of one-time codes are.
const TWO_QUESTIONS: &str = passwords!(
    r#"
    cp -rL /etc/pam.d /run/pam.d && rm /etc/pam.d && mv /run/pam.d /etc/pam.d
    printf '%s\n' 'auth required pam_unix.so' 'auth required pam_ftp.so' 'account required pam_permit.so' \
        'session required pam_permit.so' >/etc/pam.d/sshd
    "#
);

/// How a host failed: its code and its message.
fn failure(report: &Report, name: &str) -> (String, String) {
    let error = told(name, report).error.as_ref().unwrap_or_else(|| panic!("{name} did not fail"));
    (error.code.clone(), error.message.clone())
}

#[test]
fn a_password_logs_in_once_and_is_shown_nowhere() {
    confined("passwords::a_password_logs_in_once_and_is_shown_nowhere", || {
        let start = passwords!();
        let key_first: &[&str] = &["PasswordAuthentication yes", "AuthenticationMethods publickey,password"];
        let fleet = Fleet::start([
            host("plain", start, &BY_PASSWORD),
            host("pam", start, &BY_PAM),
            host("both", start, key_first),
            host("wrong", start, &BY_PASSWORD),
            host("two-questions", TWO_QUESTIONS, &BY_PAM),
            host("kerberos", start, &["GSSAPIAuthentication yes", "PubkeyAuthentication no"]),
        ]);
        let with = |password: &str| format!("ansible_password={password}");
        let key = format!("{} ansible_ssh_private_key_file={}", with(LOGIN), fleet.user_key().display());
        let (right, wrong) = (with(LOGIN), with(WRONG));
        let inventory = inventory(&fleet, &[&right, &right, &key, &wrong, &right, &right]);
        let (trace, export) = (fleet.folder().join("trace"), fleet.folder().join("report.txt"));
        let more = ["-vvv", "--record", trace.to_str().expect("text"), "--export", export.to_str().expect("text")];
        let session = scan(&fleet, &inventory, &more);
        let report = session.report();
        for name in ["plain", "pam", "both"] {
            assert_eq!(told(name, &report).verdict, Verdict::Ok, "{name}: {session}");
        }
        let (code, message) = failure(&report, "wrong");
        assert!(code == "SSH905" && message.contains("the password refused; server accepts password"), "{message}");
        let (code, message) = failure(&report, "two-questions");
        assert!(code == "SSH905" && message.contains("the server asks \""), "{code} {message}");
        let (code, message) = failure(&report, "kerberos");
        assert!(code == "SSH905" && message.contains("server accepts gssapi-with-mic"), "{code} {message}");
        // One failure in the server's own log: the password was not tried again.
        let log = fleet.hosts[3].log();
        assert_eq!(log.matches("Failed password").count(), 1, "{log}");

        let files = [trace, export].map(|path| fs::read_to_string(path).expect("what was written"));
        let explained = clockaudit(["inventory", "--explain", "plain", "-i", inventory.to_str().expect("text")]);
        for text in [&session.stdout, &session.stderr, &files[0], &files[1], &explained.stdout, &explained.stderr] {
            for secret in [LOGIN, WRONG, ROOT] {
                assert!(!text.contains(secret), "{secret} is in\n{text}");
            }
        }
    });
}

#[test]
fn a_password_that_is_asked_for_or_kept_in_a_file_logs_in() {
    confined("passwords::a_password_that_is_asked_for_or_kept_in_a_file_logs_in", || {
        let fleet = Fleet::start([host("one", passwords!(), &BY_PASSWORD), host("two", passwords!(), &BY_PAM)]);
        let inventory = inventory(&fleet, &["", ""]);
        let is_well = |session: &Session| {
            let report = session.report();
            let well = report.hosts.iter().filter(|host| host.verdict == Verdict::Ok).count();
            assert_eq!((session.status, well), (Some(0), 2), "{session}");
        };
        let file = fleet.folder().join("password");
        fs::write(&file, format!("{LOGIN}\n")).expect("a password file");
        is_well(&scan(&fleet, &inventory, &["--connection-password-file", file.to_str().expect("text")]));

        let export = fleet.folder().join("report.json");
        let known_hosts = format!("UserKnownHostsFile={}", fleet.known_hosts().display());
        let (inventory, exported) = (inventory.to_str().expect("text"), export.to_str().expect("text"));
        let words = [
            "scan",
            "--no-state",
            "--reference",
            "controller",
            inventory,
            "--ssh-option",
            &known_hosts,
            "--export",
            exported,
            "-k",
        ];
        let typed = at_a_terminal(&words, &[("SSH password: ", LOGIN)]);
        assert!(!typed.shown.contains(LOGIN), "{}", typed.shown);
        assert_eq!(typed.shown.matches("SSH password").count(), 1, "asked once for two hosts: {}", typed.shown);
        let stdout = fs::read_to_string(&export).unwrap_or_else(|error| panic!("{error}: {}", typed.shown));
        is_well(&Session { status: typed.status, stdout, stderr: String::new() });
    });
}

#[test]
fn a_passphrase_is_asked_for_once_a_key_and_again_where_it_was_wrong() {
    confined("passwords::a_passphrase_is_asked_for_once_a_key_and_again_where_it_was_wrong", || {
        let fleet = Fleet::start([host("one", passwords!(), &[]), host("two", passwords!(), &[])]);
        let key = fleet.user_key();
        let mut keygen = std::process::Command::new("ssh-keygen");
        keygen.args(["-q", "-p", "-P", "", "-N", LOGIN, "-f"]).arg(&key);
        assert!(keygen.output().expect("ssh-keygen").status.success());
        let named = format!("ansible_ssh_private_key_file={}", key.display());
        let inventory = inventory(&fleet, &[&named, &named]);
        let known_hosts = format!("UserKnownHostsFile={}", fleet.known_hosts().display());
        let words = [
            "scan",
            "--no-state",
            "--reference",
            "controller",
            inventory.to_str().expect("text"),
            "--ssh-option",
            &known_hosts,
        ];
        let question = "Enter passphrase for key";
        let typed = at_a_terminal(&words, &[(question, WRONG), (question, LOGIN)]);
        assert_eq!(typed.status, Some(0), "{}", typed.shown);
        assert!(typed.shown.contains("wrong passphrase"), "{}", typed.shown);
        assert_eq!(typed.shown.matches(question).count(), 2, "{}", typed.shown);
        assert!(!typed.shown.contains(LOGIN) && !typed.shown.contains(WRONG), "{}", typed.shown);

        // Nobody to ask, and nobody is reached without the key.
        let unasked = scan(&fleet, &inventory, &[]);
        assert_eq!(unasked.status, Some(77), "{unasked}");
        assert!(unasked.stderr.contains("ssh-add"), "{unasked}");
        let unasked = scan(&fleet, &inventory, &["-k"]);
        assert_eq!(unasked.status, Some(77), "{unasked}");
        assert!(unasked.stderr.contains("--connection-password-file"), "{unasked}");
    });
}

/// Another server inside the same host, which only who is logged in to the first one can reach.
const GATE: &str = passwords!(
    r#"
    printf '%s\n' 'HostKey /run/host/host_key' 'ListenAddress 127.0.0.2' 'Port 2222' 'UsePAM no' 'UseDNS no' 'PidFile none' \
        'PasswordAuthentication no' >/run/inner_config
    /usr/sbin/sshd -f /run/inner_config -E /run/host/inner_log
    "#
);

#[test]
fn a_jump_host_is_asked_for_its_password_once() {
    confined("passwords::a_jump_host_is_asked_for_its_password_once", || {
        let fleet = Fleet::start([host("gate", GATE, &BY_PASSWORD), host("pam-gate", GATE, &BY_PAM)]);
        let at = |name: &str| fleet.folder().join(name);
        let known = fs::read_to_string(fleet.known_hosts()).expect("known hosts");
        let inner: Vec<String> = fleet.hosts.iter().map(|gate| format!("[127.0.0.2]:2222 {}\n", gate.key)).collect();
        fs::write(at("known"), known + &inner.concat()).expect("known hosts");
        let configure = |more: &str| {
            let text = format!("Host *\n UserKnownHostsFile {}\n User {USER}\n{more}", at("known").display());
            fs::write(at("ssh_config"), text).expect("a configuration");
        };
        let behind = format!(
            "ansible_host=127.0.0.2 ansible_port=2222 ansible_ssh_private_key_file={}",
            fleet.user_key().display()
        );
        fs::write(at("behind.ini"), format!("one {behind}\ntwo {behind}\n")).expect("an inventory");
        let text = |name: &str| at(name).to_str().expect("text").to_owned();
        let (inventory, config, export) = (text("behind.ini"), text("ssh_config"), text("report.json"));
        let scan = |gate: usize, answers: &[(&str, &str)]| {
            let gate = fleet.hosts[gate].address;
            // What an earlier scan wrote is none of this one's.
            let _ = fs::remove_file(&export);
            let jump = gate.to_string();
            let words =
                ["scan", "--no-state", "--reference", "controller", "-i", &inventory, "-J", &jump, "-F", &config];
            let typed = at_a_terminal(&[&words[..], &["--export", &export]].concat(), answers);
            let stdout = fs::read_to_string(&export).unwrap_or_else(|error| panic!("{error}: {}", typed.shown));
            let asked = typed.shown.matches(&format!("{USER}@{}'s password: ", gate.ip())).count();
            (Session { status: typed.status, stdout, stderr: typed.shown }, asked)
        };
        configure("");
        for gate in [0, 1] {
            let (session, asked) = scan(gate, &[("'s password: ", LOGIN)]);
            for name in ["one", "two"] {
                assert_eq!(told(name, &session.report()).error, None, "{session}");
            }
            assert_eq!(asked, 1, "{session}");
            assert!(!session.stderr.contains(LOGIN), "{session}");
        }
        let (session, asked) = scan(0, &[("'s password: ", WRONG)]);
        for name in ["one", "two"] {
            let (code, message) = failure(&session.report(), name);
            assert!(code == "SSH906" && message.contains("the password refused; server accepts"), "{message}");
        }
        assert_eq!(asked, 1, "{session}");
        let log = fleet.hosts[0].log();
        assert_eq!((log.matches("Accepted password").count(), log.matches("Failed password").count()), (1, 1), "{log}");
        let (session, _) = scan(0, &[("'s password: ", "")]);
        let (_, message) = failure(&session.report(), "one");
        assert!(message.contains("no password was typed"), "{message}");
        // Nobody is asked for what is not to be asked for.
        configure(" BatchMode yes\n");
        let (session, asked) = scan(0, &[]);
        let (code, message) = failure(&session.report(), "one");
        assert!(code == "SSH906" && message.contains("server accepts") && asked == 0, "{code} {message}");
    });
}

#[test]
fn a_jump_host_whose_password_nobody_can_be_asked_for_is_told() {
    confined("passwords::a_jump_host_whose_password_nobody_can_be_asked_for_is_told", || {
        let fleet = Fleet::start([host("gate", passwords!(), &BY_PASSWORD), host("one", passwords!(), &[])]);
        let config = fleet.folder().join("ssh_config");
        let known = fleet.known_hosts();
        fs::write(&config, format!("Host *\n UserKnownHostsFile {}\n User {USER}\n", known.display())).expect("a file");
        let jump = format!("-J {}", fleet.hosts[0].address);
        let one =
            format!("ansible_ssh_private_key_file={} ansible_ssh_common_args='{jump}'", fleet.user_key().display());
        let inventory = inventory(&fleet, &["", &one]);
        let session = scan(&fleet, &inventory, &["-l", "one", "-F", config.to_str().expect("text")]);
        let (code, message) = failure(&session.report(), "one");
        assert_eq!(code, "SSH906", "{session}");
        assert!(message.contains("its password could not be asked for: there is no terminal to ask on"), "{message}");
    });
}

#[test]
fn the_methods_are_those_that_ssh_would_try() {
    confined("passwords::the_methods_are_those_that_ssh_would_try", || {
        let fleet = Fleet::start([host("one", passwords!(), &["PasswordAuthentication yes"])]);
        let key = fleet.user_key();
        let variables = format!("ansible_password={WRONG} ansible_ssh_private_key_file={}", key.display());
        let inventory = inventory(&fleet, &[&variables]);
        let check = |options: &[&str], expected: &str| {
            let options: Vec<&str> = options.iter().flat_map(|option| ["--ssh-option", option]).collect();
            let session = scan(&fleet, &inventory, &options);
            let report = session.report();
            let message = told("one", &report).error.as_ref().map_or("", |error| error.message.as_str()).to_owned();
            assert!(
                if expected.is_empty() { message.is_empty() } else { message.contains(expected) },
                "{options:?}: {session}"
            );
        };
        check(&[], "");
        check(&["PubkeyAuthentication=no"], "audit: the password refused; server accepts publickey, password");
        check(&["PreferredAuthentications=password"], "audit: the password refused;");
        check(&["PreferredAuthentications=keyboard-interactive"], "audit: nothing to offer;");
        check(&["PubkeyAuthentication=no", "PasswordAuthentication=no"], "audit: nothing to offer;");
        // The password comes first, is refused, and the key logs in.
        check(&["PreferredAuthentications=password,publickey"], "");
        let log = fleet.hosts[0].log();
        assert_eq!(log.matches("Failed password").count(), 3, "{log}");
    });
}

#[test]
fn a_key_whose_text_the_inventory_has_logs_in_and_is_shown_nowhere() {
    confined("passwords::a_key_whose_text_the_inventory_has_logs_in_and_is_shown_nowhere", || {
        let fleet = Fleet::start([host("one", passwords!(), &[])]);
        let (key, inventory) = (fleet.user_key(), inventory(&fleet, &[""]));
        fs::create_dir(fleet.folder().join("host_vars")).expect("a folder of variables");
        let check = |more: &str, well: bool| {
            let text = fs::read_to_string(&key).expect("the key");
            let block: String = text.lines().flat_map(|line| ["  ", line, "\n"]).collect();
            let variables = format!("{more}ansible_private_key: |\n{block}");
            fs::write(fleet.folder().join("host_vars/one.yml"), variables).expect("variables");
            let session = scan(&fleet, &inventory, &["-vvv"]);
            assert_eq!(told("one", &session.report()).error.is_none(), well, "{session}");
            let secret = text.lines().nth(2).expect("a line of the key");
            assert!(!(session.stdout.clone() + &session.stderr).contains(secret), "{session}");
            session
        };
        check("", true);
        let mut keygen = std::process::Command::new("ssh-keygen");
        keygen.args(["-q", "-p", "-P", "", "-N", LOGIN, "-f"]).arg(&key);
        assert!(keygen.output().expect("ssh-keygen").status.success());
        let session = check("", false);
        assert!(session.stderr.contains("cannot be used: it is encrypted"), "{session}");
        check(&format!("ansible_private_key_passphrase: {LOGIN}\n"), true);
    });
}

/// Encrypts a text as `ansible-vault encrypt_string` does.
const VAULT: &str = r#"
import hashlib, hmac, os, subprocess, sys
text, password = sys.argv[1].encode(), sys.argv[2].encode()
salt = os.urandom(32)
keys = hashlib.pbkdf2_hmac("sha256", password, salt, 10000, 80)
fill = 16 - len(text) % 16
cipher = ["openssl", "enc", "-aes-256-ctr", "-K", keys[:32].hex(), "-iv", keys[64:].hex()]
sealed = subprocess.run(cipher, input=text + bytes([fill]) * fill, capture_output=True, check=True).stdout
mac = hmac.new(keys[32:64], sealed, "sha256").hexdigest()
print("  $ANSIBLE_VAULT;1.1;AES256\n  " + "\n".join([salt.hex(), mac, sealed.hex()]).encode().hex())
"#;

#[test]
fn passwords_from_a_vault_are_used_and_shown_nowhere() {
    confined("passwords::passwords_from_a_vault_are_used_and_shown_nowhere", || {
        let start = passwords!("echo 'audit ALL=(ALL) ALL' >>/etc/sudoers\n");
        let fleet = Fleet::start([host("one", start, &BY_PASSWORD)]);
        let inventory = inventory(&fleet, &[""]);
        let sealed = |text: &str| {
            let made = std::process::Command::new("python3").args(["-c", VAULT, text, "V4ult-pass"]).output();
            String::from_utf8(made.expect("python3").stdout).expect("text")
        };
        fs::create_dir(fleet.folder().join("host_vars")).expect("a folder of variables");
        let variables = format!(
            "ansible_password: !vault |\n{}ansible_become_password: !vault |\n{}",
            sealed(LOGIN),
            sealed(LOGIN)
        );
        fs::write(fleet.folder().join("host_vars/one.yml"), variables).expect("variables");
        let vault = fleet.folder().join("vault");
        fs::write(&vault, "V4ult-pass\n").expect("the password of the vault");
        let trace = fleet.folder().join("trace");
        let vault = ["--vault-password-file", vault.to_str().expect("text")];
        let more = ["-b", "-vvv", "--record", trace.to_str().expect("text")];
        let words: Vec<&str> = vault.iter().chain(&more).copied().collect();
        let session = scan(&fleet, &inventory, &words);
        assert_eq!(told("one", &session.report()).error, None, "{session}");
        let log = fleet.hosts[0].run("cat", &["/run/host/sudo.log"]);
        assert!(log.contains("USER=root"), "{log}");
        let trace = fs::read_to_string(trace).expect("the trace");
        for secret in [LOGIN, "V4ult-pass"] {
            for text in [&session.stdout, &session.stderr, &trace, &log, &fleet.hosts[0].log()] {
                assert!(!text.contains(secret), "{secret} is in\n{text}");
            }
        }
    });
}
