//! What a fix planned and did, as it is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::report::quantity::Seconds;

/// A fix: what was asked for, and what became of each host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The name of the run in its journal and in the names of backups: what `clockaudit rollback` takes; null where it was only
    /// planned (`--check`).
    pub run: Option<String>,
    /// What was asked for, in words.
    pub change: String,
    /// Which clocks could be stepped: `forward`, `any` or `never`.
    pub step: String,
    /// What `before` and `after` of the hosts are relative to; null where no host was to be changed.
    pub yardstick: Option<FixYardstick>,
    /// How many hosts ended in which way.
    pub counts: FixCounts,
    /// Whether a host has a finding that warns and was not there before.
    pub new_warnings: bool,
    /// Every selected host, sorted by name.
    pub hosts: Vec<FixedHost>,
    /// What changes in files, hosts with equal changes together.
    pub diffs: Vec<FixDiff>,
    /// The journal of the run; null where there is none.
    pub journal: Option<String>,
    /// The file for `--limit @FILE` that goes on with the hosts that were not attempted or lack their `makestep`; null where there is none.
    pub retry: Option<String>,
}

/// What offsets of a fix are relative to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixYardstick {
    /// What it is.
    pub kind: FixYardstickKind,
    /// The host that serves an isolated network; null where it is none.
    pub host: Option<String>,
    /// How many hosts told where the new servers stand; null where none was asked.
    pub witnesses: Option<usize>,
    /// How well that is known when the plan is made: at most this from the truth; null where it is not known.
    pub bound_s: Option<Seconds>,
}

/// What the offsets of a fix are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixYardstickKind {
    /// The new servers, by what hosts hear from them.
    Servers,
    /// The clock of the host that serves an isolated network.
    Internal,
    /// The reference of the scan: no host could ask the new servers, so each was judged by its own claim.
    Claims,
}

/// How many hosts ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixCounts {
    /// Would be changed: it was only planned.
    pub pending: usize,
    /// Were as wanted already.
    pub unchanged: usize,
    /// Changed, and right by measurement.
    pub converged: usize,
    /// Changed, and right by the word of their chronyd.
    pub converged_by_claim: usize,
    /// Changed, and not right for the hold time yet when the run was told to end.
    pub on_their_way: usize,
    /// Have their old files again.
    pub rolled_back: usize,
    /// Are in a state that somebody must look at.
    pub failed: usize,
    /// Were not touched: refused, or not got to.
    pub not_attempted: usize,
}

/// How a fix ended for one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixOutcome {
    /// It would be changed: it was only planned.
    Pending,
    /// It was as wanted already.
    Unchanged,
    /// Its clock is right by measurement, and was for the hold time.
    Converged,
    /// Its clock is right by its chronyd's word, and could not be measured well enough to tell more.
    ConvergedByClaim,
    /// It follows its new source, and its clock had not been right for the hold time when the run was told to end.
    OnItsWay,
    /// It has its old files again, and runs with them.
    RolledBack,
    /// What it is like is not known, or it is not as it was: look at it.
    Failed,
    /// It was not touched.
    NotAttempted,
}

/// What became of one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixedHost {
    /// Its name in the inventory.
    pub name: String,
    /// The groups it is in, sorted.
    pub groups: Vec<String>,
    /// How it ended.
    pub outcome: FixOutcome,
    /// The name of the reason, where it was rolled back, has failed, was not attempted, or is as wanted and wrong all the same; of one
    /// on its way `not_measured` or `not_held`, null while it is still slewed; of one on its way or right `edited`, where somebody
    /// changed a file of it after it was written.
    pub reason: Option<String>,
    /// The reason in words.
    pub why: Option<String>,
    /// What the host or its chronyd said.
    pub detail: Option<String>,
    /// Its clock before; null where it was not measured against the yardstick.
    pub before: Option<FixOffset>,
    /// Its clock in the end; null where it was not measured against the yardstick.
    pub after: Option<FixOffset>,
    /// What its clock was to do; null where that was not worked out.
    pub forecast: Option<FixForecast>,
    /// What the scan before said of it; null where it was not in it.
    pub verdict_before: Option<Verdict>,
    /// What the scan afterwards said of it; null where it was not scanned again.
    pub verdict_after: Option<Verdict>,
    /// The file that its chronyd is started with; null where that was not found out.
    pub configuration: Option<String>,
    /// The service that is restarted; null where that was not found out.
    pub service: Option<String>,
    /// The version of its chronyd; null where that was not found out.
    pub version: Option<String>,
    /// What is installed and stopped for it; null where chronyd is there, and alone.
    pub installation: Option<FixedInstallation>,
    /// The files that change.
    pub files: Vec<FixedFile>,
    /// What there is to know.
    pub warnings: Vec<String>,
}

/// How chronyd comes to keep the clock of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixedInstallation {
    /// What installs chrony; null where it is there.
    pub manager: Option<String>,
    /// The version that is installed; null where that was not told beforehand.
    pub version: Option<String>,
    /// The services and packages that go for it.
    pub replaces: Vec<String>,
}

/// Where a clock stands against the yardstick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixOffset {
    /// The middle of the bounds: the clock minus the yardstick, positive = ahead.
    pub offset_s: Seconds,
    /// Least value of the offset.
    pub lo_s: Seconds,
    /// Greatest value of the offset.
    pub hi_s: Seconds,
}

/// What a clock was to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixForecast {
    /// How it is moved: `stays`, `slews`, `steps` or `slews_or_steps`.
    pub movement: String,
    /// Which way: `forward`, `backward` or `unclear`.
    pub direction: String,
    /// After how long it is right, at most, from the restart of chronyd on.
    pub takes_s: Seconds,
    /// Whether steps are left out of the configuration until the clock is right.
    pub without_steps: bool,
}

/// One file that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixedFile {
    /// Where it is.
    pub path: String,
    /// The SHA-256 of what it was; null where there was none before chrony was installed.
    pub was_sha256: Option<String>,
    /// The SHA-256 of what it becomes.
    pub becomes_sha256: String,
    /// Its backup; null where there is none.
    pub backup: Option<String>,
}

/// What changes in files, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixDiff {
    /// The hosts, in the order of the plan.
    pub hosts: Vec<String>,
    /// What changes there, as `diff -u` writes it: one text a file, what is no UTF-8 replaced.
    pub files: Vec<String>,
}
