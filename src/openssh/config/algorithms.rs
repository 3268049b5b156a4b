//! Lists of algorithms: a list of one's own, or a change of the built-in one.

use crate::openssh::pattern::{list_matches, matches};

/// The list that `written` makes of the built-in one: a list replaces it, `+list` is put behind it, `^list` before it, and what
/// `-list` fits is taken out. Patterns in a list stand for every name of `all` that they fit; a name that is in `built_in` or
/// `all` appears once. Empty where nothing is left.
pub fn assembled(written: &str, built_in: &[&str], all: &[&str]) -> Vec<String> {
    let names = |list: &str| -> Vec<String> { list.split(',').map(str::to_owned).collect() };
    let defaults = || built_in.iter().map(|name| (*name).to_owned());
    let (mode, rest) = match written.chars().next() {
        Some(mode @ ('+' | '-' | '^')) => (Some(mode), written.get(1..).unwrap_or_default()),
        _ => (None, written),
    };
    let patterns: Vec<String> = match mode {
        _ if written.is_empty() => defaults().collect(),
        Some('-') => return defaults().filter(|name| !list_matches(rest, name)).collect(),
        Some('+') => defaults().chain(names(rest)).collect(),
        Some(_) => names(rest).into_iter().chain(defaults()).collect(),
        None => names(rest),
    };
    let mut list: Vec<String> = Vec::new();
    for pattern in patterns {
        let fitting = all.iter().filter(|name| matches(pattern.as_bytes(), name.as_bytes()));
        for name in fitting {
            if !list.iter().any(|other| other == name) {
                list.push((*name).to_owned());
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_changed_as_openssh_writes_it() {
        let check = |written: &str, expected: &str| {
            let list = assembled(written, &["a1", "a2", "b"], &["a1", "a2", "b", "c1", "c2"]);
            assert_eq!(list.join(","), expected, "{written}");
        };
        check("", "a1,a2,b");
        check("b,a1", "b,a1");
        check("+c1,a1", "a1,a2,b,c1");
        check("+c*", "a1,a2,b,c1,c2");
        check("^b", "b,a1,a2");
        check("-a?", "b");
        check("-*", "");
        check("unknown", "");
    }
}
