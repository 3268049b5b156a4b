//! `clockaudit report FILE`: a stored report, shown again.

use super::error::Outcome;
use super::output::{OutputPlan, deliver};
use crate::cli::ReportArgs;
use crate::files;
use crate::terminal::Terminal;

/// Shows a stored report; the exit code is the one that the scan had.
pub fn run(args: &ReportArgs, terminal: &Terminal) -> Outcome {
    let plan = OutputPlan { stored: Some(args.file.clone()), ..OutputPlan::new(&args.output, args.fail_on)? };
    let (_, report) = files::report::load_to_tell(&args.file)?;
    deliver(&report, &plan, None, terminal)
}
