//! One SSH session with a simulated host: the server's side of login, channel and probe.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use russh::keys::PublicKey;
use russh::server::{self, Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use tokio::net::TcpStream;

use super::fleet::{Shared, SimulatedHost};
use super::hostile;
use super::plan::Trouble;
use super::shell::{self, Request, Shell};
use crate::clock::Nanos;

/// Round trips of a login after the key exchange: they show what a long path costs.
const LOGIN_ROUND_TRIPS: i64 = 3;
/// After so long without a word a session is given up, so that a fleet that stays up forgets clients that vanished.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(120);
/// What a host with a forced command says.
const FORCED: &str = "This account may only fetch backups.\n";

/// Serves one connection to its end.
pub(super) async fn run(connection: TcpStream, host: usize, shared: Arc<Shared>) -> std::io::Result<()> {
    let config = Arc::new(config(&shared, host));
    let handler = Server { shared, host, shell: Shell::default() };
    match server::run_stream(config, connection, handler).await {
        Ok(session) => session.await.map_err(std::io::Error::other),
        Err(error) => Err(std::io::Error::other(error)),
    }
}

/// The server's settings, made for each connection: ten thousand hosts that nobody talks to hold none.
fn config(shared: &Shared, host: usize) -> Config {
    Config {
        methods: MethodSet::from([MethodKind::PublicKey].as_slice()),
        auth_rejection_time: Duration::ZERO,
        keys: vec![shared.keys.host_key(host)],
        window_size: 65_536,
        channel_buffer_size: 4,
        event_buffer_size: 4,
        max_auth_attempts: 6,
        inactivity_timeout: Some(FORGOTTEN_AFTER),
        ..Config::default()
    }
}

/// The server's side of one session.
struct Server {
    shared: Arc<Shared>,
    host: usize,
    shell: Shell,
}

impl Server {
    /// The host that this session is with.
    fn host(&self) -> Result<&SimulatedHost, russh::Error> {
        self.shared.hosts.get(self.host).ok_or(russh::Error::Disconnect)
    }

    fn trouble(&self) -> Option<Trouble> {
        self.host().ok().and_then(|host| host.plan.trouble)
    }

    /// Whether this key opens this host.
    fn verdict(&self, key: &PublicKey) -> Auth {
        let known = key.key_data() == self.shared.keys.user_key().key_data();
        if known && self.trouble() != Some(Trouble::LoginRejected) { Auth::Accept } else { Auth::reject() }
    }

    /// Answers one request of the probe.
    async fn answer(
        &mut self,
        request: Request,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let shared = Arc::clone(&self.shared);
        let host = shared.hosts.get(self.host).ok_or(russh::Error::Disconnect)?;
        wait(host.plan.path.there).await;
        if let Some(Trouble::Drops { after_readings }) = host.plan.trouble
            && self.shell.readings() >= after_readings
        {
            return Err(russh::Error::Disconnect);
        }
        if let Some(Trouble::FallsSilent { after_readings }) = host.plan.trouble
            && self.shell.readings() >= after_readings
        {
            return Ok(());
        }
        match request {
            Request::Reading => {
                let line = self.shell.reading(host).await;
                shared.readings.fetch_add(1, Ordering::Relaxed);
                wait(host.plan.path.back).await;
                session.data(channel, line)?;
            }
            Request::Facts => {
                let facts = shell::facts(host).await;
                wait(host.plan.path.back).await;
                session.data(channel, facts)?;
                end(channel, 0, session)?;
            }
        }
        Ok(())
    }
}

impl Handler for Server {
    type Error = russh::Error;

    async fn auth_publickey_offered(&mut self, _: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        Ok(self.verdict(offer.public_key))
    }

    async fn auth_publickey(&mut self, _: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let path = self.host()?.plan.path;
        let slow = if let Some(Trouble::SlowLogin(length)) = self.trouble() { length } else { Nanos::ZERO };
        wait(Nanos((path.there + path.back).0.saturating_mul(LOGIN_ROUND_TRIPS)) + slow).await;
        Ok(self.verdict(key.public_key))
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        Ok((self.trouble() == Some(Trouble::EscapeSequences)).then(|| format!("welcome {}\r\n", hostile::ESCAPES)))
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        let shared = Arc::clone(&self.shared);
        let host = shared.hosts.get(self.host).ok_or(russh::Error::Disconnect)?;
        match host.plan.trouble {
            Some(Trouble::ForcedCommand) => {
                session.data(channel, FORCED)?;
                return end(channel, 1, session);
            }
            Some(Trouble::EndlessOutput) => hostile::pour(session.handle(), channel, hostile::Flood::OneLine),
            Some(Trouble::ManyLines) => hostile::pour(session.handle(), channel, hostile::Flood::Lines),
            Some(Trouble::ChannelFlood) => hostile::open_channels(session)?,
            Some(Trouble::EscapeSequences) => session.data(channel, format!("{}\n", hostile::ESCAPES))?,
            _ => {}
        }
        wait(host.plan.path.there + host.plan.path.back).await;
        let started = shell::start(command, host);
        session.data(channel, started.output)?;
        if started.ended { end(channel, started.status, session) } else { Ok(()) }
    }

    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        end(channel, 0, session)
    }

    async fn data(&mut self, channel: ChannelId, bytes: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        for request in self.shell.hear(bytes) {
            self.answer(request, channel, session).await?;
        }
        Ok(())
    }
}

/// Ends the program of a channel.
fn end(channel: ChannelId, status: u32, session: &mut Session) -> Result<(), russh::Error> {
    session.exit_status_request(channel, status)?;
    session.eof(channel)?;
    session.close(channel)
}

/// Waits; not at all where there is nothing to wait for.
async fn wait(length: Nanos) {
    if let Ok(nanos @ 1..) = u64::try_from(length.0) {
        tokio::time::sleep(Duration::from_nanos(nanos)).await;
    }
}
