//! What of a scan is told while it goes on: the lines of `-o jsonl`, and the signals that may end it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::{Failure, HostEvent};
use crate::report::events;
use crate::ssh::{Heard, StopSignal};
use crate::terminal::{LinePrinter, LineSender, OutputError, Terminal};

/// What goes on beside the judging until the results are shown.
#[derive(Debug)]
pub struct Live {
    stop: StopSignal,
    lines: Option<LinePrinter>,
}

impl Live {
    /// Holds signals off, and prints what is left of the lines.
    pub fn new(stop: StopSignal, lines: Option<LinePrinter>) -> Self {
        Self { stop, lines }
    }

    /// From now on a signal ends the program at once; then waits until every line is printed.
    pub fn release(self) -> Result<Heard, OutputError> {
        let heard = self.stop.release();
        self.lines.map_or(Ok(()), LinePrinter::finish)?;
        Ok(heard)
    }
}

/// Turns what happens to hosts into lines: one a host, as soon as nothing more will be seen of it.
#[derive(Debug, Clone)]
pub(super) struct HostLines {
    sender: LineSender,
    hosts: Arc<Mutex<Vec<Told>>>,
}

/// One host, and how far it is.
#[derive(Debug)]
struct Told {
    name: String,
    is_sampled: bool,
    failure: Option<Failure>,
    has_line: bool,
}

impl HostLines {
    /// Lines about hosts of these names.
    pub(super) fn start(names: Vec<String>, terminal: &Terminal) -> (Self, LinePrinter) {
        let (sender, printer) = terminal.print_lines();
        let told = |name| Told { name, is_sampled: false, failure: None, has_line: false };
        let hosts = Arc::new(Mutex::new(names.into_iter().map(told).collect()));
        (Self { sender, hosts }, printer)
    }

    /// Takes in one event.
    pub(super) fn hear(&self, event: &HostEvent) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let exchanges = match event {
            HostEvent::Sampled { host } => {
                if let Some(told) = hosts.get_mut(*host) {
                    told.is_sampled = true;
                }
                return;
            }
            HostEvent::Failed { host, failure } => {
                let Some(told) = hosts.get_mut(*host) else { return };
                told.failure = Some(failure.clone());
                // What a host was asked before it failed still counts, and comes when its session is closed.
                if told.is_sampled {
                    return;
                }
                (*host, &[][..])
            }
            HostEvent::Finished { host, exchanges } => (*host, exchanges.as_slice()),
            HostEvent::Connecting { .. }
            | HostEvent::Ready { .. }
            | HostEvent::FactsRead { .. }
            | HostEvent::KeyAccepted { .. }
            | HostEvent::Notice { .. }
            | HostEvent::Step { .. } => return,
        };
        let (host, exchanges) = exchanges;
        let Some(told) = hosts.get_mut(host).filter(|told| !told.has_line) else { return };
        told.has_line = true;
        // A line that JSON cannot hold is missed here, and told when the report is written.
        if let Ok(line) = events::seen(&told.name, exchanges, told.failure.as_ref()) {
            self.sender.send(line);
        }
    }
}
