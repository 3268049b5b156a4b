//! Peers that are no honest SSH server: each listens on loopback, does its one thing to every client, and ends with it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a peer does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Conduct {
    /// Says nothing.
    Silent,
    /// Says these words, then nothing.
    Says(&'static str),
    /// Says these words over and over.
    Repeats(&'static [u8]),
    /// Says these words and closes.
    SaysAndCloses(&'static str),
    /// Identifies itself, and closes as soon as the client has sent its algorithms.
    ClosesInKeyExchange,
    /// Identifies itself, then sends packets that mean nothing without end.
    FloodsKeyExchange,
    /// Identifies itself, then sends one packet that means nothing, and another, and another: slowly.
    DripsIntoKeyExchange,
}

/// A listening peer; the task ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

const IDENTIFICATION: &[u8] = b"SSH-2.0-peer\r\n";
/// An unencrypted `SSH_MSG_IGNORE`: length 12, padding 4, type 2, a string of no bytes, padding of 6.
const IGNORE: &[u8] = &[0, 0, 0, 12, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

impl Peer {
    pub(crate) async fn start(conduct: Conduct) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    // The client's end of the conversation is an error here, and expected.
                    let _ = behave(client, conduct).await;
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn behave(mut client: TcpStream, conduct: Conduct) -> std::io::Result<()> {
    match conduct {
        Conduct::Silent => {}
        Conduct::Says(words) => client.write_all(words.as_bytes()).await?,
        Conduct::Repeats(bytes) => loop {
            client.write_all(bytes).await?;
        },
        Conduct::SaysAndCloses(words) => {
            client.write_all(words.as_bytes()).await?;
            return client.shutdown().await;
        }
        Conduct::ClosesInKeyExchange => {
            client.write_all(IDENTIFICATION).await?;
            let mut sent = 0;
            // The client's identification is some thirty bytes, its algorithms are many hundreds.
            while sent < 500 {
                sent += client.read(&mut [0; 4_096]).await?;
            }
            return client.shutdown().await;
        }
        Conduct::FloodsKeyExchange => {
            client.write_all(IDENTIFICATION).await?;
            let (mut read, mut write) = client.split();
            let flood = async {
                loop {
                    write.write_all(&IGNORE.repeat(256)).await?;
                }
            };
            let drain = async {
                while read.read(&mut [0; 4_096]).await? > 0 {}
                Ok(())
            };
            return tokio::select! { end = flood => end, end = drain => end };
        }
        Conduct::DripsIntoKeyExchange => {
            client.write_all(IDENTIFICATION).await?;
            loop {
                client.write_all(IGNORE).await?;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }
    while client.read(&mut [0; 4_096]).await? > 0 {}
    Ok(())
}

/// A port on which nothing listens: it is taken, so that nobody else can, while this lives.
pub(crate) struct RefusedPort {
    pub(crate) port: u16,
    _taken: std::os::fd::OwnedFd,
}

impl RefusedPort {
    pub(crate) fn new() -> Self {
        let (taken, port) = bound();
        Self { port, _taken: taken }
    }
}

/// A socket at a port of its own, and the port.
fn bound() -> (std::os::fd::OwnedFd, u16) {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket};
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&socket);
    bind(number, &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let port = getsockname::<SockaddrIn>(number).unwrap().port();
    (socket, port)
}

/// A listener that answers no new connection, its backlog being full; it stays so while this lives.
pub(crate) struct FullBacklog {
    pub(crate) port: u16,
    _listener: std::os::fd::OwnedFd,
    _waiting: Vec<std::net::TcpStream>,
}

impl FullBacklog {
    pub(crate) fn new() -> Self {
        use nix::sys::socket::{Backlog, listen};
        let (listener, port) = bound();
        listen(&listener, Backlog::new(0).unwrap()).unwrap();
        let address: SocketAddr = ([127, 0, 0, 1], port).into();
        let mut waiting = Vec::new();
        // Nobody accepts: the first that gets no answer shows that the queue is full.
        while let Ok(client) = std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(200)) {
            waiting.push(client);
        }
        Self { port, _listener: listener, _waiting: waiting }
    }
}

impl Conduct {
    pub(crate) const ENDLESS_BANNER: Self = Self::Repeats(b"welcome to this machine, which has much to say\r\n");
    pub(crate) const ENDLESS_LINE: Self = Self::Repeats(b"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
    pub(crate) const WEB_SERVER: Self = Self::SaysAndCloses("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    pub(crate) const HUGE_PACKET: Self = Self::Says("SSH-2.0-peer\r\n\x7f\x7f\x7f\x7f garbage");
}
