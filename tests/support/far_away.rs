//! Fleets behind a real delay: the truth stays within the bounds, and a host that is far away is not taken for one that is off.

use clockaudit::clock::Nanos;
use clockaudit::report::model::{Report, Verdict};

use super::delay::{Delay, DelayProxy};
use super::fleet::Fleet;
use super::host::HostPlan;
use super::measured::Measured;
use super::session::scan;

/// Scans a fleet behind that delay, as often as asked for; gives each report to `check`.
pub(crate) fn scan_behind(fleet: &Fleet, delay: Delay, runs: usize, check: impl Fn(&Report)) {
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

/// Correct hosts and hosts that are a second ahead, all 399 ms away each way: in no scan of so many may one be taken
/// for the other.
pub(crate) fn nobody_is_accused_wrongly(runs: usize) {
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
