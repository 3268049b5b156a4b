//! Hosts behind others: `ProxyJump` through real bastions that are throttled as usual, and `ProxyCommand`.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clockaudit::demo::{HostPlan, SimulatedFleet};
use clockaudit::inventory::target::Target;
use clockaudit::probe::FailureCode::JumpHost as JumpFailed;
use clockaudit::probe::Stage;
use clockaudit::ssh::{ConnectionPlan, HostSettings, JumpHost, Proxy};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::configured::Home;
use crate::sshd::{Sshd, targets_of};
use crate::{ALONE, Baseline, assert_failed, plan, scan};

/// What OpenSSH does where nobody sets it: from ten unauthenticated connections on some are dropped. Each login is logged.
pub(crate) const USUAL: &str = "MaxStartups 10:30:100\nLogLevel VERBOSE\n";
/// What a server logs of a connection, before it says anything.
const CONNECTION: &str = "Connection from";
/// What it logs of a login by key, of one that it refuses, and of connections that it drops.
pub(crate) const ACCEPTED: &str = "Accepted publickey for";
const REFUSED: &str = "Failed publickey for";
const THROTTLED: &str = "MaxStartups";
/// A server lets go of the place of a login a moment after the client has heard of it: so many lines of a few that were dropped
/// meanwhile are no missing pace, which drops dozens.
const FEW: usize = 6;

/// A server as a jump host; `proxy` is between it and this machine.
pub(crate) fn jump(sshd: &Sshd, proxy: Proxy) -> Arc<JumpHost> {
    let target = sshd.target("user_key");
    let mut settings = HostSettings::clone(&sshd.plan().settings(&target));
    settings.way.proxy = proxy;
    Arc::new(JumpHost { name: target.name, address: target.address, port: target.port, settings })
}

/// Asserts that servers were not asked by more at once than they take, which only new tries would have made good.
pub(crate) async fn assert_hardly_throttled(servers: &[&Sshd]) {
    for server in servers {
        let lines = server.logged(THROTTLED, 0).await;
        assert!(lines <= FEW, "{lines} lines of throttling: retries hid missing pace");
    }
}

/// Puts something between this machine and some targets.
pub(crate) fn put_before(targets: &[Target], proxy: &Proxy, plan: &mut ConnectionPlan) {
    for target in targets {
        let mut settings = HostSettings::clone(&plan.settings(target));
        settings.way.proxy = proxy.clone();
        plan.hosts.insert(target.name.clone(), Arc::new(settings));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_names_of_one_throttled_server_are_all_measured() {
    const NAMES: usize = 60;
    let base = Baseline::take().await;
    let (gate, sshd) = (Sshd::start(USUAL), Sshd::start(USUAL));
    let names = || (0..NAMES).map(|index| Target { name: format!("h{index}"), ..sshd.target("user_key") }).collect();
    let check = async |proxy: Proxy, logins: usize| {
        let (targets, mut plan): (Vec<Target>, _) = (names(), sshd.plan());
        put_before(&targets, &proxy, &mut plan);
        let (seen, _) = scan(targets, &plan).await;
        let lost: Vec<_> = seen.observations.iter().filter_map(|host| host.failure.as_ref()).collect();
        assert!(lost.is_empty(), "{} lost, the first of them: {:?}", lost.len(), lost.first());
        assert_eq!(sshd.logged(ACCEPTED, logins).await, logins);
        assert_hardly_throttled(&[&sshd, &gate]).await;
    };
    check(Proxy::None, NAMES).await;
    check(Proxy::Jump(jump(&gate, Proxy::None)), 2 * NAMES).await;
    // Every command is a connection of its own.
    let command = format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{}; cat <&3 & exec cat >&3'", sshd.port());
    check(Proxy::Command(command), 3 * NAMES).await;
    drop((gate, sshd));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_through_one_throttled_gate_wait_for_each_other() {
    const HOSTS: usize = 60;
    let base = Baseline::take().await;
    let gate = Sshd::start(USUAL);
    let plans = (0..HOSTS).map(|index| HostPlan::good(&format!("h{index}"), "all")).collect();
    let fleet = SimulatedFleet::start(plans, 2).unwrap();
    let mut plan = plan(&fleet.known_hosts());
    plan.default_keys = vec![fleet.key()];
    let configuration = format!(
        "Host gate\n HostName 127.0.0.1\n Port {}\n IdentityFile {}\n IdentitiesOnly yes\n UserKnownHostsFile {}\n \
         GlobalKnownHostsFile none\n LogLevel ERROR\n",
        gate.port(),
        gate.path("user_key").display(),
        gate.path("known_hosts").display(),
    );
    // It writes the list of known hosts.
    let _ = gate.plan();
    fs::write(gate.path("gate.conf"), configuration).unwrap();
    let targets = targets_of(&fleet);
    for target in &targets {
        let command = format!("ssh -F {} -W {}:{} gate", gate.path("gate.conf").display(), target.address, target.port);
        put_before(std::slice::from_ref(target), &Proxy::Command(command), &mut plan);
    }
    let (seen, _) = scan(targets, &plan).await;
    let lost: Vec<_> = seen.observations.iter().filter_map(|host| host.failure.as_ref()).collect();
    assert!(lost.is_empty(), "{} lost, the first of them: {:?}", lost.len(), lost.first());
    assert_eq!(gate.logged(ACCEPTED, HOSTS).await, HOSTS);
    assert_hardly_throttled(&[&gate]).await;
    drop((fleet, gate));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_host_that_fails_is_told_and_tried_once() {
    // As many as need several connections: a login that is refused is refused once all the same.
    const HOSTS: usize = 150;
    let base = Baseline::take().await;
    let (near, host) = (Sshd::start(USUAL), Sshd::start(""));
    let check = async |change: &dyn Fn(&mut HostSettings), port: Option<u16>, words: &str| {
        let mut between = JumpHost::clone(&jump(&near, Proxy::None));
        change(&mut between.settings);
        let mut plan = host.plan();
        let targets: Vec<Target> = (0..HOSTS)
            .map(|index| Target { name: format!("h{index}"), ..host.target("user_key") })
            .map(|target| Target { port: port.unwrap_or(target.port), ..target })
            .collect();
        put_before(&targets, &Proxy::Jump(Arc::new(between)), &mut plan);
        let (seen, _) = scan(targets, &plan).await;
        for host in &seen.observations {
            assert_failed(host, JumpFailed, Stage::Connect, words);
        }
    };
    let counts =
        async |connections, refused| (near.logged(CONNECTION, connections).await, near.logged(REFUSED, refused).await);
    // The first one found out that it listens.
    check(&|jump| jump.host_key.user_files = Vec::new(), None, "SSH904").await;
    assert_eq!(counts(2, 0).await, (2, 0));
    check(&|jump| jump.auth.identity_files = vec![near.path("other_key")], None, "SSH905").await;
    assert_eq!(counts(3, 1).await, (3, 1));
    check(&|jump| jump.auth.identity_files = vec![near.path("other_key")], None, "1 key refused").await;
    assert_eq!(counts(4, 2).await, (4, 2));
    check(&|_| {}, Some(1), "cannot connect to 127.0.0.1 port 1").await;
    assert_eq!(near.logged(ACCEPTED, 3).await, 3);
    drop((near, host));
    base.assert_restored().await;
}

/// What is before a server and leaves its second client without an answer.
struct Forgetful {
    port: u16,
    task: JoinHandle<()>,
}

impl Forgetful {
    async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut clients = JoinSet::new();
            for count in 0.. {
                let Ok((mut client, _)) = listener.accept().await else { return };
                clients.spawn(async move {
                    if count == 1 {
                        // Whatever it says: it is waited for until it goes.
                        let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
                        return;
                    }
                    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                    // Either end may go first, which is an error here, and expected.
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { port, task }
    }
}

impl Drop for Forgetful {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_that_a_jump_host_does_not_answer_costs_no_host() {
    // Three connections.
    const HOSTS: usize = 130;
    let base = Baseline::take().await;
    let near = Sshd::start(USUAL);
    let before = Forgetful::before(near.port()).await;
    let mut between = JumpHost::clone(&jump(&near, Proxy::None));
    between.port = before.port;
    between.settings.way.timeout = Duration::from_secs(5);
    between.settings.host_key.alias = Some("near".to_owned());
    fs::write(near.path("known_hosts"), format!("near {}", fs::read_to_string(near.path("host_key.pub")).unwrap()))
        .unwrap();
    let plans = (0..HOSTS).map(|index| HostPlan::good(&format!("h{index}"), "all")).collect();
    let fleet = SimulatedFleet::start(plans, 2).unwrap();
    let mut plan = plan(&fleet.known_hosts());
    plan.default_keys = vec![fleet.key()];
    let targets = targets_of(&fleet);
    put_before(&targets, &Proxy::Jump(Arc::new(between)), &mut plan);
    let (seen, _) = scan(targets, &plan).await;
    let lost: Vec<_> = seen.observations.iter().filter_map(|host| host.failure.as_ref()).collect();
    assert!(lost.is_empty(), "{} lost, the first of them: {:?}", lost.len(), lost.first());
    assert_eq!(near.logged(ACCEPTED, 3).await, 3);
    drop((fleet, before, near));
    base.assert_restored().await;
}

/// What listens where a server should be and never says anything; it counts who waits for it at once.
struct Silent {
    port: u16,
    most: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Silent {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, most) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&most);
        let task = tokio::spawn(async move {
            let mut clients: Vec<TcpStream> = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                clients.push(client);
                // Whoever has gone before this one came has sent its end before.
                clients.retain(|client| !is_gone(client));
                counted.fetch_max(clients.len(), Ordering::SeqCst);
            }
        });
        Self { port, most, task }
    }
}

/// Whether the other end has closed a connection; what it has said is read on the way.
fn is_gone(client: &TcpStream) -> bool {
    let mut said = [0; 256];
    loop {
        match client.try_read(&mut said) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_names_at_one_jump_host_share_its_pace() {
    const NAMES: usize = 40;
    // Eight at once, and those of them that are just being taken apart.
    const MOST: usize = 16;
    let base = Baseline::take().await;
    let near = Sshd::start(USUAL);
    let silent = Silent::start().await;
    let mut between = JumpHost::clone(&jump(&near, Proxy::None));
    between.port = silent.port;
    between.settings.way.timeout = Duration::from_secs(1);
    let mut plan = near.plan();
    let targets: Vec<Target> =
        (0..NAMES).map(|index| Target { name: format!("h{index}"), ..near.target("user_key") }).collect();
    for target in &targets {
        // As under another login name: nothing is shared but the server.
        let own = JumpHost { name: format!("{}@{}", target.name, between.name), ..between.clone() };
        put_before(std::slice::from_ref(target), &Proxy::Jump(Arc::new(own)), &mut plan);
    }
    let (seen, _) = scan(targets, &plan).await;
    for host in &seen.observations {
        assert_failed(host, JumpFailed, Stage::Connect, "SSH901");
    }
    let most = silent.most.load(Ordering::SeqCst);
    assert!((1..=MOST).contains(&most), "{most} at once");
    drop((silent, near));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_can_be_the_connection_and_ends_with_it() {
    let base = Baseline::take().await;
    let host = Sshd::start("");
    let mut plan = host.plan();
    let targets = vec![host.target("user_key")];
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("left");
    // A child that outlives its parent; it has told of itself before there is a connection.
    let helper = folder.path().join("proxy");
    fs::write(
        &helper,
        format!(
            "#!/usr/bin/env python3\nimport os, socket, sys, threading, time\n\
             told, tell = os.pipe()\n\
             if os.fork() == 0:\n    with open('{}', 'w') as left:\n        left.write(str(os.getpid()))\n    \
             os.write(tell, b'x')\n    time.sleep(1000)\n\
             os.read(told, 1)\n\
             peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
             def forth():\n    while data := os.read(0, 65536):\n        peer.sendall(data)\n\
             threading.Thread(target=forth, daemon=True).start()\n\
             while data := peer.recv(65536):\n    os.write(1, data)\n",
            left.display()
        ),
    )
    .unwrap();
    let command = format!("python3 {} {}", helper.display(), host.port());
    put_before(&targets, &Proxy::Command(command), &mut plan);
    let (seen, _) = scan(targets.clone(), &plan).await;
    assert_eq!(seen.observations[0].failure, None);
    let process = fs::read_to_string(&left).unwrap();
    // One that has ended and was not waited for has no memory any more; the kernel takes it from it when it gets to it.
    let ended = async {
        let memory = || fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
        while !(memory().is_empty() || memory().starts_with("0 ")) {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), ended).await.is_ok(), "{process} still runs");

    put_before(&targets, &Proxy::Command("exit 1".to_owned()), &mut plan);
    let (seen, _) = scan(targets.clone(), &plan).await;
    assert_failed(&seen.observations[0], JumpFailed, Stage::Banner, "ProxyCommand `exit 1`: closed before");
    drop(host);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_told_with_what_it_said_last() {
    let base = Baseline::take().await;
    let host = Sshd::start("");
    let mut plan = host.plan();
    let targets = vec![host.target("user_key")];
    let script = host.path("proxy");
    let mut check = async |text: &str, words: &str| {
        fs::write(&script, text).unwrap();
        put_before(&targets, &Proxy::Command(format!("sh {}", script.display())), &mut plan);
        let (seen, _) = scan(targets.clone(), &plan).await;
        assert_failed(&seen.observations[0], JumpFailed, Stage::Banner, words);
    };
    check("echo one >&2; echo ' no way to the host\r' >&2; echo >&2\n", "; it said: no way to the host").await;
    check("printf 'half a line' >&2\n", "; it said: half a line").await;
    check("head -c 100000 /dev/zero | tr '\\0' x >&2\n", &format!("; it said: {}", "x".repeat(200))).await;
    drop(host);
    base.assert_restored().await;
}

#[test]
fn a_command_that_asks_a_person_fails_instead_of_waiting() {
    let _alone = ALONE.blocking_lock();
    let home = tempfile::tempdir().unwrap();
    let pty = openpty(None, None).unwrap();
    let mut program = Command::new("setsid");
    program.args(["--ctty", env!("CARGO_BIN_EXE_clockaudit"), "scan", "127.0.0.1,", "--no-state", "-F", "none"]);
    // As ssh does for a password, whatever its standard input is.
    program.args(["-o", "json", "--ssh-option", "ProxyCommand=sh -c 'read answer < /dev/tty'"]);
    program.env("HOME", home.path()).env("SHELL", "/bin/sh").current_dir(home.path());
    let output = program.stdin(pty.slave).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failure = report["hosts"][0]["error"].to_string();
    assert!(failure.contains("SSH906") && failure.contains("; it said: "), "{failure}");
}

#[test]
fn a_second_signal_ends_the_command_of_a_connection_too() {
    let _alone = ALONE.blocking_lock();
    let home = tempfile::tempdir().unwrap();
    let lifeline = home.path().join("lifeline");
    mkfifo(&lifeline, Mode::S_IRWXU).unwrap();
    // It minds neither its input's end nor any signal that can be minded, and neither does what it starts.
    let script =
        format!("trap '' HUP INT TERM; exec 3>'{}'; echo there >&3; sleep 20; echo survived >&3", lifeline.display());
    fs::write(home.path().join("gate"), script).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    program.args(["scan", "127.0.0.1,", "--no-state", "-F", "none", "--timeout", "1000"]);
    program.args(["--ssh-option", "ProxyCommand=sh gate"]).current_dir(home.path());
    program
        .env("HOME", home.path())
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = program.spawn().unwrap();
    let mut held = BufReader::new(fs::File::open(&lifeline).unwrap());
    let mut line = String::new();
    held.read_line(&mut line).unwrap();
    assert_eq!(line, "there\n");
    // Two of one kind could arrive as one.
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    }
    let ended = child.wait().unwrap().code();
    assert!(matches!(ended, Some(130 | 143)), "{ended:?}");
    // The end of the pipe comes when nobody holds it any more.
    line.clear();
    assert_eq!((held.read_line(&mut line).unwrap(), line.as_str()), (0, ""));
}

#[test]
fn jump_hosts_have_their_own_lines_of_ssh_config() {
    let _alone = ALONE.blocking_lock();
    let (near, host) = (Sshd::start(""), Sshd::start(""));
    let home = Home::new(&host, "web");
    fs::copy(near.path("user_key"), home.path().join("near_key")).unwrap();
    let key = fs::read_to_string(near.path("host_key.pub")).unwrap();
    fs::write(home.path().join("near_known"), format!("gate {key}")).unwrap();
    let text = format!(
        "Host web web2\n HostName 127.0.0.1\n Port {}\n HostKeyAlias web\n IdentityFile ~/key\n UserKnownHostsFile ~/known\n\
         Host web\n ProxyJump gate\n\
         Host gate\n HostName 127.0.0.1\n Port {}\n HostKeyAlias gate\n IdentityFile {folder}/near_key\n UserKnownHostsFile {folder}/near_known\n\
         Host one\n ProxyJump two\nHost two\n ProxyJump one\n",
        host.port(),
        near.port(),
        // The ssh of a ProxyCommand takes the home of the account for its own.
        folder = home.path().display()
    );
    home.configure(&text);
    let failures = |words: &[&str]| {
        let (report, said) = home.scan(words);
        let hosts = report["hosts"].as_array().unwrap_or_else(|| panic!("{said}")).clone();
        hosts.iter().map(|host| host["error"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(failures(&["web,"]), ["null"]);
    assert_eq!(failures(&["web2,", "-J", "gate"]), ["null"]);
    let command = format!("ProxyCommand=ssh -F {}/.ssh/config -W %h:%p gate", home.path().display());
    assert_eq!(failures(&["web2,", "--ssh-option", &command]), ["null"]);
    let circle = failures(&["one,"]);
    assert!(circle[0].contains("leads in a circle"), "{circle:?}");
    drop(near);
    let gone = failures(&["web,"]);
    assert!(gone[0].contains("SSH906") && gone[0].contains("gate: SSH902"), "{gone:?}");
}
