//! Two reports beside each other: what people see, what is stored, and since when a finding is there.

use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::changes::note_first_seen;
use clockaudit::report::compare::{compare, json, page, table};
use clockaudit::report::model::{ChangeKind, Comparison};
use clockaudit::report::quantity::Instant;
use clockaudit::report::table::Page;
use clockaudit::report::{Report, markdown};

use crate::fleet;

/// Seven hosts, of which the offsets of the last two are told, in milliseconds.
fn scan(fourth: i64, fifth: i64) -> Report {
    let mut made: Vec<fleet::Made> =
        (1..=5).map(|index| fleet::host(&format!("web{index}"), Nanos::ZERO).claims("0.0")).collect();
    made.push(fleet::host("db1", Nanos::from_millis(fourth)).claims("0.0"));
    made.push(fleet::host("db2", Nanos::from_millis(fifth)).claims("0.0"));
    fleet::report(&made)
}

fn of(comparison: &Comparison, kind: ChangeKind) -> Vec<String> {
    let findings = comparison.findings.iter().filter(|finding| finding.change == kind);
    findings.map(|finding| format!("{} {}", finding.code, finding.host.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn what_came_went_and_grew_is_told_with_both_offsets() {
    let comparison = compare(&scan(0, 2_000), &scan(3_000, 9_000));
    assert_eq!(of(&comparison, ChangeKind::New), ["CLK101 db1", "CLK107 db1"]);
    assert_eq!(of(&comparison, ChangeKind::Worse), ["CLK101 db2", "CLK107 db2"]);
    assert!(comparison.has_new());
    let text = table(&comparison, Page::ENDLESS);
    assert!(text.contains("\nNew         CLK101  db1  "), "{text}");
    assert!(text.contains("before, +3.00"), "{text}");
    assert!(text.contains("\nWorse       CLK101  db2  +2.00"), "{text}");

    let back = compare(&scan(3_000, 9_000), &scan(0, 2_000));
    assert_eq!(of(&back, ChangeKind::Resolved), ["CLK101 db1", "CLK107 db1"]);
    assert_eq!(of(&back, ChangeKind::Better), ["CLK101 db2", "CLK107 db2"]);
    assert!(!back.has_new());
    let same = compare(&scan(0, 2_000), &scan(0, 2_000));
    assert!(table(&same, Page::ENDLESS).contains("\nChanges     none\n"));
}

#[test]
fn hosts_that_come_and_go_are_named() {
    let mut more = scan(0, 0);
    let mut fewer = more.clone();
    fewer.hosts.retain(|host| host.name != "web3");
    more.hosts.retain(|host| host.name != "db1");
    let comparison = compare(&fewer, &more);
    assert_eq!(
        (comparison.appeared.as_slice(), comparison.disappeared.as_slice()),
        (&["web3".to_owned()][..], &["db1".to_owned()][..])
    );
    let text = table(&comparison, Page::ENDLESS);
    assert!(text.contains("\nAppeared    web3\nNot in it   db1\n"), "{text}");
}

#[test]
fn a_comparison_is_harmless_and_every_digit_of_it_is_stored() {
    let hostile = "|<b>`x`\u{1b}[2J";
    let bad = |offset: i64| {
        fleet::report(&[
            fleet::host("a", Nanos::ZERO).claims("0.0"),
            fleet::host("b", Nanos::ZERO).claims("0.0"),
            fleet::host("c", Nanos::ZERO).claims("0.0"),
            fleet::host(hostile, Nanos::from_millis(offset)).claims("0.0"),
        ])
    };
    let comparison = compare(&bad(0), &bad(5_000));
    let text = json(&comparison).expect("JSON");
    assert!(!text.contains('\u{1b}'));
    assert_eq!(serde_json::from_str::<Comparison>(&text).expect("the same"), comparison);
    let markdown = markdown::write(&page(&comparison));
    assert!(!markdown.contains('\u{1b}') && markdown.contains("\\|<b>"), "{markdown}");
    assert!(!table(&comparison, Page::ENDLESS).contains('\u{1b}'));
}

#[test]
fn a_finding_keeps_its_first_day_while_it_lasts() {
    let at = |mut report: Report, day: i64| {
        report.run.started = Instant(fleet::STARTED + Nanos::from_seconds(86_400 * day));
        report
    };
    let first = |report: &Report, host: &str| {
        let host = report.hosts.iter().find(|found| found.name == host).expect("the host");
        host.findings.iter().find(|finding| finding.code == "CLK101").and_then(|finding| finding.first_seen)
    };
    let day = |day: i64| Some(Instant(fleet::STARTED + Nanos::from_seconds(86_400 * day)));
    // A report that was kept by an older version tells of no first day: its own is the first that is known.
    let old = at(scan(2_000, 0), 0);
    let mut next = at(scan(2_000, 2_000), 1);
    note_first_seen(Some(&old), &mut next);
    assert_eq!((first(&next, "db1"), first(&next, "db2")), (day(0), day(1)));
    let mut last = at(scan(2_000, 2_000), 2);
    note_first_seen(Some(&next), &mut last);
    assert_eq!((first(&last, "db1"), first(&last, "db2")), (day(0), day(1)));
    let text = table(&compare(&next, &at(scan(9_000, 0), 3)), Page::ENDLESS);
    assert!(text.contains("db2") && text.contains("Resolved"), "{text}");
    // What was mended and comes back is new.
    let mut mended = at(scan(0, 2_000), 3);
    note_first_seen(Some(&last), &mut mended);
    let mut again = at(scan(2_000, 2_000), 4);
    note_first_seen(Some(&mended), &mut again);
    assert_eq!((first(&again, "db1"), first(&again, "db2")), (day(4), day(1)));
    let mut alone = at(scan(2_000, 0), 5);
    note_first_seen(None, &mut alone);
    assert_eq!(first(&alone, "db1"), day(5));
}

#[test]
fn many_hosts_of_one_code_are_one_line() {
    let fleet_of = |offset: i64| {
        let bad = (0..50).map(|index| fleet::host(&format!("web{index:02}"), Nanos::from_millis(offset)));
        let good = (0..200).map(|index| fleet::host(&format!("db{index:03}"), Nanos::ZERO));
        fleet::report_by_controller(&bad.chain(good).collect::<Vec<_>>())
    };
    let text = table(&compare(&fleet_of(0), &fleet_of(700)), Page::ENDLESS);
    assert!(text.contains("\nNew         CLK101  50 hosts: web[00-49]\n"), "{text}");
    let gone: Vec<fleet::Made> = (0..3)
        .map(|index| {
            fleet::host(&format!("web0{index}"), Nanos::ZERO).fails(FailureCode::Refused, Stage::Connect, "none")
        })
        .collect();
    let text = table(&compare(&fleet_of(700), &fleet::report_by_controller(&gone)), Page::ENDLESS);
    assert!(text.contains("SSH902") && text.contains("Not in it"), "{text}");
}
