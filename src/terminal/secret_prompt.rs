//! Asking for a secret: on the terminal itself, whatever standard input is, and without showing what is typed.

use std::io::ErrorKind;

use super::Terminal;
use crate::inventory::secret::Secret;
use crate::report::escape::visible;

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
    /// Asks for a secret; what was typed may be empty.
    pub fn ask_secret(&self, question: &str) -> Result<Secret, AskError> {
        let answer = rpassword::prompt_password(visible(question)).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => AskError::Interrupted,
            // Without a controlling terminal there is a /dev/tty that cannot be opened, or none.
            ErrorKind::NotFound | ErrorKind::PermissionDenied => AskError::NoTerminal,
            _ if error.raw_os_error() == Some(NO_SUCH_DEVICE) => AskError::NoTerminal,
            _ => AskError::Failed(error.to_string()),
        })?;
        Ok(Secret::new(answer))
    }
}

/// `ENXIO`: there is no such device.
const NO_SUCH_DEVICE: i32 = 6;
