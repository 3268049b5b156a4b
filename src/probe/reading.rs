//! One reading of a host's clock as the host printed it, and the exchange that it makes with the controller's two stamps.

use super::reader::Reader;
use crate::clock::{Exchange, Nanos, UnixNanos};

/// One answer of a host: its clock, read once or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The first reading.
    pub first: UnixNanos,
    /// The last reading; `first` where there was one.
    pub last: UnixNanos,
    /// The unit of the last digit printed, 1 ns to 1 s: a reading is truncated to it.
    pub resolution: Nanos,
}

impl Reading {
    /// Reads what a reader prints: decimal seconds since 1970, once or twice, with at most nine digits after the point.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let (first, resolution) = instant(words.next()?)?;
        let (last, other) = words.next().map_or(Some((first, resolution)), instant)?;
        (words.next().is_none() && other == resolution).then_some(Self { first, last, resolution })
    }

    /// Makes the exchange of which this is the answer: `sent` was stamped just before the request was written, `received`
    /// just after the answer was read.
    pub fn exchange(self, reader: Reader, sent: UnixNanos, received: UnixNanos) -> Exchange {
        Exchange {
            sent,
            received,
            first: self.first,
            last: self.last,
            resolution: self.resolution,
            lag: reader.lag(),
            spawned: reader.spawns(),
        }
    }
}

/// An instant and the unit of its last digit. What i64 nanoseconds cannot hold (after 2262) is refused, not clamped.
fn instant(word: &str) -> Option<(UnixNanos, Nanos)> {
    let fraction = word.split_once(['.', ',']).map_or("", |(_, fraction)| fraction);
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 9)?;
    let whole_and_fraction = word.starts_with(|first: char| first.is_ascii_digit());
    let nanos = Nanos::from_seconds_text(word).filter(|nanos| whole_and_fraction && *nanos < Nanos::MAX)?;
    Some((UnixNanos(nanos.0), Nanos(10_i64.pow(9 - places))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_carry_the_unit_of_their_last_digit() {
        let check = |text: &str, expected: Option<(i64, i64, i64)>| {
            let reading = Reading::parse(text).map(|reading| (reading.first.0, reading.last.0, reading.resolution.0));
            assert_eq!(reading, expected, "{text:?}");
        };
        check("1700000000.123456", Some((1_700_000_000_123_456_000, 1_700_000_000_123_456_000, 1_000)));
        check("1700000000,123456", Some((1_700_000_000_123_456_000, 1_700_000_000_123_456_000, 1_000)));
        check("1.000000001 1.000000002", Some((1_000_000_001, 1_000_000_002, 1)));
        check("0", Some((0, 0, 1_000_000_000)));
        for bad in ["", "now", "-1", "+1", ".5", "1.0000000001", "1 2 3", "1 2.5", "1e9", "1.5 x", "99999999999"] {
            check(bad, None);
        }
    }
}
