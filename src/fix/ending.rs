//! How a run of `fix` ends: its counts, its exit code, and who is still to be done.

use super::attempt::Outcome;
use super::rollout::HostEnd;
use crate::audit::ExitStatus;
use crate::inventory::patterns::line_of_host;

/// How many hosts ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Right by measurement, those included where nothing was to be changed.
    pub converged: usize,
    /// As wanted already, and wrong all the same, or right with a file that somebody changed meanwhile; among those that converged, too.
    pub unsettled: usize,
    /// Right by the word of their chronyd.
    pub by_claim: usize,
    /// Following the new source, and not right for the hold time yet when the run was told to end.
    pub on_their_way: usize,
    /// Having their old files again.
    pub rolled_back: usize,
    /// In a state that somebody must look at.
    pub failed: usize,
    /// Not touched: refused, or not got to.
    pub not_attempted: usize,
}

impl Counts {
    /// Counts the ends of hosts; `refused` are those that the plan left alone, `unchanged` those where all was as it should be.
    pub fn of(ends: &[HostEnd], refused: usize, unchanged: usize) -> Self {
        let mut counts = Self { not_attempted: refused, converged: unchanged, ..Self::default() };
        for end in ends {
            let count = match end {
                HostEnd::Attempted(Outcome::Converged) => &mut counts.converged,
                HostEnd::Attempted(Outcome::Edited { is_measured }) => {
                    counts.unsettled += 1;
                    if *is_measured { &mut counts.converged } else { &mut counts.by_claim }
                }
                HostEnd::Attempted(Outcome::ConvergedByClaim) => &mut counts.by_claim,
                HostEnd::Attempted(Outcome::OnItsWay(_)) => &mut counts.on_their_way,
                HostEnd::Attempted(Outcome::RolledBack(_)) => &mut counts.rolled_back,
                HostEnd::Attempted(Outcome::Failed(_)) => &mut counts.failed,
                HostEnd::NotAttempted(_) => &mut counts.not_attempted,
            };
            *count += 1;
        }
        counts
    }
}

/// What a run ends with that no signal ended: 2 beats 3, 3 beats 1. `has_new_warnings` says whether some host has a finding that is
/// a warning and was not there before; `is_partial`, whether the deadline ended the run.
pub fn exit(counts: Counts, has_new_warnings: bool, is_partial: bool) -> ExitStatus {
    if counts.failed + counts.rolled_back > 0 {
        ExitStatus::Critical
    } else if counts.not_attempted > 0 || is_partial {
        ExitStatus::Incomplete
    } else if counts.unsettled + counts.by_claim + counts.on_their_way > 0 || has_new_warnings {
        ExitStatus::Warning
    } else {
        ExitStatus::Good
    }
}

/// The file for `--limit @FILE` that goes on with hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retry {
    /// Its text, a line for each host; empty where none is named.
    pub text: String,
    /// Hosts that no line of such a file names alone.
    pub unnamed: Vec<String>,
}

/// What goes on with the hosts of these names; `is_group` says whether there is a group of a name.
pub fn retry<'host>(names: impl IntoIterator<Item = &'host str>, is_group: impl Fn(&str) -> bool) -> Retry {
    let mut retry = Retry::default();
    for name in names {
        match line_of_host(name, is_group(name)) {
            Some(line) => retry.text.extend([line.as_str(), "\n"]),
            None => retry.unnamed.push(name.to_owned()),
        }
    }
    retry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::attempt::Cause;
    use crate::fix::rollout::Spared;

    #[test]
    fn two_beats_three_and_three_beats_one() {
        let good = HostEnd::Attempted(Outcome::Converged);
        let claimed = HostEnd::Attempted(Outcome::ConvergedByClaim);
        let failed = HostEnd::Attempted(Outcome::RolledBack(Cause::StillOff));
        let spared = HostEnd::NotAttempted(Spared::BudgetSpent);
        let check = |ends: &[HostEnd], refused: usize, is_partial: bool, expected: ExitStatus| {
            assert_eq!(exit(Counts::of(ends, refused, 1), false, is_partial), expected, "{ends:?}");
        };
        check(&[], 0, false, ExitStatus::Good);
        check(&[good, good], 0, false, ExitStatus::Good);
        check(&[good, claimed], 0, false, ExitStatus::Warning);
        check(&[good, claimed], 1, false, ExitStatus::Incomplete);
        check(&[claimed, spared], 0, false, ExitStatus::Incomplete);
        check(&[claimed, spared, failed], 0, false, ExitStatus::Critical);
        check(&[good], 0, true, ExitStatus::Incomplete);
        check(&[good, HostEnd::Attempted(Outcome::Edited { is_measured: true })], 0, false, ExitStatus::Warning);
        assert_eq!(exit(Counts::of(&[good], 0, 0), true, false), ExitStatus::Warning);
    }

    #[test]
    fn those_that_are_left_are_one_a_line() {
        let left = |names: &[&'static str]| retry(names.iter().copied(), |name| name == "!both");
        assert_eq!(left(&["a", "b"]), Retry { text: "a\nb\n".to_owned(), unnamed: Vec::new() });
        assert_eq!(left(&[]), Retry::default());
        let said = left(&["!both", "a"]);
        assert_eq!((said.text.as_str(), said.unnamed), ("a\n", vec!["!both".to_owned()]));
    }
}
