//! The summary of a great fleet: its groups, how far its clocks are off, and what is wrong by cause; no host on its own.

use std::collections::{BTreeMap, BTreeSet};

use super::causes;
use super::page::{Page, shortened};
use crate::audit::figure;
use crate::clock::Nanos;
use crate::report::bands;
use crate::report::escape::escaped;
use crate::report::model::{Host, OffsetBand, Report, Verdict};
use crate::report::sentences;

/// More hosts than this are told by group and by cause.
pub(super) const MOST_HOSTS_BY_NAME: usize = 100;
/// The heading, the groups together, and all hosts.
const LEAST_GROUP_LINES: usize = 3;
/// The heading and the worst causes.
const LEAST_CAUSE_LINES: usize = 4;
/// More causes than these wait for lines that nothing else wants.
const CAUSE_LINES: usize = 9;
/// The heading, what is near, and what is far.
const LEAST_BAND_LINES: usize = 4;
/// The heading, the four worst groups, and all hosts: before further causes.
const FEW_GROUP_LINES: usize = 6;
/// More groups than these wait as well.
const GROUP_LINES: usize = 10;
/// How wide the longest bar is.
const BAR: usize = 40;
/// A group's name takes no more characters of a page with an edge.
const LONGEST_GROUP: usize = 20;
/// However narrow the page is, so many of it are kept.
const SHORTEST_GROUP: usize = 6;
/// The columns that leave a page that is too narrow, in this order, each counted when those before it are gone: P99, OK,
/// MEDIAN, WARN, `?`.
const LEAVING: [usize; 5] = [8, 2, 6, 2, 3];
/// The group that every host is in.
const ALL: &str = "all";
/// What stands between two columns.
pub(super) const GAP: &str = "  ";

/// The three parts, with empty lines between them, in so many lines.
pub(super) fn lines(report: &Report, most: usize, page: Page) -> Vec<String> {
    let gaps = 2;
    let rows = group_rows(report);
    let mut bands = occupied_bands(&report.hosts);
    // Heading and one line each.
    let mut wanted = [report.causes.len() * causes::lines_each(page) + 1, bands.len() + 1, rows.len() + 1];
    let least = [LEAST_CAUSE_LINES, LEAST_BAND_LINES, LEAST_GROUP_LINES];
    let enough = [CAUSE_LINES, usize::MAX, GROUP_LINES];
    let mut given: Vec<usize> = wanted.iter().zip(least).map(|(wanted, least)| least.min(*wanted)).collect();
    if gaps + given.iter().sum::<usize>() > most {
        // A very narrow page, where all else needs twice its lines: the groups have the median and the worst too.
        bands.clear();
        wanted[1] = 0;
        let [for_causes, _, for_groups] = wanted;
        given =
            vec![most.saturating_sub(gaps + LEAST_GROUP_LINES).min(for_causes), 0, LEAST_GROUP_LINES.min(for_groups)];
    }
    let mut spare = most.saturating_sub(gaps + given.iter().sum::<usize>());
    // The two worst causes and the worst groups come before all else.
    let few = [2 + 2 * causes::lines_each(page), 0, FEW_GROUP_LINES];
    for limits in [few, enough, [usize::MAX; 3]] {
        for ((given, wanted), limit) in given.iter_mut().zip(wanted).zip(limits) {
            let more = wanted.min(limit).saturating_sub(*given).min(spare);
            *given += more;
            spare -= more;
        }
    }
    let [for_causes, for_bands, for_groups] = given.as_slice() else { return Vec::new() };
    let mut lines = group_lines(rows, *for_groups, page);
    if !bands.is_empty() {
        lines.push(String::new());
        lines.extend(band_lines(bands, *for_bands, page));
    }
    if !report.causes.is_empty() {
        lines.push(String::new());
        lines.extend(causes::lines(&report.causes, *for_causes, page));
    }
    lines
}

/// What is told of a group.
struct Row<'report> {
    name: &'report str,
    hosts: Vec<&'report Host>,
}

impl Row<'_> {
    fn count(&self, verdict: Verdict) -> usize {
        self.hosts.iter().filter(|host| host.verdict == verdict).count()
    }

    /// The worst group comes first: by critical hosts, then by those that warn, are undecided, are down, then by size.
    fn badness(&self) -> [usize; 5] {
        let [crit, warn, undecided, down] =
            [Verdict::Crit, Verdict::Warn, Verdict::Undecided, Verdict::Down].map(|verdict| self.count(verdict));
        [crit, warn, undecided, down, self.hosts.len()]
    }

    fn cells(&self, name: String) -> Vec<String> {
        let counts = [Verdict::Ok, Verdict::Warn, Verdict::Crit, Verdict::Undecided, Verdict::Down]
            .map(|verdict| self.count(verdict).to_string());
        let mut distances: Vec<Nanos> = self.hosts.iter().filter_map(|host| bands::distance(host)).collect();
        distances.sort_unstable();
        let shown = |percent: usize| quantile(&distances, percent).map_or_else(|| "-".to_owned(), figure::distance);
        let mut cells = vec![name, self.hosts.len().to_string()];
        cells.extend(counts);
        cells.extend([50, 99, 100].map(shown));
        cells
    }
}

/// The least of sorted values that at least so many percent do not exceed.
fn quantile(sorted: &[Nanos], percent: usize) -> Option<Nanos> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The groups, the worst first; all hosts come last.
fn group_rows(report: &Report) -> Vec<Row<'_>> {
    let mut members: BTreeMap<&str, Vec<&Host>> = BTreeMap::new();
    for host in &report.hosts {
        for group in host.groups.iter().filter(|group| *group != ALL) {
            members.entry(group).or_default().push(host);
        }
    }
    let mut rows: Vec<Row<'_>> = members.into_iter().map(|(name, hosts)| Row { name, hosts }).collect();
    rows.sort_by_cached_key(|row| (std::cmp::Reverse(row.badness()), row.name));
    rows.push(Row { name: ALL, hosts: report.hosts.iter().collect() });
    rows
}

fn group_lines(mut rows: Vec<Row<'_>>, most: usize, page: Page) -> Vec<String> {
    let room = most.saturating_sub(1);
    let left_out = if rows.len() > room { rows.len() - room.saturating_sub(1) } else { 0 };
    let mut table: Vec<Vec<String>> = vec![
        ["GROUP", "HOSTS", "OK", "WARN", "CRIT", "?", "DOWN", "MEDIAN", "P99", "WORST"].map(str::to_owned).to_vec(),
    ];
    let all = rows.pop();
    let shown = rows.len().saturating_sub(left_out);
    let name = |name: &str| {
        let name = escaped(name);
        if page.room_after(0).is_some() { shortened(&name, LONGEST_GROUP) } else { name }
    };
    table.extend(rows.iter().take(shown).map(|row| row.cells(name(row.name))));
    if left_out > 0 && shown < rows.len() {
        let members: BTreeSet<&str> =
            rows.iter().skip(shown).flat_map(|row| &row.hosts).map(|host| host.name.as_str()).collect();
        let hosts = rows.iter().skip(shown).flat_map(|row| row.hosts.iter().copied());
        let mut missing = members;
        let rest = Row { name: "", hosts: hosts.filter(|host| missing.remove(host.name.as_str())).collect() };
        table.push(rest.cells(figure::count(rows.len() - shown, "more group")));
    }
    table.extend(all.map(|row| row.cells(ALL.to_owned())));
    let fits = |lines: &[String]| lines.iter().all(|line| page.holds(line.chars().count()));
    let mut lines = aligned(&table);
    for column in LEAVING {
        if fits(&lines) {
            break;
        }
        for row in &mut table {
            if column < row.len() {
                row.remove(column);
            }
        }
        lines = aligned(&table);
    }
    let mut room = LONGEST_GROUP;
    while !fits(&lines) && room > SHORTEST_GROUP {
        room -= 1;
        for name in table.iter_mut().filter_map(|row| row.first_mut()) {
            *name = shortened(name, room);
        }
        lines = aligned(&table);
    }
    lines
}

/// The first column to the left, the others to the right.
fn aligned(table: &[Vec<String>]) -> Vec<String> {
    let length = |column: usize| {
        table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let columns = table.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(length).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    table.iter().map(line).collect()
}

/// The decades that have clocks in them, the nearest first, and how many each has.
fn occupied_bands(hosts: &[Host]) -> Vec<(OffsetBand, usize)> {
    let mut counts: BTreeMap<OffsetBand, usize> = BTreeMap::new();
    for band in hosts.iter().filter_map(bands::band) {
        *counts.entry(band).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// The histogram. Where there are too few lines, what is near is told together: nobody acts on it.
fn band_lines(bands: Vec<(OffsetBand, usize)>, most: usize, page: Page) -> Vec<String> {
    let together = (bands.len() + 2).saturating_sub(most.max(2));
    let mut rows: Vec<(OffsetBand, usize)> = Vec::new();
    for (index, (band, count)) in bands.into_iter().enumerate() {
        match rows.last_mut().filter(|_| index < together) {
            Some((known, total)) => {
                known.below_s = band.below_s;
                *total += count;
            }
            None => rows.push((band, count)),
        }
    }
    let greatest = rows.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let mut table = vec![vec!["OFF BY".to_owned(), "HOSTS".to_owned()]];
    table.extend(rows.iter().map(|(band, count)| vec![sentences::band_text(*band), count.to_string()]));
    let mut lines = aligned(&table);
    for (line, (_, count)) in lines.iter_mut().skip(1).zip(&rows) {
        // A single clock is seen too.
        let longest = page.room_after(line.chars().count() + GAP.len()).map_or(BAR, |room| room.min(BAR));
        let bar = (count * longest).div_ceil(greatest);
        if bar > 0 {
            line.push_str(GAP);
            line.push_str(&"#".repeat(bar));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        let values: Vec<Nanos> = (1..=200).map(Nanos).collect();
        let check = |values: &[Nanos], percent: usize, expected: Option<i64>| {
            assert_eq!(quantile(values, percent), expected.map(Nanos), "{percent}");
        };
        check(&values, 50, Some(100));
        check(&values, 99, Some(198));
        check(&values, 100, Some(200));
        check(&values[..1], 99, Some(1));
        check(&[], 50, None);
    }

    #[test]
    fn near_decades_are_told_together_where_lines_are_few() {
        let bands: Vec<(OffsetBand, usize)> = bands::all().take(5).zip([1, 2, 3, 4, 80]).collect();
        let check = |most: usize, expected: &[&str]| {
            let lines = band_lines(bands.clone(), most, Page::ENDLESS);
            let starts: Vec<&str> = lines.iter().map(|line| line.split('#').next().unwrap().trim_end()).collect();
            assert_eq!(starts, expected, "{most}");
        };
        check(
            6,
            &[
                "OFF BY           HOSTS",
                "below 10 us          1",
                "10 us to 100 us      2",
                "100 us to 1 ms       3",
                "1 ms to 10 ms        4",
                "10 ms to 100 ms     80",
            ],
        );
        check(
            4,
            &["OFF BY           HOSTS", "below 1 ms           6", "1 ms to 10 ms        4", "10 ms to 100 ms     80"],
        );
    }
}
