//! What others do to tickets, and with them: searches that show tickets of others, machines and jobs that report of their own, tickets
//! that may not be seen any more.

use serde_json::json;

use crate::life::SYSTEMS;
use crate::reports::{bad, bad_again, changed, clear, later, many, shrunk};
use crate::server::Told;
use crate::store::Fault;

/// Whatever lies before a tracker may drop what it is searched for, and trackers drop what they do not know.
#[test]
fn a_search_that_shows_tickets_of_others_changes_none() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        {
            let mut store = running.store.lock().expect("the tickets");
            store.ignores_search = true;
            store.make("The printer is on fire", "{}", Vec::new());
            store.make("A key is lost", "{}", vec!["clk-0123456789abcdef".to_owned()]);
        }
        for report in [bad(), clear()] {
            let ran = user.ticket(&report, &["--resolve"]);
            assert_eq!(ran.status, Some(75), "{name}: {ran:?}");
            assert!(
                ran.stderr.contains("which does not have it") && ran.stderr.contains("none is changed"),
                "{name}: {ran:?}"
            );
            assert!(running.server.taken().iter().all(|asked| asked.method == "GET"), "{name}: nothing is changed");
        }
        running.store.lock().expect("the tickets").ignores_search = false;
        assert!(user.ticket(&bad(), &[]).good().starts_with("created "), "{name}");
    }
}

#[test]
fn a_noted_ticket_that_may_not_be_seen_any_more_is_gone() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        user.ticket(&bad(), &[]).good();
        {
            let mut store = running.store.lock().expect("the tickets");
            store.hides_first = true;
            store.tickets[0].labels.clear();
            store.tickets[0].title = "It was moved".to_owned();
        }
        assert!(user.ticket(&bad(), &[]).good().starts_with("created "), "{name}");
        assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged "), "{name}");
        assert_eq!(running.store.lock().expect("the tickets").tickets.len(), 2, "{name}");
    }
}

/// A page for people, as a proxy or a login in front of a tracker shows it, with the status of success.
#[test]
fn a_page_is_no_answer() {
    let page = || Told { body: b"<!DOCTYPE html><title>Sign in</title>".to_vec(), ..Told::empty(200) };
    let fault = |method: &'static str, answer: Told| Fault { method, path: "", times: 99, answer, is_done: false };
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        let fails = |faults: Vec<Fault>| running.store.lock().expect("the tickets").faults = faults;
        let check = |words: &str| {
            let ran = user.ticket(&bad(), &[]);
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(75), ""), "{name}: {ran:?}");
            assert!(ran.stderr.contains(words), "{name}: {ran:?}");
        };
        fails(vec![fault("POST", page())]);
        check("its answer is not JSON");
        fails(vec![fault("POST", Told::json(200, &json!({})))]);
        check("its answer is not ");
        fails(Vec::new());
        user.ticket(&bad(), &[]).good();
        for method in ["PUT", "PATCH", "POST"] {
            fails(vec![fault(method, page())]);
            let ran = user.ticket(&changed(), &[]);
            let is_asked = running.server.taken().iter().any(|asked| asked.method == method);
            assert_eq!(ran.status, Some(if is_asked { 75 } else { 0 }), "{name} {method}: {ran:?}");
            fails(Vec::new());
            user.ticket(&bad(), &[]).good();
            running.server.taken();
        }
    }
}

/// Searches of Jira Cloud lag behind, and something before it gives up.
#[test]
fn a_ticket_that_cannot_be_found_yet_is_not_made_again() {
    let contract = &SYSTEMS[3];
    let running = contract.start();
    let user = contract.user(&running);
    {
        let mut store = running.store.lock().expect("the tickets");
        store.lags = true;
        let answer = Told::empty(502);
        store.faults.push(Fault { method: "POST", path: "/issue", times: 9, answer, is_done: true });
    }
    let ran = user.ticket(&bad(), &[]);
    assert_eq!(ran.status, Some(75), "{ran:?}");
    {
        let mut store = running.store.lock().expect("the tickets");
        assert_eq!(store.tickets.len(), 1);
        (store.lags, store.faults) = (false, Vec::new());
    }
    assert!(user.ticket(&bad(), &[]).good().starts_with("updated OPS-1"));
    let store = running.store.lock().expect("the tickets");
    assert_eq!((store.tickets.len(), store.tickets[0].files.len(), store.tickets[0].comments.len()), (1, 2, 0));
}

#[test]
fn a_jira_without_resolutions_reopens_what_was_closed_lately() {
    for contract in &SYSTEMS[2..4] {
        let running = contract.start();
        let user = contract.user(&running);
        user.ticket(&bad(), &[]).good();
        running.store.lock().expect("the tickets").tickets[0].labels.push("without-resolution".to_owned());
        user.ticket(&clear(), &["--resolve"]).good();
        running.store.lock().expect("the tickets").day = 2;
        assert!(user.ticket(&bad_again(), &[]).good().starts_with("reopened OPS-1"), "{}", contract.name);
    }
}

/// Two machines report in turn: what changed since one's own last report is not what changed in the ticket.
#[test]
fn what_changed_is_compared_only_with_what_the_ticket_says() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let (one, other) = (contract.user(&running), contract.user(&running));
        let last =
            || running.store.lock().expect("the tickets").tickets[0].comments.last().cloned().unwrap_or_default();
        one.ticket(&bad(), &[]).good();
        one.ticket(&changed(), &[]).good();
        assert!(last().contains("Since the last report to this ticket"), "{}: {}", contract.name, last());
        other.ticket(&later(bad(), 2, "20261126T160000Z-0003"), &[]).good();
        assert!(!last().contains("Since the last report"), "{}: {}", contract.name, last());
        assert!(last().contains("20261126T160000Z-0003"), "{}: {}", contract.name, last());
        one.ticket(&later(changed(), 3, "20261127T160000Z-0004"), &[]).good();
        assert!(!last().contains("Since the last report"), "{}: {}", contract.name, last());
    }
}

#[test]
fn an_older_report_overrules_no_newer_one() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let mut newer = changed();
        newer.run.started.0.0 += 1;
        user.ticket(&newer, &[]).good();
        running.server.taken();
        let ran = user.ticket(&bad(), &["--resolve"]);
        assert!(ran.stderr.contains("an older one overrules no newer one"), "{ran:?}");
        assert!(ran.good().starts_with("left as it is  clk-"), "{}", contract.name);
        assert!(running.server.taken().is_empty(), "{}", contract.name);
    }
}

/// Bad hosts that leave the inventory are no good ones: that is said once, and the ticket is open until then.
#[test]
fn a_fleet_that_shrank_is_not_all_clear_at_once() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        user.ticket(&bad(), &[]).good();
        let ran = user.ticket(&shrunk(), &["--resolve"]);
        assert!(ran.stderr.contains("6 bad hosts left the inventory"), "{name}: {ran:?}");
        assert!(ran.good().starts_with("cleared "), "{name}");
        {
            let store = running.store.lock().expect("the tickets");
            assert_eq!(store.open().len(), 1, "{name}");
            let (body, comment) = (&store.tickets[0].body, store.tickets[0].comments.last().expect("a comment"));
            for text in [body, comment] {
                assert!(text.contains("6 bad hosts left the inventory"), "{name}: {text}");
            }
            assert!(!comment.contains("All clear"), "{name}: {comment}");
        }
        let ran = user.ticket(&shrunk(), &["--resolve"]);
        assert!(ran.stderr.is_empty(), "{name}: {ran:?}");
        assert!(ran.good().starts_with("resolved "), "{name}");
    }
}

#[test]
fn a_ticket_that_is_refused_does_not_stop_the_others() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let refused = |status: u16| {
        let answer = Told::json(status, &json!({ "message": "Validation Failed" }));
        running.store.lock().expect("the tickets").faults =
            vec![Fault { method: "POST", path: "/issues", times: 1, answer, is_done: false }];
        user.ticket(&bad(), &["--grain", "host"])
    };
    let ran = refused(401);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(75), ""), "who is not let in asks no more: {ran:?}");
    let ran = refused(422);
    assert_eq!((ran.status, ran.stdout.matches("created #").count()), (Some(75), 5), "{ran:?}");
    assert!(ran.stderr.contains("warning: clk-") && ran.stderr.contains("Validation Failed"), "{ran:?}");
    assert!(ran.stderr.contains("1 of 6 tickets do not say"), "{ran:?}");
    let told = user.ticket(&bad(), &["--grain", "host"]).good();
    assert_eq!((told.matches("created #").count(), told.matches("unchanged #").count()), (1, 5), "{told}");
}

#[test]
fn a_flood_of_new_tickets_is_refused() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let ran = user.ticket(&many(), &["--grain", "host"]);
    assert_eq!(ran.status, Some(64), "{ran:?}");
    assert!(ran.stderr.contains("10000 tickets would be new") && ran.stderr.contains("--grain cause"), "{ran:?}");
    assert!(ran.stderr.contains("--most-new 10000"), "{ran:?}");
    // But what there is.
    assert!(running.server.taken().iter().all(|asked| asked.method == "GET" && asked.query["state"] == "open"));
    let ran = user.ticket(&bad(), &["--grain", "host", "--most-new", "5"]);
    assert_eq!(ran.status, Some(64), "{ran:?}");
    user.ticket(&bad(), &["--grain", "host", "--most-new", "6"]).good();
    // What has a ticket is not new, whoever made it.
    user.ticket(&bad(), &["--grain", "host", "--most-new", "0"]).good();
    contract.user(&running).ticket(&bad(), &["--grain", "host", "--most-new", "0"]).good();
}
