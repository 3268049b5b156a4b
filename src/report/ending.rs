//! How an audit ended, by what is stored of it.

use super::model::{self, Interrupted, Report};
use crate::audit::{Counts, Ending, Verdict};
use crate::probe::Interruption;

/// What a report says of how its audit ended.
pub fn of(report: &Report) -> Ending {
    let model::Counts { ok, warn, crit, undecided, down } = report.summary.counts;
    Ending {
        interrupted: report.run.interrupted.map(|reason| match reason {
            Interrupted::Interrupt => Interruption::Interrupt,
            Interrupted::Terminate => Interruption::Terminate,
            Interrupted::Deadline => Interruption::Deadline,
        }),
        counts: Counts { ok, warn, crit, undecided, down },
        fleet: match report.summary.verdict {
            model::Verdict::Ok => Verdict::Ok,
            model::Verdict::Warn => Verdict::Warn,
            model::Verdict::Crit => Verdict::Crit,
            model::Verdict::Undecided => Verdict::Undecided,
            model::Verdict::Down => Verdict::Down,
        },
        partial: report.run.partial,
        inventory_incomplete: report.run.inventory.incomplete,
    }
}
