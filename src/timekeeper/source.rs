//! A source that a timekeeper knows, whichever timekeeper it is.

use crate::clock::Nanos;

/// What a source is to its timekeeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A server that is asked.
    Server,
    /// A peer that asks as well.
    Peer,
    /// A clock that hangs on the host itself: PHC, PPS, shared memory.
    ReferenceClock,
}

/// What its timekeeper makes of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Selection {
    /// The one that the clock follows.
    Selected,
    /// Combined with the one that is followed.
    Combined,
    /// Good, and not used.
    Spare,
    /// Its time contradicts that of the majority, or there is no majority: a falseticker.
    Falseticker,
    /// Its time varies too much.
    Variable,
    /// It cannot be used: it does not answer, is not synchronised or is too far away.
    Unusable,
}

impl Selection {
    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Selected => "selected",
            Self::Combined => "combined",
            Self::Spare => "spare",
            Self::Falseticker => "falseticker",
            Self::Variable => "too variable",
            Self::Unusable => "unusable",
        }
    }
}

/// One source of a timekeeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name or address, as the timekeeper shows it; remote text, not escaped.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// What the timekeeper makes of it.
    pub selection: Selection,
    /// Its stratum; 0 or 16 where nothing is known of it.
    pub stratum: u8,
    /// How long from one poll to the next; `None` where that is not told.
    pub poll: Option<Nanos>,
    /// Which of its last eight polls were answered, the newest in the lowest bit; `None` where that is not told.
    pub reach: Option<u8>,
    /// How long ago it was last heard; `None` = never, or not told.
    pub last_heard: Option<Nanos>,
    /// The clock minus the source, as the timekeeper measured it; positive = the host is ahead. For chronyd the clock is
    /// the one that it keeps, which is the system's only once nothing is left to correct.
    pub offset: Option<Nanos>,
    /// Half the width of what that offset may be.
    pub error: Option<Nanos>,
}

impl Source {
    /// Whether none of its last eight polls was answered.
    pub fn is_unreachable(&self) -> bool {
        self.reach == Some(0)
    }

    /// Whether the clock follows it, alone or with others.
    pub fn is_followed(&self) -> bool {
        matches!(self.selection, Selection::Selected | Selection::Combined)
    }
}

/// A length with its unit, as timekeepers print it: `-3262ns`, `20us`, `100.031ms`, `5s`.
pub(super) fn length_with_unit(text: &str) -> Option<Nanos> {
    let text = text.trim();
    let digits = text.trim_end_matches(|symbol: char| symbol.is_ascii_alphabetic());
    let scale: i64 = match text.get(digits.len()..)? {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    };
    scaled(digits.trim_start_matches('+'), scale)
}

/// A decimal number of units that are `scale` nanoseconds long.
pub(super) fn scaled(number: &str, scale: i64) -> Option<Nanos> {
    // Read as seconds, a number of any unit has its digits in billionths of that unit.
    let billionths = Nanos::from_seconds_text(number)?;
    let nanos = i128::from(billionths.0) * i128::from(scale) / 1_000_000_000;
    i64::try_from(nanos).ok().filter(|nanos| nanos.abs() < i64::MAX).map(Nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_their_unit() {
        let check =
            |text: &str, expected: Option<i64>| assert_eq!(length_with_unit(text), expected.map(Nanos), "{text}");
        check("-3262ns", Some(-3_262));
        check("+0ns", Some(0));
        check(" 20us", Some(20_000));
        check("5000ms", Some(5_000_000_000));
        check("100.031ms", Some(100_031_000));
        check("+200.088ms", Some(200_088_000));
        check("5s", Some(5_000_000_000));
        check("5", None);
        check("5 min", None);
        check("ms", None);
        check("", None);
    }
}
