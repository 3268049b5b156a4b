//! The SSH engine against real peers on loopback: each failure has its own code, and nothing is left behind.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends where its preparations fail"
)]

mod agent;
mod behind;
mod certificates;
mod configured;
mod hostile;
mod jumps;
mod keys;
mod known;
mod legacy;
mod passwords;
mod peers;
mod prompts;
mod recorder;
mod settled;
mod sshd;
mod tap;
mod told;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clockaudit::clock::controller::controller_at;
use clockaudit::clock::estimate::{Config, estimate};
use clockaudit::clock::{Interval, Nanos};
use clockaudit::demo::{HostPlan, SimulatedFleet, Trouble};
use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::target::{Target, Transport};
use clockaudit::probe::FailureCode::{self, *};
use clockaudit::probe::{HostEvent, Interruption, Observation, Reader, Seen, Stage};
use clockaudit::ssh::{ConnectionPlan, Fleet, SamplingPlan, StopSignal, UnknownKeys, live_wires};
use peers::{Conduct, FullBacklog, Peer, RefusedPort};
use recorder::Recorder;
use sshd::Sshd;
pub(crate) use sshd::plain_target as target;
use tokio::sync::MutexGuard;

/// One scan at a time: sockets and live wires are counted for the whole process.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A plan that knows the keys in `known_hosts` and nothing of this machine's user, with short limits for what must run out.
pub(crate) fn plan(known_hosts: &Path) -> ConnectionPlan {
    let mut plan = ConnectionPlan::for_this_user();
    plan.user_known_hosts = vec![known_hosts.to_owned()];
    plan.global_known_hosts = Vec::new();
    plan.agent = None;
    plan.default_keys = Vec::new();
    plan
}

/// The same with short limits, for peers that let them run out.
fn impatient(mut plan: ConnectionPlan) -> ConnectionPlan {
    plan.limits.connect = Duration::from_millis(1_500);
    plan.limits.hello = Duration::from_secs(5);
    plan.limits.sample = Duration::from_millis(300);
    plan
}

/// The same with limits that a loaded machine does not reach, for peers that answer.
pub(crate) fn patient(mut plan: ConnectionPlan) -> ConnectionPlan {
    let minutes = Duration::from_secs(600);
    let limits = &mut plan.limits;
    for limit in [&mut limits.connect, &mut limits.authenticate, &mut limits.channel, &mut limits.hello] {
        *limit = minutes;
    }
    for limit in [&mut limits.sample, &mut limits.facts, &mut limits.host] {
        *limit = minutes;
    }
    plan
}

/// One scan, with everything that it told.
async fn scan(targets: Vec<Target>, plan: &ConnectionPlan) -> (Seen, Vec<HostEvent>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let listener = move |event| heard.lock().unwrap().push(event);
    let fleet = Fleet::connect(targets, plan, listener, StopSignal::new()).await;
    let seen = fleet.observe(&SamplingPlan::default()).await;
    let events = std::mem::take(&mut *events.lock().unwrap());
    (seen, events)
}

/// The bounds of a host's offset from the controller's wall clock.
fn offset(seen: &Seen, host: &Observation) -> Interval {
    let window = seen.windows[0];
    let epoch = window.opened.midpoint(window.closed);
    let measured = estimate(&host.exchanges, Nanos::ZERO, epoch, &Config::STANDARD).unwrap();
    let readings: Vec<_> = seen.controller.iter().map(|reading| (reading.at, reading.x)).collect();
    measured.bounds.minus(controller_at(&readings, false, epoch, Config::STANDARD.rho).unwrap())
}

/// Asserts that a host failed with a code, in a stage, and that the detail holds some words.
fn assert_failed(host: &Observation, code: FailureCode, stage: Stage, words: &str) {
    let failure = host.failure.as_ref().unwrap_or_else(|| panic!("{} did not fail", host.host));
    assert_eq!((failure.code, failure.stage), (code, stage), "{}: {failure:?}", host.host);
    assert!(failure.detail.contains(words), "{}: {failure:?} without {words:?}", host.host);
}

/// What must be as before once a scan is over.
struct Baseline {
    sockets: usize,
    _alone: MutexGuard<'static, ()>,
}

impl Baseline {
    async fn take() -> Self {
        let alone = ALONE.lock().await;
        Self { sockets: open_sockets(), _alone: alone }
    }

    /// Waits until the peers of this process have noticed the end of their clients as well, and asserts that nothing is left.
    async fn assert_restored(&self) {
        assert_eq!(live_wires(), 0, "a session outlived its scan");
        let restored = async {
            while open_sockets() > self.sockets {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(10), restored).await;
        assert!(in_time.is_ok(), "{} sockets are open, {} were", open_sockets(), self.sockets);
    }
}

/// How many TCP sockets this process has open. Other files come and go with the runtimes of the tests that wait.
fn open_sockets() -> usize {
    let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
    let inodes: HashSet<String> =
        table.lines().filter_map(|line| Some(format!("socket:[{}]", line.split_whitespace().nth(9)?))).collect();
    let files = fs::read_dir("/proc/self/fd").unwrap().filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    files.filter(|file| inodes.contains(file.to_str().unwrap_or_default())).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_is_measured_with_the_truth_inside() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    for key in ["user_key", "rsa_key"] {
        let (seen, events) = scan(vec![server.target(key)], &server.plan()).await;
        let host = &seen.observations[0];
        assert_eq!(host.failure, None, "{key}: {events:?}");
        assert!(host.exchanges.len() >= 8, "{key}: {}", host.exchanges.len());
        assert!(offset(&seen, host).contains(Nanos::ZERO), "{key}: {:?}", offset(&seen, host));
        let facts = host.facts.as_ref().unwrap();
        assert!(facts.complete && facts.bracket.is_some_and(|bracket| bracket.is_valid()), "{facts:?}");
        assert!(seen.claims_window.is_some() && !seen.controller_stepped);
        base.assert_restored().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_itself_is_measured_without_ssh() {
    let base = Baseline::take().await;
    let local = Target { transport: Transport::Local, ..target("localhost", 22) };
    let (seen, events) = scan(vec![local], &plan(Path::new("/nonexistent"))).await;
    let host = &seen.observations[0];
    assert_eq!(host.failure, None, "{events:?}");
    assert!(host.exchanges.len() >= 8 && offset(&seen, host).contains(Nanos::ZERO));
    assert!(host.facts.as_ref().unwrap().complete);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_way_to_a_host_is_told_apart_and_harms_nobody_else() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let backlog = FullBacklog::new();
    let cases = [
        (Conduct::Silent, Timeout, Stage::Banner, "no SSH identification in 1.5 s"),
        (Conduct::Says("SSH-1.5-ancient\r\n"), Timeout, Stage::Banner, "it said: SSH-1.5-ancient"),
        (Conduct::Says("SSH-2.0-stalled\r\n"), Timeout, Stage::KeyExchange, "no end of the key exchange in 1.5 s"),
        (Conduct::ENDLESS_BANNER, Dropped, Stage::Banner, "invalid SSH version string (it said: welcome"),
        (Conduct::ENDLESS_LINE, Dropped, Stage::Banner, "invalid SSH version string"),
        (Conduct::WEB_SERVER, Throttled, Stage::Banner, "it said: HTTP/1.1 400 Bad Request"),
        (Conduct::SaysAndCloses(""), Throttled, Stage::Banner, "closed before its identification"),
        (Conduct::SaysAndCloses("Exceeded MaxStartups\r\n"), Throttled, Stage::Banner, "it said: Exceeded MaxStartups"),
        (Conduct::ClosesInKeyExchange, Dropped, Stage::KeyExchange, ""),
        (Conduct::HUGE_PACKET, Dropped, Stage::KeyExchange, "packet size"),
        (Conduct::FloodsKeyExchange, Dropped, Stage::KeyExchange, "far more than was asked for"),
        (Conduct::DripsIntoKeyExchange, Timeout, Stage::KeyExchange, "no end of the key exchange in 1.5 s"),
    ];
    let refused = RefusedPort::new();
    let mut peers = Vec::new();
    for (conduct, ..) in &cases {
        peers.push(Peer::start(*conduct).await);
    }
    let mut targets: Vec<Target> = peers.iter().map(|peer| target("127.0.0.1", peer.address.port())).collect();
    targets.push(target("127.0.0.1", refused.port));
    targets.push(target("127.0.0.1", backlog.port));
    targets.push(target("no..name", 22));
    targets.push(Target { defect: Some("ansible_port is no number".to_owned()), ..target("127.0.0.1", 1) });
    targets.push(server.target("user_key"));

    let (seen, _) = scan(targets, &impatient(server.plan())).await;
    for (host, (conduct, code, stage, words)) in seen.observations.iter().zip(&cases) {
        println!("{conduct:?}");
        assert_failed(host, *code, *stage, words);
    }
    let [refused, full, unknown, defect, healthy] = &seen.observations[cases.len()..] else { panic!() };
    assert_failed(refused, Refused, Stage::Connect, "Connection refused");
    assert_failed(full, Timeout, Stage::Connect, "no answer in 1.5 s");
    assert_failed(unknown, NameNotFound, Stage::Resolve, "the look-up failed");
    assert_failed(defect, NotAttempted, Stage::Prepare, "ansible_port is no number");
    assert_eq!(healthy.failure, None);
    assert!(offset(&seen, healthy).contains(Nanos::ZERO));
    drop((peers, backlog));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_sent_to_a_server_whose_key_is_wrong_or_unknown() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let recorder = Recorder::start().await;
    let known_hosts = server.path("known_hosts");
    let password = Some(Secret::new("hunter2".to_owned()));
    let me = Target { key_files: vec![server.path("user_key")], password, ..target("127.0.0.1", recorder.port) };

    for unknown_keys in [UnknownKeys::Refuse, UnknownKeys::AcceptNew] {
        let mut plan = plan(&known_hosts);
        plan.unknown_keys = unknown_keys;
        let line = recorder.known_hosts_line(true);
        let key = line.split_once(' ').unwrap().1;
        for (line, code) in [
            (recorder.known_hosts_line(false), HostKeyChanged),
            (format!("@revoked * {key}"), HostKeyRevoked),
            // revoked by the name without the port, alone and beside lines that know the key
            (format!("@revoked 127.0.0.1 {key}"), HostKeyRevoked),
            (format!("@revoked 127.0.0.1 {key}127.0.0.1 {key}"), HostKeyRevoked),
            (format!("@revoked 127.0.0.1 {key}{line}"), HostKeyRevoked),
        ] {
            fs::write(&known_hosts, &line).unwrap();
            let (seen, _) = scan(vec![me.clone()], &plan).await;
            assert_failed(&seen.observations[0], code, Stage::HostKey, "known_hosts:1");
            assert_eq!(fs::read_to_string(&known_hosts).unwrap(), line, "a wrong key was stored");
        }
    }
    fs::write(&known_hosts, "").unwrap();
    let (seen, _) = scan(vec![me.clone()], &plan(&known_hosts)).await;
    assert_failed(&seen.observations[0], HostKeyUnknown, Stage::HostKey, "SHA256:");
    assert_eq!(recorder.attempts.load(Ordering::SeqCst), 0, "a login was tried");

    // The same server, known: now, and only now, a login is tried.
    fs::write(&known_hosts, recorder.known_hosts_line(true)).unwrap();
    let (seen, _) = scan(vec![me], &plan(&known_hosts)).await;
    assert_failed(
        &seen.observations[0],
        AuthenticationRejected,
        Stage::Authenticate,
        "1 key refused, the password refused",
    );
    assert_eq!(recorder.attempts.load(Ordering::SeqCst), 3, "the key, a question that was not asked, the password");
    assert_eq!(*recorder.passwords.lock().unwrap(), ["hunter2"]);
    drop(recorder);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_accepted_once_said_once_and_known_from_then_on() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let known_hosts = server.path("fresh/known_hosts");
    let mut lenient = plan(&known_hosts);
    lenient.unknown_keys = UnknownKeys::AcceptNew;
    let accepted =
        |events: &[HostEvent]| events.iter().filter(|one| matches!(one, HostEvent::KeyAccepted { .. })).count();

    let twice = vec![server.target("user_key"), server.target("user_key")];
    let (seen, events) = scan(twice, &lenient).await;
    assert!(seen.observations.iter().all(|host| host.failure.is_none()), "{events:?}");
    assert_eq!(accepted(&events), 1, "{events:?}");
    assert_eq!(fs::read_to_string(&known_hosts).unwrap().lines().count(), 1);

    let (seen, events) = scan(vec![server.target("user_key")], &plan(&known_hosts)).await;
    assert_eq!((seen.observations[0].failure.clone(), accepted(&events)), (None, 0));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_names_what_the_server_accepts() {
    let base = Baseline::take().await;
    let server = Sshd::start("PasswordAuthentication yes");
    let no_key = Target { key_files: Vec::new(), ..server.target("user_key") };
    let no_file = Target { key_files: vec![server.path("missing")], ..no_key.clone() };
    let strict = Sshd::start("MaxAuthTries 1");
    let many_keys = Target {
        key_files: ["other_key", "host_key"].map(|name| server.path(name)).to_vec(),
        ..strict.target("user_key")
    };
    strict.plan();
    let mut plan = server.plan();
    plan.global_known_hosts = vec![strict.path("known_hosts")];
    let targets = vec![server.target("other_key"), no_key, no_file, many_keys];
    let (seen, _) = scan(targets, &plan).await;
    let [wrong_key, no_key, no_file, many_keys] = seen.observations.as_slice() else { panic!() };
    assert_failed(many_keys, LoginTries, Stage::Authenticate, "1 key offered; ");
    assert_failed(
        wrong_key,
        AuthenticationRejected,
        Stage::Authenticate,
        "1 key refused; server accepts publickey, password",
    );
    assert_failed(no_key, AuthenticationRejected, Stage::Authenticate, "no key to offer; server accepts publickey");
    assert_failed(no_file, AuthenticationRejected, Stage::Authenticate, "missing does not exist");
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_signs_for_its_own_keys_and_for_encrypted_files() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let agent = agent::Agent::start(&server.path("agent"), &[&server.path("other_key"), &server.path("user_key")]);
    let mut plan = server.plan();
    plan.agent = Some(agent.socket.clone());
    let nothing_named = Target { key_files: Vec::new(), ..server.target("user_key") };
    let (seen, _) = scan(vec![nothing_named.clone(), server.target("encrypted_key")], &plan).await;
    assert_eq!(seen.observations[0].failure, None);
    // Without a passphrase the file alone is of no use, but the agent's other keys are tried as OpenSSH does.
    assert_eq!(seen.observations[1].failure, None);

    plan.identities_only = true;
    let (seen, _) = scan(vec![nothing_named, server.target("encrypted_key")], &plan).await;
    assert_failed(&seen.observations[0], AuthenticationRejected, Stage::Authenticate, "no key to offer");
    assert_failed(
        &seen.observations[1],
        AuthenticationRejected,
        Stage::Authenticate,
        "is encrypted and the agent does not hold it",
    );
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_shell_is_told_and_one_that_prints_a_date_is_sampled() {
    let base = Baseline::take().await;
    let forced = |command: &str| Sshd::start(&format!("ForceCommand {command}"));
    let servers = [
        forced("echo this account may only fetch backups"),
        forced("/nonexistent/shell"),
        forced("true"),
        Sshd::start("MaxSessions 0"),
        forced("date -u"),
        Sshd::start("MaxSessions 1"),
    ];
    let known_hosts: String = servers
        .iter()
        .map(|server| {
            server.plan();
            fs::read_to_string(server.path("known_hosts")).unwrap()
        })
        .collect();
    fs::write(servers[0].path("known_hosts"), known_hosts).unwrap();
    let targets = servers.iter().map(|server| server.target("user_key")).collect();
    let (seen, _) = scan(targets, &impatient(plan(&servers[0].path("known_hosts")))).await;
    let [backups, no_shell, nothing, no_session, date, one_session] = seen.observations.as_slice() else { panic!() };
    assert_failed(backups, NoShell, Stage::Probe, "it said: this account may only fetch backups");
    assert_failed(no_shell, NoShell, Stage::Probe, "it said:");
    assert_failed(nothing, NoShell, Stage::Probe, "neither the probe nor date ran");
    assert_failed(no_session, NoShell, Stage::Channel, "refuses a session channel");
    assert_eq!((&date.failure, date.reader), (&None, Some(Reader::ExecDate)));
    let bounds = offset(&seen, date);
    assert!(bounds.contains(Nanos::ZERO) && bounds.width() < Nanos::from_seconds(2), "{bounds:?}");
    assert_eq!(one_session.failure, None);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_hosts_cost_bounded_memory_and_end_alone() {
    let base = Baseline::take().await;
    let troubles = [
        (Trouble::EndlessOutput, Dropped, Stage::Sample),
        (Trouble::ManyLines, Dropped, Stage::Sample),
        (Trouble::ChannelFlood, Dropped, Stage::Probe),
        (Trouble::Drops { after_readings: 3 }, Dropped, Stage::Sample),
        (Trouble::KeyChanged, HostKeyChanged, Stage::HostKey),
        (Trouble::KeyUnknown, HostKeyUnknown, Stage::HostKey),
        (Trouble::ForcedCommand, NoShell, Stage::Probe),
        (Trouble::LoginRejected, AuthenticationRejected, Stage::Authenticate),
        (Trouble::SlowLogin(Nanos::from_seconds(60)), Timeout, Stage::Authenticate),
    ];
    let mut plans: Vec<HostPlan> = (0..)
        .zip(&troubles)
        .map(|(index, (trouble, ..))| HostPlan {
            trouble: Some(*trouble),
            ..HostPlan::good(&format!("bad{index}"), "all")
        })
        .collect();
    plans.push(HostPlan::good("good", "all"));
    let fleet = SimulatedFleet::start(plans, 2).unwrap();
    let before = resident_bytes();
    let mut plan = impatient(plan(&fleet.known_hosts()));
    plan.default_keys = vec![fleet.key()];
    plan.limits.authenticate = Duration::from_secs(4);
    let (seen, _) = scan(sshd::targets_of(&fleet), &plan).await;
    println!(
        "{:?}",
        seen.observations.iter().map(|host| (&host.host, &host.failure, host.exchanges.len())).collect::<Vec<_>>()
    );
    for (host, (_, code, stage)) in seen.observations.iter().zip(&troubles) {
        assert_failed(host, *code, *stage, "");
    }
    assert_eq!(seen.observations.last().unwrap().failure, None);
    assert!(!seen.observations[3].exchanges.is_empty(), "what a host answered before it was lost is kept");
    let grown = resident_bytes().saturating_sub(before);
    println!("grown by {} kB", grown / 1_024);
    assert!(grown < 64 << 20, "{grown} bytes");
    drop(fleet);
    base.assert_restored().await;
}

fn resident_bytes() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_half_way_tells_what_it_knows() {
    let base = Baseline::take().await;
    let server = Sshd::start("");
    let silent = Peer::start(Conduct::Silent).await;
    let stop = StopSignal::new();
    let in_the_middle = stop.clone();
    let count = Mutex::new(0);
    let listener = move |event| {
        if matches!(event, HostEvent::Sampled { .. }) {
            let mut count = count.lock().unwrap();
            *count += 1;
            if *count == 3 {
                in_the_middle.give(Interruption::Interrupt);
            }
        }
    };
    let targets = vec![server.target("user_key"), target("127.0.0.1", silent.address.port())];
    let mut plan = server.plan();
    plan.gather = Duration::from_millis(500);
    let seen = Fleet::connect(targets, &plan, listener, stop).await.observe(&SamplingPlan::default()).await;
    assert_eq!(seen.interrupted, Some(Interruption::Interrupt));
    let [sampled, waiting] = seen.observations.as_slice() else { panic!() };
    // One more may be under way by then.
    assert!(matches!(sampled.exchanges.len(), 3 | 4) && sampled.failure.is_none(), "{sampled:?}");
    assert_failed(waiting, Timeout, Stage::Banner, "cut short: interrupted while the host was waited for");
    assert_eq!(seen.windows.len(), 1);
    drop(silent);
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_ready_are_not_blamed_for_the_end_of_the_run() {
    const READY: usize = 40;
    let base = Baseline::take().await;
    let fleet = SimulatedFleet::start((0..READY).map(|index| HostPlan::good(&format!("h{index}"), "all")).collect(), 2)
        .unwrap();
    let silent = Peer::start(Conduct::Silent).await;
    let stop = StopSignal::new();
    let all_ready = stop.clone();
    let count = AtomicUsize::new(0);
    let listener = move |event| {
        if matches!(event, HostEvent::Ready { .. }) && count.fetch_add(1, Ordering::SeqCst) + 1 == READY {
            all_ready.give(Interruption::Interrupt);
        }
    };
    let mut targets = sshd::targets_of(&fleet);
    targets.push(target("127.0.0.1", silent.address.port()));
    let mut plan = plan(&fleet.known_hosts());
    plan.default_keys = vec![fleet.key()];
    let seen = Fleet::connect(targets, &plan, listener, stop).await.observe(&SamplingPlan::default()).await;
    let (waiting, ready) = seen.observations.split_last().unwrap();
    for host in ready {
        // The end of the run leaves time to ask each of them once.
        assert!(!host.exchanges.is_empty() && host.failure.is_none(), "{host:?}");
    }
    assert_failed(waiting, Timeout, Stage::Banner, "interrupted while the host was waited for");
    drop((fleet, silent));
    base.assert_restored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_ready_late_gets_a_window_of_its_own_and_forks_make_waves() {
    let base = Baseline::take().await;
    let slow = Trouble::SlowLogin(Nanos::from_millis(6_000));
    let plans = vec![
        HostPlan::good("one", "all"),
        HostPlan { trouble: Some(slow), ..HostPlan::good("late", "all") },
        HostPlan::good("two", "all"),
    ];
    let fleet = SimulatedFleet::start(plans, 2).unwrap();
    let mut plan = plan(&fleet.known_hosts());
    plan.default_keys = vec![fleet.key()];
    plan.gather = Duration::from_secs(3);
    let (seen, events) = scan(sshd::targets_of(&fleet), &plan).await;
    let windows: Vec<(u32, bool)> =
        seen.observations.iter().map(|host| (host.window, host.failure.is_none())).collect();
    assert_eq!(windows, [(0, true), (1, true), (0, true)], "{events:?}");

    plan.gather = Duration::from_secs(5);
    plan.forks = Some(2);
    let (seen, events) = scan(sshd::targets_of(&fleet), &plan).await;
    assert_eq!(seen.windows.len(), 2);
    assert!(seen.observations.iter().all(|host| host.exchanges.len() >= 8));
    assert!(events.iter().any(|event| matches!(event, HostEvent::Notice { text } if text.contains("2 waves of 2"))));
    drop(fleet);
    base.assert_restored().await;
}
