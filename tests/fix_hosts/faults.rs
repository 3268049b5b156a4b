//! Whatever goes wrong while a host is being changed, it ends wholly old, with chronyd running.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{
    Answer, Apply, Becomes, Change, Digest, Gone, NotApplied, NotReverted, Refusal, Request, Step, Survey,
};

use crate::requests::{CONFIGURATION, follow, is_replaced, run, survey};
use crate::site::{CLOUD_SERVER, Plan, Session, Site, digest};
use crate::with_site;

const HOST: &str = "host";

/// What starts the guard of a run, where it is found first.
const GUARD_STARTER: &str = "/usr/local/sbin/systemd-run";
/// An address where nobody answers.
const NOBODY: &str = "10.88.0.99";

/// A chronyd whose starts fail where the lines of `/run/starts` say `fail`, one for each, and that systemd starts five times and
/// no more.
const STUMBLES: &str = r#"
mkdir -p etc/systemd/system/chrony.service.d
printf '%s\n' '[Unit]' StartLimitIntervalSec=1h StartLimitBurst=5 '[Service]' \
    'ExecStartPre=+/bin/sh -c "read -r x </run/starts && sed -i 1d /run/starts; [ $$x. != fail. ]"' \
    >etc/systemd/system/chrony.service.d/stumbles.conf
"#;

/// Whether a step is the one that is waited for.
type IsIt = fn(&Step) -> bool;

/// Why nothing was applied.
fn refused(session: &mut Session, apply: Apply) -> NotApplied {
    match session.ask(&Request::Apply(apply)) {
        (_, Answer::Apply(outcome)) => outcome.expect_err("a refusal"),
        (steps, other) => panic!("{other:?} after {steps:?}"),
    }
}

/// One host, and what its configuration was.
struct Case<'site> {
    site: &'site Site,
    old: Survey,
    inode: u64,
    modified: i64,
}

impl<'site> Case<'site> {
    fn new(site: &'site Site) -> Self {
        let old = survey(&mut site.open(HOST));
        let file = fs::metadata(site.path(HOST, CONFIGURATION)).expect("the configuration");
        Self { site, old, inode: file.ino(), modified: file.mtime() }
    }

    /// What makes the host follow its server, unconfirmed for `guard_s`.
    fn apply(&self, name: &str, guard_s: u32) -> Apply {
        Apply { guard_s, validates: false, ..follow(&self.old, CLOUD_SERVER, run(name)) }
    }

    /// The same with other bytes.
    fn write(&self, name: &str, bytes: &[u8]) -> Apply {
        let mut apply = self.apply(name, 60);
        apply.changes[0].becomes = Becomes::Bytes(bytes.to_vec());
        apply
    }

    /// The host is as it was: the same file, not a copy, and chronyd runs.
    fn is_old(&self, case: &str) {
        let file = fs::metadata(self.site.path(HOST, CONFIGURATION)).expect("the configuration");
        assert_eq!(digest(self.site, HOST, CONFIGURATION), self.old.files[0].digest, "{case}");
        assert_eq!((file.ino(), file.mtime()), (self.inode, self.modified), "{case}");
        let left = self.site.run(HOST, "ls -A /etc/chrony /etc/chrony/*.d; ls -A /run/clockaudit 2>/dev/null || true");
        let ours: Vec<&str> = left.lines().filter(|name| name.contains("clockaudit") && !name.ends_with(':')).collect();
        assert!(ours.is_empty(), "{case}: {ours:?}");
        self.site.run(HOST, "systemctl is-active chrony && chronyc -n tracking");
    }

    /// Kills the script of the run that has the lock, as no signal that it could ignore does.
    fn kill_script(&self) {
        self.site.run(HOST, "set -- $(readlink /run/clockaudit/lock) && kill -9 $1");
    }

    /// Waits until the guard of a run has ended, where it has one or is getting one.
    fn await_guard(&self, name: &str) {
        self.site.run(
            HOST,
            &format!(
                "while grep -lxqs systemd-run /proc/[0-9]*/comm; do sleep 0.1; done
                 while [ \"$(systemctl list-units --no-legend --state=active 'clockaudit-{name}-*')\" ]; do sleep 0.1; done"
            ),
        );
    }
}

#[test]
fn the_guard_puts_back_what_nobody_confirms() {
    let plans = [Plan { name: HOST, offset: Nanos(0), furnish: "" }];
    with_site("faults::the_guard_puts_back_what_nobody_confirms", &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let case = Case::new(site);
        // The connection ends: the script goes on, nobody confirms.
        let mut session = site.open(HOST);
        session.send(&Request::Apply(case.apply("cut", 8)));
        session.until(is_replaced);
        session.cut();
        case.await_guard("cut");
        case.is_old("cut");
        assert_eq!(survey(&mut site.open(HOST)).last.as_deref(), Some("cut"));
        site.run(HOST, "rm /run/clockaudit/last && rmdir /run/clockaudit");

        // The script itself is killed.
        let moments: [(&str, IsIt); 4] = [
            ("armed", |step| matches!(step, Step::Armed(_))),
            ("replaced", is_replaced),
            ("restarting", |step| *step == Step::Restarting),
            ("restarted", |step| *step == Step::Restarted),
        ];
        for (name, moment) in moments {
            let mut session = site.open(HOST);
            session.send(&Request::Apply(with_a_second_file(case.apply(name, 8))));
            session.until(moment);
            case.kill_script();
            case.await_guard(name);
            site.run(HOST, "rm /run/clockaudit/last && rmdir /run/clockaudit");
            case.is_old(name);
        }

        // Killed before there is a guard, which does not come for as long: nothing was replaced, and the next run clears up.
        site.run(
            HOST,
            &format!("printf '#!/bin/sh\\nexec sleep 60\\n' >{GUARD_STARTER} && chmod 0755 {GUARD_STARTER}"),
        );
        let mut session = site.open(HOST);
        session.send(&Request::Apply(case.apply("written", 2)));
        session.until(|step| matches!(step, Step::Kept(_)));
        case.kill_script();
        site.run(HOST, &format!("rm {GUARD_STARTER} && ls -A /etc/chrony | grep clockaudit"));
        let refusal = refused(&mut site.open(HOST), case.write("next", b"bogus\n"));
        site.run(HOST, "! ls -A /etc/chrony | grep clockaudit && ! [ -e /run/clockaudit ]");
        assert_eq!((refusal.refusal, refusal.undone), (Refusal::NotRestarted, true), "{refusal:?}");
        assert_eq!(digest(site, HOST, CONFIGURATION), case.old.files[0].digest);

        // The guard is killed: systemd starts it again.
        let mut session = site.open(HOST);
        let (steps, answer) = session.ask(&Request::Apply(case.apply("guard", 8)));
        assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{answer:?} after {steps:?}");
        site.run(HOST, "read -r p x </run/clockaudit/guard/guard; kill -9 $p; tail --pid=$p -f /dev/null");
        site.run(HOST, "while [ -e /run/clockaudit/guard ]; do sleep 0.2; done");
        assert_eq!(session.ask(&Request::Confirm(run("guard"))).1, Answer::Confirm(Err(Gone::Unknown)));
        assert_eq!(digest(site, HOST, CONFIGURATION), case.old.files[0].digest);
    });
}

/// A clock that is ahead and was to be slewed is not stepped back by what ends that: the old file's steps count from each start.
#[test]
fn a_clock_that_was_to_be_slewed_is_not_stepped_by_the_way_back() {
    let furnish =
        "printf '%s\\n' 'server 169.254.169.123 iburst minpoll 0 maxpoll 1' 'makestep 1.0 3' >etc/chrony/chrony.conf";
    let plans = [Plan { name: HOST, offset: Nanos(0), furnish }];
    let test = "faults::a_clock_that_was_to_be_slewed_is_not_stepped_by_the_way_back";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let has_asked = "until chronyc -n -c sourcestats | cut -d, -f2 | grep -qx '[5-9]'; do sleep 0.2; done";
        site.run(HOST, has_asked);
        site.clock(HOST).step(Nanos(8 * 1_000_000_000));
        let case = Case::new(site);
        let mut session = site.open(HOST);
        let new = b"server 169.254.169.123 iburst minpoll 0 maxpoll 1\n";
        let slews = Apply { guard_s: 2, slews: true, ..case.write("slews", new) };
        let (steps, answer) = session.ask(&Request::Apply(slews));
        assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{answer:?} after {steps:?}");
        session.cut();
        site.run(HOST, "while [ -e /run/clockaudit/guard ] || [ -e /run/clockaudit/slews ]; do sleep 0.2; done");
        assert_eq!(digest(site, HOST, CONFIGURATION), case.old.files[0].digest);
        // It has followed its old source for as long as its steps would have counted.
        site.run(HOST, has_asked);
        let left = site.clock(HOST).offset();
        assert!(left.0 > 4 * 1_000_000_000, "it was stepped: {left:?} are left");
    });
}

#[test]
fn a_chronyd_that_does_not_start_with_its_old_files_is_started_once_more() {
    let plans = [Plan { name: HOST, offset: Nanos(0), furnish: STUMBLES }];
    let test = "faults::a_chronyd_that_does_not_start_with_its_old_files_is_started_once_more";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let case = Case::new(site);
        let starts = |lines: &str| site.run(HOST, &format!("printf '{lines}' >/run/starts"));
        let mut session = site.open(HOST);
        let applied = |session: &mut Session, name, guard_s| {
            let (_, answer) = session.ask(&Request::Apply(case.apply(name, guard_s)));
            assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{name}: {answer:?}");
        };
        // Once; and where systemd has started it as often as it would.
        for (name, before) in [("once", ""), ("often", "while systemctl restart chrony; do :; done")] {
            applied(&mut session, name, 60);
            site.run(HOST, before);
            starts(r"fail\n");
            let (steps, answer) = session.ask(&Request::Revert(run(name)));
            assert!(matches!(answer, Answer::Revert(Ok(Some(_)))), "{name}: {answer:?} after {steps:?}");
            assert!(steps.contains(&Step::Again), "{name}: {steps:?}");
            case.is_old(name);
        }

        // By the guard, which nobody listens to.
        starts(r"well\nfail\n");
        applied(&mut session, "guard", 2);
        site.run(HOST, "while [ -e /run/clockaudit/guard ]; do sleep 0.2; done");
        site.run(HOST, "rm /run/clockaudit/last && rmdir /run/clockaudit && ! [ -s /run/starts ]");
        case.is_old("guard");

        // Not at all: the files are old; what is left, and why, is told.
        starts(r"well\nfail\nfail\n");
        applied(&mut session, "never", 60);
        let (_, answer) = session.ask(&Request::Revert(run("never")));
        let Answer::Revert(Err(NotReverted::Left(left))) = &answer else { panic!("{answer:?}") };
        let told = |left: &String| left.starts_with("chrony does not run: ") && left.contains("process exited");
        assert!(left.len() == 1 && told(&left[0]), "{left:?}");
        assert_eq!(digest(site, HOST, CONFIGURATION), case.old.files[0].digest);
        site.run(HOST, "systemctl reset-failed chrony && systemctl start chrony");
        case.is_old("never");
    });
}

/// Files become new together: here one that was not there before.
fn with_a_second_file(mut apply: Apply) -> Apply {
    let becomes = Becomes::Bytes(b"maxdistance 2\n".to_vec());
    apply.changes.push(Change { path: "/etc/chrony/conf.d/second.conf".to_owned(), was: None, becomes });
    apply
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let plans = [Plan { name: HOST, offset: Nanos(0), furnish: "" }];
    with_site("faults::what_cannot_be_done_changes_nothing", &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let case = Case::new(site);
        let mut session = site.open(HOST);
        // What chronyd finds unfit, by itself and when it starts; what nobody answers to.
        let invalid = Apply { validates: true, ..case.write("a", b"server 169.254.169.123 iburst # c\n") };
        let silent = follow(&case.old, NOBODY, run("b"));
        let fatal = case.write("c", b"server 169.254.169.123 iburst\nallow 10.0.0.0/99\n");
        let unanswered = Apply { wait_s: 2, validates: false, ..follow(&case.old, NOBODY, run("d")) };
        let mut changed = case.apply("e", 60);
        changed.changes[0].was = Some(Digest::of(b"something else"));
        let mut there = with_a_second_file(case.apply("f", 60));
        there.changes[1].path = "/etc/chrony/chrony.keys".to_owned();
        for (apply, expected, undone) in [
            (invalid, Refusal::Unfit, false),
            (silent, Refusal::Unfit, false),
            (fatal, Refusal::NotRestarted, true),
            (unanswered, Refusal::NotSelected, true),
            (changed, Refusal::Changed, false),
            (there, Refusal::Changed, false),
        ] {
            let refusal = refused(&mut session, apply);
            assert_eq!((refusal.refusal, refusal.undone), (expected, undone), "{refusal:?}");
            assert!(refusal.left.is_empty(), "{refusal:?}");
            case.is_old(&format!("{refusal:?}"));
        }
        untold(&case, &mut session);
        immutable(&case, &mut session);
        two_at_once(&case, &mut session);
        a_stale_lock_is_taken_over(&case, &mut session);
        in_place(&case, &mut session);
        read_only(&case, &mut session);
        full(&case, &mut session);
        full_where_signs_are(&case, &mut session);
        assert!(matches!(session.ask(&Request::MakeStep).1, Answer::MakeStep(Ok(Some(_)))));
        // A line that is no request spoils the one that it stands in.
        assert_eq!(session.ask(&Request::Confirm(run("nobody"))).1, Answer::Confirm(Err(Gone::Unknown)));
    });
}

/// systemd does not tell whether chronyd runs: nobody would know whether it is to run afterwards.
fn untold(case: &Case<'_>, session: &mut Session) {
    let asks = "/usr/local/bin/systemctl";
    let silent = r#"#!/bin/sh\ncase $* in *is-active*) exit 124 ;; esac\nexec /usr/bin/systemctl "$@"\n"#;
    case.site.run(HOST, &format!("printf '{silent}' >{asks} && chmod 0755 {asks}"));
    let refusal = refused(session, case.apply("untold", 60));
    case.site.run(HOST, &format!("rm {asks}"));
    assert_eq!((refusal.refusal, refusal.undone), (Refusal::NoState, false), "{refusal:?}");
    case.is_old("untold");
}

fn immutable(case: &Case<'_>, session: &mut Session) {
    let path = case.site.path(HOST, CONFIGURATION);
    let change = |flag: &str| {
        let outcome = Command::new("chattr").arg(flag).arg(&path).status();
        assert!(outcome.expect("chattr").success(), "{flag}");
    };
    change("+i");
    let refusal = refused(session, case.apply("immutable", 60));
    change("-i");
    assert_eq!(refusal.refusal, Refusal::NotWritten, "{refusal:?}");
    assert!(refusal.left.is_empty(), "{refusal:?}");
    assert_eq!(digest(case.site, HOST, CONFIGURATION), case.old.files[0].digest);
    case.is_old("immutable");
}

fn two_at_once(case: &Case<'_>, session: &mut Session) {
    let first = session.ask(&Request::Apply(case.apply("first", 60))).1;
    assert!(matches!(&first, Answer::Apply(applied) if applied.is_ok()), "{first:?}");
    let again = refused(session, case.apply("first", 60));
    assert_eq!(again.refusal, Refusal::Locked, "nothing was confirmed: {again:?}");
    let mut other = case.site.open(HOST);
    assert_eq!(survey(&mut other).locked, Some(run("first")));
    let refusal = refused(&mut other, case.apply("second", 60));
    assert_eq!(refusal.refusal, Refusal::Locked, "{refusal:?}");
    assert_eq!(refusal.detail, "first", "{refusal:?}");
    // Whoever comes back after a lost connection may end what it began.
    assert!(matches!(other.ask(&Request::Alive(run("first"))).1, Answer::Alive { tracking: Some(_), heard: Ok(()) }));
    let reverted = other.ask(&Request::Revert(run("first"))).1;
    assert!(matches!(reverted, Answer::Revert(Ok(Some(_)))), "{reverted:?}");
    case.is_old("two at once");
}

fn a_stale_lock_is_taken_over(case: &Case<'_>, session: &mut Session) {
    for owner in ["1 1 another-boot gone", "999999 7 $(cat /proc/sys/kernel/random/boot_id) gone", "rubbish"] {
        case.site.run(HOST, &format!("mkdir -p /run/clockaudit && ln -s \"{owner}\" /run/clockaudit/lock"));
        let applied = session.ask(&Request::Apply(case.apply("taken", 60))).1;
        assert!(matches!(&applied, Answer::Apply(applied) if applied.is_ok()), "{owner}: {applied:?}");
        assert!(matches!(session.ask(&Request::Revert(run("taken"))).1, Answer::Revert(Ok(_))));
        case.is_old(owner);
    }
}

/// A file that is mounted, as into a container, keeps its place and gets other bytes.
fn in_place(case: &Case<'_>, session: &mut Session) {
    let site = case.site;
    site.run(HOST, &format!("cp -p {CONFIGURATION} /run/mounted && mount --bind /run/mounted {CONFIGURATION}"));
    let (steps, answer) = session.ask(&Request::Apply(case.apply("place", 60)));
    assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{answer:?}");
    assert!(steps.iter().any(|step| matches!(step, Step::Replaced { in_place: true, .. })), "{steps:?}");
    assert!(matches!(session.ask(&Request::Revert(run("place"))).1, Answer::Revert(Ok(_))));
    // What somebody writes into it afterwards is theirs.
    let (_, answer) = session.ask(&Request::Apply(case.apply("theirs", 60)));
    assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{answer:?}");
    site.run(HOST, &format!("cp {CONFIGURATION} /run/written && echo '# by somebody' >>{CONFIGURATION}"));
    let (_, answer) = session.ask(&Request::Revert(run("theirs")));
    let left = vec![CONFIGURATION.to_owned()];
    assert_eq!(answer, Answer::Revert(Err(NotReverted::Left(left))));
    site.run(HOST, &format!("tail -n 1 {CONFIGURATION} | grep -qx '# by somebody'"));
    let kept = format!("{CONFIGURATION}.clockaudit-theirs");
    site.run(HOST, &format!("cat {kept} >{CONFIGURATION} && rm {kept} && systemctl restart chrony"));
    site.run(
        HOST,
        &format!("cmp /run/mounted {CONFIGURATION} && umount {CONFIGURATION} && cmp /run/mounted {CONFIGURATION}"),
    );
    case.is_old("in place");
}

fn read_only(case: &Case<'_>, session: &mut Session) {
    let site = case.site;
    site.run(HOST, "mount --bind /etc/chrony /etc/chrony && mount -o remount,bind,ro /etc/chrony");
    assert!(!survey(session).directories[0].is_writable);
    let refusal = refused(session, case.apply("ro", 60));
    assert_eq!((refusal.refusal, refusal.undone), (Refusal::NotWritten, false), "{refusal:?}");
    assert!(refusal.detail.contains("Read-only"), "{refusal:?}");
    site.run(HOST, "umount /etc/chrony");
    case.is_old("read-only");
}

fn full(case: &Case<'_>, session: &mut Session) {
    let site = case.site;
    site.run(
        HOST,
        "mkdir /run/full && mount -t tmpfs -o size=16k,mode=755 full /run/full && cp -a /etc/chrony/. /run/full/ && \
         mount --bind /run/full /etc/chrony && { head -c 1000000 /dev/zero >/run/full/filled 2>/dev/null || true; }",
    );
    let refusal = refused(session, case.write("full", &b"# a comment of some length\n".repeat(400)));
    assert_eq!((refusal.refusal, refusal.undone), (Refusal::NotWritten, false), "{refusal:?}");
    assert_eq!(digest(site, HOST, CONFIGURATION), case.old.files[0].digest);
    site.run(HOST, "! ls -A /etc/chrony | grep clockaudit; umount /etc/chrony && umount /run/full");
    case.is_old("full");
}

/// Signs of life take the place of those before them, and need no room.
fn full_where_signs_are(case: &Case<'_>, session: &mut Session) {
    let site = case.site;
    site.run(HOST, "mkdir /run/clockaudit && mount -t tmpfs -o size=256k,mode=700 full /run/clockaudit");
    let applied = session.ask(&Request::Apply(case.apply("deaf", 60))).1;
    assert!(matches!(&applied, Answer::Apply(applied) if applied.is_ok()), "{applied:?}");
    site.run(HOST, "head -c 1000000 /dev/zero >/run/clockaudit/filled 2>/dev/null || true");
    let sign = || site.run(HOST, "head -n 1 /run/clockaudit/deaf/alive");
    let before = sign();
    assert!(matches!(session.ask(&Request::Alive(run("deaf"))).1, Answer::Alive { heard: Ok(()), .. }));
    assert_ne!(sign(), before, "the guard was not told");
    assert!(matches!(session.ask(&Request::Revert(run("deaf"))).1, Answer::Revert(Ok(_))));
    // The guard runs from a file there, until it sees that all is over.
    case.await_guard("deaf");
    site.run(HOST, "umount /run/clockaudit && rmdir /run/clockaudit");
    case.is_old("full below /run");
}
