//! A page in the Atlassian Document Format, as Jira Cloud takes it: JSON in which text is text, so nothing needs an escape.
//!
//! A table is a block of code: a table of the format takes about 700 characters a row, of 32,767 that a field holds.

use serde_json::{Value, json};

use super::text::{aligned, words};
use crate::report::document::{Block, Document, Span};

/// Writes the page, on one line.
pub(super) fn write(document: &Document) -> String {
    let content: Vec<Value> = document.0.iter().map(block).collect();
    json!({ "version": 1, "type": "doc", "content": content }).to_string()
}

fn block(block: &Block) -> Value {
    match block {
        Block::Heading(level, heading) => {
            json!({ "type": "heading", "attrs": { "level": level }, "content": [text(heading)] })
        }
        Block::Paragraph(spans) => paragraph(spans),
        Block::List(items) => {
            let item = |item: &Vec<Span>| json!({ "type": "listItem", "content": [paragraph(item)] });
            json!({ "type": "bulletList", "content": items.iter().map(item).collect::<Vec<_>>() })
        }
        Block::Table(table) => code(&aligned(table)),
        Block::Lines(lines) => code(&lines.lines.join("\n")),
    }
}

/// A text node must not be empty.
fn paragraph(spans: &[Span]) -> Value {
    let marked = |span: &Span| match span {
        Span::Text(_) => text(words(span)),
        Span::Strong(_) => json!({ "type": "text", "text": words(span), "marks": [{ "type": "strong" }] }),
        Span::Name(_) => json!({ "type": "text", "text": words(span), "marks": [{ "type": "code" }] }),
    };
    let content: Vec<Value> = spans.iter().filter(|span| !words(span).is_empty()).map(marked).collect();
    json!({ "type": "paragraph", "content": content })
}

fn code(lines: &str) -> Value {
    json!({ "type": "codeBlock", "content": [text(lines)] })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}
