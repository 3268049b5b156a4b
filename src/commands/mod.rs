//! The commands, one short file each: they turn arguments into plans and walk the way of the data.

pub mod arguments;
pub mod compare;
pub mod conclude;
pub mod demo;
pub mod doctor;
pub mod error;
pub mod explain;
pub mod fix;
pub mod generate;
pub mod inventory;
mod leaving;
mod live;
pub mod measure;
pub mod memory;
pub mod merge;
pub mod output;
mod own_settings;
pub mod plan;
pub mod policy;
pub mod record;
pub mod replay;
pub mod report;
pub mod rollback;
pub mod scan;
mod secrets;
pub mod ssh_settings;
pub mod ticket;
pub mod token;

use crate::audit::ExitStatus;
use crate::cli::{Cli, ColorChoice, Command, Format, TalkArgs};
use crate::report::nagios;
use crate::terminal::{Coloring, Talk, Terminal};

pub use error::{CommandError, Outcome};

/// Does what was asked and tells how it ended.
pub fn run(cli: Cli) -> ExitStatus {
    let terminal = Terminal::new(talk(&cli.talk));
    let is_plugin = format_of(&cli.command) == Some(Format::Nagios);
    // Every command has results: whoever cannot be told them is told before any host is asked.
    let ended = Terminal::check_output().map_err(CommandError::from).and_then(|()| dispatch(cli.command, &terminal));
    match ended {
        Ok(status) => status,
        Err(error) => {
            // What could not be exported was printed before.
            if is_plugin && error.status != ExitStatus::OutputFailed {
                // Where nothing can be written that is told below, as what the command failed by.
                let _ = terminal.print(&nagios::unknown(&error.message));
            }
            terminal.error(&error.message, &error.hints);
            error.status
        }
    }
}

/// The form in which a report was asked for, where the command has one.
fn format_of(command: &Command) -> Option<Format> {
    match command {
        Command::Scan(args) => Some(args.output.output),
        Command::Fix(args) => Some(args.output.output),
        Command::Report(args) => Some(args.output.output),
        Command::Merge(args) => Some(args.output.output),
        Command::Replay(args) => Some(args.output.output),
        Command::Demo(args) => Some(args.output.output),
        _ => None,
    }
}

/// Shows what clap has to say: help and version are results, anything else is a usage error. clap's own exit code 2
/// would read as CRITICAL.
pub fn usage_error(error: &clap::Error) -> ExitStatus {
    if error.use_stderr() {
        Terminal::print_usage_error(error);
        return ExitStatus::Usage;
    }
    match Terminal::print_help(error).map_err(CommandError::from) {
        Ok(()) => ExitStatus::Good,
        Err(error) => {
            Terminal::new(Talk { verbosity: Some(0), progress: None, coloring: Coloring::Auto })
                .error(&error.message, &error.hints);
            error.status
        }
    }
}

fn dispatch(command: Command, terminal: &Terminal) -> Outcome {
    match command {
        Command::Scan(args) => scan::run(&args, terminal),
        Command::Fix(args) => fix::run(&args, terminal),
        Command::Rollback(args) => rollback::run(&args, terminal),
        Command::Report(args) => report::run(&args, terminal),
        Command::Doctor(args) => doctor::run(&args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Compare(args) => compare::run(&args, terminal),
        Command::Ticket(args) => ticket::run(&args, terminal),
        Command::Token(args) => token::run(&args, terminal),
        Command::Merge(args) => merge::run(&args, terminal),
        Command::Inventory(args) => inventory::run(&args, terminal),
        Command::Replay(args) => replay::run(&args, terminal),
        Command::Demo(args) => demo::run(&args, terminal),
        Command::Generate(command) => generate::run(command, terminal),
    }
}

/// The low arguments of what is said, as the terminal takes them.
fn talk(args: &TalkArgs) -> Talk {
    let coloring = match args.color {
        ColorChoice::Auto => Coloring::Auto,
        ColorChoice::Always => Coloring::Always,
        ColorChoice::Never => Coloring::Never,
    };
    let progress = match (args.progress, args.no_progress) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    Talk { verbosity: (!args.quiet).then_some(args.verbose), progress, coloring }
}
