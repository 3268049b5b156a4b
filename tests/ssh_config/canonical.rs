//! `CanonicalizeHostname`: names that are completed by domains, compared with `ssh -G` where both know the same names.

use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::openssh::config::{Outside, Request, User, arguments};

use crate::ours::{self, World};

/// Names that have an address, and no others.
const NAMES: [&str; 4] = ["web.corp.example.", "db.lab.example.", "web.lab.example.", "a.b.c.corp.example."];

/// This machine, where these are all names that there are.
struct Named {
    world: World,
    asked: Vec<String>,
}

impl Outside for Named {
    fn variable(&self, name: &str) -> Option<String> {
        self.world.variable(name)
    }

    fn home_of(&self, user: &str) -> Option<String> {
        self.world.home_of(user)
    }

    fn resolves(&mut self, name: &str) -> Result<bool, String> {
        self.asked.push(name.to_owned());
        Ok(NAMES.contains(&name))
    }

    fn run(&mut self, command: &str) -> Result<bool, String> {
        self.world.run(command)
    }
}

/// What `ssh -G` says of a host on a machine with those names: the name and the user, or that it refuses.
fn by_ssh(folder: &Path, options: &[String], host: &str) -> Option<(String, String)> {
    let mounted = format!(
        "mount --bind {0}/hosts /etc/hosts && exec ssh -G -F {0}/config {1} {host}",
        folder.display(),
        options.join(" ")
    );
    let output = Command::new("unshare").args(["--mount", "sh", "-c", &mounted]).output().expect("unshare");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |keyword: &str| said.lines().find_map(|line| line.strip_prefix(keyword)).map(str::to_owned);
    value("hostname ").zip(value("user "))
}

/// What we say, and which names were looked up.
fn by_us(folder: &Path, options: &[String], host: &str) -> (Result<(String, String), String>, Vec<String>) {
    let given = arguments::read(options, "arguments").expect("options").given;
    let user: User = ours::user();
    let mut named = Named { world: World::default(), asked: Vec::new() };
    let config =
        ours::read(&folder.join("config")).config.resolve(&Request { host, given: &given, user: &user }, &mut named);
    (config.map(|config| (config.host_name.value, config.user.value)), named.asked)
}

#[test]
fn names_are_completed_as_ssh_completes_them() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = NAMES.map(|name| format!("192.0.2.7 {name}\n")).concat();
    fs::write(folder.path().join("hosts"), format!("127.0.0.1 localhost\n{hosts}")).unwrap();
    let blocks = "Match canonical host *.corp.example\n User corp\nHost *.lab.example\n User lab\n";
    let mut refused = 0;
    for head in [
        "CanonicalDomains corp.example Lab.Example\n",
        "CanonicalDomains lab.example corp.example\nCanonicalizeMaxDots 0\n",
        "CanonicalDomains corp.example\nCanonicalizeMaxDots 2\nCanonicalizeFallbackLocal no\n",
        "CanonicalDomains none\n",
        "",
    ] {
        for mode in ["yes", "always", "no"] {
            fs::write(folder.path().join("config"), format!("CanonicalizeHostname {mode}\n{head}{blocks}")).unwrap();
            for options in [&[][..], &["-J", "gate"], &["-oProxyCommand=none"], &["-oHostName=WEB"]] {
                let options: Vec<String> = options.iter().map(|word| (*word).to_owned()).collect();
                for host in ["web", "DB", "none", "a.b.c", "web.corp.example", "web.corp.example.", "192.0.2.7"] {
                    let (ours, _) = by_us(folder.path(), &options, host);
                    let ssh = by_ssh(folder.path(), &options, host);
                    refused += usize::from(ssh.is_none());
                    assert_eq!(ours.ok(), ssh, "{mode} {head} {options:?} {host}");
                }
            }
        }
    }
    assert!(refused > 0);
}

#[test]
fn only_what_may_be_completed_is_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, options: &[&str], host: &str, expected: &[&str]| {
        fs::write(folder.path().join("config"), text).unwrap();
        let options: Vec<String> = options.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(by_us(folder.path(), &options, host).1, expected, "{text} {options:?} {host}");
    };
    let usual = "CanonicalizeHostname yes\nCanonicalDomains none.example lab.example corp.example\n";
    check(usual, &[], "web", &["web.none.example.", "web.lab.example."]);
    check(usual, &[], "192.0.2.7", &[]);
    check(usual, &["-J", "gate"], "web", &[]);
    check(&usual.replace("yes", "always"), &["-J", "gate"], "web", &["web.none.example.", "web.lab.example."]);
    check("CanonicalDomains lab.example\n", &[], "web", &[]);
}
