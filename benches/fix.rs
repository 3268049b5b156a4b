//! How long a fix takes besides the time for which a clock must hold: of one host, and of many in waves.
//!
//! `cargo bench --bench fix` as root on Debian, after `./tests/run --set-up`. The hosts are real: Debian's own chrony, sshd and sudo,
//! each with a clock of its own. Of the many each has an init that starts no more than that, so that a small machine carries them.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement that fails should end")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]
#![expect(dead_code, reason = "it needs only a part of what the tests share")]

#[path = "../tests/fix_hosts/running.rs"]
mod running;
#[path = "../tests/fix_hosts/site.rs"]
mod site;
#[path = "../tests/support/mod.rs"]
mod support;

use std::env;
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use clockaudit::clock::Nanos;

use site::{Boot, CLOUD_SERVER, Plan, Site};
use support::confinement::{can_set_clock, own_status, unable_to_set_clock};

const SECOND: i64 = 1_000_000_000;
/// Another time server, so that each fix has something to change.
const OTHER_SERVER: &str = "10.88.0.2";
/// How long a clock must hold.
const HOLD: Duration = Duration::from_secs(2);
/// How often one host is mended.
const RUNS: usize = 6;
/// What one host may take besides.
const GOAL: Duration = Duration::from_secs(15);
/// How many hosts are mended in waves.
const MANY: usize = 50;

fn main() -> ExitCode {
    if !env::args().any(|argument| argument == "--bench") {
        // Built by the tests, run by `cargo bench` only.
        return ExitCode::SUCCESS;
    }
    confine();
    let servers = [(CLOUD_SERVER, Nanos(0)), (OTHER_SERVER, Nanos(0))];
    let slowest = one_host(&servers);
    many_hosts(&servers);
    println!(
        "goal one host: at most {} s besides the hold: {}",
        GOAL.as_secs(),
        if slowest <= GOAL { "kept" } else { "MISSED" }
    );
    if slowest <= GOAL { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts this program again where it could set the clock, as one that cannot, and ends with it.
fn confine() {
    if can_set_clock(&own_status()) {
        let this = env::current_exe().expect("the path of this program");
        let ended = unable_to_set_clock().arg(this).args(env::args_os().skip(1)).status();
        process::exit(ended.expect("setpriv of util-linux").code().unwrap_or(1));
    }
}

/// The longest of some fixes of one host, besides the hold; the one server and the other in turns.
fn one_host(servers: &[(&str, Nanos)]) -> Duration {
    let site = Site::start(&[Plan { name: "host", offset: Nanos(-8 * SECOND), furnish: "" }], servers);
    let times: Vec<Duration> = (0..RUNS).map(|run| fix(&site, servers[run % 2].0).saturating_sub(HOLD)).collect();
    let mut sorted = times.clone();
    sorted.sort();
    println!(
        "one host, {RUNS} fixes, besides a hold of {} s: median {:.1} s, longest {:.1} s, each: {}",
        HOLD.as_secs(),
        sorted[RUNS / 2].as_secs_f64(),
        sorted[RUNS - 1].as_secs_f64(),
        times.iter().map(|time| format!("{:.1}", time.as_secs_f64())).collect::<Vec<_>>().join(" "),
    );
    sorted[RUNS - 1]
}

fn many_hosts(servers: &[(&str, Nanos)]) {
    let plans: Vec<Plan> = (0..MANY)
        .map(|number| {
            let name: &'static str = Box::leak(format!("host{number:02}").into_boxed_str());
            let offset = Nanos(-SECOND * i64::try_from(number + 2).expect("a small number"));
            Plan { name, offset, furnish: "" }
        })
        .collect();
    let started = Instant::now();
    let site = Site::start_by(Boot::Light, &plans, servers);
    println!("{MANY} hosts were up after {:.0} s", started.elapsed().as_secs_f64());
    // A canary of one, then four waves.
    let took = fix(&site, CLOUD_SERVER);
    println!(
        "{MANY} hosts, a canary and four waves, each with a hold of {} s: {:.1} s",
        HOLD.as_secs(),
        took.as_secs_f64()
    );
}

/// How long it takes that all hosts follow another server.
fn fix(site: &Site, server: &str) -> Duration {
    let inventory = site.inventory();
    let hold = format!("{}s", HOLD.as_secs());
    let started = Instant::now();
    let fixed = site.clockaudit(&["fix", &inventory, "--ntp-server", server, "--yes", "--hold", &hold]);
    let took = started.elapsed();
    assert_eq!(fixed.status, Some(0), "{fixed}");
    took
}
