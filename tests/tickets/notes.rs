//! What is noted of tickets on this machine, and what must be the same in every version.

use std::fs;

use clockaudit::report::json;

use crate::life::SYSTEMS;
use crate::reports::{bad, changed};

#[test]
fn notes_that_are_damaged_are_told_and_left_as_they_are() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    user.ticket(&bad(), &[]).good();
    let path = user.home.path().join(".local/state/clockaudit/tickets.json");
    let notes = fs::read_to_string(&path).expect("the notes");
    let cut = &notes[..notes.len() / 2];
    fs::write(&path, cut).expect("a file");
    let ran = user.ticket(&changed(), &[]);
    assert_eq!(ran.status, Some(0), "the tracker's own search decides: {ran:?}");
    assert!(ran.stdout.starts_with("updated #1"), "{ran:?}");
    assert!(ran.stderr.contains("tickets.json is damaged"), "{ran:?}");
    assert!(ran.stderr.contains("mend it, or move it away"), "{ran:?}");
    assert_eq!(fs::read_to_string(&path).expect("the notes"), cut, "nobody loses what can be mended");
    fs::write(&path, notes).expect("a file");
    let ran = user.ticket(&changed(), &[]);
    assert!(ran.stderr.is_empty(), "{ran:?}");
    assert!(ran.good().starts_with("unchanged #1"));
}

/// Stored in trackers and on users' machines: another value would make second tickets and comments that tell nothing.
#[test]
fn keys_and_states_are_the_same_in_every_version() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let fix = json::read(include_str!("../data/reports/0.1.0-fix.json")).expect("a stored report");
    let check = |report: &clockaudit::report::Report, scope: &str, expected: &str| {
        user.ticket(report, &["--scope", scope]).good();
        let body = running.store.lock().expect("the tickets").tickets.last().expect("a ticket").body.clone();
        assert!(body.contains(expected), "{expected}: {body}");
    };
    check(&bad(), "scan", " state 5b72fd45b58d872b");
    check(&fix, "fix", " state 2d486c481d1aae75");
    // The scope and the grain, of what is looked through for what is over.
    let notes = user.home.path().join(".local/state/clockaudit/tickets.json");
    let notes = fs::read_to_string(notes).expect("the notes");
    let scope = clockaudit::tickets::Key::of("scan", "run");
    assert!(notes.contains(&format!("\"scope\": \"{scope}\"")), "{notes}");
}

#[test]
fn what_a_fix_did_is_a_ticket_like_any_other() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        let mut fix = json::read(include_str!("../data/reports/0.1.0-fix.json")).expect("a stored report");
        let told = user.ticket(&fix, &[]).good();
        assert!(told.starts_with(&format!("created {}", contract.first)), "{name}: {told}");
        let made = running.store.lock().expect("the tickets").tickets[0].clone();
        for part in ["db1", "BACK", "fails"] {
            assert!(made.body.contains(part), "{name}, {part}: {}", made.body);
        }
        if contract.takes_files {
            let report = json::read(&String::from_utf8_lossy(&made.files[0].1)).expect("a report");
            assert_eq!(report, fix, "{name}");
        }
        assert!(user.ticket(&fix, &[]).good().starts_with("unchanged "), "{name}");
        // One host ended otherwise.
        let hosts = &mut fix.fix.as_mut().expect("a fix").hosts;
        let outcome = hosts[0].outcome;
        hosts[3].outcome = outcome;
        assert!(user.ticket(&fix, &[]).good().starts_with("updated "), "{name}");
    }
}
