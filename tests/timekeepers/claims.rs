//! What chronyc says of the clock is read as an independent reader of the same files reads it (`expected.json`).

use std::collections::BTreeMap;
use std::fs;

use clockaudit::audit::{Policy, circumstantial_findings};
use clockaudit::clock::{Interval, Nanos, UnixNanos};
use clockaudit::probe::Facts;
use clockaudit::timekeeper::chrony::{Refusal, Tracking, TrackingError};
use clockaudit::timekeeper::{ClaimOutcome, NoAnswer, TimeService, Timekeeper, claim};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::captures::{self, captures, folder};

/// What the facts script would have sent for a capture of chronyc.
fn facts_of(name: &str, captures: &BTreeMap<String, String>) -> Facts {
    let Facts(mut facts) = captures::facts_of(&[name], captures);
    for (key, value) in [
        ("chrony.version", "chronyc (chrony) version 4.3 (+READLINE +SECHASH +IPV6 -DEBUG)"),
        ("proc", "chronyd"),
        ("kernel", "Linux 6.1.0 x86_64"),
    ] {
        facts.push((key.to_owned(), value.to_owned()));
    }
    Facts(facts)
}

fn outcome_as_json(outcome: &ClaimOutcome) -> Value {
    let word = match outcome {
        ClaimOutcome::Claimed(_) => "claimed",
        ClaimOutcome::NotSynchronised(_) => "not synchronised",
        ClaimOutcome::Local(_) => "local",
        ClaimOutcome::NoAnswer { cause: NoAnswer::CannotTalk, .. } => return json!({ "outcome": "refused" }),
        other => return json!({ "outcome": format!("{other:?}") }),
    };
    let claim = outcome.said().expect("something was said");
    let Interval { lo, hi } = claim.interval();
    json!({
        "outcome": word,
        "reference_id": claim.reference_id.to_string(),
        "source": claim.source,
        "stratum": claim.stratum,
        "offset_ns": claim.offset.0,
        "frequency_ppb": claim.frequency.ppb(),
        "root_delay_ns": claim.root_delay.0,
        "root_dispersion_ns": claim.root_dispersion.0,
        "leap_status": claim.leap_status.label(),
        "bound_ns": claim.bound().0,
        "lo_ns": lo.0,
        "hi_ns": hi.0,
    })
}

#[test]
fn every_capture_is_read_as_it_was_meant() {
    let expected = fs::read_to_string(folder().join("expected.json")).expect("the expected values");
    let expected: BTreeMap<String, Value> = serde_json::from_str(&expected).expect("JSON");
    let captures = captures();
    assert!(expected.len() >= 100, "only {} captures are expected", expected.len());
    let mut broken = Vec::new();
    for name in expected.keys() {
        let read = outcome_as_json(&claim(&facts_of(name, &captures)));
        if read != expected[name.as_str()] {
            broken.push(format!("{name}:\n  read     {read}\n  expected {}", expected[name.as_str()]));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A capture whose name tells how the server's clock was off: the host's clock is off by as much the other way.
#[test]
fn signs_are_turned_once() {
    let captures = captures();
    let check = |name: &str, offset_ms: i64| {
        let ClaimOutcome::Claimed(claim) = claim(&facts_of(name, &captures)) else { panic!("{name}: no claim") };
        let error = claim.offset - Nanos::from_millis(offset_ms);
        assert!(error.abs() < Nanos::from_millis(1), "{name}: {}", claim.offset);
    };
    check("chrony-4.3-offset8s-nostep-tracking-csv.txt", -8_200);
    check("chrony-4.3-offset8s-nostep-tracking-human.txt", -8_200);
    check("chrony-4.3-offset8s-makestep-tracking-csv.txt", 0);
    check("chrony-4.3-minus123ms-tracking-csv.txt", 123);
    check("chrony-4.3-minus123ms-tracking-human.txt", 123);
}

#[test]
fn the_time_service_is_described() {
    let captures = captures();
    let check = |name: &str, expected: &str| {
        let outcome = claim(&facts_of(name, &captures));
        assert_eq!(outcome.describe(Nanos::from_millis(50)), expected, "{name}");
    };
    check("chrony-4.8-synced-tracking-csv.txt", "chronyd, claims 25 us");
    check("chrony-4.3-minus123ms-tracking-csv.txt", "chronyd, slewing");
    check("chrony-4.3-outage-10days-tracking-human.txt", "chronyd, claims 906 ms");
    check("chrony-4.3-unreachable-tracking-csv.txt", "chronyd, not synchronised");
    check("chrony-4.3-local10-tracking-csv.txt", "chronyd, own clock");
    check("chrony-4.3-hung-root-bounded.txt", "chronyd, does not answer");
}

#[test]
fn facts_without_a_report_say_why() {
    let check = |facts: &[(&str, &str)], expected: ClaimOutcome| {
        let owned = facts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(claim(&Facts(owned)), expected, "{facts:?}");
    };
    let chronyd = |cause| ClaimOutcome::NoAnswer { timekeeper: Timekeeper::Chronyd, cause };
    let kernel = ("kernel", "Linux 6.1.0 x86_64");
    let running = ("proc", "chronyd");
    check(&[], ClaimOutcome::Unknown);
    check(&[kernel], ClaimOutcome::NoTimekeeper);
    check(&[("chrony.error", "506 Cannot talk to daemon"), ("chrony.rc", "1"), kernel], ClaimOutcome::NoTimekeeper);
    check(&[("chrony.error", "506 Cannot talk to daemon"), running, kernel], chronyd(NoAnswer::CannotTalk));
    check(&[("chrony.error", "501 Not authorised"), ("chrony.rc", "1"), kernel], chronyd(NoAnswer::NotAuthorised));
    check(&[("chrony.error", ""), ("chrony.rc", "124"), running, kernel], chronyd(NoAnswer::TimedOut));
    check(&[("chrony.error", "?"), ("chrony.rc", "0"), running, kernel], chronyd(NoAnswer::Unreadable));
    check(&[running, kernel], chronyd(NoAnswer::NoClient));
    let silent = |timekeeper, cause| ClaimOutcome::NoAnswer { timekeeper, cause };
    check(&[("proc", "systemd-timesyn"), kernel], silent(Timekeeper::Timesyncd, NoAnswer::NoClient));
    let hung = ("timesyncd.rc", "124");
    check(&[("proc", "systemd-timesyn"), hung, kernel], silent(Timekeeper::Timesyncd, NoAnswer::TimedOut));
    let closed = ("ntpctl", "ntpctl: connect: /run/openntpd/ntpd.sock: Permission denied");
    let engine = ("ntpd.args", "ntpd: ntp engine");
    check(&[("proc", "ntpd"), engine, closed, kernel], silent(Timekeeper::Openntpd, NoAnswer::NotAuthorised));
    check(&[("proc", "phc2sys"), kernel], ClaimOutcome::NotAsked(Timekeeper::Phc2sys));
    let refused = [("chrony.error", "506 Cannot talk to daemon"), ("chrony.rc", "1")];
    check(&[refused[0], refused[1], ("proc", "ntpd"), kernel], silent(Timekeeper::Ntpd, NoAnswer::NoClient));
}

#[test]
fn what_is_no_report_is_refused() {
    assert_eq!(Tracking::parse(""), Err(TrackingError::Columns(1)));
    assert_eq!(Tracking::parse("^,*,10.105.0.11,1,6,7,2,0.0,0.0,0.0"), Err(TrackingError::Columns(10)));
    assert_eq!(Tracking::parse_text("Stratum : 3"), Err(TrackingError::Missing("Reference ID")));
    let good = "0A69000B,10.105.0.11,2,1.5,0.1,0.0,0.0,0.0,0.0,0.0,0.1,0.1,2.0,Normal";
    assert!(Tracking::parse(good).is_ok());
    for (column, bad) in
        [(0, "XYZ"), (2, "17"), (3, "x"), (4, "1e3"), (4, "nan"), (6, "-1"), (11, "-0.1"), (13, "Fine")]
    {
        let mut columns: Vec<&str> = good.split(',').collect();
        columns[column] = bad;
        let error = Tracking::parse(&columns.join(",")).expect_err(bad);
        assert!(matches!(&error, TrackingError::Field { text, .. } if text == bad), "{error}");
    }
    assert_eq!(Refusal::parse("506 Cannot talk to daemon"), Some(Refusal::CannotTalk));
    assert_eq!(Refusal::parse("Could not open connection to daemon"), Some(Refusal::CannotTalk));
    assert_eq!(Refusal::parse("501 Not authorised"), Some(Refusal::NotAuthorised));
    assert_eq!(Refusal::parse("5061"), None);
}

/// Texts near a report: its own pieces, shuffled, beside anything.
fn near_a_report() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::from("0A69000B")),
        Just(String::from("7F7F0101")),
        Just(String::from("10.1.2.3")),
        Just(String::from("Normal")),
        Just(String::from("Ref time (UTC)  : Thu Jan  1 00:00:00 1970\n")),
        Just(String::from("System time     : 1.5 seconds fast of NTP time\n")),
        "-?[0-9]{0,25}(\\.[0-9]{0,25})?",
        "\\PC{0,8}",
    ];
    (proptest::collection::vec(piece, 0..20), prop_oneof![Just(","), Just(" : "), Just("\n"), Just(" ")])
        .prop_map(|(pieces, separator)| pieces.join(separator))
}

proptest! {
    #[test]
    fn the_parser_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), near in near_a_report()) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), near] {
            let _ = Tracking::parse(&text);
            let _ = Tracking::parse_text(&text);
            let keys = [
                "chrony.csv", "chrony.text", "chrony.error", "chrony.rc", "chrony.version", "chrony.conf", "chronyd.args",
                "timesyncd", "timesyncd.text", "ntpq", "ntpctl", "ntp-ctl", "unit", "kernel.maxerror", "kernel.status",
                "clocksources", "capbnd", "uidmap", "asleep", "proc",
            ];
            let facts = Facts(keys.map(|key| (key.to_owned(), text.clone())).to_vec());
            let _ = claim(&facts).describe(Nanos::ZERO);
            for process in ["chronyd", "ntpd", "openntpd", "ntp-daemon", "systemd-timesyn"] {
                let mut facts = facts.clone();
                facts.0.push(("proc".to_owned(), process.to_owned()));
                let service = TimeService::read(&facts, Some(UnixNanos(0)));
                let _ = service.describe(Nanos::ZERO);
                let _ = circumstantial_findings(&service, &Policy::standard(), None);
            }
        }
    }

    #[test]
    fn every_report_of_fourteen_columns_is_read_back(
        id in any::<u32>(), stratum in 0_u8..=16, system in -9_000_000_000_i64..9_000_000_000,
        delay in 0_i64..9_000_000_000, dispersion in 0_i64..9_000_000_000, frequency in -999_999_999_i64..999_999_999,
    ) {
        let text = |nanos: i64| Nanos(nanos).to_seconds_text();
        let rate = clockaudit::clock::Ppm::from_ppb(frequency).to_ppm_text();
        let line = format!(
            "{id:08X},ntp.example,{stratum},{},{},0.0,0.0,{rate},0.0,0.0,{},{},64.2,Normal",
            text(1_795_289_913_256_645_000), text(system), text(delay), text(dispersion)
        );
        let tracking = Tracking::parse(&line).expect("a report");
        prop_assert_eq!(tracking.reference_id.0, id);
        prop_assert_eq!(tracking.offset, Nanos(-system));
        prop_assert_eq!(tracking.root_delay, Nanos(delay));
        prop_assert_eq!(tracking.root_dispersion, Nanos(dispersion));
        prop_assert_eq!(tracking.frequency.ppb(), frequency);
        prop_assert_eq!(tracking.is_synchronised(), stratum > 0 && id != 0 && id != 0x7F7F_0101);
    }
}
