//! The report as JSON: written in full, read exactly, refused where it is of a kind that this program does not know.

use std::fmt::Write as _;

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use super::escape::{escaped, is_invisible};
use super::model::{Report, SCHEMA, Verdict};
use super::quantity::Seconds;

/// Why a stored report cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The text is no JSON object with a `schema`.
    #[error("not a clockaudit report: {0}")]
    NotAReport(String),
    /// A report of another major version.
    #[error("the report is of format `{0}`, this clockaudit reads `{SCHEMA}`")]
    UnknownMajor(String),
    /// A report of the right version with something wrong in it.
    #[error("the report is damaged: {0}")]
    Damaged(String),
    /// A report whose numbers are not those of its hosts.
    #[error(
        "the report contradicts itself: `summary.counts.{verdict}` is {told}, and of its hosts {found} are {verdict}"
    )]
    Contradictory {
        /// Whose number it is.
        verdict: &'static str,
        /// The number.
        told: usize,
        /// How many there are.
        found: usize,
    },
    /// Bounds of which the lower one is above the upper one.
    #[error("the report contradicts itself: the bounds of {0} have `lo_s` above `hi_s`")]
    Reversed(String),
}

/// The only part of a report that every version shares.
#[derive(Deserialize)]
#[serde(expecting = "an object with `schema`")]
struct Envelope {
    schema: String,
}

/// Writes the report, one value a line, with a line end.
pub fn write(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = harmless(&serde_json::to_string_pretty(report)?);
    text.push('\n');
    Ok(text)
}

/// Writes what would steer a terminal as `\u…`: JSON allows most of it as it is, and a report is also looked at. Such
/// characters stand in strings only, but for the line ends between values.
pub(super) fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !(character.is_control() || is_invisible(character)) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Reads a stored report; fields that a later minor version added are passed over.
///
/// A byte order mark in front, which some editors write, is passed over (RFC 8259, 8.1).
pub fn read(text: &str) -> Result<Report, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| ReadError::NotAReport(error.to_string()))?;
    if envelope.schema != SCHEMA {
        return Err(ReadError::UnknownMajor(envelope.schema));
    }
    serde_json::from_str(text).map_err(|error| ReadError::Damaged(error.to_string()))
}

/// Refuses a report whose numbers of hosts are not those of its hosts, or whose bounds hold nothing, as one that was edited: what is
/// told of it would be of neither.
pub fn check_sense(report: &Report) -> Result<(), ReadError> {
    let controller = &report.run.controller;
    let clocks = report.hosts.iter().filter_map(|host| Some((host.name.as_str(), host.clock.as_ref()?)));
    let bounds = clocks.map(|(name, clock)| (name, clock.lo_s, clock.hi_s));
    let bounds = bounds.chain([("the controller", controller.lo_s, controller.hi_s)]);
    let is_reversed = |(_, lo, hi): &(_, Option<Seconds>, Option<Seconds>)| lo.zip(*hi).is_some_and(|(lo, hi)| lo > hi);
    if let Some((name, ..)) = bounds.into_iter().find(is_reversed) {
        return Err(ReadError::Reversed(escaped(name)));
    }
    let counts = report.summary.counts;
    let told = [
        ("ok", Verdict::Ok, counts.ok),
        ("warn", Verdict::Warn, counts.warn),
        ("crit", Verdict::Crit, counts.crit),
        ("undecided", Verdict::Undecided, counts.undecided),
        ("down", Verdict::Down, counts.down),
    ];
    for (verdict, of, told) in told {
        let found = report.hosts.iter().filter(|host| host.verdict == of).count();
        if found != told {
            return Err(ReadError::Contradictory { verdict, told, found });
        }
    }
    Ok(())
}

/// The JSON Schema of the report, as `docs/report-schema.json` holds it.
pub fn schema() -> Result<String, serde_json::Error> {
    schema_of::<Report>()
}

/// The JSON Schema of what a command prints, with a line end.
pub fn schema_of<Printed: JsonSchema>() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&schema_for!(Printed))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_in_ascii_and_read_back() {
        for text in ["\u{1b}[2J", "\u{9b}2J", "\u{7f}", "ok\u{202e}", "\u{e0001}", "fine ± µs"] {
            let json = harmless(&serde_json::to_string(text).expect("a string"));
            assert!(json.chars().all(|character| !character.is_control() && !is_invisible(character)), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).expect("a string"), text);
        }
    }

    #[test]
    fn bounds_that_hold_nothing_are_refused() {
        let mut report = read(include_str!("../../tests/data/reports/0.1.0.json")).expect("a stored report");
        let host = report.hosts.iter_mut().find(|host| host.clock.is_some()).expect("a host that was measured");
        let clock = host.clock.as_mut().expect("a clock");
        (clock.lo_s, clock.hi_s) = (clock.hi_s, clock.lo_s);
        let expected = ReadError::Reversed(host.name.clone());
        assert_eq!(check_sense(&report), Err(expected));
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let text = format!("\u{feff}{}", include_str!("../../tests/data/reports/0.1.0.json"));
        assert!(read(&text).is_ok());
    }

    #[test]
    fn numbers_that_are_not_those_of_the_hosts_are_refused() {
        let report = read(include_str!("../../tests/data/reports/0.1.0.json")).expect("a stored report");
        assert_eq!(check_sense(&report), Ok(()));
        let check = |change: fn(&mut Report), expected: &str| {
            let mut report = report.clone();
            change(&mut report);
            assert_eq!(check_sense(&report).expect_err("refused").to_string(), expected);
        };
        let words = |verdict: &str, told: usize, found: usize| {
            let first = "the report contradicts itself: `summary.counts.";
            format!("{first}{verdict}` is {told}, and of its hosts {found} are {verdict}")
        };
        check(|report| report.summary.counts.ok = 7, &words("ok", 7, 6));
        check(|report| report.hosts.retain(|host| host.verdict != Verdict::Down), &words("down", 2, 0));
        check(|report| report.hosts.clear(), &words("ok", 6, 0));
    }

    #[test]
    fn what_is_no_report_of_this_major_is_refused_in_words() {
        let check = |text: &str, expected: &str| {
            let message = read(text).expect_err("refused").to_string();
            assert!(message.contains(expected), "{text}: {message}");
        };
        check("", "not a clockaudit report");
        check("[]", "not a clockaudit report: invalid length 0, expected an object with `schema`");
        check(
            r#"{"schema": "clockaudit.report/2"}"#,
            "of format `clockaudit.report/2`, this clockaudit reads `clockaudit.report/1`",
        );
        check(r#"{"schema": "clockaudit.report/1"}"#, "damaged: missing field");
    }
}
