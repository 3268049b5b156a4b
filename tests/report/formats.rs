//! CSV and JSON lines: everything that the JSON has, to the last digit, and harmless where it is opened.

use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::{Report, csv, events, json};
use serde_json::Value;

use crate::fleet;

/// A dozen hosts, one that started at 1970, and one with a hostile name.
fn report() -> Report {
    let mut made = fleet::dozen();
    made.push(fleet::host("zero", Nanos(-1_795_536_000_123_456_789)).of("old, \"odd\""));
    made.push(fleet::host("=cmd|'/C calc'!A1\n\"x\",\u{1b}[2J", Nanos::ZERO).fails(
        FailureCode::Refused,
        Stage::Connect,
        "@refused",
    ));
    fleet::report(&made)
}

/// The records of a CSV text, as RFC 4180 has them.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            _ => cell.push(character),
        }
    }
    records
}

#[test]
fn csv_has_every_value_of_every_host_as_the_json_writes_it() {
    let report = report();
    let records = records(&csv::write(&report).unwrap());
    assert_eq!(records.first().unwrap(), &csv::COLUMNS);
    assert_eq!(records.len(), report.hosts.len() + 1);
    let mut compared = 0;
    for (host, record) in report.hosts.iter().zip(records.iter().skip(1)) {
        assert_eq!(record.len(), csv::COLUMNS.len(), "{record:?}");
        let json = serde_json::to_value(host).unwrap();
        for (column, cell) in csv::COLUMNS.iter().zip(record) {
            match json.pointer(&format!("/{}", column.replace('.', "/"))) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => {
                    let shown = cell.strip_prefix('\'').unwrap_or(cell).replace("\\u001b", "\u{1b}");
                    assert_eq!(&shown, text, "{column}");
                    compared += 1;
                }
                Some(list @ Value::Array(_)) => {
                    assert_eq!(&serde_json::from_str::<Value>(cell).unwrap(), list, "{column}");
                    compared += 1;
                }
                Some(other) => {
                    assert_eq!(&serde_json::from_str::<Value>(cell).unwrap(), other, "{column}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 300, "{compared}");
    let zero = report.hosts.iter().find(|host| host.name == "zero").unwrap();
    let at = csv::COLUMNS.iter().position(|column| *column == "clock.lo_s").unwrap();
    let record = records.iter().find(|record| record[0] == "zero").unwrap();
    assert_eq!(record[at], zero.clock.as_ref().unwrap().lo_s.unwrap().0.to_seconds_text());
}

#[test]
fn csv_runs_no_formula_and_steers_no_terminal() {
    let text = csv::write(&report()).unwrap();
    assert!(!text.contains('\u{1b}'));
    let formulas: Vec<String> = records(&text)
        .into_iter()
        .flatten()
        .filter(|cell| cell.starts_with(['=', '@', '+']) || (cell.starts_with('-') && cell.parse::<f64>().is_err()))
        .collect();
    assert_eq!(formulas, [""; 0]);
    assert!(text.contains("'=cmd|"), "the hostile name is gone");
}

#[test]
fn json_lines_tell_the_whole_report_as_events() {
    let report = report();
    let text = events::write(&report).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_kind = |kind: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["event"] == kind).map(|line| &line["data"]).collect()
    };
    assert_eq!(lines.first().unwrap()["event"], "run");
    assert_eq!(lines.last().unwrap()["event"], "summary");
    let whole: Value = serde_json::from_str(&json::write(&report).unwrap()).unwrap();
    assert_eq!(of_kind("host").into_iter().cloned().collect::<Value>(), whole["hosts"]);
    let findings = report.findings.len() + report.hosts.iter().map(|host| host.findings.len()).sum::<usize>();
    assert_eq!(of_kind("finding").len(), findings);
    assert!(of_kind("finding").iter().any(|found| found["host"] == "auth02" && found["code"] == "CLK107"));
    assert!(of_kind("finding").iter().any(|found| found["host"].is_null() && found["code"] == "CLK103"));
    // All that the report has is in one event or another.
    for (key, value) in whole.as_object().unwrap() {
        let told = [of_kind("run")[0], of_kind("summary")[0]].into_iter().find_map(|data| data.get(key));
        match key.as_str() {
            "hosts" | "not_audited" | "findings" | "fix" => {}
            _ => assert_eq!(told, Some(value), "{key}"),
        }
    }
    let zero = report.hosts.iter().find(|host| host.name == "zero").unwrap();
    let lo = zero.clock.as_ref().unwrap().lo_s.unwrap().0.to_seconds_text();
    assert!(text.contains(&format!("\"lo_s\":{lo}")), "{lo}");
    assert!(!text.contains('\u{1b}'));
}
