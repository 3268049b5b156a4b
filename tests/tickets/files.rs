//! Files that a ticket system does not take: the ticket says so, and everything else is done.

use crate::life::{Contract, SYSTEMS};
use crate::reports::{bad, changed};

/// Those to which files are sent one by one.
fn by_one() -> impl Iterator<Item = Contract> {
    SYSTEMS.into_iter().filter(|contract| contract.takes_files && contract.name != "rt")
}

#[test]
fn a_file_that_is_refused_stops_nothing_and_is_told() {
    for contract in by_one() {
        for status in [403, 413, 422] {
            let running = contract.start();
            let user = contract.user(&running);
            let name = contract.name;
            running.store.lock().expect("the tickets").refused_files = Some((".html", status, 99));
            let kept = || running.store.lock().expect("the tickets").tickets[0].clone();
            let ran = user.ticket(&bad(), &[]);
            assert!(
                ran.stderr.contains(".html is not attached: ") && ran.stderr.contains("not taken"),
                "{name}: {ran:?}"
            );
            assert!(ran.good().starts_with("created "), "{name}");
            assert_eq!(kept().files.len(), 1, "{name}");
            assert!(kept().body.contains("Not every file of this report is attached"), "{name}: {}", kept().body);
            for _ in 0..3 {
                assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged "), "{name}");
            }
            assert!(user.ticket(&changed(), &[]).good().starts_with("updated "), "{name}");
            assert_eq!((kept().files.len(), kept().comments.len()), (2, 1), "{name}");
            assert!(kept().comments[0].contains("Not every file"), "{name}: {}", kept().comments[0]);
            assert!(user.ticket(&changed(), &[]).good().starts_with("unchanged "), "{name}");
        }
    }
}

/// Request Tracker has files in the request that makes the ticket, or the comment.
#[test]
fn a_request_that_its_files_make_too_large_is_sent_without_them() {
    let contract = SYSTEMS.into_iter().find(|contract| contract.name == "rt").expect("a system");
    let running = contract.start();
    let user = contract.user(&running);
    let refuses = |status: u16| running.store.lock().expect("the tickets").refused_files = Some((".html", status, 99));
    let kept = || running.store.lock().expect("the tickets").tickets[0].clone();
    refuses(413);
    let ran = user.ticket(&bad(), &[]);
    for name in [".json is not attached: ", ".html is not attached: "] {
        assert!(ran.stderr.contains(name) && ran.stderr.contains("rt answered 413"), "{ran:?}");
    }
    assert!(ran.good().starts_with("created #1"));
    assert!(kept().files.is_empty() && kept().body.starts_with("<p>Not every file"), "{}", kept().body);
    assert!(user.ticket(&bad(), &[]).good().starts_with("unchanged #1"));
    let ran = user.ticket(&changed(), &[]);
    assert!(ran.stderr.contains("is not attached: "), "{ran:?}");
    assert!(ran.good().starts_with("updated #1"));
    assert!(kept().comments[0].starts_with("<p>Not every file") && kept().files.is_empty(), "{:?}", kept());
    assert_eq!(kept().comments.len(), 1);
    assert!(user.ticket(&changed(), &[]).good().starts_with("unchanged #1"));
    // What is refused for something else is refused.
    refuses(403);
    let ran = user.ticket(&bad(), &[]);
    assert_eq!((ran.status, kept().comments.len()), (Some(75), 1), "{ran:?}");
    running.store.lock().expect("the tickets").refused_files = None;
    assert!(user.ticket(&bad(), &[]).good().starts_with("updated #1"));
    assert_eq!((kept().files.len(), kept().comments.len()), (2, 2));
}

#[test]
fn a_file_that_fails_for_now_is_sent_by_the_next_run_and_the_others_are_not_sent_again() {
    for contract in by_one() {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        running.store.lock().expect("the tickets").refused_files = Some((".html", 500, 1));
        let ran = user.ticket(&bad(), &[]);
        if ran.status != Some(0) {
            assert_eq!(ran.status, Some(75), "{name}: {ran:?}");
            user.ticket(&bad(), &[]).good();
        }
        let store = running.store.lock().expect("the tickets");
        assert_eq!((store.open().len(), store.tickets[0].files.len()), (1, 2), "{name}");
        assert!(store.tickets[0].comments.is_empty(), "{name}: nothing changed");
        assert!(!store.tickets[0].body.contains("Not every file"), "{name}");
    }
}
