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
    /// CLK107: the claim and the measurement cannot both be true.
    ClaimContradicted,
    /// CLK108: the clock says a year up to 2000.
    AncientYear,
    /// CLK109: the clock is being slewed.
    Slewing,
    /// CLK501: the bounds are too wide for a verdict.
    Undecided,
    /// CLK503: the controller was too busy to stamp in time.
    ControllerBusy,
    /// CLK505: there were fewer exchanges than asked for.
    FewSamples,
    /// CLK506: the controller's own clock was moved during the scan.
    ControllerMoved,
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
    /// The stable code: `CLK101`, `SSH901`.
    pub fn label(self) -> String {
        match self {
            Self::BeyondCrit => "CLK101".to_owned(),
            Self::BeyondWarn => "CLK102".to_owned(),
            Self::PairBeyondCrit => "CLK103".to_owned(),
            Self::OffByHours => "CLK104".to_owned(),
            Self::Moved => "CLK105".to_owned(),
            Self::ClaimContradicted => "CLK107".to_owned(),
            Self::AncientYear => "CLK108".to_owned(),
            Self::Slewing => "CLK109".to_owned(),
            Self::Undecided => "CLK501".to_owned(),
            Self::ControllerBusy => "CLK503".to_owned(),
            Self::FewSamples => "CLK505".to_owned(),
            Self::ControllerMoved => "CLK506".to_owned(),
            Self::Unreached(failure) => failure.label(),
        }
    }

    /// How much it weighs. An `SSH9xx` changes nothing by itself: a host that was not measured is `down` for that.
    pub fn severity(self) -> Severity {
        match self {
            Self::BeyondCrit
            | Self::PairBeyondCrit
            | Self::OffByHours
            | Self::ClaimContradicted
            | Self::AncientYear => Severity::Crit,
            Self::BeyondWarn | Self::Moved | Self::Slewing => Severity::Warn,
            Self::Undecided | Self::ControllerBusy | Self::FewSamples | Self::ControllerMoved | Self::Unreached(_) => {
                Severity::Note
            }
        }
    }

    /// Makes the finding from what is and what was expected.
    pub fn finding(self, what: impl Into<String>, expected: impl Into<String>) -> Finding {
        let (meaning, remedy) = advice::of(self);
        Finding {
            code: self,
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
    /// What is, with its figures. Remote text in it is not escaped.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What that means.
    pub meaning: String,
    /// What to do.
    pub remedy: String,
}
