//! Whatever a bare `date` prints, where a host runs nothing else: one line of it is a date with its zone, or the answer is
//! refused.

use super::reading::Reading;
use super::transcript::MAX_NOISE;
use crate::clock::{CivilTime, Nanos, UnixNanos};

/// The longest line that is looked at.
const MAX_DATE: usize = 80;

/// Reads the output of `date`: the one line in it that is a date as a whole, in UTC, GMT or with a numeric zone, or seconds
/// since 1970. The order of the words does not matter: `Tue Nov 24 15:41:08 UTC 2026`, `Tue, 24 Nov 2026 15:41:08 +0000`,
/// `2026-11-24T15:41:08+01:00`, `Tue 24 Nov 2026 03:41:08 PM UTC`, `1795534868` are read.
///
/// A date without a zone, or with a name other than UTC and GMT, is refused, and so are two different ones: a message of
/// the day may hold another. A clock's reading lies within the second that is printed.
pub fn fallback(output: &[u8]) -> Option<Reading> {
    let text = std::str::from_utf8(output).ok().filter(|text| text.len() <= MAX_NOISE)?;
    let mut readings = text.lines().filter_map(|line| reading_of(line.trim()));
    let reading = readings.next()?;
    readings.all(|other| other == reading).then_some(reading)
}

fn reading_of(line: &str) -> Option<Reading> {
    if line.len() > MAX_DATE {
        return None;
    }
    if let Some(reading) = Reading::parse(line) {
        return Some(reading);
    }
    let at = words_of(line)?.instant()?;
    Some(Reading { first: at, last: at, resolution: Nanos::from_seconds(1) })
}

/// The words of a date, each at most once.
#[derive(Debug, Default)]
struct Words {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    time: Option<[i64; 3]>,
    afternoon: Option<bool>,
    /// Seconds east of Greenwich.
    zone: Option<i64>,
}

impl Words {
    fn instant(&self) -> Option<UnixNanos> {
        let [hour, minute, second] = self.time?;
        let hour = match self.afternoon {
            None => hour,
            Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
            Some(_) => return None,
        };
        let civil = CivilTime { year: self.year?, month: self.month?, day: self.day?, hour, minute, second };
        civil
            .instant()
            .map(|local| local - Nanos::from_seconds(self.zone.unwrap_or_default()))
            .filter(|_| self.zone.is_some())
    }
}

fn words_of(line: &str) -> Option<Words> {
    let mut words = Words::default();
    for word in line.split_ascii_whitespace() {
        match word.split_once('T').filter(|(date, _)| date.starts_with(|first: char| first.is_ascii_digit())) {
            Some((date, time)) => read_word(date, &mut words).and_then(|()| read_word(time, &mut words))?,
            None => read_word(word, &mut words)?,
        }
    }
    Some(words)
}

/// Puts a word where it belongs; `None` where it has no meaning, or its place is taken.
fn read_word(word: &str, words: &mut Words) -> Option<()> {
    let word = word.trim_end_matches(',');
    if word.contains(':') && word.starts_with(|first: char| first.is_ascii_digit()) {
        let zone_at = word.find(['+', '-', 'Z']).unwrap_or(word.len());
        let (time, zone) = word.split_at_checked(zone_at)?;
        put(&mut words.time, time_of(time)?)?;
        return if zone.is_empty() { Some(()) } else { put(&mut words.zone, zone_of(zone)?) };
    }
    if let Some(zone) = zone_of(word) {
        return put(&mut words.zone, zone);
    }
    if let Some(month) = CivilTime::month_of(word) {
        return put(&mut words.month, month);
    }
    if word.contains('-') {
        let [year, month, day] = numbers(word, '-')?;
        put(&mut words.year, year)?;
        put(&mut words.month, month)?;
        return put(&mut words.day, day);
    }
    match word {
        "AM" | "am" => put(&mut words.afternoon, false),
        "PM" | "pm" => put(&mut words.afternoon, true),
        "Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun" => Some(()),
        _ if word.len() == 4 => put(&mut words.year, number(word)?),
        _ if word.len() <= 2 => put(&mut words.day, number(word)?),
        _ => None,
    }
}

fn put<Value>(place: &mut Option<Value>, value: Value) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn numbers<const COUNT: usize>(text: &str, separator: char) -> Option<[i64; COUNT]> {
    let numbers: Vec<i64> = text.split(separator).map(number).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// `15:41:08`; a fraction of the second is left out.
fn time_of(text: &str) -> Option<[i64; 3]> {
    let (seconds, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    number(fraction).filter(|_| !fraction.is_empty()).or_else(|| fraction.is_empty().then_some(0))?;
    numbers(seconds, ':')
}

/// `UTC`, `GMT`, `Z`, `+01:00`, `-0530`, `+01`: seconds east of Greenwich.
fn zone_of(text: &str) -> Option<i64> {
    if matches!(text, "UTC" | "GMT" | "Z") {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let digits = digits.replacen(':', "", 1);
    let hours = number(digits.get(..2)?)?;
    let minutes = match digits.get(2..)? {
        "" => 0,
        minutes if minutes.len() == 2 => number(minutes)?,
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_a_zone_are_read() {
        let check = |text: &str, expected: Option<i64>| {
            let reading = fallback(text.as_bytes());
            assert_eq!(
                reading.map(|reading| reading.first.0),
                expected.map(|seconds| seconds * 1_000_000_000),
                "{text:?}"
            );
            assert!(reading.is_none_or(|reading| reading.resolution == Nanos::from_seconds(1)), "{text:?}");
        };
        let at = Some(1_795_534_868);
        check("Tue Nov 24 15:41:08 UTC 2026\n", at);
        check("Tue Nov 24 15:41:08 GMT 2026\r\n", at);
        check("Tue Nov 24 03:41:08 PM UTC 2026\n", at);
        check("Tue 24 Nov 2026 03:41:08 PM UTC", at);
        check("Tue Nov 24 16:41:08 +01 2026\n", at);
        check("Tue, 24 Nov 2026 15:41:08 +0000\n", at);
        check("Tue, 24 Nov 2026 21:11:08 +0530\n", at);
        check("2026-11-24T15:41:08Z", at);
        check("2026-11-24T10:41:08-05:00", at);
        check("2026-11-24T10:41:08,123456789-05:00", at);
        check("2026-11-24 16:41:08+01:00", at);
        check("2026-11-24 15:41:08.5 UTC", at);
        check("1795534868\n", at);
        check("Welcome!\nLast login: Tue Nov 24 15:00:00 2026 from 10.0.0.1\n1795534868\n", at);
        check("Thu Jan  1 00:00:00 UTC 1970", Some(0));
        check("Tue Nov 24 12:00:00 AM UTC 2026", Some(1_795_478_400));
        for refused in [
            "",
            "hello",
            "Tue Nov 24 15:41:08 2026",
            "Tue Nov 24 15:41:08 CET 2026",
            "Tue Nov 24 13:41:08 PM UTC 2026",
            "Tue Nov 31 15:41:08 UTC 2026",
            "Tue Nov 24 24:41:08 UTC 2026",
            "Nov Nov 24 15:41:08 UTC 2026",
            "1795534868\n1795534869\n",
            "2026-11-24",
            "command not allowed",
        ] {
            check(refused, None);
        }
    }
}
