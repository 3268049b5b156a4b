//! Paragraphs behind a label, broken between words.

use super::table::Page;

/// Where the text of the pages of `explain` begins: behind the label.
const INDENT: usize = 12;

/// A part of a page of `explain`, not set yet.
#[derive(Debug)]
pub(super) enum Line {
    /// A label, and text behind it that is broken between words.
    Text(String, String),
    /// A line that keeps its own form.
    Kept(String),
}

impl From<String> for Line {
    fn from(line: String) -> Self {
        Self::Kept(line)
    }
}

/// Text behind a label, every line of it indented alike. A longer label gets a line of its own.
pub(super) fn wrapped(label: &str, text: &str) -> Vec<Line> {
    vec![Line::Text(label.to_owned(), text.to_owned())]
}

/// A line that keeps its own form, where text would stand.
pub(super) fn indented(line: &str) -> Line {
    Line::Kept(format!("{:INDENT$}{line}", ""))
}

/// No line between two others.
pub(super) fn empty() -> Line {
    Line::Kept(String::new())
}

/// Sets lines for a page, with a line end.
pub(super) fn set(lines: &[Line], page: Page) -> String {
    let set = |line: &Line| match line {
        Line::Text(label, text) => paragraph(label, text, INDENT, page.text()),
        Line::Kept(line) => vec![line.clone()],
    };
    lines.iter().flat_map(set).collect::<Vec<_>>().join("\n") + "\n"
}

/// Sets running text behind a label, broken between words, every line indented alike; a label that is as long as the indent
/// gets a line of its own. A number is not parted from its unit, nor a command in back quotes from its arguments where
/// they fit on a line; a word that is longer than a line is left to whoever shows it.
pub(super) fn paragraph(label: &str, text: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = format!("{label:indent$}");
    if indent > 0 && label.chars().count() >= indent {
        lines.push(std::mem::replace(&mut line, format!("{:indent$}", "")));
    }
    let mut is_empty = true;
    for word in inseparable(text, width.saturating_sub(indent)) {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, format!("{:indent$}", "")).trim_end().to_owned());
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(&word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// The longest run of words in back quotes that is kept on one line.
const LONGEST_COMMAND: usize = 40;

/// Words, and groups of words that stay on one line, which has so many characters.
fn inseparable(text: &str, room: usize) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let belongs = groups.last().is_some_and(|group| {
            let before = group.rsplit(' ').next().unwrap_or_default();
            let in_quotes = group.matches('`').count() % 2 == 1 && group.chars().count() < LONGEST_COMMAND;
            let of_number = is_unit(word) && before.ends_with(|last: char| last.is_ascii_digit());
            let fits = group.chars().count() + 1 + word.chars().count() <= room;
            (in_quotes && fits) || of_number || word == "±" || before == "±"
        });
        match groups.last_mut().filter(|_| belongs) {
            Some(group) => {
                group.push(' ');
                group.push_str(word);
            }
            None => groups.push(word.to_owned()),
        }
    }
    groups
}

fn is_unit(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', ':', '.', ')']);
    matches!(word, "ns" | "us" | "ms" | "s" | "h" | "ppm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_unit_and_a_command_its_words() {
        let check = |text: &str, width: usize, expected: &[&str]| {
            assert_eq!(paragraph("CLK107", text, 8, width), expected, "{text} {width}");
        };
        check("says +3.9 s ± 65 us", 100, &["CLK107  says +3.9 s ± 65 us"]);
        check("says +3.9 s ± 65 us", 20, &["CLK107  says", "        +3.9 s ± 65 us"]);
        check("ask (`chronyc -n sources`) now", 25, &["CLK107  ask (`chronyc -n", "        sources`) now"]);
        check("", 20, &["CLK107  "]);
    }

    #[test]
    fn a_long_label_stands_alone_and_a_long_command_is_parted() {
        assert_eq!(paragraph("CLK107", "ask it", 6, 20), ["CLK107", "      ask it"]);
        assert_eq!(paragraph("", "`chronyc -n sources -v`", 2, 14), ["  `chronyc -n", "  sources -v`"]);
    }
}
