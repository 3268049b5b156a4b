//! Undoing a run on one host: which of its files are put back from their backups, by what they are now.

use super::journal::{Restoration, RestoredFile};
use super::plan::GUARD_S;
use super::refusal::Refusal;
use super::remote::{Apply, Becomes, Change, Digest, Expected, RunId, Survey};

/// For how long chronyd may take to answer after the restart, in seconds.
const WAIT_S: u32 = 30;

/// What is asked of a host to undo a run there, which `run` is the name of; `None` where everything is as it was.
///
/// # Errors
///
/// Why nothing is put back: all files of a host are, or none.
pub fn restore(restoration: &Restoration, survey: &Survey, run: RunId) -> Result<Option<Apply>, Refusal> {
    if survey.user != 0 {
        return Err(Refusal::NotRoot(format!("the script runs as user {}", survey.user)));
    }
    let guarded = survey.pending.iter().find(|pending| pending.is_guarded).map(|pending| &pending.run);
    if let Some(other) = survey.locked.as_ref().or(guarded) {
        return Err(Refusal::Locked(other.as_str().to_owned()));
    }
    let mut changes = Vec::new();
    for file in &restoration.files {
        changes.extend(change(file, survey)?);
    }
    Ok((!changes.is_empty()).then(|| Apply {
        run,
        configuration: restoration.configuration.clone(),
        changes,
        expected: Expected::Running,
        wait_s: WAIT_S,
        guard_s: GUARD_S,
        restarts: true,
        validates: false,
    }))
}

/// How one file is put back; `None` where it is what it was.
fn change(file: &RestoredFile, survey: &Survey) -> Result<Option<Change>, Refusal> {
    let now: Option<Digest> = survey.files.iter().find(|known| known.path == file.path).and_then(|known| known.digest);
    if now == Some(file.was) {
        return Ok(None);
    }
    let Some(now) = now.filter(|now| file.written.contains(now)) else {
        return Err(Refusal::ChangedSince(file.path.clone()));
    };
    let path = file.backup.clone().ok_or_else(|| Refusal::NoBackup(file.path.clone()))?;
    Ok(Some(Change { path: file.path.clone(), was: Some(now), becomes: Becomes::Backup { path, digest: file.was } }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::remote::{FileKind, Pending, SurveyedFile};

    fn run(name: &str) -> RunId {
        RunId::new(name).expect("a name")
    }

    fn survey(text: &[u8]) -> Survey {
        let file = SurveyedFile {
            kind: FileKind::Main,
            path: "/etc/chrony.conf".to_owned(),
            named: None,
            mode: 0o644,
            owner: 0,
            group: 0,
            inode: 1,
            modified_s: 0,
            digest: Some(Digest::of(text)),
            is_immutable: false,
            bytes: Some(text.to_vec()),
        };
        Survey { files: vec![file], ..Survey::default() }
    }

    fn restoration(backup: Option<&str>) -> Restoration {
        let file = RestoredFile {
            path: "/etc/chrony.conf".to_owned(),
            written: vec![Digest::of(b"new\n"), Digest::of(b"meanwhile\n")],
            was: Digest::of(b"old\n"),
            backup: backup.map(str::to_owned),
        };
        let (configuration, service) = ("/etc/chrony.conf".to_owned(), "chronyd".to_owned());
        Restoration { host: "a".to_owned(), configuration, service, files: vec![file] }
    }

    #[test]
    fn a_file_is_put_back_only_where_it_is_what_was_written() {
        let undo = |survey: &Survey, backup: Option<&str>| restore(&restoration(backup), survey, run("2"));
        for written in [&b"new\n"[..], b"meanwhile\n"] {
            let apply =
                undo(&survey(written), Some("/etc/chrony.conf.clockaudit-1")).expect("allowed").expect("a change");
            let [change] = apply.changes.as_slice() else { panic!("{apply:?}") };
            assert_eq!(change.was, Some(Digest::of(written)));
            let backup =
                Becomes::Backup { path: "/etc/chrony.conf.clockaudit-1".to_owned(), digest: Digest::of(b"old\n") };
            assert_eq!(change.becomes, backup);
            assert!(apply.restarts && !apply.validates);
        }
        assert_eq!(undo(&survey(b"old\n"), None), Ok(None));
        let path = || "/etc/chrony.conf".to_owned();
        assert_eq!(undo(&survey(b"edited\n"), Some("/b")), Err(Refusal::ChangedSince(path())));
        assert_eq!(undo(&Survey::default(), Some("/b")), Err(Refusal::ChangedSince(path())));
        assert_eq!(undo(&survey(b"new\n"), None), Err(Refusal::NoBackup(path())));
    }

    #[test]
    fn a_host_that_another_run_works_on_is_left_alone() {
        let undo = |survey: &Survey| restore(&restoration(Some("/b")), survey, run("2"));
        let locked = Survey { locked: Some(run("other")), ..survey(b"new\n") };
        assert_eq!(undo(&locked), Err(Refusal::Locked("other".to_owned())));
        let pending = Survey { pending: vec![Pending { run: run("other"), is_guarded: true }], ..survey(b"new\n") };
        assert_eq!(undo(&pending), Err(Refusal::Locked("other".to_owned())));
        assert!(matches!(undo(&Survey { user: 1000, ..survey(b"new\n") }), Err(Refusal::NotRoot(_))));
    }
}
