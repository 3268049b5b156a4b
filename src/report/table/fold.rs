//! The hosts of the summary: bad ones first, like ones folded, good ones in one line; never more lines than a screen has.

use indexmap::IndexMap;

use super::cells::{self, Units};
use super::layout::{self, Body, Column, Line, lay_out};
use super::page::Page;
use crate::audit::figure;
use crate::report::escape::escaped;
use crate::report::model::{Host, Report, Verdict};
use crate::report::sentences::{self, HOW_TO_LIST};

/// Lines for each kind of bad host; what one kind leaves, the next may use.
const LINES: [(Verdict, usize); 4] =
    [(Verdict::Crit, 6), (Verdict::Warn, 4), (Verdict::Undecided, 3), (Verdict::Down, 3)];
/// One line of bad hosts: a single one, like ones folded, or the rest.
enum Entry<'report> {
    One(&'report Host),
    Alike(Vec<&'report Host>),
    Rest(Vec<&'report Host>),
}

/// The columns between STATUS and FINDINGS. The findings below the table repeat what those say that leave first.
const COLUMNS: [Column; 5] = [
    Column { title: "HOST", is_right: false, leaves: None },
    Column { title: "OFFSET", is_right: true, leaves: None },
    Column { title: "± BOUND", is_right: true, leaves: None },
    Column { title: "RTT", is_right: true, leaves: Some(1) },
    Column { title: "TIME SERVICE", is_right: false, leaves: Some(2) },
];

/// How the times of hosts that share a line are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Together {
    /// Their ranges in the columns.
    InColumns,
    /// Their ranges as text that runs through the columns: these have no room for two numbers.
    AsText,
    /// As text, and so are the times of each other host: the columns have no room for one number.
    NothingInColumns,
}

/// The table of hosts.
pub(super) fn host_lines(report: &Report, page: Page) -> Vec<String> {
    let entries = bad_entries(report);
    let mut lines = table_lines(report, &entries, Together::InColumns);
    if !layout::fits(&COLUMNS, Some("FINDINGS"), &lines, page) {
        lines = table_lines(report, &entries, Together::AsText);
    }
    if !layout::fits(&COLUMNS, None, &lines, page) {
        lines = table_lines(report, &entries, Together::NothingInColumns);
    }
    lay_out(&COLUMNS, "FINDINGS", &lines, page)
}

fn table_lines(report: &Report, entries: &[(Verdict, Entry<'_>)], together: Together) -> Vec<Line> {
    let with_cells: Vec<&[&Host]> = entries
        .iter()
        .filter_map(|(verdict, entry)| match entry {
            _ if *verdict == Verdict::Down || together == Together::NothingInColumns => None,
            Entry::One(host) => Some(std::slice::from_ref(host)),
            Entry::Alike(hosts) => (together == Together::InColumns).then_some(hosts.as_slice()),
            Entry::Rest(_) => None,
        })
        .collect();
    let units = Units::of(&with_cells.concat());
    let reference = &report.reference;
    let shown = |hosts: &&[&Host]| match hosts {
        [host] => (cells::times(host, reference, units), sentences::time_service(host)),
        [worst, ..] => (cells::ranges(hosts, reference, units), format!("worst: {}", escaped(&worst.name))),
        [] => <(_, _)>::default(),
    };
    let (mut times, services): (Vec<[String; 3]>, Vec<String>) = with_cells.iter().map(shown).unzip();
    cells::align_times(&mut times, units);

    let mut cells = times.into_iter().zip(services).map(|(times, service)| {
        let mut cells = Vec::from(times);
        cells.push(service);
        cells
    });
    let mut lines: Vec<Line> = Vec::new();
    let mut ok_line = ok_line(report);
    for (verdict, entry) in entries {
        if *verdict == Verdict::Down {
            lines.extend(ok_line.take());
        }
        lines.extend(line(report, *verdict, entry, together, &mut cells));
    }
    lines.extend(ok_line);
    lines
}

fn line(
    report: &Report,
    verdict: Verdict,
    entry: &Entry<'_>,
    together: Together,
    cells: &mut impl Iterator<Item = Vec<String>>,
) -> Option<Line> {
    let spread = |hosts: &[&Host]| cells::spread(hosts, &report.reference);
    let (name, host) = match entry {
        Entry::One(host) => (escaped(&host.name), *host),
        Entry::Alike(hosts) => (sentences::names(hosts), *hosts.first()?),
        Entry::Rest(hosts) => {
            let parts: Vec<String> = spread(hosts).into_iter().chain([HOW_TO_LIST.to_owned()]).collect();
            let name = format!("{} more", hosts.len());
            return Some(Line { status: verdict.into(), name, body: Body::Text(parts.join("   ")) });
        }
    };
    let body = match entry {
        _ if verdict == Verdict::Down => Body::Missing(sentences::failure(host)),
        Entry::Alike(hosts) if together != Together::InColumns => Body::Text(spread(hosts).unwrap_or_default()),
        Entry::One(host) if together == Together::NothingInColumns => {
            Body::Text(sentences::in_one_piece(host, &report.reference))
        }
        _ => Body::Cells(cells.next().unwrap_or_default(), sentences::codes(&host.findings)),
    };
    Some(Line { status: verdict.into(), name, body })
}

/// The good hosts in one line, with how far from the reference they are at most.
fn ok_line(report: &Report) -> Option<Line> {
    let count = report.summary.counts.ok;
    let within = sentences::good_hosts_within(report).map_or_else(String::new, |within| format!("{within}   "));
    (count > 0).then(|| Line {
        status: Verdict::Ok.into(),
        name: figure::count(count, "host"),
        body: Body::Text(format!("{within}{HOW_TO_LIST}")),
    })
}

fn bad_entries(report: &Report) -> Vec<(Verdict, Entry<'_>)> {
    let kinds = LINES.map(|(verdict, lines)| (verdict, lines, sentences::of_verdict(report, verdict)));
    let mut spare: usize = kinds.iter().map(|(_, lines, hosts)| lines.saturating_sub(hosts.len())).sum();
    let mut entries = Vec::new();
    for (verdict, lines, hosts) in kinds {
        let wanted = hosts.len().saturating_sub(lines).min(spare);
        spare -= wanted;
        entries.extend(entries_of(hosts, lines + wanted).into_iter().map(|entry| (verdict, entry)));
    }
    entries
}

/// At most `lines` entries for these hosts, which are sorted worst first: one each where that fits, else like ones together.
fn entries_of(hosts: Vec<&Host>, lines: usize) -> Vec<Entry<'_>> {
    if hosts.len() <= lines {
        return hosts.into_iter().map(Entry::One).collect();
    }
    let mut alike: IndexMap<String, Vec<&Host>> = IndexMap::new();
    for host in &hosts {
        alike.entry(likeness(host)).or_default().push(host);
    }
    let fits = if alike.len() <= lines { lines } else { lines.saturating_sub(1) };
    let mut groups = alike.into_values();
    let mut entries: Vec<Entry<'_>> = groups
        .by_ref()
        .take(fits)
        .map(|group| match group.as_slice() {
            [one] => Entry::One(one),
            _ => Entry::Alike(group),
        })
        .collect();
    let rest: Vec<&Host> = groups.flatten().collect();
    if !rest.is_empty() {
        entries.push(Entry::Rest(rest));
    }
    entries
}

/// What makes two hosts of one verdict alike: the codes that weigh, or the reason why they were not measured.
fn likeness(host: &Host) -> String {
    match &host.error {
        Some(error) if host.verdict == Verdict::Down => format!("{} {} {}", error.code, error.title, error.stage),
        _ => sentences::codes(&host.findings),
    }
}
