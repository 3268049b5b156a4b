//! The program: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use clockaudit::cli::Cli;
use clockaudit::commands;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => ExitCode::from(commands::run(cli).code()),
        Err(error) => ExitCode::from(commands::usage_error(&error).code()),
    }
}
