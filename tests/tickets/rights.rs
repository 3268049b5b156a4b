//! Secrets that may do less than is asked: what a system drops or keeps without a word is seen and told.

use serde_json::json;

use crate::life::{Contract, SYSTEMS};
use crate::reports::{bad, bad_again, clear};
use crate::server::Told;
use crate::store::Fault;

#[test]
fn a_ticket_that_would_not_be_found_again_does_not_stay() {
    let marked = |contract: &&Contract| ["github", "gitlab", "servicenow"].contains(&contract.name);
    for contract in SYSTEMS.iter().filter(marked) {
        let running = contract.start();
        let user = contract.user(&running);
        running.store.lock().expect("the tickets").drops_marks = true;
        let ran = user.ticket(&bad(), &[]);
        let name = contract.name;
        assert_eq!(ran.status, Some(75), "{name}: {ran:?}");
        let mark = if name == "servicenow" { "correlation id" } else { "label" };
        let expected = format!("it made {} without the {mark} by which a ticket is found again", contract.first);
        assert!(ran.stderr.contains(&expected) && ran.stderr.contains("closed again"), "{name}: {ran:?}");
        {
            let mut store = running.store.lock().expect("the tickets");
            assert_eq!((store.tickets.len(), store.open().len()), (1, 0), "{name}");
            assert!(store.tickets[0].body.contains("could not mark it"), "{name}: {}", store.tickets[0].body);
            store.drops_marks = false;
        }
        // Once it may set one, the next run makes the one ticket.
        assert!(user.ticket(&bad(), &[]).good().starts_with("created "), "{name}");
        assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged "), "{name}");
        assert_eq!(running.store.lock().expect("the tickets").open().len(), 1, "{name}");
    }
}

#[test]
fn a_ticket_that_cannot_be_closed_again_is_named() {
    let contract = &SYSTEMS[0];
    let refuses = |status: u16| Fault {
        method: "PATCH",
        path: "/issues/1",
        times: 9,
        answer: Told::json(status, &json!({ "message": "Resource not accessible" })),
        is_done: false,
    };
    for fault in [Some(refuses(403)), Some(refuses(500)), None] {
        let running = contract.start();
        {
            let mut store = running.store.lock().expect("the tickets");
            (store.drops_marks, store.keeps_status) = (true, fault.is_none());
            store.faults.extend(fault.clone());
        }
        let ran = contract.user(&running).ticket(&bad(), &[]);
        assert_eq!(ran.status, Some(75), "{ran:?}");
        assert!(ran.stderr.contains("it made #1 without the label"), "{ran:?}");
        assert!(ran.stderr.contains("close it by hand"), "{ran:?}");
        assert_eq!(ran.stderr.contains("Resource not accessible"), fault.is_some(), "{ran:?}");
    }
}

#[test]
fn a_status_that_stays_as_it_is_is_told() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        let keeps = |keeps: bool| running.store.lock().expect("the tickets").keeps_status = keeps;
        let comments = || running.store.lock().expect("the tickets").tickets[0].comments.len();
        user.ticket(&bad(), &[]).good();
        let before = comments();
        keeps(true);
        for _ in 0..2 {
            let ran = user.ticket(&clear(), &["--resolve"]);
            assert_eq!(ran.status, Some(75), "{name}: {ran:?}");
            let expected =
                format!("it was told to close {0}, said nothing against it, and {0} is open still", contract.first);
            assert!(ran.stderr.contains(&expected), "{name}: {ran:?}");
            assert!(!ran.stdout.contains("resolved"), "{name}: {ran:?}");
        }
        assert_eq!(comments(), before + 1, "{name}: what is said already is not said again");
        keeps(false);
        assert!(user.ticket(&clear(), &["--resolve"]).good().starts_with("resolved "), "{name}");
        keeps(true);
        let ran = user.ticket(&bad_again(), &[]);
        assert_eq!(ran.status, Some(75), "{name}: {ran:?}");
        assert!(ran.stderr.contains(&format!("{} is closed still", contract.first)), "{name}: {ran:?}");
        assert!(!ran.stdout.contains("reopened"), "{name}: {ran:?}");
    }
}
