//! The page that text is set for: a terminal of so many columns, or a file or pipe without an edge.

/// How wide running text is set at most: longer lines are hard to read.
const TEXT: usize = 100;
/// No page is taken to be narrower: what is narrower still cannot hold a line of the table.
const NARROWEST: usize = 40;
/// A page with fewer columns than this has no room for some text beside other text.
const NARROW: usize = 60;

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

    /// Whether what stands side by side on other pages stands one below the other.
    pub(super) fn is_narrow(self) -> bool {
        !self.holds(NARROW)
    }

    /// How many characters of a line that starts with so many others are left; `None` = without end.
    pub(super) fn room_after(self, characters: usize) -> Option<usize> {
        self.columns.map(|columns| columns.saturating_sub(characters))
    }

    /// How wide running text is set.
    pub(in crate::report) fn text(self) -> usize {
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
    fn parts_flow_over_lines() {
        let parts = ["clockaudit 0.1.0", "24 hosts", "inventory.ini"].map(str::to_owned);
        assert_eq!(flowed(&parts, "   ", 2, 80), ["clockaudit 0.1.0   24 hosts   inventory.ini"]);
        assert_eq!(flowed(&parts, "   ", 2, 27), ["clockaudit 0.1.0   24 hosts", "  inventory.ini"]);
        assert_eq!(flowed(&parts, "   ", 2, 5), ["clockaudit 0.1.0", "  24 hosts", "  inventory.ini"]);
    }
}
