//! The ways to read a host's clock, best first: the ladder that the probe climbs down.

use crate::clock::Nanos;

/// How a host's clock is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// The login shell's own `$EPOCHREALTIME`, no fork; microseconds.
    Shell,
    /// `bash` started once, its `$EPOCHREALTIME`; microseconds.
    Bash,
    /// One `date -f -` behind `stdbuf`, no fork for a reading; nanoseconds.
    DateStream,
    /// `perl` with `Time::HiRes`; microseconds.
    Perl,
    /// `python3`; nanoseconds.
    Python,
    /// `zsh` with `zsh/datetime`; nanoseconds.
    Zsh,
    /// `date +%s.%N` run twice for each reading; nanoseconds, forks.
    DatePair,
    /// `busybox adjtimex`, the kernel's clock, run twice for each reading; nanoseconds or microseconds, forks.
    Adjtimex,
    /// `date +%s`, hunted at the second's edge; the reading may lag by a tick.
    WholeSecond,
    /// Whatever one fresh `exec` of `date` prints (forced command, restricted shell), hunted.
    ExecDate,
}

impl Reader {
    /// Every way, best first.
    pub const LADDER: [Self; 10] = [
        Self::Shell,
        Self::Bash,
        Self::DateStream,
        Self::Perl,
        Self::Python,
        Self::Zsh,
        Self::DatePair,
        Self::Adjtimex,
        Self::WholeSecond,
        Self::ExecDate,
    ];

    /// The name on the wire, in traces and in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Bash => "bash",
            Self::DateStream => "date-stream",
            Self::Perl => "perl",
            Self::Python => "python3",
            Self::Zsh => "zsh",
            Self::DatePair => "date-pair",
            Self::Adjtimex => "adjtimex",
            Self::WholeSecond => "whole-second",
            Self::ExecDate => "exec-date",
        }
    }

    /// The way of that name.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::LADDER.into_iter().find(|reader| reader.label() == label)
    }

    /// How old a reading may be at most: `time()` gives the coarse clock, up to one tick (10 ms at HZ=100) old.
    pub fn lag(self) -> Nanos {
        match self {
            Self::WholeSecond | Self::ExecDate => Nanos::from_millis(10),
            _ => Nanos::ZERO,
        }
    }

    /// Whether each reading forks a program before the clock is read.
    pub fn spawns(self) -> bool {
        matches!(self, Self::DatePair | Self::Adjtimex | Self::WholeSecond | Self::ExecDate)
    }

    /// Whether the clock must be hunted at the second's edge, its readings being whole seconds.
    pub fn is_hunted(self) -> bool {
        matches!(self, Self::WholeSecond | Self::ExecDate)
    }
}
