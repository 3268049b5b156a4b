//! `clockaudit compare OLD NEW`: what is new, resolved, worse and better between two reports.

use std::path::Path;

use super::error::{CommandError, Outcome};
use super::output::PagePlan;
use crate::audit::ExitStatus;
use crate::cli::CompareArgs;
use crate::files::report::load;
use crate::files::state::{Key, State};
use crate::report::Report;
use crate::report::compare::compare;
use crate::terminal::Terminal;

/// Compares two reports; new findings end with 4.
pub fn run(args: &CompareArgs, terminal: &Terminal) -> Outcome {
    let output = PagePlan::new(&args.output)?;
    let (before, now) = match args.files.as_slice() {
        sources if args.last => last_two(sources, &args.limit)?,
        [before, now] => (load(before)?, load(now)?),
        _ => {
            return Err(CommandError::usage("two reports are compared, the earlier one first")
                .hint("clockaudit compare OLD.json NEW.json")
                .hint("clockaudit compare --last inventory.ini compares the last two scans of an inventory"));
        }
    };
    if before.run.finished > now.run.finished {
        terminal.note("the first report is the later one: what is told as new is what was resolved");
    }
    let comparison = compare(&before, &now);
    output.deliver(&comparison, terminal)?;
    Ok(if comparison.has_new() { ExitStatus::Pending } else { ExitStatus::Good })
}

/// The last two reports of an inventory that were kept, or of the one that was scanned last.
fn last_two(sources: &[impl AsRef<Path>], limits: &[String]) -> Result<(Report, Report), CommandError> {
    let none = || {
        CommandError::bad_input("no two scans of it were kept").hint(
            "`scan` keeps its report unless it is told `--no-state`; two scans with the same `--limit` are compared",
        )
    };
    let state = State::of_this_user().ok_or_else(none)?;
    let names: Vec<String> = sources.iter().map(|source| source.as_ref().to_string_lossy().into_owned()).collect();
    let key = match names.as_slice() {
        [] if !limits.is_empty() => {
            return Err(CommandError::usage(
                "`--limit` tells which scans of an inventory are meant, and none is named",
            )
            .hint("clockaudit compare --last inventory.ini --limit web"));
        }
        [] => state.latest_key().ok_or_else(none)?,
        names => Key::of(names.iter().map(String::as_str), limits),
    };
    state.previous(&key).zip(state.last(&key)).ok_or_else(none)
}
