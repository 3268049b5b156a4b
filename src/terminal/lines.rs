//! Lines of results that are printed while the work goes on: from a thread of their own, so that a reader that takes its time
//! holds up nothing that is measured.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::{OutputError, Terminal};

/// Where lines are handed in; clones hand in to the same printer.
#[derive(Debug, Clone)]
pub struct LineSender(Sender<Option<String>>);

impl LineSender {
    /// Has a line printed; it brings its own line end.
    pub fn send(&self, line: String) {
        // Whoever reads no more misses nothing.
        let _ = self.0.send(Some(line));
    }
}

/// What prints the lines.
#[derive(Debug)]
pub struct LinePrinter {
    end: LineSender,
    thread: JoinHandle<Result<(), OutputError>>,
}

impl LinePrinter {
    pub(super) fn start(terminal: Terminal) -> (LineSender, Self) {
        let (sender, lines) = channel();
        let end = LineSender(sender.clone());
        (LineSender(sender), Self { end, thread: thread::spawn(move || print(&terminal, &lines)) })
    }

    /// Waits until every line that was handed in by now is printed; later ones are not.
    pub fn finish(self) -> Result<(), OutputError> {
        let _ = self.end.0.send(None);
        self.thread.join().unwrap_or(Ok(()))
    }
}

fn print(terminal: &Terminal, lines: &Receiver<Option<String>>) -> Result<(), OutputError> {
    lines.iter().map_while(|line| line).try_for_each(|line| terminal.print(&line))
}
