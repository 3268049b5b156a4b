//! Asking whether to go on: on the terminal itself, and only where somebody sits at it.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use super::Terminal;
use crate::report::escape::visible;

/// The terminal of this process, wherever its standard streams go.
const TERMINAL: &str = "/dev/tty";

impl Terminal {
    /// Whether somebody can be asked to confirm something: standard input is a terminal, and it is this program's own. A job that
    /// has its input from elsewhere is nobody to ask, even where it was started on a terminal.
    pub fn can_ask() -> bool {
        io::stdin().is_terminal() && OpenOptions::new().read(true).write(true).open(TERMINAL).is_ok()
    }

    /// Asks a question, and reads the line that is typed; the end of input is an empty answer.
    pub fn ask(question: &str) -> io::Result<String> {
        let mut tty = OpenOptions::new().read(true).write(true).open(TERMINAL)?;
        tty.write_all(visible(question).as_bytes())?;
        tty.flush()?;
        let mut line = String::new();
        BufReader::new(tty).read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}
