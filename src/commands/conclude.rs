//! Concluding: from what was seen to a report and an exit code, the one way for hosts and for traces.

use super::error::Outcome;
use super::output::{OutputPlan, deliver};
use crate::audit::{self, Policy};
use crate::clock::Estimate;
use crate::probe::Seen;
use crate::report::{self, Provenance};
use crate::ssh::StopSignal;
use crate::terminal::Terminal;

/// Judges what was seen, shows it and writes it; `estimates` are those of the observations, in their order. `stop` holds signals
/// off until all files are written.
pub fn conclude(
    seen: &Seen,
    estimates: &[Option<Estimate>],
    provenance: &Provenance,
    policy: &Policy,
    output: &OutputPlan,
    stop: Option<StopSignal>,
    terminal: &Terminal,
) -> Outcome {
    let judgement = audit::judge(seen, estimates, policy); // estimates -> verdicts and findings
    let report = report::compose(seen, estimates, &judgement, policy, provenance);
    deliver(&report, output, stop, terminal)
}
