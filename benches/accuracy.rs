//! How far from the truth clockaudit measures: real hosts with known clocks, one line for each way to read a clock.
//!
//! `cargo bench --bench accuracy` as root on Debian, after `./tests/run --set-up`.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement that fails should end")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]
#![expect(dead_code, reason = "it needs only a part of the tests' support")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::env;
use std::process::{self, ExitCode};

use clockaudit::clock::Nanos;
use clockaudit::probe::reader::Reader;

use support::confinement::{can_set_clock, own_status, unable_to_set_clock};
use support::fleet::Fleet;
use support::ladder;
use support::measured::Measured;
use support::session::scan;

/// How often the fleet is scanned.
const RUNS: usize = 10;
/// What readers without a fork are to keep in 95 of 100 measurements.
const GOAL_WITHOUT_FORK: Nanos = Nanos::from_micros(100);
/// What `date`, run twice for a reading, is to keep.
const GOAL_OF_DATE: Nanos = Nanos::from_micros(300);

/// One measurement of one host.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    reader: Reader,
    /// Estimate - truth.
    error: Nanos,
    /// Half the width of the bounds.
    bound: Nanos,
    held: bool,
}

fn main() -> ExitCode {
    if !env::args().any(|argument| argument == "--bench") {
        // Built by the tests, run by `cargo bench` only.
        return ExitCode::SUCCESS;
    }
    confine();
    let outcomes = measure();
    println!(
        "{} scans of {} real hosts; error = estimate - truth, in ms; its median, and percentiles of its size",
        RUNS,
        outcomes.len() / RUNS
    );
    println!(
        "{:<18}{:>5}{:>10}{:>10}{:>10}{:>10}{:>11}{:>6}",
        "reader", "n", "median", "p50", "p95", "max", "bound p50", "held"
    );
    for reader in Reader::LADDER {
        print_row(reader.label(), &outcomes, |outcome| outcome.reader == reader);
    }
    let quick = print_row("all without a fork", &outcomes, |outcome| !outcome.reader.spawns());
    let date = print_row("date, twice", &outcomes, |outcome| outcome.reader == Reader::DatePair);
    let mut kept = outcomes.iter().all(|outcome| outcome.held);
    for (what, p95, goal) in [("without a fork", quick, GOAL_WITHOUT_FORK), ("date", date, GOAL_OF_DATE)] {
        println!("goal {what}: p95 <= {} ms: {}", millis(goal), if p95 <= goal { "kept" } else { "MISSED" });
        kept &= p95 <= goal;
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts this program again where it could set the clock, as one that cannot, and ends with it.
fn confine() {
    if can_set_clock(&own_status()) {
        let this = env::current_exe().expect("the path of this program");
        let ended = unable_to_set_clock().arg(this).args(env::args_os().skip(1)).status();
        process::exit(ended.expect("setpriv of util-linux").code().unwrap_or(1));
    }
}

/// Scans the fleet again and again.
fn measure() -> Vec<Outcome> {
    let (plans, readers): (Vec<_>, Vec<_>) = ladder::plans().into_iter().unzip();
    let fleet = Fleet::start(plans);
    let inventory = fleet.inventory();
    let mut outcomes = Vec::new();
    for _ in 0..RUNS {
        let report = scan(&fleet, &inventory, &[]).report();
        for (host, reader) in fleet.hosts.iter().zip(&readers) {
            let measured = Measured::of(host, &report);
            outcomes.push(Outcome {
                reader: *reader,
                error: measured.offset - measured.truth,
                bound: measured.bounds.half_width(),
                held: measured.holds(),
            });
        }
    }
    outcomes
}

/// Prints the figures of the outcomes that are chosen; returns the error that 95 of 100 keep.
fn print_row(what: &str, outcomes: &[Outcome], chosen: impl Fn(&Outcome) -> bool) -> Nanos {
    let chosen: Vec<Outcome> = outcomes.iter().copied().filter(chosen).collect();
    let held = chosen.iter().filter(|outcome| outcome.held).count();
    let signed: Vec<Nanos> = chosen.iter().map(|outcome| outcome.error).collect();
    let errors: Vec<Nanos> = signed.iter().map(|error| error.abs()).collect();
    let bounds: Vec<Nanos> = chosen.iter().map(|outcome| outcome.bound).collect();
    let p95 = percentile(&errors, 95);
    let figures =
        [percentile(&signed, 50), percentile(&errors, 50), p95, percentile(&errors, 100), percentile(&bounds, 50)];
    let [median, p50, p95_text, most, bound] = figures.map(millis);
    println!("{what:<18}{:>5}{median:>10}{p50:>10}{p95_text:>10}{most:>10}{bound:>11}{held:>6}", chosen.len());
    p95
}

/// The least value that so many percent of the values do not exceed.
fn percentile(values: &[Nanos], percent: usize) -> Nanos {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

fn millis(time: Nanos) -> String {
    format!("{:.4}", time.as_seconds_f64() * 1e3)
}
