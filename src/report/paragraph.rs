//! Paragraphs behind a label, broken between words.

/// How wide text is set.
const WIDTH: usize = 100;
/// Where text begins: behind the label.
const INDENT: usize = 12;

/// Sets text behind a label, every line indented alike. A longer label gets a line of its own.
pub(super) fn wrapped(label: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = format!("{label:INDENT$}");
    if label.chars().count() >= INDENT {
        lines.push(std::mem::replace(&mut line, format!("{:INDENT$}", "")));
    }
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{:INDENT$}", "")));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// A line that keeps its own form, where text would stand.
pub(super) fn indented(line: &str) -> String {
    format!("{:INDENT$}{line}", "")
}
