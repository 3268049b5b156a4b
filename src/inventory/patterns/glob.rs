//! Globs over whole names, as Python's `fnmatch.fnmatchcase` has them.

/// A glob, taken apart once for all the names that it is held against: `*`, `?`, `[abc]`, `[a-c]`, `[!abc]`; an unclosed `[` is
/// itself.
pub struct Glob(Vec<Part>);

impl Glob {
    /// Takes a glob apart; every text is one.
    pub fn new(pattern: &str) -> Self {
        Self(parse(pattern))
    }

    /// Whether it matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        walk(&self.0, name)
    }
}

/// Whether a glob matches the whole name.
pub fn matches(pattern: &str, name: &str) -> bool {
    Glob::new(pattern).matches(name)
}

/// Whether a text stands for itself alone.
pub(super) fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '['])
}

fn walk(parts: &[Part], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // The classic walk with one point of return: the last `*` and where it stood in the name.
    let (mut part, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while at < name.len() || part < parts.len() {
        match (parts.get(part), name.get(at)) {
            (Some(Part::Any), _) => {
                back = Some((part, at));
                part += 1;
                continue;
            }
            (Some(Part::One(one)), Some(character)) if one.takes(*character) => {
                part += 1;
                at += 1;
                continue;
            }
            _ => {}
        }
        match back {
            Some((star, from)) if from < name.len() => {
                back = Some((star, from + 1));
                part = star + 1;
                at = from + 1;
            }
            _ => return false,
        }
    }
    true
}

enum Part {
    /// `*`
    Any,
    One(One),
}

enum One {
    Anything,
    Exactly(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl One {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(wanted) => *wanted == character,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
        }
    }
}

fn parse(pattern: &str) -> Vec<Part> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        at += 1;
        match character {
            '*' => parts.push(Part::Any),
            '?' => parts.push(Part::One(One::Anything)),
            '[' => match class(&characters, at) {
                Some((class, after)) => {
                    parts.push(Part::One(class));
                    at = after;
                }
                None => parts.push(Part::One(One::Exactly('['))),
            },
            other => parts.push(Part::One(One::Exactly(*other))),
        }
    }
    parts
}

/// The class that begins after a `[`, and where it ends.
fn class(characters: &[char], start: usize) -> Option<(One, usize)> {
    let negated = characters.get(start) == Some(&'!');
    let first = start + usize::from(negated);
    // A `]` right at the beginning belongs to the class.
    let search_from = first + usize::from(characters.get(first) == Some(&']'));
    let length = characters.get(search_from..)?.iter().position(|character| *character == ']')?;
    let end = search_from + length;
    let inside = characters.get(first..end)?;
    Some((One::Class { negated, ranges: ranges(inside) }, end + 1))
}

/// The ranges of a class, single characters among them. Python cuts at each hyphen that may join a range; an empty
/// range (`c-a`) is left out.
fn ranges(inside: &[char]) -> Vec<(char, char)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(low) = inside.get(at) {
        let high = inside.get(at + 2).filter(|_| inside.get(at + 1) == Some(&'-'));
        at += if high.is_some() { 3 } else { 1 };
        let high = high.unwrap_or(low);
        if low <= high {
            found.push((*low, *high));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(matches(pattern, name), expected, "{pattern:?} on {name:?}");
        };
        check("web*", "web1", true);
        check("web*", "aweb1", false);
        check("*.eu.*", "web1.eu.test", true);
        check("a?b", "a+b", true);
        check("a?b", "ab", false);
        check("[a-c]1", "b1", true);
        check("[!a-c]1", "b1", false);
        check("[]]", "]", true);
        check("a[", "a[", true);
        check("WEB", "web", false);
        check("", "", true);
        check("*", "", true);
        check("*a*b*c", "xaybzc", true);
    }
}
