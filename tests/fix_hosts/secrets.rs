//! The password of sudo is told to sudo and to nobody else, whatever becomes of the run.

use std::fs;
use std::path::Path;
use std::process::Command;

use clockaudit::clock::Nanos;
use clockaudit::fix::sudoers::sudoers;

use crate::site::{CLOUD_SERVER, Plan};
use crate::{SECOND, with_site};

const PASSWORD: &str = "S3same-0pen";

/// Every file below a folder of this machine that holds the text.
fn files_with(folder: &Path, text: &str) -> String {
    let found = Command::new("grep").args(["-rlF", text]).arg(folder).output().expect("grep");
    String::from_utf8(found.stdout).expect("names")
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
        // Arguments and environments of everything that runs there, again and again until it is told to end.
        let recorder = "touch /run/recording; (while [ -e /run/recording ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; \
                        sleep 0.01; done >/run/recorded 2>/dev/null; touch /run/ended) >/dev/null 2>&1 &";
        site.run("host", recorder);
        let inventory = site.inventory();
        let folder = Path::new(&inventory).parent().expect("its folder").to_owned();
        let kept = tempfile::tempdir().expect("a folder");
        let [right, wrong] = [("right", PASSWORD), ("wrong", "S3same-0ther")].map(|(name, password)| {
            let path = kept.path().join(name);
            fs::write(&path, format!("{password}\n")).expect("a password");
            path.to_str().expect("text").to_owned()
        });
        let [plan_file, report] = ["plan.json", "report.json"].map(|name| folder.join(name).display().to_string());
        let fix = |more: &[&str]| {
            let words =
                ["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--hold", "4s", "-vvv", "--become-password-file"];
            site.clockaudit(&[&words[..], more].concat())
        };
        let refused = fix(&[&wrong, "--yes", "--export", &report]);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert!(refused.stdout.contains("SSH910"), "{refused}");
        assert_eq!(files_with(&folder, "S3same-0ther"), "");
        let planned = fix(&[&right, "--plan-out", &plan_file]);
        assert_eq!(planned.status, Some(0), "{planned}");
        let fixed = fix(&[&right, "--yes", "--export", &report]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        for said in [&refused, &planned, &fixed] {
            assert!(!format!("{said}").contains("S3same"), "{said}");
        }
        // Plan, report, journal, known hosts: whatever the program wrote.
        let names = files_with(&folder, CLOUD_SERVER);
        for name in ["plan.json", "report.json", "runs/"] {
            assert!(names.contains(name), "{names}");
        }
        assert_eq!(files_with(&folder, "S3same"), "", "the password was written");
        site.run("host", "rm /run/recording; until [ -e /run/ended ]; do sleep 0.1; done");
        site.run("host", "grep -qaF 'CKF1 shell' /run/recorded");
        site.run("host", "! grep -aF S3same /run/recorded");
        site.run("host", "journalctl --no-pager -o cat | grep -qF 'CKF1 shell'");
        site.run("host", "! { journalctl --no-pager -o cat; grep -rhF S3same /var/log /run /etc/chrony /var/lib/chrony; } | grep -aF S3same");
    });
}
