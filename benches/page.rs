//! What a page about a great fleet costs in a real browser: 10,000 hosts, and a bare table of the same hosts beside it.
//!
//! `cargo bench --bench page` after `./tests/run --set-up`.
#![expect(clippy::expect_used, reason = "a measurement that fails should end")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]
#![expect(dead_code, reason = "it needs only a part of what the tests of reports share")]

#[path = "../tests/report/chromium.rs"]
mod chromium;
#[path = "../tests/report/fleet.rs"]
mod fleet;

use std::env;
use std::fmt::Write as _;
use std::process::ExitCode;

use chromium::Chromium;
use clockaudit::report::Report;
use clockaudit::report::html;

const HOSTS: usize = 10_000;
/// How large the page may be, in millions of bytes.
const GOAL_SIZE: f64 = 15.0;
/// After how long it must be ready for whoever opened it, in milliseconds.
const GOAL_READY: f64 = 2_000.0;
/// How often each is opened, by a browser of its own; the best run counts, for what else the machine does only adds.
const RUNS: usize = 5;
/// After a frame was shown and nothing is left to do, in milliseconds since the page was asked for.
const READY: &str = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))";
/// Until the table is sorted by another column and laid out, in milliseconds.
const SORT: &str = "(() => { const from = performance.now(); document.querySelectorAll('#table thead button')[3].click(); \
                    document.getElementById('table').getBoundingClientRect(); return performance.now() - from; })()";

fn main() -> ExitCode {
    if !env::args().any(|argument| argument == "--bench") {
        // Built by the tests, run by `cargo bench` only.
        return ExitCode::SUCCESS;
    }
    let report = fleet::report(&fleet::many(HOSTS));
    let page = html::write(&report).expect("a page");
    println!("{HOSTS} hosts in Chromium; best of {RUNS} runs");
    println!("{:<26}{:>12}{:>14}{:>14}", "page", "size, MB", "ready, ms", "sorted, ms");
    let (size, ready) = measure("clockaudit report", &page, Some(SORT));
    measure("a bare table", &bare(&report), None);
    let is_kept = size <= GOAL_SIZE && ready <= GOAL_READY;
    let word = if is_kept { "kept" } else { "MISSED" };
    println!("goal: <= {GOAL_SIZE} MB, ready within {GOAL_READY} ms: {word}");
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Opens a page several times and prints the least that it took; returns its size and when it was ready.
fn measure(name: &str, page: &str, sort: Option<&str>) -> (f64, f64) {
    let run = || {
        let mut browser = Chromium::start();
        browser.open(page);
        let ready = browser.evaluate(READY).as_f64().expect("a figure");
        (ready, sort.map(|sort| browser.evaluate(sort).as_f64().expect("a figure")))
    };
    let runs: Vec<(f64, Option<f64>)> = (0..RUNS).map(|_| run()).collect();
    let ready = runs.iter().map(|(ready, _)| *ready).fold(f64::INFINITY, f64::min);
    let sorted = runs.iter().filter_map(|(_, sorted)| *sorted).reduce(f64::min);
    let size = f64::from(u32::try_from(page.len()).expect("less than 4 GB")) / 1e6;
    let sorted = sorted.map_or_else(|| "-".to_owned(), |sorted| format!("{sorted:.0}"));
    println!("{name:<26}{size:>12.2}{ready:>14.0}{sorted:>14}");
    (size, ready)
}

/// The same hosts and verdicts as a table and nothing else: what the browser itself takes for so many rows.
fn bare(report: &Report) -> String {
    let mut page = "<!doctype html><meta charset=\"utf-8\"><title>hosts</title><table>".to_owned();
    for host in &report.hosts {
        // Writing to a text cannot fail.
        let _ = write!(page, "<tr><th>{}<td>{:?}<td>{:?}", host.name, host.verdict, host.groups);
    }
    page
}
