//! Jump hosts: connections to them are shared by the hosts behind, paced so that `MaxStartups` drops none, and a jump host that
//! fails is tried no further.

use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use russh::Disconnect;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::board::Board;
use super::cell::HostCell;
use super::dial::seconds;
use super::login::{AskedPassword, Asker};
use super::opener::{Opener, Peer};
use super::servers::{Place, Server};
use super::session::Connection;
use super::settings::{HostSettings, JumpHost, Proxy};
use super::through::Through;
use super::transport::Transport;
use super::turnstile::Passage;
use crate::probe::{Failure, FailureCode, HostEvent, Stage};

/// Sessions that go through one connection: an OpenSSH server looks at every channel for each byte.
const MOST_THROUGH_ONE: usize = 64;
/// Hosts behind a jump host that are dialled, and as many that exchange keys, at once.
const MOST_AT_ONCE: usize = 64;
/// Pauses before a jump host that has dropped a connection is tried again, or one that does not answer where it has done so
/// before: others may be logging in there.
const RETRIES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(3)];

/// The jump hosts of a scan.
#[derive(Debug)]
pub(super) struct Jumps(HashMap<Arc<JumpHost>, Pool>);

/// The connections to one jump host.
struct Pool {
    /// How many connections are needed.
    connections: usize,
    /// Tells those who wait that there may be a place, or that somebody is to connect.
    changed: Arc<Notify>,
    /// Its password, where a person may be asked for it.
    asked: Option<AskedPassword>,
    passage: Passage,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: Vec<Arc<Outer>>,
    /// Connections that are about to come about.
    opening: usize,
    /// Whether a connection has come about.
    has_opened: bool,
    /// Why it is tried no further.
    failed: Option<Failure>,
}

/// A connection to a jump host.
struct Outer {
    connection: Connection,
    through: AtomicUsize,
    changed: Arc<Notify>,
}

/// A place in such a connection.
pub(super) struct Lease(Arc<Outer>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.through.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}

/// What one who wants a place is to do.
enum Step<'pool> {
    Go(Lease),
    Fail(Failure),
    Connect(Opening<'pool>),
    Wait,
}

/// A connection that is about to come about; dropping it gives it up.
struct Opening<'pool>(&'pool Pool);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.lock().opening -= 1;
        self.0.changed.notify_one();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("open", &self.lock().open.len()).finish_non_exhaustive()
    }
}

impl Jumps {
    /// The jump hosts that hosts with these settings are behind.
    pub(super) fn behind<'host>(hosts: impl Iterator<Item = &'host HostSettings>, asker: Option<&Asker>) -> Self {
        let mut counted: HashMap<Arc<JumpHost>, usize> = HashMap::new();
        for jump in hosts.filter_map(|host| host.way.jump()) {
            *counted.entry(Arc::clone(jump)).or_default() += 1;
        }
        // A jump host that others are behind carries their connections, not their hosts.
        let mut farther: Vec<(Arc<JumpHost>, usize)> =
            counted.iter().map(|(jump, hosts)| (Arc::clone(jump), *hosts)).collect();
        while let Some((jump, hosts)) = farther.pop() {
            if let Some(next) = jump.settings.way.jump() {
                let connections = connections_for(hosts);
                *counted.entry(Arc::clone(next)).or_default() += connections;
                farther.push((Arc::clone(next), connections));
            }
        }
        let pool = |(jump, hosts): (Arc<JumpHost>, usize)| {
            let pool = Pool::new(&jump, hosts, asker);
            (jump, pool)
        };
        Self(counted.into_iter().map(pool).collect())
    }

    /// Closes every connection politely, within `limit`; after that they are cut.
    pub(super) async fn close(&self, limit: Duration) {
        let open: Vec<Arc<Outer>> = self.0.values().flat_map(|pool| std::mem::take(&mut pool.lock().open)).collect();
        let closing = open.iter().map(async |outer| {
            // An error means that it has ended already, which is what is wanted.
            let _ = timeout(limit, outer.connection.handle.disconnect(Disconnect::ByApplication, "done", "en")).await;
            outer.connection.wire.cut_off(limit).await;
        });
        join_all(closing).await;
    }

    /// What bounds what goes through a jump host at once.
    pub(super) fn passage(&self, jump: &Arc<JumpHost>) -> Option<&Passage> {
        self.0.get(jump).map(|pool| &pool.passage)
    }

    /// A connection through a jump host, and its place at the server behind.
    pub(super) async fn stream(
        &self,
        jump: &Arc<JumpHost>,
        opener: &Opener,
        cell: &Arc<HostCell>,
        address: &str,
        port: u16,
    ) -> Result<(Transport, Option<Place>), Failure> {
        let fail = |detail| Failure { code: FailureCode::JumpHost, stage: Stage::Connect, detail };
        let pool = self.0.get(jump).ok_or_else(|| fail(format!("{} was not prepared", jump.name)))?;
        let lease = pool.lease(jump, opener, cell).await.map_err(|failure| fail(said(jump, &failure)))?;
        let limit = jump.settings.way.timeout;
        let handle = &lease.0.connection.handle;
        // Its clock begins with its turn: who waits for a place waits for other hosts, not for the jump host.
        let channel = async {
            let channel = handle.channel_open_direct_tcpip(address, port.into(), "127.0.0.1", 0);
            timeout(limit, channel).await
        };
        let server = Server::Behind(address.to_owned(), port, Proxy::Jump(Arc::clone(jump)));
        let (dialled, place) = opener.turnstile.dial(Some(&pool.passage), server, channel).await;
        match dialled {
            Ok(Ok(channel)) => Ok((Transport::Stream(Box::new(Through::new(channel.into_stream(), lease))), place)),
            Ok(Err(russh::Error::ChannelOpenFailure(reason))) => {
                Err(fail(format!("{} cannot connect to {address} port {port} ({reason:?})", jump.name)))
            }
            Ok(Err(error)) => Err(fail(format!("{}: {error}", jump.name))),
            Err(_) => Err(fail(format!(
                "{} did not say within {} whether it can connect to {address} port {port}",
                jump.name,
                seconds(limit)
            ))),
        }
    }
}

/// How many connections so many hosts need.
fn connections_for(hosts: usize) -> usize {
    hosts.div_ceil(MOST_THROUGH_ONE).max(1)
}

/// What stood in the way of a jump host, with the code that a host itself would have.
fn said(jump: &JumpHost, failure: &Failure) -> String {
    match failure.code {
        FailureCode::JumpHost => failure.detail.clone(),
        code => format!("{}: {} {}", jump.name, code.label(), failure.detail),
    }
}

impl Pool {
    /// For so many hosts behind a jump host.
    fn new(jump: &JumpHost, hosts: usize, asker: Option<&Asker>) -> Self {
        let auth = &jump.settings.auth;
        let question = format!("{}@{}'s password: ", auth.user, jump.name);
        let password = (auth.password_attempts > 0).then(|| AskedPassword::new(asker.cloned(), question));
        Self {
            connections: connections_for(hosts),
            changed: Arc::default(),
            asked: password,
            passage: Passage::new(MOST_AT_ONCE),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is a single one, so that it is whole even where somebody panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place in a connection that is there, or what is to be done for one: one connects alone until a connection has come
    /// about, so that a login that is refused is refused once; from then on as many as are needed.
    fn step(&self) -> Step<'_> {
        let mut state = self.lock();
        state.open.retain(|outer| !outer.connection.handle.is_closed());
        if let Some(outer) = state.open.iter().find(|outer| outer.through.load(Ordering::SeqCst) < MOST_THROUGH_ONE) {
            outer.through.fetch_add(1, Ordering::SeqCst);
            return Step::Go(Lease(Arc::clone(outer)));
        }
        if let Some(failure) = &state.failed {
            return Step::Fail(failure.clone());
        }
        let is_short = state.has_opened && state.open.len() + state.opening < self.connections;
        if state.opening > 0 && !is_short {
            return Step::Wait;
        }
        state.opening += 1;
        Step::Connect(Opening(self))
    }

    async fn lease(&self, jump: &JumpHost, opener: &Opener, cell: &Arc<HostCell>) -> Result<Lease, Failure> {
        let opening = loop {
            // Before looking, so that nothing is missed in between.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            match self.step() {
                Step::Go(lease) => return Ok(lease),
                Step::Fail(failure) => return Err(failure),
                Step::Connect(opening) => break opening,
                Step::Wait => changed.await,
            }
        };
        let mut pauses = RETRIES.into_iter();
        loop {
            match connect(jump, opener, cell, self.asked.as_ref()).await {
                Ok(connection) => return Ok(self.opened(opening, connection)),
                Err(failure) => {
                    let Some(pause) = pauses.next().filter(|_| self.may_pass(failure.code)) else {
                        // Hundreds of hosts that try a login that was refused lock the account.
                        self.lock().failed = Some(failure.clone());
                        self.changed.notify_waiters();
                        return Err(failure);
                    };
                    sleep(pause).await;
                }
            }
        }
    }

    /// Takes a connection in, and wakes as many as have something to do now.
    fn opened(&self, opening: Opening<'_>, connection: Connection) -> Lease {
        let changed = Arc::clone(&self.changed);
        let outer = Arc::new(Outer { connection, through: AtomicUsize::new(1), changed });
        let mut state = self.lock();
        state.open.push(Arc::clone(&outer));
        state.has_opened = true;
        drop(state);
        drop(opening);
        (0..MOST_THROUGH_ONE + self.connections).for_each(|_| self.changed.notify_one());
        Lease(outer)
    }

    /// Whether a jump host that failed so may do better in a moment: one that is throttled, or one that was reached before.
    fn may_pass(&self, code: FailureCode) -> bool {
        match code {
            FailureCode::Throttled | FailureCode::Dropped => true,
            FailureCode::Timeout | FailureCode::Refused => self.lock().has_opened,
            _ => false,
        }
    }
}

/// Connects to a jump host and logs in.
async fn connect(
    jump: &JumpHost,
    opener: &Opener,
    cell: &Arc<HostCell>,
    asked: Option<&AskedPassword>,
) -> Result<Connection, Failure> {
    let real = Arc::clone(&cell.board);
    let (name, host) = (jump.name.clone(), cell.index);
    // A jump host is none of the hosts that are reported on; that its key was accepted must be told, and the steps on the way to it.
    let board = Board::new(real.clock, move |event| match event {
        HostEvent::KeyAccepted { fingerprint, .. } => {
            let text = format!("jump host {name}: accepted the new host key {fingerprint}");
            real.tell(HostEvent::Notice { text });
        }
        HostEvent::Step { text, .. } => {
            real.tell(HostEvent::Step { host, text: format!("jump host {name}: {text}") });
        }
        _ => {}
    });
    let own = Arc::new(HostCell::new(0, Arc::new(board)));
    let peer = Peer {
        address: &jump.address,
        name: &jump.name,
        port: jump.port,
        settings: &jump.settings,
        password: None,
        asked,
        elevation: None,
    };
    // A jump host may be behind another one, and that behind the next.
    Box::pin(opener.connect_jump(&peer, &own)).await
}
