//! A page in the wiki markup of Jira Server and Data Center. Tables are text that stands as it is, so that no cell means anything.
//!
//! Source: "Text Formatting Notation Help" of Jira: a backslash takes the meaning from the character behind it.

use super::text::{aligned, words};
use crate::report::document::{Block, Document, Span};

/// Where text begins that stands as it is, and where it ends.
const FENCE: &str = "{noformat}";

/// Writes the page.
pub(super) fn write(document: &Document) -> String {
    document.0.iter().map(block).collect::<Vec<_>>().join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, heading) => format!("h{level}. {}", harmless(heading)),
        Block::Paragraph(spans) => line(spans),
        Block::List(items) => items.iter().map(|item| format!("* {}", line(item))).collect::<Vec<_>>().join("\n"),
        Block::Table(table) => fenced(&aligned(table)),
        Block::Lines(lines) => fenced(&lines.lines.join("\n")),
    }
}

fn line(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Text(text) => harmless(text),
        Span::Strong(text) => format!("*{}*", harmless(text)),
        Span::Name(_) if words(span).is_empty() => String::new(),
        Span::Name(text) => format!("{{{{{}}}}}", harmless(text)),
    };
    spans.iter().map(span).collect()
}

/// A fence inside is parted, so that it ends nothing.
fn fenced(text: &str) -> String {
    format!("{FENCE}\n{}\n{FENCE}", text.replace("{noformat", "{\u{200b}noformat"))
}

/// Words in which nothing means anything.
fn harmless(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut previous = ' ';
    for character in text.chars() {
        match character {
            '\\' => written.push_str("&#92;"),
            '&' => written.push_str("&amp;"),
            '{' | '}' | '[' | ']' | '|' | '*' | '_' | '^' | '~' | '!' | '+' | '?' | '#' | '@' => {
                written.extend(['\\', character]);
            }
            // A stroke through words, a dash, a line, a list.
            '-' if !previous.is_alphanumeric() => written.extend(['\\', character]),
            ':' | ';' | '(' => written.push_str(&entity(character)),
            _ => written.push(character),
        }
        previous = character;
    }
    // Only what stands at the beginning of a line, or before a bracket, draws a face or a link.
    written.replace("&#58; ", ": ").replace("&#59; ", "; ")
}

fn entity(character: char) -> String {
    format!("&#{};", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_nothing() {
        let check = |text: &str, expected: &str| assert_eq!(harmless(text), expected, "{text:?}");
        check("UTC: web01, db-2", "UTC: web01, db-2");
        check("-3599.9981 s", "\\-3599.9981 s");
        check("{code}[x|http://evil]", "\\{code\\}\\[x\\|http&#58;//evil\\]");
        check("*a* _b_ !c.png! ~d~ @all", "\\*a\\* \\_b\\_ \\!c.png\\! \\~d\\~ \\@all");
        check("a\\b", "a&#92;b");
        check("&#123;", "&amp;\\#123&#59;");
        assert_eq!(fenced("{noformat}"), "{noformat}\n{\u{200b}noformat}\n{noformat}");
    }
}
