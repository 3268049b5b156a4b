//! OpenSSH's patterns: `*` and `?`, and lists of them with negation.

/// Whether `text` fits a pattern with `*` and `?`; linear but for the last star, so that no pattern takes long.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, seen));
                at += 1;
            }
            Some(letter) if *letter == b'?' || Some(letter) == text.get(seen) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star, from)) = retry else { return false };
                retry = Some((star, from + 1));
                at = star + 1;
                seen = from + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|letter| *letter == b'*')
}

/// Whether `text` fits a list of patterns with commas between them: one must fit, and none that is negated with `!`.
pub(super) fn list_matches(list: &str, text: &str) -> bool {
    let mut fits = false;
    for pattern in list.split(',') {
        let (pattern, negated) = pattern.strip_prefix('!').map_or((pattern, false), |rest| (rest, true));
        if matches(pattern.as_bytes(), text.as_bytes()) {
            if negated {
                return false;
            }
            fits = true;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_must_fit_and_none_that_is_negated() {
        let check = |list: &str, text: &str, expected: bool| assert_eq!(list_matches(list, text), expected, "{list}");
        check("web*,db?", "web1", true);
        check("web*,db?", "db12", false);
        check("*,!web1", "web1", false);
        check("!web1", "web2", false);
        check("!db*,web*", "web1", true);
        check("", "", true);
        check("a*b*c", "axxbxxc", true);
        check("a*b*c", "axxbxx", false);
    }
}
