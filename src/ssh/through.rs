//! A connection through a jump host: a channel that is always read, whatever is done with what it brings.
//!
//! The SSH library hands what a jump host sends to the channels one by one, and waits where one of them is not read. A session
//! inside such a channel does not read while it writes, and what it writes waits for the library's same loop: with enough hosts
//! behind a jump host each waits for the other for ever.

use std::io::{self, BufRead as _, Cursor};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::jump::Lease;
use super::transport::Stream;

/// Bytes that are taken from the channel at once.
const READ_AT_ONCE: usize = 4_096;
/// Bytes that may wait to be read: far beyond what the hosts behind may send. A session that does not read them is being flooded.
const MOST_WAITING: usize = 4 * 1_024 * 1_024;

/// A channel through a jump host, and the place that it takes there.
pub(super) struct Through<Channel> {
    writer: WriteHalf<Channel>,
    arrived: mpsc::UnboundedReceiver<io::Result<Vec<u8>>>,
    /// What has arrived and was asked for in part.
    rest: Cursor<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    reading: JoinHandle<()>,
    _lease: Option<Lease>,
}

impl<Channel: AsyncRead + AsyncWrite + Send + 'static> Through<Channel> {
    pub(super) fn new(channel: Channel, lease: impl Into<Option<Lease>>) -> Self {
        let (reader, writer) = split(channel);
        let (deliver, arrived) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let reading = tokio::spawn(read_on(reader, deliver, Arc::clone(&waiting)));
        Self { writer, arrived, rest: Cursor::default(), waiting, reading, _lease: lease.into() }
    }
}

impl<Channel: AsyncWrite + Send + Unpin> Stream for Through<Channel> {}

impl<Channel> Drop for Through<Channel> {
    fn drop(&mut self) {
        // With its other half the channel is closed.
        self.reading.abort();
    }
}

/// Reads a channel until it ends or nobody wants it any more. Once too much waits the rest is let go: a channel that is not read
/// would hold up the others of its connection until its session is gone.
async fn read_on<Channel: AsyncRead>(
    mut reader: ReadHalf<Channel>,
    deliver: mpsc::UnboundedSender<io::Result<Vec<u8>>>,
    waiting: Arc<AtomicUsize>,
) {
    let mut is_flooded = false;
    loop {
        let mut bytes = Vec::with_capacity(READ_AT_ONCE);
        let arrived = match reader.read_buf(&mut bytes).await {
            Ok(0) => return,
            Ok(_) if is_flooded => continue,
            Ok(length) if waiting.fetch_add(length, Ordering::SeqCst).saturating_add(length) > MOST_WAITING => {
                is_flooded = true;
                Err(io::Error::other("more came through the jump host than was read"))
            }
            Ok(_) => Ok(bytes),
            Err(error) => {
                // Whoever does not want it any more is gone already.
                let _ = deliver.send(Err(error));
                return;
            }
        };
        if deliver.send(arrived).is_err() {
            return;
        }
    }
}

impl<Channel: Unpin> AsyncRead for Through<Channel> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.rest.fill_buf()?.is_empty() {
            match ready!(this.arrived.poll_recv(context)) {
                Some(Ok(bytes)) => {
                    this.waiting.fetch_sub(bytes.len(), Ordering::SeqCst);
                    this.rest = Cursor::new(bytes);
                }
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(())),
            }
        }
        // Reading from memory neither waits nor fails.
        let length = io::Read::read(&mut this.rest, buffer.initialize_unfilled())?;
        buffer.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<Channel: AsyncWrite + Unpin> AsyncWrite for Through<Channel> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().writer).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().writer).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().writer).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn the_channel_is_read_while_nobody_asks() {
        let (channel, mut jump) = duplex(16);
        let mut through = Through::new(channel, None);
        let sent: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        jump.write_all(&sent).await.unwrap();
        drop(jump);
        let mut read = Vec::new();
        through.read_to_end(&mut read).await.unwrap();
        assert!(read == sent, "{} bytes", read.len());
    }

    #[tokio::test]
    async fn a_flood_ends_the_session_and_holds_up_nobody() {
        let (channel, mut jump) = duplex(READ_AT_ONCE);
        let mut through = Through::new(channel, None);
        // All of it is taken in, though nobody reads.
        jump.write_all(&vec![0; MOST_WAITING * 2]).await.unwrap();
        let mut read = Vec::new();
        through.read_to_end(&mut read).await.unwrap_err();
        assert!(read.len() <= MOST_WAITING);
        drop(through);
        assert_eq!(jump.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_dropped_closes_the_channel() {
        let (channel, mut jump) = duplex(16);
        drop(Through::new(channel, None));
        assert_eq!(jump.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }
}
