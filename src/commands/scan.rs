//! `clockaudit scan`: the way of the data, from inventory text to a report.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::conclude::conclude;
use super::error::{CommandError, Outcome};
use super::inventory;
use super::measure::{measure, places, sound};
use super::memory::Memory;
use super::output::OutputPlan;
use super::plan::{Measurement, ScanPlan, run_id};
use super::policy::{asked_by_inventory, unknown_name, with_own_asks};
use super::record::record;
use super::secrets;
use crate::audit::{self, ExitStatus, Policy};
use crate::cli::ScanArgs;
use crate::files::inventory::{LoadSettings, Loaded};
use crate::inventory::connection::{self, Prepared};
use crate::inventory::model::Source;
use crate::inventory::target::Target;
use crate::report::escape::visible;
use crate::report::{Provenance, model::Kind};
use crate::ssh::own_defects;
use crate::terminal::Terminal;

/// Measures the selected hosts and reports on them.
pub fn run(args: &ScanArgs, terminal: &Terminal) -> Outcome {
    let mut plan = ScanPlan::new(args, terminal)?; // what was typed -> what is needed
    let settings = LoadSettings::within(plan.time.clone());
    let loaded = inventory::open(&args.selection, &settings, terminal)?; // text -> Inventory, diagnostics shown
    let hosts = inventory::select(&args.selection, &loaded, &settings, terminal)?; // pattern -> hosts
    if !plan.list_hosts {
        secrets::passwords(&args.connection, &loaded.configuration, &mut plan.flags, &plan.time, terminal)?; // asked for before anybody is reached
    }
    let prepared = connection::targets(&loaded.renderer, &hosts, &plan.flags, &loaded.configuration); // hosts -> Targets
    let asks = asked_by_inventory(&loaded.renderer, &hosts)?; // what is asked of each
    plan.policy = with_own_asks(plan.policy, &args.policy, &asks)?;
    let mut targets = ready(prepared, &plan.policy, terminal)?;
    if plan.list_hosts {
        terminal.print(&list(&targets))?;
        return Ok(ExitStatus::Good);
    }
    plan.ssh.apply(&mut targets, &mut plan.measurement.connection, terminal)?; // as ssh would reach them
    secrets::unlock(&targets, &mut plan.measurement.connection, &plan.time, terminal)?;
    plan.measurement.deadline = plan.time.left();
    plan.measurement.wait_for(&targets);
    plan.measurement.sampling = Measurement::sampling(&plan.policy, &targets);
    let provenance = provenance(&loaded, &targets);
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

/// The targets, once everything about them is said and the reference is known to be among them.
pub(super) fn ready(prepared: Prepared, policy: &Policy, terminal: &Terminal) -> Result<Vec<Target>, CommandError> {
    let Prepared { targets, skipped, diagnostics: said } = prepared;
    terminal.diagnose(&said);
    for host in skipped {
        terminal.note(&format!("{} is not audited: {}", host.name, host.reason));
    }
    if targets.is_empty() {
        return Err(CommandError::no_hosts("none of the selected hosts can be audited"));
    }
    let hosts: Vec<(&str, &[String])> =
        targets.iter().map(|target| (target.name.as_str(), target.groups.as_slice())).collect();
    match unknown_name(policy, &hosts, "the selected hosts") {
        Some(error) => Err(error.hint("name it as `clockaudit inventory --list` does, and let `--limit` include it")),
        None => Ok(targets),
    }
}

/// The hosts as `ansible --list-hosts` lists them.
pub(super) fn list(targets: &[Target]) -> String {
    let lines = targets.iter().map(|target| visible(&target.name)).collect::<Vec<_>>();
    format!("  hosts ({}):\n    {}\n", targets.len(), lines.join("\n    "))
}

/// Where the hosts come from.
pub(super) fn provenance(loaded: &Loaded, targets: &[Target]) -> Provenance {
    let sources = loaded.inventory.sources();
    Provenance {
        kind: Kind::Scan,
        run: run_id(),
        sources: sources.iter().map(|source| source.name.to_string()).collect(),
        sha256: Some(fingerprint(sources, loaded.inventory.layers().files())),
        incomplete: loaded.is_incomplete(),
        places: places(targets),
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
