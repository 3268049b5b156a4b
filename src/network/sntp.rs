//! Asking an NTP server: a few exchanges, through one socket.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{sleep, timeout};

use crate::audit::ServerName;
use crate::clock::UnixNanos;
use crate::clock::reference::{NtpExchange, ntp_answer, ntp_request};
use crate::probe::TimeServer;

/// Exchanges with each server: the best of a few is much narrower than one.
const EXCHANGES: usize = 4;
/// Between two requests to one server; as the burst of a client that starts.
const PAUSE: Duration = Duration::from_millis(400);
/// An answer that takes longer says little.
const PATIENCE: Duration = Duration::from_secs(1);
/// Looking up a server's name.
const LOOKUP: Duration = Duration::from_secs(2);
/// Longer than any answer to a plain request.
const LONGEST: usize = 512;

/// Asks a server a few times; `None` where it does not answer. `now` reads the axis.
pub(super) async fn ask(server: &ServerName, now: impl Fn() -> UnixNanos) -> Option<TimeServer> {
    let exchanges = exchanges(server, now).await;
    (!exchanges.is_empty()).then(|| TimeServer { name: server.to_string(), exchanges })
}

async fn exchanges(server: &ServerName, now: impl Fn() -> UnixNanos) -> Vec<NtpExchange> {
    let mut found = Vec::new();
    let Some(socket) = connected(server).await else { return found };
    for count in 0..EXCHANGES {
        if count > 0 {
            sleep(PAUSE).await;
        }
        found.extend(timeout(PATIENCE, exchange(&socket, &now)).await.ok().flatten());
    }
    found
}

/// A socket that takes packets from this server only.
async fn connected(server: &ServerName) -> Option<UdpSocket> {
    let found = timeout(LOOKUP, lookup_host((server.host.as_str(), server.port))).await.ok()?;
    for address in found.ok()? {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let Ok(socket) = UdpSocket::bind((any, 0)).await else { continue };
        if socket.connect(address).await.is_ok() {
            return Some(socket);
        }
    }
    None
}

async fn exchange(socket: &UdpSocket, now: &impl Fn() -> UnixNanos) -> Option<NtpExchange> {
    let nonce = fastrand::u64(..);
    let sent = now();
    socket.send(&ntp_request(nonce)).await.ok()?;
    let mut packet = [0; LONGEST];
    loop {
        let length = socket.recv(&mut packet).await.ok()?;
        let received = now();
        // What answers an earlier request, or none, is no answer to this one.
        if let Some(found) = ntp_answer(packet.get(..length)?, nonce, sent, received) {
            return Some(found);
        }
    }
}
