//! `clockaudit rollback RUN-ID`: what a run of `fix` wrote is put back, where it is still what that run wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use super::error::{CommandError, Outcome};
use super::fix::agree::confirm;
use super::fix::hosts::{Access, Selected};
use super::fix::plan::{journals, somebody_agrees};
use super::fix::site::Site;
use super::fix::unless_ended;
use super::plan::{run_id, time_left};
use crate::audit::{ExitStatus, figure};
use crate::cli::{RollbackArgs, SelectionArgs};
use crate::clock::UnixNanos;
use crate::files::journal::{Journal, Journals};
use crate::fix::journal::{
    AppliedRecord, BegunRecord, EndedRecord, FileRecord, KeptRecord, OverRecord, Record, Restoration, RunRecord,
    SCHEMA, instant, read, restorations,
};
use crate::fix::remote::{Applied, Becomes, Change, Expected, Kept, Request, RunId, Taken};
use crate::fix::restore::restore;
use crate::report::escape::{escaped, visible};
use crate::report::fix::last_words_of_rollback;
use crate::ssh::{LastWords, NotRestored};
use crate::terminal::Terminal;

/// What became of the hosts of a rollback: each with why.
#[derive(Default)]
struct Ends {
    restored: Vec<String>,
    unchanged: Vec<String>,
    failed: Vec<(String, String)>,
    left: Vec<(String, String)>,
    /// How the run ends where a signal told it to.
    signalled: Option<ExitStatus>,
}

/// Undoes a run.
pub fn run(args: &RollbackArgs, terminal: &Terminal) -> Outcome {
    let time = time_left(&args.connection);
    somebody_agrees(args.yes)?;
    let journals = journals()?;
    let records = records(&args.run, &journals)?;
    let undone = restorations(&records); // the journal -> what undoing it means
    if undone.is_empty() {
        terminal.note("the run changed no host that is not as it was already");
        return Ok(ExitStatus::Good);
    }
    let mut access = Access::new(&args.connection, time, terminal)?;
    let selection = selection(&args.selection, &records);
    let selected = access.select(&selection, &args.connection, false, terminal)?; // inventory -> Targets
    let (work, missing) = work(&undone, &selected);
    let mut ends = Ends::default();
    if args.selection.limit.is_empty() {
        ends.left.extend(
            missing
                .into_iter()
                .map(|host| (host, "the run changed it, and it is not among the selected hosts".to_owned())),
        );
    }
    if work.is_empty() {
        return Err(CommandError::no_hosts("none of the hosts of that run is among the selected ones"));
    }
    let site = Site::open(&selected.targets, &access, terminal)?;
    let run = run_id();
    let name = RunId::new(&run).ok_or_else(|| CommandError::internal(format!("`{run}` is no name of a run")))?;
    let of = RunId::new(&args.run).unwrap_or_else(|| name.clone());
    let mut applies: Vec<(usize, Request)> = Vec::new();
    let hosts: Vec<usize> = work.keys().copied().collect();
    for (index, survey) in site.survey(&hosts) {
        let Some(restoration) = work.get(&index) else { continue };
        let host = restoration.host.clone();
        match survey.and_then(|survey| restore(restoration, &survey, &of, name.clone())) {
            Ok(Some(apply)) => applies.push((index, apply)),
            Ok(None) => ends.unchanged.push(host),
            Err(refusal) => ends.left.push((host, site.hidden(index).masked(&refusal.to_string()))),
        }
    }
    unless_ended(site.interrupted())?;
    if !applies.is_empty() {
        terminal.print(&plan(&applies, &work))?;
        confirm(&site, "Restore", applies.len(), args.yes)?;
        let clock = access.measurement.connection.clock;
        let now = || clock.now();
        let journal = begin(&journals, &name, args, &selected, &applies, &work, now())?;
        let words = last_words(&args.run, &applies, &work, terminal);
        let kept = |index: usize, kept: &Kept| {
            let Some(restoration) = work.get(&index) else { return };
            let Kept { path, backup } = kept.clone();
            let record = KeptRecord { host: restoration.host.clone(), at: instant(now()), path, backup };
            write(&journal, &Record::Kept(record), terminal);
        };
        let answers = site.restore(&applies, &kept);
        for ((index, _), answer) in applies.iter().zip(answers) {
            let Some(restoration) = work.get(index) else { continue };
            note(&journal, &restoration.host, &answer, now(), terminal);
            match answer {
                Ok(_) => ends.restored.push(restoration.host.clone()),
                Err(NotRestored::NotBegun(why)) => ends.left.push((restoration.host.clone(), why)),
                Err(NotRestored::Failed(why)) => ends.failed.push((restoration.host.clone(), why)),
            }
        }
        ends.signalled = site.interrupted().and_then(ExitStatus::of_signal);
        let over = OverRecord { at: instant(now()), exit: ends.status().code() };
        write(&journal, &Record::Over(over), terminal);
        drop(words); // from here on nothing is done that somebody must know of
    }
    site.close();
    terminal.print(&ends.text())?;
    Ok(ends.status())
}

/// The journal of the run.
fn records(run: &str, journals: &Journals) -> Result<Vec<Record>, CommandError> {
    let unknown = || {
        let known = journals.runs();
        let error = CommandError::usage(format!("there is no journal of a run `{}`", visible(run)));
        let error = error.did_you_mean(run, known.iter().map(String::as_str));
        match known.first() {
            Some(last) => error.hint(format!("the last run was `{}`", visible(last))),
            None => error.hint(format!("there is none at all in `{}`", journals.folder().display())),
        }
    };
    let name = RunId::new(run).ok_or_else(unknown)?;
    let text = journals.read(&name).map_err(|error| match error.kind() {
        ErrorKind::NotFound => unknown(),
        _ => CommandError::bad_input(format!("the journal of `{run}` cannot be read: {error}")),
    })?;
    read(&text).map_err(|error| CommandError::bad_input(format!("`{run}`: {error}")))
}

/// The inventories that were named, else those of the run.
fn selection(args: &SelectionArgs, records: &[Record]) -> SelectionArgs {
    if !args.inventories.is_empty() || !args.inventory.is_empty() {
        return args.clone();
    }
    let of_run = records.iter().find_map(|record| match record {
        Record::Run(run) => Some(run.inventories.clone()),
        _ => None,
    });
    SelectionArgs { inventories: of_run.unwrap_or_default(), ..args.clone() }
}

/// What is undone, by the places of the selected hosts, and the hosts that were not selected.
fn work(undone: &[Restoration], selected: &Selected) -> (BTreeMap<usize, Restoration>, Vec<String>) {
    let mut work = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for restoration in undone {
        match selected.targets.iter().position(|target| target.name == restoration.host) {
            Some(index) => drop(work.insert(index, restoration.clone())),
            None => drop(missing.insert(restoration.host.clone())),
        }
    }
    (work, missing.into_iter().collect())
}

/// What will be put back, a file a line.
fn plan(applies: &[(usize, Request)], work: &BTreeMap<usize, Restoration>) -> String {
    let mut text = String::new();
    for (index, request) in applies {
        let host = work.get(index).map_or("?", |restoration| restoration.host.as_str());
        for deed in deeds(request) {
            text = format!("{text}{}: {deed}\n", escaped(host));
        }
    }
    text
}

/// What a request puts back, in words.
fn deeds(request: &Request) -> Vec<String> {
    let restored = |path: &str, backup: &str| format!("{} is to be put back from {}", escaped(path), escaped(backup));
    match request {
        Request::Apply(apply) => {
            let deed = |change: &Change| match &change.becomes {
                Becomes::Backup { path, .. } => restored(&change.path, path),
                Becomes::Absent | Becomes::Bytes(_) => format!("{} is to go", escaped(&change.path)),
            };
            let stops =
                (apply.expected == Expected::Stopped).then(|| "chronyd is to be stopped, as it was before".to_owned());
            apply.changes.iter().map(deed).chain(stops).collect()
        }
        Request::TakeBack(back) => {
            let taken = back.taken.iter().filter_map(|taken| match taken {
                Taken::Package { manager, .. } => Some(format!("chrony is to be removed by {}", manager.label())),
                Taken::Back(package) => Some(format!("{} is to come back", escaped(&package.name))),
                Taken::Service { name, ran } if ran.is_active => {
                    Some(format!("{} is to be started again", escaped(name)))
                }
                Taken::Service { .. } | Taken::Own(_) => None,
            });
            let files = back.files.iter().filter_map(|file| Some(restored(&file.path, file.backup.as_deref()?)));
            taken.chain(files).collect()
        }
        Request::Revert(run) => {
            vec![format!("run {} ended there between old and new: its old files are to come back", run.as_str())]
        }
        _ => Vec::new(),
    }
}

/// Has it said, where a signal ends the program at once, what becomes of the hosts that are being put back.
fn last_words(
    of: &str,
    applies: &[(usize, Request)],
    work: &BTreeMap<usize, Restoration>,
    terminal: &Terminal,
) -> LastWords {
    let hosts = applies.iter().filter_map(|(index, _)| work.get(index));
    let hosts: Vec<String> = hosts.map(|restoration| restoration.host.clone()).collect();
    let (of, terminal) = (of.to_owned(), terminal.clone());
    LastWords::new(move || {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let (what, hint) = last_words_of_rollback(&of, &hosts);
        terminal.error(&what, &[hint]);
    })
}

/// Begins the journal of the rollback, which can be undone like any other run.
fn begin(
    journals: &Journals,
    run: &RunId,
    args: &RollbackArgs,
    selected: &Selected,
    applies: &[(usize, Request)],
    work: &BTreeMap<usize, Restoration>,
    at: UnixNanos,
) -> Result<Journal, CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::output(format!("the journal of the rollback cannot be written: {error}"))
            .hint("nothing was changed on any host")
    };
    let journal = journals.begin(run).map_err(failed)?;
    let record = RunRecord {
        schema: SCHEMA.to_owned(),
        run: run.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: instant(at),
        change: format!("rollback {}", args.run),
        inventories: selected.sources(),
    };
    journal.add(&Record::Run(record)).map_err(failed)?;
    for (index, request) in applies {
        let Some(restoration) = work.get(index) else { continue };
        let changes = match request {
            Request::Apply(apply) => apply.changes.as_slice(),
            // What was installed once is not installed again by undoing: `fix` does that.
            _ => &[],
        };
        let digest = |change: &Change| match &change.becomes {
            Becomes::Backup { digest, .. } => Some(FileRecord {
                path: change.path.clone(),
                was_sha256: Some(change.was?.to_string()),
                becomes_sha256: digest.to_string(),
                meanwhile_sha256: None,
            }),
            Becomes::Bytes(_) | Becomes::Absent => None,
        };
        let begun = BegunRecord {
            host: restoration.host.clone(),
            at: instant(at),
            configuration: restoration.configuration.clone(),
            service: restoration.service.clone(),
            files: changes.iter().filter_map(digest).collect(),
        };
        journal.add(&Record::Begun(begun)).map_err(failed)?;
    }
    Ok(journal)
}

/// Notes in the journal what became of one host.
fn note(journal: &Journal, host: &str, answer: &Result<Applied, NotRestored>, at: UnixNanos, terminal: &Terminal) {
    let host = host.to_owned();
    if let Ok(applied) = answer {
        let backups = applied.kept.iter().map(|kept| (kept.path.clone(), kept.backup.clone())).collect();
        let taken = applied.taken.iter().map(ToString::to_string).collect();
        write(
            journal,
            &Record::Applied(AppliedRecord { host: host.clone(), at: instant(at), backups, taken }),
            terminal,
        );
    }
    let (outcome, why) = match answer {
        Ok(_) => ("restored", None),
        Err(NotRestored::NotBegun(why)) => ("not_attempted", Some(why.clone())),
        Err(NotRestored::Failed(why)) => ("failed", Some(why.clone())),
    };
    let ended = EndedRecord { host, at: instant(at), outcome: outcome.to_owned(), why };
    write(journal, &Record::Ended(ended), terminal);
}

fn write(journal: &Journal, record: &Record, terminal: &Terminal) {
    if let Err(error) = journal.add(record) {
        terminal.warn(&format!("the journal `{}` cannot be written: {error}", journal.path().display()));
    }
}

impl Ends {
    fn status(&self) -> ExitStatus {
        if let Some(status) = self.signalled {
            status
        } else if !self.failed.is_empty() {
            ExitStatus::Critical
        } else if !self.left.is_empty() {
            ExitStatus::Incomplete
        } else {
            ExitStatus::Good
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (word, hosts) in [("failed", &self.failed), ("left alone", &self.left)] {
            for (host, why) in hosts {
                text = format!("{text}{word}: {}: {}\n", escaped(host), escaped(why));
            }
        }
        for (word, hosts) in [("restored", &self.restored), ("as it was already", &self.unchanged)] {
            for host in hosts {
                text = format!("{text}{word}: {}\n", escaped(host));
            }
        }
        let parts = [
            (self.restored.len(), "restored"),
            (self.unchanged.len(), "as they were already"),
            (self.failed.len(), "failed"),
            (self.left.len(), "left alone"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let hosts = self.restored.len() + self.unchanged.len() + self.failed.len() + self.left.len();
        format!("{text}{}: {}\n", figure::count(hosts, "host"), parts.join(", "))
    }
}
