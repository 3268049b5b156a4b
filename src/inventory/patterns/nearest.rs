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

/// How many characters were left out, put in, changed, or swapped with their neighbour.
fn distance(wanted: &[char], name: &str) -> usize {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    // The row of the character before, and of the one before that.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=wanted.len()).collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    for (index, character) in name.iter().enumerate() {
        let mut row = vec![index + 1];
        for (column, other) in wanted.iter().enumerate() {
            let changed = at(&last, column) + usize::from(character != other);
            let mut cost = changed.min(at(&last, column + 1) + 1).min(at(&row, column) + 1);
            let neighbours = (index.checked_sub(1).and_then(|index| name.get(index)), column.checked_sub(1));
            if let (Some(previous), Some(left)) = neighbours
                && previous == other
                && wanted.get(left) == Some(character)
            {
                cost = cost.min(at(&before, left) + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["ghosts", "web", "database", "auth-1"];
        let check = |wanted: &str, expected: Option<&str>| assert_eq!(name(wanted, names.into_iter()), expected);
        check("ghost", Some("ghosts"));
        check("wbe", Some("web"));
        check("databsae", Some("database"));
        check("bew", None);
        check("wb", Some("web"));
        check("datebase", Some("database"));
        check("auth1", Some("auth-1"));
        check("zzz", None);
    }
}
