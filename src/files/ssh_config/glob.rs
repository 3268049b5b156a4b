//! Names of files by the shell's patterns: `*`, `?` and `[…]`, as glob(3) finds them.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// How many names may fit.
pub(super) const MOST_NAMES: usize = 4_096;

/// More names fit: which of them come first is not known before all of them are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_NAMES} names fit, and no more are read: which of them come first cannot be told")]
pub(super) struct TooMany;

/// The paths that fit, sorted. A leading dot must be written out.
pub(super) fn matching(pattern: &Path) -> Result<Vec<PathBuf>, TooMany> {
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
        found = found.iter().flat_map(|folder| within(folder, &letters)).take(MOST_NAMES + 1).collect();
        if found.len() > MOST_NAMES {
            return Err(TooMany);
        }
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    Ok(found)
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
    use proptest::prelude::*;

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
            let paths = matching(&folder.path().join(pattern)).unwrap();
            let names = paths.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(found("*/*.conf"), ["a/1.conf", "b/2.conf"]);
        assert_eq!(found("a/.*.conf"), ["a/.hidden.conf"]);
        assert_eq!(found("a/other"), ["a/other"]);
        assert!(found("c/*").is_empty() && found("a/none").is_empty());
    }

    #[test]
    fn more_names_than_are_read_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MOST_NAMES {
            fs::write(folder.path().join(format!("{number}.conf")), "").unwrap();
        }
        let pattern = folder.path().join("*.conf");
        assert_eq!(matching(&pattern).map(|found| found.len()), Ok(MOST_NAMES));
        fs::write(folder.path().join("one more.conf"), "").unwrap();
        assert_eq!(matching(&pattern), Err(TooMany));
    }

    /// The rule of the star as it is meant: it stands for any beginning of what is left.
    fn fits_by_trying_all(pattern: &[char], name: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['*', behind @ ..] => (0..=name.len()).any(|taken| fits_by_trying_all(behind, &name[taken..])),
            _ => name.split_first().is_some_and(|(letter, left)| {
                one(pattern, *letter).is_some_and(|length| fits_by_trying_all(&pattern[length..], left))
            }),
        }
    }

    fn letters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    proptest! {
        #[test]
        fn going_back_to_the_last_star_is_enough(pattern in r"[ab*?\[\]!^\\-]{0,12}", name in r"[ab\]!-]{0,10}") {
            let (pattern, name) = (letters(&pattern), letters(&name));
            prop_assert_eq!(fits(&pattern, &name), fits_by_trying_all(&pattern, &name));
        }

        #[test]
        fn a_name_fits_itself_and_stars_in_its_place(name in any::<String>(), from: usize, to: usize) {
            let name = letters(&name);
            let escaped: Vec<char> = name.iter().flat_map(|letter| ['\\', *letter]).collect();
            prop_assert!(fits(&escaped, &name));
            let from = from % (name.len() + 1);
            let to = from + to % (name.len() + 1 - from);
            let cut = [&escaped[..2 * from], &['*'], &escaped[2 * to..]].concat();
            prop_assert!(fits(&cut, &name), "{cut:?} {name:?}");
        }

        #[test]
        fn any_pattern_ends(pattern in any::<String>(), name in any::<String>()) {
            let _ = fits(&letters(&pattern), &letters(&name));
        }
    }
}
