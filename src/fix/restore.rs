//! Undoing a run on one host: which of its files are put back from their backups, by what they are now.

use super::journal::{Restoration, RestoredFile};
use super::plan::GUARD_S;
use super::refusal::{Refusal, unfinished};
use super::remote::{
    Apply, Becomes, Change, Digest, Expected, Pending, Request, RunId, Survey, TakeBack, Taken, TakenFile,
};

/// For how long chronyd may take to answer after the restart, in seconds.
const WAIT_S: u32 = 30;

/// What is asked of a host to undo the run `undone` there, by a run of the name `run`; `None` where everything is as it was.
///
/// # Errors
///
/// Why nothing is put back: all files of a host are, or none.
pub fn restore(
    restoration: &Restoration,
    survey: &Survey,
    undone: &RunId,
    run: RunId,
) -> Result<Option<Request>, Refusal> {
    if survey.user != 0 {
        return Err(Refusal::NotRoot { what: format!("the script runs as user {}", survey.user), by: None });
    }
    let guarded = survey.pending.iter().find(|pending| pending.is_guarded).map(|pending| &pending.run);
    if let Some(other) = survey.locked.as_ref().or(guarded) {
        return Err(Refusal::Locked(other.as_str().to_owned()));
    }
    let steps = undone.of_steps();
    let is_other = |pending: &&Pending| pending.run != *undone && Some(&pending.run) != steps.as_ref();
    if let Some(other) = survey.pending.iter().find(is_other) {
        return Err(unfinished(&other.run));
    }
    let is_left = |run: Option<&RunId>| survey.pending.iter().any(|pending| Some(&pending.run) == run);
    let now = |file: &RestoredFile| survey.files.iter().find(|known| known.path == file.path)?.digest;
    let mut files = Vec::new();
    for file in &restoration.files {
        files.push((file, written(file, now(file))?));
    }
    if is_left(Some(undone)) {
        // The host knows more of it than the journal: what is to be put back, and whether chronyd was restarted.
        return Ok(Some(Request::Revert(undone.clone())));
    }
    if is_left(steps.as_ref()) {
        // Whoever comes next takes back what that had begun: the files are then what they were without steps.
        for (file, found) in &mut files {
            *found = found.and(file.written.last().copied());
        }
    }
    if restoration.taken.iter().any(|taken| !matches!(taken, Taken::Own(_))) {
        return Ok(back(restoration, survey, &files).then(|| {
            let file = |(file, found): &(&RestoredFile, Option<Digest>)| TakenFile {
                path: file.path.clone(),
                was: file.was,
                // Where it is what it was already, any of what was written will do.
                written: found.or(file.written.first().copied()).unwrap_or_else(|| Digest::of(b"")),
                backup: file.backup.clone().filter(|_| found.is_some()),
            };
            Request::TakeBack(TakeBack {
                run,
                configuration: restoration.configuration.clone(),
                files: files.iter().map(file).collect(),
                taken: restoration.taken.clone(),
                guard_s: GUARD_S,
            })
        }));
    }
    let changes: Vec<Change> = files.iter().filter_map(|(file, found)| change(file, (*found)?)).collect();
    Ok((!changes.is_empty()).then(|| {
        Request::Apply(Apply {
            run,
            configuration: restoration.configuration.clone(),
            changes,
            installs: None,
            expected: if was_stopped(&restoration.taken) { Expected::Stopped } else { Expected::Running },
            wait_s: WAIT_S,
            guard_s: GUARD_S,
            restarts: true,
            validates: false,
            slews: false,
        })
    }))
}

/// Whether chronyd did not run before.
fn was_stopped(taken: &[Taken]) -> bool {
    taken.iter().any(|taken| matches!(taken, Taken::Own(ran) if !ran.is_active))
}

/// Whether anything of an installation is still there to be undone.
fn back(restoration: &Restoration, survey: &Survey, files: &[(&RestoredFile, Option<Digest>)]) -> bool {
    let is_off = |taken: &Taken| match taken {
        Taken::Package { .. } => survey.version.is_some(),
        Taken::Service { name, ran } => {
            ran.is_active && !survey.others.iter().any(|other| other.service.as_ref() == Some(name))
        }
        Taken::Own(_) | Taken::Back(_) => false,
    };
    files.iter().any(|(_, found)| found.is_some()) || restoration.taken.iter().any(is_off)
}

/// What a file is by the run that is undone; `None` where it is what it was.
fn written(file: &RestoredFile, now: Option<Digest>) -> Result<Option<Digest>, Refusal> {
    if now == file.was {
        return Ok(None);
    }
    let found = now.filter(|now| file.written.contains(now)).ok_or(Refusal::ChangedSince(file.path.clone()))?;
    if file.was.is_some() && file.backup.is_none() {
        return Err(Refusal::NoBackup(file.path.clone()));
    }
    Ok(Some(found))
}

/// How a file is put back that is this now.
fn change(file: &RestoredFile, now: Digest) -> Option<Change> {
    let becomes = match (file.was, &file.backup) {
        (Some(digest), Some(path)) => Becomes::Backup { path: path.clone(), digest },
        (None, _) => Becomes::Absent,
        (Some(_), None) => return None,
    };
    Some(Change { path: file.path.clone(), was: Some(now), becomes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::remote::{FileKind, OtherTimekeeper, SurveyedFile};

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
            was: Some(Digest::of(b"old\n")),
            backup: backup.map(str::to_owned),
        };
        let (configuration, service) = ("/etc/chrony.conf".to_owned(), "chronyd".to_owned());
        Restoration { host: "a".to_owned(), configuration, service, files: vec![file], taken: Vec::new() }
    }

    #[test]
    fn a_file_is_put_back_only_where_it_is_what_was_written() {
        let undo = |survey: &Survey, backup: Option<&str>| restore(&restoration(backup), survey, &run("1"), run("2"));
        for written in [&b"new\n"[..], b"meanwhile\n"] {
            let asked = undo(&survey(written), Some("/etc/chrony.conf.clockaudit-1")).expect("allowed");
            let Some(Request::Apply(apply)) = asked else { panic!("{asked:?}") };
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
    fn a_chronyd_that_did_not_run_before_is_stopped_again() {
        let expected = |line: Option<&str>| {
            let taken = line.map(|line| Taken::parse(line).expect("a line"));
            let known = Restoration { taken: taken.into_iter().collect(), ..restoration(Some("/b")) };
            match restore(&known, &survey(b"new\n"), &run("1"), run("2")) {
                Ok(Some(Request::Apply(apply))) => apply.expected,
                other => panic!("{other:?}"),
            }
        };
        for line in ["own inactive disabled", "own inactive enabled"] {
            assert_eq!(expected(Some(line)), Expected::Stopped, "{line}");
        }
        assert_eq!(expected(Some("own active enabled")), Expected::Running);
        assert_eq!(expected(None), Expected::Running);
    }

    #[test]
    fn an_installation_is_undone_with_what_it_took_away() {
        let taken = ["own inactive disabled", "package apt-get purge", "service active enabled ntpsec"];
        let taken: Vec<Taken> = taken.iter().map(|line| Taken::parse(line).expect("a line")).collect();
        let mut installed = restoration(None);
        installed.files[0].was = None;
        installed.taken = taken.clone();
        let there = Survey { version: Some("4.3".to_owned()), ..survey(b"meanwhile\n") };
        let asked = restore(&installed, &there, &run("1"), run("2")).expect("allowed");
        let Some(Request::TakeBack(back)) = asked else { panic!("{asked:?}") };
        assert_eq!((back.taken, back.files[0].was), (taken, None));
        assert_eq!(back.files[0].written, Digest::of(b"meanwhile\n"));
        let edited = Survey { version: Some("4.3".to_owned()), ..survey(b"edited\n") };
        assert!(matches!(restore(&installed, &edited, &run("1"), run("2")), Err(Refusal::ChangedSince(_))));
        let others = vec![OtherTimekeeper { process: "ntpd".to_owned(), service: Some("ntpsec".to_owned()) }];
        assert_eq!(restore(&installed, &Survey { others, ..Survey::default() }, &run("1"), run("2")), Ok(None));
        // The package has gone by hand, and nothing has come for it.
        assert!(matches!(restore(&installed, &Survey::default(), &run("1"), run("2")), Ok(Some(Request::TakeBack(_)))));
    }

    #[test]
    fn a_host_that_another_run_works_on_is_left_alone() {
        let undo = |survey: &Survey| restore(&restoration(Some("/b")), survey, &run("1"), run("2"));
        let locked = Survey { locked: Some(run("other")), ..survey(b"new\n") };
        assert_eq!(undo(&locked), Err(Refusal::Locked("other".to_owned())));
        let pending = Survey { pending: vec![Pending { run: run("other"), is_guarded: true }], ..survey(b"new\n") };
        assert_eq!(undo(&pending), Err(Refusal::Locked("other".to_owned())));
        let told = undo(&pending).unwrap_err().to_string();
        assert!(
            told.contains("(other): wait for its end. Where whoever had begun it is gone, its guard puts"),
            "{told}"
        );
        assert!(matches!(undo(&Survey { user: 1000, ..survey(b"new\n") }), Err(Refusal::NotRoot { .. })));
    }

    #[test]
    fn a_run_whose_guard_is_gone_is_ended_by_what_the_host_knows_of_it() {
        let left = |name: &str, text: &[u8]| {
            let pending = vec![Pending { run: run(name), is_guarded: false }];
            restore(&restoration(Some("/b")), &Survey { pending, ..survey(text) }, &run("1"), run("2"))
        };
        for text in [&b"new\n"[..], b"old\n"] {
            assert_eq!(left("1", text), Ok(Some(Request::Revert(run("1")))));
        }
        assert_eq!(left("1", b"edited\n"), Err(Refusal::ChangedSince("/etc/chrony.conf".to_owned())));
        let Ok(Some(Request::Apply(apply))) = left("1.steps", b"new\n") else { panic!("no request") };
        assert_eq!(apply.changes[0].was, Some(Digest::of(b"meanwhile\n")));
        let told = left("0.steps", b"new\n").expect_err("refused").to_string();
        assert!(told.contains("`clockaudit rollback 0`") && told.ends_with("/run/clockaudit/0.steps"), "{told}");
    }
}
