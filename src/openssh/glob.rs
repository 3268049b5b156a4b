//! The shell's patterns of names, as glob(3) has them: `*`, `?` and `[…]`, within one part of a path.

/// Whether a name fits a pattern; going back only to the last star, so that no pattern takes long.
pub fn fits(pattern: &[char], name: &[char]) -> bool {
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
