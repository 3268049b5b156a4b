//! Where results go: the form on standard output and the files, worked out before anything is measured.

use std::io;
use std::path::PathBuf;

use super::error::{CommandError, Outcome};
use super::live::Live;
use super::memory::Memory;
use crate::audit::{Ending, ExitStatus, FailOn};
use crate::cli::{Format, OutputArgs, PageArgs, PageFormat};
use crate::files::report::{self as report_files, Export};
use crate::report::document::Document;
use crate::report::escape::visible;
use crate::report::form::{self, Form, FormError};
use crate::report::model::{Comparison, TokenReport};
use crate::report::table::{Page, Shelf};
use crate::report::{Report, compare, ending, fix, markdown, token};
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
    /// Where the report is kept for the next scan to be compared with; none where it is not.
    pub memory: Option<Memory>,
    /// The file that the report was read from; none where it is a new one.
    pub stored: Option<PathBuf>,
}

impl OutputPlan {
    /// Turns what was typed into a plan, once every file can be written.
    pub fn new(args: &OutputArgs, fail_on: FailOn) -> Result<Self, CommandError> {
        let exports = args.export.iter().cloned().map(Export::to).collect::<Result<Vec<_>, _>>()?;
        report_files::check_all(&exports)?;
        Ok(Self { format: args.output, exports, fail_on, memory: None, stored: None })
    }

    /// Where `explain` finds the report: a partial one is not kept without being asked for.
    fn shelf(&self, report: &Report) -> Shelf<'_> {
        let exported = || self.exports.iter().find(|export| export.form == Form::Json);
        match &self.stored {
            Some(path) if path.as_os_str() == "-" => Shelf::Nowhere,
            Some(path) => Shelf::File(path),
            None if self.memory.is_some() && !report.run.partial => Shelf::LastScan,
            None => exported().map_or(Shelf::Nowhere, |export| Shelf::File(&export.path)),
        }
    }
}

/// Writes the files, shows the report, and tells how the audit ended. Files come first: a reader of standard output that
/// goes away must not cost them. Until they are written a first signal, if `live` listens for one, is only marked in the exit
/// code; from then on it ends the program at once, whatever holds the output up.
pub fn deliver(report: &Report, plan: &OutputPlan, live: Option<Live>, terminal: &Terminal) -> Outcome {
    let written = report_files::write_all(report, &plan.exports);
    let page = page(terminal);
    let text = form::write(report, form_of(plan.format), plan.shelf(report), page).map_err(unwritable)?;
    let heard = live.map(Live::release).transpose()?;
    terminal.print(&text)?;
    written?;
    let ending = ending::of(report);
    let interrupted = heard.and_then(|heard| heard.signal()).or(ending.interrupted);
    Ok(match interrupted.and_then(ExitStatus::of_signal) {
        Some(signalled) => signalled,
        None => fix::exit_status(report, plan.fail_on)
            .unwrap_or_else(|| ExitStatus::of(Ending { interrupted, ..ending }, plan.fail_on)),
    })
}

/// The page that text is set for: the terminal, or a file or pipe.
pub fn page(terminal: &Terminal) -> Page {
    terminal.columns().map_or(Page::ENDLESS, Page::of_width)
}

/// Where a result goes that is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePlan {
    format: PageFormat,
    exports: Vec<Export>,
}

/// A result that is no report, in each of its forms.
pub trait Paged {
    /// Lines for a page.
    fn table(&self, page: Page) -> String;
    /// A page of headings, lists and tables.
    fn document(&self) -> Document;
    /// Everything.
    fn json(&self) -> Result<String, serde_json::Error>;
}

impl PagePlan {
    /// Turns what was typed into a plan, once every file can be written.
    pub fn new(args: &PageArgs) -> Result<Self, CommandError> {
        let exports = args.export.iter().cloned().map(Export::to).collect::<Result<Vec<_>, _>>();
        let hint = "name the file `.json`, `.md` or `.txt`: only a report has the other forms";
        let exports = exports.map_err(|unknown| CommandError::usage(unknown.to_string()).hint(hint))?;
        let is_known = |export: &&Export| [Form::Json, Form::Markdown, Form::Text].contains(&export.form);
        if let Some(other) = exports.iter().find(|export| !is_known(export)) {
            let path = visible(&other.path.display().to_string());
            return Err(CommandError::usage(format!("cannot write `{path}`: this has no such form")).hint(hint));
        }
        report_files::check_all(&exports)?;
        Ok(Self { format: args.output, exports })
    }

    /// Writes the files, then shows the result: a reader of standard output that goes away must not cost them.
    pub fn deliver(&self, paged: &impl Paged, terminal: &Terminal) -> Result<(), CommandError> {
        let text = |form: Form, page: Page| match form {
            Form::Json => paged.json().map_err(io::Error::other),
            Form::Markdown => Ok(markdown::write(&paged.document())),
            _ => Ok(paged.table(page)),
        };
        let written = report_files::write_each(&self.exports, |form| text(form, Page::ENDLESS));
        let form = match self.format {
            PageFormat::Table => Form::Table,
            PageFormat::Md => Form::Markdown,
            PageFormat::Json => Form::Json,
        };
        let shown = text(form, page(terminal)).map_err(|error| CommandError::internal(error.to_string()))?;
        terminal.print(&shown)?;
        Ok(written?)
    }
}

impl Paged for Comparison {
    fn table(&self, page: Page) -> String {
        compare::table(self, page)
    }

    fn document(&self) -> Document {
        compare::page(self)
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        compare::json(self)
    }
}

impl Paged for TokenReport {
    fn table(&self, page: Page) -> String {
        token::table(self, page)
    }

    fn document(&self) -> Document {
        token::page(self)
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        token::json(self)
    }
}

/// The form that was asked for by name.
fn form_of(format: Format) -> Form {
    match format {
        Format::Table => Form::Table,
        Format::Wide => Form::Wide,
        Format::Json => Form::Json,
        Format::Jsonl => Form::JsonLines,
        Format::Csv => Form::Csv,
        Format::Md => Form::Markdown,
        Format::Html => Form::Html,
        Format::Junit => Form::JUnit,
        Format::Prometheus => Form::Prometheus,
        Format::Nagios => Form::Nagios,
    }
}

/// A report that the format cannot hold is a defect of the program.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` calls")]
fn unwritable(error: FormError) -> CommandError {
    CommandError::internal(error.to_string())
}
