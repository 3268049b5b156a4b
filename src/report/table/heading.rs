//! What stands above and below the table of hosts: the run, the reference, the pairs.

use super::layout::style;
use super::not_audited;
use super::page::{Page, flowed};
use crate::audit::figure;
use crate::report::escape::escaped;
use crate::report::model::{Kind, Report, Verdict};
use crate::report::paragraph::paragraph;
use crate::report::sentences;

/// What stands between the parts of a line.
const GAP: &str = "   ";

/// Where text begins behind the word in front of a line.
const INDENT: usize = 12;

/// The lines above the table.
pub(super) fn above(report: &Report, page: Page) -> Vec<String> {
    let hosts = figure::count(report.hosts.len(), "host");
    let (hosts, sources) = match report.kind {
        Kind::Scan | Kind::Fix => (hosts, report.run.inventory.sources.iter().map(|source| escaped(source)).collect()),
        Kind::Replay | Kind::Merge => {
            let sources = report.run.inventory.sources.iter().map(|source| escaped(source)).collect();
            let what = if report.kind == Kind::Replay { "a recorded scan" } else { "joined reports" };
            (format!("{hosts} of {what}"), sources)
        }
        Kind::Demo => (figure::count(report.hosts.len(), "simulated host"), Vec::new()),
    };
    let limits = sentences::limits_of_all(&report.policy);
    let version = format!("{} {}", escaped(&report.tool.name), escaped(&report.tool.version));
    let first: Vec<String> =
        [vec![version, hosts], sources, vec![limits]].concat().into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = flowed(&first, GAP, GAP.len(), page.text());
    lines
        .extend(sentences::limits_of_hosts(report).iter().flat_map(|line| paragraph("", line, GAP.len(), page.text())));
    lines.extend(flowed(&sentences::sampling(report), GAP, GAP.len(), page.text()));
    lines.extend(not_audited::lines(report, page));
    lines.extend(sentences::warnings(report).iter().flat_map(|(word, what)| warning(word, what, page)));
    lines
}

/// A word that is seen before all others, and what it means.
pub(super) fn warning(word: &str, text: &str, page: Page) -> Vec<String> {
    let style = style(Verdict::Warn);
    let mut lines = paragraph("", &format!("{word}{GAP}{text}"), 0, page.text());
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(word, &format!("{style}{word}{style:#}"), 1);
    }
    lines
}

/// The lines below the table.
pub(super) fn below(report: &Report, page: Page) -> Vec<String> {
    let labelled = |word: &str, text: &str| paragraph(word, text, INDENT, page.text());
    let mut lines = labelled("Reference", &sentences::reference(report));
    lines.extend(sentences::controller(report).iter().flat_map(|text| labelled("", text)));
    lines.extend(sentences::runs(&report.run.merged).iter().flat_map(|text| labelled("", text)));
    if let Some((counts, widest)) = sentences::pairs(report) {
        let both = format!("{counts};  {widest}");
        if widest.is_empty() || INDENT + both.chars().count() > page.text() {
            lines.extend(labelled("Pairs", &counts));
            lines.extend(
                Some(widest).filter(|widest| !widest.is_empty()).iter().flat_map(|widest| labelled("", widest)),
            );
        } else {
            lines.push(format!("{:INDENT$}{both}", "Pairs"));
        }
    }
    if let Some(window) = report.summary.claims_window_s {
        let within = figure::length(window.0);
        let text = match report.summary.claims_late_window_s {
            None => format!("read from all time services within {within}"),
            Some(late) => {
                let late = figure::length(late.0);
                format!(
                    "read from the time services within {within}, and of hosts measured longer within {late} after that"
                )
            }
        };
        lines.extend(labelled("Claims", &text));
    }
    lines
}
