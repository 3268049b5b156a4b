//! What is looked into before a host is changed: by its survey, by what its chronyd says of the new sources and configuration.

use super::files::PlannedFile;
use super::installation::installation;
use super::plan::Check;
use super::refusal::{Refusal, unfinished};
use super::remote::{self, Checked, FileKind, Survey};
use super::yardstick::Asked;
use crate::timekeeper::chrony::configuration::lines::Directive;
use crate::timekeeper::chrony::configuration::{File, Layout, Line, Role};
use crate::timekeeper::daemon::leaves_alone;

/// Room that must be left beside what is written, in KiB.
const SPARE_KIB: usize = 64;

/// What is allowed beside editing files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Installing chrony where there is none.
    pub installs: bool,
    /// Taking away another timekeeper.
    pub replaces: bool,
}

/// Looks into a survey: whether the host can be changed at all.
///
/// # Errors
///
/// The first reason against it.
pub fn surveyed(survey: &Survey, allowed: Allowed) -> Result<Vec<Check>, Refusal> {
    if survey.user != 0 {
        return Err(Refusal::NotRoot { what: format!("the script runs as user {}", survey.user), by: None });
    }
    let guarded = survey.pending.iter().find(|pending| pending.is_guarded).map(|pending| &pending.run);
    if let Some(run) = survey.locked.as_ref().or(guarded) {
        return Err(Refusal::Locked(run.as_str().to_owned()));
    }
    if let Some(pending) = survey.pending.first() {
        return Err(unfinished(&pending.run));
    }
    installation(survey, allowed)?;
    if survey.arguments.as_deref().is_some_and(leaves_alone) {
        return Err(Refusal::CannotSetClock("`-x` in the arguments of its chronyd".to_owned()));
    }
    if let Some(evidence) = survey.unable.first() {
        return Err(Refusal::CannotSetClock(evidence.clone()));
    }
    if survey.service.is_none() && survey.version.is_some() {
        return Err(Refusal::NoService);
    }
    if !survey.lacks.is_empty() {
        return Err(Refusal::Lacks(survey.lacks.join(", ")));
    }
    if survey.guard.is_none() {
        return Err(Refusal::Lacks("what would put the old files back where the connection is lost".to_owned()));
    }
    if survey.is_crowded {
        return Err(Refusal::Unreadable(
            "it has more than 99 files, and what stands in the others is not known".to_owned(),
        ));
    }
    if let Some(path) = survey.unnameable.first() {
        return Err(Refusal::Unreadable(format!("`{path}` has a name that no line can hold")));
    }
    Ok(vec![Check::Root, Check::SetsClock])
}

/// The files of a survey as one configuration.
///
/// # Errors
///
/// Where one of them was not sent, or there is none.
pub fn layout(survey: &Survey) -> Result<Layout, Refusal> {
    let bytes = |file: &remote::SurveyedFile| {
        let unread = || Refusal::Unreadable(format!("{} is larger than any configuration should be", file.path));
        file.bytes.clone().ok_or_else(unread)
    };
    let Some((main, others)) = survey.files.split_first() else {
        return Err(Refusal::Unreadable("there is no chrony.conf where chronyd looks for it".to_owned()));
    };
    let mut layout = Layout::new(main.path.clone(), &bytes(main)?);
    for file in others {
        let role = if file.kind == FileKind::Sources { Role::Sources } else { Role::Included };
        layout.add(File::new(file.path.clone(), role, &bytes(file)?).named(file.named.clone()));
    }
    Ok(layout)
}

/// Whether the files can be replaced, by what the survey says of them and of their folders.
///
/// # Errors
///
/// The first that cannot.
pub fn replaceable(survey: &Survey, files: &[PlannedFile]) -> Result<(), Refusal> {
    let refused =
        |file: &PlannedFile, why: &str| Err(Refusal::NotReplaceable { path: file.path.clone(), why: why.to_owned() });
    for file in files {
        let folder = file.path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        let folder = survey.directories.iter().find(|known| known.path == folder);
        // The backup needs as much again where it cannot be a second name.
        let needed = file.becomes.len().max(file.first().len()) * 2 / 1024 + SPARE_KIB;
        if survey.files.iter().any(|known| known.path == file.path && known.is_immutable) {
            return refused(file, "not even root may change it; `lsattr` shows why, `chattr -ia` allows it");
        }
        if folder.is_some_and(|folder| !folder.is_writable) {
            return refused(file, "its folder is read-only, and what is to come is made beside it");
        }
        if folder.is_some_and(|folder| usize::try_from(folder.free_kib).is_ok_and(|free| free < needed)) {
            return refused(file, "there is no room left beside it");
        }
    }
    Ok(())
}

/// What chronyd is asked on a host before anything is written: whether the sources of the configuration answer, and whether it would
/// do.
pub fn questions(configuration: &Layout) -> remote::Check {
    let lines = || configuration.files().flat_map(|file| file.lines.iter());
    let servers = lines().filter(|line| line.directive() == Some(Directive::Source)).filter_map(question);
    let words = lines().map(Line::words);
    let settings =
        words.filter(|words| words.first().is_some_and(|word| SETTINGS.contains(&&*word.to_ascii_lowercase())));
    remote::Check {
        servers: servers.collect(),
        settings: settings.map(|words| words.join(" ")).collect(),
        directives: configuration.directives(),
        installs: None,
    }
}

/// The directives without which some sources give no answer that counts, or none at all: their keys, certificates, and the way to
/// them.
const SETTINGS: [&str; 6] =
    ["keyfile", "ntstrustedcerts", "nosystemcert", "nocerttimecheck", "bindacqaddress", "bindacqdevice"];

/// A source as it is asked for once: quickly, and what its line says of keys and ports.
fn question(line: &Line) -> Option<String> {
    let mut words = line.words().into_iter().skip(1);
    let name = words.next()?;
    let rest: Vec<String> = words.collect();
    let mut asked = vec![name, "iburst".to_owned()];
    let takes_value = ["port", "key", "version", "certset", "ntsport"];
    let mut rest = rest.into_iter();
    while let Some(word) = rest.next() {
        if takes_value.contains(&word.as_str()) {
            asked.extend([Some(word), rest.next()].into_iter().flatten());
        } else if word == "nts" {
            asked.push(word);
        }
    }
    Some(asked.join(" "))
}

/// What the script says of a server whose name is not resolved there.
const NO_ADDRESS: &str = "no address";

/// Looks into what chronyd said: every source answers, the configuration would do.
///
/// # Errors
///
/// The first reason against it.
pub fn answered(checked: &Checked) -> Result<Vec<Check>, Refusal> {
    for answer in &checked.servers {
        if let Err(why) = &answer.correction {
            let server = name(&answer.server);
            return Err(match why.as_str() {
                NO_ADDRESS => Refusal::NoAddress { server },
                _ => Refusal::Unreachable { server, why: why.clone() },
            });
        }
    }
    let mut checks = Vec::new();
    if !checked.servers.is_empty() {
        checks.push(Check::ServersAnswer);
    }
    for (check, result) in [
        (Check::Syntax, checked.syntax.as_ref().map(|result| result.as_ref().copied())),
        (Check::DryRun, checked.dry_run.as_ref().map(|result| result.as_ref().map(|_| ()))),
    ] {
        match result {
            Some(Ok(())) => checks.push(check),
            Some(Err(why)) => return Err(Refusal::Invalid(why.clone())),
            None => {}
        }
    }
    Ok(checks)
}

/// What the servers answered there, for the yardstick.
pub fn corrections(checked: &Checked) -> Vec<Asked> {
    let answers = checked.servers.iter();
    answers
        .filter_map(|answer| {
            Some(Asked { server: name(&answer.server), correction: *answer.correction.as_ref().ok()? })
        })
        .collect()
}

/// The name of a server that was asked with options.
fn name(asked: &str) -> String {
    asked.split_ascii_whitespace().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;
    use crate::fix::remote::survey::Directory;
    use crate::fix::remote::{
        Digest, Guard, Init, OtherTimekeeper, PackageManager, Pending, RunId, ServerAnswer, Service, SurveyedFile,
    };

    fn survey() -> Survey {
        let file = |kind, path: &str, bytes: &[u8]| SurveyedFile {
            kind,
            path: path.to_owned(),
            named: None,
            mode: 0o644,
            owner: 0,
            group: 0,
            inode: 1,
            modified_s: 0,
            digest: Some(Digest::of(bytes)),
            is_immutable: false,
            bytes: Some(bytes.to_vec()),
        };
        Survey {
            service: Some(Service {
                init: Init::Systemd,
                name: "chrony".to_owned(),
                is_active: true,
                is_enabled: Some(true),
            }),
            version: Some("4.3".to_owned()),
            arguments: Some("/usr/sbin/chronyd -F 1".to_owned()),
            guard: Some(Guard::SystemdRun),
            packages: Some(PackageManager::Apt),
            files: vec![
                file(FileKind::Main, "/etc/chrony/chrony.conf", b"sourcedir /etc/chrony/sources.d\n"),
                file(FileKind::Sources, "/etc/chrony/sources.d/a.sources", b"pool a iburst maxsources 2 nts\n"),
            ],
            directories: vec![Directory { path: "/etc/chrony".to_owned(), is_writable: true, free_kib: 999_999 }],
            ..Survey::default()
        }
    }

    fn pending(is_guarded: bool) -> Vec<Pending> {
        vec![Pending { run: RunId::new("a").expect("a name"), is_guarded }]
    }

    fn timesyncd() -> Vec<OtherTimekeeper> {
        let service = Some("systemd-timesyncd".to_owned());
        vec![OtherTimekeeper { process: "systemd-timesyn".to_owned(), service }]
    }

    #[test]
    fn a_survey_tells_whether_a_host_can_be_changed() {
        let check = |change: fn(&mut Survey), allowed: Allowed, expected: Option<&str>| {
            let mut survey = survey();
            change(&mut survey);
            assert_eq!(surveyed(&survey, allowed).err().as_ref().map(Refusal::label), expected, "{survey:?}");
        };
        let none = Allowed::default();
        check(|_| (), none, None);
        check(|survey| survey.user = 1_000, none, Some("not_root"));
        check(|survey| survey.locked = RunId::new("a"), none, Some("locked"));
        check(|survey| survey.pending = pending(true), none, Some("locked"));
        check(|survey| survey.pending = pending(false), none, Some("unfinished"));
        check(|survey| survey.version = None, none, Some("no_chronyd"));
        check(|survey| survey.version = None, Allowed { installs: true, replaces: false }, None);
        check(|survey| survey.others = timesyncd(), none, Some("two_timekeepers"));
        let replaced = |survey: &mut Survey| {
            *survey = Survey { version: None, others: timesyncd(), ..std::mem::take(survey) };
        };
        check(replaced, none, Some("other_timekeeper"));
        check(replaced, Allowed { installs: true, replaces: false }, Some("other_timekeeper"));
        check(replaced, Allowed { installs: false, replaces: true }, None);
        check(|survey| survey.arguments = Some("chronyd -F 2 -x".to_owned()), none, Some("cannot_set_clock"));
        check(|survey| survey.unable = vec!["adjtimex failed".to_owned()], none, Some("cannot_set_clock"));
        check(|survey| survey.service = None, none, Some("no_service"));
        check(|survey| survey.guard = None, none, Some("lacks"));
        check(|survey| survey.is_crowded = true, none, Some("unreadable"));
        check(|survey| survey.lacks = vec!["sha256sum".to_owned()], none, Some("lacks"));
    }

    #[test]
    fn files_of_a_survey_are_one_configuration_and_its_questions() {
        let layout = layout(&survey()).expect("a layout");
        let questions = questions(&layout);
        assert_eq!(questions.servers, ["a iburst nts"]);
        assert_eq!(questions.directives, ["pool a iburst maxsources 2 nts"]);
        assert_eq!(questions.settings, [""; 0]);
        let mut keyed = survey();
        let main = b"server b iburst key 7\nKeyFile /etc/chrony/chrony.keys\nbindacqaddress 10.0.0.1\nallow\n";
        keyed.files.truncate(1);
        keyed.files[0].bytes = Some(main.to_vec());
        let questions = super::questions(&super::layout(&keyed).expect("a layout"));
        assert_eq!(questions.servers, ["b iburst key 7"]);
        assert_eq!(questions.settings, ["KeyFile /etc/chrony/chrony.keys", "bindacqaddress 10.0.0.1"]);
        let mut large = survey();
        large.files[1].bytes = None;
        assert_eq!(super::layout(&large).err().as_ref().map(Refusal::label), Some("unreadable"));
        assert_eq!(super::layout(&Survey::default()).err().as_ref().map(Refusal::label), Some("unreadable"));
    }

    #[test]
    fn files_that_cannot_be_replaced_are_told_beforehand() {
        let files = [PlannedFile {
            path: "/etc/chrony/chrony.conf".to_owned(),
            was: Some(Digest::of(b"")),
            becomes: Vec::new(),
            meanwhile: None,
        }];
        let check = |change: fn(&mut Survey), expected: Option<&str>| {
            let mut survey = survey();
            change(&mut survey);
            let found = replaceable(&survey, &files).err().map(|refusal| refusal.to_string());
            assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()));
        };
        check(|_| (), None);
        check(|survey| survey.files[0].is_immutable = true, Some("chattr -ia"));
        check(|survey| survey.directories[0].is_writable = false, Some("read-only"));
        check(|survey| survey.directories[0].free_kib = 3, Some("no room"));
    }

    #[test]
    fn answers_of_chronyd_count_before_anything_is_written() {
        let server = |correction| ServerAnswer { server: "a iburst".to_owned(), correction };
        let good = Checked {
            servers: vec![server(Ok(Nanos::from_seconds(3)))],
            syntax: Some(Ok(())),
            dry_run: Some(Ok(Nanos::ZERO)),
            offer: None,
        };
        assert_eq!(answered(&good), Ok(vec![Check::ServersAnswer, Check::Syntax, Check::DryRun]));
        assert_eq!(corrections(&good), [Asked { server: "a".to_owned(), correction: Nanos::from_seconds(3) }]);
        let unreachable = Checked { servers: vec![server(Err("No suitable source".to_owned()))], ..good.clone() };
        assert_eq!(answered(&unreachable).err().as_ref().map(Refusal::label), Some("unreachable"));
        assert_eq!(corrections(&unreachable), []);
        let nameless = Checked { servers: vec![server(Err("no address".to_owned()))], ..good.clone() };
        let told = answered(&nameless).expect_err("refused").to_string();
        assert!(told.contains("a has no address there") && !told.contains("UDP"), "{told}");
        let unfit = Checked { dry_run: Some(Err("Fatal error".to_owned())), ..good.clone() };
        assert_eq!(answered(&unfit), Err(Refusal::Invalid("Fatal error".to_owned())));
        let old = Checked { syntax: None, ..good };
        assert_eq!(answered(&old), Ok(vec![Check::ServersAnswer, Check::DryRun]));
    }
}
