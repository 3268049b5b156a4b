//! The page in a real browser: sorted, filtered, printed, read by keyboard and by axe-core, with scripts and without. Pictures of it
//! are left in `target/html`, for people to look at.
#![expect(clippy::panic, reason = "a test ends where its preparations fail")]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clockaudit::report::Report;
use clockaudit::report::model::Verdict;
use flate2::read::ZlibDecoder;
use serde_json::{Value, json};

use super::chromium::Chromium;
use super::fleet;
use super::fleet::many;
use super::html::{dozen, hostile, page, stored_fix};

/// Where `tests/run` installs what reads a page for those who cannot see it.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe-core/node_modules/axe-core/axe.min.js");

/// The names of the hosts that the table shows, from the top.
const NAMES: &str = "Array.from(document.querySelectorAll('#table tbody th'), (cell) => cell.textContent)";

fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/html");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A browser that shows the page of a report, which complained of nothing.
fn showing(report: &Report) -> Chromium {
    let mut browser = Chromium::start();
    browser.open(&page(report));
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser
}

fn names(browser: &mut Chromium) -> Vec<String> {
    let names = browser.evaluate(NAMES);
    names.as_array().expect("names").iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// What axe-core calls serious or critical, in both colour schemes.
fn barriers(browser: &mut Chromium) -> Vec<String> {
    let axe = std::fs::read_to_string(AXE);
    let axe = axe.unwrap_or_else(|error| panic!("{AXE}: {error}; `./tests/run --set-up` installs it"));
    browser.evaluate(&format!("{axe}; undefined"));
    let mut found = Vec::new();
    for scheme in ["light", "dark"] {
        browser.emulate("screen", scheme);
        let violations = browser.evaluate(
            "axe.run().then(({ violations }) => violations.flatMap(({ id, impact, nodes }) => \
             nodes.map((node) => `${impact} ${id}: ${node.html} ${node.failureSummary}`)))",
        );
        let violations = violations.as_array().expect("a list").iter().filter_map(Value::as_str);
        let grave = violations.filter(|text| text.starts_with("serious") || text.starts_with("critical"));
        found.extend(grave.map(|text| format!("{scheme}: {text}")));
    }
    browser.emulate("screen", "light");
    found
}

#[test]
fn the_table_is_sorted_by_each_column_both_ways_with_the_keyboard() {
    let report = dozen();
    let mut browser = showing(&report);
    let first = names(&mut browser);
    assert_eq!(first[..3], ["api07", "auth02", "db01"], "the worst first");
    let mut sort = |column: usize| {
        browser.evaluate(&format!("document.querySelectorAll('#table thead button')[{column}].focus()"));
        browser.press("Enter", 13, "\r");
        let heads = "Array.from(document.querySelectorAll('#table thead th'), (head) => head.ariaSort ?? '')";
        let sorted = browser.evaluate(heads);
        (sorted[column].as_str().unwrap_or_default().to_owned(), names(&mut browser))
    };
    let mut by_name: Vec<String> = report.hosts.iter().map(|host| host.name.clone()).collect();
    assert_eq!(sort(1), ("ascending".to_owned(), by_name.clone()));
    by_name.reverse();
    assert_eq!(sort(1), ("descending".to_owned(), by_name));
    let mut offsets: Vec<(i64, &str)> =
        report.hosts.iter().filter_map(|host| Some((host.clock.as_ref()?.offset_s?.0.0, host.name.as_str()))).collect();
    offsets.sort_unstable();
    let (direction, by_offset) = sort(3);
    assert_eq!((direction.as_str(), by_offset.len()), ("ascending", report.hosts.len()));
    assert_eq!(by_offset[..2], [offsets[0].1, offsets[1].1]);
    assert_eq!(by_offset[10..], ["cache02", "web05"], "what has no offset comes last");
    let (_, by_offset) = sort(3);
    assert_eq!((by_offset[0].as_str(), &by_offset[10..]), ("auth02", &["cache02".to_owned(), "web05".to_owned()][..]));
    assert_eq!(sort(0).1, first);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_table_is_filtered_by_text_and_by_verdict() {
    let mut report = fleet::report(&many(1_200));
    let claim = report.hosts[7].claim.clone();
    let good = &mut report.hosts[4];
    assert_eq!((good.name.as_str(), good.verdict, good.findings.len()), ("web00004", Verdict::Ok, 0));
    (good.address, good.port) = (Some("10.9.0.4".to_owned()), Some(2_222));
    good.claim = claim;
    good.claim.as_mut().expect("a claim").source = Some("ntp4.example".to_owned());
    let mut browser = showing(&report);
    let told = |browser: &mut Chromium| browser.evaluate("document.getElementById('told').textContent");
    assert_eq!(told(&mut browser), json!("1200 of 1200 hosts, the first 500 shown"));
    assert_eq!(names(&mut browser).len(), 500);
    let type_in = |browser: &mut Chromium, text: &str| {
        browser.evaluate("document.getElementById('find').select()");
        browser.ask("Input.insertText", json!({ "text": text }));
    };
    type_in(&mut browser, "WEB00123");
    assert_eq!(names(&mut browser), ["web00123"]);
    type_in(&mut browser, "CLK104 db");
    let by_code = names(&mut browser);
    assert_eq!((by_code.len(), by_code[0].as_str()), (37, "web00023"));
    // What the row unfolds to, and what it has no room for, is found too.
    type_in(&mut browser, "clk101");
    let found = names(&mut browser);
    assert!(found.iter().any(|name| name == "web00023"), "beside CLK104: {found:?}");
    type_in(&mut browser, "10.9.0.4:2222");
    assert_eq!(names(&mut browser), ["web00004"]);
    type_in(&mut browser, "ntp4.example");
    assert_eq!(names(&mut browser), ["web00004"]);
    type_in(&mut browser, "no such host");
    assert_eq!((names(&mut browser).len(), told(&mut browser)), (0, json!("0 of 1200 hosts")));
    browser.evaluate("document.getElementById('find').value = ''");
    browser.evaluate(
        "document.querySelectorAll('#tools input:checked').forEach((box) => box.value === 'd' || box.click())",
    );
    let down = names(&mut browser);
    assert_eq!((down.len(), told(&mut browser)), (112, json!("112 of 1200 hosts")));
    browser.evaluate(
        "document.querySelectorAll('#tools input[type=checkbox]:not(:checked)').forEach((box) => box.click())",
    );
    browser.evaluate("document.getElementById('all').click()");
    assert_eq!((names(&mut browser).len(), told(&mut browser)), (1_200, json!("1200 of 1200 hosts")));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn paper_has_every_host_and_no_controls() {
    let mut browser = showing(&fleet::report(&many(700)));
    browser.evaluate(
        "addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('#table tbody tr').length; \
         window.shown = Array.from(document.querySelectorAll('nav, #tools, #rest'), (part) => part.checkVisibility()); })",
    );
    let paper = browser.print();
    assert!(paper.starts_with(b"%PDF-"), "no PDF");
    std::fs::write(pictures().join("700.pdf"), &paper).expect("a file");
    assert_eq!(browser.evaluate("window.printed"), json!(700));
    assert_eq!(names(&mut browser).len(), 500, "on the screen it is as it was");
    // What is sought on the screen is no part of it: paper has all, and says so.
    browser.evaluate("document.getElementById('find').value = 'web00123'");
    browser.evaluate("document.getElementById('find').dispatchEvent(new Event('input'))");
    browser.evaluate("document.querySelectorAll('#table thead button')[1].click()");
    assert_eq!(names(&mut browser), ["web00123"]);
    browser.evaluate(
        "addEventListener('beforeprint', () => { window.said = document.querySelector('#table caption').textContent; })",
    );
    browser.print();
    assert_eq!(browser.evaluate("window.printed"), json!(700));
    let said = browser.evaluate("window.said");
    assert!(said.as_str().expect("text").starts_with("All 700 hosts, by Host, ascending. "), "{said}");
    assert_eq!(names(&mut browser), ["web00123"]);
    assert_eq!(browser.evaluate("document.querySelectorAll('#table thead button').length"), json!(8));
    browser.evaluate("document.querySelectorAll('#table thead button')[0].click()");
    let said = browser.evaluate("document.querySelector('#table caption').textContent");
    assert!(said.as_str().expect("text").starts_with("All 700 hosts, the worst first. "), "{said}");
    browser.emulate("print", "dark");
    // A sheet of letter paper between its margins: each column has room for words.
    let narrow = browser.evaluate(
        "document.body.style.width = '7.5in'; \
         const sheet = document.body.getBoundingClientRect(); \
         Array.from(document.querySelectorAll('#table thead th'), (cell) => cell.getBoundingClientRect()) \
         .filter((cell) => cell.width < 45 || cell.right > sheet.right + 1).map((cell) => [cell.width, cell.right])",
    );
    assert_eq!(narrow, json!([]));
    let hidden = browser.evaluate(
        "Array.from(document.querySelectorAll('nav, #tools, #rest'), (part) => getComputedStyle(part).display)",
    );
    assert_eq!(hidden, json!(["none", "none", "none"]));
    assert_eq!(
        browser.evaluate("getComputedStyle(document.documentElement).backgroundColor"),
        json!("rgb(255, 255, 255)")
    );
}

#[test]
fn each_sheet_of_the_table_has_its_heading() {
    let (heads, cells) = ("#010203", "#040506");
    let colours = format!(
        "#table thead th, #table thead button {{ color: {heads} !important; }} #table tbody th {{ color: {cells}; }}"
    );
    let text = page(&fleet::report(&many(300)));
    for has_scripts in [true, false] {
        let mut browser = Chromium::start();
        browser.ask("Emulation.setScriptExecutionDisabled", json!({ "value": !has_scripts }));
        browser.ask("Page.setBypassCSP", json!({ "enabled": true }));
        browser.open(&text.replacen("<body>", &format!("<body><style>{colours}</style>"), 1));
        let sheets = streams(&browser.print());
        // A colour of a PDF is three parts of 1.
        let has = |sheet: &str, colour: [&str; 3]| {
            let words: Vec<&str> = sheet.split_whitespace().collect();
            let is_it = |words: &[&str]| {
                words[3] == "rg" && words.iter().zip(colour).all(|(word, part)| word.trim_start_matches('0') == part)
            };
            words.windows(4).any(is_it)
        };
        let of_table = sheets.iter().filter(|sheet| has(sheet, [".0157", ".0196", ".0235"]));
        let headed: Vec<bool> = of_table.map(|sheet| has(sheet, [".0039", ".0078", ".0118"])).collect();
        assert!(headed.len() > 3, "{headed:?}, {} streams", sheets.len());
        assert!(headed.iter().all(|is_headed| *is_headed), "scripts: {has_scripts}, {headed:?}");
    }
}

/// What stands in a PDF between `stream` and `endstream`, as far as it can be inflated to text.
fn streams(paper: &[u8]) -> Vec<String> {
    let find = |from: usize, word: &[u8]| {
        let rest = paper.get(from..).unwrap_or_default();
        rest.windows(word.len()).position(|part| part == word).map(|at| from + at)
    };
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(begin) = find(from, b"stream\n") {
        from = find(begin, b"endstream").expect("an end") + 9;
        let mut text = String::new();
        if ZlibDecoder::new(paper.get(begin + 7..from - 9).unwrap_or_default()).read_to_string(&mut text).is_ok() {
            found.push(text);
        }
    }
    found
}

#[test]
fn without_scripts_every_host_can_be_read() {
    let report = fleet::report(&many(700));
    let mut browser = Chromium::start();
    browser.ask("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&page(&report));
    assert_eq!(names(&mut browser).len(), 700);
    let controls =
        "document.querySelectorAll('#table thead button').length + document.getElementById('tools').checkVisibility()";
    assert_eq!(browser.evaluate(controls), json!(0), "no control that does nothing");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn nobody_is_kept_out() {
    let made = many(300);
    for report in [dozen(), fleet::report(&made), stored_fix()] {
        let mut browser = showing(&report);
        let said = "[document.documentElement.lang, document.querySelectorAll('h1').length, \
                    document.querySelectorAll('main, nav, header, footer').length, \
                    document.querySelectorAll('svg[role=img]:not([aria-labelledby][aria-describedby])').length, \
                    document.querySelectorAll('thead th:not([scope=col]), tbody th:not([scope=row])').length]";
        assert_eq!(browser.evaluate(said), json!(["en", 1, 4, 0, 0]));
        assert_eq!(barriers(&mut browser), Vec::<String>::new());
    }
}

#[test]
fn a_small_telephone_shows_words_that_can_be_read() {
    for report in [dozen(), fleet::report(&many(300))] {
        let mut browser = Chromium::start();
        browser.resize(320, 640);
        browser.open(&page(&report));
        // What the plot writes, in points of the screen; no head is broken between letters, and nothing pushes the page wide.
        let small = browser.evaluate(
            "Array.from(document.querySelectorAll('#offsets figure text'), (text) => \
             parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a).filter((size) => size < 9)",
        );
        assert_eq!(small, json!([]));
        let broken = browser.evaluate(
            "Array.from(document.querySelectorAll('.plain thead th'), (head) => { const text = document.createRange(); \
             text.selectNodeContents(head); const lines = new Set(Array.from(text.getClientRects(), (box) => box.top)); \
             return [head.textContent, lines.size]; }).filter(([text, lines]) => lines > text.split(' ').length)",
        );
        assert_eq!(broken, json!([]));
        assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), json!(true));
        assert_eq!(barriers(&mut browser), Vec::<String>::new());
        browser.picture(&pictures().join(format!("narrow-{}.png", report.hosts.len())));
    }
}

#[test]
fn hostile_texts_run_nothing() {
    let mut browser = showing(&hostile());
    assert_ne!(browser.evaluate("document.title"), json!("owned"));
    let parts = "[document.scripts.length, document.images.length, document.querySelectorAll('svg[onload]').length]";
    assert_eq!(browser.evaluate(parts), json!([1, 0, 0]));
    let title = browser.evaluate("document.querySelector('#table tbody th').closest('table').textContent");
    assert!(title.as_str().expect("text").contains("</script><script>document.title='owned'</script>"), "{title}");
    // A text that is as long as it may be pushes nothing off the page.
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), json!(true));
}

#[test]
fn great_and_small_fleets_are_pictures_that_people_can_look_at() {
    let folder = pictures();
    let mut browser = Chromium::start();
    let reports = [
        ("12", dozen()),
        ("60", fleet::report(&many(60))),
        ("500", fleet::report(&many(500))),
        ("10000", fleet::report(&many(10_000))),
    ];
    for (name, report) in &reports {
        let text = page(report);
        std::fs::write(folder.join(format!("{name}.html")), &text).expect("a file");
        browser.open(&text);
        let idle = browser
            .evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))");
        let sorted = browser.evaluate(
            "(() => { const from = performance.now(); document.querySelectorAll('#table thead button')[3].click(); \
             document.getElementById('table').getBoundingClientRect(); return performance.now() - from; })()",
        );
        browser.evaluate("document.querySelector('#table thead button').click()");
        // Figures for people: what they are worth depends on the machine.
        println!("{name} hosts: {} bytes, ready after {idle} ms, sorted and laid out in {sorted} ms", text.len());
        assert_eq!(browser.complaints(), Vec::<String>::new());
        for scheme in ["light", "dark"] {
            browser.emulate("screen", scheme);
            // What is far down is laid out once it is near.
            browser.evaluate("document.getElementById('hosts').scrollIntoView()");
            browser.picture(&folder.join(format!("{name}-{scheme}.png")));
        }
        browser.emulate("screen", "light");
    }
}
