//! Opens sessions: from a target to a probe that has greeted, every stage with its time limit and its own failure.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use russh::ChannelWriteHalf;
use russh::client::{Msg, connect_stream};
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::rand_core::Rng as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::algorithms::Configurations;
use super::cell::HostCell;
use super::dial;
use super::handler::SessionHandler;
use super::hearing::Ear;
use super::host_key::LookUp;
use super::jump::Jumps;
use super::known_keys::KnownKeys;
use super::local::LocalProbe;
use super::login::{AskedPassword, Identities, LoginError, Means, Pause, log_in, within};
use super::plan::ConnectionPlan;
use super::servers::{Place, Server};
use super::session::{Connection, Session};
use super::settings::{HostSettings, JumpHost, Proxy};
use super::transport::{self, Transport as Connected};
use super::turnstile::{Turn, Turnstile, in_turn};
use super::unopened::{
    behind, channel_failure, greeting_of, handshake_failure, handshake_stage, late, login_ended, no_shell,
    not_elevated, with_address,
};
use super::wire::{CutOnDrop, Wire, WireShared};
use super::workshop::Line;
use crate::fix::remote::script as fix_script;
use crate::inventory::command_secrets::masked;
use crate::inventory::elevation::Elevation;
use crate::inventory::secret::Secret;
use crate::inventory::target::{Target, Transport};
use crate::probe::script::{exec_command, probe_command};
use crate::probe::{Failure, FailureCode, Stage};

/// How long a server's first byte is waited for before its handshake goes on without a turn.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a command that is a connection counts among those that are not let in yet by what it goes through, where none is let in
/// after it.
const GATE_LOAN: Duration = Duration::from_secs(3);

/// A connection before its handshake.
struct Reached {
    transport: Connected,
    /// The time that is left for the handshake.
    left: Duration,
    /// The place at the server, held until the login is over.
    place: Option<Place>,
}

/// Everything that sessions are opened with, shared by all hosts of a scan.
#[derive(Debug)]
pub(super) struct Opener {
    plan: ConnectionPlan,
    pub(super) known_keys: KnownKeys,
    identities: Identities,
    configurations: Configurations,
    lookups: Semaphore,
    pub(super) turnstile: Turnstile,
    pub(super) jumps: Jumps,
    command: String,
    /// What sudo asks with. Nobody knows it before this run, so that nothing else on a host asks so by chance.
    prompt: String,
}

impl Opener {
    /// Reads known hosts and key files, once for all hosts.
    pub(super) fn prepare(plan: &ConnectionPlan, targets: &[Target]) -> Self {
        let settings: Vec<_> = targets.iter().map(|target| plan.settings(target)).collect();
        let jumps = Jumps::behind(settings.iter().map(AsRef::as_ref), plan.asker.as_ref());
        let all = || settings.iter().flat_map(|settings| settings.and_jumps());
        Self {
            known_keys: KnownKeys::load(all().map(|settings| &settings.host_key)),
            identities: Identities::load(all().map(|settings| &settings.auth), &plan.unlocked),
            jumps,
            configurations: Configurations::new(plan),
            lookups: Semaphore::new(plan.lookups.max(1)),
            turnstile: Turnstile::new(plan.handshakes),
            command: exec_command(),
            prompt: format!("[clockaudit {:016x}] password:", safe_rng().next_u64()),
            plan: plan.clone(),
        }
    }

    /// Opens a session to one target, up to the probe's greeting.
    pub(super) async fn open(&self, target: &Target, cell: &Arc<HostCell>) -> Result<Session, Failure> {
        cell.enter(Stage::Prepare);
        if let Some(defect) = &target.defect {
            return Err(Failure { code: FailureCode::NotAttempted, stage: Stage::Prepare, detail: defect.clone() });
        }
        let opened = match target.transport {
            Transport::Ssh => self.open_ssh(target, cell).await,
            Transport::Local => self.open_local(target, cell).await,
        };
        // A refusal that was recorded where it happened says more than the end of the session that it led to.
        opened.map_err(|failure| cell.failure().unwrap_or(failure))
    }

    /// Opens a conversation with the script of a fix on one target, up to the greeting of the shell that is to read it. What is heard
    /// goes to `ear`.
    pub(super) async fn converse(&self, target: &Target, cell: &Arc<HostCell>, ear: Ear) -> Result<Line, Failure> {
        cell.enter(Stage::Prepare);
        if let Some(defect) = &target.defect {
            return Err(Failure { code: FailureCode::NotAttempted, stage: Stage::Prepare, detail: defect.clone() });
        }
        let elevation = elevation_on(target);
        let command = elevation.map_or(Cow::Borrowed(fix_script::START), |elevation| {
            Cow::Owned(elevation.command(fix_script::START, &self.prompt))
        });
        let refused = || Err(elevation.map_or_else(|| no_shell(cell), |elevation| not_elevated(cell, elevation)));
        let opened = match target.transport {
            Transport::Ssh => {
                self.open_channel(target, cell, ear, &command, async |connection, channel| {
                    match self.greeted(cell).await {
                        Ok(true) => Ok(Line::Ssh { channel, connection }),
                        Ok(false) => refused(),
                        Err(late) => Err(late),
                    }
                })
                .await
            }
            Transport::Local => {
                cell.enter(Stage::Channel);
                let probe = LocalProbe::start(cell, ear, &command, elevation.map(|one| one.dialogue(&self.prompt)))?;
                cell.enter(Stage::Probe);
                match self.greeted(cell).await {
                    Ok(true) => Ok(Line::Local(probe)),
                    Ok(false) => refused(),
                    Err(late) => Err(late),
                }
            }
        };
        opened.map_err(|failure| cell.failure().unwrap_or(failure))
    }

    /// Waits for the greeting of what was started on a host; `false` where it ended without one.
    async fn greeted(&self, cell: &HostCell) -> Result<bool, Failure> {
        let limit = self.plan.limits.hello;
        timeout(limit, cell.greeting()).await.map_err(|_| {
            let said = cell.first_noise().map(|line| format!("; it said: {line}")).unwrap_or_default();
            late(Stage::Probe, limit, &format!("the probe did not answer{said}"))
        })
    }

    async fn open_local(&self, target: &Target, cell: &Arc<HostCell>) -> Result<Session, Failure> {
        cell.enter(Stage::Channel);
        let elevation = elevation_on(target);
        let dialogue = elevation.map(|elevation| elevation.dialogue(&self.prompt));
        let probe = LocalProbe::start(cell, Ear::probe(cell), &self.command_for(elevation), dialogue)?;
        cell.enter(Stage::Probe);
        if self.greeted(cell).await? {
            return Ok(Session::with_local(cell, probe));
        }
        Err(elevation.map_or_else(|| no_shell(cell), |elevation| not_elevated(cell, elevation)))
    }

    async fn open_ssh(&self, target: &Target, cell: &Arc<HostCell>) -> Result<Session, Failure> {
        let elevation = elevation_on(target);
        self.open_channel(target, cell, Ear::probe(cell), &self.command_for(elevation), async |connection, channel| {
            match (self.greeted(cell).await?, elevation) {
                (true, _) => Ok(Session::with_probe(cell, connection, channel)),
                (false, None) => self.fall_back(cell, connection).await,
                (false, Some(elevation)) => Err(not_elevated(cell, elevation)),
            }
        })
        .await
    }

    /// Logs in, starts a command, and does with its channel what `ready` does, all of it within the host's time limit.
    async fn open_channel<T>(
        &self,
        target: &Target,
        cell: &Arc<HostCell>,
        ear: Ear,
        command: &str,
        ready: impl AsyncFnOnce(Connection, ChannelWriteHalf<Msg>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let limits = self.plan.limits_of(target);
        let settings = self.plan.settings(target);
        let peer = Peer {
            address: &target.address,
            name: &target.name,
            port: target.port,
            settings: &settings,
            password: target.password.as_ref(),
            asked: None,
            elevation: target.elevation.as_ref(),
        };
        let Reached { transport, left, mut place } =
            self.reach(&peer, cell).await.map_err(|failure| with_address(failure, target))?;
        cell.enter(Stage::Banner);
        let turn = self.turn(transport.socket(), settings.way.jump()).await;
        // The limit of the whole way begins with the host's turn: what it waited for others is not its fault.
        let complaint = transport.complaint();
        let (wire, shared) = Wire::new(transport, self.plan.clock);
        let signing = Pause::default();
        let pauses = [&signing];
        let opening = within(limits.host, &pauses, async {
            let logging_in = pin!(async {
                let connection = self.handshake(&peer, cell, ear, wire, Arc::clone(&shared), left).await?;
                let connection = self.authenticated(&peer, cell, connection, &signing).await?;
                cell.enter(Stage::Channel);
                let started = timeout(limits.channel, connection.start(command)).await;
                let channel = started
                    .map_err(|_| late(Stage::Channel, limits.channel, "the login was accepted, and no channel opened"))?
                    .map_err(|error| channel_failure(&error, &connection.wire))?;
                match peer.elevation {
                    Some(elevation) => cell.step(format!(
                        "opened a session; {} is to make it one of {}",
                        elevation.program(),
                        elevation.user
                    )),
                    None => cell.step("opened a session"),
                }
                // A server that opens a channel has counted the login already.
                drop(place.take());
                Ok::<_, Failure>((connection, channel))
            });
            let (connection, channel) = in_turn(turn, || shared.heard(), logging_in).await?;
            cell.enter(Stage::Probe);
            ready(connection, channel).await
        });
        // On the heap: what is needed to log in is not needed while a host is sampled.
        let opened = Box::pin(opening).await;
        let opened = opened.unwrap_or_else(|| Err(late(cell.stage(), limits.host, "not ready")));
        if opened.is_err() {
            shared.cut_off(limits.close).await;
        }
        match opened {
            Ok(session) => Ok(session),
            Err(failure) => Err(behind(&settings.way.proxy, failure, complaint).await),
        }
    }

    /// A connection to a peer, by whatever is between.
    async fn reach(&self, peer: &Peer<'_>, cell: &Arc<HostCell>) -> Result<Reached, Failure> {
        let way = &peer.settings.way;
        let limit = way.patience();
        match &way.proxy {
            Proxy::None => {}
            Proxy::Command(command) => {
                cell.enter(Stage::Connect);
                let server = Server::Behind(peer.address.to_owned(), peer.port, way.proxy.clone());
                let place = self.turnstile.at_server(server).await;
                let gate = self.turnstile.gate(Server::gate(command, &[peer.address, peer.name], peer.port));
                let entry = gate.enter().await;
                let begun = Instant::now();
                let mut piped = transport::command(command)?;
                cell.step(format!("started ProxyCommand `{}`", masked(command)));
                // What has not connected by then waits for the host behind: the gate has let it in, or never will.
                entry.keep(GATE_LOAN, piped.connected()).await;
                let left = limit.saturating_sub(begun.elapsed());
                return Ok(Reached { transport: Connected::Stream(Box::new(piped)), left, place });
            }
            Proxy::Jump(jump) => {
                cell.enter(Stage::Connect);
                let (transport, place) = self.jumps.stream(jump, self, cell, peer.address, peer.port).await?;
                cell.step(format!("connected to {} port {} through jump host {}", peer.address, peer.port, jump.name));
                return Ok(Reached { transport, left: way.timeout, place });
            }
        }
        cell.enter(Stage::Resolve);
        let addresses = dial::resolve(peer.address, peer.port, self.plan.limits.resolve, &self.lookups).await?;
        let addresses = dial::of_family(addresses, way.family)?;
        let dialling = pin!(async {
            cell.enter(Stage::Connect);
            let begun = Instant::now();
            let socket = dial::connect(&addresses, way).await?;
            if let Ok(address) = socket.peer_addr() {
                cell.step(format!("connected to {address}"));
            }
            Ok((Connected::Tcp(socket), limit.saturating_sub(begun.elapsed())))
        });
        let Some(first) = addresses.first() else { return Err(dial::nowhere()) };
        let (dialled, place) = self.turnstile.dial(None, Server::Direct(*first), dialling).await;
        dialled.map(|(transport, left)| Reached { transport, left, place })
    }

    /// A connection to a jump host, logged in.
    pub(super) async fn connect_jump(&self, peer: &Peer<'_>, cell: &Arc<HostCell>) -> Result<Connection, Failure> {
        // Its place is held until it is logged in, or cut.
        let Reached { transport, left, place: _place } = self.reach(peer, cell).await?;
        cell.enter(Stage::Banner);
        let turn = self.turn(transport.socket(), peer.settings.way.jump()).await;
        let complaint = transport.complaint();
        let (wire, shared) = Wire::new(transport, self.plan.clock);
        let signing = Pause::default();
        let pauses = pauses(peer, &signing);
        let opening = within(self.plan.limits.host, &pauses, async {
            let logging_in = pin!(async {
                let connection = self.handshake(peer, cell, Ear::Elsewhere, wire, Arc::clone(&shared), left).await?;
                self.authenticated(peer, cell, connection, &signing).await
            });
            in_turn(turn, || shared.heard(), logging_in).await
        });
        // On the heap: a connection to a jump host may be made in the middle of another one.
        let opened = Box::pin(opening).await;
        let opened = opened.unwrap_or_else(|| Err(late(cell.stage(), self.plan.limits.host, "not ready")));
        let opened = opened.map_err(|failure| cell.failure().unwrap_or(failure));
        match &opened {
            // What goes through it is counted by the wires of the hosts behind it.
            Ok(connection) => connection.wire.allow(u64::MAX),
            Err(_) => shared.cut_off(self.plan.limits.close).await,
        }
        match opened {
            Ok(connection) => Ok(connection),
            Err(failure) => Err(behind(&peer.settings.way.proxy, failure, complaint).await),
        }
    }

    /// What starts the probe on a host, as whom it is to run there.
    fn command_for(&self, elevation: Option<&Elevation>) -> Cow<'_, str> {
        match elevation {
            None => Cow::Borrowed(&self.command),
            Some(elevation) => Cow::Owned(elevation.command(&probe_command(), &self.prompt)),
        }
    }

    /// Waits for a turn of the handshake, for a server that has something to say. One that is silent costs this machine
    /// nothing, and must not take the turn of one that is not: it goes on without, and its own time limit ends it.
    async fn turn(&self, socket: Option<&TcpStream>, through: Option<&Arc<JumpHost>>) -> Option<Turn<'_>> {
        // What is behind a jump host or a command was waited for by those already.
        let Some(socket) = socket else {
            let through = through.and_then(|jump| self.jumps.passage(jump));
            return Some(self.turnstile.handshake(through).await);
        };
        // A server identifies itself unasked (RFC 4253, 4.2); whether it closed or spoke, there is something to read.
        match timeout(SILENCE, socket.readable()).await {
            Ok(_) => Some(self.turnstile.handshake(None).await),
            Err(_) => None,
        }
    }

    async fn handshake(
        &self,
        peer: &Peer<'_>,
        cell: &Arc<HostCell>,
        ear: Ear,
        wire: Wire,
        shared: Arc<WireShared>,
        left: Duration,
    ) -> Result<Connection, Failure> {
        let guard = CutOnDrop(Arc::clone(&shared));
        let settings = peer.settings;
        let keys = self.known_keys.of(&settings.host_key);
        let name = LookUp::new(&settings.host_key, peer.address, peer.port);
        let dialogue = peer.elevation.map(|elevation| elevation.dialogue(&self.prompt));
        let config = self.configurations.with(&settings.algorithms, keys.expected(&name));
        let (own_cell, own_wire) = (Arc::clone(cell), Arc::clone(&shared));
        let handler = SessionHandler::new(own_cell, own_wire, keys, name, ear, dialogue);
        match timeout(left, connect_stream(config, wire, handler)).await {
            Ok(Ok(handle)) => Ok(Connection { handle, wire: shared, _guard: guard }),
            Ok(Err(end)) => Err(handshake_failure(&end, cell, &shared)),
            Err(_) => {
                let stage = handshake_stage(cell, &shared);
                let what = if stage == Stage::Banner { "no SSH identification" } else { "no end of the key exchange" };
                Err(late(stage, settings.way.timeout, &format!("{what}{}", greeting_of(&shared))))
            }
        }
    }

    async fn authenticated(
        &self,
        peer: &Peer<'_>,
        cell: &HostCell,
        mut connection: Connection,
        signing: &Pause,
    ) -> Result<Connection, Failure> {
        cell.enter(Stage::Authenticate);
        let settings = peer.settings;
        let user = settings.auth.user.as_str();
        let limit = self.plan.limits.authenticate;
        let (password, asked) = (peer.password, peer.asked);
        let means = Means { settings: &settings.auth, identities: &self.identities, password, asked, signing };
        let pauses = pauses(peer, signing);
        let outcome = within(limit, &pauses, log_in(&mut connection.handle, means, cell));
        let fail = |code, detail| Failure { code, stage: Stage::Authenticate, detail };
        match outcome.await {
            Some(Ok(())) => {
                cell.step(format!("logged in as {user}"));
                Ok(connection)
            }
            Some(Err(LoginError::Rejected(detail))) => Err(fail(FailureCode::AuthenticationRejected, detail)),
            Some(Err(LoginError::Ended { tried, has_answered })) => {
                let _ = timeout(self.plan.limits.close, cell.end()).await;
                Err(login_ended(cell, &connection.wire, &tried, has_answered))
            }
            None => Err(late(Stage::Authenticate, limit, &format!("no answer to the login of {user}"))),
        }
    }

    /// The probe did not run: samples whatever `date` prints, if it prints a date.
    async fn fall_back(&self, cell: &Arc<HostCell>, connection: Connection) -> Result<Session, Failure> {
        if cell.failure().is_some() {
            return Err(no_shell(cell));
        }
        if let Some(detail) = cell.lost_before_greeting() {
            return Err(Failure { code: FailureCode::Dropped, stage: Stage::Probe, detail });
        }
        cell.probe_again();
        let limit = self.plan.limits.channel;
        let asked = timeout(limit, connection.ask_date(cell, cell.board.clock.now())).await;
        if matches!(asked, Ok(Ok(()))) && timeout(limit, cell.greeting()).await == Ok(true) {
            return Ok(Session::with_date(cell, connection));
        }
        Err(no_shell(cell))
    }
}

/// What the limits of a login to a peer stand still for.
fn pauses<'login>(peer: &Peer<'login>, signing: &'login Pause) -> Vec<&'login Pause> {
    peer.asked.map(AskedPassword::pause).into_iter().chain([signing]).collect()
}

/// Whom to become on a target; on this machine whoever runs this may be the one already.
fn elevation_on(target: &Target) -> Option<&Elevation> {
    let is_here = target.transport == Transport::Local && nix::unistd::geteuid().is_root();
    target.elevation.as_ref().filter(|elevation| !(is_here && elevation.user == "root"))
}

/// Whom a connection is for.
#[derive(Debug)]
pub(super) struct Peer<'peer> {
    pub(super) address: &'peer str,
    /// What it is called where people name it, often the same.
    pub(super) name: &'peer str,
    pub(super) port: u16,
    pub(super) settings: &'peer HostSettings,
    pub(super) password: Option<&'peer Secret>,
    /// Whoever may be asked for it.
    pub(super) asked: Option<&'peer AskedPassword>,
    /// Who is to be become there.
    pub(super) elevation: Option<&'peer Elevation>,
}
