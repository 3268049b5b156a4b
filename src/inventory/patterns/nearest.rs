//! The name that was probably meant.

/// The name nearest to `wanted`, if any is near: at most a third of its characters differ.
pub(in crate::inventory) fn name<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().collect();
    let allowed = (wanted.len() / 3).clamp(1, 3);
    // Names of a much different length are not looked at: this keeps a large inventory cheap.
    let near = names.filter(|name| name.chars().count().abs_diff(wanted.len()) <= allowed);
    let measured = near.map(|name| (distance(&wanted, name), name));
    measured.filter(|(distance, _)| *distance <= allowed).min().map(|(_, name)| name)
}

/// Levenshtein's distance.
fn distance(wanted: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (index, character) in name.to_lowercase().chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(wanted) {
            let substituted = diagonal + usize::from(character != *other);
            diagonal = *cell;
            *cell = substituted.min(*cell + 1).min(left + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["ghosts", "web", "database", "auth-1"];
        let check = |wanted: &str, expected: Option<&str>| assert_eq!(name(wanted, names.into_iter()), expected);
        check("ghost", Some("ghosts"));
        check("wbe", None);
        check("wb", Some("web"));
        check("datebase", Some("database"));
        check("auth1", Some("auth-1"));
        check("zzz", None);
    }
}
