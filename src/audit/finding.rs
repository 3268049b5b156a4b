//! Findings: the closed list of what can be wrong, how much each weighs, and what it means.

use super::advice;
use crate::probe::FailureCode;

/// What can be wrong. A member is here only with its rule (product page, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// CLK101: the offset is beyond the critical limit, for certain.
    BeyondCrit,
    /// CLK102: the offset is beyond the limit to warn at, for certain.
    BeyondWarn,
    /// CLK103: two clocks differ by more than the critical limit, for certain.
    PairBeyondCrit,
    /// CLK104: the offset is a whole number of half-hours: a time zone, or an RTC in local time.
    OffByHours,
    /// CLK105: the clock moved while it was measured.
    Moved,
    /// CLK106: the clock runs free: nothing disciplines it any more.
    FreeRunning,
    /// CLK107: the claim and the measurement cannot both be true.
    ClaimContradicted,
    /// CLK108: the clock says a year up to 2000.
    AncientYear,
    /// CLK109: the clock is being slewed.
    Slewing,
    /// CLK201: no timekeeper runs, and none is installed.
    NoTimekeeper,
    /// CLK202: the timekeeper is stopped, or is not started at boot.
    Stopped,
    /// CLK203: two timekeepers set one clock.
    TwoTimekeepers,
    /// CLK204: the timekeeper follows nothing.
    NotSynchronised,
    /// CLK205: the last update is too old.
    Stale,
    /// CLK206: the hypervisor sets the clock beside the timekeeper.
    HypervisorSync,
    /// CLK207: the timekeeper cannot be asked.
    CannotBeAsked,
    /// CLK208: the timekeeper is an SNTP client: it bounds nothing.
    SntpOnly,
    /// CLK209: the timekeeper is restarted again and again.
    Restarts,
    /// CLK301: there is a single source.
    SingleSource,
    /// CLK302: smeared and plain sources are mixed, on one host or between hosts.
    SmearMixed,
    /// CLK303: leap seconds come from a table beside a source that smears them.
    LeapTableWithSmear,
    /// CLK304: sources do not answer.
    SourcesUnreachable,
    /// CLK305: members of one group follow different upstreams.
    DifferentUpstreams,
    /// CLK306: the offset is large, and the timekeeper will not step any more.
    StepsSpent,
    /// CLK307: a source contradicts the others.
    Falseticker,
    /// CLK308: the cloud's own source is not used.
    CloudSourceUnused,
    /// CLK401: the kernel counts with a poor clocksource while it has a better one.
    Clocksource,
    /// CLK402: the machine was suspended, resumed or migrated.
    Resumed,
    /// CLK403: the RTC is in local time.
    RtcLocal,
    /// CLK404: the host is a container: its clock is that of its node.
    Container,
    /// CLK501: the bounds are too wide for a verdict.
    Undecided,
    /// CLK502: the path seems to take longer one way than the other.
    AsymmetricPath,
    /// CLK503: the controller was too busy to stamp in time.
    ControllerBusy,
    /// CLK504: the controller's own clock is the one that is off.
    ControllerOutlier,
    /// CLK505: there were fewer exchanges than asked for.
    FewSamples,
    /// CLK506: the controller's own clock was moved during the scan.
    ControllerMoved,
    /// CLK507: the claims about UTC contradict each other, so that they give no reference.
    ReferenceDoubtful,
    /// SSH901 to SSH912: the host was not measured (further).
    Unreached(FailureCode),
}

/// How much a finding weighs; the greater is the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Changes no verdict and no exit code.
    Note,
    /// Makes its host warn.
    Warn,
    /// Makes its host critical.
    Crit,
}

impl Code {
    /// The codes that do not come from a failure, by number.
    const OWN: [Self; 37] = [
        Self::BeyondCrit,
        Self::BeyondWarn,
        Self::PairBeyondCrit,
        Self::OffByHours,
        Self::Moved,
        Self::FreeRunning,
        Self::ClaimContradicted,
        Self::AncientYear,
        Self::Slewing,
        Self::NoTimekeeper,
        Self::Stopped,
        Self::TwoTimekeepers,
        Self::NotSynchronised,
        Self::Stale,
        Self::HypervisorSync,
        Self::CannotBeAsked,
        Self::SntpOnly,
        Self::Restarts,
        Self::SingleSource,
        Self::SmearMixed,
        Self::LeapTableWithSmear,
        Self::SourcesUnreachable,
        Self::DifferentUpstreams,
        Self::StepsSpent,
        Self::Falseticker,
        Self::CloudSourceUnused,
        Self::Clocksource,
        Self::Resumed,
        Self::RtcLocal,
        Self::Container,
        Self::Undecided,
        Self::AsymmetricPath,
        Self::ControllerBusy,
        Self::ControllerOutlier,
        Self::FewSamples,
        Self::ControllerMoved,
        Self::ReferenceDoubtful,
    ];

    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OWN.into_iter().chain(FailureCode::ALL.into_iter().map(Self::Unreached))
    }

    /// The codes that are shown so, in upper or lower case: two causes may share one (`SSH903`); none where nothing is.
    pub fn of_label(label: &str) -> Vec<Self> {
        Self::all().filter(|code| code.label().eq_ignore_ascii_case(label)).collect()
    }

    /// The stable code: `CLK101`, `SSH901`.
    pub fn label(self) -> String {
        match self {
            Self::BeyondCrit => "CLK101".to_owned(),
            Self::BeyondWarn => "CLK102".to_owned(),
            Self::PairBeyondCrit => "CLK103".to_owned(),
            Self::OffByHours => "CLK104".to_owned(),
            Self::Moved => "CLK105".to_owned(),
            Self::FreeRunning => "CLK106".to_owned(),
            Self::ClaimContradicted => "CLK107".to_owned(),
            Self::AncientYear => "CLK108".to_owned(),
            Self::Slewing => "CLK109".to_owned(),
            Self::NoTimekeeper => "CLK201".to_owned(),
            Self::Stopped => "CLK202".to_owned(),
            Self::TwoTimekeepers => "CLK203".to_owned(),
            Self::NotSynchronised => "CLK204".to_owned(),
            Self::Stale => "CLK205".to_owned(),
            Self::HypervisorSync => "CLK206".to_owned(),
            Self::CannotBeAsked => "CLK207".to_owned(),
            Self::SntpOnly => "CLK208".to_owned(),
            Self::Restarts => "CLK209".to_owned(),
            Self::SingleSource => "CLK301".to_owned(),
            Self::SmearMixed => "CLK302".to_owned(),
            Self::LeapTableWithSmear => "CLK303".to_owned(),
            Self::SourcesUnreachable => "CLK304".to_owned(),
            Self::DifferentUpstreams => "CLK305".to_owned(),
            Self::StepsSpent => "CLK306".to_owned(),
            Self::Falseticker => "CLK307".to_owned(),
            Self::CloudSourceUnused => "CLK308".to_owned(),
            Self::Clocksource => "CLK401".to_owned(),
            Self::Resumed => "CLK402".to_owned(),
            Self::RtcLocal => "CLK403".to_owned(),
            Self::Container => "CLK404".to_owned(),
            Self::Undecided => "CLK501".to_owned(),
            Self::AsymmetricPath => "CLK502".to_owned(),
            Self::ControllerBusy => "CLK503".to_owned(),
            Self::ControllerOutlier => "CLK504".to_owned(),
            Self::FewSamples => "CLK505".to_owned(),
            Self::ControllerMoved => "CLK506".to_owned(),
            Self::ReferenceDoubtful => "CLK507".to_owned(),
            Self::Unreached(failure) => failure.label(),
        }
    }

    /// How much it weighs where nothing lessens it. An `SSH9xx` changes nothing by itself: a host that was not measured is `down` for that.
    pub fn severity(self) -> Severity {
        match self {
            Self::BeyondCrit
            | Self::PairBeyondCrit
            | Self::OffByHours
            | Self::ClaimContradicted
            | Self::AncientYear => Severity::Crit,
            Self::BeyondWarn
            | Self::Moved
            | Self::Slewing
            | Self::FreeRunning
            | Self::NoTimekeeper
            | Self::Stopped
            | Self::TwoTimekeepers
            | Self::NotSynchronised
            | Self::Stale
            | Self::SmearMixed
            | Self::LeapTableWithSmear
            | Self::SourcesUnreachable
            | Self::StepsSpent
            | Self::Falseticker => Severity::Warn,
            Self::HypervisorSync
            | Self::CannotBeAsked
            | Self::SntpOnly
            | Self::Restarts
            | Self::SingleSource
            | Self::DifferentUpstreams
            | Self::CloudSourceUnused
            | Self::Clocksource
            | Self::Resumed
            | Self::RtcLocal
            | Self::Container
            | Self::Undecided
            | Self::AsymmetricPath
            | Self::ControllerBusy
            | Self::ControllerOutlier
            | Self::FewSamples
            | Self::ControllerMoved
            | Self::ReferenceDoubtful
            | Self::Unreached(_) => Severity::Note,
        }
    }

    /// Makes the finding from what is and what was expected.
    pub fn finding(self, what: impl Into<String>, expected: impl Into<String>) -> Finding {
        let (meaning, remedy) = advice::of(self);
        Finding {
            code: self,
            severity: self.severity(),
            what: what.into(),
            expected: expected.into(),
            meaning: meaning.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
}

/// Something to act on: what is, what was expected, what that means, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How much it weighs here: as much as its code, or less.
    pub severity: Severity,
    /// What is, with its figures. Remote text in it is not escaped.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What that means.
    pub meaning: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    /// The finding where it means something else than most of its code.
    #[must_use]
    pub fn with_meaning(self, meaning: impl Into<String>) -> Self {
        Self { meaning: meaning.into(), ..self }
    }

    /// The finding where something else is to be done than for most of its code.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }

    /// The finding as a mere note, where it is another's matter.
    #[must_use]
    pub fn as_note(self) -> Self {
        Self { severity: Severity::Note, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_weighs_is_written_down_and_all_else_is_a_note() {
        let crit = ["CLK101", "CLK103", "CLK104", "CLK107", "CLK108"];
        let warn = [
            "CLK102", "CLK105", "CLK106", "CLK109", "CLK201", "CLK202", "CLK203", "CLK204", "CLK205", "CLK302",
            "CLK303", "CLK304", "CLK306", "CLK307",
        ];
        let of = |severity: Severity| -> Vec<String> {
            Code::all().filter(|code| code.severity() == severity).map(Code::label).collect()
        };
        assert_eq!(of(Severity::Crit), crit);
        assert_eq!(of(Severity::Warn), warn);
    }
}
