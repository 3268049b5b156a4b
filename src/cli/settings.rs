//! Flags as settings: each can be given in the environment as `CLOCKAUDIT_FLAG`, and in files by its long name.

use std::collections::BTreeSet;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, Id};

use super::Cli;
use crate::inventory::configuration::values;
use crate::inventory::nearest;

/// Flags that say what is to be done now, and those whose environment variable is looked up with Ansible's.
const DEEDS: [&str; 26] = [
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
    "dry-run",
];

/// The command line, every setting of it open to the environment but those of these ids.
pub fn command(ruled_out: &BTreeSet<String>) -> Command {
    let open = |arg: Arg| match arg.get_long().map(str::to_owned) {
        Some(long) if !DEEDS.contains(&long.as_str()) && !ruled_out.contains(arg.get_id().as_str()) => {
            let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
            let arg = arg.env(variable(&long)).hide_env(true);
            if is_switch { arg.value_parser(yes_or_no) } else { arg }
        }
        _ => arg,
    };
    let open_all = |command: Command| command.mut_args(open);
    open_all(Cli::command()).mut_subcommands(open_all)
}

/// Whether a switch is on; what is neither yes nor no is refused.
fn yes_or_no(text: &str) -> Result<bool, String> {
    values::yes_or_no(text).ok_or_else(|| format!("expected {}", values::SPELLINGS))
}

/// Flags of which the later one wins where both are typed.
const OPPOSITES: [[&str; 2]; 1] = [["progress", "no_progress"]];

/// The ids of the flags that cannot stand beside one that was set in one of these ways, and were not set so themselves: what stands for
/// them elsewhere does not count.
pub fn ruled_out(matches: &ArgMatches, ways: &[ValueSource]) -> BTreeSet<String> {
    let Some((name, matches)) = matches.subcommand() else { return BTreeSet::new() };
    let mut command = Cli::command();
    command.build();
    let Some(command) = command.find_subcommand(name) else { return BTreeSet::new() };
    let set: BTreeSet<&str> = matches
        .ids()
        .map(Id::as_str)
        .filter(|id| matches.value_source(id).is_some_and(|source| ways.contains(&source)))
        .collect();
    let conflicts = command.get_arguments().flat_map(|arg| {
        let others = command.get_arg_conflicts_with(arg).into_iter();
        others.map(|other| [arg.get_id().as_str(), other.get_id().as_str()])
    });
    let both_ways = conflicts.chain(OPPOSITES).flat_map(|[one, other]| [[one, other], [other, one]]);
    let ruled_out = both_ways.filter(|[one, other]| set.contains(one) && !set.contains(other));
    ruled_out.map(|[_, other]| other.to_owned()).collect()
}

/// How the names of our environment variables begin.
const PREFIX: &str = "CLOCKAUDIT_";

/// The environment variable of a flag.
pub fn variable(long: &str) -> String {
    format!("{PREFIX}{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// The long names of the flags that files of settings may set.
pub fn names() -> BTreeSet<String> {
    let command = Cli::command();
    let all = command.get_subcommands().flat_map(Command::get_arguments).chain(command.get_arguments());
    let settings = all.filter_map(|arg| arg.get_long().map(str::to_owned));
    settings.filter(|long| long == "inventory" || !DEEDS.contains(&long.as_str())).collect()
}

/// The long names of those that are switches.
pub fn switches() -> BTreeSet<String> {
    let command = Cli::command();
    let all = command.get_subcommands().flat_map(Command::get_arguments).chain(command.get_arguments());
    let switches = all.filter(|arg| matches!(arg.get_action(), ArgAction::SetTrue));
    switches.filter_map(|arg| arg.get_long().map(str::to_owned)).collect()
}

/// The name of which `own` is the beginning, to the end of a word, else the longest that is the beginning of `own`: `BECOME_PASSWORD`
/// is for `BECOME_PASSWORD_FILE`, `USER_NAME` for `USER`.
fn begun<'known>(own: &str, known: impl Iterator<Item = &'known str> + Clone) -> Option<&'known str> {
    let begins = |whole: &str, begun: &str| whole.strip_prefix(begun).is_some_and(|rest| rest.starts_with('_'));
    let longer = known.clone().filter(|_| !own.is_empty()).find(|known| begins(known, own));
    longer.or_else(|| known.filter(|known| begins(own, known)).max_by_key(|known| known.len()))
}

/// What is to be said of variables that look like ours and stand for no flag, with what was probably meant.
pub fn unknown<'name>(variables: impl Iterator<Item = &'name String>) -> Vec<String> {
    let known: BTreeSet<String> = names().iter().map(|long| variable(long)).collect();
    let unknown = variables.filter(|name| name.starts_with(PREFIX) && !known.contains(*name));
    let told = |name: &String| {
        let own = |name: &str| name.strip_prefix(PREFIX).map(str::to_owned).unwrap_or_default();
        let deed = DEEDS.iter().find(|deed| variable(deed) == *name);
        let near = known.iter().map(|name| own(name)).collect::<Vec<_>>();
        let near = near.iter().map(String::as_str);
        let nearest = nearest::name(&own(name), near.clone()).or_else(|| begun(&own(name), near));
        let what = match (deed, nearest) {
            (Some(deed), _) => format!("; `--{deed}` can only be typed"),
            (None, Some(near)) => format!("; did you mean `{PREFIX}{near}`?"),
            (None, None) => String::new(),
        };
        format!("the environment variable `{name}` is no setting and has no effect{what}")
    };
    unknown.map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_stand_for_no_flag_are_told_with_what_was_meant() {
        let check = |name: &str, expected: Option<&str>| {
            let told = unknown([name.to_owned()].iter());
            assert_eq!(told.first().map(|told| told.split_once("no effect").expect("its end").1), expected, "{name}");
        };
        check("CLOCKAUDIT_WARN", None);
        check("CLOCKAUDIT_INVENTORY", None);
        check("PATH", None);
        check("CLOCKAUDIT_WRAN", Some("; did you mean `CLOCKAUDIT_WARN`?"));
        check("CLOCKAUDIT_ACCEPTNEW", Some("; did you mean `CLOCKAUDIT_ACCEPT_NEW`?"));
        check("CLOCKAUDIT_CONNECTION_PASSWORD", Some("; did you mean `CLOCKAUDIT_CONNECTION_PASSWORD_FILE`?"));
        check("CLOCKAUDIT_BECOME_PASSWORD", Some("; did you mean `CLOCKAUDIT_BECOME_PASSWORD_FILE`?"));
        check("CLOCKAUDIT_USER_NAME", Some("; did you mean `CLOCKAUDIT_USER`?"));
        check("CLOCKAUDIT_NTP_SERVER", Some("; `--ntp-server` can only be typed"));
        check("CLOCKAUDIT_OF_ANOTHER_PROGRAM", Some(""));
    }
}
