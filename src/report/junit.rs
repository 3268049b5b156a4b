//! The report as the XML of `JUnit`, for what shows the tests of a pipeline: each host is a test case, and so is the fleet.
//!
//! A host beyond a limit is a failure, one that was not measured an error; one whose bounds are too wide to tell is skipped, for it
//! is never held against a host. Warnings are failures too, of the type `warn`.

use core::time::Duration;

use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::causes::EVERYBODY;
use super::document::headline;
use super::escape::escaped;
use super::model::{Finding, Fix, FixOutcome, FixedHost, Host, NotAudited, Report, Severity, Verdict};
use super::sentences::{self, fix as fixes};

/// Writes the test suites, with a line end.
pub fn write(report: &Report) -> Result<String, SerializeError> {
    let started = DateTime::<Utc>::from_timestamp_nanos(report.run.started.0.0);
    let took = report.run.finished.0.since(report.run.started.0);
    let took = Duration::from_nanos(u64::try_from(took.0).unwrap_or_default());
    let mut suite = TestSuite::new(if report.fix.is_some() { "fix" } else { "clocks" });
    suite.set_timestamp(started.fixed_offset()).set_time(took);
    suite.add_property(("run", escaped(&report.run.id).as_str()));
    suite.add_property(("reference", escaped(&report.reference.label).as_str()));
    match &report.fix {
        Some(Fix { hosts, .. }) => suite.add_test_cases(hosts.iter().map(of_fix)),
        None => suite.add_test_cases(
            std::iter::once(fleet(report)).chain(report.hosts.iter().map(|host| of_host(host, report))),
        ),
    };
    suite.add_test_cases(report.not_audited.iter().map(not_audited));
    let mut suites = quick_junit::Report::new("clockaudit");
    suites.set_timestamp(started.fixed_offset()).set_time(took).add_test_suite(suite);
    let mut text = suites.to_string()?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The fleet as a test case: its pairs and its reference.
fn fleet(report: &Report) -> TestCase {
    let weighs = |finding: &&Finding| finding.severity != Severity::Note;
    let findings: Vec<&Finding> = report.findings.iter().filter(weighs).collect();
    let mut status = match findings.first() {
        Some(first) => {
            let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failed.set_type(escaped(&first.code)).set_message(escaped(&first.what));
            failed
        }
        None if report.run.partial || report.run.inventory.incomplete => {
            let mut error = TestCaseStatus::non_success(NonSuccessKind::Error);
            let said = sentences::warnings(report).into_iter().map(|(word, what)| format!("{word}: {what}"));
            error.set_type("partial").set_message(said.collect::<Vec<_>>().join("; "));
            error
        }
        None => TestCaseStatus::success(),
    };
    let lines: Vec<String> = findings.into_iter().flat_map(in_full).collect();
    if !lines.is_empty() {
        status.set_description(lines.join("\n"));
    }
    let mut case = TestCase::new("the fleet", status);
    case.set_classname("clocks").set_system_out(headline(report));
    case
}

fn of_host(host: &Host, report: &Report) -> TestCase {
    let mut status = match host.verdict {
        Verdict::Ok => TestCaseStatus::success(),
        Verdict::Warn | Verdict::Crit => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Undecided => TestCaseStatus::skipped(),
        Verdict::Down => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let offset = sentences::in_one_piece(host, &report.reference);
    if host.verdict != Verdict::Ok {
        let (kind, message) = match host.verdict {
            Verdict::Down => {
                (host.error.as_ref().map_or("down", |error| &error.code), sentences::failure_in_full(host))
            }
            Verdict::Crit => ("crit", format!("{offset}  {}", sentences::codes(&host.findings))),
            Verdict::Warn => ("warn", format!("{offset}  {}", sentences::codes(&host.findings))),
            Verdict::Undecided | Verdict::Ok => ("undecided", format!("{offset}: the bounds are too wide to tell")),
        };
        status.set_type(escaped(kind)).set_message(message);
        let lines: Vec<String> = host.findings.iter().flat_map(in_full).collect();
        status.set_description(lines.join("\n"));
    }
    let mut case = TestCase::new(escaped(&host.name), status);
    case.set_classname(class(&host.groups));
    if host.clock.is_some() {
        case.set_system_out(format!("offset {offset}, {}", sentences::time_service(host)));
    }
    case
}

/// A selected host that is not audited is held against nobody.
fn not_audited(host: &NotAudited) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_type("not_audited").set_message(escaped(&host.reason));
    let mut case = TestCase::new(escaped(&host.name), status);
    case.set_classname(class(&host.groups));
    case
}

fn of_fix(host: &FixedHost) -> TestCase {
    let mut status = match host.outcome {
        FixOutcome::Failed | FixOutcome::RolledBack => TestCaseStatus::non_success(NonSuccessKind::Failure),
        FixOutcome::NotAttempted | FixOutcome::Pending => TestCaseStatus::skipped(),
        FixOutcome::Unchanged | FixOutcome::Converged | FixOutcome::ConvergedByClaim | FixOutcome::OnItsWay => {
            TestCaseStatus::success()
        }
    };
    if !matches!(status, TestCaseStatus::Success { .. }) {
        status.set_type(fixes::word(host.outcome)).set_message(fixes::what(host));
        let said: Vec<String> = [&host.why, &host.detail].into_iter().flatten().map(|text| escaped(text)).collect();
        status.set_description(said.join("\n"));
    }
    let mut case = TestCase::new(escaped(&host.name), status);
    case.set_classname(class(&host.groups)).set_system_out(fixes::what(host));
    case
}

/// `clocks.web`, after the first group that says something of the host.
fn class(groups: &[String]) -> String {
    let group = groups.iter().find(|group| !EVERYBODY.contains(&group.as_str()));
    group.map_or_else(|| "clocks".to_owned(), |group| format!("clocks.{}", escaped(group)))
}

fn in_full(finding: &Finding) -> [String; 4] {
    [
        format!("{} {}", escaped(&finding.code), escaped(&finding.what)),
        format!("expected: {}", escaped(&finding.expected)),
        format!("means: {}", escaped(&finding.meaning)),
        format!("do: {}", escaped(&finding.remedy)),
    ]
}
