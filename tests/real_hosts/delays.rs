//! Hosts that are far away, behind a real delay: wide bounds, and never a wrong verdict.

use clockaudit::clock::Nanos;
use clockaudit::report::model::{Report, Verdict};

use crate::support::confinement::confined;
use crate::support::delay::{Delay, DelayProxy};
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::measured::Measured;
use crate::support::session::scan;

/// Scans a fleet behind that delay, as often as asked for; gives each report to `check`.
fn scan_behind(fleet: &Fleet, delay: Delay, runs: usize, check: impl Fn(&Report)) {
    let proxies: Vec<DelayProxy> = fleet.hosts.iter().map(|host| DelayProxy::start(host.address, delay)).collect();
    let doors = fleet.hosts.iter().zip(&proxies);
    let inventory = fleet.inventory_through("far.ini", |host| {
        let door = doors.clone().find(|(other, _)| other.plan.name == host.plan.name);
        door.expect("a proxy for every host").1.address
    });
    for _ in 0..runs {
        let session = scan(fleet, &inventory, &[]);
        let report = session.report();
        for host in &fleet.hosts {
            let measured = Measured::of(host, &report);
            assert!(measured.holds(), "{}: {measured:?}", host.plan.name);
        }
        check(&report);
    }
}

/// Correct hosts and hosts that are a second ahead, all 399 ms away each way.
fn far_away_nobody_is_accused_wrongly(runs: usize) {
    let correct = (0..50).map(|index| HostPlan::new(format!("correct-{index:02}"), Nanos::ZERO));
    let ahead = (0..3).map(|index| HostPlan::new(format!("ahead-{index}"), Nanos::from_seconds(1)));
    let fleet = Fleet::start(correct.chain(ahead));
    scan_behind(&fleet, Delay::from_millis(399, 399), runs, |report| {
        assert_eq!(report.hosts.len(), 53);
        for host in &report.hosts {
            assert_eq!(host.verdict == Verdict::Crit, host.name.starts_with("ahead"), "{host:?}");
        }
    });
}

#[test]
fn a_host_399_ms_away_is_accused_only_where_it_is_off() {
    confined("delays::a_host_399_ms_away_is_accused_only_where_it_is_off", || far_away_nobody_is_accused_wrongly(2));
}

#[test]
#[ignore = "minutes: run by tests/long/run"]
fn long_a_host_399_ms_away_is_never_accused_wrongly() {
    confined("delays::long_a_host_399_ms_away_is_never_accused_wrongly", || far_away_nobody_is_accused_wrongly(10));
}

#[test]
fn an_asymmetric_path_stays_within_the_bounds() {
    confined("delays::an_asymmetric_path_stays_within_the_bounds", || {
        let offsets = [0, 0, 40, -80, 1_000, -137_000, 31_536_000_000];
        let plans = offsets.into_iter().enumerate();
        let fleet = Fleet::start(
            plans.map(|(index, offset)| HostPlan::new(format!("host-{index}"), Nanos::from_millis(offset))),
        );
        for delay in [Delay::from_millis(45, 35), Delay::from_millis(35, 45)] {
            scan_behind(&fleet, delay, 1, |report| {
                // A correct host is off by 5 ms in the estimate, and that is within its bounds: never beyond a limit.
                let correct = report.hosts.iter().filter(|host| ["host-0", "host-1"].contains(&host.name.as_str()));
                assert!(correct.into_iter().all(|host| host.verdict == Verdict::Ok), "{report:?}");
            });
        }
    });
}
