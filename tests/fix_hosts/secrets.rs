//! The password of sudo is told to sudo and to nobody else, whatever becomes of the run.

use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::clock::Nanos;
use clockaudit::fix::sudoers::sudoers;

use crate::site::{CLOUD_SERVER, Plan};
use crate::{SECOND, with_site};

const PASSWORD: &str = "S3same-0pen";
const WRONG: &str = "S3same-0ther";
/// What the password is encrypted with in the inventory.
const VAULT: &str = "V4ult-0pen";
const SECRETS: [&str; 3] = [PASSWORD, WRONG, VAULT];

/// Every file below a folder of this machine that holds the text.
fn files_with(folder: &Path, text: &str) -> String {
    let found = Command::new("grep").args(["-rlF", text]).arg(folder).output().expect("grep");
    String::from_utf8(found.stdout).expect("names")
}

/// The variable of the inventory that holds the password, encrypted by the real ansible-vault.
fn sealed(vault: &str) -> String {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/target/ansible/python/bin/ansible-vault");
    let name = ["encrypt_string", "--name", "ansible_become_password", PASSWORD, "--vault-password-file", vault];
    let output = Command::new(program).args(name).output().expect("ansible-vault, which tests/run --set-up installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_password_stands_nowhere_but_in_its_own_file() {
    let plan = Plan { name: "host", offset: Nanos(-8 * SECOND), furnish: "" };
    let test = "secrets::the_password_stands_nowhere_but_in_its_own_file";
    with_site(test, &[plan], &[(CLOUD_SERVER, Nanos(0))], |site| {
        site.run("host", &format!("echo 'audit:{PASSWORD}' | chpasswd"));
        let lines = sudoers("audit").expect("lines");
        site.run("host", "rm -f /etc/sudoers.d/*");
        site.run("host", &format!("umask 227; cat >/etc/sudoers.d/clockaudit <<'END'\n{lines}END\n"));
        let inventory = site.inventory();
        let folder = Path::new(&inventory).parent().expect("its folder").to_owned();
        let kept = tempfile::tempdir().expect("a folder");
        let [right, wrong, vault] = [("right", PASSWORD), ("wrong", WRONG), ("vault", VAULT)].map(|(name, secret)| {
            let path = kept.path().join(name);
            fs::write(&path, format!("{secret}\n")).expect("a password");
            path.to_str().expect("text").to_owned()
        });
        let [plan_file, report] = ["plan.json", "report.json"].map(|name| folder.join(name).display().to_string());
        let on_host = folder.join("recorded.host");
        let recording = site.record("host", &on_host);
        let fix = |name: &str, more: &[&str]| {
            let words = ["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--hold", "4s", "-vvv"];
            site.recorded(&folder.join(name), &[&words[..], more].concat())
        };
        let by = "--become-password-file";
        let refused = fix("recorded.1", &[by, &wrong, "--yes", "--export", &report]);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(refused.stdout.contains("SSH910"), "{refused}");
        let planned = fix("recorded.2", &[by, &right, "--plan-out", &plan_file]);
        assert_eq!(planned.status, Some(0), "{planned}");
        fs::create_dir(folder.join("group_vars")).expect("a folder");
        fs::write(folder.join("group_vars/all.yml"), sealed(&vault)).expect("variables");
        let fixed = fix("recorded.3", &["--vault-password-file", &vault, "--yes", "--export", &report]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        recording.end();

        for secret in SECRETS {
            for said in [&refused, &planned, &fixed] {
                assert!(!format!("{said}").contains(secret), "{said}");
            }
            // Plan, report, journal, known hosts, and every program that was started here and there, with its arguments and its
            // environment: whatever was written.
            assert_eq!(files_with(&folder, secret), "", "{secret} was written");
        }
        let names = files_with(&folder, CLOUD_SERVER);
        for name in ["plan.json", "report.json", "runs/", "recorded.1", "recorded.2", "recorded.3"] {
            assert!(names.contains(name), "{name}: {names}");
        }
        let started = fs::read_to_string(&on_host).expect("what was started there");
        for what in
            ["\"sudo\"", "CKF1 shell", "\"chronyc\"", "\"systemd-run\"", "\"SUDO_USER=audit\"", "\"/usr/sbin/chronyd\""]
        {
            assert!(started.contains(what), "{what} was not recorded: {started}");
        }
        site.run("host", "journalctl --no-pager -o cat | grep -qF 'CKF1 shell'");
        let secrets = SECRETS.map(|secret| format!("-e {secret}")).join(" ");
        let looked =
            format!("journalctl --no-pager -o cat; grep -rhF {secrets} /var/log /run /etc/chrony /var/lib/chrony");
        site.run("host", &format!("! {{ {looked}; }} | grep -aF {secrets}"));
    });
}
