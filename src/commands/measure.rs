//! Measuring: from targets to what was seen of them, for every command that asks hosts.

use super::error::CommandError;
use super::plan::Measurement;
use crate::inventory::target::Target;
use crate::probe::Seen;
use crate::report::Place;
use crate::ssh::{Fleet, StopSignal};
use crate::terminal::Terminal;

/// Connects to every target, samples their clocks together, and tells what was seen; Ctrl-C, SIGTERM and the deadline
/// end it early with what is known by then.
pub fn measure(targets: Vec<Target>, plan: &Measurement, terminal: &Terminal) -> Result<Seen, CommandError> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| CommandError::internal(format!("failed to start the runtime: {error}")))?;
    let progress = terminal.watch(targets.iter().map(|target| target.name.clone()).collect(), plan.sampling.samples);
    let listener = progress.clone();
    let seen = runtime.block_on(async {
        let stop = StopSignal::from_outside(plan.deadline);
        let fleet = Fleet::connect(targets, &plan.connection, move |event| listener.hear(&event), stop).await;
        fleet.observe(&plan.sampling).await
    });
    progress.finish();
    // A name look-up that hangs in the system's resolver must not hold up the report.
    runtime.shutdown_background();
    Ok(seen)
}

/// Where targets are, for the report.
pub fn places(targets: &[Target]) -> Vec<Place> {
    let place = |target: &Target| Place {
        address: Some(target.address.clone()),
        port: Some(target.port),
        groups: target.groups.clone(),
    };
    targets.iter().map(place).collect()
}
