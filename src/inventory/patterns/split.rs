//! A pattern string taken apart into single patterns.

use super::PatternError;
use super::matching;
use crate::inventory::addresses;
use crate::inventory::lines::is_space;

/// Splits a pattern string as Ansible does: at commas if there is one; else not at all if it is one valid address; else
/// at white space and colons, complete `[...]` groups belonging to what they stand in.
pub fn as_ansible(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains(',') {
        text.split(',').collect()
    } else if addresses::parse(text).is_some() {
        vec![text]
    } else {
        runs(text)
    };
    let stripped = parts.into_iter().map(|part| part.trim_matches(is_space)).filter(|part| !part.is_empty());
    stripped.map(str::to_owned).collect()
}

/// Maximal runs of anything but white space, `:`, `[`, `]`, with complete `[...]` groups.
fn runs(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or_default();
        let length = match first {
            '[' => rest.find(']').map(|end| end + 1),
            ':' | ']' => None,
            space if is_space(space) => None,
            other => Some(other.len_utf8()),
        };
        if let Some(length) = length {
            start.get_or_insert(at);
            at += length;
        } else {
            found.extend(start.take().and_then(|start: usize| text.get(start..at)));
            at += first.len_utf8();
        }
    }
    found.extend(start.and_then(|start| text.get(start..)));
    found
}

/// The same, but a pattern that Ansible would cut in a place nobody meant is refused.
pub fn patterns(text: &str) -> Result<Vec<String>, PatternError> {
    let found = as_ansible(text);
    let is_cut =
        !text.contains(',') && found.len() > 1 || found.first().is_some_and(|first| first.len() < text.trim().len());
    if text.contains(',') || !is_cut {
        return Ok(found);
    }
    if holds_ipv6(text) {
        return Err(PatternError::Misleading(format!(
            "pattern '{text}' contains an IPv6 address and ':' separators; separate patterns with ','"
        )));
    }
    let regex = found.iter().find(|pattern| bare(pattern).starts_with('~'));
    if let Some(regex) = regex {
        let lost_brackets =
            text.matches(['[', ']']).count() > found.iter().map(|part| part.matches(['[', ']']).count()).sum();
        if lost_brackets || bare(regex) == "~" || matching::compile(bare(regex)).is_err() {
            return Err(PatternError::Misleading(format!(
                "regex in '{text}' is cut at '[' or ':' by Ansible's rules; write it without, or use -l @file"
            )));
        }
    }
    Ok(found)
}

/// A pattern without its `&` or `!`.
fn bare(pattern: &str) -> &str {
    pattern.strip_prefix(['&', '!']).unwrap_or(pattern)
}

/// Whether something in the text reads like an IPv6 address: hexadecimal groups with `::` and a digit beside it, or at
/// least four groups.
fn holds_ipv6(text: &str) -> bool {
    text.split(|next: char| !(next.is_ascii_hexdigit() || matches!(next, ':' | '*' | '?'))).any(|run| {
        let groups = run.split(':').filter(|group| !group.is_empty());
        let hexadecimal = groups.clone().filter(|group| group.len() <= 4 && group.bytes().any(|b| b.is_ascii_digit()));
        (run.contains("::") && hexadecimal.count() > 0) || (run.matches(':').count() >= 4 && groups.count() >= 4)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart() {
        let check = |text: &str, expected: &[&str]| assert_eq!(patterns(text).expect("patterns"), expected, "{text:?}");
        check("", &[]);
        check("all", &["all"]);
        check("web:&eu:!db", &["web", "&eu", "!db"]);
        check("web[0:1]:&eu", &["web[0:1]", "&eu"]);
        check("a, b ,,c", &["a", "b", "c"]);
        check("a b", &["a", "b"]);
        check("gw:22", &["gw:22"]);
        check("2001:db8::1", &["2001:db8::1"]);
        check("six,!2001:db8::1", &["six", "!2001:db8::1"]);
        check("~web.*:&eu", &["~web.*", "&eu"]);
    }

    #[test]
    fn patterns_that_would_be_misread_are_refused() {
        let check = |text: &str| assert!(patterns(text).is_err(), "{text:?}");
        check("six:!2001:db8::1");
        check("2001:db8::*");
        check("~[");
        check("~web[");
        check("~(?:a|b)");
    }
}
