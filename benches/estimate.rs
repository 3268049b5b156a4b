//! How long a great fleet takes to estimate and to judge: 10,000 hosts with 8 exchanges each, goal below 0.3 s.

use std::hint::black_box;

use clockaudit::audit::{Code, HostJudgement, Places, Policy, estimates, judge};
use clockaudit::clock::{Exchange, Interval, Nanos, UnixNanos};
use clockaudit::probe::{ControllerReading, Facts, FactsReading, Observation, SamplingWindow, Seen};
use criterion::{Criterion, criterion_group, criterion_main};

const HOSTS: usize = 10_000;
const SWEEPS: i64 = 8;
const START: UnixNanos = UnixNanos(1_795_300_000_000_000_000);

/// A fleet as fleets are: most clocks within a millisecond, some far off, some of them stepped while they were watched.
fn fleet() -> Seen {
    let mut random = fastrand::Rng::with_seed(7);
    let observations: Vec<Observation> = (0..HOSTS).map(|index| observation(index, &mut random)).collect();
    let closed = START + Nanos::from_seconds(SWEEPS);
    let reading = |at: UnixNanos| ControllerReading { at, x: Interval::around(Nanos(3_200_000), Nanos(200)) };
    Seen {
        started: START,
        finished: closed,
        controller: (0..=SWEEPS).map(|sweep| reading(START + Nanos::from_seconds(sweep))).collect(),
        controller_facts: None,
        controller_stepped: false,
        timer_lateness_p95: Some(Nanos::from_micros(20)),
        windows: vec![SamplingWindow { opened: START, closed, first_spread: Nanos::from_seconds(1) }],
        claims_window: None,
        claims_late_window: None,
        time_servers: Vec::new(),
        web_servers: Vec::new(),
        interrupted: None,
        observations,
    }
}

fn observation(index: usize, random: &mut fastrand::Rng) -> Observation {
    let base =
        if random.u8(..) < 12 { random.i64(-3_000_000_000..3_000_000_000) } else { random.i64(-900_000..900_000) };
    let step = if index.is_multiple_of(97) { random.i64(1_000_000..2_000_000_000) } else { 0 };
    let delay = random.i64(90_000..2_000_000);
    let exchange = |sweep: i64, random: &mut fastrand::Rng| {
        let sent = START + Nanos(sweep * 1_000_000_000 + random.i64(0..900_000_000));
        let (forward, backward) = (delay + random.i64(0..60_000), delay + random.i64(0..60_000));
        let offset = base + if sweep > 4 { step } else { 0 };
        let reading = sent + Nanos(forward + offset);
        Exchange {
            sent,
            received: sent + Nanos(forward + backward),
            first: reading,
            last: reading,
            resolution: Nanos(1_000),
            lag: Nanos::ZERO,
            spawned: false,
        }
    };
    let exchanges: Vec<Exchange> = (0..SWEEPS).map(|sweep| exchange(sweep, random)).collect();
    // The claim is read after the sweeps, and the clock once more with it.
    let bracket = exchange(SWEEPS, random);
    Observation {
        host: format!("node-{index:05}"),
        reader: None,
        exchanges,
        facts: Some(claim(index, bracket)),
        failure: None,
        ready_after: None,
        window: 0,
    }
}

/// What chronyd says there: a claim that most clocks keep.
fn claim(index: usize, bracket: Exchange) -> FactsReading {
    let offset = index % 900;
    let line = format!(
        "A9FEA97B,169.254.169.123,4,1795299990.123456789,-0.000{offset:03}000,0.000012000,0.000034000,\
         -11.574,0.001,0.036,0.000412000,0.000305000,16.1,Normal"
    );
    FactsReading { bracket: Some(bracket), facts: Facts(vec![("chrony.csv".to_owned(), line)]), complete: true }
}

fn great_fleet(bench: &mut Criterion) {
    let seen = fleet();
    let policy = Policy::standard();
    // What is timed must be the work of a real scan: claims are held against measurements.
    let judged = judge(&seen, &estimates(&seen), Places::default(), &policy);
    let is_contradicted =
        |host: &HostJudgement| host.findings.iter().any(|found| found.code == Code::ClaimContradicted);
    assert!(judged.hosts.iter().any(is_contradicted), "no claim was held against a measurement");
    let mut group = bench.benchmark_group("10,000 hosts x 8 exchanges");
    group.sample_size(20);
    group.bench_function("estimated", |timer| timer.iter(|| estimates(black_box(&seen))));
    group.bench_function("estimated and judged", |timer| {
        timer.iter(|| {
            let found = estimates(black_box(&seen));
            judge(&seen, &found, Places::default(), &policy)
        });
    });
    group.finish();
}

criterion_group!(benches, great_fleet);
criterion_main!(benches);
