//! The rules that need no measurement: what a host's time service, its sources and its machine are, each to a finding or none.

use super::finding::Finding;
use super::policy::Policy;
use super::{environment, remedy, service, sources};
use crate::clock::estimate::Status;
use crate::timekeeper::TimeService;

/// What such a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'host> {
    /// Who keeps the host's clock, and on what.
    pub(super) service: &'host TimeService,
    /// What is asked of the clocks.
    pub(super) policy: &'host Policy,
    /// How the clock behaved while it was measured, where it was.
    pub(super) status: Option<Status>,
}

/// One rule.
pub(super) type Rule = fn(&Circumstances<'_>) -> Option<Finding>;

/// Everything that a host's facts show, in the order of the codes; no clock need have been measured: `status` is how it
/// behaved where one was.
pub fn findings(service: &TimeService, policy: &Policy, status: Option<Status>) -> Vec<Finding> {
    let circumstances = Circumstances { service, policy, status };
    let rules = service::RULES.iter().chain(&sources::RULES).chain(&environment::RULES);
    let mut findings: Vec<Finding> = rules.filter_map(|rule| rule(&circumstances)).collect();
    findings.sort_by_key(|finding| finding.code);
    remedy::advised(findings, Some(service))
}
