//! What is asked of the clocks: of all, of hosts that are asked something else, and of pairs.

use indexmap::IndexMap;

use super::names::folded_names;
use crate::audit::figure;
use crate::report::limits::{pair_limits, words};
use crate::report::model::{HostPolicy, Policy, Report};

/// So many different limits of single hosts are told.
const MOST: usize = 3;

/// `profile jwt: warn 50 ms, crit 100 ms`.
pub(in crate::report) fn limits_of_all(policy: &Policy) -> String {
    words(policy.warn_s, policy.crit_s, &policy.profiles)
}

/// What single hosts are asked instead, a line for each different thing: `of mon[01-03]   profile ceph: warn 25 ms, crit
/// 50 ms`.
pub(in crate::report) fn limits_of_hosts(report: &Report) -> Vec<String> {
    let mut asked: IndexMap<String, Vec<&str>> = IndexMap::new();
    for host in &report.hosts {
        if let Some(HostPolicy { warn_s, crit_s, profiles, .. }) = &host.policy {
            asked.entry(words(*warn_s, *crit_s, profiles)).or_default().push(&host.name);
        }
    }
    asked.sort_by(|limits, hosts, other_limits, other_hosts| {
        (other_hosts.len(), limits).cmp(&(hosts.len(), other_limits))
    });
    let line = |(limits, hosts): (&String, &Vec<&str>)| format!("of {}   {limits}", folded_names(hosts));
    let more = asked.len().saturating_sub(MOST);
    let mut lines: Vec<String> = asked.iter().take(MOST).map(line).collect();
    lines.extend((more > 0).then(|| format!("and {more} more limits of single hosts (show them: -o json)")));
    lines
}

/// What pairs are held against: `100 ms`, or `their limits (50 ms to 300 s)`.
pub(in crate::report) fn limits_of_pairs(report: &Report) -> String {
    let limits = pair_limits(report);
    let (least, most) = (limits.iter().min(), limits.iter().max());
    match (least, most) {
        (Some(least), Some(most)) if least != most => {
            format!("their limits ({} to {})", figure::limit(*least), figure::limit(*most))
        }
        _ => figure::limit(most.copied().unwrap_or(report.policy.crit_s.0)),
    }
}
