//! Where in a template something is wrong, as whoever wrote it counts.

use std::ops::Range;

use minijinja::Error;

use crate::inventory::diagnostics::{Span, without_secrets};

/// Longest line that is shown, in bytes; of a longer one line and column alone are told.
const LONGEST_EXCERPT: usize = 4096;

/// Where an error of the engine is in the text that was written; `handed` is what the engine was given for it, of as many lines.
pub(super) fn of(error: &Error, handed: &str, written: &str) -> Option<Span> {
    let range = error.range();
    let before = range.as_ref().and_then(|range| handed.get(..range.start));
    let number = before.map(|before| before.matches('\n').count() + 1).or(error.line())?;
    // An end that is missing is missed behind the last line.
    let number = number.clamp(1, written.lines().count().max(1));
    let line = written.lines().nth(number - 1)?;
    let (column, length) =
        before.zip(range).and_then(|(before, range)| columns(before, range, handed, line)).unwrap_or_else(|| {
            (line.chars().take_while(|next| next.is_whitespace()).count() + 1, line.trim().chars().count())
        });
    let excerpt = if line.len() <= LONGEST_EXCERPT { without_secrets(line) } else { String::new() };
    Some(Span { line: number, column, length, excerpt })
}

/// The first column and the length of a range in its line; `None` where what comes before it was written otherwise.
fn columns(before: &str, range: Range<usize>, handed: &str, line: &str) -> Option<(usize, usize)> {
    let before = before.rsplit('\n').next().unwrap_or_default();
    let rest = line.strip_prefix(before)?;
    let stretch = handed.get(range)?.lines().next().unwrap_or_default();
    let length = if rest.starts_with(stretch) { stretch.chars().count() } else { 0 };
    Some((before.chars().count() + 1, length))
}
