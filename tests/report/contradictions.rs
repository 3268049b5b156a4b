//! A reference that was named and is wrong: who contradicts it is told first, and nobody is accused for its sake.

use clockaudit::audit::{Policy, ReferenceChoice, ServerName, TimeProtocol};
use clockaudit::clock::reference::{NtpExchange, date_exchange};
use clockaudit::clock::{Interval, Nanos, UnixNanos};
use clockaudit::probe::{Seen, TimeServer, WebServer};
use clockaudit::report::Report;
use clockaudit::report::model::{Finding, Verdict};

use super::{codes, fleet, summary};

/// How far the reference is off.
const OFF: Nanos = Nanos::from_millis(3_900);

fn named(prefix: &str, count: usize, offset: Nanos) -> Vec<fleet::Made> {
    (0..count).map(|index| fleet::host(&format!("{prefix}{index}"), offset)).collect()
}

fn claiming(prefix: &str, count: usize, offset: Nanos) -> Vec<fleet::Made> {
    named(prefix, count, offset).into_iter().map(|host| host.claims("0.0")).collect()
}

fn by(choice: ReferenceChoice) -> Policy {
    Policy { reference: choice, ..Policy::standard() }
}

fn by_host(name: &str) -> Policy {
    by(ReferenceChoice::Host(name.to_owned()))
}

fn fleet_codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn told<'report>(report: &'report Report, code: &str) -> &'report Finding {
    report.findings.iter().find(|finding| finding.code == code).expect("the finding")
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
fn a_host_that_was_named_and_is_wrong_is_contradicted_and_accuses_nobody() {
    let mut made = claiming("good", 8, Nanos::ZERO);
    made.extend(claiming("bad", 1, OFF));
    let report = from_controller(&made, Nanos::ZERO, &by_host("bad0"));
    assert_eq!(fleet_codes(&report), ["CLK507", "CLK103"], "it comes first, and this machine is with the others");
    let contradiction = told(&report, "CLK507");
    for words in ["bad0, which was named", "is +3.900 s", "8 of 9 claims agree", "(good0, good1, good2 and 5 more)"] {
        assert!(contradiction.what.contains(words), "{words}: {}", contradiction.what);
    }
    // It stays the reference, and its distance is told; only that is no longer the others' fault.
    assert_eq!(codes(&report, "good0"), ["CLK101"]);
    let off = &report.hosts.iter().find(|host| host.name == "good0").expect("the host").findings[0];
    assert!(off.meaning.contains("CLK507") && off.remedy.contains("leave this clock alone"), "{off:?}");
    assert_eq!(report.reference.label, "the clock of bad0, which claims UTC; 8 of 9 claims contradict it (CLK507)");
    assert_eq!(report.reference.is_utc, Some(false), "what two thirds of the claims deny");
    let text = summary(&report);
    assert!(text.contains("8 of 9 claims contradict it (CLK507)"), "{text}");
    let said: Vec<&str> = text.lines().filter(|line| line.starts_with("CLK")).collect();
    assert!(said[0].starts_with("CLK507  bad0, which was named"), "{text}");
    assert!(text.contains("clockaudit explain CLK507"), "{text}");
    // A controller that is with neither side is told so, and is not to be set by a reference that is in doubt.
    let lost = from_controller(&made, Nanos::from_seconds(60), &by_host("bad0"));
    assert_eq!(fleet_codes(&lost), ["CLK507", "CLK103", "CLK504"]);
    let outlier = told(&lost, "CLK504");
    assert!(!outlier.remedy.contains("set its clock") && outlier.remedy.contains("CLK507"), "{outlier:?}");
    // By a reference that nobody contradicts it is.
    let right = from_controller(&made, Nanos::from_seconds(60), &by_host("good0"));
    assert_eq!((fleet_codes(&right), codes(&right, "good1")), (vec!["CLK103", "CLK504"], vec![]));
    assert_eq!(codes(&right, "bad0"), ["CLK101", "CLK107"]);
}

#[test]
fn an_hour_from_a_wrong_reference_is_no_time_zone() {
    let mut made = claiming("good", 3, Nanos::ZERO);
    made.push(fleet::host("bad", Nanos::from_seconds(3_600)));
    let report = fleet::report_by(&made, &by_host("bad"));
    let good = report.hosts.iter().find(|host| host.name == "good0").expect("the host");
    assert_eq!(codes(&report, "good0"), ["CLK101", "CLK104"]);
    assert!(good.findings.iter().all(|finding| finding.remedy.contains("CLK507")), "{:?}", good.findings);
}

#[test]
fn who_is_wrong_by_both_sides_is_accused_all_the_same() {
    let mut made = claiming("good", 8, Nanos::ZERO);
    made.push(fleet::host("bad", OFF));
    made.extend(claiming("liar", 1, Nanos::from_seconds(20)));
    let report = fleet::report_by(&made, &by_host("bad"));
    assert_eq!(codes(&report, "liar0"), ["CLK101", "CLK107"]);
    assert_eq!(codes(&report, "good0"), ["CLK101"]);
    let liar = report.hosts.iter().find(|host| host.name == "liar0").expect("the host");
    assert!(!liar.findings[0].meaning.contains("CLK507"), "{liar:?}");
}

#[test]
fn clocks_that_agree_contradict_too_and_claims_go_before_them() {
    let mut made = named("good", 7, Nanos::ZERO);
    made.extend(named("bad", 1, OFF));
    let report = fleet::report_by(&made, &by_host("bad0"));
    let what = &told(&report, "CLK507").what;
    assert!(what.contains("the clocks of 7 of 8 hosts, which are within 50 ms of each other"), "{what}");
    assert_eq!(fleet_codes(&report), ["CLK507", "CLK103"]);
    // Two hosts claim something, too few for claims to agree: they are with the others.
    let mut made = named("good", 5, Nanos::ZERO);
    made.extend(claiming("sure", 2, Nanos::ZERO));
    made.extend(named("bad", 1, OFF));
    assert_eq!(codes(&fleet::report_by(&made, &by_host("bad0")), "sure0"), ["CLK101"]);
    // Half of the clocks is no agreement, and a reference that is among those that agree is not contradicted.
    let mut half = named("good", 3, Nanos::ZERO);
    half.extend(named("bad", 3, OFF));
    assert_eq!(fleet_codes(&fleet::report_by(&half, &by_host("bad0"))), ["CLK103", "CLK504"]);
    assert_eq!(fleet_codes(&fleet::report_by(&named("good", 7, Nanos::ZERO), &by_host("good0"))), [""; 0]);
}

#[test]
fn a_group_that_agrees_is_contradicted_by_the_claims_of_the_others() {
    let mut made: Vec<fleet::Made> = named("time", 3, OFF).into_iter().map(|host| host.of("time")).collect();
    made.extend(claiming("web", 6, Nanos::ZERO));
    let report = fleet::report_by(&made, &by(ReferenceChoice::Group("time".to_owned())));
    let what = &told(&report, "CLK507").what;
    assert!(what.starts_with("time1, the clock in the middle of time, is +3.9"), "{what}");
    assert!(what.contains("6 of 6 claims agree"), "{what}");
    assert_eq!((report.findings[0].code.as_str(), codes(&report, "web0")), ("CLK507", vec!["CLK101"]));
}

/// An exchange with a server that is `ahead` of the axis, 2 ms away, right to 101 us by its own account.
fn exchange(ahead: Nanos) -> NtpExchange {
    let sent = fleet::STARTED + Nanos::from_millis(1_800);
    let at = |millis: i64| -> UnixNanos { sent + Nanos::from_millis(millis) };
    NtpExchange {
        sent,
        server_received: at(1) + ahead,
        server_sent: at(1) + ahead,
        received: at(2),
        root_delay: Nanos::from_micros(100),
        root_dispersion: Nanos::from_micros(50),
        precision: Nanos::from_micros(1),
        stratum: 2,
        leap: 0,
    }
}

fn servers(protocol: TimeProtocol, names: &[&str]) -> Vec<ServerName> {
    names.iter().map(|name| ServerName::parse(protocol, name).expect("a server")).collect()
}

/// The report of a scan of these hosts against NTP servers that are `ahead`.
fn by_ntp(made: &[fleet::Made], names: &[&str], ahead: Nanos) -> Report {
    let mut seen = fleet::seen(made);
    let server = |name: &&str| TimeServer { name: (*name).to_owned(), exchanges: vec![exchange(ahead)] };
    seen.time_servers = names.iter().map(server).collect();
    fleet::report_of(&seen, &by(ReferenceChoice::Ntp(servers(TimeProtocol::Ntp, names))))
}

#[test]
fn a_server_that_lies_alone_is_contradicted_and_three_of_one_mind_are_believed() {
    let made = claiming("host", 8, Nanos::ZERO);
    let report = by_ntp(&made, &["liar"], OFF);
    assert!(told(&report, "CLK507").what.starts_with("the time server liar is +3.9"), "{:?}", report.findings);
    assert_eq!((report.findings[0].code.as_str(), codes(&report, "host0")), ("CLK507", vec!["CLK101"]));
    assert_eq!(fleet_codes(&report), ["CLK507"], "this machine agrees with the hosts");
    // All hosts follow one upstream: three servers that agree are more witnesses than that one.
    let report = by_ntp(&made, &["a", "b", "c"], OFF);
    assert_eq!(report.findings[0].code, "CLK507");
    assert!(report.findings[0].meaning.contains("more witnesses"), "{:?}", report.findings);
    assert_eq!(codes(&report, "host0"), ["CLK101", "CLK107"]);
    assert_eq!(fleet_codes(&by_ntp(&made, &["a", "b", "c"], Nanos::ZERO)), [""; 0]);
}

#[test]
fn web_servers_that_lie_together_are_contradicted() {
    let made = claiming("host", 8, Nanos::ZERO);
    let names = ["a", "b", "c"];
    let mut seen: Seen = fleet::seen(&made);
    let sent = fleet::STARTED + Nanos::from_millis(1_800);
    let server = |name: &&str| WebServer {
        name: (*name).to_owned(),
        exchanges: vec![date_exchange(sent, sent + Nanos::from_millis(2), sent + OFF)],
        failure: None,
    };
    seen.web_servers = names.iter().map(server).collect();
    let choice = ReferenceChoice::Https(servers(TimeProtocol::Https, &names));
    let report = fleet::report_of(&seen, &by(choice));
    assert!(told(&report, "CLK507").what.starts_with("UTC by 3 servers that were named"), "{:?}", report.findings);
    assert_eq!((report.findings[0].code.as_str(), codes(&report, "host0")), ("CLK507", vec!["CLK101"]));
}

#[test]
fn a_named_host_is_as_far_from_utc_as_it_says_itself() {
    // Two hosts: nobody contradicts the named one, and its own word counts.
    let check = |reference: (i64, &str), other: (i64, &str), expected: &[&str], why: &str| {
        let host =
            |name: &str, (offset_ms, slow): (i64, &str)| fleet::host(name, Nanos::from_millis(offset_ms)).claims(slow);
        let report = fleet::report_by(&[host("other", other), host("time", reference)], &by_host("time"));
        assert_eq!(codes(&report, "other"), expected, "{why}");
    };
    check((-70, "0.07"), (0, "0.0"), &["CLK102"], "the named one slews, and says how far it is");
    check((0, "0.0"), (70, "0.0"), &["CLK107", "CLK102"], "both claim to be right, and one was named");
    check((-70, "0.07"), (70, "0.0"), &["CLK101", "CLK107"], "off from what the named one has for UTC");
}

#[test]
fn the_wrong_controller_that_was_named_is_contradicted() {
    let made = claiming("host", 4, Nanos::ZERO);
    let report = from_controller(&made, OFF, &fleet::by_controller());
    assert!(told(&report, "CLK507").what.starts_with("this machine's clock, which was named"), "{:?}", report.findings);
    assert_eq!(codes(&report, "host0"), ["CLK101"]);
    assert_eq!(report.summary.verdict, Verdict::Crit);
    // What is let pass unwarned is no contradiction of a clock that nothing vouches for.
    assert_eq!(fleet_codes(&from_controller(&made, Nanos::from_millis(40), &fleet::by_controller())), [""; 0]);
}
