//! Looks at one host's clock from outside, again and again, while it is worked on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Shared;
use crate::clock::estimate::{Config, estimate};
use crate::clock::{Interval, Nanos, UnixNanos};
use crate::inventory::target::Target;
use crate::probe::{Failure, Reader};
use crate::ssh::board::Board;
use crate::ssh::cell::{HostCell, Standing};
use crate::ssh::metronome::Metronome;
use crate::ssh::pacer::Pacer;
use crate::ssh::plan::SamplingPlan;
use crate::ssh::session::Session;

/// Exchanges of one look.
const EXCHANGES: usize = 4;
/// The pause between two of them.
const PAUSE: Duration = Duration::from_millis(20);
/// How long one of them is waited for beyond what a sample may take.
const GRACE: Duration = Duration::from_secs(1);

/// A probe on one host, kept open.
#[derive(Debug)]
pub(super) struct Watch {
    cell: Arc<HostCell>,
    session: Session,
}

/// A clock as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glimpse {
    /// When, on the axis.
    pub(super) at: UnixNanos,
    /// Its bounds against the axis; positive = ahead.
    pub(super) clock: Interval,
}

impl Glimpse {
    /// Where the clock was between this glimpse and a later one, whatever moved it.
    pub(super) fn until(self, later: Self) -> Interval {
        Interval { lo: self.clock.lo.min(later.clock.lo), hi: self.clock.hi.max(later.clock.hi) }
    }
}

/// Looks once, where there is a watch.
pub(super) async fn look(watch: Option<&Watch>, shared: &Shared) -> Option<Glimpse> {
    watch?.look(shared).await
}

impl Watch {
    /// Starts the probe on a host, as whoever logs in: reading a clock needs no root.
    pub(super) async fn open(shared: &Shared, host: usize) -> Result<Self, Failure> {
        // A board of its own: whoever hunts a clock takes in who has answered on it. Nobody hears it, for this is no scan.
        let board = Arc::new(Board::new(shared.plan.clock, |_| {}));
        let cell = Arc::new(HostCell::new(host, board));
        let target = shared.targets.get(host).cloned().unwrap_or_default();
        let session = shared.opener.open(&Target { elevation: None, ..target }, &cell).await?;
        Ok(Self { cell, session })
    }

    /// Looks once; `None` where an answer did not come in time: this watch must not be used any more then, for the answer may
    /// still be on its way and would be taken for that to another question.
    pub(super) async fn look(&self, shared: &Shared) -> Option<Glimpse> {
        self.cell.take_exchanges();
        let is_whole = if self.cell.reader().is_some_and(Reader::is_hunted) {
            self.hunt(shared).await;
            self.cell.failure().is_none() && self.cell.standing() == Standing::Free
        } else {
            self.sample(shared).await
        };
        if !is_whole {
            return None;
        }
        let exchanges = self.cell.take_exchanges();
        let last = exchanges.iter().map(|exchange| exchange.received).max()?;
        let found = estimate(&exchanges, Nanos::ZERO, last, &Config::STANDARD)?;
        Some(Glimpse { at: last, clock: found.bounds })
    }

    async fn sample(&self, shared: &Shared) -> bool {
        let limit = shared.plan.limits.sample + GRACE;
        for count in 0..EXCHANGES {
            self.session.ask();
            if timeout(limit, self.cell.sampled_beyond(count)).await != Ok(true) {
                return false;
            }
            sleep(PAUSE).await;
        }
        true
    }

    /// A clock of whole seconds needs its edge.
    async fn hunt(&self, shared: &Shared) {
        let plan = SamplingPlan { samples: EXCHANGES, most: EXCHANGES, facts: false, ..SamplingPlan::default() };
        let mut metronome = Metronome::new(shared.plan.clock);
        let host = std::iter::once((&self.cell, &self.session));
        let mut pacer =
            Pacer::new(&plan, shared.plan.limits, shared.plan.clock, &shared.unstoppable, &mut metronome, host);
        let window = pacer.sweep_window().await;
        pacer.refine(window, &BTreeSet::new()).await;
    }

    /// Ends the probe.
    pub(super) async fn close(self, limit: Duration) {
        self.session.close(limit).await;
    }
}
