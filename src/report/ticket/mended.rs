//! What a fix did, of the hosts of a cause or of one host: whom it failed, gave back or did not get to is something to act on,
//! whether the last scan looked at it or not.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::escape::escaped;
use crate::report::fix::{counts, is_bad};
use crate::report::model::{Fix, FixDiff, FixOutcome, FixedHost, Report};
use crate::report::sentences;

/// A fix, its hosts by name.
pub(super) struct Mended<'report> {
    fix: &'report Fix,
    hosts: BTreeMap<&'report str, &'report FixedHost>,
    /// The numbers of the diffs of each host.
    diffs: BTreeMap<&'report str, Vec<usize>>,
}

impl<'report> Mended<'report> {
    /// What the fix of a report did; none where there was none, or it was only planned.
    pub(super) fn of(report: &'report Report) -> Option<Self> {
        let fix = done(report)?;
        let hosts = fix.hosts.iter().map(|host| (host.name.as_str(), host)).collect();
        let mut diffs: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, diff) in fix.diffs.iter().enumerate() {
            for host in &diff.hosts {
                diffs.entry(host).or_default().push(number);
            }
        }
        Some(Self { fix, hosts, diffs })
    }

    /// The hosts that it failed, gave back or did not get to, by name.
    pub(super) fn bad(&self) -> impl Iterator<Item = &'report FixedHost> {
        self.hosts.values().copied().filter(|host| is_bad(host))
    }

    /// The part of it that is of these hosts; none where it did all of that well, so that what is wrong there is for the scan to tell.
    pub(super) fn part(&self, names: &BTreeSet<&str>) -> Option<Fix> {
        let hosts: Vec<FixedHost> = names.iter().filter_map(|name| self.hosts.get(name).copied().cloned()).collect();
        if !hosts.iter().any(is_bad) {
            return None;
        }
        let mut hosts_of: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for host in &hosts {
            for number in self.diffs.get(host.name.as_str()).into_iter().flatten() {
                hosts_of.entry(*number).or_default().push(host.name.clone());
            }
        }
        let diff = |(number, hosts): (usize, Vec<String>)| {
            let files = self.fix.diffs.get(number).map(|diff| diff.files.clone()).unwrap_or_default();
            FixDiff { hosts, files }
        };
        let Fix { run, change, step, yardstick, new_warnings, journal, retry, .. } = self.fix;
        Some(Fix {
            run: run.clone(),
            change: change.clone(),
            step: step.clone(),
            yardstick: yardstick.clone(),
            counts: counts(&hosts),
            new_warnings: *new_warnings,
            diffs: hosts_of.into_iter().map(diff).collect(),
            journal: journal.clone(),
            retry: retry.clone(),
            hosts,
        })
    }
}

/// The fix of a report; none where there was none, or it was only planned.
fn done(report: &Report) -> Option<&Fix> {
    report.fix.as_ref().filter(|fix| fix.run.is_some())
}

/// The names of the hosts that the fix of a report failed, gave back or did not get to.
pub(super) fn bad(report: &Report) -> impl Iterator<Item = &str> {
    let hosts = done(report).into_iter().flat_map(|fix| &fix.hosts);
    hosts.filter(|host| is_bad(host)).map(|host| host.name.as_str())
}

/// How a fix ended for a host, as a part of a title: `fix not attempted, budget spent`.
pub(super) fn told(host: &FixedHost) -> String {
    let ended = match host.outcome {
        FixOutcome::Failed => "fix failed",
        FixOutcome::RolledBack => "fix rolled back",
        FixOutcome::NotAttempted => "fix not attempted",
        FixOutcome::OnItsWay => "fix ended early",
        FixOutcome::Pending | FixOutcome::Unchanged | FixOutcome::Converged | FixOutcome::ConvergedByClaim => "fixed",
    };
    let what = sentences::fix::what(host);
    if what.is_empty() { ended.to_owned() } else { format!("{ended}, {what}") }
}

/// What stays of that from run to run.
pub(super) fn identity(host: &FixedHost) -> String {
    format!("fix\0{}\0{}", sentences::fix::word(host.outcome), escaped(host.reason.as_deref().unwrap_or_default()))
}
