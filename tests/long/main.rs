//! What takes minutes: the tests of the real hosts repeated, and the greatest fleet that one scan is for.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its preparations fail"
)]
#![expect(clippy::print_stdout, reason = "what a great scan costs is worth a look")]
#![expect(dead_code, reason = "it needs only a part of what the other tests share")]

#[path = "../scale/fleet.rs"]
mod fleet;
#[path = "../scale/scan.rs"]
mod scan;
#[path = "../support/mod.rs"]
mod support;

use std::time::Instant;

use fleet::{Fleet, Kind};
use scan::{Scan, seconds};
use support::confinement::confined;
use support::far_away::nobody_is_accused_wrongly;

#[test]
fn in_many_scans_a_host_399_ms_away_is_never_accused_wrongly() {
    let _alone = fleet::alone();
    confined("in_many_scans_a_host_399_ms_away_is_never_accused_wrongly", || nobody_is_accused_wrongly(20));
}

#[test]
fn ten_thousand_hosts_in_one_run() {
    let _alone = fleet::alone();
    let fleet = Fleet::start(Kind::Good, 10_000);
    let started = Instant::now();
    // All handshakes have to go through this one machine, both sides of them.
    let scan = Scan::start(&fleet, &["--deadline", "600"]).finish();
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
