//! Servers, and how many connections to each are not logged in yet: names that stand for one server, and the connections to a jump
//! host, must not trip its `MaxStartups`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::settings::Proxy;

/// Connections to one server that are not logged in yet: `MaxStartups` drops some from ten on.
pub(super) const MOST_UNAUTHENTICATED: usize = 8;

/// One server, by the way to it, whatever the names and login names: a private address is that of another machine behind another
/// jump host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Server {
    /// One that is connected to from here.
    Direct(SocketAddr),
    /// One that something is before, which looks up its name.
    Behind(String, u16, Proxy),
    /// What a `ProxyCommand` goes through, by the command without the host that it is for: `ssh -W %h:%p gate`.
    Gate(String),
}

impl Server {
    /// What a command for a host goes through: commands that differ by their host alone, whichever of its names they have, go
    /// through the same.
    pub(super) fn gate(command: &str, names: &[&str], port: u16) -> Self {
        let port = port.to_string();
        let general = |word: &str| match word {
            _ if names.contains(&word) => "%h".to_owned(),
            _ if word == port => "%p".to_owned(),
            _ => word.to_owned(),
        };
        let is_between = |next: char| !next.is_alphanumeric() && !matches!(next, '.' | '-' | '_');
        // An IPv6 address is no single word.
        let addresses = names.iter().filter(|name| name.contains(':'));
        let command = addresses.fold(command.to_owned(), |command, address| command.replace(address, "%h"));
        let pieces = command.split_inclusive(is_between).map(|piece| {
            let word = piece.trim_end_matches(is_between);
            general(word) + piece.get(word.len()..).unwrap_or_default()
        });
        Self::Gate(pieces.collect())
    }
}

/// The servers of a scan.
#[derive(Debug, Default)]
pub(super) struct Servers(Mutex<HashMap<Server, Arc<Semaphore>>>);

/// A place among the connections to a server that are not logged in yet.
#[derive(Debug)]
pub(super) struct Place(#[expect(dead_code, reason = "held, and given back when it is dropped")] OwnedSemaphorePermit);

impl Servers {
    /// Waits for a place. `None` never comes: no semaphore here is closed.
    pub(super) async fn place(&self, server: Server) -> Option<Place> {
        // Every change is a single one, so that the table is whole even where somebody panicked.
        let places = {
            let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(servers.entry(server).or_insert_with(|| Arc::new(Semaphore::new(MOST_UNAUTHENTICATED))))
        };
        places.acquire_owned().await.ok().map(Place)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn commands_that_differ_by_their_host_go_through_one_gate() {
        let gate = |command: &str, address: &str, port| Server::gate(command, &[address, "h1"], port);
        let first = gate("ssh -p 2222 -W 10.0.0.1:22 gate", "10.0.0.1", 22);
        assert_eq!(first, Server::Gate("ssh -p 2222 -W %h:%p gate".to_owned()));
        assert_eq!(first, gate("ssh -p 2222 -W 10.0.0.2:2201 gate", "10.0.0.2", 2201));
        assert_ne!(first, gate("ssh -p 2222 -W 10.0.0.2:22 other", "10.0.0.2", 22));
        assert_eq!(first, gate("ssh -p 2222 -W h1:22 gate", "10.0.0.3", 22), "by the name that is not an address (%n)");
        assert_eq!(first, gate("ssh -p 2222 -W a:22 gate", "a", 22), "a name is a whole word");
        let bracketed = Server::Gate("ssh -W [%h]:%p gate".to_owned());
        assert_eq!(gate("ssh -W [2001:db8::1]:22 gate", "2001:db8::1", 22), bracketed);
        assert_eq!(gate("", "h", 22), Server::Gate(String::new()));
    }

    #[tokio::test]
    async fn each_server_has_places_of_its_own() {
        let servers = Servers::default();
        let direct = |port| Server::Direct(SocketAddr::from(([127, 0, 0, 1], port)));
        let behind = |gate: &str| Server::Behind("10.0.0.1".to_owned(), 22, Proxy::Command(gate.to_owned()));
        for server in [direct(22), direct(23), behind("a"), behind("b")] {
            let mut held: Vec<Place> = Vec::new();
            while let Some(Some(place)) = servers.place(server.clone()).now_or_never() {
                held.push(place);
            }
            assert_eq!(held.len(), MOST_UNAUTHENTICATED);
            held.pop();
            assert!(servers.place(server).now_or_never().is_some(), "a place is given back");
        }
    }
}
