//! What the tests read of a report: durations digit by digit, and only the keys that they judge.

use clockaudit::clock::{Interval, Nanos};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::session::Session;

/// A report, as far as the tests read it.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// Every host, sorted by name.
    pub(crate) hosts: Vec<HostReport>,
}

/// One host of a report.
#[derive(Debug, Deserialize)]
pub(crate) struct HostReport {
    /// Its name in the inventory.
    pub(crate) name: String,
    /// `ok`, `warn`, `crit`, `undecided` or `down`.
    pub(crate) verdict: String,
    /// What is wrong with it.
    pub(crate) findings: Vec<Finding>,
    /// What was measured.
    pub(crate) clock: Option<Clock>,
    /// What its timekeeper says.
    pub(crate) claim: Option<Claim>,
}

/// One finding.
#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    /// `CLK101` and so on.
    pub(crate) code: String,
}

/// A measured clock; offsets are host - reference.
#[derive(Debug, Deserialize)]
pub(crate) struct Clock {
    /// The point estimate.
    #[serde(deserialize_with = "seconds")]
    pub(crate) offset_s: Nanos,
    /// The lower bound.
    #[serde(deserialize_with = "seconds")]
    pub(crate) lo_s: Nanos,
    /// The upper bound.
    #[serde(deserialize_with = "seconds")]
    pub(crate) hi_s: Nanos,
    /// How the clock was read.
    pub(crate) reader: String,
}

/// A timekeeper's own word.
#[derive(Debug, Deserialize)]
pub(crate) struct Claim {
    /// `Normal` where all is well.
    pub(crate) leap_status: String,
}

impl Report {
    /// Reads the report that a session printed.
    pub(crate) fn of(session: &Session) -> Self {
        serde_json::from_str(&session.stdout).unwrap_or_else(|error| panic!("no report: {error}\n{session}"))
    }
}

impl HostReport {
    /// What was measured; fails where nothing was.
    pub(crate) fn measured(&self) -> &Clock {
        self.clock.as_ref().unwrap_or_else(|| panic!("{} was not measured: {self:?}", self.name))
    }

    /// Whether it has that finding.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }
}

impl Clock {
    /// The bounds of the offset.
    pub(crate) fn bounds(&self) -> Interval {
        Interval::new(self.lo_s, self.hi_s)
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nanos, D::Error> {
    let digits = Box::<RawValue>::deserialize(deserializer)?;
    Nanos::from_seconds_text(digits.get()).ok_or_else(|| D::Error::custom("not decimal seconds"))
}
