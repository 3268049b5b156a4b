//! `clockaudit generate`: what belongs to the program and can be printed.

use super::error::{CommandError, Outcome};
use crate::audit::ExitStatus;
use crate::cli::GenerateCommand;
use crate::fix::sudoers::sudoers;
use crate::report::escape::visible;
use crate::report::json;
use crate::terminal::Terminal;

/// Prints what was asked for.
pub fn run(command: GenerateCommand, terminal: &Terminal) -> Outcome {
    let text = match command {
        GenerateCommand::Schema => json::schema().map_err(|error| CommandError::internal(error.to_string()))?,
        GenerateCommand::Sudoers { user } => {
            sudoers(&user).map_err(|error| CommandError::usage(visible(&error.to_string())))?
        }
    };
    terminal.print(&text)?;
    Ok(ExitStatus::Good)
}
