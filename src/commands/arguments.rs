//! What was typed, and what the environment and the files of settings say where nothing was.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use crate::audit::ExitStatus;
use crate::cli::values::parse_seconds;
use crate::cli::{Cli, Command, settings};
use crate::clock::Nanos;
use crate::files::inventory::{LoadSettings, asks, settings_files};
use crate::inventory::configuration::{Place, SettingsFile, names, values};
use crate::inventory::diagnostics::{Diagnostic, Span};
use crate::inventory::paths;
use crate::terminal::{Coloring, Talk, Terminal};

/// What is said to whoever has a value wrong in a file.
const HINT: &str = "`clockaudit COMMAND --help` lists the flags, which are the settings of that file";

/// The long name of the flag that leaves hosts out.
const LIMIT: &str = "limit";

/// The long name of the flag that brings variables.
const EXTRA_VARS: &str = "extra-vars";
/// The long name of the flag whose value in a file counts less than Ansible's environment, and is more than a number.
const TIMEOUT: &str = "timeout";
/// Whence a value wins over those of files.
const SET: [ValueSource; 2] = [ValueSource::CommandLine, ValueSource::EnvVariable];

/// Words that were not typed.
struct Added {
    /// The long name of their flag.
    long: String,
    /// The line that they stand for.
    place: Place,
    /// Where the value stands in it.
    at: Span,
    words: Vec<OsString>,
}

/// Reads the command line. The error is told already; what is left of it is the exit code.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitStatus> {
    let words: Vec<OsString> = words.into_iter().collect();
    let process = LoadSettings::of_this_process();
    let terminal = Terminal::new(Talk { verbosity: Some(0), progress: None, coloring: Coloring::Auto });
    // What is typed makes no sense by itself, or rules out what the environment has.
    let alone = Cli::command().try_get_matches_from(&words);
    let ruled_out = alone.as_ref().map(|typed| settings::ruled_out(typed, &[ValueSource::CommandLine]));
    let ruled_out = ruled_out.unwrap_or_default();
    let typed = settings::command(&ruled_out).try_get_matches_from(&words).map_err(|error| match &alone {
        Ok(_) => match named(&error).and_then(|long| in_environment(&long, &process)) {
            Some(variable) => wrong(&terminal, &variable, &error, "`clockaudit COMMAND --help` lists the flags"),
            None => super::usage_error(&error),
        },
        Err(slip) if slip.use_stderr() => super::usage_error(slip),
        Err(_) => super::usage_error(&error),
    })?;
    let unreadable = |error: &Diagnostic| {
        terminal.diagnose(std::slice::from_ref(error));
        ExitStatus::BadInput
    };
    let (files, diagnostics) = settings_files(&process).map_err(|error| unreadable(&error))?;
    terminal.diagnose(&diagnostics);
    let finished = |matches: &ArgMatches, added: &[Added], timeout: Option<Nanos>| {
        let cli = finished(matches, added, timeout)?;
        let terminal = Terminal::new(super::talk(&cli.talk));
        for told in settings::unknown(process.environment.keys()) {
            terminal.warn(&told);
        }
        Ok(cli)
    };
    if files.is_empty() {
        return finished(&typed, &[], None);
    }
    let names = settings::names();
    if let Some(unknown) = files.iter().find_map(|file| file.unknown(&names)) {
        return Err(unreadable(&unknown));
    }
    let switches = settings::switches();
    if let Some(wrong) = files.iter().find_map(|file| file.wrong_switch(&switches)) {
        terminal.diagnose(&[wrong]);
        return Err(ExitStatus::Usage);
    }
    let timeout = timeout(&typed, &files).map_err(|wrong| {
        terminal.diagnose(&[*wrong]);
        ExitStatus::Usage
    })?;
    let added = added(&typed, &files, &process);
    let all = with(&words, &added);
    let matches = settings::command(&ruled_out).try_get_matches_from(all).map_err(|error| {
        let long = named(&error);
        match long.and_then(|long| added.iter().find(|added| added.long == long)) {
            Some(added) => {
                terminal.diagnose(&[misfit(added, &error)]);
                ExitStatus::Usage
            }
            None => super::usage_error(&error),
        }
    })?;
    finished(&matches, &added, timeout)
}

/// The timeout of the files, where the command has one and nobody has typed it: Ansible's environment is asked before it.
fn timeout(typed: &ArgMatches, files: &[SettingsFile]) -> Result<Option<Nanos>, Box<Diagnostic>> {
    let Some((_, matches)) = typed.subcommand() else { return Ok(None) };
    let is_known = matches.ids().any(|id| id.as_str() == TIMEOUT);
    if !takes(typed, TIMEOUT) || is_known && matches.value_source(TIMEOUT).is_some_and(|source| SET.contains(&source)) {
        return Ok(None);
    }
    let found = files.iter().find_map(|file| Some((file, file.settings.get(TIMEOUT)?)));
    let Some((file, setting)) = found else { return Ok(None) };
    let timeout = match setting.values.as_slice() {
        [value] if !setting.is_list => parse_seconds(value).map_err(|why| format!("invalid value '{value}': {why}")),
        _ => Err("one length of time is expected, not a list".to_owned()),
    };
    timeout.map(Some).map_err(|why| Box::new(at(&file.name, setting.at.clone(), TIMEOUT, &why).with_hint(HINT)))
}

/// Whether the command has a flag of that name.
fn takes(typed: &ArgMatches, long: &str) -> bool {
    let root = Cli::command();
    let command = typed.subcommand().and_then(|(name, _)| root.find_subcommand(name));
    command.is_some_and(|command| command.get_arguments().any(|arg| arg.get_long() == Some(long)))
}

/// What is wrong with a setting of a file.
fn at(file: &Arc<str>, span: Span, long: &str, why: &str) -> Diagnostic {
    Diagnostic::error(format!("`{long}`: {why}")).in_file(file).at(span)
}

/// The arguments, and which of them were not typed. `added` = the words that files stand for.
fn finished(matches: &ArgMatches, added: &[Added], timeout: Option<Nanos>) -> Result<Cli, ExitStatus> {
    let mut cli = Cli::from_arg_matches(matches).map_err(|error| super::usage_error(&error))?;
    let policy = match &mut cli.command {
        Command::Scan(args) => Some(&mut args.policy),
        Command::Replay(args) => Some(&mut args.policy),
        _ => None,
    };
    if let Some(policy) = policy {
        policy.from_files = added.iter().map(|added| added.long.clone()).collect();
    }
    let (selection, connection) = match &mut cli.command {
        Command::Scan(args) => (&mut args.selection, &mut args.connection),
        Command::Fix(args) => (&mut args.selection, &mut args.connection),
        Command::Rollback(args) => (&mut args.selection, &mut args.connection),
        Command::Doctor(args) => (&mut args.selection, &mut args.connection),
        Command::Inventory(args) => (&mut args.selection, &mut args.connection),
        _ => return Ok(cli),
    };
    let in_file = |long: &str| added.iter().find(|added| added.long == long).map(|added| &added.place);
    selection.limit_from = in_file(LIMIT).map(|place| format!("`{LIMIT}` ({place})"));
    selection.extra_vars_from = in_file(EXTRA_VARS).map(|place| format!("{EXTRA_VARS}, {place}"));
    connection.timeout_of_files = timeout;
    connection.from_files = added.iter().map(|added| (added.long.clone(), added.place.clone())).collect();
    if let Some((_, matches)) = matches.subcommand() {
        let set = matches.ids().map(clap::Id::as_str);
        let set = set.filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable));
        connection.from_environment = set.map(|id| id.replace('_', "-")).collect();
        if connection.from_environment.contains(LIMIT) {
            selection.limit_from = Some(format!("`{}`", settings::variable(LIMIT)));
        }
        if connection.from_environment.contains(EXTRA_VARS) {
            selection.extra_vars_from = Some(settings::variable(EXTRA_VARS));
        }
    }
    Ok(cli)
}

/// The words for settings that nobody typed and the environment does not have. Settings that Ansible's environment or the inventory overrules are no words: they are looked up where the others are.
fn added(typed: &ArgMatches, files: &[SettingsFile], process: &LoadSettings) -> Vec<Added> {
    let Some((name, matches)) = typed.subcommand() else { return Vec::new() };
    let root = Cli::command();
    let Some(command) = root.find_subcommand(name) else { return Vec::new() };
    let ruled_out = settings::ruled_out(typed, &SET);
    let mut all = Vec::new();
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
        let place = file.place(setting);
        let words = as_typed(long, arg, &setting.values, Path::new(&file.folder), process);
        if !words.is_empty() {
            all.push(Added { long: long.to_owned(), place, at: setting.at.clone(), words });
        }
    }
    all
}

/// The words that stand for the values of a flag in a file of that folder.
fn as_typed(long: &str, arg: &Arg, values: &[String], folder: &Path, process: &LoadSettings) -> Vec<OsString> {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let is_on = values.first().is_some_and(|value| values::yes_or_no(value) == Some(true));
        return is_on.then(|| format!("--{long}").into()).into_iter().collect();
    }
    let is_path = arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
    let word = |value: &String| format!("--{long}={}", in_folder(long, is_path, value, folder, process)).into();
    values.iter().map(word).collect()
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
fn with(words: &[OsString], added: &[Added]) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (flags, rest) = words.split_at(end);
    flags.iter().chain(added.iter().flat_map(|added| &added.words)).chain(rest).cloned().collect()
}

/// The long name of the flag that the command line does not take so.
fn named(error: &clap::Error) -> Option<String> {
    let argument = error.get(ContextKind::InvalidArg)?.to_string();
    Some(argument.split([' ', '=']).next()?.trim_start_matches('-').to_owned())
}

/// The environment variable that stands for a flag, where it is set.
fn in_environment(long: &str, process: &LoadSettings) -> Option<String> {
    let variable = settings::variable(long);
    process.environment.contains_key(&variable).then_some(variable)
}

/// What is wrong with a value that nobody typed, without the flag; and what may help.
fn complaint(error: &clap::Error) -> (String, Vec<String>) {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    // The flag was not typed.
    let flag = error.get(ContextKind::InvalidArg).map(|flag| format!(" for '{flag}'")).unwrap_or_default();
    let help = lines.filter_map(|line| match line.strip_prefix("tip: ") {
        Some(tip) => Some(tip.to_owned()),
        None => Some(line.strip_prefix('[')?.strip_suffix(']')?.to_owned()),
    });
    (first.replacen(&flag, "", 1), help.collect())
}

/// Tells what is wrong with a value of the environment.
fn wrong(terminal: &Terminal, place: &str, error: &clap::Error, hint: &str) -> ExitStatus {
    let (what, mut hints) = complaint(error);
    hints.push(hint.to_owned());
    terminal.error(&format!("{place}: {what}"), &hints);
    ExitStatus::Usage
}

/// What is wrong with a value of a file.
fn misfit(added: &Added, error: &clap::Error) -> Diagnostic {
    let (what, mut hints) = complaint(error);
    hints.push(HINT.to_owned());
    at(&added.place.file, added.at.clone(), &added.long, &what).with_hint(hints.join("; "))
}
