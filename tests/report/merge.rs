//! Merging: the reports of several controllers as one report, with what each saw kept.

use super::fleet;
use clockaudit::clock::Nanos;
use clockaudit::clock::axes::Disjoint;
use clockaudit::report::json;
use clockaudit::report::merge::{MergeError, merge};
use clockaudit::report::model::{Kind, Report, Verdict};

/// The report of a controller whose own clock is `ahead` of the hosts' true time.
fn report(ahead: Nanos, hosts: &[(&str, i64)]) -> Report {
    let made: Vec<fleet::Made> =
        hosts.iter().map(|(name, offset_ms)| fleet::host(name, Nanos::from_millis(*offset_ms) - ahead)).collect();
    fleet::report_by_controller(&made)
}

fn offset(report: &Report, host: &str) -> (Nanos, Nanos, Nanos) {
    let found = report.hosts.iter().find(|found| found.name == host).expect("the host");
    let clock = found.clock.as_ref().expect("a clock");
    (clock.lo_s.unwrap().0, clock.offset_s.unwrap().0, clock.hi_s.unwrap().0)
}

#[test]
fn hosts_of_another_controller_stand_where_they_truly_are() {
    // The second controller is 3 s ahead: for it, good hosts are 3 s behind.
    let one = report(Nanos::ZERO, &[("anchor", 2), ("a1", 1), ("a2", 160)]);
    let other = report(Nanos::from_seconds(3), &[("anchor", 2), ("b1", 1), ("b2", -140)]);
    let merged = merge(&[one.clone(), other], "merged", false).unwrap();
    assert_eq!((merged.kind, merged.hosts.len()), (Kind::Merge, 5));
    for (host, truth_ms) in [("anchor", 2), ("a1", 1), ("a2", 160), ("b1", 1), ("b2", -140)] {
        let (lo, estimate, hi) = offset(&merged, host);
        let truth = Nanos::from_millis(truth_ms);
        assert!(lo <= truth && truth <= hi && lo <= estimate && estimate <= hi, "{host}: {lo} {estimate} {hi}");
        assert!(hi - lo < Nanos::from_millis(10), "{host}: {lo} {hi}");
    }
    assert_eq!(offset(&merged, "a1"), offset(&one, "a1"), "a host of the first alone keeps its own bounds");
    let verdicts: Vec<Verdict> = merged.hosts.iter().map(|host| host.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Crit, Verdict::Ok, Verdict::Ok, Verdict::Crit]);
    let pairs = merged.summary.pairs;
    assert_eq!((pairs.total, pairs.beyond, pairs.undecided), (10, 7, 0));
    let widest = merged.summary.widest.as_ref().unwrap();
    assert_eq!((widest.ahead.as_str(), widest.behind.as_str()), ("a2", "b2"));
    assert_eq!(json::read(&json::write(&merged).unwrap()).unwrap(), merged);
}

#[test]
fn what_does_not_hang_together_is_refused_or_left_out() {
    let one = report(Nanos::ZERO, &[("anchor", 2), ("a1", 1)]);
    let moved = report(Nanos::ZERO, &[("anchor", 900), ("a1", 1)]);
    let apart = report(Nanos::ZERO, &[("c1", 2), ("c2", 1)]);
    let refused = |reports: &[Report], allow: bool| merge(reports, "merged", allow).map(|_| ());
    let contradict = Err(MergeError::Disjoint(Disjoint::AnchorsContradict));
    assert_eq!(refused(&[one.clone(), moved], true), contradict);
    assert_eq!(refused(&[one.clone(), apart.clone()], false), Err(MergeError::Disjoint(Disjoint::NoAnchor)));
    let left = merge(&[one.clone(), apart], "merged", true).unwrap();
    assert_eq!((left.hosts.len(), left.run.partial), (2, true));
    let mut strict = one.clone();
    strict.policy.warn_s.0 = Nanos::from_millis(1);
    assert_eq!(refused(&[one, strict], false), Err(MergeError::DifferentLimits));
    assert_eq!(refused(&[], false), Err(MergeError::Nothing));
}
