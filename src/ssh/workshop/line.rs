//! The line of a conversation: an SSH channel, or a pipe on this machine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use russh::client::Msg;
use russh::{ChannelWriteHalf, Disconnect};
use tokio::time::timeout;

use crate::ssh::local::LocalProbe;
use crate::ssh::session::Connection;

/// What a conversation is written to; dropping it cuts the connection.
pub(in crate::ssh) enum Line {
    /// A channel to another machine.
    Ssh {
        /// The channel.
        channel: ChannelWriteHalf<Msg>,
        /// What it runs in.
        connection: Connection,
    },
    /// A shell on this machine.
    Local(LocalProbe),
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ssh { .. } => "Ssh",
            Self::Local(_) => "Local",
        })
    }
}

impl Line {
    /// Writes all of `text`, and lets the other side send `budget` bytes from now on; `false` where nobody reads any more.
    pub(super) async fn write(&self, text: &str, budget: u64) -> bool {
        match self {
            Self::Ssh { channel, connection } => {
                connection.wire.allow(budget);
                channel.data(text.as_bytes()).await.is_ok()
            }
            Self::Local(probe) => {
                probe.allow(budget);
                probe.put_all(text.as_bytes()).await
            }
        }
    }

    /// Closes the line politely, within `limit`; after that the connection is cut.
    pub(super) async fn close(self, limit: Duration) {
        let wire = match &self {
            Self::Ssh { channel, connection } => {
                let farewell = async {
                    // An error means that the session has ended already, which is what is wanted.
                    let _ = channel.close().await;
                    let _ = connection.handle.disconnect(Disconnect::ByApplication, "done", "en").await;
                };
                let _ = timeout(limit, farewell).await;
                Some(Arc::clone(&connection.wire))
            }
            Self::Local(probe) => {
                probe.hang_up();
                None
            }
        };
        drop(self);
        if let Some(wire) = wire {
            wire.cut_off(limit).await;
        }
    }
}
