//! Causes: hosts whose trouble is one and the same, together.

use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::model::{Cause, Verdict};

use crate::fleet;

fn causes(made: &[fleet::Made]) -> Vec<Cause> {
    fleet::report_by_controller(made).causes
}

fn good(count: usize, group: &str) -> Vec<fleet::Made> {
    (0..count).map(|index| fleet::host(&format!("{group}{index:02}"), Nanos::ZERO).of(group)).collect()
}

#[test]
fn a_good_fleet_has_none() {
    assert_eq!(causes(&good(5, "web")), []);
}

#[test]
fn hosts_of_one_kind_are_one_cause_with_what_they_share() {
    let mut made: Vec<fleet::Made> = good(5, "web").into_iter().map(|host| host.claims("0.0")).collect();
    made.extend(
        (0..4).map(|index| fleet::host(&format!("api{index}"), Nanos::from_seconds(3)).claims("0.0").of("api")),
    );
    made.push(fleet::host("off", Nanos::ZERO).of("api").fails(FailureCode::Refused, Stage::Connect, "refused"));
    let found = causes(&made);
    assert_eq!(found.len(), 2, "{found:#?}");
    let first = &found[0];
    assert_eq!((first.verdict, first.hosts.len()), (Verdict::Crit, 4));
    assert_eq!(first.codes, ["CLK101", "CLK107"]);
    assert_eq!(first.what, "chronyd claims what the measurement excludes");
    assert_eq!(first.group.as_deref(), Some("api"));
    assert_eq!(first.upstream.as_deref(), Some("10.0.0.1"));
    let band = first.offset_band.unwrap();
    assert_eq!((band.from_s.0, band.below_s.unwrap().0), (Nanos::from_seconds(1), Nanos::from_seconds(10)));
    assert_eq!((found[1].verdict, found[1].codes.as_slice()), (Verdict::Down, &["SSH902".to_owned()][..]));
    assert_eq!(found[1].what, "not measured: refused (connect)");
}

#[test]
fn what_differs_from_host_to_host_parts_no_cause() {
    // Six groups: the trouble is the fleet's, not theirs. Two groups: it may be theirs.
    let off = |index: i64, groups: i64| {
        fleet::host(&format!("h{index:02}"), Nanos::from_seconds(3)).of(&format!("g{}", index % groups))
    };
    let found = causes(&(0..12).map(|index| off(index, 6)).collect::<Vec<_>>());
    assert_eq!(found.iter().map(|cause| (cause.hosts.len(), cause.group.clone())).collect::<Vec<_>>(), [(12, None)]);
    let found = causes(&(0..12).map(|index| off(index, 2)).collect::<Vec<_>>());
    let groups: Vec<_> = found.iter().map(|cause| (cause.hosts.len(), cause.group.as_deref())).collect();
    assert_eq!(groups, [(6, Some("g0")), (6, Some("g1"))]);
}

#[test]
fn hosts_whose_timesyncd_has_no_answer_are_told_together() {
    let facts = [("timesyncd", "s \"10.0.0.1\""), ("timesyncd.rc", "0"), ("proc", "systemd-timesyn"), fleet::KERNEL];
    let made: Vec<fleet::Made> =
        (0..412).map(|index| fleet::host(&format!("web{index:03}"), Nanos::ZERO).says(&facts)).collect();
    let found = causes(&made);
    assert_eq!((found.len(), found[0].hosts.len()), (1, 412), "{found:?}");
    assert_eq!(found[0].what, "timesyncd cannot reach its server, or may not believe it");
    assert_eq!(
        (found[0].codes.as_slice(), found[0].upstream.as_deref()),
        (&["CLK204".to_owned()][..], Some("10.0.0.1"))
    );
}
