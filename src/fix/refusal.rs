//! Why a host is not changed: a closed list, each with what is, what was expected, what it means and what to do.

use super::forecast::STEP_BACK_BREAKS;
use super::remote::{RunId, STEPS};
use crate::inventory::diagnostics::Diagnostic;
use crate::inventory::elevation::ElevationMethod;
use crate::probe::{Failure, FailureCode};

/// Why a host is not changed. Remote text in it is not escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Its clock was not measured.
    #[error(
        "its clock was not measured ({0}): a clock that cannot be checked afterwards is not changed; see what `scan` says of it"
    )]
    NotMeasured(String),
    /// It answers in no way that could be understood.
    #[error("it could not be looked at: {0}")]
    NotSurveyed(String),
    /// The login is not root and cannot become root.
    #[error("SSH910: changing a clock needs root there: {what}; {}", how_to_become_root(*.by))]
    NotRoot {
        /// What is, or what was said.
        what: String,
        /// What was to make it root; `None` where nothing was asked to, or something did and made it another user.
        by: Option<ElevationMethod>,
    },
    /// What was to make the login root failed for a cause of its own.
    #[error(
        "{code}: changing a clock needs root there: {what}; correct the user (`--become-user`), the program (`ansible_become_exe`) or \
         its options (`ansible_become_flags`), or use another `--become-method`"
    )]
    NobodyBecome {
        /// The code that it is known by.
        code: String,
        /// What was said.
        what: String,
    },
    /// chronyd is not there.
    #[error("chronyd is not installed there: `--install` installs it")]
    NoChronyd,
    /// Another timekeeper runs.
    #[error(
        "{0} keeps the clock there, not chronyd: `--replace-timekeeper` installs chrony in its place, so that never two run"
    )]
    OtherTimekeeper(String),
    /// chronyd runs, and another one beside it.
    #[error(
        "{0} runs beside chronyd, and both move the clock: stop one of them first, or have `--replace-timekeeper` take the other away"
    )]
    TwoTimekeepers(String),
    /// What keeps the clock is none of those that chronyd can take the place of.
    #[error(
        "{0} keeps the clock there, which `--replace-timekeeper` takes nobody's place of: it stops systemd-timesyncd, ntpd, ntpsec, \
         openntpd, ntpd-rs and busybox's ntpd only; stop it by hand where chronyd is to keep the clock"
    )]
    Irreplaceable(String),
    /// Another timekeeper runs that no service starts.
    #[error(
        "{0} runs there and belongs to no service, so that it could neither be stopped for good nor come back: end it first"
    )]
    NoServiceOf(String),
    /// Another timekeeper runs by a service that is not known to be its own.
    #[error(
        "{name} runs there by the service `{service}`, which is not known to be its own and is not stopped for it: stop {name} by hand"
    )]
    ForeignService {
        /// The timekeeper.
        name: String,
        /// The service.
        service: String,
    },
    /// Nothing there installs chrony in a way that is known.
    #[error(
        "chronyd is not installed there, and clockaudit installs it by apt-get, dnf, yum, zypper and apk, not by {}: install it first",
        .0.unwrap_or("anything that is there")
    )]
    NoInstaller(Option<&'static str>),
    /// chrony cannot be installed there.
    #[error("chrony cannot be installed there by {manager}: {why}")]
    NotInstallable {
        /// What was to install it.
        manager: String,
        /// Why.
        why: String,
    },
    /// Another timekeeper keeps the clock than when the plan was made.
    #[error("what keeps the clock there is not what it was when the plan was made: plan again")]
    OtherInstallation,
    /// chronyd is there and cannot set the clock.
    #[error("chronyd cannot set the clock there ({0}): it is the clock of the machine below; fix that node")]
    CannotSetClock(String),
    /// No service of it is loaded.
    #[error("no service of chronyd is loaded there, expected `chrony` or `chronyd`: it could not be restarted")]
    NoService,
    /// What is needed for a safe change is not there.
    #[error("it lacks {0}: without that a change could not be undone for certain")]
    Lacks(String),
    /// Its configuration cannot be read.
    #[error("its configuration cannot be read: {0}")]
    Unreadable(String),
    /// Its configuration would keep chronyd from starting.
    #[error("{path} {defect}")]
    Defective {
        /// The file.
        path: String,
        /// What is wrong with it.
        defect: String,
    },
    /// What is ours in its configuration cannot be told from what is not.
    #[error("{0}")]
    OpenBlock(String),
    /// A file cannot be replaced.
    #[error("{path} cannot be replaced: {why}")]
    NotReplaceable {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// Sources that smear and sources that do not would stand side by side.
    #[error(
        "{smeared} smears leap seconds and {plain} does not: they are up to half a second apart around one, and the clock would be \
         pulled to and fro; name sources of one kind, or say `--force`"
    )]
    Mix {
        /// One that smears.
        smeared: String,
        /// One that does not.
        plain: String,
    },
    /// Nothing says which source it should follow.
    #[error(
        "no source is named for it: say `--ntp-server`, `--pool` or `--preset`, or give it `clockaudit_ntp_servers` or \
         `clockaudit_preset` in the inventory"
    )]
    NoSource,
    /// What its variables say of sources makes no sense.
    #[error("{name} of its inventory: {why}")]
    BadVariable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The template of the whole file could not be filled in for it.
    #[error("{}", in_words(.0))]
    Template(Box<Diagnostic>),
    /// The template uses something secret.
    #[error(
        "the template uses a secret of its variables: chrony.conf is readable by everybody there, and a plan and a journal would keep \
         it; put the secret into a `keyfile`"
    )]
    SecretTemplate,
    /// A new server does not answer there.
    #[error("{server} does not answer there: {why}; open UDP 123 from this host to it, or name one that it can reach")]
    Unreachable {
        /// The server.
        server: String,
        /// What chronyd says.
        why: String,
    },
    /// The name of a new server is not resolved there.
    #[error(
        "{server} has no address there: its name is not resolved; look at the spelling and at the name servers of that host, or name an \
         address"
    )]
    NoAddress {
        /// The server.
        server: String,
    },
    /// chronyd does not take the new configuration.
    #[error("chronyd does not take the new configuration: {0}")]
    Invalid(String),
    /// Bringing it right needs a step back.
    #[error(
        "{offset} off: right only by a step back, which `--step forward` does not allow; {STEP_BACK_BREAKS}. `--step any` allows it"
    )]
    StepBack {
        /// Its offset with the bound.
        offset: String,
    },
    /// The server tells it another time than it tells the others.
    #[error(
        "{server} tells it a time that is {apart} from what it tells the other hosts: something on the way, or on the host, answers in \
         its place"
    )]
    HearsOtherwise {
        /// The server.
        server: String,
        /// How far apart at least.
        apart: String,
    },
    /// A file is not what the plan was made for.
    #[error("{0} was changed since the plan was made: plan again")]
    Changed(String),
    /// A file is not what a run wrote, so that putting it back would undo what somebody did since.
    #[error(
        "{0} is not what the run wrote, nor what it was before: somebody changed it since; compare it with its backup"
    )]
    ChangedSince(String),
    /// A run ended before it told where it keeps what a file was.
    #[error(
        "{0} is what the run wrote, and its journal ends before it names a backup: `ls {backups}` there shows whether there is one",
        backups = backups(.0)
    )]
    NoBackup(String),
    /// Its clock is not where the plan's configuration would bring it right in the way that is allowed.
    #[error(
        "its clock has moved since the plan was made: what is planned would step it, and it may only be slewed; plan again"
    )]
    Moved,
    /// Another run works on it.
    #[error(
        "another run of clockaudit works on it ({0}): wait for its end. Where whoever had begun it is gone, its guard puts the old files \
         back within two minutes of its last sign of life; what was being installed is taken back first"
    )]
    Locked(String),
    /// A run ended there before it was over, and its guard is gone.
    #[error(
        "run {run} ended there between old and new, and nothing puts the old files back by itself: `clockaudit rollback {run}` does, from \
         the machine that has its journal; what is known of it there is in {folder}"
    )]
    Unfinished {
        /// The run.
        run: String,
        /// Where the host keeps what it knows of it.
        folder: String,
    },
    /// chronyd would listen to no chronyc.
    #[error(
        "its chronyd would listen to no chronyc (`{0}`): whether it follows its new source could not be told; leave out one of the two"
    )]
    Mute(String),
    /// It was planned, and is not in the inventory.
    #[error("the plan has it, and it is not among the selected hosts")]
    NotSelected,
}

/// What is wrong with a file, with its place and the line: a refusal is one line itself.
fn in_words(diagnostic: &Diagnostic) -> String {
    let file = diagnostic.file.as_deref().unwrap_or("the template");
    let Some(span) = &diagnostic.span else { return format!("`{file}`: {}", diagnostic.message) };
    let line = if span.excerpt.is_empty() { String::new() } else { format!(": `{}`", span.excerpt.trim()) };
    format!("`{file}` line {}, column {}: {}{line}", span.line, span.column, diagnostic.message)
}

impl Refusal {
    /// What a failed connection means for a host that was to be changed.
    pub fn of_failure(failure: &Failure) -> Self {
        let Failure { code, detail, stage: _ } = failure;
        let by = match code {
            FailureCode::SudoPassword | FailureCode::SudoPasswordWrong | FailureCode::SudoForbidden => {
                ElevationMethod::Sudo
            }
            FailureCode::SuPassword | FailureCode::SuPasswordWrong | FailureCode::SuForbidden => ElevationMethod::Su,
            FailureCode::BecomeMissing | FailureCode::BecomeFailed => {
                return Self::NobodyBecome { code: code.label(), what: detail.clone() };
            }
            _ => return Self::NotSurveyed(format!("{}: {detail}", code.label())),
        };
        Self::NotRoot { what: detail.clone(), by: Some(by) }
    }

    /// The name that it is stored by.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotMeasured(_) => "not_measured",
            Self::NotSurveyed(_) => "not_surveyed",
            Self::NotRoot { .. } => "not_root",
            Self::NobodyBecome { .. } => "nobody_become",
            Self::NoChronyd => "no_chronyd",
            Self::OtherTimekeeper(_) => "other_timekeeper",
            Self::TwoTimekeepers(_) => "two_timekeepers",
            Self::Irreplaceable(_) => "irreplaceable",
            Self::NoServiceOf(_) => "no_service_of",
            Self::ForeignService { .. } => "foreign_service",
            Self::NoInstaller(_) => "no_installer",
            Self::NotInstallable { .. } => "not_installable",
            Self::OtherInstallation => "other_installation",
            Self::CannotSetClock(_) => "cannot_set_clock",
            Self::NoService => "no_service",
            Self::Lacks(_) => "lacks",
            Self::Unreadable(_) => "unreadable",
            Self::Defective { .. } => "defective",
            Self::OpenBlock(_) => "open_block",
            Self::NotReplaceable { .. } => "not_replaceable",
            Self::Mix { .. } => "mix",
            Self::NoSource => "no_source",
            Self::BadVariable { .. } => "bad_variable",
            Self::Template(_) => "template",
            Self::SecretTemplate => "secret_template",
            Self::Unreachable { .. } => "unreachable",
            Self::NoAddress { .. } => "no_address",
            Self::Invalid(_) => "invalid",
            Self::StepBack { .. } => "step_back",
            Self::HearsOtherwise { .. } => "hears_otherwise",
            Self::Changed(_) => "changed",
            Self::ChangedSince(_) => "changed_since",
            Self::NoBackup(_) => "no_backup",
            Self::Moved => "moved",
            Self::Locked(_) => "locked",
            Self::Unfinished { .. } => "unfinished",
            Self::Mute(_) => "mute",
            Self::NotSelected => "not_selected",
        }
    }
}

/// What to do about a login that is not root, by what was to make it so.
fn how_to_become_root(by: Option<ElevationMethod>) -> &'static str {
    match by {
        None => "say `--become`, with `-K` where a password is asked for",
        Some(ElevationMethod::Sudo) => {
            "give the password of the login with `-K`, or allow it in sudoers (`clockaudit generate sudoers USER`)"
        }
        Some(ElevationMethod::Su) => {
            "su takes the password of root, which `-K` asks for; or become root by sudo (`--become-method sudo`)"
        }
    }
}

/// What is said of a host that a run left half-way.
pub(super) fn unfinished(run: &RunId) -> Refusal {
    let name = run.as_str();
    // Steps that were to come back are part of the run.
    let of = name.strip_suffix(STEPS).unwrap_or(name);
    Refusal::Unfinished { run: of.to_owned(), folder: format!("/run/clockaudit/{name}") }
}

/// What a shell finds the backups of a file by: plain names beside the file that chronyd reads first, hidden ones elsewhere.
fn backups(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    format!("{folder}/{name}.clockaudit-* {folder}/.{name}.clockaudit-*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::diagnostics::Span;
    use crate::probe::Stage;

    #[test]
    fn a_login_that_is_not_root_is_told_from_a_host_that_cannot_be_reached() {
        let check = |code: FailureCode, expected: Refusal| {
            let failure = Failure { code, stage: Stage::Probe, detail: "what was seen".to_owned() };
            assert_eq!(Refusal::of_failure(&failure), expected, "{code:?}");
        };
        let not_root = |by| Refusal::NotRoot { what: "what was seen".to_owned(), by: Some(by) };
        for code in [FailureCode::SudoPassword, FailureCode::SudoPasswordWrong, FailureCode::SudoForbidden] {
            check(code, not_root(ElevationMethod::Sudo));
        }
        for code in [FailureCode::SuPassword, FailureCode::SuPasswordWrong, FailureCode::SuForbidden] {
            check(code, not_root(ElevationMethod::Su));
        }
        for code in [FailureCode::BecomeMissing, FailureCode::BecomeFailed] {
            check(code, Refusal::NobodyBecome { code: code.label(), what: "what was seen".to_owned() });
        }
        check(FailureCode::Timeout, Refusal::NotSurveyed("SSH901: what was seen".to_owned()));
        for code in [FailureCode::HostKeyChanged, FailureCode::AuthenticationRejected, FailureCode::NoShell] {
            check(code, Refusal::NotSurveyed(format!("{}: what was seen", code.label())));
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let check = |refusal: &Refusal, part: &str| assert!(refusal.to_string().contains(part), "{refusal}");
        check(&Refusal::StepBack { offset: "+120.00 s ± 10 ms".to_owned() }, "`--step any` allows it");
        check(&Refusal::NoChronyd, "`--install`");
        let span = Span { line: 3, column: 11, length: 5, excerpt: "  server {{ a }}".to_owned() };
        let wrong = Diagnostic::error("the template refers to 'a', which is not defined").in_file(&"c.j2".into());
        check(&Refusal::Template(Box::new(wrong.clone())), "`c.j2`: the template refers to");
        let told = "`c.j2` line 3, column 11: the template refers to 'a', which is not defined: `server {{ a }}`";
        check(&Refusal::Template(Box::new(wrong.at(span))), told);
        let not_root = |by| Refusal::NotRoot { what: "it asks for a password, and none was given".to_owned(), by };
        check(&not_root(Some(ElevationMethod::Sudo)), "the password of the login");
        check(&not_root(Some(ElevationMethod::Su)), "the password of root");
        assert!(!not_root(Some(ElevationMethod::Su)).to_string().contains("where sudo"));
        check(&not_root(None), "SSH910: changing a clock needs root there: it asks");
        check(&not_root(None), "say `--become`");
        check(&Refusal::CannotSetClock("-x in its arguments".to_owned()), "fix that node");
        let backups = "`ls /etc/chrony/chrony.conf.clockaudit-* /etc/chrony/.chrony.conf.clockaudit-*`";
        check(&Refusal::NoBackup("/etc/chrony/chrony.conf".to_owned()), backups);
        assert_eq!(Refusal::Moved.label(), "moved");
    }
}
