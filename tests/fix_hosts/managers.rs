//! chrony comes by the package managers of other distributions, in the place of an ntpd, on hosts without systemd: Alpine's names and
//! RHEL's and SUSE's. The package managers, those of `OpenRC` and the ntpd are stand-ins; script, shell, chronyd and time server are
//! real.

use std::process::Command;
use std::thread;

use clockaudit::clock::Nanos;
use clockaudit::fix::Mending;
use clockaudit::fix::guards::Allowed;
use clockaudit::fix::installation::{installation, new_files};
use clockaudit::fix::remote::{
    Answer, Apply, Becomes, Change, Check, Expected, Init, Installing, PackageManager, Request, Step, TakeBack, Taken,
    TakenFile, script,
};
use clockaudit::timekeeper::chrony::configuration::Wanted;

use crate::requests::{run, survey};
use crate::site::Session;
use crate::support::confinement::confined;
use crate::support::host::{Host, HostPlan};

const SERVER: &str = "127.0.0.9";

/// A host that has no chrony, whose clock an ntpd keeps that its init starts at boot; what a package of chrony has lies ready.
const START: &str = r#"
cp "$(command -v chronyd)" /run/timeserver
printf '%s\n' "bindaddress 127.0.0.9" "allow 127.0.0.0/8" "local stratum 1" "cmdport 0" "bindcmdaddress /" \
    "pidfile /run/chrony/server.pid" >/run/chrony/server.conf
TEST_HOST_CLOCK=/run/host/server /run/timeserver -x -u root -f /run/chrony/server.conf >>/run/host/log 2>&1
mount -t tmpfs host-chrony /var/lib/chrony
mkdir -p /run/stock /run/upper /run/work
has=$(command -v chronyd chronyc apt-get)
cp $(command -v chronyd chronyc) /run/stock
mount -t overlay host-usr -o lowerdir=/usr,upperdir=/run/upper,workdir=/run/work /usr
rm -rf $has /etc/chrony /etc/init.d /etc/chrony.conf /etc/rc3.d
mkdir -p /etc/init.d /etc/rc3.d
cp "$(command -v sleep)" /usr/sbin/ntpd
cat >/etc/init.d/ntpd <<'END'
#!/bin/sh
pid=$(cat /run/ntpd.pid 2>/dev/null)
case $1 in
status) [ "$pid" ] && kill -0 "$pid" 2>/dev/null; exit ;;
start) /usr/sbin/ntpd 100000 >/dev/null 2>&1 </dev/null & echo $! >/run/ntpd.pid ;;
stop) [ "$pid" ] && kill "$pid"; rm -f /run/ntpd.pid ;;
esac
END
cat >/run/stock/init <<'END'
#!/bin/sh
pid=$(cat /run/chrony/chronyd.pid 2>/dev/null)
[ "$1" != status ] || { [ "$pid" ] && kill -0 "$pid" 2>/dev/null; exit; }
[ "$pid" ] && kill $pid && while kill -0 $pid 2>/dev/null; do sleep 0.05; done
[ "$1" = stop ] || chronyd -u root -f "$(cat /run/stock/path)"
END
cat >/run/stock/manager <<'END'
#!/bin/sh
echo "${0##*/} $*" >>/run/calls
path=$(cat /run/stock/path)
case " $* " in
*' add '* | *' install '*)
    cp /run/stock/chronyd /run/stock/chronyc /usr/sbin
    mkdir -p "${path%/*}"
    [ -e "$path" ] || echo 'pool stock.example iburst' >"$path"
    cp /run/stock/init /etc/init.d/chronyd ;;
*) rm -f /usr/sbin/chronyd /usr/sbin/chronyc /etc/init.d/chronyd "$path" ;;
esac
END
chmod 755 /etc/init.d/ntpd /run/stock/init /run/stock/manager
cp /run/stock/manager "/usr/bin/$MANAGER"
if [ "$MANAGER" = apk ]; then
    echo /etc/chrony/chrony.conf >/run/stock/path
    mkdir -p /etc/runlevels/default
    printf '%s\n' '#!/bin/sh' 'exec /etc/init.d/"$1" "$2"' >/usr/sbin/rc-service
    printf '%s\n' '#!/bin/sh' 'case $1 in' 'add) ln -s /etc/init.d/"$2" /etc/runlevels/"$3" ;;' \
        '-a) rm -f /etc/runlevels/*/"$3" ;;' 'esac' >/usr/sbin/rc-update
    chmod 755 /usr/sbin/rc-service /usr/sbin/rc-update
    ln -s /etc/init.d/ntpd /etc/runlevels/default
else
    echo /etc/chrony.conf >/run/stock/path
    rm -f "$(command -v update-rc.d)"
    printf '%s\n' '#!/bin/sh' 'case $2 in' 'on) ln -sf ../init.d/"$1" /etc/rc3.d/S50"$1" ;;' \
        'off) rm -f /etc/rc3.d/S??"$1" ;;' 'esac' >/usr/sbin/chkconfig
    chmod 755 /usr/sbin/chkconfig
    ln -s ../init.d/ntpd /etc/rc3.d/S50ntpd
fi
/etc/init.d/ntpd start
"#;

fn open(host: &Host) -> Session {
    let first = host.process();
    let mut command = Command::new("nsenter");
    command.args([&format!("--mount=/proc/{first}/ns/mnt"), &format!("--net=/proc/{first}/ns/net")]);
    command.arg(format!("--pid=/proc/{first}/ns/pid_for_children"));
    command.args(["/bin/busybox", "ash", "-c", script::START]);
    Session::start(command)
}

/// What runs on the host, and what is started at boot.
fn state(host: &Host) -> String {
    let line = "cat /proc/[0-9]*/comm | grep -x -e chronyd -e ntpd | sort -u; ls /etc/runlevels/default /etc/rc3.d 2>/dev/null | \
                grep -e ntpd -e chronyd | sed 's/^S50//'; ls /etc/chrony/chrony.conf /etc/chrony.conf 2>/dev/null; true";
    host.run("bash", &["-c", line]).replace('\n', " ").trim().to_owned()
}

fn the_way_there_and_back(manager: PackageManager, start: &'static str, calls: &[&str]) {
    let case = manager.label();
    let mut plan = HostPlan::new(case, Nanos(-3_000_000_000));
    plan.clocks.push(("server", Nanos(0)));
    plan.start = start;
    let init = if manager == PackageManager::Apk { Init::OpenRc } else { Init::SysV };
    if init == Init::OpenRc {
        plan.replaced.push(("sh", "busybox"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::start(plan, folder.path().join("host"), "ssh-ed25519 AAAA nobody");
    let mut session = open(&host);
    assert_eq!(state(&host), "ntpd ntpd", "{case}");

    let found = survey(&mut session);
    let allowed = Allowed { installs: false, replaces: true };
    let installs = installation(&found, allowed).expect("allowed").expect("an installation");
    assert_eq!((installs.manager, installs.replaces.as_slice()), (Some(manager), &["ntpd".to_owned()][..]), "{case}");
    let wanted = Mending::Edit(Wanted::servers(&[SERVER]).expect("a server"));
    let files = new_files(manager, &wanted, false, false).expect("files").files;
    let check = Check { servers: vec![format!("{SERVER} iburst")], installs: Some(manager), ..Check::default() };
    let Answer::Check(Ok(checked)) = session.ask(&Request::Check(check)).1 else { panic!("{case}: no check") };
    let near = |moves: &Nanos| (moves.0 - 3_000_000_000).abs() < 200_000_000;
    assert!(checked.servers[0].correction.as_ref().is_ok_and(near), "{case}: {checked:?}");
    assert!(checked.offer.is_some_and(|offer| offer.is_ok()), "{case}");
    assert_eq!(state(&host), "ntpd ntpd", "{case}: asking changed something");

    let path = files[0].path.clone();
    let apply = |name: &str| Apply {
        run: run(name),
        configuration: path.clone(),
        changes: vec![Change { path: path.clone(), was: None, becomes: Becomes::Bytes(files[0].becomes.clone()) }],
        installs: Some(Installing { manager: Some(manager), removes: Vec::new(), replaces: vec!["ntpd".to_owned()] }),
        expected: Expected::OneOf(vec![SERVER.parse().expect("an address")]),
        wait_s: 30,
        guard_s: 120,
        restarts: true,
        validates: true,
        slews: false,
    };
    let change = |session: &mut Session, name: &str| -> Vec<Taken> {
        let (steps, answer) = session.ask(&Request::Apply(apply(name)));
        let Answer::Apply(applied) = answer else { panic!("{case}: {answer:?} after {steps:?}") };
        let applied = applied.unwrap_or_else(|refusal| panic!("{case}: {refusal:?} after {steps:?}"));
        let at = |is_it: &dyn Fn(&Step) -> bool| steps.iter().position(is_it).expect("a step");
        let stopped = at(&|step| *step == Step::Stopped("ntpd".to_owned()));
        assert!(stopped < at(&|step| *step == Step::Restarting), "{case}: two ran: {steps:?}");
        assert_eq!(state(&host), format!("chronyd chronyd {path}"), "{case}");
        applied.taken
    };
    change(&mut session, "1");
    let reverted = session.ask(&Request::Revert(run("1"))).1;
    assert!(matches!(reverted, Answer::Revert(Ok(None))), "{case}: {reverted:?}");
    assert_eq!(state(&host), "ntpd ntpd", "{case}");

    let taken = change(&mut session, "2");
    assert_eq!(session.ask(&Request::Confirm(run("2"))).1, Answer::Confirm(Ok(Vec::new())), "{case}");
    let written = clockaudit::fix::remote::Digest::of(&files[0].becomes);
    let file = TakenFile { path: path.clone(), was: None, written, backup: None };
    let back = TakeBack { run: run("3"), configuration: path.clone(), files: vec![file], taken, guard_s: 120 };
    let (steps, answer) = session.ask(&Request::TakeBack(back));
    assert_eq!(answer, Answer::TakeBack(Ok(())), "{case}: after {steps:?}");
    assert_eq!(state(&host), "ntpd ntpd", "{case}");
    let called = host.run("cat", &["/run/calls"]);
    assert_eq!(called.lines().collect::<Vec<_>>(), [calls, calls].concat(), "{case}");
}

#[test]
fn every_package_manager_brings_chrony_and_takes_it_away() {
    confined("managers::every_package_manager_brings_chrony_and_takes_it_away", || {
        let ways: [(PackageManager, [&str; 2]); 4] = [
            (PackageManager::Apk, ["apk add -q chrony", "apk del -q chrony"]),
            (PackageManager::Dnf, ["dnf -y -q install chrony", "dnf -y -q remove chrony"]),
            (PackageManager::Yum, ["yum -y -q install chrony", "yum -y -q remove chrony"]),
            (
                PackageManager::Zypper,
                [
                    "zypper --non-interactive --quiet install --no-recommends chrony",
                    "zypper --non-interactive --quiet remove chrony",
                ],
            ),
        ];
        thread::scope(|scope| {
            let going: Vec<_> = ways
                .into_iter()
                .map(|(manager, calls)| {
                    let start: &'static str = format!("MANAGER={}\n{START}", manager.label()).leak();
                    scope.spawn(move || the_way_there_and_back(manager, start, &calls))
                })
                .collect();
            for way in going {
                way.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        });
    });
}
