//! Reports to make tickets of.

use clockaudit::report::json;
use clockaudit::report::model::{Cause, Counts, Host, Report, Verdict};

/// Names that mean something to every markup there is.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "{noformat}{code}|h1. x|",
    "a`b```\n# x | y @all #12 \u{202e}",
    "\"}],\"x\":\"{{ secret }}",
    "</pre>\u{1b}[2J%0d%0aX: y",
    "🕐時計\\\\'$(id)'",
];

/// Twelve hosts, half of them bad.
pub(crate) fn bad() -> Report {
    json::read(include_str!("../data/reports/0.1.0.json")).expect("a stored report")
}

/// The same with two causes.
pub(crate) fn with_causes() -> Report {
    let mut report = bad();
    let cause = |code: &str, host: &str| Cause {
        what: format!("what {code} is"),
        verdict: Verdict::Crit,
        codes: vec![code.to_owned()],
        upstream: None,
        virtualisation: None,
        group: None,
        offset_band: None,
        hosts: vec![host.to_owned()],
    };
    report.causes = vec![cause("CLK101", "auth02"), cause("CLK107", "db01")];
    report
}

/// One host more is bad, and one less.
pub(crate) fn changed() -> Report {
    let mut report = bad();
    let finding = |report: &Report, name: &str| {
        report.hosts.iter().find(|host| host.name == name).expect("a host").findings.clone()
    };
    let findings = finding(&report, "db01");
    for host in &mut report.hosts {
        match host.name.as_str() {
            "api02" => (host.verdict, host.findings) = (Verdict::Warn, findings.clone()),
            "db01" => (host.verdict, host.findings) = (Verdict::Ok, Vec::new()),
            _ => {}
        }
    }
    "20261125T160000Z-0002".clone_into(&mut report.run.id);
    report
}

/// Nothing is wrong.
pub(crate) fn clear() -> Report {
    let mut report = bad();
    let good = report.hosts.iter().find(|host| host.verdict == Verdict::Ok).expect("a good host").clone();
    for host in &mut report.hosts {
        if host.verdict != Verdict::Ok {
            *host = Host { name: host.name.clone(), groups: host.groups.clone(), ..good.clone() };
        }
    }
    all_is_well(report)
}

/// The report as one of a run that began so many days later.
pub(crate) fn later(mut report: Report, days: i64, run: &str) -> Report {
    let nanos = days * 86_400_000_000_000;
    report.run.started.0.0 += nanos;
    report.run.finished.0.0 += nanos;
    run.clone_into(&mut report.run.id);
    report
}

/// It is bad again, after all was well.
pub(crate) fn bad_again() -> Report {
    later(bad(), 4, "20261128T160000Z-0006")
}

/// No host is bad; two of them are too far apart.
pub(crate) fn apart() -> Report {
    let mut report = clear();
    report.findings = bad().findings.into_iter().filter(|finding| finding.code == "CLK103").collect();
    assert_eq!(report.findings.len(), 1);
    "1 of 15 pairs".clone_into(&mut report.findings[0].what);
    report.summary.verdict = Verdict::Crit;
    "20261127T160000Z-0004".clone_into(&mut report.run.id);
    report
}

/// Nothing is wrong of what is left of the inventory, which is what was good.
pub(crate) fn shrunk() -> Report {
    let mut report = bad();
    report.hosts.retain(|host| host.verdict == Verdict::Ok);
    all_is_well(report)
}

fn all_is_well(mut report: Report) -> Report {
    report.causes.clear();
    let ok = report.hosts.len();
    report.summary.verdict = Verdict::Ok;
    report.summary.counts = Counts { ok, warn: 0, crit: 0, undecided: 0, down: 0 };
    report.findings.clear();
    report.pairs_worst.clear();
    "20261126T160000Z-0003".clone_into(&mut report.run.id);
    report
}

/// Ten thousand bad hosts with hostile names.
pub(crate) fn many() -> Report {
    let mut report = bad();
    let bad: Vec<_> = report.hosts.iter().filter(|host| host.verdict != Verdict::Ok).cloned().collect();
    let named = |number: usize| {
        let mut host = bad[number % bad.len()].clone();
        host.name = format!("{}{number}", HOSTILE[number % HOSTILE.len()].repeat(1 + number % 9));
        for finding in &mut host.findings {
            finding.what = format!("{} {}", finding.what, HOSTILE[number % HOSTILE.len()]);
        }
        host
    };
    report.hosts = (0..10_000).map(named).collect();
    report.summary.counts = counts(&report);
    report.causes = (0..300)
        .map(|number| Cause {
            what: format!("{} {number}", HOSTILE[number % HOSTILE.len()].repeat(5)),
            verdict: Verdict::Crit,
            codes: vec!["CLK101".to_owned()],
            upstream: None,
            virtualisation: None,
            group: None,
            offset_band: None,
            hosts: report.hosts.iter().skip(number).step_by(300).map(|host| host.name.clone()).collect(),
        })
        .collect();
    report
}

/// The report as a scan stores it: with the numbers of its hosts.
pub(crate) fn stored(report: &Report) -> String {
    let mut report = report.clone();
    report.summary.counts = counts(&report);
    json::write(&report).expect("JSON")
}

fn counts(report: &Report) -> Counts {
    let count = |verdict: Verdict| report.hosts.iter().filter(|host| host.verdict == verdict).count();
    Counts {
        ok: count(Verdict::Ok),
        warn: count(Verdict::Warn),
        crit: count(Verdict::Crit),
        undecided: count(Verdict::Undecided),
        down: count(Verdict::Down),
    }
}
