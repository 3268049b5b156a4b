//! Where simulated hosts are reached: the addresses and ports of a fleet, and the sockets behind them.
//!
//! On Linux all of 127.0.0.0/8 is this machine, so each host has an address of its own, and one listener that is bound
//! to the loopback interface serves them all: a fleet of 10,000 costs one socket until somebody connects. Elsewhere
//! each host has a port of its own on 127.0.0.1.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::plan::{HostPlan, Trouble};

/// Connections that may wait to be accepted: more than a client opens at once.
const BACKLOG: u32 = 4_096;
/// How long a connection to a full listener is given before it counts as unanswered. On loopback an answer takes 0.1 ms.
const UNANSWERED: Duration = Duration::from_millis(60);
/// Connections that fill the listener of the black holes, at most.
const FILLERS: usize = 16;
/// Hosts that share the third and the second byte of their address; 0 and 251 to 255 look odd at an address's end.
const ADDRESSES_IN_A_ROW: usize = 250;

/// The open doors of a fleet.
#[derive(Debug)]
pub(super) struct Gates {
    endpoints: Vec<SocketAddr>,
    listeners: Vec<Gate>,
    /// Sockets that do their work by being open: ports that refuse, listeners that are full.
    kept: Vec<Kept>,
}

/// A listener and the hosts behind it.
#[derive(Debug)]
pub(super) struct Gate {
    /// Where connections come in.
    pub(super) listener: TcpListener,
    /// The host, where the listener has only one; else the address that was connected to tells.
    pub(super) host: Option<usize>,
}

impl Gate {
    /// The host that a connection was made to.
    pub(super) fn host_of(&self, connection: &TcpStream) -> Option<usize> {
        match (self.host, connection.local_addr().ok()?.ip()) {
            (Some(host), _) => Some(host),
            (None, IpAddr::V4(address)) => host_at(address),
            (None, IpAddr::V6(_)) => None,
        }
    }
}

/// A socket that is kept open.
#[derive(Debug)]
#[expect(dead_code, reason = "held for what the open socket does, never read")]
enum Kept {
    /// Bound, so that nobody else takes the port, and not listening.
    Refusing(TcpSocket),
    /// Listening, and never accepting.
    Full(TcpListener),
    /// One of the connections that fill the one above.
    Filler(TcpStream),
}

impl Gates {
    /// Opens the doors of these hosts.
    pub(super) async fn open(hosts: &[HostPlan]) -> io::Result<Self> {
        let mut gates = Self { endpoints: Vec::with_capacity(hosts.len()), listeners: Vec::new(), kept: Vec::new() };
        let refusing = gates.refusing_port(hosts)?;
        let full = gates.full_port(hosts).await?;
        let serving = gates.shared_listener()?;
        for (index, host) in hosts.iter().enumerate() {
            let port = match host.trouble {
                Some(Trouble::Refused) => refusing,
                Some(Trouble::BlackHole) => full,
                _ => serving.map_or_else(|| gates.own_listener(index), Ok)?,
            };
            gates.endpoints.push(SocketAddr::V4(SocketAddrV4::new(address_of(index), port)));
        }
        Ok(gates)
    }

    /// Where each host is reached, in the order of the plan.
    pub(super) fn endpoints(&self) -> &[SocketAddr] {
        &self.endpoints
    }

    /// Takes the listeners out, to be served.
    pub(super) fn take_listeners(&mut self) -> Vec<Gate> {
        std::mem::take(&mut self.listeners)
    }

    /// A port where nothing listens and nothing will.
    fn refusing_port(&mut self, hosts: &[HostPlan]) -> io::Result<u16> {
        if hosts.iter().all(|host| host.trouble != Some(Trouble::Refused)) {
            return Ok(0);
        }
        let socket = loopback_socket()?;
        let port = socket.local_addr()?.port();
        self.kept.push(Kept::Refusing(socket));
        Ok(port)
    }

    /// A port whose listener is full: the kernel drops every further connection's first packet.
    async fn full_port(&mut self, hosts: &[HostPlan]) -> io::Result<u16> {
        if hosts.iter().all(|host| host.trouble != Some(Trouble::BlackHole)) {
            return Ok(0);
        }
        let listener = loopback_socket()?.listen(0)?;
        let port = listener.local_addr()?.port();
        self.kept.push(Kept::Full(listener));
        for _ in 0..FILLERS {
            match tokio::time::timeout(UNANSWERED, TcpStream::connect((Ipv4Addr::LOCALHOST, port))).await {
                Ok(filler) => self.kept.push(Kept::Filler(filler?)),
                Err(_) => break,
            }
        }
        Ok(port)
    }

    /// The one listener of all hosts, where addresses tell them apart.
    fn shared_listener(&mut self) -> io::Result<Option<u16>> {
        if !ADDRESSES {
            return Ok(None);
        }
        let listener = loopback_socket()?.listen(BACKLOG)?;
        let port = listener.local_addr()?.port();
        self.listeners.push(Gate { listener, host: None });
        Ok(Some(port))
    }

    /// A listener for one host, where ports tell them apart.
    fn own_listener(&mut self, host: usize) -> io::Result<u16> {
        let listener = loopback_socket()?.listen(BACKLOG)?;
        let port = listener.local_addr()?.port();
        self.listeners.push(Gate { listener, host: Some(host) });
        Ok(port)
    }
}

/// Whether each host has an address of its own.
const ADDRESSES: bool = cfg!(target_os = "linux");

/// A socket bound to a free port, reachable from this machine only.
#[cfg(target_os = "linux")]
fn loopback_socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Every address, but of this interface alone: no packet from outside gets here.
    socket.bind_device(Some(b"lo"))?;
    socket.bind(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)))?;
    Ok(socket)
}

/// A socket bound to a free port, reachable from this machine only.
#[cfg(not(target_os = "linux"))]
fn loopback_socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)))?;
    Ok(socket)
}

/// The address of a host: 127.64.0.1, 127.64.0.2, ...
fn address_of(host: usize) -> Ipv4Addr {
    if !ADDRESSES {
        return Ipv4Addr::LOCALHOST;
    }
    let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    let row = host / ADDRESSES_IN_A_ROW;
    Ipv4Addr::new(127, byte(64 + row / 256), byte(row % 256), byte(host % ADDRESSES_IN_A_ROW + 1))
}

/// The host of an address.
fn host_at(address: Ipv4Addr) -> Option<usize> {
    let [_, high, low, last] = address.octets();
    let row = usize::from(high).checked_sub(64)? * 256 + usize::from(low);
    Some(row * ADDRESSES_IN_A_ROW + usize::from(last).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn each_host_has_an_address_that_tells_who_it_is() {
        let check = |host: usize, expected: [u8; 4]| {
            assert_eq!(address_of(host), Ipv4Addr::from(expected));
            assert_eq!(host_at(Ipv4Addr::from(expected)), Some(host));
        };
        check(0, [127, 64, 0, 1]);
        check(249, [127, 64, 0, 250]);
        check(250, [127, 64, 1, 1]);
        check(10_000, [127, 64, 40, 1]);
        check(100_000, [127, 65, 144, 1]);
        assert_eq!(host_at(Ipv4Addr::LOCALHOST), None);
    }

    #[tokio::test]
    async fn a_refusing_port_refuses_and_a_full_one_does_not_answer() {
        let plan = |trouble| HostPlan { trouble, ..HostPlan::good("a", "web") };
        let hosts = [plan(None), plan(Some(Trouble::Refused)), plan(Some(Trouble::BlackHole))];
        let gates = Gates::open(&hosts).await.expect("loopback sockets");
        let [good, refused, hole] = gates.endpoints() else { panic!("three endpoints") };
        TcpStream::connect(good).await.expect("a listener");
        let error = TcpStream::connect(refused).await.expect_err("nothing listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let answer = tokio::time::timeout(UNANSWERED, TcpStream::connect(hole)).await;
        assert!(answer.is_err(), "the hole answered");
    }
}
