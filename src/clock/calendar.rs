//! Dates of the proleptic Gregorian calendar in UTC, as programs print them: turned into instants, exactly.

use super::units::{NANOS_PER_SECOND, UnixNanos};

/// The English names of the months, as `date` and `chronyc` abbreviate them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date and a time of day, UTC, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilTime {
    /// The year, 1 to 9999.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: i64,
    /// The day of the month, from 1.
    pub day: i64,
    /// The hour, 0 to 23.
    pub hour: i64,
    /// The minute, 0 to 59.
    pub minute: i64,
    /// The second, 0 to 60: a leap second is the first of the next minute, as the kernel counts.
    pub second: i64,
}

impl CivilTime {
    /// The month of an abbreviated English name, 1 to 12.
    pub fn month_of(name: &str) -> Option<i64> {
        let index = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
        i64::try_from(index + 1).ok()
    }

    /// The instant; `None` where there is no such date or time of day, or i64 nanoseconds cannot hold it.
    pub fn instant(self) -> Option<UnixNanos> {
        let Self { year, month, day, hour, minute, second } = self;
        let in_range = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && (0..=23).contains(&hour)
            && (0..=59).contains(&minute)
            && (0..=60).contains(&second);
        if !in_range {
            return None;
        }
        let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        seconds.checked_mul(NANOS_PER_SECOND).map(UnixNanos)
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date; years counted from March, so that the leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days_of_years = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    days_of_years + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_instants() {
        let check = |text: [i64; 6], expected: Option<i64>| {
            let [year, month, day, hour, minute, second] = text;
            let instant = CivilTime { year, month, day, hour, minute, second }.instant();
            assert_eq!(instant, expected.map(|seconds| UnixNanos(seconds * NANOS_PER_SECOND)), "{text:?}");
        };
        check([1970, 1, 1, 0, 0, 0], Some(0));
        check([1969, 12, 31, 23, 59, 59], Some(-1));
        check([2000, 2, 29, 12, 0, 0], Some(951_825_600));
        check([2026, 11, 24, 15, 41, 8], Some(1_795_534_868));
        check([2016, 12, 31, 23, 59, 60], Some(1_483_228_800));
        check([2100, 3, 1, 0, 0, 0], Some(4_107_542_400));
        check([2100, 2, 29, 0, 0, 0], None);
        check([2026, 13, 1, 0, 0, 0], None);
        check([2026, 4, 31, 0, 0, 0], None);
        check([2026, 1, 1, 24, 0, 0], None);
        check([2300, 1, 1, 0, 0, 0], None);
    }

    #[test]
    fn months_are_named() {
        assert_eq!(CivilTime::month_of("Jan"), Some(1));
        assert_eq!(CivilTime::month_of("dec"), Some(12));
        assert_eq!(CivilTime::month_of("Foo"), None);
    }
}
