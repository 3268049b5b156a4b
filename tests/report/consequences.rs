//! What breaks: profiles at both sides of their limits, and tokens between groups.

use super::{fleet, summary};
use clockaudit::audit::{self, HostPolicy, Limits, Policy, Profile, ProfileKind, ReferenceChoice, TokenPolicy};
use clockaudit::clock::{Interval, Nanos};
use clockaudit::report::model::Verdict;
use clockaudit::report::table::Page;
use clockaudit::report::{Report, explain};
use proptest::prelude::*;

/// Three hosts that claim UTC and agree, and one that is off; judged by these profiles.
fn judged(off: Nanos, one_way: Nanos, claims: bool, profiles: &[Profile]) -> Report {
    let mut made: Vec<fleet::Made> =
        (0..3).map(|index| fleet::host(&format!("good{index}"), Nanos::ZERO).one_way(Nanos::from_micros(20))).collect();
    if claims {
        made = made.into_iter().map(|host| host.claims("0.0")).collect();
    }
    made.push(fleet::host("off", off).one_way(one_way));
    fleet::report_by(&made, &Policy::of_profiles(profiles.to_vec()))
}

fn verdict(report: &Report, host: &str) -> Verdict {
    report.hosts.iter().find(|found| found.name == host).map(|host| host.verdict).expect("the host")
}

fn breaking(report: &Report) -> Vec<(&str, Vec<&str>)> {
    report
        .impact
        .iter()
        .map(|impact| (impact.profile.as_str(), impact.hosts.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn each_profile_warns_and_breaks_at_its_limits() {
    // More than what is not known of two clocks near by: the reference is one of a host that claims UTC.
    let margin = Nanos::from_micros(300);
    let near = |name: &str, off: Nanos| fleet::host(name, off).one_way(Nanos::from_micros(20));
    for profile in Profile::ALL {
        let limits = profile.limits();
        let check = |off: Nanos, expected: Verdict| {
            let made = [near("utc", Nanos::ZERO).claims("0.0"), near("off", off)];
            let reference = ReferenceChoice::Host("utc".to_owned());
            let report = fleet::report_by(&made, &Policy { reference, ..Policy::of_profiles(vec![profile]) });
            assert_eq!(verdict(&report, "off"), expected, "{profile:?} at {off}");
            let broken: &[&str] = if expected == Verdict::Crit { &["off"] } else { &[] };
            assert_eq!(breaking(&report), [(profile.label(), broken.to_vec())], "{profile:?} at {off}");
        };
        check(limits.crit + margin, Verdict::Crit);
        check(limits.warn - margin, Verdict::Ok);
        check(limits.warn, Verdict::Undecided);
        check(limits.warn + margin, Verdict::Warn);
        check(limits.crit - margin, Verdict::Warn);
    }
}

#[test]
fn a_wide_interval_is_critical_in_no_profile() {
    for profile in Profile::ALL {
        let one_way = Nanos(profile.limits().crit.0.saturating_mul(2));
        let report = judged(Nanos::ZERO, one_way, true, &[profile]);
        assert_eq!(verdict(&report, "off"), Verdict::Undecided, "{profile:?}");
        assert_eq!((report.impact[0].hosts.len(), report.impact[0].undecided), (0, 1), "{profile:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Wherever a wide interval lies: on a limit, just beside it, far beyond it at one end. Only what lies beyond `crit` whole is
    /// critical, in every profile, and so is nothing that rests on it.
    #[test]
    fn what_reaches_within_the_limits_is_critical_in_no_profile(
        share in -300_i64..300,
        nudge in -3_i64..=3,
        width in 0_i64..600,
        at_crit in any::<bool>(),
    ) {
        for profile in Profile::ALL {
            let Limits { warn, crit } = profile.limits();
            let limit = if at_crit { crit } else { warn };
            // Hundredths of the limit, and a nanosecond or some beside its whole multiples.
            let offset = Nanos(share / 100 * limit.0 + limit.0 / 100 * (share % 100) + nudge);
            let one_way = Nanos::from_micros(20) + Nanos(crit.0 / 100 * width);
            let report = judged(offset, one_way, true, &[profile]);
            let off = report.hosts.iter().find(|host| host.name == "off").expect("the host");
            let clock = off.clock.as_ref().expect("measured");
            let bounds = Interval::new(clock.lo_s.expect("lo").0, clock.hi_s.expect("hi").0).magnitude();
            prop_assert_eq!(off.verdict == Verdict::Crit, bounds.lo > crit, "{:?}: {:?}", profile, bounds);
            prop_assert_eq!(off.verdict == Verdict::Ok, bounds.hi <= warn, "{:?}: {:?}", profile, bounds);
            let is_broken = report.impact.iter().any(|impact| !impact.hosts.is_empty());
            prop_assert_eq!(is_broken, bounds.lo > crit, "{:?}: {:?}", profile, bounds);
        }
    }
}

#[test]
fn each_side_of_a_limit_is_a_nanosecond_away() {
    for profile in Profile::ALL {
        let (policy, Limits { warn, crit }) = (Policy::of_profiles(vec![profile]), profile.limits());
        let check = |lo: Nanos, hi: Nanos, expected: Verdict| {
            for bounds in [Interval::new(lo, hi), Interval::new(Nanos(-hi.0), Nanos(-lo.0))] {
                let found = audit::Verdict::of(bounds, &policy).label();
                assert_eq!(found, format!("{expected:?}").to_lowercase(), "{profile:?} {bounds:?}");
            }
        };
        let (one, far) = (Nanos(1), Nanos(crit.0 * 100));
        check(crit + one, far, Verdict::Crit);
        check(crit, far, Verdict::Warn);
        check(warn + one, crit, Verdict::Warn);
        check(warn, far, Verdict::Undecided);
        check(Nanos(-far.0), far, Verdict::Undecided);
        check(Nanos(-warn.0), warn, Verdict::Ok);
        check(Nanos(-warn.0), warn + one, Verdict::Undecided);
    }
}

#[test]
fn the_strictest_of_several_profiles_wins_and_each_has_its_own_impact() {
    let profiles = [Profile::Kerberos, Profile::Ceph, Profile::Etcd];
    let report = judged(Nanos::from_millis(60), Nanos::from_micros(20), true, &profiles);
    assert_eq!(verdict(&report, "off"), Verdict::Crit);
    assert_eq!(breaking(&report), [("ceph", vec!["off"]), ("etcd", vec![]), ("kerberos", vec![])]);
    let text = summary(&report);
    assert!(text.contains("profile ceph+etcd+kerberos: warn 25 ms, crit 50 ms"), "{text}");
    assert!(text.contains("Breaks      Ceph 50 ms: off"), "{text}");
}

#[test]
fn what_is_asked_about_utc_stays_open_without_it() {
    for profile in Profile::ALL.into_iter().filter(|profile| profile.kind() == ProfileKind::Absolute) {
        let report = judged(Nanos::from_seconds(900), Nanos::from_micros(20), false, &[profile]);
        assert_eq!(verdict(&report, "good0"), Verdict::Undecided, "{profile:?}");
        assert_eq!(verdict(&report, "off"), Verdict::Undecided, "{profile:?}");
        let good = report.hosts.iter().find(|host| host.name == "good0").expect("the host");
        let open = good.findings.iter().find(|finding| finding.code == "CLK501").expect("what stays open");
        assert!(open.remedy.contains("`--reference ntp:SERVER`"), "the path is not to blame: {}", open.remedy);
        assert_eq!((report.impact[0].hosts.len(), report.impact[0].undecided), (0, 4), "{profile:?}");
    }
    // A limit that needs no UTC is still judged, and the rest stays open.
    let both = judged(Nanos::from_millis(300), Nanos::from_micros(20), false, &[Profile::Jwt, Profile::Mifid]);
    assert_eq!((verdict(&both, "off"), verdict(&both, "good0")), (Verdict::Crit, Verdict::Undecided));
}

#[test]
fn hosts_agree_within_the_limit_that_needs_no_utc() {
    // Over 2 ms there and back nobody is surely within the 0.5 ms of MiFID II; within the 50 ms of JWT they all are.
    let made: Vec<fleet::Made> = [("a", 0), ("b", 0), ("c", 0), ("off", 300)]
        .map(|(name, off)| fleet::host(name, Nanos::from_millis(off)).one_way(Nanos::from_millis(1)))
        .into();
    let report = fleet::report_by(&made, &Policy::of_profiles(vec![Profile::Jwt, Profile::Mifid]));
    assert!(report.reference.label.starts_with("median of 3 agreeing hosts"), "{}", report.reference.label);
    assert_eq!((verdict(&report, "off"), verdict(&report, "a")), (Verdict::Crit, Verdict::Undecided));
}

/// Issuers and verifiers as the product page has them, judged against the controller.
fn with_tokens(leeway: Nanos) -> Report {
    let made = [
        fleet::host("auth01", Nanos::ZERO).of("auth"),
        fleet::host("auth02", Nanos::from_millis(2_100)).of("auth"),
        fleet::host("api01", Nanos::from_millis(-20)).of("api"),
        fleet::host("api07", Nanos::from_seconds(-3_600)).of("api"),
    ];
    let asked =
        TokenPolicy { issuers: "auth".to_owned(), verifiers: "api".to_owned(), leeway, latency: Nanos::from_millis(5) };
    let policy = Policy { tokens: vec![asked], reference: ReferenceChoice::Controller, ..Policy::standard() };
    fleet::report_by(&made, &policy)
}

#[test]
fn tokens_are_refused_where_the_issuer_is_ahead() {
    let report = with_tokens(Nanos::ZERO);
    let tokens = &report.jwt[0];
    assert_eq!((tokens.pairs, tokens.refusing, tokens.refusing_possibly, tokens.refusing_always), (4, 4, 4, 3));
    // 20 ms ahead with 5 ms on the way refuses 1.5 % of first uses.
    assert!((tokens.mean_refused_share - (3.0 + 0.015) / 4.0).abs() < 0.001, "{}", tokens.mean_refused_share);
    let worst: Vec<(&str, &str, Option<i64>)> =
        tokens.worst.iter().map(|pair| (pair.issuer.as_str(), pair.verifier.as_str(), pair.hiding_leeway_s)).collect();
    let expected = [("auth02", "api07", None), ("auth01", "api07", None), ("auth02", "api01", Some(3))];
    assert_eq!(worst[..3], expected);
    // A verifier that reads its clock by `time()` may read it 10 ms late.
    let mildest = tokens.worst.last().expect("a pair");
    assert!((mildest.refused_share_lo - 0.015).abs() < 0.002, "{mildest:?}");
    assert!((mildest.refused_share_hi - 0.025).abs() < 0.002, "{mildest:?}");
    assert_eq!(tokens.advice.as_deref(), Some("fix-clocks-never-widen"));
    let text = summary(&report);
    // Lines may be broken between words.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "Breaks JWT auth -> api, leeway 0 s: 4 of 4 pairs refuse first uses, 0 may; mean 75 %",
        "auth[01-02] -> api07: every first use refused; 3602 s off: fix the clock, leeway cannot help",
        "auth02 -> api01: every first use refused; leeway 3 s would hide it",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

/// A group `api` that issues and a group `web` that verifies, each host ahead of the controller by so many milliseconds.
fn verified_by_web(issuers: &[(&str, i64)], verifiers: &[(&str, i64)], leeway: Nanos) -> Report {
    let of = |group: &'static str, hosts: &[(&str, i64)]| -> Vec<fleet::Made> {
        hosts.iter().map(|(name, off)| fleet::host(name, Nanos::from_millis(*off)).of(group)).collect()
    };
    let made = [of("api", issuers), of("web", verifiers)].concat();
    let asked = TokenPolicy { issuers: "api".to_owned(), verifiers: "web".to_owned(), leeway, latency: Nanos::ZERO };
    fleet::report_by(&made, &Policy { tokens: vec![asked], ..fleet::by_controller() })
}

/// The summary in one line, for lines may be broken between words.
fn in_one_line(report: &Report) -> String {
    summary(report).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_issuer_that_is_behind_ends_tokens_early() {
    let report = verified_by_web(&[("api01", -3_600_000)], &[("web01", 0), ("web02", 0)], Nanos::ZERO);
    let tokens = &report.jwt[0];
    assert_eq!((tokens.pairs, tokens.refusing, tokens.ending_early, tokens.ending_early_possibly), (2, 0, 2, 2));
    let text = in_one_line(&report);
    for said in [
        "JWT api -> web, leeway 0 s: no first use is refused as not yet valid; in 2 of 2 pairs tokens end early, in 0 they \
         may, by up to 3600 s",
        "api01 -> web[01-02]: tokens end 3600 s early; lifetimes up to 1 h are refused at once; fix the clock",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn what_a_leeway_covers_is_taken_off_an_early_end() {
    let check = |ahead_ms: i64, leeway_s: i64, expected: &[&str]| {
        let report = verified_by_web(&[("api01", 0)], &[("web01", ahead_ms)], Nanos::from_seconds(leeway_s));
        let text = in_one_line(&report);
        for said in expected {
            assert!(text.contains(said), "{said}\n{text}");
        }
    };
    let thirty = "api01 -> web01: tokens end 30 s early; lifetimes up to 30 s are refused at once; fix the clock";
    check(30_000, 0, &[thirty]);
    check(
        30_000,
        28,
        &["api01 -> web01: tokens end 2.0 s early; lifetimes up to 2 s are refused at once; fix the clock"],
    );
    check(2_000, 0, &["tokens end 2.0 s early; lifetimes up to 2 s are refused at once; leeway 3 s would hide it"]);
    check(30_000, 30, &["JWT api -> web, leeway 30 s: no first use is refused"]);
    check(50, 0, &["JWT api -> web, leeway 0 s: no first use is refused"]);
}

#[test]
fn an_early_end_is_told_beside_a_refusal() {
    let report = verified_by_web(&[("api01", 0)], &[("web01", -2_000), ("web02", 40_000)], Nanos::ZERO);
    let text = in_one_line(&report);
    for said in [
        "1 of 2 pairs refuse first uses, 0 may; mean 50 %; in 1 of 2 pairs tokens end early, in 0 they may, by up to 40 s",
        "api01 -> web01: every first use refused; leeway 3 s would hide it",
        "api01 -> web02: tokens end 40 s early; lifetimes up to 40 s are refused at once; fix the clock",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn a_host_and_the_page_on_tokens_tell_what_becomes_of_tokens() {
    let report = verified_by_web(&[("api01", -3_600_000)], &[("web01", 0)], Nanos::ZERO);
    let said = "api01 -> web01: tokens end 3600 s early; lifetimes up to 1 h are refused at once; fix the clock";
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for host in &report.hosts {
        let text = words(explain::host(host, &report, Page::ENDLESS));
        assert!(text.contains(&format!("Tokens {said}")), "{text}");
    }
    assert!(words(explain::token_page(Some(&report), Page::ENDLESS)).contains(said));
    assert!(!words(explain::token_page(None, Page::ENDLESS)).contains("In the scan of"));
}

#[test]
fn a_stored_report_of_before_early_ends_still_tells_of_them() {
    let mut report = verified_by_web(&[("api01", -3_600_000)], &[("web01", 0)], Nanos::ZERO);
    let tokens = &mut report.jwt[0];
    (tokens.ending_early, tokens.ending_early_possibly) = (0, 0);
    tokens.early_ends.clear();
    let text = in_one_line(&report);
    assert!(text.contains("no first use is refused as not yet valid; tokens end up to 3600 s early"), "{text}");
}

#[test]
fn a_host_is_judged_by_what_is_asked_of_it() {
    let made: Vec<fleet::Made> = [("good0", 0), ("good1", 0), ("mon01", 60), ("web01", 60)]
        .map(|(name, off)| fleet::host(name, Nanos::from_millis(off)))
        .into();
    let Policy { warn, crit, relative, profiles, .. } = Policy::of_profiles(vec![Profile::Ceph]);
    let mut policy = Policy { reference: ReferenceChoice::Controller, ..Policy::standard() };
    policy.hosts.insert("mon01".to_owned(), HostPolicy { warn, crit, profiles, relative });
    let report = fleet::report_by(&made, &policy);
    assert_eq!((verdict(&report, "mon01"), verdict(&report, "web01")), (Verdict::Crit, Verdict::Warn));
    assert_eq!(breaking(&report), [("jwt", vec![]), ("ceph", vec!["mon01"])]);
}

#[test]
fn a_leeway_hides_what_it_covers() {
    let tokens = &with_tokens(Nanos::from_seconds(5)).jwt[0];
    assert_eq!((tokens.refusing, tokens.refusing_always), (2, 2));
    assert_eq!(tokens.leeway_s.0, Nanos::from_seconds(5));
}

/// Hosts of which two are asked something else than `jwt` asks of all, and where they are off, in milliseconds.
fn asked_apart(offsets: [(&str, i64); 4]) -> Report {
    let made: Vec<fleet::Made> = offsets.map(|(name, off)| fleet::host(name, Nanos::from_millis(off))).into();
    let mut policy = Policy { reference: ReferenceChoice::Controller, ..Policy::standard() };
    for (name, profile) in [("mon01", Profile::Ceph), ("old01", Profile::Kerberos)] {
        let Policy { warn, crit, relative, profiles, .. } = Policy::of_profiles(vec![profile]);
        policy.hosts.insert(name.to_owned(), HostPolicy { warn, crit, profiles, relative });
    }
    fleet::report_by(&made, &policy)
}

#[test]
fn a_pair_is_held_against_the_laxer_of_its_hosts_limits() {
    let pair_finding = |report: &Report| {
        report.findings.iter().find(|finding| finding.code == "CLK103").map(|finding| finding.what.clone())
    };
    // 90 ms from the strict one and 200 s from the lax one: within what both of any pair are asked.
    let within = asked_apart([("mon01", 10), ("old01", 200_000), ("web01", 80), ("web02", -10)]);
    assert_eq!((within.summary.pairs.beyond, within.summary.pairs.within), (0, 6));
    assert_eq!(pair_finding(&within), None);
    // The widest pair of all is allowed to be; the one that is not is named.
    let beyond = asked_apart([("mon01", 10), ("old01", 200_000), ("web01", 80), ("web02", -60)]);
    assert_eq!(beyond.summary.pairs.beyond, 1);
    let widest = beyond.summary.widest.as_ref().expect("a pair");
    assert_eq!((widest.ahead.as_str(), widest.behind.as_str()), ("old01", "web02"));
    let said = pair_finding(&beyond).expect("the finding");
    assert!(said.starts_with("further apart than the limits of both, 50 ms to 300 s: 1 of 6 pairs"), "{said}");
    assert!(said.contains("most web01 - web02 by 140.0 ms"), "{said}");
}
