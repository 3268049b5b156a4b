//! `clockaudit merge FILE FILE...`: the reports of several controllers as one.

use std::path::Path;

use super::error::{CommandError, Outcome};
use super::output::{OutputPlan, deliver};
use super::plan::run_id;
use super::replay::{json, judged, understood};
use crate::audit::ExitStatus;
use crate::cli::MergeArgs;
use crate::files;
use crate::probe::Trace;
use crate::report::json::ReadError;
use crate::report::merge::{MergeError, merge};
use crate::report::{self, Report, analysis};
use crate::terminal::Terminal;

/// Joins the reports; the exit code is the one that a scan of all those hosts would have.
pub fn run(args: &MergeArgs, terminal: &Terminal) -> Outcome {
    let output = OutputPlan::new(&args.output, args.fail_on)?;
    if args.analysis {
        let read = |path: &std::path::PathBuf| understood(&text(path)?, path);
        let traces = args.files.iter().map(read).collect::<Result<Vec<Trace>, _>>()?;
        terminal.print(&json(&analysis::merge(&traces))?)?;
        return Ok(ExitStatus::Good);
    }
    let mut reports = Vec::new();
    let mut missing = false;
    for path in &args.files {
        match load(path) {
            Ok(report) => reports.push(report),
            Err(error) if args.allow_missing => {
                terminal.note(&format!("left out: {}", error.message));
                missing = true;
            }
            Err(error) => return Err(error.hint("`--allow-missing` goes on without it")),
        }
    }
    let mut merged = merge(&reports, &format!("merge-{}", run_id()), args.allow_missing)?;
    merged.run.partial |= missing;
    deliver(&merged, &output, None, terminal)
}

fn text(path: &Path) -> Result<String, CommandError> {
    files::trace::read(path).map_err(|error| CommandError::bad_input(error.to_string()))
}

/// A stored report, or a trace judged by the standard limits.
fn load(path: &Path) -> Result<Report, CommandError> {
    let text = text(path)?;
    match report::json::read(&text) {
        Ok(report) => Ok(report),
        Err(ReadError::NotAReport(_)) => judged(&text, path),
        Err(error) => Err(CommandError::bad_input(format!("`{}`: {error}", path.display()))),
    }
}

impl From<MergeError> for CommandError {
    fn from(error: MergeError) -> Self {
        let hint = match &error {
            MergeError::Disjoint(crate::clock::axes::Disjoint::NoAnchor) => {
                "the reports need a host in common, better three; `--allow-missing` leaves out those that have none"
            }
            MergeError::Disjoint(crate::clock::axes::Disjoint::AnchorsContradict) => {
                "a host that both measured was set in between, or two hosts have one name; scan again at the same time"
            }
            MergeError::SameRun(_) => "name each report once, and a joined report instead of its parts",
            MergeError::DifferentLimits => "scan with the same `--warn`, `--crit` and `--profile`",
            MergeError::DifferentLimitsOf(_) => {
                "scan with the same `clockaudit_warn`, `clockaudit_crit` and `clockaudit_profile` in every inventory"
            }
            MergeError::NoReference => "scan with a reference that is measured, as `--reference controller`",
            MergeError::Nothing => "none of the files could be read",
        };
        Self::bad_input(error.to_string()).hint(hint)
    }
}
