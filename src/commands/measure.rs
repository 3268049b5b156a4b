//! Measuring: from targets to what was seen of them, for every command that asks hosts.

use std::sync::Arc;

use super::error::{CommandError, Outcome};
use super::live::{HostLines, Live};
use super::plan::Measurement;
use crate::audit::ExitStatus;
use crate::cli::Format;
use crate::inventory::connection::Hidden;
use crate::inventory::secret::Secret;
use crate::inventory::target::Target;
use crate::network;
use crate::probe::{Failure, HostEvent, Seen};
use crate::report::Place;
use crate::ssh::{self, Ask, Asker, Deadline, Fleet, StopSignal};
use crate::terminal::{Progress, Terminal, give_back};

/// Asks whoever sits at the terminal, while hosts are connected to.
struct AtTerminal {
    terminal: Terminal,
    progress: Progress,
}

impl Ask for AtTerminal {
    fn secret(&self, question: &str) -> Result<Secret, String> {
        self.progress.aside(|| self.terminal.ask_secret(question)).map_err(|error| error.to_string())
    }
}

/// Connects to every target, samples their clocks together, and tells what was seen; Ctrl-C, SIGTERM and the deadline
/// end it early with what is known by then. The signal is handed on: while it is kept, a first Ctrl-C does not end the program,
/// so that what was seen can be judged and written. Results in the form of lines begin with a line a host while it goes on.
pub fn measure(
    targets: Vec<Target>,
    plan: &Measurement,
    format: Format,
    terminal: &Terminal,
) -> Result<(Seen, Live), CommandError> {
    let runtime = runtime()?;
    let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
    let (lines, printer) = match format {
        Format::Jsonl => Some(HostLines::start(names.clone(), terminal)).unzip(),
        Format::Table
        | Format::Wide
        | Format::Json
        | Format::Csv
        | Format::Md
        | Format::Html
        | Format::Junit
        | Format::Prometheus
        | Format::Nagios => (None, None),
    };
    let progress = terminal.watch(names, plan.sampling.samples);
    let listener = progress.clone();
    // A failure may repeat the words for `ssh` that it comes of, and those may hold a secret of the inventory.
    let hidden: Arc<[Hidden]> = targets.iter().map(hidden).collect();
    let of_events = Arc::clone(&hidden);
    let hear = move |event: HostEvent| {
        if listener.passes_over(&event) {
            return;
        }
        let event = masked(event, &of_events);
        listener.hear(&event);
        if let Some(lines) = &lines {
            lines.hear(&event);
        }
    };
    let clock = plan.connection.clock;
    let mut connection = plan.connection.clone();
    connection.deadline =
        plan.deadline.map(|after| Deadline::new(after, targets.len(), &plan.sampling, connection.limits));
    connection.asker = Some(Asker::new(AtTerminal { terminal: terminal.clone(), progress: progress.clone() }));
    let (mut seen, stop) = runtime.block_on(async {
        let stop = StopSignal::from_outside(plan.deadline);
        let fleet = Fleet::connect(targets, &connection, hear, stop.clone()).await;
        // Beside the sampling, so that what the servers say is of nearly the same time as the hosts' offsets.
        let servers = async {
            tokio::select! {
                answered = network::ask(&plan.servers, || clock.now()) => answered,
                _ = stop.given() => network::Answers::default(),
            }
        };
        let (seen, answered) = tokio::join!(fleet.observe(&plan.sampling), servers);
        (Seen { time_servers: answered.time, web_servers: answered.web, ..seen }, stop)
    });
    for (observation, hidden) in seen.observations.iter_mut().zip(hidden.iter()) {
        observation.failure = observation.failure.take().map(|failure| without_secrets(failure, Some(hidden)));
    }
    progress.finish();
    // Somebody may still be asked for a password that nobody waits for any more.
    give_back();
    // A name look-up that hangs in the system's resolver must not hold up the report.
    runtime.shutdown_background();
    Ok((seen, Live::new(stop, printer)))
}

/// What may not be shown of a target's settings.
pub(super) fn hidden(target: &Target) -> Hidden {
    let of_elevation = target.elevation.as_ref().and_then(|elevation| elevation.password.as_ref());
    let hidden = target.settings.as_ref().map(|settings| settings.hidden.clone()).unwrap_or_default();
    hidden.and(target.password.iter().chain(of_elevation))
}

/// An event as it is shown: it has no secret of its host in it.
pub(super) fn masked(event: HostEvent, hidden: &[Hidden]) -> HostEvent {
    match event {
        HostEvent::Failed { host, failure } => {
            HostEvent::Failed { host, failure: without_secrets(failure, hidden.get(host)) }
        }
        HostEvent::Step { host, text } => {
            let masked = hidden.get(host).map(|hidden| hidden.masked(&text));
            HostEvent::Step { host, text: masked.unwrap_or(text) }
        }
        other => other,
    }
}

/// A failure as it becomes data: what is stored and shown from here on has no secret of its host in it.
pub(super) fn without_secrets(failure: Failure, hidden: Option<&Hidden>) -> Failure {
    let detail = hidden.map(|hidden| hidden.masked(&failure.detail));
    Failure { detail: detail.unwrap_or(failure.detail), ..failure }
}

/// Where targets are, for the report: an address or a port that was encrypted is none; a host without address is known by its name alone.
pub fn places(targets: &[Target]) -> Vec<Place> {
    let place = |target: &Target| {
        let hidden = hidden(target);
        Place {
            address: Some(target.address.clone()).filter(|address| !hidden.is_in(address)),
            port: Some(target.port).filter(|port| !hidden.is_in(&port.to_string())),
            groups: target.groups.clone(),
        }
    };
    targets.iter().map(place).collect()
}

/// How a scan ends whose report is delivered: with 70 where panics of the program itself ended the work on some hosts.
pub fn sound(status: ExitStatus, defects: usize) -> Outcome {
    if defects == 0 {
        return Ok(status);
    }
    let text = format!("clockaudit itself failed {defects} times while it measured; the report lacks those hosts");
    Err(CommandError::internal(text).hint("please report it, with the message above"))
}

/// A runtime for the edges, once there is room for what it opens.
pub fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    let files = ssh::open_files();
    if files < ssh::LEAST_OPEN_FILES {
        return Err(CommandError::internal(format!(
            "the limit of open files is {files}, and a scan needs {} at least",
            ssh::LEAST_OPEN_FILES
        ))
        .hint("raise the hard limit: `ulimit -Hn`, or LimitNOFILE= of the unit"));
    }
    tokio::runtime::Runtime::new()
        .map_err(|error| CommandError::internal(format!("failed to start the runtime: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_defects_decide_the_end_whatever_the_hosts_are_like() {
        assert_eq!(sound(ExitStatus::Critical, 0).ok(), Some(ExitStatus::Critical));
        let error = sound(ExitStatus::Good, 2).unwrap_err();
        assert_eq!(error.status, ExitStatus::Internal);
    }
}
