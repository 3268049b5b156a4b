//! The page that text is set for: a terminal of so many columns, or a file or pipe without an edge.

/// How wide running text is set at most: longer lines are hard to read.
const TEXT: usize = 100;
/// No page is taken to be narrower: what is narrower still cannot hold a line of the table.
const NARROWEST: usize = 60;

/// The page that text is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    columns: Option<usize>,
}

impl Page {
    /// A file or a pipe: nothing is ever shortened or left out for want of room.
    pub const ENDLESS: Self = Self { columns: None };

    /// A terminal of so many columns: columns of the table leave, names are shortened, and no line is wider.
    pub fn of_width(columns: usize) -> Self {
        Self { columns: Some(columns.max(NARROWEST)) }
    }

    /// Whether a line of so many characters fits.
    pub(super) fn holds(self, characters: usize) -> bool {
        self.columns.is_none_or(|columns| characters <= columns)
    }

    /// How many characters of a line that starts with so many others are left; `None` = without end.
    pub(super) fn room_after(self, characters: usize) -> Option<usize> {
        self.columns.map(|columns| columns.saturating_sub(characters))
    }

    /// How wide running text is set.
    pub(super) fn text(self) -> usize {
        self.columns.unwrap_or(TEXT).min(TEXT)
    }
}

/// Cuts the middle out of a text that is longer than the room for it: both ends of a name tell hosts apart.
pub(super) fn shortened(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let tail = kept / 3;
    let head: String = text.chars().take(kept - tail).collect();
    let tail: String = text.chars().skip(length - tail).collect();
    format!("{head}…{tail}")
}

/// Cuts off the end of a text that is longer than the room for it.
pub(super) fn cut(text: &str, room: Option<usize>) -> String {
    match room {
        Some(room) if text.chars().count() > room => {
            let kept: String = text.chars().take(room.saturating_sub(1)).collect();
            kept.trim_end().to_owned() + "…"
        }
        _ => text.to_owned(),
    }
}

/// Puts parts one behind the other with a gap between them, on as few lines of that width as hold them; further lines are
/// indented. A part that is itself too long stands alone.
pub(super) fn flowed(parts: &[String], gap: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + gap.len() + part.chars().count() <= width => {
                line.push_str(gap);
                line.push_str(part);
            }
            Some(_) => lines.push(format!("{:indent$}{part}", "")),
            None => lines.push(part.clone()),
        }
    }
    lines
}

/// Sets running text behind a label, broken between words, every line indented alike. A number is not parted from its unit,
/// nor a command in back quotes from its arguments.
pub(super) fn paragraph(label: &str, text: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = format!("{label:indent$}");
    let mut is_empty = true;
    for word in inseparable(text) {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, format!("{:indent$}", "")));
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

/// Words, and groups of words that stay on one line.
fn inseparable(text: &str) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let belongs = groups.last().is_some_and(|group| {
            let before = group.rsplit(' ').next().unwrap_or_default();
            let in_quotes = group.matches('`').count() % 2 == 1 && group.chars().count() < LONGEST_COMMAND;
            let of_number = is_unit(word) && before.ends_with(|last: char| last.is_ascii_digit());
            in_quotes || of_number || word == "±" || before == "±"
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
    fn both_ends_of_a_long_name_are_kept() {
        let check = |name: &str, room: usize, expected: &str| assert_eq!(shortened(name, room), expected);
        check("web01", 12, "web01");
        check("web-production-0001.example", 12, "web-prod…ple");
        check("時計時計時計", 4, "時計…計");
        check("abc", 1, "…");
    }

    #[test]
    fn text_is_cut_only_on_a_page_with_an_edge() {
        assert_eq!(cut("CLK101 CLK107", Some(8)), "CLK101…");
        assert_eq!(cut("CLK101 CLK107", Some(13)), "CLK101 CLK107");
        assert_eq!(cut("CLK101 CLK107", None), "CLK101 CLK107");
    }

    #[test]
    fn a_number_keeps_its_unit_and_a_command_its_words() {
        let check = |text: &str, width: usize, expected: &[&str]| {
            assert_eq!(paragraph("CLK107", text, 8, width), expected, "{text} {width}");
        };
        check("says +3.9 s ± 65 us", 100, &["CLK107  says +3.9 s ± 65 us"]);
        check("says +3.9 s ± 65 us", 20, &["CLK107  says", "        +3.9 s ± 65 us"]);
        check("ask (`chronyc -n sources`) now", 25, &["CLK107  ask", "        (`chronyc -n sources`)", "        now"]);
        check("", 20, &["CLK107  "]);
    }

    #[test]
    fn parts_flow_over_lines() {
        let parts = ["clockaudit 0.1.0", "24 hosts", "inventory.ini"].map(str::to_owned);
        assert_eq!(flowed(&parts, "   ", 2, 80), ["clockaudit 0.1.0   24 hosts   inventory.ini"]);
        assert_eq!(flowed(&parts, "   ", 2, 27), ["clockaudit 0.1.0   24 hosts", "  inventory.ini"]);
        assert_eq!(flowed(&parts, "   ", 2, 5), ["clockaudit 0.1.0", "  24 hosts", "  inventory.ini"]);
    }
}
