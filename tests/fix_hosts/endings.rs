//! How `clockaudit fix` ends where something happens on the way: each host is wholly old or wholly new, and the journal is true.

use std::fs;

use clockaudit::clock::Nanos;
use clockaudit::fix::journal::Record;
use nix::sys::signal::Signal;

use crate::moments::{HOOKS, Old, hold, is_held, release, untouched};
use crate::requests::CONFIGURATION;
use crate::running::said;
use crate::site::{CLOUD_SERVER, Plan, Site, digest};
use crate::{SECOND, with_site};

const HOST: &str = "host";
const SERVER: [&str; 2] = ["--ntp-server", CLOUD_SERVER];

#[test]
fn what_happens_on_the_way_leaves_a_host_old_or_new() {
    let plans = [Plan { name: HOST, offset: Nanos(-3 * SECOND), furnish: HOOKS }];
    let test = "endings::what_happens_on_the_way_leaves_a_host_old_or_new";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let old = Old::of(site, HOST);
        fatal_at_the_start(site, &old);
        still_off(site, &old);
        before_anything_is_done(site, &old);
        full_in_the_middle(site, &old);
        deaf_in_the_middle(site, &old);
        edited_in_the_middle(site, &old);
        a_run_whose_guard_was_stopped(site, &old);
        a_stale_lock(site);
        not_started_since_the_boot(site, &old);
        in_the_middle(site, &old);
    });
}

#[test]
fn what_is_told_of_hosts_that_others_work_on_too() {
    let plans = [Plan { name: HOST, offset: Nanos(-3 * SECOND), furnish: HOOKS }];
    let test = "endings::what_is_told_of_hosts_that_others_work_on_too";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        edited_while_it_is_watched(site);
        ended_in_the_scan_afterwards(site);
        ended_at_once(site);
        backups_that_are_gone(site);
    });
}

/// A run that is told to end while a clock is slewed, and one that is told to when steps can come back.
#[test]
fn only_a_host_that_lacks_its_steps_is_left_for_another_run() {
    let plans = [Plan { name: HOST, offset: Nanos(3 * SECOND / 2), furnish: "" }];
    let test = "endings::only_a_host_that_lacks_its_steps_is_left_for_another_run";
    with_site(test, &plans, &[(CLOUD_SERVER, Nanos(0))], |site| {
        let inventory = site.inventory();
        let arguments = [&["fix", &inventory, "--yes", "--hold", "1h", "-v"], &SERVER[..]].concat();
        let ended = |at: &str, more: &[&str]| {
            let mut fixing = site.start_clockaudit(&[&arguments[..], more].concat());
            fixing.until(at);
            fixing.signal(Signal::SIGINT);
            let fixed = fixing.finish();
            assert_eq!(fixed.status, Some(130), "{fixed}");
            assert_eq!(site.ends(), ["host on_its_way"], "{fixed}");
            let configured = fs::read_to_string(site.path(HOST, CONFIGURATION)).expect("text");
            let left = site.state().join(format!("clockaudit/runs/{}.retry", site.last_run()));
            (configured.lines().any(|line| line.starts_with("makestep")), left, fixed)
        };
        let (has_steps, left, fixed) = ended(" off, right in ", &[]);
        assert!(!has_steps && said(&fixed).contains("`makestep` is left out of its configuration"), "{fixed}");
        assert_eq!(fs::read_to_string(&left).expect("a file of hosts"), "host\n", "{fixed}");
        let (has_steps, left, fixed) = ended(" off\n", &["--limit", &format!("@{}", left.display())]);
        assert!(has_steps && !said(&fixed).contains("is left out of its configuration"), "{fixed}");
        assert!(!left.exists(), "nothing is left to be done there: {fixed}");
    });
}

/// A file that somebody edits once it is new: it is theirs, and whoever changed the host is told.
fn edited_while_it_is_watched(site: &Site) {
    let inventory = site.inventory();
    let file = site.path(HOST, CONFIGURATION);
    let stock = fs::read(&file).expect("the configuration");
    let arguments = [&["fix", &inventory, "--yes", "--hold", "20s", "--step", "any"], &SERVER[..]].concat();
    let mut fixing = site.start_clockaudit(&arguments);
    fixing.until("follows its new source");
    let edited = [&fs::read(&file).expect("the configuration")[..], b"# by somebody\n"].concat();
    fs::write(&file, &edited).expect("an edit");
    let fixed = fixing.finish();
    assert_eq!(fixed.status, Some(1), "{fixed}");
    let why = "/etc/chrony/chrony.conf is not what was written: somebody changed it meanwhile";
    assert!(said(&fixed).contains(why), "{fixed}");
    assert_eq!(fs::read(&file).expect("the configuration"), edited);
    assert_eq!(site.ends(), ["host converged"]);
    fs::write(&file, stock).expect("an edit");
    site.run(HOST, "systemctl restart chrony && ! [ -e /run/clockaudit ]");
}

/// Ctrl-C while hosts are scanned again: what the report says of them is not the whole of it.
fn ended_in_the_scan_afterwards(site: &Site) {
    let inventory = site.inventory();
    let report = site.write("report.json", "");
    let wait =
        "[ ! -e /run/hold/login ] || : >/run/hold/login.reached; while [ -e /run/hold/login ]; do sleep 0.1; done";
    site.run(HOST, &format!("mkdir -m 777 /run/hold && echo '{wait}' >/etc/ssh/sshrc"));
    let more = ["--yes", "--hold", "10s", "--step", "any", "--export", &report];
    let mut fixing = site.start_clockaudit(&[&["fix", &inventory], &more[..], &SERVER[..]].concat());
    fixing.until("follows its new source");
    hold(site, HOST, "login");
    is_held(site, HOST, "login");
    fixing.signal(Signal::SIGINT);
    let fixed = fixing.finish();
    release(site, HOST);
    assert_eq!(fixed.status, Some(130), "{fixed}");
    assert_eq!(site.ends(), ["host converged"], "it was ended in the scan afterwards: {fixed}");
    let told: serde_json::Value = fs::read_to_string(&report).expect("a report").parse().expect("JSON");
    let run = &told["run"];
    assert!(run["interrupted"] == "interrupt" && run["partial"] == true, "{run}");
    site.run(HOST, "rm /etc/ssh/sshrc");
    rollback_ended_at_once(site, &site.last_run());
}

/// Two signals while a rollback replaces a file.
fn rollback_ended_at_once(site: &Site, run: &str) {
    hold(site, HOST, "before-mv");
    let undoing = site.start_clockaudit(&["rollback", run, "--yes"]);
    is_held(site, HOST, "before-mv");
    let second = site.last_run();
    assert_ne!(second, run, "the rollback has a journal of its own");
    // Two of one kind may count as one.
    undoing.signal(Signal::SIGINT);
    undoing.signal(Signal::SIGTERM);
    let ended = undoing.finish();
    assert!(matches!(ended.status, Some(130 | 143)), "{ended}");
    let told = format!("the rollback of {run} was ended at once while it worked on {HOST}");
    assert!(
        said(&ended).contains(&told) && said(&ended).contains(&format!("`clockaudit rollback {run}` goes on")),
        "{ended}"
    );
    // As if the guard had not fired within the two minutes: the file may be new, and is named.
    kill_script(site);
    release(site, HOST);
    let left = site.clockaudit(&["rollback", run, "--yes"]);
    assert_eq!(left.status, Some(3), "{left}");
    assert!(said(&left).contains(&format!("`clockaudit rollback {second}` does")), "{left}");
    for undone in [&second, run] {
        let undone = site.clockaudit(&["rollback", undone, "--yes"]);
        assert_eq!(undone.status, Some(0), "{undone}");
    }
}

/// Ends the guard of the run that a host has, and its script.
fn kill_script(site: &Site) {
    site.run(HOST, "systemctl stop 'clockaudit-*'; set -- $(readlink /run/clockaudit/lock) && kill -9 $1");
}

/// Two signals while a file is being replaced: nobody is left to see the host through, and that is said.
fn ended_at_once(site: &Site) {
    let inventory = site.inventory();
    let old = digest(site, HOST, CONFIGURATION);
    hold(site, HOST, "before-mv");
    let fixing = site.start_clockaudit(&[&["fix", &inventory, "--yes", "--step", "any"], &SERVER[..]].concat());
    is_held(site, HOST, "before-mv");
    let run = site.last_run();
    // Two of one kind may count as one.
    fixing.signal(Signal::SIGINT);
    fixing.signal(Signal::SIGTERM);
    let fixed = fixing.finish();
    assert!(matches!(fixed.status, Some(130 | 143)), "{fixed}");
    let told = said(&fixed);
    for text in [
        format!(
            "run {run} was ended at once, and between old and new is host: its guard puts the old files back within two minutes"
        ),
        format!("`clockaudit rollback {run}`"),
    ] {
        assert!(told.contains(&text), "{text}: {fixed}");
    }
    let early = site.clockaudit(&["rollback", &run, "--yes"]);
    assert_eq!(early.status, Some(3), "{early}");
    assert!(
        said(&early).contains(&format!("({run}): wait for its end. Where whoever had begun it is gone")),
        "{early}"
    );
    // As if the two minutes were over, and the guard had not fired.
    kill_script(site);
    release(site, HOST);
    let undone = site.clockaudit(&["rollback", &run, "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
    assert_eq!(digest(site, HOST, CONFIGURATION), old, "{undone}");
}

/// Somebody cleared up beside the configuration, or wrote into what was kept: nothing is put back, and that is what is said.
fn backups_that_are_gone(site: &Site) {
    let inventory = site.inventory();
    let fixed =
        site.clockaudit(&[&["fix", &inventory, "--yes", "--step", "any", "--hold", "1s"], &SERVER[..]].concat());
    assert!(fixed.status.is_some_and(|status| status < 2), "{fixed}");
    let run = site.last_run();
    let before = untouched(site, HOST);
    let backup = format!("{CONFIGURATION}.clockaudit-{run}");
    let undo = |expected: i32, told: &str| {
        let undone = site.clockaudit(&["rollback", &run, "--yes"]);
        assert_eq!(undone.status, Some(expected), "{undone}");
        for text in [&format!("{HOST}: {CONFIGURATION} is to be put back from {backup}\n"), told] {
            assert!(undone.stdout.contains(text), "{text}: {undone}");
        }
    };
    site.run(HOST, &format!("mv {backup} /run/kept"));
    undo(
        3,
        &format!("left alone: {HOST}: a file could not be written: {CONFIGURATION}: its backup is gone: {backup}\n"),
    );
    site.run(HOST, &format!("echo >{backup}"));
    undo(3, &format!("{CONFIGURATION}: its backup is not what was kept: {backup}\n"));
    assert_eq!(untouched(site, HOST), before, "something was changed");
    site.run(HOST, &format!("mv /run/kept {backup}"));
    undo(0, &format!("restored: {HOST}\n"));
}

/// A configuration that passes every check, with which chronyd ends at its start.
const FATAL: &str = "server 169.254.169.123 iburst\nmakestep 1.0 3\nrtcsync\nrtcfile /var/lib/chrony/rtc\n";

/// What only a chronyd that is to stay finds out: it keeps the clock of the machine by the one or by the other.
fn fatal_at_the_start(site: &Site, old: &Old) {
    let inventory = site.inventory();
    let file = site.write("template", FATAL);
    let fixed = site.clockaudit(&["fix", &inventory, "--conf", &file, "--yes", "--hold", "4s"]);
    assert_eq!(fixed.status, Some(2), "{fixed}");
    old.is_back(site, "fatal at the start");
    let fatal = "Fatal error : rtcfile directive cannot be used with rtcsync";
    assert!(said(&fixed).contains(fatal), "{fixed}");
    assert_eq!(site.ends(), ["host rolled_back"]);
    let told = site.journal(&site.last_run()).into_iter().find_map(|record| match record {
        Record::Ended(ended) => ended.why,
        _ => None,
    });
    assert!(told.as_ref().is_some_and(|why| why.contains(fatal)), "the journal does not tell why: {told:?}");
}

/// A clock that jumps after it was set, as that of a machine that was paused.
fn still_off(site: &Site, old: &Old) {
    let inventory = site.inventory();
    let mut fixing =
        site.start_clockaudit(&[&["fix", &inventory, "--yes", "--hold", "20s", "-v"], &SERVER[..]].concat());
    // It has been right at three looks, so chronyd has had the answers to its first questions, and asks again in a minute.
    for text in ["follows its new source", " off", " off", " off"] {
        fixing.until(text);
    }
    site.clock(HOST).step(Nanos(5 * SECOND));
    let fixed = fixing.finish();
    assert_eq!(fixed.status, Some(2), "{fixed}");
    assert!(fixed.stdout.contains("rolled back"), "{fixed}");
    old.is_back(site, "still off");
    assert_eq!(site.ends(), ["host rolled_back"]);
    let undone = site.clockaudit(&["rollback", &site.last_run(), "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
    assert!(undone.stderr.contains("the run changed no host"), "{undone}");
}

/// Ctrl-C while hosts are only looked at.
fn before_anything_is_done(site: &Site, old: &Old) {
    let run = site.last_run();
    let inventory = site.inventory();
    hold(site, HOST, "before-chronyd");
    let fixing = site.start_clockaudit(&[&["fix", &inventory, "--yes"], &SERVER[..]].concat());
    is_held(site, HOST, "before-chronyd");
    fixing.signal(Signal::SIGINT);
    let fixed = fixing.finish();
    release(site, HOST);
    assert_eq!(fixed.status, Some(130), "{fixed}");
    old.is_back(site, "ended before");
    assert_eq!(site.last_run(), run, "a run that did nothing has a journal");
}

/// A disk that had room when it was looked at.
fn full_in_the_middle(site: &Site, old: &Old) {
    let inventory = site.inventory();
    site.run(
        HOST,
        "mkdir /run/full && mount -t tmpfs -o size=256k,mode=755 full /run/full && cp -a /etc/chrony/. /run/full/ && \
         mount --bind /run/full /etc/chrony",
    );
    hold(site, HOST, "before-chronyd");
    let fixing = site.start_clockaudit(&[&["fix", &inventory, "--yes"], &SERVER[..]].concat());
    is_held(site, HOST, "before-chronyd");
    site.run(HOST, "head -c 1000000 /dev/zero >/etc/chrony/filled 2>/dev/null || true");
    release(site, HOST);
    let fixed = fixing.finish();
    assert_eq!(fixed.status, Some(3), "{fixed}");
    assert!(said(&fixed).contains("No space left"), "{fixed}");
    assert_eq!(site.ends(), ["host not_attempted"]);
    assert_eq!(digest(site, HOST, CONFIGURATION), old.digest);
    site.run(HOST, "! ls -A /etc/chrony | grep clockaudit; umount /etc/chrony && umount /run/full && rmdir /run/full");
    old.is_back(site, "full");
}

/// A guard that no sign of life reaches, as where there is no room left for one: nobody waits until it fires.
fn deaf_in_the_middle(site: &Site, old: &Old) {
    let inventory = site.inventory();
    let mut fixing = site.start_clockaudit(&[&["fix", &inventory, "--yes", "--hold", "1h"], &SERVER[..]].concat());
    fixing.until("follows its new source");
    // Neither can be written any more.
    let folder = format!("/run/clockaudit/{}", site.last_run());
    let deafen = "until mkdir alive.new; do :; done; until rm -f alive && mkdir alive; do :; done";
    site.run(HOST, &format!("cd {folder} && {deafen}"));
    let fixed = fixing.finish();
    assert_eq!(fixed.status, Some(2), "{fixed}");
    let why =
        "its guard could not be told that all was well, so the old files were put back at once (there is no room left";
    assert!(said(&fixed).contains(why) && !said(&fixed).contains("its guard had put"), "{fixed}");
    assert_eq!(site.ends(), ["host rolled_back"]);
    old.is_back(site, "deaf");
}

/// A file that somebody edits while the plan is being made: it is theirs, and the host is left alone.
fn edited_in_the_middle(site: &Site, old: &Old) {
    let inventory = site.inventory();
    let file = site.path(HOST, CONFIGURATION);
    let stock = fs::read(&file).expect("the configuration");
    hold(site, HOST, "before-chronyd");
    let fixing = site.start_clockaudit(&[&["fix", &inventory, "--yes"], &SERVER[..]].concat());
    is_held(site, HOST, "before-chronyd");
    let edited = [&stock[..], b"# by somebody\n"].concat();
    fs::write(&file, &edited).expect("an edit");
    release(site, HOST);
    let fixed = fixing.finish();
    assert_eq!(fixed.status, Some(3), "{fixed}");
    let why = "a file was changed since it was looked at: /etc/chrony/chrony.conf";
    assert!(said(&fixed).contains(why) && !said(&fixed).contains("olled back"), "{fixed}");
    let table = fixed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(table.contains(why), "the table does not tell: {fixed}");
    assert_eq!(fs::read(&file).expect("the configuration"), edited);
    let ended = site.journal(&site.last_run()).into_iter().find_map(|record| match record {
        Record::Ended(ended) => Some((ended.outcome, ended.why.unwrap_or_default())),
        _ => None,
    });
    let ended = ended.expect("its end");
    assert!(ended.0 == "not_attempted" && ended.1.ends_with(why), "{ended:?}");
    let undone = site.clockaudit(&["rollback", &site.last_run(), "--yes"]);
    assert!(undone.stderr.contains("the run changed no host"), "{undone}");
    fs::write(&file, stock).expect("an edit");
    old.is_back(site, "edited");
}

/// Controller, script and guard are gone, and a file is new: nobody takes that for a host that is as wanted.
fn a_run_whose_guard_was_stopped(site: &Site, old: &Old) {
    let inventory = site.inventory();
    let arguments = [&["fix", &inventory, "--yes", "--hold", "1s"], &SERVER[..]].concat();
    hold(site, HOST, "after-mv");
    let fixing = site.start_clockaudit(&arguments);
    is_held(site, HOST, "after-mv");
    let run = site.last_run();
    fixing.signal(Signal::SIGKILL);
    site.run(HOST, "systemctl stop 'clockaudit-*'; set -- $(readlink /run/clockaudit/lock) && kill -9 $1");
    release(site, HOST);
    fixing.finish();
    let again = site.clockaudit(&arguments);
    assert_eq!(again.status, Some(3), "{again}");
    let told = format!("run {run} ended there between old and new");
    assert!(said(&again).contains(&told) && said(&again).contains(&format!("`clockaudit rollback {run}`")), "{again}");
    let undone = site.clockaudit(&["rollback", &run, "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
    assert!(undone.stdout.contains(&told) && undone.stdout.contains("1 restored"), "{undone}");
    old.is_back(site, "guard stopped");
    site.run(HOST, "! [ -e /run/clockaudit ]");
    let again = site.clockaudit(&["rollback", &run, "--yes"]);
    assert!(again.status == Some(0) && again.stdout.contains("1 as they were already"), "{again}");
}

/// A chronyd that was not started since the boot: systemd has looked at none of its conditions, and says that they were not met.
fn not_started_since_the_boot(site: &Site, old: &Old) {
    let inventory = site.inventory();
    site.run(HOST, "systemctl disable --now chrony && systemctl daemon-reload");
    let conditions = site.run(HOST, "systemctl show -p ConditionResult -p ConditionTimestampMonotonic chrony");
    assert_eq!(conditions, "ConditionResult=no\nConditionTimestampMonotonic=0\n");
    let fixed = site.clockaudit(&[&["fix", &inventory, "--yes", "--hold", "1s"], &SERVER[..]].concat());
    assert!(fixed.status.is_some_and(|status| status < 2), "{fixed}");
    assert_eq!(site.ends(), ["host converged"], "{fixed}");
    let stopped = "! systemctl -q is-active chrony && ! systemctl -q is-enabled chrony && ! pgrep -x chronyd";
    let undo = || site.clockaudit(&["rollback", &site.last_run(), "--yes"]);
    let undone = undo();
    assert_eq!(undone.status, Some(0), "{undone}");
    assert!(undone.stdout.contains("chronyd is to be stopped, as it was before"), "{undone}");
    site.run(HOST, stopped);
    // The fix had started it, so it runs again where the rollback is undone.
    let undone = undo();
    assert_eq!(undone.status, Some(0), "{undone}");
    site.run(HOST, "systemctl -q is-active chrony && ! systemctl -q is-enabled chrony");
    let undone = undo();
    assert_eq!(undone.status, Some(0), "{undone}");
    site.run(HOST, stopped);
    // Nor does it run where the host itself goes back.
    let failed = site.clockaudit(&["fix", &inventory, "--conf", &site.write("template", FATAL), "--yes"]);
    assert!(failed.status == Some(2) && site.ends() == ["host rolled_back"], "{failed}");
    assert_eq!(digest(site, HOST, CONFIGURATION), old.digest, "{failed}");
    site.run(HOST, stopped);
    site.run(HOST, "systemctl enable --now chrony");
}

/// What an owner left that is gone is taken back by the next run, which goes on.
fn a_stale_lock(site: &Site) {
    site.run(
        HOST,
        "mkdir -p /run/clockaudit && ln -s \"1 1 $(cat /proc/sys/kernel/random/boot_id) 20200101T000000Z-dead\" /run/clockaudit/lock",
    );
    let inventory = site.inventory();
    let file = site.write("template", "server 169.254.169.123 iburst\nmakestep 1.0 3\nrtcsync\n");
    let fixed = site.clockaudit(&["fix", &inventory, "--conf", &file, "--yes", "--hold", "1s"]);
    assert_eq!(fixed.status, Some(0), "{fixed}");
    site.run(HOST, "! [ -e /run/clockaudit ]");
    let undone = site.clockaudit(&["rollback", &site.last_run(), "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
}

/// Another fix, and then Ctrl-C, while files are being replaced: the first is seen through, and whose turn had not come is left alone.
fn in_the_middle(site: &Site, old: &Old) {
    let inventory = site.inventory();
    let hosts = fs::read_to_string(&inventory).expect("an inventory");
    // The same machine by another name: what it is after the first is all that matters of it.
    let (first, rest) = hosts.split_once('\n').expect("a line of the host");
    let twins = site.write("twins.ini", &format!("{first}\n{}\n{rest}", first.replacen(HOST, "twin", 1)));
    let report = site.write("report.json", "");
    let arguments = |inventory| [&["fix", inventory, "--yes", "--hold", "20s"], &SERVER[..]].concat();
    hold(site, HOST, "before-mv");
    let fixing = site.start_clockaudit(&[&arguments(&twins)[..], &["--export", &report]].concat());
    is_held(site, HOST, "before-mv");
    let run = site.last_run();
    let before = untouched(site, HOST);
    let second = site.clockaudit(&arguments(&inventory));
    assert_eq!(second.status, Some(3), "{second}");
    assert!(second.stdout.contains("another run of clockaudit works on it"), "{second}");
    assert_eq!(untouched(site, HOST), before, "the second run changed something");
    fixing.signal(Signal::SIGINT);
    release(site, HOST);
    let fixed = fixing.finish();
    assert_eq!(fixed.status, Some(130), "{fixed}");
    old.is_new(site, "ended in the middle");
    assert_eq!(site.last_run(), run, "a run that changed nothing has a journal");
    assert_eq!(site.ends(), ["host on_its_way", "twin not_attempted"]);
    let why = site.journal(&run).into_iter().find_map(|record| match record {
        Record::Ended(ended) if ended.host == "twin" => ended.why,
        _ => None,
    });
    assert_eq!(why.as_deref(), Some("the run was told to end"));
    let told: serde_json::Value = fs::read_to_string(&report).expect("a report").parse().expect("JSON");
    let twin = told["fix"]["hosts"].as_array().and_then(|hosts| hosts.iter().find(|host| host["name"] == "twin"));
    let twin = twin.unwrap_or_else(|| panic!("{told}"));
    assert_eq!([&twin["outcome"], &twin["reason"]], ["not_attempted", "interrupted"]);
    let host = told["fix"]["hosts"].as_array().and_then(|hosts| hosts.iter().find(|one| one["name"] == HOST));
    let host = host.unwrap_or_else(|| panic!("{told}"));
    // Whether there was time for a look or not: what was measured before the change is not told as what it is afterwards.
    let (reason, after) = (host["reason"].as_str(), host["after"]["offset_s"].as_f64());
    assert!(matches!((reason, after), (Some("not_measured"), None) | (Some("not_held"), Some(-0.1..0.1))), "{host}");
    let left = site.state().join(format!("clockaudit/runs/{run}.retry"));
    assert_eq!(fs::read_to_string(left).expect("a file of hosts"), "twin\n");
    let undone = site.clockaudit(&["rollback", &run, "--yes"]);
    assert_eq!(undone.status, Some(0), "{undone}");
    assert_eq!(digest(site, HOST, CONFIGURATION), old.digest, "rolled back");
}
