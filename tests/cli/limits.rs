//! What is asked of hosts, through the whole program: limits of the inventory, and pairs that no single host shows.

use std::fs;

use clockaudit::report::Report;
use clockaudit::report::model::Verdict;

use super::{Scanned, file, off_by, run};

fn verdicts(report: &Report) -> Vec<(&str, Verdict)> {
    report.hosts.iter().map(|host| (host.name.as_str(), host.verdict)).collect()
}

#[test]
fn two_hosts_that_each_warn_can_be_too_far_apart_together() {
    let fleet = Scanned::new(vec![off_by("ahead", 60), off_by("behind", -60)]);
    let session = fleet.scan(&["-o", "json", "--reference", "controller"]);
    assert_eq!(session.status, Some(2), "{}", session.transcript());
    let report = session.report();
    assert_eq!(verdicts(&report), [("ahead", Verdict::Warn), ("behind", Verdict::Warn)]);
    let said: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(said.contains(&"CLK103"), "{}", session.transcript());
    assert_eq!((report.summary.verdict, report.summary.pairs.beyond), (Verdict::Crit, 1));
    let widest = report.summary.widest.as_ref().expect("a pair");
    assert_eq!((widest.ahead.as_str(), widest.behind.as_str()), ("ahead", "behind"));
    let table = fleet.scan(&["--reference", "controller"]);
    assert_eq!(table.status, Some(2), "{}", table.transcript());
    assert!(
        table.stdout.contains("CLK103  more than 100 ms apart: 1 of 1 pair, most ahead - behind"),
        "{}",
        table.stdout
    );
    // Either of them alone is a warning and no more.
    assert_eq!(fleet.scan(&["--reference", "controller", "-l", "ahead"]).status, Some(1));
}

#[test]
fn what_the_inventory_asks_of_hosts_is_kept_for_whoever_judges_again() {
    let fleet = Scanned::new(vec![off_by("mon01", 60), off_by("old01", 700), off_by("web01", 60)]);
    let folder = tempfile::tempdir().expect("a folder");
    let limits = "\n[mon]\nmon01\n[mon:vars]\nclockaudit_profile=ceph\n\
                  [old]\nold01\n[old:vars]\nclockaudit_warn=2s\nclockaudit_crit=5s\n";
    let text = fs::read_to_string(&fleet.inventory).expect("the inventory") + limits;
    let inventory = file(folder.path(), "hosts.ini", &text);
    let (stored, trace) = (folder.path().join("out.json"), folder.path().join("out.jsonl"));
    let (stored, trace) = (stored.to_str().expect("text"), trace.to_str().expect("text"));
    let by_controller = ["--reference", "controller"];
    let files = ["--ssh-option", &fleet.known_hosts, "--export", stored, "--record", trace];
    let scanned = run(&[&["scan", &inventory], by_controller.as_slice(), &files].concat());
    assert_eq!(scanned.status, Some(2), "{}", scanned.transcript());
    for line in ["of mon01   profile ceph: warn 25 ms, crit 50 ms", "of old01   warn 2 s, crit 5 s"] {
        assert!(scanned.stdout.contains(line), "{line}\n{}", scanned.stdout);
    }
    assert!(
        scanned.stdout.contains("3: 0 beyond their limits (50 ms to 5 s), 0 undecided, 3 within"),
        "{}",
        scanned.stdout
    );

    let expected = [("mon01", Verdict::Crit), ("old01", Verdict::Ok), ("web01", Verdict::Warn)];
    let again = run(&["report", stored, "-o", "json"]);
    let first = again.report();
    assert_eq!(verdicts(&first), expected);
    let text = fs::read_to_string(stored).expect("the export");
    let of_another_run = file(folder.path(), "another.json", &text.replace(&first.run.id, "another"));
    for arguments in [["replay", trace].as_slice(), &["merge", stored, &of_another_run], &["merge", stored, trace]] {
        let is_replay = arguments.contains(&"replay");
        let more: &[&str] = if is_replay { &by_controller } else { &[] };
        let session = run(&[arguments, more, &["-o", "json"]].concat());
        assert_eq!(session.status, Some(2), "{arguments:?}: {}", session.transcript());
        let report = session.report();
        assert_eq!(verdicts(&report), expected, "{arguments:?}");
        assert_eq!(report.summary.pairs, first.summary.pairs, "{arguments:?}");
        let asked = |report: &Report| report.hosts.iter().map(|host| host.policy.clone()).collect::<Vec<_>>();
        assert_eq!(asked(&report), asked(&first), "{arguments:?}");
    }
    let explained = run(&["explain", "mon01", "--report", stored]);
    let asked = "Limits      profile ceph: warn 25 ms, crit 50 ms, as its inventory asks of it";
    assert!(explained.stdout.contains(asked), "{}", explained.transcript());
    // A flag wins there as it does in a scan.
    let lax = run(&["replay", trace, "--warn", "2s", "--crit", "5s", "--profile", "etcd", "-o", "json"]);
    assert_eq!(lax.status, Some(0), "{}", lax.transcript());
}

#[test]
fn a_recorded_scan_is_judged_by_its_own_flags_until_others_are_typed() {
    let fleet = Scanned::new(vec![off_by("here", 0), off_by("off", 30)]);
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("out.jsonl");
    let trace = trace.to_str().expect("text");
    let by_controller = ["--reference", "controller", "-o", "json"];
    let scanned = fleet.scan(&[&by_controller[..], &["--warn", "5ms", "--crit", "20ms", "--record", trace]].concat());
    let crit = [("here", Verdict::Ok), ("off", Verdict::Crit)];
    assert_eq!((scanned.status, verdicts(&scanned.report())), (Some(2), crit.into()), "{}", scanned.transcript());
    let replayed = run(&[&["replay", trace], &by_controller[..]].concat());
    assert_eq!((replayed.status, verdicts(&replayed.report())), (Some(2), crit.into()), "{}", replayed.transcript());
    assert_eq!(replayed.report().policy, scanned.report().policy);
    // What is typed says it all: the profile's own limits, and not what was recorded.
    let typed = run(&[&["replay", trace, "--profile", "etcd"], &by_controller[..]].concat());
    assert_eq!(verdicts(&typed.report()), [("here", Verdict::Ok), ("off", Verdict::Ok)], "{}", typed.transcript());
    // A trace of before they were recorded is judged by the standard limits.
    let text = fs::read_to_string(trace).expect("the trace");
    let (before, after) = text.split_once("\"asked\":{").expect("what was asked");
    let (asked, after) = after.split_once("},").expect("its end");
    assert_eq!(asked, "\"warn_ns\":5000000,\"crit_ns\":20000000");
    let old = file(folder.path(), "old.jsonl", &format!("{before}{after}"));
    let old = run(&[&["replay", &old], &by_controller[..]].concat());
    assert_eq!(verdicts(&old.report()), [("here", Verdict::Ok), ("off", Verdict::Ok)], "{}", old.transcript());
    assert_eq!(old.report().policy.warn_s.0.to_seconds_text(), "0.050000000");
}
