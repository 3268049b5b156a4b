//! Every rung of the ladder of readers on real hosts: the reader is found, and the truth lies within the bounds.

use std::path::Path;

use clockaudit::clock::{Interval, Nanos};
use clockaudit::probe::reader::Reader;
use clockaudit::report::model::{Host as HostReport, Verdict};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::ladder;
use crate::support::session::scan;

/// The most that bounds of a whole-second clock near by may be apart: a tick of 10 ms, the fork of `date`, the round trip.
const HUNTED: Nanos = Nanos::from_millis(25);

/// The bounds of a host's offset; fails where it was not measured.
fn bounds(host: &HostReport) -> Interval {
    let clock = host.clock.as_ref().unwrap_or_else(|| panic!("{} was not measured: {host:?}", host.name));
    let (lo, hi) = clock.lo_s.zip(clock.hi_s).expect("bounds against this machine");
    Interval { lo: lo.0, hi: hi.0 }
}

#[test]
fn each_rung_is_found_and_its_bounds_hold_the_truth() {
    confined("rungs::each_rung_is_found_and_its_bounds_hold_the_truth", || {
        let (plans, readers): (Vec<_>, Vec<_>) = ladder::plans().into_iter().unzip();
        let fleet = Fleet::start(plans);
        let session = scan(&fleet, &fleet.inventory(), &[]);
        assert_eq!(session.status, Some(2), "{session}");
        let report = session.report();
        assert_eq!(report.hosts.len(), readers.len());
        for (host, expected) in fleet.hosts.iter().zip(readers) {
            let name = &host.plan.name;
            let told = report.hosts.iter().find(|told| told.name == *name).expect("a host of the report");
            let bounds = bounds(told);
            let clock = told.clock.as_ref().expect("a measured clock");
            assert_eq!(clock.reader.as_deref(), Some(expected.label()), "{name}");
            let truth = host.clock.offset_at(clock.at.0);
            assert!(bounds.contains(truth), "{name}: {truth} is not in {bounds:?}");
            if expected == Reader::WholeSecond {
                assert!(bounds.width() <= HUNTED, "{name}: {bounds:?}");
            }
            if truth.abs() > Nanos::from_millis(200) {
                assert_eq!(told.verdict, Verdict::Crit, "{name}");
            }
            assert_eq!(host.left_behind(), [] as [&Path; 0], "{name}");
        }
    });
}
