//! What a real chronyd says, beside what was measured: a daemon's word is not evidence.

use clockaudit::clock::Nanos;
use clockaudit::report::model::{Host, Verdict};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::measured::told;
use crate::support::session::scan;

#[test]
fn a_chronyd_that_follows_a_liar_is_caught() {
    confined("claims::a_chronyd_that_follows_a_liar_is_caught", || {
        let host = |name: &str, ahead: Nanos| HostPlan { time_server: Some(ahead), ..HostPlan::new(name, ahead) };
        let fleet = Fleet::start([host("honest", Nanos::ZERO), host("lied-to", Nanos::from_seconds(2))]);
        let session = scan(&fleet, &fleet.inventory(), &[]);
        assert_eq!(session.status, Some(2), "{session}");
        let report = session.report();
        let [honest, lied_to] = ["honest", "lied-to"].map(|name| told(name, &report));
        for host in [honest, lied_to] {
            let claim = host.claim.as_ref().expect("a claim of chronyd");
            assert_eq!(claim.leap_status.as_deref(), Some("Normal"), "{session}");
            assert_eq!(claim.timekeeper, "chronyd");
        }
        let has = |host: &Host, code: &str| host.findings.iter().any(|finding| finding.code == code);
        assert_eq!(honest.verdict, Verdict::Ok, "{session}");
        assert_eq!(lied_to.verdict, Verdict::Crit, "{session}");
        assert!(has(lied_to, "CLK107"), "{session}");
        assert!(!has(honest, "CLK107"), "{session}");
    });
}
