//! Bad hosts that no report has looked at since: a report without them says nothing of them, so they are kept in mind until one
//! measured them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::mended;
use crate::audit::figure;
use crate::report::escape::escaped;
use crate::report::model::{Host, Report};
use crate::report::sentences;
use crate::tickets::clipped;

/// The names of hosts are told no longer.
const LONGEST_NAMES: usize = 300;
/// So many runs are told; there are more only where hosts are left out time after time.
const MOST_RUNS: usize = 5;

/// Bad hosts of what was reported to a ticket that were not looked at since, each with the run that looked at it last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unseen(BTreeMap<String, String>);

impl Unseen {
    /// Those after a `report`: of these, and of the bad ones of what was reported `last`, all that it did not measure (they are
    /// absent, down or not audited), but for those that the ticket tells of itself by `told`, its part of the report.
    #[must_use]
    pub fn after(&self, last: Option<&Report>, told: &Report, report: &Report) -> Self {
        let hosts = told.hosts.iter().map(|host| host.name.as_str());
        let is_told: BTreeSet<&str> = hosts.chain(mended::bad(told)).collect();
        let of_last = last.into_iter().flat_map(|last| {
            let bad = sentences::bad_hosts(last).into_iter().map(|host| host.name.as_str());
            bad.chain(mended::bad(last)).map(|name| (name.to_owned(), last.run.id.clone()))
        });
        let all = self.0.clone().into_iter().chain(of_last);
        let mut unseen: BTreeMap<String, String> = all.filter(|(name, _)| !is_told.contains(name.as_str())).collect();
        // Most tickets have none, and a fleet is large.
        if !unseen.is_empty() {
            let measured: BTreeSet<&str> = measured(report).map(|host| host.name.as_str()).collect();
            unseen.retain(|name, _| !measured.contains(name.as_str()));
        }
        Self(unseen)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Since which run nobody looked at which of them.
    pub(super) fn told(&self) -> Option<String> {
        let mut by_run: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, run) in &self.0 {
            by_run.entry(run).or_default().push(name);
        }
        let of_run = |(run, names): (&str, &Vec<&str>)| {
            let bad = figure::count(names.len(), "bad host");
            let names = clipped(&sentences::folded_names(names), LONGEST_NAMES);
            format!("{bad} not looked at since run {}: {names}", escaped(run))
        };
        let more = by_run.len().saturating_sub(MOST_RUNS);
        let more = (more > 0).then(|| format!("and more since {}", figure::count(more, "other run")));
        let runs = by_run.iter().take(MOST_RUNS).map(|(run, names)| of_run((run, names)));
        (!self.is_empty()).then(|| runs.chain(more).collect::<Vec<_>>().join("; "))
    }
}

/// The hosts of which a report knows the clock.
pub(super) fn measured(report: &Report) -> impl Iterator<Item = &Host> {
    report.hosts.iter().filter(|host| host.clock.is_some())
}
