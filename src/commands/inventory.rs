//! `clockaudit inventory`: what the inventory holds, in the words of `ansible-inventory`.

use std::sync::Arc;

use indexmap::IndexSet;

use super::error::{CommandError, Outcome};
use super::leaving;
use super::plan::{flags, time_left};
use super::policy;
use super::secrets;
use super::ssh_settings::SshSettings;
use crate::audit::ExitStatus;
use crate::cli::{ExplainFormat, InventoryArgs, SelectionArgs};
use crate::files::TimeLeft;
use crate::files::inventory::{
    LimitError, LoadError, LoadSettings, Loaded, Source, configuration, limit, load, open_ahead,
};
use crate::inventory::configuration::{Configuration, names};
use crate::inventory::connection::{Told, explain, settings_of, vaulted};
use crate::inventory::model::{HostId, Inventory};
use crate::inventory::patterns::{Mismatch, Pattern, PatternError, Selection};
use crate::inventory::{graph, listing, nearest};
use crate::report::escape::visible;
use crate::terminal::Terminal;

/// What is shown of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// Groups, hosts and variables, as `ansible-inventory --list`.
    List,
    /// The variables of one host, as `ansible-inventory --host`.
    Host(String),
    /// The hosts that match a pattern, one a line, as `ansible PATTERN --list-hosts`.
    Hosts(String),
    /// The groups as a tree, as `ansible-inventory --graph`.
    Graph,
}

/// Reads the inventory and shows what was asked for. An incomplete inventory is shown as far as it was read, and ends
/// with the exit code of bad input unless that was allowed; so do wrong settings of a host that is explained.
pub fn run(args: &InventoryArgs, terminal: &Terminal) -> Outcome {
    let settings = LoadSettings::within(time_left(&args.connection));
    let loaded = open(&args.selection, &settings, terminal)?;
    let limit = limit(&args.selection.limit, &settings)?;
    let view = match (&args.host, &args.hosts) {
        (Some(host), _) => View::Host(host.clone()),
        (None, Some(pattern)) => View::Hosts(pattern.clone()),
        (None, None) if args.graph => View::Graph,
        (None, None) => View::List,
    };
    // The views are those of `ansible-inventory`, and end as it does.
    let is_whole = args.selection.allow_incomplete_inventory || !loaded.is_incomplete_to_ansible();
    // What is not there may be what was not read.
    let missed = |error: CommandError| match error.status {
        ExitStatus::NoHosts if !is_whole => CommandError { status: ExitStatus::BadInput, ..error },
        _ => error,
    };
    let (text, said, is_right) = if let Some(host) = &args.explain {
        let (text, is_right) = explained(&loaded, host, args, &settings.time, terminal).map_err(missed)?;
        (text, Vec::new(), is_right)
    } else if matches!(view, View::Graph) {
        // It may be more than memory holds.
        for part in graph::parts(&loaded.inventory) {
            terminal.print(&part)?;
        }
        (String::new(), Vec::new(), true)
    } else {
        if let View::List | View::Hosts(_) = view {
            let pattern = if let View::Hosts(pattern) = &view { pattern.as_str() } else { "all" };
            tell_limit(&args.selection, &loaded.inventory, pattern, &limit, terminal);
        }
        let exports = loaded.configuration.switch(&names::EXPORT).filter(|given| given.value);
        if let Some(given) = exports.filter(|_| matches!(view, View::List)) {
            terminal
                .warn(&format!("{} has no effect: each host is listed with all of its variables", given.provenance));
        }
        let shown = show(&loaded.inventory, &view, limit, mismatch(&loaded.configuration));
        let (text, said) = shown.map_err(|error| missed(with_limit(error, &args.selection)))?;
        (text, said, true)
    };
    terminal.diagnose(&said);
    terminal.print(&text)?;
    Ok(if is_whole && is_right { ExitStatus::Good } else { ExitStatus::BadInput })
}

/// What a view shows, and what there is to say about it.
pub fn show(
    inventory: &Inventory,
    view: &View,
    limit: Vec<Pattern>,
    mismatch: Mismatch,
) -> Result<(String, Vec<crate::inventory::Diagnostic>), PatternError> {
    match view {
        View::List if limit.is_empty() => {
            let hosts: IndexSet<HostId> = inventory.hosts().map(|(id, _)| id).collect();
            Ok((listing::list(inventory, &hosts) + "\n", Vec::new()))
        }
        View::List => {
            let selected = inventory.select(&Selection { pattern: "all".to_owned(), limit })?;
            let (hosts, said) = selected.with(mismatch)?;
            Ok((listing::list(inventory, &hosts.into_iter().collect()) + "\n", said))
        }
        View::Host(name) => Ok((listing::host(inventory, named(inventory, name)?) + "\n", Vec::new())),
        View::Graph => Ok((graph::graph(inventory), Vec::new())),
        View::Hosts(pattern) => {
            let selected = inventory.select(&Selection { pattern: pattern.clone(), limit })?;
            let (hosts, said) = selected.with(mismatch)?;
            let names = hosts.iter().filter_map(|id| inventory.host(*id));
            Ok((names.flat_map(|host| [host.name.as_str(), "\n"]).collect(), said))
        }
    }
}

/// The settings of a host's connection, each with where it comes from, and whether all of them are right.
fn explained(
    loaded: &Loaded,
    name: &str,
    args: &InventoryArgs,
    time: &TimeLeft,
    terminal: &Terminal,
) -> Result<(String, bool), CommandError> {
    let host = named(&loaded.inventory, name)?;
    let mut flags = flags(&args.connection);
    secrets::places_of_passwords(&args.connection, &loaded.configuration, &mut flags);
    let settings = settings_of(&loaded.renderer, host, &flags, &loaded.configuration);
    let Some(Told { settings, mut defects, not_audited }) = settings else { return Ok((String::new(), true)) };
    let mut ssh = SshSettings::new(&args.connection, time, terminal)?;
    let (mut rows, defect) = ssh.explained(&settings, name);
    let asked = policy::explained(loaded, host);
    defects.extend(asked.iter().filter_map(|row| row.wrong.clone()));
    rows.extend(asked);
    ssh.tell(terminal);
    if let Some(why) = settings.becoming.elevation().err().filter(|_| settings.becoming.is_wanted.value) {
        terminal.warn(&format!("{}: {}", visible(name), settings.without_secrets(&why)));
    }
    // Nobody asks OpenSSH about a host that is not reached by it.
    defects.extend(defect.filter(|_| not_audited.is_none()));
    let text = match args.output {
        ExplainFormat::Table => explain::table(name, &rows, &defects, not_audited.as_deref()),
        ExplainFormat::Json => explain::document(name, &rows, &defects, not_audited.as_deref()) + "\n",
    };
    Ok((text, defects.is_empty()))
}

/// The host of exactly this name, this machine included.
fn named(inventory: &Inventory, name: &str) -> Result<HostId, PatternError> {
    let host = inventory.host_named(name).or_else(|| inventory.localhost(name));
    host.ok_or_else(|| {
        let near = nearest::name(name, inventory.hosts().map(|(_, host)| host.name.as_str()));
        let near = near.map_or_else(String::new, |near| format!(". Did you mean '{near}'?"));
        PatternError::NoHost(format!("the name '{name}'{near}"))
    })
}

/// Reads the named inventories and says what there is to say about them.
pub fn open(args: &SelectionArgs, settings: &LoadSettings, terminal: &Terminal) -> Result<Loaded, CommandError> {
    let is_blank = |name: &String| name.trim().is_empty();
    if args.inventories.iter().chain(&args.inventory).any(is_blank) {
        return Err(CommandError::usage("the name of an inventory is empty")
            .hint("a variable of the shell may have no value: `echo \"$INVENTORY\"`")
            .hint("leave the argument out to use $ANSIBLE_INVENTORY, ansible.cfg or /etc/ansible/hosts"));
    }
    // Scripts, and programs with passwords, are run from here on.
    leaving::in_order();
    let sources: Vec<Source> =
        args.inventories.iter().chain(&args.inventory).map(|name| Source::from(name.as_str())).collect();
    let settings = LoadSettings {
        extra_variables: args.extra_vars.clone(),
        extra_variables_from: args.extra_vars_from.clone(),
        playbook_folder: args.playbook_dir.clone(),
        via_ansible: args.inventory_via_ansible,
        vault: secrets::vault_flags(&args.vault),
        ..settings.clone()
    };
    let say = |error: &LoadError| match error {
        LoadError::NoSource { diagnostics, .. }
        | LoadError::Unparsed { diagnostics, .. }
        | LoadError::Groups { diagnostics, .. } => terminal.diagnose(diagnostics),
        LoadError::Configuration(diagnostic) | LoadError::ExtraVariables(diagnostic) => {
            terminal.diagnose(std::slice::from_ref(diagnostic));
        }
    };
    let configuration = configuration(&settings).inspect_err(say)?;
    let keyring = Arc::new(secrets::vault(&settings.vault, &configuration, &settings.time, terminal)?);
    let settings = LoadSettings { keyring, ..settings };
    let loaded = load(&sources, &settings).inspect_err(say)?;
    terminal.diagnose(&loaded.diagnostics);
    for (names, instead) in [
        (&names::FORKS, "hosts are asked all at once, and -f limits that"),
        (&names::PIPELINING, "one session of a host serves all that is asked of it"),
    ] {
        if let Some(given) = loaded.configuration.text(names) {
            terminal.detail(1, &format!("{} has no effect: {instead}", given.provenance));
        }
    }
    Ok(loaded)
}

/// The hosts that a command is to work on. An incomplete inventory is an error unless that was allowed.
pub fn select(
    args: &SelectionArgs,
    loaded: &Loaded,
    settings: &LoadSettings,
    terminal: &Terminal,
) -> Result<Vec<HostId>, CommandError> {
    if loaded.is_incomplete() && !args.allow_incomplete_inventory {
        return Err(CommandError::bad_input("the inventory is incomplete")
            .hint("correct what is said above, or pass `--allow-incomplete-inventory` to go on with what was read"));
    }
    let selection = Selection { pattern: "all".to_owned(), limit: limit(&args.limit, settings)? };
    let selected = loaded.inventory.select(&selection).and_then(|hosts| hosts.with(mismatch(&loaded.configuration)));
    let (hosts, said) = selected.map_err(|error| with_limit(error, args))?;
    terminal.diagnose(&said);
    tell_limit(args, &loaded.inventory, "all", &selection.limit, terminal);
    let keyring = loaded.renderer.keyring();
    if !keyring.is_empty() {
        let texts = vaulted(&loaded.inventory, &hosts);
        open_ahead(keyring, &texts.iter().map(String::as_str).collect::<Vec<_>>(), &settings.time);
    }
    Ok(hosts)
}

/// Tells that a limit which was not typed leaves hosts out: whoever has forgotten it would take the rest for all of them.
fn tell_limit(args: &SelectionArgs, inventory: &Inventory, pattern: &str, limit: &[Pattern], terminal: &Terminal) {
    let Some(from) = &args.limit_from else { return };
    let count = |limit: Vec<Pattern>| {
        let selection = Selection { pattern: pattern.to_owned(), limit };
        inventory.select(&selection).map_or(0, |selected| selected.hosts.len())
    };
    let (selected, all) = (count(limit.to_vec()), count(Vec::new()));
    if selected > 0 && selected < all {
        terminal.note(&format!("only {selected} of {all} hosts are selected, because of {from}"));
    }
}

/// Why nothing is selected, with where the limit comes from, if it was not typed.
fn with_limit(error: PatternError, args: &SelectionArgs) -> CommandError {
    let error = CommandError::from(error);
    match &args.limit_from {
        Some(from) => error.hint(format!("the limit was not typed, it comes from {from}")),
        None => error,
    }
}

/// What becomes of a pattern that matches nothing.
fn mismatch(configuration: &Configuration) -> Mismatch {
    let given = configuration.choice(&names::HOST_PATTERN_MISMATCH, &["warning", "error", "ignore"]);
    given.map_or(Mismatch::Told, |given| Mismatch::from_word(given.value))
}

impl From<PatternError> for CommandError {
    fn from(error: PatternError) -> Self {
        match error {
            PatternError::NoHost(_) | PatternError::Subscript { .. } | PatternError::Unmatched(_) => {
                Self::no_hosts(error.to_string())
            }
            PatternError::Misleading(_) | PatternError::Regex { .. } | PatternError::RegexLimit(_) => {
                Self::usage(error.to_string())
            }
        }
    }
}

impl From<LimitError> for CommandError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::File { .. } => Self::bad_input(error.to_string()),
            LimitError::Pattern(pattern) => pattern.into(),
        }
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        let text = error.to_string();
        match error {
            LoadError::NoSource { .. } => Self::usage(text)
                .hint("name a file: `clockaudit scan inventory.ini`")
                .hint("or name hosts, with a comma at the end: `clockaudit scan a.example,b.example,`"),
            LoadError::ExtraVariables(_) => Self::bad_input("the variables of `-e` cannot be understood"),
            LoadError::Configuration(_) => Self::bad_input("Ansible's settings cannot be read")
                .hint("correct what is said above, or name another file in $ANSIBLE_CONFIG"),
            LoadError::Unparsed { .. } => {
                Self::bad_input(text).hint("correct what is said above, or take the setting away")
            }
            LoadError::Groups { cause, .. } => Self::bad_input(text).hint(cause.remedy()),
        }
    }
}
