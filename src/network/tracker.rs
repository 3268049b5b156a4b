//! Ticket systems over HTTP: one request after the other, bounded in time and size, tried again where that is safe.
//!
//! Redirections are not followed: a request and its secret go where it was said, or nowhere.

use std::cell::Cell;
use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Proxy};

use super::WebError;
use super::detour::Detour;
use crate::clock::Nanos;
use crate::tickets::{Answer, Credentials, Failure, Filled, FilledBody, Method, Patience, Request, longest};

/// A connection.
const CONNECT: Duration = Duration::from_secs(10);
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

/// What the standard library says first where a name is not found; such a failure has no kind of its own.
const LOOKUP_FAILED: &str = "failed to lookup address information";

/// A ticket system that can be asked.
#[derive(Debug)]
pub struct Tracker {
    secure: Way,
    plain: Way,
    limits: Limits,
    /// What is left of the time that this run waits in vain.
    patience: Cell<Patience>,
    /// Why nobody can be vouched for, where that is so.
    without_roots: Option<String>,
}

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For a request with a body of so many octets and its answer.
    pub whole: fn(usize) -> Nanos,
}

/// How a server is asked.
#[derive(Debug)]
struct Way {
    direct: Agent,
    /// What asks through the proxy of the environment; none where none is named.
    detour: Option<(Agent, Detour)>,
}

impl Tracker {
    /// What asks: it trusts the roots of this machine, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and goes through the
    /// proxy that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` names, unless `NO_PROXY` says otherwise.
    pub fn new() -> Result<Self, TrackerError> {
        Self::within(Limits { connect: CONNECT, whole: longest })
    }

    /// The same with other limits.
    pub fn within(limits: Limits) -> Result<Self, TrackerError> {
        let found = rustls_native_certs::load_native_certs();
        let roots: Vec<Certificate<'static>> =
            found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        let without_roots = roots.is_empty().then(|| no_roots(&found.errors));
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
                .timeout_connect(Some(limits.connect))
                .user_agent(concat!("clockaudit/", env!("CARGO_PKG_VERSION")))
                .tls_config(tls.clone())
                .proxy(proxy);
            config.build().new_agent()
        };
        let way = |names: &[&str]| {
            let detour = Detour::of_environment(names)?;
            let detour = detour.map(|detour| (agent(Some(detour.proxy().clone())), detour));
            Ok::<_, TrackerError>(Way { direct: agent(None), detour })
        };
        let secure = way(&["HTTPS_PROXY", "https_proxy"])?;
        let plain = way(&["HTTP_PROXY", "http_proxy"])?;
        Ok(Self { secure, plain, limits, patience: Cell::default(), without_roots })
    }

    /// Sends a request until it is answered, as often as patience has it.
    pub fn ask(&self, request: &Request, secrets: &Credentials) -> Result<Answer, TrackerError> {
        let missing = || TrackerError::Unsendable("a secret of the request was not found".to_owned());
        let filled = request.fill(secrets).ok_or_else(missing)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let (sent, lasted) = match self.send(request.method, &filled) {
                Ok(answer) => (Ok(answer), Nanos(0)),
                Err(Unsent { error, lasted }) => (Err(error), lasted),
            };
            let failure = match &sent {
                Ok(answer) => Failure::Answered(answer),
                Err(TrackerError::Unconnected(_)) => Failure::Unconnected,
                Err(TrackerError::Broken(_)) => Failure::Broken,
                Err(TrackerError::Unsendable(_)) => return sent,
            };
            let mut patience = self.patience.get();
            let wait = patience.wait(request, tries, failure, lasted);
            self.patience.set(patience);
            let Some(wait) = wait else { return sent };
            thread::sleep(duration(wait));
        }
    }

    /// Waits before what may have been made is looked for, which was tried so often.
    pub fn pause(&self, tries: u32) {
        let mut patience = self.patience.get();
        let wait = patience.before_a_look(tries);
        self.patience.set(patience);
        thread::sleep(duration(wait));
    }

    /// Whether anything is tried again by this run.
    pub fn is_patient(&self) -> bool {
        !self.patience.get().is_spent()
    }

    fn send(&self, method: Method, filled: &Filled) -> Result<Answer, Unsent> {
        let mut request = ureq::http::Request::builder().method(method.word()).uri(&filled.url);
        for (name, value) in &filled.headers {
            request = request.header(name, value);
        }
        let is_secure = filled.url.starts_with("https:");
        if let Some(why) = self.without_roots.as_ref().filter(|_| is_secure) {
            return Err(TrackerError::Unsendable(why.clone()).into());
        }
        let way = if is_secure { &self.secure } else { &self.plain };
        // What is wrong with a request may be in its secrets, so it is not told.
        let odd = |_| {
            TrackerError::Unsendable("the address, or a secret, has characters that no request can hold".to_owned())
        };
        let (agent, through) = way.to(&filled.url);
        let bytes = match &filled.body {
            FilledBody::None => None,
            FilledBody::Bytes(bytes) => Some(bytes.as_slice()),
        };
        let whole = (self.limits.whole)(bytes.map_or(0, <[u8]>::len));
        let most = Some(duration(whole));
        let answered = match bytes {
            None => {
                let request = request.body(()).map_err(odd)?;
                agent.run(agent.configure_request(request).timeout_global(most).build())
            }
            Some(bytes) => {
                let request = request.body(bytes).map_err(odd)?;
                agent.run(agent.configure_request(request).timeout_global(most).build())
            }
        };
        answered.and_then(read).map_err(|error| Unsent {
            // Nobody's clock is read for it: only what took all its time took long.
            lasted: match &error {
                ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => nanos(self.limits.connect),
                ureq::Error::Timeout(_) => whole,
                _ => Nanos(0),
            },
            error: told(&error, self.limits.connect, duration(whole), through.as_deref(), is_secure),
        })
    }
}

/// A try that came to no answer.
struct Unsent {
    error: TrackerError,
    /// How long it was waited for.
    lasted: Nanos,
}

impl From<TrackerError> for Unsent {
    fn from(error: TrackerError) -> Self {
        Self { error, lasted: Nanos(0) }
    }
}

fn duration(of: Nanos) -> Duration {
    Duration::from_nanos(u64::try_from(of.0).unwrap_or_default())
}

fn nanos(of: Duration) -> Nanos {
    Nanos(i64::try_from(of.as_nanos()).unwrap_or(i64::MAX))
}

impl Way {
    /// What asks for this address, and the proxy that it asks, without its password.
    fn to(&self, url: &str) -> (&Agent, Option<String>) {
        match &self.detour {
            Some((agent, detour)) if detour.leads_to(url) => (agent, Some(detour.name())),
            _ => (&self.direct, None),
        }
    }
}

/// That nobody can be vouched for, and of what that comes.
fn no_roots(errors: &[rustls_native_certs::Error]) -> String {
    let named =
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find_map(|name| Some((name, PathBuf::from(env::var_os(name)?))));
    let Some((name, path)) = named else { return WebError::NoRoots.to_string() };
    let why = errors.first().map(|error| format!(": {error}")).unwrap_or_default();
    format!(
        "`{name}` names {}, where no certificate can be read, so nobody vouches for the server{why}",
        path.display()
    )
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

/// What went wrong, without the address: it may hold a secret. `through` is the proxy that was asked.
fn told(
    error: &ureq::Error,
    connect: Duration,
    whole: Duration,
    through: Option<&str>,
    is_secure: bool,
) -> TrackerError {
    use ureq::Error;
    let unknown_name = || {
        TrackerError::Unconnected(match through {
            Some(proxy) => format!("the name of the proxy {proxy} cannot be looked up"),
            None => "its name cannot be looked up: is `--url` right?".to_owned(),
        })
    };
    match error {
        Error::HostNotFound => unknown_name(),
        Error::Io(why) if why.to_string().starts_with(LOOKUP_FAILED) => unknown_name(),
        Error::ConnectionFailed => TrackerError::Unconnected("no connection to it came about".to_owned()),
        Error::ConnectProxyFailed(why) => {
            // What it answered stands before the slash.
            let (proxy, why) = (through.unwrap_or_default(), why.split('/').next().unwrap_or_default());
            // Many open tunnels to port 443 alone.
            let way =
                if is_secure { "" } else { ". Is there an https:// address, or is `NO_PROXY` to name the server?" };
            TrackerError::Unconnected(format!("the proxy {proxy} does not connect to it: {why}{way}"))
        }
        Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            let to = through.map(|proxy| format!(" to the proxy {proxy}")).unwrap_or_default();
            TrackerError::Unconnected(format!("no connection{to} within {}", length(connect)))
        }
        Error::Timeout(_) => TrackerError::Broken(format!("no answer within {}", length(whole))),
        Error::BodyExceedsLimit(most) => {
            TrackerError::Unsendable(format!("its answer is longer than {} MiB", most >> 20))
        }
        Error::Io(why) if why.kind() == io::ErrorKind::ConnectionRefused => TrackerError::Unconnected(match through {
            Some(proxy) => format!("the proxy {proxy} refused the connection"),
            None => "the connection was refused".to_owned(),
        }),
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

fn length(of: Duration) -> String {
    if of.subsec_nanos() == 0 { format!("{} s", of.as_secs()) } else { format!("{} ms", of.as_millis()) }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, ToSocketAddrs};

    use super::*;
    use crate::tickets::{System, webhook};

    const LIMITS: Limits = Limits { connect: CONNECT, whole: |_| Nanos::from_millis(50) };

    #[test]
    fn a_name_that_is_not_found_is_no_broken_connection() {
        // Longer than any name may be: nobody is asked for it.
        let failed = (format!("{}.invalid", "x".repeat(64)), 80).to_socket_addrs().expect_err("no such name");
        let failed = ureq::Error::Io(failed);
        let check = |through: Option<&str>, expected: &str| match told(&failed, CONNECT, CONNECT, through, true) {
            TrackerError::Unconnected(words) => assert_eq!(words, expected),
            other => panic!("{other:?}"),
        };
        check(None, "its name cannot be looked up: is `--url` right?");
        check(Some("proxy:80"), "the name of the proxy proxy:80 cannot be looked up");
    }

    #[test]
    fn a_server_that_never_answers_is_left_after_the_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let site = crate::tickets::Site::new(System::Webhook, Some(&url), None, None).expect("a place");
        let place = webhook::SecretPlace("SECRET".to_owned());
        let request = webhook::request(&site, "{}", &place).expect("a request");
        let tracker = Tracker::within(LIMITS).expect("a tracker");
        // The kernel takes the connection; nobody reads of it.
        match tracker.ask(&request, &Credentials::default()) {
            Err(TrackerError::Broken(words)) => assert_eq!(words, "no answer within 50 ms"),
            other => panic!("{other:?}"),
        }
        drop(listener);
    }
}
