//! The reports `chronyc sources` and `chronyc activity`, as CSV and as text.

use crate::clock::Nanos;
use crate::timekeeper::source::{Selection, Source, SourceKind, length_with_unit};

/// How `chronyc -c` writes that a source was never heard.
const NEVER: &str = "4294967295";

impl Source {
    /// Reads a line of `chronyc -c sources`: ten columns.
    pub fn parse_csv(line: &str) -> Option<Self> {
        let columns: Vec<&str> = line.trim_end().split(',').collect();
        let [mode, state, name, stratum, poll, reach, heard, adjusted, _measured, error] = columns.as_slice() else {
            return None;
        };
        let reach = u8::from_str_radix(reach, 8).ok()?;
        let last_heard = match *heard {
            NEVER => None,
            seconds => Some(Nanos::from_seconds_text(seconds)?),
        };
        Some(Self {
            name: (*name).to_owned(),
            kind: kind_of(mode)?,
            selection: selection_of(state)?,
            stratum: stratum.parse().ok()?,
            poll: Some(interval(poll)?),
            reach: Some(reach),
            last_heard,
            offset: Some(Nanos::from_seconds_text(adjusted)?).filter(|_| last_heard.is_some()),
            error: Some(Nanos::from_seconds_text(error)?).filter(|_| last_heard.is_some()),
        })
    }

    /// Reads a line of `chronyc sources`: `^* 10.0.0.1   1   6   17   2  -3262ns[-5123ns] +/-   20us`.
    pub fn parse_text(line: &str) -> Option<Self> {
        let (mark, rest) = line.split_at_checked(2)?;
        let (mode, state) = mark.split_at_checked(1)?;
        let mut words = rest.split_ascii_whitespace();
        let name = words.next()?.to_owned();
        let stratum = words.next()?.parse().ok()?;
        let poll = interval(words.next()?)?;
        let reach = u8::from_str_radix(words.next()?, 8).ok()?;
        // 1.x prints the age of the Unix epoch for a source that was never heard.
        let last_heard = match words.next()? {
            "-" => None,
            time => Some(ago(time)?).filter(|_| reach > 0),
        };
        let (sample, error) = rest.rsplit_once("+/-")?;
        let adjusted = sample.split_once('[')?.0.split_ascii_whitespace().next_back()?;
        Some(Self {
            name,
            kind: kind_of(mode)?,
            selection: selection_of(state)?,
            stratum,
            poll: Some(poll),
            reach: Some(reach),
            last_heard,
            offset: Some(length_with_unit(adjusted)?).filter(|_| last_heard.is_some()),
            error: Some(length_with_unit(error)?).filter(|_| last_heard.is_some()),
        })
    }
}

/// How many sources chronyd has, by what it does with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Polled.
    pub online: u32,
    /// Not polled, by command or configuration.
    pub offline: u32,
    /// In a burst, and polled afterwards.
    pub burst_online: u32,
    /// In a burst, and not polled afterwards.
    pub burst_offline: u32,
    /// Names that have no address yet; such sources are not in `sources`.
    pub unresolved: u32,
}

impl Activity {
    /// Reads the line of `chronyc -c activity`: five numbers.
    pub fn parse_csv(line: &str) -> Option<Self> {
        let numbers: Vec<u32> = line.trim_end().split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        Self::of(&numbers)
    }

    /// Reads the lines of `chronyc activity`: `3 sources online`; others are left out.
    pub fn parse_text(text: &str) -> Option<Self> {
        let count = |line: &str| line.split_once(" sources ")?.0.trim().parse().ok();
        Self::of(&text.lines().filter_map(count).collect::<Vec<u32>>())
    }

    fn of(numbers: &[u32]) -> Option<Self> {
        match *numbers {
            [online, offline, burst_online, burst_offline, unresolved] => {
                Some(Self { online, offline, burst_online, burst_offline, unresolved })
            }
            _ => None,
        }
    }
}

fn kind_of(mode: &str) -> Option<SourceKind> {
    match mode {
        "^" => Some(SourceKind::Server),
        "=" => Some(SourceKind::Peer),
        "#" => Some(SourceKind::ReferenceClock),
        _ => None,
    }
}

fn selection_of(state: &str) -> Option<Selection> {
    match state {
        "*" => Some(Selection::Selected),
        "+" => Some(Selection::Combined),
        "-" => Some(Selection::Spare),
        "x" => Some(Selection::Falseticker),
        "~" => Some(Selection::Variable),
        "?" => Some(Selection::Unusable),
        _ => None,
    }
}

/// The binary logarithm of a number of seconds, -7 to 24.
fn interval(text: &str) -> Option<Nanos> {
    let exponent: i32 = text.parse().ok()?;
    let shift = exponent.checked_abs()?.try_into().ok()?;
    let second = Nanos::from_seconds(1).0;
    let nanos = if exponent < 0 { second.checked_shr(shift) } else { second.checked_mul(1_i64.checked_shl(shift)?) };
    nanos.filter(|nanos| *nanos > 0).map(Nanos)
}

/// `17`, `13m`, `4h`, `10d`, `2y`: how long ago.
fn ago(text: &str) -> Option<Nanos> {
    let number = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit = match text.get(number.len()..)? {
        "" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "y" => 365 * 86_400,
        _ => return None,
    };
    let count: i64 = number.parse().ok()?;
    count.checked_mul(unit).filter(|seconds| (0..9_000_000_000).contains(seconds)).map(Nanos::from_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let csv = Source::parse_csv("^,x,10.105.0.31,2,6,17,2,-8.200028419,-8.200028419,0.010040498").unwrap();
        assert_eq!((csv.kind, csv.selection, csv.reach), (SourceKind::Server, Selection::Falseticker, Some(0o17)));
        assert_eq!((csv.offset, csv.error), (Some(Nanos(-8_200_028_419)), Some(Nanos(10_040_498))));
        let line = "^x 10.105.0.31                   2   6    17     2  -8200ms[-8200ms] +/-   10ms";
        let text = Source::parse_text(line).unwrap();
        let rounded = Source { offset: Some(Nanos::from_millis(-8_200)), error: Some(Nanos::from_millis(10)), ..csv };
        assert_eq!(text, rounded);
    }

    #[test]
    fn a_source_that_was_never_heard_has_no_offset() {
        let csv = Source::parse_csv("^,?,10.105.0.99,0,7,0,4294967295,0.000000000,0.000000000,0.000000000").unwrap();
        let old = Source::parse_text("^? 10.105.0.99  0   7     0   10y     +0ns[   +0ns] +/-    0ns").unwrap();
        let new = Source::parse_text("^? 10.105.0.99  0   7     0     -     +0ns[   +0ns] +/-    0ns").unwrap();
        assert!(csv.is_unreachable() && csv.last_heard.is_none() && csv.offset.is_none());
        assert_eq!((old, new), (csv.clone(), csv));
    }

    #[test]
    fn what_is_no_source_is_none() {
        for line in
            ["", "^", "MS Name/IP address         Stratum Poll Reach LastRx Last sample", "===", "1,0,0,0,0", "é"]
        {
            assert_eq!((Source::parse_csv(line), Source::parse_text(line)), (None, None), "{line}");
        }
    }

    #[test]
    fn activity_counts_names_without_an_address() {
        let expected = Activity { online: 0, offline: 1, burst_online: 0, burst_offline: 0, unresolved: 1 };
        assert_eq!(Activity::parse_csv("0,1,0,0,1"), Some(expected));
        let text = "200 OK\n0 sources online\n1 sources offline\n0 sources doing burst (return to online)\n\
                    0 sources doing burst (return to offline)\n1 sources with unknown address";
        assert_eq!(Activity::parse_text(text), Some(expected));
        assert_eq!(Activity::parse_csv("0,1,0,0"), None);
    }
}
