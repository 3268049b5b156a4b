//! The program: arguments in, exit code out.

use std::process::ExitCode;

use clockaudit::commands;

fn main() -> ExitCode {
    match commands::arguments::parse(std::env::args_os()) {
        Ok(cli) => ExitCode::from(commands::run(cli).code()),
        Err(status) => ExitCode::from(status.code()),
    }
}
