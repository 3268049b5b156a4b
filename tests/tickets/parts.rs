//! Reports of a part: what they find counts, what they do not find says nothing.

use clockaudit::report::Report;
use clockaudit::report::model::NotAudited;

use crate::life::SYSTEMS;
use crate::reports::{bad, clear};

/// The report as one of a part, in each way there is.
fn parts(of: &Report) -> [Report; 2] {
    let (mut ended, mut lacking) = (of.clone(), of.clone());
    ended.run.partial = true;
    lacking.run.inventory.incomplete = true;
    [ended, lacking]
}

#[test]
fn a_part_without_anything_bad_makes_opens_and_clears_no_ticket() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let name = contract.name;
        let left = |report: &Report, why: &str| {
            running.server.taken();
            for more in [&[][..], &["--resolve"]] {
                let ran = user.ticket(report, more);
                assert!(ran.stderr.contains("it is of a part"), "{name}: {ran:?}");
                let told = ran.good();
                assert!(told.starts_with("left as it is  clk-") && told.contains(why), "{name}: {told}");
                assert!(running.server.taken().is_empty(), "{name}: nothing is asked");
            }
        };
        let [ended, lacking] = parts(&clear());
        left(&ended, "Clocks: ok, 12 hosts ok (partial run)");
        user.ticket(&bad(), &[]).good();
        left(&ended, "(partial run)");
        left(&lacking, "(inventory incomplete)");
        assert_eq!(running.store.lock().expect("the tickets").open().len(), 1, "{name}");
        user.ticket(&clear(), &["--resolve"]).good();
        left(&lacking, "(inventory incomplete)");
        assert_eq!(running.store.lock().expect("the tickets").open().len(), 0, "{name}");
    }
}

#[test]
fn a_part_with_something_bad_is_a_ticket_that_says_what_it_is_of() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let [mut ended, _] = parts(&bad());
    ended.run.inventory.limit = vec!["web*".to_owned(), "x".repeat(300)];
    let told = user.ticket(&ended, &[]).good();
    assert!(told.starts_with("created #1") && told.contains("(partial run, limit web*:xxx"), "{told}");
    let title = running.store.lock().expect("the tickets").tickets[0].title.clone();
    assert!(title.ends_with("…)"), "{title}");
}

/// With a scope that is named, too: the run of a part has a ticket of its own.
#[test]
fn a_limited_report_does_not_speak_for_the_whole() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    user.ticket(&bad(), &["--scope", "prod"]).good();
    let mut limited = clear();
    limited.run.inventory.limit = vec!["web".to_owned()];
    let told = user.ticket(&limited, &["--scope", "prod", "--resolve"]).good();
    assert!(told.starts_with("no ticket is needed"), "{told}");
    assert_eq!(running.store.lock().expect("the tickets").open().len(), 1);
    // Of a single host its own measurement is enough, whatever else was looked at.
    user.ticket(&bad(), &["--scope", "prod", "--grain", "host"]).good();
    let before = running.store.lock().expect("the tickets").open().len();
    let mut one = bad();
    one.hosts.retain(|host| host.name == "db01");
    one.hosts[0].verdict = clockaudit::report::model::Verdict::Ok;
    one.hosts[0].findings.clear();
    one.run.inventory.limit = vec!["db01".to_owned()];
    let told = user.ticket(&one, &["--scope", "prod", "--grain", "host", "--resolve"]).good();
    assert!(told.starts_with("resolved #"), "{told}");
    assert_eq!(running.store.lock().expect("the tickets").open().len(), before - 1);
}

#[test]
fn a_bad_host_that_is_left_out_later_is_not_taken_for_a_good_one() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    user.ticket(&bad(), &[]).good();
    let mut without = clear();
    let of = |name: &str| NotAudited {
        name: name.to_owned(),
        groups: Vec::new(),
        by: "docker".to_owned(),
        reason: "it is not reached over SSH".to_owned(),
    };
    without.hosts.retain(|host| host.name != "auth02");
    without.not_audited = vec![of("auth02")];
    let told = user.ticket(&without, &["--resolve"]).good();
    assert!(told.starts_with("left as it is") && told.contains("(1 host not audited)"), "{told}");
    // One of which nothing bad was known is in nobody's way.
    let mut without = clear();
    without.not_audited = vec![of("win01")];
    let told = user.ticket(&without, &["--resolve"]).good();
    assert!(told.starts_with("resolved #1"), "{told}");
    assert_eq!(running.store.lock().expect("the tickets").open().len(), 0);
}
