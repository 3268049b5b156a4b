//! The host table as CSV (RFC 4180): one line a host, everything that the JSON says of it, to the last digit; of a fix, what it did.
//! Selected hosts that are not audited come last, with why instead of a verdict.
//!
//! Cells are taken from the JSON text itself, so that no duration goes through a float. Lists stand in their cell as JSON.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;

use super::json::harmless;
use super::model::{Host, NotAudited, Report};

/// The columns: the keys of a host's JSON on the way to a value, joined by dots. New ones are added at the end.
pub const COLUMNS: [&str; 66] = [
    "name",
    "address",
    "port",
    "groups",
    "verdict",
    "findings",
    "clock.offset_s",
    "clock.lo_s",
    "clock.hi_s",
    "clock.at",
    "clock.status",
    "clock.assumptions",
    "clock.reader",
    "clock.rtt_min_s",
    "clock.exchanges",
    "clock.used",
    "clock.frequency_ppm",
    "clock.frequency_lo_ppm",
    "clock.frequency_hi_ppm",
    "clock.single.from",
    "clock.single.to",
    "clock.single.lo_s",
    "clock.single.hi_s",
    "clock.steps",
    "claim.timekeeper",
    "claim.version",
    "claim.synchronised",
    "claim.offset_s",
    "claim.root_delay_s",
    "claim.root_dispersion_s",
    "claim.bound_s",
    "claim.lo_s",
    "claim.hi_s",
    "claim.stratum",
    "claim.leap_status",
    "claim.reference_id",
    "claim.source",
    "claim.frequency_ppm",
    "time_service",
    "timekeeping.state",
    "timekeeping.running",
    "timekeeping.services",
    "timekeeping.sources",
    "timekeeping.kernel_greatest_error_s",
    "timekeeping.last_update_age_s",
    "platform.kernel",
    "platform.os",
    "platform.clocksource",
    "platform.container",
    "platform.node",
    "platform.virtual_machine",
    "platform.cloud",
    "error.code",
    "error.stage",
    "error.title",
    "error.message",
    "ready_after_s",
    "window",
    // The codes once more, for those who filter by eye or with `grep`.
    CODES,
    "policy.warn_s",
    "policy.crit_s",
    "policy.profiles",
    "policy.relative.warn_s",
    "policy.relative.crit_s",
    // Of hosts that are not audited.
    "not_audited.by",
    "not_audited.reason",
];

/// The columns of a report of a fix, which has a line for each selected host: the keys of its JSON. New ones are added at the end.
pub const FIX_COLUMNS: [&str; 26] = [
    "name",
    "groups",
    "outcome",
    "reason",
    "why",
    "detail",
    "before.offset_s",
    "before.lo_s",
    "before.hi_s",
    "after.offset_s",
    "after.lo_s",
    "after.hi_s",
    "forecast.movement",
    "forecast.direction",
    "forecast.takes_s",
    "forecast.without_steps",
    "verdict_before",
    "verdict_after",
    "configuration",
    "service",
    "version",
    "installation.manager",
    "installation.version",
    "installation.replaces",
    "files",
    "warnings",
];

/// The one column that the JSON has in another form: the codes of the findings with spaces between them.
const CODES: &str = "codes";

/// What a spreadsheet takes for the beginning of a formula, in the widths it knows.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Writes the hosts, with the names of the columns in the first line.
pub fn write(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    if let Some(fix) = &report.fix {
        heading(&FIX_COLUMNS, &mut text);
        rows(&FIX_COLUMNS, &fix.hosts, |_| String::new(), &mut text)?;
        rows(&FIX_COLUMNS, &left_out(report), |_| String::new(), &mut text)?;
    } else {
        heading(&COLUMNS, &mut text);
        rows(&COLUMNS, &report.hosts, codes, &mut text)?;
        rows(&COLUMNS, &left_out(report), |_| String::new(), &mut text)?;
    }
    Ok(text)
}

/// What stands in the place of a verdict, or of what became of a host, where it is not audited.
const NOT_AUDITED: &str = "not_audited";

/// A host that is not audited, with the keys of the columns that tell it.
#[derive(Serialize)]
struct LeftOut<'report> {
    name: &'report str,
    groups: &'report [String],
    verdict: &'static str,
    outcome: &'static str,
    why: &'report str,
    not_audited: &'report NotAudited,
}

impl<'report> LeftOut<'report> {
    fn of(host: &'report NotAudited) -> Self {
        let NotAudited { name, groups, reason, .. } = host;
        Self { name, groups, verdict: NOT_AUDITED, outcome: NOT_AUDITED, why: reason, not_audited: host }
    }
}

fn left_out(report: &Report) -> Vec<LeftOut<'_>> {
    report.not_audited.iter().map(LeftOut::of).collect()
}

fn heading(columns: &[&str], text: &mut String) {
    text.push_str(&columns.join(","));
    text.push_str("\r\n");
}

fn rows<Row: Serialize>(
    columns: &[&str],
    rows: &[Row],
    codes: impl Fn(&Row) -> String,
    text: &mut String,
) -> Result<(), serde_json::Error> {
    for row in rows {
        let json = serde_json::to_string(row)?;
        let values = Values::of(&json)?;
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&match *column {
                CODES => quoted(&codes(row)),
                path => values.cell(path)?,
            });
        }
        text.push_str("\r\n");
    }
    Ok(())
}

fn codes(host: &Host) -> String {
    let codes: Vec<&str> = host.findings.iter().map(|finding| finding.code.as_str()).collect();
    inert(codes.join(" "))
}

/// The values of a row by the keys on the way to them. Each object is read once, however many columns it has.
#[derive(Default)]
struct Values<'json>(IndexMap<String, &'json str>);

impl<'json> Values<'json> {
    fn of(json: &'json str) -> Result<Self, serde_json::Error> {
        let mut values = Self::default();
        values.read("", json)?;
        Ok(values)
    }

    fn read(&mut self, path: &str, json: &'json str) -> Result<(), serde_json::Error> {
        let fields: IndexMap<&'json str, &'json RawValue> = serde_json::from_str(json)?;
        for (key, value) in fields {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            match value.get() {
                object if object.starts_with('{') => self.read(&path, object)?,
                plain => {
                    self.0.insert(path, plain);
                }
            }
        }
        Ok(())
    }

    /// The value at the end of a path of keys; empty for null, and where a part of the way is null.
    fn cell(&self, path: &str) -> Result<String, serde_json::Error> {
        let Some(value) = self.0.get(path) else { return Ok(String::new()) };
        Ok(match value.chars().next() {
            Some('"') => quoted(&inert(serde_json::from_str(value)?)),
            Some('n') => String::new(),
            // A list: JSON has its own way to write what steers a terminal.
            Some('[') => quoted(&harmless(value)),
            // A number or a truth value; a sign before digits is no formula.
            _ => (*value).to_owned(),
        })
    }
}

/// Puts an apostrophe before what a spreadsheet would run as a formula: the text of a host is hostile.
fn inert(text: String) -> String {
    if text.trim_start_matches(' ').starts_with(FORMULA) { format!("'{text}") } else { text }
}

/// Writes text as a cell: in quotes where it needs them, and with nothing in it that steers a terminal.
fn quoted(text: &str) -> String {
    let text = harmless(text);
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::schema_for;
    use serde_json::Value;

    use super::*;
    use crate::report::model::FixedHost;

    /// The paths to all values of a schema that are neither objects nor absent.
    fn leaves(schema: &Value, root: &Value, path: &str, found: &mut BTreeSet<String>) {
        let schema = match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => root.pointer(reference.trim_start_matches('#')).expect("a definition"),
            None => schema,
        };
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            for choice in choices {
                leaves(choice, root, path, found);
            }
            return;
        }
        match schema.get("properties").and_then(Value::as_object) {
            Some(fields) => {
                for (key, field) in fields {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    leaves(field, root, &path, found);
                }
            }
            None if schema.get("type").and_then(Value::as_str) == Some("null") => {}
            None => {
                found.insert(path.to_owned());
            }
        }
    }

    #[test]
    fn every_value_that_the_json_has_of_a_host_has_a_column() {
        let schema = serde_json::to_value(schema_for!(Host)).expect("a schema");
        let mut expected = BTreeSet::from([CODES, "not_audited.by", "not_audited.reason"].map(str::to_owned));
        leaves(&schema, &schema, "", &mut expected);
        assert_eq!(BTreeSet::from(COLUMNS.map(str::to_owned)), expected);
        let schema = serde_json::to_value(schema_for!(FixedHost)).expect("a schema");
        let mut expected = BTreeSet::new();
        leaves(&schema, &schema, "", &mut expected);
        assert_eq!(BTreeSet::from(FIX_COLUMNS.map(str::to_owned)), expected);
    }

    #[test]
    fn hostile_cells_do_nothing_in_a_spreadsheet_or_a_terminal() {
        let check = |text: &str, expected: &str| {
            let json = serde_json::json!({"name": text}).to_string();
            assert_eq!(Values::of(&json).and_then(|values| values.cell("name")).expect("a cell"), expected, "{text:?}");
        };
        check("web01", "web01");
        check("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"");
        check("  =1+1", "'  =1+1");
        check(" web ", "\" web \"");
        check("-2+3", "'-2+3");
        check("＠SUM(A1)", "'＠SUM(A1)");
        check("a,b", "\"a,b\"");
        check("two\nlines", "\"two\nlines\"");
        check("\u{1b}[2J\r\u{202e}", "\\u001b[2J\\u000d\\u202e");
        check("\t=1", "'\\u0009=1");
    }

    #[test]
    fn numbers_keep_every_digit_and_their_sign() {
        let json = r#"{"clock": {"lo_s": -1795000000.123456789}, "claim": null, "groups": ["a", "b,c"]}"#;
        let values = Values::of(json).expect("an object");
        let check = |path: &str, expected: &str| assert_eq!(values.cell(path).expect("a cell"), expected, "{path}");
        check("clock.lo_s", "-1795000000.123456789");
        check("claim.offset_s", "");
        check("groups", "\"[\"\"a\"\", \"\"b,c\"\"]\"");
    }
}
