//! What happens while hosts are changed: the one stream that the journal and progress listen to. Hosts are named by their places in
//! the rollout.

use super::attempt::Outcome;
use super::remote::{Kept, Step, Taken};
use crate::clock::{Interval, Nanos};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixEvent {
    /// The yardstick is measured anew before the next wave.
    Measuring {
        /// How many hosts the wave has.
        hosts: usize,
    },
    /// A host did something on the way to being changed.
    Step {
        /// Which host.
        host: usize,
        /// What it did.
        step: Step,
    },
    /// Its files are new, and its chronyd follows what was expected.
    Applied {
        /// Which host.
        host: usize,
        /// The files and their backups.
        kept: Vec<Kept>,
        /// The way back from an installation.
        taken: Vec<Taken>,
    },
    /// Its turn had come, and it refused before anything was replaced: it is as it was.
    LeftAlone {
        /// Which host.
        host: usize,
        /// Why; remote text, not escaped.
        why: String,
    },
    /// It was looked at.
    Looked {
        /// Which host.
        host: usize,
        /// Its offset from the yardstick; `None` where it was not measured.
        offset: Option<Interval>,
        /// After how long its clock will be right, at most; `None` where it is.
        eta: Option<Nanos>,
    },
    /// Its change ended.
    Ended {
        /// Which host.
        host: usize,
        /// How.
        outcome: Outcome,
        /// What it or its chronyd said of it; remote text, not escaped.
        detail: Option<String>,
    },
}
