//! Clocks that move faster than a steady clock can: it is noticed, and the bounds hold the truth of the instant they are for.

use clockaudit::clock::{Nanos, Ppm};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::measured::{Measured, told};
use crate::support::session::scan;

#[test]
fn a_clock_that_is_slewed_is_told_from_a_steady_one() {
    confined("moving::a_clock_that_is_slewed_is_told_from_a_steady_one", || {
        let host = |name: &str, ppm| HostPlan { rate: Ppm::from_ppm(ppm), ..HostPlan::new(name, Nanos::ZERO) };
        let slewed = [("chrony-most", 83_333), ("timesyncd-most", -50_000), ("gently", 3_000)];
        let steady = [("crystal", 100), ("crystal-slow", -200)];
        let fleet = Fleet::start(slewed.iter().chain(&steady).map(|(name, ppm)| host(name, *ppm)));
        let session = scan(&fleet, &fleet.inventory(), &[]);
        let report = session.report();
        for host in &fleet.hosts {
            let measured = Measured::of(host, &report);
            assert!(measured.holds(), "{}: {measured:?}", host.plan.name);
            let findings = &told(&host.plan.name, &report).findings;
            let moved = findings.iter().any(|finding| ["CLK105", "CLK109"].contains(&finding.code.as_str()));
            assert_eq!(moved, host.plan.rate.ppb().abs() > 500_000, "{}: {session}", host.plan.name);
        }
    });
}
