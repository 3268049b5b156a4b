//! The conformance traces: what the estimator finds in each must agree with the expected file, and hold the truth.
#![expect(clippy::expect_used, clippy::panic, reason = "a broken case must end the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use clockaudit::clock::reference::NtpExchange;
use clockaudit::clock::{Exchange, Interval, Nanos, UnixNanos};
use clockaudit::probe::trace::{self, Asked, FleetAsked, NotAudited, Recording, Trace, TraceHost};
use clockaudit::probe::{
    ControllerReading, Facts, FactsReading, Failure, FailureCode, Interruption, Observation, Reader, SamplingWindow,
    Seen, Stage, TimeServer, WebServer,
};
use clockaudit::report::analysis::{analysis, hunt, merge};
use serde_json::Value;

/// How many cases there are: none may get lost.
const CASES: usize = 44;
/// Point estimates may differ by so much; everything else must be equal.
const ESTIMATE_TOLERANCE_NS: i64 = 1_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces")
}

/// Names of the cases: of every expected file.
fn cases() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the folder of the traces")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".expected.json").map(str::to_owned))
        .collect();
    names.sort();
    assert_eq!(names.len(), CASES, "cases in {}", folder().display());
    names
}

/// The cases of one trace each that is analysed whole.
fn analysed() -> impl Iterator<Item = String> {
    cases().into_iter().filter(|case| !case.starts_with("hunt_") && !case.starts_with("merge_"))
}

fn text_of(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn json_of(file: &str) -> Value {
    serde_json::from_str(&text_of(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn trace_of(name: &str) -> Trace {
    trace::read(&text_of(&format!("{name}.jsonl"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The traces of the controllers whose reports a case joins, in their order.
fn shards_of(case: &str) -> Vec<String> {
    let names = (0..).map(|shard| format!("{case}.shard{shard}"));
    names.take_while(|name| folder().join(format!("{name}.jsonl")).exists()).collect()
}

/// What `clockaudit` finds in the trace of a case.
fn found(case: &str) -> Value {
    if case.starts_with("merge_") {
        let traces: Vec<Trace> = shards_of(case).iter().map(|name| trace_of(name)).collect();
        assert!(traces.len() > 1, "{case}: only {} traces", traces.len());
        return serde_json::to_value(merge(&traces)).expect("a merge is JSON");
    }
    let trace = trace_of(case);
    let json = if case.starts_with("hunt_") {
        serde_json::to_value(hunt(&trace))
    } else {
        serde_json::to_value(analysis(&trace))
    };
    json.expect("an analysis is JSON")
}

/// Every key of `expected` must be in `found`: integers, strings and booleans equal, `est_ns` and `err_ns` within the
/// tolerance, other numbers within a millionth, lists in order.
fn compare(found: Option<&Value>, expected: &Value, path: &str, differences: &mut Vec<String>) {
    let Some(found) = found else {
        differences.push(format!("{path}: missing"));
        return;
    };
    match expected {
        Value::Object(members) => {
            for (key, value) in members {
                compare(found.get(key), value, &format!("{path}/{key}"), differences);
            }
        }
        Value::Array(items) => {
            let count = found.as_array().map_or(0, Vec::len);
            if !found.is_array() || count != items.len() {
                differences.push(format!("{path}: {count} items, expected {}", items.len()));
                return;
            }
            for (index, item) in items.iter().enumerate() {
                compare(found.get(index), item, &format!("{path}[{index}]"), differences);
            }
        }
        Value::Number(number) => {
            let estimated = path.ends_with("est_ns") || path.ends_with("err_ns");
            let agrees = match (number.as_i64(), found.as_i64()) {
                (Some(expected), Some(found)) if estimated => i64::abs(expected - found) <= ESTIMATE_TOLERANCE_NS,
                (Some(expected), Some(found)) => expected == found,
                _ => number
                    .as_f64()
                    .zip(found.as_f64())
                    .is_some_and(|(expected, found)| (expected - found).abs() <= 1e-6 * expected.abs().max(1.0)),
            };
            if !agrees {
                differences.push(format!("{path}: {found}, expected {expected}"));
            }
        }
        other => {
            if found != other {
                differences.push(format!("{path}: {found}, expected {other}"));
            }
        }
    }
}

#[test]
fn every_trace_agrees_with_its_expected_file() {
    let mut broken = BTreeMap::new();
    for case in cases() {
        let mut differences = Vec::new();
        compare(Some(&found(&case)), &json_of(&format!("{case}.expected.json")), "", &mut differences);
        differences.truncate(12);
        if !differences.is_empty() {
            broken.insert(case, differences);
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The true offset that the bounds speak of: the clock as it is after its last change, carried to the epoch.
fn true_offset(known: &Value) -> Option<i64> {
    let changed = ["stepped", "moved"].iter().any(|status| known["status"] == *status);
    known[if changed { "offset_at_end_ns" } else { "offset_ns" }].as_i64()
}

#[test]
fn every_bound_holds_the_truth_that_the_generator_knows() {
    let mut broken = Vec::new();
    let mut hosts = 0;
    for case in analysed() {
        let (found, truth) = (found(&case), json_of(&format!("{case}.truth.json")));
        assert_eq!(found["epoch_ns"], truth["epoch_ns"], "{case}");
        for (name, known) in truth["hosts"].as_object().expect("hosts") {
            let host = &found["hosts"][name];
            let status = host["status"].as_str().expect("a status");
            let allowed = known["status_allowed"].as_array().expect("statuses");
            if !allowed.iter().any(|one| one == status) {
                broken.push(format!("{case} {name}: {status}, allowed {allowed:?}"));
            }
            if let (Some(offset), Some(contained)) = (true_offset(known), known["contained"].as_bool()) {
                hosts += 1;
                let inside = host["lo_ns"].as_i64().is_some_and(|lo| lo <= offset)
                    && host["hi_ns"].as_i64().is_some_and(|hi| offset <= hi);
                if inside != contained {
                    broken.push(format!("{case} {name}: {offset} inside is {inside}"));
                }
            }
        }
    }
    assert!(hosts > 1_000, "only {hosts} hosts with a known offset");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_merged_host_holds_the_truth_that_the_generator_knows() {
    let mut hosts = 0;
    for case in cases().iter().filter(|case| case.starts_with("merge_")) {
        let (found, truth) = (found(case), json_of(&format!("{case}.truth.json")));
        for (name, known) in truth["hosts"].as_object().expect("hosts") {
            let (line, offset) = (&found["hosts"][name], known["offset_ns"].as_i64().expect("an offset"));
            // The truth is told for the generator's epoch, a few microseconds from the estimator's.
            let inside = line["lo_ns"].as_i64().is_some_and(|lo| lo <= offset)
                && line["hi_ns"].as_i64().is_some_and(|hi| offset <= hi);
            assert_eq!(Some(inside), known["contained"].as_bool(), "{case} {name}: {offset} in {line}");
            hosts += 1;
        }
    }
    assert!(hosts > 80, "only {hosts} hosts with a known offset");
}

#[test]
fn counts_of_pairs_are_sound_against_the_true_offsets() {
    let (mut compared, mut certain) = (0, 0);
    for case in analysed() {
        let (found, truth) = (found(&case), json_of(&format!("{case}.truth.json")));
        let known = truth["hosts"].as_object().expect("hosts").values();
        if known.clone().any(|host| host["contained"] == Value::Bool(false)) {
            continue;
        }
        let offsets: Vec<i64> = known.filter_map(true_offset).collect();
        if Some(offsets.len() as u64) != found["fleet"]["hosts"].as_u64() {
            continue;
        }
        let threshold = found["config"]["threshold_ns"].as_i64().expect("a threshold");
        let beyond = offsets
            .iter()
            .enumerate()
            .flat_map(|(index, one)| offsets.iter().skip(index + 1).map(move |other| i64::abs(one - other)))
            .filter(|difference| *difference > threshold)
            .count() as u64;
        let count = |key: &str| found["fleet"]["pairs"][key].as_u64().expect("a count");
        assert!(count("definite") <= beyond, "{case}");
        assert!(beyond <= count("definite") + count("unresolved"), "{case}");
        compared += 1;
        certain += count("definite");
    }
    assert_eq!(compared, 34, "cases compared");
    assert!(certain > 10_000, "{certain} pairs that are certainly apart");
}

/// A scan with one of everything that a trace can hold.
fn a_scan() -> Seen {
    let exchange = |at: i64, spawned: bool| Exchange {
        sent: UnixNanos(at),
        received: UnixNanos(at + 250_000),
        first: UnixNanos(at + 100_000),
        last: UnixNanos(at + if spawned { 120_000 } else { 100_000 }),
        resolution: Nanos(if spawned { 1 } else { 1_000_000_000 }),
        lag: Nanos(if spawned { 0 } else { 10_000_000 }),
        spawned,
    };
    let measured = Observation {
        host: "web\u{1b}[31m \"01\"".to_owned(),
        reader: Some(Reader::DatePair),
        exchanges: vec![exchange(1_000, true), exchange(251_000_000, false)],
        facts: Some(FactsReading {
            bracket: Some(exchange(900_000_000, false)),
            facts: Facts(vec![("chrony.csv".to_owned(), "506 Cannot talk to daemon".to_owned())]),
            complete: false,
        }),
        failure: None,
        ready_after: Some(Nanos(42)),
        window: 1,
    };
    let failed = Observation {
        host: "cache02".to_owned(),
        reader: None,
        exchanges: Vec::new(),
        facts: None,
        failure: Some(Failure {
            code: FailureCode::HostKeyChanged,
            stage: Stage::HostKey,
            detail: "SHA256:abc, expected SHA256:def".to_owned(),
        }),
        ready_after: None,
        window: 0,
    };
    Seen {
        started: UnixNanos(0),
        finished: UnixNanos(1_000_000_000),
        observations: vec![measured, failed],
        controller: vec![ControllerReading { at: UnixNanos(5), x: Interval::new(Nanos(-7), Nanos(9)) }],
        controller_facts: Some(FactsReading {
            bracket: Some(exchange(950_000_000, false)),
            facts: Facts(vec![("chrony.csv".to_owned(), "A9FEA97B,".to_owned())]),
            complete: true,
        }),
        controller_stepped: true,
        timer_lateness_p95: Some(Nanos(31_000)),
        windows: vec![SamplingWindow { opened: UnixNanos(1_000), closed: UnixNanos(9_000), first_spread: Nanos(3) }],
        claims_window: Some(Nanos(12)),
        claims_late_window: Some(Nanos(13)),
        time_servers: vec![TimeServer {
            name: "ntp.example.com:11123".to_owned(),
            exchanges: vec![NtpExchange {
                sent: UnixNanos(7),
                server_received: UnixNanos(8),
                server_sent: UnixNanos(9),
                received: UnixNanos(12),
                root_delay: Nanos(3),
                root_dispersion: Nanos(2),
                precision: Nanos(1),
                stratum: 2,
                leap: 1,
            }],
        }],
        web_servers: vec![WebServer {
            name: "time.example.com".to_owned(),
            exchanges: vec![exchange(960_000_000, false)],
            failure: Some("it closed the connection".to_owned()),
        }],
        interrupted: Some(Interruption::Deadline),
    }
}

#[test]
fn a_scan_is_written_and_read_again_whole() {
    let seen = a_scan();
    let places = [
        TraceHost {
            address: Some("192.0.2.7".to_owned()),
            port: Some(22),
            groups: vec!["web".to_owned()],
            ..TraceHost::default()
        },
        TraceHost::default(),
    ];
    let left_out = [NotAudited {
        name: "win01".to_owned(),
        groups: vec!["windows".to_owned()],
        by: "winrm".to_owned(),
        reason: "connection 'winrm' (Windows) is not supported".to_owned(),
    }];
    let asked = FleetAsked {
        asked: Asked { profiles: vec!["ceph".to_owned()], warn: Some(Nanos(3)), crit: None },
        from_files: vec!["warn".to_owned()],
    };
    let recording = Recording {
        seen: &seen,
        hosts: &places,
        claims: &[],
        inventory_incomplete: true,
        asked: Some(&asked),
        not_audited: &left_out,
    };
    let text = trace::write(&recording).expect("a trace");
    let again = trace::read(&text).expect("readable");
    assert_eq!(again.seen, seen);
    assert_eq!(again.hosts, places);
    assert_eq!(again.epoch(), Some(UnixNanos(5_000)));
    assert!(again.inventory_incomplete);
    assert_eq!(again.asked, Some(asked));
    assert_eq!(again.not_audited, left_out);
}

#[test]
fn a_recorded_scan_that_was_cut_anywhere_is_refused() {
    let seen = a_scan();
    let recording =
        Recording { seen: &seen, hosts: &[], claims: &[], inventory_incomplete: false, asked: None, not_audited: &[] };
    let text = trace::write(&recording).expect("a trace");
    // The line end at the very end carries nothing; whatever else is missing is missed.
    for kept in (0..text.len() - 1).filter(|kept| text.is_char_boundary(*kept)) {
        let refused = trace::read(text.get(..kept).expect("a boundary"));
        assert!(refused.is_err(), "accepted the first {kept} of {} bytes", text.len());
    }
    assert_eq!(trace::read(text.trim_end()).expect("whole").seen, seen);

    let check = |kept: usize, expected: &str| {
        let lines: String = text.split_inclusive('\n').take(kept).collect();
        let torn = format!("{lines}{{\"type\":\"ho");
        for text in [&lines, &torn] {
            let line = text.lines().count();
            let error = trace::read(text).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(error, Err(format!("line {line}: the trace was cut: it holds {expected} lines")));
        }
    };
    check(1, "0 of 2 hosts and 1 of 12");
    check(8, "1 of 2 hosts and 8 of 12");
    check(11, "1 of 2 hosts and 11 of 12");
    // Lines may stand in any order: the count may come last.
    let turned: Vec<&str> = text.lines().rev().collect();
    assert!(trace::read(&turned.join("\n")).is_ok());
}

#[test]
fn a_trace_without_hosts_is_refused() {
    for text in ["", "\n\n", "{\"type\":\"meta\",\"topk\":3}\n"] {
        let error = trace::read(text).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("line 1: the trace is empty: no host is in it".to_owned()), "{text:?}");
    }
}

#[test]
fn a_line_that_is_not_understood_is_refused_with_its_number() {
    let check = |text: &str, expected: &str| {
        assert_eq!(trace::read(text).map(|_| ()).map_err(|error| error.to_string()), Err(expected.to_owned()));
    };
    check("{\"type\":\"meta\",\"topk\":3}\n\n{\"type\":\"clock\"}", "line 3: unknown type `clock`");
    check("{\"type\":\"meta\",\"rho_ppb\":-1}", "line 1: `rho_ppb` has a value that it cannot have");
    check(
        "{\"type\":\"host\",\"host\":\"a\",\"failure\":\"SSH1\"}",
        "line 1: `failure` has a value that it cannot have",
    );
    check("{\"host\":\"a\",\"s\":1,\"r\":2}", "line 1: missing field `c` at line 1 column 24");
    check(
        "{\"host\":\"a\",\"s\":1.5,\"r\":2,\"c\":3}",
        "line 1: invalid type: floating point `1.5`, expected i64 at line 1 column 19",
    );
}

#[test]
fn an_analysis_has_the_web_servers_that_were_asked() {
    let server = |name: &str, ahead: i64| {
        let date = 1_795_536_000_000_000_000 + ahead;
        let (sent, received) = (date + 500_000_000 - ahead, date + 502_000_000 - ahead);
        format!(
            "{{\"type\":\"https\",\"name\":\"{name}\",\"exchange\":{{\"s\":{sent},\"r\":{received},\"c\":{date},\
             \"q\":1000000000,\"g\":50000000}}}}\n"
        )
    };
    let sample = "{\"host\":\"h\",\"s\":1795536000500000000,\"r\":1795536000501000000,\"c\":1795536000500500000}\n";
    let lines = |servers: &[(&str, i64)]| {
        let servers: String = servers.iter().map(|(name, ahead)| server(name, *ahead)).collect();
        analysis(&trace::read(&format!("{sample}{servers}")).expect("a trace"))
    };
    let found = lines(&[("a", 0), ("b", 0), ("liar", 60_000_000_000), ("c", 0)]);
    let reference = found.reference.expect("a reference");
    assert_eq!(reference.source, "https");
    assert!(reference.lo_ns < 0 && reference.hi_ns > 0, "{reference:?}");
    let names: Vec<&str> = found.references.keys().map(String::as_str).collect();
    assert_eq!(names, ["https:a", "https:b", "https:c", "https:liar"]);
    let contradicting = serde_json::to_string(&found.findings).expect("findings");
    assert!(contradicting.contains("reference-contradicts") && contradicting.contains("https:liar"), "{contradicting}");
    let two = lines(&[("a", 0), ("b", 0)]);
    assert_eq!((two.reference, two.references.len()), (None, 2), "two are no majority of three");
}

#[test]
fn replay_prints_the_analysis_of_a_trace() {
    let replay = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .arg("replay")
            .args(arguments)
            .current_dir(folder())
            .output()
            .expect("the program runs");
        (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, printed, _) = replay(&["--analysis", "real_date2.jsonl"]);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&printed).expect("JSON"), found("real_date2"));
    let (code, printed, _) = replay(&["--hunt", "hunt_hunted_lan_4.jsonl"]);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&printed).expect("JSON"), found("hunt_hunted_lan_4"));
    let (code, printed, said) = replay(&["README.md"]);
    assert_eq!((code, printed.len()), (Some(65), 0));
    assert!(said.contains("README.md:1: "), "{said}");
    // Judged whole: hosts seconds apart are critical, and chronyd's claims are shown beside the measurement.
    let (code, printed, _) = replay(&["-o", "json", "reference_ntp_with_liar.jsonl"]);
    assert_eq!(code, Some(2));
    let report: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!(report["kind"], "replay");
    assert_eq!(report["hosts"][0]["claim"]["stratum"], 4);
}

#[test]
fn merge_prints_the_analysis_of_traces() {
    let merge = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .arg("merge")
            .args(arguments)
            .current_dir(folder())
            .output()
            .expect("the program runs");
        (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let files: Vec<String> = shards_of("merge_three_shards").iter().map(|name| format!("{name}.jsonl")).collect();
    let mut arguments = vec!["--analysis"];
    arguments.extend(files.iter().map(String::as_str));
    let (code, printed, _) = merge(&arguments);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&printed).expect("JSON"), found("merge_three_shards"));
    let (code, _, said) = merge(&["README.md", "no_such_file"]);
    assert_eq!(code, Some(65), "{said}");
    let (code, _, said) = merge(&["README.md"]);
    assert_eq!(code, Some(64), "{said}");
}
