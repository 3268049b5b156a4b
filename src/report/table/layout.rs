//! Columns without boxes, as wide as their widest cell, with two spaces between them; on a narrow page some columns leave.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets};

use super::page::{Page, cut, shortened};
use crate::report::model::Verdict;
use crate::report::sentences::word;

/// What stands between two columns.
const GAP: usize = 2;
/// How wide the first column is.
const STATUS: usize = "STATUS".len();
/// A name keeps at least so many characters while the last column is there.
const SHORTEST_NAME: usize = 12;
/// However narrow the page is, it keeps so many.
const SHORTEST_NAME_OF_ALL: usize = 8;
/// The last column keeps so many, or leaves.
const SHORTEST_LAST: usize = 10;

/// A column between STATUS and the last one; the first is that of the hosts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// The heading.
    pub(super) title: &'static str,
    /// Whether its cells stand to the right.
    pub(super) is_right: bool,
    /// When it leaves a page that is too narrow, the lowest first; `None` = never.
    pub(super) leaves: Option<u8>,
}

/// What a line says of a host or of several.
pub(super) enum Body {
    /// A cell for each column behind the name, and the text of the last column.
    Cells(Vec<String>, String),
    /// Nothing was measured: dashes where there is room for them, and the text of the last column.
    Missing(String),
    /// Text that runs through all the columns behind the name.
    Text(String),
}

/// What stands in the first column, in its colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Status {
    /// The word, no longer than `STATUS`.
    pub(super) word: &'static str,
    /// Its colour.
    pub(super) style: Style,
}

impl From<Verdict> for Status {
    fn from(verdict: Verdict) -> Self {
        Self { word: word(verdict), style: style(verdict) }
    }
}

/// A line of the table.
pub(super) struct Line {
    /// What stands in the first column.
    pub(super) status: Status,
    /// The host, or how many there are.
    pub(super) name: String,
    /// The rest.
    pub(super) body: Body,
}

/// Whether every column that never leaves finds room on the page, with names and the last column, where there is one, as
/// short as they may be.
pub(super) fn fits(columns: &[Column], last: Option<&str>, lines: &[Line], page: Page) -> bool {
    let staying: Vec<(usize, Column)> =
        columns.iter().copied().enumerate().filter(|(_, column)| column.leaves.is_none()).collect();
    page.holds(if let Some(last) = last {
        least_width(&staying, last, lines)
    } else {
        let tails = GAP + longest_tail("", lines, false);
        let names = longest_name(lines).saturating_sub(SHORTEST_NAME_OF_ALL);
        width(&staying, "", lines, false).saturating_sub(names + tails)
    })
}

/// How wide the table is with its names and its last column as short as they may be.
fn least_width(columns: &[(usize, Column)], last: &str, lines: &[Line]) -> usize {
    let (names, tails) = (longest_name(lines), longest_tail(last, lines, false));
    let spared = names.saturating_sub(SHORTEST_NAME) + tails.saturating_sub(SHORTEST_LAST);
    width(columns, last, lines, false).saturating_sub(spared)
}

/// Lays the lines out under their headings. Where the page is too narrow, columns leave in their order, then names are
/// shortened, then the last column is cut; where little would be left of that it leaves as well.
pub(super) fn lay_out(columns: &[Column], last: &str, lines: &[Line], page: Page) -> Vec<String> {
    let mut columns: Vec<(usize, Column)> = columns.iter().copied().enumerate().collect();
    let has_dashes = page.holds(width(&columns, last, lines, true));
    while !page.holds(width(&columns, last, lines, has_dashes)) {
        let leaving = columns.iter().filter_map(|(at, column)| Some((column.leaves?, *at))).min();
        let Some((_, leaving)) = leaving else { break };
        columns.retain(|(at, _)| *at != leaving);
    }
    let has_last = page.holds(least_width(&columns, last, lines));
    let (last, shortest) = if has_last { (Some(last), SHORTEST_NAME) } else { (None, SHORTEST_NAME_OF_ALL) };
    let tails = if has_last { 0 } else { GAP + longest_tail(last.unwrap_or_default(), lines, has_dashes) };
    let wanted = width(&columns, last.unwrap_or_default(), lines, has_dashes).saturating_sub(tails);
    let excess = page.room_after(0).map_or(0, |columns_of_page| wanted.saturating_sub(columns_of_page));
    let name_room = longest_name(lines).saturating_sub(excess).max(shortest);
    draw(&columns, last, lines, has_dashes, name_room, page)
}

fn longest_name(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0)
}

/// The width of the last column; text that runs through the columns is cut instead.
fn longest_tail(last: &str, lines: &[Line], has_dashes: bool) -> usize {
    let tails = lines.iter().filter_map(|line| match &line.body {
        Body::Cells(_, tail) => Some(tail.chars().count()),
        Body::Missing(tail) if has_dashes => Some(tail.chars().count()),
        Body::Missing(_) | Body::Text(_) => None,
    });
    tails.max().unwrap_or(0).max(last.chars().count())
}

/// How wide the table is with these columns; text that runs through the columns is cut instead.
fn width(columns: &[(usize, Column)], last: &str, lines: &[Line], has_dashes: bool) -> usize {
    let length = |text: &str| text.chars().count();
    let mut total = STATUS;
    for (at, column) in columns {
        let cells = lines.iter().filter_map(|line| match (&line.body, at.checked_sub(1)) {
            (_, None) => Some(length(&line.name)),
            (Body::Cells(cells, _), Some(at)) => cells.get(at).map(|cell| length(cell)),
            _ => None,
        });
        total += GAP + cells.max().unwrap_or(0).max(length(column.title));
    }
    total + GAP + longest_tail(last, lines, has_dashes)
}

fn draw(
    columns: &[(usize, Column)],
    last: Option<&str>,
    lines: &[Line],
    has_dashes: bool,
    name_room: usize,
    page: Page,
) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec!["STATUS"];
    header.extend(columns.iter().map(|(_, column)| column.title));
    header.extend(last);
    table.add_row(header);
    for line in lines {
        let text = match &line.body {
            Body::Text(text) => text.chars().count(),
            Body::Missing(text) if !has_dashes => text.chars().count(),
            Body::Cells(..) | Body::Missing(_) => 0,
        };
        // A name gives way to the text that runs behind it as well.
        let left = page.room_after(STATUS + GAP + GAP + text).filter(|_| text > 0);
        let room = left.map_or(name_room, |left| name_room.min(left.max(SHORTEST_NAME_OF_ALL)));
        let mut row = vec![line.status.word.to_owned(), shortened(&line.name, room)];
        let behind_name = columns.iter().filter_map(|(at, _)| at.checked_sub(1));
        match &line.body {
            Body::Cells(cells, tail) => {
                row.extend(behind_name.map(|at| cells.get(at).cloned().unwrap_or_default()));
                row.extend(last.map(|_| tail.clone()));
            }
            Body::Missing(tail) if has_dashes => {
                row.extend(behind_name.map(|_| "-".to_owned()));
                row.extend(last.map(|_| tail.clone()));
            }
            Body::Missing(_) | Body::Text(_) => {}
        }
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        let is_right = index.checked_sub(1).and_then(|at| columns.get(at)).is_some_and(|(_, column)| column.is_right);
        if is_right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let names_end = table.column_max_content_widths().iter().take(2).map(|width| usize::from(*width) + GAP).sum();
    let mut shown = Vec::with_capacity(lines.len() + 1);
    for (index, text) in table.lines().enumerate() {
        let text = text.trim_end();
        let Some(line) = index.checked_sub(1).and_then(|index| lines.get(index)) else {
            shown.push(text.to_owned());
            continue;
        };
        let text = match &line.body {
            Body::Text(rest) => run_through(text, rest, names_end, page),
            Body::Missing(rest) if !has_dashes => run_through(text, rest, names_end, page),
            Body::Cells(..) | Body::Missing(_) => text.to_owned(),
        };
        shown.push(painted(line.status, &cut(&text, page.room_after(0))));
    }
    shown
}

/// Puts text where the next cell would stand; directly behind the name where it would not fit there.
fn run_through(before: &str, rest: &str, names_end: usize, page: Page) -> String {
    let start = if page.holds(names_end + rest.chars().count()) { names_end } else { 0 };
    let missing = start.saturating_sub(before.chars().count()).max(GAP);
    format!("{before}{:missing$}{rest}", "")
}

/// Colours the word of the first column.
fn painted(status: Status, line: &str) -> String {
    let Status { word, style } = status;
    line.strip_prefix(word).map_or_else(|| line.to_owned(), |rest| format!("{style}{word}{style:#}{rest}"))
}

/// The colour of a verdict.
pub(super) fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Ok => AnsiColor::Green,
        Verdict::Warn => AnsiColor::Yellow,
        Verdict::Crit | Verdict::Down => AnsiColor::Red,
        Verdict::Undecided => AnsiColor::Magenta,
    };
    match verdict {
        Verdict::Crit => color.on_default().bold(),
        _ => color.on_default(),
    }
}
