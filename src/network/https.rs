//! Asking web servers for their `Date`: each is asked at the second's edge, a few times, until its clock is known as well as
//! its path and the age of its `Date` allow.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::WebError;
use super::web_session::{Answered, WebSession, trust};
use crate::audit::ServerName;
use crate::clock::estimate::Config;
use crate::clock::hunt::{self, Hunt};
use crate::clock::{Exchange, UnixNanos};
use crate::probe::WebServer;

/// A server is asked no more often: about six times halve a second down to what a cached `Date` leaves.
const MOST_REQUESTS: usize = 10;
/// A connection that a server closed is opened again so often.
const MOST_REPEATS: usize = 2;
/// No server is asked for longer, all in all.
const WHOLE: Duration = Duration::from_secs(25);
/// The next edge of a second is never farther away.
const SECOND: Duration = Duration::from_secs(1);

/// Asks every server, all at once; `now` reads the axis.
pub(super) async fn ask<'named>(
    servers: impl Iterator<Item = &'named ServerName>,
    now: impl Fn() -> UnixNanos + Copy,
) -> Vec<WebServer> {
    let servers: Vec<&ServerName> = servers.collect();
    if servers.is_empty() {
        return Vec::new();
    }
    // Files of certificates are read, some hundred of them.
    let trust = tokio::task::spawn_blocking(trust).await.unwrap_or_else(|_| Err(WebError::NoRoots));
    let asked = servers.into_iter().map(|server| {
        let trust = trust.clone();
        async move {
            let mut exchanges = Vec::new();
            let hunted = async { hunt(server, &trust?, now, &mut exchanges).await };
            let failure = timeout(WHOLE, hunted).await.unwrap_or(Err(WebError::TooSlow(WHOLE))).err();
            WebServer { name: server.to_string(), exchanges, failure: failure.map(|error| error.to_string()) }
        }
    });
    join_all(asked).await
}

/// Hunts the second's edge of one server; what was exchanged until something failed stays.
async fn hunt(
    server: &ServerName,
    trust: &TlsConnector,
    now: impl Fn() -> UnixNanos,
    exchanges: &mut Vec<Exchange>,
) -> Result<(), WebError> {
    let mut kept: Option<WebSession> = None;
    let mut repeats = 0;
    while exchanges.len() < MOST_REQUESTS {
        if matches!(hunt::next(exchanges, now(), &Config::STANDARD), Hunt::Done(_)) {
            break;
        }
        let mut session = match kept.take() {
            Some(session) => session,
            None => WebSession::open(server, trust).await?,
        };
        // Aimed once the session is there: a handshake takes its time.
        if let Some(aim) = hunt::aim(exchanges, now(), &Config::STANDARD) {
            let ahead = u64::try_from(aim.send_at.since(now()).0).unwrap_or(0);
            sleep(Duration::from_nanos(ahead).min(SECOND)).await;
        }
        match session.ask(&now).await {
            Ok(Answered { exchange, is_kept }) => {
                exchanges.push(exchange);
                kept = is_kept.then_some(session);
            }
            // Servers close a connection after some requests, or after some time, without saying so.
            Err(WebError::Closed) if !exchanges.is_empty() && repeats < MOST_REPEATS => repeats += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
