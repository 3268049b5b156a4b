//! What changed between two scans: only what both could know.

use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::Report;
use clockaudit::report::changes::changes;
use clockaudit::report::model::{Change, Changes};

use super::{fleet, summary};

fn listed(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| format!("{} {}", change.code, change.hosts.join(" "))).collect()
}

fn since(before: &Report, now: &Report) -> Changes {
    changes(before, now)
}

/// Three hosts that are right and claim it, and one that is 2 s off.
fn four() -> Vec<fleet::Made> {
    let mut made: Vec<fleet::Made> =
        (0..3).map(|index| fleet::host(&format!("good{index}"), Nanos::ZERO).claims("0.0")).collect();
    made.push(fleet::host("bad", Nanos::from_seconds(2)).claims("0.0"));
    made
}

#[test]
fn old_faults_are_not_new_because_there_is_a_reference_at_last() {
    // The first scan reached two hosts: no reference.
    let two = fleet::report(&four()[2..]);
    let mut all = fleet::report(&four());
    let found = since(&two, &all);
    assert_eq!(listed(&found.new), [""; 0], "{found:?}");
    assert_eq!(listed(&found.resolved), [""; 0], "that it is decided is the reference's doing");
    assert_eq!(found.not_compared, ["offsets: that scan had no reference"]);
    all.changes = Some(found);
    let text = summary(&all);
    assert!(text.contains("none since") && text.contains("not compared: offsets: that scan had no"), "{text}");
    // The other way round nothing is gone either.
    let found = since(&fleet::report(&four()), &two);
    assert_eq!((listed(&found.new).len(), listed(&found.resolved).len()), (0, 0), "{found:?}");
    assert_eq!(found.not_compared, ["offsets: this scan has no reference"]);
    // With a reference both times, what is new is new.
    let mut right = four();
    right[3] = fleet::host("bad", Nanos::ZERO).claims("0.0");
    let found = since(&fleet::report(&right), &fleet::report(&four()));
    assert_eq!(listed(&found.new), ["CLK101 bad", "CLK103 ", "CLK107 bad"]);
    assert!(found.not_compared.is_empty(), "{found:?}");
}

#[test]
fn what_is_found_of_a_host_that_was_down_is_new() {
    let mut down = four();
    down[3] = fleet::host("bad", Nanos::ZERO).fails(FailureCode::Refused, Stage::Connect, "connection refused");
    let found = since(&fleet::report(&down), &fleet::report(&four()));
    assert_eq!(listed(&found.new), ["CLK101 bad", "CLK103 ", "CLK107 bad"], "{found:?}");
    assert_eq!(listed(&found.resolved), ["SSH902 bad"]);
    // The other way round nobody knows of the pair, nor of the host.
    let found = since(&fleet::report(&four()), &fleet::report(&down));
    assert_eq!(listed(&found.new), ["SSH902 bad"]);
    assert!(listed(&found.resolved).is_empty(), "{found:?}");
    let unknown = "whether the fleet as a whole is mended: 1 host of that scan not measured in this one";
    assert_eq!(found.not_compared, [unknown]);
    // Who tells nothing of its timekeeper today has not mended it.
    let mut unkept = four();
    unkept[0] = fleet::host("good0", Nanos::ZERO).unkept();
    let mut report = fleet::report(&four());
    for host in report.hosts.iter_mut().filter(|host| host.name == "good0") {
        host.timekeeping = None;
    }
    let found = since(&fleet::report(&unkept), &report);
    assert!(listed(&found.resolved).is_empty(), "{found:?}");
    let found = since(&fleet::report(&unkept), &fleet::report(&four()));
    assert_eq!(listed(&found.resolved), ["CLK201 good0"]);
}

/// Of a host where no connection comes about nobody knows what its host key is by now.
#[test]
fn what_lies_behind_the_point_where_a_host_failed_is_not_resolved() {
    let check = |before: (FailureCode, Stage), now: (FailureCode, Stage), expected: &[&str]| {
        let report = |(code, stage)| {
            let mut hosts = four();
            hosts[3] = fleet::host("bad", Nanos::ZERO).fails(code, stage, "it failed");
            fleet::report(&hosts)
        };
        let found = since(&report(before), &report(now));
        assert_eq!(listed(&found.resolved), expected, "{before:?} {now:?}: {found:?}");
    };
    let (key, unknown) = ((FailureCode::HostKeyChanged, Stage::HostKey), (FailureCode::HostKeyUnknown, Stage::HostKey));
    let (refused, login) =
        ((FailureCode::Refused, Stage::Connect), (FailureCode::AuthenticationRejected, Stage::Authenticate));
    check(key, refused, &[]);
    check(key, unknown, &["SSH903 bad"]);
    check(key, login, &["SSH903 bad"]);
    check(refused, key, &["SSH902 bad"]);
}

#[test]
fn distances_from_different_clocks_prove_nothing() {
    let far = |millis: i64| {
        let mut made = four();
        made[3] = fleet::host("bad", Nanos::from_millis(millis)).claims("0.0");
        made
    };
    let of = |name: &str| clockaudit::audit::Policy {
        reference: clockaudit::audit::ReferenceChoice::Host(name.to_owned()),
        ..clockaudit::audit::Policy::standard()
    };
    let before = fleet::report_by(&far(2_000), &of("good0"));
    let worse = fleet::report_by(&far(9_000), &of("good0"));
    assert_eq!(listed(&since(&before, &worse).worse), ["CLK101 bad", "CLK107 bad"]);
    let mut plain = far(9_000);
    for host in &mut plain[..3] {
        host.facts.clear();
    }
    let other = fleet::report_by(&plain, &of("good1"));
    let found = since(&before, &other);
    assert!(found.worse.is_empty(), "{found:?}");
    assert_eq!(found.not_compared, ["how far off hosts are: the two scans' references differ"]);
}
