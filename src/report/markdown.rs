//! A page as Markdown, in the dialect of GitHub and GitLab.
//!
//! What came from hosts must neither break a table nor become a link, a mention or HTML: names are code, and in words every
//! character that means something to Markdown is taken literally.

use super::document::{Block, Column, Document, Lines, Span, Table};

/// Writes the page, with a line end.
pub fn write(document: &Document) -> String {
    let blocks: Vec<String> = document.0.iter().map(block).collect();
    blocks.join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, heading) => format!("{} {}", "#".repeat(usize::from(*level)), words(heading)),
        Block::Paragraph(spans) => line(spans),
        Block::List(items) => items.iter().map(|item| format!("- {}", line(item))).collect::<Vec<_>>().join("\n"),
        Block::Table(table) => rows(table),
        Block::Lines(lines) => fenced(lines),
    }
}

fn line(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(text) => words(text),
        Span::Strong(text) => format!("**{}**", words(text)),
        Span::Name(text) => code(text),
    }
}

/// A table; a line below it says what it leaves out.
fn rows(table: &Table) -> String {
    let titles: Vec<String> = table.columns.iter().map(|column| words(column.title)).collect();
    let edge = |column: &Column| if column.is_right { "---:" } else { "---" }.to_owned();
    let mut lines = vec![row(&titles), row(&table.columns.iter().map(edge).collect::<Vec<_>>())];
    // A bar parts cells even inside of code.
    lines.extend(table.rows.iter().map(|cells| row(&cells.iter().map(cell).collect::<Vec<_>>())));
    let mut text = lines.join("\n");
    if table.left_out > 0 {
        text = format!("{text}\n\nand {} more, in the JSON report", table.left_out);
    }
    text
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// A cell. Words have their bars escaped already; in code a bar is escaped for the table's sake alone.
fn cell(of: &Span) -> String {
    match of {
        Span::Name(text) => code(text).replace('|', "\\|"),
        Span::Text(_) | Span::Strong(_) => span(of),
    }
}

/// Lines between fences that are longer than any in them.
fn fenced(Lines { language, lines }: &Lines) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

/// Text letter by letter, between more back quotes than stand together in it.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    // A blank on both sides is taken off again; it parts the fence from a back quote, and keeps blanks at the ends.
    let needs_blanks = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let blank = if needs_blanks { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// Words in which nothing means anything to Markdown, to HTML or to who turns names and numbers into links.
fn words(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut previous = ' ';
    for (index, character) in text.char_indices() {
        let rest = text.get(index + character.len_utf8()..).unwrap_or_default();
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => written.extend(['\\', character]),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '&' => written.push_str("&amp;"),
            // An empty comment inside keeps a name from being called, and a number from becoming an issue.
            '@' => written.push_str("@<!-- -->"),
            '#' | '!' if rest.starts_with(|next: char| next.is_ascii_digit()) => {
                written.push(character);
                written.push_str("<!-- -->");
            }
            '#' | '+' | '-' | '=' if index == 0 => written.extend(['\\', character]),
            ':' if rest.starts_with("//") => written.push_str("&#58;"),
            '.' if text.get(..index).is_some_and(|before| before.to_lowercase().ends_with("www")) => {
                written.push_str("&#46;");
            }
            // `1.` and `1)` at the beginning of a line count its items.
            '.' | ')' if previous.is_ascii_digit() && is_number(text.get(..index).unwrap_or_default()) => {
                written.extend(['\\', character]);
            }
            _ => written.push(character),
        }
        previous = character;
    }
    written
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_nothing_to_markdown() {
        let check = |text: &str, expected: &str| assert_eq!(words(text), expected, "{text:?}");
        check("within ±0.9 ms of the reference", "within ±0.9 ms of the reference");
        check("+2.1041 s ± 0.41 ms", "\\+2.1041 s ± 0.41 ms");
        check("a|b_c*d`e", "a\\|b\\_c\\*d\\`e");
        check("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
        check("[x](javascript:1)", "\\[x\\](javascript:1)");
        check("https://evil.example", "https&#58;//evil.example");
        check("www.evil.example", "www&#46;evil.example");
        check("@org/team fixes #12, !7", "@<!-- -->org/team fixes #<!-- -->12, !<!-- -->7");
        check("1. first", "1\\. first");
        check("# no title", "\\# no title");
        check("&amp;", "&amp;amp;");
    }

    #[test]
    fn code_ends_where_it_should() {
        let check = |text: &str, expected: &str| assert_eq!(code(text), expected, "{text:?}");
        check("web01", "`web01`");
        check("a`b", "``a`b``");
        check("`", "`` ` ``");
        check("", "");
        let lines = Lines { language: "sh", lines: vec!["```".to_owned()] };
        assert_eq!(fenced(&lines), "````sh\n```\n````");
    }

    #[test]
    fn a_bar_breaks_no_row() {
        let columns = vec![Column { title: "Host", is_right: false }, Column { title: "Offset", is_right: true }];
        let rows_ = vec![vec![Span::Name("a|b".to_owned()), Span::Text("c|d".to_owned())]];
        let table = Table { columns, rows: rows_, left_out: 3 };
        let expected = "| Host | Offset |\n| --- | ---: |\n| `a\\|b` | c\\|d |\n\nand 3 more, in the JSON report";
        assert_eq!(rows(&table), expected);
    }
}
