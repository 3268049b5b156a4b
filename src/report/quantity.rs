//! Durations, rates and instants as the report writes them: decimal text that loses nothing, never a float.
//!
//! A duration goes through f64 nowhere: a clock of 1970 is 1.7e9 s off, where f64 loses 238 ns and bounds round inwards.
//! serde reads raw JSON only in plain structs, not in flattened, untagged or internally tagged types.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::clock::{Nanos, Ppm, UnixNanos, decimal};

/// A length of time: a JSON number of seconds with exactly nine digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Nanos);

/// Seconds since 1970 as somebody else wrote them: a JSON number, that of a length of time where it is none beyond that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimedSeconds {
    /// Within what nanoseconds of 64 bits hold.
    Near(Seconds),
    /// Beyond: the number as it was written.
    Far(String),
}

/// A rate: a JSON number of ppm with exactly three digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartsPerMillion(pub Ppm);

/// An instant: RFC 3339 text in UTC with nine digits after the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub UnixNanos);

impl Instant {
    /// The text form, `2026-11-24T16:00:00.000000000Z`.
    pub fn to_text(self) -> String {
        DateTime::<Utc>::from_timestamp_nanos(self.0.0).to_rfc3339_opts(SecondsFormat::Nanos, true)
    }

    /// Reads the text form; `None` for anything else, and for instants that i64 nanoseconds cannot hold.
    pub fn from_text(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        instant.timestamp_nanos_opt().map(|nanos| Self(UnixNanos(nanos)))
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_seconds_text()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        decimal::seconds(raw.get()).map(Self).ok_or_else(|| D::Error::custom(format!("`{raw}` is not decimal seconds")))
    }
}

impl Serialize for ClaimedSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Near(seconds) => seconds.serialize(serializer),
            Self::Far(number) => RawValue::from_string(number.clone()).map_err(S::Error::custom)?.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClaimedSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let is_number = raw.get().parse::<f64>().is_ok();
        match decimal::seconds(raw.get()).filter(|length| length.abs() != Nanos::MAX) {
            Some(length) => Ok(Self::Near(Seconds(length))),
            None if is_number => Ok(Self::Far(raw.get().to_owned())),
            None => Err(D::Error::custom("this is no number of seconds")),
        }
    }
}

impl Serialize for PartsPerMillion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_ppm_text()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PartsPerMillion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let scaled = decimal::seconds(raw.get());
        let ppb = scaled.map(|nanos| nanos.0 / READ_DIGITS_PAST_PPB);
        ppb.map(|ppb| Self(Ppm::from_ppb(ppb))).ok_or_else(|| D::Error::custom(format!("`{raw}` is not decimal ppm")))
    }
}

/// Decimal text is read with nine digits after the point, a rate has three: this many of the one make one of the other.
const READ_DIGITS_PAST_PPB: i64 = 1_000_000;

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not an RFC 3339 instant")))
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "Seconds, written with exactly nine digits after the point from whole nanoseconds. Read it digit by digit: a 64-bit float loses nanoseconds of great values."
        })
    }
}

impl JsonSchema for ClaimedSeconds {
    fn schema_name() -> Cow<'static, str> {
        "ClaimedSeconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "Seconds since 1970, written with exactly nine digits after the point; beyond the years 1677 to 2262 as the token has them."
        })
    }
}

impl JsonSchema for PartsPerMillion {
    fn schema_name() -> Cow<'static, str> {
        "PartsPerMillion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "Parts per million, written with exactly three digits after the point; positive = fast."
        })
    }
}

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{9}Z$",
            "description": "RFC 3339, UTC, with nanoseconds."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        offset_s: Seconds,
        rate_ppm: PartsPerMillion,
        none_s: Option<Seconds>,
        at: Instant,
    }

    #[test]
    fn numbers_of_other_programs_are_read() {
        let check = |text: &str, expected: Option<i64>| {
            let found = serde_json::from_str::<Seconds>(text).ok();
            assert_eq!(found, expected.map(|nanos| Seconds(Nanos(nanos))), "{text}");
        };
        check("8.26e-07", Some(826));
        check("-8.26E-7", Some(-826));
        check("1e3", Some(1_000_000_000_000));
        check("-1.795000000123456789e9", Some(-1_795_000_000_123_456_789));
        check("12.5e-1", Some(1_250_000_000));
        check("0.000000826", Some(826));
        check("1e-30", Some(0));
        check("1e99", None);
    }

    #[test]
    fn values_survive_the_way_through_json_to_the_last_digit() {
        let check = |nanos: i64, ppb: i64, text: &str| {
            let sample = Sample {
                offset_s: Seconds(Nanos(nanos)),
                rate_ppm: PartsPerMillion(Ppm::from_ppb(ppb)),
                none_s: None,
                at: Instant(UnixNanos(nanos)),
            };
            let written = serde_json::to_string(&sample).unwrap();
            assert_eq!(written, text);
            assert_eq!(serde_json::from_str::<Sample>(&written).unwrap(), sample);
        };
        check(
            -1_795_000_000_123_456_789,
            -11_574,
            r#"{"offset_s":-1795000000.123456789,"rate_ppm":-11.574,"none_s":null,"at":"1913-02-13T12:53:19.876543211Z"}"#,
        );
        check(1, 1, r#"{"offset_s":0.000000001,"rate_ppm":0.001,"none_s":null,"at":"1970-01-01T00:00:00.000000001Z"}"#);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["\"1.0\"", "true", "[]"] {
            assert!(serde_json::from_str::<Seconds>(text).is_err(), "{text}");
            assert!(serde_json::from_str::<PartsPerMillion>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Instant>("\"yesterday\"").is_err());
    }
}
