//! The table of captured answers (`verdicts.tsv`): what each says of its host, with the reason beside it.

use std::collections::BTreeSet;
use std::fs;

use clockaudit::audit::{Policy, circumstantial_findings};
use clockaudit::clock::{Interval, Nanos};
use clockaudit::probe::Facts;
use clockaudit::timekeeper::{Source, TimeService};

use super::captures::{captures, facts_of, folder};

/// One line of the table.
struct Row {
    files: Vec<String>,
    beside: Vec<(String, String)>,
    state: String,
    codes: String,
}

fn table() -> Vec<Row> {
    let text = fs::read_to_string(folder().join("verdicts.tsv")).expect("the table");
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [files, beside, state, codes, reason] = columns[..] else { panic!("five columns: {line}") };
        assert!(reason.len() > 5, "a reason: {line}");
        let facts = beside.split(' ').filter_map(|fact| fact.split_once('='));
        Row {
            files: files.split(' ').map(str::to_owned).collect(),
            beside: facts.map(|(key, value)| (key.to_owned(), value.replace('_', " "))).collect(),
            state: state.to_owned(),
            codes: codes.trim_start_matches('-').to_owned(),
        }
    });
    rows.collect()
}

/// What a host is judged to be: its state, and the codes of its findings, each with its severity where it is not its code's.
fn judged(facts: &Facts) -> (String, String) {
    let service = TimeService::read(&facts.0, None);
    let policy = Policy::standard();
    let codes = circumstantial_findings(&service, &policy, None).into_iter().map(|finding| {
        let lessened = if finding.severity == finding.code.severity() { "" } else { "(note)" };
        format!("{}{lessened}", finding.code.label())
    });
    (service.state(policy.warn).label().to_owned(), codes.collect::<Vec<_>>().join(" "))
}

#[test]
fn every_captured_answer_is_judged_as_the_table_says() {
    let captures = captures();
    let (mut broken, mut seen) = (Vec::new(), BTreeSet::new());
    let (mut judgements, rows) = (0, table());
    for row in &rows {
        let names: Vec<&str> = row.files.iter().map(String::as_str).collect();
        seen.extend(names.iter().map(|name| name.split('@').next().expect("a name").to_owned()));
        if row.state == "skipped" {
            continue;
        }
        judgements += 1;
        let Facts(mut facts) = facts_of(&names, &captures);
        facts.extend(row.beside.iter().cloned());
        if facts.iter().all(|(key, _)| key != "kernel") {
            facts.push(("kernel".to_owned(), "Linux 6.1.0 x86_64".to_owned()));
        }
        let (state, codes) = judged(&Facts(facts));
        if (&state, &codes) != (&row.state, &row.codes) {
            broken.push(format!("{names:?}: {state} {codes}, expected {} {}", row.state, row.codes));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(judgements > 150, "only {judgements} rows are judged");
    let files: BTreeSet<String> = captures.into_keys().collect();
    assert_eq!(files, seen, "files that the table does not name, or names in vain");
}

/// timekeepers.md, table of signs: each output with a server that is ahead (or behind) by a known amount.
#[test]
fn every_output_has_its_sign_turned_once() {
    let captures = captures();
    let service = |names: &[&str], process: &str| {
        let Facts(mut facts) = facts_of(names, &captures);
        facts.push(("proc".to_owned(), process.to_owned()));
        facts.push((
            "ntpd.args".to_owned(),
            if names[0].starts_with("openntpd") { "ntp engine" } else { "" }.to_owned(),
        ));
        TimeService::read(&facts, None)
    };
    let near = |what: &str, offset: Option<Nanos>, expected_us: i64| {
        let offset = offset.unwrap_or_else(|| panic!("{what}: no offset"));
        let error = offset - Nanos::from_micros(expected_us);
        assert!(error.abs() < Nanos::from_micros(200), "{what}: {offset}");
    };
    let claimed = |names: &[&str], process: &str, expected_us: i64| {
        near(names[0], service(names, process).claim.said().map(|claim| claim.offset), expected_us);
    };
    // A server that is ahead: the host is behind, which is negative here, whatever the program prints.
    claimed(&["chrony-4.3-offset8s-nostep-tracking-csv.txt"], "chronyd", -8_200_038);
    claimed(&["chrony-4.3-offset8s-nostep-tracking-human.txt"], "chronyd", -8_200_038);
    claimed(&["chrony-4.3-minus123ms-tracking-csv.txt"], "chronyd", 122_988);
    claimed(&["chrony-4.3-minus123ms-tracking-human.txt"], "chronyd", 122_988);
    claimed(&["ntpsec-1.2.2-server-100ms-ahead.txt"], "ntpd", -100_051);
    claimed(&["timesyncd-252-offset+200ms-busctl.txt"], "systemd-timesyn", -200_088);
    claimed(&["timesyncd-252-offset+200ms-timesync-status.txt"], "systemd-timesyn", -200_088);
    let of_source = |names: &[&str], process: &str, source: &str, expected_us: i64| {
        let service = service(names, process);
        let found = service.known_sources().iter().find(|known: &&Source| known.name == source);
        near(names[0], found.and_then(|source| source.offset), expected_us);
    };
    let tracking = "chrony-4.3-nomajority3-tracking-csv.txt";
    for sources in ["chrony-4.3-nomajority3-sources-csv.txt", "chrony-4.3-nomajority3-sources-human.txt"] {
        of_source(&[tracking, sources], "chronyd", "10.105.0.31", -8_200_032);
        of_source(&[tracking, sources], "chronyd", "10.105.0.35", 122_967);
    }
    of_source(&["ntpsec-1.2.2-server-100ms-ahead.txt"], "ntpd", "10.105.0.33", -100_042);
    of_source(&["openntpd-6.2p3-later-all.txt"], "ntpd", "10.105.0.33", -100_031);
    // What was measured and may have been corrected since: from there to nothing, and the error on both sides.
    let claim = service(&["ntpsec-1.2.2-server-100ms-ahead.txt"], "ntpd").claim;
    let distance = Nanos(292_605_000 + 5_056_500);
    let expected = Interval::new(Nanos(-100_051_345), Nanos::ZERO).widened(distance);
    assert_eq!(claim.claim().map(clockaudit::timekeeper::Claim::interval), Some(expected));
}
