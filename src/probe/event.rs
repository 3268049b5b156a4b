//! What happens to hosts while a scan runs: the one stream that progress and log listen to.

use super::failure::Failure;
use crate::clock::Exchange;

/// One thing that happened to one host (`host` is its index among the targets), or to the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEvent {
    /// The session to the host is being opened.
    Connecting {
        /// Index among the targets.
        host: usize,
    },
    /// The probe has answered: the host can be sampled.
    Ready {
        /// Index among the targets.
        host: usize,
    },
    /// One exchange has been completed.
    Sampled {
        /// Index among the targets.
        host: usize,
    },
    /// The facts have been read, or given up.
    FactsRead {
        /// Index among the targets.
        host: usize,
    },
    /// The host is finished, and its session is being closed.
    Finished {
        /// Index among the targets.
        host: usize,
        /// All exchanges with it, oldest first.
        exchanges: Vec<Exchange>,
    },
    /// The host will not be measured (further).
    Failed {
        /// Index among the targets.
        host: usize,
        /// Why.
        failure: Failure,
    },
    /// An unknown host key was accepted and stored, as `--accept-new` asks.
    KeyAccepted {
        /// Index among the targets.
        host: usize,
        /// The key's `SHA256:` fingerprint.
        fingerprint: String,
    },
    /// A step on the way to the host was done, as `-vv` tells it.
    Step {
        /// Index among the targets.
        host: usize,
        /// What was done, in one line. Remote text in it is bounded but not escaped; no secret is in it.
        text: String,
    },
    /// Something about the whole run that the user should know, said once: fewer files than hosts, waves.
    Notice {
        /// What there is to know.
        text: String,
    },
}
