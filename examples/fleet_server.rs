//! Runs a simulated fleet until its standard input ends: `cargo run --example fleet_server -- 2000`.
//!
//! It prints the folder with inventory, key and `known_hosts` on its first line. Tests use it to have the servers in
//! another process than the scanner; `clockaudit demo --keep` is the same for people. A second argument names what is
//! special about the fleet.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use clockaudit::demo::{HostPlan, SimulatedFleet, Trouble, plan_fleet};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(24);
    let hosts = match arguments.get(1).map(String::as_str) {
        None => plan_fleet(count, 1),
        Some("good") => good(count),
        Some("holes") => with_black_holes(count),
        Some("hostile") => hostile(count),
        Some(other) => return complain(&format!("no fleet is called `{other}`: good, holes, hostile")),
    };
    match SimulatedFleet::start(hosts, 1) {
        Ok(fleet) => serve(&fleet).map_or_else(|error| complain(&error.to_string()), |()| ExitCode::SUCCESS),
        Err(error) => complain(&error.to_string()),
    }
}

/// Tells where the fleet is and waits for the end of standard input.
fn serve(fleet: &SimulatedFleet) -> io::Result<()> {
    writeln!(io::stdout(), "{}", fleet.folder().display())?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn complain(message: &str) -> ExitCode {
    // Where standard error is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "fleet_server: {message}");
    ExitCode::FAILURE
}

/// Hosts that all work, every clock right.
fn good(count: usize) -> Vec<HostPlan> {
    (1..=count).map(|number| HostPlan::good(&format!("web{number:05}"), "web")).collect()
}

/// Hosts that work, but for one of twenty, which never answers.
fn with_black_holes(count: usize) -> Vec<HostPlan> {
    let mut hosts = good(count);
    for host in hosts.iter_mut().step_by(20) {
        host.trouble = Some(Trouble::BlackHole);
    }
    hosts
}

/// Hosts that work, and one of each kind that attacks whoever reads it.
fn hostile(count: usize) -> Vec<HostPlan> {
    let attacks = [
        ("escapes", Trouble::EscapeSequences),
        ("endless", Trouble::EndlessOutput),
        ("lines", Trouble::ManyLines),
        ("channels", Trouble::ChannelFlood),
        ("banner", Trouble::EndlessBanner),
        ("half", Trouble::HalfBanner),
        ("silent", Trouble::Silent),
    ];
    let attackers =
        attacks.map(|(name, trouble)| HostPlan { trouble: Some(trouble), ..HostPlan::good(name, "hostile") });
    good(count).into_iter().chain(attackers).collect()
}
