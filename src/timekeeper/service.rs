//! The time service of a host: all that is known of who keeps its clock, in one place, and the state that it amounts to.

use super::answers;
use super::chrony::Configuration;
use super::claim::{ClaimOutcome, NoAnswer};
use super::daemon::{self, Timekeeper};
use super::environment::Environment;
use super::kernel::KernelClock;
use super::said::Said;
use super::source::{Selection, Source};
use super::unit::Unit;
use crate::clock::{Nanos, UnixNanos};

/// An update that is older than this many intervals is stale.
const STALE_INTERVALS: i64 = 8;
/// Intervals shorter than this count as this long: the shortest poll that clients are asked to keep to.
const SHORTEST_INTERVAL: Nanos = Nanos::from_seconds(64);

/// Who keeps the clock of a host, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeService {
    /// What became of asking; of several timekeepers, the one that claims most.
    pub claim: ClaimOutcome,
    /// The timekeepers that run, outside of containers.
    pub running: Vec<Timekeeper>,
    /// Whether the only chronyd was told to leave the clock alone (`-x`).
    pub leaves_the_clock_alone: bool,
    /// The sources that were told; `None` where none were.
    pub sources: Option<Vec<Source>>,
    /// How many names of sources have no address.
    pub unresolved: u32,
    /// The services of timekeepers that are installed.
    pub units: Vec<Unit>,
    /// What chronyd is configured to do, where that is readable.
    pub configuration: Option<Configuration>,
    /// The kernel's own view.
    pub kernel: Option<KernelClock>,
    /// What the clock stands on.
    pub environment: Environment,
    /// The host's clock when its timekeeper was asked.
    pub asked_at: Option<UnixNanos>,
}

/// The state of a time service: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The facts are missing or were cut short before they told.
    Unknown,
    /// No known timekeeper is there.
    None,
    /// One is installed and does not run.
    Stopped,
    /// It runs and does not answer.
    Silent(NoAnswer),
    /// It runs and leaves the clock alone.
    LeavesTheClockAlone,
    /// Several set the clock.
    Several,
    /// It follows the host's own clock.
    Local,
    /// It follows nothing.
    Unsynchronised(Unsynchronised),
    /// It has not been updated for long.
    Stale,
    /// It moves the clock by rate.
    Slewing,
    /// It follows a source.
    Synchronised,
    /// It runs, and cannot be asked what it follows.
    Unproven,
}

/// Why a timekeeper follows nothing, as far as its sources tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unsynchronised {
    /// Its sources disagree, and there is no majority.
    SourcesDisagree,
    /// None of its sources answers.
    Unreachable,
    /// Fewer are good than it wants.
    TooFew,
    /// Those that answer are themselves not synchronised, or too far away.
    Unusable,
    /// It has good sources, and has not brought the clock to them yet.
    Converging,
    /// It has no source.
    NoSource,
    /// It did not tell of its sources.
    Untold,
}

impl State {
    /// The word for it, as stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Stopped => "stopped",
            Self::Silent(_) => "silent",
            Self::LeavesTheClockAlone => "leaves_the_clock_alone",
            Self::Several => "several",
            Self::Local => "local",
            Self::Unsynchronised(_) => "unsynchronised",
            Self::Stale => "stale",
            Self::Slewing => "slewing",
            Self::Synchronised => "synchronised",
            Self::Unproven => "unproven",
        }
    }
}

impl Unsynchronised {
    /// The reason in a few words.
    pub fn label(self) -> &'static str {
        match self {
            Self::SourcesDisagree => "its sources disagree and none has a majority",
            Self::Unreachable => "none of its sources answers",
            Self::TooFew => "too few of its sources are good",
            Self::Unusable => "its sources are not synchronised themselves, or too far away",
            Self::Converging => "it has good sources and has not brought the clock to them yet",
            Self::NoSource => "it has no source",
            Self::Untold => "it does not say why",
        }
    }
}

impl TimeService {
    /// Reads a host's facts; `asked_at` is the host's own clock when its timekeeper was asked.
    pub fn read(facts: &impl AsRef<[(String, String)]>, asked_at: Option<UnixNanos>) -> Self {
        let said = Said::of(facts);
        let units = Unit::read(said);
        let mut running = daemon::running(said, &units);
        let leaves_the_clock_alone = daemon::leaves_the_clock_alone(said);
        // A mere time server's word counts only where it is the only one.
        let asked: Vec<Timekeeper> = match running.as_slice() {
            [Timekeeper::Chronyd, others @ ..] if leaves_the_clock_alone && !others.is_empty() => others.to_vec(),
            all => all.to_vec(),
        };
        let answer = answers::read(said, &asked);
        // Where processes are hidden, an answer proves that somebody gave it.
        if let Some(timekeeper) = answer.outcome.timekeeper().filter(|timekeeper| !running.contains(timekeeper)) {
            running.insert(0, timekeeper);
        }
        Self {
            claim: answer.outcome,
            running,
            leaves_the_clock_alone,
            sources: answer.sources,
            unresolved: answer.unresolved,
            units,
            configuration: Configuration::parse(said.all("chrony.conf")),
            kernel: KernelClock::read(said),
            environment: Environment::read(said),
            asked_at,
        }
    }

    /// The sources that were told, none where none were.
    pub fn known_sources(&self) -> &[Source] {
        self.sources.as_deref().unwrap_or_default()
    }

    /// The timekeepers that set the clock.
    pub fn setting_the_clock(&self) -> impl Iterator<Item = Timekeeper> + '_ {
        let leaves = |timekeeper: Timekeeper| self.leaves_the_clock_alone && timekeeper == Timekeeper::Chronyd;
        self.running.iter().copied().filter(move |timekeeper| !leaves(*timekeeper))
    }

    /// The state; what remains to be corrected is slewing from `slewing_beyond` on.
    pub fn state(&self, slewing_beyond: Nanos) -> State {
        if self.running.is_empty() {
            return match (&self.claim, self.units.is_empty()) {
                (ClaimOutcome::Unknown, _) => State::Unknown,
                (_, true) => State::None,
                (_, false) => State::Stopped,
            };
        }
        if let ClaimOutcome::NoAnswer { cause, .. } = self.claim {
            return State::Silent(cause);
        }
        match self.setting_the_clock().count() {
            0 => return State::LeavesTheClockAlone,
            1 => {}
            _ => return State::Several,
        }
        match &self.claim {
            ClaimOutcome::Local(_) => State::Local,
            ClaimOutcome::NotSynchronised(_) => State::Unsynchronised(self.why_unsynchronised()),
            ClaimOutcome::Claimed(_) if self.is_stale() => State::Stale,
            ClaimOutcome::Claimed(claim) if claim.remaining().is_some_and(|left| left.abs() > slewing_beyond) => {
                State::Slewing
            }
            ClaimOutcome::Claimed(_) => State::Synchronised,
            _ => State::Unproven,
        }
    }

    /// How old the last update is, by the host's own clock.
    pub fn age(&self) -> Option<Nanos> {
        let updated = self.claim.claim()?.reference_time?;
        Some(self.asked_at?.since(updated))
    }

    /// Whether the clock has not been updated for so long that its source must be gone.
    pub fn is_stale(&self) -> bool {
        let Some(claim) = self.claim.claim() else { return false };
        let followed = || self.known_sources().iter().filter(|source| source.is_followed());
        let poll = followed().filter_map(|source| source.poll).max().unwrap_or(Nanos::ZERO);
        let interval = claim.update_interval.max(poll).max(SHORTEST_INTERVAL);
        let longest = Nanos(interval.0.saturating_mul(STALE_INTERVALS));
        // chronyd goes on to name a source, and to say `Normal`, long after it was heard for the last time.
        let is_named = |source: &Source| claim.source.as_deref() == Some(source.name.as_str());
        let is_gone = self
            .known_sources()
            .iter()
            .any(|source| (source.selection == Selection::Selected || is_named(source)) && source.is_unreachable());
        is_gone || self.age().is_some_and(|age| age > longest)
    }

    /// Why nothing is followed, as far as the sources tell.
    pub fn why_unsynchronised(&self) -> Unsynchronised {
        let Some(sources) = &self.sources else { return Unsynchronised::Untold };
        let all = |is: fn(&Source) -> bool| !sources.is_empty() && sources.iter().all(is);
        if sources.is_empty() && self.unresolved == 0 {
            Unsynchronised::NoSource
        } else if sources.is_empty() || all(Source::is_unreachable) {
            Unsynchronised::Unreachable
        } else if sources.iter().any(|source| source.selection == Selection::Falseticker) {
            Unsynchronised::SourcesDisagree
        } else if sources.iter().any(Source::is_followed) {
            Unsynchronised::Converging
        } else if sources.iter().any(|source| source.selection == Selection::Spare) {
            Unsynchronised::TooFew
        } else {
            Unsynchronised::Unusable
        }
    }

    /// The text of the column TIME SERVICE; a clock that has more than `slewing_beyond` still to be corrected is slewing.
    pub fn describe(&self, slewing_beyond: Nanos) -> String {
        let names = || self.setting_the_clock().map(Timekeeper::label).collect::<Vec<_>>();
        match self.state(slewing_beyond) {
            State::Several => names().join(" and "),
            State::LeavesTheClockAlone => "chronyd, leaves the clock alone".to_owned(),
            State::Stopped => {
                let unit = self.units.first().map_or("timekeeper", |unit| unit.name.as_str());
                format!("{unit}, stopped")
            }
            State::Stale => {
                let name = self.claim.timekeeper().map_or("timekeeper", Timekeeper::label);
                format!("{name}, stale")
            }
            _ => self.claim.describe(slewing_beyond),
        }
    }
}
