//! The report of a fix: what is stored of it, what people see, and what it ends with.

use clockaudit::audit::{ExitStatus, FailOn};
use clockaudit::clock::{Nanos, UnixNanos};
use clockaudit::fix::Refusal;
use clockaudit::fix::attempt::{Cause, Early, Outcome};
use clockaudit::fix::remote::Kept;
use clockaudit::fix::rollout::{HostEnd, Spared};
use clockaudit::probe::Interruption;
use clockaudit::report::fix::{EndedHost, FixRun, compose, exit_status};
use clockaudit::report::model::{FixCounts, FixOutcome, Interrupted, Kind};
use clockaudit::report::table::{Detail, Page, render};
use clockaudit::report::{Report, csv, events, explain, json};
use serde_json::Value;

use super::mending::{Mended, STOCK, around};
use super::{fleet, plain};

/// A host of a rollout: how it ended, what it said, and its last offset in milliseconds.
struct End {
    name: String,
    how: HostEnd,
    detail: Option<&'static str>,
    last: Option<i64>,
    kept: Vec<Kept>,
}

fn end(name: &str, how: HostEnd, last: Option<i64>) -> End {
    let backup = Some("/etc/chrony/chrony.conf.clockaudit-20261124T160000Z-0001".to_owned());
    let kept = vec![Kept { path: "/etc/chrony/chrony.conf".to_owned(), backup }];
    End { name: name.to_owned(), how, detail: None, last, kept }
}

/// A run: what was planned, how it ended, and both scans.
struct Run {
    mended: Mended,
    ends: Vec<End>,
    before: Report,
    after: Option<Report>,
    interrupted: Option<Interruption>,
}

impl Run {
    /// Scans hosts with these offsets in milliseconds before, and those that were attempted afterwards.
    fn of(mended: Mended, ends: Vec<End>, offsets: &[(String, i64)]) -> Self {
        let made = |(name, millis): &(String, i64)| fleet::host(name, Nanos::from_millis(*millis)).of("web");
        let before: Vec<fleet::Made> = offsets.iter().map(made).collect();
        let attempted = ends.iter().filter(|end| matches!(end.how, HostEnd::Attempted(_)));
        let after: Vec<fleet::Made> =
            attempted.map(|end| made(&(end.name.clone(), end.last.unwrap_or_default()))).collect();
        let after = (!after.is_empty()).then(|| fleet::report_by_controller(&after));
        Self { mended, ends, before: fleet::report_by_controller(&before), after, interrupted: None }
    }

    fn report_as(&self, run: Option<&str>) -> Report {
        let forecasts = self.mended.forecasts();
        let ended: Vec<EndedHost<'_>> = self
            .ends
            .iter()
            .map(|End { name, how, detail, last, kept }| {
                let last = last.map(|millis| around(millis, 14));
                EndedHost { name, end: *how, detail: *detail, last, kept }
            })
            .collect();
        compose(&FixRun {
            view: self.mended.view(&forecasts),
            run,
            ended: &ended,
            before: &self.before,
            after: self.after.as_ref(),
            finished: self.before.run.started.0 + Nanos::from_seconds(95),
            interrupted: self.interrupted,
            journal: run.map(|_| "/home/ops/.local/state/clockaudit/journals/20261124T160000Z-0001.jsonl"),
            retry: run.map(|_| "/home/ops/.local/state/clockaudit/20261124T160000Z-0001.retry"),
        })
    }

    fn report(&self) -> Report {
        self.report_as(Some("20261124T160000Z-0001"))
    }
}

/// One host for each way to end.
fn mixed() -> Run {
    let done = "server 169.254.169.123 prefer iburst\nmakestep 1.0 3\nrtcsync\n";
    let managed = format!("# Ansible managed\n{STOCK}");
    let hosts: [(&str, &str, i64); 9] = [
        ("claims", STOCK, 80),
        ("db1", &managed, -8_000),
        ("db2", STOCK, 8_000),
        ("fails", STOCK, 300),
        ("same", done, 3),
        ("slews", STOCK, 9_000),
        ("spared", STOCK, -70),
        ("web1", STOCK, -45_000),
        ("web2", STOCK, -250),
    ];
    let mended = Mended::of(hosts.map(|(name, text, millis)| (name.to_owned(), text, millis)))
        .refuses("ahead", &Refusal::StepBack { offset: "+120.301 s ± 12 ms".to_owned() })
        .refuses("edge", &Refusal::NotMeasured("SSH901  no answer in 10.0 s (connect)".to_owned()));
    let attempted = HostEnd::Attempted;
    let said = "chronyd: Fatal error : Could not open /etc/chrony/chrony.conf";
    let ends = vec![
        end("claims", attempted(Outcome::ConvergedByClaim), Some(30)),
        End { detail: Some(said), ..end("db1", attempted(Outcome::RolledBack(Cause::NotApplied)), Some(-8_000)) },
        end("db2", attempted(Outcome::Converged), Some(2)),
        end("fails", attempted(Outcome::Failed(Cause::NotReverted)), Some(300)),
        end("slews", attempted(Outcome::OnItsWay(Early::Slewed)), Some(4_000)),
        end("spared", HostEnd::NotAttempted(Spared::BudgetSpent), None),
        end("web1", attempted(Outcome::Converged), Some(-1)),
        end("web2", attempted(Outcome::Converged), Some(1)),
    ];
    let mut offsets: Vec<(String, i64)> = hosts.map(|(name, _, millis)| (name.to_owned(), millis)).into();
    offsets.push(("ahead".to_owned(), 120_301));
    Run::of(mended, ends, &offsets)
}

fn host<'report>(report: &'report Report, name: &str) -> &'report clockaudit::report::model::FixedHost {
    let fix = report.fix.as_ref().expect("what was mended");
    fix.hosts.iter().find(|host| host.name == name).expect("the host")
}

#[test]
fn every_host_is_told_with_how_it_ended_and_why() {
    let report = mixed().report();
    assert_eq!((report.kind, report.run.id.as_str()), (Kind::Fix, "20261124T160000Z-0001"));
    let fix = report.fix.as_ref().expect("what was mended");
    let expected = FixCounts {
        pending: 0,
        unchanged: 1,
        converged: 3,
        converged_by_claim: 1,
        on_their_way: 1,
        rolled_back: 1,
        failed: 1,
        not_attempted: 3,
    };
    assert_eq!((fix.counts, fix.hosts.len()), (expected, 11));
    assert!(fix.hosts.is_sorted_by_key(|host| &host.name));
    let check = |name: &str, outcome: FixOutcome, reason: Option<&str>, before: Option<i64>, after: Option<i64>| {
        let host = host(&report, name);
        assert_eq!((host.outcome, host.reason.as_deref()), (outcome, reason), "{name}");
        let millis = |offset: clockaudit::report::model::FixOffset| offset.offset_s.0.0 / 1_000_000;
        assert_eq!((host.before.map(millis), host.after.map(millis)), (before, after), "{name}");
    };
    check("web1", FixOutcome::Converged, None, Some(-45_000), Some(-1));
    check("same", FixOutcome::Unchanged, None, Some(3), None);
    check("db1", FixOutcome::RolledBack, Some("not_applied"), Some(-8_000), Some(-8_000));
    check("fails", FixOutcome::Failed, Some("not_reverted"), Some(300), Some(300));
    check("spared", FixOutcome::NotAttempted, Some("budget_spent"), Some(-70), None);
    check("ahead", FixOutcome::NotAttempted, Some("step_back"), None, None);
    let web1 = host(&report, "web1");
    assert_eq!(web1.files[0].backup.as_deref(), Some("/etc/chrony/chrony.conf.clockaudit-20261124T160000Z-0001"));
    assert_eq!(web1.groups, ["web"]);
    assert!(web1.verdict_before.is_some() && web1.verdict_after.is_some());
    assert!(host(&report, "spared").verdict_after.is_none());
    assert!(host(&report, "spared").why.as_deref().unwrap_or_default().contains("--max-fail"));
    // Hosts of the scan afterwards are the report's hosts, and what changed between the scans is told.
    assert_eq!(report.hosts.len(), 7);
    assert!(report.changes.as_ref().is_some_and(|changes| !changes.resolved.is_empty()));
    let diffs: Vec<&str> = fix.diffs.iter().flat_map(|diff| &diff.files).map(String::as_str).collect();
    assert!(diffs.iter().all(|diff| diff.contains("\n+server 169.254.169.123 prefer iburst\n")), "{diffs:#?}");
}

#[test]
fn what_was_mended_reads_like_this() {
    let report = mixed().report();
    let text = |detail, page| plain(&render(&report, detail, page));
    insta::assert_snapshot!("fix", text(Detail::Summary, Page::ENDLESS));
    insta::assert_snapshot!("fix_at_80_columns", text(Detail::Summary, Page::of_width(80)));
    insta::assert_snapshot!("fix_wide", text(Detail::Wide, Page::ENDLESS));
    let scanned = report.hosts.iter().find(|host| host.name == "db1").expect("the host");
    let pages = [
        explain::host(scanned, &report, Page::ENDLESS),
        explain::fixed_page(host(&report, "ahead"), &report, Page::ENDLESS),
    ];
    insta::assert_snapshot!("fix_explained", pages.join("\n"));
}

#[test]
fn a_run_that_is_told_to_end_tells_how_far_each_host_was() {
    let offsets = [("looked", -3_000), ("unseen", -3_000)].map(|(name, millis)| (name.to_owned(), millis));
    let mended = Mended::of(offsets.iter().map(|(name, millis)| (name.clone(), STOCK, *millis)));
    let early = |early| HostEnd::Attempted(Outcome::OnItsWay(early));
    let ends = vec![end("looked", early(Early::NotHeld), Some(2)), end("unseen", early(Early::NotMeasured), None)];
    let report = Run { interrupted: Some(Interruption::Interrupt), ..Run::of(mended, ends, &offsets) }.report();
    let told = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    for line in [
        "EARLY   looked  -3.00 s ± 12 ms  +0 ms ± 16 ms  right, not for the hold time yet\n",
        "EARLY   unseen  -3.00 s ± 12 ms              -  follows its new source, not measured since\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let reasons = ["looked", "unseen"].map(|name| host(&report, name).reason.clone().unwrap_or_default());
    assert_eq!(reasons, ["not_held", "not_measured"]);
}

#[test]
fn what_a_host_said_that_could_not_be_begun_stands_beside_it() {
    let offsets = ["busy", "edited", "web1"].map(|name| (name.to_owned(), -3_000));
    let mended = Mended::of(offsets.iter().map(|(name, millis)| (name.clone(), STOCK, *millis)));
    let said = |detail, name| End { detail, ..end(name, HostEnd::NotAttempted(Spared::CouldNotBegin), None) };
    let ends = vec![
        said(Some("another run of clockaudit works on it: 20261124T155900Z-0001"), "busy"),
        said(Some("a file was changed since it was looked at: /etc/chrony/chrony.conf"), "edited"),
        end("web1", HostEnd::Attempted(Outcome::Converged), Some(2)),
    ];
    let report = Run::of(mended, ends, &offsets).report();
    let text = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "busy: it could not be begun when its turn came: another run of clockaudit works on it: 20261124T155900Z-0001",
        "edited: it could not be begun when its turn came: a file was changed since it was looked at: /etc/chrony/chrony.conf",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn what_ends_the_scan_afterwards_ends_the_run() {
    let name = "web1";
    let offsets = [(name.to_owned(), -3_000)];
    let check = |of_rollout, of_scan: Option<Interrupted>, expected: Option<Interrupted>, code: ExitStatus| {
        let mended = Mended::of(offsets.iter().map(|(name, millis)| (name.clone(), STOCK, *millis)));
        let mut run = Run::of(mended, vec![end(name, HostEnd::Attempted(Outcome::Converged), Some(2))], &offsets);
        run.interrupted = of_rollout;
        let after = run.after.as_mut().expect("a scan afterwards");
        (after.run.interrupted, after.run.partial) = (of_scan, of_scan.is_some());
        let report = run.report();
        assert_eq!((report.run.interrupted, report.run.partial), (expected, expected.is_some()));
        assert_eq!(exit_status(&report, FailOn::Down), Some(code), "{expected:?}");
    };
    check(None, None, None, ExitStatus::Good);
    check(None, Some(Interrupted::Deadline), Some(Interrupted::Deadline), ExitStatus::Incomplete);
    check(None, Some(Interrupted::Interrupt), Some(Interrupted::Interrupt), ExitStatus::Incomplete);
    let deadline = (Some(Interruption::Deadline), Some(Interrupted::Deadline));
    check(deadline.0, None, deadline.1, ExitStatus::Incomplete);
}

#[test]
fn a_file_that_somebody_changed_meanwhile_is_told_and_warns() {
    let names = ["claims", "ends", "web1"];
    let offsets = names.map(|name| (name.to_owned(), -3_000));
    let mended = Mended::of(offsets.iter().map(|(name, millis)| (name.clone(), STOCK, *millis)));
    let detail = Some("/etc/chrony/chrony.conf is not what was written: somebody changed it meanwhile");
    let edited = |name, how| End { detail, ..end(name, HostEnd::Attempted(how), Some(2)) };
    let ends = vec![
        edited("claims", Outcome::Edited { is_measured: false }),
        edited("ends", Outcome::OnItsWay(Early::Edited)),
        edited("web1", Outcome::Edited { is_measured: true }),
    ];
    let report = Run::of(mended, ends, &offsets).report();
    for (name, outcome) in
        names.into_iter().zip([FixOutcome::ConvergedByClaim, FixOutcome::OnItsWay, FixOutcome::Converged])
    {
        let host = host(&report, name);
        assert_eq!((host.outcome, host.reason.as_deref()), (outcome, Some("edited")), "{name}");
    }
    let mut right = report.clone();
    let fix = right.fix.as_mut().expect("a fix");
    fix.hosts.retain(|host| host.name == "web1");
    fix.counts = FixCounts { converged: 1, ..FixCounts::default() };
    fix.new_warnings = false;
    assert_eq!(exit_status(&right, FailOn::Down), Some(ExitStatus::Warning));
    let text = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    for told in [
        "right by its chronyd's word, a file edited since\n",
        "follows its new source, a file edited since\n",
        "stepped forward, a file edited since\n",
        "claims: somebody changed a file there after it was written",
        "(/etc/chrony/chrony.conf is not what was written: somebody changed it meanwhile)",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn what_was_only_planned_has_pending_hosts_and_no_run() {
    let mut run = mixed();
    (run.ends, run.after) = (Vec::new(), None);
    let report = run.report_as(None);
    let fix = report.fix.as_ref().expect("what would be mended");
    let counts = FixCounts { pending: 8, unchanged: 1, not_attempted: 2, ..FixCounts::default() };
    assert_eq!((fix.counts, &fix.run, &fix.journal), (counts, &None, &None));
    assert_eq!(report.hosts.len(), run.before.hosts.len());
    assert_eq!(exit_status(&report, FailOn::Down), Some(ExitStatus::Good));
    let text = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    assert!(text.contains("a fix, only planned") && text.contains("will be stepped forward"), "{text}");
    assert!(!text.contains("rollback"), "{text}");
    // A run that was begun and ended before a host's turn leaves it out, which is no plan.
    let report = run.report();
    assert_eq!(host(&report, "web1").reason.as_deref(), Some("not_begun"));
}

#[test]
fn the_exit_code_is_the_worst_that_happened_whenever_it_is_asked() {
    let check = |outcomes: &[HostEnd], refuses: bool, interrupted: Option<Interruption>, expected: ExitStatus| {
        let names: Vec<String> = (0..outcomes.len()).map(|index| format!("web{index}")).collect();
        let mut mended = Mended::of(names.iter().map(|name| (name.clone(), STOCK, -300)));
        if refuses {
            mended = mended.refuses("edge", &Refusal::NoService);
        }
        let ends = names.iter().zip(outcomes).map(|(name, outcome)| end(name, *outcome, Some(0))).collect();
        let offsets: Vec<(String, i64)> = names.iter().map(|name| (name.clone(), -300)).collect();
        let run = Run { interrupted, ..Run::of(mended, ends, &offsets) };
        let report = run.report();
        assert_eq!(exit_status(&report, FailOn::Down), Some(expected), "{outcomes:?}");
        let stored = json::read(&json::write(&report).unwrap()).unwrap();
        assert_eq!(exit_status(&stored, FailOn::Down), Some(expected), "{outcomes:?}");
        assert_eq!(exit_status(&stored, FailOn::Never), Some(ExitStatus::Good), "{outcomes:?}");
    };
    let converged = HostEnd::Attempted(Outcome::Converged);
    let by_claim = HostEnd::Attempted(Outcome::ConvergedByClaim);
    let back = HostEnd::Attempted(Outcome::RolledBack(Cause::StillOff));
    let spared = HostEnd::NotAttempted(Spared::BudgetSpent);
    check(&[converged], false, None, ExitStatus::Good);
    check(&[converged, by_claim], false, None, ExitStatus::Warning);
    check(&[converged, by_claim, spared], false, None, ExitStatus::Incomplete);
    check(&[converged], true, None, ExitStatus::Incomplete);
    check(&[converged, spared, back], true, None, ExitStatus::Critical);
    check(&[converged], false, Some(Interruption::Deadline), ExitStatus::Incomplete);
    assert_eq!(exit_status(&fleet::report(&fleet::dozen()), FailOn::Down), None);
}

#[test]
fn a_host_that_is_as_wanted_and_wrong_warns_whenever_it_is_asked() {
    let mut report = mixed().report();
    let fix = report.fix.as_mut().expect("a fix");
    fix.hosts.retain(|host| host.outcome == FixOutcome::Unchanged);
    fix.counts = FixCounts { unchanged: 1, ..FixCounts::default() };
    fix.new_warnings = false;
    report.run.partial = false;
    assert_eq!(exit_status(&report, FailOn::Down), Some(ExitStatus::Good));
    let same = report.fix.as_mut().and_then(|fix| fix.hosts.first_mut()).expect("a host");
    same.reason = Some("not_followed".to_owned());
    same.why = Some("its chronyd follows 192.0.2.1".to_owned());
    assert_eq!(exit_status(&report, FailOn::Down), Some(ExitStatus::Warning));
    assert_eq!(exit_status(&report, FailOn::Crit), Some(ExitStatus::Good));
    let text = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    for told in ["as wanted, but not followed", "Look at", "same: its chronyd follows 192.0.2.1"] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn only_a_warning_that_is_new_counts() {
    let run = |before: i64, after: i64| {
        let mended = Mended::of([("web".to_owned(), STOCK, before)]);
        let ends = vec![end("web", HostEnd::Attempted(Outcome::Converged), Some(after))];
        let report = Run::of(mended, ends, &[("web".to_owned(), before)]).report();
        exit_status(&report, FailOn::Down)
    };
    // CLK102 before and afterwards; afterwards only; before only.
    assert_eq!(run(-70, 70), Some(ExitStatus::Good));
    assert_eq!(run(0, 70), Some(ExitStatus::Warning));
    assert_eq!(run(-70, 0), Some(ExitStatus::Good));
}

#[test]
fn the_report_is_valid_by_the_schema_and_loses_nothing() {
    let schema: Value = serde_json::from_str(&json::schema().unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut run = mixed();
    let whole = run.report();
    (run.ends, run.after) = (Vec::new(), None);
    for report in [whole, run.report_as(None)] {
        let text = json::write(&report).unwrap();
        assert_eq!(json::read(&text).unwrap(), report);
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let lines: Vec<Value> =
            events::write(&report).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of_kind =
            |kind: &'static str| lines.iter().filter(move |line| line["event"] == kind).map(|line| &line["data"]);
        let hosts: Vec<&Value> = of_kind("fixed").collect();
        assert_eq!(hosts, value["fix"]["hosts"].as_array().unwrap().iter().collect::<Vec<_>>());
        let mut fix = value["fix"].clone();
        fix.as_object_mut().unwrap().remove("hosts");
        assert_eq!(of_kind("fix").collect::<Vec<_>>(), [&fix]);
    }
}

#[test]
fn csv_has_a_line_for_each_host_of_the_fix() {
    let report = mixed().report();
    let text = csv::write(&report).unwrap();
    let lines: Vec<&str> = text.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[0], csv::FIX_COLUMNS.join(","));
    let web1 = lines.iter().find(|line| line.starts_with("web1,")).expect("the line");
    assert!(
        web1.contains(",converged,,,,-45.000000000,-45.012000000,-44.988000000,-0.001000000,-0.015000000,0.013000000,steps,forward,7.000000000,false,"),
        "{web1}"
    );
}

/// Thousands of hosts that end in every way.
fn many() -> Report {
    let names: Vec<String> = (0..3_000).map(|index| format!("web{index:04}")).collect();
    let offset = |index: usize| i64::try_from(index * 37 % 9_000).unwrap() - 6_000;
    let mut mended = Mended::of(names.iter().enumerate().map(|(index, name)| (name.clone(), STOCK, offset(index))));
    for index in 0..500 {
        let refusal = Refusal::StepBack { offset: format!("+{}.000 s ± 12 ms", 20 + index) };
        mended = mended.refuses(&format!("edge{}", index * 3), &refusal);
    }
    let ends = names.iter().enumerate().map(|(index, name)| match index % 97 {
        3 => end(name, HostEnd::Attempted(Outcome::RolledBack(Cause::StillOff)), Some(offset(index))),
        5 => end(name, HostEnd::Attempted(Outcome::Failed(Cause::ConnectionLost)), None),
        7 => end(name, HostEnd::NotAttempted(Spared::BudgetSpent), None),
        9 => end(name, HostEnd::Attempted(Outcome::ConvergedByClaim), Some(40)),
        _ => end(name, HostEnd::Attempted(Outcome::Converged), Some(1)),
    });
    let offsets: Vec<(String, i64)> =
        names.iter().enumerate().map(|(index, name)| (name.clone(), offset(index))).collect();
    Run::of(mended, ends.collect(), &offsets).report()
}

#[test]
fn thousands_of_hosts_stay_readable_and_in_full_each_has_its_line() {
    let report = many();
    for columns in [60, 80, 100, 200] {
        let text = plain(&render(&report, Detail::Summary, Page::of_width(columns)));
        assert!(text.lines().count() <= 70, "{columns}: {} lines\n{text}", text.lines().count());
        // A path stays whole: it is there to be copied.
        let is_broken = |line: &str| line.trim_start().contains(' ');
        let too_wide = text.lines().find(|line| line.chars().count() > columns && is_broken(line));
        assert_eq!(too_wide.filter(|line| !line.starts_with("Journal ")), None, "{columns}");
    }
    let text = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    assert!(
        text.contains("31 failed   31 rolled back   531 not attempted   31 converged by claim   2876 converged"),
        "{text}"
    );
    let wide = plain(&render(&report, Detail::Wide, Page::ENDLESS));
    for host in &report.fix.as_ref().expect("what was mended").hosts {
        assert!(wide.contains(&format!(" {} ", host.name)), "{}", host.name);
    }
}

#[test]
fn what_hosts_said_does_nothing_to_a_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}\u{9b}31m\u{0}";
    let mut report = mixed().report();
    let fix = report.fix.as_mut().expect("what was mended");
    (fix.run, fix.change, fix.journal, fix.retry) =
        (Some(evil.to_owned()), evil.to_owned(), Some(evil.to_owned()), Some(evil.to_owned()));
    fix.diffs[0].files = vec![evil.repeat(3)];
    for host in &mut fix.hosts {
        host.name = format!("{}{evil}", host.name);
        host.reason = host.reason.as_ref().map(|_| evil.to_owned());
        host.why = host.why.as_ref().map(|_| evil.repeat(500));
        host.detail = Some(evil.repeat(500));
        (host.service, host.version, host.configuration) =
            (Some(evil.to_owned()), Some(evil.to_owned()), Some(evil.to_owned()));
        host.warnings = vec![evil.repeat(500)];
        host.groups = vec![evil.to_owned()];
        for file in &mut host.files {
            (file.path, file.backup) = (evil.to_owned(), Some(evil.to_owned()));
        }
    }
    let mut texts = vec![csv::write(&report).unwrap().replace("\r\n", "\n"), events::write(&report).unwrap()];
    for (detail, page) in [(Detail::Summary, Page::ENDLESS), (Detail::Wide, Page::of_width(80))] {
        texts.push(plain(&render(&report, detail, page)));
    }
    texts.push(explain::fixed_page(&report.fix.as_ref().expect("what was mended").hosts[0], &report, Page::ENDLESS));
    for text in texts {
        let acts = |character: &char| (character.is_control() && *character != '\n') || *character == '\u{202e}';
        assert_eq!(text.chars().find(acts), None, "{text}");
    }
}

#[test]
fn an_end_by_a_signal_is_told() {
    let mut run = mixed();
    run.interrupted = Some(Interruption::Interrupt);
    let report = run.report();
    assert!(report.run.partial);
    let text = plain(&render(&report, Detail::Summary, Page::ENDLESS));
    assert!(
        text.contains("PARTIAL   the run was ended by Ctrl-C; hosts that were not attempted are as they were"),
        "{text}"
    );
    assert_ne!(report.run.finished.0, UnixNanos(0));
}
