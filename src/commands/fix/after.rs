//! The end of a run: a second look at the hosts that were attempted, the journal's last lines, the report and the exit code.

use super::agree::Shown;
use super::before::{Scanned, scan};
use super::hosts::Selected;
use super::plan::{FixPlan, Reach};
use super::rollout::Finished;
use super::site::Site;
use crate::audit::{ExitStatus, Places};
use crate::cli::Format;
use crate::commands::error::{CommandError, Outcome};
use crate::commands::live::Live;
use crate::commands::measure::sound;
use crate::commands::output::deliver;
use crate::files;
use crate::files::journal::Journals;
use crate::files::report::write_all;
use crate::fix::draft::{Draft, DraftedHost};
use crate::fix::ending::{Retry, retry};
use crate::fix::journal::{EndedRecord, OverRecord, Record};
use crate::fix::plan;
use crate::fix::remote::{Kept, RunId};
use crate::fix::rollout::HostEnd;
use crate::inventory::target::Target;
use crate::probe::Interruption;
use crate::report::escape::visible;
use crate::report::fix::{EndedHost, FixRun, compose, exit_status};
use crate::report::{self, Provenance, Report};
use crate::ssh::{Done, own_defects};
use crate::terminal::Terminal;

/// What a run began with.
pub struct Run<'run> {
    /// What was asked for.
    pub plan: &'run FixPlan,
    /// The hosts.
    pub selected: &'run Selected,
    /// What the scan before said.
    pub before: &'run Scanned,
    /// What was worked out.
    pub draft: &'run Draft,
    /// The same as it is shown.
    pub shown: &'run Shown,
}

/// What a report has beside what its run began with.
#[derive(Default)]
struct Told<'run> {
    run: Option<&'run str>,
    ended: &'run [EndedHost<'run>],
    after: Option<&'run Report>,
    interrupted: Option<Interruption>,
    journal: Option<&'run str>,
    retry: Option<&'run str>,
}

impl Run<'_> {
    /// Ends a run that was only planned.
    pub fn planned(&self, terminal: &Terminal) -> Outcome {
        if let Reach::Check { plan_out: Some(path), .. } = &self.plan.reach {
            let text = plan::write(&self.shown.plan).map_err(|error| CommandError::internal(error.to_string()))?;
            files::plan::write(path, &text).map_err(|error| {
                CommandError::output(format!("the plan cannot be written to `{}`: {error}", path.display()))
            })?;
        }
        let report = self.report(&Told::default());
        let output = &self.plan.output;
        let status = if matches!(output.format, Format::Table | Format::Wide) {
            // People have read the plan.
            write_all(&report, &output.exports)?;
            exit_status(&report, output.fail_on).unwrap_or(ExitStatus::Good)
        } else {
            deliver(&report, output, None, terminal)?
        };
        let tells_changes = matches!(self.plan.reach, Reach::Check { tells_changes: true, .. });
        let is_pending = tells_changes && self.draft.changing().next().is_some();
        Ok(if is_pending && status == ExitStatus::Good { ExitStatus::Pending } else { status })
    }

    /// Ends a run that had nothing to change.
    pub fn without_change(&self, journals: &Journals, terminal: &Terminal) -> Outcome {
        let refused = self.draft.refused.iter().map(|host| host.name.as_str());
        let retry = self.retry_file(journals, refused, terminal);
        let told = Told { run: Some(&self.selected.provenance.run), retry: retry.as_deref(), ..Told::default() };
        deliver(&self.report(&told), &self.plan.output, None, terminal)
    }

    /// Ends a run that changed hosts.
    pub fn finished(&self, site: Site, finished: Finished, journals: &Journals, terminal: &Terminal) -> Outcome {
        let stop = site.close();
        let mut interrupted = stop.reason();
        let attempted: Vec<usize> = finished
            .ends
            .iter()
            .filter(|(_, done)| matches!(done.end, HostEnd::Attempted(_)))
            .map(|(host, _)| host.subject)
            .collect();
        let mut live = Live::new(stop.clone(), None);
        let mut after = None;
        // Whoever ended the run wants no more of it.
        if interrupted.is_none() && !attempted.is_empty() {
            match self.look_again(&attempted, terminal) {
                Ok((report, ended, of_scan)) => {
                    after = Some(report);
                    live = of_scan;
                    // Or it came when the one did not listen any more, and the other not yet.
                    interrupted = ended.or(stop.reason());
                }
                Err(error) => terminal.warn(&format!("the hosts could not be scanned again: {}", error.message)),
            }
        }
        drop(stop);
        let clock = self.plan.access.measurement.connection.clock;
        let spared = finished.ends.iter().filter(|(_, done)| matches!(done.end, HostEnd::NotAttempted(_)));
        for (host, done) in spared.clone() {
            // A journal that is not whole is told in the end.
            let ended = EndedRecord::of(&host.planned.name, clock.now(), done.end);
            let why = ended.why.map(|why| match &done.detail {
                Some(detail) => format!("{why}: {detail}"),
                None => why,
            });
            let _ = finished.telling.write(&Record::Ended(EndedRecord { why, ..ended }));
        }
        // Steps are still to come back on some.
        let is_left =
            |(_, done): &&(DraftedHost, Done)| matches!(done.end, HostEnd::NotAttempted(_)) || done.lacks_steps;
        let spared = finished.ends.iter().filter(is_left).map(|(host, _)| host.planned.name.as_str());
        let refused = self.draft.refused.iter().map(|host| host.name.as_str());
        let retry = self.retry_file(journals, spared.chain(refused), terminal);
        let kept = finished.telling.kept();
        let ended: Vec<EndedHost<'_>> = finished
            .ends
            .iter()
            .enumerate()
            .map(|(index, (host, done))| EndedHost {
                name: &host.planned.name,
                end: done.end,
                detail: done.detail.as_deref(),
                last: done.last,
                kept: kept.get(index).map_or(&[][..], Vec::<Kept>::as_slice),
            })
            .collect();
        let journal = finished.telling.path();
        let report = self.report(&Told {
            run: Some(&self.selected.provenance.run),
            ended: &ended,
            after: after.as_ref(),
            interrupted,
            journal: Some(&journal),
            retry: retry.as_deref(),
        });
        let signalled = interrupted.and_then(ExitStatus::of_signal);
        let status = signalled.or(exit_status(&report, self.plan.output.fail_on)).unwrap_or(ExitStatus::Internal);
        let over = OverRecord { at: finished.telling.now(), exit: status.code() };
        let _ = finished.telling.write(&Record::Over(over));
        // The report tells more.
        drop(finished.words);
        let status = deliver(&report, &self.plan.output, Some(live), terminal)?;
        match finished.telling.broken() {
            Some(why) => Err(CommandError::output(why)
                .hint("what was done is in the report above; `clockaudit rollback` may not know all of it")),
            None => sound(status, own_defects()),
        }
    }

    /// Scans the hosts that were attempted once more, and tells what ended that early.
    fn look_again(
        &self,
        attempted: &[usize],
        terminal: &Terminal,
    ) -> Result<(Report, Option<Interruption>, Live), CommandError> {
        let of_all = &self.selected.provenance;
        let of = |index: &usize| Some((self.selected.targets.get(*index)?, of_all.places.get(*index)?.clone()));
        let (targets, places): (Vec<&Target>, Vec<_>) = attempted.iter().filter_map(of).unzip();
        let targets: Vec<Target> = targets.into_iter().cloned().collect();
        let provenance = Provenance { places, ..of_all.clone() };
        let (groups, addresses) = (provenance.groups(), provenance.addresses());
        let places = Places { groups: &groups, addresses: &addresses };
        let (scanned, live) = scan(targets, places, &self.plan.access, terminal)?;
        Ok((self.composed(&scanned, &provenance), scanned.seen.interrupted, live))
    }

    fn composed(&self, scanned: &Scanned, provenance: &Provenance) -> Report {
        let Scanned { seen, estimates, judgement } = scanned;
        report::compose(seen, estimates, judgement, &self.plan.access.policy, provenance)
    }

    fn report(&self, told: &Told<'_>) -> Report {
        let before = self.composed(self.before, &self.selected.provenance);
        let finished = self.plan.access.measurement.connection.clock.now();
        self.shown.view(self.draft, |view| {
            compose(&FixRun {
                view,
                run: told.run,
                ended: told.ended,
                before: &before,
                after: told.after,
                finished,
                interrupted: told.interrupted,
                journal: told.journal,
                retry: told.retry,
            })
        })
    }

    /// Writes the file for `--limit @FILE` that goes on with these hosts, where there are some.
    fn retry_file<'host>(
        &self,
        journals: &Journals,
        names: impl Iterator<Item = &'host str>,
        terminal: &Terminal,
    ) -> Option<String> {
        let inventory = &self.selected.loaded.inventory;
        let Retry { text, unnamed } = retry(names, |name| inventory.group_named(name).is_some());
        for name in unnamed {
            let name = visible(&name);
            terminal.warn(&format!(
                "`{name}` was not attempted and is not in the file for `--limit @FILE`: a group is called that, too, and no pattern \
                 names the host alone"
            ));
        }
        if text.is_empty() {
            return None;
        }
        let run = RunId::new(&self.selected.provenance.run)?;
        match journals.write_retry(&run, &text) {
            Ok(path) => Some(path.display().to_string()),
            Err(error) => {
                // The report lists them all the same.
                terminal.warn(&format!("the file of the hosts that were not attempted cannot be written: {error}"));
                None
            }
        }
    }
}
