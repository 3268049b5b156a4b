//! The key that ties tickets to what they are about, and the mark of what a ticket says.

use std::fmt;

use sha2::{Digest, Sha256};

/// How a key begins.
const PREFIX: &str = "clk-";
/// Hexadecimal digits of a key and of a state.
const DIGITS: usize = 16;
/// What stands in the place of the state while a ticket is not complete: nothing has this state, so the next run completes it.
pub const PENDING: &str = "0000000000000000";
/// What stands there until a new ticket has its files: it has said nothing yet.
pub const NEW: &str = "0000000000000001";

/// What stands between a state and the scope that a ticket is of.
const OF: &str = " of ";
/// A text is looked through for no more keys.
const MOST_KEYS: usize = 16;

/// What a ticket is about: the same for every run that should find the same ticket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of a scope (an inventory, an environment) and of what the ticket is about within it: nothing for the whole run.
    pub fn of(scope: &str, subject: &str) -> Self {
        let parts = ["clockaudit/1", scope, subject];
        let mut digest = Sha256::new();
        for part in parts {
            // No part can pass for the end of another.
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        Self(format!("{PREFIX}{}", hexadecimal(&digest.finalize())))
    }

    /// The key that a text is; none where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_key = digits.len() == DIGITS && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        is_key.then(|| Self(text.to_owned()))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a ticket says, in short: equal where there is nothing new to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateHash(String);

impl StateHash {
    /// The state that these facts make, in whatever order they come.
    pub fn of(facts: impl IntoIterator<Item = String>) -> Self {
        let mut facts: Vec<String> = facts.into_iter().collect();
        facts.sort_unstable();
        let mut digest = Sha256::new();
        for fact in facts {
            digest.update(fact.len().to_be_bytes());
            digest.update(fact.as_bytes());
        }
        Self(hexadecimal(&digest.finalize()))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The mark of what a ticket says, and of the scope that it is of, where it tells one:
/// `clk-0123456789abcdef state 0123456789abcdef of clk-fedcba9876543210`.
pub fn mark(key: &Key, state: &str, scope: Option<&Key>) -> String {
    format!("{key} state {}", said(state, scope))
}

/// The mark without the key.
pub(super) fn said(state: &str, scope: Option<&Key>) -> String {
    format!("{state}{}", scope.map(|scope| format!("{OF}{scope}")).unwrap_or_default())
}

/// The state that a ticket's text names behind its key.
pub fn state_in(text: &str, key: &Key) -> Option<String> {
    let state = behind(text, key)?.get(..DIGITS)?;
    state.chars().all(|digit| digit.is_ascii_hexdigit()).then(|| state.to_owned())
}

/// The scope that a ticket's text names behind its key and its state.
pub(super) fn scope_in(text: &str, key: &Key) -> Option<Key> {
    state_in(text, key)?;
    let scope = behind(text, key)?.get(DIGITS..)?.strip_prefix(OF)?;
    keys_in(scope.get(..PREFIX.len() + DIGITS)?).pop()
}

fn behind<'text>(text: &'text str, key: &Key) -> Option<&'text str> {
    text.rsplit_once(&format!("{key} state ")).map(|(_, rest)| rest)
}

/// The keys that stand in a text, the first ones where there are many.
pub(super) fn keys_in(text: &str) -> Vec<Key> {
    let text = text.to_ascii_lowercase();
    let key = |rest: &str| {
        let end = rest.find(|character: char| !character.is_ascii_hexdigit()).unwrap_or(rest.len());
        let digits = rest.get(..end).filter(|digits| digits.len() == DIGITS)?;
        Some(Key(format!("{PREFIX}{digits}")))
    };
    text.split(PREFIX).skip(1).filter_map(key).take(MOST_KEYS).collect()
}

fn hexadecimal(digest: &[u8]) -> String {
    base16ct::lower::encode_string(digest).chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_the_scope_and_the_subject_alone() {
        let key = Key::of("prod inventory.ini", "");
        assert_eq!(key, Key::of("prod inventory.ini", ""));
        assert!(key.as_str().starts_with("clk-") && key.as_str().len() == 20, "{key}");
        for other in [("prod", "inventory.ini"), ("prod inventory.in", "i"), ("", "prod inventory.ini")] {
            assert_ne!(key, Key::of(other.0, other.1), "{other:?}");
        }
    }

    #[test]
    fn the_state_is_read_back_from_a_text() {
        let key = Key::of("a", "b");
        let check =
            |text: String, expected: Option<&str>| assert_eq!(state_in(&text, &key).as_deref(), expected, "{text}");
        check(format!("x\n\n{key} state 0123456789abcdef\n"), Some("0123456789abcdef"));
        check(format!("{key} state 0000000000000000 and {key} state fedcba9876543210"), Some("fedcba9876543210"));
        check(format!("{key} state 0123"), None);
        check(format!("{key} state zzzzzzzzzzzzzzzz"), None);
        check(format!("{} state 0123456789abcdef", Key::of("c", "d")), None);
        check(String::new(), None);
    }

    #[test]
    fn the_scope_is_read_back_behind_the_state() {
        let (key, scope) = (Key::of("a", "b"), Key::of("a", "cause"));
        let whole = mark(&key, "0123456789abcdef", Some(&scope));
        let check = |text: &str, state: bool, expected: Option<&Key>| {
            assert_eq!(state_in(text, &key).is_some(), state, "{text}");
            assert_eq!(scope_in(text, &key).as_ref(), expected, "{text}");
        };
        check(&whole, true, Some(&scope));
        check(&format!("x [{whole}]"), true, Some(&scope));
        check(&whole.replace("0123456789abcdef of", "0123456789abcdeg of"), false, None);
        check(&mark(&key, "0123456789abcdef", None), true, None);
        check(&whole[..whole.len() - 1], true, None);
        check(&whole.replace(scope.as_str(), "clk-zzzzzzzzzzzzzzzz"), true, None);
        check(&mark(&scope, "0123456789abcdef", Some(&key)), false, None);
    }

    #[test]
    fn keys_are_found_in_any_text() {
        let check = |text: &str, expected: &[&str]| {
            let found = keys_in(text);
            assert_eq!(found.iter().map(Key::as_str).collect::<Vec<_>>(), expected, "{text}");
        };
        check("", &[]);
        check("clk-", &[]);
        check("clk-0123456789abcde", &[]);
        check("clk-0123456789abcdef0", &[]);
        check("clk-0123456789abcdeé clk-", &[]);
        check("CLK-0123456789ABCDEF", &["clk-0123456789abcdef"]);
        let two = ["clk-0123456789abcdef", "clk-fedcba9876543210"];
        check("x [clk-0123456789abcdef state 0000000000000000 of clk-fedcba9876543210]", &two);
        assert_eq!(keys_in(&"clk-0123456789abcdef".repeat(1_000)).len(), MOST_KEYS);
    }

    #[test]
    fn the_order_of_facts_is_no_matter() {
        let of = |facts: &[&str]| StateHash::of(facts.iter().map(|fact| (*fact).to_owned()));
        assert_eq!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
        assert_ne!(of(&[]).as_str(), PENDING);
    }
}
