//! What offsets are relative to: the rules in their order, and what each says in the report.

use super::{codes, fleet, summary};
use clockaudit::audit::{Policy, Profile, ReferenceChoice};
use clockaudit::clock::{Interval, Nanos};
use clockaudit::report::Report;
use clockaudit::report::model::{ReferenceKind, Verdict};

const HOUR: Nanos = Nanos::from_seconds(3_600);

fn of(choice: ReferenceChoice) -> Policy {
    Policy { reference: choice, ..Policy::standard() }
}

fn named(prefix: &str, count: usize, offset: Nanos) -> Vec<fleet::Made> {
    (0..count).map(|index| fleet::host(&format!("{prefix}{index}"), offset)).collect()
}

/// Hosts that claim to be right to 19 us.
fn claiming(prefix: &str, count: usize, offset: Nanos) -> Vec<fleet::Made> {
    named(prefix, count, offset).into_iter().map(|host| host.claims("0.0")).collect()
}

fn fleet_codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn offsets(report: &Report) -> Vec<Option<Nanos>> {
    report
        .hosts
        .iter()
        .map(|host| host.clock.as_ref().and_then(|clock| clock.offset_s).map(|offset| offset.0))
        .collect()
}

/// The report of a scan of these hosts from a controller whose clock is `ahead` of the axis.
fn from_controller(made: &[fleet::Made], ahead: Nanos, policy: &Policy) -> Report {
    let mut seen = fleet::seen(made);
    for reading in &mut seen.controller {
        reading.x = Interval::around(ahead, Nanos(60));
    }
    fleet::report_of(&seen, policy)
}

#[test]
fn a_controller_an_hour_wrong_is_the_outlier_and_changes_no_offset() {
    let made = claiming("web", 4, Nanos::from_millis(3));
    let right = from_controller(&made, Nanos::ZERO, &Policy::standard());
    let wrong = from_controller(&made, HOUR, &Policy::standard());
    assert_eq!(offsets(&right), offsets(&wrong));
    assert_eq!(right.reference.kind, ReferenceKind::Consensus);
    assert_eq!((fleet_codes(&right), fleet_codes(&wrong)), (vec![], vec!["CLK504"]));
    assert_eq!(wrong.summary.verdict, Verdict::Ok, "a note changes no verdict");
    let text = summary(&wrong);
    assert!(text.contains("UTC, where 4 of 4 claims agree"), "{text}");
    assert!(text.contains("this controller is +3599.99"), "{text}");
}

#[test]
fn claims_that_split_accuse_nobody_and_both_sides_are_shown() {
    let mut made = claiming("good", 5, Nanos::ZERO);
    made.extend(claiming("liar", 6, Nanos::from_seconds(2)));
    let report = fleet::report(&made);
    assert_eq!(report.reference.kind, ReferenceKind::None);
    assert_eq!(fleet_codes(&report), ["CLK103", "CLK507"]);
    let split = &report.findings[1].what;
    assert!(split.contains("11 hosts") && split.contains("6 follow 0A000001; 5 follow 0A000001"), "{split}");
    assert!(report.hosts.iter().all(|host| host.verdict == Verdict::Undecided));
    // Nor is the controller believed in their stead, but where it is named.
    assert_eq!(fleet::report_by_controller(&made).reference.kind, ReferenceKind::Controller);
}

#[test]
fn a_split_among_mixed_upstreams_is_shown_with_each_of_them() {
    // Six of eleven are wrong together, and both sides follow several upstreams, one of them the same.
    let following = |name: &str, offset: Nanos, reference_id: &str| {
        let line = format!(
            "{reference_id},,3,1795535990.0,0.0,0.000001,0.000002,-3.1,0.001,0.010,0.000020,0.000006,64.2,Normal"
        );
        fleet::host(name, offset).says(&[("chrony.csv", &line), ("proc", "chronyd"), fleet::KERNEL])
    };
    let mut made = Vec::new();
    for (index, upstream) in ["0A000001", "0A000002", "0A000001", "0A000003", "0A000001"].iter().enumerate() {
        made.push(following(&format!("good{index}"), Nanos::ZERO, upstream));
    }
    for (index, upstream) in ["0A000009", "0A000003", "0A000009", "0A000008", "0A000009", "0A000007"].iter().enumerate()
    {
        made.push(following(&format!("liar{index}"), Nanos::from_seconds(2), upstream));
    }
    let report = fleet::report(&made);
    assert_eq!(report.reference.kind, ReferenceKind::None);
    assert_eq!(fleet_codes(&report), ["CLK103", "CLK507"]);
    let split = &report.findings[1].what;
    assert!(split.starts_with("11 hosts claim to follow UTC and do not agree: "), "{split}");
    let sides = "6 follow 0A000009, 0A000003, 0A000007, ...; 5 follow 0A000001, 0A000002, 0A000003";
    assert!(split.ends_with(sides), "{split}");
    for host in &report.hosts {
        assert_eq!(
            (host.verdict, codes(&report, &host.name)),
            (Verdict::Undecided, vec!["CLK501"]),
            "nobody is accused"
        );
    }
    assert!(
        report.reference.label.starts_with(
            "none: 6 of 11 claims agree about UTC, 8 are needed; \
             6 of 11 clocks are surely within 50 ms of each other, 8 are needed"
        ),
        "{}",
        report.reference.label
    );
}

#[test]
fn how_many_agree_and_how_many_are_needed_is_told() {
    let check = |agreeing: usize, of: usize, expected: &str| {
        let mut made = named("host", agreeing, Nanos::ZERO);
        made.extend((agreeing..of).map(|index| {
            let apart = Nanos::from_seconds(i64::try_from(index).expect("few"));
            fleet::host(&format!("off{index}"), apart)
        }));
        let report = fleet::report(&made);
        assert!(report.reference.label.contains(expected), "{agreeing} of {of}: {}", report.reference.label);
    };
    check(14, 21, "median of 14 agreeing hosts");
    check(13, 21, "no claim to follow UTC; 13 of 21 clocks are surely within 50 ms of each other, 14 are needed");
    check(2, 2, "2 of 2 clocks are surely within 50 ms of each other, 3 are needed");
    // Within 3 ms of each other by what was measured, which is not known as well as that: nothing is sure.
    let made: Vec<fleet::Made> = (0..3)
        .map(|index| fleet::host(&format!("far{index}"), Nanos::from_millis(index)).one_way(Nanos::from_millis(60)))
        .collect();
    let label = fleet::report(&made).reference.label;
    assert!(label.contains("0 of 3 clocks are surely within 50 ms"), "{label}");
    let two = claiming("host", 2, Nanos::ZERO);
    let label = fleet::report_by(&two, &of(ReferenceChoice::Consensus)).reference.label;
    assert!(label.starts_with("none: 2 of 2 claims agree about UTC, 3 are needed"), "{label}");
}

#[test]
fn who_hangs_on_the_own_clock_of_a_host_has_no_vote() {
    let own = [("chrony.csv", "7F7F0101,,10,1795535990.0,0.0,0.0,0.0,0.000,0.0,0.0,0.0,0.0,0.0,Normal")];
    let own = [&own[..], &[("proc", "chronyd"), ("address", "10.0.0.9"), fleet::KERNEL]].concat();
    let follows = |name: &str, source: &str, reference_id: &str, own: &str| {
        let line = format!(
            "{reference_id},{source},11,1795535990.0,0.0,0.000001,0.000002,-3.1,0.001,0.010,0.000020,0.000006,64.2,Normal"
        );
        let facts = [("chrony.csv", line.as_str()), ("proc", "chronyd"), ("address", own), fleet::KERNEL];
        fleet::host(name, Nanos::ZERO).says(&facts)
    };
    let client = |index: usize| follows(&format!("web{index}"), "10.0.0.9", "0A000009", &format!("10.0.0.{index}"));
    let mut made = vec![fleet::host("time", Nanos::ZERO).says(&own)];
    made.extend((1..4).map(client));
    // One stratum further down, told by the reference ID alone.
    made.push(follows("edge", "", "0A000001", "10.0.0.20"));
    let report = fleet::report(&made);
    assert_eq!(report.reference.kind, ReferenceKind::Agreement, "{}", report.reference.label);
    let label = fleet::report_by(&made, &of(ReferenceChoice::Consensus)).reference.label;
    assert!(
        label.starts_with("none: no claim to follow UTC (4 more hang on a host that follows its own clock)"),
        "{label}"
    );
    let named = fleet::report_by(&made, &of(ReferenceChoice::Host("web1".to_owned())));
    assert_eq!(named.reference.is_utc, Some(false), "{}", named.reference.label);
    // Where the same address is that of somebody who follows UTC, they follow it too.
    made[0] = follows("time", "10.0.1.1", "0A000101", "10.0.0.9");
    assert_eq!(fleet::report(&made).reference.kind, ReferenceKind::Consensus);
    // Every host is its own 127.0.0.1: that says nothing.
    let own: Vec<(&str, &str)> = own.into_iter().filter(|(key, _)| *key != "address").collect();
    made[0] = fleet::host("time", Nanos::ZERO).says(&[&own[..], &[("address", "127.0.0.1")]].concat());
    let at_home = |index: usize| follows(&format!("web{index}"), "127.0.0.1", "7F000001", "127.0.0.1");
    made.splice(1.., (1..4).map(at_home));
    assert_eq!(fleet::report(&made).reference.kind, ReferenceKind::Consensus);
}

#[test]
fn one_liar_of_four_is_contradicted_by_the_others() {
    let mut made = claiming("good", 3, Nanos::ZERO);
    made.extend(claiming("liar", 1, Nanos::from_seconds(2)));
    let report = fleet::report(&made);
    assert_eq!(codes(&report, "liar0"), ["CLK101", "CLK107"]);
    assert_eq!(codes(&report, "good0"), [""; 0]);
    assert_eq!(report.reference.label, "UTC, where 3 of 4 claims agree (liar0 does not)");
}

#[test]
fn a_fleet_without_claims_is_judged_by_what_it_agrees_on() {
    let mut made = named("host", 4, Nanos::from_millis(900));
    made.extend(named("late", 1, Nanos::from_millis(900) - Nanos::from_seconds(3)));
    for ahead in [Nanos::ZERO, HOUR] {
        let report = from_controller(&made, ahead, &Policy::standard());
        assert_eq!(report.reference.kind, ReferenceKind::Agreement);
        assert_eq!(report.reference.label, "median of 4 agreeing hosts (host1), not UTC");
        let bad: Vec<&str> =
            report.hosts.iter().filter(|host| host.verdict != Verdict::Ok).map(|host| host.name.as_str()).collect();
        assert_eq!(bad, ["late0"]);
        assert_eq!(codes(&report, "late0"), ["CLK101"]);
    }
}

#[test]
fn what_was_named_and_does_not_apply_gives_no_other_reference() {
    let check = |made: &[fleet::Made], choice: ReferenceChoice, expected: ReferenceKind| {
        let report = fleet::report_by(made, &of(choice.clone()));
        assert_eq!(report.reference.kind, expected, "{choice:?}");
    };
    let plain = named("host", 5, Nanos::ZERO);
    check(&plain, ReferenceChoice::Automatic, ReferenceKind::Agreement);
    check(&plain, ReferenceChoice::Agreement, ReferenceKind::Agreement);
    check(&plain, ReferenceChoice::Consensus, ReferenceKind::None);
    let two = claiming("host", 2, Nanos::ZERO);
    check(&two, ReferenceChoice::Automatic, ReferenceKind::None);
    check(&two, ReferenceChoice::Agreement, ReferenceKind::None);
    check(&two, ReferenceChoice::Controller, ReferenceKind::Controller);
    check(&two, ReferenceChoice::Host("host1".to_owned()), ReferenceKind::Host);
}

#[test]
fn who_serves_its_own_clock_has_no_vote() {
    let own = [("chrony.csv", "7F7F0101,,10,1795535990.0,0.0,0.0,0.0,0.000,0.0,0.0,0.0,0.0,0.0,Normal")];
    let facts = [&own[..], &[("proc", "chronyd"), fleet::KERNEL]].concat();
    let made: Vec<fleet::Made> = named("own", 3, Nanos::ZERO).into_iter().map(|host| host.says(&facts)).collect();
    assert_eq!(fleet::report(&made).reference.kind, ReferenceKind::Agreement);
    assert_eq!(fleet::report_by(&made, &of(ReferenceChoice::Consensus)).reference.kind, ReferenceKind::None);
}

#[test]
fn a_clock_that_claims_nothing_is_no_utc() {
    let check = |made: &[fleet::Made], choice: ReferenceChoice, expected: Verdict| {
        let report = fleet::report_by(made, &Policy { reference: choice, ..Policy::of_profiles(vec![Profile::Sigv4]) });
        assert_eq!(report.hosts[1].verdict, expected, "{}", report.reference.label);
    };
    let plain = named("host", 2, Nanos::ZERO);
    check(&plain, ReferenceChoice::Controller, Verdict::Undecided);
    check(&plain, ReferenceChoice::Host("host0".to_owned()), Verdict::Undecided);
    check(&claiming("host", 2, Nanos::ZERO), ReferenceChoice::Host("host0".to_owned()), Verdict::Ok);
    // By its own word 70 s from UTC, which is more than the minute that AWS signatures are warned at.
    let far: Vec<fleet::Made> = named("host", 2, Nanos::ZERO).into_iter().map(|host| host.claims("70.0")).collect();
    check(&far, ReferenceChoice::Host("host0".to_owned()), Verdict::Undecided);
}

#[test]
fn a_group_is_a_reference_of_its_own() {
    let mut made: Vec<fleet::Made> =
        named("time", 3, Nanos::from_seconds(7)).into_iter().map(|host| host.of("time")).collect();
    made.extend(named("web", 6, Nanos::ZERO));
    let report = fleet::report_by(&made, &of(ReferenceChoice::Group("time".to_owned())));
    let label = "median of 3 agreeing hosts of time (time1), not UTC; 6 of 9 clocks contradict it (CLK507)";
    assert_eq!(report.reference.label, label);
    assert_eq!(codes(&report, "web0"), ["CLK101"]);
    assert_eq!(codes(&report, "time0"), [""; 0]);
}

/// The report of a scan of these hosts from a controller whose own chronyd answers with this line.
fn from_claiming_controller(made: &[fleet::Made], tracking: &str) -> Report {
    let mut seen = fleet::seen(made);
    let own = fleet::seen(&[fleet::host("own", Nanos::ZERO).claims("0.0")]).observations.pop().expect("the host");
    seen.controller_facts = own.facts;
    let facts = seen.controller_facts.iter_mut().flat_map(|reading| &mut reading.facts.0);
    for (_, value) in facts.filter(|(key, _)| key == "chrony.csv") {
        tracking.clone_into(value);
    }
    fleet::report_of(&seen, &Policy::standard())
}

/// chronyd says that the clock is 2 ms behind, give or take 7 us.
const SYNCHRONISED: &str = "0A000001,10.0.0.1,3,1795535990.000000000,0.002000000,0.000001,0.000002,-3.104,0.001,0.010,0.000002,0.000006,64.2,Normal";

#[test]
fn a_controller_that_claims_utc_is_the_last_resort() {
    let two = named("host", 2, Nanos::from_millis(70));
    let report = from_claiming_controller(&two, SYNCHRONISED);
    assert_eq!(report.reference.kind, ReferenceKind::ControllerClaim);
    assert_eq!(report.reference.label, "UTC, by this controller's own claim");
    // UTC is 2 ms ahead of the controller's clock.
    let off = (offsets(&report)[0].unwrap() - Nanos::from_millis(68)).abs();
    assert!(off < Nanos::from_millis(1), "{off}");
    assert_eq!(codes(&report, "host0"), ["CLK102"]);

    let unsynchronised = SYNCHRONISED.replace("Normal", "Not synchronised");
    assert_eq!(from_claiming_controller(&two, &unsynchronised).reference.kind, ReferenceKind::None);
    let three = named("host", 3, Nanos::from_millis(70));
    assert_eq!(from_claiming_controller(&three, SYNCHRONISED).reference.kind, ReferenceKind::Agreement);
    let mut split = claiming("good", 2, Nanos::ZERO);
    split.extend(claiming("liar", 2, Nanos::from_seconds(2)));
    assert_eq!(from_claiming_controller(&split, SYNCHRONISED).reference.kind, ReferenceKind::None);
}
