//! The library's callbacks of one session: everything on the way of the data happens here, inside the session's own task.

use std::sync::Arc;

use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelId, Names};

use super::cell::HostCell;
use super::hearing::{Ear, Misheard, Stamps};
use super::host_key::{HostKeys, Judgement, LookUp};
use super::unopened::denied;
use super::wire::{Arrival, Cut, WireShared};
use crate::inventory::elevation::{Dialogue, Reply};
use crate::probe::transcript::{self, MAX_LINE};
use crate::probe::{Failure, FailureCode, HostEvent, Reader, Stage};

/// Channels that a server may try to open at us before the session is ended; each is refused.
const UNASKED_CHANNELS: u32 = 16;
/// Bytes of standard error that are looked at: a lecture, and what a method that does not know its options says of them all.
const ERRORS_KEPT: usize = 4_096;

/// Why the engine itself ends a session.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionEnd {
    /// The library gave up: the peer broke the protocol, or the connection ended.
    #[error(transparent)]
    Library(#[from] russh::Error),
    /// The host's output makes no sense.
    #[error(transparent)]
    Misheard(#[from] Misheard),
    /// The host asks for a password in vain.
    #[error("a password was asked for in vain")]
    PasswordInVain,
    /// The server opens channels that nobody asked for.
    #[error("the server opens channels that were not asked for")]
    UnaskedChannels,
}

/// The answer of one fresh `exec` of the fallback command, as far as it has come.
#[derive(Debug)]
struct DateAnswer {
    channel: ChannelId,
    text: Vec<u8>,
    stamps: Option<Stamps>,
}

/// What the callbacks of one session work on. Dropped with the session's task, whatever ended it, a panic included.
pub(super) struct SessionHandler {
    cell: Arc<HostCell>,
    wire: Arc<WireShared>,
    host_keys: Arc<HostKeys>,
    name: LookUp,
    ear: Ear,
    date: Option<DateAnswer>,
    probe_channel: Option<ChannelId>,
    errors: Vec<u8>,
    unasked_channels: u32,
    last_words: String,
    /// What may ask for a password before the probe is there.
    dialogue: Option<Dialogue>,
}

impl SessionHandler {
    pub(super) fn new(
        cell: Arc<HostCell>,
        wire: Arc<WireShared>,
        host_keys: Arc<HostKeys>,
        name: LookUp,
        ear: Ear,
        dialogue: Option<Dialogue>,
    ) -> Self {
        Self {
            ear,
            cell,
            wire,
            host_keys,
            name,
            date: None,
            probe_channel: None,
            errors: Vec::new(),
            unasked_channels: 0,
            last_words: "the connection ended".to_owned(),
            dialogue,
        }
    }

    fn stamps(&self) -> Stamps {
        let now = || Arrival { read: self.cell.board.clock.mark(), kernel: None };
        Stamps { sent: self.wire.sent(), arrival: self.wire.arrival().unwrap_or_else(now) }
    }

    /// Ends the session over what the host said; before the greeting that means that there is no usable clock behind it.
    fn misheard(&mut self, misheard: Misheard) -> SessionEnd {
        self.cell.fail(misheard.code(), self.cell.stage(), misheard.to_string());
        misheard.into()
    }

    /// Takes the answer of the fallback command, once its channel has ended.
    fn date_ended(&mut self, answer: &DateAnswer) {
        let text = String::from_utf8_lossy(&answer.text);
        let first_line = text.lines().map(str::trim).find(|line| !line.is_empty());
        let Some((reading, stamps)) = transcript::fallback(&answer.text).zip(answer.stamps) else {
            self.cell.heard_noise(first_line.map(str::to_owned));
            self.cell.probe_over("`date`");
            return;
        };
        let Some(armed) = self.cell.take_asked() else { return };
        if self.cell.reader().is_none() {
            self.cell.greeted(Reader::ExecDate);
        }
        let (sent, received) = stamps.around(armed);
        self.cell.sampled(reading.exchange(Reader::ExecDate, sent, received));
    }

    fn channel_ended(&mut self, channel: ChannelId) {
        if self.probe_channel == Some(channel) {
            // Whoever was to become another user says why not at the end, after lectures and warnings.
            match &self.dialogue {
                Some(dialogue) => self.cell.replace_noise(dialogue.reason(&self.errors)),
                None => self.cell.heard_noise(first_line(&self.errors)),
            }
            self.cell.probe_over(self.ear.whom());
        } else if let Some(answer) = self.date.take_if(|answer| answer.channel == channel) {
            self.date_ended(&answer);
        }
    }

    /// Gives the password to whoever asks for it before the probe is there, once.
    fn answer(&mut self, channel: ChannelId, bytes: &[u8], session: &mut Session) -> Result<(), SessionEnd> {
        let is_before = !self.cell.is_there();
        let Some(dialogue) = self.dialogue.as_mut().filter(|_| is_before) else { return Ok(()) };
        let method = dialogue.method();
        match dialogue.hear(bytes) {
            Reply::Wait => Ok(()),
            Reply::Answer(password) => {
                self.cell.gave_password();
                // What was said up to here was a question, and no reason.
                self.errors.clear();
                session.data(channel, format!("{}\n", password.reveal()).into_bytes())?;
                Ok(())
            }
            Reply::GiveUp(why) => {
                let Failure { code, stage, detail } = denied(method, why, None);
                self.cell.fail(code, stage, detail);
                Err(SessionEnd::PasswordInVain)
            }
        }
    }

    fn refuse_channel(&mut self) -> Result<(), SessionEnd> {
        self.unasked_channels += 1;
        if self.unasked_channels <= UNASKED_CHANNELS {
            return Ok(());
        }
        let end = SessionEnd::UnaskedChannels;
        self.cell.fail(FailureCode::Dropped, self.cell.stage(), end.to_string());
        Err(end)
    }
}

impl Drop for SessionHandler {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.cell.failed_by_us();
        }
        let why = match self.wire.why_cut() {
            Some(Cut::TooMuchData) => "the host sent far more than was asked for",
            _ => &self.last_words,
        };
        self.cell.closed(why);
    }
}

/// The first line of some remote bytes, if there is one.
fn first_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// Every way in which a server can open a channel ends here: dropping the reply refuses it.
macro_rules! refused {
    ($($name:ident($($argument:ty),*);)+) => {
        $(async fn $name(
            &mut self,
            _: Channel<Msg>,
            $(_: $argument,)*
            _: ChannelOpenHandle,
            _: &mut Session,
        ) -> Result<(), SessionEnd> {
            self.refuse_channel()
        })+
    };
}

impl Handler for SessionHandler {
    type Error = SessionEnd;

    async fn kex_done(&mut self, _: Option<&[u8]>, names: &Names, _: &mut Session) -> Result<(), SessionEnd> {
        let (exchange, cipher) = (names.kex.as_ref(), names.cipher.as_ref());
        self.cell.step(format!("keys are exchanged ({exchange}, host key {}, {cipher})", names.key));
        Ok(())
    }

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, SessionEnd> {
        self.cell.enter(Stage::HostKey);
        match self.host_keys.judge(&self.name, shown, self.cell.board.clock.now().0) {
            Judgement::Known => {
                let fingerprint = match shown {
                    PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256),
                    PublicKeyOrCertificate::Certificate(certificate) => {
                        certificate.public_key().fingerprint(HashAlg::Sha256)
                    }
                };
                self.cell.step(format!("its host key is right ({fingerprint})"));
                Ok(true)
            }
            Judgement::Accepted(fingerprint) => {
                self.cell.board.tell(HostEvent::KeyAccepted { host: self.cell.index, fingerprint });
                Ok(true)
            }
            Judgement::Refused(code, detail) => {
                self.cell.fail(code, Stage::HostKey, detail);
                Ok(false)
            }
        }
    }

    async fn channel_open_confirmation(
        &mut self,
        channel: ChannelId,
        _: u32,
        _: u32,
        _: &mut Session,
    ) -> Result<(), SessionEnd> {
        if matches!(self.ear, Ear::Elsewhere) {
            return Ok(());
        }
        if self.probe_channel.is_none() {
            self.probe_channel = Some(channel);
        } else {
            self.date = Some(DateAnswer { channel, text: Vec::new(), stamps: None });
        }
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, bytes: &[u8], _: &mut Session) -> Result<(), SessionEnd> {
        let stamps = self.stamps();
        if self.probe_channel == Some(channel) {
            return self.ear.hear(bytes, stamps).map_err(|misheard| self.misheard(misheard));
        }
        if let Some(answer) = self.date.as_mut().filter(|answer| answer.channel == channel) {
            let room = MAX_LINE.saturating_sub(answer.text.len());
            answer.text.extend(bytes.iter().take(room));
            answer.stamps = Some(stamps);
        }
        Ok(())
    }

    async fn extended_data(
        &mut self,
        channel: ChannelId,
        _: u32,
        bytes: &[u8],
        session: &mut Session,
    ) -> Result<(), SessionEnd> {
        if self.probe_channel == Some(channel) {
            self.answer(channel, bytes, session)?;
            let room = ERRORS_KEPT.saturating_sub(self.errors.len());
            self.errors.extend(bytes.iter().take(room));
        }
        Ok(())
    }

    async fn exit_status(&mut self, channel: ChannelId, status: u32, _: &mut Session) -> Result<(), SessionEnd> {
        if self.probe_channel == Some(channel) {
            self.last_words = format!("{} ended with exit status {status}", self.ear.whom());
            self.cell.heard_status(status);
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), SessionEnd> {
        self.channel_ended(channel);
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<SessionEnd>) -> Result<(), SessionEnd> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                let message: String = info.message.chars().take(200).collect();
                self.last_words = format!("the server ended the connection: {message}");
                self.cell.heard_farewell(message);
                Ok(())
            }
            DisconnectReason::Error(end) => {
                self.last_words = end.to_string();
                Err(end)
            }
        }
    }

    refused! {
        server_channel_open_forwarded_tcpip(&str, u32, &str, u32);
        server_channel_open_forwarded_streamlocal(&str);
        server_channel_open_agent_forward();
        server_channel_open_unknown();
        server_channel_open_session();
        server_channel_open_direct_tcpip(&str, u32, &str, u32);
        server_channel_open_direct_streamlocal(&str);
        server_channel_open_x11(&str, u32);
    }

    async fn should_accept_unknown_server_channel(&mut self, _: ChannelId, _: &str) -> bool {
        // A kind that has no name here is refused and counted with all others: from here the session could not be ended.
        true
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::encoding::Decode;
    use tokio::net::{TcpListener, TcpStream};

    use super::super::ScanClock;
    use super::super::board::Board;
    use super::super::known_keys::KeyFiles;
    use super::super::plan::ConnectionPlan;
    use super::super::wire::Wire;
    use super::*;
    use crate::inventory::target::Target;
    use crate::ssh::transport::Transport;

    async fn handler() -> SessionHandler {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let clock = ScanClock::freeze();
        let cell = Arc::new(HostCell::new(0, Arc::new(Board::new(clock, |_| {}))));
        let settings = ConnectionPlan::for_this_user().settings(&Target::default()).host_key.clone();
        let keys = Arc::new(HostKeys::load(&settings, 1, &mut KeyFiles::default()));
        SessionHandler::new(
            Arc::clone(&cell),
            Wire::new(Transport::Tcp(socket), clock).1,
            keys,
            LookUp { name: "web".to_owned(), port: 22, is_alias: false },
            Ear::probe(&cell),
            None,
        )
    }

    #[tokio::test]
    async fn channels_of_a_kind_without_a_name_are_refused_where_all_are() {
        let id = ChannelId::decode(&mut [0, 0, 0, 7].as_slice()).unwrap();
        let asked = handler().await.should_accept_unknown_server_channel(id, "tunnel@example").await;
        assert!(asked, "refused in passing, they would be refused without end");
    }

    #[tokio::test]
    async fn a_server_that_opens_channels_is_refused_and_then_left() {
        let mut handler = handler().await;
        for _ in 0..UNASKED_CHANNELS {
            assert!(handler.refuse_channel().is_ok());
        }
        assert_eq!(handler.cell.failure(), None);
        assert!(matches!(handler.refuse_channel(), Err(SessionEnd::UnaskedChannels)));
        assert_eq!(handler.cell.failure().map(|failure| failure.code), Some(FailureCode::Dropped));
    }
}
