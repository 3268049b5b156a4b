//! Marzullo's sweep: the values that most of a set of closed intervals share.

/// The region that most intervals cover, the least one where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overlap<Value> {
    /// Its least value.
    pub(super) from: Value,
    /// Its greatest value.
    pub(super) to: Value,
    /// How many intervals cover it.
    pub(super) count: usize,
}

/// Finds where most of the intervals (from, to) overlap; `None` without intervals.
///
/// No other interval meets the region found: it would make a part of it deeper still.
pub(super) fn most_covered<Value: Ord + Copy>(
    intervals: impl IntoIterator<Item = (Value, Value)>,
) -> Option<Overlap<Value>> {
    let mut ends: Vec<(Value, bool)> =
        intervals.into_iter().flat_map(|(from, to)| [(from, false), (to, true)]).collect();
    // At equal values the openings come first: closed intervals that touch share a point.
    ends.sort_unstable();
    let (mut depth, mut most) = (0_usize, 0_usize);
    let mut opened: Option<Value> = None;
    let mut found = None;
    for (value, closes) in ends {
        if closes {
            if let Some(from) = opened.take() {
                found = Some(Overlap { from, to: value, count: most });
            }
            depth = depth.saturating_sub(1);
        } else {
            depth += 1;
            if depth > most {
                most = depth;
                opened = Some(value);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_deepest_regions_is_found() {
        let check = |intervals: &[(i64, i64)], expected: Option<(i64, i64, usize)>| {
            let found = most_covered(intervals.iter().copied());
            assert_eq!(found.map(|one| (one.from, one.to, one.count)), expected, "{intervals:?}");
        };
        check(&[], None);
        check(&[(3, 5)], Some((3, 5, 1)));
        check(&[(0, 4), (4, 9)], Some((4, 4, 2)));
        check(&[(0, 4), (5, 9)], Some((0, 4, 1)));
        check(&[(0, 9), (1, 3), (6, 8)], Some((1, 3, 2)));
        check(&[(0, 9), (1, 3), (6, 8), (7, 12)], Some((7, 8, 3)));
    }
}
