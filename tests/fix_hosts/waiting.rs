//! Hosts of `clockaudit fix` that wait for their turn: connections that end meanwhile are not held against them.

use clockaudit::clock::Nanos;
use clockaudit::fix::journal::Record;

use crate::moments::{HOOKS, hold, is_held, release};
use crate::site::{CLOUD_SERVER, Plan, Site};
use crate::{SECOND, with_site};

const HOSTS: [&str; 2] = ["first", "second"];

#[test]
fn a_host_whose_connections_end_while_it_waits_is_changed_all_the_same() {
    let plans = HOSTS.map(|name| Plan { name, offset: Nanos(-3 * SECOND), furnish: HOOKS });
    let test = "waiting::a_host_whose_connections_end_while_it_waits_is_changed_all_the_same";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        waits_for(site, &["--canary", "1"]);
        // Both are in one wave, and one at a time is worked on.
        waits_for(site, &["--canary", "2", "--forks", "1"]);
    });
}

/// Fixes both, one after the other, and cuts the connections of the one that waits for the end of the other.
fn waits_for(site: &Site, terms: &[&str]) {
    let inventory = site.inventory();
    for host in HOSTS {
        hold(site, host, "before-mv");
    }
    let arguments = [&["fix", &inventory, "--yes", "--hold", "1s", "--ntp-server", CLOUD_SERVER], terms].concat();
    let mut fixing = site.start_clockaudit(&arguments);
    fixing.until(": begun");
    let run = site.last_run();
    let begun = site.journal(&run).into_iter().find_map(|record| match record {
        Record::Begun(begun) => Some(begun.host),
        _ => None,
    });
    let begun = begun.expect("a host that was begun");
    let waits = HOSTS.into_iter().find(|host| *host != begun).expect("the other one");
    is_held(site, &begun, "before-mv");
    // As a router does that forgets connections on which nothing is said; where there is none any more all is well, too.
    site.run(waits, "pkill -KILL -u audit sshd || true");
    release(site, waits);
    release(site, &begun);
    let fixed = fixing.finish();
    assert!(fixed.status.is_some_and(|status| status < 2), "{terms:?}: {fixed}");
    assert_eq!(site.ends(), HOSTS.map(|host| format!("{host} converged")), "{terms:?}: {fixed}");
    let undone = site.clockaudit(&["rollback", &run, "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
}
