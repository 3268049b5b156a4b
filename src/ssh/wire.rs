//! The wire: the only thing the SSH library sees of a socket. It stamps requests and replies, counts bytes against a budget,
//! and can be cut from outside at any instant.
//!
//! The cut matters: while keys are exchanged the library polls nothing but its stream, so a peer that stalls or floods there
//! would keep a dropped session's task and socket alive for ever.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::sync::watch;
use tokio::time::timeout;

use super::scan_clock::{Mark, ScanClock};
use super::transport::Transport;
use crate::clock::UnixNanos;

/// Bytes that are read at once; what the library did not ask for yet is kept.
const READ_AHEAD: usize = 4_096;
/// Bytes that a host may send before it is ready to be sampled.
const FIRST_BUDGET: u64 = 256 * 1_024;
/// How much of what a server says before it identifies itself is kept for the report.
const GREETING_KEPT: usize = 200;
/// No stamp was taken.
const NONE: i64 = i64::MIN;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many wires of this process are alive: 0 after every run, or something leaks.
pub fn live_wires() -> usize {
    LIVE.load(Ordering::SeqCst)
}

/// Why a wire was cut from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The session is not wanted any more.
    Unwanted,
    /// The peer sent more bytes than its budget.
    TooMuchData,
}

/// What both ends of a wire share: the library's side inside [`Wire`], the engine's side in its session.
#[derive(Debug)]
pub(super) struct WireShared {
    dead: AtomicBool,
    gone: watch::Sender<bool>,
    cut: Mutex<Option<Cut>>,
    reader: AtomicWaker,
    writer: AtomicWaker,
    armed: AtomicBool,
    writes_since_armed: AtomicU32,
    sent: AtomicI64,
    received: AtomicI64,
    received_wall: AtomicI64,
    received_kernel: AtomicI64,
    total: AtomicU64,
    budget: AtomicU64,
    writes: AtomicU32,
    greeting: Mutex<Vec<u8>>,
}

/// The stamps of the packet that was read last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// When it was read, on the axis and by the wall clock.
    pub(super) read: Mark,
    /// The kernel's stamp of its arrival, by the wall clock.
    pub(super) kernel: Option<UnixNanos>,
}

impl WireShared {
    fn new() -> Self {
        Self {
            dead: AtomicBool::new(false),
            gone: watch::Sender::new(false),
            cut: Mutex::new(None),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            armed: AtomicBool::new(false),
            writes_since_armed: AtomicU32::new(0),
            sent: AtomicI64::new(NONE),
            received: AtomicI64::new(NONE),
            received_wall: AtomicI64::new(NONE),
            received_kernel: AtomicI64::new(NONE),
            total: AtomicU64::new(0),
            budget: AtomicU64::new(FIRST_BUDGET),
            writes: AtomicU32::new(0),
            greeting: Mutex::new(Vec::new()),
        }
    }

    /// Cuts the wire: whatever waits on it wakes up and fails. The first reason stands.
    pub(super) fn cut(&self, why: Cut) {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.dead.store(true, Ordering::SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    /// Cuts the wire and waits until the library has let go of it, `limit` at most: it does so when its task runs next.
    pub(super) async fn cut_off(&self, limit: Duration) {
        self.cut(Cut::Unwanted);
        let mut gone = self.gone.subscribe();
        // Neither running out of time nor a closed channel leaves anything else to do.
        let _ = timeout(limit, gone.wait_for(|gone| *gone)).await;
    }

    /// Why the wire was cut from this side, if it was.
    pub(super) fn why_cut(&self) -> Option<Cut> {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stamps the next write: called just before a request is queued.
    pub(super) fn arm(&self) {
        self.writes_since_armed.store(0, Ordering::SeqCst);
        self.sent.store(NONE, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
    }

    /// When the armed request was written, on the axis. `None` where it was not written alone: then the instant of arming is
    /// the only bound.
    pub(super) fn sent(&self) -> Option<UnixNanos> {
        let sent = self.sent.load(Ordering::SeqCst);
        (self.writes_since_armed.load(Ordering::SeqCst) == 1 && sent != NONE).then_some(UnixNanos(sent))
    }

    /// The stamps of the packet that was read last.
    pub(super) fn arrival(&self) -> Option<Arrival> {
        let (at, wall) = (self.received.load(Ordering::SeqCst), self.received_wall.load(Ordering::SeqCst));
        let kernel = self.received_kernel.load(Ordering::SeqCst);
        (at != NONE).then_some(Arrival {
            read: Mark { at: UnixNanos(at), wall: UnixNanos(wall) },
            kernel: (kernel != NONE).then_some(UnixNanos(kernel)),
        })
    }

    /// Lets the peer send `more` bytes from now on, instead of what was left.
    pub(super) fn allow(&self, more: u64) {
        self.budget.store(self.total.load(Ordering::SeqCst).saturating_add(more), Ordering::SeqCst);
    }

    /// How many bytes have come from the peer.
    pub(super) fn heard(&self) -> u64 {
        self.total.load(Ordering::SeqCst)
    }

    /// Whether the server has identified itself: the library's second write is its answer to that.
    pub(super) fn identified(&self) -> bool {
        self.writes.load(Ordering::SeqCst) >= 2
    }

    /// What the server said before it identified itself; bounded, not escaped.
    pub(super) fn greeting(&self) -> String {
        String::from_utf8_lossy(&self.greeting.lock().unwrap_or_else(PoisonError::into_inner)).trim().to_owned()
    }

    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Takes stock of bytes that just arrived.
    fn arrived(&self, bytes: &[u8], read: Mark, kernel: Option<i64>) {
        self.received_wall.store(read.wall.0, Ordering::SeqCst);
        self.received_kernel.store(kernel.unwrap_or(NONE), Ordering::SeqCst);
        self.received.store(read.at.0, Ordering::SeqCst);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let total = self.total.fetch_add(length, Ordering::SeqCst).saturating_add(length);
        if total > self.budget.load(Ordering::SeqCst) {
            self.cut(Cut::TooMuchData);
        }
        if !self.identified() {
            let mut greeting = self.greeting.lock().unwrap_or_else(PoisonError::into_inner);
            let room = GREETING_KEPT.saturating_sub(greeting.len());
            greeting.extend(bytes.iter().take(room));
        }
    }

    /// Notes a write that was begun at `at`.
    fn writes_at(&self, at: UnixNanos) {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if self.armed.load(Ordering::SeqCst) && self.writes_since_armed.fetch_add(1, Ordering::SeqCst) == 0 {
            self.sent.store(at.0, Ordering::SeqCst);
        }
    }
}

/// Cuts its wire when it is dropped: whoever gives up on a session takes its task and socket with it.
#[derive(Debug)]
pub(super) struct CutOnDrop(pub(super) Arc<WireShared>);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.cut(Cut::Unwanted);
    }
}

/// A connection that stamps, counts and can be cut.
#[derive(Debug)]
pub(super) struct Wire {
    transport: Transport,
    shared: Arc<WireShared>,
    clock: ScanClock,
    ahead: Vec<u8>,
    taken: usize,
    control: Vec<u8>,
}

impl Wire {
    /// Wraps a connection and, where it is a socket, asks the kernel for receive stamps.
    pub(super) fn new(transport: Transport, clock: ScanClock) -> (Self, Arc<WireShared>) {
        LIVE.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::new(WireShared::new());
        let control = match &transport {
            Transport::Tcp(socket) => kernel_stamps::request(socket),
            Transport::Stream(_) => Vec::new(),
        };
        let wire = Self { transport, shared: Arc::clone(&shared), clock, ahead: Vec::new(), taken: 0, control };
        (wire, shared)
    }

    /// Hands out what was read ahead; `false` where there is nothing.
    fn serve_ahead(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let rest = self.ahead.get(self.taken..).unwrap_or_default();
        let now = rest.get(..buffer.remaining().min(rest.len())).unwrap_or_default();
        if now.is_empty() {
            return false;
        }
        buffer.put_slice(now);
        self.taken += now.len();
        if self.taken == self.ahead.len() {
            self.ahead.clear();
            self.taken = 0;
        }
        true
    }

    /// Reads what there is: the number of bytes and, from a socket, the kernel's stamp.
    fn poll_receive(&mut self, context: &mut Context<'_>, chunk: &mut [u8]) -> Poll<io::Result<(usize, Option<i64>)>> {
        let socket = match &mut self.transport {
            Transport::Tcp(socket) => socket,
            Transport::Stream(stream) => {
                let mut buffer = ReadBuf::new(chunk);
                ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
                return Poll::Ready(Ok((buffer.filled().len(), None)));
            }
        };
        loop {
            ready!(socket.poll_read_ready(context))?;
            // A short read has emptied the socket; readiness is cleared within the same call, or a wake-up between the two
            // would be lost.
            let mut got = None;
            let control = &mut self.control;
            let outcome = socket.try_io(Interest::READABLE, || {
                let (length, stamp) = kernel_stamps::receive(socket, chunk, control)?;
                got = Some((length, stamp));
                if length > 0 && length < chunk.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match (got, outcome) {
                (Some(got), _) => return Poll::Ready(Ok(got)),
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => return Poll::Ready(Err(error)),
                (None, _) => {}
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
        self.shared.gone.send_replace(true);
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        // Registered before the test: a cut between the two still wakes us.
        wire.shared.reader.register(context.waker());
        if wire.shared.is_dead() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if buffer.remaining() == 0 || wire.serve_ahead(buffer) {
            return Poll::Ready(Ok(()));
        }
        let mut chunk = [0_u8; READ_AHEAD];
        let (length, kernel) = ready!(wire.poll_receive(context, &mut chunk))?;
        let bytes = chunk.get(..length).unwrap_or_default();
        if !bytes.is_empty() {
            wire.shared.arrived(bytes, wire.clock.mark(), kernel);
            let now = bytes.len().min(buffer.remaining());
            buffer.put_slice(bytes.get(..now).unwrap_or_default());
            wire.ahead.extend_from_slice(bytes.get(now..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        wire.shared.writer.register(context.waker());
        if wire.shared.is_dead() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        match &mut wire.transport {
            Transport::Tcp(socket) => loop {
                ready!(socket.poll_write_ready(context))?;
                wire.shared.writes_at(wire.clock.now());
                match socket.try_write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return Poll::Ready(outcome),
                }
            },
            Transport::Stream(stream) => {
                let at = wire.clock.now();
                let outcome = ready!(Pin::new(stream).poll_write(context, bytes));
                wire.shared.writes_at(at);
                Poll::Ready(outcome)
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Tcp(_) => Poll::Ready(Ok(())),
            Transport::Stream(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Tcp(socket) => Pin::new(socket).poll_shutdown(context),
            Transport::Stream(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(target_os = "linux")]
mod kernel_stamps {
    //! The kernel's own stamps of arriving packets: they leave the queue in front of this program out of the round trip.

    use std::io::{self, IoSliceMut};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt::ReceiveTimestampns};
    use nix::sys::time::TimeSpec;
    use tokio::net::TcpStream;

    use crate::ssh::scan_clock::nanos_of;

    /// Turns the stamps on, and makes the buffer they come in. A kernel that refuses costs precision only.
    pub(super) fn request(socket: &TcpStream) -> Vec<u8> {
        let _ = setsockopt(socket, ReceiveTimestampns, &true);
        nix::cmsg_space!(TimeSpec)
    }

    /// Reads what there is without waiting: its length, and the stamp of its last packet.
    pub(super) fn receive(
        socket: &TcpStream,
        chunk: &mut [u8],
        control: &mut Vec<u8>,
    ) -> io::Result<(usize, Option<i64>)> {
        control.resize(control.capacity(), 0);
        let mut slices = [IoSliceMut::new(chunk)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(control.as_mut_slice()), flags)?;
        let stamp = message.cmsgs().ok().and_then(|mut messages| {
            messages.find_map(|message| match message {
                ControlMessageOwned::ScmTimestampns(time) => Some(nanos_of(time)),
                _ => None,
            })
        });
        Ok((message.bytes, stamp))
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel_stamps {
    //! Without kernel stamps for TCP: the instant of reading is all there is.

    use std::io;

    use tokio::net::TcpStream;

    pub(super) fn request(_: &TcpStream) -> Vec<u8> {
        Vec::new()
    }

    pub(super) fn receive(socket: &TcpStream, chunk: &mut [u8], _: &mut Vec<u8>) -> io::Result<(usize, Option<i64>)> {
        use std::os::fd::AsFd;
        // Within try_io the socket itself is read: its tokio wrapper would ask for readiness again.
        Ok((nix::unistd::read(socket.as_fd(), chunk)?, None))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn pair() -> (Wire, Arc<WireShared>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, server) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (wire, shared) = Wire::new(Transport::Tcp(client.unwrap()), ScanClock::freeze());
        (wire, shared, server.unwrap().0)
    }

    #[tokio::test]
    async fn requests_and_replies_are_stamped() {
        let (mut wire, shared, mut server) = pair().await;
        wire.write_all(b"id\r\n").await.unwrap();
        assert_eq!(shared.sent(), None, "nothing was armed");
        for _ in 0..3 {
            let before = wire.clock.now();
            shared.arm();
            wire.write_all(b"now\n").await.unwrap();
            let sent = shared.sent().unwrap();
            server.write_all(b"reading").await.unwrap();
            let mut reply = [0; 3];
            wire.read_exact(&mut reply).await.unwrap();
            let arrival = shared.arrival().unwrap();
            assert!(before <= sent && sent <= arrival.read.at && arrival.read.at <= wire.clock.now());
            assert!(arrival.kernel.is_none_or(|kernel| kernel <= arrival.read.wall));
            // what was read ahead is served without another packet
            let mut rest = [0; 4];
            wire.read_exact(&mut rest).await.unwrap();
            assert_eq!((&reply, &rest), (b"rea", b"ding"));
        }
        wire.write_all(b"more").await.unwrap();
        assert_eq!(shared.sent(), None, "a second write since arming spoils the stamp");
    }

    /// The kernel starts to stamp a little after it was asked, from a task of its own.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_kernel_stamps_what_arrives() {
        let (mut wire, shared, mut server) = pair().await;
        shared.allow(u64::MAX);
        let stamped = async {
            while shared.arrival().is_none_or(|arrival| arrival.kernel.is_none()) {
                server.write_all(b"x").await.unwrap();
                wire.read_exact(&mut [0; 1]).await.unwrap();
            }
        };
        timeout(Duration::from_secs(10), stamped).await.expect("a packet with a stamp");
    }

    #[tokio::test]
    async fn a_cut_wakes_whoever_waits() {
        let (mut wire, shared, _server) = pair().await;
        let reading = tokio::spawn(async move {
            let mut one = [0; 1];
            wire.read_exact(&mut one).await.map(|_| ()).unwrap_err().kind()
        });
        tokio::task::yield_now().await;
        drop(CutOnDrop(Arc::clone(&shared)));
        assert_eq!(reading.await.unwrap(), io::ErrorKind::ConnectionAborted);
        assert_eq!(shared.why_cut(), Some(Cut::Unwanted));
    }

    #[tokio::test]
    async fn a_peer_that_sends_too_much_is_cut() {
        let (mut wire, shared, mut server) = pair().await;
        shared.allow(10_000);
        let flood = tokio::spawn(async move { server.write_all(&vec![b'x'; 1 << 20]).await });
        let mut sink = vec![0; 1 << 20];
        assert!(wire.read_exact(&mut sink).await.is_err());
        assert_eq!(shared.why_cut(), Some(Cut::TooMuchData));
        assert!(shared.total.load(Ordering::SeqCst) < 10_000 + READ_AHEAD as u64);
        assert_eq!(shared.greeting().len(), GREETING_KEPT);
        drop(wire);
        let _ = flood.await.unwrap();
    }

    #[tokio::test]
    async fn the_end_of_the_stream_is_told() {
        let (mut wire, _, server) = pair().await;
        drop(server);
        let mut rest = Vec::new();
        assert_eq!(wire.read_to_end(&mut rest).await.unwrap(), 0);
    }
}
