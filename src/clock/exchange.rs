//! One question and answer with a host's clock: the only evidence that an offset rests on.

use super::units::{Nanos, UnixNanos};

/// One exchange: the controller's two stamps and the host's reading between them.
///
/// Assumption A1 of `docs/measurement.md`: the readings were taken between `sent` and `received`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// Controller's stamp just before the request was written, on the axis (`s`).
    pub sent: UnixNanos,
    /// Controller's stamp just after the reply was read, on the axis (`r`).
    pub received: UnixNanos,
    /// First reading of the host's clock in the reply (`c`).
    pub first: UnixNanos,
    /// Last reading of the host's clock in the reply; `first` where there was one (`c2`).
    pub last: UnixNanos,
    /// Resolution of the reading: the true value lies in [reading, reading + resolution) (`q`, >= 1 ns).
    pub resolution: Nanos,
    /// How old the reading may be at most when it is given (`g`, >= 0); 10 ms for `time()`, 0 for `clock_gettime`.
    pub lag: Nanos,
    /// Whether the reader forks before it reads, as `date; date` does.
    pub spawned: bool,
}

impl Exchange {
    /// Whether the stamps and readings are in order and the resolution is positive.
    pub fn is_valid(&self) -> bool {
        self.received >= self.sent && self.last >= self.first && self.resolution.0 >= 1 && self.lag.0 >= 0
    }

    /// The round-trip delay without the host's time between its two readings, `r - s - (c2 - c)`.
    pub fn round_trip(&self) -> Nanos {
        self.received.since(self.sent) - self.last.since(self.first)
    }
}
