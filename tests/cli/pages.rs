//! What is no report: comparisons and verdicts on tokens as files, and pages of `explain` that no scan is needed for.

use std::fs;

use clockaudit::report::json;
use clockaudit::report::model::Report;

use super::{file, run};

const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports/0.1.0.json");

fn stored() -> Report {
    json::read(include_str!("../data/reports/0.1.0.json")).expect("a stored report")
}

#[test]
fn a_comparison_is_written_to_files_as_it_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut later = stored();
    later.hosts.retain(|host| host.name != "auth02");
    let later = file(folder.path(), "later.json", &json::write(&later).expect("JSON"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let exports = ["a.json", "a.md", "a.txt"].map(|name| (path(name), name));
    let mut arguments = vec!["compare", STORED, &later, "-o", "json"];
    arguments.extend(exports.iter().flat_map(|(path, _)| ["--export", path.as_str()]));
    let session = run(&arguments);
    for ((path, _), form) in exports.iter().zip(["json", "md", "table"]) {
        let printed = run(&["compare", STORED, &later, "-o", form]);
        assert_eq!(printed.status, session.status, "{}", printed.transcript());
        assert_eq!(fs::read_to_string(path).expect("a file"), printed.stdout, "{form}");
    }
    assert!(fs::read_to_string(path("a.txt")).expect("a file").contains("auth02"));
}

#[test]
fn a_file_that_cannot_be_a_comparison_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.csv", "a.html", "a.jsonl", "a.pdf", "a"] {
        let path = folder.path().join(name).display().to_string();
        for arguments in [["compare", "missing.json", "missing.json"], ["token", "missing", "host.example,"]] {
            let session = run(&[&arguments[..], &["--export", &path]].concat());
            assert_eq!(session.status, Some(64), "{name}: {}", session.transcript());
            assert!(session.stderr.contains("`.json`, `.md` or `.txt`"), "{name}: {}", session.transcript());
            assert!(!fs::exists(&path).expect("a folder"));
        }
    }
    let session = run(&["compare", STORED, STORED, "--export", "/nowhere/a.md"]);
    assert_eq!(session.status, Some(74), "{}", session.transcript());
}

#[test]
fn hosts_that_are_gone_are_all_named_on_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut before = stored();
    let (template, mut hosts) = (before.hosts[0].clone(), Vec::new());
    for number in 0..60 {
        let mut host = template.clone();
        host.name = format!("host-{}-of-site-{}", number * 7 % 61, number * 13 % 59);
        hosts.push(host);
    }
    before.hosts.extend(hosts.clone());
    let before = file(folder.path(), "before.json", &json::write(&before).expect("JSON"));
    let page = run(&["compare", &before, STORED, "-o", "md"]).stdout;
    let line = page.lines().find(|line| line.contains("Not in it any more")).expect("a line");
    for host in &hosts {
        assert!(line.contains(&host.name), "{}: {line}", host.name);
    }
}

#[test]
fn a_report_that_contradicts_itself_is_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut edited = stored();
    edited.summary.counts.crit = 0;
    let edited = file(folder.path(), "edited.json", &json::write(&edited).expect("JSON"));
    for form in ["table", "json", "html"] {
        let session = run(&["report", &edited, "-o", form]);
        assert_eq!((session.status, session.stdout.as_str()), (Some(65), ""), "{}", session.transcript());
        let words = "`summary.counts.crit` is 0, and of its hosts 2 are crit";
        assert!(session.stderr.contains(words), "{}", session.transcript());
    }
}

#[test]
fn events_that_are_taken_for_a_report_are_told_as_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scan.jsonl").display().to_string();
    assert!(run(&["report", STORED, "--export", &path]).stdout.contains("auth02"));
    for arguments in [vec!["report", &path], vec!["compare", &path, STORED]] {
        let session = run(&arguments);
        assert_eq!(session.status, Some(65), "{}", session.transcript());
        assert!(session.stderr.contains("`.jsonl` holds the events of a scan"), "{}", session.transcript());
    }
}

#[test]
fn tokens_and_inventories_are_explained_however_they_are_written() {
    for subject in ["jwt", "JWT", "Jwt"] {
        let session = run(&["explain", subject]);
        assert_eq!(session.status, Some(0), "{}", session.transcript());
        assert!(session.stdout.starts_with("jwt  tokens between hosts"), "{}", session.stdout);
    }
    for (subject, title) in [
        ("INV301", "INV301  expression that is not evaluated\n"),
        ("inv302", "INV302  vault value without its password\n"),
        ("INV303", "INV303  unknown inventory plugin\n"),
        ("INV304", "INV304  host that is there twice\n"),
        ("INV305", "INV305  incomplete inventory\n"),
    ] {
        let session = run(&["explain", subject]);
        assert_eq!(session.status, Some(0), "{}", session.transcript());
        assert!(session.stdout.starts_with(title), "{}", session.stdout);
        assert!(session.stdout.lines().all(|line| line.chars().count() <= 100), "{}", session.stdout);
    }
    let session = run(&["explain", "INV306", "--report", STORED]);
    assert_eq!(session.status, Some(64), "{}", session.transcript());
    assert!(session.stderr.contains("did you mean `INV30"), "{}", session.transcript());
    // A host of that name is a host.
    let folder = tempfile::tempdir().expect("a folder");
    let mut report = stored();
    report.hosts[0].name = "JWT".to_owned();
    let named = file(folder.path(), "named.json", &json::write(&report).expect("JSON"));
    assert!(run(&["explain", "JWT", "--report", &named]).stdout.starts_with("JWT  "));
}
