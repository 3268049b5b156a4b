//! `clockaudit replay TRACE`: a recorded scan, judged again.

use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::conclude::{self, conclude};
use super::error::{CommandError, Outcome};
use super::output::OutputPlan;
use super::policy::{as_recorded, asked_in_trace, policy, unknown_name, with_own_asks};
use crate::audit::{ExitStatus, Policy};
use crate::cli::{PolicyArgs, ReplayArgs};
use crate::probe::Trace;
use crate::probe::trace::{self, TraceProblem};
use crate::report::{self, Place, Provenance, Report, analysis, model};
use crate::terminal::Terminal;
use crate::{files, probe};

/// Judges a recorded scan again; the exit code is the one that the scan has under these limits.
pub fn run(args: &ReplayArgs, terminal: &Terminal) -> Outcome {
    let output = OutputPlan::new(&args.output, args.policy.fail_on)?;
    let text = files::trace::read(&args.trace).map_err(|error| CommandError::bad_input(error.to_string()))?;
    if args.analysis {
        terminal.print(&analysis(&text, &args.trace)?)?;
        return Ok(ExitStatus::Good);
    }
    if args.hunt {
        terminal.print(&hunt(&text, &args.trace)?)?;
        return Ok(ExitStatus::Good);
    }
    let trace = understood(&text, &args.trace)?;
    let policy = policy_of(&args.policy, &trace)?;
    let hosts: Vec<(&str, &[String])> = trace
        .seen
        .observations
        .iter()
        .zip(&trace.hosts)
        .map(|(observation, host)| (observation.host.as_str(), host.groups.as_slice()))
        .collect();
    if let Some(error) = unknown_name(&policy, &hosts, "the hosts of the trace") {
        return Err(error.hint("name it as the inventory did; `clockaudit replay TRACE -o wide` lists the hosts"));
    }
    let provenance = provenance(&trace, &text, &args.trace);
    conclude(&trace.seen, &trace.estimates(), &provenance, &policy, &output, None, terminal)
}

/// What a recorded scan is judged by: these flags, its own where they say nothing of limits, and its inventory.
fn policy_of(args: &PolicyArgs, trace: &Trace) -> Result<Policy, CommandError> {
    let args = as_recorded(args, trace)?;
    with_own_asks(policy(&args, Policy::DEFAULT_SAMPLES)?, &args, &asked_in_trace(trace)?)
}

/// The report of a recorded scan, by the limits that it was made with and those that its inventory asks; `path` is where its text came
/// from.
pub fn judged(text: &str, path: &Path) -> Result<Report, CommandError> {
    let trace = understood(text, path)?;
    let policy = policy_of(&PolicyArgs::default(), &trace)?;
    let provenance = provenance(&trace, text, path);
    Ok(conclude::judged(&trace.seen, &trace.estimates(), &provenance, &policy))
}

/// Everything that the estimator finds in the text of a trace, as JSON; `path` is where the text came from.
pub fn analysis(text: &str, path: &Path) -> Result<String, CommandError> {
    json(&analysis::analysis(&understood(text, path)?))
}

/// Where the hunts of a trace would go next, as JSON; `path` is where the text came from.
pub fn hunt(text: &str, path: &Path) -> Result<String, CommandError> {
    json(&analysis::hunt(&understood(text, path)?))
}

/// The trace that a text holds; `path` is where it came from.
pub fn understood(text: &str, path: &Path) -> Result<Trace, CommandError> {
    trace::read(text).map_err(|error| {
        if report::json::read(text).is_ok() {
            return CommandError::bad_input(format!("`{}` is a report, and no trace", path.display()))
                .hint("`clockaudit report FILE` shows it; a trace is written by `clockaudit scan --record FILE`");
        }
        let probe::TraceError { line, problem } = error;
        let hint = match problem {
            TraceProblem::Cut { .. } => "copy the file again, or scan again with `--record FILE`",
            _ => "a trace is written by `clockaudit scan --record FILE`, one JSON object a line",
        };
        CommandError::bad_input(format!("{}:{line}: {problem}", path.display())).hint(hint)
    })
}

/// A value as JSON for people, with a line end.
pub fn json(value: &impl Serialize) -> Result<String, CommandError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CommandError::internal(error.to_string()))?;
    Ok(text + "\n")
}

fn provenance(trace: &Trace, text: &str, path: &Path) -> Provenance {
    let digest = Sha256::digest(text.as_bytes());
    Provenance {
        kind: model::Kind::Replay,
        run: format!("{}{}", model::REPLAYED, trace.seen.started.0),
        sources: vec![path.display().to_string()],
        sha256: Some(base16ct::lower::encode_string(&digest)),
        limit: Vec::new(),
        incomplete: trace.inventory_incomplete,
        places: trace
            .hosts
            .iter()
            .map(|host| Place { address: host.address.clone(), port: host.port, groups: host.groups.clone() })
            .collect(),
        not_audited: trace.not_audited.iter().map(not_audited).collect(),
    }
}

/// A host that the recorded scan did not audit, as reports have it.
fn not_audited(host: &trace::NotAudited) -> model::NotAudited {
    let trace::NotAudited { name, groups, by, reason } = host.clone();
    model::NotAudited { name, groups, by, reason }
}
