//! Selected hosts that are not audited: every form of the report tells them, and a stored or joined report tells them on.

use super::fleet;
use clockaudit::clock::Nanos;
use clockaudit::report::merge::merge;
use clockaudit::report::model::{NotAudited, Report};
use clockaudit::report::table::{self, Detail, Page};
use clockaudit::report::{csv, document, events, explain, json, junit, markdown, nagios};

fn left_out(name: &str, by: &str) -> NotAudited {
    NotAudited {
        name: name.to_owned(),
        groups: vec!["edge".to_owned()],
        by: by.to_owned(),
        reason: format!("connection '{by}' is not supported; clockaudit needs SSH and chrony"),
    }
}

/// A report of these hosts, with others that are not audited.
fn report(run: &str, hosts: &[&str], others: &[(&str, &str)]) -> Report {
    let made: Vec<fleet::Made> = hosts.iter().map(|name| fleet::host(name, Nanos::ZERO)).collect();
    let mut report = fleet::report_by_controller(&made);
    run.clone_into(&mut report.run.id);
    report.not_audited = others.iter().map(|(name, by)| left_out(name, by)).collect();
    report
}

fn mixed() -> Report {
    report(
        "mixed",
        &["web1", "web2"],
        &[("sw1", "ansible.netcommon.network_cli"), ("win01", "winrm"), ("win02", "winrm")],
    )
}

#[test]
fn the_table_tells_them_in_one_line_and_wide_with_the_reasons() {
    let text = |detail| table::render(&mixed(), detail, Page::ENDLESS);
    let line = "\n3 not audited: win[01-02] (winrm), sw1 (network_cli)   (list them: -o wide)\n";
    assert!(text(Detail::Summary).contains(line), "{}", text(Detail::Summary));
    let wide = text(Detail::Wide);
    let why = "\nNot audited  sw1: connection 'ansible.netcommon.network_cli' is not supported;";
    assert!(wide.contains(why) && wide.contains("\n             win[01-02]: connection 'winrm' is not"), "{wide}");
    let whole = table::render(&report("whole", &["web1"], &[]), Detail::Wide, Page::ENDLESS);
    assert!(!whole.to_lowercase().contains("not audited"), "{whole}");
}

#[test]
fn no_line_is_wider_than_its_page_however_many_there_are() {
    let named = (0..5_000).map(|number| {
        let name = format!("host-{}.of-a-site-with-a-long-name.example", number * number);
        left_out(&name, &format!("plugin{}", number % 900))
    });
    let mut report = report("many", &["web1"], &[]);
    report.not_audited = named.collect();
    for columns in [40, 80, 200] {
        let text = table::render(&report, Detail::Summary, Page::of_width(columns)).replace("\u{1b}[32m", "");
        let text = text.replace("\u{1b}[0m", "");
        assert!(text.lines().all(|line| line.chars().count() <= columns), "{columns}: {text}");
        assert!(text.lines().count() <= 40 && text.contains("5000 not audited:"), "{columns}: {text}");
    }
}

#[test]
fn other_forms_tell_them_too() {
    let report = mixed();
    let page = markdown::write(&document::of(&report));
    assert!(page.contains("3 not audited: win"), "{page}");
    assert!(
        nagios::write(&report).contains("\n3 not audited: win[01-02] (winrm), sw1 (network"),
        "{}",
        nagios::write(&report)
    );
    let suites = junit::write(&report).expect("XML");
    assert!(suites.contains("name=\"win01\"") && suites.matches("<skipped").count() == 3, "{suites}");
}

#[test]
fn json_lines_and_csv_have_them_with_their_reasons() {
    let report = mixed();
    let text = json::write(&report).expect("JSON");
    assert_eq!(json::read(&text).expect("a report"), report);
    let stored = text.replacen("\"not_audited\"", "\"not_known\"", 1);
    assert_eq!(json::read(&stored).expect("a report of before it was stored").not_audited, []);
    let lines = events::write(&report).expect("lines");
    let told = "{\"event\":\"not_audited\",\"data\":{\"name\":\"win01\",\"groups\":[\"edge\"],\"by\":\"winrm\",\"reason\":\"conn";
    assert_eq!(lines.matches("\"event\":\"not_audited\"").count(), 3);
    assert!(lines.contains(told), "{lines}");
    let table = csv::write(&report).expect("CSV");
    let rows: Vec<&str> = table.lines().collect();
    let reason = "connection 'winrm' is not supported; clockaudit needs SSH and chrony";
    assert!(rows[4].starts_with("win01,,,\"[\"\"edge\"\"]\",not_audited,,"), "{table}");
    assert!(rows[4].ends_with(&format!(",winrm,{reason}")), "{table}");
    assert_eq!(rows.len(), 6);
    let columns = csv::COLUMNS.len();
    assert!(rows[3..].iter().all(|row| row.replace("\"[\"\"edge\"\"]\"", "").split(',').count() == columns), "{table}");
}

#[test]
fn a_host_that_is_not_audited_has_a_page() {
    let report = mixed();
    let page = explain::not_audited(&report.not_audited[1], &report, Page::ENDLESS);
    let expected =
        "Groups      edge\nWhy         connection 'winrm' is not supported; clockaudit needs SSH and chrony\n";
    assert!(page.starts_with("win01  not audited\n\nScan ") && page.ends_with(expected), "{page}");
}

#[test]
fn joined_reports_have_those_that_no_controller_audited() {
    let one = report("one", &["web1", "gate"], &[("win01", "winrm"), ("box", "network_cli")]);
    let other = report("other", &["web1", "box"], &[("win01", "winrm"), ("sw1", "network_cli")]);
    let merged = merge(&[one, other], "merged", false).expect("joined");
    let names: Vec<&str> = merged.not_audited.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["sw1", "win01"]);
    assert_eq!((merged.hosts.len(), merged.run.inventory.selected), (3, 5));
}
