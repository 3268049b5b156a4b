//! Hosts whose distributions keep chrony's files and services elsewhere than Debian: RHEL's names, and sources.d as Ubuntu 25.10 has it.

use std::fs;

use clockaudit::clock::Nanos;

use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::support::confinement::confined;

const SECOND: i64 = 1_000_000_000;

/// /etc/chrony.conf, a unit `chronyd` that knows no other name, and options in sysconfig; chronyd itself is Debian's, which has to be
/// told where that file is.
const RHEL: &str = r#"
rm -rf etc/chrony usr/lib/systemd/system/chrony.service etc/systemd/system/chronyd.service
rm -f etc/systemd/system/multi-user.target.wants/chrony.service etc/default/chrony etc/init.d/chrony etc/rc?.d/*chrony
mkdir -p etc/sysconfig
echo 'OPTIONS="-F 1 -f /etc/chrony.conf"' >etc/sysconfig/chronyd
printf '%s\n' '# Use public servers from the pool.ntp.org project.' 'pool 2.rhel.pool.ntp.org iburst' '' \
    '# Use NTP servers from DHCP.' 'sourcedir /run/chrony-dhcp' '' 'driftfile /var/lib/chrony/drift' 'makestep 1.0 3' 'rtcsync' \
    '#hwtimestamp *' 'keyfile /etc/chrony.keys' 'ntsdumpdir /var/lib/chrony' 'leapsectz right/UTC' 'logdir /var/log/chrony' \
    >etc/chrony.conf
: >etc/chrony.keys
printf '%s\n' '[Unit]' 'Description=NTP client/server' 'After=ntpdate.service sntp.service ntpd.service' \
    'Conflicts=ntpd.service systemd-timesyncd.service' 'ConditionCapability=CAP_SYS_TIME' '[Service]' 'Type=forking' \
    'PIDFile=/run/chrony/chronyd.pid' 'EnvironmentFile=-/etc/sysconfig/chronyd' 'ExecStart=/usr/sbin/chronyd $OPTIONS' \
    'ProtectHome=yes' 'ProtectSystem=full' '[Install]' 'WantedBy=multi-user.target' >usr/lib/systemd/system/chronyd.service
ln -s /usr/lib/systemd/system/chronyd.service etc/systemd/system/multi-user.target.wants/chronyd.service
chown -R "$first_user:$first_user" etc/sysconfig etc/chrony.conf etc/chrony.keys usr/lib/systemd/system/chronyd.service
echo ssh chronyd dbus >../units
"#;

/// Nothing but includes in chrony.conf; the sources, by NTS and preferred, in a file of their own.
const UBUNTU: &str = r#"
printf '%s\n' 'confdir /etc/chrony/conf.d' 'sourcedir /run/chrony-dhcp' 'sourcedir /etc/chrony/sources.d' \
    'keyfile /etc/chrony/chrony.keys' 'driftfile /var/lib/chrony/chrony.drift' 'ntsdumpdir /var/lib/chrony' \
    'logdir /var/log/chrony' 'maxupdateskew 100.0' 'rtcsync' 'makestep 1 3' 'leapsectz right/UTC' >etc/chrony/chrony.conf
{ printf '%s\n' '# Use NTS by default'
  for number in 1 2 3 4; do echo "pool $number.ntp.ubuntu.com iburst maxsources 1 nts prefer"; done
  echo 'pool ntp-bootstrap.ubuntu.com iburst maxsources 1 nts certset 1'
} >etc/chrony/sources.d/ubuntu-ntp-pools.sources
printf '%s\n' '# For the first connection, when the clock may be wrong' 'nocerttimecheck 1' >etc/chrony/conf.d/ubuntu-nts.conf
chown "$first_user:$first_user" etc/chrony/sources.d/*.sources etc/chrony/conf.d/ubuntu-nts.conf
"#;

/// The files of a host by which its sources are named.
fn files(site: &Site, host: &str) -> Vec<String> {
    let paths: &[&str] = if host == "rhel" {
        &["/etc/chrony.conf"]
    } else {
        &[
            "/etc/chrony/chrony.conf",
            "/etc/chrony/sources.d/ubuntu-ntp-pools.sources",
            "/etc/chrony/conf.d/ubuntu-nts.conf",
        ]
    };
    paths.iter().map(|path| fs::read_to_string(site.path(host, path)).expect("a file")).collect()
}

#[test]
fn files_and_services_of_other_distributions_are_found_and_mended() {
    confined("layouts::files_and_services_of_other_distributions_are_found_and_mended", || {
        let plans = [
            Plan { name: "rhel", offset: Nanos(-8 * SECOND), furnish: RHEL },
            Plan { name: "ubuntu", offset: Nanos(120 * SECOND), furnish: UBUNTU },
        ];
        let site = Site::start(&plans, &[(CLOUD_SERVER, Nanos(0))]);
        let hosts = [("rhel", "chronyd"), ("ubuntu", "chrony")];
        let stock = hosts.map(|(host, _)| files(&site, host));
        let inventory = site.inventory();
        let fix = || {
            let words = ["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--step", "any", "--hold", "4s", "--yes"];
            site.clockaudit(&words)
        };
        let fixed = fix();
        assert_eq!(fixed.status, Some(0), "{fixed}");
        for line in ["chronyd on rhel", "chrony on ubuntu", "/etc/chrony/sources.d/ubuntu-ntp-pools.sources"] {
            assert!(fixed.stdout.contains(line), "{line}: {fixed}");
        }
        for (host, service) in hosts {
            let all = files(&site, host).concat();
            assert!(all.contains("\nserver 169.254.169.123 prefer iburst\n"), "{host}: {all}");
            assert!(
                !all.lines().any(|line| line.starts_with("pool ") || line.starts_with("leapsectz ")),
                "{host}: {all}"
            );
            site.run(host, &format!("systemctl is-active {service} && systemctl is-enabled {service}"));
            let sources = site.run(host, "chronyc -n -c sources");
            assert_eq!(sources.lines().count(), 1, "{host}: {sources}");
            assert!(sources.starts_with("^,*,169.254.169.123,"), "{host}: {sources}");
            let left = site.clock(host).offset();
            assert!(left.0.abs() < SECOND / 20, "{host} is off by {left:?}");
        }
        let run = site.last_run();
        let again = fix();
        assert!(again.status == Some(0) && again.stdout.contains("2 as wanted already"), "{again}");
        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        for ((host, service), stock) in hosts.iter().zip(stock) {
            assert_eq!(files(&site, host), stock, "{host}");
            site.run(host, &format!("systemctl is-active {service}"));
        }
    });
}
