//! chrony takes the place of every other timekeeper that Debian has, as its packages install them, and gives it back.

use std::path::Path;

use clockaudit::clock::Nanos;

use crate::running::said;
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::{SECOND, with_site};

/// A host, the timekeeper that it has, and the name of its process.
const HOSTS: [(&str, &str, &str); 3] =
    [("sec", "ntpsec", "ntpd"), ("open", "openntpd", "ntpd"), ("rust", "ntpd-rs", "ntp-daemon")];

/// The timekeepers that run on a host, each once.
fn timekeepers(site: &Site, host: &str) -> String {
    let names = "-e chronyd -e ntpd -e openntpd -e ntp-daemon -e systemd-timesyn";
    site.run(host, &format!("cat /proc/[0-9]*/comm 2>/dev/null | grep -x {names} | sort -u")).trim().to_owned()
}

/// The old timekeeper, and it alone, keeps the clock and is started at boot; nothing of chrony is there.
fn is_old(site: &Site) {
    for (host, service, process) in HOSTS {
        let told = site.run(host, &format!("journalctl -q --no-pager -o cat -n 20 -u {service}"));
        assert_eq!(timekeepers(site, host), process, "{host}: {told}");
        site.run(host, &format!("systemctl is-active {service} && systemctl is-enabled {service}"));
        let ours = "command -v chronyd; ls -d /etc/chrony/chrony.conf /run/clockaudit/[!l]* /run/systemd/system/chrony* 2>/dev/null; true";
        assert_eq!(site.run(host, ours), "", "{host}");
    }
}

#[test]
fn chrony_takes_the_place_of_every_other_timekeeper_and_gives_it_back() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/long/packages");
    assert!(packages.join("made").is_file(), "{} is not there; tests/long/run makes it", packages.display());
    // What the host can install comes from an archive of its own.
    let furnish: &'static str = format!(
        "cat {0}/Packages >>var/local/packages/Packages; cp {0}/*.deb var/local/packages; \
         chown -R \"$first_user:$first_user\" var/local/packages",
        packages.display()
    )
    .leak();
    let plans = HOSTS.map(|(name, _, _)| Plan { name, offset: Nanos(-8 * SECOND), furnish });
    let test = "replaced::chrony_takes_the_place_of_every_other_timekeeper_and_gives_it_back";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        for (host, package, _) in HOSTS {
            // ntpd-rs sets the clock without being root.
            site.run(host, "chmod 666 /run/host/clock");
            let line = format!(
                "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && \
                 apt-get -qq -y --purge --no-install-recommends install {package} chrony- >/dev/null 2>&1; \
                 systemctl is-active {package} || systemctl restart {package}"
            );
            site.run(host, &line);
        }
        is_old(site);
        let inventory = site.inventory();
        let fix = |more: &[&str]| {
            site.clockaudit(&[&["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--hold", "4s"], more].concat())
        };
        let refused = fix(&["--yes", "--install"]);
        assert_eq!(refused.status, Some(3), "{refused}");
        assert_eq!(refused.stdout.matches("other timekeeper").count(), 3, "{refused}");
        let flags = ["--install", "--replace-timekeeper", "--yes"];
        let fixed = fix(&flags);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("\n3 converged "), "{fixed}");
        for (host, service, _) in HOSTS {
            assert!(said(&fixed).contains(&format!("{service} for good on {host}")), "{fixed}");
            assert_eq!(timekeepers(site, host), "chronyd", "{host}");
            site.run(host, "systemctl is-enabled chrony && chronyc -n tracking | grep -q 169.254.169.123");
            site.run(host, &format!("! systemctl is-enabled {service} 2>/dev/null"));
            let left = site.clock(host).offset();
            assert!(left.0.abs() < SECOND / 20, "{host} is off by {left:?}");
        }
        let run = site.last_run();
        let again = fix(&["--yes"]);
        assert_eq!(again.status, Some(0), "{again}");
        assert!(again.stdout.contains("3 as wanted already"), "{again}");

        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        for (host, service, _) in HOSTS {
            assert!(undone.stdout.contains(&format!("{host}: {service} is to be started again")), "{undone}");
        }
        is_old(site);
    });
}
