//! The harness before what it is for: the plain `ssh` client sees each host's own clock, whatever reads it.

use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;
use std::process::Command;
use std::thread;

use clockaudit::clock::{Nanos, Ppm, UnixNanos};
use clockaudit::probe::reader::Reader;
use clockaudit::probe::script::{GREETING, exec_command};

use crate::support::confinement::{can_set_clock, confined};
use crate::support::delay::{Delay, DelayProxy};
use crate::support::fleet::Fleet;
use crate::support::host::{Host, HostPlan, Server, USER};
use crate::support::host_clock::now;
use crate::support::ladder;
use crate::support::session::{self, Session};

/// How old the coarse clock of `time()` may be.
const TICK: Nanos = Nanos::from_millis(10);

/// Prints how long `time()` still told the old second after an edge, at the first edge where that is seen.
const TIME_LAG: &str = "perl -MTime::HiRes=gettimeofday -e '\
    until ($lag and time >= int $now) { $now = gettimeofday; $lag = $now - int $now if time < int $now } \
    printf \"%.6f\", $lag'";

/// Ways to read a clock, and how fine: (command, resolution, lag).
const READERS: [(&str, Nanos, Nanos); 10] = [
    ("date +%s.%N", Nanos(1), Nanos::ZERO),
    ("bash -c 'echo $EPOCHREALTIME'", Nanos::from_micros(1), Nanos::ZERO),
    ("mksh -c 'echo $EPOCHREALTIME'", Nanos::from_micros(1), Nanos::ZERO),
    ("busybox ash -c 'echo $EPOCHREALTIME'", Nanos::from_micros(1), Nanos::ZERO),
    ("zsh -c 'zmodload zsh/datetime; printf %.6f $EPOCHREALTIME'", Nanos::from_micros(2), Nanos::from_micros(1)),
    ("ksh -c 'printf \"%(%s.%N)T\"'", Nanos(1), Nanos::ZERO),
    ("perl -MTime::HiRes=time -e 'printf \"%.6f\", time'", Nanos::from_micros(2), Nanos::from_micros(1)),
    ("python3 -c 'import time; t = time.time_ns(); print(\"%d.%09d\" % divmod(t, 10**9))'", Nanos(1), Nanos::ZERO),
    ("echo now | stdbuf -oL date -f - +%s.%N", Nanos(1), Nanos::ZERO),
    ("busybox date +%s", Nanos::from_seconds(1), TICK),
];

fn ssh(fleet: &Fleet, host: &Host, command: &str) -> Session {
    ssh_to(fleet, host.address, command)
}

/// Runs a command on whatever host of the fleet answers at that address.
fn ssh_to(fleet: &Fleet, address: SocketAddrV4, command: &str) -> Session {
    let mut client = Command::new("ssh");
    client.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"]);
    client.arg("-o").arg(format!("UserKnownHostsFile={}", fleet.known_hosts().display()));
    client.arg("-i").arg(fleet.user_key()).args(["-p", &address.port().to_string()]);
    client.arg(format!("{USER}@{}", address.ip())).arg(command);
    session::run(&mut client)
}

/// Reads a host's clock by that command and checks that it shows the host's offset, no more and no less.
fn check(fleet: &Fleet, host: &Host, command: &str, resolution: Nanos, lag: Nanos) {
    let (asked, ahead) = (now(), host.clock.offset());
    let answer = ssh(fleet, host, command);
    let (answered, ahead_then) = (now(), host.clock.offset());
    let name = &host.plan.name;
    let reading =
        Nanos::from_seconds_text(answer.stdout.trim()).unwrap_or_else(|| panic!("{name} {command}: {answer}"));
    let reading = UnixNanos(reading.0);
    let (earliest, latest) = (asked + ahead.min(ahead_then), answered + ahead.max(ahead_then));
    assert!(earliest - (resolution + lag) < reading, "{name} {command}: {reading:?} before {earliest:?}");
    assert!(reading <= latest, "{name} {command}: {reading:?} after {latest:?}");
}

#[test]
fn every_program_of_a_host_has_its_clock() {
    confined("harness::every_program_of_a_host_has_its_clock", || {
        let ahead = HostPlan { rate: Ppm::from_ppm(50), ..HostPlan::new("ahead", Nanos::from_seconds(31_536_000)) };
        let behind = HostPlan { server: Server::Dropbear, ..HostPlan::new("behind", Nanos::from_millis(-137_250)) };
        let fleet = Fleet::start([ahead, behind]);
        for host in &fleet.hosts {
            for (command, resolution, lag) in READERS {
                check(&fleet, host, command, resolution, lag);
            }
            let lag = ssh(&fleet, host, TIME_LAG).stdout;
            let lag = Nanos::from_seconds_text(lag.trim()).unwrap_or_else(|| panic!("{}: {lag}", host.plan.name));
            assert!(Nanos::ZERO < lag && lag <= TICK, "{}: time() lags by {lag}", host.plan.name);
            host.clock.step(Nanos::from_seconds(5));
            check(&fleet, host, "date +%s.%N", Nanos(1), Nanos::ZERO);
            assert_eq!(host.left_behind(), [] as [&Path; 0]);
        }
        assert!(fleet.hosts[0].clock.offset() > Nanos::from_seconds(31_536_005));
    });
}

#[test]
fn no_program_of_a_host_can_set_this_machines_clock() {
    confined("harness::no_program_of_a_host_can_set_this_machines_clock", || {
        let plans = [Server::OpenSsh, Server::Dropbear].map(|server| {
            let name = format!("{server:?}").to_lowercase();
            HostPlan { server, ..HostPlan::new(name, Nanos::ZERO) }
        });
        let fleet = Fleet::start(plans);
        for host in &fleet.hosts {
            let status = ssh(&fleet, host, "cat /proc/self/status").stdout;
            assert!(status.contains("CapBnd") && !can_set_clock(&status), "{status}");
            let status = host.run("cat", &["/proc/self/status"]);
            assert!(status.contains("CapBnd") && !can_set_clock(&status), "{status}");
            // The host's root sets the host's clock, and no other.
            let before = now();
            host.run("date", &["--set", "@1000000000"]);
            assert!(before < now() && host.clock.offset() < Nanos::from_seconds(-600_000_000), "{:?}", host.clock);
        }
    });
}

#[test]
fn a_login_shell_of_any_kind_is_reached() {
    confined("harness::a_login_shell_of_any_kind_is_reached", || {
        let shells = ["bash", "dash", "ksh93", "mksh", "zsh", "fish", "tcsh"];
        let plans = shells.map(|shell| HostPlan {
            login_shell: format!("/bin/{shell}"),
            ..HostPlan::new(shell, Nanos::from_seconds(3))
        });
        let ash = HostPlan { login_shell: "/run/host/ash".to_owned(), ..HostPlan::new("ash", Nanos::from_seconds(3)) };
        let fleet = Fleet::start(plans.into_iter().chain([ash]));
        for host in &fleet.hosts {
            check(&fleet, host, "date +%s.%N", Nanos(1), Nanos::ZERO);
            let shell = ssh(&fleet, host, "echo $0").stdout;
            assert!(shell.trim().ends_with(&host.plan.name) || host.plan.name == "fish", "{shell}");
        }
    });
}

#[test]
fn every_host_of_the_ladder_greets_with_its_reader() {
    confined("harness::every_host_of_the_ladder_greets_with_its_reader", || {
        let (plans, readers): (Vec<_>, Vec<_>) = ladder::plans().into_iter().unzip();
        let fleet = Fleet::start(plans);
        let greeting = |host| ssh(&fleet, host, &exec_command()).stdout;
        let greetings: Vec<String> = thread::scope(|scope| {
            let asked: Vec<_> = fleet.hosts.iter().map(|host| scope.spawn(move || greeting(host))).collect();
            asked.into_iter().map(|answer| answer.join().expect("an answer")).collect()
        });
        for ((host, reader), greeting) in fleet.hosts.iter().zip(readers).zip(greetings) {
            let expected = match reader {
                Reader::ExecDate => " UTC ".to_owned(),
                reader => format!("{GREETING}{} Linux", reader.label()),
            };
            assert!(greeting.contains(&expected), "{}: {greeting}", host.plan.name);
        }
    });
}

#[test]
fn a_real_chronyd_follows_its_time_server() {
    confined("harness::a_real_chronyd_follows_its_time_server", || {
        // Starts 0.3 s behind, gains 80 ppm, is taken by its own chronyd to where its server is: 2 s ahead of the truth, and content.
        let lied_to = HostPlan {
            rate: Ppm::from_ppm(80),
            time_server: Some(Nanos::from_seconds(2)),
            ..HostPlan::new("lied-to", Nanos::from_millis(-300))
        };
        let fleet = Fleet::start([lied_to]);
        let [host] = &fleet.hosts[..] else { unreachable!() };
        let tracking = ssh(&fleet, host, "chronyc -n -c tracking").stdout;
        assert!(tracking.starts_with("7F000002,127.0.0.2,2,"), "{tracking}");
        assert!(tracking.trim().ends_with(",Normal"), "{tracking}");
        let off = host.clock.offset() - Nanos::from_seconds(2);
        assert!(off.abs() < Nanos::from_millis(10), "{off} from its server\n{}", host.log());
        check(&fleet, host, "date +%s.%N", Nanos(1), Nanos::ZERO);
    });
}

#[test]
fn a_delay_is_that_of_each_direction() {
    confined("harness::a_delay_is_that_of_each_direction", || {
        let fleet = Fleet::start([HostPlan::new("far", Nanos::from_seconds(-7))]);
        let [host] = &fleet.hosts[..] else { unreachable!() };
        let proxy = DelayProxy::start(host.address, Delay::from_millis(90, 30));
        fleet.inventory_through("far.ini", |_| proxy.address);
        let asked = now();
        let answer = ssh_to(&fleet, proxy.address, "date +%s.%N");
        let answered = now();
        let reading = Nanos::from_seconds_text(answer.stdout.trim()).unwrap_or_else(|| panic!("{answer}"));
        let reading = UnixNanos(reading.0) - host.clock.offset();
        assert!(asked + Nanos::from_millis(90) <= reading, "{asked:?} {reading:?}");
        assert!(reading + Nanos::from_millis(30) <= answered, "{reading:?} {answered:?}");
    });
}

#[test]
fn nothing_of_a_fleet_stays() {
    confined("harness::nothing_of_a_fleet_stays", || {
        let mounts = || fs::read_to_string("/proc/self/mounts").expect("the mounts");
        let before = mounts();
        let fleet = Fleet::start([HostPlan { time_server: Some(Nanos::ZERO), ..HostPlan::new("gone", Nanos::ZERO) }]);
        let folder = fleet.folder().to_path_buf();
        let namespace = fs::read_link(format!("/proc/{}/ns/mnt", fleet.hosts[0].process())).expect("a namespace");
        assert!(!processes_in(&namespace).is_empty());
        drop(fleet);
        assert_eq!(processes_in(&namespace), [] as [String; 0]);
        assert!(!folder.exists() && mounts() == before);
    });
}

/// The processes of that mount namespace; one that ends meanwhile is none.
fn processes_in(namespace: &Path) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("the processes").filter_map(Result::ok);
    let inside = entries.filter(|entry| fs::read_link(entry.path().join("ns/mnt")).is_ok_and(|link| link == namespace));
    inside.map(|entry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
}
