//! What was typed, and what the environment and the files of settings say where nothing was.

use std::ffi::OsString;

use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, FromArgMatches};

use crate::audit::ExitStatus;
use crate::cli::{Cli, Command, settings};
use crate::files::inventory::{LoadSettings, settings_files};
use crate::inventory::configuration::{FileSetting, SettingsFile, names};
use crate::inventory::diagnostics::Diagnostic;
use crate::terminal::{Coloring, Talk, Terminal};

/// Reads the command line. The error is told already; what is left of it is the exit code.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitStatus> {
    let words: Vec<OsString> = words.into_iter().collect();
    let typed = settings::command().try_get_matches_from(&words).map_err(|error| super::usage_error(&error))?;
    let terminal = Terminal::new(Talk { verbosity: Some(0), progress: None, coloring: Coloring::Auto });
    let unreadable = |error: &Diagnostic| {
        terminal.diagnose(std::slice::from_ref(error));
        ExitStatus::BadInput
    };
    let read = settings_files(&LoadSettings::of_this_process());
    let (files, diagnostics) = read.map_err(|error| unreadable(&error))?;
    terminal.diagnose(&diagnostics);
    if files.is_empty() {
        return finished(&typed, &[]);
    }
    let names = settings::names();
    if let Some(unknown) = files.iter().find_map(|file| file.unknown(&names)) {
        return Err(unreadable(&unknown));
    }
    let added = added(&typed, &files);
    let matches = settings::command().try_get_matches_from(with(&words, &added)).map_err(|error| {
        match culprit(&error, &files) {
            Some(place) => {
                let hint = "`clockaudit COMMAND --help` lists the flags, which are the settings of that file";
                terminal.error(&format!("{place}: {}", summary(&error)), &[hint.to_owned()]);
                ExitStatus::Usage
            }
            None => super::usage_error(&error),
        }
    })?;
    finished(&matches, &added)
}

/// The arguments, and which of them were not typed. `added` = the words that files stand for.
fn finished(matches: &ArgMatches, added: &[OsString]) -> Result<Cli, ExitStatus> {
    let mut cli = Cli::from_arg_matches(matches).map_err(|error| super::usage_error(&error))?;
    let policy = match &mut cli.command {
        Command::Scan(args) => Some(&mut args.policy),
        Command::Replay(args) => Some(&mut args.policy),
        _ => None,
    };
    if let Some(policy) = policy {
        let longs = added.iter().filter_map(|word| word.to_str()?.strip_prefix("--")?.split('=').next());
        policy.from_files = longs.map(str::to_owned).collect();
    }
    let connection = match &mut cli.command {
        Command::Scan(args) => &mut args.connection,
        Command::Fix(args) => &mut args.connection,
        Command::Rollback(args) => &mut args.connection,
        Command::Doctor(args) => &mut args.connection,
        Command::Inventory(args) => &mut args.connection,
        _ => return Ok(cli),
    };
    if let Some((_, matches)) = matches.subcommand() {
        let set = matches.ids().map(clap::Id::as_str);
        let set = set.filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable));
        connection.from_environment = set.map(|id| id.replace('_', "-")).collect();
    }
    Ok(cli)
}

/// The words for settings that nobody typed and the environment does not have. Those that Ansible's environment or the
/// inventory overrules are no words: they are looked up where the others are.
fn added(typed: &ArgMatches, files: &[SettingsFile]) -> Vec<OsString> {
    let Some((name, matches)) = typed.subcommand() else { return Vec::new() };
    let command = settings::command();
    let Some(command) = command.find_subcommand(name).cloned() else { return Vec::new() };
    let root = settings::command();
    let mut words = Vec::new();
    for arg in command.get_arguments().chain(root.get_arguments()) {
        let Some(long) = arg.get_long() else { continue };
        let is_elsewhere = names::WITH_FLAG.iter().any(|names| names.flag == Some(long));
        let id = arg.get_id().as_str();
        let source = matches.ids().any(|known| known == id).then(|| matches.value_source(id)).flatten();
        let is_set = matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable));
        if is_elsewhere || is_set {
            continue;
        }
        let Some(setting) = files.iter().find_map(|file| file.settings.get(long)) else { continue };
        words.extend(as_typed(long, arg.get_action(), setting));
    }
    words
}

fn as_typed(long: &str, action: &ArgAction, setting: &FileSetting) -> Vec<OsString> {
    let values = setting.values.iter();
    match action {
        ArgAction::SetTrue => values.filter(|value| *value == "true").map(|_| format!("--{long}").into()).collect(),
        _ => values.map(|value| format!("--{long}={value}").into()).collect(),
    }
}

/// The words with others behind them, in front of those that are no flags whatever they look like.
fn with(words: &[OsString], added: &[OsString]) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (flags, rest) = words.split_at(end);
    flags.iter().chain(added).chain(rest).cloned().collect()
}

/// Where the value of a file stands that the command line does not take.
fn culprit(error: &clap::Error, files: &[SettingsFile]) -> Option<String> {
    let argument = error.get(ContextKind::InvalidArg)?.to_string();
    let long = argument.split([' ', '=']).next()?.trim_start_matches('-').to_owned();
    files.iter().find_map(|file| Some(file.place(file.settings.get(&long)?).to_string()))
}

/// The first line of what clap says, without its label.
fn summary(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}
