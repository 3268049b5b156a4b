//! What was seen of the fleet: per host its exchanges, facts or failure, and the controller's own clock beside them.

use super::facts::FactsReading;
use super::failure::Failure;
use super::reader::Reader;
use crate::clock::reference::NtpExchange;
use crate::clock::{Exchange, Interval, Nanos, UnixNanos};

/// What was seen of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The host's inventory name.
    pub host: String,
    /// How its clock was read, once that is known.
    pub reader: Option<Reader>,
    /// All exchanges, oldest first.
    pub exchanges: Vec<Exchange>,
    /// The facts read in the paced round after sampling, with the two clock readings that bracket them.
    pub facts: Option<FactsReading>,
    /// Why the host was not measured, or what ended it early.
    pub failure: Option<Failure>,
    /// How long the way from the first packet to the probe's first line took; `None` where it never came.
    pub ready_after: Option<Nanos>,
    /// Which sampling window the host was sampled in, 0 for the first.
    pub window: u32,
}

/// A time server and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeServer {
    /// The name or address that it was asked by.
    pub name: String,
    /// The exchanges with it.
    pub exchanges: Vec<NtpExchange>,
}

/// A web server that was asked for its `Date`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebServer {
    /// The name or address that it was asked by, with its port where that is not 443.
    pub name: String,
    /// The exchanges with it, in which the reading is its `Date`.
    pub exchanges: Vec<Exchange>,
    /// What went wrong, where something did.
    pub failure: Option<String>,
}

/// One reading of the controller's own clock against the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControllerReading {
    /// When, on the axis.
    pub at: UnixNanos,
    /// Wall clock minus axis, with the error of the reading.
    pub x: Interval,
}

/// One window of sampling: the sweeps between two readings of the controller's clock. Hunts and spare sweeps are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamplingWindow {
    /// When its first request was written, on the axis.
    pub opened: UnixNanos,
    /// When the last request of its last sweep was written, on the axis, of those that were answered by then.
    pub closed: UnixNanos,
    /// Within how long the first request of every host of the window was written.
    pub first_spread: Nanos,
}

/// Why a run ended before its work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// `--deadline` passed.
    Deadline,
}

impl Interruption {
    /// The word for it in traces.
    pub fn label(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Terminate => "terminate",
            Self::Deadline => "deadline",
        }
    }

    /// The interruption of that word.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Interrupt, Self::Terminate, Self::Deadline].into_iter().find(|one| one.label() == label)
    }
}

/// Everything that one scan saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When the scan began and ended, by the axis.
    pub started: UnixNanos,
    /// When the last session was closed, by the axis.
    pub finished: UnixNanos,
    /// One entry a host, in the order of the targets.
    pub observations: Vec<Observation>,
    /// The controller's clock, read at the start and the end of every window.
    pub controller: Vec<ControllerReading>,
    /// What the controller's own timekeeper said, and when; `None` where none answered.
    pub controller_facts: Option<FactsReading>,
    /// Whether the kernel told of a step of the controller's clock while it was watched.
    pub controller_stepped: bool,
    /// The 95th percentile of the lateness of the pacer's timer.
    pub timer_lateness_p95: Option<Nanos>,
    /// The sampling windows, in order; the first one's middle is the epoch T*.
    pub windows: Vec<SamplingWindow>,
    /// From the first claim's request to the last claim's answer, of the hosts that were asked as soon as the sweeps were over;
    /// of the longest such round where there were several windows.
    pub claims_window: Option<Nanos>,
    /// The same of the hosts that were asked after their hunts and spare sweeps; `None` where there were none.
    pub claims_late_window: Option<Nanos>,
    /// The time servers that were named and answered, in the order of their names.
    pub time_servers: Vec<TimeServer>,
    /// The web servers that were named, in the order of their names.
    pub web_servers: Vec<WebServer>,
    /// Set where the run ended early.
    pub interrupted: Option<Interruption>,
}
