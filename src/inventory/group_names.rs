//! Names of groups that other tools may not take.

use super::addresses;
use super::diagnostics::{Diagnostic, Span};

/// Unusual names of one source: they are kept, and said once.
#[derive(Debug, Default)]
pub struct UnusualNames {
    first: Option<(String, Span)>,
    others: usize,
}

impl UnusualNames {
    /// Remembers the name of a group if it is unusual.
    pub fn check(&mut self, name: &str, span: impl FnOnce() -> Span) {
        let starts_with_digit = name.starts_with(|first: char| first.is_ascii_digit());
        if name.chars().all(addresses::is_word) && !starts_with_digit {
            return;
        }
        match self.first {
            Some(_) => self.others += 1,
            None => self.first = Some((name.to_owned(), span())),
        }
    }

    /// What there is to say of them.
    pub fn told(self) -> Option<Diagnostic> {
        let (first, span) = self.first?;
        let message = match self.others {
            0 => format!("`{first}` is an unusual name for a group"),
            count => format!("`{first}` and {count} more are unusual names for groups"),
        };
        Some(Diagnostic::note(message).at(span).with_hint("They are kept; letters, digits and _ are safe everywhere"))
    }
}
