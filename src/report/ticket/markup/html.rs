//! A page as plain HTML, as Request Tracker shows it: no script, no style, no address.

use super::text::words;
use crate::report::document::{Block, Document, Span, Table};

/// Writes the page.
pub(super) fn write(document: &Document) -> String {
    document.0.iter().map(block).collect::<Vec<_>>().join("\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, heading) => format!("<h{level}>{}</h{level}>", escaped(heading)),
        Block::Paragraph(spans) => format!("<p>{}</p>", line(spans)),
        Block::List(items) => {
            let items: Vec<String> = items.iter().map(|item| format!("<li>{}</li>", line(item))).collect();
            format!("<ul>{}</ul>", items.concat())
        }
        Block::Table(table) => rows(table),
        Block::Lines(lines) => format!("<pre>{}</pre>", escaped(&lines.lines.join("\n"))),
    }
}

fn line(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    let text = escaped(words(span));
    match span {
        Span::Text(_) => text,
        Span::Strong(_) => format!("<strong>{text}</strong>"),
        Span::Name(_) => format!("<code>{text}</code>"),
    }
}

fn rows(table: &Table) -> String {
    let head: Vec<String> = table.columns.iter().map(|column| format!("<th>{}</th>", escaped(column.title))).collect();
    let head = head.concat();
    let cell = |(at, cell): (usize, &Span)| {
        let is_right = table.columns.get(at).is_some_and(|column| column.is_right);
        let side = if is_right { " align=\"right\"" } else { "" };
        format!("<td{side}>{}</td>", span(cell))
    };
    let row = |cells: &Vec<Span>| format!("<tr>{}</tr>\n", cells.iter().enumerate().map(cell).collect::<String>());
    let rows: String = table.rows.iter().map(row).collect();
    let left_out = if table.left_out > 0 {
        format!("\n<p>and {} more, in the JSON report</p>", table.left_out)
    } else {
        String::new()
    };
    format!("<table>\n<tr>{head}</tr>\n{rows}</table>{left_out}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
