//! What the hosts of a cause have in common, in words.

use crate::audit::figure;
use crate::clock::Nanos;
use crate::report::escape::escaped;
use crate::report::model::{Cause, OffsetBand};

/// What the hosts of a cause have in common beside their codes.
pub(in crate::report) fn shared(cause: &Cause) -> Vec<String> {
    let told = |word: &str, value: &Option<String>| value.as_ref().map(|value| format!("{word} {}", escaped(value)));
    let parts = [
        told("in", &cause.group),
        told("follows", &cause.upstream),
        told("on", &cause.virtualisation),
        cause.offset_band.map(|band| format!("off by {}", band_text(band))),
    ];
    parts.into_iter().flatten().collect()
}

/// `below 10 us`, `1 ms to 10 ms`, `1000 s and more`.
pub(in crate::report) fn band_text(band: OffsetBand) -> String {
    let from = figure::limit(band.from_s.0);
    match band.below_s {
        Some(below) if band.from_s.0 == Nanos::ZERO => format!("below {}", figure::limit(below.0)),
        Some(below) => format!("{from} to {}", figure::limit(below.0)),
        None => format!("{from} and more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::quantity::Seconds;

    #[test]
    fn a_band_reads_as_a_distance() {
        let check = |from: i64, below: Option<i64>, expected: &str| {
            let band = OffsetBand { from_s: Seconds(Nanos(from)), below_s: below.map(|below| Seconds(Nanos(below))) };
            assert_eq!(band_text(band), expected);
        };
        check(0, Some(10_000), "below 10 us");
        check(1_000_000, Some(10_000_000), "1 ms to 10 ms");
        check(1_000_000_000_000, None, "1000 s and more");
    }
}
