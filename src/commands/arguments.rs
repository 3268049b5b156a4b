//! What was typed, and what the environment and the files of settings say where nothing was.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use crate::audit::ExitStatus;
use crate::cli::{Cli, Command, settings};
use crate::files::inventory::{LoadSettings, asks, settings_files};
use crate::inventory::configuration::{Place, SettingsFile, names, values};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::paths;
use crate::terminal::{Coloring, Talk, Terminal};

/// Reads the command line. The error is told already; what is left of it is the exit code.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitStatus> {
    let words: Vec<OsString> = words.into_iter().collect();
    // What is typed makes no sense by itself, or rules out what the environment has.
    let alone = Cli::command().try_get_matches_from(&words).ok();
    let alone = alone.map(|typed| settings::ruled_out(&typed, &[ValueSource::CommandLine])).unwrap_or_default();
    let typed = settings::command(&alone).try_get_matches_from(&words).map_err(|error| super::usage_error(&error))?;
    let terminal = Terminal::new(Talk { verbosity: Some(0), progress: None, coloring: Coloring::Auto });
    let unreadable = |error: &Diagnostic| {
        terminal.diagnose(std::slice::from_ref(error));
        ExitStatus::BadInput
    };
    let process = LoadSettings::of_this_process();
    let (files, diagnostics) = settings_files(&process).map_err(|error| unreadable(&error))?;
    terminal.diagnose(&diagnostics);
    if files.is_empty() {
        return finished(&typed, &[]);
    }
    let names = settings::names();
    if let Some(unknown) = files.iter().find_map(|file| file.unknown(&names)) {
        return Err(unreadable(&unknown));
    }
    let wrong = |place: &str, why: &str| {
        let hint = "`clockaudit COMMAND --help` lists the flags, which are the settings of that file";
        terminal.error(&format!("{place}: {why}"), &[hint.to_owned()]);
        ExitStatus::Usage
    };
    let added = added(&typed, &files, &process).map_err(|(place, why)| wrong(&place.to_string(), &why))?;
    let matches =
        settings::command(&alone).try_get_matches_from(with(&words, &added)).map_err(|error| {
            match culprit(&error, &files) {
                Some(place) => wrong(&place, &summary(&error)),
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

/// The words for settings that nobody typed and the environment does not have; the error is where a value stands, and what is wrong
/// with it. Settings that Ansible's environment or the inventory overrules are no words: they are looked up where the others are.
fn added(typed: &ArgMatches, files: &[SettingsFile], process: &LoadSettings) -> Result<Vec<OsString>, (Place, String)> {
    const SET: [ValueSource; 2] = [ValueSource::CommandLine, ValueSource::EnvVariable];
    let Some((name, matches)) = typed.subcommand() else { return Ok(Vec::new()) };
    let root = Cli::command();
    let Some(command) = root.find_subcommand(name) else { return Ok(Vec::new()) };
    let ruled_out = settings::ruled_out(typed, &SET);
    let mut words = Vec::new();
    for arg in command.get_arguments().chain(root.get_arguments()) {
        let Some(long) = arg.get_long() else { continue };
        let is_elsewhere = names::WITH_FLAG.iter().any(|names| names.flag == Some(long));
        let id = arg.get_id().as_str();
        let source = matches.ids().any(|known| known == id).then(|| matches.value_source(id)).flatten();
        let is_set = source.is_some_and(|source| SET.contains(&source));
        if is_elsewhere || is_set || ruled_out.contains(id) {
            continue;
        }
        let in_file = |file: &'_ SettingsFile| file.settings.contains_key(long);
        let Some(file) = files.iter().find(|file| in_file(file)) else { continue };
        let Some(setting) = file.settings.get(long) else { continue };
        let typed = as_typed(long, arg, &setting.values, Path::new(&file.folder), process);
        words.extend(typed.map_err(|why| (file.place(setting), why))?);
    }
    Ok(words)
}

/// The words that stand for the values of a flag in a file of that folder.
fn as_typed(
    long: &str,
    arg: &Arg,
    values: &[String],
    folder: &Path,
    process: &LoadSettings,
) -> Result<Vec<OsString>, String> {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let [value] = values else { return Err(format!("`{long}` is yes or no, not a list")) };
        let is_on = values::truth(value).ok_or_else(|| format!("`{long}` is neither yes nor no: `{value}`"))?;
        return Ok(is_on.then(|| format!("--{long}").into()).into_iter().collect());
    }
    let is_path = arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
    let word = |value: &String| format!("--{long}={}", in_folder(long, is_path, value, folder, process)).into();
    Ok(values.iter().map(word).collect())
}

/// A value of a file: the path in it is one from that file's folder.
fn in_folder(long: &str, is_path: bool, value: &str, folder: &Path, process: &LoadSettings) -> String {
    let path = |path: &str| {
        let path = paths::resolve(path, folder, process.home.as_deref(), &process.environment);
        path.to_string_lossy().into_owned()
    };
    match long {
        _ if is_path && value != "-" => path(value),
        "ssh-config" if !value.eq_ignore_ascii_case("none") => path(value),
        "vault-id" => match value.split_once('@') {
            Some((label, source)) if !asks(source) => format!("{label}@{}", path(source)),
            None if !asks(value) => path(value),
            _ => value.to_owned(),
        },
        "limit" | "extra-vars" => match value.strip_prefix('@') {
            Some(file) => format!("@{}", path(file)),
            None => value.to_owned(),
        },
        _ => value.to_owned(),
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
