//! `clockaudit doctor`: is this controller fit to scan, and is everything of the inventory understood.

use std::collections::HashSet;
use std::time::Duration;

use indexmap::IndexMap;

use super::error::{CommandError, Outcome};
use super::inventory;
use super::measure::runtime;
use super::own_settings;
use super::plan::{connection, flags, time_left};
use super::policy;
use super::policy::asked_by_inventory;
use super::scan::not_audited;
use super::secrets;
use super::ssh_settings::SshSettings;
use crate::audit::ExitStatus;
use crate::audit::fitness::{self, Controller, Fitness, KeyFile, KeyState, Login, Oddity, OwnClock, WrongSettings};
use crate::cli::{DoctorArgs, SelectionArgs};
use crate::files::inventory::{LoadSettings, Loaded, configuration, unused_files};
use crate::inventory::command_secrets::masked;
use crate::inventory::configuration::{Given, names};
use crate::inventory::connection::explain::Row;
use crate::inventory::connection::{HIDDEN, summary, targets};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::folding;
use crate::inventory::misspelt::misspelt;
use crate::inventory::model::HostId;
use crate::inventory::target::{Target, Transport};
use crate::probe::Seen;
use crate::report::escape::shell_word;
use crate::report::fitness as page;
use crate::report::listed;
use crate::ssh::{ConnectionPlan, Fleet, SamplingPlan, StopSignal, inspect};
use crate::terminal::Terminal;
use crate::timekeeper::{ClaimOutcome, claim};

/// The name under which this machine samples itself.
const OWN_NAME: &str = "this controller";
/// How often: enough ticks of the timer to tell the 95th percentile.
const OWN_SAMPLES: usize = 8;
/// No look at oneself takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks at everything that a scan needs and tells how good it is: 0 where nothing is in the way, 1 where a scan works
/// worse than it could, 2 where it fails in whole or in part.
pub fn run(args: &DoctorArgs, terminal: &Terminal) -> Outcome {
    let mut plan = connection(&args.connection);
    let settings = LoadSettings::within(time_left(&args.connection));
    let mut ssh = SshSettings::new(&args.connection, &settings.time, terminal)?;
    let loaded = open(&args.selection, &settings, terminal)?;
    let configuration = match &loaded {
        Some(loaded) => loaded.configuration.clone(),
        None => configuration(&settings)?,
    };
    let (hosts, not_audited, wrong) = match &loaded {
        Some(loaded) => {
            let allowed = SelectionArgs { allow_incomplete_inventory: true, ..args.selection.clone() };
            let selected = match inventory::select(&allowed, loaded, &settings, terminal) {
                // That nothing is selected is one of the things to tell.
                Err(error) if error.status == ExitStatus::NoHosts => Vec::new(),
                selected => selected?,
            };
            let mut flags = flags(&args.connection);
            secrets::places_of_passwords(&args.connection, &loaded.configuration, &mut flags);
            let prepared = targets(&loaded.renderer, &selected, &flags, &loaded.configuration);
            terminal.diagnose(&prepared.diagnostics);
            let mut targets = prepared.targets;
            ssh.apply(&mut targets, &mut plan, terminal)?;
            let wrong = wrong_settings(loaded, &selected, &targets);
            (Some(targets), listed(&not_audited(&prepared.skipped)), wrong)
        }
        None => (None, String::new(), Vec::new()),
    };
    let has_password_file = args.connection.connection_password_file.is_some()
        || configuration.path(&names::CONNECTION_PASSWORD_FILE).is_some();
    let has_password = args.connection.ask_pass || has_password_file;
    let login = login(hosts.as_deref().unwrap_or_default(), has_password);
    let controller =
        Controller { login, not_audited, wrong, ..look(&plan, &settings, loaded.as_ref(), hosts.as_deref())? };
    let checks = fitness::checks(&controller);
    terminal.print(&page::render(&checks, super::output::page(terminal)))?;
    let rows = loaded.as_ref().map(|loaded| rows(loaded, hosts.as_deref().unwrap_or_default(), &mut ssh));
    let own =
        own_settings::told(&configuration).into_iter().map(|[setting, value, place]| [setting, masked(&value), place]);
    let told = summary::table(&own.collect::<Vec<_>>(), &rows.unwrap_or_default());
    if !told.is_empty() {
        terminal.print(&format!("\nSettings, and where they come from\n{told}"))?;
    }
    Ok(match checks.iter().map(|check| check.fitness).max() {
        Some(Fitness::Unfit) => ExitStatus::Critical,
        Some(Fitness::Poor) => ExitStatus::Warning,
        Some(Fitness::Fit | Fitness::Odd) | None => ExitStatus::Good,
    })
}

/// What is wrong with settings of hosts: what loses them first, then what a scan does without.
fn wrong_settings(loaded: &Loaded, selected: &[HostId], hosts: &[Target]) -> Vec<WrongSettings> {
    let mut lost: IndexMap<&str, Vec<&str>> = IndexMap::new();
    let mut lesser: IndexMap<String, Vec<&str>> = IndexMap::new();
    for host in hosts {
        if let Some(defect) = &host.defect {
            lost.entry(defect).or_default().push(&host.name);
        }
        if let Some(settings) = &host.settings
            && settings.becoming.elevation().is_err()
        {
            let Given { value, provenance } = &settings.becoming.method;
            let value = settings.without_secrets(value);
            let what = format!("{provenance} is '{value}', which is not supported (sudo, su)");
            lesser.entry(what).or_default().push(&host.name);
        }
    }
    let wrong = |(what, names): (&str, &Vec<&str>), is_measured: bool, remedy: String| WrongSettings {
        hosts: folding::shortened(names),
        count: names.len(),
        what: what.to_owned(),
        is_measured,
        remedy,
    };
    let correct = |(what, names): (&&str, &Vec<&str>)| {
        let name = names.first().copied().unwrap_or_default();
        let remedy = format!(
            "correct it, else a scan does not reach {}; `clockaudit inventory INVENTORY --explain {}` shows every setting",
            if names.len() == 1 { "this host" } else { "these hosts" },
            shell_word(name),
        );
        wrong((what, names), false, remedy)
    };
    let of_inventory = asked_by_inventory(&loaded.renderer, selected).err().map(|error| error.message);
    let of_all = policy::wrong_for_all(&loaded.configuration);
    let limits = of_inventory.into_iter().chain(of_all).map(|what| WrongSettings {
        hosts: "limits".to_owned(),
        count: 1,
        what,
        is_measured: false,
        remedy: "correct it: no scan begins before".to_owned(),
    });
    let by_sudo = "a scan reads the clock as who logs in, and a fix refuses the host: say sudo or su".to_owned();
    let lesser = lesser.iter().map(|(what, names)| wrong((what, names), true, by_sudo.clone()));
    limits.chain(lost.iter().map(correct)).chain(lesser).collect()
}

/// The settings of each of these hosts, with where they come from.
fn rows(loaded: &Loaded, hosts: &[Target], ssh: &mut SshSettings) -> Vec<(String, Vec<Row>)> {
    let of_host = |host: &Target| {
        let mut rows = Vec::new();
        if let Some(settings) = &host.settings {
            rows.extend(ssh.explained(settings, &host.name).0);
        }
        let id = loaded.inventory.host_named(&host.name);
        rows.extend(id.into_iter().flat_map(|id| policy::explained(loaded, id)));
        (host.name.clone(), rows)
    };
    hosts.iter().map(of_host).collect()
}

/// What these hosts are logged in to with; `has_password` where one is given for all of them.
fn login(hosts: &[Target], has_password: bool) -> Login {
    let mut over_ssh = hosts.iter().filter(|host| host.transport == Transport::Ssh).peekable();
    if !hosts.is_empty() && over_ssh.peek().is_none() {
        Login::Nothing
    } else if has_password || over_ssh.peek().is_some() && over_ssh.all(|host| host.password.is_some()) {
        Login::Passwords
    } else {
        Login::Keys
    }
}

/// The inventory that is named, or the default one; that there is none is no fault of the machine.
fn open(args: &SelectionArgs, settings: &LoadSettings, terminal: &Terminal) -> Result<Option<Loaded>, CommandError> {
    let is_named = !args.inventories.is_empty() || !args.inventory.is_empty();
    match inventory::open(args, settings, terminal) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) if !is_named && error.status == ExitStatus::Usage => Ok(None),
        Err(error) => Err(error),
    }
}

fn look(
    plan: &ConnectionPlan,
    settings: &LoadSettings,
    loaded: Option<&Loaded>,
    hosts: Option<&[Target]>,
) -> Result<Controller, CommandError> {
    let runtime = runtime()?;
    let (inspection, seen) = runtime.block_on(async {
        let inspection = inspect(plan, hosts.unwrap_or_default()).await;
        let stop = StopSignal::from_outside(Some(PATIENCE));
        let fleet = Fleet::connect(vec![this_machine()], plan, |_| {}, stop).await;
        let sampling = SamplingPlan { samples: OWN_SAMPLES, ..SamplingPlan::default() };
        (inspection, fleet.observe(&sampling).await)
    });
    runtime.shutdown_background();
    Ok(Controller {
        open_files: inspection.open_files,
        hosts: hosts.map(<[Target]>::len),
        login: Login::Keys,
        stranded: hosts.filter(|hosts| !hosts.is_empty()).map(|_| folded(&inspection.stranded)),
        agent: inspection.agent,
        key_files: shown(inspection.key_files, hosts.unwrap_or_default()),
        known_hosts: inspection.known_hosts,
        inventory: loaded.map(not_understood),
        not_audited: String::new(),
        wrong: Vec::new(),
        odd: loaded.map(|loaded| odd(loaded, settings)).unwrap_or_default(),
        timer_lateness: seen.timer_lateness_p95,
        clock: own_clock(&seen),
    })
}

/// Files of keys as they may be shown: one whose path was encrypted is told without it.
fn shown(files: Vec<KeyFile>, hosts: &[Target]) -> Vec<KeyFile> {
    let encrypted = |host: &Target| {
        let hidden = host.settings.as_ref().map(|settings| settings.hidden.clone()).unwrap_or_default();
        let paths = host.key_files.iter().map(|path| path.to_string_lossy().into_owned());
        paths.filter(move |path| hidden.is_in(path)).collect::<Vec<_>>()
    };
    let encrypted: HashSet<String> = hosts.iter().flat_map(encrypted).collect();
    let shown = |KeyFile { path, state }: KeyFile| {
        if !encrypted.contains(&path) {
            return KeyFile { path, state };
        }
        let state = match state {
            KeyState::Unreadable(why) => KeyState::Unreadable(why.replace(&path, HIDDEN)),
            other => other,
        };
        KeyFile { path: HIDDEN.to_owned(), state }
    };
    files.into_iter().map(shown).collect()
}

/// Names of hosts for people; empty for none.
fn folded(names: &[String]) -> String {
    folding::shortened(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// This machine as a host that is reached without SSH.
fn this_machine() -> Target {
    Target {
        name: OWN_NAME.to_owned(),
        transport: Transport::Local,
        address: "localhost".to_owned(),
        port: 22,
        ..Target::default()
    }
}

fn not_understood(loaded: &Loaded) -> Vec<String> {
    let missing = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.missing.is_some());
    missing.map(placed).collect()
}

/// Variables and files of variables that count for nothing.
fn odd(loaded: &Loaded, settings: &LoadSettings) -> Vec<Oddity> {
    let variables = misspelt(&loaded.inventory, &policy::OWN_VARIABLES);
    let told = variables.into_iter().chain(unused_files(loaded, settings));
    told.map(|told| Oddity { what: placed(&told), remedy: told.hint.unwrap_or_default() }).collect()
}

/// What there is to say, behind its place.
fn placed(told: &Diagnostic) -> String {
    let place = told.file.as_deref().unwrap_or("the inventory");
    let line = told.span.as_ref().map_or_else(String::new, |span| format!(":{}:{}", span.line, span.column));
    format!("{place}{line}: {}", told.message)
}

fn own_clock(seen: &Seen) -> OwnClock {
    let facts = seen.observations.first().and_then(|own| own.facts.as_ref());
    let Some(facts) = facts else {
        return OwnClock::Unknown("this machine's own time service could not be asked".to_owned());
    };
    match claim(&facts.facts) {
        ClaimOutcome::Claimed(claim) => {
            OwnClock::Claimed { timekeeper: claim.timekeeper.label().to_owned(), offset: claim.interval() }
        }
        ClaimOutcome::NotSynchronised(claim) | ClaimOutcome::Local(claim) => {
            OwnClock::Unsynchronised(claim.timekeeper.label().to_owned())
        }
        ClaimOutcome::NoAnswer { timekeeper, cause } => {
            OwnClock::Unknown(format!("{} cannot be asked: {}", timekeeper.label(), cause.label()))
        }
        ClaimOutcome::NotAsked(timekeeper) => {
            OwnClock::Unknown(format!("{} makes no claim with bounds", timekeeper.label()))
        }
        ClaimOutcome::NoTimekeeper => OwnClock::Unknown("nobody keeps this machine's clock".to_owned()),
        ClaimOutcome::Unknown => OwnClock::Unknown("this machine's own time service did not answer".to_owned()),
    }
}
