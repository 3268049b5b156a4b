//! What a fix did to one host.

use crate::audit::figure;
use crate::clock::Interval;
use crate::report::escape::{escaped, escaped_within};
use crate::report::fix::plan::ruler;
use crate::report::model::{FixOffset, FixOutcome, FixedHost, Report};
use crate::report::paragraph::{Line, empty, set, wrapped};
use crate::report::table::Page;

/// The longest text of a reason, or of what a host said.
const LONGEST: usize = 1_000;

/// Everything that the report of a fix knows of a host which was not scanned again.
pub fn page(host: &FixedHost, report: &Report, paper: Page) -> String {
    let mut lines = vec![escaped(&host.name).into(), empty()];
    lines.extend(wrapped("Scan", "it is not among the hosts that were scanned last"));
    if !host.groups.is_empty() {
        lines.extend(wrapped("Groups", &escaped(&host.groups.join(" "))));
    }
    lines.extend(lines_of(host, report));
    set(&lines, paper)
}

/// What became of a host, where the report is one of a fix.
pub(super) fn lines(name: &str, report: &Report) -> Vec<Line> {
    let host = report.fix.iter().flat_map(|fix| &fix.hosts).find(|host| host.name == name);
    host.map_or_else(Vec::new, |host| lines_of(host, report))
}

fn lines_of(host: &FixedHost, report: &Report) -> Vec<Line> {
    let Some(fix) = &report.fix else { return Vec::new() };
    let run = fix.run.as_deref().map_or_else(|| "only planned".to_owned(), escaped);
    let why = host.why.as_deref().map_or_else(String::new, |why| format!(": {}", escaped_within(why, LONGEST)));
    let mut lines = wrapped("Fix", &format!("{run}, {}; {}{why}", escaped(&fix.change), outcome(host.outcome)));
    if let Some(detail) = host.detail.as_deref().filter(|detail| !detail.is_empty()) {
        lines.extend(wrapped("It said", &escaped_within(detail, LONGEST)));
    }
    for (label, offset) in [("Before", host.before), ("After", host.after)] {
        lines.extend(offset.iter().flat_map(|offset| wrapped(label, &shown(*offset))));
    }
    if host.before.is_some() || host.after.is_some() {
        lines.extend(fix.yardstick.iter().flat_map(|yardstick| wrapped("", &ruler(yardstick))));
    }
    let service = host.service.as_deref().map(|service| format!("service {}", escaped(service)));
    let version = host.version.as_deref().map(|version| format!("chronyd {}", escaped(version)));
    let configuration = host.configuration.as_deref().map(escaped);
    let parts: Vec<String> = [configuration, service, version].into_iter().flatten().collect();
    if !parts.is_empty() {
        lines.extend(wrapped("Chrony", &parts.join(", ")));
    }
    if let Some(installation) = &host.installation {
        let version = installation.version.as_deref().map(|version| format!(" {}", escaped(version)));
        let manager = installation.manager.as_deref().map(escaped);
        let manager = manager.map(|manager| format!("chrony{} by {manager}", version.unwrap_or_default()));
        lines.extend(manager.iter().flat_map(|text| wrapped("Installs", text)));
        let replaced: Vec<String> = installation.replaces.iter().map(|name| escaped(name)).collect();
        if !replaced.is_empty() {
            lines.extend(wrapped("Stops", &replaced.join(", ")));
        }
    }
    for (index, file) in host.files.iter().enumerate() {
        let backup = file.backup.as_deref().map(|backup| format!(", kept as {}", escaped(backup)));
        let text = format!("{}{}", escaped(&file.path), backup.unwrap_or_default());
        lines.extend(wrapped(if index == 0 { "Changes" } else { "" }, &text));
    }
    for (index, warning) in host.warnings.iter().enumerate() {
        lines.extend(wrapped(if index == 0 { "Beware" } else { "" }, &escaped_within(warning, LONGEST)));
    }
    lines
}

fn shown(offset: FixOffset) -> String {
    figure::with_bound(offset.offset_s.0, Interval::new(offset.lo_s.0, offset.hi_s.0))
}

fn outcome(outcome: FixOutcome) -> &'static str {
    match outcome {
        FixOutcome::Pending => "it would be changed",
        FixOutcome::Unchanged => "it was as wanted already",
        FixOutcome::Converged => "its clock is right by measurement, and was for the hold time",
        FixOutcome::ConvergedByClaim => {
            "its clock is right by its chronyd's word, and could not be measured well enough to tell more"
        }
        FixOutcome::OnItsWay => {
            "it follows its new source, and the run was told to end before its clock had been right for the hold time"
        }
        FixOutcome::RolledBack => "it has its old files again",
        FixOutcome::Failed => "look at it",
        FixOutcome::NotAttempted => "it was left alone",
    }
}
