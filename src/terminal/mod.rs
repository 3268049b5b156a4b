//! What the user sees: results on standard output, everything else on standard error. The only room that prints.

mod changing;
mod closed;
mod color;
mod confirm;
mod diagnostics;
mod lines;
mod progress;
mod secret_prompt;

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::inventory::diagnostics::{Diagnostic, Severity};
use crate::report::escape::visible;
use crate::tokens::encoded::masked;

pub use changing::Changing;
pub use color::Coloring;
pub use lines::{LinePrinter, LineSender};
pub use progress::Progress;
pub use secret_prompt::{AskError, give_back};

/// Whether and how much is said beside results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talk {
    /// 0 = the usual, 1 to 3 = more; `None` = nothing but results and errors.
    pub verbosity: Option<u8>,
    /// `None` = progress on a terminal only.
    pub progress: Option<bool>,
    /// Colour, as asked by the flag.
    pub coloring: Coloring,
}

/// Standard output did not take what was written; a pipe closed by its reader is no failure.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// There is none: it was closed before the program began.
    #[error("standard output is closed")]
    Closed,
    /// It is there, and refused it.
    #[error("failed to write standard output: {0}")]
    Refused(#[from] io::Error),
}

/// The user's terminal, or whatever stands in its place.
#[derive(Debug, Clone)]
pub struct Terminal {
    talk: Talk,
    stdout: ColorChoice,
    stderr: ColorChoice,
}

/// Errors.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Warnings.
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Hints.
const HINT: Style = AnsiColor::Cyan.on_default().bold();

impl Terminal {
    /// Takes the decisions that depend on what the two streams are.
    pub fn new(talk: Talk) -> Self {
        let environment = |name: &str| std::env::var(name).ok();
        let choose = |is_terminal: bool| {
            if color::is_wanted(talk.coloring, &environment, is_terminal) {
                ColorChoice::AlwaysAnsi
            } else {
                ColorChoice::Never
            }
        };
        Self { talk, stdout: choose(io::stdout().is_terminal()), stderr: choose(io::stderr().is_terminal()) }
    }

    /// Whether results can be printed at all.
    pub fn check_output() -> Result<(), OutputError> {
        if closed::is_closed() { Err(OutputError::Closed) } else { Ok(()) }
    }

    /// Prints what clap has to say of its own accord: help or the version.
    pub fn print_help(help: &clap::Error) -> Result<(), OutputError> {
        Self::check_output()?;
        taken(help.print().and_then(|()| io::stdout().flush()))
    }

    /// Prints results; colour in `text` is taken out where it is not wanted. A reader that has gone away is no failure.
    pub fn print(&self, text: &str) -> Result<(), OutputError> {
        let mut stream = AutoStream::new(io::stdout().lock(), self.stdout);
        Self::check_output()?;
        taken(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()))
    }

    /// Prints lines of results as they are handed in.
    pub fn print_lines(&self) -> (LineSender, LinePrinter) {
        LinePrinter::start(self.clone())
    }

    /// How many columns results may take; `None` where they go to a file or a pipe.
    pub fn columns(&self) -> Option<usize> {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return None;
        }
        terminal_size::terminal_size_of(stdout).map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0)
    }

    /// Says something that the user should know.
    pub fn note(&self, text: &str) {
        if self.talk.verbosity.is_some() {
            self.say(&format!("{HINT}note:{HINT:#} {}\n", visible(text)));
        }
    }

    /// Says something that is wrong and does not stop the run.
    pub fn warn(&self, text: &str) {
        if self.talk.verbosity.is_some() {
            self.say(&format!("{WARNING}warning:{WARNING:#} {}\n", visible(text)));
        }
    }

    /// Says something only to those who asked for more; `level` is 1 for `-v`, 2 for `-vv`, 3 for `-vvv`.
    pub fn detail(&self, level: u8, text: &str) {
        if self.tells(level) {
            self.say(&format!("{}\n", visible(text)));
        }
    }

    /// Whether so much was asked for.
    fn tells(&self, level: u8) -> bool {
        self.talk.verbosity.is_some_and(|verbosity| verbosity >= level)
    }

    /// Says why the program failed, and what to do.
    pub fn error(&self, message: &str, hints: &[String]) {
        let mut text = format!("{ERROR}error:{ERROR:#} {}\n", lines(message));
        if !hints.is_empty() {
            text.push('\n');
        }
        for hint in hints {
            text = format!("{text}{HINT}hint:{HINT:#} {}\n", lines(hint));
        }
        self.say(&text);
    }

    /// Says what clap has against the arguments, on standard error.
    pub fn print_usage_error(error: &clap::Error) {
        say_to(ColorChoice::Auto, &error.render().ansi().to_string());
    }

    /// Says prepared text, line ends included, on standard error.
    pub fn say(&self, text: &str) {
        say_to(self.stderr, text);
    }

    /// Says what there is to say about an inventory, each with its line; with `--quiet` only what is an error, or leaves the
    /// inventory incomplete.
    pub fn diagnose(&self, diagnostics: &[Diagnostic]) {
        let is_quiet = self.talk.verbosity.is_none();
        let is_grave =
            |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error || diagnostic.missing.is_some();
        let said = diagnostics.iter().filter(|diagnostic| !is_quiet || is_grave(diagnostic));
        self.say(&diagnostics::render(said, self.stderr != ColorChoice::Never));
    }

    /// Shows how a scan of hosts of these names goes on, each of which is asked `samples` times.
    pub fn watch(&self, names: Vec<String>, samples: usize) -> Progress {
        Progress::start(self, names, samples)
    }

    /// Shows how so many hosts are changed.
    pub fn change(&self, total: usize) -> Changing {
        Changing::start(self, total)
    }

    /// Whether progress is shown; never but on a terminal.
    fn shows_progress(&self) -> bool {
        io::stderr().is_terminal() && self.talk.progress.unwrap_or(self.talk.verbosity.is_some())
    }
}

/// How wide the terminal of standard error is, where it is one.
fn stderr_columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0)
}

/// A reader that has gone away is no failure.
fn taken(written: io::Result<()>) -> Result<(), OutputError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// A text of one or more lines in which nothing steers the terminal: names and messages of others may be part of it.
fn lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Says a text on standard error, without the tokens in it: what was typed in the wrong place is repeated there.
fn say_to(coloring: ColorChoice, text: &str) {
    let mut stream = AutoStream::new(io::stderr().lock(), coloring);
    // Where standard error itself is gone there is nobody left to tell.
    let _ = stream.write_all(masked(text).as_bytes()).and_then(|()| stream.flush());
}
