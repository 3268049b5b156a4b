//! The journal of a run: what was done to which host, line by line as it happens, `clockaudit.journal/1`; and what undoing it means.
//!
//! A line is written before the step that it tells where losing it would hide the step, so a journal that ends early names at least
//! all hosts that may have been changed. It holds no secret and no text of a file.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::attempt::{EDITED, Outcome};
use super::files::PlannedFile;
use super::remote::{Digest, Taken};
use super::rollout::{HostEnd, Spared};
use crate::clock::UnixNanos;

/// The name and major version of the format.
pub const SCHEMA: &str = "clockaudit.journal/1";

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Record {
    /// A run begins: the first line.
    Run(RunRecord),
    /// A host is about to be changed.
    Begun(BegunRecord),
    /// One of its files has a backup, and is not new yet.
    Kept(KeptRecord),
    /// What an installation is about to take away, or that chronyd did not run: one line.
    Took(TookRecord),
    /// Its files are new, and these are the backups.
    Applied(AppliedRecord),
    /// Its change ended; or it was left alone.
    Ended(EndedRecord),
    /// The run is over: the last line.
    Over(OverRecord),
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Always `clockaudit.journal/1`.
    pub schema: String,
    /// Its name, which is also in the names of the backups.
    pub run: String,
    /// The version of the program.
    pub version: String,
    /// When it began, RFC 3339, by the controller.
    pub at: String,
    /// What was asked for, in words, without any secret.
    pub change: String,
    /// The inventories, as they were named.
    pub inventories: Vec<String>,
}

/// A host that is about to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunRecord {
    /// Its name in the inventory.
    pub host: String,
    /// When.
    pub at: String,
    /// The file that its chronyd is started with.
    pub configuration: String,
    /// The service that is restarted.
    pub service: String,
    /// The files that change.
    pub files: Vec<FileRecord>,
}

/// A file that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Where it is.
    pub path: String,
    /// The SHA-256 of what it was; null where there was none.
    pub was_sha256: Option<String>,
    /// The SHA-256 of what it becomes.
    pub becomes_sha256: String,
    /// The SHA-256 of what it is while the clock is slewed; null where that is what it becomes.
    pub meanwhile_sha256: Option<String>,
}

/// A file that has a backup: told as it is made, so that a run that ends before all files are new can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRecord {
    /// The host's name in the inventory.
    pub host: String,
    /// When.
    pub at: String,
    /// Where the file is.
    pub path: String,
    /// Its backup; null for a file that was not there.
    pub backup: Option<String>,
}

/// Something for the way back beside files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookRecord {
    /// The host's name in the inventory.
    pub host: String,
    /// When.
    pub at: String,
    /// The line that tells it.
    pub line: String,
}

/// A host whose files are new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedRecord {
    /// Its name in the inventory.
    pub host: String,
    /// When.
    pub at: String,
    /// The backups, by the paths of their files; null for a file that was not there.
    pub backups: BTreeMap<String, Option<String>>,
    /// What an installation took away, a line each, and that chronyd did not run; none where it did and nothing was installed or stopped.
    #[serde(default)]
    pub taken: Vec<String>,
}

/// How the change of a host ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRecord {
    /// Its name in the inventory.
    pub host: String,
    /// When.
    pub at: String,
    /// `converged`, `converged_by_claim`, `on_its_way`, `rolled_back`, `failed` or `not_attempted`; of a rollback `restored` or
    /// `failed`.
    pub outcome: String,
    /// Why, in words; null where there is nothing to tell.
    pub why: Option<String>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverRecord {
    /// When.
    pub at: String,
    /// The exit code.
    pub exit: u8,
}

/// Why a journal cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// It does not begin as a journal does.
    #[error("not a journal of clockaudit: expected a first line with the event `run`")]
    NotAJournal,
    /// A journal of another major version.
    #[error("the journal is of format `{0}`, this clockaudit reads `{SCHEMA}`")]
    UnknownMajor(String),
    /// A line that is none.
    #[error("line {line} of the journal is damaged: {why}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// An instant as journals have it.
pub fn instant(at: UnixNanos) -> String {
    DateTime::<Utc>::from_timestamp_nanos(at.0).to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl FileRecord {
    /// The record of a file of the plan.
    pub fn of(file: &PlannedFile) -> Self {
        Self {
            path: file.path.clone(),
            was_sha256: file.was.map(|digest| digest.to_string()),
            becomes_sha256: Digest::of(&file.becomes).to_string(),
            meanwhile_sha256: file.meanwhile.as_deref().map(|bytes| Digest::of(bytes).to_string()),
        }
    }
}

impl EndedRecord {
    /// The record of a host's end.
    pub fn of(host: &str, at: UnixNanos, end: HostEnd) -> Self {
        let (outcome, why) = match end {
            HostEnd::Attempted(outcome @ (Outcome::RolledBack(cause) | Outcome::Failed(cause))) => {
                (outcome.label(), Some(cause.describe()))
            }
            HostEnd::Attempted(outcome @ Outcome::OnItsWay(early)) => {
                (outcome.label(), early.told().map(|(_, words)| words))
            }
            HostEnd::Attempted(outcome @ Outcome::Edited { .. }) => (outcome.label(), Some(EDITED.1)),
            HostEnd::Attempted(outcome @ (Outcome::Converged | Outcome::ConvergedByClaim)) => (outcome.label(), None),
            HostEnd::NotAttempted(spared) => ("not_attempted", Some(Spared::describe(spared))),
        };
        Self { host: host.to_owned(), at: instant(at), outcome: outcome.to_owned(), why: why.map(str::to_owned) }
    }
}

/// Writes one line, its end included.
///
/// # Errors
///
/// Where it cannot be written as JSON: a defect of the program.
pub fn line(record: &Record) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(record)?;
    text.push('\n');
    Ok(text)
}

/// Reads a journal. A last line that was cut off is left out: the program was ended while it wrote it.
///
/// # Errors
///
/// Why it cannot be used.
pub fn read(text: &str) -> Result<Vec<Record>, JournalError> {
    let mut records = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str(line) {
            Ok(record) => records.push(record),
            Err(_) if !line.ends_with('\n') && index > 0 => {}
            Err(_) if index == 0 => return Err(JournalError::NotAJournal),
            Err(error) => return Err(JournalError::Damaged { line: index + 1, why: error.to_string() }),
        }
    }
    match records.first() {
        Some(Record::Run(run)) if run.schema == SCHEMA => Ok(records),
        Some(Record::Run(run)) => Err(JournalError::UnknownMajor(run.schema.clone())),
        _ => Err(JournalError::NotAJournal),
    }
}

/// What undoing a run means for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// Its name in the inventory.
    pub host: String,
    /// The file that its chronyd is started with.
    pub configuration: String,
    /// The service that is restarted.
    pub service: String,
    /// Its files; one is put back only where it is still what the run wrote.
    pub files: Vec<RestoredFile>,
    /// What an installation took away; without one what chronyd was, where it did not run.
    pub taken: Vec<Taken>,
}

/// A file that is put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredFile {
    /// Where it is.
    pub path: String,
    /// What the run may have left there: it is put back from these only.
    pub written: Vec<Digest>,
    /// What it was; `None` where there was none.
    pub was: Option<Digest>,
    /// Its backup; `None` where the journal ends before it names one.
    pub backup: Option<String>,
}

/// What undoing a run means: each host that was begun and is not known to have been rolled back, in the order of the run.
pub fn restorations(records: &[Record]) -> Vec<Restoration> {
    let mut hosts: Vec<Restoration> = Vec::new();
    for record in records {
        match record {
            Record::Begun(begun) => hosts.push(restoration(begun)),
            Record::Kept(kept) => {
                let of_host = hosts.iter_mut().filter(|host| host.host == kept.host);
                for file in of_host.flat_map(|host| &mut host.files).filter(|file| file.path == kept.path) {
                    // What is kept later in a run is what the run itself had written.
                    file.backup = file.backup.take().or_else(|| kept.backup.clone());
                }
            }
            Record::Took(took) => {
                for host in hosts.iter_mut().filter(|host| host.host == took.host) {
                    host.taken.extend(Taken::parse(&took.line));
                }
            }
            Record::Applied(applied) => {
                for host in hosts.iter_mut().filter(|host| host.host == applied.host) {
                    host.taken = applied.taken.iter().filter_map(|line| Taken::parse(line)).collect();
                    for file in &mut host.files {
                        file.backup = applied.backups.get(&file.path).cloned().flatten().or(file.backup.take());
                    }
                }
            }
            Record::Ended(ended) if matches!(ended.outcome.as_str(), "rolled_back" | "not_attempted") => {
                hosts.retain(|host| host.host != ended.host);
            }
            Record::Run(_) | Record::Ended(_) | Record::Over(_) => {}
        }
    }
    hosts.retain(|host| !host.files.is_empty() || !host.taken.is_empty());
    hosts
}

fn restoration(begun: &BegunRecord) -> Restoration {
    let file = |file: &FileRecord| {
        let written = [Some(&file.becomes_sha256), file.meanwhile_sha256.as_ref()];
        Some(RestoredFile {
            path: file.path.clone(),
            written: written.into_iter().flatten().filter_map(|text| Digest::parse(text)).collect(),
            was: file.was_sha256.as_ref().map_or(Some(None), |text| Digest::parse(text).map(Some))?,
            backup: None,
        })
    };
    Restoration {
        host: begun.host.clone(),
        configuration: begun.configuration.clone(),
        service: begun.service.clone(),
        files: begun.files.iter().filter_map(file).collect(),
        taken: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::attempt::Cause;

    const AT: UnixNanos = UnixNanos(1_795_887_444_000_000_000);

    fn journal() -> Vec<Record> {
        let file = PlannedFile {
            path: "/etc/chrony.conf".to_owned(),
            was: Some(Digest::of(b"pool a\n")),
            becomes: b"server b\nmakestep 1 3\n".to_vec(),
            meanwhile: Some(b"server b\n".to_vec()),
        };
        let begun = |host: &str| {
            Record::Begun(BegunRecord {
                host: host.to_owned(),
                at: instant(AT),
                configuration: "/etc/chrony.conf".to_owned(),
                service: "chronyd".to_owned(),
                files: vec![FileRecord::of(&file)],
            })
        };
        let backup = Some("/etc/chrony.conf.clockaudit-r1".to_owned());
        let applied = |host: &str| {
            let backups = BTreeMap::from([("/etc/chrony.conf".to_owned(), backup.clone())]);
            let taken = vec!["package apt-get purge".to_owned(), "no line".to_owned()];
            Record::Applied(AppliedRecord { host: host.to_owned(), at: instant(AT), backups, taken })
        };
        let ended = |host: &str, end: HostEnd| Record::Ended(EndedRecord::of(host, AT, end));
        vec![
            Record::Run(RunRecord {
                schema: SCHEMA.to_owned(),
                run: "r1".to_owned(),
                version: "0.1.0".to_owned(),
                at: instant(AT),
                change: "--ntp-server b".to_owned(),
                inventories: vec!["inventory.ini".to_owned()],
            }),
            begun("good"),
            begun("bad"),
            begun("lost"),
            begun("edited"),
            begun("between"),
            Record::Kept(KeptRecord {
                host: "between".to_owned(),
                at: instant(AT),
                path: "/etc/chrony.conf".to_owned(),
                backup: backup.clone(),
            }),
            Record::Took(TookRecord {
                host: "between".to_owned(),
                at: instant(AT),
                line: "service active enabled ntpsec".to_owned(),
            }),
            applied("good"),
            Record::Kept(KeptRecord {
                host: "good".to_owned(),
                at: instant(AT),
                path: "/etc/chrony.conf".to_owned(),
                backup: Some("/etc/chrony.conf.clockaudit-r1-steps".to_owned()),
            }),
            applied("bad"),
            ended("good", HostEnd::Attempted(Outcome::Converged)),
            ended("bad", HostEnd::Attempted(Outcome::RolledBack(Cause::StillOff))),
            ended("spared", HostEnd::NotAttempted(Spared::BudgetSpent)),
            ended("edited", HostEnd::NotAttempted(Spared::CouldNotBegin)),
            Record::Over(OverRecord { at: instant(AT), exit: 2 }),
        ]
    }

    fn text(records: &[Record]) -> String {
        records.iter().map(|record| line(record).expect("a line")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_journal_is_read_back_though_its_last_line_was_cut() {
        let records = journal();
        let text = text(&records);
        assert_eq!(read(&text).as_ref(), Ok(&records));
        for cut in 1..40 {
            assert_eq!(
                read(&text[..text.len() - cut]).as_deref(),
                Ok(&records[..records.len() - usize::from(cut > 1)]),
                "{cut}"
            );
        }
        assert!(text.contains(r#"{"event":"ended","data":{"host":"bad","at":"2026-11-28T"#), "{text}");
    }

    #[test]
    fn what_is_no_journal_is_refused_in_words() {
        let good = text(&journal());
        let check = |text: &str, expected: &str| {
            let message = read(text).expect_err("refused").to_string();
            assert!(message.contains(expected), "{message}");
        };
        check("", "not a journal");
        check("{}\n", "not a journal");
        check(&good.replace("journal/1", "journal/2"), "of format `clockaudit.journal/2`");
        check(
            &good.replacen("\n{\"event\":\"begun\"", "\n{\"event\":\"begin\"", 1),
            "line 2 of the journal is damaged",
        );
    }

    #[test]
    fn hosts_that_may_still_be_changed_are_to_be_restored() {
        let found = restorations(&journal());
        let hosts: Vec<_> = found.iter().map(|one| (one.host.as_str(), one.files[0].backup.is_some())).collect();
        assert_eq!(hosts, [("good", true), ("lost", false), ("between", true)]);
        let file = &found[0].files[0];
        assert_eq!(file.backup.as_deref(), Some("/etc/chrony.conf.clockaudit-r1"));
        assert_eq!(file.written, [Digest::of(b"server b\nmakestep 1 3\n"), Digest::of(b"server b\n")]);
        assert_eq!(file.was, Some(Digest::of(b"pool a\n")));
        assert_eq!(found[0].taken, [Taken::parse("package apt-get purge").expect("a line")]);
        assert_eq!(found[1].taken, []);
        assert_eq!(found[2].taken, [Taken::parse("service active enabled ntpsec").expect("a line")]);
    }
}
