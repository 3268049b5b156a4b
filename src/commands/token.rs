//! `clockaudit token FILE`: which hosts would refuse a token now, by which library, and why.

use std::path::Path;

use super::conclude::judged;
use super::error::{CommandError, Outcome};
use super::measure::{measure, sound};
use super::output::PagePlan;
use super::plan::{ScanPlan, time_left};
use super::scan::{Ready, choose};
use crate::audit::{self, ExitStatus, ReferenceChoice};
use crate::cli::{Format, OutputArgs, PolicyArgs, ScanArgs, TokenArgs};
use crate::files::{self, TimeLeft};
use crate::inventory::secret::Secret;
use crate::probe::Interruption;
use crate::report::Report;
use crate::report::escape::visible;
use crate::report::model::TokenReport;
use crate::report::token::{self, Question};
use crate::ssh::{own_defects, wall_clock};
use crate::terminal::Terminal;
use crate::tokens::Library;
use crate::tokens::encoded::{self, Claims};

/// So many exchanges with each host: as many as a scan has.
const SAMPLES: usize = 8;

/// Judges a token at every host: of a report, or measured now. A host's refusal ends with 2, one that nobody can tell with 3.
pub fn run(args: &TokenArgs, terminal: &Terminal) -> Outcome {
    let output = PagePlan::new(&args.output)?;
    let is_input = |name: &Path| name == Path::new("-");
    let inventories = args.selection.inventories.iter().chain(&args.selection.inventory).map(Path::new);
    if is_input(&args.token) && inventories.chain(args.report.as_deref()).any(is_input) {
        return Err(CommandError::usage("standard input is named twice: it has either the token or the rest")
            .hint("give one of them as a file"));
    }
    let claims = claims(&args.token, &time_left(&args.connection), terminal)?;
    let (report, heard) = match &args.report {
        Some(path) => (files::report::load(path)?, None),
        None => measured(args, terminal)?,
    };
    if report.hosts.is_empty() {
        return Err(CommandError::no_hosts("the report has no hosts").hint("a report of `scan` has those it measured"));
    }
    let libraries = if args.verifier_lib.is_empty() { Library::ALL.to_vec() } else { args.verifier_lib.clone() };
    let question =
        Question { claims, at: wall_clock(), is_fresh: args.report.is_none(), libraries, leeway: args.leeway };
    let answer = token::judged(&report, &question);
    output.deliver(&answer, terminal)?;
    let status = heard.and_then(ExitStatus::of_signal).unwrap_or_else(|| status(&answer, &report));
    sound(status, own_defects())
}

fn status(answer: &TokenReport, report: &Report) -> ExitStatus {
    let is_incomplete = report.run.partial || report.run.inventory.incomplete;
    match answer.counts {
        counts if counts.refused > 0 => ExitStatus::Critical,
        counts if is_incomplete || counts.cannot_tell > 0 || counts.not_measured > 0 => ExitStatus::Incomplete,
        _ => ExitStatus::Good,
    }
}

/// What the token says. It is read from a file or standard input; one that was typed works too.
fn claims(typed: &Path, time: &TimeLeft, terminal: &Terminal) -> Result<Claims, CommandError> {
    let literal = typed.to_str().filter(|text| encoded::is_typed(text) && !typed.exists());
    let token = match literal {
        Some(text) => {
            terminal.warn(
                "a token on the command line is seen by every user of this machine, and the shell's history keeps it: \
                 give a file, or `-` for standard input",
            );
            Secret::new(text.to_owned())
        }
        None => files::token::read(typed, time).map_err(|error| {
            CommandError::bad_input(format!("no token: {}: {error}", shown(typed)))
                .hint("`clockaudit token FILE`, or `clockaudit token -` with the token on standard input")
        })?,
    };
    encoded::read(token.reveal()).map_err(|error| {
        CommandError::bad_input(error.to_string())
            .hint("a JSON Web Token is read bare, behind `Bearer`, or as `access_token` of a token endpoint's answer")
    })
}

/// The name of a file; not that of what may be a damaged token.
fn shown(path: &Path) -> String {
    /// An opaque token is no shorter.
    const LONGEST: usize = 24;
    if path == Path::new("-") {
        return "standard input".to_owned();
    }
    let name = path.display().to_string();
    let is_like_a_token = encoded::is_typed(&name) || (name.len() >= LONGEST && !name.contains('/') && !path.exists());
    if is_like_a_token { "a file whose name looks like a token".to_owned() } else { visible(&name) }
}

/// Measures the hosts, against this machine's clock: a token is judged by what they show in an instant that it tells.
fn measured(args: &TokenArgs, terminal: &Terminal) -> Result<(Report, Option<Interruption>), CommandError> {
    let args = ScanArgs {
        selection: args.selection.clone(),
        list_hosts: false,
        connection: args.connection.clone(),
        samples: SAMPLES,
        record: None,
        no_state: true,
        policy: PolicyArgs { reference: vec![ReferenceChoice::Controller], ..PolicyArgs::default() },
        output: OutputArgs { output: Format::Table, export: Vec::new() },
    };
    let mut plan = ScanPlan::new(&args, terminal)?;
    let Ready { targets, provenance, .. } = choose(&args, &mut plan, terminal)?.ready(&mut plan, terminal)?;
    let (seen, live) = measure(targets, &plan.measurement, Format::Table, terminal)?;
    let report = judged(&seen, &audit::estimates(&seen), &provenance, &plan.policy);
    let heard = live.release()?.signal().or(seen.interrupted);
    Ok((report, heard))
}
