//! What `clockaudit fix` finds out beforehand: the host is left as it is, the exit code is 3, and the reason is told.

use std::fs;
use std::process::Command;

use clockaudit::clock::Nanos;

use crate::moments::untouched;
use crate::requests::CONFIGURATION;
use crate::running::said;
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::{SECOND, with_site};

const HOST: &str = "host";
/// A time server that is 5 s ahead of the other.
const LIAR: &str = "10.88.0.2";
/// An address where nobody answers.
const NOBODY: &str = "10.88.0.99";

/// Runs a fix that changes nothing, for this reason.
fn refused(site: &Site, arguments: &[&str], expected: &str) {
    let (before, runs) = (untouched(site, HOST), site.runs());
    let inventory = site.inventory();
    let session = site.clockaudit(&[&["fix", &inventory, "--yes"], arguments].concat());
    assert_eq!(session.status, Some(3), "{arguments:?}: {session}");
    assert!(said(&session).contains(expected), "{arguments:?}: expected `{expected}`: {session}");
    assert_eq!(untouched(site, HOST), before, "{arguments:?}");
    assert_eq!(site.runs(), runs, "{arguments:?}: a run that did nothing has a journal");
    site.run(HOST, "systemctl is-active chrony && ! ls -A /etc/chrony /run | grep clockaudit");
}

#[test]
fn what_is_wrong_beforehand_is_told_and_changes_nothing() {
    let plans = [Plan { name: HOST, offset: Nanos(0), furnish: "" }];
    let servers = [(CLOUD_SERVER, Nanos(0)), (LIAR, Nanos(5 * SECOND))];
    let test = "refusals::what_is_wrong_beforehand_is_told_and_changes_nothing";
    with_site(test, &plans, &servers, |site| {
        let good = ["--ntp-server", CLOUD_SERVER];
        refused(site, &["--ntp-server", NOBODY], "10.88.0.99 does not answer there");
        let both = format!("{CLOUD_SERVER},{LIAR}");
        refused(site, &["--ntp-server", &both, "--force"], "the new servers contradict each other");
        for (line, complaint) in [
            // No comment may stand behind a directive; an option that chronyd 4.3 does not know; fatal at the start.
            ("server 169.254.169.123 iburst # ours", "Could not parse server directive"),
            ("server 169.254.169.123 iburst maxunreach 5", "Could not parse server directive"),
            ("server 169.254.169.123 iburst\nallow 10.0.0.0/99", "Bad subnet in 10.0.0.0/99"),
        ] {
            let file = site.write("template", &format!("{line}\nmakestep 1.0 3\n"));
            let expected = format!("chronyd does not take the new configuration: Fatal error : {complaint}");
            refused(site, &["--conf", &file], &expected);
        }
        files_that_cannot_be_replaced(site, &good);
        logins_that_are_not_root(site, &good);
        let file = site.path(HOST, CONFIGURATION);
        let stock = fs::read(&file).expect("the configuration");
        // Nobody could tell whether chronyd follows its new source.
        fs::write(&file, [&stock[..], b"bindcmdaddress /\ncmdport 0\n"].concat()).expect("an edit");
        refused(site, &good, "its chronyd would listen to no chronyc (`bindcmdaddress /` and `cmdport 0`)");
        // A file that somebody else writes as well is changed, and that is said.
        fs::write(&file, [b"# This file is managed by Ansible\n", &stock[..]].concat()).expect("an edit");
        let inventory = site.inventory();
        let checked = site.clockaudit(&[&["fix", &inventory, "--check"], &good[..]].concat());
        assert_eq!(checked.status, Some(0), "{checked}");
        assert!(said(&checked).contains("says that Ansible writes it"), "{checked}");
    });
}

fn files_that_cannot_be_replaced(site: &Site, good: &[&str]) {
    site.run(HOST, "mount --bind /etc/chrony /etc/chrony && mount -o remount,bind,ro /etc/chrony");
    refused(site, good, "its folder is read-only");
    site.run(HOST, "umount /etc/chrony");

    let path = site.path(HOST, CONFIGURATION);
    let change = |flag: &str| {
        let outcome = Command::new("chattr").arg(flag).arg(&path).status();
        assert!(outcome.expect("chattr").success(), "{flag}");
    };
    change("+i");
    refused(site, good, "not even root may change it");
    change("-i");

    site.run(
        HOST,
        "mkdir /run/full && mount -t tmpfs -o size=16k,mode=755 full /run/full && cp -a /etc/chrony/. /run/full/ && \
         mount --bind /run/full /etc/chrony && { head -c 1000000 /dev/zero >/run/full/filled 2>/dev/null || true; }",
    );
    refused(site, good, "there is no room left beside it");
    site.run(HOST, "umount /etc/chrony && umount /run/full && rmdir /run/full");
}

fn logins_that_are_not_root(site: &Site, good: &[&str]) {
    refused(site, &[good, &["-e", "ansible_become=false"]].concat(), "SSH910");
    refused(site, &[good, &["-e", "ansible_become_user=nosuch"]].concat(), "correct the user (`--become-user`)");
    site.run(HOST, "echo 'audit:S3same' | chpasswd && echo 'audit ALL=(root) ALL' >/etc/sudoers.d/audit");
    refused(site, good, "SSH910");
    // A wrong password is tried once, and is found nowhere afterwards.
    let wrong = site.write("wrong", "Wr0ngPassw0rd\n");
    refused(site, &[good, &["--become-password-file", &wrong]].concat(), "SSH910");
    let failures = site.run(HOST, "journalctl -q -o cat | grep -c 'pam_unix(sudo:auth): authentication failure'");
    assert_eq!(failures.trim(), "1", "the password was tried more than once");
    let right = site.write("right", "S3same\n");
    let inventory = site.inventory();
    let asked = [&["fix", &inventory, "--check", "--become-password-file", &right], good].concat();
    let checked = site.clockaudit(&asked);
    assert_eq!(checked.status, Some(0), "{checked}");
    // Typed at a terminal.
    let typed = [&["fix", &inventory, "--check", "-K"], good].concat();
    let (status, output) = site.at_terminal(&typed, "S3same\n");
    assert_eq!(status, Some(0), "{output}");
    assert!(output.contains("BECOME password: "), "{output}");
    site.run(HOST, "rm /etc/sudoers.d/audit");
    refused(site, &[good, &["--become-password-file", &right]].concat(), "SSH910");
    site.run(HOST, "umask 227; echo 'audit ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/audit");
    site.run(HOST, "mv /usr/bin/sudo /usr/bin/sudo.away");
    refused(site, good, "SSH909");
    site.run(HOST, "mv /usr/bin/sudo.away /usr/bin/sudo");
    let kept = Command::new("grep").args(["-rE", "Wr0ngPassw0rd|S3same"]).arg(site.state()).output().expect("grep");
    assert!(kept.stdout.is_empty(), "{}", String::from_utf8_lossy(&kept.stdout));
}
