//! Whole fleets in trouble: what is said of each, and what is not.

use super::{codes, fleet};
use clockaudit::audit::{Policy, ReferenceChoice, ServerName, TimeProtocol};
use clockaudit::clock::reference::NtpExchange;
use clockaudit::clock::{Nanos, UnixNanos};
use clockaudit::probe::TimeServer;
use clockaudit::report::Report;
use clockaudit::report::model::{ReferenceKind, Verdict};

fn verdict(report: &Report, name: &str) -> Verdict {
    report.hosts.iter().find(|host| host.name == name).expect("a host of the fleet").verdict
}

fn said<'report>(report: &'report Report, code: &str) -> &'report str {
    report.findings.iter().find(|finding| finding.code == code).map_or("", |finding| finding.what.as_str())
}

fn claiming(count: usize) -> Vec<fleet::Made> {
    (0..count).map(|index| fleet::host(&format!("good{index}"), Nanos::ZERO).claims("0.0")).collect()
}

/// A chronyd that follows this source and is content.
fn following(name: &str, offset: Nanos, reference_id: &str, source: &str) -> fleet::Made {
    let tracking = format!(
        "{reference_id},{source},3,1795535990.0,0.0,0.000001,0.000002,-3.1,0.001,0.010,0.000020,0.000006,64.2,Normal"
    );
    let line = |state: &str, source: &str| format!("^,{state},{source},2,6,377,20,0.000001,0.000001,0.0001");
    let (followed, other) = (line("*", source), line("+", source));
    let facts = [("chrony.csv", tracking.as_str()), ("chrony.csv", &followed), ("chrony.csv", &other)];
    fleet::host(name, offset).says(&[&facts[..], &[("proc", "chronyd"), fleet::KERNEL]].concat())
}

#[test]
fn two_hosts_that_are_let_pass_one_by_one_are_too_far_from_each_other() {
    let mut made = claiming(4);
    made.push(fleet::host("ahead", Nanos::from_millis(60)));
    made.push(fleet::host("behind", Nanos::from_millis(-60)));
    let report = fleet::report(&made);
    for name in ["ahead", "behind"] {
        assert_eq!((verdict(&report, name), codes(&report, name)), (Verdict::Warn, vec!["CLK102"]));
    }
    assert!(
        said(&report, "CLK103").contains("1 of 15 pairs, most ahead - behind by 120"),
        "{}",
        said(&report, "CLK103")
    );
    assert_eq!(report.summary.verdict, Verdict::Crit, "exit code 2");
}

#[test]
fn a_plain_timesyncd_fleet_is_judged_by_agreement_and_nothing_is_called_utc() {
    // Each has been answered by its server and is content: 0.1 ms there, 0.1 ms back.
    let message = "(uuuuittayttttbtt) 0 4 4 2 -20 1200 900 4 10 0 0 1 1795535990000000 1795535990000100 1795535990000120 \
                   1795535990000220 false 9 0";
    let facts = [
        ("timesyncd", "s \"10.0.0.1\""),
        ("timesyncd", "t 64000000"),
        ("timesyncd", message),
        ("timesyncd.rc", "0"),
        ("proc", "systemd-timesyn"),
        fleet::KERNEL,
    ];
    let at = |name: &str, offset: Nanos| fleet::host(name, offset).says(&facts);
    let mut made: Vec<fleet::Made> = (1..5).map(|index| at(&format!("web{index}"), Nanos::ZERO)).collect();
    made.push(at("late", Nanos::from_seconds(-3)));
    let report = fleet::report(&made);
    assert_eq!(report.reference.kind, ReferenceKind::Agreement);
    assert!(report.reference.label.contains("4 agreeing hosts") && report.reference.label.contains("not UTC"));
    assert_eq!(verdict(&report, "late"), Verdict::Crit);
    assert!(codes(&report, "late").contains(&"CLK101"));
    for index in 1..5 {
        let name = format!("web{index}");
        assert_eq!((verdict(&report, &name), codes(&report, &name)), (Verdict::Ok, vec!["CLK208"]));
    }
}

#[test]
fn a_fleet_that_smears_by_half_is_two_clusters() {
    let mut made: Vec<fleet::Made> = Vec::new();
    for index in 0..3 {
        made.push(following(&format!("aws{index}"), Nanos::ZERO, "A9FEA97B", "169.254.169.123"));
        made.push(following(&format!("pool{index}"), Nanos::from_millis(400), "A29FC801", "162.159.200.1"));
    }
    let report = fleet::report(&made);
    let mixed = said(&report, "CLK302");
    assert!(mixed.contains("3 hosts (aws0) smear") && mixed.contains("3 hosts (pool0) do not"), "{mixed}");
    let split = said(&report, "CLK507");
    assert!(split.contains("3 follow A9FEA97B") && split.contains("3 follow A29FC801"), "{split}");
    assert_eq!(report.summary.pairs.beyond, 9, "every pair across, none within");
    assert_eq!(report.reference.kind, ReferenceKind::None);
}

#[test]
fn whole_hours_and_containers_are_told_by_their_names() {
    let mut made = claiming(3);
    made.push(fleet::host("zone", Nanos::from_seconds(-3_600)));
    let pod = [("container", "/run/.containerenv"), ("node", "worker-7"), ("proc", "bash"), fleet::KERNEL];
    made.push(fleet::host("pod", Nanos::ZERO).says(&pod));
    let report = fleet::report(&made);
    assert!(codes(&report, "zone").contains(&"CLK104"));
    let pod = report.hosts.iter().find(|host| host.name == "pod").expect("the pod");
    let container = pod.findings.iter().find(|finding| finding.code == "CLK404").expect("a container");
    assert!(container.what.ends_with("on node worker-7"), "{}", container.what);
}

/// A server that is `ahead` of the axis, 2 ms away, right to 101 us by its own account.
fn server(name: &str, ahead: Nanos) -> TimeServer {
    let sent = fleet::STARTED + Nanos::from_millis(1_800);
    let at = |millis: i64| -> UnixNanos { sent + Nanos::from_millis(millis) };
    let exchange = NtpExchange {
        sent,
        server_received: at(1) + ahead,
        server_sent: at(1) + ahead,
        received: at(2),
        root_delay: Nanos::from_micros(100),
        root_dispersion: Nanos::from_micros(50),
        precision: Nanos::from_micros(1),
        stratum: 2,
        leap: 0,
    };
    TimeServer { name: name.to_owned(), exchanges: vec![exchange] }
}

/// The report of a scan of hosts without claims, one right and one 70 ms ahead, against the servers `named`.
fn by_servers(named: &[&str], answered: Vec<TimeServer>) -> Report {
    let mut seen = fleet::seen(&[fleet::host("right", Nanos::ZERO), fleet::host("ahead", Nanos::from_millis(70))]);
    seen.time_servers = answered;
    let named = named.iter().map(|name| ServerName::parse(TimeProtocol::Ntp, name).expect("a server")).collect();
    fleet::report_of(&seen, &Policy { reference: ReferenceChoice::Ntp(named), ..Policy::standard() })
}

#[test]
fn a_lying_server_among_three_is_named() {
    let answered =
        vec![server("a", Nanos::ZERO), server("b:11123", Nanos::from_seconds(2)), server("c", Nanos::from_micros(40))];
    let report = by_servers(&["a", "b:11123", "c"], answered);
    assert_eq!(report.reference.kind, ReferenceKind::Ntp);
    assert_eq!(report.reference.label, "UTC, where 2 of 3 time servers agree (a, c)");
    let doubt = said(&report, "CLK507");
    assert!(doubt.contains("b:11123: the others contradict it, it is +2") && !doubt.contains("a:"), "{doubt}");
    assert_eq!((codes(&report, "right"), codes(&report, "ahead")), (vec![], vec!["CLK102"]));
    let meaning = &report.findings.iter().find(|finding| finding.code == "CLK507").expect("a doubt").meaning;
    assert!(meaning.contains("the servers that agree are believed"), "{meaning}");
}

#[test]
fn servers_without_a_majority_are_no_reference_and_nothing_else_is_asked() {
    let answered = || vec![server("a", Nanos::ZERO), server("b", Nanos::from_seconds(2))];
    let report = by_servers(&["a", "b"], answered());
    assert_eq!(report.reference.kind, ReferenceKind::None);
    assert!(said(&report, "CLK507").contains("a: no majority agrees with it; b: no majority"));
    let meaning = &report.findings.iter().find(|finding| finding.code == "CLK507").expect("a doubt").meaning;
    assert!(meaning.contains("nothing is taken for UTC"), "{meaning}");
    // One that was not named has no vote, and one that is silent is told.
    let report = by_servers(&["b", "c"], answered());
    assert_eq!(report.reference.label, "UTC, as the time server b has it");
    assert_eq!(said(&report, "CLK507"), "the time server c did not answer");
    let meaning = &report.findings.iter().find(|finding| finding.code == "CLK507").expect("a doubt").meaning;
    assert!(meaning.contains("says nothing, neither for a clock nor against it"), "{meaning}");
    let report = by_servers(&["a"], answered());
    assert_eq!((report.reference.kind, said(&report, "CLK507")), (ReferenceKind::Ntp, ""));
}

#[test]
fn servers_that_give_no_answer_are_told_as_such_and_what_that_means() {
    let check = |named: &[&str], label: &str, what: &str| {
        let report = by_servers(named, Vec::new());
        assert_eq!(report.reference.kind, ReferenceKind::None);
        assert!(report.reference.label.starts_with(&format!("none: {label}")), "{}", report.reference.label);
        let finding = report.findings.iter().find(|finding| finding.code == "CLK507").expect("a doubt");
        assert_eq!(finding.what, what);
        assert!(finding.meaning.contains("says nothing against any clock"), "{}", finding.meaning);
        assert!(finding.remedy.contains("UDP port 123"), "{}", finding.remedy);
    };
    check(&["a"], "the time server that was named did not answer", "the time server a did not answer");
    let both = "time servers that did not answer: a, b";
    check(&["a", "b"], "none of the 2 time servers that were named answered", both);
    // Two that contradict each other are another matter.
    let label = by_servers(&["a", "b"], vec![server("a", Nanos::ZERO), server("b", Nanos::from_seconds(2))]).reference;
    assert!(label.label.starts_with("none: no majority of the 2 time servers that told the time"), "{}", label.label);
}
