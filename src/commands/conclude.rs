//! Concluding: from what was seen to a report and an exit code, the one way for hosts and for traces.

use super::error::Outcome;
use super::live::Live;
use super::output::{OutputPlan, deliver};
use crate::audit::{self, Places, Policy};
use crate::clock::Estimate;
use crate::probe::Seen;
use crate::report::{self, Provenance, Report};
use crate::terminal::Terminal;

/// Judges what was seen, shows it and writes it; `estimates` are those of the observations, in their order. Where there is a
/// memory the report says what changed since the last one, and is the last one from then on. `live` holds signals off until
/// all files are written.
pub fn conclude(
    seen: &Seen,
    estimates: &[Option<Estimate>],
    provenance: &Provenance,
    policy: &Policy,
    output: &OutputPlan,
    live: Option<Live>,
    terminal: &Terminal,
) -> Outcome {
    let mut report = judged(seen, estimates, provenance, policy);
    if let Some(memory) = &output.memory {
        memory.compare(&mut report);
        memory.keep(&report, terminal);
    }
    deliver(&report, output, live, terminal)
}

/// Judges what was seen, as a report.
pub fn judged(seen: &Seen, estimates: &[Option<Estimate>], provenance: &Provenance, policy: &Policy) -> Report {
    let (groups, addresses) = (provenance.groups(), provenance.addresses());
    let places = Places { groups: &groups, addresses: &addresses };
    let judgement = audit::judge(seen, estimates, places, policy); // estimates -> verdicts and findings
    report::compose(seen, estimates, &judgement, policy, provenance)
}
