//! `clockaudit fix` whose connections are cut, or that is killed: the guards on the hosts put the old files back.

use std::time::Instant;

use clockaudit::clock::Nanos;
use clockaudit::fix::journal::Record;
use nix::sys::signal::Signal;

use crate::moments::{HOOKS, Old, hold, is_held, release};
use crate::running::said;
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::{SECOND, with_site};

const SERVER: [&str; 2] = ["--ntp-server", CLOUD_SERVER];

/// Ends every SSH connection of a host's user, as a broken wire does.
fn cut(site: &Site, host: &str) {
    site.run(host, "pkill -KILL -u audit sshd");
}

/// Waits until no guard waits on a host any more.
fn await_guard(site: &Site, host: &str) {
    site.run(host, "while [ -L /run/clockaudit/lock ]; do sleep 0.5; done; rm -f /run/clockaudit/last");
}

#[test]
fn connections_that_are_cut_leave_hosts_as_they_were() {
    let moments = [
        ("unrenamed", "before-mv"),
        ("renamed", "after-mv"),
        ("running", "before-systemctl"),
        ("restarted", "after-systemctl"),
    ];
    let names = ["unrenamed", "renamed", "running", "restarted", "unplugged"];
    let plans = names.map(|name| Plan { name, offset: Nanos(-3 * SECOND), furnish: HOOKS });
    let test = "fix_cuts::connections_that_are_cut_leave_hosts_as_they_were";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let old = names.map(|name| Old::of(site, name));
        for (host, moment) in moments {
            hold(site, host, moment);
        }
        let inventory = site.inventory();
        let arguments = [&["fix", &inventory, "--canary", "5", "--yes", "-v"], &SERVER[..]].concat();
        let mut fixing = site.start_clockaudit(&arguments);
        for (host, moment) in moments {
            is_held(site, host, moment);
            cut(site, host);
            release(site, host);
        }
        fixing.until("unplugged: follows its new source");
        site.in_network("ip link set unplugged down");
        let unplugged = Instant::now();
        let fixed = fixing.finish();
        assert_eq!(fixed.status, Some(2), "{fixed}");
        let run = site.last_run();
        let mut expected = names.map(|name| format!("{name} failed"));
        expected.sort();
        assert_eq!(site.ends(), expected, "{fixed}");
        site.in_network("ip link set unplugged up");
        for old in &old {
            await_guard(site, old.host);
            old.is_back(site, "cut");
        }
        println!("all old files were back {:.0} s after the last host was cut off", unplugged.elapsed().as_secs_f64());
        // Those whose connection ended before they had answered are in the journal as begun: it names all that may be new.
        let begun = |record: &Record| matches!(record, Record::Begun(_));
        assert_eq!(site.journal(&run).iter().filter(|record| begun(record)).count(), 5);
        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        assert!(undone.stdout.contains("5 hosts: 5 as they were already"), "{undone}");
    });
}

#[test]
fn a_controller_that_is_killed_leaves_hosts_as_they_were() {
    let plans = ["renamed", "watched"].map(|name| Plan { name, offset: Nanos(-3 * SECOND), furnish: HOOKS });
    let test = "fix_cuts::a_controller_that_is_killed_leaves_hosts_as_they_were";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let old = ["renamed", "watched"].map(|name| Old::of(site, name));
        hold(site, "renamed", "after-mv");
        let inventory = site.inventory();
        let fix = [&["fix", &inventory, "--canary", "2", "--yes", "-v"], &SERVER[..]].concat();
        let quick_fix = [&fix[..], &["--hold", "1s"]].concat();
        let mut fixing = site.start_clockaudit(&fix);
        is_held(site, "renamed", "after-mv");
        fixing.until("watched: follows its new source");
        fixing.signal(Signal::SIGKILL);
        assert_eq!(fixing.finish().status, None);
        release(site, "renamed");
        let run = site.last_run();
        let journal = site.journal(&run);
        let begun = journal.iter().filter(|record| matches!(record, Record::Begun(_))).count();
        let over = journal.iter().any(|record| matches!(record, Record::Ended(_) | Record::Over(_)));
        assert!(begun == 2 && !over, "{journal:?}");
        // While the guards wait nobody else touches the hosts.
        let second = site.clockaudit(&quick_fix);
        assert_eq!(second.status, Some(3), "{second}");
        assert!(said(&second).contains("another run of clockaudit works on it"), "{second}");
        for old in &old {
            await_guard(site, old.host);
            old.is_back(site, "killed");
        }
        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
        assert!(undone.stdout.contains("2 hosts: 2 as they were already"), "{undone}");
        let fixed = site.clockaudit(&quick_fix);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        for old in &old {
            old.is_new(site, "fixed after all");
        }
    });
}
