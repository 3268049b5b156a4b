//! Flags as settings: each can be given in the environment as `CLOCKAUDIT_FLAG`, and in files by its long name.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Command, CommandFactory, builder::FalseyValueParser};

use super::Cli;

/// Flags that say what is to be done now, and those whose environment variable is looked up with Ansible's.
const DEEDS: [&str; 25] = [
    "help",
    "version",
    "verbose",
    "list",
    "host",
    "hosts",
    "graph",
    "explain",
    "list-hosts",
    "analysis",
    "hunt",
    "keep",
    "inventory",
    "report",
    "ntp-server",
    "pool",
    "preset",
    "conf",
    "internal",
    "makestep",
    "check",
    "plan",
    "plan-out",
    "yes",
    "force",
];

/// The command line, every setting of it open to the environment.
pub fn command() -> Command {
    let open = |arg: Arg| match arg.get_long().map(str::to_owned) {
        Some(long) if !DEEDS.contains(&long.as_str()) => {
            let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
            let arg = arg.env(variable(&long)).hide_env(true);
            // `0`, `no`, `off` and nothing at all switch nothing on.
            if is_switch { arg.value_parser(FalseyValueParser::new()) } else { arg }
        }
        _ => arg,
    };
    let open_all = move |command: Command| command.mut_args(open);
    open_all(Cli::command()).mut_subcommands(open_all)
}

/// The environment variable of a flag.
pub fn variable(long: &str) -> String {
    format!("CLOCKAUDIT_{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// The long names of the flags that files of settings may set.
pub fn names() -> BTreeSet<String> {
    let command = Cli::command();
    let all = command.get_subcommands().flat_map(Command::get_arguments).chain(command.get_arguments());
    let settings = all.filter_map(|arg| arg.get_long().map(str::to_owned));
    settings.filter(|long| long == "inventory" || !DEEDS.contains(&long.as_str())).collect()
}
