//! What hosts are like before anything is done: the scan's judgement, and what the scan says of each host that a fix needs.

use super::hosts::{Access, Selected};
use crate::audit::{self, Basis, Judgement, Places};
use crate::cli::Format;
use crate::clock::estimate::Config;
use crate::clock::{Estimate, Interval, Nanos, UnixNanos};
use crate::commands::error::CommandError;
use crate::commands::live::Live;
use crate::commands::measure::measure;
use crate::commands::plan::Measurement;
use crate::fix::Refusal;
use crate::fix::yardstick::Absolute;
use crate::inventory::target::Target;
use crate::probe::Seen;
use crate::terminal::Terminal;

/// What a scan found.
#[derive(Debug)]
pub struct Scanned {
    /// What was seen, one observation a target.
    pub seen: Seen,
    /// The estimates of the observations.
    pub estimates: Vec<Option<Estimate>>,
    /// What they amount to.
    pub judgement: Judgement,
}

/// Measures hosts. While what comes second is kept, a signal does not end the program.
pub fn scan(
    targets: Vec<Target>,
    places: Places<'_>,
    access: &Access,
    terminal: &Terminal,
) -> Result<(Scanned, Live), CommandError> {
    // Measuring needs no root, and sudo need not allow more than the script of a fix.
    let targets = targets.into_iter().map(|target| Target { elevation: None, ..target }).collect();
    // It has what is left of the run, and none of its own.
    let measurement = Measurement { deadline: access.time.left(), ..access.measurement.clone() };
    // Lines of results are of a scan that stands for itself.
    let (seen, live) = measure(targets, &measurement, Format::Table, terminal)?;
    let estimates = audit::estimates(&seen);
    let judgement = audit::judge(&seen, &estimates, places, &access.policy);
    Ok((Scanned { seen, estimates, judgement }, live))
}

impl Scanned {
    /// Why a host is not changed as far as the scan tells; `None` where it was measured.
    pub fn refusal(&self, index: usize) -> Option<Refusal> {
        if self.estimates.get(index).is_some_and(Option::is_some) {
            return None;
        }
        let failure = self.seen.observations.get(index).and_then(|observation| observation.failure.as_ref());
        let why = failure.map_or_else(
            || "the run ended first".to_owned(),
            |failure| format!("{} {}", failure.code.label(), failure.detail),
        );
        Some(Refusal::NotMeasured(why))
    }

    /// A host's clock minus the axis at this instant, as far as the scan tells: it may have wandered since.
    pub fn clock(&self, index: usize, at: UnixNanos) -> Option<Interval> {
        let estimate = self.estimates.get(index)?.as_ref()?;
        let since = at.since(estimate.epoch).abs();
        Some(estimate.bounds.widened(since.wander(estimate.allowed_rate(&Config::STANDARD))))
    }

    /// A host's offset from the reference, where that is one.
    pub fn offset(&self, index: usize) -> Option<Interval> {
        let offset = self.judgement.hosts.get(index)?.offset?;
        self.judgement.reference.is_found().then_some(offset.bounds)
    }

    /// UTC as the scan has it at this instant: by two thirds of the hosts' claims, or by all of fewer and of the controller's.
    pub fn absolute(&self, at: UnixNanos, crit: Nanos) -> Option<Absolute> {
        let reference = &self.judgement.reference;
        let utc = match reference.basis {
            Basis::Consensus { .. } => reference.utc()?,
            _ => reference.few_claims?,
        };
        // The controller's clock, which the axis runs by, has wandered since.
        let wandered = at.since(reference.epoch).abs().wander(reference.allowed_rate);
        Some(Absolute { standing: utc.widened(wandered), crit })
    }
}

impl Selected {
    /// Measures all of them, before anything is done.
    pub fn scan(&self, access: &Access, terminal: &Terminal) -> Result<Scanned, CommandError> {
        let (groups, addresses) = (self.provenance.groups(), self.provenance.addresses());
        let places = Places { groups: &groups, addresses: &addresses };
        // From here on a signal ends the program at once, until the work on the hosts is open.
        Ok(scan(self.targets.clone(), places, access, terminal)?.0)
    }
}
