//! Hears what the script of a fix says: bytes in, what they mean out to whoever talks with it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::fix::remote::{Heard, Transcript, TranscriptError};
use crate::ssh::cell::HostCell;

/// One conversation's ear. What it hears is bounded by the transcript, and by the wire's budget for each request.
pub(in crate::ssh) struct ScriptEar {
    cell: Arc<HostCell>,
    transcript: Transcript,
    heard: mpsc::UnboundedSender<Heard>,
}

impl fmt::Debug for ScriptEar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptEar").finish_non_exhaustive()
    }
}

impl ScriptEar {
    /// An ear, and where to listen to what it hears: that ends when the channel does.
    pub(super) fn new(cell: &Arc<HostCell>) -> (Self, mpsc::UnboundedReceiver<Heard>) {
        let (heard, said) = mpsc::unbounded_channel();
        (Self { cell: Arc::clone(cell), transcript: Transcript::new(), heard }, said)
    }

    /// Takes what arrived.
    pub(in crate::ssh) fn hear(&mut self, bytes: &[u8]) -> Result<(), TranscriptError> {
        for said in self.transcript.hear(bytes)? {
            if said == Heard::Shell {
                self.cell.script_greeted();
            }
            // Whoever listened may be gone: then nothing is wanted any more.
            let _ = self.heard.send(said);
        }
        Ok(())
    }
}
