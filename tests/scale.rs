//! Thousands of simulated hosts against the built program: complete, bounded, and no one host costs the others anything.
//!
//! The servers run in another process, this test binary started once more, so that what is counted is the scanner's alone.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its preparations fail"
)]

#[path = "scale/fleet.rs"]
mod fleet;
#[path = "scale/scan.rs"]
mod scan;

use fleet::{Fleet, Kind};
use scan::Scan;

/// Files that the scanner may hold open besides one a host: standard streams, the runtime's, known hosts, exports.
const OTHER_FILES: usize = 48;
/// What hostile hosts may cost the scanner beyond what as many good ones do, in kB.
const HOSTILE_KB: u64 = 48 * 1_024;

#[test]
fn two_thousand_hosts_in_one_run() {
    let _alone = fleet::alone();
    let fleet = Fleet::start(Kind::Good, 2_000);
    let scan = Scan::start(&fleet, &[]).finish();
    let hosts = scan.hosts();
    assert_eq!(hosts.len(), 2_000);
    for host in &hosts {
        assert!(host["error"].is_null(), "{}: {}", host["name"], host["error"]);
        assert!(host["clock"]["exchanges"].as_u64() >= Some(8), "{}: {}", host["name"], host["clock"]);
    }
    assert!(scan.peak_files <= 2_000 + OTHER_FILES, "{} open files", scan.peak_files);
    assert_eq!(scan.report["run"]["partial"], false);
    assert_eq!(scan.status, Some(0), "{}", scan.stderr);
}

#[test]
fn black_holes_cost_the_connect_timeout_and_no_more() {
    let (down, scan) = hosts_that_never_answer(Kind::BlackHoles, 2_000, "connect");
    assert_eq!(down, 100);
    assert_eq!(scan.report["summary"]["counts"]["ok"], 1_900);
}

#[test]
fn silent_hosts_take_no_turn_from_those_that_speak() {
    // More silent hosts than there are turns of the handshake: each would keep one for the whole timeout.
    let (down, scan) = hosts_that_never_answer(Kind::Silent, 2_000, "banner");
    assert_eq!(down, 400);
    assert_eq!(scan.report["summary"]["counts"]["ok"], 1_600);
}

/// How much longer than without them the hosts that answer may take, besides two seconds: this machine does other things too.
const SLOWER: f64 = 1.5;
/// What the hosts that never answer are given.
const SILENT_TIMEOUT: f64 = 8.0;

/// Scans a fleet some hosts of which never answer; all of these must fail at `stage`, and cost no more than their timeout.
/// Tells how many they are.
fn hosts_that_never_answer(kind: Kind, hosts: usize, stage: &str) -> (usize, scan::Finished) {
    let _alone = fleet::alone();
    let fleet = Fleet::start(kind, hosts);
    let scan = Scan::start(&fleet, &["-T", "8"]).finish();
    drop(fleet);
    let (down, up): (Vec<_>, Vec<_>) = scan.hosts().into_iter().partition(|host| host["verdict"] == "down");
    for host in &down {
        assert_eq!(host["error"]["code"], "SSH901", "{host}");
        assert_eq!(host["error"]["stage"], stage, "{host}");
    }
    for host in &up {
        assert!(host["error"].is_null(), "{}: {}", host["name"], host["error"]);
    }
    // The timeline: sampling began when the last good host was ready or the last hole given up, whichever was later; and the good
    // ones take as long as a fleet of as many without any hole, or the holes would have cost them turns.
    let fleet = Fleet::start(Kind::Good, up.len());
    let without = Scan::start(&fleet, &["-T", "8"]).finish().window_opened_after();
    let began = scan.window_opened_after();
    assert!(
        began <= (SLOWER * without).max(SILENT_TIMEOUT) + 2.0,
        "sampling began after {began} s, and after {without} s without the hosts that never answer"
    );
    assert_eq!(scan.status, Some(3), "{}", scan.stderr);
    (down.len(), scan)
}

#[test]
fn the_claims_of_a_fleet_are_read_within_two_seconds() {
    let _alone = fleet::alone();
    let fleet = Fleet::start(Kind::Good, 500);
    let scan = Scan::start(&fleet, &[]).finish();
    for host in &scan.hosts() {
        assert_eq!(host["claim"]["timekeeper"], "chronyd", "{host}");
    }
    let window = scan::seconds(&scan.report["summary"]["claims_window_s"]);
    assert!(window <= 2.0, "{window} s");
}

#[test]
fn interrupted_half_way_the_report_is_valid_and_partial() {
    let _alone = fleet::alone();
    let mut fleet = Fleet::start(Kind::Good, 200);
    let scan = Scan::start(&fleet, &["--samples", "16"]);
    fleet.wait_for_readings(200 * 16 / 2);
    scan.interrupt();
    let scan = scan.finish();
    assert_eq!(scan.status, Some(130), "{}", scan.stderr);
    assert_eq!(scan.report["run"]["partial"], true);
    assert_eq!(scan.report["run"]["interrupted"], "interrupt");
    let measured = scan.hosts().iter().filter(|host| !host["clock"].is_null()).count();
    assert_eq!(measured, 200, "what was known at Ctrl-C is kept");
}

#[test]
fn hostile_hosts_change_nothing() {
    let _alone = fleet::alone();
    let harmless = Fleet::start(Kind::Good, 27);
    let usual = Scan::start(&harmless, &["-T", "3"]).finish();
    let fleet = Fleet::start(Kind::Hostile, 20);
    let scan = Scan::start(&fleet, &["-T", "3"]).finish();
    for host in scan.hosts().iter().filter(|host| host["groups"][0] == "web") {
        assert!(host["error"].is_null(), "{}: {}", host["name"], host["error"]);
        assert_eq!(host["verdict"], "ok", "{host}");
    }
    for name in ["endless", "lines", "channels", "banner", "half", "silent"] {
        let host = scan.host(name);
        assert_eq!(host["verdict"], "down", "{host}");
        assert!(!host["error"].is_null(), "{host}");
    }
    for (stream, text) in [("stdout", &scan.stdout), ("stderr", &scan.stderr), ("json", &scan.json)] {
        let control = text.chars().find(|char| (char.is_control() && *char != '\n') || *char == '\u{202e}');
        assert_eq!(control, None, "in {stream}: {text}");
    }
    let most = usual.peak_kb + HOSTILE_KB;
    assert!(scan.peak_kb <= most, "{} kB, {} kB for as many harmless hosts", scan.peak_kb, usual.peak_kb);
}
