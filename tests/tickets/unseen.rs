//! Bad hosts that later reports do not look at: their tickets stay until somebody measured them.

use clockaudit::report::Report;
use clockaudit::report::model::{Cause, Host, Kind, NotAudited, Verdict};

use crate::command::User;
use crate::life::{Contract, Running, SYSTEMS};
use crate::reports::{apart, bad, clear};

const ONE: &str = "auth02";
const OTHER: &str = "db01";
const BYSTANDER: &str = "cache02";
const CAUSE: [&str; 5] = ["--grain", "cause", "--scope", "prod", "--resolve"];

/// All is well but for these hosts, which have one cause.
fn of_one_cause(hosts: &[&str], run: &str) -> Report {
    let mut report = clear();
    for host in &mut report.hosts {
        if hosts.contains(&host.name.as_str()) {
            *host = host_of(&bad(), &host.name);
        }
    }
    if !hosts.is_empty() {
        report.causes = vec![Cause {
            what: "what CLK501 is".to_owned(),
            verdict: Verdict::Crit,
            codes: vec!["CLK501".to_owned()],
            upstream: Some("10.0.0.1".to_owned()),
            virtualisation: None,
            group: None,
            offset_band: None,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        }];
        report.summary.verdict = Verdict::Crit;
    }
    run.clone_into(&mut report.run.id);
    report
}

fn host_of(report: &Report, name: &str) -> Host {
    report.hosts.iter().find(|host| host.name == name).expect("a host").clone()
}

fn limited(mut report: Report, to: &str) -> Report {
    report.hosts.retain(|host| host.name == to);
    report.run.inventory.limit = vec![to.to_owned()];
    report
}

/// A host that could not be reached.
fn down(mut report: Report, name: &str) -> Report {
    for host in report.hosts.iter_mut().filter(|host| host.name == name) {
        (host.verdict, host.clock, host.claim) = (Verdict::Down, None, None);
        host.findings.clear();
    }
    report
}

fn not_audited(mut report: Report, name: &str) -> Report {
    report.hosts.retain(|host| host.name != name);
    let (name, groups) = (name.to_owned(), Vec::new());
    let (by, reason) = ("docker".to_owned(), "it is not reached over SSH".to_owned());
    report.not_audited = vec![NotAudited { name, groups, by, reason }];
    report
}

fn open(running: &Running) -> usize {
    running.store.lock().expect("the tickets").open().len()
}

fn start(contract: &'static Contract) -> (Running, User) {
    let running = contract.start();
    let user = contract.user(&running);
    user.ticket(&of_one_cause(&[ONE, OTHER], "run-1"), &CAUSE).good();
    assert_eq!(open(&running), 1, "{}", contract.name);
    (running, user)
}

/// What makes of a report one that does not look at a host.
type Part = fn(Report, &str) -> Report;

/// Nobody who is of another cause, or of none, is waited for.
#[test]
fn the_ticket_of_a_cause_that_was_cleared_is_closed_by_its_own_hosts() {
    for contract in &SYSTEMS {
        let (name, (running, user)) = (contract.name, start(contract));
        let told = user.ticket(&of_one_cause(&[], "run-2"), &["--grain", "cause", "--scope", "prod"]).good();
        assert!(told.starts_with("cleared "), "{name}: {told}");
        let told = user.ticket(&down(of_one_cause(&[], "run-3"), BYSTANDER), &CAUSE).good();
        assert!(told.contains("resolved "), "{name}: {told}");
        assert_eq!(open(&running), 0, "{name}");
    }
}

#[test]
fn the_ticket_of_a_cause_stays_until_every_host_that_it_had_was_measured() {
    for contract in &SYSTEMS {
        let parts: [(Part, &str); 3] = [(limited, ONE), (down, OTHER), (not_audited, OTHER)];
        for (part, host) in parts {
            let name = contract.name;
            let of = |hosts: &[&str], run: &str| part(of_one_cause(hosts, run), host);
            let (running, user) = start(contract);
            let told = user.ticket(&of(&[ONE], "run-2"), &CAUSE).good();
            assert!(told.starts_with("updated "), "{name}: {told}");
            let said = {
                let store = running.store.lock().expect("the tickets");
                let ticket = &store.tickets[0];
                let comment = ticket.comments.last().expect("a comment").clone();
                [ticket.body.clone(), comment]
            };
            // RT keeps the first message as it is.
            for text in said.iter().skip(usize::from(name == "rt")) {
                assert!(text.contains("1 bad host not looked at since run") && text.contains(OTHER), "{name}: {text}");
                assert!(!text.contains("Not in it any more"), "{name}: {text}");
            }
            assert!(user.ticket(&of(&[ONE], "run-3"), &CAUSE).good().starts_with("unchanged "), "{name}");
            // The one is good now, and the other was not looked at.
            let told = user.ticket(&of(&[], "run-4"), &CAUSE).good();
            assert!(!told.contains("resolved"), "{name}: {told}");
            assert_eq!(open(&running), 1, "{name}");
            let told = user.ticket(&of_one_cause(&[], "run-5"), &CAUSE).good();
            assert!(told.starts_with("resolved "), "{name}: {told}");
            assert_eq!(open(&running), 0, "{name}");
        }
    }
}

/// In the one ticket of a run, too.
#[test]
fn a_host_that_is_not_audited_for_some_runs_keeps_the_ticket_of_the_run() {
    for contract in &SYSTEMS {
        let (name, running) = (contract.name, contract.start());
        let user = contract.user(&running);
        user.ticket(&of_one_cause(&[ONE, OTHER], "run-1"), &["--resolve"]).good();
        let told = user.ticket(&not_audited(of_one_cause(&[ONE], "run-2"), OTHER), &["--resolve"]).good();
        assert!(told.starts_with("updated "), "{name}: {told}");
        let told = user.ticket(&not_audited(of_one_cause(&[], "run-3"), OTHER), &["--resolve"]).good();
        assert!(told.starts_with("left as it is"), "{name}: {told}");
        assert_eq!(open(&running), 1, "{name}");
        // It left the inventory: that is told once.
        let mut without = of_one_cause(&[], "run-4");
        without.hosts.retain(|host| host.name != OTHER);
        let told = user.ticket(&without, &["--resolve"]).good();
        assert!(told.starts_with("cleared "), "{name}: {told}");
        let told = user.ticket(&without, &["--resolve"]).good();
        assert!(told.starts_with("resolved "), "{name}: {told}");
        assert_eq!(open(&running), 0, "{name}");
    }
}

/// Who did not make it may not know all of it.
#[test]
fn a_limited_report_from_a_machine_without_notes_leaves_the_ticket_of_a_cause() {
    for contract in &SYSTEMS {
        let (name, (running, first)) = (contract.name, start(contract));
        let before = running.store.lock().expect("the tickets").tickets[0].clone();
        let second = contract.user(&running);
        for hosts in [&[ONE][..], &[]] {
            let ran = second.ticket(&limited(of_one_cause(hosts, "run-2"), ONE), &CAUSE);
            assert_eq!(
                ran.stderr.contains("a report of a part does not change it"),
                !hosts.is_empty(),
                "{name}: {ran:?}"
            );
            let told = ran.good();
            assert_eq!(told.starts_with("left as it is"), !hosts.is_empty(), "{name}: {told}");
        }
        {
            let store = running.store.lock().expect("the tickets");
            assert_eq!((&store.tickets[0].title, &store.tickets[0].body), (&before.title, &before.body), "{name}");
        }
        // A whole one changes it, but what was not reached may have been told before.
        let told = second.ticket(&down(of_one_cause(&[ONE], "run-3"), OTHER), &CAUSE).good();
        assert!(told.starts_with("updated "), "{name}: {told}");
        assert_eq!(second.ticket(&down(of_one_cause(&[], "run-4"), OTHER), &CAUSE).good(), "", "{name}");
        // The first one's notes are not what the ticket says any more.
        let told = first.ticket(&limited(of_one_cause(&[ONE], "run-5"), ONE), &CAUSE).good();
        assert!(told.starts_with("left as it is"), "{name}: {told}");
        assert_eq!(open(&running), 1, "{name}");
        let told = second.ticket(&of_one_cause(&[], "run-6"), &CAUSE).good();
        assert!(told.starts_with("resolved "), "{name}: {told}");
    }
}

/// Nobody knows to what its scan was limited.
#[test]
fn a_replay_closes_no_ticket_of_a_cause_with_notes_either() {
    let (running, user) = start(&SYSTEMS[0]);
    let mut replayed = of_one_cause(&[], "run-2");
    replayed.kind = Kind::Replay;
    assert_eq!(user.ticket(&replayed, &CAUSE).good(), "");
    assert_eq!(open(&running), 1);
    assert!(user.ticket(&of_one_cause(&[], "run-3"), &CAUSE).good().starts_with("resolved "));
}

/// Without `--scope` the limit is a part of what the tickets are of, so such a report knows all of that.
#[test]
fn a_limited_report_changes_and_closes_the_tickets_of_its_limit() {
    let (name, running) = (SYSTEMS[0].name, SYSTEMS[0].start());
    let (first, second) = (SYSTEMS[0].user(&running), SYSTEMS[0].user(&running));
    let of = |hosts: &[&str], run: &str| {
        let mut report = of_one_cause(hosts, run);
        report.hosts.retain(|host| [ONE, OTHER].contains(&host.name.as_str()));
        report.run.inventory.limit = vec![format!("{ONE}:{OTHER}")];
        report
    };
    let arguments = ["--grain", "cause", "--resolve"];
    first.ticket(&of(&[ONE], "run-1"), &arguments).good();
    let told = second.ticket(&of(&[ONE, OTHER], "run-2"), &arguments).good();
    assert!(told.starts_with("updated "), "{name}: {told}");
    let told = second.ticket(&of(&[], "run-3"), &arguments).good();
    assert!(told.starts_with("resolved "), "{name}: {told}");
}

#[test]
fn notes_of_fewer_hosts_than_the_ticket_tells_close_nothing() {
    for contract in &SYSTEMS {
        let (name, running) = (contract.name, contract.start());
        let (first, second) = (contract.user(&running), contract.user(&running));
        first.ticket(&of_one_cause(&[ONE], "run-1"), &CAUSE).good();
        second.ticket(&of_one_cause(&[ONE, OTHER], "run-2"), &CAUSE).good();
        let told = first.ticket(&limited(of_one_cause(&[], "run-3"), ONE), &CAUSE).good();
        assert!(told.starts_with("left as it is"), "{name}: {told}");
        assert_eq!(open(&running), 1, "{name}");
    }
}

#[test]
fn what_is_bad_of_the_fleet_alone_and_has_no_ticket_is_said() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    for grain in ["host", "cause"] {
        let ran = user.ticket(&apart(), &["--grain", grain, "--scope", "prod"]);
        let told = "has no ticket for what is bad of the fleet and of no host alone; `--grain run` has one. CRIT the fleet: CLK103";
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert_eq!((ran.status, ran.stdout.as_str(), open(&running)), (Some(0), "", 0), "{grain}");
    }
    assert!(!user.ticket(&apart(), &["--scope", "prod"]).stderr.contains("of the fleet"));
    assert_eq!(open(&running), 1);
}
