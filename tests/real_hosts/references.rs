//! What offsets are relative to, with real time servers, and with a controller whose own clock is wrong.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;

use clockaudit::clock::Nanos;
use clockaudit::clock::Ppm;
use clockaudit::report::model::{ReferenceKind, Verdict};

use crate::support::confinement::confined;
use crate::support::fleet::Fleet;
use crate::support::host::HostPlan;
use crate::support::host_clock::{HostClock, library};
use crate::support::measured::told;
use crate::support::session::{clockaudit, run};

/// A real chronyd that serves the time of a clock of its own; it ends when dropped.
struct TimeServer {
    address: String,
    process: PathBuf,
    _clock: HostClock,
}

impl TimeServer {
    fn start(folder: &Path, name: &str, ahead: Nanos) -> Self {
        let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let file = |kind: &str| folder.join(format!("{name}.{kind}"));
        let (clock, process) = (file("clock"), file("pid"));
        let lines = format!(
            "port {port}\nbindaddress 127.0.0.1\nallow 127.0.0.1\nlocal stratum 1\ncmdport 0\nbindcmdaddress /\npidfile {}\n",
            process.display()
        );
        fs::write(file("conf"), lines).expect("a configuration");
        let kept = HostClock::create(&clock, ahead, Ppm::from_ppm(0));
        let mut chronyd = Command::new("chronyd");
        chronyd.args(["-x", "-u", "root", "-f"]).arg(file("conf"));
        chronyd.env("LD_PRELOAD", library()).env("TEST_HOST_CLOCK", clock);
        // It serves once the command has come back.
        let session = run(&mut chronyd);
        assert_eq!(session.status, Some(0), "{session}");
        Self { address: format!("127.0.0.1:{port}"), process, _clock: kept }
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        let process = fs::read_to_string(&self.process).unwrap_or_default();
        let _ = Command::new("kill").arg(process.trim()).status();
    }
}

#[test]
fn a_lying_time_server_among_three_is_named() {
    confined("references::a_lying_time_server_among_three_is_named", || {
        let fleet = Fleet::start([]);
        let folder = fleet.folder();
        let start = |name: &str, ahead: Nanos| TimeServer::start(folder, name, ahead);
        let servers = [start("one", Nanos::ZERO), start("liar", Nanos::from_seconds(2)), start("other", Nanos::ZERO)];
        // Named as well, and it never answers: a socket that only listens.
        let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let mute = silent.local_addr().expect("its address").to_string();
        let inventory = folder.join("here.ini");
        fs::write(&inventory, "here ansible_connection=local\n").expect("an inventory");
        let inventory = inventory.to_str().expect("a path of text");
        let named = servers.iter().map(|server| &server.address).chain([&mute]);
        let named: Vec<String> = named.map(|address| format!("--reference=ntp:{address}")).collect();
        let arguments = ["scan", "--no-state", inventory, "--output=json"];
        let session = clockaudit(arguments.into_iter().chain(named.iter().map(String::as_str)));
        let report = session.report();
        assert_eq!(report.reference.kind, ReferenceKind::Ntp, "{session}");
        assert!(report.reference.label.starts_with("UTC, where 2 of 3 time servers agree"), "{session}");
        let doubt = report.findings.iter().find(|finding| finding.code == "CLK507").expect("a doubt");
        let [one, liar, other] = &servers;
        assert!(doubt.what.contains(&format!("{}: the others contradict it, it is +2", liar.address)), "{session}");
        assert!(doubt.what.contains(&format!("{mute}: no answer")), "{session}");
        assert!(!doubt.what.contains(&one.address) && !doubt.what.contains(&other.address), "{session}");
        let of_here: Vec<&str> = told("here", &report).findings.iter().map(|one| one.code.as_str()).collect();
        assert!(!of_here.iter().any(|code| ["CLK101", "CLK102", "CLK107"].contains(code)), "{session}");
        // What it was asked tells nothing of this machine: version, mode, and a number that is of no clock.
        silent.set_nonblocking(true).expect("a socket");
        let mut packet = [0; 100];
        let length = silent.recv(&mut packet).expect("a request");
        assert_eq!((length, packet[0]), (48, 0x23));
        assert!(packet[1..40].iter().all(|octet| *octet == 0), "{packet:?}");
        let before: Vec<[u8; 100]> = std::iter::from_fn(|| silent.recv(&mut packet).ok().map(|_| packet)).collect();
        assert!(before.len() < 4, "more requests than an exchange each");
        // Who is not named is not asked.
        let unnamed = clockaudit(arguments);
        assert!(unnamed.report().hosts.len() == 1 && silent.recv(&mut packet).is_err(), "{unnamed}");
    });
}

#[test]
fn a_controller_an_hour_wrong_is_told_and_moves_no_offset() {
    confined("references::a_controller_an_hour_wrong_is_told_and_moves_no_offset", || {
        let host = |name: &str| HostPlan { time_server: Some(Nanos::ZERO), ..HostPlan::new(name, Nanos::ZERO) };
        let fleet = Fleet::start([host("a"), host("b"), host("c")]);
        let clock = fleet.folder().join("controller.clock");
        let _wrong = HostClock::create(&clock, Nanos::from_seconds(3_600), Ppm::from_ppm(0));
        let known_hosts = format!("UserKnownHostsFile={}", fleet.known_hosts().display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
        command.args(["scan", "--no-state", "--output", "json", "--ssh-option", &known_hosts]).arg(fleet.inventory());
        command.env_remove("SSH_AUTH_SOCK").env_remove("ANSIBLE_INVENTORY");
        let right = run(&mut command);
        let wrong = run(command.env("LD_PRELOAD", library()).env("TEST_HOST_CLOCK", clock));
        for (session, is_wrong) in [(right, false), (wrong, true)] {
            let report = session.report();
            assert_eq!(report.reference.kind, ReferenceKind::Consensus, "{session}");
            for host in &report.hosts {
                assert_eq!(host.verdict, Verdict::Ok, "{session}");
                let clock = host.clock.as_ref().expect("a measured clock");
                let (lo, hi) = (clock.lo_s.expect("a bound").0, clock.hi_s.expect("a bound").0);
                assert!(lo <= Nanos::ZERO && Nanos::ZERO <= hi, "{session}");
            }
            assert_eq!(report.findings.iter().any(|finding| finding.code == "CLK504"), is_wrong, "{session}");
            let hours = report.run.controller.lo_s.expect("the controller's offset").0;
            assert_eq!(hours > Nanos::from_seconds(3_599), is_wrong, "{session}");
        }
    });
}
