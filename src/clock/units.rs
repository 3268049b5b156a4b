//! Units of time and rate: integers of nanoseconds and of parts per billion, never floating point.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

/// Nanoseconds in one second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A signed length of time in nanoseconds; arithmetic saturates.
///
/// As an offset it is positive where the host is ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub i64);

impl Nanos {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest length that can be held, about 292 years.
    pub const MAX: Self = Self(i64::MAX);

    /// Makes a length of whole microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// Makes a length of whole milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Makes a length of whole seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Narrows a 128-bit result to the nearest length that can be held.
    pub fn saturating_from(nanos: i128) -> Self {
        let narrowed = i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX });
        Self(narrowed)
    }

    /// Reads decimal seconds (`-1.5`, `+0.000000013`, `12`) digit by digit.
    ///
    /// Digits past the ninth after the point are dropped. Returns `None` for anything else, exponents included.
    pub fn from_seconds_text(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mut nanos: i128 = 0;
        for byte in whole.bytes() {
            nanos = nanos.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        for index in 0..9 {
            let digit = fraction.as_bytes().get(index).map_or(0, |byte| byte - b'0');
            nanos = nanos.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        Some(Self::saturating_from(if negative { -nanos } else { nanos }))
    }

    /// Writes decimal seconds with exactly nine digits after the point: the form of every `_s` key of the report.
    pub fn to_seconds_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let second = NANOS_PER_SECOND.unsigned_abs();
        format!("{sign}{}.{:09}", magnitude / second, magnitude % second)
    }

    /// The length without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// This length as seconds, for pictures and for people; loses digits.
    #[expect(clippy::cast_precision_loss, reason = "for people only; nothing is computed from it")]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// How far a clock can wander in this length of time at `rate`, rounded up; never negative.
    #[must_use]
    pub fn wander(self, rate: Ppm) -> Self {
        let product = i128::from(self.0.unsigned_abs()) * i128::from(rate.0.unsigned_abs());
        let billion = i128::from(NANOS_PER_SECOND);
        Self::saturating_from((product + billion - 1) / billion)
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Nanos {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} s", self.to_seconds_text())
    }
}

/// An instant in nanoseconds since 1970-01-01T00:00:00 UTC: a clock's reading, or a point of the controller's frozen axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub i64);

impl UnixNanos {
    /// The length from `earlier` to this instant; negative if `earlier` is later.
    pub fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// The instant half-way between two, rounded towards the earlier.
    #[must_use]
    pub fn midpoint(self, other: Self) -> Self {
        let sum = i128::from(self.0) + i128::from(other.0);
        Self(Nanos::saturating_from(sum.div_euclid(2)).0)
    }
}

impl Add<Nanos> for UnixNanos {
    type Output = Self;
    fn add(self, length: Nanos) -> Self {
        Self(self.0.saturating_add(length.0))
    }
}

impl Sub<Nanos> for UnixNanos {
    type Output = Self;
    fn sub(self, length: Nanos) -> Self {
        Self(self.0.saturating_sub(length.0))
    }
}

/// A rate error, shown in parts per million and held in parts per billion (one thousandth of that); positive = fast. It is
/// made by the constructor that names the unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(i64);

impl Ppm {
    /// Makes a rate of whole parts per million.
    pub const fn from_ppm(ppm: i64) -> Self {
        Self(ppm.saturating_mul(1_000))
    }

    /// Makes a rate of parts per billion.
    pub const fn from_ppb(ppb: i64) -> Self {
        Self(ppb)
    }

    /// This rate in parts per billion.
    pub const fn ppb(self) -> i64 {
        self.0
    }

    /// Writes the rate in ppm with exactly three digits after the point: the form of every `_ppm` key of the report.
    pub fn to_ppm_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        format!("{sign}{}.{:03}", magnitude / 1_000, magnitude % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_text_is_read_digit_by_digit() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(Nanos::from_seconds_text(text), expected.map(Nanos), "{text:?}");
        };
        check("1.5", Some(1_500_000_000));
        check("-1.5", Some(-1_500_000_000));
        check("+0.000000013", Some(13));
        check("1700000000,123456789", Some(1_700_000_000_123_456_789));
        check("1.0000000019", Some(1_000_000_001));
        check(".5", Some(500_000_000));
        check("12", Some(12_000_000_000));
        check("99999999999999999999", Some(i64::MAX));
        for bad in ["", ".", "-", "1e3", "1.2.3", " 1", "0x1", "nan", "--1"] {
            check(bad, None);
        }
    }

    #[test]
    fn seconds_text_is_written_with_nine_digits() {
        assert_eq!(Nanos(-1).to_seconds_text(), "-0.000000001");
        assert_eq!(Nanos(31_536_000_000_000_001).to_seconds_text(), "31536000.000000001");
        assert_eq!(Nanos(i64::MIN).to_seconds_text(), "-9223372036.854775808");
    }

    #[test]
    fn wander_rounds_outward() {
        assert_eq!(Nanos(1).wander(Ppm::from_ppm(500)), Nanos(1));
        assert_eq!(Nanos::from_seconds(-2).wander(Ppm::from_ppm(500)), Nanos::from_millis(1));
        assert_eq!(Nanos::MAX.wander(Ppm(i64::MAX)), Nanos::MAX);
    }

    #[test]
    fn rates_are_written_with_three_digits() {
        assert_eq!(Ppm(-11_574).to_ppm_text(), "-11.574");
        assert_eq!(Ppm::from_ppm(500).to_ppm_text(), "500.000");
    }
}
