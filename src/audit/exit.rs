//! Exit codes: the closed, public table of what the program's end means.

use super::verdict::{Counts, Verdict};

/// How the program ends; the discriminant is the exit code (product page, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// Every selected host was measured and is ok.
    Good = 0,
    /// The worst is a warning.
    Warning = 1,
    /// At least one host or pair is critical.
    Critical = 2,
    /// Nothing is critical, but some hosts are down or undecided, or the run is partial.
    Incomplete = 3,
    /// The command line makes no sense.
    Usage = 64,
    /// An inventory, trace or report cannot be understood, or the inventory is incomplete.
    BadInput = 65,
    /// No host matched.
    NoHosts = 69,
    /// A defect of the program.
    Internal = 70,
    /// Output could not be written.
    OutputFailed = 74,
    /// Ctrl-C; a partial report was written.
    Interrupted = 130,
    /// SIGTERM; a partial report was written.
    Terminated = 143,
}

impl ExitStatus {
    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What a finished audit ends with: 2 beats 3, 3 beats 1; `fail_on` leaves out what the user does not care for.
    pub fn of(counts: Counts, fleet: Verdict, partial: bool, fail_on: FailOn) -> Self {
        let incomplete = (counts.undecided > 0 && fail_on >= FailOn::Undecided)
            || ((counts.down > 0 || partial) && fail_on >= FailOn::Down);
        if (counts.crit > 0 || fleet == Verdict::Crit) && fail_on >= FailOn::Crit {
            Self::Critical
        } else if incomplete {
            Self::Incomplete
        } else if (counts.warn > 0 || fleet == Verdict::Warn) && fail_on >= FailOn::Warn {
            Self::Warning
        } else {
            Self::Good
        }
    }
}

/// From which verdict on the exit code is not 0: each member takes in those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailOn {
    /// Always 0.
    Never,
    /// Only where something is critical.
    Crit,
    /// Warnings too.
    Warn,
    /// Undecided hosts too.
    Undecided,
    /// Hosts that were not measured too, and partial runs: everything.
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(warn: usize, crit: usize, undecided: usize, down: usize) -> Counts {
        Counts { ok: 1, warn, crit, undecided, down }
    }

    #[test]
    fn two_beats_three_and_three_beats_one() {
        let check = |counts: Counts, partial: bool, fail_on: FailOn, expected: u8| {
            let status = ExitStatus::of(counts, Verdict::Ok, partial, fail_on);
            assert_eq!(status.code(), expected, "{counts:?} {partial} {fail_on:?}");
        };
        check(counts(0, 0, 0, 0), false, FailOn::Down, 0);
        check(counts(1, 0, 0, 0), false, FailOn::Down, 1);
        check(counts(1, 1, 1, 1), false, FailOn::Down, 2);
        check(counts(1, 0, 1, 0), false, FailOn::Down, 3);
        check(counts(1, 0, 0, 1), false, FailOn::Down, 3);
        check(counts(0, 0, 0, 0), true, FailOn::Down, 3);
        check(counts(1, 0, 0, 1), false, FailOn::Undecided, 1);
        check(counts(0, 0, 1, 0), false, FailOn::Warn, 0);
        check(counts(1, 0, 0, 0), false, FailOn::Crit, 0);
        check(counts(1, 1, 1, 1), true, FailOn::Never, 0);
    }

    #[test]
    fn a_critical_pair_counts_though_no_host_is() {
        assert_eq!(ExitStatus::of(counts(2, 0, 0, 0), Verdict::Crit, false, FailOn::Down), ExitStatus::Critical);
    }
}
