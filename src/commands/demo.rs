//! `clockaudit demo`: a simulated fleet on loopback, scanned the way that real ones are.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::conclude::conclude;
use super::error::{CommandError, Outcome};
use super::measure::{measure, places, sound};
use super::output::OutputPlan;
use super::plan::{Measurement, run_id};
use crate::audit::{self, ExitStatus, FailOn, Policy};
use crate::cli::DemoArgs;
use crate::demo::{SimulatedFleet, StartError, plan_fleet, remove_folders};
use crate::inventory::Target;
use crate::report::Provenance;
use crate::report::escape::shell_word;
use crate::report::model::Kind;
use crate::ssh::{ConnectionPlan, StopSignal, TimeLimits, before_leaving_at_once, own_defects};
use crate::terminal::Terminal;

/// The same number gives the same fleet, so that what a user sees can be talked about.
const SEED: u64 = 1;
/// This process holds both ends of every session.
const SESSIONS_EACH: u32 = 2;
/// How long a host may take to connect, in a small fleet: loopback answers in a fraction of a millisecond, and the demo's
/// black holes shall not keep anyone waiting for 10 s.
const CONNECT: Duration = Duration::from_secs(1);
/// What each host adds to that: both ends of all key exchanges share this machine's processors.
const CONNECT_EACH: Duration = Duration::from_millis(2);
/// How much longer than the slowest connection the first sampling window waits.
const GATHER: Duration = Duration::from_secs(5);

/// Starts a fleet, scans it, shows what was found; with `--keep`, leaves it running until Ctrl-C.
pub fn run(args: &DemoArgs, terminal: &Terminal) -> Outcome {
    let output = OutputPlan::new(&args.output, FailOn::Down)?;
    let policy = Policy::standard();
    SimulatedFleet::room_for(args.hosts, SESSIONS_EACH)?;
    // Otherwise a signal during the start, or a second one, would leave the fleet's folder behind.
    before_leaving_at_once(remove_folders);
    StopSignal::leave_at_once();
    let simulated = SimulatedFleet::start(plan_fleet(args.hosts, SEED), SESSIONS_EACH)?;
    let targets = simulated.targets();
    let provenance = provenance(&targets);
    let sampling = Measurement::sampling(&policy, &targets);
    let measurement = Measurement { connection: connection(&simulated), sampling, servers: Vec::new(), deadline: None };
    let (seen, live) = measure(targets, &measurement, output.format, terminal)?;
    let status = conclude(&seen, &audit::estimates(&seen), &provenance, &policy, &output, Some(live), terminal)?;
    let was_told_to_end = [ExitStatus::Interrupted, ExitStatus::Terminated].contains(&status);
    if args.keep && seen.interrupted.is_none() && !was_told_to_end {
        terminal.say(&invitation(&simulated));
        wait_for_the_end()?;
    }
    sound(status, own_defects())
}

/// Waits for Ctrl-C or SIGTERM.
fn wait_for_the_end() -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::internal(format!("failed to start the runtime: {error}")))?;
    runtime.block_on(async { StopSignal::from_outside(None).given().await });
    Ok(())
}

/// How the simulated hosts are reached: with their own key and known hosts, nothing of the user's.
fn connection(simulated: &SimulatedFleet) -> ConnectionPlan {
    let usual = TimeLimits::default();
    let hosts = u32::try_from(simulated.hosts().len()).unwrap_or(u32::MAX);
    let connect = usual.connect.min(CONNECT + CONNECT_EACH.saturating_mul(hosts));
    ConnectionPlan {
        user_known_hosts: vec![simulated.known_hosts()],
        global_known_hosts: Vec::new(),
        agent: None,
        limits: TimeLimits { connect, ..usual },
        gather: connect + GATHER,
        ..ConnectionPlan::for_this_user()
    }
}

/// Where the report's hosts come from.
fn provenance(targets: &[Target]) -> Provenance {
    Provenance {
        kind: Kind::Demo,
        run: run_id(),
        sources: vec!["simulated".to_owned()],
        sha256: None,
        limit: Vec::new(),
        incomplete: false,
        places: places(targets),
        not_audited: Vec::new(),
    }
}

/// What can be done with a fleet that stays.
fn invitation(simulated: &SimulatedFleet) -> String {
    let program = env::args().next().unwrap_or_else(|| "clockaudit".to_owned());
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    // The option's value may hold several files: quotes inside of it keep one with a blank together.
    let option = match text(simulated.known_hosts()) {
        path if path.contains(char::is_whitespace) => format!("UserKnownHostsFile=\"{path}\""),
        path => format!("UserKnownHostsFile={path}"),
    };
    format!(
        "\nThe simulated fleet runs on until Ctrl-C. In another terminal:\n  \
         {} scan {} --ssh-option {}\n\
         Its inventory, key and known_hosts are in {}\n",
        shell_word(&program),
        shell_word(&text(simulated.inventory())),
        shell_word(&option),
        shell_word(&text(simulated.folder().to_owned())),
    )
}

impl From<StartError> for CommandError {
    fn from(error: StartError) -> Self {
        let failed = Self::internal(error.to_string());
        match error {
            StartError::TooManyHosts { .. } => Self::usage(failed.message),
            _ => failed,
        }
    }
}
