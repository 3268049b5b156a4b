//! The script under every shell that may be `/bin/sh`, on hosts whose init is a script in `/etc/init.d`, with and without the
//! programs that it likes best.

use std::path::Path;
use std::process::Command;
use std::thread;

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{Answer, Apply, Becomes, Change, Check, Guard, Include, Init, Request, Step, script};

use crate::requests::{follow, run, survey};
use crate::site::Session;
use crate::support::confinement::confined;
use crate::support::host::{Host, HostPlan};

const SERVER: &str = "127.0.0.9";
/// A file whose name a shell may take for something else.
const ODD: &str = "/etc/chrony.d/-b c|d*'$(e).conf";

/// A chronyd as RHEL has it, started by a script; a time server, whose process has another name; and two daemons in containers, as
/// far as the kernel tells.
const START: &str = r#"
cp "$(command -v chronyd)" /run/timeserver
mkdir /run/box
cp "$(command -v tail)" /run/box/chronyd
cp "$(command -v sleep)" /run/box/ntpd
unshare --pid --fork /run/box/chronyd -q -f /dev/null >/dev/null 2>&1 &
unshare --pid --fork /run/box/ntpd 1000 >/dev/null 2>&1 &
until pgrep -x ntpd && pgrep -x chronyd; do :; done >/dev/null
printf '%s\n' "bindaddress 127.0.0.9" "allow 127.0.0.0/8" "local stratum 1" "cmdport 0" "bindcmdaddress /" \
    "pidfile /run/chrony/server.pid" "keyfile /run/chrony/keys" >/run/chrony/server.conf
printf '%s\n' '7 SHA256 HEX:30313233343536373839' >/run/chrony/keys
TEST_HOST_CLOCK=/run/host/server /run/timeserver -x -u root -f /run/chrony/server.conf >>/run/host/log 2>&1
mount -t tmpfs host-chrony /var/lib/chrony
rm -rf /etc/chrony /etc/init.d /etc/chrony.conf
mkdir -p /etc/chrony.d /etc/init.d
printf '%s\n' '# A comment' 'pool pool.example iburst' 'Include /etc/chrony.d/*.conf' 'sourcedir /etc/chrony.d' \
    'makestep 1 3' 'leapsectz right/UTC' >/etc/chrony.conf
printf 'maxdistance 2' >/etc/chrony.d/a.conf
cat >/etc/init.d/chronyd <<'END'
#!/bin/sh
pid=$(cat /run/chrony/chronyd.pid 2>/dev/null)
[ "$pid" ] && kill $pid && while kill -0 $pid 2>/dev/null; do sleep 0.05; done
[ "$1" = stop ] || chronyd -u root -f /etc/chrony.conf
END
chmod 755 /etc/init.d/chronyd
/etc/init.d/chronyd start
"#;

/// A session with the script of that host's `/bin/sh`.
fn open(host: &Host) -> Session {
    let first = host.process();
    let mut command = Command::new("nsenter");
    command.args([&format!("--mount=/proc/{first}/ns/mnt"), &format!("--net=/proc/{first}/ns/net")]);
    command.arg(format!("--pid=/proc/{first}/ns/pid_for_children"));
    command.args(["/bin/busybox", "ash", "-c", script::START]);
    Session::start(command)
}

/// The whole way of a change, under one shell and without some programs.
fn the_whole_way(shell: &'static str, hidden: &[&'static str]) {
    let mut plan = HostPlan::new(format!("{shell}-{}", hidden.len()), Nanos(-3_000_000_000));
    plan.replaced.push(("sh", shell));
    plan.hidden = hidden.to_vec();
    plan.clocks.push(("server", Nanos(0)));
    plan.start = START;
    let case = format!("{shell} without {hidden:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::start(plan, folder.path().join("host"), "ssh-ed25519 AAAA nobody");
    let mut session = open(&host);

    let found = survey(&mut session);
    let service = found.service.as_ref().unwrap_or_else(|| panic!("{case}: no service: {found:?}"));
    assert_eq!((service.init, service.name.as_str(), service.is_active), (Init::SysV, "chronyd", true), "{case}");
    assert_eq!(found.guard, Some(Guard::Shell), "{case}");
    // What runs in containers is none of the host's.
    assert_eq!(found.arguments.as_deref(), Some("chronyd -u root -f /etc/chrony.conf"), "{case}");
    assert_eq!(found.others, [], "{case}");
    assert!(found.lacks.is_empty(), "{case}: {found:?}");
    let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/etc/chrony.conf", "/etc/chrony.d/a.conf"], "{case}");
    assert_eq!(found.files[1].bytes.as_deref(), Some(&b"maxdistance 2"[..]), "{case}");
    assert_eq!(found.includes, [Include::SourceDir("/etc/chrony.d".to_owned())], "{case}");

    let second = b"# 100 % of \\t 'quotes'\n \t# $(false) `false` \xC3\xA9\n\n".repeat(40);
    let mut apply = Apply { guard_s: 120, ..follow(&found, SERVER, run("1")) };
    apply.changes.push(Change { path: ODD.to_owned(), was: None, becomes: Becomes::Bytes(second.clone()) });
    let directives = vec![format!("server {SERVER} iburst"), "# 100 %\\t".to_owned()];
    // One that is asked by a key, which is where the new configuration has it.
    let servers = ["iburst", "iburst key 7", "iburst key 8"].map(|options| format!("{SERVER} {options}")).to_vec();
    let settings = vec!["keyfile /run/chrony/keys".to_owned()];
    let check = Check { servers, settings, directives, installs: None };
    let (_, answer) = session.ask(&Request::Check(check));
    let Answer::Check(Ok(checked)) = answer else { panic!("{case}: {answer:?}") };
    let near = |moves: &Nanos| (moves.0 - 3_000_000_000).abs() < 200_000_000;
    let answers: Vec<_> = checked.servers.iter().map(|answer| answer.correction.as_ref().is_ok_and(near)).collect();
    assert_eq!(answers, [true, true, false], "{case}: {checked:?}");
    assert!(checked.dry_run.as_ref().is_some_and(Result::is_ok), "{case}: {checked:?}");

    let before = host.run("cat", &["/etc/chrony.conf"]);
    let (steps, answer) = session.ask(&Request::Apply(apply.clone()));
    assert!(matches!(&answer, Answer::Apply(applied) if applied.is_ok()), "{case}: {answer:?} after {steps:?}");
    assert_eq!(host.run("cat", &[ODD]), String::from_utf8(second).expect("text"), "{case}");
    assert!(
        matches!(session.ask(&Request::Alive(run("1"))).1, Answer::Alive { tracking: Some(_), heard: Ok(()) }),
        "{case}"
    );
    let reverted = session.ask(&Request::Revert(run("1"))).1;
    assert!(matches!(reverted, Answer::Revert(Ok(Some(_)))), "{case}: {reverted:?}");
    assert_eq!(host.run("cat", &["/etc/chrony.conf"]), before, "{case}");

    // Nobody is there any more: the guard outlives the session.
    apply.run = run("2");
    apply.guard_s = 6;
    session.send(&Request::Apply(apply));
    session.until(|step| *step == Step::Restarted);
    let waits = "until [ -s /run/clockaudit/2/guard ]; do :; done; read -r p x </run/clockaudit/2/guard; \
                 kill -9 $(readlink /run/clockaudit/lock | cut -d' ' -f1); tail --pid=$p -f /dev/null; ls -A /run/clockaudit";
    assert_eq!(host.run("bash", &["-c", waits]), "last\n", "{case}");
    assert_eq!(host.run("cat", &["/etc/chrony.conf"]), before, "{case}");
    assert_eq!(host.run("ls", &["-A", "/etc/chrony.d"]), "a.conf\n", "{case}");
    host.run("chronyc", &["-n", "tracking"]);
    println!("{case}: {}", Path::new(&host.plan.name).display());
}

#[test]
fn every_shell_goes_the_whole_way() {
    confined("shells::every_shell_goes_the_whole_way", || {
        let shells = ["dash", "bash", "busybox", "ksh93", "mksh", "zsh"].map(|shell| (shell, &[][..]));
        // A host as bare as it may be.
        let bare: &[&str] = &["base64", "timeout", "setsid", "sha256sum", "shasum", "lsattr", "systemctl"];
        let ways: Vec<_> = shells.into_iter().chain([("dash", bare), ("busybox", bare)]).collect();
        // Most of a way is waiting: they go together, each with a host of its own.
        thread::scope(|scope| {
            let going: Vec<_> =
                ways.iter().map(|(shell, hidden)| scope.spawn(move || the_whole_way(shell, hidden))).collect();
            for way in going {
                way.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        });
    });
}
