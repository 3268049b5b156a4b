//! What a verdict may not rest on: a reference that drifted, stepped or was read at another time; a claim without a date.

use clockaudit::audit;
use clockaudit::clock::{Interval, Nanos, UnixNanos};
use clockaudit::probe::Seen;
use clockaudit::report::Report;
use clockaudit::report::model::Verdict;

use super::fleet::{STARTED, by_controller, host, report_of, seen};

fn report(seen: &Seen) -> Report {
    report_of(seen, &by_controller())
}

/// Gives the controller's clock these offsets from the axis, known to ± 60 ns.
fn run_controller(seen: &mut Seen, offset: impl Fn(UnixNanos) -> Nanos) {
    for reading in &mut seen.controller {
        reading.x = Interval::around(offset(reading.at), Nanos(60));
    }
}

#[test]
fn one_exchange_alone_is_held_against_the_reference_of_its_own_time() {
    // The controller's crystal is 40 ppm slow, so that its clock gains 40 ppm on the axis; hosts are near.
    let gained = |at: UnixNanos| Nanos(at.since(STARTED).0 * 40 / 1_000_000);
    let made = [host("near", Nanos(3_000)).one_way(Nanos(2_000)), host("other", Nanos(0)).one_way(Nanos(2_000))];
    let mut seen = seen(&made);
    run_controller(&mut seen, gained);
    let report = report(&seen);
    assert_eq!(report.hosts.len(), made.len());
    for (host, made) in report.hosts.iter().zip(&made) {
        let single = host.clock.as_ref().and_then(|clock| clock.single.as_ref()).expect("a single exchange");
        let truth = made.offset - gained(single.from.0);
        let bounds = Interval::new(single.lo_s.0, single.hi_s.0);
        assert!(bounds.contains(truth), "{}: {truth:?} in {bounds:?}", host.name);
    }
}

#[test]
fn a_controller_that_was_stepped_meanwhile_makes_nobody_critical() {
    let mut seen = seen(&[host("a", Nanos::ZERO), host("b", Nanos(30_000)), host("c", Nanos(-20_000))]);
    let middle = STARTED + Nanos::from_millis(1_870);
    run_controller(&mut seen, |at| if at < middle { Nanos::ZERO } else { Nanos::from_millis(250) });
    seen.controller_stepped = true;
    let report = report(&seen);
    assert!(report.findings.iter().any(|finding| finding.code == "CLK506"), "{:?}", report.findings);
    for host in &report.hosts {
        assert_eq!(host.verdict, Verdict::Undecided, "{host:?}");
        let clock = host.clock.as_ref().expect("measured");
        let bounds = Interval::new(clock.lo_s.expect("lo").0, clock.hi_s.expect("hi").0);
        assert!(bounds.contains(Nanos::ZERO) && bounds.contains(Nanos::from_millis(-249)), "{bounds:?}");
    }
    assert_eq!(report.summary.pairs.within, 3, "pairs do not rest on the controller");
}

/// The codes of the only host, whose claim was read within this bracket.
fn codes(seen: &Seen) -> Vec<String> {
    let estimates = audit::estimates(seen);
    let judged = audit::judge(seen, &estimates, audit::Places::default(), &by_controller());
    judged.hosts.iter().flat_map(|host| host.findings.iter().map(|finding| finding.code.label())).collect()
}

#[test]
fn a_claim_accuses_only_as_far_as_its_time_is_known() {
    let check = |spoil: fn(&mut Seen), expected: bool, why: &str| {
        let mut seen = seen(&[host("a", Nanos::from_millis(600)).claims("0.000001")]);
        spoil(&mut seen);
        let codes = codes(&seen);
        assert_eq!(codes.iter().any(|code| code == "CLK107"), expected, "{why}: {codes:?}");
    };
    check(|_| (), true, "0.6 s off, and claims to be right");
    check(
        |seen| seen.observations.iter_mut().filter_map(|one| one.facts.as_mut()).for_each(|facts| facts.bracket = None),
        false,
        "nobody knows when it was said",
    );
    check(
        |seen| {
            let facts = seen.observations.iter_mut().filter_map(|one| one.facts.as_mut());
            facts.filter_map(|facts| facts.bracket.as_mut()).for_each(|bracket| {
                bracket.first = bracket.first + Nanos::from_millis(-600);
                bracket.last = bracket.first;
            });
        },
        false,
        "it was set right after it was sampled: the claim is of the clock as it is then",
    );
    check(
        |seen| {
            let facts = seen.observations.iter_mut().filter_map(|one| one.facts.as_mut());
            facts.filter_map(|facts| facts.bracket.as_mut()).for_each(|bracket| {
                bracket.sent = bracket.sent + Nanos::from_seconds(-2_000);
            });
        },
        false,
        "a clock may have wandered by 1 s since the beginning of that bracket",
    );
}
