//! An open session: one channel that is asked for readings, then for facts, then closed; and what a failed opening means.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
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
use crate::probe::{FailureCode, Stage};

/// Bytes that a host may send from one request to the next.
const SAMPLE_BUDGET: u64 = 64 * 1_024;
/// Bytes that a host may send as facts, the encryption's overhead included.
const FACTS_BUDGET: u64 = 256 * 1_024;
/// Requests in a row that a session may leave in front of its door.
const STUCK_AFTER: u32 = 4;
/// Time that opening a channel may take beyond one round trip.
const CHANNEL_MARGIN: Nanos = Nanos::from_millis(2);
/// Pauses before a refused channel is asked for again: OpenSSH counts one that has just been closed for a moment more.
const CHANNEL_RETRIES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// One host's open session; dropping it cuts the connection.
#[derive(Debug)]
pub(super) struct Session {
    cell: Arc<HostCell>,
    link: Link,
    /// Requests in a row that the session could not take.
    not_taken: AtomicU32,
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
        Self::new(cell, Link::Loop { channel, connection })
    }

    pub(super) fn with_date(cell: &Arc<HostCell>, connection: Connection) -> Self {
        Self::new(cell, Link::Date(Arc::new(connection)))
    }

    pub(super) fn with_local(cell: &Arc<HostCell>, probe: LocalProbe) -> Self {
        Self::new(cell, Link::Local(probe))
    }

    fn new(cell: &Arc<HostCell>, link: Link) -> Self {
        Self { cell: Arc::clone(cell), link, not_taken: AtomicU32::new(0) }
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
        let is_taken = match &self.link {
            Link::Loop { channel, connection } => {
                connection.wire.allow(SAMPLE_BUDGET);
                connection.wire.arm();
                put(channel, REQUEST.as_bytes().to_vec())
            }
            Link::Date(connection) => {
                let (connection, cell) = (Arc::clone(connection), Arc::clone(&self.cell));
                tokio::spawn(async move {
                    if connection.ask_date(&cell, due).await.is_err() {
                        cell.take_asked();
                    }
                });
                true
            }
            Link::Local(probe) => {
                probe.allow(SAMPLE_BUDGET);
                probe.put(REQUEST.as_bytes())
            }
        };
        if is_taken {
            self.not_taken.store(0, Ordering::Relaxed);
        } else {
            self.cell.take_asked();
            self.count_refusal();
        }
    }

    /// A request that is not taken once is no matter; a session that takes none is stuck.
    fn count_refusal(&self) {
        if self.not_taken.fetch_add(1, Ordering::Relaxed) + 1 >= STUCK_AFTER {
            self.cell.fail(FailureCode::Timeout, Stage::Sample, "the session takes no more requests");
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
            Link::Local(probe) => {
                probe.allow(FACTS_BUDGET);
                probe.put(facts_request().as_bytes())
            }
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
