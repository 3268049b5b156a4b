//! The whole program with a user's `ssh_config`: the host is reached as `ssh` would reach it, or the reason is said.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::ALONE;
use crate::sshd::Sshd;

/// A user's home with the key that the server takes.
pub(crate) struct Home(TempDir);

impl Home {
    /// A home whose user knows the server's key as that of `alias`.
    pub(crate) fn new(sshd: &Sshd, alias: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        fs::copy(sshd.path("user_key"), home.path().join("key")).unwrap();
        let key = fs::read_to_string(sshd.path("host_key.pub")).unwrap();
        fs::write(home.path().join("known"), format!("{alias} {key}")).unwrap();
        Self(home)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes `~/.ssh/config`.
    pub(crate) fn configure(&self, text: &str) -> &Self {
        let file = self.path().join(".ssh/config");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        self
    }

    /// Scans hosts: the report, and what was said.
    pub(crate) fn scan(&self, words: &[&str]) -> (Value, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        command.arg("scan").args(words).args(["-o", "json", "--no-state", "--samples", "3"]);
        command.env("HOME", self.path()).env_remove("SSH_AUTH_SOCK").env("SHELL", "/bin/sh").stdin(Stdio::null());
        let output = command.current_dir(self.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (report, said)
    }
}

/// How the only host of a report failed; empty where it did not.
pub(crate) fn failure(report: &Value) -> String {
    let failure = &report["hosts"][0]["error"];
    if failure.is_null() { String::new() } else { failure.to_string() }
}

#[test]
fn a_host_is_reached_by_what_ssh_config_says_of_it() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, "gate-7");
    let text = format!(
        "Match originalhost web exec \"test %h:%p = 127.0.0.1:{0}\"\n IdentityFile ~/%u-none\n IdentityFile ~/key\n\
         Host web\n HostName 127.0.0.1\n Port {0}\n HostKeyAlias Gate-7\n UserKnownHostsFile ~/known\n IdentitiesOnly yes\n\
         Match originalhost web exec \"test %h:%p = 127.0.0.1:{0}\"\n IdentityFile ~/key\nHost *\n Port 9\n Colour red\n",
        sshd.port()
    );
    let (report, said) = home.configure(&text).scan(&["web,"]);
    assert_eq!(failure(&report), "", "{said}");
    assert_eq!(report["hosts"][0]["address"], "127.0.0.1", "{report}");
    assert!(said.contains(".ssh/config line 14: colour is no keyword of ssh_config and has no effect"), "{said}");

    // What the inventory says goes first, what options say comes between it and the files.
    fs::write(
        home.path().join("hosts.ini"),
        format!("web ansible_ssh_common_args='-o HostKeyAlias=other -F {}'\n", "none"),
    )
    .unwrap();
    let (report, _) = home.scan(&["hosts.ini", "--ssh-option", "HostName=127.0.0.1", "-p", &sshd.port().to_string()]);
    assert!(failure(&report).contains("SSH904"), "{report}");
    let (report, _) = home.scan(&["web,", "--ssh-option", "HostKeyAlias=other"]);
    assert!(failure(&report).contains("is not known for other (HostKeyAlias)"), "{report}");
}

#[test]
fn a_setting_of_an_option_names_the_option_and_where_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let hosts = "web ansible_port=22 ansible_user=ops \
                 ansible_ssh_extra_args='-o Port=9 -o HostKeyAlias=gate -i /keys/extra'\n\
                 [all:vars]\nansible_ssh_args='-o HostName=192.0.2.7 -o User=root -o IdentityFile=/keys/args'\n";
    fs::write(home.path().join("hosts.ini"), hosts).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.args([
        "inventory",
        "--explain",
        "web",
        "-i",
        "hosts.ini",
        "-F",
        "none",
        "--ssh-option",
        "Ciphers=aes128-ctr",
    ]);
    command.env("HOME", home.path()).current_dir(home.path());
    let output = command.output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let check = |setting: &str, value: &str, place: &str| {
        let fits =
            |row: &&Vec<&str>| row.len() > 2 && row[0] == setting && row[1] == value && row[2..].join(" ") == place;
        assert_eq!(rows.iter().filter(fits).count(), 1, "{setting} {value} {place} in\n{table}");
    };
    let (args, extra) = ("ansible_ssh_args (hosts.ini line 3)", "ansible_ssh_extra_args (hosts.ini line 1)");
    // Options of `ssh_args` stand before the inventory's own settings, those of `ssh_extra_args` behind them.
    check("address", "192.0.2.7", args);
    check("user", "root", args);
    check("port", "22", "ansible_port (hosts.ini line 1)");
    check("HostKeyAlias", "gate", extra);
    check("Ciphers", "aes128-ctr", "--ssh-option");
    check("key_file", "/keys/args", args);
    check("IdentityFile", "/keys/extra", extra);
    assert_eq!(rows.iter().filter(|row| row.first() == Some(&"user")).count(), 1, "{table}");
}

#[test]
fn a_file_of_the_user_that_cannot_be_opened_is_told_and_passed_over() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, &format!("[127.0.0.1]:{}", sshd.port()));
    std::os::unix::fs::symlink("config", home.path().join(".ssh/config")).unwrap();
    let (host, known) =
        (format!("127.0.0.1:{},", sshd.port()), format!("UserKnownHostsFile={}/known", home.path().display()));
    let words = [&host, "--private-key", "key", "--ssh-option", &known];
    let (report, said) = home.scan(&words);
    assert_eq!(failure(&report), "", "{said}");
    assert!(said.contains(".ssh/config cannot be read: "), "{said}");
}

#[test]
fn what_openssh_would_refuse_fails_its_host_alone_and_says_where() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, "gate");
    let check = |lines: &str, expected: &str| {
        let text = format!(
            "Host web\n{lines}\nHost *\n HostName 127.0.0.1\n Port {}\n HostKeyAlias gate\n UserKnownHostsFile ~/known\n IdentityFile ~/key\n",
            sshd.port()
        );
        let (report, said) = home.configure(&text).scan(&["web,db,"]);
        let hosts = report["hosts"].as_array().unwrap_or_else(|| panic!("{said}"));
        let failed: Vec<String> = hosts.iter().map(|host| host["error"].to_string()).collect();
        assert!(failed.iter().any(|failure| failure.contains("SSH912") && failure.contains(expected)), "{failed:?}");
        assert!(failed.iter().any(|failure| failure == "null"), "{failed:?}");
    };
    check(" KnownHostsCommand /bin/true", "config line 2: KnownHostsCommand is not supported");
    check(" Port none", "config line 2: Port does not take `none`");
    check("Match originalhost web tagged x", "config line 2: Match tagged is not supported");

    fs::set_permissions(home.path().join(".ssh/config"), fs::Permissions::from_mode(0o666)).unwrap();
    let (report, said) = home.scan(&["web,"]);
    assert!(report.is_null() && said.contains("others can write it"), "{said}");
}

#[test]
fn a_name_of_the_inventory_says_nothing_to_a_shell() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    let home = Home(home);
    home.configure("Match exec \"test %n = %r\"\n Port 9\nHost *\n ProxyCommand true %h %r\n");
    let check = |line: &str| {
        fs::write(home.path().join("hosts.ini"), format!("{line}\n")).unwrap();
        let (report, said) = home.scan(&["hosts.ini"]);
        let failure = failure(&report);
        assert!(failure.contains("SSH912") && failure.contains("ssh takes no "), "{line}: {failure} {said}");
        assert!(!home.path().join("ran").exists(), "{line}");
    };
    check("web ansible_user='$(touch${IFS}ran)'");
    check("web ansible_host='127.0.0.1;touch${IFS}ran'");
    check("web ansible_ssh_common_args='-J \"a;touch${IFS}ran\"'");
    check("web ansible_ssh_common_args='-o \"User=u;touch${IFS}ran\"'");
}

#[test]
fn flags_win_over_arguments_of_ansible_cfg_and_its_environment_and_lose_to_the_inventory() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("theirs", "Host *\n BindAddress 127.0.0.7\n");
    write("flag", "Host *\n BindAddress 127.0.0.8\n");
    write("hosts.ini", "web\ndb ansible_ssh_common_args='-J inventory -o Port=7 -F theirs'\n");
    let explained = |host: &str, words: &[&str], variable: &str, cfg: &str| {
        write("ansible.cfg", cfg);
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        command.args(["inventory", "--explain", host, "-i", "hosts.ini"]).args(words);
        command.env("HOME", home.path()).env_remove("ANSIBLE_SSH_ARGS").current_dir(home.path());
        command.envs(Some(("ANSIBLE_SSH_ARGS", variable)).filter(|_| !variable.is_empty()));
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let check = |host: &str, words: &[&str], expected: &[(&str, &str)]| {
        let args = "-J cfg -o Port=9 -o StrictHostKeyChecking=yes -F theirs";
        let cfg = format!("[ssh_connection]\nssh_args = {args}\n");
        for (variable, cfg) in [(args, ""), ("", cfg.as_str())] {
            let table = explained(host, words, variable, cfg);
            for (setting, value) in expected {
                let line = table.lines().find(|line| line.split_whitespace().next() == Some(setting));
                let said = line.and_then(|line| line.split_whitespace().nth(1));
                assert_eq!(said, Some(*value), "{host} {words:?}: {setting} in\n{table}");
            }
        }
    };
    check("web", &[], &[("ProxyJump", "cfg"), ("port", "9"), ("BindAddress", "127.0.0.7")]);
    let flags = ["-J", "gate", "--ssh-option", "Port=5", "--accept-new", "-F", "flag"];
    let of_flags =
        [("ProxyJump", "gate"), ("port", "5"), ("StrictHostKeyChecking", "accept-new"), ("BindAddress", "127.0.0.8")];
    check("web", &flags, &of_flags);
    check("web", &["-p", "6"], &[("port", "6"), ("ProxyJump", "cfg")]);
    check("web", &["--ssh-option", "ProxyCommand=none", "-p", "6"], &[("port", "6"), ("ProxyJump", "none")]);
    check("db", &flags, &[("BindAddress", "127.0.0.7"), ("StrictHostKeyChecking", "accept-new")]);
    // Between Ansible's own places it is as with Ansible.
    check("db", &[], &[("ProxyJump", "cfg"), ("port", "9")]);
    check("db", &flags, &[("ProxyJump", "cfg"), ("port", "9")]);
}

#[test]
fn commands_of_match_exec_run_beside_one_another() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, "gate");
    let pipe = home.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Each of the two ends only when the other one has begun.
    let pipe = pipe.display();
    home.configure(&format!(
        "Match originalhost a exec \"echo > {pipe}\"\n ConnectionAttempts 2\n\
         Match originalhost b exec \"test -z $(cat {pipe})\"\n ConnectionAttempts 2\n\
         Host *\n HostName 127.0.0.1\n Port {}\n HostKeyAlias gate\n UserKnownHostsFile ~/known\n IdentityFile ~/key\n",
        sshd.port()
    ));
    let (report, said) = home.scan(&["a,b,"]);
    let hosts = report["hosts"].as_array().unwrap_or_else(|| panic!("{said}"));
    let failed: Vec<String> = hosts.iter().map(|host| host["error"].to_string()).collect();
    assert_eq!(failed, ["null", "null"], "{said}");
}

#[test]
fn nobody_is_asked_for_a_passphrase_in_batch_mode() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, "gate");
    fs::copy(sshd.path("encrypted_key"), home.path().join("key")).unwrap();
    home.configure(&format!(
        "HostName 127.0.0.1\nPort {}\nHostKeyAlias gate\nUserKnownHostsFile ~/known\nIdentityFile ~/key\n",
        sshd.port()
    ));
    for option in ["BatchMode=yes", "NumberOfPasswordPrompts=0"] {
        let (report, said) = home.scan(&["web,", "--ssh-option", option]);
        let failure = failure(&report);
        assert!(
            failure.contains("SSH905") && failure.contains("is encrypted and the agent"),
            "{option}: {failure}{said}"
        );
    }
}

#[test]
fn a_wrong_passphrase_of_the_inventory_is_told_as_that() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, "gate");
    fs::copy(sshd.path("encrypted_key"), home.path().join("key")).unwrap();
    home.configure(&format!(
        "HostName 127.0.0.1\nPort {}\nHostKeyAlias gate\nUserKnownHostsFile ~/known\nIdentityFile ~/key\n",
        sshd.port()
    ));
    let key = home.path().join("key").display().to_string();
    let inventory = |passphrases: &[&str]| {
        let line = |(at, passphrase)| format!("h{at} ansible_private_key_passphrase={passphrase}\n");
        fs::write(home.path().join("hosts.ini"), passphrases.iter().enumerate().map(line).collect::<String>()).unwrap();
    };
    inventory(&["wrong-one"]);
    let (report, said) = home.scan(&["hosts.ini"]);
    assert_eq!(report, Value::Null, "{said}");
    for words in [
        &format!(
            "key file {key}: ansible_private_key_passphrase (hosts.ini line 1) does not open it: wrong passphrase"
        ),
        &format!("key file {key} is encrypted, the passphrase that was given does not open it, and"),
        "correct the passphrase, or load it into an agent",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (report, more) = home.scan(&["hosts.ini", "--ssh-option", "BatchMode=yes"]);
    let failure_of_batch = failure(&report);
    let words = format!("key file {key} is encrypted, and the passphrase that was given does not open it");
    assert!(failure_of_batch.contains("SSH905") && failure_of_batch.contains(&words), "{failure_of_batch}{more}");
    assert!(!format!("{said}{more}{report}").contains("wrong-one"), "{said}{more}");
    // Where one of two is right, nothing is wrong; the server does not know the key.
    inventory(&["wrong-one", "secret"]);
    let (report, said) = home.scan(&["hosts.ini"]);
    assert!(failure(&report).contains("1 key refused"), "{report}");
    assert!(!said.contains("passphrase"), "{said}");
}

#[test]
fn tokens_in_a_key_file_of_the_inventory_are_those_of_ssh() {
    let _alone = ALONE.blocking_lock();
    let sshd = Sshd::start("");
    let home = Home::new(&sshd, &format!("[127.0.0.1]:{}", sshd.port()));
    let (folder, port) = (home.path().display(), sshd.port());
    let named = format!("{folder}/key-%h-%n-%p-%r-%u-%%");
    // `ssh -G` shows them as they stand: what each stands for is told by ssh_config(5).
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
    let file = format!("{folder}/key-127.0.0.1-127.0.0.1-{port}-{user}-{user}-%");
    fs::rename(home.path().join("key"), file).unwrap();
    home.configure(&format!("UserKnownHostsFile {folder}/known\nIdentitiesOnly yes\n"));
    let host = format!("127.0.0.1:{port},");
    let (report, said) = home.scan(&[&host, "-e", &format!("ansible_private_key_file={named}")]);
    assert_eq!(failure(&report), "", "{said}");
}
