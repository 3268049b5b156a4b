//! `clockaudit scan`: the way of the data, from inventory text to a report.

use std::path::Path;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::conclude::conclude;
use super::error::{CommandError, Outcome};
use super::inventory;
use super::measure::{measure, places, sound};
use super::memory::Memory;
use super::output::OutputPlan;
use super::plan::{Measurement, ScanPlan, run_id};
use super::policy::{OwnAsks, asked_by_inventory, unknown_name, with_own_asks};
use super::record::record;
use super::secrets;
use crate::audit::{self, ExitStatus, Policy};
use crate::cli::ScanArgs;
use crate::files::inventory::{LoadSettings, Loaded};
use crate::inventory::connection::{self, Prepared, Skipped};
use crate::inventory::folding;
use crate::inventory::model::Source;
use crate::inventory::target::Target;
use crate::report::escape::visible;
use crate::report::model::{Kind, NotAudited};
use crate::report::{Provenance, listed};
use crate::ssh::own_defects;
use crate::terminal::Terminal;

/// So many reasons why hosts are not audited are repeated where none is.
const MOST_REASONS: usize = 3;

/// Measures the selected hosts and reports on them.
pub fn run(args: &ScanArgs, terminal: &Terminal) -> Outcome {
    let mut plan = ScanPlan::new(args, terminal)?; // what was typed -> what is needed
    let chosen = choose(args, &mut plan, terminal)?; // text -> Inventory -> hosts -> Targets
    if plan.list_hosts {
        terminal.print(&list(&chosen.targets))?;
        return Ok(ExitStatus::Good);
    }
    let Ready { targets, provenance, asks } = chosen.ready(&mut plan, terminal)?; // as ssh would reach them
    let sources = provenance.sources.iter().map(String::as_str);
    let output = OutputPlan { memory: Memory::of(sources, &args.selection.limit, args.no_state), ..plan.output };
    let (seen, live) = measure(targets, &plan.measurement, output.format, terminal)?; // all hosts, one start signal
    let record = |path: &Path| record(path, &seen, &provenance, &args.policy, &asks);
    let recorded = plan.record.as_deref().map_or(Ok(()), record);
    let estimates = audit::estimates(&seen); // exchanges -> offsets with bounds
    let status = conclude(&seen, &estimates, &provenance, &plan.policy, &output, Some(live), terminal)?;
    recorded?;
    sound(status, own_defects())
}

/// The hosts that were asked for, nobody being reached yet.
pub(super) struct Chosen {
    loaded: Loaded,
    limit: Vec<String>,
    targets: Vec<Target>,
    not_audited: Vec<NotAudited>,
    asks: OwnAsks,
}

/// The hosts that were asked for, with all that is needed to reach them.
pub(super) struct Ready {
    /// The hosts.
    pub(super) targets: Vec<Target>,
    /// Where they come from.
    pub(super) provenance: Provenance,
    /// What the inventory asks of single ones.
    asks: OwnAsks,
}

/// Finds the hosts that a scan is of, and what is asked of each; what is wrong with the inventory is said.
pub(super) fn choose(args: &ScanArgs, plan: &mut ScanPlan, terminal: &Terminal) -> Result<Chosen, CommandError> {
    let settings = LoadSettings::within(plan.time.clone());
    let loaded = inventory::open(&args.selection, &settings, terminal)?; // text -> Inventory, diagnostics shown
    let hosts = inventory::select(&args.selection, &loaded, &settings, terminal)?; // pattern -> hosts
    if !plan.list_hosts {
        secrets::passwords(&args.connection, &loaded.configuration, &mut plan.flags, &plan.time, terminal)?; // asked for before anybody is reached
    }
    let prepared = connection::targets(&loaded.renderer, &hosts, &plan.flags, &loaded.configuration); // hosts -> Targets
    let asks = asked_by_inventory(&loaded.renderer, &hosts)?; // what is asked of each
    plan.policy = with_own_asks(plan.policy.clone(), &args.policy, &asks)?;
    let (targets, not_audited) = ready(prepared, &plan.policy, terminal)?;
    Ok(Chosen { loaded, limit: args.selection.limit.clone(), targets, not_audited, asks })
}

impl Chosen {
    /// Finds out how `ssh` would reach them, and has keys unlocked for it.
    pub(super) fn ready(self, plan: &mut ScanPlan, terminal: &Terminal) -> Result<Ready, CommandError> {
        let Self { loaded, limit, mut targets, not_audited, asks } = self;
        plan.ssh.apply(&mut targets, &mut plan.measurement.connection, terminal)?; // as ssh would reach them
        secrets::unlock(&targets, &mut plan.measurement.connection, &plan.time, terminal)?;
        plan.measurement.deadline = plan.time.left();
        plan.measurement.wait_for(&targets);
        plan.measurement.sampling = Measurement::sampling(&plan.policy, &targets);
        let provenance = provenance(&loaded, &limit, &targets, not_audited);
        Ok(Ready { targets, provenance, asks })
    }
}

/// The targets, once everything about them is said and the reference is known to be among them; and the selected hosts that are
/// not audited.
pub(super) fn ready(
    prepared: Prepared,
    policy: &Policy,
    terminal: &Terminal,
) -> Result<(Vec<Target>, Vec<NotAudited>), CommandError> {
    let Prepared { targets, skipped, diagnostics: said } = prepared;
    terminal.diagnose(&said);
    let mut alike: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for host in &skipped {
        alike.entry(&host.reason).or_default().push(&host.name);
    }
    for (reason, names) in &alike {
        let are = if names.len() == 1 { "is" } else { "are" };
        terminal.note(&format!("{} {are} not audited: {reason}", folding::shortened(names)));
    }
    if targets.is_empty() {
        return Err(nothing_to_audit(&not_audited(&skipped), alike.keys().copied()));
    }
    let hosts: Vec<(&str, &[String])> =
        targets.iter().map(|target| (target.name.as_str(), target.groups.as_slice())).collect();
    match unknown_name(policy, &hosts, "the selected hosts") {
        Some(error) => Err(error.hint("name it as `clockaudit inventory --list` does, and let `--limit` include it")),
        None => Ok((targets, not_audited(&skipped))),
    }
}

/// None of the selected hosts can be audited: nothing was, whatever the clocks are like.
fn nothing_to_audit<'reason>(hosts: &[NotAudited], reasons: impl Iterator<Item = &'reason str>) -> CommandError {
    let error = CommandError::no_hosts(format!("none of the selected hosts can be audited: {}", listed(hosts)));
    reasons.take(MOST_REASONS).fold(error, CommandError::hint)
}

/// Hosts that are not audited, as reports have them.
pub(super) fn not_audited(skipped: &[Skipped]) -> Vec<NotAudited> {
    let stored = |host: &Skipped| NotAudited {
        name: host.name.clone(),
        groups: host.groups.clone(),
        by: host.by.clone(),
        reason: host.reason.clone(),
    };
    skipped.iter().map(stored).collect()
}

/// The hosts as `ansible --list-hosts` lists them.
pub(super) fn list(targets: &[Target]) -> String {
    let lines = targets.iter().map(|target| visible(&target.name)).collect::<Vec<_>>();
    format!("  hosts ({}):\n    {}\n", targets.len(), lines.join("\n    "))
}

/// Where the hosts come from.
pub(super) fn provenance(
    loaded: &Loaded,
    limit: &[String],
    targets: &[Target],
    not_audited: Vec<NotAudited>,
) -> Provenance {
    let sources = loaded.inventory.sources();
    Provenance {
        kind: Kind::Scan,
        run: run_id(),
        sources: sources.iter().map(|source| source.name.to_string()).collect(),
        sha256: Some(fingerprint(sources, loaded.inventory.layers().files())),
        limit: limit.to_vec(),
        incomplete: loaded.is_incomplete(),
        places: places(targets),
        not_audited,
    }
}

/// One fingerprint for all sources and files of variables: the only one's own, else that of all of theirs, one a line.
fn fingerprint(sources: &[Source], variables: &[Source]) -> String {
    if let ([one], []) = (sources, variables) {
        return one.sha256.clone();
    }
    let lines: Vec<&str> = sources.iter().chain(variables).map(|source| source.sha256.as_str()).collect();
    base16ct::lower::encode_string(&Sha256::digest(lines.join("\n")))
}
