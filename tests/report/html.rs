//! The page for a browser as text: what it lets in, what it holds, and that no remote text is more than text in it. What a browser
//! makes of it is tested in `browser.rs`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clockaudit::audit::{Policy, Profile, TokenPolicy};
use clockaudit::clock::Nanos;
use clockaudit::probe::{FailureCode, Stage};
use clockaudit::report::model::{Report, Verdict};
use clockaudit::report::{escape, html, json};
use sha2::{Digest, Sha256};

use super::fleet;
use super::fleet::many;

/// What a remote text may hold to become more than text.
pub(crate) const HOSTILE: [&str; 6] = [
    "</script><script>document.title='owned'</script>",
    "{{ 7 * 7 }}{% raw %}{# #}",
    "\"'><img src=x onerror=\"document.title='owned'\">",
    "a\u{1b}[2J\r\nb\u{0}\u{9b}",
    "evil\u{202e}txt.exe\u{2066}\u{feff}",
    "<!--<svg onload=x>]]>&amp;&#x3c;",
];

pub(crate) fn page(report: &Report) -> String {
    html::write(report).expect("a page")
}

/// The dozen, with what breaks for systems and for tokens.
pub(crate) fn dozen() -> Report {
    let made = fleet::dozen().into_iter().map(|host| {
        let group = if host.name.starts_with("auth") || host.name == "api01" { "auth" } else { "api" };
        host.of(group)
    });
    let (leeway, latency) = (Nanos::ZERO, Nanos::from_millis(5));
    let asked = TokenPolicy { issuers: "auth".to_owned(), verifiers: "api".to_owned(), leeway, latency };
    let policy = Policy { tokens: vec![asked], ..Policy::of_profiles(vec![Profile::Jwt, Profile::Kerberos]) };
    fleet::report_by(&made.collect::<Vec<_>>(), &policy)
}

/// A fleet in which every text that a host or a stored report brings is hostile.
pub(crate) fn hostile() -> Report {
    let mut made: Vec<fleet::Made> = Vec::new();
    for (index, text) in HOSTILE.iter().enumerate() {
        let offset = Nanos::from_millis(i64::try_from(index).expect("few") * 400 - 700);
        made.push(fleet::host(&format!("{index}{text}"), offset).claims("0.000001").of(text));
        let down = fleet::host(&format!("down{index}{text}"), Nanos::ZERO).of(text);
        made.push(down.fails(FailureCode::NoShell, Stage::Probe, &text.repeat(50)));
    }
    made.push(fleet::host(&"huge".repeat(10_000), Nanos::ZERO));
    let asked = |group: &str| TokenPolicy {
        issuers: group.to_owned(),
        verifiers: HOSTILE[1].to_owned(),
        leeway: Nanos::ZERO,
        latency: Nanos::ZERO,
    };
    let policy = Policy { tokens: HOSTILE.map(asked).into(), ..Policy::standard() };
    let mut report = fleet::report_by(&made, &policy);
    let all = HOSTILE.concat();
    report.run.id.push_str(&all);
    report.run.inventory.sources = HOSTILE.map(str::to_owned).into();
    report.reference.label.push_str(&all);
    for host in &mut report.hosts {
        host.time_service = Some(all.clone());
        host.address = Some(all.clone());
        for finding in &mut host.findings {
            finding.what.push_str(&all);
            finding.expected.push_str(&all);
            finding.meaning.push_str(&all);
            finding.remedy.push_str(&all);
        }
        if let Some(clock) = &mut host.clock {
            clock.status.push_str(&all);
            clock.reader = Some(all.clone());
        }
    }
    for cause in &mut report.causes {
        cause.what.push_str(&all);
        cause.upstream = Some(all.clone());
    }
    for impact in &mut report.impact {
        impact.system.push_str(&all);
    }
    report
}

pub(crate) fn stored_fix() -> Report {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/reports/0.1.0-fix.json");
    json::read(&std::fs::read_to_string(path).expect("a stored report")).expect("a report")
}

/// What stands between two texts, each time.
fn between<'page>(page: &'page str, from: &str, to: &str) -> Vec<&'page str> {
    page.split(from).skip(1).filter_map(|rest| rest.split_once(to)).map(|(inner, _)| inner).collect()
}

#[test]
fn only_its_own_style_and_script_are_let_in_and_nothing_else_is_loaded() {
    let page = page(&dozen());
    let [policy] = between(&page, "Content-Security-Policy\" content=\"", "\"")[..] else { panic!("one policy") };
    let [style] = between(&page, "<style>", "</style>")[..] else { panic!("one style") };
    let [script] = between(&page, "<script>", "</script>")[..] else { panic!("one script") };
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let expected = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    );
    assert_eq!(policy, expected);
    for loads in ["url(", "@import", "@font-face", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!style.contains(loads) && !script.contains(loads), "{loads}");
    }
    let markup = page.replace(style, "").replace(script, "");
    for loads in [" style=", " src=", "xlink:", "<link", "<img", "<iframe", "<object", "<form", "http://", "https://"] {
        assert!(!markup.contains(loads), "{loads}");
    }
    let handler = markup
        .split(" on")
        .skip(1)
        .find(|rest| rest.split(['=', ' ', '<']).next().is_some_and(|name| rest[name.len()..].starts_with("=\"")));
    assert_eq!(handler, None);
    for link in between(&markup, "href=\"", "\"") {
        assert!(link.starts_with('#') && markup.contains(&format!("id=\"{}\"", &link[1..])), "{link}");
    }
}

#[test]
fn a_remote_text_is_text_and_nothing_in_it_acts() {
    let page = page(&hostile());
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
    assert_eq!((page.matches("<style").count(), page.matches("<!--").count(), page.matches("<img").count()), (1, 0, 0));
    for shown in ["&lt;script&gt;", "{{ 7 * 7 }}{% raw %}{# #}", "\\x1b[2J\\r\\nb\\x00\\x9b", "evil\\u{202e}txt.exe"] {
        assert!(page.contains(shown), "{shown}");
    }
    let acting = page.chars().find(|character| *character != '\n' && escape::acts(*character));
    assert_eq!(acting, None);
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn a_stored_report_makes_the_same_page() {
    for report in [dozen(), hostile(), fleet::report(&many(300)), stored_fix()] {
        let stored = json::read(&json::write(&report).expect("JSON")).expect("a report");
        assert!(page(&stored) == page(&report) && page(&report) == page(&report), "{}", report.run.id);
    }
}

#[test]
fn every_host_has_its_row_and_every_kind_of_finding_its_remedy() {
    for report in [dozen(), fleet::report(&many(300))] {
        let page = page(&report);
        assert_eq!(page.matches("<tr data-v=").count(), report.hosts.len());
        for host in &report.hosts {
            let row = format!("<th scope=\"row\">{}</th>", host.name);
            assert_eq!(page.matches(&row).count(), 1, "{}", host.name);
            for finding in &host.findings {
                let remedy = finding.remedy.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let remedy = remedy.replace('"', "&quot;").replace('\'', "&#x27;").replace('/', "&#x2f;");
                assert!(page.contains(&format!(">{}</span>", finding.code)) && page.contains(&remedy), "{finding:?}");
            }
        }
    }
}

#[test]
fn every_clock_is_in_the_pictures() {
    let report = dozen();
    let page = page(&report);
    let measured = report.hosts.iter().filter(|host| host.clock.is_some()).count();
    // The plot: a bar and a dot for each clock, the limits, a row for each host.
    let plot = between(&page, "id=\"plot-t\"", "</svg>").concat();
    assert_eq!(plot.matches("<path class=\"bar").count(), measured);
    assert_eq!(plot.matches("<circle").count(), measured);
    assert_eq!(plot.matches("class=\"name\"").count(), report.hosts.len());
    assert!(plot.contains("class=\"limit c\"") && plot.contains("class=\"limit w\""), "{plot}");
    // The histogram: each clock is behind or ahead.
    let rows = between(&page, "<table class=\"plain histogram\">", "</table>").concat();
    let cells = rows.split("<td class=\"n\">").skip(1).filter_map(|cell| cell.split('<').next());
    let counted: usize = cells.filter_map(|count| count.parse::<usize>().ok()).sum();
    assert_eq!(counted, measured, "{rows}");
    // The tiles: the counts of the summary.
    let tiles = between(&page, "<ul class=\"tiles\">", "</ul>").concat();
    let counts = report.summary.counts;
    for (class, count) in
        [("c", counts.crit), ("w", counts.warn), ("u", counts.undecided), ("d", counts.down), ("o", counts.ok)]
    {
        let none = if count == 0 { " none" } else { "" };
        let tile = format!("<li class=\"{class}{none}\"><span class=\"n\">{count}</span>");
        assert!(tiles.contains(&tile), "{tile} in {tiles}");
    }
}

#[test]
fn many_clocks_are_bands_with_every_one_of_them() {
    let page = page(&fleet::report(&many(300)));
    let plot = between(&page, "id=\"plot-t\"", "</svg>").concat();
    assert!(plot.contains("<path class=\"band ") && plot.contains("<path class=\"middle\""), "{plot}");
    assert!(plot.matches("class=\"tick\"").count() >= 4, "{plot}");
}

#[test]
fn causes_and_what_breaks_have_their_tables() {
    let report = dozen();
    let page = page(&report);
    let causes = between(&page, "id=\"causes\"", "</table>").concat();
    let told = report.causes.iter().filter(|cause| cause.verdict != Verdict::Down).count();
    assert_eq!(causes.matches("<tr><td><span class=\"v ").count(), told, "{causes}");
    let breaks = between(&page, "id=\"breaks\"", "</section>").concat();
    assert_eq!(breaks.matches("<h3>").count(), report.jwt.len());
    assert!(breaks.contains("First uses refused: the worst pairs"), "{breaks}");
    for pair in report.jwt.iter().flat_map(|question| &question.worst) {
        let row = format!("<tr><td>{}</td><td>{}</td>", pair.issuer, pair.verifier);
        assert!(breaks.contains(&row), "{row}");
    }
    assert_eq!(breaks.matches("<th scope=\"row\">").count(), report.impact.len());
}

#[test]
fn the_pairs_of_the_map_are_those_of_the_summary() {
    for report in [dozen(), fleet::report(&many(60))] {
        let page = page(&report);
        let count = |class: &str| u64::try_from(page.matches(&format!("<g class=\"f{class}\">")).count()).expect("few");
        let pairs = report.summary.pairs;
        // Each pair is drawn from both sides.
        assert_eq!((count("c"), count("b")), (pairs.beyond, pairs.beyond));
        assert_eq!((count("u"), count("o")), (2 * pairs.undecided, 2 * pairs.within));
    }
}

#[test]
fn groups_stand_for_their_pairs_where_hosts_are_many() {
    // Every host alone is within; only between `early` and `late` is there a pair beyond.
    let mut made: Vec<fleet::Made> =
        (0..40).map(|index| fleet::host(&format!("a{index}"), Nanos::ZERO).of("fine")).collect();
    made.extend((0..40).map(|index| fleet::host(&format!("b{index}"), Nanos::from_millis(70)).of("early")));
    made.extend((0..40).map(|index| fleet::host(&format!("c{index}"), Nanos::from_millis(-70)).of("late")));
    let page = page(&fleet::report(&made));
    let check = |one: &str, other: &str, class: &str| {
        let field = format!("<g class=\"f{class}\"><title>{one} - {other}: ");
        assert!(page.contains(&field), "{field}");
    };
    check("early", "late", "c");
    check("late", "early", "b");
    for (one, other) in [("fine", "fine"), ("fine", "early"), ("late", "fine"), ("early", "early"), ("late", "late")] {
        check(one, other, "o");
    }
}

#[test]
fn a_report_without_clocks_is_a_page_too() {
    let down = fleet::host("web1", Nanos::ZERO).fails(FailureCode::Timeout, Stage::Connect, "no answer in 10.0 s");
    for made in [vec![], vec![down], vec![fleet::host("one", Nanos::ZERO)]] {
        let page = page(&fleet::report(&made));
        assert!(page.contains("<main>") && page.ends_with("</html>\n"), "{} hosts", made.len());
        assert!(!page.contains("id=\"pairs\""), "{} hosts", made.len());
    }
}

#[test]
fn a_fix_is_told_with_its_outcomes_and_its_changes() {
    let report = stored_fix();
    let fix = report.fix.as_ref().expect("a fix");
    let page = page(&report);
    assert!(page.contains("id=\"fix\""), "no section");
    for host in &fix.hosts {
        assert!(page.contains(&host.name), "{}", host.name);
    }
    assert_eq!(page.matches("<details class=\"diff\">").count(), fix.diffs.len());
    assert!(page.contains("<span class=\"a\">+"), "no line is added");
}

#[test]
fn ten_thousand_hosts_are_at_most_fifteen_megabytes() {
    let mut report = fleet::report(&many(10_000));
    let claim = report.hosts.iter().find_map(|host| host.claim.clone()).expect("a claim");
    // What hosts are found by: none has less than others.
    for (index, host) in report.hosts.iter_mut().enumerate() {
        (host.address, host.port) = (Some(format!("2001:db8:ffff:ffff:ffff:ffff:ffff:{index}")), Some(65_535));
        let source = format!("a-time-server-with-a-long-name-{index}.europe-north.example.org");
        host.claim.get_or_insert(claim.clone()).source = Some(source.repeat(9));
    }
    let page = page(&report);
    assert!(page.len() <= 15_000_000, "{}", page.len());
    // What unfolds is what there is to be told.
    let telling = report.hosts.iter().filter(|host| !host.findings.is_empty()).count();
    assert_eq!((page.matches("<details>").count(), telling), (2_500, 2_500));
}
