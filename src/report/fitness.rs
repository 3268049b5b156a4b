//! What `doctor` shows: a line for everything that was looked at, and what to do where it is not as it should be.

use anstyle::{AnsiColor, Style};

use super::escape::escaped;
use super::paragraph::wrapped;
use crate::audit::fitness::{Check, Fitness};

/// Columns of the word in front.
const WORD: usize = 6;

/// Renders the checks, and a line that sums them up. The text carries colour.
pub fn render(checks: &[Check]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for Check { subject, fitness, what, remedy } in checks {
        let (word, style) = word(*fitness);
        let mut said = wrapped(subject, &escaped(what));
        if let Some(remedy) = remedy {
            said.extend(wrapped("", &escaped(remedy)));
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
    lines.push(
        match worst {
            Fitness::Fit => "This controller is fit to scan.",
            Fitness::Poor => "This controller can scan; what is marked warn makes it worse.",
            Fitness::Unfit => "This controller is not fit to scan until what is marked FAIL is mended.",
        }
        .to_owned(),
    );
    lines.join("\n") + "\n"
}

fn word(fitness: Fitness) -> (&'static str, Style) {
    match fitness {
        Fitness::Fit => ("ok", AnsiColor::Green.on_default()),
        Fitness::Poor => ("warn", AnsiColor::Yellow.on_default()),
        Fitness::Unfit => ("FAIL", AnsiColor::Red.on_default().bold()),
    }
}
