//! What a fix did, as tickets of hosts and causes: each of its own hosts alone.

use std::collections::BTreeSet;

use clockaudit::report::Report;
use clockaudit::report::json;
use clockaudit::report::model::{FixOutcome, FixedHost, Verdict};
use clockaudit::report::ticket::{Enclosure, Grain, Setting, Subject, draft, subjects};
use clockaudit::tickets::{Draft, Markup};

use crate::life::SYSTEMS;

/// Whom the fix failed, gave back or did not get to.
const BAD: [&str; 6] = ["ahead", "db1", "edge", "fails", "slews", "spared"];

fn fix() -> Report {
    json::read(include_str!("../../examples/reports/fix.json")).expect("a report")
}

fn written(subject: &Subject) -> Draft {
    draft(subject, None, Setting { markup: Markup::Text, longest: 32_000 }, &Enclosure::default())
}

fn names(subject: &Subject) -> BTreeSet<&str> {
    let mended = subject.report.fix.iter().flat_map(|fix| &fix.hosts).map(|host| host.name.as_str());
    subject.report.hosts.iter().map(|host| host.name.as_str()).chain(mended).collect()
}

fn change(report: &mut Report, name: &str, to: impl Fn(&mut FixedHost)) {
    let hosts = &mut report.fix.as_mut().expect("a fix").hosts;
    hosts.iter_mut().filter(|host| host.name == name).for_each(to);
}

#[test]
fn each_host_has_a_ticket_of_itself_alone() {
    let of = |report: &Report| {
        let about = subjects(report, Grain::Host, "prod");
        for subject in &about {
            assert_eq!(names(subject).len(), 1, "{}", subject.title);
            let fix = subject.report.fix.as_ref().expect("a fix");
            assert!(fix.diffs.iter().all(|diff| diff.hosts == [fix.hosts[0].name.as_str()]), "{}", subject.title);
            let counts = serde_json::to_value(fix.counts).expect("JSON");
            let counts: Vec<u64> =
                counts.as_object().expect("counts").values().filter_map(serde_json::Value::as_u64).collect();
            assert_eq!(counts.iter().sum::<u64>(), 1, "{}", subject.title);
            assert!(!written(subject).is_clear, "{}", subject.title);
        }
        let named = |subject: &Subject| {
            let name = names(subject).into_iter().next().expect("a host").to_owned();
            (name, written(subject).state.as_str().to_owned())
        };
        about.iter().map(named).collect::<BTreeSet<_>>()
    };
    let all = of(&fix());
    assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), BAD);
    // What becomes of one is nothing to the others.
    let mut other = fix();
    change(&mut other, "spared", |host| host.outcome = FixOutcome::Failed);
    let changed: Vec<String> = of(&other).difference(&all).map(|(name, _)| name.clone()).collect();
    assert_eq!(changed, ["spared"]);
    let titles: Vec<String> = subjects(&fix(), Grain::Host, "prod").into_iter().map(|subject| subject.title).collect();
    assert!(titles.contains(&"Clock of spared: fix not attempted, budget spent".to_owned()), "{titles:?}");
}

#[test]
fn each_cause_has_a_ticket_of_its_hosts_and_so_has_each_way_to_be_left() {
    let about = subjects(&fix(), Grain::Cause, "prod");
    let mut told: Vec<&str> = about.iter().flat_map(names).collect();
    told.sort_unstable();
    assert_eq!(told, BAD, "each host once");
    for subject in &about {
        let draft = written(subject);
        assert!(!draft.is_clear, "{}", subject.title);
        for name in BAD.into_iter().filter(|name| !names(subject).contains(name)) {
            // `fails` is a word, too.
            assert!(name == "fails" || !draft.body.contains(name), "{name}: {}", draft.body);
        }
    }
}

/// A clock that is wrong though the fix did what it should is for the scan to tell, and no reason to close a ticket.
#[test]
fn what_a_fix_did_well_does_not_make_a_bad_host_clear() {
    let mut report = fix();
    change(&mut report, "slews", |host| (host.outcome, host.reason) = (FixOutcome::Converged, None));
    let about = subjects(&report, Grain::Host, "prod");
    let slews = about.iter().find(|subject| names(subject).contains("slews")).expect("a ticket");
    assert_eq!((slews.report.summary.verdict, slews.report.fix.is_none()), (Verdict::Crit, true));
    assert!(!written(slews).is_clear);
    // What was only planned has done nothing yet.
    report.fix.as_mut().expect("a fix").run = None;
    let planned: Vec<String> =
        subjects(&report, Grain::Host, "prod").iter().flat_map(names).map(str::to_owned).collect();
    assert_eq!(planned.len(), 3, "{planned:?}");
}

#[test]
fn the_next_scan_that_finds_a_host_good_closes_its_ticket() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    let open = || running.store.lock().expect("the tickets").open().len();
    let mut good = fix();
    good.fix = None;
    good.kind = clockaudit::report::model::Kind::Scan;
    good.causes.clear();
    let sample = good.hosts.iter().find(|host| host.verdict == Verdict::Ok).expect("a good host").clone();
    for host in &mut good.hosts {
        *host = clockaudit::report::model::Host { name: host.name.clone(), ..sample.clone() };
    }
    good.summary.verdict = Verdict::Ok;
    good.findings.clear();
    good.run.id = "20991124T160000Z-0009".to_owned();
    for grain in ["host", "cause"] {
        let arguments = ["--grain", grain, "--scope", "prod", "--resolve"];
        user.ticket(&fix(), &arguments).good();
        let made = open();
        // Those that were not looked at keep theirs: `ahead`, `edge` and `spared`.
        let told = user.ticket(&good, &arguments).good();
        assert_eq!(told.lines().filter(|line| line.starts_with("resolved ")).count(), made - 3, "{grain}: {told}");
        let mut all = good.clone();
        for name in ["ahead", "edge", "spared"] {
            all.hosts.push(clockaudit::report::model::Host { name: name.to_owned(), ..sample.clone() });
        }
        let told = user.ticket(&all, &arguments).good();
        assert_eq!((told.lines().count(), open()), (3, 0), "{grain}: {told}");
    }
}
