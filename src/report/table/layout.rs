//! Columns without boxes: padded, as wide as their widest cell, with two spaces between them.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets};

use super::word;
use crate::report::model::Verdict;

/// A line of the table: its verdict, the cells between STATUS and the last column, and the last column's text, which
/// may be as long as it likes.
pub(super) struct Line {
    /// What stands in the first column.
    pub(super) verdict: Verdict,
    /// The cells; fewer than there are columns make a line of text that runs through the rest.
    pub(super) cells: Vec<String>,
    /// The text behind the cells.
    pub(super) tail: String,
}

/// Lays the lines out under their headings; the first heading is that of the hosts. `right` tells which columns stand to
/// the right.
pub(super) fn lay_out(headings: &[&str], right: &[usize], tail_heading: &str, lines: &[Line]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec!["STATUS"];
    header.extend(headings);
    header.push(tail_heading);
    table.add_row(header);
    for line in lines {
        let mut row = vec![word(line.verdict).to_owned()];
        let is_short = line.cells.len() < headings.len();
        row.extend(line.cells.iter().cloned());
        row.resize(headings.len() + 1, String::new());
        row.push(if is_short { String::new() } else { line.tail.clone() });
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index.checked_sub(1).is_some_and(|index| right.contains(&index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let widths = table.column_max_content_widths();
    let laid_out = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let mut shown = Vec::with_capacity(laid_out.len());
    for (index, text) in laid_out.into_iter().enumerate() {
        let Some(line) = index.checked_sub(1).and_then(|index| lines.get(index)) else {
            shown.push(text);
            continue;
        };
        let text = if line.cells.len() < headings.len() { run_through(line, &widths, &text) } else { text };
        shown.push(painted(line.verdict, &text));
    }
    shown
}

/// Puts the tail of a short line where its next cell would stand.
fn run_through(line: &Line, widths: &[u16], text: &str) -> String {
    let before: usize = widths.iter().take(line.cells.len() + 1).map(|width| usize::from(*width) + 2).sum();
    let missing = before.saturating_sub(text.chars().count());
    format!("{text}{:missing$}{}", "", line.tail)
}

/// Colours the word of the first column.
fn painted(verdict: Verdict, line: &str) -> String {
    let word = word(verdict);
    let style = style(verdict);
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
