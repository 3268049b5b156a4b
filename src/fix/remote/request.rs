//! What a host is asked to do, as the lines that the script reads.

use core::net::IpAddr;
use std::fmt::Write as _;

use super::digest::Digest;
use super::survey::PackageManager;
use super::taken::Taken;

/// How many bytes of a file stand in one line, before escaping.
const CHUNK: usize = 500;

/// What the name of a run that puts steps back ends with; the script knows it, too.
pub const STEPS: &str = ".steps";

/// The name of a run: it stands in the names of backups, whose order by name is that of their runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// Takes 1 to 64 letters, digits, `.`, `_` and `-`, of which the first is a letter or digit; `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = text.len() <= 64 && text.bytes().all(is_plain);
        (is_name && text.bytes().next()?.is_ascii_alphanumeric()).then(|| Self(text.to_owned()))
    }

    /// The run that puts steps back into the files that this one wrote; `None` where its name would be too long.
    pub fn of_steps(&self) -> Option<Self> {
        Self::new(&format!("{}{STEPS}", self.0))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a host is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// What is there; reads only.
    Survey,
    /// Whether servers answer there and a configuration would do; writes nothing, opens no file for it.
    Check(Check),
    /// Writes files, all of them or none, and has chronyd run with them; a guard puts the old ones back where the session
    /// falls silent.
    Apply(Apply),
    /// All is well so far: the guard of that run waits anew.
    Alive(RunId),
    /// All is well: the guard stands down, old backups go.
    Confirm(RunId),
    /// Puts the old files back at once.
    Revert(RunId),
    /// Undoes an installation that an earlier run confirmed.
    TakeBack(TakeBack),
    /// Has chronyd step the clock by what it still had to correct.
    MakeStep,
}

/// A configuration to be tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Check {
    /// Servers to be asked, each as the words after `server`: `169.254.169.123 iburst`.
    pub servers: Vec<String>,
    /// The directives that hold for each of these questions: `keyfile /etc/chrony/chrony.keys`.
    pub settings: Vec<String>,
    /// The directives of the whole configuration, in their order; none = only the servers are asked.
    pub directives: Vec<String>,
    /// What would install chrony, where it is to be: it is asked what it would do.
    pub installs: Option<PackageManager>,
}

/// Files to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// The run that it is done for.
    pub run: RunId,
    /// The file that chronyd reads first: its backups have plain names, those of others hidden ones.
    pub configuration: String,
    /// The files; they become new together.
    pub changes: Vec<Change>,
    /// What is installed and stopped before.
    pub installs: Option<Installing>,
    /// What chronyd is to follow afterwards.
    pub expected: Expected,
    /// For how long that is waited for, in seconds.
    pub wait_s: u32,
    /// After how many seconds of silence the guard puts the old files back.
    pub guard_s: u32,
    /// Whether chronyd is restarted: without, nothing is waited for.
    pub restarts: bool,
    /// Whether chronyd must find the new configuration fit (`-p`, then `-Q`) before anything is replaced.
    pub validates: bool,
    /// Whether the clock is to be slewed: where the old files come back they step it neither.
    pub slews: bool,
}

/// What is installed and stopped before files change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installing {
    /// What installs chrony; `None` where it is there.
    pub manager: Option<PackageManager>,
    /// The packages that may go for it.
    pub removes: Vec<String>,
    /// The services that are stopped for it.
    pub replaces: Vec<String>,
}

/// An installation that is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeBack {
    /// The run that undoes it.
    pub run: RunId,
    /// The file that chronyd read first.
    pub configuration: String,
    /// The files of the run that installed.
    pub files: Vec<TakenFile>,
    /// What that run took away.
    pub taken: Vec<Taken>,
    /// After how many seconds of silence the guard goes on with it.
    pub guard_s: u32,
}

/// A file of an installation that is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenFile {
    /// Its path.
    pub path: String,
    /// What it was, and is to be again; `None` = there was none.
    pub was: Option<Digest>,
    /// What it is, unless it is what it was already.
    pub written: Digest,
    /// Its backup.
    pub backup: Option<String>,
}

/// One file that is to become another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path, with all links resolved.
    pub path: String,
    /// What it must still be; `None` = there must be no such file.
    pub was: Option<Digest>,
    /// What it is to be.
    pub becomes: Becomes,
}

/// What a file is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becomes {
    /// These bytes, in the mode and with the owner that it has.
    Bytes(Vec<u8>),
    /// What a backup holds, bytes, mode and owner.
    Backup {
        /// The backup's path.
        path: String,
        /// What the backup must hold.
        digest: Digest,
    },
    /// Gone.
    Absent,
}

/// What chronyd is to follow before a change counts as applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: it is stopped instead of restarted.
    Stopped,
    /// Anything or nothing: it answers.
    Running,
    /// Its own clock (`local`).
    Local,
    /// Any source, with a leap status that is normal.
    Selected,
    /// One of these.
    OneOf(Vec<IpAddr>),
}

/// Why a request cannot be put into lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// A path that is not absolute, or holds `..` or anything but printable ASCII.
    #[error("`{0:?}` cannot be named to the host: expected an absolute path of printable ASCII")]
    Path(String),
    /// A directive or server with a line end or another control character.
    #[error("`{0:?}` is not one line of text")]
    Line(String),
    /// Nothing to be written, or nothing to be expected.
    #[error("nothing is to be done")]
    Empty,
}

impl Request {
    /// The lines that ask for it.
    pub fn lines(&self) -> Result<String, Unsendable> {
        Ok(match self {
            Self::Survey => "survey\n".to_owned(),
            Self::Check(check) => check.lines()?,
            Self::Apply(apply) => apply.lines()?,
            Self::Alive(run) => format!("run {}\nalive\n", run.0),
            Self::Confirm(run) => format!("run {}\nconfirm\n", run.0),
            Self::Revert(run) => format!("run {}\nrevert\n", run.0),
            Self::TakeBack(back) => back.lines()?,
            Self::MakeStep => "makestep\n".to_owned(),
        })
    }
}

impl Check {
    fn lines(&self) -> Result<String, Unsendable> {
        let mut lines = "run check\n".to_owned();
        for server in &self.servers {
            push(&mut lines, "server", plain_line(server)?);
        }
        for setting in &self.settings {
            push(&mut lines, "setting", plain_line(setting)?);
        }
        for directive in self.directives.iter().filter(|directive| !directive.trim().is_empty()) {
            plain_line(directive)?;
            push(&mut lines, "line", &escaped(directive.as_bytes()));
        }
        if let Some(manager) = self.installs {
            push(&mut lines, "install", manager.label());
        }
        Ok(lines + "check\n")
    }
}

impl Apply {
    fn lines(&self) -> Result<String, Unsendable> {
        let expected = match &self.expected {
            Expected::Stopped => "stopped".to_owned(),
            Expected::Running => "running".to_owned(),
            Expected::Local => "local".to_owned(),
            Expected::Selected => "selected".to_owned(),
            Expected::OneOf(addresses) => addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
        };
        if (self.changes.is_empty() && self.installs.is_none()) || expected.is_empty() {
            return Err(Unsendable::Empty);
        }
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let mut lines = format!("run {}\n", self.run.0);
        push(&mut lines, "guard", &self.guard_s.min(999_999).to_string());
        push(&mut lines, "wait", &self.wait_s.min(999_999).to_string());
        push(&mut lines, "config", plain_path(&self.configuration)?);
        push(&mut lines, "expect", &expected);
        push(&mut lines, "restart", yes(self.restarts));
        push(&mut lines, "validate", yes(self.validates));
        if self.slews {
            push(&mut lines, "slewed", "yes");
        }
        if let Some(installs) = &self.installs {
            if let Some(manager) = installs.manager {
                push(&mut lines, "install", manager.label());
            }
            for (word, names) in [("removes", &installs.removes), ("replace", &installs.replaces)] {
                for name in names {
                    RunId::new(name).ok_or_else(|| Unsendable::Line(name.clone()))?;
                    push(&mut lines, word, name);
                }
            }
        }
        for change in &self.changes {
            let was = change.was.map_or_else(|| "-".to_owned(), |digest| digest.to_string());
            let (digest, bytes, backup) = match &change.becomes {
                Becomes::Bytes(bytes) => (Digest::of(bytes).to_string(), bytes.as_slice(), None),
                Becomes::Backup { path, digest } => (digest.to_string(), &[][..], Some(path)),
                Becomes::Absent => ("-".to_owned(), &[][..], None),
            };
            push(&mut lines, "file", &format!("{was} {digest} {}", plain_path(&change.path)?));
            if let Some(backup) = backup {
                push(&mut lines, "from", plain_path(backup)?);
            }
            for chunk in bytes.chunks(CHUNK) {
                push(&mut lines, "data", &escaped(chunk));
            }
        }
        Ok(lines + "apply\n")
    }
}

impl TakeBack {
    fn lines(&self) -> Result<String, Unsendable> {
        if self.taken.is_empty() {
            return Err(Unsendable::Empty);
        }
        let mut lines = format!("run {}\n", self.run.0);
        push(&mut lines, "guard", &self.guard_s.min(999_999).to_string());
        push(&mut lines, "config", plain_path(&self.configuration)?);
        for file in &self.files {
            let was = file.was.map_or_else(|| "-".to_owned(), |digest| digest.to_string());
            push(&mut lines, "file", &format!("{was} {} {}", file.written, plain_path(&file.path)?));
            if let Some(backup) = &file.backup {
                push(&mut lines, "from", plain_path(backup)?);
            }
        }
        for taken in &self.taken {
            push(&mut lines, "taken", &taken.to_string());
        }
        Ok(lines + "takeback\n")
    }
}

fn push(lines: &mut String, word: &str, rest: &str) {
    lines.extend([word, " ", rest, "\n"]);
}

/// A path that may stand at the end of a line.
fn plain_path(path: &str) -> Result<&str, Unsendable> {
    let is_plain = path.starts_with('/') && path.bytes().all(|byte| matches!(byte, b' '..=b'~')) && path.len() < 1_024;
    let climbs = path.split('/').any(|part| part == "..");
    if is_plain && !climbs { Ok(path) } else { Err(Unsendable::Path(path.to_owned())) }
}

fn plain_line(line: &str) -> Result<&str, Unsendable> {
    let has_control = line.chars().any(|letter| letter.is_control() && letter != '\t');
    if has_control || line.trim().is_empty() { Err(Unsendable::Line(line.to_owned())) } else { Ok(line) }
}

/// Bytes as the shells' `printf %b` reads them: what could mean anything else, and blanks at an end, as octal numbers.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        let is_end = index == 0 || index + 1 == bytes.len();
        match byte {
            b'!'..=b'[' | b']'..=b'~' => text.push(char::from(*byte)),
            b' ' if !is_end => text.push(' '),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\0{byte:03o}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(changes: Vec<Change>) -> Apply {
        Apply {
            run: RunId::new("20261129T174225Z-1f").expect("a name"),
            configuration: "/etc/chrony/chrony.conf".to_owned(),
            changes,
            installs: None,
            expected: Expected::OneOf(vec!["169.254.169.123".parse().expect("an address")]),
            wait_s: 30,
            guard_s: 120,
            restarts: true,
            validates: true,
            slews: false,
        }
    }

    fn absent() -> Change {
        Change { path: "/etc/chrony/conf.d/a.conf".to_owned(), was: None, becomes: Becomes::Absent }
    }

    #[test]
    fn a_request_has_one_line_for_each_word_of_it() {
        let old = Digest::of(b"old");
        let request = Request::Apply(apply(vec![
            Change {
                path: "/etc/chrony/chrony.conf".to_owned(),
                was: Some(old),
                becomes: Becomes::Bytes(b"server a\n\\'%\xC3 ".to_vec()),
            },
            absent(),
        ]));
        let new = Digest::of(b"server a\n\\'%\xC3 ");
        let expected = format!(
            "run 20261129T174225Z-1f\nguard 120\nwait 30\nconfig /etc/chrony/chrony.conf\nexpect 169.254.169.123\n\
             restart yes\nvalidate yes\nfile {old} {new} /etc/chrony/chrony.conf\n\
             data server a\\0012\\0134'%\\0303\\0040\nfile - - /etc/chrony/conf.d/a.conf\napply\n"
        );
        assert_eq!(request.lines(), Ok(expected));
        let slewed = Request::Apply(Apply { slews: true, ..apply(vec![absent()]) }).lines().expect("lines");
        assert!(slewed.contains("\nvalidate yes\nslewed yes\n"), "{slewed}");
        let stopped = Apply { expected: Expected::Stopped, ..apply(vec![absent()]) };
        let lines = Request::Apply(stopped).lines().expect("lines");
        assert!(lines.contains("\nexpect stopped\nrestart yes\n"), "{lines}");
        let check = Check {
            servers: vec!["a iburst".to_owned()],
            settings: vec!["keyfile /k".to_owned()],
            directives: vec!["makestep 1 3".to_owned(), " ".to_owned()],
            installs: None,
        };
        assert_eq!(
            Request::Check(check).lines().as_deref(),
            Ok("run check\nserver a iburst\nsetting keyfile /k\nline makestep 1 3\ncheck\n")
        );
    }

    #[test]
    fn what_is_installed_and_taken_back_is_named() {
        let installs = Installing {
            manager: Some(PackageManager::Apt),
            removes: vec!["systemd-timesyncd".to_owned()],
            replaces: vec!["ntpsec".to_owned()],
        };
        let lines =
            Request::Apply(Apply { installs: Some(installs.clone()), ..apply(Vec::new()) }).lines().expect("lines");
        assert!(
            lines.ends_with("validate yes\ninstall apt-get\nremoves systemd-timesyncd\nreplace ntpsec\napply\n"),
            "{lines}"
        );
        let bad = Installing { replaces: vec!["a b".to_owned()], ..installs };
        let sent = Request::Apply(Apply { installs: Some(bad), ..apply(Vec::new()) }).lines();
        assert_eq!(sent, Err(Unsendable::Line("a b".to_owned())));
        let (was, written) = (Digest::of(b"old"), Digest::of(b"new"));
        let file = |path: &str, was, backup: Option<&str>| TakenFile {
            path: path.to_owned(),
            was,
            written,
            backup: backup.map(str::to_owned),
        };
        let back = TakeBack {
            run: RunId::new("r2").expect("a name"),
            configuration: "/etc/chrony.conf".to_owned(),
            files: vec![file("/etc/chrony.conf", None, None), file("/etc/a", Some(was), Some("/etc/a.b"))],
            taken: vec![Taken::parse("own inactive disabled").expect("a line")],
            guard_s: 120,
        };
        let expected = format!(
            "run r2\nguard 120\nconfig /etc/chrony.conf\nfile - {written} /etc/chrony.conf\nfile {was} {written} /etc/a\n\
             from /etc/a.b\ntaken own inactive disabled\ntakeback\n"
        );
        assert_eq!(Request::TakeBack(back).lines(), Ok(expected));
    }

    #[test]
    fn what_would_be_another_line_is_not_sent() {
        let change = |path: &str| Change { path: path.to_owned(), was: None, becomes: Becomes::Absent };
        for path in ["etc/a", "/etc/../a", "/etc/a\nrun b", "/etc/\u{e9}", "", "/a/.."] {
            let sent = Request::Apply(apply(vec![change(path)])).lines();
            assert_eq!(sent, Err(Unsendable::Path(path.to_owned())), "{path:?}");
        }
        assert_eq!(Request::Apply(apply(vec![])).lines(), Err(Unsendable::Empty));
        let check = Check { servers: vec!["a\ncheck".to_owned()], ..Check::default() };
        assert_eq!(Request::Check(check).lines(), Err(Unsendable::Line("a\ncheck".to_owned())));
        for name in ["", ".a", "-a", "a b", "a/b", "a\n", &"a".repeat(65)] {
            assert_eq!(RunId::new(name), None, "{name:?}");
        }
    }
}
