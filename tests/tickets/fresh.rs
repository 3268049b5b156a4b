//! Machines that know of no ticket, as a runner of jobs that is new each time: what is over is closed by what the tracker has.

use clockaudit::report::Report;
use clockaudit::report::json;
use clockaudit::report::model::{FixOutcome, Kind, NotAudited, Verdict};
use clockaudit::tickets::{Key, mark};
use serde_json::json;

use crate::command::Ran;
use crate::life::{Contract, Running, SYSTEMS};
use crate::reports::{bad, changed, clear, later, with_causes};
use crate::server::Told;
use crate::store::Fault;

/// More than a page.
const OTHERS: usize = 150;

/// A run of somebody who was never here before.
fn ticket(contract: &Contract, running: &Running, report: &Report, grain: &str, more: &[&str]) -> Ran {
    let arguments = [&["--grain", grain, "--scope", "prod"], more].concat();
    contract.user(running).ticket(report, &arguments)
}

/// Tickets of another scope, newer than all others, so that they fill the first page.
fn make_others(contract: &Contract, running: &Running, count: usize) {
    let mut store = running.store.lock().expect("the tickets");
    for number in 0..count {
        let key = Key::of("test", &number.to_string());
        let marked = mark(&key, "0123456789abcdef", Some(&Key::of("test", "cause")));
        let body = match contract.name {
            "jira-cloud" => json!({ "content": [{ "content": [{ "text": marked }] }] }).to_string(),
            _ => marked.clone(),
        };
        store.make(&format!("Clock of web{number} [{marked}]"), &body, vec![key.to_string(), "clockaudit".to_owned()]);
    }
}

fn count(told: &str, word: &str) -> usize {
    let lines = told.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(lines, told.lines().count(), "nothing but {word}: {told}");
    lines
}

fn open(running: &Running) -> usize {
    running.store.lock().expect("the tickets").open().len()
}

#[test]
fn tickets_of_hosts_and_causes_are_cleared_and_resolved_from_a_machine_without_notes() {
    for contract in &SYSTEMS {
        for grain in ["host", "cause"] {
            let place = format!("{} {grain}", contract.name);
            let running = contract.start();
            let told = |report: &Report, more: &[&str]| ticket(contract, &running, report, grain, more).good();
            let made = count(&told(&with_causes(), &[]), "created ");
            assert!(made >= 2, "{place}: {made}");
            make_others(contract, &running, OTHERS);
            running.server.taken();
            assert_eq!(count(&told(&clear(), &[]), "cleared "), made, "{place}");
            let pages = running.server.taken().iter().filter(|asked| asked.method == "GET").count();
            assert!(pages > 2, "{place}: {pages}");
            assert_eq!(open(&running), OTHERS + made, "{place}");
            assert_eq!(count(&told(&clear(), &[]), "unchanged "), made, "{place}");
            assert_eq!(count(&told(&clear(), &["--resolve"]), "resolved "), made, "{place}");
            assert_eq!(open(&running), OTHERS, "{place}");
            assert_eq!(told(&clear(), &["--resolve"]), "", "{place}");
        }
    }
}

/// Of some causes and hosts there is more, of others not.
#[test]
fn what_is_there_still_keeps_its_ticket() {
    for contract in &SYSTEMS {
        let running = contract.start();
        ticket(contract, &running, &bad(), "host", &[]).good();
        let told = ticket(contract, &running, &changed(), "host", &["--resolve"]).good();
        let lines = |word: &str| told.lines().filter(|line| line.starts_with(word)).count();
        // One host is good, and another one is not any more.
        assert_eq!((lines("resolved "), lines("created "), open(&running)), (1, 1, 6), "{}: {told}", contract.name);
    }
}

/// Which hosts a cause was of only its ticket knows, and this machine does not.
#[test]
fn a_cause_is_over_only_by_a_report_of_all() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let made = count(&ticket(contract, &running, &with_causes(), "cause", &[]).good(), "created ");
    let part = |change: fn(&mut Report)| {
        let mut report = clear();
        change(&mut report);
        report
    };
    let parts = [
        part(|report| report.run.partial = true),
        part(|report| report.run.inventory.incomplete = true),
        part(|report| report.run.inventory.limit = vec!["all".to_owned()]),
        part(|report| {
            let (name, groups) = ("win01".to_owned(), Vec::new());
            let (by, reason) = ("winrm".to_owned(), "it is not reached over SSH".to_owned());
            report.not_audited = vec![NotAudited { name, groups, by, reason }];
        }),
        part(|report| report.hosts[3].clock = None),
        // To what a replayed scan was limited nobody knows.
        part(|report| report.kind = Kind::Replay),
        part(|report| {
            let fix = json::read(include_str!("../data/reports/0.1.0-fix.json")).expect("a stored report");
            report.fix = fix.fix;
            for host in report.fix.iter_mut().flat_map(|fix| &mut fix.hosts) {
                (host.outcome, host.reason) = (FixOutcome::Converged, None);
            }
        }),
    ];
    for report in parts {
        running.server.taken();
        let told = ticket(contract, &running, &report, "cause", &["--resolve"]).good();
        assert_eq!((told.as_str(), open(&running)), ("", made), "{report:?}");
        assert!(running.server.taken().is_empty(), "nothing is asked for nothing");
    }
    // Another scope has other tickets.
    let other = ["--grain", "cause", "--scope", "test", "--resolve"];
    assert_eq!((contract.user(&running).ticket(&clear(), &other).good().as_str(), open(&running)), ("", made));
    // A ticket that does not tell of which scope it is, as those of older versions.
    let scope = format!(" of {}", Key::of("prod", "cause"));
    {
        let mut store = running.store.lock().expect("the tickets");
        assert!(store.tickets.iter().all(|ticket| ticket.body.contains(&scope)), "{:?}", store.tickets);
        store.tickets[0].body = store.tickets[0].body.replace(&scope, "");
    }
    let told = ticket(contract, &running, &clear(), "cause", &["--resolve"]).good();
    assert_eq!((count(&told, "resolved "), open(&running)), (made - 1, 1));
}

/// A host that was measured and is good is enough, whatever else was looked at; one that was not measured is not.
#[test]
fn a_host_is_over_by_its_own_measurement() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let made = count(&ticket(contract, &running, &bad(), "host", &[]).good(), "created ");
    let mut one = clear();
    one.hosts.retain(|host| host.name == "db01");
    one.run.inventory.limit = vec!["db01".to_owned()];
    let mut unreached = one.clone();
    unreached.hosts[0].clock = None;
    let mut ended = one.clone();
    ended.run.partial = true;
    for report in [&unreached, &ended] {
        assert_eq!(ticket(contract, &running, report, "host", &["--resolve"]).good(), "");
    }
    let told = ticket(contract, &running, &one, "host", &["--resolve"]).good();
    assert_eq!((count(&told, "resolved "), open(&running)), (1, made - 1), "{told}");
}

/// An older report than the last one that a ticket was told of is none that tells of its end, whoever brings it.
#[test]
fn an_older_report_closes_no_ticket_that_was_changed_since() {
    let contract = &SYSTEMS[0];
    for grain in ["host", "cause"] {
        let running = contract.start();
        let made = count(&ticket(contract, &running, &with_causes(), grain, &[]).good(), "created ");
        let changed = |at: &'static str| {
            let mut store = running.store.lock().expect("the tickets");
            store.tickets.iter_mut().for_each(|ticket| ticket.changed_at = Some(at));
        };
        changed("2027-01-01T00:00:00Z");
        assert_eq!(ticket(contract, &running, &clear(), grain, &["--resolve"]).good(), "", "{grain}");
        assert_eq!(open(&running), made, "{grain}");
        changed("2026-11-01T00:00:00Z");
        assert_eq!(count(&ticket(contract, &running, &clear(), grain, &["--resolve"]).good(), "resolved "), made);
    }
}

#[test]
fn an_older_report_changes_no_ticket_that_tells_of_a_newer_one() {
    for contract in &SYSTEMS {
        for grain in ["run", "host", "cause"] {
            let place = format!("{} {grain}", contract.name);
            let running = contract.start();
            let made = count(&ticket(contract, &running, &with_causes(), grain, &[]).good(), "created ");
            // RT does not show what it was told first, but when that was.
            if contract.name == "rt" {
                let mut store = running.store.lock().expect("the tickets");
                store.tickets.iter_mut().for_each(|ticket| ticket.changed_at = Some("2026-11-24T16:10:00Z"));
            }
            for older in [clear(), changed()] {
                let older = later(older, -1, "20261123T160000Z-0000");
                let ran = ticket(contract, &running, &older, grain, &["--resolve"]);
                for word in ["resolved ", "updated ", "cleared "] {
                    assert!(!ran.stdout.contains(word), "{place}: {ran:?}");
                }
                if grain == "run" {
                    assert!(ran.stderr.contains("an older one overrules no newer one"), "{place}: {ran:?}");
                    assert!(ran.stdout.starts_with("left as it is"), "{place}: {ran:?}");
                }
                assert!(open(&running) >= made, "{place}");
            }
            let newer = later(clear(), 100, "20270304T160000Z-0009");
            let told = ticket(contract, &running, &newer, grain, &["--resolve"]).good();
            assert!(told.starts_with("resolved "), "{place}: {told}");
        }
    }
}

/// Notes of what others have overruled since are none to go by.
#[test]
fn old_notes_close_no_ticket_of_a_newer_report() {
    for contract in &SYSTEMS {
        for grain in ["run", "host", "cause"] {
            let place = format!("{} {grain}", contract.name);
            let running = contract.start();
            let arguments = ["--grain", grain, "--scope", "prod", "--resolve"];
            let first = contract.user(&running);
            first.ticket(&later(with_causes(), -2, "20261122T160000Z-0000"), &arguments).good();
            let made = open(&running);
            let mut newer = with_causes();
            for host in newer.hosts.iter_mut().filter(|host| host.verdict != Verdict::Ok) {
                host.verdict = if host.verdict == Verdict::Crit { Verdict::Warn } else { Verdict::Crit };
            }
            contract.user(&running).ticket(&newer, &arguments).good();
            if contract.name == "rt" {
                let mut store = running.store.lock().expect("the tickets");
                store.tickets.iter_mut().for_each(|ticket| ticket.changed_at = Some("2026-11-24T16:10:00Z"));
            }
            let older = later(clear(), -1, "20261123T160000Z-0000");
            let told = first.ticket(&older, &arguments).good();
            assert_eq!(count(&told, "left as it is "), made, "{place}");
            assert_eq!(open(&running), made, "{place}");
        }
    }
}

#[test]
fn where_the_list_is_refused_no_ticket_is_touched() {
    for contract in &SYSTEMS {
        let running = contract.start();
        ticket(contract, &running, &bad(), "host", &[]).good();
        running.server.taken();
        let answer = Told::json(403, &json!({ "message": "not for you" }));
        let fault = Fault { method: "GET", path: "", times: 1, answer, is_done: false };
        running.store.lock().expect("the tickets").faults.push(fault);
        let ran = ticket(contract, &running, &clear(), "host", &["--resolve"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(75), ""), "{}: {ran:?}", contract.name);
        assert!(ran.stderr.contains("answered 403: not for you"), "{}: {ran:?}", contract.name);
        assert_eq!(running.server.taken().len(), 1, "{}", contract.name);
        assert_eq!(open(&running), 6, "{}", contract.name);
    }
}

#[test]
fn more_open_tickets_than_are_looked_through_are_told() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    ticket(contract, &running, &bad(), "host", &[]).good();
    make_others(contract, &running, 2_000);
    running.server.taken();
    let ran = ticket(contract, &running, &clear(), "host", &["--resolve"]);
    assert!(ran.stderr.contains("more open tickets of clockaudit than are looked through"), "{ran:?}");
    assert_eq!((ran.good().as_str(), open(&running)), ("", 2_006));
    assert_eq!(running.server.taken().iter().filter(|asked| asked.query.contains_key("page")).count(), 20);
}

#[test]
fn the_request_for_the_list_is_shown() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let shown = |report: &Report, grain: &str| ticket(contract, &running, report, grain, &["--dry-run"]).good();
        let head = format!("# {}: look through the open tickets of clockaudit", contract.name);
        for grain in ["host", "cause"] {
            let told = shown(&clear(), grain);
            assert!(told.starts_with(&head) && told.contains("\ncurl "), "{}: {told}", contract.name);
            assert!(!told.contains("s3cret-token"), "{}: {told}", contract.name);
        }
        assert!(!shown(&bad(), "run").contains(&head), "{}", contract.name);
        assert!(running.server.taken().is_empty(), "{}", contract.name);
    }
}
