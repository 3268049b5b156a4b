//! Every rung of the ladder of readers on real hosts: the reader is found, and the truth lies within the bounds.

use std::path::Path;

use clockaudit::clock::Nanos;
use clockaudit::clock::estimate::Config;
use clockaudit::probe::reader::Reader;
use clockaudit::report::model::{Host as HostReport, Report, Verdict};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::ladder;
use crate::support::measured::{Measured, told};
use crate::support::session::scan;

/// The most that a whole-second clock lags (`g`).
const LAG: Nanos = Nanos::from_millis(10);

/// The most that bounds of a hunted clock may be apart: half as much again as what no hunt can get below, the round trip that
/// was measured and the lag; and the drift that is allowed for between the hunt, which goes on after the window, and the instant of
/// the report. What that comes to in milliseconds is the machine's to say: the unit tests of `clock::hunt` hold a hunt on a busy
/// host to 25 ms, on a clock that is not this machine's.
fn most_apart(host: &HostReport, report: &Report) -> Nanos {
    let clock = host.clock.as_ref().expect("a clock");
    let hunt = Nanos((clock.rtt_min_s.0 + LAG).0 * 3 / 2);
    let drift = report.run.finished.0.since(clock.at.0).wander(Config::STANDARD.rho);
    hunt + drift + drift
}

/// Scans the fleet and checks all that holds on a machine however busy.
fn check_scan(fleet: &Fleet, readers: &[Reader]) {
    let session = scan(fleet, &fleet.inventory(), &[]);
    assert_eq!(session.status, Some(2), "{session}");
    let report = session.report();
    assert_eq!(report.hosts.len(), readers.len());
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
            let (width, most) = (measured.bounds.width(), most_apart(told(name, &report), &report));
            assert!(width <= most, "{name}: within {width}, not within {most}: {measured:?}");
        }
    }
}

#[test]
fn each_rung_is_found_and_its_bounds_hold_the_truth() {
    confined("rungs::each_rung_is_found_and_its_bounds_hold_the_truth", || {
        let (plans, readers): (Vec<_>, Vec<_>) = ladder::plans().into_iter().unzip();
        assert!(readers.len() >= 24, "{} hosts", readers.len());
        for rung in Reader::LADDER {
            assert!(readers.iter().filter(|reader| **reader == rung).count() >= 2, "two hosts or more for {rung:?}");
        }
        let fleet = Fleet::start(plans);
        check_scan(&fleet, &readers);
    });
}
