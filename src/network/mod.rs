//! The network edge: time servers that were named are asked for the time, and ticket systems that were named get tickets. Nobody
//! else is asked for anything.

mod detour;
mod https;
mod sntp;
pub mod tracker;
mod web_error;
mod web_session;

use futures::future::join_all;

use crate::audit::{ServerName, TimeProtocol};
use crate::clock::UnixNanos;
use crate::probe::{TimeServer, WebServer};

pub use web_error::WebError;

/// What the servers that were named answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The NTP servers that answered, in the order of their names.
    pub time: Vec<TimeServer>,
    /// The web servers, in the order of their names; what went wrong is said of each.
    pub web: Vec<WebServer>,
}

/// Asks every server, all at once; `now` reads the axis.
pub async fn ask(servers: &[ServerName], now: impl Fn() -> UnixNanos + Copy) -> Answers {
    let of = |protocol| servers.iter().filter(move |server| server.protocol == protocol);
    let time = join_all(of(TimeProtocol::Ntp).map(|server| sntp::ask(server, now)));
    let (time, web) = tokio::join!(time, https::ask(of(TimeProtocol::Https), now));
    Answers { time: time.into_iter().flatten().collect(), web }
}
