//! Passwords from a vault at real servers, and every program that is run on the way: none of them is told a secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::accounts::{LOGIN, ROOT, host, passwords};
use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::USER;
use crate::support::measured::told;
use crate::support::session::scan;

/// The password of the vault.
const VAULT: &str = "V4ult-pass";
/// The real ansible-vault, which `./tests/run --set-up` installs.
const ANSIBLE_VAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/ansible/python/bin/ansible-vault");

/// Gives the host programs to become root with, which write down how they were called before they do.
const START: &str = passwords!(
    r#"
    echo 'audit ALL=(ALL) ALL' >>/etc/sudoers
    mkdir /run/watch
    chmod 1777 /run/watch
    for tool in sudo su; do
        printf '%s\n' '#!/bin/sh' 'cat /proc/$$/cmdline /proc/$$/environ | tr "\0" "\n" >>"$0.called"' "exec $tool \"\$@\"" \
            >/run/watch/$tool
        chmod 0755 /run/watch/$tool
    done
    "#
);

/// Writes a program that writes down how it and its parent were called, and goes on.
fn watcher(path: &Path, more: &str) -> String {
    let watch = "#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ \
                 | tr '\\0' '\\n' >>\"$0.called\"\n";
    fs::write(path, format!("{watch}{more}")).expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path.to_str().expect("a path of text").to_owned()
}

/// A variable, encrypted by the real ansible-vault.
fn sealed(name: &str, text: &str, password: &Path) -> String {
    let output = Command::new(ANSIBLE_VAULT)
        .args(["encrypt_string", "--name", name, text, "--vault-password-file"])
        .arg(password)
        .env("ANSIBLE_NOCOLOR", "1")
        .output()
        .expect("ansible-vault: `./tests/run --set-up` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn no_program_on_the_way_is_told_a_secret() {
    confined("vault_children::no_program_on_the_way_is_told_a_secret", || {
        let by_password: &[&str] = &["PasswordAuthentication yes", "PubkeyAuthentication no"];
        let fleet = Fleet::start([host("sudo", START, by_password), host("su", START, by_password)]);
        let at = |name: &str| fleet.folder().join(name);
        let pass = at("pass");
        fs::write(&pass, VAULT).expect("a password");
        fs::create_dir(at("host_vars")).expect("a folder of variables");
        let mut hostvars = Vec::new();
        for (guest, become_password) in fleet.hosts.iter().zip([LOGIN, ROOT]) {
            let name = &guest.plan.name;
            let secrets = [("ansible_password", LOGIN), ("ansible_become_password", become_password)];
            let secrets = secrets.map(|(variable, text)| sealed(variable, text, &pass) + "\n").concat();
            fs::write(at(&format!("host_vars/{name}.yml")), secrets).expect("variables");
            let (ip, port) = (guest.address.ip(), guest.address.port());
            hostvars.push(format!(
                "\"{name}\": {{\"ansible_host\": \"{ip}\", \"ansible_port\": {port}, \"ansible_user\": \"{USER}\", \
                 \"ansible_become_method\": \"{name}\", \"ansible_become_exe\": \"/run/watch/{name}\"}}"
            ));
        }
        let listing = format!(
            "cat <<'END'\n{{\"all\": {{\"hosts\": [\"sudo\", \"su\"]}}, \"_meta\": {{\"hostvars\": {{{}}}}}}}\nEND\n",
            hostvars.join(", ")
        );
        watcher(&at("inventory"), &listing);
        let vault = watcher(&at("vault-client"), &format!("cat '{}'\n", pass.display()));
        let proxy = watcher(&at("proxy"), "exec busybox nc \"$1\" \"$2\"\n");
        let (trace, report) = (at("trace"), at("report.txt"));
        let common = format!("--ssh-common-args=-o ProxyCommand=\"{proxy} %h %p\"");
        let (vault, path) = (format!("prod@{vault}"), |path: &Path| path.to_str().expect("text").to_owned());
        let words =
            ["-b", "-vvv", "--vault-id", &vault, &common, "--record", &path(&trace), "--export", &path(&report)];
        let session = scan(&fleet, &at("inventory"), &words);
        for name in ["sudo", "su"] {
            assert_eq!(told(name, &session.report()).error, None, "{session}");
        }
        let mut texts =
            vec![("stdout".to_owned(), session.stdout.clone()), ("stderr".to_owned(), session.stderr.clone())];
        for name in ["inventory.called", "vault-client.called", "proxy.called", "trace", "report.txt"] {
            texts.push((
                name.to_owned(),
                fs::read_to_string(at(name)).unwrap_or_else(|_| panic!("no {name}: {session}")),
            ));
        }
        for guest in &fleet.hosts {
            let called = format!("/run/watch/{}.called", guest.plan.name);
            texts.push((called.clone(), guest.run("cat", &[&called])));
            texts.push((format!("the log of {}", guest.plan.name), guest.log()));
        }
        for (name, text) in texts {
            assert!(!name.ends_with(".called") || text.contains("PATH="), "{name} tells of no environment: {text}");
            for secret in [LOGIN, ROOT, VAULT] {
                assert!(!text.contains(secret), "{secret} is in {name}:\n{text}");
            }
        }
    });
}
