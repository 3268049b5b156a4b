//! Asking for a secret: on the terminal itself, whatever standard input is, and without showing what is typed.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

use super::Terminal;
use crate::inventory::secret::Secret;
use crate::report::escape::visible;

/// The terminal of this process, wherever its standard streams go.
const TERMINAL: &str = "/dev/tty";

/// How the terminal was before the question that is open hid what is typed; `None` = no question is open.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Why no secret was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// There is nobody to ask.
    #[error("there is no terminal to ask on")]
    NoTerminal,
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Failed(String),
}

impl Terminal {
    /// Asks for a secret; what was typed may be empty. Whoever ends the program by a signal meanwhile calls [`give_back`].
    pub fn ask_secret(&self, question: &str) -> Result<Secret, AskError> {
        let modes = OpenOptions::new().read(true).write(true).open(TERMINAL).ok().and_then(|tty| tcgetattr(tty).ok());
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = modes;
        let asked = rpassword::prompt_password(visible(question));
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let answer = asked.map_err(|error| match error.kind() {
            ErrorKind::Interrupted => AskError::Interrupted,
            // Without a controlling terminal there is a /dev/tty that cannot be opened, or none.
            ErrorKind::NotFound | ErrorKind::PermissionDenied => AskError::NoTerminal,
            _ if error.raw_os_error() == Some(NO_SUCH_DEVICE) => AskError::NoTerminal,
            _ => AskError::Failed(error.to_string()),
        })?;
        Ok(Secret::new(answer))
    }
}

/// Gives the terminal back as it was before a question that is still open: a program that is ended by a signal runs no
/// destructor, and its user would type unseen from then on.
pub fn give_back() {
    let modes = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let tty = OpenOptions::new().read(true).write(true).open(TERMINAL);
    if let (Some(modes), Ok(mut tty)) = (modes, tty) {
        // There is nothing left to do about a terminal that refuses, and the cursor stands behind the question.
        let _ = tcsetattr(&tty, SetArg::TCSANOW, &modes);
        let _ = std::io::Write::write_all(&mut tty, b"\n");
    }
}

/// `ENXIO`: there is no such device.
const NO_SUCH_DEVICE: i32 = 6;
