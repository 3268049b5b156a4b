//! Numbers of JSON, digit by digit: nothing of them goes through a float.

use std::borrow::Cow;

use super::Nanos;

/// Digits before or behind the point that a number of seconds can need.
const MOST_DIGITS: i32 = 40;

/// A JSON number without its exponent: other programs write `0.000000826` as `8.26e-07`. `None` where the exponent is beyond
/// any length of time.
pub fn without_exponent(number: &str) -> Option<Cow<'_, str>> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return Some(Cow::Borrowed(number)) };
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= MOST_DIGITS)?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let shift = usize::try_from(exponent.unsigned_abs()).ok()?;
    Some(Cow::Owned(if exponent < 0 {
        let padded = format!("{:0>1$}", whole, shift + 1);
        let (whole, moved) = padded.split_at_checked(padded.len().checked_sub(shift)?)?;
        format!("{sign}{whole}.{moved}{fraction}")
    } else {
        let padded = format!("{fraction:0<shift$}");
        let (moved, fraction) = padded.split_at_checked(shift)?;
        format!("{sign}{whole}{moved}.{fraction}")
    }))
}

/// A JSON number of seconds, what is finer than a nanosecond dropped. `None` for what is no number.
pub fn seconds(number: &str) -> Option<Nanos> {
    without_exponent(number).and_then(|text| Nanos::from_seconds_text(&text))
}
