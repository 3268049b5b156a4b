//! The question about tokens that a trace may ask: who issues, who verifies, on what terms.

use super::line::Jwt;
use crate::clock::Nanos;

/// Which hosts issue and verify tokens, and what the verifiers tolerate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenQuestion {
    /// The group of the hosts that issue.
    pub issuers: String,
    /// The group of the hosts that verify.
    pub verifiers: String,
    /// How much they tolerate.
    pub leeway: Nanos,
    /// How long a token is on its way.
    pub transit: Nanos,
}

impl TokenQuestion {
    /// Reads the question; gives the name of the setting that is out of range.
    pub(super) fn from_line(line: &Jwt) -> Result<Self, &'static str> {
        let length = |name: &'static str, nanos: i64| if nanos < 0 { Err(name) } else { Ok(Nanos(nanos)) };
        Ok(Self {
            issuers: line.issuers.clone(),
            verifiers: line.verifiers.clone(),
            leeway: length("leeway_ns", line.leeway_ns)?,
            transit: length("transit_ns", line.transit_ns)?,
        })
    }
}
