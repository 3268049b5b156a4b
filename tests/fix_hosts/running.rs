//! A command that runs while a test looks on: what it says, line by line, and the signals that it gets.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::session::Session;

/// All that a command said, without the ends of its lines.
pub(crate) fn said(session: &Session) -> String {
    let words = session.stdout.split_whitespace().chain(session.stderr.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

/// A running command.
pub(crate) struct Running {
    child: Child,
    complains: BufReader<ChildStderr>,
    heard: String,
}

impl Running {
    /// Starts it, with nothing to read.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a program that starts");
        let complains = BufReader::new(child.stderr.take().expect("its complaints"));
        Self { child, complains, heard: String::new() }
    }

    /// Waits until it says this.
    pub(crate) fn until(&mut self, text: &str) {
        loop {
            let mut line = String::new();
            let size = self.complains.read_line(&mut line).expect("what it says");
            self.heard.push_str(&line);
            assert!(size > 0, "it never said `{text}`: {}", self.rest());
            if line.contains(text) {
                return;
            }
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).expect("a process"));
        kill(id, signal).expect("it runs");
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Session {
        self.rest()
    }

    fn rest(&mut self) -> Session {
        self.complains.read_to_string(&mut self.heard).expect("what it says");
        let mut stdout = String::new();
        self.child.stdout.take().expect("its output").read_to_string(&mut stdout).expect("text");
        let status = self.child.wait().expect("its end").code();
        Session { status, stdout, stderr: std::mem::take(&mut self.heard) }
    }
}
