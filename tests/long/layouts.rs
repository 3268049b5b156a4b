//! Hosts whose distributions keep chrony's files and services elsewhere than Debian: RHEL's names, sources.d as Ubuntu 25.10 has it,
//! and Alpine's `OpenRC` and busybox.

use std::fs;
use std::path::Path;

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{Answer, Digest, Guard, Init, Request};

use crate::requests::{follow, run, survey};
use crate::site::{Boot, CLOUD_SERVER, Plan, Site, digest};
use crate::support::confinement::confined;
use crate::support::session::Session;

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

/// Alpine's names and services, with `OpenRC` itself, and busybox for every program that it has: the shell of the user and of root,
/// too. chronyd, sshd and sudo are Debian's, and so is the library that the clock is preloaded for.
const ALPINE: &str = r#"
cp -a "$SYSTEM/../long/openrc/files/." files-of-openrc
cp -a files-of-openrc/lib/. usr/lib/ && rm -r files-of-openrc/lib
mkdir -p usr/sbin usr/bin
cp -a files-of-openrc/sbin/. usr/sbin/ && cp -a files-of-openrc/bin/. usr/bin/ && cp -a files-of-openrc/etc/. etc/
rm -r files-of-openrc
cp "$(command -v busybox)" usr/bin/busybox
for program in $(busybox --list); do
    case $program in su | login | passwd | sulogin | ip | busybox) ;; *) ln -sf /usr/bin/busybox "usr/local/bin/$program" ;; esac
done
ln -sf busybox usr/bin/sh
sed -i '/^audit:/s|[^:]*$|/bin/sh|; /^root:/s|[^:]*$|/bin/sh|' etc/passwd
rm -f usr/bin/systemctl usr/bin/systemd-run usr/bin/timeout etc/init.d/chrony etc/rc?.d/*chrony etc/default/chrony
rm -rf etc/chrony/conf.d etc/chrony/sources.d etc/runlevels/*/*
printf '%s\n' 'ID=alpine' 'NAME="Alpine Linux"' 'VERSION_ID=3.20.0' >etc/os-release
printf '%s\n' '# Sources that are asked for the time.' 'pool pool.ntp.org iburst' 'initstepslew 10 pool.ntp.org' \
    'driftfile /var/lib/chrony/chrony.drift' 'rtcsync' 'cmdport 0' >etc/chrony/chrony.conf
echo 'CFGFILE="/etc/chrony/chrony.conf"' >etc/conf.d-chronyd && mkdir -p etc/conf.d && mv etc/conf.d-chronyd etc/conf.d/chronyd
printf '%s\n' '#!/sbin/openrc-run' 'description="keeps the clock right"' 'command=/usr/sbin/chronyd' \
    'command_args="-f $CFGFILE"' 'pidfile=/run/chrony/chronyd.pid' 'depend() {' '    after firewall' '}' >etc/init.d/chronyd
chmod 0755 etc/init.d/chronyd
ln -s /etc/init.d/chronyd etc/runlevels/default/chronyd
chown -R -h "$first_user:$first_user" usr/bin usr/local/bin usr/sbin/*rc* usr/sbin/supervise-daemon usr/lib/rc etc/init.d etc/conf.d \
    etc/runlevels etc/rc.conf etc/chrony/chrony.conf etc/passwd etc/os-release
chown -h "$first_user:$first_user" usr/lib/x86_64-linux-gnu/libeinfo.so.1 usr/lib/x86_64-linux-gnu/librc.so.1
chmod u+s usr/bin/sudo usr/bin/su
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

/// A fix of all hosts of a site.
fn fix(site: &Site) -> Session {
    site.clockaudit(&["fix", &site.inventory(), "--ntp-server", CLOUD_SERVER, "--step", "any", "--hold", "4s", "--yes"])
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
        let fixed = fix(&site);
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
        let again = fix(&site);
        assert!(again.status == Some(0) && again.stdout.contains("2 as wanted already"), "{again}");
        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        for ((host, service), stock) in hosts.iter().zip(stock) {
            assert_eq!(files(&site, host), stock, "{host}");
            site.run(host, &format!("systemctl is-active {service}"));
        }
    });
}

#[test]
fn a_host_of_openrc_and_busybox_is_mended_and_put_back() {
    let openrc = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/long/openrc");
    assert!(openrc.join("made").is_file(), "{} is not there; tests/long/run makes it", openrc.display());
    confined("layouts::a_host_of_openrc_and_busybox_is_mended_and_put_back", || {
        let plans = [Plan { name: "alpine", offset: Nanos(120 * SECOND), furnish: ALPINE }];
        let site = Site::start_by(Boot::OpenRc, &plans, &[(CLOUD_SERVER, Nanos(0))]);
        let configuration = "/etc/chrony/chrony.conf";
        let text = || fs::read_to_string(site.path("alpine", configuration)).expect("a file");
        let runs = || site.run("alpine", "rc-service chronyd status && rc-status default | grep chronyd");
        runs();
        let stock = text();
        let fixed = fix(&site);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("chronyd on alpine"), "{fixed}");
        let new = text();
        assert!(new.contains("\nserver 169.254.169.123 prefer iburst\n"), "{new}");
        assert!(!new.lines().any(|line| line.starts_with("pool ") || line.starts_with("initstepslew ")), "{new}");
        runs();
        let sources = site.run("alpine", "chronyc -n -c sources");
        assert!(sources.lines().count() == 1 && sources.starts_with("^,*,169.254.169.123,"), "{sources}");
        let left = site.clock("alpine").offset();
        assert!(left.0.abs() < SECOND / 20, "it is off by {left:?}");
        let run_of_fix = site.last_run();
        let again = fix(&site);
        assert!(again.status == Some(0) && again.stdout.contains("1 as wanted already"), "{again}");
        let undone = site.clockaudit(&["rollback", &run_of_fix, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        assert_eq!(text(), stock);
        runs();

        // Nobody confirms: the guard, which no systemd keeps here, puts back the old file.
        let mut session = site.open("alpine");
        let there = survey(&mut session);
        let service = there.service.clone().expect("chronyd's service");
        assert_eq!((service.init, service.name.as_str(), service.is_active), (Init::OpenRc, "chronyd", true));
        assert_eq!(there.guard, Some(Guard::Shell));
        for program in ["sh", "cp", "mv", "ln", "sleep", "timeout", "sha256sum", "readlink"] {
            let path = site.run("alpine", &format!("PATH=/usr/local/bin:/usr/bin; realpath $(command -v {program})"));
            assert_eq!(path, "/usr/bin/busybox\n", "{program}");
        }
        let mut apply = follow(&there, CLOUD_SERVER, run("cut"));
        apply.guard_s = 2;
        let (steps, answer) = session.ask(&Request::Apply(apply));
        assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{answer:?} after {steps:?}");
        assert_ne!(text(), stock);
        session.cut();
        site.run("alpine", "while [ -e /run/clockaudit/cut ]; do sleep 0.2; done");
        assert_eq!(text(), stock);
        runs();
        assert_eq!(digest(&site, "alpine", configuration), Some(Digest::of(stock.as_bytes())));
    });
}
