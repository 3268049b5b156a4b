//! An open session: one channel that is asked for readings, then for facts, then closed; and what a failed opening means.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use russh::ChannelWriteHalf;
use russh::client::{Handle, Msg};
use russh::{ChannelOpenFailure, Disconnect};
use tokio::task::unconstrained;
use tokio::time::{sleep, timeout};

use super::cell::HostCell;
use super::handler::SessionHandler;
use super::local::LocalProbe;
use super::wire::{CutOnDrop, WireShared};
use crate::clock::{Nanos, UnixNanos};
use crate::probe::script::{FALLBACK_COMMAND, REQUEST, facts_request};

/// Bytes that a host may send from one request to the next.
const SAMPLE_BUDGET: u64 = 64 * 1_024;
/// Bytes that a host may send as facts, the encryption's overhead included.
const FACTS_BUDGET: u64 = 256 * 1_024;
/// Time that opening a channel may take beyond one round trip.
const CHANNEL_MARGIN: Nanos = Nanos::from_millis(2);
/// Pauses before a refused channel is asked for again: OpenSSH counts one that has just been closed for a moment more.
const CHANNEL_RETRIES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// One host's open session; dropping it cuts the connection.
#[derive(Debug)]
pub(super) struct Session {
    cell: Arc<HostCell>,
    link: Link,
}

enum Link {
    /// The probe's loop, held open.
    Loop { channel: ChannelWriteHalf<Msg>, connection: Connection },
    /// A fresh command for each reading.
    Date(Arc<Connection>),
    /// The probe on this machine.
    Local(LocalProbe),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Loop { .. } => "Loop",
            Self::Date(_) => "Date",
            Self::Local(_) => "Local",
        })
    }
}

/// An authenticated connection.
pub(super) struct Connection {
    pub(super) handle: Handle<SessionHandler>,
    pub(super) wire: Arc<WireShared>,
    /// Cuts the wire when the connection is dropped.
    pub(super) _guard: CutOnDrop,
}

impl Connection {
    /// Opens a session channel and starts `command` in it; what it prints goes to the handler.
    pub(super) async fn start(&self, command: &str) -> Result<ChannelWriteHalf<Msg>, russh::Error> {
        let channel = self.open_channel().await?;
        channel.exec(false, command).await?;
        Ok(channel)
    }

    async fn open_channel(&self) -> Result<ChannelWriteHalf<Msg>, russh::Error> {
        let mut pauses = CHANNEL_RETRIES.into_iter();
        loop {
            match (self.handle.channel_open_session().await, pauses.next()) {
                (Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed)), Some(pause)) => {
                    sleep(pause).await;
                }
                (outcome, _) => {
                    // The read half must not live: unread, it would stop the whole session once its buffer is full.
                    let (unread, channel) = outcome?.split();
                    drop(unread);
                    return Ok(channel);
                }
            }
        }
    }

    /// Runs the fallback command at `due`, its channel opened beforehand, and notes the request in the cell.
    pub(super) async fn ask_date(&self, cell: &HostCell, due: UnixNanos) -> Result<(), russh::Error> {
        let channel = self.open_channel().await?;
        let wait = due.since(cell.board.clock.now());
        sleep(Duration::from_nanos(u64::try_from(wait.0).unwrap_or(0))).await;
        self.wire.allow(SAMPLE_BUDGET);
        cell.ask(cell.board.clock.mark());
        self.wire.arm();
        channel.exec(false, FALLBACK_COMMAND).await
    }
}

impl Session {
    pub(super) fn with_probe(cell: &Arc<HostCell>, connection: Connection, channel: ChannelWriteHalf<Msg>) -> Self {
        Self { cell: Arc::clone(cell), link: Link::Loop { channel, connection } }
    }

    pub(super) fn with_date(cell: &Arc<HostCell>, connection: Connection) -> Self {
        Self { cell: Arc::clone(cell), link: Link::Date(Arc::new(connection)) }
    }

    pub(super) fn with_local(cell: &Arc<HostCell>, probe: LocalProbe) -> Self {
        Self { cell: Arc::clone(cell), link: Link::Local(probe) }
    }

    /// How long before a request is to be written it must be asked for: a fresh command needs its channel first.
    pub(super) fn lead(&self) -> Nanos {
        match &self.link {
            Link::Date(_) => self.cell.least_round_trip().unwrap_or_default() + CHANNEL_MARGIN,
            Link::Loop { .. } | Link::Local(_) => Nanos::ZERO,
        }
    }

    /// Asks for a reading, without waiting; the request is written [`Self::lead`] from now. A session that cannot take it just
    /// now is not asked.
    pub(super) fn ask(&self) {
        let mark = self.cell.board.clock.mark();
        let due = mark.at + self.lead();
        self.cell.ask(mark);
        match &self.link {
            Link::Loop { channel, connection } => {
                connection.wire.allow(SAMPLE_BUDGET);
                connection.wire.arm();
                if !put(channel, REQUEST.as_bytes().to_vec()) {
                    self.cell.take_asked();
                }
            }
            Link::Date(connection) => {
                let (connection, cell) = (Arc::clone(connection), Arc::clone(&self.cell));
                tokio::spawn(async move {
                    if connection.ask_date(&cell, due).await.is_err() {
                        cell.take_asked();
                    }
                });
            }
            Link::Local(probe) => {
                if !probe.put(REQUEST.as_bytes()) {
                    self.cell.take_asked();
                }
            }
        }
    }

    /// Ends the sampling loop and asks for the facts, without waiting; `false` where this session has none.
    pub(super) fn ask_facts(&self) -> bool {
        if matches!(self.link, Link::Date(_)) {
            return false;
        }
        self.cell.ask_facts(self.cell.board.clock.mark());
        match &self.link {
            Link::Loop { channel, connection } => {
                connection.wire.allow(FACTS_BUDGET);
                connection.wire.arm();
                put(channel, facts_request().into_bytes())
            }
            Link::Local(probe) => probe.put(facts_request().as_bytes()),
            Link::Date(_) => false,
        }
    }

    /// Closes the session politely, within `limit`; after that the connection is cut.
    pub(super) async fn close(self, limit: Duration) {
        self.cell.finish();
        let farewell = async {
            match &self.link {
                Link::Loop { channel, connection } => {
                    // An error means that the session has ended already, which is what is wanted.
                    let _ = channel.close().await;
                    let _ = connection.handle.disconnect(Disconnect::ByApplication, "done", "en").await;
                }
                Link::Date(connection) => {
                    let _ = connection.handle.disconnect(Disconnect::ByApplication, "done", "en").await;
                }
                Link::Local(probe) => probe.hang_up(),
            }
            self.cell.end().await;
        };
        let _ = timeout(limit, farewell).await;
        let wire = match &self.link {
            Link::Loop { connection, .. } => Some(Arc::clone(&connection.wire)),
            Link::Date(connection) => Some(Arc::clone(&connection.wire)),
            Link::Local(_) => None,
        };
        drop(self);
        if let Some(wire) = wire {
            wire.cut_off(limit).await;
        }
    }
}

/// Hands bytes to the session's task if it can take them at once. Runs outside the scheduler's budget, which would refuse the
/// hundredth host of one round.
fn put(channel: &ChannelWriteHalf<Msg>, bytes: Vec<u8>) -> bool {
    matches!(unconstrained(channel.data_bytes(bytes)).now_or_never(), Some(Ok(())))
}
