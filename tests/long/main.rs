//! What takes minutes: the tests of the real hosts repeated, the greatest fleet that one scan is for, and fixes of many hosts or with
//! long waits.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its preparations fail"
)]
#![expect(clippy::print_stdout, reason = "what a great scan costs is worth a look")]
#![expect(dead_code, reason = "it needs only a part of what the other tests share")]

mod fix_cuts;
mod fix_fleet;
#[path = "../scale/fleet.rs"]
mod fleet;
mod layouts;
mod machine;
#[path = "../fix_hosts/moments.rs"]
mod moments;
mod replaced;
#[path = "../fix_hosts/requests.rs"]
mod requests;
#[path = "../fix_hosts/running.rs"]
mod running;
#[path = "../scale/scan.rs"]
mod scan;
#[path = "../fix_hosts/site.rs"]
mod site;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{Answer, Becomes, Digest, Request};
use fleet::{Fleet, Kind};
use requests::{CONFIGURATION, follow, run, survey};
use scan::{Scan, seconds};
use site::{CLOUD_SERVER, Plan, Site, digest};
use support::confinement::confined;
use support::far_away::nobody_is_accused_wrongly;

pub(crate) const SECOND: i64 = 1_000_000_000;

/// Runs a test that boots a site, beside no other of these tests.
pub(crate) fn with_site(test: &str, plans: &[Plan], servers: &[(&str, Nanos)], body: impl FnOnce(&Site)) {
    let _alone = fleet::alone();
    confined(test, || body(&Site::start(plans, servers)));
}

#[test]
fn in_many_scans_a_host_399_ms_away_is_never_accused_wrongly() {
    let _alone = fleet::alone();
    confined("in_many_scans_a_host_399_ms_away_is_never_accused_wrongly", || nobody_is_accused_wrongly(20));
}

/// Writes one inventory and one `known_hosts` of several fleets, whose hosts have the same names and other keys to log in with.
fn join_fleets(fleets: &[Fleet], folder: &Path) {
    let read = |fleet: &Fleet, file| fs::read_to_string(fleet.folder().join(file)).expect("a file of the fleet");
    let mut inventory = String::from("[web]\n");
    for (number, fleet) in fleets.iter().enumerate() {
        let text = read(fleet, "inventory.ini");
        let vars: Vec<&str> = text.lines().filter(|line| line.starts_with("ansible_")).collect();
        for host in text.lines().filter(|line| line.starts_with("web")) {
            writeln!(inventory, "fleet{number}-{host} {}", vars.join(" ")).expect("text in memory");
        }
    }
    let known: String = fleets.iter().map(|fleet| read(fleet, "known_hosts")).collect();
    fs::write(folder.join("inventory.ini"), inventory).expect("an inventory");
    fs::write(folder.join("known_hosts"), known).expect("known_hosts");
}

#[test]
fn ten_thousand_hosts_in_one_run() {
    let _alone = fleet::alone();
    // Two processes: a server has two files open for each host, and 20,000 are as many as some machines let one process have.
    let fleets = [(); 2].map(|()| Fleet::start(Kind::Good, 5_000));
    let folder = tempfile::tempdir().expect("a folder");
    join_fleets(&fleets, folder.path());
    let started = Instant::now();
    let scan = Scan::start_in(folder.path(), &[]).finish();
    println!(
        "10,000 hosts: {:.1} s, at most {} MB and {} files; clocks sampled within {:.2} s, claims within {:.2} s",
        started.elapsed().as_secs_f64(),
        scan.peak_kb / 1_024,
        scan.peak_files,
        seconds(&scan.report["summary"]["window_s"]),
        seconds(&scan.report["summary"]["claims_window_s"]),
    );
    let hosts = scan.hosts();
    assert_eq!(hosts.len(), 10_000);
    for host in &hosts {
        assert!(host["error"].is_null(), "{}: {}", host["name"], host["error"]);
        assert_eq!(host["verdict"], "ok", "{host}");
    }
    assert!(scan.peak_files <= 10_000 + 48, "{} open files", scan.peak_files);
    assert_eq!(scan.report["run"]["partial"], false);
    assert_eq!(scan.status, Some(0), "{}", scan.stderr);
}

/// A slew may take longer than the guard waits: it is the session that says whether all is well.
#[test]
fn the_guard_waits_for_two_minutes_of_silence_and_not_for_the_end_of_a_slew() {
    confined("the_guard_waits_for_two_minutes_of_silence_and_not_for_the_end_of_a_slew", || {
        let plans = [Plan { name: "host", offset: Nanos(0), furnish: "" }];
        let site = Site::start(&plans, &[(CLOUD_SERVER, Nanos(0))]);
        let mut session = site.open("host");
        let apply = follow(&survey(&mut session), CLOUD_SERVER, run("slew"));
        let Becomes::Bytes(new) = apply.changes[0].becomes.clone() else { unreachable!() };
        let old = apply.changes[0].was;
        assert!(matches!(session.ask(&Request::Apply(apply)).1, Answer::Apply(applied) if applied.is_ok()));
        for _ in 0..6 {
            site.run("host", "sleep 30");
            assert!(matches!(
                session.ask(&Request::Alive(run("slew"))).1,
                Answer::Alive { tracking: Some(_), heard: Ok(()) }
            ));
        }
        assert_eq!(digest(&site, "host", CONFIGURATION), Some(Digest::of(&new)));
        session.cut();
        let cut = Instant::now();
        site.run("host", "while [ -e /run/clockaudit/slew ]; do sleep 0.2; done");
        println!("the old file came back {:.0} s after the connection was cut", cut.elapsed().as_secs_f64());
        assert!(cut.elapsed().as_secs() >= 60, "it came back too soon");
        assert_eq!(digest(&site, "host", CONFIGURATION), old);
    });
}
