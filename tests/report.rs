//! The report: its schema, its exactness, what is stored for ever, and what people see of it.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test ends where its preparations fail")]

#[path = "report/browser.rs"]
mod browser;
#[path = "report/causes.rs"]
mod causes;
#[path = "report/changed.rs"]
mod changed;
#[path = "report/chromium.rs"]
mod chromium;
#[path = "report/compared.rs"]
mod compared;
#[path = "report/consequences.rs"]
mod consequences;
#[path = "report/contradictions.rs"]
mod contradictions;
#[path = "report/explain.rs"]
mod explain;
#[path = "report/fix_plan.rs"]
mod fix_plan;
#[path = "report/fix_report.rs"]
mod fix_report;
#[path = "report/fleet.rs"]
mod fleet;
#[path = "report/formats.rs"]
mod formats;
#[path = "report/forms.rs"]
mod forms;
#[path = "report/html.rs"]
mod html;
#[path = "report/mending.rs"]
mod mending;
#[path = "report/merge.rs"]
mod merge;
#[path = "report/not_audited.rs"]
mod not_audited;
#[path = "report/reference.rs"]
mod reference;
#[path = "report/remedies.rs"]
mod remedies;
#[path = "report/rules.rs"]
mod rules;
#[path = "report/samples.rs"]
mod samples;
#[path = "report/scenarios.rs"]
mod scenarios;
#[path = "report/schemas.rs"]
mod schemas;
#[path = "report/soundness.rs"]
mod soundness;
#[path = "report/tokens.rs"]
mod tokens;

use clockaudit::audit::{Policy, Profile, ReferenceChoice, TokenPolicy};
use clockaudit::clock::{Nanos, UnixNanos};
use clockaudit::probe::{FailureCode, Interruption, Stage};
use clockaudit::report::json::{self, ReadError};
use clockaudit::report::model::{self, Report};
use clockaudit::report::table::{Detail, Page, Shelf, render, render_from};
use fleet::many;
use serde_json::Value;

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn summary_at(report: &Report, page: Page) -> String {
    plain(&render(report, Detail::Summary, page))
}

fn summary(report: &Report) -> String {
    plain(&render(report, Detail::Summary, Page::ENDLESS))
}

fn codes<'report>(report: &'report Report, host: &str) -> Vec<&'report str> {
    let found = report.hosts.iter().find(|found| found.name == host).expect("the host");
    found.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_report_is_valid_by_the_schema_in_docs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report-schema.json");
    let stored = std::fs::read_to_string(path).expect("docs/report-schema.json");
    let is_current = json::schema().unwrap() == stored;
    assert!(is_current, "run `clockaudit generate schema > docs/report-schema.json`");

    let schema: Value = serde_json::from_str(&stored).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut partial = fleet::seen(&fleet::dozen());
    partial.interrupted = Some(Interruption::Deadline);
    let of_missing_host = Policy { reference: ReferenceChoice::Host("web05".to_owned()), ..Policy::standard() };
    let reports = [
        fleet::report(&fleet::dozen()),
        fleet::report(&[]),
        fleet::report_of(&partial, &Policy::standard()),
        fleet::report_of(&partial, &of_missing_host),
    ];
    for report in reports {
        let value: Value = serde_json::from_str(&json::write(&report).unwrap()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let broken = serde_json::json!({"schema": "clockaudit.report/1"});
    assert!(!validator.is_valid(&broken), "the schema lets anything pass");
}

#[test]
fn nothing_is_lost_on_the_way_through_a_file() {
    let mut made = fleet::dozen();
    // A clock that started at 1970: beyond what a float holds to the nanosecond.
    made.push(fleet::host("zero", Nanos(-1_795_536_000_123_456_789)));
    let report = fleet::report(&made);
    let text = json::write(&report).unwrap();
    assert_eq!(json::read(&text).unwrap(), report);
    let zero = report.hosts.iter().find(|host| host.name == "zero").unwrap();
    let lo = zero.clock.as_ref().unwrap().lo_s.unwrap().0.to_seconds_text();
    assert!(text.contains(&format!("\"lo_s\": {lo}")), "{lo}");
    assert!(codes(&report, "zero").contains(&"CLK108"));
}

#[test]
fn hosts_are_sorted_whatever_the_inventory_says() {
    let mut made = fleet::dozen();
    made.reverse();
    let names: Vec<String> = fleet::report(&made).hosts.into_iter().map(|host| host.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(json::write(&fleet::report(&made)).unwrap(), json::write(&fleet::report(&fleet::dozen())).unwrap());
}

#[test]
fn every_stored_report_loads_for_ever() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports");
    let mut loaded = 0;
    for entry in std::fs::read_dir(folder).expect("stored reports") {
        let path = entry.unwrap().path();
        let report =
            json::read(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(!render(&report, Detail::Summary, Page::ENDLESS).is_empty());
        loaded += 1;
    }
    assert!(loaded > 0, "no stored report");
}

#[test]
fn a_later_major_is_refused_and_a_later_minor_is_read() {
    let text = json::write(&fleet::report(&fleet::dozen())).unwrap();
    let next = text.replacen("clockaudit.report/1", "clockaudit.report/2", 1);
    assert_eq!(json::read(&next), Err(ReadError::UnknownMajor("clockaudit.report/2".to_owned())));
    let richer = text.replacen("\"kind\"", "\"invented_later\": {\"x\": [1]},\n  \"kind\"", 1);
    assert_eq!(json::read(&richer).unwrap(), fleet::report(&fleet::dozen()));
}

#[test]
fn each_kind_of_trouble_has_its_finding() {
    let report = fleet::report(&fleet::dozen());
    let check = |host: &str, expected: &[&str]| assert_eq!(codes(&report, host), expected, "{host}");
    check("api01", &[]);
    check("api07", &["CLK101", "CLK104", "CLK201"]);
    check("auth02", &["CLK101", "CLK107"]);
    check("db01", &["CLK102", "CLK109"]);
    check("edge-syd1", &["CLK208", "CLK501"]);
    check("cache02", &["SSH903"]);
    check("web05", &["SSH901"]);
    assert_eq!(report.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["CLK103"]);
    assert_eq!(report.summary.verdict, model::Verdict::Crit);
}

#[test]
fn hosts_that_need_different_remedies_are_not_told_together() {
    let late = |name: &str, stage: Stage| {
        fleet::host(name, Nanos::ZERO).fails(FailureCode::Timeout, stage, &format!("late in {}", stage.label()))
    };
    let text = summary(&fleet::report(&[late("hangs", Stage::Probe), late("silent", Stage::Banner)]));
    for words in ["hangs: late in ", "silent: late in "] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_pair_can_be_critical_where_no_host_is() {
    let report = fleet::report_by_controller(&[
        fleet::host("ahead", Nanos::from_millis(60)),
        fleet::host("behind", Nanos::from_millis(-60)),
    ]);
    assert!(report.hosts.iter().all(|host| host.verdict == model::Verdict::Warn));
    assert_eq!(report.summary.verdict, model::Verdict::Crit);
    assert_eq!(report.summary.pairs.beyond, 1);
}

#[test]
fn an_unverified_controller_accuses_nobody_of_its_own_error() {
    // Ten hosts that claim to be right to 17 us, seen from a laptop that is 5 ms off.
    let made: Vec<_> =
        (0..10).map(|index| fleet::host(&format!("web{index}"), Nanos::from_millis(5)).claims("0.0")).collect();
    assert_eq!(fleet::report_by_controller(&made).summary.verdict, model::Verdict::Ok);
    // From the clock of a host, the same difference is a contradiction: of two claims with the host, of ten with each other.
    let policy = Policy { reference: ReferenceChoice::Host("time".to_owned()), ..Policy::standard() };
    let with_time = |claims: usize| {
        let mut made = made[..claims].to_vec();
        made.push(fleet::host("time", Nanos::ZERO));
        fleet::report_of(&fleet::seen(&made), &policy)
    };
    let (two, ten) = (with_time(2), with_time(10));
    assert_eq!((codes(&two, "web0"), two.findings.len()), (vec!["CLK107"], 0));
    assert_eq!(codes(&ten, "web0"), [""; 0]);
    assert!(ten.findings[0].what.contains("time, which was named as the reference, is -5 ms"), "{:?}", ten.findings);
    assert_eq!(codes(&ten, "time"), [""; 0]);
}

#[test]
fn offsets_are_relative_to_the_host_that_was_named() {
    let made = [fleet::host("a", Nanos::from_millis(10)), fleet::host("b", Nanos::from_millis(13))];
    let policy = Policy { reference: ReferenceChoice::Host("a".to_owned()), ..Policy::standard() };
    let report = fleet::report_of(&fleet::seen(&made), &policy);
    let offset = |name: &str| {
        let host = report.hosts.iter().find(|host| host.name == name).unwrap();
        host.clock.as_ref().unwrap().offset_s.unwrap().0
    };
    assert_eq!(offset("a"), Nanos::ZERO);
    assert!((offset("b") - Nanos::from_millis(3)).abs() < Nanos::from_micros(10), "{}", offset("b"));
    let controller = report.run.controller.offset_s.unwrap().0;
    assert!((controller + Nanos::from_millis(10)).abs() < Nanos::from_micros(10), "{controller}");
}

#[test]
fn without_its_reference_a_scan_decides_nothing_but_pairs() {
    let policy = Policy { reference: ReferenceChoice::Host("web05".to_owned()), ..Policy::standard() };
    let report = fleet::report_of(&fleet::seen(&fleet::dozen()), &policy);
    assert_eq!(report.reference.kind, model::ReferenceKind::None);
    assert_eq!(report.summary.counts.ok + report.summary.counts.warn, 0);
    assert_eq!(report.summary.pairs.total, 45);
    let text = summary(&report);
    assert!(text.contains("none: web05 was not measured") && !text.contains("known to within"), "{text}");
    let host = report.hosts.iter().find(|host| host.name == "auth02").expect("the host");
    let explained = clockaudit::report::explain::host(host, &report, Page::ENDLESS);
    assert!(explained.contains("for want of a reference") && !explained.contains("from none"), "{explained}");
}

#[test]
fn a_summary_fits_one_screen_at_any_fleet_size_and_width() {
    for size in [0, 1, 12, 100, 101, 200, 5_000, 10_000] {
        let report = fleet::report(&many(size));
        assert_eq!(report.hosts.len(), size);
        for columns in [40, 60, 80, 100, 132, 200] {
            let text = summary_at(&report, Page::of_width(columns));
            let lines = text.lines().count();
            assert!(lines <= 40, "{size} hosts, {columns} columns: {lines} lines\n{text}");
            let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
            assert!(widest.chars().count() <= columns, "{size} hosts, {columns} columns: {widest}\n{text}");
        }
        assert!(summary(&report).lines().count() <= 40);
    }
}

#[test]
fn a_narrow_page_shortens_names_and_a_pipe_never_does() {
    let name = format!("web-{}.prod.example.internal", "very-".repeat(14));
    let made = [fleet::host(&name, Nanos::from_seconds(2)).claims("0.000001"), fleet::host("db", Nanos::ZERO)];
    let report = fleet::report_by_controller(&made);
    let row = |text: &str| text.lines().find(|line| line.starts_with("CRIT")).expect("the host's line").to_owned();
    let piped = row(&summary(&report));
    assert!(piped.contains(&name) && piped.contains("CLK101 CLK107"), "{piped}");
    let narrow = row(&summary_at(&report, Page::of_width(80)));
    assert!(narrow.contains("web-very") && narrow.contains('…') && narrow.ends_with("CLK101 CLK107"), "{narrow}");
    assert!(narrow.chars().count() <= 80, "{narrow}");
}

#[test]
fn the_clock_that_offsets_are_from_is_called_so() {
    let made: Vec<fleet::Made> =
        ["a", "b", "c"].iter().zip([-1, 0, 1]).map(|(name, off)| fleet::host(name, Nanos::from_millis(off))).collect();
    let row = |report: &Report| {
        let text = plain(&render(report, Detail::Wide, Page::ENDLESS));
        assert!(!text.contains("+0.000000"), "{text}");
        let of_host = text.lines().find(|line| line.split(' ').filter(|word| !word.is_empty()).nth(1) == Some("b"));
        of_host.expect("the middle host's line").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let report = fleet::report(&made);
    assert_eq!((report.reference.kind, report.reference.host.as_deref()), (model::ReferenceKind::Agreement, Some("b")));
    assert!(row(&report).starts_with("ok b - the reference - 0.60 ms"), "{}", row(&report));
    let apart: Vec<fleet::Made> = ["a", "b", "c"]
        .iter()
        .zip([-10, 0, 10])
        .map(|(name, off)| fleet::host(name, Nanos::from_seconds(off)))
        .collect();
    let report = fleet::report(&apart);
    assert_eq!(report.reference.kind, model::ReferenceKind::None);
    assert!(row(&report).starts_with("UNDEC b - the middle - 0.60 ms"), "{}", row(&report));
    let host = report.hosts.iter().find(|host| host.name == "b").expect("the host");
    let explained = clockaudit::report::explain::host(host, &report, Page::ENDLESS);
    assert!(explained.contains("none: the other offsets are from this clock"), "{explained}");
}

#[test]
fn hosts_that_share_a_line_are_told_with_the_range_of_their_clocks() {
    let far = |index: i64| {
        fleet::host(&format!("edge{index}"), Nanos::from_millis(20 * index)).one_way(Nanos::from_millis(100 + index))
    };
    let mut made: Vec<fleet::Made> = (0..30).map(far).collect();
    made.extend((0..30).map(|index| fleet::host(&format!("db{index}"), Nanos::from_seconds(1 + index)).unkept()));
    // Of many kinds more than there are lines for.
    made.extend((0..40).map(|index| {
        let made = fleet::host(&format!("web{index}"), Nanos::from_seconds(100 + index));
        if index % 2 == 0 { made.claims("0.000001") } else { made }
    }));
    let report = fleet::report_by_controller(&made);
    let text = summary(&report);
    let row = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    let undecided = row("UNDEC");
    assert!(undecided.contains("+0.0 to +0.1") && undecided.contains("110 to 150"), "{text}");
    assert!(text.contains("+1.0000 to +30.0000 s"), "{text}");
    // Where columns have no room for that, the line says it in words.
    let narrow = summary_at(&report, Page::of_width(40));
    let undecided = narrow.lines().find(|line| line.starts_with("UNDEC")).unwrap_or_default();
    assert!(undecided.contains("ms to +"), "{narrow}");
    // More kinds than there are lines: the rest of them has its range too.
    let mut report = fleet::report_by_controller(&made.split_off(60));
    for (index, host) in report.hosts.iter_mut().enumerate() {
        host.findings[0].code = format!("CLK1{index}");
    }
    let text = summary(&report);
    assert!(text.contains(" more  +100.0000 s to +1"), "{text}");
    assert!(text.contains(".0000 s, ± 0.43 ms   (list them: -o wide)"), "{text}");
}

#[test]
fn a_clock_of_1970_leaves_its_bound_to_the_others_on_a_narrow_page() {
    let mut made = fleet::dozen();
    made.push(fleet::host("zero", Nanos(-1_795_536_000_123_456_789)));
    let report = fleet::report(&made);
    let text = summary_at(&report, Page::of_width(40));
    let row = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_default();
    assert_eq!(row("CRIT    api07"), "CRIT    api07      -3599.998 s ± 1.4 ms", "{text}");
    assert!(row("CRIT    zero").starts_with("CRIT    zero  -1795536000.123 s ± "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
}

#[test]
fn a_group_of_clocks_of_1970_is_off_by_years() {
    let made: Vec<fleet::Made> = (0..101)
        .map(|index| fleet::host(&format!("cam{index:03}"), Nanos::from_seconds(-1_795_536_000)).of("cameras"))
        .collect();
    let text = summary(&fleet::report_by_controller(&made));
    let row = text.lines().find(|line| line.starts_with("cameras")).expect("the group");
    assert!(row.ends_with(" 57 y  57 y   57 y"), "{text}");
}

#[test]
fn what_breaks_leaves_room_for_the_groups_of_a_great_fleet() {
    let asked = |issuers: &str, verifiers: &str| TokenPolicy {
        issuers: issuers.to_owned(),
        verifiers: verifiers.to_owned(),
        leeway: Nanos::ZERO,
        latency: Nanos::from_millis(5),
    };
    let policy = Policy {
        tokens: vec![asked("web", "api"), asked("api", "db")],
        ..Policy::of_profiles(vec![Profile::Jwt, Profile::Kerberos])
    };
    for columns in [80, 120] {
        let text = summary_at(&fleet::report_by(&many(2_000), &policy), Page::of_width(columns));
        for group in ["web", "api", "db", "cache"] {
            assert!(text.lines().any(|line| line.split(' ').next() == Some(group)), "{group}: {text}");
        }
        assert!(text.contains("\nBreaks ") && text.lines().count() <= 40, "{} lines: {text}", text.lines().count());
    }
}

#[test]
fn a_stored_report_differs_from_what_the_run_printed_in_what_to_type_next_alone() {
    let report = fleet::report(&fleet::dozen());
    let stored = json::read(&json::write(&report).unwrap()).unwrap();
    let path = std::path::Path::new("monday.json");
    let [of_run, of_file] = [(&report, Shelf::LastScan), (&stored, Shelf::File(path))]
        .map(|(report, shelf)| plain(&render_from(shelf, report, Detail::Summary, Page::ENDLESS)));
    let differing: Vec<(&str, &str)> =
        of_run.lines().zip(of_file.lines()).filter(|(one, other)| one != other).collect();
    let next = "Next        clockaudit explain api07";
    assert_eq!(differing, [(next, format!("{next} --report monday.json").as_str())]);
    assert_eq!(of_run.lines().count(), of_file.lines().count());
}

#[test]
fn members_of_one_group_that_follow_different_servers_are_told() {
    let follows = |name: &str, server: &str| {
        let tracking = format!(
            "0A000001,{server},3,1795535990.000000000,0.000001,0.000001,0.000002,-3.104,0.001,0.010,0.000020,0.000006,64.2,Normal"
        );
        fleet::host(name, Nanos::ZERO).says(&[("chrony.csv", &tracking), ("proc", "chronyd"), fleet::KERNEL]).of("web")
    };
    let said = |others: &str| {
        let report = fleet::report(&[follows("a", "10.0.0.1"), follows("b", "10.0.0.1"), follows("c", others)]);
        report.findings.into_iter().map(|finding| finding.code).collect::<Vec<String>>()
    };
    assert_eq!(said("10.0.0.1"), [""; 0]);
    assert_eq!(said("10.0.0.2"), ["CLK305"]);
}

#[test]
fn one_of_a_kind_is_not_a_plural() {
    let alone = summary(&fleet::report_by_controller(&[fleet::host("a", Nanos::ZERO)]));
    assert!(alone.contains("   1 host   "), "{alone}");
    assert!(alone.contains("\nok      1 host  within"), "{alone}");
    let pair = summary(&fleet::report_by_controller(&[
        fleet::host("a", Nanos::ZERO),
        fleet::host("b", Nanos::from_seconds(1)),
    ]));
    assert!(pair.contains("more than 100 ms apart: 1 of 1 pair, most b - a by 1.0"), "{pair}");
}

#[test]
fn wide_shows_every_host_and_every_finding() {
    let report = fleet::report(&many(200));
    let text = plain(&render(&report, Detail::Wide, Page::ENDLESS));
    for host in &report.hosts {
        assert!(text.contains(&host.name), "{}", host.name);
    }
}

#[test]
fn remote_bytes_do_nothing_to_a_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}\u{9b}31m\u{0}";
    let mut made = vec![fleet::host(&format!("web{evil}"), Nanos::from_seconds(3)).claims("0.000001")];
    made.push(fleet::host("down", Nanos::ZERO).fails(FailureCode::NoShell, Stage::Probe, &evil.repeat(1_000)));
    let mut report = fleet::report(&made);
    for host in &mut report.hosts {
        host.time_service = Some(evil.to_owned());
        for finding in &mut host.findings {
            finding.what = evil.repeat(100);
            finding.remedy = evil.to_owned();
        }
        if let Some(clock) = &mut host.clock {
            (clock.status, clock.reader) = (evil.to_owned(), Some(evil.to_owned()));
        }
    }
    report.run.inventory.sources = vec![evil.to_owned()];
    report.reference.label = evil.to_owned();
    report.tool.version = evil.to_owned();
    let pages = [Page::ENDLESS, Page::of_width(80), Page::of_width(200)];
    let forms = pages.map(|page| [(Detail::Summary, page), (Detail::Wide, page)]);
    for (detail, page) in forms.into_iter().flatten() {
        let text = plain(&render(&report, detail, page));
        assert_eq!(text, plain(&text));
        let acts = |character: &char| (character.is_control() && *character != '\n') || *character == '\u{202e}';
        assert_eq!(text.chars().find(acts), None, "{text}");
        assert!(text.chars().count() < 20_000, "{} characters", text.chars().count());
    }
}

#[test]
fn a_change_while_measured_is_told_with_its_size() {
    let mut seen = fleet::seen(&[fleet::host("web1", Nanos::ZERO)]);
    for exchange in &mut seen.observations[0].exchanges[4..] {
        exchange.first = exchange.first + Nanos::from_seconds(2);
        exchange.last = exchange.first;
    }
    let report = fleet::report_of(&seen, &fleet::by_controller());
    assert_eq!(codes(&report, "web1"), ["CLK101", "CLK105"]);
    let finding = &report.hosts[0].findings[1];
    assert_eq!(
        finding.what,
        "the clock was stepped by +2.0000 s ± 0.73 ms, between 0.8 s and 1.0 s after the first exchange"
    );
}

#[test]
fn the_controller_is_told_of_its_own_faults() {
    let mut seen = fleet::seen(&[fleet::host("web1", Nanos::ZERO)]);
    seen.timer_lateness_p95 = Some(Nanos::from_millis(7));
    let after = UnixNanos(seen.controller[4].at.0);
    for reading in seen.controller.iter_mut().filter(|reading| reading.at > after) {
        reading.x = clockaudit::clock::Interval::around(Nanos::from_millis(2), Nanos(60));
    }
    let report = fleet::report_of(&seen, &fleet::by_controller());
    let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["CLK503", "CLK506"]);
    assert_eq!(report.summary.verdict, model::Verdict::Ok);
}

#[test]
fn each_verdict_has_its_colour_and_nothing_else_has_one() {
    let text = render(&fleet::report(&fleet::dozen()), Detail::Summary, Page::ENDLESS);
    let great = render(&fleet::report(&many(200)), Detail::Summary, Page::ENDLESS);
    let words = [
        ("CRIT", "\u{1b}[1m\u{1b}[31mCRIT\u{1b}[0m"),
        ("WARN", "\u{1b}[33mWARN\u{1b}[0m"),
        ("ok", "\u{1b}[32mok\u{1b}[0m"),
        ("UNDEC", "\u{1b}[35mUNDEC\u{1b}[0m"),
        ("DOWN", "\u{1b}[31mDOWN\u{1b}[0m"),
    ];
    for line in text.lines().chain(great.lines()) {
        let bare = plain(line);
        match words.iter().find(|(word, _)| bare.starts_with(&format!("{word} "))) {
            Some((word, painted)) => assert_eq!(line, bare.replacen(word, painted, 1)),
            None => assert_eq!(line, bare),
        }
    }
    assert!(words.iter().all(|(_, painted)| text.contains(painted)), "{text}");
}

#[test]
fn the_summary_reads_like_this() {
    insta::assert_snapshot!("summary", summary(&fleet::report(&fleet::dozen())));
    let great = fleet::report(&many(5_000));
    insta::assert_snapshot!("summary_of_five_thousand", summary(&great));
    for columns in [40, 80, 200] {
        let page = Page::of_width(columns);
        let at = |name: &str| format!("{name}_at_{columns}_columns");
        insta::assert_snapshot!(at("summary"), summary_at(&fleet::report(&fleet::dozen()), page));
        insta::assert_snapshot!(at("summary_of_five_thousand"), summary_at(&great, page));
        insta::assert_snapshot!(at("wide"), plain(&render(&fleet::report(&fleet::dozen()), Detail::Wide, page)));
    }
    insta::assert_snapshot!("wide", plain(&render(&fleet::report(&fleet::dozen()), Detail::Wide, Page::ENDLESS)));
}
