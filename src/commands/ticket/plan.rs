//! What `ticket` needs, of what was typed, of the report and of the environment.

use std::path::Path;
use std::sync::Arc;

use crate::bounded;
use crate::cli::TicketArgs;
use crate::clock::Nanos;
use crate::commands::error::CommandError;
use crate::files;
use crate::report::Report;
use crate::report::form::{self, Form};
use crate::report::table::{Page, Shelf};
use crate::report::ticket::{Enclosure, Grain, Setting, is_part_of_scope, scope_of};
use crate::terminal::Terminal;
use crate::tickets::{Attachment, Credentials, Key, Site, SiteError, System};

/// A template is no longer.
const LONGEST_TEMPLATE: u64 = 1 << 20;

/// What `ticket` needs.
pub(super) struct TicketPlan {
    pub(super) site: Site,
    /// The secrets; none where none is needed.
    pub(super) secrets: Option<Credentials>,
    pub(super) report: Report,
    pub(super) grain: Grain,
    pub(super) scope: String,
    /// Whether the report looked at a part of it.
    pub(super) is_part_of_scope: bool,
    /// The scope and the grain.
    pub(super) scope_key: Key,
    pub(super) setting: Setting,
    pub(super) enclosure: Enclosure,
    pub(super) resolve: bool,
    pub(super) reopen_within: Nanos,
    /// So many tickets may be new.
    pub(super) most_new: usize,
    pub(super) template: Option<String>,
    pub(super) is_dry: bool,
}

impl TicketPlan {
    /// Turns what was typed into a plan.
    pub(super) fn new(args: &TicketArgs, terminal: &Terminal) -> Result<Self, CommandError> {
        let system = args.system;
        if args.scope.as_deref().is_some_and(|scope| scope.trim().is_empty()) {
            return Err(CommandError::usage(
                "`--scope` is empty, so every report that says so would share its tickets",
            )
            .hint(
                "name what the report is of: `--scope prod`; without `--scope` the inventory's sources are the scope",
            ));
        }
        let read = |variable: crate::tickets::Variable| files::credential::read(variable.name());
        let secrets = match Credentials::find(system, read) {
            // What is only shown needs no secret.
            Err(error) if args.dry_run => {
                terminal.warn(&error.to_string());
                None
            }
            found => found.map_err(|error| CommandError::missing_secret(error.to_string()))?,
        };
        let site = Site::new(system, args.url.as_deref(), args.project.as_deref(), secrets.as_ref())
            .map_err(|error| misplaced(&error))?;
        if args.template.is_some() && system != System::Webhook {
            return Err(CommandError::usage(
                "`--template` is for `webhook`; the other systems' texts are made by clockaudit",
            ));
        }
        let template = args.template.as_deref().map(template).transpose()?;
        let (bytes, report) = files::report::load_to_tell(&args.report)?;
        if report.hosts.is_empty() && report.fix.as_ref().is_none_or(|fix| fix.hosts.is_empty()) {
            return Err(CommandError::no_hosts(
                "the report has no hosts, so it tells of no clock; no ticket is touched",
            )
            .hint("did the inventory and `--limit` of the scan match what was meant?"));
        }
        let grain = args.grain;
        let scope = scope_of(&report, args.scope.as_deref(), grain).ok_or_else(|| {
            CommandError::usage("the report does not tell of which inventory it is, so nothing ties it to its ticket")
                .hint("name what it is of: `--scope prod`")
        })?;
        let is_wanted = !args.dry_run && system != System::Webhook;
        if is_wanted && secrets.is_none() {
            return Err(without_secret(system));
        }
        if site.is_in_clear() && secrets.is_some() && !args.dry_run {
            terminal.warn("`--url` begins with http://, so whoever is on the way can read the report and the secret");
        }
        Ok(Self {
            setting: Setting { markup: system.markup(), longest: system.longest_body() },
            enclosure: enclosure(system, &report, bytes, &args.report)?,
            scope_key: grain.of_scope(&scope),
            is_part_of_scope: is_part_of_scope(&report, args.scope.as_deref(), grain),
            site,
            secrets,
            report,
            grain,
            scope,
            resolve: args.resolve,
            reopen_within: args.reopen_within,
            most_new: args.most_new,
            template,
            is_dry: args.dry_run,
        })
    }
}

/// What goes with a ticket in this system.
fn enclosure(system: System, report: &Report, bytes: Vec<u8>, path: &Path) -> Result<Enclosure, CommandError> {
    match system {
        System::Github | System::Webhook => {
            Ok(Enclosure::without_files(system, &String::from_utf8_lossy(&bytes), path))
        }
        _ => attachments(report, bytes).map(Enclosure::of_files),
    }
}

/// The report as it is stored, and as a page for a browser.
fn attachments(report: &Report, bytes: Vec<u8>) -> Result<Vec<Arc<Attachment>>, CommandError> {
    let failed = |error: &dyn std::fmt::Display| CommandError::internal(error.to_string());
    let html = form::write(report, Form::Html, Shelf::Nowhere, Page::ENDLESS).map_err(|error| failed(&error))?;
    let is_plain = |character: &char| character.is_ascii_alphanumeric() || *character == '-';
    let run: String = report.run.id.chars().filter(is_plain).take(64).collect();
    let files = [("json", "application/json", bytes), ("html", "text/html", html.into_bytes())];
    let pack = |(suffix, media, bytes)| {
        let packed = files::attachment::pack(format!("clockaudit-{run}.{suffix}"), media, bytes);
        packed.map(Arc::new).map_err(|error| failed(&error))
    };
    files.into_iter().map(pack).collect()
}

fn template(path: &Path) -> Result<String, CommandError> {
    let failed = |why: &dyn std::fmt::Display| CommandError::bad_input(format!("template {}: {why}", path.display()));
    bounded::text(path, LONGEST_TEMPLATE).map_err(|why| failed(&why))
}

fn misplaced(error: &SiteError) -> CommandError {
    CommandError::usage(error.to_string())
}

/// That a secret is missing, and where it would be found.
pub(super) fn without_secret(system: System) -> CommandError {
    let way = |way: &&[crate::tickets::Variable]| {
        way.iter().map(|variable| variable.name()).collect::<Vec<_>>().join(" and ")
    };
    let ways: Vec<String> = system.ways().iter().map(way).collect();
    CommandError::missing_secret(format!("{} needs a secret, and none is set", system.name()))
        .hint(format!("set {} in the environment", ways.join(", or ")))
        .hint("or name a file that holds it, with _FILE behind the name; `--dry-run` needs none")
}
