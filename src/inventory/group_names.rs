//! Names of groups that other tools may not take.

use std::borrow::Cow;

use super::addresses;
use super::diagnostics::{Diagnostic, Span};

/// What becomes of a name that is no identifier (`force_valid_group_names` of ansible.cfg).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupNames {
    /// It is kept, and a note says so.
    #[default]
    Kept,
    /// It is kept without a word.
    KeptSilently,
    /// What is no letter, digit or `_` becomes `_`, as does a digit at the beginning.
    MadeValid,
}

impl GroupNames {
    /// What Ansible calls it.
    pub fn from_word(word: &str) -> Self {
        match word {
            "always" => Self::MadeValid,
            "silently" | "ignore" => Self::KeptSilently,
            _ => Self::Kept,
        }
    }

    /// The name under which a group is known.
    pub fn known(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::MadeValid if !is_valid(name) => Cow::Owned(valid(name)),
            Self::MadeValid | Self::Kept | Self::KeptSilently => Cow::Borrowed(name),
        }
    }
}

fn is_valid(name: &str) -> bool {
    name.chars().all(addresses::is_word) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// The name of a group as Ansible makes it valid: letters, digits and `_`, no digit first.
pub(super) fn valid(name: &str) -> String {
    let valid = name.chars().enumerate().map(|(index, next)| {
        let is_valid = addresses::is_word(next) && !(index == 0 && next.is_numeric());
        if is_valid { next } else { '_' }
    });
    valid.collect()
}

/// Unusual names of one source: they are told once.
#[derive(Debug, Default)]
pub struct UnusualNames {
    first: Option<(String, Span)>,
    others: usize,
}

impl UnusualNames {
    /// Remembers the name of a group if it is unusual.
    pub fn check(&mut self, name: &str, span: impl FnOnce() -> Span) {
        if is_valid(name) {
            return;
        }
        match self.first {
            Some(_) => self.others += 1,
            None => self.first = Some((name.to_owned(), span())),
        }
    }

    /// What there is to say of them.
    pub fn told(self, names: GroupNames) -> Option<Diagnostic> {
        let (first, span) = self.first?;
        let (known, others) = (names.known(&first), self.others);
        let (message, hint) = match (names, others) {
            (GroupNames::KeptSilently, _) => return None,
            (GroupNames::Kept, 0) => (format!("`{first}` is an unusual name for a group"), KEPT),
            (GroupNames::Kept, _) => (format!("`{first}` and {others} more are unusual names for groups"), KEPT),
            (GroupNames::MadeValid, 0) => (format!("the group `{first}` is known as `{known}`"), MADE_VALID),
            (GroupNames::MadeValid, _) => {
                (format!("the group `{first}` is known as `{known}`, and {others} more alike"), MADE_VALID)
            }
        };
        Some(Diagnostic::note(message).at(span).with_hint(hint))
    }
}

const KEPT: &str = "They are kept; letters, digits and _ are safe everywhere";
const MADE_VALID: &str = "force_valid_group_names asks for letters, digits and _";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_valid() {
        let check = |name: &str, expected: &str| {
            assert_eq!(valid(name), expected);
            assert_eq!(GroupNames::MadeValid.known(name), expected);
            assert_eq!(GroupNames::Kept.known(name), name);
        };
        check("eu-west.1", "eu_west_1");
        check("1a", "_a");
        check("\u{e9}t\u{e9}", "\u{e9}t\u{e9}");
        check("web", "web");
    }

    #[test]
    fn unusual_names_are_told_as_the_setting_wants() {
        let told = |names: GroupNames, given: &[&str]| {
            let mut unusual = UnusualNames::default();
            for name in given {
                let span = || Span { line: 1, column: 1, length: 1, excerpt: String::new() };
                unusual.check(name, span);
            }
            unusual.told(names).map(|said| said.message)
        };
        let names = ["web", "web-1", "db-1"];
        assert_eq!(told(GroupNames::Kept, &names[..1]), None);
        let unusual = "`web-1` and 1 more are unusual names for groups";
        assert_eq!(told(GroupNames::Kept, &names).as_deref(), Some(unusual));
        assert_eq!(told(GroupNames::KeptSilently, &names), None);
        let made = "the group `web-1` is known as `web_1`, and 1 more alike";
        assert_eq!(told(GroupNames::MadeValid, &names).as_deref(), Some(made));
    }
}
