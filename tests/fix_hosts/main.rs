//! The remote half of a fix on real hosts: Debian's own chrony, restarted by a real systemd, reached by real sshd and sudo.
//!
//! The hosts are containers with a user namespace of their own, so nobody in them can set this machine's clock; the preloaded
//! clock is what their chronyd sets.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a broken case must end the test"
)]
#![expect(dead_code, reason = "it needs only a part of what the other tests share")]

mod command;
mod endings;
mod faults;
mod install;
mod managers;
mod moments;
mod other_ways;
mod refusals;
mod requests;
mod running;
mod secrets;
mod shells;
mod site;
mod sudo;
#[path = "../support/mod.rs"]
mod support;
mod waiting;

use std::sync::{PoisonError, RwLock};

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{Answer, Apply, Becomes, Change, Check, Digest, Expected, Request};
use clockaudit::timekeeper::chrony::LeapStatus;
use moments::everything;
use requests::{CONFIGURATION, follow, run, survey};
use site::{CLOUD_SERVER, Plan, Session, Site, digest};
use support::confinement::confined;

pub(crate) const SECOND: i64 = 1_000_000_000;

/// At most two containers at once: a site of two, or two sites of one.
static ROOM: RwLock<()> = RwLock::new(());

/// Runs a test that boots a site, unable to set this machine's clock.
pub(crate) fn with_site(test: &str, plans: &[Plan], servers: &[(&str, Nanos)], body: impl FnOnce(&Site)) {
    let _two = (plans.len() > 1).then(|| ROOM.write().unwrap_or_else(PoisonError::into_inner));
    let _one = (plans.len() == 1).then(|| ROOM.read().unwrap_or_else(PoisonError::into_inner));
    confined(test, || body(&Site::start(plans, servers)));
}

#[test]
fn a_stock_debian_is_surveyed_checked_and_mended() {
    let plans = [
        Plan { name: "ahead", offset: Nanos(120 * SECOND), furnish: "" },
        Plan { name: "behind", offset: Nanos(-8 * SECOND), furnish: "" },
    ];
    let test = "a_stock_debian_is_surveyed_checked_and_mended";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        nobody_there_sets_this_machines_clock(site);
        for (host, offset) in [("ahead", 120), ("behind", -8)] {
            let before = everything(site, host);
            let mut session = site.open(host);
            let found = survey(&mut session);
            assert_eq!(found.service.as_ref().map(|service| service.name.as_str()), Some("chrony"));
            assert_eq!(found.arguments.as_deref(), Some("/usr/sbin/chronyd -F 1"));
            let apply = follow(&found, CLOUD_SERVER, run("1"));
            checks_without_writing(&mut session, &apply, offset);
            let after = everything(site, host);
            let differs: Vec<&str> = before
                .lines()
                .chain(after.lines())
                .filter(|line| before.lines().any(|other| other == *line) != after.lines().any(|other| other == *line))
                .collect();
            assert!(differs.is_empty(), "{host}: {differs:#?}");

            let (steps, answer) = session.ask(&Request::Apply(apply.clone()));
            let Answer::Apply(applied) = answer else { panic!("{answer:?}") };
            let applied = applied.unwrap_or_else(|refusal| panic!("{host}: {refusal:?} after {steps:?}"));
            let tracking = applied.tracking.expect("what chronyd follows");
            assert_eq!(tracking.source.as_deref(), Some(CLOUD_SERVER));
            assert_eq!(tracking.leap_status, LeapStatus::Normal);
            let backup = applied.kept[0].backup.clone().expect("a backup");
            assert_eq!(digest(site, host, &backup), apply.changes[0].was);
            let Becomes::Bytes(new) = &apply.changes[0].becomes else { unreachable!() };
            assert_eq!(digest(site, host, CONFIGURATION), Some(Digest::of(new)));
            assert!(matches!(
                session.ask(&Request::Alive(run("1"))).1,
                Answer::Alive { tracking: Some(_), heard: Ok(()) }
            ));
            site.run(host, "chronyc -n waitsync 300 0.01 0 0.1");
            let left = site.clock(host).offset();
            assert!(left.0.abs() < SECOND / 10, "{host} is off by {left:?}");
            assert_eq!(session.ask(&Request::Confirm(run("1"))).1, Answer::Confirm(Ok(Vec::new())));
            // Nothing of the run is left but the new file and the backup.
            let ours = site.run(host, "ls -A /etc/chrony /run | grep -c clockaudit || true");
            assert_eq!(ours.trim(), "1", "{host}");
            undone_by_its_backup(&mut session, &apply, &backup);
            assert_eq!(digest(site, host, CONFIGURATION), apply.changes[0].was);
        }
    });
}

/// The same chronyd says what the clock needs, with the directives as arguments.
fn checks_without_writing(session: &mut Session, apply: &Apply, offset: i64) {
    let Becomes::Bytes(new) = &apply.changes[0].becomes else { unreachable!() };
    let text = std::str::from_utf8(new).expect("text");
    let directives = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let servers = vec![format!("{CLOUD_SERVER} iburst"), "10.88.0.99 iburst".to_owned()];
    let Answer::Check(Ok(checked)) = session.ask(&Request::Check(Check { servers, directives, ..Check::default() })).1
    else {
        panic!()
    };
    let near = |moves: &Nanos| (moves.0 + offset * SECOND).abs() < SECOND / 10;
    assert!(checked.servers[0].correction.as_ref().is_ok_and(near), "{checked:?}");
    assert!(checked.servers[1].correction.is_err(), "{checked:?}");
    assert_eq!(checked.servers[1].server, "10.88.0.99");
    assert_eq!(checked.syntax, Some(Ok(())));
    assert!(checked.dry_run.as_ref().is_some_and(|run| run.as_ref().is_ok_and(near)), "{checked:?}");
    let bad = Check { directives: vec!["server 169.254.169.123 iburst # c".to_owned()], ..Check::default() };
    let Answer::Check(Ok(checked)) = session.ask(&Request::Check(bad)).1 else { panic!() };
    assert!(checked.syntax.is_some_and(|syntax| syntax.is_err_and(|why| why.contains("server"))));
}

/// What `rollback` does: the backup's bytes in the file's place, where the file is still what was written.
fn undone_by_its_backup(session: &mut Session, apply: &Apply, backup: &str) {
    let Becomes::Bytes(new) = &apply.changes[0].becomes else { unreachable!() };
    let was = apply.changes[0].was.expect("a digest");
    let back = Change {
        path: CONFIGURATION.to_owned(),
        was: Some(Digest::of(new)),
        becomes: Becomes::Backup { path: backup.to_owned(), digest: was },
    };
    let back =
        Apply { run: run("2"), changes: vec![back], expected: Expected::Running, validates: false, ..apply.clone() };
    let (steps, answer) = session.ask(&Request::Apply(back.clone()));
    assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{answer:?} after {steps:?}");
    assert_eq!(session.ask(&Request::Confirm(run("2"))).1, Answer::Confirm(Ok(Vec::new())));
    // Once more: the file is not what was written any more.
    let Answer::Apply(again) = session.ask(&Request::Apply(back)).1 else { panic!() };
    assert!(again.is_err_and(|refusal| !refusal.undone));
}

/// Only the user namespace of the container has the right that chronyd's service asks for.
fn nobody_there_sets_this_machines_clock(site: &Site) {
    // A program that asks the kernel itself for clock_settime, past the preloaded clock.
    let asked = "perl -e '$n = {x86_64 => 227, aarch64 => 112}->{$ARGV[0]}; $t = pack(q(qq), 978307200, 0);\
                 exit(syscall($n, 0, $t) == 0 || !$!{EPERM})' $(uname -m)";
    for host in ["ahead", "behind"] {
        site.run(host, "grep -q '^ *0 *1879048192 *65536$' /proc/self/uid_map");
        site.run(host, asked);
        site.run(host, &format!("ip route get {CLOUD_SERVER} | grep -q 'dev host0'"));
    }
}
