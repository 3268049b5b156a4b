//! The forms that other programs read: each is given to a real one, with a report that does its worst to break it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::Report;
use clockaudit::report::form::{Form, write};
use clockaudit::report::model::Changes;
use clockaudit::report::table::{Page, Shelf};

use crate::fleet;

/// What a host would be called by someone who wants to break a page, an XML, a metric, a table.
const HOSTILE: &str = "|`x`<script>alert(1)</script> @org/team #12 \"q\"\\\n```\u{1b}[2J\u{202e}]]>&amp;{host=\"y\"}";

fn report() -> Report {
    let mut made = fleet::dozen();
    made.push(fleet::host(HOSTILE, Nanos::from_seconds(9)).of("a|b\"\\"));
    made.push(fleet::host("1. *down*", Nanos::ZERO).fails(
        FailureCode::Refused,
        Stage::Connect,
        "| </td> ``` @all\n--- https://evil.example",
    ));
    fleet::report(&made)
}

fn text(report: &Report, form: Form) -> String {
    write(report, form, Shelf::Nowhere, Page::ENDLESS).expect("a text")
}

/// What a program that reads a text says of it, and whether it took it.
fn read_by(program: &str, arguments: &[&str], text: &str) -> (bool, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a reader of reports, which `./tests/run --set-up` installs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the text is taken");
    let output = child.wait_with_output().expect("an end");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("text"))
}

fn reader(path: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/report-readers").join(path).display().to_string()
}

#[test]
fn markdown_is_what_it_says_in_githubs_own_dialect() {
    let report = report();
    let markdown = text(&report, Form::Markdown);
    let arguments =
        ["--to", "html", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tagfilter"];
    let (is_read, html) = read_by("cmark-gfm", &arguments, &markdown);
    assert!(is_read, "{html}");
    // Each table has its rows, each row the cells of its head.
    let tables: Vec<&str> = html.split("<table>").skip(1).map(|rest| rest.split("</table>").next().unwrap()).collect();
    assert_eq!(tables.len(), 2, "{markdown}");
    for table in &tables {
        let heads = table.matches("<th").count() - table.matches("<thead").count();
        for row in table.split("<tr>").skip(2) {
            assert_eq!(row.matches("<td").count(), heads, "{row}");
        }
    }
    assert_eq!(tables[0].matches("<tr>").count(), report.causes.len() + 1);
    let bad = report.hosts.len() - report.summary.counts.ok;
    assert_eq!(tables[1].matches("<tr>").count(), bad + 1);
    assert!(tables[1].contains("<code>|`x`&lt;script&gt;alert(1)&lt;/script&gt; @org/team #12"), "{}", tables[1]);
    // Outside of code nothing of a host is markup, a link or a call.
    let mut outside = String::new();
    for (index, part) in html.split("<code>").enumerate() {
        outside.push_str(if index == 0 { part } else { part.split_once("</code>").expect("an end").1 });
    }
    assert!(!outside.contains("<script") && !outside.contains("<a "), "{outside}");
    for call in outside.split('@').skip(1) {
        assert!(call.starts_with("<!-- -->"), "somebody is called: @{call:.20}");
    }
    assert!(!markdown.contains(['\u{1b}', '\u{202e}']));
    // The words are those of the table that a terminal shows.
    for word in ["# Clocks: CRIT, ", "UTC", "CLK104", "api07"] {
        assert!(markdown.contains(word), "{word}");
    }
}

#[test]
fn what_is_bad_of_the_fleet_alone_is_told_where_hosts_are_counted() {
    let millis = Nanos::from_millis;
    let report = fleet::report_by_controller(&[fleet::host("a", millis(55)), fleet::host("b", millis(-53))]);
    let title = "CRIT, the fleet crit (CLK103), 2 hosts warn";
    for (form, words) in [
        (
            Form::Markdown,
            [format!("# Clocks: {title}\n"), "**CRIT the fleet**: CLK103 more than 100 ms apart".to_owned()],
        ),
        (
            Form::Html,
            [
                format!("<h1>Clocks: {title}</h1>"),
                "<span class=\"v c\">CRIT</span> the fleet: <span class=\"code\">CLK103</span> more than 100 ms apart"
                    .to_owned(),
            ],
        ),
        (
            Form::Nagios,
            [
                "CLOCKS CRITICAL - the fleet crit (CLK103), 2 hosts warn | ".to_owned(),
                "\nCRIT the fleet: CLK103 more than 100 ms apart".to_owned(),
            ],
        ),
    ] {
        let text = text(&report, form);
        assert!(words.iter().all(|words| text.contains(words)), "{words:?} not in {text}");
    }
    // Where a host is as bad, the numbers of hosts say it.
    let report = fleet::report_by_controller(&[fleet::host("a", millis(55)), fleet::host("b", millis(-530))]);
    assert!(text(&report, Form::Markdown).starts_with("# Clocks: CRIT, 1 of 2 hosts crit, 1 warn\n"));
}

#[test]
fn the_page_says_since_when_once() {
    let mut report = fleet::report(&fleet::dozen());
    let finished = report.run.finished;
    report.changes = Some(Changes {
        finished,
        run: "before".to_owned(),
        new: Vec::new(),
        resolved: Vec::new(),
        worse: Vec::new(),
        better: Vec::new(),
        not_compared: Vec::new(),
    });
    let page = text(&report, Form::Html);
    assert!(page.contains("<dt>Changes</dt><dd>none since the scan of 2026-11-24 16:00 UTC</dd>"), "{page}");
}

#[test]
fn a_page_leaves_out_rows_and_says_how_many() {
    let made: Vec<fleet::Made> =
        (0..1_000).map(|index| fleet::host(&format!("host-{}", index * 7), Nanos::from_millis(200 + index))).collect();
    let markdown = text(&fleet::report_by_controller(&made), Form::Markdown);
    assert_eq!(markdown.matches("\n| CRIT | `host-").count(), 200);
    assert!(markdown.contains("\nand 800 more, in the JSON report\n"));
    assert!(markdown.len() < 60_000, "{}", markdown.len());
}

#[test]
fn junit_is_read_by_a_real_reader() {
    let report = report();
    let xml = text(&report, Form::JUnit);
    let script = "
import sys, collections
from junitparser import JUnitXml, Failure, Error, Skipped
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
for suite in xml:
    print(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped)
    for case in suite:
        kinds = {Failure: 'failure', Error: 'error', Skipped: 'skipped'}
        print(case.classname, ascii(case.name), ' '.join(kinds[type(r)] + ':' + str(r.type) for r in case.result) or 'ok')
";
    let (is_read, said) = read_by(&reader("python/bin/python"), &["-c", script], &xml);
    assert!(is_read, "{said}\n{xml}");
    let counts = report.summary.counts;
    let (tests, failures) = (report.hosts.len() + 1, counts.crit + counts.warn + 1);
    assert_eq!(
        said.lines().next().unwrap(),
        format!("clocks {tests} {failures} {} {}", counts.down, counts.undecided),
        "{said}"
    );
    for line in [
        "clocks 'the fleet' failure:CLK103",
        "clocks 'api01' ok",
        "clocks 'api07' failure:crit",
        "clocks 'db01' failure:warn",
        "clocks 'edge-syd1' skipped:undecided",
        "clocks 'web05' error:SSH901",
    ] {
        assert!(said.contains(&format!("\n{line}\n")), "{line}: {said}");
    }
    assert!(said.contains("<script>alert(1)</script> @org/team"), "{said}");
}

#[test]
fn prometheus_takes_the_metrics() {
    let report = report();
    let metrics = text(&report, Form::Prometheus);
    let (is_taken, said) = read_by(&reader("usr/bin/promtool"), &["check", "metrics"], &metrics);
    assert!(is_taken && said.is_empty(), "{said}");
    for line in [
        "clockaudit_scan_hosts{verdict=\"undecided\"} 1",
        "clockaudit_host_up{host=\"web05\"} 0",
        "clockaudit_host_error_info{host=\"web05\",code=\"SSH901\"} 1",
        "clockaudit_host_verdict{host=\"api07\",verdict=\"crit\"} 1",
        "clockaudit_host_claim_contradicted{host=\"auth02\"} 1",
        "clockaudit_host_finding{host=\"api07\",code=\"CLK104\"} 1",
    ] {
        assert!(metrics.contains(&format!("\n{line}\n")), "{line}");
    }
    // Every digit of the report, and none through a float.
    let api07 = report.hosts.iter().find(|host| host.name == "api07").unwrap();
    let lower = api07.clock.as_ref().unwrap().lo_s.unwrap().0.to_seconds_text();
    assert!(metrics.contains(&format!("\nclockaudit_host_offset_lower_seconds{{host=\"api07\"}} {lower}\n")));
    assert!(!metrics.contains("host_offset_seconds{host=\"web05\"}"), "what was not measured has no value");
}

#[test]
fn a_monitor_reads_the_first_line() {
    let check = |report: &Report, expected: &str| {
        let said = text(report, Form::Nagios);
        let (first, figures) = said.lines().next().unwrap().split_once(" | ").expect("figures");
        assert_eq!(first, expected);
        assert_eq!(said.matches('|').count(), 1, "a host wrote a bar: {said}");
        for figure in figures.split(' ') {
            let (label, values) = figure.split_once('=').expect("a label");
            assert!(label.chars().all(|character| character.is_ascii_lowercase() || character == '_'), "{figure}");
            let values: Vec<&str> = values.split(';').collect();
            assert!(values.len() == 5 && values[0].trim_end_matches('s').parse::<f64>().is_ok(), "{figure}");
        }
        said
    };
    let said = check(&report(), "CLOCKS CRITICAL - 3 of 14 hosts crit, 1 warn, 1 undecided, 3 down, 6 ok");
    assert!(said.contains("\nDOWN web05: SSH901  no answer in 10.0 s (connect)\n"), "{said}");
    let good = |offset: i64| fleet::host("web1", Nanos::from_millis(offset)).claims("0.000001");
    let mut down = vec![good(0), fleet::host("web2", Nanos::ZERO).fails(FailureCode::Timeout, Stage::Connect, "none")];
    check(&fleet::report_by_controller(&down), "CLOCKS UNKNOWN - 1 of 2 hosts down, 1 ok");
    down.pop();
    check(&fleet::report_by_controller(&down), "CLOCKS OK - 1 host ok");
    check(
        &fleet::report_by_controller(&[fleet::host("web1", Nanos::from_millis(70)).unkept()]),
        "CLOCKS WARNING - 1 host warn",
    );
}

#[test]
fn every_form_of_a_stored_report_is_that_of_the_new_one() {
    let report = report();
    let stored = clockaudit::report::json::read(&text(&report, Form::Json)).expect("a report");
    let forms = [
        Form::Wide,
        Form::Text,
        Form::Json,
        Form::JsonLines,
        Form::Csv,
        Form::Markdown,
        Form::JUnit,
        Form::Prometheus,
        Form::Nagios,
    ];
    for form in forms {
        assert_eq!(text(&stored, form), text(&report, form), "{form:?}");
    }
}
