//! Hosts that attack whoever reads their output: floods of bytes, lines and channels, and text that moves a terminal.

use russh::ChannelId;
use russh::server::{Handle, Session};

/// Clears a screen twice over, sets a window's title, rings, turns text red, goes back to the line's start, and reorders
/// what is written after it.
pub(super) const ESCAPES: &str = "\u{1b}[2J\u{9b}2J\u{1b}]0;owned\u{7}\u{1b}[31m\rok\u{202e}";

/// How many channels are opened at the client.
const CHANNELS: usize = 20_000;
/// The size of one piece of a flood, in bytes.
const PIECE: usize = 30_000;
/// How much one flood sends, at most, in bytes.
const MOST_BYTES: usize = 100_000_000;
/// How many lines one flood sends, at most.
const MOST_LINES: usize = 1_000_000;

/// What a flood is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flood {
    /// One line without end.
    OneLine,
    /// Many short lines.
    Lines,
}

/// Sends a flood into a channel, beside everything else that the session does, until the peer has had enough.
pub(super) fn pour(session: Handle, channel: ChannelId, flood: Flood) {
    let (piece, pieces) = match flood {
        Flood::OneLine => ("y".repeat(PIECE), MOST_BYTES / PIECE),
        Flood::Lines => ("spam\n".repeat(PIECE / "spam\n".len()), MOST_LINES / (PIECE / "spam\n".len())),
    };
    tokio::spawn(async move {
        for _ in 0..pieces {
            if session.data(channel, piece.clone()).await.is_err() {
                break;
            }
        }
    });
}

/// Opens channels at the client, which has asked for none.
pub(super) fn open_channels(session: &mut Session) -> Result<(), russh::Error> {
    for _ in 0..CHANNELS {
        session.channel_open_session()?;
    }
    Ok(())
}
