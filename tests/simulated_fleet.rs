//! The engine against simulated hosts in this process: every reader, long and lopsided paths, every trouble.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its preparations fail"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clockaudit::audit::{self, Policy, ReferenceChoice};
use clockaudit::clock::estimate::{Config, Estimate, Status, controller_at, estimate};
use clockaudit::clock::schedule::is_late;
use clockaudit::clock::{Exchange, Nanos, Ppm};
use clockaudit::demo::{ClockPlan, HostPlan, Motion, PathPlan, SimulatedFleet, Trouble};
use clockaudit::probe::{FailureCode, HostEvent, Interruption, Observation, Reader, Seen, Stage};
use clockaudit::ssh::{ConnectionPlan, Deadline, Fleet, SamplingPlan, ScanClock, StopSignal, TimeLimits};

/// What was seen of a fleet, and the truth about it.
struct Measured {
    seen: Seen,
    truth: BTreeMap<String, Nanos>,
}

impl Measured {
    fn observation(&self, name: &str) -> &Observation {
        self.seen.observations.iter().find(|seen| seen.host == name).unwrap_or_else(|| panic!("no host {name}"))
    }

    /// The estimate of a host, relative to the axis, at the middle of the first window.
    fn estimate(&self, name: &str) -> Option<Estimate> {
        let window = self.seen.windows.first().expect("a window");
        let epoch = window.opened.midpoint(window.closed);
        estimate(&self.observation(name).exchanges, Nanos::ZERO, epoch, &Config::STANDARD)
    }

    /// Asserts that the host's true offset from this machine's clock is inside its bounds, and gives their half-width.
    fn assert_inside(&self, name: &str) -> Nanos {
        let found = self.estimate(name).unwrap_or_else(|| panic!("{name}: {:?}", self.observation(name).failure));
        let readings: Vec<_> = self.seen.controller.iter().map(|reading| (reading.at, reading.x)).collect();
        let controller =
            controller_at(&readings, false, found.epoch, Config::STANDARD.rho).expect("the controller's clock");
        let (bounds, truth) = (found.bounds.minus(controller), self.truth[name]);
        assert!(bounds.contains(truth), "{name}: {truth} is not between {} and {}", bounds.lo, bounds.hi);
        bounds.half_width()
    }
}

async fn measure(hosts: Vec<HostPlan>) -> Measured {
    measure_on(ScanClock::freeze(), &SamplingPlan::default(), hosts).await
}

async fn measure_on(clock: ScanClock, plan: &SamplingPlan, hosts: Vec<HostPlan>) -> Measured {
    measure_and_tell(clock, plan, hosts, |_| {}).await
}

async fn measure_and_tell(
    clock: ScanClock,
    plan: &SamplingPlan,
    hosts: Vec<HostPlan>,
    tell: impl Fn(HostEvent) + Send + Sync + 'static,
) -> Measured {
    measure_until(clock, plan, hosts, None, StopSignal::new(), tell).await
}

async fn measure_until(
    clock: ScanClock,
    plan: &SamplingPlan,
    hosts: Vec<HostPlan>,
    ends_after: Option<Duration>,
    stop: StopSignal,
    tell: impl Fn(HostEvent) + Send + Sync + 'static,
) -> Measured {
    let count = hosts.len();
    let simulated = SimulatedFleet::start(hosts, 2).expect("a fleet");
    // Its time begins when there is a fleet.
    let deadline = ends_after.map(|after| Deadline::new(after, count, plan, TimeLimits::default()));
    let stop = ends_after.map_or(stop, |after| StopSignal::from_outside(Some(after)));
    let connection = ConnectionPlan {
        clock,
        deadline,
        user_known_hosts: vec![simulated.known_hosts()],
        global_known_hosts: Vec::new(),
        agent: None,
        limits: TimeLimits { connect: Duration::from_secs(3), ..TimeLimits::default() },
        ..ConnectionPlan::for_this_user()
    };
    let fleet = Fleet::connect(simulated.targets(), &connection, tell, stop).await;
    let seen = fleet.observe(plan).await;
    let truth = |name: &String| simulated.truth(name).expect("a host");
    let names: Vec<String> = simulated.hosts().map(|host| host.name.clone()).collect();
    Measured { seen, truth: names.into_iter().map(|name| (name.clone(), truth(&name))).collect() }
}

fn at(name: &str, offset: Nanos) -> HostPlan {
    HostPlan { clock: ClockPlan::at(offset), ..HostPlan::good(name, "web") }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_is_named_and_its_bounds_hold_the_truth() {
    let offsets = [
        Nanos::ZERO,
        Nanos::from_seconds(-137),
        Nanos::from_seconds(31_536_000),
        Nanos::from_micros(-50_001),
        Nanos::from_millis(700),
    ];
    let plan = |(index, reader): (usize, Reader)| HostPlan { reader, ..at(reader.label(), offsets[index % 5]) };
    let measured = measure(Reader::LADDER.into_iter().enumerate().map(plan).collect()).await;
    for reader in Reader::LADDER {
        assert_eq!(measured.observation(reader.label()).reader, Some(reader));
        let half_width = measured.assert_inside(reader.label());
        if !reader.is_hunted() {
            assert!(half_width < Nanos::from_millis(100), "{}: {half_width}", reader.label());
        }
    }
}

/// The way that a scan goes, with a controller whose raw clock runs fast: 40 ppm are what real ones have, 400 ppm are more
/// than its bounds would forgive if offsets or rates were left on the raw clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_controller_with_a_raw_rate_of_its_own_changes_nothing_that_is_reported() {
    let fast = ClockPlan { frequency: Ppm::from_ppm(60), ..ClockPlan::at(Nanos::from_millis(3)) };
    for crystal in [Ppm::from_ppm(40), Ppm::from_ppm(-40), Ppm::from_ppm(400)] {
        let hosts = vec![
            at("right", Nanos::ZERO),
            at("ahead", Nanos::from_seconds(137)),
            HostPlan { clock: fast, ..at("fast", Nanos::ZERO) },
        ];
        let plan = SamplingPlan { samples: 32, ..SamplingPlan::default() };
        let measured = measure_on(ScanClock::freeze_with_crystal(crystal), &plan, hosts).await;
        let policy = Policy { reference: ReferenceChoice::Controller, ..Policy::standard() };
        let judged = audit::judge(&measured.seen, &audit::estimates(&measured.seen), audit::Places::default(), &policy);
        for (host, observation) in judged.hosts.iter().zip(&measured.seen.observations) {
            let name = observation.host.as_str();
            let offset = host.offset.unwrap_or_else(|| panic!("{name}: {:?}", observation.failure));
            // The clock of `fast` was read a few seconds after its start, in which it gained 60 ppm.
            let since = if name == "fast" { Nanos::from_millis(2) } else { Nanos::ZERO };
            assert!(offset.bounds.widened(since).contains(measured.truth[name]), "{crystal:?} {name}: {offset:?}");
            let rate = host.rate.unwrap_or_else(|| panic!("{name} has no rate"));
            let truth = if name == "fast" { Ppm::from_ppm(60) } else { Ppm::from_ppm(0) };
            assert!(rate.lo <= truth && truth <= rate.hi, "{crystal:?} {name}: {rate:?}");
            assert!(rate.hi.ppb() - rate.lo.ppb() < 800_000, "{crystal:?} {name}: {rate:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lopsided_path_moves_the_middle_and_not_the_bounds() {
    let path = PathPlan { there: Nanos::from_millis(45), back: Nanos::from_millis(35) };
    let far = |name: &str, offset: Nanos| HostPlan { path, ..at(name, offset) };
    let measured = measure(vec![far("right", Nanos::ZERO), far("ahead", Nanos::from_millis(60))]).await;
    for name in ["right", "ahead"] {
        let half_width = measured.assert_inside(name);
        assert!(half_width >= Nanos::from_millis(40), "{name}: {half_width} is less than the path allows");
        let found = measured.estimate(name).expect("an estimate");
        assert!(found.rtt_min >= Nanos::from_millis(80), "{name}: {}", found.rtt_min);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_read_before_anyone_is_hunted_and_of_the_hunted_after_their_hunt() {
    let hunted = HostPlan { reader: Reader::WholeSecond, ..at("hunted", Nanos::ZERO) };
    let near: Vec<String> = (1..=4).map(|number| format!("near-{number}")).collect();
    let hosts = near.iter().map(|name| at(name, Nanos::ZERO)).chain([hunted]).collect();
    // Nobody gets more readings than all are promised: whoever gave those in time waits for nothing more.
    let plan = SamplingPlan { most: SamplingPlan::default().samples, ..SamplingPlan::default() };
    let measured = measure_on(ScanClock::freeze(), &plan, hosts).await;
    let bracket = |name: &str| {
        let facts = measured.observation(name).facts.as_ref().filter(|facts| facts.complete).expect("facts");
        facts.bracket.expect("a bracket")
    };
    let hunt = &measured.observation("hunted").exchanges;
    let end = hunt.last().expect("a hunt").received;
    assert!(bracket("hunted").sent >= end, "a hunt that was cut short");
    let closed = measured.seen.windows.first().expect("a window").closed;
    let is_prompt = |name: &&String| {
        let exchanges = measured.observation(name).exchanges.iter();
        let in_time = |one: &&Exchange| one.sent <= closed && !is_late(one.received.since(one.sent), None);
        exchanges.filter(in_time).count() == plan.samples
    };
    let prompt: Vec<&String> = near.iter().filter(is_prompt).collect();
    assert!(!prompt.is_empty(), "this machine is too slow for any host to answer in time");
    for name in prompt {
        let (asked, read) = (bracket(name).sent, bracket(name).received);
        assert!(asked >= closed, "{name}: asked while others were sampled");
        // A hunt takes at least ten answers of the hunted, and some of them come after the claims.
        assert!(read <= end, "{name}: its claim was read after the hunt");
        assert!(!hunt.iter().any(|one| one.sent > asked && one.sent < read), "{name}: read while others were sampled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_moves_is_caught() {
    let steps = Motion::Steps { after_readings: 4, by: Nanos::from_millis(-320) };
    let slews = Motion::Slews { rate: Ppm::from_ppm(60_000), period: Nanos::from_seconds(600) };
    let moving = |name: &str, motion: Motion| HostPlan {
        clock: ClockPlan { motion, ..ClockPlan::at(Nanos::ZERO) },
        ..HostPlan::good(name, "web")
    };
    let measured = measure(vec![moving("stepping", steps), moving("slewing", slews), at("steady", Nanos::ZERO)]).await;
    let check = |name: &str, expected: &[Status]| {
        let status = measured.estimate(name).expect("an estimate").status;
        assert!(expected.contains(&status), "{name} is {status:?}");
    };
    check("stepping", &[Status::Stepped]);
    check("slewing", &[Status::Slewing]);
    check("steady", &[Status::Steady]);
    let step = measured.estimate("stepping").expect("an estimate").steps[0];
    assert!(step.size.contains(Nanos::from_millis(-320)), "{step:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_is_told_apart() {
    let second = Nanos::from_seconds(1);
    let expected = [
        (Trouble::Refused, FailureCode::Refused, Stage::Connect),
        (Trouble::BlackHole, FailureCode::Timeout, Stage::Connect),
        (Trouble::Silent, FailureCode::Timeout, Stage::Banner),
        (Trouble::HalfBanner, FailureCode::Timeout, Stage::Banner),
        (Trouble::EndlessBanner, FailureCode::Dropped, Stage::Banner),
        (Trouble::Throttled, FailureCode::Throttled, Stage::Banner),
        (Trouble::LoginRejected, FailureCode::AuthenticationRejected, Stage::Authenticate),
        (Trouble::KeyChanged, FailureCode::HostKeyChanged, Stage::HostKey),
        (Trouble::KeyUnknown, FailureCode::HostKeyUnknown, Stage::HostKey),
        (Trouble::ForcedCommand, FailureCode::NoShell, Stage::Probe),
        (Trouble::Drops { after_readings: 3 }, FailureCode::Dropped, Stage::Sample),
        (Trouble::EndlessOutput, FailureCode::Dropped, Stage::Sample),
        (Trouble::ManyLines, FailureCode::Dropped, Stage::Sample),
    ];
    let plan = |trouble: Trouble| HostPlan { trouble: Some(trouble), ..HostPlan::good(&format!("{trouble:?}"), "web") };
    let troubled = expected.map(|(trouble, ..)| plan(trouble));
    let slow = plan(Trouble::SlowLogin(second));
    let measured = measure(troubled.into_iter().chain([slow.clone(), at("good", Nanos::ZERO)]).collect()).await;
    for (trouble, code, stage) in expected {
        let failure = measured.observation(&format!("{trouble:?}")).failure.clone();
        let told = failure.as_ref().map(|failure| (failure.code, failure.stage));
        assert_eq!(told, Some((code, stage)), "{trouble:?}: {failure:?}");
    }
    let slow = measured.observation(&slow.name);
    assert!(slow.failure.is_none() && slow.ready_after >= Some(second), "{slow:?}");
    assert_eq!(measured.observation(&format!("{:?}", Trouble::Drops { after_readings: 3 })).exchanges.len(), 3);
    measured.assert_inside("good");
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_read_in_rounds_of_their_own_and_each_round_tells_how_long_it_took() {
    let names = ["near-1", "near-2", "near-3"];
    let hunted = HostPlan { reader: Reader::WholeSecond, ..at("hunted", Nanos::ZERO) };
    let hosts = names.map(|name| at(name, Nanos::ZERO)).into_iter().chain([hunted]).collect();
    let measured = measure(hosts).await;
    let bracket = |name: &str| {
        let facts = measured.observation(name).facts.as_ref().expect("facts");
        facts.bracket.expect("two readings around the claim")
    };
    let window = |names: &[&str]| {
        let first = names.iter().map(|name| bracket(name).sent).min().expect("a claim");
        let last = names.iter().map(|name| bracket(name).received).max().expect("a claim");
        (first, last)
    };
    let hunt_over = measured.observation("hunted").exchanges.last().expect("exchanges").received;
    assert!(bracket("hunted").sent > hunt_over, "the hunted host gave its claim before its last reading");
    // Who was asked in which round is the engine's choice: a near host whose bounds still shrink is measured longer, and an
    // edge that the sweeps found is not hunted. The rounds follow one another, and each window is that of its hosts.
    let mut hosts = [names[0], names[1], names[2], "hunted"];
    hosts.sort_by_key(|name| bracket(name).sent);
    let length = |names: &[&str]| {
        let (first, last) = window(names);
        last.since(first)
    };
    let told = (measured.seen.claims_window, measured.seen.claims_late_window);
    let rounds = (1..=hosts.len()).map(|asked| hosts.split_at(asked));
    let found = rounds.into_iter().find(|(early, late)| {
        told == (Some(length(early)), Some(late).filter(|late| !late.is_empty()).map(|late| length(late)))
    });
    let (early, late) = found.unwrap_or_else(|| panic!("{told:?} are the windows of no two rounds"));
    if !late.is_empty() {
        assert!(late.contains(&"hunted"), "{late:?} were asked after the hunt, and the hunted host before");
        // Nobody is sampled while the first round is asked, unless a host takes longer than a second for its facts: then the
        // others go on.
        let (first, last) = window(early);
        let is_patient = last.since(first) < Nanos::from_millis(900);
        for name in hosts.into_iter().filter(|_| is_patient) {
            let within: Vec<_> = measured.observation(name).exchanges.iter().map(|one| one.sent.since(first)).collect();
            let window = last.since(first);
            assert!(within.iter().all(|at| at.0 < 0 || *at > window), "{name}: {within:?} within {window:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_falls_silent_in_the_middle_keeps_nobody_waiting() {
    let silent =
        HostPlan { trouble: Some(Trouble::FallsSilent { after_readings: 7 }), ..HostPlan::good("silent", "web") };
    // Its round trip is longer than a sweep, so that it misses every other question and is asked again in spare sweeps.
    let path = PathPlan { there: Nanos::from_millis(150), back: Nanos::from_millis(150) };
    let far = HostPlan { path, ..at("far", Nanos::ZERO) };
    let names = ["silent", "far", "near-1", "near-2"];
    let hosts = vec![silent, far, at(names[2], Nanos::ZERO), at(names[3], Nanos::ZERO)];
    let far_readings = Arc::new(AtomicUsize::new(0));
    let when_given_up = Arc::new(AtomicUsize::new(0));
    let (counted, noted) = (Arc::clone(&far_readings), Arc::clone(&when_given_up));
    let tell = move |event| match event {
        HostEvent::Sampled { host: 1 } => _ = counted.fetch_add(1, Ordering::SeqCst),
        HostEvent::Failed { host: 0, .. } => noted.store(counted.load(Ordering::SeqCst), Ordering::SeqCst),
        _ => {}
    };
    let measured = measure_and_tell(ScanClock::freeze(), &SamplingPlan::default(), hosts, tell).await;

    let silent = measured.observation("silent");
    let failure = silent.failure.as_ref().map(|failure| (failure.code, failure.stage));
    assert_eq!((failure, silent.exchanges.len()), (Some((FailureCode::Timeout, Stage::Sample)), 7));
    // The window ends with what was sent in it, not with the end of anyone's patience.
    let closed = measured.seen.windows.first().expect("a window").closed;
    let is_stamp = |name: &&str| measured.observation(name).exchanges.iter().any(|exchange| exchange.sent == closed);
    assert!(names.iter().any(is_stamp), "the window closed when nothing was sent");
    // The others went on before it was given up.
    let before = when_given_up.load(Ordering::SeqCst);
    let far = &measured.observation("far").exchanges;
    let last = before.checked_sub(1).and_then(|index| far.get(index)).expect("readings of the far host by then");
    assert!(last.sent > closed, "no spare sweep until the silent host was given up");
    assert!(far.len() >= 8, "{} exchanges", far.len());
    for name in names {
        measured.assert_inside(name);
    }
}

/// Eight hosts that are ready at once, one that says nothing, and one that never lets anybody in.
fn good_and_slow() -> Vec<HostPlan> {
    let slow = |name: &str, trouble| HostPlan { trouble: Some(trouble), ..HostPlan::good(name, "web") };
    (0..8)
        .map(|index| at(&format!("good{index}"), Nanos::from_millis(10 * index)))
        .chain([slow("silent", Trouble::Silent), slow("hangs", Trouble::SlowLogin(Nanos::from_seconds(60)))])
        .collect()
}

fn assert_only_the_slow_are_missing(measured: &Measured) {
    for observation in &measured.seen.observations {
        if observation.host.starts_with("good") {
            assert_eq!(observation.failure, None, "{}", observation.host);
            measured.assert_inside(&observation.host);
        } else {
            assert!(observation.failure.is_some() && observation.exchanges.is_empty(), "{observation:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_ready_are_measured_though_the_run_is_ended_while_it_waits_for_others() {
    for reason in [Interruption::Interrupt, Interruption::Terminate] {
        let stop = StopSignal::new();
        let (to_give, ready) = (stop.clone(), AtomicUsize::new(0));
        let tell = move |event: HostEvent| {
            if matches!(event, HostEvent::Ready { .. }) && ready.fetch_add(1, Ordering::SeqCst) == 7 {
                to_give.give(reason);
            }
        };
        let plan = SamplingPlan::default();
        let measured = measure_until(ScanClock::freeze(), &plan, good_and_slow(), None, stop, tell).await;
        assert_eq!(measured.seen.interrupted, Some(reason));
        assert_only_the_slow_are_missing(&measured);
        let good = measured.observation("good0");
        assert!(good.exchanges.len() < plan.samples && good.facts.is_none(), "one short sweep: {good:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_ready_are_sampled_before_a_deadline_passes() {
    let plan = SamplingPlan::default();
    let after = Some(Duration::from_secs(4));
    let measured = measure_until(ScanClock::freeze(), &plan, good_and_slow(), after, StopSignal::new(), |_| {}).await;
    assert_eq!(measured.seen.interrupted, Some(Interruption::Deadline));
    assert_only_the_slow_are_missing(&measured);
    let good = measured.observation("good0");
    assert!(good.exchanges.len() > 1, "more than the short sweep of a run that is told to stop: {good:?}");
}
