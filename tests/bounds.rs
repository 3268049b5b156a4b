//! Properties of the estimator: bounds hold the truth, counts equal brute force, hunts converge, nothing panics.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a broken case must end the test")]

use clockaudit::clock::controller::{controller_at, controller_moved, controller_rate};
use clockaudit::clock::estimate::{Config, Status, estimate};
use clockaudit::clock::hunt::{self, Hunt, MOST_PROBES};
use clockaudit::clock::pairs::{self, Decision, Standing};
use clockaudit::clock::rate::relative;
use clockaudit::clock::{Exchange, Interval, Nanos, Ppm, UnixNanos};
use clockaudit::probe::trace::{self, Recording};
use clockaudit::report::analysis::{analysis, hunt as hunt_of};
use proptest::collection::vec;
use proptest::prelude::*;

const SECOND: i64 = 1_000_000_000;
/// Where the simulated axes begin.
const START: i64 = 1_795_300_000 * SECOND;

/// A clock whose rate against the axis changes every 100 ms, and that may be set once.
#[derive(Debug, Clone)]
struct Clock {
    offset: i64,
    rates_ppb: Vec<i64>,
    step: Option<(i64, i64)>,
}

impl Clock {
    /// The offset from the axis at an instant after the start, ns.
    fn offset_at(&self, time: i64) -> i64 {
        const STRETCH: i64 = SECOND / 10;
        let mut wandered = 0_i128;
        let mut left = time;
        for rate in self.rates_ppb.iter().cycle() {
            let part = left.min(STRETCH);
            wandered += i128::from(*rate) * i128::from(part);
            left -= part;
            if left <= 0 {
                break;
            }
        }
        let wandered = i64::try_from(wandered.div_euclid(i128::from(SECOND))).expect("a small wander");
        let stepped = self.step.filter(|(at, _)| time >= *at).map_or(0, |(_, size)| size);
        self.offset + wandered + stepped
    }

    fn reading_at(&self, time: i64, resolution: i64, lag: i64) -> i64 {
        (START + time + self.offset_at(time) - lag).div_euclid(resolution) * resolution
    }
}

/// One question to a clock: the delays and what the reader does.
#[derive(Debug, Clone)]
struct Question {
    pause: i64,
    forward: i64,
    between: i64,
    backward: i64,
    lag: i64,
}

fn ask(clock: &Clock, questions: &[Question], resolution: i64, declared_lag: i64) -> Vec<Exchange> {
    let mut now = 0;
    let ask_one = |question: &Question| {
        let sent = now + question.pause;
        let first = sent + question.forward;
        let last = first + question.between;
        let received = last + question.backward;
        now = received;
        Exchange {
            sent: UnixNanos(START + sent),
            received: UnixNanos(START + received),
            first: UnixNanos(clock.reading_at(first, resolution, question.lag)),
            last: UnixNanos(clock.reading_at(last, resolution, 0).max(clock.reading_at(
                first,
                resolution,
                question.lag,
            ))),
            resolution: Nanos(resolution),
            lag: Nanos(declared_lag),
            spawned: false,
        }
    };
    questions.iter().map(ask_one).collect()
}

fn a_delay() -> impl Strategy<Value = i64> {
    prop_oneof![50_000_i64..400_000, 0_i64..5_000_000, 30_000_000_i64..120_000_000]
}

fn a_question() -> impl Strategy<Value = Question> {
    let between = prop_oneof![Just(0_i64), 0_i64..2_000_000];
    (0_i64..400_000_000, a_delay(), between, a_delay(), 0_i64..10_000_000)
        .prop_map(|(pause, forward, between, backward, lag)| Question { pause, forward, between, backward, lag })
}

/// The same questions to a source that never lags.
fn prompt(questions: Vec<Question>) -> Vec<Question> {
    questions.into_iter().map(|one| Question { lag: 0, ..one }).collect()
}

fn a_clock() -> impl Strategy<Value = Clock> {
    let offset = prop_oneof![-SECOND..SECOND, -31_536_000 * SECOND..31_536_000 * SECOND];
    (offset, vec(-500_000_i64..=500_000, 1..6)).prop_map(|(offset, rates_ppb)| Clock { offset, rates_ppb, step: None })
}

proptest! {
    #[test]
    fn bounds_hold_the_truth_whatever_the_delays(
        clock in a_clock(),
        questions in vec(a_question(), 1..17),
        resolution in prop_oneof![Just(1_i64), Just(1_000), Just(1_000_000), Just(SECOND)],
        lags in any::<bool>(),
        epoch_share in 0_i64..=100,
    ) {
        let questions = if lags { questions } else { prompt(questions) };
        let exchanges = ask(&clock, &questions, resolution, if lags { 10_000_000 } else { 0 });
        let end = exchanges.last().expect("an exchange").received.0 - START;
        let epoch = end / 100 * epoch_share;
        let found = estimate(&exchanges, Nanos::ZERO, UnixNanos(START + epoch), &Config::STANDARD).expect("measured");
        prop_assert!(matches!(found.status, Status::Steady | Status::Suspect), "{:?}", found.status);
        prop_assert!(found.bounds.contains(Nanos(clock.offset_at(epoch))), "{found:?}");
        prop_assert!(found.bounds.contains(found.estimate));
        let best = clock.offset_at(found.best.at.0 - START);
        prop_assert!(found.best.bounds.contains(Nanos(best)), "{found:?}");
        // One exchange alone speaks of some instant between its request and its reply.
        let during = [found.single.from, found.single.to].map(|at| clock.offset_at(at.0 - START));
        let slack = Nanos((found.single.to.0 - found.single.from.0) / 2_000 + 1);
        prop_assert!(found.single.bounds.widened(slack).contains(Nanos(during[0])), "{found:?}");
    }

    #[test]
    fn rates_of_a_steady_clock_lie_inside_their_bounds(
        offset in -SECOND..SECOND,
        ppb in -499_000_i64..499_000,
        questions in vec(a_question(), 2..40),
    ) {
        let clock = Clock { offset, rates_ppb: vec![ppb], step: None };
        let exchanges = ask(&clock, &prompt(questions), 1, 0);
        let found = estimate(&exchanges, Nanos::ZERO, UnixNanos(START), &Config::STANDARD).expect("measured");
        let ends = found.rate_ends;
        prop_assert!(ends.lo.is_none_or(|lo| lo <= Ppm::from_ppb(ppb)) && ends.hi.is_none_or(|hi| hi >= Ppm::from_ppb(ppb)), "{found:?}");
    }

    #[test]
    fn a_step_between_the_two_readings_of_a_reply_leaves_the_clock_as_it_is_now(
        clock in a_clock(),
        question in a_question(),
        size in prop_oneof![-20_000_000_i64..20_000_000, -2 * SECOND..2 * SECOND],
        between in 1_000_000_i64..300_000_000,
    ) {
        let question = Question { between, lag: 0, ..question };
        let end = question.pause + question.forward + between + question.backward;
        let round_trip = question.forward + question.backward;
        let clock = Clock { step: Some((end - question.backward - between / 2, size)), ..clock };
        let mut exchanges = ask(&clock, std::slice::from_ref(&question), 1, 0);
        let reply = exchanges.last_mut().expect("an exchange");
        reply.last = UnixNanos(clock.reading_at(end - question.backward, 1, 0));
        if !reply.is_valid() {
            return Ok(());
        }
        let found = estimate(&exchanges, Nanos::ZERO, UnixNanos(START + end), &Config::STANDARD).expect("measured");
        let truth = Nanos(clock.offset_at(end));
        // A step forward of less than the round trip cannot be told from delay; any other is seen, or does no harm.
        let hides = (0..=round_trip + (round_trip + between) / 1_000 + 2).contains(&size);
        prop_assert!(found.bounds.widened(Nanos(if hides { size } else { 0 })).contains(truth), "{truth:?} {found:?}");
    }

    #[test]
    fn a_great_step_is_caught_and_the_bounds_are_those_of_the_clock_after_it(
        clock in a_clock(),
        questions in vec(a_question(), 2..12),
        after in 0_usize..100,
        size in prop_oneof![-3_600 * SECOND..-2 * SECOND, 2 * SECOND..3_600 * SECOND],
    ) {
        // The clock is set after one reply and before the next request.
        let questions: Vec<Question> =
            prompt(questions).into_iter().map(|one| Question { pause: one.pause + 1, ..one }).collect();
        let steady = ask(&clock, &questions, 1, 0);
        let last_before = steady.get(after % (steady.len() - 1)).expect("an exchange before the last");
        let clock = Clock { step: Some((last_before.received.0 - START + 1, size)), ..clock };
        let exchanges = ask(&clock, &questions, 1, 0);
        let epoch = exchanges.last().expect("an exchange").received;
        let found = estimate(&exchanges, Nanos::ZERO, epoch, &Config::STANDARD).expect("measured");
        prop_assert_eq!(found.status, Status::Stepped);
        prop_assert!(found.bounds.contains(Nanos(clock.offset_at(epoch.0 - START))), "{found:?}");
        prop_assert!(found.steps.iter().any(|step| step.size.contains(Nanos(size))), "{found:?}");
    }
}

#[test]
fn a_lie_that_may_as_well_be_a_step_is_taken_for_a_step() {
    // Wide, exact, exact and a second later, wide: leaving out either of the exact ones makes the rest agree.
    let exchange = |at_s: i64, round_trip_ms: i64, offset_s: i64| {
        let (sent, round_trip) = (START + at_s * SECOND, round_trip_ms * 1_000_000);
        let reading = UnixNanos(sent + round_trip / 2 + offset_s * SECOND);
        Exchange {
            sent: UnixNanos(sent),
            received: UnixNanos(sent + round_trip),
            first: reading,
            last: reading,
            resolution: Nanos(1),
            lag: Nanos::ZERO,
            spawned: false,
        }
    };
    let exchanges = [exchange(0, 3_000, 0), exchange(4, 1, 0), exchange(5, 1, 1), exchange(6, 3_000, 0)];
    let epoch = UnixNanos(START + 10 * SECOND);
    let found = estimate(&exchanges, Nanos::ZERO, epoch, &Config::STANDARD).expect("measured");
    assert_eq!(found.status, Status::Stepped);
    assert!(found.bounds.contains(Nanos(SECOND)), "the clock as it is now: {:?}", found.bounds);
    // With more that only one of the two agrees with, the other is the glitch.
    let mut more = exchanges.to_vec();
    more.extend([exchange(10, 1, 0), exchange(11, 1, 0)]);
    let found = estimate(&more, Nanos::ZERO, epoch, &Config::STANDARD).expect("measured");
    assert_eq!((found.status, found.glitches.as_slice()), (Status::Glitch, [2].as_slice()));
}

fn a_standing() -> impl Strategy<Value = Standing> {
    // Small numbers, so that values are often equal.
    (-30_i64..30, 0_i64..25, 0_i64..=4).prop_map(|(lo, width, share)| Standing {
        bounds: Interval::new(Nanos(lo), Nanos(lo + width)),
        estimate: Nanos(lo + width * share / 4),
    })
}

fn every_pair(fleet: &[Standing]) -> impl Iterator<Item = (usize, usize)> {
    let count = fleet.len();
    (0..count).flat_map(move |one| (one + 1..count).map(move |other| (one, other)))
}

fn decide(fleet: &[Standing], one: usize, other: usize, limit: Nanos) -> Decision {
    Decision::of(fleet[one].bounds.minus(fleet[other].bounds), limit)
}

/// The greatest differences above zero by trying all, in the order that the heap promises.
fn worst_by_force(
    fleet: &[Standing],
    k: usize,
    high: fn(&Standing) -> Nanos,
    low: fn(&Standing) -> Nanos,
) -> Vec<(usize, usize)> {
    let mut ahead: Vec<usize> = (0..fleet.len()).collect();
    let mut behind = ahead.clone();
    ahead.sort_by_key(|host| (std::cmp::Reverse(high(&fleet[*host])), *host));
    behind.sort_by_key(|host| (low(&fleet[*host]), *host));
    let mut all = Vec::new();
    for (row, one) in ahead.iter().enumerate() {
        for (column, other) in behind.iter().enumerate() {
            let difference = high(&fleet[*one]) - low(&fleet[*other]);
            if one != other && difference > Nanos::ZERO {
                all.push((std::cmp::Reverse(difference), row, column, *one, *other));
            }
        }
    }
    all.sort();
    all.into_iter().take(k).map(|(_, _, _, one, other)| (one, other)).collect()
}

proptest! {
    #[test]
    fn counts_of_pairs_equal_brute_force(fleet in vec(a_standing(), 0..40), limit in 0_i64..30) {
        let limit = Nanos(limit);
        let mut expected = pairs::PairCounts::default();
        let mut partners = vec![0; fleet.len()];
        let mut by_estimate = 0;
        for (one, other) in every_pair(&fleet) {
            expected.total += 1;
            match decide(&fleet, one, other, limit) {
                Decision::Beyond => {
                    expected.beyond += 1;
                    partners[one] += 1;
                    partners[other] += 1;
                }
                Decision::Undecided => expected.undecided += 1,
                Decision::Within => expected.within += 1,
            }
            by_estimate += u64::from((fleet[one].estimate - fleet[other].estimate).abs() > limit);
        }
        prop_assert_eq!(pairs::count(&fleet, limit), expected);
        prop_assert_eq!(pairs::partners_beyond(&fleet, limit), partners);
        prop_assert_eq!(pairs::beyond_by_estimate(&fleet, limit), by_estimate);
    }

    #[test]
    fn the_worst_pairs_equal_brute_force(fleet in vec(a_standing(), 0..25), k in 0_usize..40) {
        let hosts = |found: Vec<pairs::Pair>| found.iter().map(|pair| (pair.ahead, pair.behind)).collect::<Vec<_>>();
        let certain = worst_by_force(&fleet, k, |one| one.bounds.lo, |one| one.bounds.hi);
        prop_assert_eq!(hosts(pairs::worst(&fleet, k)), certain);
        let estimated = worst_by_force(&fleet, k, |one| one.estimate, |one| one.estimate);
        prop_assert_eq!(hosts(pairs::worst_by_estimate(&fleet, k)), estimated);
    }

    #[test]
    fn the_spread_is_that_of_the_widest_pair(fleet in vec(a_standing(), 0..25)) {
        let magnitudes = || every_pair(&fleet).map(|(one, other)| fleet[one].bounds.minus(fleet[other].bounds).magnitude());
        let spread = pairs::spread(&fleet);
        prop_assert_eq!(spread.bounds.lo, magnitudes().map(|one| one.lo).max().unwrap_or_default());
        prop_assert_eq!(spread.bounds.hi, magnitudes().map(|one| one.hi).max().unwrap_or_default());
    }

    #[test]
    fn repairs_equal_brute_force(fleet in vec(a_standing(), 0..10), limit in 0_i64..30) {
        let limit = Nanos(limit);
        // The largest set of hosts that every pair of allows to stay, over all sets.
        let largest = |may_stay: &dyn Fn(usize) -> bool, agree: &dyn Fn(usize, usize) -> bool| {
            (0_u32..1 << fleet.len())
                .filter(|set| {
                    let inside = |host: usize| set & (1 << host) != 0;
                    (0..fleet.len()).all(|host| !inside(host) || may_stay(host))
                        && every_pair(&fleet).all(|(one, other)| !inside(one) || !inside(other) || agree(one, other))
                })
                .map(u32::count_ones)
                .max()
                .expect("the empty set") as usize
        };
        let possible = largest(&|_| true, &|one, other| decide(&fleet, one, other, limit) != Decision::Beyond);
        let proved = largest(
            &|host| fleet[host].bounds.width() <= limit,
            &|one, other| decide(&fleet, one, other, limit) == Decision::Within,
        );
        let found = pairs::repair_bounds(&fleet, limit);
        prop_assert_eq!((found.at_least, found.at_most), (fleet.len() - possible, fleet.len() - proved));
    }

    #[test]
    fn clusters_are_the_connected_hosts(fleet in vec(a_standing(), 0..25), gap in 0_i64..20) {
        let gap = Nanos(gap);
        // Hosts that are not surely further apart than the gap belong together; so do those that a third one joins.
        let mut label: Vec<usize> = (0..fleet.len()).collect();
        for _ in 0..fleet.len() {
            for (one, other) in every_pair(&fleet) {
                if decide(&fleet, one, other, gap) != Decision::Beyond {
                    let least = label[one].min(label[other]);
                    (label[one], label[other]) = (least, least);
                }
            }
        }
        let found = pairs::clusters(&fleet, gap);
        let mut seen = 0;
        for cluster in &found {
            seen += cluster.hosts.len();
            prop_assert!(cluster.hosts.iter().all(|host| label[*host] == label[cluster.hosts[0]]));
            let ends = |host: &usize| (fleet[*host].bounds.lo, fleet[*host].bounds.hi);
            prop_assert_eq!(Some(cluster.bounds.lo), cluster.hosts.iter().map(|host| ends(host).0).min());
            prop_assert_eq!(Some(cluster.bounds.hi), cluster.hosts.iter().map(|host| ends(host).1).max());
        }
        prop_assert_eq!(seen, fleet.len());
        let mut labels = label.clone();
        labels.sort_unstable();
        labels.dedup();
        prop_assert_eq!(found.len(), labels.len());
    }

    #[test]
    fn a_hunt_converges_with_the_truth_inside(
        clock in a_clock(),
        delays in vec((100_000_i64..900_000, 100_000_i64..900_000, 0_i64..10_000_000), MOST_PROBES + 1),
    ) {
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut now = START;
        let bounds = loop {
            let sent = match hunt::next(&exchanges, UnixNanos(now), &Config::STANDARD) {
                Hunt::First => now,
                Hunt::Probe(aim) => aim.send_at.0,
                Hunt::Done(bounds) => break bounds,
            };
            prop_assert!(sent >= now && sent <= now + 2 * SECOND);
            let (forward, backward, lag) = delays[exchanges.len()];
            let shown = UnixNanos(clock.reading_at(sent + forward - START, SECOND, lag));
            let received = UnixNanos(sent + forward + backward);
            let (sent, resolution, lag) = (UnixNanos(sent), Nanos(SECOND), Nanos::from_millis(10));
            exchanges.push(Exchange { sent, received, first: shown, last: shown, resolution, lag, spawned: true });
            now = received.0;
        };
        prop_assert!(exchanges.len() <= MOST_PROBES);
        prop_assert!(bounds.contains(Nanos(clock.offset_at(now - START))), "{bounds:?}");
        prop_assert!(bounds.width() <= Nanos::from_millis(50), "{} probes: {bounds:?}", exchanges.len());
    }
}

fn a_number() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0), START..START + 10 * SECOND, -5_i64..5]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        let _ = trace::read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_numbers_are_analysed_or_refused(
        samples in vec((a_number(), a_number(), a_number(), a_number(), a_number(), a_number()), 0..24),
        settings in vec((0_usize..6, a_number()), 0..3),
        hosts in 1_usize..4,
    ) {
        let names = ["rho_ppb", "rho_max_ppb", "rho_est_ppb", "epoch_ns", "threshold_ns", "kappa_ppm"];
        let mut lines = Vec::new();
        for (index, (s, r, c, c2, q, g)) in samples.iter().enumerate() {
            let (host, spawned) = (index % hosts, index % 3 == 0);
            let stamps = format!(r#""s":{s},"r":{r},"c":{c},"c2":{c2},"q":{q},"g":{g}"#);
            lines.push(format!(r#"{{"host":"h{host}",{stamps},"spawned":{spawned}}}"#));
        }
        for (name, value) in &settings {
            lines.push(format!(r#"{{"type":"meta","{}":{value}}}"#, names[*name]));
        }
        if let Ok(read) = trace::read(&lines.join("\n")) {
            let found = analysis(&read);
            prop_assert!(serde_json::to_string(&found).is_ok());
            hunt_of(&read);
            let written = trace::write(&Recording {
                seen: &read.seen,
                hosts: &read.hosts,
                claims: &read.claims,
                inventory_incomplete: read.inventory_incomplete,
                asked: read.asked.as_ref(),
                not_audited: &read.not_audited,
            })
            .expect("a trace");
            prop_assert_eq!(&trace::read(&written).expect("readable").seen, &read.seen);
        }
    }
}

/// The instant of the axis when true time is `time` after the start: the axis runs 40 ppm fast.
fn axis_at(time: i64) -> UnixNanos {
    UnixNanos(START + time + i64::try_from(i128::from(time) * 40 / 1_000_000).expect("small"))
}

/// A clock's reading when true time is `time` after the start, `offset` ahead of it and fast by `ppb`.
fn clock_at(time: i64, offset: i64, ppb: i64) -> UnixNanos {
    let gained = i128::from(time) * i128::from(ppb) / i128::from(SECOND);
    UnixNanos(START + time + offset + i64::try_from(gained).expect("small"))
}

#[test]
fn a_fast_axis_changes_nothing_that_is_relative_to_the_controller() {
    const CONTROLLER: (i64, i64) = (3_000_000, 5_000);
    let reading = |time: i64| {
        let x = clock_at(time, CONTROLLER.0, CONTROLLER.1).since(axis_at(time));
        (axis_at(time), Interval::around(x, Nanos(200)))
    };
    for (offset, ppb) in [(0, 0), (250_000_000, -20_000), (-1_000_000, 35_000), (40_000, 5_000)] {
        let exchanges: Vec<Exchange> = (0..240)
            .map(|index| {
                let sent = i64::from(index) * SECOND / 4;
                let (forward, backward) =
                    (90_000 + i64::from(index * 37 % 50) * 1_000, 80_000 + i64::from(index * 53 % 70) * 1_000);
                let shown = clock_at(sent + forward, offset, ppb);
                Exchange {
                    sent: axis_at(sent),
                    received: axis_at(sent + forward + backward),
                    first: shown,
                    last: shown,
                    resolution: Nanos(2),
                    lag: Nanos::ZERO,
                    spawned: false,
                }
            })
            .collect();
        // Read at the start of the scan, and around the middle of the window as the sampler does.
        let readings: Vec<_> = [0, 20, 29, 30, 31, 40, 60].map(|second| reading(second * SECOND)).to_vec();
        assert!(!controller_moved(&readings, Config::STANDARD.rho));
        for middle in [SECOND, 30 * SECOND, 30 * SECOND + SECOND / 3, 60 * SECOND] {
            let epoch = axis_at(middle);
            let host = estimate(&exchanges, Nanos::ZERO, epoch, &Config::STANDARD).expect("measured");
            assert_eq!(host.status, Status::Steady);
            let x = controller_at(&readings, false, epoch, Config::STANDARD.rho).expect("read");
            let truth = clock_at(middle, offset, ppb).since(clock_at(middle, CONTROLLER.0, CONTROLLER.1));
            assert!(host.bounds.minus(x).contains(truth), "{middle}: {:?} {x:?} {truth:?}", host.bounds);

            let own = controller_rate(&readings).expect("two readings");
            let rates = [host.rate, host.likely_rate].map(|rate| relative(rate.expect("a rate"), own));
            for rate in rates {
                let truth = Ppm::from_ppb(ppb - CONTROLLER.1);
                // Reading the controller and rounding to whole nanoseconds cost a few ppb, which the bounds account for.
                assert!(rate.lo <= truth && truth <= rate.hi, "{rate:?} {truth:?}");
                assert!(rate.hi.ppb() - rate.lo.ppb() < 20_000, "{rate:?}");
            }
        }
        // The scan's first reading alone, carried nowhere, would be wrong by more than the host's own bounds.
        let late = axis_at(60 * SECOND);
        let host = estimate(&exchanges, Nanos::ZERO, late, &Config::STANDARD).expect("measured");
        let truth = clock_at(60 * SECOND, offset, ppb).since(clock_at(60 * SECOND, CONTROLLER.0, CONTROLLER.1));
        assert!(!host.bounds.minus(reading(0).1).contains(truth));
    }
}
