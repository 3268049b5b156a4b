//! The simulated fleet: SSH servers on loopback in this process, each with a clock of its own.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::clock::{FleetStart, SimulatedClock};
use super::credentials::{self, Folder, Keys};
use super::gates::{Gate, Gates};
use super::plan::{HostPlan, Trouble};
use super::{session, troubles};
use crate::clock::Nanos;
use crate::inventory::{Target, Transport};

/// Open files that a process needs besides its sessions.
const OTHER_FILES: u64 = 64;
/// Threads that serve a fleet, at most: the rest of the machine is the scanner's.
const MOST_WORKERS: usize = 4;

/// How long accepting rests after an error: where no file is left, trying at once would only keep a processor busy.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// Why a simulated fleet could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No runtime, no thread.
    #[error("cannot start the threads of the simulated fleet: {0}")]
    Runtime(#[source] io::Error),
    /// No socket, no port.
    #[error("cannot listen on loopback: {0}")]
    Listen(#[source] io::Error),
    /// No key.
    #[error("cannot make a key: {0}")]
    Key(#[source] russh::keys::ssh_key::Error),
    /// No folder for inventory, key and `known_hosts`.
    #[error("cannot write the fleet's folder: {0}")]
    Folder(#[source] io::Error),
    /// The open-file limit is too low for so many sessions.
    #[error(
        "{hosts} simulated hosts need {needed} open files, the limit is {limit}: raise it (ulimit -n) or take fewer"
    )]
    TooManyHosts {
        /// Hosts asked for.
        hosts: usize,
        /// Files that they need.
        needed: u64,
        /// Files that there may be.
        limit: u64,
    },
}

/// One simulated host while the fleet runs.
#[derive(Debug)]
pub(super) struct SimulatedHost {
    /// What it is like.
    pub(super) plan: HostPlan,
    /// Its clock.
    pub(super) clock: SimulatedClock,
}

/// What all hosts of a fleet share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The hosts, in the order of the plan.
    pub(super) hosts: Vec<SimulatedHost>,
    /// Their keys.
    pub(super) keys: Keys,
    /// How many readings of all their clocks were given.
    pub(super) readings: AtomicU64,
}

/// A fleet of simulated hosts that can be scanned until this value is dropped.
#[derive(Debug)]
pub struct SimulatedFleet {
    shared: Arc<Shared>,
    folder: Folder,
    /// Also held for the sockets in it.
    gates: Gates,
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
}

impl SimulatedFleet {
    /// Starts a fleet, on threads of its own, and writes the folder with which it can be scanned.
    ///
    /// `sessions_each` is how many ends of a session to each host this process will hold: 1 where somebody else scans
    /// it, 2 where this process does.
    pub fn start(plans: Vec<HostPlan>, sessions_each: u32) -> Result<Self, StartError> {
        Self::room_for(plans.len(), sessions_each)?;
        let runtime = runtime().map_err(StartError::Runtime)?;
        let keys = Keys::generate()?;
        let mut gates = on_another_thread(&runtime, Gates::open(&plans)).map_err(StartError::Listen)?;
        let folder = Folder::write(&plans, gates.endpoints(), &keys)?;
        let start = FleetStart::now();
        let with_clock = |plan: HostPlan| SimulatedHost { clock: SimulatedClock::new(plan.clock, start), plan };
        let shared =
            Arc::new(Shared { hosts: plans.into_iter().map(with_clock).collect(), keys, readings: AtomicU64::new(0) });
        for gate in gates.take_listeners() {
            runtime.spawn(serve(gate, Arc::clone(&shared)));
        }
        Ok(Self { shared, folder, gates, runtime: Some(runtime) })
    }

    /// Tells whether this process may open the files that so many hosts need, and raises its limit for them.
    pub fn room_for(hosts: usize, sessions_each: u32) -> Result<(), StartError> {
        let sessions = u64::try_from(hosts).unwrap_or(u64::MAX).saturating_mul(u64::from(sessions_each));
        let needed = sessions.saturating_add(OTHER_FILES);
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return Ok(()) };
        if needed > hard {
            return Err(StartError::TooManyHosts { hosts, needed, limit: hard });
        }
        if needed > soft {
            // Where it is refused, the sessions that find no file will tell.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
        }
        Ok(())
    }

    /// The hosts, in the order of the plan.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &HostPlan> {
        self.shared.hosts.iter().map(|host| &host.plan)
    }

    /// The hosts as a scanner wants them: the same that loading the inventory gives.
    pub fn targets(&self) -> Vec<Target> {
        let target = |(host, endpoint): (&SimulatedHost, &SocketAddr)| Target {
            name: host.plan.name.clone(),
            groups: vec![host.plan.group.clone()],
            transport: Transport::Ssh,
            address: endpoint.ip().to_string(),
            port: endpoint.port(),
            user: Some(credentials::USER.to_owned()),
            key_files: vec![self.key()],
            ..Target::default()
        };
        self.shared.hosts.iter().zip(self.gates.endpoints()).map(target).collect()
    }

    /// How far the named host's clock is ahead of this machine's wall clock now.
    pub fn truth(&self, name: &str) -> Option<Nanos> {
        self.shared.hosts.iter().find(|host| host.plan.name == name).map(|host| host.clock.truth())
    }

    /// How many readings the hosts have given so far, all sessions together: how far a scan of them has come.
    pub fn readings(&self) -> u64 {
        self.shared.readings.load(Ordering::Relaxed)
    }

    /// The folder with inventory, key and `known_hosts`; removed with the fleet.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The inventory, in Ansible's INI form.
    pub fn inventory(&self) -> PathBuf {
        self.folder.inventory()
    }

    /// The host keys that are known.
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.known_hosts()
    }

    /// The user's private key.
    pub fn key(&self) -> PathBuf {
        self.folder.key()
    }
}

impl Drop for SimulatedFleet {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A runtime apart from the scanner's, so that key exchanges on the servers' side do not delay the scanner's stamps
/// more than the processor itself does.
fn runtime() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Builder::new_multi_thread()
        .worker_threads((cores / 2).clamp(1, MOST_WORKERS))
        .thread_name("simulated-fleet")
        .enable_all()
        .build()
}

/// Completes a future on the fleet's runtime, wherever this is called from: inside another runtime nobody may block on
/// one, waiting for a thread is always allowed.
fn on_another_thread<Value: Send>(
    runtime: &Runtime,
    future: impl Future<Output = io::Result<Value>> + Send,
) -> io::Result<Value> {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| runtime.block_on(future));
        waiting.join().unwrap_or_else(|_| Err(io::Error::other("the thread that opens the sockets ended early")))
    })
}

/// Accepts the connections of one listener for ever.
async fn serve(gate: Gate, shared: Arc<Shared>) {
    loop {
        // An error here is the peer's (it went away) or the open-file limit's: a later one may work.
        let Ok((connection, _)) = gate.listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let Some(host) = gate.host_of(&connection) else { continue };
        tokio::spawn(answer(connection, host, Arc::clone(&shared)));
    }
}

/// Gives one connection what its host has for it.
async fn answer(connection: TcpStream, host: usize, shared: Arc<Shared>) {
    let Some(trouble) = shared.hosts.get(host).map(|host| host.plan.trouble) else { return };
    let _ = connection.set_nodelay(true);
    // However a connection ends, the host goes on: there is nothing to do about an error.
    let _ = match trouble {
        Some(Trouble::Silent) => troubles::silent(connection).await,
        Some(Trouble::HalfBanner) => troubles::half_banner(connection).await,
        Some(Trouble::EndlessBanner) => troubles::endless_banner(connection).await,
        Some(Trouble::Throttled) => troubles::throttled(connection).await,
        _ => session::run(connection, host, shared).await,
    };
}
