//! Pages that are as long as a system takes: what is too much is left out between rows, and counted.

use crate::report::document::{Block, Document, Span};

/// Fewer items of a list are left out only where nothing else helps.
const LEAST_ITEMS: usize = 3;

/// The page with as many rows and items as fit, no table with more than `most_rows`; `last` always stands at its end.
pub(super) fn clamped(
    page: &[Block],
    last: &[Block],
    most_rows: usize,
    longest: usize,
    write: impl Fn(&Document) -> String,
) -> String {
    let with = |page: Vec<Block>| write(&Document(page.into_iter().chain(last.iter().cloned()).collect()));
    let fits = |text: &str| text.chars().map(char::len_utf16).sum::<usize>() <= longest;
    let of = |rows: usize| with(page.iter().map(|block| cut(block, rows)).collect());
    let whole = of(most_rows);
    if fits(&whole) {
        return whole;
    }
    // The most rows that fit: with fewer the page is never longer, but for the words that count what is left out.
    let (mut fitting, mut too_many) = (None, most_rows);
    let mut rows = 0;
    while rows < too_many {
        let text = of(rows);
        if fits(&text) {
            fitting = Some((rows, text));
        } else {
            too_many = rows;
        }
        let lower = fitting.as_ref().map_or(0, |(rows, _)| rows + 1);
        rows = usize::midpoint(lower, too_many).max(lower);
    }
    if let Some((_, text)) = fitting {
        return text;
    }
    // Parts of the page that are too long by themselves: the end of it goes.
    let mut kept: Vec<Block> = page.iter().map(|block| cut(block, 0)).collect();
    loop {
        let rest = Block::Paragraph(vec![Span::Text("… the rest is in the JSON report".to_owned())]);
        let text = with(kept.iter().cloned().chain([rest]).collect());
        if fits(&text) || kept.pop().is_none() {
            return text;
        }
    }
}

/// A block with so many rows at most.
fn cut(block: &Block, rows: usize) -> Block {
    match block {
        Block::Table(table) if table.rows.len() > rows => {
            let mut table = table.clone();
            table.left_out += table.rows.len() - rows;
            table.rows.truncate(rows);
            Block::Table(table)
        }
        Block::List(items) if items.len() > rows.max(LEAST_ITEMS) => {
            let kept = rows.max(LEAST_ITEMS);
            let more = format!("… {} more in the JSON report", items.len() - kept);
            Block::List(items.iter().take(kept).cloned().chain([vec![Span::Text(more)]]).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Column, Table};
    use crate::report::markdown;

    fn page(rows: usize, cell: &str) -> Vec<Block> {
        let columns = vec![Column { title: "Host", is_right: false }];
        let rows = (0..rows).map(|row| vec![Span::Name(format!("{cell}{row}"))]).collect();
        vec![
            Block::Heading(2, "Hosts".to_owned()),
            Block::Table(Table { columns, rows, left_out: 5 }),
            Block::List((0..20).map(|item| vec![Span::Text(format!("item {item}"))]).collect()),
        ]
    }

    fn clamp(rows: usize, cell: &str, longest: usize) -> String {
        let key = vec![Block::Paragraph(vec![Span::Name("KEY".to_owned())])];
        clamped(&page(rows, cell), &key, 80, longest, markdown::write)
    }

    #[test]
    fn a_page_is_cut_between_rows_and_its_last_line_stays() {
        let whole = clamp(10, "web", 10_000);
        assert!(whole.contains("`web9`") && whole.contains("and 5 more") && whole.contains("item 19"), "{whole}");
        assert!(clamp(200, "web", 100_000).contains("and 125 more"), "no table has more than 80 rows");
        for longest in (160..2_000).step_by(7) {
            let text = clamp(60, "web", longest);
            assert!(text.chars().count() <= longest, "{longest}: {text}");
            assert!(text.ends_with("`KEY`\n"), "{longest}: {text}");
            let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
            assert!(rows.iter().all(|row| row.ends_with("` |")), "{longest}: {text}");
            if text.contains("Hosts") && rows.len() < 60 {
                assert!(text.contains(&format!("and {} more", 65 - rows.len())), "{longest}: {text}");
            }
        }
    }

    #[test]
    fn what_is_too_long_by_itself_is_left_out_whole() {
        let key = vec![Block::Paragraph(vec![Span::Name("KEY".to_owned())])];
        let page = vec![
            Block::Paragraph(vec![Span::Text("short".to_owned())]),
            Block::Paragraph(vec![Span::Text("x".repeat(900))]),
        ];
        let text = clamped(&page, &key, 80, 300, markdown::write);
        assert_eq!(text, "short\n\n… the rest is in the JSON report\n\n`KEY`\n");
    }
}
