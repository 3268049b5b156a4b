//! A connection to a web server over which it is asked for its `Date`: bounded in octets, its certificate verified.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::WebError;
use crate::audit::ServerName;
use crate::clock::reference::{HttpAnswer, date_exchange, http_head};
use crate::clock::{Exchange, UnixNanos};

/// Looking up a server's name.
const LOOKUP: Duration = Duration::from_secs(2);
/// A connection to one of its addresses.
const CONNECT: Duration = Duration::from_secs(3);
/// No more of its addresses are tried.
const MOST_ADDRESSES: usize = 3;
/// The handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// An answer that takes longer says little.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longer than any head of an answer.
const LONGEST: usize = 16 * 1024;
/// What is read at once.
const PIECE: usize = 4 * 1024;

/// How servers are verified: by the roots of this machine, or by those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
pub(super) fn trust() -> Result<TlsConnector, WebError> {
    let mut roots = RootCertStore::empty();
    // What cannot be read or is no certificate vouches for nobody; the others still do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(WebError::NoRoots);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let verified = versions.map_err(|error| WebError::Tls(error.to_string()))?.with_root_certificates(roots);
    let mut config = verified.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A connection to a web server, ready for a request.
pub(super) struct WebSession {
    stream: TlsStream<TcpStream>,
    request: Vec<u8>,
}

/// What one request came to.
pub(super) struct Answered {
    pub(super) exchange: Exchange,
    /// Whether the connection stays open for the next.
    pub(super) is_kept: bool,
}

impl WebSession {
    /// Connects and shakes hands: none of that is in the exchanges, so that their round trips are those of the path.
    pub(super) async fn open(server: &ServerName, trust: &TlsConnector) -> Result<Self, WebError> {
        let name = pki_types::ServerName::try_from(server.host.clone()).map_err(|_| WebError::Name)?;
        let tcp = connected(server).await?;
        // A request must not wait for a fuller packet.
        tcp.set_nodelay(true).map_err(|error| WebError::Connect(error.to_string()))?;
        let handshake = timeout(HANDSHAKE, trust.connect(name, tcp)).await;
        let stream =
            handshake.map_err(|_| WebError::TooSlow(HANDSHAKE))?.map_err(|error| WebError::of_handshake(&error))?;
        let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
        let request = format!(
            "HEAD / HTTP/1.1\r\nHost: {host}{}\r\nUser-Agent: clockaudit\r\nAccept: */*\r\nCache-Control: no-cache\r\n\r\n",
            if server.port == server.protocol.port() { String::new() } else { format!(":{}", server.port) },
        );
        Ok(Self { stream, request: request.into_bytes() })
    }

    /// Asks once; `now` reads the axis.
    pub(super) async fn ask(&mut self, now: impl Fn() -> UnixNanos) -> Result<Answered, WebError> {
        timeout(PATIENCE, self.asked(now)).await.map_err(|_| WebError::TooSlow(PATIENCE))?
    }

    async fn asked(&mut self, now: impl Fn() -> UnixNanos) -> Result<Answered, WebError> {
        let sent = now();
        self.stream.write_all(&self.request).await.map_err(|_| WebError::Closed)?;
        self.stream.flush().await.map_err(|_| WebError::Closed)?;
        let mut octets: Vec<u8> = Vec::new();
        loop {
            let mut piece = [0; PIECE];
            let count = self.stream.read(&mut piece).await.map_err(|_| WebError::Closed)?;
            let received = now();
            if count == 0 {
                return Err(WebError::Closed);
            }
            octets.extend_from_slice(piece.get(..count).unwrap_or_default());
            if octets.len() > LONGEST {
                return Err(WebError::TooLong(LONGEST));
            }
            loop {
                match http_head(&octets)? {
                    HttpAnswer::Incomplete => break,
                    HttpAnswer::Interim(length) => drop(octets.drain(..length)),
                    HttpAnswer::Head(head) => {
                        let exchange = date_exchange(sent, received, head.date);
                        return Ok(Answered { exchange, is_kept: head.is_kept });
                    }
                }
            }
        }
    }
}

/// A connection to the first of the server's addresses that takes one.
async fn connected(server: &ServerName) -> Result<TcpStream, WebError> {
    let found = timeout(LOOKUP, lookup_host((server.host.as_str(), server.port))).await;
    let found = found.map_err(|_| WebError::Lookup(format!("no answer within {} s", LOOKUP.as_secs())))?;
    let addresses: Vec<SocketAddr> = found.map_err(|error| WebError::Lookup(error.to_string()))?.collect();
    let mut problem = WebError::Lookup("it has no address".to_owned());
    for address in addresses.into_iter().take(MOST_ADDRESSES) {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => problem = WebError::Connect(format!("{address}: {error}")),
            Err(_) => problem = WebError::Connect(format!("{address}: no answer within {} s", CONNECT.as_secs())),
        }
    }
    Err(problem)
}
