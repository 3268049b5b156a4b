//! Hosts whose users have passwords, and inventories that know them.

use std::fs;
use std::path::PathBuf;

use clockaudit::clock::Nanos;

use crate::support::fleet::Fleet;
use crate::support::host::{Host, HostPlan, USER};

/// The password of the user that the tests log in as.
pub(crate) const LOGIN: &str = "L0gin-pass";
/// The password of root.
pub(crate) const ROOT: &str = "R00t-pass";
/// A password that nobody has.
pub(crate) const WRONG: &str = "Wr0ng-pass";

/// Gives the user and root their passwords, and the user the right to become root by sudo, with a password. What sudo did is
/// written down.
macro_rules! passwords {
    ($($more:literal)*) => {
        concat!(
            r#"
            sed -i 's/^audit:\*:/audit:x:/' /etc/passwd
            rm -f /etc/shadow /etc/sudoers /etc/sudoers.d
            line() { echo "$1:$(perl -e 'print crypt($ARGV[0], "\$6\$salt\$")' "$2"):19000:0:99999:7:::"; }
            { line root R00t-pass; line audit L0gin-pass; } >/etc/shadow
            printf '%s\n' 'Defaults logfile=/run/host/sudo.log, timestamp_type=global' 'root ALL=(ALL) ALL' >/etc/sudoers
            : >/run/host/heard
            chmod 0666 /run/host/heard
            "#,
            $($more,)*
            "chmod 0440 /etc/sudoers\n",
        )
    };
}
pub(crate) use passwords;

/// Writes down whatever reaches the standard input of the command that a guest runs; it ends with that command.
pub(crate) const RECORDED: &str = "ForceCommand exec /bin/bash -c \
    'exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\" < <(exec tee -a /run/host/heard 2>/dev/null)'";

/// A host that is right, of that start and with these lines of sshd's configuration.
pub(crate) fn host(name: &str, start: &'static str, sshd_options: &[&'static str]) -> HostPlan {
    HostPlan { start, sshd_options: sshd_options.to_vec(), ..HostPlan::new(name, Nanos::ZERO) }
}

/// What reached the standard input of commands on a host.
pub(crate) fn heard(host: &Host) -> String {
    host.run("cat", &["/run/host/heard"])
}

/// An inventory that reaches every host with its own variables; no key is named.
pub(crate) fn inventory(fleet: &Fleet, variables: &[&str]) -> PathBuf {
    let lines = fleet.hosts.iter().zip(variables).map(|(host, variables)| {
        let (name, address) = (&host.plan.name, host.address);
        format!(
            "{name} ansible_host={} ansible_port={} ansible_user={USER} {variables}\n",
            address.ip(),
            address.port()
        )
    });
    let path = fleet.folder().join("accounts.ini");
    fs::write(&path, lines.collect::<String>()).expect("an inventory");
    path
}
