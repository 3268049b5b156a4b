//! chrony comes to hosts that have none, from an archive of packages on the host itself, and takes the place of another timekeeper.

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{Answer, Apply, Becomes, Change, Expected, Installing, PackageManager, Request, Step};

use crate::moments::everything;
use crate::requests::{CONFIGURATION, run, survey};
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::{SECOND, with_site};

/// Whether a step is the one that is waited for.
type IsIt = fn(&Step) -> bool;

/// timesyncd starts in no container by itself.
const IN_A_CONTAINER: &str = "mkdir -p etc/systemd/system/systemd-timesyncd.service.d
printf '%s\\n' '[Unit]' 'ConditionVirtualization=' >etc/systemd/system/systemd-timesyncd.service.d/tests.conf";

/// Takes chrony away from both hosts; one of them gets timesyncd for it.
fn take_chrony_away(site: &Site) {
    site.run("bare", "apt-get -qq -y purge chrony >/dev/null 2>&1; ! command -v chronyd");
    site.run(
        "other",
        "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --purge install systemd-timesyncd chrony- >/dev/null 2>&1",
    );
    assert_eq!(timekeepers(site, "bare"), "");
    assert_eq!(timekeepers(site, "other"), "systemd-timesyn");
}

/// The timekeepers that run on a host.
fn timekeepers(site: &Site, host: &str) -> String {
    let found =
        site.run(host, "cat /proc/[0-9]*/comm 2>/dev/null | grep -x -e chronyd -e systemd-timesyn -e ntpd | sort -u");
    found.trim().to_owned()
}

/// What an installation must leave alone until it is agreed to, beside everything else.
fn packages(site: &Site, host: &str) -> String {
    site.run(host, "find /var/lib/dpkg /var/lib/apt /var/cache/apt /var/lib/ucf /var/lib/systemd -printf '%p %m %i %T@ %s\\n' | sort")
}

/// The old timekeeper is there again as it was, and nothing of chrony is.
fn is_old(site: &Site, case: &str) {
    assert_eq!(timekeepers(site, "other"), "systemd-timesyn", "{case}");
    site.run("other", "systemctl is-enabled systemd-timesyncd && systemctl is-active systemd-timesyncd");
    let there = "command -v chronyd; ls -d /etc/chrony/chrony.conf /run/clockaudit/[!l]* /run/systemd/system/chrony* 2>/dev/null; true";
    assert_eq!(site.run("other", there), "", "{case}");
}

#[test]
fn chrony_comes_to_hosts_without_it_and_goes_again() {
    let plans = [
        Plan { name: "bare", offset: Nanos(-8 * SECOND), furnish: "" },
        Plan { name: "other", offset: Nanos(300_000_000), furnish: IN_A_CONTAINER },
    ];
    let test = "install::chrony_comes_to_hosts_without_it_and_goes_again";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        take_chrony_away(site);
        the_guard_brings_back_what_went(site);
        let hosts = ["bare", "other"];
        let inventory = site.inventory();
        let fix = |more: &[&str]| {
            site.clockaudit(&[&["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--hold", "4s"], more].concat())
        };
        let flags = ["--install", "--replace-timekeeper"];
        let before = hosts.map(|host| (everything(site, host), packages(site, host)));
        let refused = fix(&["--yes"]);
        assert_eq!(refused.status, Some(3), "{refused}");
        for part in
            ["bare: chronyd is not installed there: `--install`", "other: systemd-timesyncd keeps the clock there"]
        {
            assert!(refused.stdout.contains(part), "{part}: {refused}");
        }
        let checked = fix(&[&flags[..], &["--check", "--diff", "--detailed-exitcode"]].concat());
        assert_eq!(checked.status, Some(4), "{checked}");
        for part in [
            "+server 169.254.169.123 prefer iburst",
            "Installs",
            " by apt-get on 2 hosts: bare, other",
            "Stops",
            "systemd-timesyncd for good on other",
        ] {
            assert!(checked.stdout.contains(part), "{part}: {checked}");
        }
        for (host, before) in hosts.iter().zip(before) {
            assert_eq!((everything(site, host), packages(site, host)), before, "a check changed something on {host}");
        }

        let fixed = fix(&[&flags[..], &["--yes"]].concat());
        assert_eq!(fixed.status, Some(0), "{fixed}");
        for host in hosts {
            assert_eq!(timekeepers(site, host), "chronyd", "{host}");
            site.run(host, "systemctl is-enabled chrony && chronyc -n tracking | grep -q 169.254.169.123");
            site.run(host, "! systemctl is-enabled systemd-timesyncd 2>/dev/null");
            let left = site.clock(host).offset();
            assert!(left.0.abs() < SECOND / 20, "{host} is off by {left:?}");
        }
        let run = site.last_run();
        let again = fix(&["--yes"]);
        assert_eq!(again.status, Some(0), "{again}");
        assert!(again.stdout.contains("2 as wanted already"), "{again}");

        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        for part in
            ["bare: chrony is to be removed by apt-get", "other: systemd-timesyncd is to come back", "2 restored"]
        {
            assert!(undone.stdout.contains(part), "{part}: {undone}");
        }
        is_old(site, "a rollback");
        assert_eq!(timekeepers(site, "bare"), "");
        let again = site.clockaudit(&["rollback", &run, "--yes"]);
        assert!(again.stdout.contains("2 as they were already"), "{again}");
    });
}

/// Whoever installs falls silent: while the packages come, and when chronyd has been started.
fn the_guard_brings_back_what_went(site: &Site) {
    let found = survey(&mut site.open("other"));
    assert_eq!(found.packages, Some(PackageManager::Apt));
    assert_eq!(found.others[0].service.as_deref(), Some("systemd-timesyncd"));
    let names = || vec!["systemd-timesyncd".to_owned()];
    let apply = |name: &str| Apply {
        run: run(name),
        configuration: CONFIGURATION.to_owned(),
        changes: vec![Change {
            path: CONFIGURATION.to_owned(),
            was: None,
            becomes: Becomes::Bytes(format!("server {CLOUD_SERVER} iburst\n").into_bytes()),
        }],
        installs: Some(Installing { manager: Some(PackageManager::Apt), removes: names(), replaces: names() }),
        expected: Expected::OneOf(vec![CLOUD_SERVER.parse().expect("an address")]),
        wait_s: 30,
        guard_s: 3,
        restarts: true,
        validates: true,
        slews: false,
    };
    let moments: [(&str, IsIt); 2] =
        [("installing", |step| *step == Step::Installing), ("restarted", |step| *step == Step::Restarted)];
    for (name, moment) in moments {
        let mut session = site.open("other");
        session.send(&Request::Apply(apply(name)));
        session.until(moment);
        site.run("other", "set -- $(readlink /run/clockaudit/lock) && kill -9 $1");
        site.run("other", &format!("while [ -e /run/clockaudit/{name} ]; do sleep 0.2; done"));
        is_old(site, name);
    }
    // What cannot be done changes nothing, or is undone at once: a package that nobody named, a server that nobody answers at.
    let mut session = site.open("other");
    let mut more = apply("more");
    more.installs.as_mut().expect("an installation").removes.clear();
    let mut silent = apply("silent");
    silent.changes[0].becomes = Becomes::Bytes(b"server 10.88.0.99 iburst\n".to_vec());
    for (apply, undone) in [(more, false), (silent, true)] {
        let (steps, answer) = session.ask(&Request::Apply(apply));
        let Answer::Apply(applied) = answer else { panic!("{answer:?} after {steps:?}") };
        let refused = applied.expect_err("a refusal");
        assert_eq!((refused.undone, refused.left.len()), (undone, 0), "{refused:?}");
        is_old(site, &format!("{refused:?}"));
    }
}
