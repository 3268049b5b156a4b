//! What a host is like before and after a fix, and moments in between at which it can be held.

use std::fs;
use std::os::unix::fs::MetadataExt;

use clockaudit::fix::remote::Digest;

use crate::requests::CONFIGURATION;
use crate::site::{Site, digest};

/// What tells whether anything was touched: the file itself, when it was written, and the chronyd that runs.
pub(crate) fn untouched(site: &Site, host: &str) -> (u64, i64, i64, String) {
    let file = fs::metadata(site.path(host, CONFIGURATION)).expect("the configuration");
    let pid = site.run(host, "systemctl show --value -p MainPID chrony");
    (file.ino(), file.mtime(), file.mtime_nsec(), pid)
}

/// Everything that `--check` must leave alone: names, modes, inodes, times and sizes, and the bytes of what is configured.
pub(crate) fn everything(site: &Site, host: &str) -> String {
    site.run(
        host,
        "find /etc /usr /var/lib/chrony /var/spool /run/systemd/system /run/systemd/transient -xdev \
             '!' -path '*/session-*' '!' -path /run/systemd/transient \
             -printf '%p %m %U %G %i %T@ %s\\n' 2>/dev/null | sort; find /etc /usr /var/lib/chrony -xdev -type f -exec sha256sum {} + | sort; \
         ls -d /run/clockaudit* /tmp/* 2>/dev/null; systemctl list-timers --all --no-legend | wc -l",
    )
}

/// Programs in the place of those that ask servers, rename and restart: each waits before and after its deed where a file asks it
/// to, and makes `FILE.reached` once it does.
pub(crate) const HOOKS: &str = r#"
mkdir -p usr/local/bin
for deed in 'mv "$3" /etc/chrony/chrony.conf' 'systemctl "$1" restart' 'chronyd "$1" -Q'; do
    set -- $deed
    printf '%s\n' '#!/bin/sh' \
        'pause() { [ ! -e /run/hold/$1 ] || : >/run/hold/$1.reached; while [ -e /run/hold/$1 ]; do sleep 0.1; done; }' \
        "real=\$(PATH=/usr/bin:/usr/sbin command -v $1)" "[ $2 = $3 ] || exec \$real \"\$@\"" "pause before-$1" \
        "\$real \"\$@\"" 'status=$?' \
        "pause after-$1" 'exit $status' >usr/local/bin/$1
    chmod 0755 usr/local/bin/$1
done
"#;

/// Has a host wait at a moment of its next change.
pub(crate) fn hold(site: &Site, host: &str, moment: &str) {
    site.run(host, &format!("mkdir -p /run/hold && : >/run/hold/{moment}"));
}

/// Waits until a host waits there.
pub(crate) fn is_held(site: &Site, host: &str, moment: &str) {
    site.run(host, &format!("until [ -e /run/hold/{moment}.reached ]; do sleep 0.1; done"));
}

/// Has a host go on.
pub(crate) fn release(site: &Site, host: &str) {
    site.run(host, "rm -r /run/hold");
}

/// What a host was before a fix.
pub(crate) struct Old {
    pub(crate) host: &'static str,
    pub(crate) digest: Option<Digest>,
    inode: u64,
}

impl Old {
    pub(crate) fn of(site: &Site, host: &'static str) -> Self {
        let inode = fs::metadata(site.path(host, CONFIGURATION)).expect("the configuration").ino();
        Self { host, digest: digest(site, host, CONFIGURATION), inode }
    }

    /// The host is as it was: the same file, not a copy; nothing of ours is there, and chronyd runs.
    pub(crate) fn is_back(&self, site: &Site, case: &str) {
        let host = self.host;
        assert_eq!(digest(site, host, CONFIGURATION), self.digest, "{host}: {case}");
        let inode = fs::metadata(site.path(host, CONFIGURATION)).expect("the configuration").ino();
        assert_eq!(inode, self.inode, "{host}: {case}");
        site.run(host, "! ls -A /etc/chrony | grep clockaudit");
        site.run(host, "systemctl is-active chrony && chronyc -n tracking");
    }

    /// The host follows its new server.
    pub(crate) fn is_new(&self, site: &Site, case: &str) {
        let configured = fs::read_to_string(site.path(self.host, CONFIGURATION)).expect("text");
        let has = configured.lines().any(|line| line == "server 169.254.169.123 prefer iburst");
        assert!(has, "{}: {case}: {configured}", self.host);
        site.run(self.host, "systemctl is-active chrony && chronyc -n tracking | grep -q 169.254.169.123");
        site.run(self.host, "! [ -e /run/clockaudit ]");
    }
}
