//! Figures for people: a sign, a unit, a bound, and never a digit finer than the bound.

use crate::clock::{Interval, Nanos, Ppm};

/// A unit of time that figures are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// The greatest unit of which `length` holds at least one.
    pub fn of(length: Nanos) -> Self {
        match length.0.unsigned_abs() {
            0..1_000 => Self::Nanos,
            1_000..1_000_000 => Self::Micros,
            1_000_000..1_000_000_000 => Self::Millis,
            _ => Self::Seconds,
        }
    }

    /// The unit's symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Micros => "us",
            Self::Millis => "ms",
            Self::Seconds => "s",
        }
    }

    /// How many digits after the point are one nanosecond.
    fn digits(self) -> u32 {
        match self {
            Self::Nanos => 0,
            Self::Micros => 3,
            Self::Millis => 6,
            Self::Seconds => 9,
        }
    }
}

/// A value and what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The value with its sign, in the unit asked for, without the symbol.
    pub value: String,
    /// The least bound that, two digits long, still holds all that the value's own bounds hold.
    pub bound: Nanos,
}

/// Writes an estimate with its bounds: the last digit is of the order of the bound's first, and the bound takes in
/// what the rounding left out.
pub fn estimate(value: Nanos, bounds: Interval, unit: Unit) -> Figure {
    let bound = (bounds.hi - value).max(value - bounds.lo).abs();
    let place = leading_place(bound);
    let decimals = unit.digits().saturating_sub(place);
    let place = place.max(unit.digits() - decimals);
    let rounded = round_to(value, place);
    Figure { value: signed(rounded, unit, decimals), bound: ceil_to_two_digits(bound + (value - rounded).abs()) }
}

/// Writes an estimate with its bounds in one piece: `+2.1041 s ± 0.41 ms`.
pub fn with_bound(value: Nanos, bounds: Interval) -> String {
    let unit = Unit::of(value.abs().max(bounds.half_width()));
    let figure = estimate(value, bounds, unit);
    format!("{} {} ± {}", figure.value, unit.symbol(), length(figure.bound))
}

/// Writes what a timekeeper claims of its clock, an interval of clock minus UTC, as its middle with what it leaves open.
pub fn claimed(claim: Interval) -> String {
    with_bound(claim.midpoint(), claim)
}

/// Writes a rate with its bounds: `+12 ppm ± 31 ppm`.
pub fn rate(rate: Ppm, lo: Ppm, hi: Ppm) -> String {
    // Parts per billion have three digits after the point of ppm, as nanoseconds have of microseconds.
    let bounds = Interval::new(Nanos(lo.ppb()), Nanos(hi.ppb()));
    let figure = estimate(Nanos(rate.ppb()), bounds, Unit::Micros);
    format!("{} ppm ± {} ppm", figure.value, length_in(figure.bound, Unit::Micros))
}

/// A day in seconds; no leap second is counted.
const DAY_S: i64 = 86_400;
/// The mean year of the Gregorian calendar in seconds.
const YEAR_S: i64 = 31_556_952;
/// From here on nobody reads seconds: `57 y`, not `1800000000 s`.
const LONG: Nanos = Nanos::from_seconds(10 * DAY_S);

/// Writes a length with two digits, rounded up, in the unit that fits: `0.41 ms`, `61 ms`, `57 y`.
pub fn length(length: Nanos) -> String {
    let length = length.abs();
    if length >= LONG {
        return days_or_years(length);
    }
    let length = ceil_to_two_digits(length);
    let unit = match Unit::of(length) {
        // Tenths of a millisecond read better than hundreds of microseconds.
        Unit::Micros if length.0.unsigned_abs() >= 100_000 => Unit::Millis,
        unit => unit,
    };
    format!("{} {}", length_in(length, unit), unit.symbol())
}

/// Writes a length of days or years, rounded up: `12 d`, `3.4 y`, `57 y`.
fn days_or_years(length: Nanos) -> String {
    let (size, symbol) = if length < Nanos::from_seconds(YEAR_S) { (DAY_S, "d") } else { (YEAR_S, "y") };
    let tenths = (i128::from(length.0) * 10 + i128::from(Nanos::from_seconds(size).0) - 1)
        / i128::from(Nanos::from_seconds(size).0);
    if tenths < 100 {
        format!("{}.{} {symbol}", tenths / 10, tenths % 10)
    } else {
        format!("{} {symbol}", (tenths + 9) / 10)
    }
}

/// Writes a length with two digits, rounded up, in this unit and without its symbol.
pub fn length_in(length: Nanos, unit: Unit) -> String {
    let rounded = ceil_to_two_digits(length.abs());
    let decimals = unit.digits().saturating_sub(leading_place(rounded).saturating_sub(1));
    unsigned(rounded, unit, decimals)
}

/// Writes a limit exactly, in the greatest unit that needs no point: `100 ms`, `60 s`, `250 us`.
pub fn limit(limit: Nanos) -> String {
    for (unit, size) in [(Unit::Seconds, 1_000_000_000), (Unit::Millis, 1_000_000), (Unit::Micros, 1_000)] {
        if limit.0 % size == 0 {
            return format!("{} {}", limit.0 / size, unit.symbol());
        }
    }
    if limit.0 > 1_000_000_000 {
        let text = limit.to_seconds_text();
        return format!("{} s", text.trim_end_matches('0'));
    }
    format!("{} ns", limit.0)
}

/// Writes a length of seconds with one digit after the point: `1.8 s`.
pub fn seconds(length: Nanos) -> String {
    format!("{} s", unsigned(round_to(length.abs(), 8), Unit::Seconds, 1))
}

/// Writes how long something takes at least, rounded down to two digits, in the unit that people count in: `36 s`, `2.1 h`.
pub fn at_least(length: Nanos) -> String {
    duration(length, |length| {
        let step = 10_i64.pow(leading_place(Nanos(length)).saturating_sub(1));
        length / step * step
    })
}

/// Writes how long something takes at most, rounded up to two digits: `37 s`, `2.2 h`.
pub fn at_most(length: Nanos) -> String {
    duration(length, |length| ceil_to_two_digits(Nanos(length)).0)
}

/// Writes a length of time in a unit of which there are two at least; `rounded` rounds nanoseconds to two digits.
fn duration(length: Nanos, rounded: impl Fn(i64) -> i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let length = length.0.saturating_abs();
    let (seconds, symbol) =
        UNITS.into_iter().find(|(seconds, _)| length / 1_000_000_000 >= 2 * seconds).unwrap_or((1, "s"));
    let figure = Nanos(rounded(length / seconds));
    let unit = if symbol == "s" { Unit::of(figure) } else { Unit::Seconds };
    let symbol = if symbol == "s" { unit.symbol() } else { symbol };
    format!("{} {symbol}", length_in(figure, unit))
}

/// Writes a length as people say it, rounded: `3600 s`, `1.2 s`, `120 ms`.
pub fn about(length: Nanos) -> String {
    let length = round_to(length.abs(), 6);
    match Unit::of(length) {
        Unit::Seconds if length < Nanos::from_seconds(10) => seconds(length),
        Unit::Seconds => format!("{} s", unsigned(round_to(length, 9), Unit::Seconds, 0)),
        Unit::Millis | Unit::Micros | Unit::Nanos => format!("{} ms", unsigned(length, Unit::Millis, 0)),
    }
}

/// Writes how far something is off, rounded to the nearest: whole seconds from ten on, two digits below: `3600 s`, `61 ms`.
pub fn distance(distance: Nanos) -> String {
    let distance = distance.abs();
    if distance >= LONG {
        return days_or_years(distance);
    }
    if distance >= Nanos::from_seconds(10) {
        return format!("{} s", unsigned(round_to(distance, 9), Unit::Seconds, 0));
    }
    length(round_to(distance, leading_place(distance).saturating_sub(1)))
}

/// Writes a length of whole seconds, rounded, in the greatest unit that needs no point: `1 h`, `90 min`, `30 s`.
pub fn span(length: Nanos) -> String {
    let seconds = round_to(length.abs(), 9).0 / Nanos::from_seconds(1).0;
    match seconds {
        0 => "0 s".to_owned(),
        hours if hours % 3_600 == 0 => format!("{} h", hours / 3_600),
        minutes if minutes % 60 == 0 => format!("{} min", minutes / 60),
        seconds => format!("{seconds} s"),
    }
}

/// Writes a number with the noun that it counts: `1 host`, `12 hosts`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The power of ten of the first digit of a length in nanoseconds; 0 for lengths below 10 ns.
fn leading_place(length: Nanos) -> u32 {
    length.0.unsigned_abs().checked_ilog10().unwrap_or(0)
}

fn round_to(value: Nanos, place: u32) -> Nanos {
    let step = 10_i128.pow(place);
    let value = i128::from(value.0);
    let half = if value < 0 { -step / 2 } else { step / 2 };
    Nanos::saturating_from((value + half) / step * step)
}

fn ceil_to_two_digits(length: Nanos) -> Nanos {
    let step = 10_i128.pow(leading_place(length).saturating_sub(1));
    Nanos::saturating_from((i128::from(length.0) + step - 1) / step * step)
}

fn signed(value: Nanos, unit: Unit, decimals: u32) -> String {
    let sign = if value.0 < 0 { '-' } else { '+' };
    format!("{sign}{}", unsigned(value, unit, decimals))
}

/// Writes the magnitude of a value that has already been rounded to these decimals.
fn unsigned(value: Nanos, unit: Unit, decimals: u32) -> String {
    let size = 10_u64.pow(unit.digits());
    let magnitude = value.0.unsigned_abs();
    if decimals == 0 {
        return format!("{}", magnitude / size);
    }
    let fraction = (magnitude % size) / 10_u64.pow(unit.digits().saturating_sub(decimals));
    format!("{}.{fraction:0width$}", magnitude / size, width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_ends_where_its_bound_begins() {
        let check = |value: i64, radius: i64, expected: &str| {
            let bounds = Interval::around(Nanos(value), Nanos(radius));
            assert_eq!(with_bound(Nanos(value), bounds), expected, "{value} ± {radius}");
        };
        check(2_104_100_000, 410_000, "+2.1041 s ± 0.41 ms");
        check(-3_599_998_100_000, 620_000, "-3599.9981 s ± 0.62 ms");
        check(60_000_000, 61_000_000, "+60 ms ± 61 ms");
        check(-1_234, 100, "-1.2 us ± 140 ns");
        check(31_536_000_000_000_000, 250, "+31536000.0000000 s ± 250 ns");
        check(0, 0, "+0 ns ± 0 ns");
        check(3, 0, "+3 ns ± 0 ns");
        check(-400_000, 7_000_000, "+0 ms ± 7.4 ms");
    }

    #[test]
    fn a_shown_bound_holds_what_the_true_one_holds() {
        for value in (-5_000..5_000).step_by(37) {
            for (below, above) in [(1, 9), (99, 101), (0, 4_999), (250, 0)] {
                let bounds = Interval::new(Nanos(value - below), Nanos(value + above));
                let figure = estimate(Nanos(value), bounds, Unit::Nanos);
                let shown: i64 = figure.value.parse().unwrap();
                assert!(shown - figure.bound.0 <= bounds.lo.0 && shown + figure.bound.0 >= bounds.hi.0, "{value}");
            }
        }
    }

    #[test]
    fn lengths_have_two_digits_and_round_up() {
        let check = |nanos: i64, expected: &str| assert_eq!(length(Nanos(nanos)), expected, "{nanos}");
        check(0, "0 ns");
        check(16_000, "16 us");
        check(411_000, "0.42 ms");
        check(1_201_000, "1.3 ms");
        check(61_000_000, "61 ms");
        check(999_000_000, "1.0 s");
        check(2_000_000_000, "2.0 s");
        check(137_250_000_000, "140 s");
        check(863_999_000_000_000, "870000 s");
        check(864_000_000_000_000, "10 d");
        check(900_000_000_000_001, "11 d");
        check(31_556_951_999_999_999, "366 d");
        check(31_556_952_000_000_000, "1.0 y");
        check(31_556_952_000_000_001, "1.1 y");
        check(1_795_536_000_123_456_789, "57 y");
        check(i64::MAX, "293 y");
    }

    #[test]
    fn a_rate_has_its_bound_and_no_digit_that_is_finer() {
        let check = |ppb: [i64; 3], expected: &str| {
            let [lo, value, hi] = ppb.map(Ppm::from_ppb);
            assert_eq!(rate(value, lo, hi), expected, "{ppb:?}");
        };
        check([-19_000, 12_000, 43_000], "+10 ppm ± 33 ppm");
        check([-3_400, -3_104, -2_900], "-3.1 ppm ± 0.30 ppm");
        check([-600_000_000, -4_000, 600_000_000], "+0 ppm ± 610000 ppm");
        check([0, 0, 0], "+0.000 ppm ± 0.000 ppm");
    }

    #[test]
    fn durations_are_rounded_outward_in_the_unit_that_people_count_in() {
        let check = |seconds: f64, least: &str, most: &str| {
            #[expect(clippy::cast_possible_truncation, reason = "a few days")]
            let length = Nanos((seconds * 1e9) as i64);
            assert_eq!((at_least(length).as_str(), at_most(length).as_str()), (least, most), "{seconds} s");
        };
        check(0.0, "0 ns", "0 ns");
        check(0.7561, "750 ms", "760 ms");
        check(36.4, "36 s", "37 s");
        check(119.9, "110 s", "120 s");
        check(198.0, "3.3 min", "3.3 min");
        check(7_300.0, "2.0 h", "2.1 h");
        check(1_000_000.0, "11 d", "12 d");
        assert_eq!(at_most(Nanos::MAX), "110000 d");
    }

    #[test]
    fn limits_are_exact() {
        let check = |nanos: i64, expected: &str| assert_eq!(limit(Nanos(nanos)), expected, "{nanos}");
        check(100_000_000, "100 ms");
        check(1_500_000_000, "1500 ms");
        check(250_000, "250 us");
        check(60_000_000_000, "60 s");
        check(5, "5 ns");
        check(0, "0 s");
        check(1_000_000_001, "1.000000001 s");
        assert_eq!(seconds(Nanos::from_millis(1_849)), "1.8 s");
    }

    #[test]
    fn lengths_are_said_as_people_say_them() {
        let check = |nanos: i64, said: &str, spanned: &str| {
            assert_eq!((about(Nanos(nanos)).as_str(), span(Nanos(nanos)).as_str()), (said, spanned), "{nanos}");
        };
        check(3_599_998_100_000, "3600 s", "1 h");
        check(5_400_000_000_000, "5400 s", "90 min");
        check(-30_040_000_000, "30 s", "30 s");
        check(1_240_000_000, "1.2 s", "1 s");
        check(120_400_000, "120 ms", "0 s");
        check(999_700_000, "1.0 s", "1 s");
        check(0, "0 ms", "0 s");
    }

    #[test]
    fn nouns_agree_with_their_number() {
        assert_eq!([0, 1, 2].map(|number| count(number, "host")), ["0 hosts", "1 host", "2 hosts"]);
    }
}
