//! What `doctor` shows: a line for everything that was looked at, and what to do where it is not as it should be.

use anstyle::{AnsiColor, Style};

use super::escape::escaped;
use super::paragraph::paragraph;
use super::table::Page;
use crate::audit::fitness::{Check, Fitness};

/// Columns of the word in front.
const WORD: usize = 6;
/// Where text begins behind what was looked at.
const INDENT: usize = 12;

/// Renders the checks for a page, and a line that sums them up. The text carries colour.
pub fn render(checks: &[Check], page: Page) -> String {
    let width = page.text().saturating_sub(WORD);
    let mut lines: Vec<String> = Vec::new();
    for Check { subject, fitness, what, remedy } in checks {
        let (word, style) = word(*fitness);
        let mut said = paragraph(subject, &escaped(what), INDENT, width);
        if let Some(remedy) = remedy {
            said.extend(paragraph("", &escaped(remedy), INDENT, width));
        }
        for (index, line) in said.into_iter().enumerate() {
            let front = if index == 0 {
                format!("{style}{word}{style:#}{:1$}", "", WORD - word.len())
            } else {
                " ".repeat(WORD)
            };
            lines.push(format!("{front}{line}"));
        }
    }
    let worst = checks.iter().map(|check| check.fitness).max().unwrap_or(Fitness::Fit);
    lines.push(String::new());
    lines.extend(paragraph(
        "",
        match worst {
            Fitness::Fit | Fitness::Odd => "This controller is fit to scan.",
            Fitness::Poor => "This controller can scan; what is marked warn makes it worse.",
            Fitness::Unfit => "This controller is not fit to scan until what is marked FAIL is mended.",
        },
        0,
        page.text(),
    ));
    lines.join("\n") + "\n"
}

fn word(fitness: Fitness) -> (&'static str, Style) {
    match fitness {
        Fitness::Fit => ("ok", AnsiColor::Green.on_default()),
        Fitness::Odd => ("note", AnsiColor::Cyan.on_default()),
        Fitness::Poor => ("warn", AnsiColor::Yellow.on_default()),
        Fitness::Unfit => ("FAIL", AnsiColor::Red.on_default().bold()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_its_page() {
        let check = Check {
            subject: "open files",
            fitness: Fitness::Poor,
            what: "the hard limit 256 has room for 192 hosts at once, which is less than the inventory has".to_owned(),
            remedy: Some("raise the hard limit: `ulimit -Hn`, LimitNOFILE= of the unit".to_owned()),
        };
        for columns in [40, 80, 200] {
            let text = render(std::slice::from_ref(&check), Page::of_width(columns));
            let plain = text.replace("\u{1b}[33m", "").replace("\u{1b}[0m", "");
            assert!(plain.lines().all(|line| line.chars().count() <= columns), "{columns}: {plain}");
            assert!(plain.starts_with("warn  open files  the hard"), "{plain}");
        }
    }
}
