//! Instants as ticket systems write them.

use chrono::{DateTime, NaiveDateTime};

use crate::clock::UnixNanos;

/// Forms without a time zone: these systems write UTC.
const IN_UTC: [&str; 4] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d.%H:%M:%S", "%Y-%m-%d.%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ"];
/// What RT writes where something has not happened.
const NEVER: i64 = 0;

/// The instant; none for what is no instant, and for the beginning of 1970, which stands for never.
pub(super) fn read(text: &str) -> Option<UnixNanos> {
    let zoned =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    let utc = || IN_UTC.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let nanos = match zoned {
        Ok(zoned) => zoned.timestamp_nanos_opt(),
        Err(_) => utc()?.and_utc().timestamp_nanos_opt(),
    };
    nanos.filter(|nanos| *nanos != NEVER).map(UnixNanos)
}

/// The instant of a `Date` header.
pub(super) fn of_header(text: &str) -> Option<UnixNanos> {
    DateTime::parse_from_rfc2822(text).ok()?.timestamp_nanos_opt().map(UnixNanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_systems_form_is_read() {
        let noon = Some(UnixNanos(1_796_040_000_000_000_000));
        let check = |text: &str, expected: Option<UnixNanos>| assert_eq!(read(text), expected, "{text}");
        check("2026-11-30T12:00:00Z", noon);
        check("2026-11-30T13:00:00.000+01:00", noon);
        check("2026-11-30T13:00:00.000+0100", noon);
        check("2026-11-30 12:00:00", noon);
        check("2026-11-30.12:00:00", noon);
        check("2026-11-30.12:00:00.000", noon);
        check("1970-01-01T00:00:00Z", None);
        check("yesterday", None);
        check("", None);
        assert_eq!(of_header("Mon, 30 Nov 2026 12:00:00 GMT"), noon);
        assert_eq!(of_header("noon"), None);
    }
}
