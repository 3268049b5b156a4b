//! The hosts as they are worked on: one connection each from the survey to the end of the run.

use std::sync::Arc;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::before::Scanned;
use super::hosts::{Access, Selected};
use super::plan::FixPlan;
use crate::clock::UnixNanos;
use crate::commands::error::CommandError;
use crate::commands::measure::{hidden, masked, runtime};
use crate::files::TimeLeft;
use crate::fix::Refusal;
use crate::fix::draft::{self, Draft, Intent, Subject, Terms};
use crate::fix::remote::{self, Survey};
use crate::inventory::connection::Hidden;
use crate::inventory::target::Target;
use crate::probe::Interruption;
use crate::ssh::{HearsKept, Inspected, Looked, NotRestored, StopSignal, Workshop};
use crate::terminal::{Progress, Terminal};

/// The hosts as they are worked on.
pub struct Site {
    pub(super) runtime: Runtime,
    pub(super) workshop: Workshop,
    progress: Progress,
    stop: StopSignal,
    /// What is left for the run.
    time: TimeLeft,
    /// What may not be shown of each host.
    hidden: Arc<Vec<Hidden>>,
}

impl Site {
    /// Opens the work on these hosts; signals end it in good order from then on.
    pub fn open(targets: &[Target], access: &Access, terminal: &Terminal) -> Result<Self, CommandError> {
        let runtime = runtime()?;
        let names = targets.iter().map(|target| target.name.clone()).collect();
        let progress = terminal.watch(names, 0);
        let listener = progress.clone();
        let all_hidden: Arc<Vec<Hidden>> = Arc::new(targets.iter().map(hidden).collect());
        let of_events = Arc::clone(&all_hidden);
        let connection = &access.measurement.connection;
        let time = access.time.clone();
        let (workshop, stop) = runtime.block_on(async {
            let stop = StopSignal::from_outside(None);
            // One deadline from the start to the end of the run: what the scan took is not there any more.
            let left = time.clone();
            stop.at_the_end_of(move || left.left());
            let hear = move |event| {
                if !listener.passes_over(&event) {
                    listener.hear(&masked(event, &of_events));
                }
            };
            (Workshop::open(targets.to_vec(), connection, hear, stop.clone()), stop)
        });
        Ok(Self { runtime, workshop, progress, stop, time, hidden: all_hidden })
    }

    /// What may not be shown of a host.
    pub fn hidden(&self, host: usize) -> Hidden {
        self.hidden.get(host).cloned().unwrap_or_default()
    }

    /// Surveys the hosts that were measured, has their chronyd asked, and works out what that amounts to; and when that was, on the
    /// controller's axis.
    pub fn draft(
        &self,
        selected: &Selected,
        intents: &[Result<Intent, Refusal>],
        before: &Scanned,
        plan: &FixPlan,
    ) -> Result<(Draft, UnixNanos), CommandError> {
        let measured_at = plan.access.measurement.connection.clock.now();
        let terms = Terms {
            step: plan.step,
            is_forced: plan.is_forced,
            absolute: before.absolute(measured_at, plan.access.policy.crit),
            internal: plan.internal.clone(),
            allowed: plan.allowed,
        };
        let is_open =
            |index: &usize| before.refusal(*index).is_none() && intents.get(*index).is_some_and(Result::is_ok);
        let hosts: Vec<usize> = (0..selected.targets.len()).filter(is_open).collect();
        let question = |index: usize, survey: &Survey| -> Result<Option<remote::Check>, Refusal> {
            match intents.get(index) {
                Some(Ok(intent)) => draft::question(survey, intent, &terms),
                Some(Err(refusal)) => Err(refusal.clone()),
                None => Ok(None),
            }
        };
        let inspected = self.runtime.block_on(self.workshop.inspect(&hosts, &question));
        self.progress.finish();
        let mut subjects = subjects(selected, intents, before, plan);
        for Inspected { host, outcome } in inspected {
            let seen = |Looked { survey, checked, at, clock }| {
                let clock = clock.or_else(|| before.clock(host, at));
                draft::Seen { survey, checked, clock }
            };
            if let Some(subject) = subjects.get_mut(host) {
                subject.seen = outcome.map(seen);
            }
        }
        match draft::draft(&subjects, &terms) {
            Ok(draft) => Ok((self.without_secrets(draft, selected), measured_at)),
            Err(error) => Err(CommandError::not_attempted(error.to_string())),
        }
    }

    /// What is told of hosts has no secret of theirs in it.
    fn without_secrets(&self, mut draft: Draft, selected: &Selected) -> Draft {
        for refused in &mut draft.refused {
            let place = selected.targets.iter().position(|target| target.name == refused.name);
            refused.message = place.map_or_else(String::new, |place| self.hidden(place).masked(&refused.message));
        }
        for host in &mut draft.hosts {
            let hidden = self.hidden(host.subject);
            for warning in &mut host.planned.warnings {
                *warning = hidden.masked(warning);
            }
        }
        draft
    }

    /// Surveys hosts; their chronyd is asked nothing.
    pub fn survey(&self, hosts: &[usize]) -> Vec<(usize, Result<Survey, Refusal>)> {
        let inspected = self.runtime.block_on(self.workshop.inspect(hosts, &|_, _| Ok(None)));
        self.progress.finish();
        inspected.into_iter().map(|one| (one.host, one.outcome.map(|looked| looked.survey))).collect()
    }

    /// Puts files of hosts back, and says of each whether they are, in the order in which they were named. `kept` hears of each backup
    /// before the file itself is replaced.
    pub fn restore(
        &self,
        hosts: &[(usize, remote::Request)],
        kept: HearsKept<'_>,
    ) -> Vec<Result<remote::Applied, NotRestored>> {
        let restored = self.runtime.block_on(self.workshop.restore(hosts, kept));
        let masked = |((host, _), outcome): (&(usize, _), Result<_, NotRestored>)| {
            outcome.map_err(|why| why.map(|why| self.hidden(*host).masked(why)))
        };
        hosts.iter().zip(restored).map(masked).collect()
    }

    /// Why the work is to end, if it is.
    pub fn interrupted(&self) -> Option<Interruption> {
        self.stop.reason()
    }

    /// Asks a question; a signal that comes meanwhile ends the wait for the answer. The deadline stands still until then.
    pub fn ask(&self, question: String) -> Result<String, CommandError> {
        let (answer, answered) = oneshot::channel();
        // Of its own, so that one that nobody answers any more holds up nothing.
        thread::spawn(move || answer.send(Terminal::ask(&question)));
        let asked = async {
            tokio::select! {
                answer = answered => Some(answer),
                _ = self.stop.given() => None,
            }
        };
        match self.time.uncounted(|| self.runtime.block_on(asked)) {
            Some(Ok(Ok(answer))) => Ok(answer),
            Some(Ok(Err(error))) => Err(CommandError::usage(format!("the terminal could not be asked on: {error}"))),
            Some(Err(_)) => Err(CommandError::internal("nothing was asked")),
            None => super::unless_ended(self.stop.reason()).and(Err(CommandError::interrupted())),
        }
    }

    /// Closes all connections. Until the run is over signals are still heard by what this gives back.
    pub fn close(self) -> StopSignal {
        let Self { runtime, workshop, progress, stop, time: _, hidden: _ } = self;
        progress.finish();
        runtime.block_on(workshop.close());
        // A name look-up that hangs, or a question that nobody answers any more, must not hold up the end.
        runtime.shutdown_background();
        stop
    }
}

/// The hosts as far as the inventory and the scan know them.
fn subjects(
    selected: &Selected,
    intents: &[Result<Intent, Refusal>],
    before: &Scanned,
    plan: &FixPlan,
) -> Vec<Subject> {
    let hosts = selected.targets.iter().zip(intents).enumerate();
    let subject = |(index, (target, intent)): (usize, (&Target, &Result<Intent, Refusal>))| {
        let refusal = before.refusal(index).or_else(|| intent.as_ref().err().cloned());
        Subject {
            name: target.name.clone(),
            address: target.address.clone(),
            intent: intent.clone(),
            warn: plan.access.policy.of_host(&target.name).warn,
            scanned: before.offset(index),
            seen: Err(refusal.unwrap_or_else(|| Refusal::NotSurveyed("nothing was heard of it".to_owned()))),
        }
    };
    hosts.map(subject).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::terminal::{Coloring, Talk};

    #[test]
    fn what_the_scan_took_is_not_there_any_more_for_the_work_on_the_hosts() {
        let terminal = Terminal::new(Talk { verbosity: Some(0), progress: Some(false), coloring: Coloring::Auto });
        let check = |left: u64, expected: Option<Interruption>| {
            let cli = Cli::try_parse_from(["clockaudit", "rollback", "RUN", "--deadline", "100000", "-F", "none"]);
            let Ok(Cli { command: Command::Rollback(args), .. }) = cli else { panic!("arguments: {cli:?}") };
            let time = TimeLeft::of(Some(Duration::from_secs(left)));
            let access = Access::new(&args.connection, time, &terminal).expect("access");
            let site = Site::open(&[], &access, &terminal).expect("a site");
            assert_eq!(site.interrupted(), expected, "{left} s are left");
            assert_eq!(site.close().reason(), expected);
        };
        check(0, Some(Interruption::Deadline));
        check(100_000, None);
    }
}
