//! A page as plain text: what `ServiceNow`, Redmine and Roundup show as it is.

use crate::report::document::{Block, Document, Span, Table};

/// A cell is padded to no more than this: one long name must not push all others off the screen.
const WIDEST: usize = 40;

/// Writes the page.
pub(super) fn write(document: &Document) -> String {
    document.0.iter().map(block).collect::<Vec<_>>().join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(_, heading) => heading.to_uppercase(),
        Block::Paragraph(spans) => line(spans),
        Block::List(items) => items.iter().map(|item| format!("- {}", line(item))).collect::<Vec<_>>().join("\n"),
        Block::Table(table) => aligned(table),
        Block::Lines(lines) => lines.lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"),
    }
}

pub(super) fn line(spans: &[Span]) -> String {
    spans.iter().map(words).collect()
}

/// The words of a span as they are.
pub(super) fn words(span: &Span) -> &str {
    match span {
        Span::Text(text) | Span::Name(text) | Span::Strong(text) => text,
    }
}

/// A table whose columns stand below each other; a line below it says what it leaves out.
pub(super) fn aligned(table: &Table) -> String {
    let head: Vec<&str> = table.columns.iter().map(|column| column.title).collect();
    let rows = table.rows.iter().map(|row| row.iter().map(words).collect::<Vec<_>>());
    let rows: Vec<Vec<&str>> = [head].into_iter().chain(rows).collect();
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.max().unwrap_or_default().min(WIDEST)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let row = |cells: &Vec<&str>| {
        let cells = cells.iter().zip(&table.columns).zip(&widths).map(|((cell, column), width)| {
            let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
            if column.is_right { format!("{blanks}{cell}") } else { format!("{cell}{blanks}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = rows.iter().map(row).collect::<Vec<_>>().join("\n");
    if table.left_out > 0 {
        text = format!("{text}\nand {} more, in the JSON report", table.left_out);
    }
    text
}
