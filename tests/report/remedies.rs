//! What a host is told to do, by who keeps its clock and by what else was found of it: one row a situation.

use clockaudit::audit::{Policy, ReferenceChoice};
use clockaudit::clock::Nanos;
use clockaudit::probe::{Facts, FactsReading, Seen};
use clockaudit::report::Report;
use clockaudit::report::model::Finding;

use super::fleet::{KERNEL, Made, STARTED, by_controller, host, report_by_controller, report_of, seen};

const HOUR_BEHIND: Nanos = Nanos::from_seconds(-3_600);
const DEBIAN_CHRONY: (&str, &str) =
    ("unit", "Id=chrony.service LoadState=loaded ActiveState=active UnitFileState=enabled");
const DEBIAN_TIMESYNCD: (&str, &str) =
    ("unit", "Id=systemd-timesyncd.service LoadState=loaded ActiveState=active UnitFileState=enabled");

/// The facts of a chronyd that says that its clock is `slow` behind.
fn chronyd(slow: &str) -> Vec<(&'static str, String)> {
    let tracking = format!("0A000001,10.0.0.1,3,1795535990.0,{slow},0.0,0.0,-3.1,0.0,0.0,0.00002,0.000006,64.2,Normal");
    [("chrony.csv", tracking.as_str()), ("proc", "chronyd"), KERNEL, DEBIAN_CHRONY].map(owned).into()
}

fn owned((key, value): (&'static str, &str)) -> (&'static str, String) {
    (key, value.to_owned())
}

fn timesyncd() -> Vec<(&'static str, String)> {
    let message = "(uuuuittayttttbtt) 0 4 4 2 -20 1200 900 4 17 253 34 123 1795535990000000 1795535987900000 1795535987900020 \
                   1795535990000400 false 9 0";
    [
        ("timesyncd", "s \"ntp.ubuntu.com\""),
        ("timesyncd", "t 64000000"),
        ("timesyncd", message),
        ("proc", "systemd-timesyn"),
        KERNEL,
        DEBIAN_TIMESYNCD,
    ]
    .map(owned)
    .into()
}

fn made(offset: Nanos, facts: Vec<(&'static str, String)>) -> Made {
    Made { facts, ..host("a", offset) }
}

fn report(offset: Nanos, facts: Vec<(&'static str, String)>) -> Report {
    report_by_controller(&[made(offset, facts)])
}

fn finding<'report>(report: &'report Report, code: &str) -> &'report Finding {
    let findings = &report.hosts.first().expect("a host").findings;
    findings.iter().find(|found| found.code == code).expect(code)
}

/// What such a host is told to do about this code.
fn remedy(offset: Nanos, facts: Vec<(&'static str, String)>, code: &str) -> String {
    let remedy = finding(&report(offset, facts), code).remedy.clone();
    assert!(remedy.chars().count() <= 200, "two lines are enough: {remedy}");
    remedy
}

#[test]
fn a_clock_that_is_off_is_put_right_by_what_keeps_it() {
    let two_seconds = Nanos::from_millis(2_104);
    let check = |offset: Nanos, facts: Vec<(&'static str, String)>, beside: &str, expected: &str| {
        let report = report(offset, facts);
        finding(&report, beside);
        let code = if offset.abs() > Nanos::from_millis(100) { "CLK101" } else { "CLK102" };
        assert_eq!(finding(&report, code).remedy, expected, "beside {beside}");
    };
    check(
        two_seconds,
        chronyd("0.000003"),
        "CLK107",
        "change its source, which is wrong (CLK107): after any step the clock goes back there",
    );
    check(two_seconds, vec![owned(KERNEL)], "CLK201", "run a timekeeper that may step (CLK201)");
    let stopped = "Id=chrony.service LoadState=loaded ActiveState=inactive UnitFileState=enabled";
    check(
        two_seconds,
        vec![owned(KERNEL), owned(("unit", stopped))],
        "CLK202",
        "start its timekeeper, which may step the clock then (CLK202)",
    );
    let knows = "wait, or step it at once with `sudo chronyc makestep` where a jump does no harm";
    check(two_seconds, chronyd("-2.104"), "CLK109", knows);
    check(Nanos::from_millis(63), chronyd("-0.063"), "CLK109", knows);
    let unsynchronised = ["chrony.csv", "proc", "kernel"].into_iter().zip([
        "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised".to_owned(),
        "chronyd".to_owned(),
        KERNEL.1.to_owned(),
    ]);
    check(
        two_seconds,
        unsynchronised.collect(),
        "CLK204",
        "give its timekeeper a source that answers (CLK204); without one it corrects nothing",
    );
    check(
        two_seconds,
        [("container", "/.dockerenv"), ("proc", "chronyd"), KERNEL].map(owned).into(),
        "CLK404",
        "put the node's clock right: nothing inside of a container can (CLK404)",
    );
    let both = [chronyd("-2.104"), timesyncd()].concat();
    check(two_seconds, both, "CLK203", "keep one timekeeper (CLK203)");
    check(
        two_seconds,
        timesyncd(),
        "CLK208",
        "have it ask its server again: `sudo systemctl restart systemd-timesyncd`",
    );
}

#[test]
fn an_hour_is_put_right_only_by_what_is_there() {
    let rtc = "write it to the RTC: `sudo timedatectl set-local-rtc 0`";
    let none = remedy(HOUR_BEHIND, vec![owned(KERNEL)], "CLK104");
    assert_eq!(
        none,
        format!(
            "run a timekeeper that may step (CLK201); once the clock is right, {rtc} or `sudo hwclock --systohc --utc`"
        )
    );
    let knows = remedy(HOUR_BEHIND, chronyd("3600.0"), "CLK104");
    assert_eq!(
        knows,
        format!(
            "wait, or step it at once with `sudo chronyc makestep` where a jump does no harm; once the clock is right, {rtc}"
        )
    );
    for facts in [vec![owned(KERNEL)], timesyncd(), chronyd("0.0")] {
        let text = remedy(HOUR_BEHIND, facts, "CLK104");
        assert!(!text.contains("chronyc"), "nothing there could do that: {text}");
    }
    let openrc = [KERNEL, ("os.ID", "alpine"), ("unit", "Id=chronyd LoadState=loaded ActiveState=inactive")];
    let openrc = remedy(HOUR_BEHIND, openrc.map(owned).into(), "CLK104");
    assert!(openrc.ends_with("write it to the RTC: `sudo hwclock --systohc --utc`"), "{openrc}");
}

#[test]
fn nobody_steps_to_where_a_wrong_source_is() {
    // It says that 300 s are left, and the measurement that it is right.
    let report = report(Nanos::ZERO, chronyd("-300.0"));
    for code in ["CLK109", "CLK306"] {
        let text = &finding(&report, code).remedy;
        assert!(text.starts_with("change its source first (CLK107)") && !text.contains("makestep"), "{code}: {text}");
    }
    finding(&report, "CLK107");
}

#[test]
fn the_rtc_is_written_only_by_a_right_clock() {
    let with_rtc = |offset: Nanos| {
        let facts = [chronyd("0.0"), vec![owned(("adjtime", "LOCAL"))]].concat();
        remedy(offset, facts, "CLK403")
    };
    let write = "write it to the RTC: `sudo timedatectl set-local-rtc 0`";
    assert_eq!(with_rtc(Nanos::ZERO), format!("with the clock right, {write}"));
    assert_eq!(with_rtc(HOUR_BEHIND), format!("put the clock right first (CLK104), then {write}"));
}

#[test]
fn a_contradicted_claim_is_looked_into_with_the_program_that_is_there() {
    let check = |facts: Vec<(&'static str, String)>, with: &str| {
        let text = remedy(Nanos::from_seconds(60), facts, "CLK107");
        assert!(text.starts_with(&format!("see its sources ({with})")), "{text}");
    };
    check(chronyd("0.0"), "`chronyc -n sources`");
    check(timesyncd(), "`timedatectl timesync-status`");
}

/// A fleet that follows a named host, a controller that is off from it, and what that one's chronyd says.
fn outlier(said: Option<&str>) -> String {
    let offset = Nanos::from_seconds(3);
    let mut seen: Seen = seen(&[host("utc", offset)]);
    seen.controller_facts = said.map(|line| FactsReading {
        bracket: None,
        facts: Facts(vec![("chrony.csv".to_owned(), line.to_owned())]),
        complete: true,
    });
    let policy = Policy { reference: ReferenceChoice::Host("utc".to_owned()), ..by_controller() };
    let report = report_of(&seen, &policy);
    let found = report.findings.iter().find(|found| found.code == "CLK504").expect("the outlier");
    found.remedy.clone()
}

#[test]
fn the_controller_is_told_by_what_is_known_of_its_own_timekeeper() {
    let tracking = |slow: &str| {
        let at = STARTED.0 / 1_000_000_000;
        format!("0A000001,10.0.0.1,3,{at}.0,{slow},0.0,0.0,-3.1,0.0,0.0,0.00002,0.000006,64.2,Normal")
    };
    let check = |said: Option<&str>, begins: &str| {
        let text = outlier(said);
        assert!(text.starts_with(begins), "{text}");
        assert!(said.is_some() || !text.contains("chronyc"), "no chronyc answers there: {text}");
    };
    check(None, "no chronyd answers on this machine");
    check(Some(&tracking("0.000001")), "this machine's chronyd follows a source that is wrong, or this reference is");
    check(Some(&tracking("3.0")), "this machine's chronyd knows: wait, or step it at once");
    check(
        Some("7F7F0101,,10,1795535990.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Normal"),
        "this machine's chronyd follows its own clock",
    );
    check(
        Some("00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised"),
        "this machine's chronyd follows nothing",
    );
}
