//! Merging: the reports of several controllers as one report, with what each saw kept.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::fleet;
use clockaudit::clock::Nanos;
use clockaudit::clock::axes::Disjoint;
use clockaudit::report::changes::changes;
use clockaudit::report::json;
use clockaudit::report::merge::{MergeError, merge};
use clockaudit::report::model::{Kind, Report, Verdict};

/// How many runs there were: no two have one name.
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// The report of a controller whose own clock is `ahead` of the hosts' true time.
fn report(ahead: Nanos, hosts: &[(&str, i64)]) -> Report {
    let made: Vec<fleet::Made> =
        hosts.iter().map(|(name, offset_ms)| fleet::host(name, Nanos::from_millis(*offset_ms) - ahead)).collect();
    let mut report = fleet::report_by_controller(&made);
    report.run.id = format!("run {}", RUNS.fetch_add(1, Ordering::Relaxed));
    report
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
    assert!(super::summary(&left).contains("\nPARTIAL   a report was left out,"), "{}", super::summary(&left));
    let mut strict = one.clone();
    strict.policy.warn_s.0 = Nanos::from_millis(1);
    strict.run.id = "strict".to_owned();
    assert_eq!(refused(&[one, strict], false), Err(MergeError::DifferentLimits));
    assert_eq!(refused(&[], false), Err(MergeError::Nothing));
}

#[test]
fn a_run_is_joined_with_others_and_never_with_itself() {
    let one = report(Nanos::ZERO, &[("anchor", 2), ("a1", 1)]);
    let other = report(Nanos::ZERO, &[("anchor", 2), ("b1", 1)]);
    let apart = report(Nanos::ZERO, &[("c1", 2)]);
    let refused = |reports: &[&Report]| {
        merge(&reports.iter().map(|report| (*report).clone()).collect::<Vec<_>>(), "again", true).map(|_| ())
    };
    let twice = |report: &Report| Err(MergeError::SameRun(report.run.id.clone()));
    assert_eq!(refused(&[&one, &one]), twice(&one));
    assert_eq!(refused(&[&one, &other, &one]), twice(&one));
    let joined = merge(&[one.clone(), other.clone(), apart.clone()], "joined", true).unwrap();
    assert_eq!(refused(&[&joined, &other]), twice(&other));
    assert_eq!(refused(&[&other, &joined]), twice(&other));
    // What was left out is in it by name only.
    assert_eq!(refused(&[&joined, &apart]), Ok(()));
}

#[test]
fn what_changed_for_one_controller_is_not_told_of_all() {
    let mut one = report(Nanos::ZERO, &[("anchor", 2), ("a1", 900)]);
    let before = report(Nanos::ZERO, &[("anchor", 2), ("a1", 1)]);
    one.changes = Some(changes(&before, &one));
    let other = report(Nanos::ZERO, &[("anchor", 2), ("b1", 1)]);
    for reports in [[one.clone(), other.clone()], [other, one]] {
        assert_eq!(merge(&reports, "merged", false).unwrap().changes, None);
    }
}

/// The report of a controller by what its hosts claim; `slow` of that many seconds is what each says of itself.
fn claiming(hosts: &[(&str, i64)], slow: &str) -> Report {
    let made = |(name, offset_ms): &(&str, i64)| fleet::host(name, Nanos::from_millis(*offset_ms)).claims(slow);
    let mut report = fleet::report(&hosts.iter().map(made).collect::<Vec<_>>());
    report.run.id = format!("claims {slow}");
    report
}

#[test]
fn the_reference_is_chosen_by_rule_and_the_others_are_told() {
    let by_clock = report(Nanos::from_seconds(3), &[("anchor", 2), ("a1", 1)]);
    let by_claims = claiming(&[("anchor", 2), ("b1", 1), ("b2", 1)], "0.000001");
    for reports in [[by_clock.clone(), by_claims.clone()], [by_claims.clone(), by_clock.clone()]] {
        let merged = merge(&reports, "merged", false).unwrap();
        // UTC by consensus, not the wall clock of the controller that happens to be named first.
        assert_eq!(merged.reference, by_claims.reference);
        assert_eq!(offset(&merged, "b1"), offset(&by_claims, "b1"));
        let chosen: Vec<(&str, bool)> = merged.run.merged.iter().map(|run| (run.id.as_str(), run.is_chosen)).collect();
        let given: Vec<(&str, bool)> =
            reports.iter().map(|report| (report.run.id.as_str(), report.run.id == by_claims.run.id)).collect();
        assert_eq!(chosen, given);
        let other = merged.run.merged.iter().find(|run| !run.is_chosen).expect("the other run");
        let (lo, hi) = (other.lo_s.unwrap().0, other.hi_s.unwrap().0);
        assert!(lo <= Nanos::from_seconds(3) && Nanos::from_seconds(3) <= hi && hi - lo < Nanos::from_millis(20));
        let text = super::summary(&merged).split_whitespace().collect::<Vec<_>>().join(" ");
        let of_other = format!("{} had this controller's clock", by_clock.run.id);
        for said in ["that of claims 0.000001, chosen of 2 runs", &of_other, "+2.998 s"] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        assert!(merged.findings.iter().all(|finding| finding.code != "CLK507"), "a wall clock contradicts nobody");
    }
}

#[test]
fn controllers_that_do_not_agree_about_utc_are_told_so() {
    let one = claiming(&[("anchor", 2), ("a1", 1), ("a2", 1)], "0.000001");
    // The anchor is where it was; this side's claims put UTC half a second elsewhere.
    let other = claiming(&[("anchor", 2), ("b1", 1), ("b2", 1)], "0.5");
    let merged = merge(&[one.clone(), other], "merged", false).unwrap();
    let said = merged.findings.iter().find(|finding| finding.code == "CLK507").expect("the contradiction");
    assert!(said.what.starts_with("the controllers do not agree about UTC"), "{}", said.what);
    let agree = claiming(&[("anchor", 2), ("b1", 1), ("b2", 1)], "0.000002");
    let merged = merge(&[one, agree], "merged", false).unwrap();
    assert!(merged.findings.iter().all(|finding| finding.code != "CLK507"));
}

#[test]
fn a_chain_of_anchors_keeps_all_and_the_greatest_part_is_kept_of_what_hangs_apart() {
    let one = report(Nanos::ZERO, &[("a", 1), ("b", 1)]);
    let two = report(Nanos::ZERO, &[("b", 1), ("c", 1)]);
    let three = report(Nanos::ZERO, &[("c", 1), ("d", 1)]);
    let alone = claiming(&[("x", 1), ("y", 1), ("z", 1)], "0.000001");
    let merged = merge(&[alone, one, two, three], "merged", true).unwrap();
    let names: Vec<&str> = merged.hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!((names, merged.run.partial), (vec!["a", "b", "c", "d"], true));
    let left_out: Vec<bool> = merged.run.merged.iter().map(|run| run.offset_s.is_none()).collect();
    assert_eq!(left_out, [true, false, false, false]);
    assert!(super::summary(&merged).contains("left out with 3 hosts"));
}
