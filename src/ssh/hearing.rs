//! What a host says through one channel, with the stamps of the wire: transcript in, exchanges and facts out.

use std::sync::Arc;

use super::cell::HostCell;
use super::scan_clock::{Mark, ScanClock};
use super::wire::Arrival;
use super::workshop::ScriptEar;
use crate::clock::UnixNanos;
use crate::fix::remote;
use crate::probe::FailureCode;
use crate::probe::transcript::{Heard, Phase, Transcript, TranscriptError};

/// Who hears what comes through a session's channel.
#[derive(Debug)]
pub(super) enum Ear {
    /// The probe is there.
    Probe(Hearing),
    /// The script of a fix is.
    Script(Box<ScriptEar>),
    /// Nobody is: the channels are connections to other hosts, which are heard elsewhere.
    Elsewhere,
}

impl Ear {
    /// Whoever hears the probe of that host.
    pub(super) fn probe(cell: &Arc<HostCell>) -> Self {
        Self::Probe(Hearing::new(Arc::clone(cell)))
    }

    /// Takes what arrived.
    pub(super) fn hear(&mut self, bytes: &[u8], stamps: Stamps) -> Result<(), Misheard> {
        match self {
            Self::Probe(hearing) => hearing.hear(bytes, stamps),
            Self::Script(ear) => ear.hear(bytes).map_err(Misheard::Script),
            Self::Elsewhere => Ok(()),
        }
    }

    /// What is heard, in words.
    pub(super) fn whom(&self) -> &'static str {
        match self {
            Self::Probe(_) => "the probe",
            Self::Script(_) => "the shell",
            Self::Elsewhere => "the session",
        }
    }
}

/// One channel's ear.
#[derive(Debug)]
pub(super) struct Hearing {
    cell: Arc<HostCell>,
    transcript: Transcript,
}

/// Why a host is not listened to any further.
#[derive(Debug, thiserror::Error)]
pub(super) enum Misheard {
    /// What it said makes no sense.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
    /// What the script of a fix said makes no sense.
    #[error(transparent)]
    Script(#[from] remote::TranscriptError),
    /// A reading came that nobody asked for: which request it answers cannot be told.
    #[error("a reading that was not asked for")]
    Unasked,
}

impl Misheard {
    /// What kind of failure it is: without a greeting that can be used, there is no usable clock behind the shell.
    pub(super) fn code(&self) -> FailureCode {
        match self {
            Self::Transcript(TranscriptError::NoReader { .. } | TranscriptError::TooMuchNoise)
            | Self::Script(remote::TranscriptError::TooMuchNoise) => FailureCode::NoShell,
            _ => FailureCode::Dropped,
        }
    }
}

/// The stamps around one answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamps {
    /// When the request was written, where that was seen.
    pub(super) sent: Option<UnixNanos>,
    /// When the answer arrived.
    pub(super) arrival: Arrival,
}

impl Stamps {
    /// The two ends of the exchange whose request was armed at `armed`: the narrowest that are sure to hold the reading.
    pub(super) fn around(self, armed: Mark) -> (UnixNanos, UnixNanos) {
        let sent = self.sent.filter(|sent| *sent >= armed.at).unwrap_or(armed.at);
        let carried = self.arrival.kernel.and_then(|stamp| ScanClock::carry(stamp, armed, self.arrival.read));
        (sent, carried.filter(|received| *received >= sent).unwrap_or(self.arrival.read.at))
    }
}

impl Hearing {
    pub(super) fn new(cell: Arc<HostCell>) -> Self {
        Self { cell, transcript: Transcript::new() }
    }

    /// Takes what arrived.
    pub(super) fn hear(&mut self, bytes: &[u8], stamps: Stamps) -> Result<(), Misheard> {
        let heard = self.transcript.feed(bytes);
        if self.transcript.phase() == Phase::Noise {
            self.cell.heard_noise(self.transcript.first_noise());
        }
        for said in heard? {
            match said {
                Heard::Hello { reader, .. } => self.cell.greeted(reader),
                Heard::Reading(reading) => {
                    let armed = self.cell.take_asked().ok_or(Misheard::Unasked)?;
                    let (sent, received) = stamps.around(armed);
                    let reader = self.transcript.reader().ok_or(Misheard::Unasked)?;
                    self.cell.sampled(reading.exchange(reader, sent, received));
                }
                Heard::Bracket(bracket) => {
                    let armed = self.cell.facts_asked().ok_or(Misheard::Unasked)?;
                    let (sent, received) = stamps.around(armed);
                    let reader = self.transcript.reader().ok_or(Misheard::Unasked)?;
                    self.cell.bracketed(bracket.exchange(reader, sent, received));
                }
                Heard::FactsEnd(facts) => self.cell.facts_so_far(facts, true),
            }
        }
        if self.transcript.phase() == Phase::Facts {
            self.cell.facts_so_far(self.transcript.facts().clone(), false);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64) -> Mark {
        Mark { at: UnixNanos(at), wall: UnixNanos(at) }
    }

    #[test]
    fn the_narrowest_sure_stamps_are_taken() {
        let check = |sent: Option<i64>, kernel: Option<i64>, expected: (i64, i64)| {
            let arrival = Arrival { read: mark(1_000), kernel: kernel.map(UnixNanos) };
            let (from, to) = Stamps { sent: sent.map(UnixNanos), arrival }.around(mark(100));
            assert_eq!((from.0, to.0), expected, "{sent:?} {kernel:?}");
        };
        check(Some(200), Some(900), (200, 900));
        check(None, None, (100, 1_000));
        // a stamp of another request, a packet that came before this one was sent
        check(Some(50), Some(900), (100, 900));
        check(Some(200), Some(150), (200, 1_000));
    }
}
