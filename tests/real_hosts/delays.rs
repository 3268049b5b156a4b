//! Hosts that are far away, behind a real delay: wide bounds, and never a wrong verdict.

use clockaudit::clock::Nanos;
use clockaudit::report::model::Verdict;

use crate::support::confinement::confined;
use crate::support::delay::Delay;
use crate::support::far_away::{nobody_is_accused_wrongly, scan_behind};
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;

#[test]
fn a_host_399_ms_away_is_accused_only_where_it_is_off() {
    confined("delays::a_host_399_ms_away_is_accused_only_where_it_is_off", || {
        // tests/long repeats it.
        nobody_is_accused_wrongly(2);
    });
}

#[test]
fn an_asymmetric_path_stays_within_the_bounds() {
    confined("delays::an_asymmetric_path_stays_within_the_bounds", || {
        let offsets = [0, 0, 40, -80, 1_000, -137_000, 31_536_000_000];
        let plans = offsets.into_iter().enumerate();
        let fleet = Fleet::start(
            plans.map(|(index, offset)| HostPlan::new(format!("host-{index}"), Nanos::from_millis(offset))),
        );
        for delay in [Delay::from_millis(40, 30), Delay::from_millis(30, 40)] {
            scan_behind(&fleet, delay, 1, |report| {
                // A correct host is off by 5 ms in the estimate, and that is within its bounds: never beyond a limit.
                let correct = report.hosts.iter().filter(|host| ["host-0", "host-1"].contains(&host.name.as_str()));
                assert!(correct.into_iter().all(|host| host.verdict == Verdict::Ok), "{report:?}");
            });
        }
    });
}
