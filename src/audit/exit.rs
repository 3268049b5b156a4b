//! Exit codes: the closed, public table of what the program's end means.

use super::verdict::{Counts, Verdict};
use crate::probe::Interruption;

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
    /// Something would change: `fix --check --detailed-exitcode`.
    Pending = 4,
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
    /// A ticket system cannot be reached, or refuses.
    RemoteFailed = 75,
    /// A password or passphrase is needed, and nobody can be asked for it.
    MissingSecret = 77,
    /// Ctrl-C; what was known by then was written.
    Interrupted = 130,
    /// SIGTERM; what was known by then was written.
    Terminated = 143,
}

/// What the exit code of an audit is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Set where the run was told to end before its work was done, or while its report was written.
    pub interrupted: Option<Interruption>,
    /// How many hosts have each verdict.
    pub counts: Counts,
    /// The worst of hosts and pairs.
    pub fleet: Verdict,
    /// Whether the run ended early.
    pub partial: bool,
    /// Whether the inventory may lack hosts.
    pub inventory_incomplete: bool,
}

impl ExitStatus {
    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What a program ends with that a signal of the system ended; `None` for the deadline, which is none.
    pub fn of_signal(reason: Interruption) -> Option<Self> {
        match reason {
            Interruption::Interrupt => Some(Self::Interrupted),
            Interruption::Terminate => Some(Self::Terminated),
            Interruption::Deadline => None,
        }
    }

    /// What an audit ends with: a signal beats all, an audit of no host is none, 2 beats 3, 3 beats 1; `fail_on` leaves out what
    /// the user does not care for.
    pub fn of(ending: Ending, fail_on: FailOn) -> Self {
        let Ending { interrupted, counts, fleet, partial, inventory_incomplete } = ending;
        if let Some(status) = interrupted.and_then(Self::of_signal) {
            return status;
        }
        if counts.total() == 0 && fail_on > FailOn::Never {
            return Self::NoHosts;
        }
        let partial = partial || inventory_incomplete;
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    #[default]
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(warn: usize, crit: usize, undecided: usize, down: usize) -> Counts {
        Counts { ok: 1, warn, crit, undecided, down }
    }

    fn ending(counts: Counts) -> Ending {
        Ending { interrupted: None, counts, fleet: Verdict::Ok, partial: false, inventory_incomplete: false }
    }

    #[test]
    fn two_beats_three_and_three_beats_one() {
        let check = |counts: Counts, partial: bool, fail_on: FailOn, expected: u8| {
            let status = ExitStatus::of(Ending { partial, ..ending(counts) }, fail_on);
            assert_eq!(status.code(), expected, "{counts:?} {partial} {fail_on:?}");
        };
        check(counts(0, 0, 0, 0), false, FailOn::Down, 0);
        check(Counts { ok: 0, ..counts(0, 0, 0, 0) }, false, FailOn::Crit, 69);
        check(Counts { ok: 0, ..counts(0, 0, 0, 0) }, false, FailOn::Never, 0);
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
        let ending = Ending { fleet: Verdict::Crit, ..ending(counts(2, 0, 0, 0)) };
        assert_eq!(ExitStatus::of(ending, FailOn::Down), ExitStatus::Critical);
    }

    #[test]
    fn a_signal_beats_every_verdict_and_a_deadline_makes_the_run_partial() {
        let check = |reason: Interruption, fail_on: FailOn, expected: ExitStatus| {
            let ending = Ending { interrupted: Some(reason), partial: true, ..ending(counts(0, 0, 0, 0)) };
            assert_eq!(ExitStatus::of(ending, fail_on), expected, "{reason:?} {fail_on:?}");
        };
        check(Interruption::Interrupt, FailOn::Never, ExitStatus::Interrupted);
        check(Interruption::Terminate, FailOn::Down, ExitStatus::Terminated);
        check(Interruption::Deadline, FailOn::Down, ExitStatus::Incomplete);
        check(Interruption::Deadline, FailOn::Never, ExitStatus::Good);
    }

    #[test]
    fn an_incomplete_inventory_is_as_bad_as_a_partial_run() {
        let ending = Ending { inventory_incomplete: true, ..ending(counts(1, 0, 0, 0)) };
        assert_eq!(ExitStatus::of(ending, FailOn::Down), ExitStatus::Incomplete);
        assert_eq!(ExitStatus::of(ending, FailOn::Undecided), ExitStatus::Warning);
    }
}
