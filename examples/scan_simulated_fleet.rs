//! Measures a simulated fleet through the library and holds the result against the truth:
//! `cargo run --example scan_simulated_fleet`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;

use clockaudit::clock::estimate::{Config, controller_at, estimate};
use clockaudit::clock::{Nanos, UnixNanos};
use clockaudit::demo::{SimulatedFleet, plan_fleet};
use clockaudit::probe::Seen;
use clockaudit::ssh::{ConnectionPlan, Fleet, SamplingPlan, StopSignal};

/// Hosts whose clocks are measured; some of them are wrong on purpose.
const HOSTS: usize = 9;
/// Any number: the same one gives the same fleet.
const SEED: u64 = 1;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Real SSH servers on loopback, each with its own clock; this process holds both ends of every session.
    let simulated = SimulatedFleet::start(plan_fleet(HOSTS, SEED), 2)?;

    // Every host at once, then all of them are sampled in paced sweeps.
    let connection =
        ConnectionPlan { user_known_hosts: vec![simulated.known_hosts()], ..ConnectionPlan::for_this_user() };
    let fleet = Fleet::connect(simulated.targets(), &connection, |_| {}, StopSignal::new()).await;
    let seen = fleet.observe(&SamplingPlan::default()).await;

    let Some(epoch) = middle_of_the_first_window(&seen) else { return Err("no host was measured".into()) };
    let readings: Vec<_> = seen.controller.iter().map(|reading| (reading.at, reading.x)).collect();
    let config = Config::STANDARD;
    let Some(controller) = controller_at(&readings, seen.controller_stepped, epoch, config.rho) else {
        return Err("no controller's clock".into());
    };
    println!("{:10} {:>19}   {:>13}   {:>19}", "host", "offset", "± bound", "truth now");
    for observation in &seen.observations {
        match (estimate(&observation.exchanges, Nanos::ZERO, epoch, &config), &observation.failure) {
            (Some(found), _) => println!(
                "{:10} {:>19}   {:>13}   {:>19}",
                observation.host,
                found.estimate - controller.midpoint(),
                found.bounds.minus(controller).half_width(),
                simulated.truth(&observation.host).unwrap_or_default(),
            ),
            (None, Some(failure)) => println!("{:10} {} {}", observation.host, failure.code.label(), failure.detail),
            (None, None) => println!("{:10} not measured", observation.host),
        }
    }
    Ok(())
}

/// The instant that all offsets are carried to.
fn middle_of_the_first_window(seen: &Seen) -> Option<UnixNanos> {
    seen.windows.first().map(|window| window.opened.midpoint(window.closed))
}
