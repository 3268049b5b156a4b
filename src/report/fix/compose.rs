//! Composing the report of a fix: the plan, the ends of the hosts and the two scans, turned into the report's model.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::PlanView;
use crate::clock::{Interval, UnixNanos};
use crate::fix::attempt::{Cause, EDITED, Outcome};
use crate::fix::draft::Unsettled;
use crate::fix::forecast::Direction;
use crate::fix::plan::Installation;
use crate::fix::remote::{Digest, Kept};
use crate::fix::rollout::{HostEnd, Spared};
use crate::fix::{Forecast, PlannedHost, RefusedHost, Yardstick};
use crate::probe::Interruption;
use crate::report::changes::changes;
use crate::report::diffs::unified;
use crate::report::model::{
    Fix, FixCounts, FixDiff, FixForecast, FixOffset, FixOutcome, FixYardstick, FixYardstickKind, FixedFile, FixedHost,
    FixedInstallation, Host, Interrupted, Kind, Report, Severity,
};
use crate::report::quantity::{Instant, Seconds};

/// What a report of a fix is composed from.
#[derive(Debug, Clone, Copy)]
pub struct FixRun<'run> {
    /// The plan and what is known with it.
    pub view: PlanView<'run>,
    /// The name of the run; `None` where it was only planned (`--check`).
    pub run: Option<&'run str>,
    /// How the hosts of the rollout ended, in any order; none where it was only planned.
    pub ended: &'run [EndedHost<'run>],
    /// The scan before, of all selected hosts.
    pub before: &'run Report,
    /// The scan afterwards, of the hosts that were attempted; `None` where none was, or where it could not be made.
    pub after: Option<&'run Report>,
    /// When the run ended, by the controller's clock.
    pub finished: UnixNanos,
    /// What ended it early.
    pub interrupted: Option<Interruption>,
    /// Where the journal is.
    pub journal: Option<&'run str>,
    /// Where the file for `--limit @FILE` is.
    pub retry: Option<&'run str>,
}

/// How one host of a rollout ended.
#[derive(Debug, Clone, Copy)]
pub struct EndedHost<'run> {
    /// Its name in the inventory.
    pub name: &'run str,
    /// How it ended.
    pub end: HostEnd,
    /// What the host or its chronyd said of it; not escaped.
    pub detail: Option<&'run str>,
    /// Its offset from the yardstick when it was measured last.
    pub last: Option<Interval>,
    /// Its files and their backups.
    pub kept: &'run [Kept],
}

/// Composes the report of a fix: its hosts are those of the scan afterwards, where there was one, and what changed is told since the
/// one before; `fix` has every selected host.
pub fn compose(run: &FixRun<'_>) -> Report {
    let FixRun { before, after, .. } = *run;
    let mut report = after.unwrap_or(before).clone();
    report.kind = Kind::Fix;
    report.changes = after.map(|after| changes(before, after));
    let of_before = before.run.clone();
    report.run.id = run.run.map_or(of_before.id, str::to_owned);
    report.run.started = of_before.started;
    report.run.inventory = of_before.inventory;
    report.run.finished = Instant(run.finished);
    let of_rollout = run.interrupted.map(|reason| match reason {
        Interruption::Interrupt => Interrupted::Interrupt,
        Interruption::Terminate => Interrupted::Terminate,
        Interruption::Deadline => Interrupted::Deadline,
    });
    // What ended the scan afterwards ended the run.
    report.run.interrupted = of_rollout.or(after.and_then(|after| after.run.interrupted));
    report.run.partial = report.run.interrupted.is_some();
    report.fix = Some(fix(run, has_new_warnings(&report)));
    report
}

/// Whether a host has a finding that warns and that the scan before did not have.
fn has_new_warnings(report: &Report) -> bool {
    let warns = |name: &String, code: &String| {
        let host = report.hosts.iter().find(|host| host.name == *name);
        let findings = host.iter().flat_map(|host| &host.findings);
        findings.into_iter().any(|finding| finding.code == *code && finding.severity == Severity::Warn)
    };
    let new = report.changes.iter().flat_map(|changes| &changes.new);
    new.into_iter().any(|change| change.hosts.iter().any(|name| warns(name, &change.code)))
}

fn fix(run: &FixRun<'_>, new_warnings: bool) -> Fix {
    let PlanView { plan, diffs, forecasts, yardstick, unsettled, .. } = run.view;
    let known = Known {
        run,
        forecasts: forecasts.iter().copied().collect(),
        unsettled: unsettled.iter().copied().collect(),
        ended: run.ended.iter().map(|ended| (ended.name, ended)).collect(),
        before: by_name(run.before),
        after: run.after.map(by_name).unwrap_or_default(),
    };
    // A host that was planned and then refused, as by what the yardstick says of it, is told once: as refused.
    let refused: BTreeSet<&str> = plan.refused.iter().map(|host| host.name.as_str()).collect();
    let hosts = plan.hosts.iter().filter(|host| !refused.contains(host.name.as_str()));
    let mut hosts: Vec<FixedHost> = hosts.map(|host| known.planned(host)).collect();
    hosts.extend(plan.refused.iter().map(|host| known.refused(host)));
    hosts.sort_by(|one, other| one.name.cmp(&other.name));
    let diff = |folded: &crate::fix::diff::Folded| FixDiff {
        hosts: folded.hosts.clone(),
        files: folded.diffs.iter().map(unified).collect(),
    };
    Fix {
        run: run.run.map(str::to_owned),
        change: plan.change.clone(),
        step: plan.step.name().to_owned(),
        yardstick: yardstick.map(stored_yardstick),
        counts: counts(&hosts),
        new_warnings,
        hosts,
        diffs: diffs.iter().map(diff).collect(),
        journal: run.journal.map(str::to_owned),
        retry: run.retry.map(str::to_owned),
    }
}

/// The hosts of a report by their names.
fn by_name(report: &Report) -> BTreeMap<&str, &Host> {
    report.hosts.iter().map(|host| (host.name.as_str(), host)).collect()
}

/// What is known of hosts, by their names.
struct Known<'run> {
    run: &'run FixRun<'run>,
    forecasts: BTreeMap<&'run str, Forecast>,
    unsettled: BTreeMap<&'run str, &'run Unsettled>,
    ended: BTreeMap<&'run str, &'run EndedHost<'run>>,
    before: BTreeMap<&'run str, &'run Host>,
    after: BTreeMap<&'run str, &'run Host>,
}

impl Known<'_> {
    /// What the scans and the forecasts say of a host that nothing else is known of.
    fn host(&self, name: &str) -> FixedHost {
        let (before, after) = (self.before.get(name), self.after.get(name));
        let forecast = self.forecasts.get(name);
        FixedHost {
            name: name.to_owned(),
            groups: before.or(after).map_or_else(Vec::new, |host| host.groups.clone()),
            outcome: FixOutcome::NotAttempted,
            reason: None,
            why: None,
            detail: None,
            before: forecast.map(|forecast| stored_offset(forecast.outset.offset)),
            after: None,
            forecast: forecast.map(stored_forecast),
            verdict_before: before.map(|host| host.verdict),
            verdict_after: after.map(|host| host.verdict),
            configuration: None,
            service: None,
            version: None,
            installation: None,
            files: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn refused(&self, host: &RefusedHost) -> FixedHost {
        FixedHost { reason: Some(host.reason.clone()), why: Some(host.message.clone()), ..self.host(&host.name) }
    }

    fn planned(&self, host: &PlannedHost) -> FixedHost {
        let ended = self.ended.get(host.name.as_str());
        let is_unchanged = host.files.is_empty() && host.installs.is_none() && !self.run.view.steps_now;
        let (outcome, reason) = match ended.map(|ended| ended.end) {
            Some(HostEnd::Attempted(outcome)) => of_outcome(outcome),
            Some(HostEnd::NotAttempted(spared)) => {
                (FixOutcome::NotAttempted, Some((spared.label(), Spared::describe(spared))))
            }
            None if is_unchanged => (FixOutcome::Unchanged, None),
            None if self.run.run.is_none() => (FixOutcome::Pending, None),
            None => (FixOutcome::NotAttempted, Some(("not_begun", "the run ended before it was begun"))),
        };
        let unsettled = self.unsettled.get(host.name.as_str()).filter(|_| outcome == FixOutcome::Unchanged);
        let backups = |path: &str| {
            let kept = ended.iter().flat_map(|ended| ended.kept).find(|kept| kept.path == path);
            kept.and_then(|kept| kept.backup.clone())
        };
        let file = |file: &crate::fix::files::PlannedFile| FixedFile {
            path: file.path.clone(),
            was_sha256: file.was.map(|digest| digest.to_string()),
            becomes_sha256: Digest::of(&file.becomes).to_string(),
            backup: backups(&file.path),
        };
        FixedHost {
            outcome,
            reason: reason.map(|(label, _)| label).or(unsettled.map(|wrong| wrong.label())).map(str::to_owned),
            why: reason.map(|(_, words)| words.to_owned()).or(unsettled.map(|wrong| wrong.describe())),
            detail: ended.and_then(|ended| ended.detail).map(str::to_owned),
            after: ended.and_then(|ended| ended.last).map(stored_offset),
            configuration: Some(host.configuration.clone()),
            service: Some(host.service.clone()),
            version: host.version.clone(),
            installation: host.installs.as_ref().map(installation),
            files: host.files.iter().map(file).collect(),
            warnings: host.warnings.clone(),
            ..self.host(&host.name)
        }
    }
}

fn installation(installs: &Installation) -> FixedInstallation {
    FixedInstallation {
        manager: installs.manager.map(|manager| manager.label().to_owned()),
        version: installs.version.clone(),
        replaces: installs.goes().into_iter().map(str::to_owned).collect(),
    }
}

/// How an attempt ended, and why, by its name and in words.
fn of_outcome(outcome: Outcome) -> (FixOutcome, Option<(&'static str, &'static str)>) {
    let why = |cause: Cause| Some((cause.label(), cause.describe()));
    match outcome {
        Outcome::Converged => (FixOutcome::Converged, None),
        Outcome::ConvergedByClaim => (FixOutcome::ConvergedByClaim, None),
        Outcome::Edited { is_measured: true } => (FixOutcome::Converged, Some(EDITED)),
        Outcome::Edited { is_measured: false } => (FixOutcome::ConvergedByClaim, Some(EDITED)),
        Outcome::OnItsWay(early) => (FixOutcome::OnItsWay, early.told()),
        Outcome::RolledBack(cause) => (FixOutcome::RolledBack, why(cause)),
        Outcome::Failed(cause) => (FixOutcome::Failed, why(cause)),
    }
}

/// How many hosts ended in which way.
pub fn counts(hosts: &[FixedHost]) -> FixCounts {
    let mut counts = FixCounts::default();
    for host in hosts {
        let count = match host.outcome {
            FixOutcome::Pending => &mut counts.pending,
            FixOutcome::Unchanged => &mut counts.unchanged,
            FixOutcome::Converged => &mut counts.converged,
            FixOutcome::ConvergedByClaim => &mut counts.converged_by_claim,
            FixOutcome::OnItsWay => &mut counts.on_their_way,
            FixOutcome::RolledBack => &mut counts.rolled_back,
            FixOutcome::Failed => &mut counts.failed,
            FixOutcome::NotAttempted => &mut counts.not_attempted,
        };
        *count += 1;
    }
    counts
}

fn stored_offset(offset: Interval) -> FixOffset {
    FixOffset { offset_s: Seconds(offset.midpoint()), lo_s: Seconds(offset.lo), hi_s: Seconds(offset.hi) }
}

fn stored_forecast(forecast: &Forecast) -> FixForecast {
    let direction = match forecast.direction {
        Direction::Forward => "forward",
        Direction::Backward => "backward",
        Direction::Unclear => "unclear",
    };
    FixForecast {
        movement: forecast.movement.label().to_owned(),
        direction: direction.to_owned(),
        takes_s: Seconds(forecast.takes),
        without_steps: forecast.without_steps,
    }
}

pub(super) fn stored_yardstick(yardstick: &Yardstick) -> FixYardstick {
    let none = FixYardstick { kind: FixYardstickKind::Claims, host: None, witnesses: None, bound_s: None };
    match yardstick {
        Yardstick::Servers { standing, witnesses } => FixYardstick {
            kind: FixYardstickKind::Servers,
            witnesses: Some(*witnesses),
            bound_s: Some(Seconds(standing.half_width())),
            ..none
        },
        Yardstick::Internal { host, standing } => FixYardstick {
            kind: FixYardstickKind::Internal,
            host: Some(host.clone()),
            bound_s: Some(Seconds(standing.half_width())),
            ..none
        },
        Yardstick::Claims => none,
    }
}
