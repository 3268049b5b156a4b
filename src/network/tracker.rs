//! Ticket systems over HTTP: one request after the other, bounded in time and size, tried again where that is safe.
//!
//! Redirections are not followed: a request and its secret go where it was said, or nowhere.

use std::env;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Proxy};

use super::WebError;
use crate::tickets::{Answer, Credentials, Failure, Filled, FilledBody, Method, Request, wait};

/// A connection.
const CONNECT: Duration = Duration::from_secs(10);
/// A request with its answer; a report of ten thousand hosts takes seconds.
const WHOLE: Duration = Duration::from_secs(120);
/// No answer is longer: a hundred tickets with their texts.
const LARGEST: u64 = 16 << 20;
/// The headers that something is read of.
const HEADERS: [&str; 4] = ["date", "etag", "location", "retry-after"];
/// No value of a header that something is read of is longer.
const LONGEST_HEADER: usize = 1_000;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// A secret that was not found, or the address cannot be asked.
    #[error("{0}")]
    Unsendable(String),
    /// There is no connection: nothing was sent.
    #[error("{0}")]
    Unconnected(String),
    /// The connection ended or took too long: whether something was done is not known.
    #[error("{0}")]
    Broken(String),
}

/// A ticket system that can be asked.
#[derive(Debug)]
pub struct Tracker {
    secure: Agent,
    plain: Agent,
}

impl Tracker {
    /// What asks: it trusts the roots of this machine, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and goes through the
    /// proxy that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` names, unless `NO_PROXY` says otherwise.
    pub fn new() -> Result<Self, TrackerError> {
        let roots: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
            .build();
        let agent = |proxy: Option<Proxy>| {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .timeout_connect(Some(CONNECT))
                .timeout_global(Some(WHOLE))
                .user_agent(concat!("clockaudit/", env!("CARGO_PKG_VERSION")))
                .tls_config(tls.clone())
                .proxy(proxy);
            config.build().new_agent()
        };
        let secure = agent(proxy(&["HTTPS_PROXY", "https_proxy"])?);
        Ok(Self { secure, plain: agent(proxy(&["HTTP_PROXY", "http_proxy"])?) })
    }

    /// Sends a request until it is answered, as often as patience has it.
    pub fn ask(&self, request: &Request, secrets: &Credentials) -> Result<Answer, TrackerError> {
        let missing = || TrackerError::Unsendable("a secret of the request was not found".to_owned());
        let filled = request.fill(secrets).ok_or_else(missing)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let sent = self.send(request.method, &filled);
            let failure = match &sent {
                Ok(answer) => Failure::Answered(answer),
                Err(TrackerError::Unconnected(_)) => Failure::Unconnected,
                Err(TrackerError::Broken(_)) => Failure::Broken,
                Err(TrackerError::Unsendable(_)) => return sent,
            };
            let Some(wait) = wait(request, tries, failure) else { return sent };
            thread::sleep(Duration::from_nanos(u64::try_from(wait.0).unwrap_or_default()));
        }
    }

    fn send(&self, method: Method, filled: &Filled) -> Result<Answer, TrackerError> {
        let mut request = ureq::http::Request::builder().method(method.word()).uri(&filled.url);
        for (name, value) in &filled.headers {
            request = request.header(name, value);
        }
        let agent = if filled.url.starts_with("https:") { &self.secure } else { &self.plain };
        // What is wrong with a request may be in its secrets, so it is not told.
        let odd = |_| {
            TrackerError::Unsendable("the address, or a secret, has characters that no request can hold".to_owned())
        };
        let answered = match &filled.body {
            FilledBody::None => agent.run(request.body(()).map_err(odd)?),
            FilledBody::Bytes(bytes) => agent.run(request.body(bytes.as_slice()).map_err(odd)?),
        };
        answered.and_then(read).map_err(|error| told(&error))
    }
}

fn read(mut answered: ureq::http::Response<Body>) -> Result<Answer, ureq::Error> {
    let value = |name: &str| {
        let value = answered.headers().get(name)?.to_str().ok()?;
        (value.len() <= LONGEST_HEADER).then(|| (name.to_owned(), value.to_owned()))
    };
    let mut headers: Vec<(String, String)> = HEADERS.into_iter().filter_map(value).collect();
    // Redmine's usual server does not tell the time: how long ago a ticket was closed is then told by this machine's clock.
    if headers.iter().all(|(name, _)| name != "date") {
        headers.push(("date".to_owned(), chrono::Utc::now().to_rfc2822()));
    }
    let status = answered.status().as_u16();
    let body = answered.body_mut().with_config().limit(LARGEST).read_to_vec()?;
    Ok(Answer { status, headers, body })
}

/// The proxy of the environment; none where none is named.
fn proxy(names: &[&str]) -> Result<Option<Proxy>, TrackerError> {
    let set = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
    let Some(address) = names.iter().chain(&["ALL_PROXY", "all_proxy"]).find_map(set) else { return Ok(None) };
    // It may hold a password.
    let odd = |_| {
        TrackerError::Unsendable("the proxy that the environment names has no address that can be asked".to_owned())
    };
    let whole = if address.contains("://") { address } else { format!("http://{address}") };
    let proxy = Proxy::new(&whole).map_err(odd)?;
    let mut built = Proxy::builder(proxy.protocol()).host(proxy.host()).port(proxy.port());
    if let Some(user) = proxy.username() {
        built = built.username(user);
    }
    if let Some(password) = proxy.password() {
        built = built.password(password);
    }
    let none = ["NO_PROXY", "no_proxy"].iter().find_map(set).unwrap_or_default();
    for entry in none.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        built = built.no_proxy(entry);
        // As curl has it, a name stands for all below it.
        built = built.no_proxy(&format!(".{}", entry.trim_start_matches("*.").trim_start_matches('.')));
    }
    built.build().map(Some).map_err(odd)
}

/// What went wrong, without the address: it may hold a secret.
fn told(error: &ureq::Error) -> TrackerError {
    use ureq::Error;
    match error {
        Error::HostNotFound => TrackerError::Unconnected("its name cannot be looked up".to_owned()),
        Error::ConnectionFailed => TrackerError::Unconnected("no connection to it came about".to_owned()),
        Error::ConnectProxyFailed(_) => TrackerError::Unconnected("the proxy does not connect to it".to_owned()),
        Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            TrackerError::Unconnected(format!("no connection within {} s", CONNECT.as_secs()))
        }
        Error::Timeout(_) => TrackerError::Broken(format!("no answer within {} s", WHOLE.as_secs())),
        Error::BodyExceedsLimit(most) => {
            TrackerError::Unsendable(format!("its answer is longer than {} MiB", most >> 20))
        }
        Error::Io(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
            TrackerError::Unconnected("the connection was refused".to_owned())
        }
        // Whom nobody vouches for is not asked again.
        Error::Io(why)
            if why.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<tokio_rustls::rustls::Error>) =>
        {
            TrackerError::Unsendable(WebError::of_handshake(why).to_string())
        }
        Error::Rustls(why) => {
            let why = io::Error::new(io::ErrorKind::InvalidData, why.clone());
            TrackerError::Unsendable(WebError::of_handshake(&why).to_string())
        }
        Error::Io(why) => TrackerError::Broken(format!("the connection ended before an answer: {why}")),
        other => TrackerError::Broken(other.to_string()),
    }
}
