//! `clockaudit scan`: the way of the data, from inventory text to a report.

use super::error::Outcome;
use super::output::{OutputPlan, deliver};
use crate::audit::{self, Policy};
use crate::probe::Seen;
use crate::report::{self, Provenance};
use crate::terminal::Terminal;

/// Judges what was seen, shows it and writes it: the last part of the way, for scans of every kind.
pub fn conclude(
    seen: &Seen,
    provenance: &Provenance,
    policy: &Policy,
    output: &OutputPlan,
    terminal: &Terminal,
) -> Outcome {
    let estimates = audit::estimates(seen); // exchanges -> offsets with bounds
    let judgement = audit::judge(seen, &estimates, policy); // estimates -> verdicts and findings
    let report = report::compose(seen, &estimates, &judgement, policy, provenance);
    deliver(&report, output, terminal)
}
