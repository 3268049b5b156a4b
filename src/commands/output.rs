//! Where results go: the form on standard output and the files, worked out before anything is measured.

use super::error::{CommandError, Outcome};
use crate::audit::{Counts, ExitStatus, FailOn, Verdict};
use crate::cli::{Format, OutputArgs};
use crate::files::report::{self as report_files, Export};
use crate::report::json;
use crate::report::model::{self, Interrupted, Report};
use crate::report::table::{self, Detail, Page};
use crate::terminal::Terminal;

/// Where results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPlan {
    /// The form on standard output.
    pub format: Format,
    /// The files.
    pub exports: Vec<Export>,
    /// From which verdict on the exit code is not 0.
    pub fail_on: FailOn,
}

impl OutputPlan {
    /// Turns what was typed into a plan, once every file can be written.
    pub fn new(args: &OutputArgs, fail_on: FailOn) -> Result<Self, CommandError> {
        let exports = args.export.iter().cloned().map(Export::to).collect::<Result<Vec<_>, _>>()?;
        report_files::check_all(&exports)?;
        Ok(Self { format: args.output, exports, fail_on })
    }
}

/// Writes the files, shows the report, and tells how the audit ended. Files come first: a reader of standard output that
/// goes away must not cost them.
pub fn deliver(report: &Report, plan: &OutputPlan, terminal: &Terminal) -> Outcome {
    let written = report_files::write_all(report, &plan.exports);
    let page = terminal.columns().map_or(Page::ENDLESS, Page::of_width);
    let text = match plan.format {
        Format::Table => table::render(report, Detail::Summary, page),
        Format::Wide => table::render(report, Detail::Wide, page),
        Format::Json => json::write(report).map_err(|error| CommandError::internal(error.to_string()))?,
    };
    terminal.print(&text)?;
    written?;
    Ok(exit_status(report, plan.fail_on))
}

/// How an audit with this report ends.
pub fn exit_status(report: &Report, fail_on: FailOn) -> ExitStatus {
    match report.run.interrupted {
        Some(Interrupted::Interrupt) => return ExitStatus::Interrupted,
        Some(Interrupted::Terminate) => return ExitStatus::Terminated,
        Some(Interrupted::Deadline) | None => {}
    }
    let model::Counts { ok, warn, crit, undecided, down } = report.summary.counts;
    let fleet = match report.summary.verdict {
        model::Verdict::Crit => Verdict::Crit,
        model::Verdict::Warn => Verdict::Warn,
        model::Verdict::Ok | model::Verdict::Undecided | model::Verdict::Down => Verdict::Ok,
    };
    let is_partial = report.run.partial || report.run.inventory.incomplete;
    ExitStatus::of(Counts { ok, warn, crit, undecided, down }, fleet, is_partial, fail_on)
}
