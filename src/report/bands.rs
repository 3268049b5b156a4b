//! Distances from the reference by decades: below 10 us, 10 us to 100 us, ..., 1000 s and beyond.

use super::model::{Host, OffsetBand};
use super::quantity::Seconds;
use crate::clock::Nanos;

/// Where the decades begin, behind the first.
const STARTS: [i64; 9] = [
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
];

/// All decades, the nearest first.
pub fn all() -> impl Iterator<Item = OffsetBand> {
    let starts = std::iter::once(0).chain(STARTS);
    let ends = STARTS.into_iter().map(Some).chain([None]);
    starts.zip(ends).map(|(from, below)| OffsetBand {
        from_s: Seconds(Nanos(from)),
        below_s: below.map(|below| Seconds(Nanos(below))),
    })
}

/// The decade that a host's point estimate lies in; `None` where it has no offset.
pub fn band(host: &Host) -> Option<OffsetBand> {
    let distance = distance(host)?;
    all().find(|band| band.below_s.is_none_or(|below| distance < below.0))
}

/// How far a host's point estimate is from the reference, whichever way; `None` where it has no offset.
pub fn distance(host: &Host) -> Option<Nanos> {
    Some(host.clock.as_ref()?.offset_s?.0.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decades_leave_nothing_out_and_do_not_overlap() {
        let bands: Vec<OffsetBand> = all().collect();
        assert_eq!(bands.len(), STARTS.len() + 1);
        assert_eq!(bands.first().map(|band| band.from_s.0), Some(Nanos::ZERO));
        assert_eq!(bands.last().map(|band| band.below_s), Some(None));
        for pair in bands.windows(2) {
            assert_eq!(pair[0].below_s, Some(pair[1].from_s));
        }
    }
}
