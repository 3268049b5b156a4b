//! Opens sessions: from a target to a probe that has greeted, every stage with its time limit and its own failure.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use russh::client::connect_stream;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::rand_core::Rng as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::algorithms::{self, Configurations};
use super::cell::HostCell;
use super::dial::{self, seconds};
use super::handler::{SessionEnd, SessionHandler};
use super::host_key::LookUp;
use super::jump::Jumps;
use super::known_keys::KnownKeys;
use super::local::LocalProbe;
use super::login::{AskedPassword, Identities, LoginError, Means, log_in, within};
use super::plan::ConnectionPlan;
use super::session::{Connection, Session};
use super::settings::{HostSettings, JumpHost, Proxy};
use super::transport::{self, Transport as Connected};
use super::turnstile::{Turn, Turnstile, in_turn};
use super::wire::{Cut, CutOnDrop, Wire, WireShared};
use crate::inventory::elevation::{Elevation, ElevationMethod};
use crate::inventory::secret::Secret;
use crate::inventory::target::{Target, Transport};
use crate::probe::script::{exec_command, probe_command};
use crate::probe::{Failure, FailureCode, Stage};

/// How long a server's first byte is waited for before its handshake goes on without a turn.
const SILENCE: Duration = Duration::from_secs(1);

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

    async fn open_local(&self, target: &Target, cell: &Arc<HostCell>) -> Result<Session, Failure> {
        cell.enter(Stage::Channel);
        // Who runs this may be the one to become already.
        let is_root = |elevation: &&Elevation| nix::unistd::geteuid().is_root() && elevation.user == "root";
        let elevation = target.elevation.as_ref().filter(|elevation| !is_root(elevation));
        let dialogue = elevation.map(|elevation| elevation.dialogue(&self.prompt));
        let probe = LocalProbe::start(cell, &self.command_for(elevation), dialogue)?;
        cell.enter(Stage::Probe);
        let limit = self.plan.limits.hello;
        match timeout(limit, cell.greeting()).await {
            Ok(true) => Ok(Session::with_local(cell, probe)),
            Ok(false) => {
                Err(elevation.map_or_else(|| no_shell(cell), |elevation| not_elevated(cell, elevation.method)))
            }
            Err(_) => Err(late(Stage::Probe, limit, "the probe did not answer")),
        }
    }

    async fn open_ssh(&self, target: &Target, cell: &Arc<HostCell>) -> Result<Session, Failure> {
        let limits = self.plan.limits_of(target);
        let settings = self.plan.settings(target);
        let peer = Peer {
            address: &target.address,
            port: target.port,
            settings: &settings,
            password: target.password.as_ref(),
            asked: None,
            elevation: target.elevation.as_ref(),
            is_jump: false,
        };
        let (transport, left) = self.reach(&peer, cell).await.map_err(|failure| with_address(failure, target))?;
        cell.enter(Stage::Banner);
        let turn = self.turn(transport.socket(), settings.way.jump()).await;
        // The limit of the whole way begins with the host's turn: what it waited for others is not its fault.
        let (wire, shared) = Wire::new(transport, self.plan.clock);
        let opening = timeout(limits.host, async {
            let logging_in = pin!(async {
                let connection = self.handshake(&peer, cell, wire, Arc::clone(&shared), left).await?;
                let connection = self.authenticated(&peer, cell, connection).await?;
                cell.enter(Stage::Channel);
                let started =
                    timeout(limits.channel, connection.start(&self.command_for(target.elevation.as_ref()))).await;
                let channel = started
                    .map_err(|_| late(Stage::Channel, limits.channel, "no channel was opened"))?
                    .map_err(|error| channel_failure(&error, &connection.wire))?;
                Ok::<_, Failure>((connection, channel))
            });
            let (connection, channel) = in_turn(turn, || shared.heard(), logging_in).await?;
            cell.enter(Stage::Probe);
            match timeout(limits.hello, cell.greeting()).await {
                Ok(true) => Ok(Session::with_probe(cell, connection, channel)),
                Ok(false) => match &target.elevation {
                    None => self.fall_back(cell, connection).await,
                    Some(elevation) => Err(not_elevated(cell, elevation.method)),
                },
                Err(_) => {
                    let said = cell.first_noise().map(|line| format!("; it said: {line}")).unwrap_or_default();
                    Err(late(Stage::Probe, limits.hello, &format!("the probe did not answer{said}")))
                }
            }
        });
        let opened = opening.await.unwrap_or_else(|_| Err(late(cell.stage(), limits.host, "not ready")));
        if opened.is_err() {
            shared.cut_off(limits.close).await;
        }
        opened.map_err(|failure| behind(&settings.way.proxy, failure))
    }

    /// A connection to a peer, by whatever is between, and the time that is left for the handshake.
    pub(super) async fn reach(&self, peer: &Peer<'_>, cell: &Arc<HostCell>) -> Result<(Connected, Duration), Failure> {
        let way = &peer.settings.way;
        let limit = way.patience();
        match &way.proxy {
            Proxy::None => {}
            Proxy::Command(command) => {
                cell.enter(Stage::Connect);
                return Ok((transport::command(command)?, limit));
            }
            Proxy::Jump(jump) => {
                cell.enter(Stage::Connect);
                let stream = self.jumps.stream(jump, self, cell, peer.address, peer.port).await?;
                return Ok((stream, way.timeout));
            }
        }
        cell.enter(Stage::Resolve);
        let addresses = dial::resolve(peer.address, peer.port, self.plan.limits.resolve, &self.lookups).await?;
        let addresses = dial::of_family(addresses, way.family)?;
        let dialling = pin!(async {
            cell.enter(Stage::Connect);
            let begun = Instant::now();
            let socket = dial::connect(&addresses, way).await?;
            Ok((Connected::Tcp(socket), limit.saturating_sub(begun.elapsed())))
        });
        self.turnstile.dial(None, dialling).await
    }

    /// A connection to a jump host, logged in.
    pub(super) async fn connect_jump(&self, peer: &Peer<'_>, cell: &Arc<HostCell>) -> Result<Connection, Failure> {
        let (transport, left) = self.reach(peer, cell).await?;
        cell.enter(Stage::Banner);
        let turn = self.turn(transport.socket(), peer.settings.way.jump()).await;
        let (wire, shared) = Wire::new(transport, self.plan.clock);
        let opening = within(self.plan.limits.host, peer.asked, async {
            let logging_in = pin!(async {
                let connection = self.handshake(peer, cell, wire, Arc::clone(&shared), left).await?;
                self.authenticated(peer, cell, connection).await
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
        opened.map_err(|failure| behind(&peer.settings.way.proxy, failure))
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
        let handler = if peer.is_jump {
            SessionHandler::for_jump(own_cell, own_wire, keys, name)
        } else {
            SessionHandler::new(own_cell, own_wire, keys, name, dialogue)
        };
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
    ) -> Result<Connection, Failure> {
        cell.enter(Stage::Authenticate);
        let settings = peer.settings;
        let user = settings.auth.user.as_str();
        let limit = self.plan.limits.authenticate;
        let (password, asked) = (peer.password, peer.asked);
        let means = Means { settings: &settings.auth, identities: &self.identities, password, asked };
        let outcome = within(limit, asked, log_in(&mut connection.handle, means, cell));
        let fail = |code, detail| Failure { code, stage: Stage::Authenticate, detail };
        match outcome.await {
            Some(Ok(())) => Ok(connection),
            Some(Err(LoginError::Rejected(detail))) => Err(fail(FailureCode::AuthenticationRejected, detail)),
            Some(Err(LoginError::Ended)) => {
                let _ = timeout(self.plan.limits.close, cell.end()).await;
                // A server that takes its leave in words while it judges a login has refused it: OpenSSH does at MaxAuthTries.
                Err(cell.farewell().map_or_else(
                    || fail(FailureCode::Dropped, ended(&connection.wire)),
                    |message| fail(FailureCode::AuthenticationRejected, format!("as {user}: {message}")),
                ))
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

/// Whom a connection is for.
#[derive(Debug)]
pub(super) struct Peer<'peer> {
    pub(super) address: &'peer str,
    pub(super) port: u16,
    pub(super) settings: &'peer HostSettings,
    pub(super) password: Option<&'peer Secret>,
    /// Whoever may be asked for it.
    pub(super) asked: Option<&'peer AskedPassword>,
    /// Who is to be become there.
    pub(super) elevation: Option<&'peer Elevation>,
    /// Whether others are reached through it.
    pub(super) is_jump: bool,
}

/// A connection that a command makes and that ends before the server has identified itself is that command's failure.
fn behind(proxy: &Proxy, failure: Failure) -> Failure {
    match proxy {
        Proxy::Command(command) if failure.stage == Stage::Banner => Failure {
            code: FailureCode::JumpHost,
            detail: format!("ProxyCommand `{command}`: {}", failure.detail),
            ..failure
        },
        _ => failure,
    }
}

/// Names the address that was looked up, where that is not the host's own name, which is said anyway.
fn with_address(failure: Failure, target: &Target) -> Failure {
    if target.address == target.name {
        return failure;
    }
    Failure { detail: format!("{}: {}", target.address, failure.detail), ..failure }
}

fn late(stage: Stage, limit: Duration, what: &str) -> Failure {
    Failure { code: FailureCode::Timeout, stage, detail: format!("{what} in {}", seconds(limit)) }
}

fn no_shell(cell: &HostCell) -> Failure {
    let said = cell.first_noise().map(|line| format!("; it said: {line}")).unwrap_or_default();
    let detail = format!("neither the probe nor date ran: a forced command, or no shell{said}");
    Failure { code: FailureCode::NoShell, stage: Stage::Probe, detail }
}

/// Exit statuses by which shells say that a program is not there, or not to be run.
const NO_PROGRAM: [u32; 2] = [126, 127];

/// The probe did not run because nobody else was become: another command, as who logged in, would be another answer than asked for.
fn not_elevated(cell: &HostCell, method: ElevationMethod) -> Failure {
    if let Some(detail) = cell.lost_before_greeting() {
        return Failure { code: FailureCode::Dropped, stage: Stage::Probe, detail };
    }
    let is_missing = cell.status().is_some_and(|status| NO_PROGRAM.contains(&status));
    let code = if is_missing { FailureCode::NoShell } else { FailureCode::SudoPassword };
    let said = cell.first_noise().unwrap_or_else(|| "it said nothing".to_owned());
    Failure { code, stage: Stage::Probe, detail: format!("{} did not let the probe run: {said}", method.name()) }
}

/// Why a connection ended, as far as this side knows.
fn ended(wire: &WireShared) -> String {
    match wire.why_cut() {
        Some(Cut::TooMuchData) => "the host sent far more than was asked for".to_owned(),
        _ => "the server ended the connection".to_owned(),
    }
}

/// How far a handshake has come.
fn handshake_stage(cell: &HostCell, wire: &WireShared) -> Stage {
    match (wire.identified(), cell.stage()) {
        (false, _) => Stage::Banner,
        (true, Stage::HostKey) => Stage::HostKey,
        (true, _) => Stage::KeyExchange,
    }
}

fn greeting_of(wire: &WireShared) -> String {
    let greeting = wire.greeting();
    if wire.identified() || greeting.is_empty() { String::new() } else { format!(" (it said: {greeting})") }
}

fn handshake_failure(end: &SessionEnd, cell: &HostCell, wire: &WireShared) -> Failure {
    let stage = handshake_stage(cell, wire);
    if wire.why_cut() == Some(Cut::TooMuchData) {
        return Failure { code: FailureCode::Dropped, stage, detail: ended(wire) };
    }
    let is_end = matches!(end, SessionEnd::Library(russh::Error::IO(_) | russh::Error::Disconnect | russh::Error::HUP));
    match (stage, end) {
        (Stage::Banner, _) if is_end => Failure {
            code: FailureCode::Throttled,
            stage,
            detail: format!("closed before its identification{}", greeting_of(wire)),
        },
        (_, SessionEnd::Library(russh::Error::NoCommonAlgo { kind, theirs, .. })) => Failure {
            code: FailureCode::Dropped,
            stage,
            detail: format!(
                "no common {kind:?} algorithm; the server has {}{}",
                theirs.join(","),
                algorithms::asked_for_by(kind)
            ),
        },
        _ => Failure { code: FailureCode::Dropped, stage, detail: format!("{end}{}", greeting_of(wire)) },
    }
}

fn channel_failure(error: &russh::Error, wire: &WireShared) -> Failure {
    let stage = Stage::Channel;
    match error {
        russh::Error::ChannelOpenFailure(reason) => Failure {
            code: FailureCode::NoShell,
            stage,
            detail: format!("the server refuses a session channel ({reason:?})"),
        },
        _ => Failure { code: FailureCode::Dropped, stage, detail: ended(wire) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_unless_it_is_the_name() {
        let check = |address: &str, expected: &str| {
            let target = Target { name: "web".to_owned(), address: address.to_owned(), port: 22, ..Target::default() };
            let detail = "the look-up failed: no such name".to_owned();
            let failure = Failure { code: FailureCode::NameNotFound, stage: Stage::Resolve, detail };
            assert_eq!(with_address(failure, &target).detail, expected);
        };
        check("web", "the look-up failed: no such name");
        check("web.example", "web.example: the look-up failed: no such name");
    }
}
