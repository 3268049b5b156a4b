//! Pages of every system, and pages that no system should give.

use serde_json::json;

use super::*;
use crate::tickets::mark;
use crate::tickets::request::{Piece, Text};

fn site(system: System) -> Site {
    let project = match system {
        System::Github => "ops/clocks",
        System::Gitlab => "ops/group/clocks",
        _ => "OPS",
    };
    Site::new(system, Some("http://tracker.invalid"), Some(project), None).expect("a site")
}

fn key(number: usize) -> Key {
    Key::of("prod", &format!("host\0web{number}"))
}

fn answer(value: &Value) -> Answer {
    Answer { status: 200, headers: Vec::new(), body: value.to_string().into_bytes() }
}

/// Where a request goes, decoded.
fn asked(request: &Request) -> String {
    let Text(pieces) = &request.url;
    let [Piece::Plain(url)] = pieces.as_slice() else { panic!("{pieces:?}") };
    let url = percent_encoding::percent_decode_str(url).decode_utf8().expect("text").into_owned();
    url.strip_prefix("http://tracker.invalid").expect("the place").to_owned()
}

/// What is listed where these are the answers, and what was asked.
fn listed(system: System, answers: &mut dyn FnMut(usize) -> Answer) -> (Result<Listed, Refusal>, Vec<String>) {
    let mut listing = Listing::start(site(system));
    let mut all = Vec::new();
    loop {
        match listing.proceed() {
            Ok(ListingNext::Done(listed)) => return (Ok(listed), all),
            Err(refusal) => return (Err(refusal), all),
            Ok(ListingNext::Ask(request)) => {
                all.push(asked(&request));
                assert!(all.len() <= 25, "there is an end");
                listing.hear(answers(all.len()));
            }
        }
    }
}

/// A ticket as a system lists it.
fn record(system: System, number: usize, is_open: bool) -> Value {
    let scope = Key::of("prod", "cause");
    let (key, state) = (key(number), "0123456789abcdef");
    let marked = mark(&key, state, Some(&scope));
    let id = (1_000 + number).to_string();
    match system {
        System::Github => {
            let state = if is_open { "open" } else { "closed" };
            json!({ "number": id, "state": state, "labels": [{ "name": key.as_str() }, { "name": "clockaudit" }], "body": marked })
        }
        System::Gitlab => {
            let state = if is_open { "opened" } else { "closed" };
            json!({ "iid": id, "state": state, "labels": [key.as_str(), "clockaudit"], "description": marked })
        }
        System::Jira | System::JiraCloud => {
            let category = if is_open { "new" } else { "done" };
            let status = json!({ "statusCategory": { "key": category } });
            let document = json!({ "content": [{ "content": [{ "text": marked }] }] });
            let description = if system == System::Jira { Value::from(marked) } else { document };
            json!({ "id": id, "fields": { "status": status, "labels": [key.as_str()], "description": description } })
        }
        System::Servicenow => {
            let display = format!("clockaudit {state} of {scope}");
            let state = if is_open { "2" } else { "6" };
            json!({ "sys_id": id, "state": state, "correlation_id": key.as_str(), "correlation_display": display })
        }
        System::Rt => {
            json!({ "id": id, "Status": if is_open { "new" } else { "resolved" }, "Subject": format!("x [{marked}]") })
        }
        System::Redmine => {
            let status = json!({ "is_closed": !is_open });
            json!({ "id": id, "status": status, "subject": format!("x [{key}]"), "description": marked })
        }
        System::Roundup => {
            let status = json!({ "name": if is_open { "chatting" } else { "resolved" } });
            json!({ "id": id, "status": status, "title": format!("x [{marked}]") })
        }
        System::Webhook => panic!("there is no list"),
    }
}

/// A page as a system answers it; Jira Cloud names the next one.
fn page(system: System, records: &[Value], next: Option<&str>) -> Answer {
    answer(&match system {
        System::Github | System::Gitlab | System::Webhook => json!(records),
        System::Jira | System::Redmine => json!({ "issues": records }),
        System::JiraCloud => json!({ "issues": records, "nextPageToken": next }),
        System::Servicenow => json!({ "result": records }),
        System::Rt => json!({ "items": records }),
        System::Roundup => json!({ "data": { "collection": records } }),
    })
}

const SYSTEMS: [System; 8] = [
    System::Github,
    System::Gitlab,
    System::Jira,
    System::JiraCloud,
    System::Servicenow,
    System::Rt,
    System::Redmine,
    System::Roundup,
];

#[test]
fn when_a_ticket_was_changed_is_known_of_each_system() {
    let (at, noon) = ("2026-11-30 12:00:00", UnixNanos(1_796_040_000_000_000_000));
    for system in SYSTEMS {
        let mut told = record(system, 1, true);
        let (parent, name) = systems::changed_at(system).rsplit_once('/').expect("a pointer");
        told.pointer_mut(parent).expect("its parent")[name] = at.into();
        let mut answers =
            |number: usize| page(system, if number == 1 { std::slice::from_ref(&told) } else { &[] }, None);
        let found = listed(system, &mut answers).0.expect("a list");
        let before = UnixNanos(noon.0 - 1);
        assert!(found.is_changed_since(&key(1), before), "{}", system.name());
        assert!(!found.is_changed_since(&key(1), noon), "{}", system.name());
        // Where it is not told nobody knows.
        let mut answers = |number: usize| page(system, &[record(system, 2, true)][..usize::from(number == 1)], None);
        let found = listed(system, &mut answers).0.expect("a list");
        assert!(found.has(&key(2)) && !found.is_changed_since(&key(2), before), "{}", system.name());
    }
}

#[test]
fn each_system_is_asked_for_one_page_after_the_other() {
    let check = |system: System, first: &str, second: &str| {
        let mut answers = |number: usize| match number {
            1 => page(system, &(0..100).map(|at| record(system, at, at != 7)).collect::<Vec<_>>(), Some("a b&c")),
            2 => page(system, &[record(system, 100, true)], None),
            _ => page(system, &[], None),
        };
        let (found, all) = listed(system, &mut answers);
        let found = found.expect("a list");
        assert_eq!(all.first().map(String::as_str), Some(first));
        assert_eq!(all.get(1).map(String::as_str), Some(second));
        assert_eq!(all.len(), if system == System::JiraCloud { 2 } else { 3 }, "{all:?}");
        let there = (0..102).filter(|number| found.has(&key(*number))).count();
        assert!(there == 100 && !found.has(&key(7)) && !found.is_cut, "{}: {there}", system.name());
        assert_eq!(found.of_scope(&Key::of("prod", "cause")).count(), 100, "{}", system.name());
        assert_eq!(found.of_scope(&Key::of("test", "cause")).count(), 0, "{}", system.name());
    };
    let github = "/repos/ops/clocks/issues?labels=clockaudit&state=open&sort=created&direction=desc&per_page=100&page=";
    check(System::Github, &format!("{github}1"), &format!("{github}2"));
    let gitlab = "/api/v4/projects/ops/group/clocks/issues?labels=clockaudit&state=opened&order_by=created_at&sort=desc\
                  &per_page=100&page=";
    check(System::Gitlab, &format!("{gitlab}1"), &format!("{gitlab}2"));
    let jql = "project = \"OPS\" AND labels = \"clockaudit\" AND statusCategory != Done ORDER BY created DESC";
    let rest = "&fields=status,description,labels,updated&maxResults=100";
    let jira = format!("/rest/api/2/search?jql={jql}{rest}&startAt=");
    check(System::Jira, &format!("{jira}0"), &format!("{jira}100"));
    let cloud = format!("/rest/api/3/search/jql?jql={jql}{rest}");
    check(System::JiraCloud, &cloud, &format!("{cloud}&nextPageToken=a b&c"));
    let servicenow = "/api/now/table/incident?sysparm_query=correlation_idSTARTSWITHclk-^active=true^ORDERBYDESCsys_created_on\
                      &sysparm_fields=sys_id,state,correlation_id,correlation_display,sys_updated_on&sysparm_limit=100&sysparm_offset=";
    check(System::Servicenow, &format!("{servicenow}0"), &format!("{servicenow}100"));
    let rt = "/REST/2.0/tickets?query=Queue = 'OPS' AND Subject LIKE 'clk-' AND Status = '__Active__'&fields=Subject,Status,LastUpdated\
              &orderby=id&order=DESC&per_page=100&page=";
    check(System::Rt, &format!("{rt}1"), &format!("{rt}2"));
    let redmine = "/issues.json?project_id=OPS&status_id=open&subject=~clk-&sort=id:desc&limit=100&offset=";
    check(System::Redmine, &format!("{redmine}0"), &format!("{redmine}100"));
    let roundup =
        "/rest/data/issue?title=clk-&@fields=title,status,activity&@verbose=2&@sort=-id&@page_size=100&@page_index=";
    check(System::Roundup, &format!("{roundup}1"), &format!("{roundup}2"));
}

/// What lies before a tracker may drop the number of the page.
#[test]
fn a_page_that_comes_again_is_the_end() {
    for system in SYSTEMS {
        let mut again = |_| page(system, &[record(system, 1, true), record(system, 2, true)], Some("next"));
        let (found, all) = listed(system, &mut again);
        let found = found.expect("a list");
        assert_eq!(all.len(), 2, "{}", system.name());
        assert!(found.has(&key(1)) && found.has(&key(2)) && !found.is_cut, "{}", system.name());
    }
}

#[test]
fn a_list_without_an_end_is_left_after_twenty_pages_and_that_is_known() {
    for system in SYSTEMS {
        let mut more = |number: usize| page(system, &[record(system, number, true)], Some(&number.to_string()));
        let (found, all) = listed(system, &mut more);
        let found = found.expect("a list");
        assert_eq!(all.len(), 20, "{}", system.name());
        assert!(found.is_cut && found.has(&key(20)), "{}", system.name());
    }
}

/// Systems that give fewer tickets a page than they are asked for are asked for those behind them.
#[test]
fn short_pages_leave_nothing_out() {
    for system in [System::Jira, System::Redmine] {
        let mut answers = |number: usize| match number {
            1..=3 => page(system, &(0..50).map(|at| record(system, number * 50 + at, true)).collect::<Vec<_>>(), None),
            _ => page(system, &[], None),
        };
        let (found, all) = listed(system, &mut answers);
        found.expect("a list");
        let ends: Vec<bool> =
            all.iter().zip(["=0", "=50", "=100", "=150"]).map(|(url, end)| url.ends_with(end)).collect();
        assert_eq!(ends, [true; 4], "{all:?}");
    }
}

#[test]
fn a_server_that_answers_anything_is_bounded_or_refused() {
    let github = System::Github;
    let check = |answered: Answer, words: &str| {
        let (found, _) = listed(github, &mut |_| answered.clone());
        let refusal = found.expect_err(words);
        assert!(refusal.words.contains(words), "{refusal:?}");
    };
    check(Answer { status: 403, ..answer(&json!({ "message": "not you" })) }, "not you");
    check(Answer { body: b"<html>".to_vec(), ..answer(&Value::Null) }, "is not JSON");
    check(answer(&json!({ "message": "Sign in" })), "a list of tickets");
    check(answer(&json!([{ "number": "../../x" }])), "the id of a ticket");
    check(answer(&json!([{}])), "the id of a ticket");
    let cloud = json!({ "issues": [record(System::JiraCloud, 1, true)], "nextPageToken": "x".repeat(1 << 20) });
    let (found, _) = listed(System::JiraCloud, &mut |_| answer(&cloud));
    assert!(found.expect_err("a refusal").words.contains("a page of tickets"));
    // More than was asked for, and tickets with any number of keys.
    let (found, all) = listed(github, &mut |number| {
        page(github, &(0..1_000).map(|at| record(github, number * 1_000 + at, true)).collect::<Vec<_>>(), None)
    });
    let found = found.expect("a list");
    assert!(found.is_cut && found.keys.len() == 2_000 && all.len() == 20, "{}", found.keys.len());
    let names: Vec<String> = (0..5_000).map(|number| key(number).to_string()).collect();
    let (found, _) =
        listed(github, &mut |_| page(github, &[json!({ "number": 1, "state": "open", "labels": names })], None));
    assert!(found.expect("a list").keys.len() <= MOST_KEYS);
}

/// A pull request is none, and whoever gives a ticket our label alone makes none of ours of it.
#[test]
fn what_is_no_ticket_of_ours_is_passed_over() {
    let mut request = record(System::Github, 1, true);
    request["pull_request"] = json!({ "url": "x" });
    let bare = json!({ "number": 2, "state": "open", "labels": ["clockaudit"], "body": key(2).as_str() });
    let named = json!({ "number": 3, "state": "open", "labels": ["clockaudit", key(3).as_str()], "body": null });
    let answers = |number: usize| match number {
        1 => page(System::Github, &[request.clone(), bare.clone(), named.clone()], None),
        _ => page(System::Github, &[], None),
    };
    let (found, _) = listed(System::Github, &mut { answers });
    let found = found.expect("a list");
    assert_eq!(found.keys.keys().collect::<Vec<_>>(), [&key(3)]);
    assert_eq!(found.of_scope(&Key::of("prod", "cause")).count(), 0);
}
