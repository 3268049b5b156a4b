//! What a program ends with that shows the report of a fix, by what is stored in it.

use crate::audit::{ExitStatus, FailOn};
use crate::fix::ending::{Counts, exit};
use crate::report::model::{FixOutcome, FixedHost, Report};

/// The exit status of a fix that no signal ended; `None` for a report of anything else. One that was only planned ends well; whether
/// changes are pending is for whoever asks that.
pub fn exit_status(report: &Report, fail_on: FailOn) -> Option<ExitStatus> {
    let is_partial = (report.run.partial || report.run.inventory.incomplete) && fail_on >= FailOn::Down;
    ended(report, fail_on, is_partial)
}

/// The same, as if the run had been whole and its inventory complete.
pub fn exit_status_as_if_whole(report: &Report) -> Option<ExitStatus> {
    ended(report, FailOn::Down, false)
}

/// Whether a host needs somebody to look at it, by how a fix ended for it.
pub fn is_bad(host: &FixedHost) -> bool {
    let is_left = matches!(
        host.outcome,
        FixOutcome::Failed | FixOutcome::RolledBack | FixOutcome::NotAttempted | FixOutcome::OnItsWay
    );
    is_left || is_unsettled(host)
}

/// Whether a host is as wanted, and wrong all the same; or right, with a file that somebody changed meanwhile.
fn is_unsettled(host: &FixedHost) -> bool {
    let is_good = matches!(host.outcome, FixOutcome::Unchanged | FixOutcome::Converged | FixOutcome::ConvergedByClaim);
    is_good && host.reason.is_some()
}

fn ended(report: &Report, fail_on: FailOn, is_partial: bool) -> Option<ExitStatus> {
    let fix = report.fix.as_ref()?;
    let kept = |count: usize, from: FailOn| if fail_on >= from { count } else { 0 };
    if fix.run.is_none() {
        return Some(exit(Counts::default(), false, is_partial));
    }
    let unsettled = fix.hosts.iter().filter(|host| is_unsettled(host)).count();
    let counts = Counts {
        converged: fix.counts.converged + fix.counts.unchanged,
        unsettled: kept(unsettled, FailOn::Warn),
        by_claim: kept(fix.counts.converged_by_claim, FailOn::Warn),
        on_their_way: kept(fix.counts.on_their_way, FailOn::Warn),
        rolled_back: kept(fix.counts.rolled_back, FailOn::Crit),
        failed: kept(fix.counts.failed, FailOn::Crit),
        not_attempted: kept(fix.counts.not_attempted, FailOn::Down),
    };
    Some(exit(counts, fix.new_warnings && fail_on >= FailOn::Warn, is_partial))
}
