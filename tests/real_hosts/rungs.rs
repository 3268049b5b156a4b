//! Every rung of the ladder of readers on real hosts: the reader is found, and the truth lies within the bounds.

use std::path::Path;

use clockaudit::clock::Nanos;
use clockaudit::probe::reader::Reader;
use clockaudit::report::model::Verdict;

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::ladder;
use crate::support::measured::Measured;
use crate::support::session::scan;

/// The most that bounds of a whole-second clock near by may be apart: a tick of 10 ms, the fork of `date`, the round trip.
const HUNTED: Nanos = Nanos::from_millis(25);
/// How many scans may be tried for that. A hunt goes on until it is there or has asked its 24 questions, and with forks as slow
/// as a busy host's it gets there: the unit tests of `clock::hunt` say so, on a clock that is not this machine's. Here the forks
/// are real: no hunt can get below what they take, and what else this machine does is not the test's to say. So one scan of
/// a few has to keep the limit; all of them have to hold the truth.
const TRIES: usize = 3;

/// Scans the fleet and checks all that holds on a machine however busy; returns the width of the widest hunted bounds.
fn check_scan(fleet: &Fleet, readers: &[Reader]) -> Nanos {
    let session = scan(fleet, &fleet.inventory(), &[]);
    assert_eq!(session.status, Some(2), "{session}");
    let report = session.report();
    assert_eq!(report.hosts.len(), readers.len());
    let mut hunted = Nanos::ZERO;
    for (host, expected) in fleet.hosts.iter().zip(readers) {
        let name = &host.plan.name;
        let measured = Measured::of(host, &report);
        assert_eq!(measured.reader, expected.label(), "{name}");
        assert!(measured.holds() && measured.bounds.contains(measured.offset), "{name}: {measured:?}");
        if measured.truth.abs() > Nanos::from_millis(200) {
            assert_eq!(measured.verdict, Verdict::Crit, "{name}: {measured:?}");
        }
        assert_eq!(host.left_behind(), [] as [&Path; 0], "{name}");
        if *expected == Reader::WholeSecond {
            hunted = hunted.max(measured.bounds.width());
        }
    }
    hunted
}

#[test]
fn each_rung_is_found_and_its_bounds_hold_the_truth() {
    confined("rungs::each_rung_is_found_and_its_bounds_hold_the_truth", || {
        let (plans, readers): (Vec<_>, Vec<_>) = ladder::plans().into_iter().unzip();
        let fleet = Fleet::start(plans);
        let widths: Vec<Nanos> =
            (0..TRIES).map(|_| check_scan(&fleet, &readers)).take_while(|width| *width > HUNTED).collect();
        assert!(widths.len() < TRIES, "whole-second clocks within {widths:?} in {TRIES} scans, not within {HUNTED}");
    });
}
