//! What happens to hosts, as it happens: written into the journal first, then told. What may not be shown of a host is in neither.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::audit::figure;
use crate::files::journal::Journal;
use crate::fix::event::FixEvent;
use crate::fix::journal::{
    AppliedRecord, BegunRecord, EndedRecord, FileRecord, KeptRecord, Record, TookRecord, instant,
};
use crate::fix::remote::{Kept, RunId, Step};
use crate::fix::rollout::HostEnd;
use crate::fix::{PlannedHost, attempt, forecast};
use crate::inventory::connection::Hidden;
use crate::report::escape::escaped;
use crate::report::fix::last_words;
use crate::ssh::{Chronicle, ScanClock};
use crate::terminal::{Changing, Terminal};

/// The journal of a run, and the terminal.
pub(super) struct Telling {
    journal: Journal,
    clock: ScanClock,
    /// The hosts of the rollout, in its order.
    hosts: Vec<PlannedHost>,
    /// What may not be shown of each.
    hidden: Vec<Hidden>,
    progress: Changing,
    /// The files of each host and their backups.
    kept: Mutex<Vec<Vec<Kept>>>,
    /// The hosts with files that may be between old and new.
    between: Mutex<BTreeSet<usize>>,
    /// Why a line could not be written; nothing is begun from then on.
    broken: Mutex<Option<String>>,
}

impl Telling {
    /// Tells of these hosts, of each without what may not be shown of it.
    pub(super) fn new(
        journal: Journal,
        clock: ScanClock,
        hosts: Vec<(PlannedHost, Hidden)>,
        terminal: &Terminal,
    ) -> Self {
        let (hosts, hidden): (Vec<_>, Vec<_>) = hosts.into_iter().unzip();
        let kept = Mutex::new(vec![Vec::new(); hosts.len()]);
        let progress = terminal.change(hosts.len());
        let between = Mutex::new(BTreeSet::new());
        Self { journal, clock, hosts, hidden, progress, kept, between, broken: Mutex::new(None) }
    }

    /// Nothing is changed any more.
    pub(super) fn finish(&self) {
        self.progress.finish();
    }

    /// Says of a run that is ended at once what becomes of its hosts.
    pub(super) fn say_last_words(&self, run: &RunId, terminal: &Terminal) {
        let between = self.between.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let hosts: Vec<String> = between.into_iter().map(|host| self.name(host)).collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let (what, hint) = last_words(run.as_str(), &hosts);
        self.progress.finish();
        terminal.error(&what, &[hint]);
    }

    fn is_between(&self, host: usize, is_it: bool) {
        let mut between = self.between.lock().unwrap_or_else(PoisonError::into_inner);
        if is_it {
            between.insert(host)
        } else {
            between.remove(&host)
        };
    }

    /// Writes a line of the journal; the first failure is kept.
    pub(super) fn write(&self, record: &Record) -> Result<(), String> {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &*broken {
            return Err(why.clone());
        }
        self.journal.add(record).map_err(|error| {
            let why = format!("the journal `{}` cannot be written: {error}", self.journal.path().display());
            *broken = Some(why.clone());
            why
        })
    }

    /// The files of each host and their backups, in the order of the hosts.
    pub(super) fn kept(&self) -> Vec<Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the journal is.
    pub(super) fn path(&self) -> String {
        self.journal.path().display().to_string()
    }

    /// Why the journal is not whole, where it is not.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The present instant as journals have it.
    pub(super) fn now(&self) -> String {
        instant(self.clock.now())
    }

    fn name(&self, host: usize) -> String {
        self.hosts.get(host).map_or_else(|| "?".to_owned(), |host| host.name.clone())
    }

    /// Writes down what a host that is begun needs for the way back: nothing tells it later where the run ends before all is new.
    fn note(&self, host: usize, step: &Step) {
        let (name, at) = (self.name(host), self.now());
        let record = match step {
            Step::Kept(Kept { path, backup }) => {
                if let Some(known) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get_mut(host)
                    && known.iter().all(|known| known.path != *path)
                {
                    known.push(Kept { path: path.clone(), backup: backup.clone() });
                }
                Record::Kept(KeptRecord { host: name, at, path: path.clone(), backup: backup.clone() })
            }
            Step::Took(taken) => Record::Took(TookRecord { host: name, at, line: taken.to_string() }),
            _ => return,
        };
        // Of a line that cannot be written the end tells.
        let _ = self.write(&record);
    }

    /// A text without what may not be shown of a host.
    fn masked(&self, host: usize, text: &str) -> String {
        self.hidden.get(host).map_or_else(|| text.to_owned(), |hidden| hidden.masked(text))
    }

    /// Says something about a host to those who asked for so much.
    fn say(&self, level: u8, host: usize, text: &str) {
        let text = format!("{}: {}", escaped(&self.name(host)), escaped(&self.masked(host, text)));
        if level == 0 {
            self.progress.tell(&text);
        } else {
            self.progress.detail(level, &text);
        }
        self.progress.goes_on(host, text);
    }
}

impl Chronicle for Telling {
    fn begin(&self, host: usize) -> Result<(), String> {
        let Some(planned) = self.hosts.get(host) else { return Ok(()) };
        let begun = BegunRecord {
            host: planned.name.clone(),
            at: self.now(),
            configuration: planned.configuration.clone(),
            service: planned.service.clone(),
            files: planned.files.iter().map(FileRecord::of).collect(),
        };
        self.write(&Record::Begun(begun))?;
        if planned.restarts() {
            self.is_between(host, true);
        }
        self.say(0, host, "begun");
        Ok(())
    }

    fn tell(&self, event: &FixEvent) {
        // A line that cannot be written is told at the end, and begins nothing more.
        match event {
            FixEvent::Measuring { hosts } => {
                let hosts = figure::count(*hosts, "host");
                self.progress.tell(&format!("measuring where the new servers stand; then {hosts} at once"));
            }
            FixEvent::Step { host, step } => {
                self.note(*host, step);
                self.say(1, *host, &step_words(step));
            }
            FixEvent::Applied { host, kept, taken } => {
                let backups: BTreeMap<_, _> =
                    kept.iter().map(|kept| (kept.path.clone(), kept.backup.clone())).collect();
                let taken = taken.iter().map(ToString::to_string).collect();
                let applied = AppliedRecord { host: self.name(*host), at: self.now(), backups, taken };
                let _ = self.write(&Record::Applied(applied));
                if let Some(known) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get_mut(*host) {
                    known.clone_from(kept);
                }
                self.say(0, *host, "follows its new source; its clock is watched");
            }
            FixEvent::LeftAlone { host, why } => {
                self.is_between(*host, false);
                // Its backups are gone: there is nothing to go back from.
                if let Some(known) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get_mut(*host) {
                    known.clear();
                }
                self.say(0, *host, &format!("left as it is: {why}"));
                self.progress.ended(*host, true);
            }
            FixEvent::Looked { host, offset, eta } => {
                let offset = offset
                    .map_or_else(|| "not measured".to_owned(), |offset| figure::with_bound(offset.midpoint(), offset));
                let eta = eta.map_or_else(String::new, |eta| format!(", right in {}", forecast::duration(eta)));
                self.say(1, *host, &format!("{offset} off{eta}"));
            }
            FixEvent::Ended { host, outcome, detail } => {
                // Of all others it is known which files they have.
                let is_unknown = matches!(
                    outcome,
                    attempt::Outcome::Failed(attempt::Cause::ConnectionLost | attempt::Cause::Unconfirmed)
                );
                if !is_unknown {
                    self.is_between(*host, false);
                }
                if let attempt::Outcome::RolledBack(_) = outcome {
                    // A backup that was put back is the file itself.
                    if let Some(known) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get_mut(*host) {
                        known.clear();
                    }
                }
                let ended = EndedRecord::of(&self.name(*host), self.clock.now(), HostEnd::Attempted(*outcome));
                let detail = detail.as_ref().map_or_else(String::new, |detail| format!(" ({detail})"));
                let told = format!("{}{detail}", ended.why.as_deref().unwrap_or_default());
                let why = Some(self.masked(*host, told.trim_start())).filter(|why| !why.is_empty());
                let _ = self.write(&Record::Ended(EndedRecord { why, ..ended }));
                let told = if told.is_empty() || told.starts_with(' ') { told } else { format!(": {told}") };
                self.say(0, *host, &format!("{}{told}", outcome_words(*outcome)));
                self.progress.ended(*host, outcome.is_failure());
            }
        }
    }
}

/// How a host ended, in a word or two.
pub(super) fn outcome_words(outcome: attempt::Outcome) -> &'static str {
    match outcome {
        attempt::Outcome::Converged | attempt::Outcome::Edited { is_measured: true } => "converged",
        attempt::Outcome::ConvergedByClaim | attempt::Outcome::Edited { is_measured: false } => {
            "converged by its chronyd's word"
        }
        attempt::Outcome::OnItsWay(attempt::Early::Slewed) => "still being slewed",
        attempt::Outcome::OnItsWay(_) => "ended early",
        attempt::Outcome::RolledBack(_) => "rolled back",
        attempt::Outcome::Failed(_) => "FAILED",
    }
}

fn step_words(step: &Step) -> String {
    match step {
        Step::Locked => "locked".to_owned(),
        Step::Recovered(run) => format!("took back what run {} had left", run.as_str()),
        Step::Kept(kept) => match &kept.backup {
            Some(backup) => format!("{} is kept as {backup}", kept.path),
            None => format!("{} is new", kept.path),
        },
        Step::Written(path) => format!("what is to come stands beside {path}"),
        Step::Armed(_) => "its guard waits".to_owned(),
        Step::Replaced { path, in_place: true } => format!("{path} is new, its bytes replaced in place"),
        Step::Replaced { path, in_place: false } => format!("{path} is new"),
        Step::Fetching => "fetching packages".to_owned(),
        Step::Took(taken) => format!("for the way back: {taken}"),
        Step::Installing => "installing chrony".to_owned(),
        Step::Installed => "chrony is installed".to_owned(),
        Step::Stopped(service) => format!("{service} is stopped, and not started at boot any more"),
        Step::Restarting => "restarting chronyd".to_owned(),
        Step::Restarted => "chronyd is restarted".to_owned(),
        Step::Waiting => "waiting for its new source".to_owned(),
        Step::Undoing => "putting the old files back".to_owned(),
        Step::Again => "chronyd did not start with the old files; it is started once more".to_owned(),
    }
}
