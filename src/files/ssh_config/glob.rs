//! Names of files by the shell's patterns: `*`, `?` and `[…]`, as glob(3) finds them.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// How many names are kept at most.
const MOST_NAMES: usize = 4_096;

/// The paths that fit, sorted. A leading dot must be written out.
pub(super) fn matching(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            found = found.into_iter().map(|path| path.join(component)).collect();
            continue;
        };
        let Some(name) = name.to_str().filter(|name| name.contains(['*', '?', '[', '\\'])) else {
            found = found.into_iter().map(|path| path.join(name)).collect();
            continue;
        };
        let letters: Vec<char> = name.chars().collect();
        found = found.iter().flat_map(|folder| within(folder, &letters)).take(MOST_NAMES).collect();
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    found
}

fn within(folder: &Path, pattern: &[char]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let fits = |name: &String| {
        let is_hidden = name.starts_with('.') && pattern.first() != Some(&'.');
        !is_hidden && fits(pattern, &name.chars().collect::<Vec<_>>())
    };
    names.filter(fits).map(|name| folder.join(name)).collect()
}

/// Whether a name fits a pattern; going back only to the last star, so that no pattern takes long.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(seen) {
        if pattern.get(at) == Some(&'*') {
            retry = Some((at, seen));
            at += 1;
            continue;
        }
        if let Some(length) = one(pattern.get(at..).unwrap_or_default(), *letter) {
            at += length;
            seen += 1;
        } else {
            let Some((star, from)) = retry else { return false };
            retry = Some((star, from + 1));
            at = star + 1;
            seen = from + 1;
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|letter| *letter == '*')
}

/// How much of the pattern takes the letter, if its next part does.
fn one(pattern: &[char], letter: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', set @ ..] => {
            // The first of a set may be `]` itself; without an end `[` is a letter.
            let negated = matches!(set.first(), Some('!' | '^'));
            let start = usize::from(negated);
            let end = set.iter().skip(start + 1).position(|next| *next == ']').map(|end| end + start + 1);
            let Some(end) = end else { return (letter == '[').then_some(1) };
            let members = set.get(start..end).unwrap_or_default();
            (is_member(members, letter) != negated).then_some(end + 2)
        }
        ['\\', next, ..] => (*next == letter).then_some(2),
        [next, ..] => (*next == letter).then_some(1),
        [] => None,
    }
}

fn is_member(members: &[char], letter: char) -> bool {
    let mut rest = members;
    loop {
        rest = match rest {
            [low, '-', high, behind @ ..] => {
                if (*low..=*high).contains(&letter) {
                    return true;
                }
                behind
            }
            [one, behind @ ..] => {
                if *one == letter {
                    return true;
                }
                behind
            }
            [] => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_as_the_shell_has_it() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(fits(&letters(pattern), &letters(name)), expected, "{pattern} {name}");
        };
        check("*.conf", "a.conf", true);
        check("*.conf", "a.conf.bak", false);
        check("a*b*c", "aXbXbXc", true);
        check("[0-9]?-*", "10-x", true);
        check("[!0-9]*", "10-x", false);
        check("[]a]x", "]x", true);
        check("[ab", "[ab", true);
        check(r"\*", "*", true);
        check(r"\*", "a", false);
    }

    #[test]
    fn folders_may_be_patterns_and_hidden_files_are_not_found() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["b/2.conf", "a/1.conf", "a/.hidden.conf", "a/other"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| {
            let paths = matching(&folder.path().join(pattern));
            let names = paths.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(found("*/*.conf"), ["a/1.conf", "b/2.conf"]);
        assert_eq!(found("a/.*.conf"), ["a/.hidden.conf"]);
        assert_eq!(found("a/other"), ["a/other"]);
        assert!(found("c/*").is_empty() && found("a/none").is_empty());
    }
}
