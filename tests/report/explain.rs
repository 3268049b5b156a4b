//! What `explain` says of a report: nothing twice, and nothing that steers a terminal.

use clockaudit::audit::{Code, explain};
use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::Report;
use clockaudit::report::explain as pages;
use clockaudit::report::model::TimeSource;
use clockaudit::report::table::Page;

use super::fleet;

fn page(code: Code, report: &Report) -> String {
    pages::page(&code.label(), &[explain::page(code)], Some(report), Page::ENDLESS)
}

#[test]
fn a_page_is_as_wide_as_its_terminal_and_no_wider_than_reads_well() {
    let report = fleet::report_by_controller(&[fleet::host("far", Nanos::from_millis(800))]);
    let texts = |paper| {
        [
            pages::page("CLK102", &[explain::page(Code::BeyondCrit)], Some(&report), paper),
            pages::host(&report.hosts[0], &report, paper),
            pages::token_page(Some(&report), paper),
        ]
    };
    // A word that is longer than a line has one for itself.
    let lines =
        |text: &String| text.lines().filter(|line| line.trim().contains(' ')).map(|line| line.chars().count()).max();
    let longest = |text: &String| lines(text).unwrap_or_default();
    for text in texts(Page::of_width(80)) {
        assert!(longest(&text) <= 80, "{text}");
    }
    for (of_200, in_file) in texts(Page::of_width(200)).iter().zip(&texts(Page::ENDLESS)) {
        assert!(of_200 == in_file && longest(of_200) <= 100, "{of_200}");
    }
}

#[test]
fn hosts_of_which_the_same_is_said_share_a_line() {
    let alone = [("chrony.error", "506 Cannot talk to daemon"), fleet::KERNEL];
    let mut made: Vec<fleet::Made> =
        (1..=400).map(|index| fleet::host(&format!("web{index:03}"), Nanos::ZERO).says(&alone)).collect();
    made.push(fleet::host("db", Nanos::ZERO).says(&[
        ("chronyd.args", "chronyd -x"),
        ("proc", "chronyd"),
        fleet::KERNEL,
    ]));
    let report = fleet::report_by_controller(&made);
    let text = page(Code::NoTimekeeper, &report);
    assert!(
        text.contains("\nweb[001-400]\n            no timekeeper runs, and none is installed as a service"),
        "{text}"
    );
    assert!(text.lines().count() < 20, "{text}");
}

#[test]
fn a_host_is_explained_with_what_its_timekeeper_makes_of_its_sources() {
    let sources = ["^,*,10.0.0.1,2,6,377,20,0.000001,0.000001,0.0001", "^,x,10.0.0.3,2,6,17,20,-2.0,-2.0,0.0001"];
    let tracking = "0A000001,10.0.0.1,3,1795535990.0,0.0,0.0,0.0,-3.1,0.0,0.0,0.00002,0.000006,64.2,Normal";
    let facts: Vec<(&str, &str)> = [tracking]
        .iter()
        .chain(&sources)
        .map(|line| ("chrony.csv", *line))
        .chain([("proc", "chronyd"), fleet::KERNEL])
        .collect();
    let report = fleet::report_by_controller(&[fleet::host("web", Nanos::ZERO).says(&facts)]);
    let text = pages::host(&report.hosts[0], &report, Page::ENDLESS);
    let expected = "Sources     10.0.0.1 selected, reach 377, the clock is +0 us ± 0.11 ms from it\n            \
                    10.0.0.3 falseticker, reach 17, the clock is -2.0000 s ± 0.10 ms from it\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_claim_is_told_alike_wherever_it_stands_and_its_offset_counts_once() {
    // chronyd is 70 ms from done, and says so; the clock is right: one of the two is wrong, and 16 us are all that is open.
    let mut made: Vec<fleet::Made> =
        (0..3).map(|index| fleet::host(&format!("good{index}"), Nanos::ZERO).claims("0.0")).collect();
    made.push(fleet::host("slews", Nanos::ZERO).claims("0.07"));
    let report = fleet::report(&made);
    let host = report.hosts.iter().find(|host| host.name == "slews").expect("the host");
    let contradicted = host.findings.iter().find(|finding| finding.code == "CLK107").expect("a contradiction");
    let claimed = "-70.00 ms ± 16 us";
    assert!(contradicted.what.contains(&format!("chronyd claims {claimed}")), "{}", contradicted.what);
    let text = pages::host(host, &report, Page::ENDLESS);
    assert!(text.contains(&format!("{claimed} from UTC")), "{text}");
    let claim = host.claim.as_ref().expect("a claim");
    let (lo, hi) = (claim.lo_s.expect("a bound").0, claim.hi_s.expect("a bound").0);
    assert_eq!((lo, hi), (Nanos(-70_016_000), Nanos(-69_984_000)));
    assert_eq!(claim.bound_s.expect("a bound").0, Nanos(70_016_000), "how far from UTC at most");
    // ntpd tells what it measured last, and corrects it since: anything from there to zero.
    let rv = "associd=0 status=0615 leap_none, leap=00, stratum=3, rootdelay=2.0, rootdisp=2.0, refid=10.0.0.1, \
              reftime=eeac783a.52297edc 2026-11-21T20:06:18.320Z, tc=6, offset=70.0, frequency=0.0";
    made[3] = fleet::host("slews", Nanos::ZERO).says(&[("ntpq", rv), ("proc", "ntpd"), fleet::KERNEL]);
    let report = fleet::report(&made);
    let host = report.hosts.iter().find(|host| host.name == "slews").expect("the host");
    let text = pages::host(host, &report, Page::ENDLESS);
    assert!(text.contains("-40 ms ± 43 ms from UTC"), "{text}");
}

#[test]
fn what_a_report_brings_does_nothing_to_a_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}\u{9b}31m\u{0}";
    let mut made = vec![fleet::host(&format!("web{evil}"), Nanos::from_seconds(3)).claims("0.000001").of(evil)];
    made.push(fleet::host("down", Nanos::ZERO).fails(FailureCode::NoShell, Stage::Probe, evil));
    let mut report = fleet::report_by_controller(&made);
    report.reference.label = evil.to_owned();
    report.run.id = evil.to_owned();
    for host in &mut report.hosts {
        (host.address, host.time_service) = (Some(evil.to_owned()), Some(evil.to_owned()));
        for finding in &mut host.findings {
            (finding.what, finding.expected) = (evil.to_owned(), evil.to_owned());
            (finding.meaning, finding.remedy) = (evil.to_owned(), evil.to_owned());
        }
        if let Some(clock) = &mut host.clock {
            (clock.status, clock.reader, clock.assumptions) =
                (evil.to_owned(), Some(evil.to_owned()), vec![evil.to_owned()]);
        }
        if let Some(timekeeping) = &mut host.timekeeping {
            let source = |name: &str| TimeSource {
                name: name.to_owned(),
                selection: evil.to_owned(),
                stratum: 1,
                reach: Some(255),
                offset_s: None,
                error_s: None,
            };
            timekeeping.sources = Some(vec![source(evil); 9]);
        }
        if let Some(claim) = &mut host.claim {
            (claim.source, claim.leap_status) = (Some(evil.to_owned()), Some(evil.to_owned()));
        }
        if let Some(error) = &mut host.error {
            (error.message, error.stage) = (evil.to_owned(), evil.to_owned());
        }
    }
    let hosts = report.hosts.iter().map(|host| pages::host(host, &report, Page::ENDLESS));
    for text in hosts.chain([page(Code::BeyondCrit, &report)]) {
        let acts = |character: &char| (character.is_control() && *character != '\n') || *character == '\u{202e}';
        assert_eq!(text.chars().find(acts), None, "{text}");
        assert!(text.contains("\\x1b[2J"), "{text}");
    }
}
