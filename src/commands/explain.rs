//! `clockaudit explain CODE | jwt | HOST`: what a finding means, what clocks mean for tokens, or what is known of a host.

use super::error::{CommandError, Outcome};
use super::output::page;
use crate::audit::ExitStatus;
use crate::audit::explain::{self, Page};
use crate::audit::finding::Code;
use crate::cli::ExplainArgs;
use crate::files;
use crate::files::state::State;
use crate::report::Report;
use crate::report::escape::escaped;
use crate::report::explain as pages;
use crate::report::table::Page as Paper;
use crate::terminal::Terminal;

/// How many names a hint lists.
const NAMES_IN_HINT: usize = 5;
/// The subject that is neither a code nor a host: what clocks mean for JSON Web Tokens.
const TOKENS: &str = "jwt";

/// Explains tokens, a code, with or without a report, or a host of a report: the one that is named, else that of the last scan.
pub fn run(args: &ExplainArgs, terminal: &Terminal) -> Outcome {
    let paper = page(terminal);
    let report = match &args.report {
        Some(path) => Ok(Some(files::report::load(path)?)),
        None => State::of_this_user().map_or(Ok(None), |state| state.latest()),
    };
    if args.subject.eq_ignore_ascii_case(TOKENS) && !is_host(&args.subject, &report) {
        // What holds of tokens holds without a scan: a stored one that cannot be read is in nobody's way.
        terminal.print(&pages::token_page(report.ok().flatten().as_ref(), paper))?;
        return Ok(ExitStatus::Good);
    }
    if let Some((label, page)) = explain::inventory::page(&args.subject) {
        terminal.print(&pages::page(label, &[page], None, paper))?;
        return Ok(ExitStatus::Good);
    }
    let report = report?;
    let text = match Code::of_label(&args.subject).as_slice() {
        [] => of_host(&args.subject, report.as_ref(), paper)?,
        codes @ [first, ..] => {
            let mut of_code: Vec<&Page> = codes.iter().map(|code| explain::page(*code)).collect();
            of_code.dedup_by_key(|page| page.title);
            pages::page(&first.label(), &of_code, report.as_ref(), paper)
        }
    };
    terminal.print(&text)?;
    Ok(ExitStatus::Good)
}

/// Whether a report has a host of exactly this name.
fn is_host(name: &str, report: &Result<Option<Report>, impl Sized>) -> bool {
    let hosts = report.as_ref().ok().and_then(Option::as_ref).map(|report| &report.hosts);
    name != TOKENS && hosts.is_some_and(|hosts| hosts.iter().any(|host| host.name == name))
}

fn of_host(name: &str, report: Option<&Report>, paper: Paper) -> Result<String, CommandError> {
    let shown = escaped(name);
    let codes: Vec<String> = Code::all().map(Code::label).collect();
    let others = codes.iter().map(String::as_str).chain(explain::inventory::LABELS).chain([TOKENS]);
    let Some(report) = report else {
        return Err(CommandError::usage(format!("`{shown}` is no code, and there is no scan to look for a host in"))
            .did_you_mean(name, others)
            .hint("scan first, or name a stored report: `clockaudit explain HOST --report FILE`")
            .hint("a code is written `CLK101` or `SSH901`; `jwt` explains what clocks mean for tokens"));
    };
    let hosts = report.hosts.iter().map(|host| host.name.as_str());
    let fixed = || report.fix.iter().flat_map(|fix| &fix.hosts).find(|host| host.name == name);
    let found = || report.not_audited.iter().find(|host| host.name == name);
    let left_out = report.not_audited.iter().map(|host| host.name.as_str());
    match (report.hosts.iter().find(|host| host.name == name), fixed(), found()) {
        (Some(host), ..) => Ok(pages::host(host, report, paper)),
        (None, Some(host), _) => Ok(pages::fixed_page(host, report, paper)),
        (None, None, Some(host)) => Ok(pages::not_audited(host, report, paper)),
        (None, None, None) => Err(CommandError::usage(format!(
            "`{shown}` is neither a code nor a host of the scan {}",
            escaped(&report.run.id)
        ))
        .did_you_mean(name, hosts.chain(left_out).chain(others))
        .hint(known(report))),
    }
}

/// Some names that would have been right.
fn known(report: &Report) -> String {
    let names: Vec<String> = report.hosts.iter().map(|host| escaped(&host.name)).take(NAMES_IN_HINT).collect();
    let more = report.hosts.len().saturating_sub(names.len());
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("that scan has {}{rest}", names.join(", "))
}
