//! Each rule of the findings at both of its sides: one row a situation, with what must and what must not be said.

use clockaudit::audit::Policy;
use clockaudit::clock::{Exchange, Interval, Nanos};
use clockaudit::probe::{Reader, SamplingWindow, Seen};
use clockaudit::report::Report;
use clockaudit::report::model::{Host, Verdict};

use super::fleet::{Made, STARTED, by_controller, host, report_by, report_of, seen};

const MILLI: i64 = 1_000_000;

/// Half of the round trip of `host`, 0.3 ms, and the microsecond of resolution: how far its bounds reach at most.
const REACH: i64 = 302_000;

fn judged(made: &[Made], spoil: impl Fn(&mut Seen)) -> Report {
    let mut seen = seen(made);
    spoil(&mut seen);
    report_of(&seen, &by_controller())
}

/// The codes of the first host.
fn codes(report: &Report) -> Vec<&str> {
    first(report).findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The first host of the report.
fn first(report: &Report) -> &Host {
    report.hosts.first().expect("a host")
}

/// The exchanges of the first host.
fn exchanges(seen: &mut Seen) -> &mut Vec<Exchange> {
    &mut seen.observations.first_mut().expect("a host").exchanges
}

#[test]
fn a_limit_is_passed_only_by_the_whole_interval() {
    let check = |offset: i64, verdict: Verdict, expected: &[&str], why: &str| {
        for sign in [1, -1] {
            let report = judged(&[host("a", Nanos(sign * offset))], |_| ());
            assert_eq!(first(&report).verdict, verdict, "{why}");
            assert_eq!(codes(&report), expected, "{why}");
        }
    };
    check(50 * MILLI - 2 * REACH, Verdict::Ok, &[], "surely within warn");
    check(50 * MILLI, Verdict::Undecided, &["CLK501"], "on the limit: nobody knows which side");
    check(50 * MILLI + 2 * REACH, Verdict::Warn, &["CLK102"], "surely beyond warn");
    check(100 * MILLI - 2 * REACH, Verdict::Warn, &["CLK102"], "surely within crit");
    check(100 * MILLI, Verdict::Warn, &["CLK102"], "beyond warn for sure, crit not proved");
    check(100 * MILLI + 2 * REACH, Verdict::Crit, &["CLK101"], "surely beyond crit");
}

#[test]
fn whole_half_hours_are_told_as_such() {
    let check = |offset_s: i64, extra_ms: i64, expected: Option<&str>, why: &str| {
        let offset = Nanos(offset_s * 1_000 * MILLI + extra_ms * MILLI);
        let report = judged(&[host("a", offset)], |_| ());
        let said = first(&report).findings.iter().find(|finding| finding.code == "CLK104");
        assert_eq!(said.map(|finding| finding.what.as_str()), expected, "{why}");
    };
    check(3_600, 0, Some("the clock is 1 h ahead, to within 2 s"), "an hour");
    check(-3_600, -1_900, Some("the clock is 1 h behind, to within 2 s"), "an hour, and not quite");
    check(19_800, 1_000, Some("the clock is 5.5 h ahead, to within 2 s"), "India");
    check(3_600, 2_100, None, "further than 2 s from a whole half-hour");
    check(0, 0, None, "no hour at all");
    check(14 * 3_600, 0, Some("the clock is 14 h ahead, to within 2 s"), "the last time zone");
    check(14 * 3_600 + 1_800, 0, None, "beyond the last time zone");
}

#[test]
fn a_pair_counts_only_beyond_crit() {
    let check = |one: i64, other: i64, expected: &[&str], why: &str| {
        let report = judged(&[host("a", Nanos(one)), host("b", Nanos(other))], |_| ());
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, expected, "{why}");
    };
    check(40 * MILLI, -40 * MILLI, &[], "80 ms apart");
    check(49 * MILLI, -51 * MILLI, &[], "100 ms apart, give or take the round trips");
    check(49 * MILLI, -53 * MILLI, &["CLK103"], "102 ms apart, each at most a warning");
}

/// Adds `by` to every reading of the first host's exchanges from `from` to `to`.
fn shift(seen: &mut Seen, from: usize, to: usize, by: impl Fn(&Exchange) -> Nanos) {
    for exchange in exchanges(seen).iter_mut().take(to).skip(from) {
        let by = by(exchange);
        exchange.first = exchange.first + by;
        exchange.last = exchange.last + by;
    }
}

#[test]
fn each_way_of_moving_has_its_words() {
    let check = |spoil: &dyn Fn(&mut Seen), code: Option<&str>, status: &str, words: &str| {
        let report = judged(&[host("a", Nanos::ZERO)], spoil);
        let clock = first(&report).clock.as_ref().expect("measured");
        assert_eq!(clock.status, status);
        let said = first(&report).findings.iter().find(|finding| Some(finding.code.as_str()) == code);
        assert_eq!(said.is_some(), code.is_some(), "{status}: {:?}", first(&report).findings);
        assert!(said.is_none_or(|finding| finding.what.contains(words)), "{status}: {said:?}");
        assert!(code.is_some() || !codes(&report).contains(&"CLK105"), "{status}");
    };
    check(&|_| (), None, "steady", "");
    check(&|seen| shift(seen, 3, 4, |_| Nanos::from_seconds(1)), Some("CLK105"), "glitch", "one reading in the middle");
    check(&|seen| shift(seen, 4, 8, |_| Nanos::from_seconds(1)), Some("CLK105"), "stepped", "stepped by +1000.0 ms");
    // 10 ms within 250 ms: the kernel could have slewed that, or somebody set the clock.
    check(&|seen| shift(seen, 4, 8, |_| Nanos(10 * MILLI)), Some("CLK105"), "moved", "stepped or slewed by +10.0");
    // Less than the round trip: all exchanges can be explained, the quick ones disagree.
    check(&|seen| shift(seen, 4, 8, |_| Nanos(MILLI / 4)), Some("CLK105"), "suspect", "probably moved");
    // 40,000 ppm from beginning to end.
    let slew = |exchange: &Exchange| Nanos(exchange.sent.since(STARTED).0 / 25);
    check(&|seen| shift(seen, 0, 8, slew), Some("CLK109"), "slewing", "faster than 500 ppm");
}

#[test]
fn what_remains_to_be_corrected_is_a_slew_from_warn_on() {
    let check = |slow: &str, offset: i64, expected: &[&str], why: &str| {
        let report = judged(&[host("a", Nanos(offset)).claims(slow)], |_| ());
        assert_eq!(codes(&report), expected, "{why}");
    };
    check("0.045", -45 * MILLI, &[], "45 ms left");
    check("0.060", -60 * MILLI, &["CLK102", "CLK109"], "60 ms left, which it says itself");
}

#[test]
fn a_claim_is_contradicted_only_beyond_both_errors() {
    // The claim is right to 16 us, the measurement to 0.3 ms, and the unverified controller may be off by warn.
    let check = |offset: i64, is_contradicted: bool, why: &str| {
        let report = judged(&[host("a", Nanos(offset)).claims("0.000000")], |_| ());
        assert_eq!(codes(&report).contains(&"CLK107"), is_contradicted, "{why}: {:?}", codes(&report));
    };
    check(49 * MILLI, false, "the controller itself may be 50 ms off");
    check(52 * MILLI, true, "more than that");
}

#[test]
fn a_year_up_to_2000_is_ancient() {
    let check = |instant_s: i64, expected: bool, why: &str| {
        let offset = Nanos(instant_s * 1_000 * MILLI - STARTED.0);
        let report = judged(&[host("a", offset)], |_| ());
        assert_eq!(codes(&report).contains(&"CLK108"), expected, "{why}: {:?}", codes(&report));
    };
    check(86_400, true, "1970");
    check(978_307_200 - 60, true, "the last minute of 2000");
    check(978_307_200 + 60, false, "2001, merely wrong");
}

#[test]
fn without_a_reference_the_offset_is_undecided_and_says_why() {
    let mut seen = seen(&[host("a", Nanos::ZERO)]);
    seen.controller.clear();
    let report = report_of(&seen, &by_controller());
    assert_eq!(codes(&report), ["CLK501"]);
    assert_eq!(
        first(&report).findings.first().expect("a finding").what,
        "there is no reference to take the offset from"
    );
    let remedy = &first(&report).findings.first().expect("a finding").remedy;
    assert!(remedy.contains("`--reference ntp:SERVER`"), "the path is not to blame: {remedy}");
    assert_eq!(first(&report).verdict, Verdict::Undecided);
}

#[test]
fn fewer_exchanges_than_asked_for_are_told() {
    let check = |left: usize, expected: &[&str]| {
        let report = judged(&[host("a", Nanos::ZERO)], |seen| exchanges(seen).truncate(left));
        assert_eq!(codes(&report), expected, "{left} exchanges");
        assert_eq!(first(&report).verdict, Verdict::Ok, "a note changes no verdict");
    };
    check(8, &[]);
    check(7, &["CLK505"]);
    check(1, &["CLK505"]);
}

#[test]
fn a_hunt_that_was_cut_short_is_told_and_a_finished_one_is_not() {
    let check = |resolution: Nanos, expected: bool, why: &str| {
        let report = judged(&[host("a", Nanos::ZERO)], |seen| {
            seen.observations.first_mut().expect("a host").reader = Some(Reader::WholeSecond);
            exchanges(seen).truncate(1);
            for exchange in exchanges(seen) {
                exchange.resolution = resolution;
            }
        });
        assert_eq!(codes(&report).contains(&"CLK505"), expected, "{why}");
    };
    check(Nanos::from_seconds(1), true, "the session died after one exchange, which tells the second and no more");
    check(Nanos(1_000), false, "what is not known is no wider than the round trip");
}

#[test]
fn the_controller_is_busy_from_a_millisecond_on() {
    let check = |late: i64, expected: bool| {
        let report = judged(&[host("a", Nanos::ZERO)], |seen| seen.timer_lateness_p95 = Some(Nanos(late)));
        assert_eq!(report.findings.iter().any(|finding| finding.code == "CLK503"), expected, "{late} ns");
    };
    check(MILLI, false);
    check(MILLI + 1, true);
}

#[test]
fn a_host_of_a_later_window_is_carried_to_the_epoch_of_the_first() {
    // It runs 200 ppm fast, was right at the start, and is asked a minute later: 12 ms ahead by then, less at T*.
    let late = Nanos::from_seconds(60);
    let report = judged(&[host("late", Nanos::ZERO), host("first", Nanos::ZERO)], |seen| {
        for exchange in exchanges(seen) {
            let gained = Nanos((exchange.sent.since(STARTED) + late).0 / 5_000);
            for instant in [&mut exchange.sent, &mut exchange.received] {
                *instant = *instant + late;
            }
            exchange.first = exchange.first + late + gained;
            exchange.last = exchange.first;
        }
        seen.observations.first_mut().expect("a host").window = 1;
        seen.windows.push(SamplingWindow {
            opened: STARTED + late,
            closed: STARTED + late + Nanos::from_seconds(2),
            first_spread: Nanos::ZERO,
        });
    });
    let clock = report.hosts.iter().find(|host| host.name == "late").and_then(|host| host.clock.as_ref());
    let clock = clock.expect("measured");
    let epoch = STARTED + Nanos(1_875_500_000);
    assert_eq!(clock.at.0, epoch, "T* is the middle of the first window");
    let truth = Nanos(epoch.since(STARTED).0 / 5_000);
    let bounds = Interval::new(clock.lo_s.expect("lo").0, clock.hi_s.expect("hi").0);
    assert!(bounds.contains(truth), "{truth:?} in {bounds:?}");
    // 500 ppm over a minute, both ways, are the price of the distance.
    assert!(bounds.width() > Nanos(50 * MILLI) && bounds.width() < Nanos(70 * MILLI), "{bounds:?}");
}

#[test]
fn a_claim_beside_the_middle_of_the_bounds_tells_of_the_path() {
    // Three hosts near by agree on UTC; the fourth is right too, over a path of 40 ms each way on average.
    let check = |asymmetry: i64, expected: &[&str], words: &str| {
        let near = (0..3).map(|index| host(&format!("near{index}"), Nanos::ZERO).claims("0.000000"));
        let far = host("a", Nanos(asymmetry)).one_way(Nanos(40 * MILLI)).claims("0.000000");
        let report = report_by(&[far].into_iter().chain(near).collect::<Vec<_>>(), &Policy::standard());
        assert_eq!(codes(&report), expected, "{asymmetry}");
        let said = first(&report).findings.iter().find(|finding| finding.code == "CLK502");
        assert!(said.is_none_or(|finding| finding.what.contains(words)), "{said:?}");
    };
    check(2 * MILLI, &[], "");
    check(25 * MILLI, &["CLK501", "CLK502"], "the way there seems to take longer");
    check(-25 * MILLI, &["CLK501", "CLK502"], "the way back seems to take longer");
}

#[test]
fn how_long_a_slew_lasts_is_told_by_the_rate_that_was_measured() {
    // The exchanges span two seconds around T*; the clock is 1 s behind at the first of them.
    let check = |ppm: i64, slow: &str, words: &str| {
        let start = Nanos::from_seconds(-1);
        let report = judged(&[host("a", start).claims(slow)], |seen| {
            shift(seen, 0, 8, |exchange| Nanos(exchange.sent.since(STARTED).0 / 1_000_000 * ppm));
        });
        let said = first(&report).findings.iter().find(|finding| finding.code == "CLK109");
        assert!(said.is_some_and(|finding| finding.what.contains(words)), "{ppm} ppm: {said:?}");
    };
    // 920 ms at 40,000 ppm.
    check(40_000, "0.92", "the timekeeper has 920 ms left to correct: 22 s to 24 s at the rate that was measured");
    // The daemon may slew faster than this; it does not.
    check(5_000, "0.99", "left to correct: 3.2 min to 3.4 min at the rate that was measured");
    check(-5_000, "1.01", "left to correct: at the rate that was measured it gets no nearer");
    // A clock that runs as it should: its rate may be none, and what it may be at most gives the least time.
    check(0, "1.0", "d at the rate that was measured");
    // Nobody's rate was measured: one exchange tells none, and what chronyd does at most has to do.
    let report = judged(&[host("a", Nanos::from_seconds(-1)).claims("1.0")], |seen| exchanges(seen).truncate(1));
    let said = first(&report).findings.iter().find(|finding| finding.code == "CLK109").expect("a slew");
    assert!(said.what.ends_with("at least 11 s by slewing"), "{}", said.what);
}

#[test]
fn a_step_between_sampling_and_claim_is_told() {
    let check = |millis: i64, ends: [bool; 2], expected: &[&str], words: &str| {
        let report = judged(&[host("a", Nanos::ZERO).claims("0.0")], |seen| {
            let facts = seen.observations.iter_mut().filter_map(|one| one.facts.as_mut());
            for bracket in facts.filter_map(|facts| facts.bracket.as_mut()) {
                let by = Nanos::from_millis(millis);
                let readings = [&mut bracket.first, &mut bracket.last].into_iter().zip(ends);
                readings.filter(|(_, is_after)| *is_after).for_each(|(reading, _)| *reading = *reading + by);
            }
        });
        assert_eq!(codes(&report), expected, "{millis} ms");
        let said = first(&report).findings.iter().find(|finding| finding.code == "CLK105");
        assert!(said.is_none_or(|finding| finding.what.contains(words)), "{said:?}");
    };
    check(0, [true, true], &[], "");
    check(600, [true, true], &["CLK105"], "the clock was moved by +600 ms ± ");
    check(-600, [true, true], &["CLK105"], "the clock was moved by -600 ms ± ");
    // While its timekeeper was asked: the reading before is still of the clock that was sampled.
    check(600, [false, true], &["CLK105"], "the clock was moved by +600 ms ± ");
}
