//! The page of an audit: what is wrong, where, what it breaks, what to do.

use super::{Block, Column, Document, Lines, Span, Table, labelled, left, left_out, name, part, right, text};
use crate::audit::figure;
use crate::report::escape::{escaped, shell_word};
use crate::report::model::{Cause, Counts, Finding, Host, Report, Verdict};
use crate::report::sentences::{self, Shared};

/// More hosts than these are counted: who needs all of them reads the JSON.
const MOST_HOSTS: usize = 200;
/// More causes than these are counted.
const MOST_CAUSES: usize = 40;

/// The page.
pub(super) fn page(report: &Report) -> Document {
    let mut blocks = vec![Block::Heading(1, title(report))];
    blocks.extend(sentences::warnings(report).into_iter().map(|(word, what)| Block::Paragraph(labelled(word, &what))));
    blocks.extend(left_out(report));
    blocks.push(Block::List(facts(report)));
    blocks.extend(causes(report));
    blocks.extend(hosts(report));
    let breaks = sentences::breaks(report).into_iter().map(|line| vec![text(line)]).collect();
    blocks.extend(part("What breaks", breaks));
    blocks.extend(part("What to do", sentences::findings(report).iter().map(finding).collect()));
    if let Some(changes) = &report.changes {
        let lines = [vec![sentences::since(changes)], sentences::changed(changes)].concat();
        blocks.extend(part("Changes", lines.into_iter().map(|line| vec![text(line)]).collect()));
    }
    blocks.extend(next(report));
    Document(blocks)
}

/// `Clocks: CRIT, 2 of 12 hosts crit, 1 warn, 1 undecided, 2 down, 6 ok`.
pub(super) fn title(report: &Report) -> String {
    format!("Clocks: {}, {}", sentences::word(report.summary.verdict), headline(report))
}

/// `2 of 12 hosts crit, 1 warn, 1 undecided, 2 down, 6 ok`; `the fleet crit (CLK103), 12 hosts ok` where no host is as bad.
pub fn headline(report: &Report) -> String {
    let Counts { ok, warn, crit, undecided, down } = report.summary.counts;
    let parts = [(crit, "crit"), (warn, "warn"), (undecided, "undecided"), (down, "down"), (ok, "ok")];
    let mut told = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| (count, what.to_owned()));
    let Some((count, what)) = told.next() else { return "no hosts".to_owned() };
    let of = figure::count(report.hosts.len(), "host");
    let first = if count == report.hosts.len() { format!("{of} {what}") } else { format!("{count} of {of} {what}") };
    let rest = told.map(|(count, what)| format!("{count} {what}"));
    sentences::worse_fleet(report).into_iter().chain([first]).chain(rest).collect::<Vec<_>>().join(", ")
}

fn facts(report: &Report) -> Vec<Vec<Span>> {
    let mut facts: Vec<Vec<Span>> = sentences::weighing_of_fleet(report).map(of_fleet).collect();
    facts.push(labelled("Limits", &sentences::limits_of_all(&report.policy)));
    facts.extend(sentences::limits_of_hosts(report).iter().map(|line| labelled("Other limits", line)));
    facts.push(labelled("Reference", &sentences::reference(report)));
    facts.extend(sentences::controller(report).iter().map(|line| labelled("Controller", line)));
    facts.extend(sentences::runs(&report.run.merged).iter().map(|line| labelled("Joined", line)));
    if let Some((counts, widest)) = sentences::pairs(report) {
        let both = [counts, widest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        facts.push(labelled("Pairs", &both));
    }
    facts.push(labelled("Sampled", &sentences::sampling(report).join(", ")));
    let mut run = vec![Span::Strong("Run".to_owned()), text(": "), name(escaped(&report.run.id))];
    run.push(text(format!(" of {}", sentences::moment(report.run.started))));
    if !report.run.inventory.sources.is_empty() {
        run.push(text(", inventory "));
        let sources: Vec<String> = report.run.inventory.sources.iter().map(|source| escaped(source)).collect();
        run.push(name(sources.join(" ")));
    }
    run.push(text(format!(", {} {}", escaped(&report.tool.name), escaped(&report.tool.version))));
    facts.push(run);
    facts
}

/// `CRIT the fleet: CLK103 ...`.
fn of_fleet(finding: &Finding) -> Vec<Span> {
    vec![
        Span::Strong(format!("{} the fleet", sentences::severity(finding))),
        text(format!(": {} {}", escaped(&finding.code), escaped(&finding.what))),
    ]
}

fn causes(report: &Report) -> Vec<Block> {
    if report.causes.is_empty() {
        return Vec::new();
    }
    let columns = vec![left("Status"), right("Hosts"), left("Cause"), left("Where"), left("Codes")];
    let row = |cause: &Cause| {
        let mut what = escaped(&cause.what);
        let shared = sentences::shared(cause);
        if !shared.is_empty() {
            what = format!("{what} ({})", shared.join(", "));
        }
        let hosts: Vec<&str> = cause.hosts.iter().map(String::as_str).collect();
        let codes: Vec<String> = cause.codes.iter().map(|code| escaped(code)).collect();
        vec![
            text(sentences::word(cause.verdict)),
            text(cause.hosts.len().to_string()),
            text(what),
            name(sentences::folded_names(&hosts)),
            text(codes.join(" ")),
        ]
    };
    let rows = report.causes.iter().take(MOST_CAUSES).map(row).collect();
    let left_out = report.causes.len().saturating_sub(MOST_CAUSES);
    vec![Block::Heading(2, "What is wrong".to_owned()), Block::Table(Table { columns, rows, left_out })]
}

/// The hosts that are not good, the worst first.
fn hosts(report: &Report) -> Vec<Block> {
    let bad = sentences::bad_hosts(report);
    let mut blocks = vec![Block::Heading(2, "Hosts".to_owned())];
    if !bad.is_empty() {
        let columns: Vec<Column> = vec![
            left("Status"),
            left("Host"),
            right("Offset"),
            right("Round trip"),
            left("Time service"),
            left("Findings"),
        ];
        let rows = bad.iter().take(MOST_HOSTS).map(|host| row(host, report)).collect();
        let left_out = bad.len().saturating_sub(MOST_HOSTS);
        blocks.push(Block::Table(Table { columns, rows, left_out }));
    }
    let good = report.summary.counts.ok;
    if good > 0 {
        let within = sentences::good_hosts_within(report).map_or_else(String::new, |within| format!(", {within}"));
        blocks.push(Block::Paragraph(vec![text(format!("{} ok{within}", figure::count(good, "host")))]));
    }
    blocks
}

fn row(host: &Host, report: &Report) -> Vec<Span> {
    let mut cells = vec![text(sentences::word(host.verdict)), name(escaped(&host.name))];
    if host.verdict == Verdict::Down {
        cells.extend([text("-"), text("-"), text("-"), text(sentences::failure_in_full(host))]);
        return cells;
    }
    let round_trip = host.clock.as_ref().map_or_else(|| "-".to_owned(), |clock| figure::length(clock.rtt_min_s.0));
    cells.extend([
        text(sentences::in_one_piece(host, &report.reference)),
        text(round_trip),
        text(sentences::time_service(host)),
        text(sentences::codes(&host.findings)),
    ]);
    cells
}

/// `CLK101 api07, auth02: the clock is ... Do: ...`.
fn finding(shared: &Shared<'_>) -> Vec<Span> {
    let Shared { finding, hosts } = shared;
    let mut spans = vec![Span::Strong(escaped(&finding.code)), text(" ")];
    if let [worst, others @ ..] = hosts.as_slice() {
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        spans.push(name(sentences::folded_names(&names)));
        if !others.is_empty() {
            spans.extend([text(", such as "), name(escaped(&worst.name))]);
        }
        spans.push(text(": "));
    }
    spans.push(text(format!("{}. {}", escaped(&finding.what), escaped(&finding.remedy))));
    spans
}

/// What to type next.
fn next(report: &Report) -> Vec<Block> {
    let bad = sentences::bad_hosts(report);
    let host = bad.first().map(|host| format!("clockaudit explain {} --report FILE", shell_word(&host.name)));
    let shared = sentences::findings(report);
    let code = shared.first().map(|shared| format!("clockaudit explain {}", shell_word(&shared.finding.code)));
    let lines: Vec<String> = host.into_iter().chain(code).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Block::Heading(2, "Next".to_owned()), Block::Lines(Lines { language: "sh", lines })]
}
